# SPDX-License-Identifier: MIT
#
# report.awk - the budget table from run.sh's raw lines:
# server work repetition key=value ...
#
# A budget that is a number is judged by the median.  One that refers to a
# peer or to the floor is judged only if that was measured in the same run.

BEGIN {
	n_servers = split("ours floor nchan uws ws socketio", servers, " ")
	title["ours"] = "ours"
	title["floor"] = "floor"
	title["nchan"] = "nchan"
	title["uws"] = "uWebSockets"
	title["ws"] = "ws"
	title["socketio"] = "socket.io"
	n_absent = split(absent, absents, " ")
	for (i = 1; i <= n_absent; i++)
		is_absent[absents[i]] = 1
}

{
	if (known($0, "conns") * 0.98 > known($0, "ready")) {
		printf "left out: %s %s: %d of %d connections came up\n", $1,
		    $2, known($0, "ready"), known($0, "conns")
		next
	}
	for (i = 4; i <= NF; i++) {
		split($i, pair, "=")
		if (pair[2] < 0)
			continue
		at = $1 " " $2 " " pair[1]
		values[at, ++count[at]] = pair[2] + 0
	}
	if (known($0, "lost") > 0 || known($0, "refused") > 0)
		printf "%s %s: %d lost, %d refused\n", $1, $2,
		    known($0, "lost"), known($0, "refused")
}

# The value of a key in a raw line, or 0.
function known(line, key) {
	if (!match(" " line, " " key "=[0-9.]+"))
		return 0
	return substr(line, RSTART + length(key) + 1,
	    RLENGTH - length(key) - 2) + 0
}

function sort_values(at, n,    i, j, v) {
	for (i = 1; i <= n; i++) {
		v = values[at, i]
		for (j = i - 1; j > 0 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
}

# -1 if it was not measured.
function median(server, work, key,    at, n) {
	at = server " " work " " key
	n = count[at]
	if (!n)
		return -1
	sort_values(at, n)
	return n % 2 ? sorted[(n + 1) / 2] : \
	    (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function number(v,    text) {
	if (v < 100)
		return sprintf(v < 10 ? "%.2f" : "%.1f", v)
	text = sprintf("%.0f", v)
	if (length(text) > 3)
		text = substr(text, 1, length(text) - 3) "," \
		    substr(text, length(text) - 2)
	if (length(text) > 7)
		text = substr(text, 1, length(text) - 7) "," \
		    substr(text, length(text) - 6)
	return text
}

function cell(server, work, key,    at, n, m) {
	at = server " " work " " key
	n = count[at]
	if (!n)
		return is_absent[server] ? "absent" : "-"
	m = median(server, work, key)
	if (n == 1)
		return number(m)
	return sprintf("%s (%s-%s)", number(m), number(sorted[1]),
	    number(sorted[n]))
}

function verdict(v, sign, limit) {
	if (v < 0 || limit <= 0)
		return "-"
	return (sign == "<=" ? v <= limit : v >= limit) ? "yes" : "NO"
}

function line_start(what, mine, budget, met) {
	printf "| %s | %s | %s | %s |", what, mine, budget, met
}

function others(work, key,    i) {
	for (i = 2; i <= n_servers; i++)
		printf " %s |", cell(servers[i], work, key)
	printf "\n"
}

# A figure, its limit, and the same figure of everybody.
function row(what, work, key, sign, limit,    met) {
	if (!count["ours " work " " key] && !count["floor " work " " key])
		return
	met = limit == "" ? "-" : \
	    verdict(median("ours", work, key), sign, limit)
	line_start(what, cell("ours", work, key),
	    limit == "" ? "-" : sign " " number(limit), met)
	others(work, key)
}

# A figure with a limit that is a multiple of somebody's in this run.
function row_by(what, work, key, sign, times, of, of_key, of_name,    base) {
	if (!count["ours " work " " key])
		return
	base = median(of, work, of_key)
	line_start(what, cell("ours", work, key),
	    sprintf("%s %s x %s%s", sign, times, of_name,
	    base < 0 ? "" : " = " number(times * base)),
	    verdict(median("ours", work, key), sign, times * base))
	others(work, of_key)
}

# From events to a provider.
function row_jobs(what, work) {
	row(what ": jobs a second, from event to provider", work,
	    "jobs_per_s", "", "")
	row(what ": us CPU a job, with its event", work, "us_per_job", "", "")
}

# Two workers against one.
function row_ratio(what, work, key, sign, limit,    i, one, two, text) {
	one = median("ours", work, key)
	two = median("ours", work "x2", key)
	if (one <= 0 || two < 0)
		return
	line_start(what, number(two / one), sign " " number(limit),
	    verdict(two / one, sign, limit))
	for (i = 2; i <= n_servers; i++) {
		one = median(servers[i], work, key)
		two = median(servers[i], work "x2", key)
		text = one > 0 && two >= 0 ? number(two / one) : "-"
		printf " %s |", text
	}
	printf "\n"
}

function header(    i) {
	printf "| what | ours | budget | met |"
	for (i = 2; i <= n_servers; i++)
		printf " %s |", title[servers[i]]
	printf "\n|---|---|---|---|"
	for (i = 2; i <= n_servers; i++)
		printf "---|"
	printf "\n"
}

END {
	header()
	row("W1 hot channel, 2 in flight: deliveries a CPU-second", "W1",
	    "del_per_cpu_s", ">=", 140000)
	row("W1 p99, ms", "W1", "p99_ms", "", "")
	row("W1R hot channel, 20/s: deliveries a CPU-second", "W1R",
	    "del_per_cpu_s", ">=", 125000)
	row("W1R p99, ms", "W1R", "p99_ms", "", "")
	row("W1B hot channel, 100/s offered: deliveries a CPU-second", "W1B",
	    "del_per_cpu_s", ">=", 600000)
	row("W1B deliveries a second", "W1B", "del_per_s", "", "")
	row("W1B p99, ms", "W1B", "p99_ms", "", "")
	row_by("W2 5,000 orders x 2, 2,000/s: us CPU a publication", "W2",
	    "us_per_pub", "<=", 2, "nchan", "us_per_pub", "nchan")
	row_by("W2 of it outside the store's thread", "W2", "us_outside",
	    "<=", 1, "nchan", "us_per_pub", "nchan")
	row("W2 of it in user space", "W2", "us_user", "", "")
	row("W2 p99, ms", "W2", "p99_ms", "", "")
	row("W3 10,000 idle: PSS bytes a connection", "W3", "pss_per_conn",
	    "<=", 600)
	row("W3 handshakes a CPU-second", "W3", "hs_per_cpu_s", ">=", 30000)
	big = number(median("ours", "BIG", "conns"))
	row("W3 " big " idle: PSS bytes a connection", "BIG", "pss_per_conn",
	    "<=", 600)
	row("W3 " big ": handshakes a CPU-second", "BIG", "hs_per_cpu_s",
	    ">=", 30000)
	row("2,000 idle over TLS: PSS bytes a connection", "W3T",
	    "pss_per_conn", "<=", 25000)
	row("TLS handshakes a CPU-second", "W3T", "hs_per_cpu_s", "", "")
	row("W1R over TLS: deliveries a CPU-second", "W1RT",
	    "del_per_cpu_s", "", "")
	row("W1R over TLS p99, ms", "W1RT", "p99_ms", "", "")
	row("W4 5,000 return and catch up: s", "W4", "storm_s", "<=", 0.3)
	row("W4 CPU s", "W4", "storm_cpu_s", "<=", 0.15)
	row("W4 caught up", "W4", "storm_caught", ">=", 5000)
	row("W4 questions to the store", "W4", "reads", "", "")
	row("kitchen to screen, 10,000 sockets: p50, ms", "STEP", "p50_ms",
	    "", "")
	row("kitchen to screen: p99, ms", "STEP", "p99_ms", "<=", 20)
	row("kitchen to screen: us CPU a change", "STEP", "us_per_pub", "",
	    "")
	row_by("durable changes a second, 64 writers (floor: the bare store)",
	    "CHANGE", "pub_per_s", ">=", 0.8, "floor", "pub_per_s",
	    "bare store")
	row("durable change: us CPU", "CHANGE", "us_per_pub", "", "")
	row("durable change: us CPU outside the store's thread", "CHANGE",
	    "us_outside", "", "")
	row("durable change: answered after, p99, ms", "CHANGE",
	    "answer_p99_ms", "", "")
	row("web push: encrypted and signed per CPU-second", "PUSH",
	    "push_per_cpu_s", ">=", 5500)
	row_jobs("webhook", "HOOK")
	row_jobs("web push", "WEBPUSH")
	row_jobs("mail", "MAIL")
	row_jobs("SMS", "SMS")
	row_ratio("second worker: W2 CPU, times one worker", "W2",
	    "us_per_pub", "<=", 1.25)
	row_ratio("second worker: W1 deliveries a second, times one worker",
	    "W1", "del_per_s", ">=", 1.7)
}

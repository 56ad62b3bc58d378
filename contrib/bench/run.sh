#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh - measures the server in the build folder and prints the budget table.
#
#   OW_BUILD=DIR     the build folder (default: build beside the sources)
#   BENCH=quick      ours and the floor, a few minutes (the default)
#   BENCH=full       longer runs, and every peer that is installed
#   REPS=N           repetitions (1); with more, cells show median (min-max)
#   BENCH_WORK=...   only these of: W1 W1R W1B W2 W3 W4 W1x2 W2x2 CHANGE STEP
#                    W1RT W3T PUSH HOOK WEBPUSH MAIL SMS
#   BENCH_SERVERS=.. only these of: ours floor nchan uws ws socketio
#   BENCH_BIG=1      also 100,000 idle connections, or as many as ulimit -Hn
#                    allows
#   BENCH_RATE=N     changes a second in STEP (1000)
#   BENCH_OUT=FILE   keep the raw lines there
#   NODE_PATH=DIR    where the peers' npm packages are
#
# Everything it starts listens on 127.0.0.1 on free ports, keeps its data in a
# throw-away folder, and is ended by its process id.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
OW_BUILD=$(cd "${OW_BUILD:-$top/build}" && pwd) || exit 1
BENCH=${BENCH:-quick}
REPS=${REPS:-1}
SPARE_FILES=1000
big=100000
ALL_WORK="W1 W1R W1B W2 W3 W4 W1x2 W2x2 CHANGE STEP W1RT W3T PUSH
    HOOK WEBPUSH MAIL SMS"

work_dir=$(mktemp -d "${TMPDIR:-/tmp}/orderwire-bench.XXXXXX") || exit 1
load=$work_dir/load
floor=$work_dir/floor
bare=$work_dir/bare
push=$work_dir/push
sink=$work_dir/sink
out=$work_dir/results
run=$work_dir/run
seed=$work_dir/seed
certificate=$work_dir/certificate.pem
key=$work_dir/key.pem
tls=
server_pid=

. "$here/servers.sh"
. "$here/channels.sh"

say() { echo "bench: $*" >&2; }
die() { say "$*"; exit 1; }

# ---- Processes ------------------------------------------------------------------

# A process and all its descendants.
family() {
	local child

	echo "$1"
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		family "$child"
	done
}

is_running() {
	[ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

server_stop() {
	local all pid i left

	[ -n "$server_pid" ] || return
	all=$(family "$server_pid")
	kill -TERM "$server_pid" 2>/dev/null
	for i in $(seq 60); do
		left=
		for pid in $all; do
			! is_running "$pid" || left="$left $pid"
		done
		[ -n "$left" ] || break
		sleep 0.05
	done
	for pid in $left; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait "$server_pid" 2>/dev/null
	server_pid=
}

end() {
	trap - EXIT
	server_stop
	sink_stop
	rm -rf "$work_dir"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_port() {
	local i

	for i in $(seq 200); do
		is_open "$1" && return
		kill -0 "$server_pid" 2>/dev/null || break
		sleep 0.05
	done
	tail -n 5 "$run/out.log" >&2
	return 1
}

# Two in a row, below the range that connections take theirs from.  Another
# pair each time: the last one's are in TIME_WAIT.
port_choose() {
	port=$((15000 + RANDOM % 8000 * 2))
	while is_open $port || is_open $((port + 1)); do
		port=$((15000 + RANDOM % 8000 * 2))
	done
}

http_get() {
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
	printf 'GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n' \
	    "$2" >&3
	timeout 5 cat <&3 | tr -d '\r'
	exec 3<&-
}

# ---- Programs -------------------------------------------------------------------

programs_build() {
	local cc="${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -g"

	(cd "$here" && $cc -o "$load" main.c conf.c text.c stats.c proc.c \
	    mark.c frame.c conn.c tls.c sub.c http.c pub.c \
	    -lssl -lcrypto -lpthread &&
	    $cc -o "$floor" floor.c &&
	    $cc -o "$sink" sink.c -lssl -lcrypto -lpthread) || return 1
	$cc -I"$top/include" -I"$top/core" -o "$bare" "$here/bare.c" \
	    "$top/core/event/query.c" -lsqlite3 -lpthread || return 1
	# The plugin as it was built, not as it would be here.
	$cc -I"$top/include" -I"$top/plugins/channel-webpush" -o "$push" \
	    "$here/push.c" \
	    "$OW_BUILD/plugins/channel-webpush/.libs/libwebpush.a" \
	    -ljansson -lcrypto
}

# ---- Workloads ------------------------------------------------------------------

# README.md describes them.
work_args() {
	local s=2 rate=${BENCH_RATE:-1000}

	[ "$BENCH" = quick ] || s=5
	case $1 in
	W1 | W1x2)
		args=(conns=2000 npub=$((s * 100)) window=2 pconns=1) ;;
	W1R | W1RT)
		args=(conns=2000 npub=$((s * 30)) rate=20 pconns=4) ;;
	W1B)	args=(conns=2000 npub=$((s * 150)) rate=100 pconns=4 drain=10) ;;
	W2 | W2x2)
		args=(conns=10000 chans=$ORDERS npub=$((s * 5000)) rate=2000
		    rand=1) ;;
	W3)	args=(conns=10000 chans=$ORDERS settle=1 idle=1) ;;
	W3T)	args=(conns=2000 chans=$ORDERS settle=1 idle=1) ;;
	BIG)	args=(conns="$big" chans=$ORDERS settle=1 idle=1 timeout=120) ;;
	W4)	args=(conns=5000 chans=2500 storm=1 missed=3 inflight=256) ;;
	CHANGE)	args=(conns=0 settle=0 chans=$ORDERS npub=$((s * 10000))
		    pconns=64 rand=1) ;;
	STEP)	args=(conns=10000 chans=$ORDERS npub=$((s * rate * 5 / 2))
		    rate="$rate" size=0) ;;
	esac
}

workers_of() {
	case $1 in *x2) echo 2 ;; *) echo 1 ;; esac
}

# What is spoken over TLS.
is_tls() {
	case $1 in *T | HOOK | WEBPUSH) true ;; *) false ;; esac
}

# Whether this server plays this one.
is_for() {
	case $1:$2 in
	*:PUSH) false ;;		# needs no server
	*:HOOK | *:WEBPUSH | *:MAIL | *:SMS) false ;;	# channels.sh
	ours:*) true ;;
	*:CHANGE | *:STEP) false ;;
	nchan:*) true ;;
	floor:W4 | socketio:W4 | *:*x2 | *:W1RT | *:W3T) false ;;
	esac
}

# One fresh server, one workload, one line of results.
measure() {
	local server=$1 work=$2 rep=$3 args line reads= tls=

	rm -rf "$run"
	mkdir -p "$run"
	port_choose
	sub_args=() pub_args=() storm_args=() change_args=()
	export BENCH_RECOVERY=0
	[ "$work" != W4 ] || BENCH_RECOVERY=1
	! is_tls "$work" || tls=1
	"start_$server" "$(workers_of "$work")" || {
		say "$server does not start"
		server_stop
		return
	}
	work_args "$work"
	args+=("${sub_args[@]}" pport="$port" pids="$server_pid"
	    tls="${tls:-0}")
	case $work in
	STEP)	args+=("${change_args[@]}") ;;
	W4)	args+=("${pub_args[@]}" "${storm_args[@]}") ;;
	*)	args+=("${pub_args[@]}") ;;
	esac
	[ "$server" != ours ] || reads=$(ours_metric reads_total)
	if ! line=$("$load" "${args[@]}" 2>"$run/load.err"); then
		say "$server $work: $(tail -n 1 "$run/load.err")"
		line=
	fi
	[ "$server" != ours ] || [ -z "$line" ] ||
	    line="$line reads=$(($(ours_metric reads_total) - reads))"
	server_stop
	[ -z "$line" ] || echo "$server $work $rep $line" >>"$out"
}

measure_bare() {
	local n=20000

	mkdir -p "$run"
	[ "$BENCH" = quick ] || n=50000
	echo "floor CHANGE $1 $("$bare" "$run/bare.db" $n 64)" >>"$out"
	rm -f "$run"/bare.db*
}

measure_push() {
	local n=10000 line

	mkdir -p "$run"
	[ "$BENCH" = quick ] || n=50000
	say "$1/$REPS PUSH"
	(umask 077 && "$OW_BUILD/orderwirectl" keys new --alg ES256 \
	    >"$run/push.json") || return
	line=$("$push" "$run/push.json" $n) &&
	    echo "ours PUSH $1 $line" >>"$out"
}

measure_all() {
	local rep work server

	for rep in $(seq "$REPS"); do
		for work in $works; do
			for server in $servers; do
				is_for "$server" "$work" || continue
				say "$rep/$REPS $work $server"
				measure "$server" "$work" "$rep"
			done
			[ "$work" != CHANGE ] || measure_bare "$rep"
			[ "$work" != PUSH ] || measure_push "$rep"
			is_channel "$work" || continue
			case " $servers " in *" ours "*)
				say "$rep/$REPS $work"
				measure_channel "$work" "$rep" ;;
			esac
		done
	done
}

# ---- What is there --------------------------------------------------------------

servers_choose() {
	local server wanted="ours floor"

	[ "$BENCH" = quick ] || wanted="$wanted nchan uws ws socketio"
	servers=
	absent=
	for server in ${BENCH_SERVERS:-$wanted}; do
		if "has_$server"; then
			servers="$servers $server"
		else
			absent="$absent $server"
		fi
	done
}

works_choose() {
	works=${BENCH_WORK:-$ALL_WORK}
	[ -n "${BENCH_BIG:-}" ] || return
	works="$works BIG"
	[ "$(ulimit -n)" -lt $((big + SPARE_FILES)) ] || return
	big=$((($(ulimit -n) - SPARE_FILES) / 1000 * 1000))
	say "$big of 100000 connections: descriptor limit $(ulimit -n)"
}

# One for all servers and runs.  Without the tool the TLS rows are left out.
certificate_make() {
	(umask 077; openssl req -x509 -newkey ec \
	    -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
	    -subj /CN=localhost -keyout "$key" -out "$certificate") \
	    2>"$work_dir/openssl.err" && return
	say "openssl makes no certificate: nothing is measured over TLS"
	works=$(for work in $works; do is_tls "$work" || echo "$work"; done)
}

machine_describe() {
	local server

	echo "$(date -u +%FT%TZ), $(nproc) CPUs," \
	    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)," \
	    "Linux $(uname -r), data on $(stat -f -c %T "$work_dir")," \
	    "load $(cut -d' ' -f1 /proc/loadavg), $BENCH, $REPS run(s)"
	for server in $servers; do
		echo "$server: $("version_$server")"
	done
	for server in $absent; do
		echo "$server: absent"
	done
}

main() {
	ulimit -n "$(ulimit -Hn)" 2>/dev/null
	case $BENCH in
	quick | full) ;;
	*) die "BENCH is quick or full, not '$BENCH'" ;;
	esac
	has_ours || die "no orderwired in $OW_BUILD; OW_BUILD names the folder"
	programs_build || die "the generator cannot be built"
	servers_choose
	works_choose
	certificate_make
	: >"$out"
	machine_describe
	case " $servers " in *" ours "*)
		ours_seed || die "the orders cannot be made" ;;
	esac
	measure_all
	[ -z "${BENCH_OUT:-}" ] || cp "$out" "$BENCH_OUT"
	echo
	awk -f "$here/report.awk" -v absent="$absent" "$out"
}

main "$@"

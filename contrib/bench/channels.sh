# SPDX-License-Identifier: MIT
#
# channels.sh - the rows of the channels.  Sourced by run.sh.
#
# Events are posted as fast as they are taken; each makes one notice with one
# job.  From the first event until the provider (sink.c) has taken the last
# job: jobs a second, and the CPU time of the server, the event's included.

CUSTOMERS=500
sink_pid=

# kind, what the provider speaks, who is told, and by which medium.
channel_facts() {
	case $1 in
	HOOK)	kind=webhook speaks=https audience=platform medium=webhook ;;
	WEBPUSH) kind=webpush speaks=https audience=customer medium=push ;;
	MAIL)	kind=email speaks=smtp audience=customer medium=email ;;
	SMS)	kind=sms speaks=http audience=customer medium=sms ;;
	*)	false ;;
	esac
}

is_channel() { local kind speaks audience medium; channel_facts "$1"; }

sink_start() {
	local i tls=

	[ "$1" != https ] || tls="$certificate $key"
	# shellcheck disable=SC2086
	"$sink" "$1" $tls >"$run/sink.port" 2>"$run/sink.log" &
	sink_pid=$!
	for i in $(seq 100); do
		sink_port=$(cat "$run/sink.port")
		[ -z "$sink_port" ] || return 0
		sleep 0.05
	done
	return 1
}

sink_stop() {
	[ -n "$sink_pid" ] || return
	kill "$sink_pid" 2>/dev/null
	wait "$sink_pid" 2>/dev/null
	sink_pid=
}

# One rule, and its words.
channel_words() {
	mkdir -p "$run/share"
	cp -r "$here/../../etc/templates" "$run/share/templates"
	cat >"$run/share/templates/en/x-bench.conf" <<-END
	title = "Order {{number}}";
	text = "Good news for order {{number}}: {{items}}.";
	END
	cat >"$run/share/notifications.conf" <<-END
	rules = ( { event = "x.bench"; audience = "$audience";
	    template = "x-bench"; channels = [ "$medium" ]; ttl = "1h"; } );
	END
}

channel_options() {
	case $kind in
	webhook) cat <<-END
		url = "https://localhost:$sink_port/hook";
		ca_file = "$certificate";
		secret = "whsec_$(head -c 32 /dev/urandom | base64)";
		END
		;;
	webpush) cat <<-END
		keys_file = "$run/vapid.json";
		ca_file = "$certificate";
		sub = "mailto:bench@example.org";
		hosts = "*";
		END
		;;
	email) cat <<-END
		url = "smtp://127.0.0.1:$sink_port";
		starttls = false;
		from = "Bench <bench@example.org>";
		END
		;;
	sms) cat <<-END
		gateway = "http";
		hook_secret = "0123456789abcdef";
		url = "http://127.0.0.1:$sink_port/send";
		body = "{\\"to\\":\\"{to}\\",\\"text\\":\\"{text}\\"}";
		END
		;;
	esac
}

# Appended to the configuration of every other run.
channel_configure() {
	ours_configure 1
	sed -i "s|share_dir = .*|share_dir = \"$run/share\"; };|;
	    s|^    transport-sse: { };|    channel-$kind: {\n$(channel_options |
	    sed 's/\\/\\\\/g; s/|/\\|/g; s/&/\\\&/g' |
	    awk '{ printf "%s\\n", $0 }')};|" "$run/orderwire.conf"
	echo 'outbox: { private_allow = "127.0.0.0/8 ::1"; };' \
	    >>"$run/orderwire.conf"
}

post() {
	"$load" conns=0 settle=0 port="$port" pport="$port" \
	    pids="$server_pid" "$@" >"$run/post.out" &&
	    grep -q ' refused=0 ' "$run/post.out"
}

# Orders whose external_ref is 0, 1, ..., and where their customers are.
channel_people() {
	local each='"customer_id":"{id}"' token

	[ "$medium" != push ] || each='"customer_id":"bench"'
	post chans=$CUSTOMERS npub=$CUSTOMERS pconns=16 "phdr=$auth" \
	    ppath=/api/v1/bench/orders \
	    "pbody={\"external_ref\":\"{id}\",$each,\"fulfilment\":\"pickup\",\"contact\":{\"email\":\"c{id}@example.org\",\"phone\":\"+4915112345678\"},\"items\":[{\"name\":\"Tea\",\"quantity\":1}]}" ||
	    return 1
	[ "$medium" = push ] || return 0
	token=$("$OW_BUILD/orderwirectl" -c "$run/orderwire.conf" token \
	    --tenant bench --role customer --sub bench --ttl 1d) || return 1
	# The key of a browser that everybody knows (RFC 8291, 5).
	post chans=1 npub=1 pconns=1 "phdr=Authorization: Bearer $token" \
	    ppath=/api/v1/bench/push-subscriptions \
	    "pbody={\"endpoint\":\"https://localhost:$sink_port/push/1\",\"keys\":{\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\",\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}"
}

# Ticks of 10 ms, of all its threads.
server_ticks() { cut -d')' -f2 "/proc/$server_pid/stat" |
    awk '{ print $12 + $13 }'; }

channel_sent() { ours_metric "outbox_sent_total.*kind=.$kind.*"; }

channel_begin() {
	rm -rf "$run"
	mkdir -p "$run"
	port_choose
	(umask 077 && "$OW_BUILD/orderwirectl" keys new --alg ES256 \
	    >"$run/vapid.json") && sink_start "$speaks" &&
	    channel_words && channel_configure &&
	    ours_launch_configured && channel_people
}

measure_channel() {
	local work=$1 rep=$2 n=10000 i from ticks now sent=0
	local kind speaks audience medium sink_port= tls=

	channel_facts "$work"
	[ "$BENCH" = quick ] || n=50000
	if ! channel_begin; then
		say "$work: $(tail -qn 2 "$run/out.log" "$run/sink.log")"
		server_stop
		sink_stop
		return
	fi
	ticks=$(server_ticks)
	from=$(date +%s%N)
	post chans=$CUSTOMERS npub=$n pconns=32 rand=1 "phdr=$auth" \
	    ppath=/api/v1/bench/orders/ref:{id}/events \
	    'pbody={"type":"x.bench","data":{}}' || say "$work: refused"
	for i in $(seq 600); do
		sent=$(channel_sent)
		now=$(date +%s%N)
		[ "${sent:-0}" -lt $n ] || break
		sleep 0.1
	done
	ticks=$(($(server_ticks) - ticks))
	server_stop
	sink_stop
	awk -v n="${sent:-0}" -v of=$n -v ns=$((now - from)) \
	    -v ticks=$ticks -v at="ours $work $rep" 'BEGIN {
		if (n > 0)
			printf "%s jobs=%d lost=%d jobs_per_s=%.0f us_per_job=%.1f\n",
			    at, n, of - n, n / ns * 1e9, ticks * 1e4 / n
	}' >>"$out"
}

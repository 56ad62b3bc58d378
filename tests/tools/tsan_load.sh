#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tsan_load.sh [BUILD] - a server with four workers under ThreadSanitizer
# serves the checker's load; any report is a failure.
#
# BUILD (default: build-tsan-load here) is configured and built if it has to
# be.  OW_LOAD_S is how long (20), OW_LOAD has more arguments for the checker
# (contrib/bench/check.c).  Needs the SQLite store.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$tools/../.." && pwd)
build=${1:-build-tsan-load}
port=${OW_LOAD_PORT:-19480}
dir=$(mktemp -d)
pid=
disturber=

end() {
	code=$?
	trap - EXIT INT TERM
	for one in $disturber $pid; do
		kill -KILL "$one" 2>/dev/null || true
	done
	rm -rf "$dir"
	exit $code
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$tools/nested.sh" "$build" "$top" --enable-sanitizer=thread
make -s -C "$build"
build=$(cd "$build" && pwd)

(cd "$top/contrib/bench" && ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 \
    -o "$dir/check" check.c check_client.c check_writer.c conf.c text.c \
    stats.c proc.c frame.c http.c)

umask 077
"$build/orderwirectl" keys new >"$dir/keys.json"
cat >"$dir/orderwire.conf" <<END
server: {
    listen = "127.0.0.1:$port";
    admin_listen = "127.0.0.1:$((port + 1))";
    plugin_dir = "$build/plugins/.libs";
    secret = "$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n')";
    workers = 4;
    drain_ms = "2s";
};
auth: { keys_file = "keys.json"; };
notify: { share_dir = "$top/etc"; };
http: { loopback_exempt = true; };
log: { level = "warn"; };
stream: { streams_per_subject = 100000; };
tenants: ( { name = "cafe"; } );
plugins: {
    store-sqlite: { path = "$dir/orders.db"; };
    transport-websocket: { };
    transport-sse: { };
};
END
OW_TOKEN=$("$build/orderwirectl" -c "$dir/orderwire.conf" token \
    --tenant cafe --role service --ttl 1h)
export OW_TOKEN

TSAN_OPTIONS="suppressions=$tools/tsan.supp halt_on_error=0 exitcode=66 \
history_size=4 log_path=$dir/race"
export TSAN_OPTIONS
code=0

server_start() {
	"$build/orderwired" -c "$dir/orderwire.conf" 2>>"$dir/server.log" &
	pid=$!
}

server_stop() {
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" || {
		echo "tsan_load.sh: the server ended with $?" >&2
		code=1
	}
	pid=
}

# It repeats what is refused, so it may start before the server is ready.
checker() {
	# shellcheck disable=SC2086
	"$dir/check" port="$port" clients=1000 orders=250 rate=300 timeout=60 \
	    "$@" ${OW_LOAD:-}
}

# Metrics are read and the configuration is read again while it works.
disturb() {
	while sleep 1; do
		kill -HUP "$pid" 2>/dev/null || true
		[ -z "$(command -v curl)" ] || curl -s -o /dev/null \
		    "http://127.0.0.1:$((port + 1))/metrics" || true
	done
}

# Some are rude and all are cut off once; then the server is drained under
# those who stay.
server_start
disturb &
disturber=$!
checker prefix=first slow=10 stopped=5 vanished=5 stop=5 size=1000 drops=1 \
    drop=1 run="${OW_LOAD_S:-20}" || code=1
kill "$disturber"
wait "$disturber" || true
disturber=
checker prefix=second run=5 &
second=$!
sleep 3
server_stop
server_start
wait "$second" || code=1
server_stop

cat "$dir/server.log" >&2
for report in "$dir"/race.*; do
	[ -e "$report" ] || continue
	cat "$report" >&2
	code=1
done
[ $code -ne 0 ] || echo "tsan_load.sh: no race"
exit $code

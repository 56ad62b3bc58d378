#!/bin/sh
# SPDX-License-Identifier: MIT
#
# pg_start.sh DIR - start a throw-away PostgreSQL of Debian's package.
#
# DIR gets the data (DIR/data), the unix socket and a log; the server also
# listens on a free port of 127.0.0.1.  Prints the conninfo of a database
# "orderwire".  Started again with the same DIR it goes on with the same data
# and the same port.  As root everything runs as the user postgres, because
# initdb refuses to run as root.  The database sorts by ICU's rules for
# English, on purpose: whoever relies on bytewise order is found out.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
bin=$(pg_config --bindir 2>/dev/null || true)
for at in "$bin" /usr/lib/postgresql/15/bin; do
	[ -x "$at/initdb" ] && bin=$at && break
done
[ -x "$bin/initdb" ] || { echo "$0: no initdb (postgresql-15)" >&2; exit 1; }

as() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
	    LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

cd /
if [ ! -d "$dir/data" ]; then
	[ "$(id -u)" -ne 0 ] || chown postgres "$dir"
	chmod 0755 "$dir"
	as "$bin/initdb" -D "$dir/data" -U orderwire -A trust -E UTF8 \
	    --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US \
	    >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
	port=$(free_port)
	as tee -a "$dir/data/postgresql.conf" >/dev/null <<-EOF
	port = $port
	listen_addresses = '127.0.0.1'
	unix_socket_directories = '$dir'
	max_connections = 30
	EOF
	is_new=yes
else
	port=$(sed -n 's/^port = //p' "$dir/data/postgresql.conf")
	is_new=no
fi
as "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start \
    >"$dir/start.log" 2>&1 || { cat "$dir/start.log" "$dir/server.log" >&2
    exit 1; }
[ $is_new = no ] ||
    as "$bin/createdb" -h "$dir" -p "$port" -U orderwire orderwire
echo "host=$dir port=$port user=orderwire dbname=orderwire"

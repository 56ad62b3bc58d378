#!/bin/sh
# SPDX-License-Identifier: MIT
#
# pg_stop.sh DIR - stop what pg_start.sh DIR started; the data stays.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
dir=$(cd "$1" && pwd)
bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$bin/pg_ctl" ] || bin=/usr/lib/postgresql/15/bin

cd /
if [ "$(id -u)" -eq 0 ]; then
	runuser -u postgres -- "$bin/pg_ctl" -D "$dir/data" -m fast -w stop \
	    >/dev/null
else
	"$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null
fi

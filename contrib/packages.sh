# SPDX-License-Identifier: MIT
#
# packages.sh - what Orderwire needs of Debian 12; read by quickstart.sh and
# check.sh with `.`, does nothing alone.

build_packages="gcc libc6-dev make autoconf automake libtool pkg-config
	libevent-dev libevhtp-dev libjansson-dev libssl-dev
	libcurl4-openssl-dev libconfig-dev libglib2.0-dev uthash-dev
	libwslay-dev zlib1g-dev libsqlite3-dev libpq-dev
	libgmime-3.0-dev"
run_packages="curl ca-certificates tzdata"
test_packages="g++ check libhttp-parser-dev
	postgresql postgresql-client openssl perl postfix kannel chromium
	clang libclang-rt-14-dev"

# Those of the named packages that are not installed, on one line.
packages_missing() {
	local name
	for name in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" \
		    2>/dev/null)" = installed ] || echo "$name"
	done | tr '\n' ' '
}

# Install what is missing, or say the line that would.  Not root: status 1.
packages_install() {
	local missing
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "Packages are missing; this line installs them:" >&2
		echo "  sudo apt-get install -y --no-install-recommends" \
		    "$missing" >&2
		return 1
	fi
	echo "Installing: $missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	# Tests start a PostgreSQL of their own; no other is wanted.
	case " $missing" in
	*" postgresql "*)
		mkdir -p /etc/postgresql-common/createcluster.d
		echo 'create_main_cluster = false' \
		    >/etc/postgresql-common/createcluster.d/orderwire.conf
		;;
	esac
	# Nor a mail server or an SMS gateway beside those of the tests.
	local policy=/usr/sbin/policy-rc.d
	[ ! -e $policy ] || policy=
	if [ -n "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
	local code=0
	# shellcheck disable=SC2086
	{ apt-get update -q && apt-get install -y -q \
	    --no-install-recommends $missing; } </dev/null >&2 || {
		echo "apt-get could not install: $missing" >&2
		code=1
	}
	[ -z "$policy" ] || rm -f "$policy"
	return $code
}

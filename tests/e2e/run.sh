#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh [FILE...] - the end-to-end tests on every store that was built.
#
# OW_BUILD is the build folder (default: build beside the sources).  Only the
# named test files run, or all.  OW_E2E_STORES picks stores ("sqlite pgsql").
# OW_E2E_ISOLATE=1 runs each channel in a process of its own.
# PostgreSQL is started for the run, unless OW_E2E_PGSQL has a conninfo, and
# ended with it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
OW_BUILD=${OW_BUILD:-$here/../../build}
OW_BUILD=$(cd "$OW_BUILD" && pwd)
export OW_BUILD
files=$*
pg=

end() {
	code=$?
	trap - EXIT INT TERM
	if [ -n "$pg" ]; then
		"$here/../tools/pg_stop.sh" "$pg" || true
		rm -rf "$pg"
	fi
	exit $code
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ -x "$OW_BUILD/orderwired" ] || {
	echo "run.sh: no orderwired in $OW_BUILD; OW_BUILD names the build" \
	    "folder" >&2
	exit 1
}

# Once for each lock file; npm ci is all or nothing.
for folder in "$here" "$here/../../contrib/logistics-sim"; do
	stamp=$folder/node_modules/.orderwire-lock
	cmp -s "$folder/package-lock.json" "$stamp" && continue
	(cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund)
	cp "$folder/package-lock.json" "$stamp"
done

# What the tests in a browser open, unless OW_WEB names another build of it.
case ${OW_WEB:-}:$files in
: | :*web*) "$here/../../contrib/web/build.sh" ;;
esac

stores=${OW_E2E_STORES:-}
if [ -z "$stores" ]; then
	for store in sqlite pgsql; do
		[ ! -e "$OW_BUILD/plugins/.libs/store-$store.so" ] ||
		    stores="$stores $store"
	done
fi

case " $stores " in
*" pgsql "*)
	if [ -z "${OW_E2E_PGSQL:-}" ]; then
		pg=$(mktemp -d)
		OW_E2E_PGSQL=$("$here/../tools/pg_start.sh" "$pg")
		export OW_E2E_PGSQL
	fi
	;;
esac

cd "$here"
[ -n "$files" ] || files=$(ls ./*.test.mjs)
code=0
for store in $stores; do
	echo "# store: $store"
	# One file after the other: they measure.
	# shellcheck disable=SC2086
	OW_E2E_STORE=$store node --test --test-concurrency=1 \
	    --test-reporter=spec $files || code=1
done
exit $code

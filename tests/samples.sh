#!/bin/sh
# SPDX-License-Identifier: MIT
#
# samples.sh [--write] - the sample configuration is what --explain prints, for
# the server and for each plugin that was built.
#
# It would notice a breach as an option that a table has and its sample has
# not, or the other way round.  --write brings etc/ up to date instead.
set -u

src=${OW_SRC:-.}
build=${OW_BUILD:-build}
ORDERWIRE_PLUGINS=$build/plugins/.libs
export ORDERWIRE_PLUGINS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

sample() {
	file=$src/etc/$1
	shift
	"$build/orderwired" --explain "$@" >"$work/now" || bad=1
	if [ "$mode" = --write ]; then
		cp "$work/now" "$file"
	elif ! diff -u "$file" "$work/now"; then
		echo "etc/ is out of date: tests/samples.sh --write" >&2
		bad=1
	fi
}

mode=${1:-}
sample orderwire.conf
for plugin in "$ORDERWIRE_PLUGINS"/*.so; do
	name=$(basename "$plugin" .so)
	sample "conf.d/$name.conf" "$name"
done
exit $bad

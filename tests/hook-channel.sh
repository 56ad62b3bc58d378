#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hook-channel.sh - contrib/hook-channel builds outside of the tree, against
# what `make install` installs and nothing else, passes its own test, and is a
# plugin that the server takes.
#
# It would notice a breach as a header that needs another one, a symbol that
# only the server has, or a descriptor that the loader refuses.
set -eu

src=${OW_SRC:-.}
src=$(cd "$src" && pwd)
build=${OW_BUILD:-build}
build=$(cd "$build" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Not the flags of the make that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL
make -C "$build" install DESTDIR="$work/root" >"$work/install.log" 2>&1 || {
	cat "$work/install.log" >&2
	exit 1
}

pc=$(find "$work/root" -name orderwire.pc)
PKG_CONFIG_PATH=${pc%/*}
PKG_CONFIG_SYSROOT_DIR=$work/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
mkdir "$work/channel"
for file in Makefile hook.c test_hook.c; do
	cp "$src/contrib/hook-channel/$file" "$work/channel/"
done
cd "$work/channel"
make CC="${CC:-cc}" WARNINGS="-std=gnu11 -Wall -Wextra -Werror" all check
make install plugindir="$work/plugins"

ORDERWIRE_PLUGINS=$work/plugins "$build/orderwired" --explain channel-hook |
    grep -q "incoming webhook"

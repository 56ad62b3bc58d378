#!/bin/sh
# SPDX-License-Identifier: MIT
#
# nested.sh DIR SRCDIR [CONFIGURE ARGUMENT...] - a build folder in a build
# folder, configured only when it is new or SRCDIR's configure has changed.
set -eu

dir=$1 src=$2
shift 2
if [ -e "$src/config.status" ]; then
	echo "nested.sh: the source folder is configured itself; run 'make" \
	    "distclean' there, then build in a folder of its own:" >&2
	echo "  mkdir build && cd build && ../configure" >&2
	exit 1
fi
mkdir -p "$dir"
cd "$dir"
if [ ! -e config.status ] || [ "$src/configure" -nt config.status ]; then
	"$src/configure" --quiet "$@"
fi

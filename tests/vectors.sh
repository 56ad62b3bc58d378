#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vectors.sh - known vectors, good and bad ones, through our own cryptography.
#
# It would notice a breach as an answer of tests/tools/vectors that is not the
# one that stands below the question in tests/tools/vectors.txt.
set -u

src=${OW_SRC:-.}
tool=${OW_BUILD:-build}/tests/tools/vectors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

grep -v '^#' "$src/tests/tools/vectors.txt" >"$work/all"
sed -n 'p;n' "$work/all" >"$work/asked"
sed -n 'n;p' "$work/all" >"$work/wanted"
"$tool" <"$work/asked" >"$work/got" || exit 1
[ -s "$work/wanted" ] || exit 1
cmp -s "$work/wanted" "$work/got" && exit 0
diff "$work/wanted" "$work/got" | sed -n 's/^\([0-9,]*\)c.*/\1/p' |
    while read -r line; do sed -n "${line}p" "$work/asked"; done >&2
diff -u "$work/wanted" "$work/got" >&2
exit 1

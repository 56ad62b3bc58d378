#!/bin/sh
# SPDX-License-Identifier: MIT
#
# rows.sh - writes rows-x86_64.def: every struct and every enum value of the
# installed headers, as they are laid out now.
#
# Run it after a member was appended, and look at the difference: new rows and
# new sizes are growth, a changed row is a break.  Needs clang.
#
#	tests/abi/rows.sh > tests/abi/rows-x86_64.def
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cat <<'EOF'
/* SPDX-License-Identifier: MIT */
/*
 * rows-x86_64 - where everything of the plugin interface lies; written by
 * rows.sh, read by test_abi.c.
 */
EOF

echo '#include <orderwire/store.h>' > "$work/all.c"
clang -std=c11 -target x86_64-linux-gnu -I"$top/include" \
    -Xclang -fdump-record-layouts-complete -fsyntax-only "$work/all.c" |
awk '
	/^ *0 \| struct ow_[a-z_]+$/ { name = $NF; next }
	/^ *[0-9]+ \|   [^ ]/ && name != "" {
		sub(/^ */, "")
		offset = $1
		member = $NF
		if (member !~ /^[a-z_]+$/)
			next
		rows[name] = rows[name] \
		    "MEMBER(" name ", " member ", " offset ")\n"
	}
	/\[sizeof=/ && name != "" {
		size = $0
		sub(/.*\[sizeof=/, "", size)
		sub(/,.*/, "", size)
		printf "\nSTRUCT(%s, %s)\n%s", name, size, rows[name]
		name = ""
	}'

echo
{
	echo '#include <stdio.h>'
	echo '#include <orderwire/store.h>'
	echo 'int main(void) {'
	cat "$top"/include/orderwire/plugin.h "$top"/include/orderwire/store.h |
	sed 's,/\*.*\*/,,; s,/\*.*,,' |
	awk '/^enum \{/ { on = 1 } on { print } /};/ { on = 0 }' |
	grep -o '\<OW_[A-Z0-9_]*' | awk '!seen[$0]++' |
	sed 's,.*,printf("VALUE(&\, %d)\\n"\, (int)&);,'
	echo 'return 0; }'
} > "$work/values.c"
clang -I"$top/include" "$work/values.c" -o "$work/values"
"$work/values"

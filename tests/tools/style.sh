#!/bin/sh
# SPDX-License-Identifier: MIT
#
# style.sh [FILE...] - what all of our C has in common, as far as a tool can
# tell; `make style` runs it over every file.
#
# .clang-format is the same style for editors and for new code.  It knows
# nothing of comments in columns, so no file is held to its every line break:
# STYLE_SUGGEST=1 shows what it would change.
set -u

cd "$(dirname "$0")/../.." || exit 1
[ $# -gt 0 ] || set -- $(find core include plugins tests contrib \
    -name node_modules -prune -o \( -name '*.c' -o -name '*.h' \) -print |
    sort)

awk '
	function bad(what) {
		printf "%s:%d: %s\n", FILENAME, FNR, what
		count++
	}
	function width(s,    i, n) {
		n = 0
		for (i = 1; i <= length(s); i++)
			n = substr(s, i, 1) == "\t" ? n + 8 - n % 8 : n + 1
		return n
	}
	FNR == 1 {
		if ($0 !~ /SPDX-License-Identifier: MIT/)
			bad("no licence line")
		previous = ""
	}
	FNR == 2 && $0 !~ /^\/\*/ { bad("no comment that says what it is") }
	width($0) > 80 { bad("more than 80 columns") }
	/[ \t]$/ { bad("blanks at the end") }
	/^        / { bad("indented by eight blanks, not by a tab") }
	/(^|[^a-z_])(if|for|while|switch)\(/ && !/^ \*/ {
		bad("no blank before (")
	}
	/^\t*(if|for|while|switch|do|else) .*[^ ]\{$/ { bad("no blank before {") }
	/^[a-z].*\) \{$/ { bad("a function begins with { on its own line") }
	/;$/ || /^$/ { header = 0 }
	/^[a-z][A-Za-z0-9_ ]*[ *][a-z_0-9]+\(/ && !/__attribute__/ { header = FNR }
	$0 == "{" && header > 0 {
		bad("a function begins its line with its name")
		header = 0
	}
	/\/\/ / && !/["*].*\/\// { bad("a comment of another kind") }
	{ previous = $0 }
	END { exit count > 0 }
' "$@"
code=$?

if [ -n "${STYLE_SUGGEST:-}" ]; then
	for file in "$@"; do
		"${CLANG_FORMAT:-clang-format-14}" "$file" |
		    diff -b -u --label "$file" --label "$file" "$file" -
	done
fi
exit $code

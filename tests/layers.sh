#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layers.sh - a folder of the core includes only from itself and from those
# before it; plugins include from the core nothing at all.
#
# It would notice a breach as an #include "folder/..." of a later folder, or
# of a folder that is not in the list.
set -u

layers="base conf net order plugin event hub notify outbox desk http api"
core=${OW_SRC:-.}/core
plugins=${OW_SRC:-.}/plugins
bad=0

fail() {
	echo "$*" >&2
	bad=1
}

# The folders that the files of a folder include from, with file and line.
included() {
	grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' "$1"/*.[ch] \
	    /dev/null | sed -nE 's/^([^:]*:[0-9]+):.*"([^"]*)".*/\1 \2/p'
}

allowed=" "
for folder in $layers; do
	allowed="$allowed$folder "
	[ -d "$core/$folder" ] || continue
	while read -r where what; do
		case $what in
		*/*) ;;
		*)
			fail "$where: \"$what\" has no folder"
			continue
			;;
		esac
		case $allowed in
		*" ${what%%/*} "*) ;;
		*) fail "$where: $folder must not include $what" ;;
		esac
	done <<-END
	$(included "$core/$folder" | grep . || echo "none base/none")
	END
done

for folder in "$core"/*/; do
	folder=$(basename "$folder")
	case " $layers " in
	*" $folder "*) ;;
	*) fail "core/$folder has no place among the layers" ;;
	esac
done

for folder in "$plugins"/*/; do
	while read -r where what; do
		[ -e "$folder$what" ] ||
		    fail "$where: a plugin must not include $what"
	done <<-END
	$(included "${folder%/}" | grep . || echo "none .")
	END
done

exit $bad

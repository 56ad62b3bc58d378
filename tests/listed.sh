#!/bin/sh
# SPDX-License-Identifier: MIT
#
# listed.sh - every C file is compiled by something, and every plugin has its
# fragment.
#
# It would notice a breach as a file that no module.am names: its code would
# be missing from the library, or its tests would never run.
set -u

cd "${OW_SRC:-.}" || exit 1
bad=0

for file in $(find core include plugins tests -name '*.[ch]' \
    ! -path '*/node_modules/*' | sort); do
	case $file in
	plugins/*/*)
		module=${file%/*}/module.am
		name=%D%/${file##*/}
		;;
	core/*)
		module=core/module.am
		name=$file
		;;
	include/*)
		module=Makefile.am
		name=$file
		;;
	*)
		module=tests/module.am
		name=$file
		;;
	esac
	if grep -qE "(^|[[:space:]])$name([[:space:]]|\$)" "$module"; then
		continue
	fi
	# A test may stand there as its program or plugin alone.
	case $file in
	*.c)
		if grep -qE "(^|[[:space:]])${name%.c}(\.la)?([[:space:]]|\$)" \
		    "$module"; then
			continue
		fi
		;;
	esac
	echo "$file is not in $module" >&2
	bad=1
done

for module in plugins/*/; do
	grep -qF "include ${module}module.am" Makefile.am || {
		echo "${module}module.am is not in Makefile.am" >&2
		bad=1
	}
done

exit $bad

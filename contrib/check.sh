#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh - installs, builds and runs every test on a bare Debian 12.
#
# Builds in a throw-away folder with warnings as errors, runs `make check`, the
# same again with clang and its address and undefined-behaviour sanitizers, and
# `make check-e2e` on SQLite and on a PostgreSQL of its own, and closes with
# one line, "N passed, N failed".  The simulator's and the web app's own tests
# run as well, and the app is built.  Everything it starts or makes is gone
# when it ends; only packages, node_modules and contrib/web/dist stay.
set -u

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=contrib/packages.sh
. "$source_dir/contrib/packages.sh"

work=
step=
marker=
passed=0
failed=0

say() { echo "check: $*"; }

end() {
	trap - EXIT
	trap '' INT TERM
	if [ -n "$step" ]; then
		kill -TERM -- "-$step" 2>/dev/null
		wait "$step" 2>/dev/null
	fi
	[ -z "$marker" ] || kill "$marker" 2>/dev/null
	if [ -n "$work" ]; then
		[ ! -d "$work/pg" ] ||
		    "$source_dir/tests/tools/pg_stop.sh" "$work/pg" >/dev/null 2>&1
		rm -rf "$work"
	fi
}

# A group of its own, so that nothing of it is left behind when we are ended.
run() {
	local limit=$1 code
	shift
	set -m
	timeout --kill-after=10 "$limit" "$@" </dev/null &
	step=$!
	set +m
	wait "$step"
	code=$?
	step=
	return $code
}

# The same with all it says in a log as well.  It writes the log itself, so that
# nothing is missing there when it has ended; tail shows it meanwhile, and what
# is left once the marker is gone.
run_logged() {
	local log=$1 code shown
	shift
	: >"$log"
	sleep 7200 >/dev/null 2>&1 &
	marker=$!
	tail -n +1 -s 0.2 -f --pid="$marker" "$log" &
	shown=$!
	run "$@" >>"$log" 2>&1
	code=$?
	kill "$marker"
	wait "$marker" 2>/dev/null
	marker=
	wait "$shown"
	return $code
}

# Check's closing lines below a build folder, one a suite; a test that is no
# Check program counts as one.
count_unit() {
	local folder=$1 trs log bad all
	while read -r trs; do
		log=${trs%.trs}.log
		read -r all bad < <(awk -F '[ ,]+' '/^[0-9]+%: Checks: / {
			all += $3
			bad += $5 + $7
		} END { print all + 0, bad + 0 }' "$log")
		if [ "$bad" -eq 0 ] && ! grep -q '^:test-result: PASS' "$trs"
		then
			# It did not run to its end.
			bad=1
			all=$((all + 1))
		elif [ "$all" -eq 0 ]; then
			all=1
		fi
		passed=$((passed + all - bad))
		failed=$((failed + bad))
	done < <(find "$folder/tests" -name '*.trs' | sort)
}

# The closing lines of node's test runner, one set a store.
count_e2e() {
	local word n
	while read -r word n; do
		case $word in
		pass) passed=$((passed + n)) ;;
		*) failed=$((failed + n)) ;;
		esac
	done < <(sed -nE 's/^[^a-z]* (pass|fail|cancelled) ([0-9]+)$/\1 \2/p' \
	    "$1")
}

# Vitest's closing line: "Tests  1 failed | 149 passed | 4 skipped (154)".
count_vitest() {
	local n word
	while read -r n word; do
		case $word in
		passed) passed=$((passed + n)) ;;
		failed) failed=$((failed + n)) ;;
		esac
	done < <(sed -nE 's/\x1b\[[0-9;]*m//g; s/^ *Tests +//p' "$1" |
	    grep -oE '[0-9]+ (passed|failed)')
}

close() {
	end
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}

# What could not even run is a failure.
give_up() {
	say "$*"
	failed=$((failed + 1))
	close
}

install_all() {
	local packages="$build_packages $run_packages $test_packages"
	command -v node >/dev/null || packages="$packages nodejs"
	command -v npm >/dev/null || packages="$packages npm"
	# shellcheck disable=SC2086
	packages_install $packages
}

build() {
	cd "$source_dir" && run 300 autoreconf -fi &&
	    mkdir "$work/build" && cd "$work/build" &&
	    run 300 "$source_dir/configure" --quiet --enable-werror &&
	    run 1200 make -j"$(nproc)"
}

# A folder of node's: its packages, then the command, counted by its runner.
check_node() {
	local folder=$1 count=$2 log=$work/node.log before=$failed
	shift 2
	cd "$source_dir/$folder" || give_up "no folder $folder"
	if run 300 npm ci --ignore-scripts --no-audit --no-fund &&
	    run_logged "$log" 300 "$@"; then
		"$count" "$log"
	else
		"$count" "$log"
		[ "$failed" -gt "$before" ] || failed=$((failed + 1))
	fi
	cd "$work/build" || give_up "the build folder is gone"
}

# The unit tests by what make is told to make, and where it leaves them.
check_unit() {
	local folder=$1 before=$failed code
	shift
	run 1200 make -k -j"$(nproc)" "$@"
	code=$?
	count_unit "$folder"
	[ $code -ne 0 ] || return 0
	[ "$failed" -gt "$before" ] || failed=$((failed + 1))
	cat "$folder/test-suite.log" 2>/dev/null
}

check_web() {
	check_node contrib/web count_vitest \
	    env OW_BUILD="$work/build" npm test
	cd "$source_dir/contrib/web" && run 300 npm run build ||
	    failed=$((failed + 1))
	cd "$work/build" || give_up "the build folder is gone"
}

main() {
	local before
	trap end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	install_all || give_up "packages are missing"
	work=$(mktemp -d) && chmod 0755 "$work" || give_up "no folder to work in"
	build || give_up "the build failed"
	# Before `make check`: the adapter's test drives the simulator.
	check_node contrib/logistics-sim count_e2e npm test

	mkdir "$work/pg"
	OW_TEST_PGSQL=$("$source_dir/tests/tools/pg_start.sh" "$work/pg") ||
	    give_up "PostgreSQL does not start"
	export OW_TEST_PGSQL
	check_unit "$work/build" check
	check_unit "$work/build/build-asan-clang" check-san SAN_COMPILERS=clang \
	    SAN_KINDS=asan

	before=$failed
	export OW_E2E_PGSQL=$OW_TEST_PGSQL
	if run_logged "$work/e2e.log" 1800 make check-e2e; then
		count_e2e "$work/e2e.log"
	else
		count_e2e "$work/e2e.log"
		[ "$failed" -gt "$before" ] || failed=$((failed + 1))
	fi
	# Last: its live client drives a server with the packages of tests/e2e.
	check_web
	close
}

main "$@"

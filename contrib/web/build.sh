#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh - makes dist with npm, unless it is newer than all it is made of.
#
# For `make web`, `make dist` and quickstart.sh; by hand `npm run build` does
# the same.  A release's tarball has dist, and needs no node.
set -eu

cd "$(dirname "$0")"

die() {
	echo "contrib/web: $*" >&2
	exit 1
}

# sw.js is the last file of a build but for the packed ones.
is_built() {
	[ -e dist/index.html ] && [ -e dist/sw.js ] && [ -z "$(find index.html \
	    package.json package-lock.json tsconfig.json vite.config.ts public \
	    src tools -name test -prune -o -type f -newer dist/sw.js -print)" ]
}

can_build() {
	command -v npm >/dev/null && command -v node >/dev/null &&
	    node -e 'const [major, minor] = process.versions.node.split(".");
		process.exit(major > 18 || (major == 18 && minor >= 13) ? 0 : 1)'
}

is_built && exit 0
can_build || die "dist is missing, or older than its sources; to build it" \
    "takes npm and node 18.13 or newer (apt-get install nodejs npm)." \
    "A release's tarball has it built."
# npm writes it last of all.
[ -n "$(find node_modules/.package-lock.json -newer package-lock.json \
    2>/dev/null)" ] ||
    npm ci --ignore-scripts --no-audit --no-fund ||
    die "npm could not install what package-lock.json names"
npm run build || die "npm run build failed"

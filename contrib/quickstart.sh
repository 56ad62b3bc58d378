#!/bin/bash
# SPDX-License-Identifier: MIT
#
# quickstart.sh - from a fresh Debian 12 to a running server with demo orders.
#
# Installs what is missing (as root; otherwise says what to install), builds in
# the folder build, makes keys, a secret and a configuration in a data folder,
# and runs the server on them in the foreground.  Whatever it makes stays in
# that folder: the same folder again goes on with the same orders.  Where npm
# is, it builds the web app; on a desktop, it opens it.
set -u

usage() {
	cat <<-'END'
	usage: contrib/quickstart.sh [OPTION...]

	  --dir D            keep all data in D (default: ./orderwire-data)
	  --port N           listen on 127.0.0.1:N, for admins on N+1 (8080); the
	                     simulated rider's service is on N+2
	  --workers N        loops that serve clients (1)
	  --store pgsql:C    keep orders in the PostgreSQL of conninfo C
	  --echo             also serve /ws/echo, for WebSocket test suites
	  --no-demo          no demo orders, no rider
	  --no-web           no web app
	  --no-open          do not open the app, also on a desktop
	  --no-install       install no packages
	  --help             this text

	When the server is ready, D/quickstart.env has its URLs and tokens as
	shell lines.  SIGINT and SIGTERM end everything, SIGHUP is passed on.
	END
}

say() { echo "quickstart: $*" >&2; }
die() { say "$*"; exit 1; }

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=contrib/packages.sh
. "$source_dir/contrib/packages.sh"

dir=./orderwire-data
port=8080
workers=1
store=sqlite
conninfo=
echo_on=false
with_demo=yes
with_web=yes
with_open=yes
with_install=yes

read_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--dir | --port | --workers | --store)
			[ $# -ge 2 ] || die "$1 needs a value"
			;;
		esac
		case $1 in
		--dir) dir=$2; shift ;;
		--port) port=$2; shift ;;
		--workers) workers=$2; shift ;;
		--store) store=$2; shift ;;
		--echo) echo_on=true ;;
		--no-demo) with_demo=no ;;
		--no-web) with_web=no ;;
		--no-open) with_open=no ;;
		--no-install) with_install=no ;;
		--help | -h) usage; exit 0 ;;
		*) usage >&2; die "what is '$1'?" ;;
		esac
		shift
	done
	[[ $port =~ ^[0-9]{1,5}$ && $port -ge 1 && $port -le 65533 ]] ||
	    die "--port must be 1..65533"
	[[ $workers =~ ^[0-9]{1,2}$ && $workers -ge 1 && $workers -le 64 ]] ||
	    die "--workers must be 1..64"
	case $store in
	sqlite) ;;
	pgsql:?*) conninfo=${store#pgsql:}; store=pgsql ;;
	*) die "--store must be sqlite or pgsql:CONNINFO" ;;
	esac
}

# ---- Build --------------------------------------------------------------------

# True if nothing is newer than the last build.
is_built() {
	[ -e "$build/.quickstart" ] && [ -x "$build/orderwired" ] &&
	    [ -x "$build/orderwirectl" ] &&
	    [ -z "$(cd "$source_dir" && find core include plugins configure.ac \
		Makefile.am -newer "$build/.quickstart" -print -quit)" ]
}

build() {
	local log=$dir/build.log
	build=$source_dir/build
	if is_built; then
		return
	fi
	if [ "$with_install" = yes ]; then
		# shellcheck disable=SC2086
		packages_install $build_packages $run_packages || exit 1
	fi
	say "building in $build; the log is $log"
	if ! (
		set -e
		cd "$source_dir"
		[ -x configure ] && [ configure -nt configure.ac ] ||
		    autoreconf -fi
		mkdir -p "$build"
		cd "$build"
		[ -e config.status ] || "$source_dir/configure"
		touch .quickstart.new
		make -j"$(nproc)" all
		mv .quickstart.new .quickstart
	) >"$log" 2>&1 </dev/null; then
		tail -n 20 "$log" >&2
		die "the build failed; all of it is in $log"
	fi
}

# Nobody waits long for packages that can't be had, and an app that was there
# before is better than none.
build_web() {
	local log=$dir/web.log source=$source_dir/contrib/web
	[ "$with_web" = yes ] && command -v npm >/dev/null || return
	[ "$with_install" = yes ] || [ -e "$source/node_modules" ] || return
	[ -e "$source/dist/index.html" ] ||
		say "building the web app; the log is $log"
	npm_config_fetch_retries=1 npm_config_fetch_timeout=20000 timeout 300 \
	    "$source/build.sh" >"$log" 2>&1 </dev/null ||
	    say "the web app could not be built; all of it is in $log"
}

# ---- Data ---------------------------------------------------------------------

# A value inside the quotes of the configuration.
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# This machine's time zone.
zone_here() {
	local file
	file=$(readlink -f /etc/localtime)
	case $file in
	/usr/share/zoneinfo/*) echo "${file#/usr/share/zoneinfo/}" ;;
	*) echo UTC ;;
	esac
}

write_config() {
	local store_group='store-sqlite: { path = "orders.db"; };'
	[ "$store" = sqlite ] || store_group="store-pgsql: {
		conninfo = \"$(quoted "$conninfo")\"; };"
	store_group=${store_group//orders.db/$(quoted "$dir")/orders.db}
	local web_group=
	[ -z "$web" ] || web_group="transport-site: {
	        root = \"$(quoted "$web")\"; tenant = \"demo\"; };"
	local rider_group=
	[ -n "$no_rider" ] || rider_group="adapter-logistics: {
	        preset = \"server\"; url = \"$sim_url\";
	        token = \"sim-token\"; webhooks = false; };"
	cat >"$dir/orderwire.conf.new" <<-END
	# Written by quickstart.sh at every start.
	server: {
	    listen = "127.0.0.1:$port";
	    admin_listen = "127.0.0.1:$((port + 1))";
	    plugin_dir = "$(quoted "$build")/plugins/.libs";
	    secret = "@secret";
	    workers = $workers;
	    drain_ms = "2s";
	};
	auth: { keys_file = "keys.json"; };
	http: {
	    connections_max = 1000000;
	    # Whoever calls from this machine is free of rates and of the
	    # limit of connections.
	    loopback_exempt = true;
	};
	stream: { streams_per_subject = 100000; };
	notify: {
		share_dir = "$(quoted "$source_dir")/etc";
		timezone = "$(zone_here)";
	};
	tenants: ( { name = "demo"; } );
	plugins: {
	    transport-websocket: { echo = $echo_on; };
	    transport-sse: { };
	    $web_group
	    $rider_group
	    # Browsers may subscribe at once; the other channels need an
	    # account somewhere: see etc/conf.d.
	    channel-webpush: {
	        keys_file = "$(quoted "$dir")/vapid.json";
	        sub = "mailto:admin@localhost";
	    };
	    $store_group
	};
	END
	mv "$dir/orderwire.conf.new" "$dir/orderwire.conf"
}

# The web app's folder; empty: there is none, and why.
find_web() {
	web=$source_dir/contrib/web/dist
	no_web=
	if [ "$with_web" = no ]; then
		no_web="none with --no-web"
	elif [ ! -e "$build/plugins/.libs/transport-site.so" ]; then
		no_web="none: transport-site was not built"
	elif [ -e "$web/index.html" ]; then
		return
	elif ! command -v npm >/dev/null; then
		no_web="none: to build it takes npm (apt install nodejs npm)"
	else
		no_web="none: not built (contrib/web/build.sh)"
	fi
	web=
}

# Why no rider is to be seen; empty: one is.
find_rider() {
	sim_url=http://127.0.0.1:$((port + 2))
	no_rider=
	if [ "$with_demo" = no ]; then
		no_rider="none with --no-demo"
	elif [ ! -e "$build/plugins/.libs/adapter-logistics.so" ]; then
		no_rider="none: adapter-logistics was not built"
	elif ! command -v node >/dev/null; then
		no_rider="none: node is missing (apt install nodejs npm)"
	elif [ ! -e "$sim/node_modules/ws" ] && ! command -v npm >/dev/null
	then
		no_rider="none: npm is missing (apt install npm)"
	fi
	# One that was under way goes on.
	ride=$(cat "$dir/demo.ride" 2>/dev/null) && [ -n "$ride" ] ||
	    ride=ride-$(date +%s)
}

make_data() {
	if [ ! -s "$dir/secret" ]; then
		od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' \
		    >"$dir/secret.new" && mv "$dir/secret.new" "$dir/secret" ||
		    die "can't make $dir/secret"
	fi
	if [ ! -s "$dir/keys.json" ]; then
		"$build/orderwirectl" keys new >"$dir/keys.new" &&
		    mv "$dir/keys.new" "$dir/keys.json" ||
		    die "can't make $dir/keys.json"
	fi
	if [ ! -s "$dir/vapid.json" ]; then
		"$build/orderwirectl" keys new --alg ES256 \
		    >"$dir/vapid.new" && mv "$dir/vapid.new" "$dir/vapid.json" ||
		    die "can't make $dir/vapid.json"
	fi
	write_config
}

token() {
	"$build/orderwirectl" -c "$dir/orderwire.conf" token --tenant demo \
	    --ttl 30d "$@" || die "can't make a token"
}

# ---- Server -------------------------------------------------------------------

server=
mover=
rider=

# As many descriptors as we are allowed, each screen is one.
raise_limit() {
	local most
	most=$(cat /proc/sys/fs/nr_open 2>/dev/null || echo 1048576)
	ulimit -n "$most" 2>/dev/null || ulimit -n "$(ulimit -Hn)" 2>/dev/null
}

end() {
	trap '' INT TERM
	rm -f "$dir/quickstart.env"
	[ -z "$mover" ] || kill "$mover" 2>/dev/null
	[ -z "$rider" ] || kill "$rider" 2>/dev/null
	[ -z "$server" ] || kill -TERM "$server" 2>/dev/null
}

start_server() {
	raise_limit
	trap 'is_ending=yes; end' INT TERM
	trap '[ -z "$server" ] || kill -HUP "$server"' HUP
	# In a group of its own, a signal for all of us reaches it just once;
	# and it ends when we are killed.
	set -m
	setpriv --pdeathsig TERM -- "$build/orderwired" \
	    -c "$dir/orderwire.conf" </dev/null 9>&- &
	server=$!
	set +m
}

wait_ready() {
	local end_at=$((SECONDS + 60))
	until curl -fs -o /dev/null --max-time 2 "$admin_url/readyz"; do
		[ -z "$is_ending" ] || return 1
		kill -0 "$server" 2>/dev/null || return 1
		[ $SECONDS -lt $end_at ] || {
			say "$admin_url/readyz is not ready after 60 s"
			end
			return 1
		}
		sleep 0.05
	done
}

write_env() {
	cat >"$dir/quickstart.env.new" <<-END
	OW_URL='$url'
	OW_ADMIN_URL='$admin_url'
	OW_WEB_URL='${web:+$url/}'
	OW_TENANT='demo'
	OW_SERVICE_TOKEN='$service_token'
	OW_KITCHEN_TOKEN='$kitchen_token'
	OW_CUSTOMER_TOKEN='$customer_token'
	OW_PID='$server'
	OW_RIDE='$([ -n "$no_rider" ] || echo "ref:$ride")'
	END
	mv "$dir/quickstart.env.new" "$dir/quickstart.env"
}

# ---- Demo orders ----------------------------------------------------------------

# One change every few seconds, some orders at a time: enough to look at, and
# less than 40,000 events a day.
demo_steps=(accepted preparing ready picked_up)
demo_names=('Flat white' 'Croissant' 'Avocado toast' 'Green tea' 'Brownie')

nap() {
	sleep "$1" &
	wait $!
}

api() {
	curl -fsS -o /dev/null --max-time 5 -X "$1" \
	    -H "Authorization: Bearer $3" -H 'Content-Type: application/json' \
	    --data "$4" "$url/api/v1/demo$2" 2>/dev/null
}

demo_new() {
	local n=${#demo_names[@]} ref=$1
	api POST /orders "$service_token" '{"external_ref":"'"$ref"'",
	    "customer_id":"demo-customer","fulfilment":"pickup","items":[
	    {"name":"'"${demo_names[RANDOM % n]}"'","quantity":1,
	    "station":"bar"},{"name":"'"${demo_names[RANDOM % n]}"'",
	    "quantity":2,"station":"kitchen"}]}'
}

# D/demo.orders: a line "external_ref steps" for each order under way.
demo() {
	local state=$dir/demo.orders ref step count lines
	trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM
	trap '' INT HUP
	touch "$state"
	while nap 2 && kill -0 "$server" 2>/dev/null; do
		mapfile -t lines <"$state"
		count=${#lines[@]}
		if [ "$count" -lt 3 ]; then
			ref=demo-$(date +%s)
			demo_new "$ref" && lines+=("$ref 0")
		else
			count=$((RANDOM % 3))
			read -r ref step <<<"${lines[count]}"
			# A refused step counts, too: somebody else moved it.
			api PATCH "/orders/ref:$ref/status" "$kitchen_token" \
			    '{"status":"'"${demo_steps[step]}"'"}' || nap 5
			lines[count]="$ref $((step + 1))"
			[ $((step + 1)) -lt ${#demo_steps[@]} ] ||
			    unset "lines[count]"
		fi
		printf '%s\n' "${lines[@]}" | grep . >"$state.new"
		mv "$state.new" "$state"
	done
}

# ---- A rider --------------------------------------------------------------------

# Some 1,400 m down a street, twice as fast as life: about three minutes.
sim=$source_dir/contrib/logistics-sim
ride_pickup='{"name":"Demo kitchen","lat":52.51705,"lng":13.38885}'
ride_dropoff='{"address":"Friedrichstrasse 43","lat":52.50400,"lng":13.39100}'
ride_start='"lat":52.51850,"lng":13.38850'

sim_post() {
	curl -fsS -o /dev/null --max-time 5 --data "$2" "$sim_url/sim/$1" \
	    2>/dev/null
}

sim_start() {
	local log=$dir/sim.log n
	if [ ! -e "$sim/node_modules/ws" ]; then
		npm ci --prefix "$sim" --ignore-scripts --no-audit --no-fund \
		    >"$log" 2>&1 &
		wait $! || return 1
	fi
	setpriv --pdeathsig TERM -- node "$sim/sim.mjs" --port $((port + 2)) \
	    --cadence 2000 --state "$dir/sim.json" >>"$log" 2>&1 &
	sim_pid=$!
	for ((n = 0; n < 100; n++)); do
		nap 0.2
		kill -0 "$sim_pid" 2>/dev/null || return 1
		curl -fs -o /dev/null --max-time 2 "$sim_url/sim/state" &&
		    return
	done
	return 1
}

ride_new() {
	echo "$ride" >"$dir/demo.ride"
	api POST /orders "$service_token" '{"external_ref":"'"$ride"'",
	    "customer_id":"demo-customer","fulfilment":"delivery",
	    "pickup":'"$ride_pickup"',"dropoff":'"$ride_dropoff"',
	    "items":[{"name":"Ramen","quantity":1,"station":"kitchen"}]}'
}

ride_status() {
	curl -fsS --max-time 5 -H "Authorization: Bearer $service_token" \
	    "$url/api/v1/demo/orders/ref:$ride" 2>/dev/null |
	    grep -o '"status":"[a-z_]*"' | head -n 1 | cut -d '"' -f 4
}

# What is there already is refused, and is there.
ride_begin() {
	local status
	for status in accepted preparing ready; do
		api PATCH "/orders/ref:$ride/status" "$kitchen_token" \
		    '{"status":"'"$status"'"}' && nap 2
	done
	sim_post riders '{"id":"demo-'"$ride"'","photo":null,'"$ride_start"'}'
	sim_post tasks '{"id":"'"$ride"'","external_reference":"'"$ride"'",
	    "rider_id":"demo-'"$ride"'","speed":2,"pickup":'"$ride_pickup"',
	    "dropoff":'"$ride_dropoff"'}'
	api PUT "/orders/ref:$ride/delivery" "$service_token" \
	    '{"task_id":"'"$ride"'","fleet_member_id":"demo-'"$ride"'"}'
}

# Until it has arrived, or cannot any more.
ride_wait() {
	while nap 3 && kill -0 "$server" 2>/dev/null &&
	    kill -0 "$sim_pid" 2>/dev/null; do
		case $(ride_status) in
		delivered | delivery_failed | returned | cancelled | rejected)
			return ;;
		esac
	done
	return 1
}

ride() {
	trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM
	trap '' INT HUP
	ride_new
	sim_start || {
		say "no rider, the simulator did not start: $dir/sim.log"
		return
	}
	while ride_begin; ride_wait; do
		rm -f "$dir/demo.ride"
		nap 20 || return
		ride=ride-$(date +%s)
		ride_new && say "the next rider: order ref:$ride"
	done
	kill "$sim_pid" 2>/dev/null
}

# ---- Words ----------------------------------------------------------------------

greet_rider() {
	[ -z "$no_rider" ] || return
	cat <<-'END'

	  # a rider on the way: places, the route, an ETA that counts down
	  curl -sSN $OW_URL/sse/orders/$OW_RIDE/tracking \
	    -H "Authorization: Bearer $OW_CUSTOMER_TOKEN"
	END
}

# The page of an order, and the person it is for signed in.
track_link() { echo "$url/orders/ref:$1/track#token=$customer_token"; }

greet_web() {
	[ -n "$web" ] || return
	cat <<-END

	In a browser, each link signs you in:

	  # the kitchen: tap an order there, and see it move on the other pages
	  $url/kitchen#token=$kitchen_token

	  # a customer: all orders of theirs
	  $url/orders#token=$customer_token
	END
	[ -n "$no_rider" ] || cat <<-END

	  # the order on its way, with the rider on a map
	  $(track_link "$ride")
	END
}

# The customer's side, as soon as there is something to see.
open_web() {
	local link="$url/orders#token=$customer_token" n
	[ "$with_open" = yes ] && [ -n "$web" ] && [ -t 1 ] &&
	    [ "$(id -u)" -ne 0 ] &&
	    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] &&
	    command -v xdg-open >/dev/null || return
	if [ -z "$no_rider" ]; then
		for ((n = 0; n < 50; n++)); do
			[ -z "$(ride_status)" ] || break
			sleep 0.1
		done
		link=$(track_link "$ride")
	fi
	# Not ended with us.
	setsid -f xdg-open "$link" </dev/null >/dev/null 2>&1
}

greet() {
	local web_says=$no_web rider_says=$no_rider begin="Try it"
	[ -z "$web" ] || { web_says="$url/"; begin="Or"; }
	[ -n "$rider_says" ] || rider_says="order ref:$ride, simulated"
	cat <<-END

	Orderwire is ready.
	  clients   $url
	  web app   $web_says
	  admins    $admin_url  (/healthz /readyz /metrics)
	  data      $dir
	  store     $store
	  rider     $rider_says
	END
	greet_web
	cat <<-END

	$begin in another shell:

	  . $dir/quickstart.env

	  # place an order
	  curl -sS -X POST \$OW_URL/api/v1/demo/orders \\
	    -H "Authorization: Bearer \$OW_SERVICE_TOKEN" \\
	    -H 'Content-Type: application/json' \\
	    -d '{"external_ref":"T-1","customer_id":"demo-customer","fulfilment":"pickup",
	         "items":[{"name":"Flat white","quantity":1}]}'

	  # follow it (WebSocket: /ws/orders/ref:T-1/tracking, subprotocols
	  # orderwire.v1 and bearer.TOKEN)
	  curl -sSN \$OW_URL/sse/orders/ref:T-1/tracking \\
	    -H "Authorization: Bearer \$OW_CUSTOMER_TOKEN"

	  # move it along: accepted, preparing, ready, picked_up
	  curl -sS -X PATCH \$OW_URL/api/v1/demo/orders/ref:T-1/status \\
	    -H "Authorization: Bearer \$OW_KITCHEN_TOKEN" \\
	    -H 'Content-Type: application/json' -d '{"status":"accepted"}'
	END
	greet_rider
	cat <<-END

	  # the customer's notices, and why each came or did not
	  curl -sS \$OW_URL/api/v1/demo/notifications \\
	    -H "Authorization: Bearer \$OW_CUSTOMER_TOKEN"
	  $build/orderwirectl -c $dir/orderwire.conf journey ref:T-1

	  # watch the whole kitchen
	  curl -sSN \$OW_URL/sse/kitchen -H "Authorization: Bearer \$OW_KITCHEN_TOKEN"

	Ctrl-C ends it; the same --dir goes on with the same orders.
	END
}

main() {
	local code
	is_ending=
	read_options "$@"
	umask 077
	mkdir -p "$dir" && dir=$(cd "$dir" && pwd) || die "can't use $dir"
	exec 9>"$dir/.lock"
	flock -n 9 || die "another quickstart.sh uses $dir"
	rm -f "$dir/quickstart.env"
	url=http://127.0.0.1:$port
	admin_url=http://127.0.0.1:$((port + 1))
	build 9>&-
	build_web 9>&-
	command -v curl >/dev/null || packages_install $run_packages || exit 1
	find_web
	find_rider
	make_data
	service_token=$(token --role service --sub demo-backend) || exit 1
	kitchen_token=$(token --role kitchen --sub demo-kitchen) || exit 1
	customer_token=$(token --role customer --sub demo-customer) || exit 1
	start_server
	if wait_ready; then
		write_env
		greet
		if [ "$with_demo" = yes ]; then
			demo </dev/null 9>&- &
			mover=$!
		fi
		if [ -z "$no_rider" ]; then
			ride </dev/null 9>&- &
			rider=$!
		fi
		open_web 9>&-
	fi
	# wait returns early for each signal that is passed on; once more gives
	# how the server ended.
	while kill -0 "$server" 2>/dev/null; do
		wait "$server"
	done
	wait "$server"
	code=$?
	server=
	end
	wait
	exit "$code"
}

main "$@"

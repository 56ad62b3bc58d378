# SPDX-License-Identifier: MIT
#
# servers.sh - how each server of the benchmark is started.  Sourced by run.sh.
#
# start_NAME WORKERS starts one on 127.0.0.1:$port (it may use the next port,
# too) with its files in $run, sets server_pid, and the generator's arguments:
# sub_args, pub_args, and storm_args where it can replay what was missed.
# With $tls set it speaks TLS, with $certificate and $key.
# has_NAME asks whether it is there; version_NAME says which.

ORDERS=5000

# ---- Ours -----------------------------------------------------------------------

has_ours() { [ -x "$OW_BUILD/orderwired" ]; }
version_ours() { "$OW_BUILD/orderwired" --version | head -n 1; }

ours_plugins() {
	if [ -d "$OW_BUILD/plugins/.libs" ]; then
		echo "$OW_BUILD/plugins/.libs"
	else
		echo "$OW_BUILD/plugins"
	fi
}

# The keys, once; they serve all runs.
ours_keys() {
	(umask 077; od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' \
	    >"$seed/secret")
	"$OW_BUILD/orderwirectl" keys new --alg HS256 >"$seed/keys.json"
}

ours_configure() {
	cat >"$run/orderwire.conf" <<-END
	server: {
	    listen = "127.0.0.1:$port";
	    admin_listen = "127.0.0.1:$((port + 1))";
	    plugin_dir = "$(ours_plugins)";
	    secret = "@$seed/secret";
	    workers = $1;
	    drain_ms = "100ms";
	};
	auth: { keys_file = "$seed/keys.json"; };
	log: { level = "warn"; };
	http: { connections_max = 1000000; loopback_exempt = true; };
	stream: { streams_per_subject = 100000; };
	notify: { share_dir = "$here/../../etc"; };
	tenants: ( { name = "bench"; } );
	plugins: {
	    store-sqlite: { path = "$run/orders.db"; };
	    transport-websocket: { };
	    transport-sse: { };
	};
	END
	[ -z "$tls" ] || cat >>"$run/orderwire.conf" <<-END
	tls: { certificate = "$certificate"; key = "$key"; };
	END
}

ours_token() {
	"$OW_BUILD/orderwirectl" -c "$run/orderwire.conf" token \
	    --tenant bench --role service --ttl 1d
}

ours_launch() {
	ours_configure "$1"
	ours_launch_configured
}

ours_launch_configured() {
	"$OW_BUILD/orderwired" -c "$run/orderwire.conf" >"$run/out.log" 2>&1 &
	server_pid=$!
	wait_port "$port" && wait_ready || return 1
	auth="Authorization: Bearer $(ours_token)"
}

# A database with orders whose external_ref is 0, 1, ...; every run has a copy.
ours_seed() {
	mkdir -p "$seed" "$run"
	port_choose
	ours_keys && ours_launch 1 || return 1
	"$load" conns=0 settle=0 chans=$ORDERS npub=$ORDERS pconns=32 \
	    port="$port" ppath=/api/v1/bench/orders "phdr=$auth" \
	    'pbody={"external_ref":"{id}","customer_id":"bench","fulfilment":"pickup","items":[{"name":"Tea","quantity":1}]}' \
	    >"$run/seed.out" || return 1
	server_stop
	cp "$run"/orders.db* "$seed" && grep -q ' refused=0 ' "$run/seed.out"
}

# A publication is the platform's own event on an order: durable before it is
# answered.  A change is a step of the order itself, to and fro.
start_ours() {
	[ -e "$seed/orders.db" ] || return 1
	cp "$seed"/orders.db* "$run"
	ours_launch "$1" || return 1
	sub_args=(port="$port" path=/ws/orders/ref:{id}/tracking "hdr=$auth")
	pub_args=("phdr=$auth"
	    ppath=/api/v1/bench/orders/ref:{id}/events
	    'pbody={"type":"x.bench","data":{msg}}')
	change_args=("phdr=$auth" pmethod=PATCH 'alt=preparing>ready'
	    ppath=/api/v1/bench/orders/ref:{id}/status
	    'pbody={"status":"{alt}","reason":"{jmsg}"}')
	# The first event of an order is its creation.
	storm_args=('rpath=/ws/orders/ref:{id}/tracking?since={s}' seqbase=1)
}

wait_ready() {
	local i

	for i in $(seq 200); do
		http_get $((port + 1)) /readyz 2>/dev/null |
		    grep -q '^HTTP/1.1 200' && return
		sleep 0.05
	done
	return 1
}

# What the server counted since it started, by the name's end.
ours_metric() {
	http_get $((port + 1)) /metrics |
	    awk -v name="$1\$" '$1 ~ name { print $2; exit }'
}

# ---- The floor ------------------------------------------------------------------

has_floor() { true; }
version_floor() { echo "floor.c"; }

start_floor() {
	"$floor" "$port" >"$run/out.log" 2>&1 &
	server_pid=$!
	wait_port "$port" || return 1
	sub_args=(port="$port" path=/ws/orders/{id}/tracking)
	pub_args=(pmethod=PATCH ppath=/api/v1/bench/orders/{id}/status)
	storm_args=()
}

# ---- nginx with nchan -----------------------------------------------------------

nchan_modules() {
	nginx -V 2>&1 | grep -o -- '--modules-path=[^ ]*' | cut -d= -f2
}

has_nchan() {
	command -v nginx >/dev/null && command -v awk >/dev/null &&
	    [ -e "$(nchan_modules)/ngx_nchan_module.so" ]
}

version_nchan() {
	echo "$(nginx -v 2>&1 | sed 's/.*: //')" \
	    "$(dpkg-query -W -f 'nchan ${Version}' libnginx-mod-nchan 2>&1)"
}

start_nchan() {
	cat >"$run/nginx.conf" <<-END
	load_module $(nchan_modules)/ngx_nchan_module.so;
	daemon off;
	worker_processes $1;
	worker_rlimit_nofile $(ulimit -n);
	pid nginx.pid;
	error_log error.log warn;
	$([ "$(id -u)" != 0 ] || echo 'user root;')
	events { worker_connections $(($(ulimit -n) - 100)); }
	http {
	    access_log off;
	    tcp_nodelay on;
	    keepalive_requests 100000000;
	    keepalive_timeout 300s;
	    client_body_temp_path b;
	    proxy_temp_path p;
	    fastcgi_temp_path f;
	    uwsgi_temp_path u;
	    scgi_temp_path s;
	    nchan_shared_memory_size 512M;
	    server {
	        listen 127.0.0.1:$port${tls:+ ssl} backlog=4096;
	        ${tls:+ssl_protocols TLSv1.3;
	        ssl_certificate $certificate;
	        ssl_certificate_key $key;}
	        location ~ ^/sub/(\d+)\$ {
	            nchan_subscriber websocket eventsource;
	            nchan_channel_id \$1;
	            nchan_subscriber_first_message newest;
	            nchan_subscriber_timeout 0;
	        }
	        location ~ ^/pub/(\d+)\$ {
	            nchan_publisher http;
	            nchan_channel_id \$1;
	            nchan_message_buffer_length 8;
	            nchan_message_timeout 5m;
	        }
	    }
	}
	END
	nginx -p "$run" -c nginx.conf >"$run/out.log" 2>&1 &
	server_pid=$!
	wait_port "$port" || return 1
	sub_args=(port="$port" path=/sub/{id})
	pub_args=(ppath=/pub/{id})
	storm_args=(lastid=1 subproto=ws+meta.nchan
	    'rpath=/sub/{id}?last_event_id={lastid}')
}

# ---- On node --------------------------------------------------------------------

UWS=${BENCH_UWS:-uwebsockets}

has_package() {
	command -v node >/dev/null &&
	    node -e 'require.resolve(process.argv[1])' "$1" 2>/dev/null
}

version_package() {
	node -p 'const fs = require("fs"); let d = require.resolve(
	    process.argv[1]); while (!fs.existsSync(d + "/package.json"))
	    d = require("path").dirname(d); const p = JSON.parse(
	    fs.readFileSync(d + "/package.json")); p.name + " " + p.version +
	    ", node " + process.version' "$1"
}

start_node() {
	BENCH_UWS=$UWS node "$here/peers/$1.cjs" "$port" >"$run/out.log" 2>&1 &
	server_pid=$!
	sub_args=(port="$port" path=/ws/orders/{id}/tracking)
	pub_args=(pmethod=PATCH ppath=/api/v1/bench/orders/{id}/status)
	storm_args=('rpath=/ws/orders/{id}/tracking?since={s}')
	wait_port "$port"
}

has_uws() { has_package "$UWS"; }
version_uws() { version_package "$UWS"; }
start_uws() { start_node uws; }

has_ws() { has_package ws; }
version_ws() { version_package ws; }
start_ws() { start_node ws; }

has_socketio() { has_package socket.io; }
version_socketio() { version_package socket.io; }

start_socketio() {
	start_node socketio || return 1
	sub_args=(port="$port"
	    'path=/socket.io/?EIO=4&transport=websocket'
	    'expect=0{' send=40 'expect=40{'
	    'send=420["join","{id}"]' 'expect=430[' 'autoreply=2>3')
	storm_args=()
}

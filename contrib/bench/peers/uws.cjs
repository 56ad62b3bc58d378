// SPDX-License-Identifier: MIT
//
// uws.cjs PORT - uWebSockets.js with its own topics: PATCH .../orders/ID/status
// goes to all of /ws/orders/ID/tracking.  BENCH_UWS names the package.
// BENCH_RECOVERY=1 keeps the last 8 messages of a channel for ?since=N.
'use strict';
const uws = require(process.env.BENCH_UWS ?? 'uwebsockets');

const KEPT = 8;
const withRecovery = process.env.BENCH_RECOVERY === '1';
const past = new Map();
const app = uws.App();

function keep(id, body) {
	const list = past.get(id) ?? [];
	list.push({ seq: JSON.parse(body).s, body });
	if (list.length > KEPT)
		list.shift();
	past.set(id, list);
}

function upgrade(response, request, context) {
	response.upgrade(
		{ id: request.getParameter(0), since: request.getQuery('since') },
		request.getHeader('sec-websocket-key'),
		request.getHeader('sec-websocket-protocol'),
		request.getHeader('sec-websocket-extensions'), context);
}

function open(socket) {
	const { id, since } = socket.getUserData();
	socket.subscribe(id);
	if (!withRecovery || !since)
		return;
	for (const { seq, body } of past.get(id) ?? [])
		if (seq > Number(since))
			socket.send(body);
}

app.ws('/ws/orders/:id/tracking', {
	compression: uws.DISABLED,
	idleTimeout: 600,
	sendPingsAutomatically: false,
	maxBackpressure: 64 << 20,
	upgrade,
	open,
});

app.patch('/api/v1/:tenant/orders/:id/status', (response, request) => {
	const id = request.getParameter(1);
	let body = '';
	response.onAborted(() => {});
	response.onData((part, isLast) => {
		body += Buffer.from(part).toString();
		if (!isLast)
			return;
		JSON.parse(body);
		if (withRecovery)
			keep(id, body);
		app.publish(id, body);
		response.cork(() => response.writeStatus('200 OK').end());
	});
});

app.listen('127.0.0.1', Number(process.argv[2]), (token) => {
	if (!token)
		process.exit(1);
});

// SPDX-License-Identifier: MIT
//
// ws.cjs PORT - the npm package ws behind node:http, with a channel map by
// hand: PATCH .../orders/ID/status goes to all of /ws/orders/ID/tracking.
// BENCH_RECOVERY=1 keeps the last 8 messages of a channel for ?since=N.
'use strict';
const http = require('node:http');
const { WebSocketServer } = require('ws');

const KEPT = 8;
const withRecovery = process.env.BENCH_RECOVERY === '1';
const rooms = new Map();
const past = new Map();

function keep(id, body) {
	const list = past.get(id) ?? [];
	list.push({ seq: JSON.parse(body).s, body });
	if (list.length > KEPT)
		list.shift();
	past.set(id, list);
}

function publish(id, body) {
	if (withRecovery)
		keep(id, body);
	for (const socket of rooms.get(id) ?? [])
		socket.send(body, { binary: false });
}

function enter(id, socket) {
	const room = rooms.get(id) ?? new Set();
	rooms.set(id, room.add(socket));
	socket.on('error', () => {});
	socket.on('close', () => {
		room.delete(socket);
		if (room.size === 0)
			rooms.delete(id);
	});
}

function replay(id, since, socket) {
	for (const { seq, body } of past.get(id) ?? [])
		if (seq > since)
			socket.send(body, { binary: false });
}

const server = http.createServer((request, response) => {
	const id = request.url.split('/')[5];
	const parts = [];
	request.on('data', (part) => parts.push(part));
	request.on('end', () => {
		const body = Buffer.concat(parts);
		JSON.parse(body);
		publish(id, body);
		response.writeHead(204);
		response.end();
	});
});
server.keepAliveTimeout = 300000;

const sockets = new WebSocketServer({
	server, perMessageDeflate: false, clientTracking: false,
});
sockets.on('connection', (socket, request) => {
	const url = new URL(request.url, 'http://127.0.0.1');
	const id = url.pathname.split('/')[3];
	const since = url.searchParams.get('since');
	enter(id, socket);
	if (withRecovery && since !== null)
		replay(id, Number(since), socket);
});
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);

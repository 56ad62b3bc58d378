// SPDX-License-Identifier: MIT
//
// socketio.cjs PORT - socket.io over WebSocket only: a client joins the room
// of an order, PATCH .../orders/ID/status goes to the room.
'use strict';
const http = require('node:http');
const { Server } = require('socket.io');

const server = http.createServer((request, response) => {
	const id = request.url.split('/')[5];
	let body = '';
	request.setEncoding('utf8');
	request.on('data', (part) => { body += part; });
	request.on('end', () => {
		io.to(`order-${id}`).emit('m', JSON.parse(body));
		response.writeHead(204);
		response.end();
	});
});
server.keepAliveTimeout = 300000;

const io = new Server(server, {
	serveClient: false,
	transports: ['websocket'],
	perMessageDeflate: false,
	httpCompression: false,
});
// What the manual advises for memory: the first request is not kept.
io.engine.on('connection', (connection) => { connection.request = null; });
io.on('connection', (socket) => {
	socket.on('join', (id, done) => {
		socket.join(`order-${id}`);
		done?.();
	});
});
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);

// SPDX-License-Identifier: MIT
//
// deflate - permessage-deflate with a client that is not ours: messages of any
// size arrive whole in both directions, and a peer that packs badly is told so.
//
// ws unpacks with the window that was agreed on and, since no context is taken
// over, each message alone: one packed in a larger window, or with the help of
// another message, would end its stream.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { startServer } from './lib.mjs';

const MIB = 1 << 20;
const SIZES = [0, 1, 63, 64, 125, 126, 127, 1023, 4096, 65535, 65536, MIB];
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const NO_CONTEXT = 'permessage-deflate; server_no_context_takeover; ' +
	'client_no_context_takeover';

let ow, service, kitchen;

before(async () => {
	ow = await startServer(null, { conf: { plugins: {
		'transport-websocket': { echo: true, compress: true,
			message_max: '2m' } } } });
	[service, kitchen] = await Promise.all([
		ow.token({ role: 'service' }), ow.token({ role: 'kitchen' })]);
});
after(() => ow.destroy());

const words = 'order placed accepted preparing ready café naïve ☕ '.split(' ');

// n bytes of UTF-8 that shrink, with repetitions near and far.
function text(n) {
	let s = '';
	for (let i = 1; s.length < n; i = (i * 48271) % 0x7fffffff)
		s += i % 7 ? `${words[i % words.length]} ` : i;
	let b = Buffer.from(s).subarray(0, n);
	while (b.length && !Buffer.from(b.toString()).equals(b))
		b = Buffer.concat([b.subarray(0, b.length - 1)]);
	return Buffer.concat([b, Buffer.alloc(n - b.length, 'x')]);
}

// The next message of a socket, as it came.
function next(socket) {
	return new Promise((resolve, reject) => {
		const closed = (code) =>
			reject(new Error(`closed with ${code}`));
		socket.once('close', closed);
		socket.once('message', (data, isBinary) => {
			socket.off('close', closed);
			resolve({ data, isBinary });
		});
	});
}

async function echo(socket, data, options = {}) {
	const answer = next(socket);
	socket.send(data, { compress: true, ...options });
	const got = await answer;
	assert.equal(got.isBinary, options.binary ?? Buffer.isBuffer(data));
	assert.ok(Buffer.from(data).equals(got.data),
	    `${data.length} bytes came back as ${got.data.length}`);
}

const client = (perMessageDeflate) => ow.ws('/ws/echo', null,
	{ perMessageDeflate: { threshold: 0, ...perMessageDeflate } });

const windows = [{}];
for (let bits = 9; bits <= 15; bits++)
	windows.push({ serverMaxWindowBits: bits }, { clientMaxWindowBits: bits });
windows.push({ serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    { clientMaxWindowBits: 8 }, { serverNoContextTakeover: true,
	clientNoContextTakeover: true, serverMaxWindowBits: 12 });

for (const offer of windows) {
	test(`every size is echoed: ${JSON.stringify(offer)}`, async () => {
		const ws = await client(offer);
		assert.equal(ws.socket.extensions, 'permessage-deflate');
		for (const n of SIZES)
			await echo(ws.socket, text(n).toString());
		await echo(ws.socket, randomBytes(70000));
		await ws.close();
	});
}

test('fragments of a packed message are one message', async () => {
	const ws = await client();
	for (const n of [0, 1, 126, 65536, MIB]) {
		const whole = text(n).toString('latin1');
		const answer = next(ws.socket);
		const step = Math.ceil(n / 5) || 1;
		for (let at = 0; at < n; at += step)
			ws.socket.send(whole.slice(at, at + step),
			    { fin: false, compress: true });
		ws.socket.send('', { fin: true });
		assert.equal((await answer).data.toString(), whole);
	}
	await ws.close();
});

test('packed and plain clients see the same events', async () => {
	const { order } = await ow.newOrder();
	const path = `/ws/orders/${order.id}/tracking`;
	const streams = [await ow.ws(path, service)];
	for (const offer of [true, { serverMaxWindowBits: 9 },
		{ serverMaxWindowBits: 13 }])
		streams.push(await ow.ws(path, service,
		    { perMessageDeflate: offer }));
	for (const s of streams)
		await s.waitFor('order.snapshot');
	for (const status of ['accepted', 'preparing']) {
		const a = await ow.patch(`/orders/${order.id}/status`,
		    { status }, kitchen);
		assert.equal(a.status, 200, a.text);
	}
	for (const s of streams)
		await s.waitFor((m) => m.data?.to === 'preparing');
	for (const s of streams.slice(1)) {
		assert.equal(s.socket.extensions, 'permessage-deflate');
		assert.deepEqual(s.events(), streams[0].events());
		s.send({ type: 'ping' });
		await s.waitFor('pong');
		await s.close();
	}
	const m = await ow.metrics();
	const sum = (name) => Object.entries(m).filter(([k]) =>
	    k.includes(name)).reduce((n, [, v]) => n + v, 0);
	assert.ok(sum('websocket_pack_bytes_total') >
	    sum('websocket_packed_bytes_total') && sum('packed_bytes') > 0);
});

// ---- By hand ----------------------------------------------------------------

// A raw stream behind its handshake, and what was agreed on.
async function shake(offer, path = '/ws/echo') {
	const s = await ow.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n` +
	    'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
	    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n` +
	    [].concat(offer).map((o) =>
		`Sec-WebSocket-Extensions: ${o}\r\n`).join('') + '\r\n');
	const [a] = await s.waitAnswers(1);
	s.head = s.text.indexOf('\r\n\r\n') + 4;
	return { s, status: a.status,
		extension: a.headers['sec-websocket-extensions'] };
}

function frame(first, payload) {
	const n = payload.length;
	const head = n < 126 ? [n] : n < 65536 ? [126, n >> 8, n & 255] :
	    [127, 0, 0, 0, 0, n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255];
	return Buffer.concat([Buffer.from([first, head[0] | 0x80,
		...head.slice(1), 0, 0, 0, 0]), payload]);
}

const pack = (data) => zlib.deflateRawSync(data,
    { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4);

test('what was offered is answered, and nothing else', async () => {
	const pd = 'permessage-deflate';
	const rows = [
		[pd, NO_CONTEXT],
		[`${pd}; client_max_window_bits`, NO_CONTEXT],
		[`${pd}; client_max_window_bits=10`,
			`${NO_CONTEXT}; client_max_window_bits=10`],
		[`${pd}; server_max_window_bits=10`,
			`${NO_CONTEXT}; server_max_window_bits=10`],
		// Context kept for a client that asks for none of this.
		[`${pd}; server_context_takeover`, undefined],
		[`${pd}; server_no_context_takeover=0`, undefined],
		[`${pd}; server_max_window_bits=8`, undefined],
		[`${pd}; server_max_window_bits=8, ${pd}`, NO_CONTEXT],
		[[`${pd}; server_max_window_bits=8`, pd], NO_CONTEXT],
		[`${pd}; server_max_window_bits=16`, undefined],
		['x-webkit-deflate-frame', undefined],
	];
	for (const [offer, answer] of rows) {
		const { s, status, extension } = await shake(offer);
		assert.equal(status, 101);
		assert.equal(extension, answer, offer);
		s.destroy();
		ow.open.delete(s);
	}
	const { s, status } = await shake(`${pd}; =`);
	assert.equal(status, 400);
	s.destroy();
	ow.open.delete(s);
});

test('a peer that packs badly is told why', async () => {
	const hello = pack('Hello, hello, hello');
	const rows = {
		'a bomb': [1009, frame(0xc1, pack(Buffer.alloc(64 * MIB, 'a')))],
		'no deflate': [1007, frame(0xc1, Buffer.from('ffffff', 'hex'))],
		'cut off': [1007, frame(0xc1, hello.subarray(0, -3))],
		'no UTF-8': [1007, frame(0xc1, pack(Buffer.from([0xc3, 0x28])))],
		'a continuation': [1002, Buffer.concat([
			frame(0x41, hello.subarray(0, 4)),
			frame(0xc0, hello.subarray(4))])],
		'a ping': [1002, frame(0xc9, hello)],
	};
	for (const [what, [code, bytes]] of Object.entries(rows)) {
		const { s } = await shake('permessage-deflate');
		s.write(bytes);
		await s.waitEnd();
		const answer = s.data.subarray(s.head);
		assert.equal(answer[0], 0x88, what);
		assert.equal(answer.readUInt16BE(2), code, what);
		s.destroy();
		ow.open.delete(s);
	}
	const { s } = await shake('x-other');
	s.write(frame(0xc1, hello));
	await s.waitEnd();
	assert.equal(s.data.subarray(s.head).readUInt16BE(2), 1002);
});

test('a message that leans on the one before is refused', async () => {
	const { s } = await shake('permessage-deflate');
	const z = zlib.createDeflateRaw({ level: 9 });
	const parts = [];
	z.on('data', (d) => parts.push(d));
	const flush = (data) => new Promise((resolve) => {
		z.write(data);
		z.flush(zlib.constants.Z_SYNC_FLUSH, () =>
			resolve(Buffer.concat(parts.splice(0)).subarray(0, -4)));
	});
	const message = 'abcdefghijklmnopqrstuvwxyz';
	s.write(frame(0xc1, await flush(message)));
	s.write(frame(0xc1, await flush(message)));
	await s.waitEnd();
	const answer = s.data.subarray(s.head);
	assert.equal(answer.subarray(2, 28).toString(), message);
	assert.equal(answer.readUInt16BE(30), 1007);
});

test('no client gets packed messages that it did not ask for', async () => {
	const ws = await ow.ws('/ws/echo', null);
	assert.equal(ws.socket.extensions, '');
	await echo(ws.socket, text(65536).toString());
	await ws.close();
	ow.writeConf({ plugins: { 'transport-websocket': { echo: true } } });
	await ow.restart();
	const off = await client();
	assert.equal(off.socket.extensions, '');
	await echo(off.socket, text(65536).toString());
	await off.close();
});

// SPDX-License-Identifier: MIT
//
// hostile - requests and tokens that mean harm get the contract's answer, and
// leave nothing behind.
//
// Each is sent by hand over a raw socket.  At the end the lot is repeated, and
// the server's memory and descriptors have to be where they were: a breach
// would be a count of descriptors above that of the start, or memory that
// grows with the rounds.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, createSign } from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { delay, order, startServer, tenant, until } from './lib.mjs';

const ROUNDS = 12, GROWTH_MAX = 8 << 20;
const model = `/api/v1/${tenant}/order-model`;
const orders = `/api/v1/${tenant}/orders`;

let ow, service, id;

before(async () => {
	ow = await startServer(null, { alg: 'RS256', conf: {
		http: { head_ms: '2s', body_ms: '2s' } } });
	service = await ow.token({ role: 'service' });
	({ order: { id } } = await ow.newOrder());
});
after(() => ow.destroy());

const head = (lines) => `${lines.join('\r\n')}\r\n\r\n`;
const get = (path = model, ...more) => head([`GET ${path} HTTP/1.1`,
	'Host: x', ...more]);
const post = (length, ...more) => head([`POST ${orders} HTTP/1.1`, 'Host: x',
	`Authorization: Bearer ${service}`, 'Content-Type: application/json',
	...(length === undefined ? [] : [`Content-Length: ${length}`]),
	...more]);

// Sends it and gives the one answer; closed: the connection ends behind it.
async function one(text, status, { closed = true } = {}) {
	const s = await ow.raw(text);
	const [a] = await s.waitAnswers(1);
	assert.ok(a, `no answer to ${text.slice(0, 60)}: ${s.text}`);
	assert.equal(a.status, status, a.text);
	if (status >= 400) {
		assert.match(a.headers['content-type'], /problem\+json/);
		assert.equal(a.body.status, status);
	}
	if (closed)
		await s.waitEnd();
	s.destroy();
	ow.open.delete(s);
	return a;
}

// What another server could take for the start of a second request.
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

const requests = {
	'Content-Length and Transfer-Encoding': async () => {
		for (const te of ['chunked', 'Chunked', 'identity',
			'x, chunked'])
			await one(post(5, `Transfer-Encoding: ${te}`) +
			    `0\r\n\r\n${smuggled}`, 400);
	},
	'a chunked body': async () => {
		await one(post(undefined, 'Transfer-Encoding: chunked') +
		    `5\r\nhello\r\n0\r\n\r\n`, 411);
	},
	'two lengths': async () => {
		await one(`${post(5, 'Content-Length: 5')}hello`, 400);
		await one(`${post(5, 'Content-Length: 6')}hello!`, 400);
		for (const n of ['+5', '-1', '0x5', '5 5', ' ', '5,5'])
			await one(post(n), 400);
		await one(post('99999999999999999999'), 413);
	},
	'two hosts, or none': async () => {
		await one(get(model, 'Host: y'), 400);
		await one(head([`GET ${model} HTTP/1.1`]), 400);
		await one(head([`GET ${model} HTTP/1.1`, 'Host: a b']), 400);
	},
	'bad line ends and names': async () => {
		for (const text of [
			`GET ${model} HTTP/1.1\nHost: x\n\n`,
			head([`GET ${model} HTTP/1.1`, 'Host : x']),
			head([`GET ${model} HTTP/1.1`, 'Host: x', ' folded']),
			head([`GET ${model} HTTP/1.1`, 'Host: x', 'A\0: b']),
			head([`GET ${model} HTTP/1.1`, 'Host: x', 'A: b\rc']),
			head([`GET  ${model} HTTP/1.1`, 'Host: x']),
			head(['GET /a/../b HTTP/1.1', 'Host: x']),
			head(['GET /a%00b HTTP/1.1', 'Host: x']),
			head(['GET /a%1fb HTTP/1.1', 'Host: x']),
			head(['GET http://x/ HTTP/1.1', 'Host: x']),
			'\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n'])
			await one(text, 400);
		await one(head([`BREW ${model} HTTP/1.1`, 'Host: x']), 501);
		await one(head([`GET ${model} HTTP/2.0`, 'Host: x']), 505);
		await one(get(model, 'Expect: a miracle'), 417);
	},
	'a body of 10 MB': async () => {
		const s = await ow.raw(post(10 << 20));
		const piece = Buffer.alloc(1 << 16, 'x');
		for (let i = 0; i < 160 && !s.isEnded; i++) {
			s.write(piece);
			await new Promise(setImmediate);
		}
		const [a] = await s.waitAnswers(1);
		assert.equal(a.status, 413);
		s.destroy();
		ow.open.delete(s);
	},
	'a head of 64 kB': async () => {
		await one(get(model, ...Array.from({ length: 40 },
		    (_, i) => `X-${i}: ${'y'.repeat(1600)}`)), 431);
		await one(get(model, `X: ${'y'.repeat(65536)}`), 431);
		await one(get(model, ...Array.from({ length: 100 },
		    (_, i) => `X-${i}: y`)), 431);
		await one(get(`/${'y'.repeat(65536)}`), 414);
	},
	'byte by byte': async () => {
		const body = JSON.stringify({ status: 'placed' });
		const s = await ow.raw();
		await s.writeSlowly(head([
			`PATCH ${orders}/${id}/status HTTP/1.1`, 'Host: x',
			`Authorization: Bearer ${service}`,
			'Content-Type: application/json',
			`Content-Length: ${body.length}`]) + body);
		const [a] = await s.waitAnswers(1);
		assert.equal(a.status, 200, a.text);
		s.destroy();
		ow.open.delete(s);
	},
	'three pipelined requests': async () => {
		const s = await ow.raw(get() + get('/nothing') + get(
		    `${orders}/${id}`, `Authorization: Bearer ${service}`));
		const all = await s.waitAnswers(3);
		assert.deepEqual(all.map((a) => a.status), [200, 404, 200]);
		assert.ok(all[0].body.statuses);
		assert.equal(all[2].body.order.id, id);
		s.destroy();
		ow.open.delete(s);
	},
	'a client that has said all': async () => {
		const s = await ow.raw(get());
		s.halfClose();
		const [a] = await s.waitAnswers(1);
		assert.equal(a.status, 200);
		await s.waitEnd();
		s.destroy();
		const cut = await ow.raw(post(100));
		cut.halfClose();
		await cut.waitEnd();
		cut.destroy();
		ow.open.delete(s);
		ow.open.delete(cut);
	},
	'a client that is gone': async () => {
		for (const text of ['GET', get(), post(100), `${post(3)}{}`,
			get(`/ws/orders/${id}/tracking`,
			    'Upgrade: websocket')]) {
			const s = await ow.raw(text);
			s.socket.resetAndDestroy?.();
			s.destroy();
			ow.open.delete(s);
		}
	},
};

for (const [name, run] of Object.entries(requests))
	test(name, run);

// Neither the deadline of a head nor that of a body starts again with a byte.
test('a byte now and then does not keep a connection', async () => {
	for (const text of [get(), `${post(1000)}{`]) {
		const s = await ow.raw(text.slice(0, 10));
		const began = Date.now();
		for (let i = 10; !s.isEnded && Date.now() - began < 8000; i++) {
			s.write(text[i] ?? 'x');
			if (i === 10 && text.includes('{'))
				s.write(text.slice(11));
			await delay(i > 40 ? 100 : 150);
			if (text === get() && i > text.length - 6)
				i--;	// never the end of the head
		}
		assert.ok(s.isEnded, 'it was let go on');
		assert.ok(Date.now() - began < 6000);
		assert.match(s.text, /^HTTP\/1\.1 408 /);
		s.destroy();
	}
});

// ---- Tokens ----------------------------------------------------------------

const b64 = (x) => Buffer.from(typeof x === 'string' ? x : JSON.stringify(x))
    .toString('base64url');

function forge() {
	const { keys: [key] } = JSON.parse(fs.readFileSync(
	    ow.path('keys.json'), 'utf8'));
	const pub = createPublicKey({ key, format: 'jwk' });
	const now = Math.floor(Date.now() / 1000);
	const claims = { sub: 'x', tenant, role: 'service', iat: now,
		exp: now + 600 };
	const make = (header, body, sign) => {
		const text = `${b64(header)}.${b64(body)}`;
		return `${text}.${sign(text)}`;
	};
	const hs = (secret) => (text) => createHmac('sha256', secret)
	    .update(text).digest('base64url');
	const rs = (text) => createSign('RSA-SHA256').update(text).sign({
		key, format: 'jwk' }, 'base64url');
	const { kid } = key;
	const good = make({ alg: 'RS256', kid }, claims, rs);
	const other = good.split('.');
	other[1] = b64({ ...claims, role: 'admin', tenant: '*' });
	return { good, bad: {
		'alg none': make({ alg: 'none' }, claims, () => ''),
		'alg none with a dot': `${make({ alg: 'none', kid }, claims,
		    () => '')}AAAA`,
		'alg None': make({ alg: 'None', kid }, claims, () => 'AAAA'),
		'HS256 with the public key as PEM': make({ alg: 'HS256', kid },
		    claims, hs(pub.export({ type: 'spki', format: 'pem' }))),
		'HS256 with the public key as DER': make({ alg: 'HS256', kid },
		    claims, hs(pub.export({ type: 'spki', format: 'der' }))),
		'HS256 with the modulus': make({ alg: 'HS256', kid }, claims,
		    hs(key.n)),
		'HS256 without kid': make({ alg: 'HS256' }, claims,
		    hs(pub.export({ type: 'spki', format: 'pem' }))),
		'HS256 with nothing': make({ alg: 'HS256', kid }, claims,
		    hs('')),
		'a key of its own': make({ alg: 'RS256', kid, jwk: {
			kty: 'oct', k: 'AAAA' } }, claims, hs('AAAA')),
		'other claims': other.join('.'),
		expired: make({ alg: 'RS256', kid }, { ...claims,
			iat: now - 900, exp: now - 300 }, rs),
		'not yet valid': make({ alg: 'RS256', kid }, { ...claims,
			nbf: now + 300 }, rs),
		'without an end': make({ alg: 'RS256', kid }, { ...claims,
			exp: undefined }, rs),
		'an end that is text': make({ alg: 'RS256', kid }, { ...claims,
			exp: String(claims.exp) }, rs),
		'critical extension': make({ alg: 'RS256', kid, crit: ['x'],
			x: 1 }, claims, rs),
		'an unknown kid': make({ alg: 'RS256', kid: '../../etc' },
		    claims, rs),
		'no signature': `${good.split('.').slice(0, 2).join('.')}.`,
	} };
}

async function tryTokens() {
	const { good, bad } = forge();
	assert.equal((await ow.get('/orders', good)).status, 200);
	for (const [name, token] of Object.entries(bad)) {
		const a = await ow.get('/orders', token);
		assert.equal(a.status, 401, `${name}: ${a.text}`);
		assert.match(a.headers['www-authenticate'], /^Bearer/);
		await assert.rejects(ow.sse(`/sse/orders/${id}/tracking`,
		    token), { status: 401 });
	}
	for (const name of ['alg none with a dot', 'expired',
		'HS256 with the public key as PEM']) {
		const ws = await ow.ws(`/ws/orders/${id}/tracking`, bad[name]);
		assert.equal((await ws.waitEnd()).code, 4001, name);
		ow.open.delete(ws);
	}
}

test('forged and stale tokens', tryTokens);

test('roles and tenants that are none', async () => {
	const { keys: [key] } = JSON.parse(fs.readFileSync(
	    ow.path('keys.json'), 'utf8'));
	const now = Math.floor(Date.now() / 1000);
	const token = (more) => {
		const text = `${b64({ alg: 'RS256', kid: key.kid })}.${b64({
			sub: 'x', tenant, role: 'service', exp: now + 60,
			...more })}`;
		return `${text}.${createSign('RSA-SHA256').update(text).sign({
			key, format: 'jwk' }, 'base64url')}`;
	};
	assert.equal((await ow.get('/orders', token({}))).status, 200);
	for (const more of [{ role: 'tracking' }, { role: 'root' },
		{ role: undefined }, { tenant: undefined }, { tenant: '*' },
		{ role: 'customer', sub: '' }, { role: ['admin', 'kitchen'] },
		{ tenant: 'other' }, { tenant: [tenant] }]) {
		const a = await ow.get('/orders', token(more));
		assert.ok([401, 403].includes(a.status),
		    `${JSON.stringify(more)}: ${a.status}`);
	}
	assert.ok(!ow.log.includes(service), 'no token is in the log');
	assert.ok(!/eyJ[\w-]{10,}\./.test(ow.log));
});

// ---- JSON ------------------------------------------------------------------

async function tryBodies() {
	const send = async (body, status) => {
		const a = await ow.post('/orders', body, service);
		assert.equal(a.status, status, `${String(body).slice(0, 60)}: ${
		    a.text}`);
	};
	for (const bad of ['', '{', '{"a":1,}', "{'a':1}", '{"a":01}', '\0',
		'{"a":"\\ud800"}', Buffer.from('{"a":"\xff"}', 'latin1'),
		`${'['.repeat(5000)}${']'.repeat(5000)}`,
		'{"a":1}{"b":2}', 'NaN'])
		await send(bad, 400);
	for (const odd of ['null', '1', '"x"', '[]', '{}',
		JSON.stringify({ ...order(), items: {} }),
		JSON.stringify({ ...order(), items: [] }),
		JSON.stringify({ ...order(), customer_id: 7 }),
		JSON.stringify({ ...order(), customer_id: 'a\u0007b' }),
		JSON.stringify({ ...order(), items: Array(201).fill(
			{ name: 'x', quantity: 1 }) }),
		JSON.stringify(order({ items: [{ name: 'x',
			quantity: 1e300 }] }))])
		await send(odd, 422);
	await send(JSON.stringify(order({ number: 'x'.repeat(300000) })), 413);
}

test('bodies of another shape', tryBodies);

// ---- Sockets that misbehave ------------------------------------------------

async function tryFrames() {
	const frames = {
		'not masked': [0x81, 0x02, 0x7b, 0x7d],
		'a reserved bit': [0xc1, 0x80, 0, 0, 0, 0],
		'an unknown opcode': [0x83, 0x80, 0, 0, 0, 0],
		'a long ping': [0x89, 0xfe, 0, 200, 0, 0, 0, 0],
		'a huge length': [0x81, 0xff, 0x7f, 255, 255, 255, 255, 255,
			255, 255, 0, 0, 0, 0],
		'a lone continuation': [0x80, 0x80, 0, 0, 0, 0],
	};
	for (const [name, bytes] of Object.entries(frames)) {
		const s = await ow.raw(get(`/ws/orders/${id}/tracking`,
		    'Upgrade: websocket', 'Connection: Upgrade',
		    'Sec-WebSocket-Version: 13',
		    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
		    `Authorization: Bearer ${service}`));
		await until(() => s.text.includes('order.snapshot'));
		s.write(Buffer.from(bytes));
		await s.waitEnd();
		const close = s.data.subarray(-64).indexOf(0x88);
		assert.ok(close >= 0, `${name}: no close frame`);
		s.destroy();
		ow.open.delete(s);
	}
	for (const [status, ...more] of [[426], [426, 'Upgrade: h2c'],
		[400, 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
		[426, 'Upgrade: websocket', 'Connection: Upgrade',
			'Sec-WebSocket-Version: 8',
			'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='],
		[400, 'Upgrade: websocket', 'Connection: Upgrade',
			'Sec-WebSocket-Version: 13',
			'Sec-WebSocket-Key: short']])
		await one(get(`/ws/orders/${id}/tracking`, ...more), status,
		    { closed: false });
}

test('frames that are none', tryFrames);

// ---- Afterwards ------------------------------------------------------------

test('nothing is left behind', { timeout: 120000 }, async () => {
	const round = async () => {
		for (const run of Object.values(requests))
			await run();
		await tryTokens();
		await tryBodies();
		await tryFrames();
		ow.agent.destroy();
	};
	const settle = async (fds) => until(() => ow.proc().fds <= fds ||
	    null, { ms: 15000, every: 50,
		what: `descriptors: ${ow.proc().fds}, ${fds} at the start` });
	ow.agent.destroy();
	for (const s of ow.open)
		s.destroy?.();
	await delay(500);
	const { fds } = ow.proc();
	for (let i = 0; i < 8; i++)	// allocators take what they need
		await round();
	await settle(fds);
	const before = ow.proc();
	for (let i = 0; i < ROUNDS; i++)
		await round();
	await settle(fds);
	const then = ow.proc();
	const mb = (p) => (p.rss / 1048576).toFixed(1);
	console.log(`# ${ROUNDS} rounds: ${fds} descriptors before, ${
	    then.fds} after; resident ${mb(before)} and ${mb(then)} MB`);
	// A sanitizer keeps what was freed.
	if (!/lib[at]san/.test(fs.readFileSync(`/proc/${ow.pid}/maps`, 'utf8')))
		assert.ok(then.rss - before.rss < GROWTH_MAX);
	assert.equal((await ow.get(`/orders/${id}`, service)).status, 200);
	const m = await ow.metrics();
	for (const [name, n] of Object.entries(m))
		if (/connections_open|streams\{/.test(name))
			assert.ok(n <= 2, `${name} is ${n}`);
});

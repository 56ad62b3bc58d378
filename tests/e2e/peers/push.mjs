// SPDX-License-Identifier: MIT
//
// push - a push service (RFC 8030) over TLS, with HTTP/2: decrypts every
// message with http_ece, verifies every token with jose, keeps what it got, and
// answers as it is told.
//
//	const push = await startPush(t);
//	conf: { keys_file, sub, hosts: push.host, ca_file: push.caFile }
//	const browser = push.newBrowser({ key });	// key: what
//	    GET /push-subscriptions/key says
//	ow.post('/push-subscriptions', browser.subscription, ...)
//	push.answer({ status: 429, headers: { 'retry-after': '1' } });
//	browser.answer({ status: 410 }, { hang: true }, { after: 500 });
//	browser.unsubscribe();
//	browser.messages	// [{ payload, ttl, urgency, topic, claims,
//				//    httpVersion, pad, location }]
//	push.attempts		// every request, refused or not, in order
//	push.faults		// what was wrong with any of them
import { execFileSync } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http2 from 'node:http2';
import os from 'node:os';
import path from 'node:path';
import ece from 'http_ece';
import { importJWK, jwtVerify } from 'jose';

const BODY_MAX = 4096;
const TTL_MAX_S = 2419200;
const DAY_S = 24 * 3600;

// ---- TLS -------------------------------------------------------------------

// A throw-away authority and a certificate by it for 127.0.0.1 and localhost:
// { key, cert, caFile }.
export function newAuthority(dir) {
	const at = (name) => path.join(dir, name);
	const openssl = (...args) => execFileSync('openssl', args,
	    { stdio: 'pipe' });
	const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
		'-nodes'];
	fs.writeFileSync(at('names'),
	    'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
	openssl('req', '-x509', ...key, '-days', '2', '-subj',
	    '/CN=throw-away authority', '-keyout', at('ca.key'), '-out',
	    at('ca.pem'));
	openssl('req', ...key, '-subj', '/CN=localhost', '-keyout',
	    at('key.pem'), '-out', at('csr.pem'));
	openssl('x509', '-req', '-in', at('csr.pem'), '-CA', at('ca.pem'),
	    '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2',
	    '-extfile', at('names'), '-out', at('cert.pem'));
	return {
		key: fs.readFileSync(at('key.pem')),
		cert: fs.readFileSync(at('cert.pem')),
		caFile: at('ca.pem'),
	};
}

// ---- Requests --------------------------------------------------------------

function problem(status, message, headers = {}) {
	return { status, headers: { 'content-type': 'application/json',
		...headers }, body: JSON.stringify({ code: status, message }) };
}

// A public key as RFC 8292 has it (65 bytes, base64url) as a JWK.
function jwkOf(k) {
	const point = Buffer.from(k, 'base64url');
	if (point.length !== 65 || point[0] !== 4)
		throw new Error('k is no point');
	return { kty: 'EC', crv: 'P-256',
		x: point.subarray(1, 33).toString('base64url'),
		y: point.subarray(33).toString('base64url') };
}

async function readVapid(value, origin) {
	const m = /^vapid t=([\w-]+\.[\w-]+\.[\w-]+), ?k=([\w-]+)$/
	    .exec(value ?? '');
	if (!m)
		throw new Error(`Authorization: ${value}`);
	const { payload, protectedHeader } = await jwtVerify(m[1],
	    await importJWK(jwkOf(m[2]), 'ES256'), {
		algorithms: ['ES256'], audience: origin, typ: 'JWT',
		requiredClaims: ['aud', 'exp', 'sub'],
	    });
	if (payload.exp > Date.now() / 1000 + DAY_S)
		throw new Error('exp is more than a day away');
	if (!/^(mailto:.+@|https:\/\/.)/.test(payload.sub))
		throw new Error(`sub: ${payload.sub}`);
	return { claims: payload, header: protectedHeader, key: m[2],
		token: m[1] };
}

// What RFC 8030, 5 and RFC 8291, 4 ask of a request.
function readHeaders(headers, faults) {
	const bad = (what) => faults.push(what);
	if (!/^\d+$/.test(headers.ttl ?? '') || headers.ttl > TTL_MAX_S)
		bad(`TTL: ${headers.ttl}`);
	if (headers.topic !== undefined &&
	    !/^[\w-]{1,32}$/.test(headers.topic))
		bad(`Topic: ${headers.topic}`);
	if (!['very-low', 'low', 'normal', 'high', undefined].includes(
	    headers.urgency))
		bad(`Urgency: ${headers.urgency}`);
	if (headers['content-encoding'] !== 'aes128gcm')
		bad(`Content-Encoding: ${headers['content-encoding']}`);
	return { ttl: Number(headers.ttl), topic: headers.topic,
		urgency: headers.urgency ?? 'normal' };
}

// ---- Browsers --------------------------------------------------------------

class Browser {
	constructor(peer, key) {
		this.peer = peer;
		this.id = randomBytes(24).toString('base64url');
		this.key = key;
		this.ecdh = createECDH('prime256v1');
		this.ecdh.generateKeys();
		this.auth = randomBytes(16);
		this.answers = [];
		this.messages = [];
		this.isSubscribed = true;
		// As PushSubscription.toJSON() has it.
		this.subscription = {
			endpoint: `${peer.url}/p/${this.id}`,
			expirationTime: null,
			keys: {
				p256dh: this.ecdh.getPublicKey('base64url'),
				auth: this.auth.toString('base64url'),
			},
		};
	}

	// For the next requests to this one; see startPush.
	answer(...answers) { this.answers.push(...answers); }

	unsubscribe() { this.isSubscribed = false; }

	open(body) {
		return ece.decrypt(body, { version: 'aes128gcm',
			privateKey: this.ecdh,
			authSecret: this.auth.toString('base64url') });
	}
}

// Zeros behind the text: what hides its length.
function paddingOf(body, plain) {
	return body.length - 86 - 16 - 1 - plain.length;
}

// ---- The service -----------------------------------------------------------

// An answer is { status, headers, body, after (ms) }, or { hang: true } for
// none at all; those of a browser come before those of the service.
export async function startPush(t, { allowHTTP1 = true } = {}) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-push-'));
	const { key, cert, caFile } = newAuthority(dir);
	const server = http2.createSecureServer({ key, cert, allowHTTP1 });
	const sessions = new Set();
	const browsers = new Map();
	const answers = [];
	const peer = { caFile, host: '127.0.0.1', faults: [], attempts: [],
		browsers };

	server.on('session', (session) => {
		sessions.add(session);
		session.on('close', () => sessions.delete(session));
		session.on('error', () => {});
	});
	const sockets = new Set();
	server.on('secureConnection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => {});
	});

	async function accept(browser, attempt, body) {
		const { faults } = peer;
		const meta = readHeaders(attempt.headers, faults);
		let vapid, plain;
		try {
			vapid = await readVapid(attempt.headers.authorization,
			    peer.url);
		} catch (e) {
			faults.push(`vapid: ${e.message}`);
			return problem(401, e.message);
		}
		attempt.key = vapid.key;
		if (browser.key && vapid.key !== browser.key)
			return problem(403, 'the VAPID credentials in the ' +
			    'authorization header do not correspond to the ' +
			    'credentials used to create the subscriptions.');
		try {
			plain = browser.open(body);
		} catch (e) {
			faults.push(`decrypt: ${e.message}`);
			return problem(400, 'cannot be decrypted');
		}
		const location = `${peer.url}/m/${
		    randomBytes(12).toString('base64url')}`;
		browser.messages.push({ ...meta, ...vapid, location,
			httpVersion: attempt.httpVersion, at: Date.now(),
			pad: paddingOf(body, plain), size: body.length,
			payload: JSON.parse(plain.toString('utf8')) });
		return { status: 201, headers: { location } };
	}

	async function handle(attempt, body) {
		const id = /^\/p\/([\w-]+)$/.exec(attempt.path)?.[1];
		const browser = browsers.get(id);
		if (attempt.method !== 'POST' || !browser)
			return problem(404, 'no such subscription');
		attempt.browser = browser;
		const told = browser.answers.shift() ?? answers.shift();
		if (told?.after)
			await new Promise((done) =>
				setTimeout(done, told.after));
		if (told?.hang)
			return null;
		if (told?.status)
			return { headers: {}, body: '', ...told };
		if (!browser.isSubscribed)
			return problem(410, 'the subscription is gone');
		if (body.length > BODY_MAX)
			return problem(413, 'too large');
		return accept(browser, attempt, body);
	}

	server.on('request', async (req, res) => {
		const parts = [];
		req.on('error', () => {});
		res.on('error', () => {});
		for await (const part of req)
			parts.push(part);
		const attempt = { method: req.method, path: req.url,
			headers: req.headers, httpVersion: req.httpVersion,
			at: Date.now() };
		peer.attempts.push(attempt);
		let a;
		try {
			a = await handle(attempt, Buffer.concat(parts));
		} catch (e) {
			peer.faults.push(e.stack);
			a = { status: 500 };
		}
		attempt.status = a?.status ?? 0;
		if (!a || res.destroyed)
			return;
		res.writeHead(a.status, a.headers ?? {});
		res.end(a.body ?? '');
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	peer.port = server.address().port;
	peer.url = `https://127.0.0.1:${peer.port}`;
	peer.close = () => new Promise((done) => {
		server.close(done);
		for (const session of sessions)
			session.destroy();
		for (const socket of sockets)
			socket.destroy();
		fs.rmSync(dir, { recursive: true, force: true });
	});
	// key: the subscription's applicationServerKey; any when left out.
	peer.newBrowser = ({ key: k } = {}) => {
		const browser = new Browser(peer, k);
		browsers.set(browser.id, browser);
		return browser;
	};
	peer.answer = (...more) => answers.push(...more);
	t?.after(() => peer.close());
	return peer;
}

// SPDX-License-Identifier: MIT
//
// lib - what the end-to-end tests share: a server of one's own, tokens, calls,
// streams and sockets.
//
//	const ow = await startServer(t);	// ended with the test t
//	const service = await ow.token({ role: 'service' });
//	const { status, body } = await ow.post('/orders', order(), service);
//	const ws = await ow.ws(`/ws/orders/${body.order.id}/tracking`, service);
//	await ws.waitFor((m) => m.type === 'order.snapshot');
//
// OW_BUILD names the build folder, OW_E2E_STORE the store (sqlite or pgsql;
// pgsql takes OW_E2E_PGSQL, the conninfo of a database whose user may create
// more).  OW_E2E_KEEP=1 leaves the folders of the servers.  Nothing sleeps to
// let something happen: whoever waits, waits for it, and not for ever.
import { execFile, spawn } from 'node:child_process';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import WebSocket from 'ws';

const execFileP = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));

export const source = path.resolve(here, '../..');
export const build = path.resolve(process.env.OW_BUILD ??
    path.join(source, 'build'));
export const store = process.env.OW_E2E_STORE ?? 'sqlite';
export const tenant = 'cafe';
export { delay };

const WAIT_MS = 10000;

// ---- Waiting ---------------------------------------------------------------

// The value of fn() once it is neither undefined, null nor false.
export async function until(fn, { ms = WAIT_MS, every = 10, what } = {}) {
	const end = Date.now() + ms;
	for (;;) {
		const value = await fn();
		if (value !== undefined && value !== null && value !== false)
			return value;
		if (Date.now() > end)
			throw new Error(`waited ${ms} ms for ${what ?? fn}`);
		await delay(every);
	}
}

export async function freePort() {
	const server = net.createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	server.close();
	await once(server, 'close');
	return port;
}

// ---- Samples ----------------------------------------------------------------

export function order(more = {}) {
	return {
		customer_id: 'customer-1',
		fulfilment: 'pickup',
		items: [
			{ name: 'Flat white', quantity: 2, station: 'bar' },
			{ name: 'Croissant', quantity: 1, station: 'oven' },
		],
		...more,
	};
}

// ---- Configuration ----------------------------------------------------------

function confValue(v) {
	if (typeof v === 'boolean')
		return v ? 'true' : 'false';
	if (typeof v === 'number')
		return Number.isSafeInteger(v) && Math.abs(v) > 0x7fffffff ?
		    `${v}L` : String(v);
	if (Array.isArray(v))
		return `( ${v.map(confValue).join(', ')} )`;
	if (typeof v === 'object')
		return `{ ${Object.entries(v).map(([k, x]) =>
		    `${k} = ${confValue(x)};`).join(' ')} }`;
	return JSON.stringify(String(v));
}

// { section: { option: value }, ... } as the server reads it.
export function confText(sections) {
	return Object.entries(sections).map(([name, options]) =>
	    Array.isArray(options) ? `${name}: ${confValue(options)};\n` :
	    `${name}: {\n${Object.entries(options).map(([k, v]) =>
		`\t${k} ${typeof v === 'object' && !Array.isArray(v) ? ':' :
		    '='} ${confValue(v)};\n`).join('')}};\n`).join('\n');
}

function merge(into, more) {
	for (const [k, v] of Object.entries(more ?? {})) {
		if (v && typeof v === 'object' && !Array.isArray(v) &&
		    into[k] && typeof into[k] === 'object')
			merge(into[k], v);
		else if (v === undefined)
			delete into[k];
		else
			into[k] = v;
	}
	return into;
}

let databases = 0;

// A database of one's own beside that of OW_E2E_PGSQL.
async function newDatabase() {
	const conninfo = process.env.OW_E2E_PGSQL;
	if (!conninfo)
		throw new Error('OW_E2E_STORE=pgsql needs OW_E2E_PGSQL');
	const name = `ow_${process.pid}_${Date.now()}_${databases++}`;
	await execFileP('psql', ['-X', '-q', '-d', conninfo, '-c',
	    `CREATE DATABASE ${name}`]);
	return {
		conninfo: conninfo.replace(/\bdbname=\S+/, `dbname=${name}`),
		drop: () => execFileP('psql', ['-X', '-q', '-d', conninfo, '-c',
		    `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]),
	};
}

// ---- A server ---------------------------------------------------------------

// Options: conf (merged over the template, undefined removes), files ({ name:
// text } in its folder), tls ({ key, cert } PEM), env, dir, wait (false: don't
// wait until it is ready), prefix (argv to run it by, such as ['prlimit', ..]),
// store.  With t, a node:test context, the server ends with the test.
export async function startServer(t, options = {}) {
	const server = new Server(options);
	if (t)
		t.after(() => server.destroy());
	await server.prepare();
	await server.start(options);
	return server;
}

export class Server {
	constructor(options = {}) {
		this.options = options;
		this.store = options.store ?? store;
		this.dir = options.dir ??
		    fs.mkdtempSync(path.join(os.tmpdir(), 'ow-e2e-'));
		this.log = '';
		this.child = null;
		this.open = new Set();		// streams and sockets to close
		this.agent = new http.Agent({ keepAlive: true });
		this.tokens = new Map();
	}

	async prepare() {
		const o = this.options;
		this.port = await freePort();
		this.adminPort = await freePort();
		this.scheme = o.tls ? 'https' : 'http';
		if (o.tls) {
			fs.writeFileSync(this.path('cert.pem'), o.tls.cert);
			fs.writeFileSync(this.path('key.pem'), o.tls.key,
			    { mode: 0o600 });
			this.agent = new https.Agent({ keepAlive: true,
				ca: o.tls.cert });
			this.ca = o.tls.cert;
		}
		const { stdout } = await execFileP(this.program('orderwirectl'),
		    ['keys', 'new', ...(o.alg ? ['--alg', o.alg] : [])]);
		fs.writeFileSync(this.path('keys.json'), stdout,
		    { mode: 0o600 });
		for (const [name, text] of Object.entries(o.files ?? {}))
			fs.writeFileSync(this.path(name), text, { mode: 0o600 });
		if (this.store === 'pgsql' && !this.database)
			this.database = await newDatabase();
		this.writeConf(o.conf);
	}

	// The template with more over it; for restarts with other options.
	writeConf(more) {
		this.conf = merge({
			server: {
				listen: `127.0.0.1:${this.port}`,
				admin_listen: `127.0.0.1:${this.adminPort}`,
				plugin_dir: path.join(build, 'plugins/.libs'),
				secret: randomSecret(this),
				workers: 2,
				drain_ms: '3s',
			},
			...(this.options.tls ? { tls: {
				certificate: 'cert.pem', key: 'key.pem',
			} } : {}),
			log: { format: 'logfmt', level: 'info' },
			auth: { keys_file: 'keys.json' },
			http: { loopback_exempt: true },
			stream: { streams_per_subject: 100000 },
			notify: { share_dir: path.join(source, 'etc') },
			plugins: {
				'transport-websocket': {},
				'transport-sse': {},
				...(this.store === 'pgsql' ? { 'store-pgsql': {
					conninfo: this.database.conninfo,
				} } : { 'store-sqlite': {
					path: this.path('orders.db'),
				} }),
			},
		}, more);
		for (const [name, c] of Object.entries(this.conf.plugins))
			if (process.env.OW_E2E_ISOLATE &&
			    (c.module ?? name).startsWith('channel-'))
				c.isolate = true;
		fs.writeFileSync(this.confPath, confText(this.conf),
		    { mode: 0o600 });
	}

	get confPath() { return this.path('orderwire.conf'); }
	get url() { return `${this.scheme}://127.0.0.1:${this.port}`; }
	get adminUrl() { return `http://127.0.0.1:${this.adminPort}`; }
	get pid() { return this.child?.pid; }
	path(name) { return path.join(this.dir, name); }
	program(name) { return path.join(build, name); }

	async start({ wait = true, prefix = [], env = {}, args = [] } = {}) {
		const argv = [...prefix, this.program('orderwired'), '-c',
		    this.confPath, ...args];
		this.exited = null;
		this.child = spawn(argv[0], argv.slice(1), {
			stdio: ['ignore', 'pipe', 'pipe'], cwd: this.dir,
			env: { ...process.env, ...env },
		});
		const child = this.child;
		for (const out of [child.stdout, child.stderr])
			out.on('data', (d) => { this.log += d; });
		this.exit = new Promise((resolve) => {
			child.on('error', (e) => {
				this.log += `${e}\n`;
				resolve(this.exited = { code: -1 });
			});
			child.on('exit', (code, signal) =>
			    resolve(this.exited = { code, signal }));
		});
		if (wait)
			await this.ready();
	}

	async ready(ms = WAIT_MS) {
		await until(async () => {
			if (this.exited)
				throw new Error(`the server ended (${JSON
				    .stringify(this.exited)}):\n${this.log}`);
			try {
				return (await fetch(`${this.adminUrl}/readyz`))
				    .status === 200;
			} catch {
				return false;
			}
		}, { ms, what: `/readyz:\n${this.log}` });
	}

	signal(name) { this.child.kill(name); }

	// Ends it and gives { code, signal }.
	async stop(signal = 'SIGTERM', ms = 20000) {
		if (!this.child || this.exited)
			return this.exited;
		this.child.kill(signal);
		const timer = setTimeout(() => this.child.kill('SIGKILL'), ms);
		await this.exit;
		clearTimeout(timer);
		return this.exited;
	}

	kill9() { return this.stop('SIGKILL'); }

	async restart(signal = 'SIGTERM', options = {}) {
		const how = await this.stop(signal);
		this.agent.destroy();
		await this.start(options);
		return how;
	}

	// Everything it had; called for you at the end of a test.
	async destroy() {
		for (const x of this.open)
			x.destroy?.();
		this.agent.destroy();
		await this.stop('SIGKILL');
		if (this.database)
			await this.database.drop().catch(() => {});
		if (process.env.OW_E2E_KEEP)
			console.error(`kept ${this.dir}`);
		else
			fs.rmSync(this.dir, { recursive: true, force: true });
	}

	// ---- Tokens ----------------------------------------------------------

	async ctl(...args) {
		return (await execFileP(this.program('orderwirectl'),
		    ['-c', this.confPath, ...args])).stdout.trim();
	}

	// Made once for the same question, unless fresh is asked for.
	async token({ role = 'service', sub, ttl = '1h', tenant: of = tenant,
		fresh = false } = {}) {
		const args = ['token', '--tenant', of, '--role', role,
		    ...(sub ? ['--sub', sub] : []), '--ttl', ttl];
		const key = args.join(' ');
		if (fresh || !this.tokens.has(key))
			this.tokens.set(key, this.ctl(...args));
		return this.tokens.get(key);
	}

	// A token that this server gives out with its messages: "receipt" with a
	// job's id, "unsubscribe" with "tenant\nsub\nmedium".
	signed(purpose, payload) {
		const key = Buffer.from(hkdfSync('sha256', this.secret, '',
		    `token ${purpose}`, 32));
		return Buffer.concat([Buffer.from(payload),
			createHmac('sha256', key).update(payload).digest()
			    .subarray(0, 16)]).toString('base64url');
	}

	// ---- Calls -----------------------------------------------------------

	// path: '/orders' is below /api/v1/{tenant}; '/api/..', '/hooks/..' and
	// whole URLs stand for themselves.  body: an object, or text as it is.
	// Gives { status, headers, text, body (parsed JSON or undefined) }.
	call(method, where, body, token, headers = {}) {
		const url = new URL(/^https?:/.test(where) ? where :
		    /^\/(api|hooks|ws|sse|track|unsubscribe)\b/.test(where) ?
			this.url + where :
			`${this.url}/api/v1/${tenant}${where}`);
		const data = body === undefined || body === null ? undefined :
		    typeof body === 'string' || Buffer.isBuffer(body) ? body :
		    JSON.stringify(body);
		const mine = url.port === String(this.port);
		const h = {
			...(data !== undefined ? {
				'content-type': 'application/json',
				'content-length': Buffer.byteLength(data),
			} : {}),
			...(token ? { authorization: `Bearer ${token}` } : {}),
			...headers,
		};
		return new Promise((resolve, reject) => {
			const lib = url.protocol === 'https:' ? https : http;
			const req = lib.request(url, { method, headers: h,
				agent: mine ? this.agent : undefined,
				ca: this.ca }, (res) => {
				const parts = [];
				res.on('data', (d) => parts.push(d));
				res.on('error', reject);
				res.on('end', () => resolve(answer(res,
				    Buffer.concat(parts))));
			});
			req.setTimeout(30000, () => req.destroy(
			    new Error(`${method} ${where}: no answer`)));
			req.on('error', reject);
			req.end(data);
		});
	}

	get(where, token, headers) {
		return this.call('GET', where, undefined, token, headers);
	}
	post(where, body, token, headers) {
		return this.call('POST', where, body, token, headers);
	}
	put(where, body, token, headers) {
		return this.call('PUT', where, body, token, headers);
	}
	patch(where, body, token, headers) {
		return this.call('PATCH', where, body, token, headers);
	}
	delete(where, token, headers) {
		return this.call('DELETE', where, undefined, token, headers);
	}
	admin(where, { method = 'GET', token, body } = {}) {
		return this.call(method, this.adminUrl + where, body, token);
	}

	// An order that is there; more goes over the sample.
	async newOrder(more = {}, token) {
		token ??= await this.token({ role: 'service' });
		const a = await this.post('/orders', order(more), token);
		if (a.status !== 201)
			throw new Error(`POST /orders: ${a.status} ${a.text}`);
		return a.body;
	}

	// ---- Streams ---------------------------------------------------------

	// A WebSocket; token in the subprotocol list, unless null.  Options:
	// headers, protocols, wait (false: don't wait until it is open).
	async ws(where, token, { headers, protocols, wait = true, ...more } =
	    {}) {
		const list = protocols ?? ['orderwire.v1',
		    ...(token ? [`bearer.${token}`] : [])];
		const url = this.url.replace(/^http/, 'ws') + where;
		const socket = new WebSocket(url, list, { headers,
			ca: this.ca, perMessageDeflate: false, ...more });
		const stream = new WsStream(socket);
		this.open.add(stream);
		if (wait)
			await stream.opened;
		return stream;
	}

	// An SSE stream by hand, so that every byte is seen.  Options: headers,
	// lastId.
	async sse(where, token, { headers, lastId, wait = true } = {}) {
		const stream = new SseStream();
		this.open.add(stream);
		stream.start(this.url + where, { ca: this.ca, headers: {
			accept: 'text/event-stream',
			...(token ? { authorization: `Bearer ${token}` } : {}),
			...(lastId !== undefined ?
			    { 'last-event-id': String(lastId) } : {}),
			...headers,
		} });
		if (wait)
			await stream.opened;
		return stream;
	}

	// ---- Raw bytes -------------------------------------------------------

	async raw(text, { port = this.port } = {}) {
		const socket = new RawSocket(port, this.ca);
		this.open.add(socket);
		await socket.connected;
		if (text !== undefined)
			socket.write(text);
		return socket;
	}

	// ---- What the kernel says about it ------------------------------------

	// { rss (bytes), fds, threads, cpu (seconds, user and system) }
	proc() {
		const dir = `/proc/${this.pid}`;
		const status = fs.readFileSync(`${dir}/status`, 'utf8');
		const kb = (name) => Number(status.match(
		    new RegExp(`^${name}:\\s+(\\d+)`, 'm'))?.[1] ?? 0);
		const stat = fs.readFileSync(`${dir}/stat`, 'utf8');
		const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return {
			rss: kb('VmRSS') * 1024,
			threads: kb('Threads'),
			fds: fs.readdirSync(`${dir}/fd`).length,
			cpu: (Number(f[11]) + Number(f[12])) / 100,
		};
	}

	// /metrics as { 'name{labels}': number }.
	async metrics() {
		const { text } = await this.admin('/metrics');
		return Object.fromEntries(text.split('\n')
		    .filter((l) => l && !l.startsWith('#'))
		    .map((l) => [l.slice(0, l.lastIndexOf(' ')),
			Number(l.slice(l.lastIndexOf(' ') + 1))]));
	}
}

function randomSecret(server) {
	server.secret ??= randomBytes(32).toString('hex');
	return server.secret;
}

function answer(res, bytes) {
	const text = bytes.toString('utf8');
	let body;
	if (/json/.test(res.headers['content-type'] ?? '')) {
		try {
			body = JSON.parse(text);
		} catch {
			body = undefined;
		}
	}
	return { status: res.statusCode, headers: res.headers, text, body };
}

// ---- What a stream said ------------------------------------------------------

// messages: all that came, parsed, each with `received` (performance.now()) as
// a hidden property; raws: their texts.  waitFor looks at what came already,
// too, unless after says from which message on.
export class Collector {
	constructor() {
		this.messages = [];
		this.raws = [];
		this.waiting = new Set();
		this.ended = null;
	}

	add(text) {
		let m;
		try {
			m = JSON.parse(text);
		} catch {
			m = { type: undefined, text };
		}
		Object.defineProperty(m, 'received',
		    { value: performance.now(), enumerable: false });
		this.raws.push(text);
		this.messages.push(m);
		this.poke();
	}

	poke() {
		for (const w of [...this.waiting])
			w();
	}

	// The first message for which test(message) holds (or of that type).
	async waitFor(test, { ms = WAIT_MS, after = 0 } = {}) {
		const is = typeof test === 'string' ? (m) => m.type === test :
		    test;
		let next = after;
		return await this.#wait(() => {
			for (; next < this.messages.length; next++)
				if (is(this.messages[next]))
					return this.messages[next];
			return undefined;
		}, ms, () => `a message (${test}); got ${this.types()}`);
	}

	// Until n messages have come (of a type, or for which test holds).
	async waitCount(n, test = () => true, { ms = WAIT_MS } = {}) {
		const is = typeof test === 'string' ? (m) => m.type === test :
		    test;
		let next = 0, count = 0;
		return await this.#wait(() => {
			for (; next < this.messages.length; next++)
				count += is(this.messages[next]) ? 1 : 0;
			return count >= n || undefined;
		}, ms, () => `${n} messages; got ${count}: ${this.types()}`);
	}

	// Until the stream has ended; gives how: { code, reason } or { error }.
	async waitEnd({ ms = WAIT_MS } = {}) {
		return await this.#wait(() => this.ended ?? undefined, ms,
		    () => `the end; got ${this.types()}`, true);
	}

	#wait(look, ms, what, endIsFine = false) {
		return new Promise((resolve, reject) => {
			const step = () => {
				const value = look();
				if (value !== undefined)
					return done(resolve, value);
				if (this.ended && !endIsFine)
					return done(reject, new Error(
					    `the stream ended (${JSON.stringify(
						this.ended)}) before ${what()}`));
				return undefined;
			};
			const done = (how, value) => {
				clearTimeout(timer);
				this.waiting.delete(step);
				how(value);
			};
			const timer = setTimeout(() => done(reject, new Error(
			    `waited ${ms} ms for ${what()}`)), ms);
			this.waiting.add(step);
			step();
		});
	}

	types() {
		const last = this.messages.slice(-12).map((m) =>
		    m.seq !== undefined ? `${m.type}#${m.seq}` : m.type);
		return `${this.messages.length}: ... ${last.join(' ')}`;
	}

	// The durable events: what has a seq and is no snapshot.
	events() {
		return this.messages.filter((m) => m.seq !== undefined &&
		    !/\.snapshot$/.test(m.type));
	}

	seqs() { return this.events().map((m) => m.seq); }

	end(how) {
		this.ended ??= how;
		this.poke();
	}
}

export class WsStream extends Collector {
	constructor(socket) {
		super();
		this.socket = socket;
		this.pings = 0;
		this.opened = new Promise((resolve, reject) => {
			socket.on('open', resolve);
			socket.on('unexpected-response', (req, res) => {
				const parts = [];
				res.on('data', (d) => parts.push(d));
				res.on('end', () => {
					this.refusal = answer(res,
					    Buffer.concat(parts));
					const e = new Error(`refused: ${
					    res.statusCode}`);
					e.status = res.statusCode;
					e.answer = this.refusal;
					this.end({ error: e.message,
						status: res.statusCode });
					reject(e);
					req.destroy();
				});
			});
			socket.on('error', (e) => {
				this.end({ error: e.message });
				reject(e);
			});
		});
		this.opened.catch(() => {});
		socket.on('ping', () => { this.pings++; this.poke(); });
		socket.on('message', (data) => this.add(data.toString()));
		socket.on('close', (code, reason) => this.end({ code,
			reason: reason.toString() }));
	}

	send(message) {
		this.socket.send(typeof message === 'string' ? message :
		    JSON.stringify(message));
	}

	async close(code = 1000) {
		this.socket.close(code);
		return await this.waitEnd();
	}

	destroy() { this.socket.terminate(); }
}

export class SseStream extends Collector {
	start(url, options) {
		const lib = url.startsWith('https') ? https : http;
		this.ids = [];			// the id: of each message
		this.opened = new Promise((resolve, reject) => {
			this.req = lib.request(url, { ...options,
				agent: false }, (res) => {
				this.status = res.statusCode;
				this.headers = res.headers;
				if (res.statusCode === 200) {
					this.#read(res);
					resolve();
					return;
				}
				const parts = [];
				res.on('data', (d) => parts.push(d));
				res.on('end', () => {
					this.refusal = answer(res,
					    Buffer.concat(parts));
					const e = new Error(`refused: ${
					    res.statusCode}`);
					e.status = res.statusCode;
					e.answer = this.refusal;
					this.end({ error: e.message,
						status: res.statusCode });
					reject(e);
				});
			});
			this.req.on('error', (e) => {
				this.end({ error: e.message });
				reject(e);
			});
			this.req.end();
		});
		this.opened.catch(() => {});
	}

	#read(res) {
		let rest = '';
		res.setEncoding('utf8');
		res.on('data', (d) => {
			rest += d;
			for (;;) {
				const at = rest.indexOf('\n\n');
				if (at < 0)
					break;
				this.#block(rest.slice(0, at));
				rest = rest.slice(at + 2);
			}
		});
		res.on('error', (e) => this.end({ error: e.message }));
		res.on('close', () => this.end({ closed: true }));
	}

	#block(text) {
		const f = {};
		for (const line of text.split('\n')) {
			if (line.startsWith(':'))
				this.comments = (this.comments ?? 0) + 1;
			const at = line.indexOf(':');
			if (at < 1)
				continue;
			const name = line.slice(0, at);
			const value = line.slice(at + 1).replace(/^ /, '');
			f[name] = f[name] === undefined || name !== 'data' ?
			    value : `${f[name]}\n${value}`;
		}
		if (f.retry !== undefined)
			this.retry = Number(f.retry);
		if (f.data === undefined)
			return;
		this.ids.push(f.id);
		this.names = [...(this.names ?? []), f.event];
		this.add(f.data);
	}

	destroy() { this.req?.destroy(); }
	async close() { this.destroy(); }
}

// ---- A socket without manners -----------------------------------------------

export class RawSocket {
	constructor(port, ca) {
		this.data = Buffer.alloc(0);
		this.socket = ca ? tls.connect({ port, host: '127.0.0.1', ca }) :
		    net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
		this.connected = once(this.socket, ca ? 'secureConnect' :
		    'connect');
		this.socket.setNoDelay(true);
		this.isEnded = false;
		this.socket.on('data', (d) => {
			this.data = Buffer.concat([this.data, d]);
		});
		for (const name of ['end', 'close', 'error'])
			this.socket.on(name, () => { this.isEnded = true; });
	}

	write(text) { this.socket.write(text); }
	// The client says that it has said everything.
	halfClose() { this.socket.end(); }

	// Each byte in a segment of its own.
	async writeSlowly(text, ms = 0) {
		for (const byte of Buffer.from(text)) {
			this.socket.write(Buffer.from([byte]));
			await (ms ? delay(ms) : new Promise(setImmediate));
		}
	}

	get text() { return this.data.toString('latin1'); }

	// All answers so far: [{ status, headers, text, body }], by their
	// Content-Length; an answer that is not whole is left out.
	answers() {
		const list = [];
		let at = 0;
		for (;;) {
			const end = this.data.indexOf('\r\n\r\n', at);
			if (end < 0)
				break;
			const lines = this.data.subarray(at, end)
			    .toString('latin1').split('\r\n');
			const status = Number(lines[0].split(' ')[1]);
			const headers = Object.fromEntries(lines.slice(1)
			    .map((l) => [l.slice(0, l.indexOf(':'))
				.toLowerCase(),
			    l.slice(l.indexOf(':') + 1).trim()]));
			const length = status < 200 || status === 204 ||
			    status === 304 ? 0 :
			    Number(headers['content-length'] ?? 0);
			if (this.data.length < end + 4 + length)
				break;
			list.push(answer({ statusCode: status, headers },
			    this.data.subarray(end + 4, end + 4 + length)));
			at = end + 4 + length;
		}
		return list;
	}

	async waitAnswers(n = 1, ms = WAIT_MS) {
		return await until(() => {
			const list = this.answers();
			return list.length >= n || this.isEnded ? list : null;
		}, { ms, what: `${n} answers, got: ${this.text.slice(0, 400)}` });
	}

	async waitEnd(ms = WAIT_MS) {
		await until(() => this.isEnded, { ms,
			what: `the end, got: ${this.text.slice(0, 400)}` });
	}

	destroy() { this.socket.destroy(); }
}

// ---- TLS ----------------------------------------------------------------------

// A self-signed certificate for 127.0.0.1, localhost and the name: { key, cert }
// as PEM.
export async function newCertificate(name = 'localhost') {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-cert-'));
	try {
		await execFileP('openssl', ['req', '-x509', '-newkey', 'ec',
		    '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
		    '2', '-subj', `/CN=${name}`, '-addext',
		    `subjectAltName=DNS:localhost,DNS:${name},IP:127.0.0.1`,
		    '-keyout',
		    path.join(dir, 'key.pem'), '-out',
		    path.join(dir, 'cert.pem')]);
		return {
			key: fs.readFileSync(path.join(dir, 'key.pem'), 'utf8'),
			cert: fs.readFileSync(path.join(dir, 'cert.pem'),
			    'utf8'),
		};
	} finally {
		fs.rmSync(dir, { recursive: true, force: true });
	}
}

// SPDX-License-Identifier: MIT
//
// site - the web app as it is served beside everything else: what is found,
// what is not, and what a hostile path gets.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import zlib from 'node:zlib';
import { Server, startServer } from './lib.mjs';

const JS = '/assets/index-BcMWEuy1.js';
const script = `console.log(${JSON.stringify('orderwire '.repeat(500))});`;
const page = '<!doctype html><title>App</title>';
const big = Buffer.alloc(4 << 20, 'orderwire ');
const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let ow, root;

before(async () => {
	root = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-site-'));
	fs.mkdirSync(`${root}/web/assets`, { recursive: true });
	const put = (name, what) => fs.writeFileSync(`${root}/web${name}`, what);
	put('/index.html', page);
	put('/sw.js', '// the service worker');
	put('/.env', 'SECRET=1');
	put('/big.png', big);
	put(JS, script);
	put(`${JS}.br`, zlib.brotliCompressSync(script));
	put(`${JS}.gz`, zlib.gzipSync(script));
	fs.writeFileSync(`${root}/secret.txt`, 'secret');
	ow = await startServer(null, { conf: { plugins: { 'transport-site': {
		root: `${root}/web`, tenant: 'cafe', app_name: 'Café',
		tile_url: 'https://{s}.tile.example/{z}/{x}/{y}.png',
	} } } });
});
after(async () => {
	await ow.destroy();
	fs.rmSync(root, { recursive: true, force: true });
});

const ask = (method, where, headers = {}) =>
	ow.call(method, ow.url + where, undefined, null, headers);
const get = (where, headers) => ask('GET', where, headers);

// The path as it is written: no client's idea of it in between.
function raw(head) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(ow.port, '127.0.0.1');
		const parts = [];
		socket.on('data', (d) => parts.push(d));
		socket.on('error', reject);
		socket.on('close', () => {
			const text = Buffer.concat(parts).toString('latin1');
			resolve({ text, status: Number(text.split(' ')[1]) });
		});
		socket.end(`${head}\r\nHost: x\r\nConnection: close\r\n\r\n`);
	});
}

const notFound = (a, where) => {
	assert.equal(a.status, 404, where);
	assert.match(a.headers['content-type'], /^application\/problem\+json/);
	assert.equal(a.body.code, 'not_found');
};

describe('what is there', () => {
	test('the page, guarded', async () => {
		const a = await get('/');
		assert.equal(a.status, 200);
		assert.equal(a.text, page);
		assert.equal(a.headers['content-type'],
		    'text/html; charset=utf-8');
		assert.equal(a.headers['cache-control'], 'no-cache');
		assert.equal(a.headers['x-content-type-options'], 'nosniff');
		assert.equal(a.headers['referrer-policy'], 'no-referrer');
		assert.match(a.headers['permissions-policy'], /camera=\(\)/);
		const csp = Object.fromEntries(a.headers
		    ['content-security-policy'].split('; ').map((s) =>
			[s.split(' ')[0], s.slice(s.indexOf(' ') + 1)]));
		assert.equal(csp['default-src'], "'none'");
		assert.equal(csp['script-src'], "'self'");
		assert.equal(csp['style-src'], "'self'");
		assert.equal(csp['img-src'],
		    "'self' data: blob: https://*.tile.example");
		assert.match(csp['connect-src'], /^'self' ws: wss:/);
		assert.equal(csp['worker-src'], "'self'");
		assert.equal(csp['frame-ancestors'], "'none'");
		assert.equal(csp['base-uri'], "'none'");
	});

	test('config.json is made of the options', async () => {
		const { body } = await get('/config.json');
		assert.deepEqual(body, { tenant: 'cafe', name: 'Café', map: {
			tiles: 'https://{s}.tile.example/{z}/{x}/{y}.png',
			max_zoom: 19,
		} });
	});

	test('packed as the client can read it', async () => {
		for (const [accept, encoding, unpack] of [
			['gzip, deflate, br', 'br', zlib.brotliDecompressSync],
			['gzip', 'gzip', zlib.gunzipSync],
			['br;q=0', undefined, (b) => b],
		]) {
			const response = await fetch(ow.url + JS, { headers: {
				'accept-encoding': accept } });
			assert.equal(response.status, 200);
			assert.equal(response.headers.get('content-encoding') ??
			    undefined, encoding);
			assert.equal(await response.text(), script);
			assert.match(response.headers.get('vary'),
			    /Accept-Encoding/);
			assert.equal(response.headers.get('cache-control'),
			    'public, max-age=31536000, immutable');
		}
	});

	test('not again for who has it', async () => {
		const first = await get(JS);
		const tag = first.headers.etag;
		assert.match(tag, /^"[0-9a-f]{32}"$/);
		const again = await get(JS, { 'if-none-match': `"x", ${tag}` });
		assert.equal(again.status, 304);
		assert.equal(again.text, '');
		assert.equal(again.headers.etag, tag);
		assert.equal(again.headers['content-length'], undefined);
		assert.equal((await get(JS, { 'if-none-match': tag,
			'accept-encoding': 'br' })).status, 200);
	});

	test('its head alone', async () => {
		const a = await ask('HEAD', '/');
		assert.equal(a.status, 200);
		assert.equal(a.text, '');
		assert.equal(Number(a.headers['content-length']), page.length);
	});

	test('4 MiB, many at once, whole', async () => {
		await Promise.all(Array.from({ length: 8 }, async () => {
			const response = await fetch(`${ow.url}/big.png`);
			const body = Buffer.from(await response.arrayBuffer());
			assert.ok(body.equals(big));
		}));
	});
});

describe('what is not there', () => {
	test('pages of the app are its page, files are not', async () => {
		for (const where of ['/orders', '/orders/ref:T-1/track',
			'/orders/ref:A.1?x=1', '/kitchen'])
			assert.equal((await get(where, browser)).text, page);
		for (const where of ['/assets/old-12345678.js', '/x.png'])
			notFound(await get(where, browser), where);
		notFound(await get('/orders', { accept: '*/*' }));
		notFound(await get('/orders'));
	});

	test('the server keeps its own names', async () => {
		for (const where of ['/api', '/api/v1/cafe/none', '/ws', '/ws/x',
			'/sse', '/sse/x', '/hooks/x', '/admin', '/admin/v1',
			'/unsubscribe/a/b'])
			notFound(await get(where, browser), where);
		notFound(await ask('POST', '/api/v1/cafe/none'));
		assert.equal((await get('/sse/kitchen', browser)).status, 401);
		assert.equal((await get('/api/v1/cafe/orders', browser)).status,
		    401);
		// A path of the API stays one, by whatever method.
		assert.equal((await get('/api/v1/cafe/stream-tickets', browser))
		    .status, 405);
		assert.equal((await get('/apiary', browser)).text, page);
	});

	test('other methods are refused', async () => {
		for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
			for (const where of ['/', '/sw.js', '/none']) {
				const a = await ask(method, where);
				assert.equal(a.status, 405);
				assert.equal(a.headers.allow, 'GET');
			}
	});

	test('no path leads out, or to what is hidden', async () => {
		for (const where of ['/../secret.txt', '/%2e%2e/secret.txt',
			'/assets/%2e%2e/%2E%2e/secret.txt', '/..%2fsecret.txt',
			'/%2e%2e%2fsecret.txt', '/assets/..%5c..%5csecret.txt',
			'/..\\secret.txt', '/assets/..;/..;/secret.txt',
			'/%252e%252e/secret.txt', '//secret.txt', '/.env',
			'/%2eenv', '/./.env', '/.env%00.js', '/sw.js%00',
			'/sw.js%2f', '/assets%2findex-BcMWEuy1.js',
			'/%c0%ae%c0%ae/secret.txt', `${root}/secret.txt`,
			'/file:///etc/passwd', '/etc/passwd',
			`${JS}.br`, '/assets', '/sw.js/'])
			for (const accept of ['*/*', 'text/html']) {
				const a = await raw(`GET ${where} HTTP/1.1\r\n` +
				    `Accept: ${accept}`);
				assert.ok(a.status === 400 || a.status === 404 ||
				    (accept === 'text/html' &&
				    a.text.endsWith(page)),
				    `${where}: ${a.text}`);
				assert.doesNotMatch(a.text, /secret\b(?!\.txt)/);
				assert.doesNotMatch(a.text, /SECRET|root:/);
			}
	});
});

describe('origins', () => {
	test('each header of a page of another origin comes once', async () => {
		const origin = ow.url;
		const a = await get('/', { origin });
		assert.equal(a.status, 200);
		assert.equal(a.headers['access-control-allow-origin'], origin);
		const b = await ask('OPTIONS', '/api/v1/cafe/orders', { origin,
			'access-control-request-method': 'POST' });
		assert.equal(b.headers['access-control-allow-origin'], b.status
		    === 204 ? origin : undefined);
		assert.equal((await get('/', { origin: 'https://evil.example' }))
		    .status, 403);
	});
});

test('without an app the server says how to get one', async (t) => {
	const other = new Server({ conf: { plugins: { 'transport-site': {
		root: `${root}/nothing` } } } });
	t.after(() => other.destroy());
	await other.prepare();
	await other.start({ wait: false });
	const how = await other.exit;
	assert.notEqual(how.code, 0);
	assert.match(other.log, /transport-site.*root: no index\.html/);
	assert.match(other.log, /npm run build/);
});

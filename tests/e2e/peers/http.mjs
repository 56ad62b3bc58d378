// SPDX-License-Identifier: MIT
//
// http - an HTTP server for a stand-in: reads a request whole, and keeps what
// was wrong with any of them in faults, which a test asserts to be empty.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

const BODY_MAX = 1 << 20;

// handle({ method, path, query, headers, body }) gives { status, headers,
// body }, or null for no answer at all.
export async function startHttp(t, { tls, handle }) {
	const faults = [];
	const server = tls ? https.createServer(tls) : http.createServer();
	server.on('request', async (req, res) => {
		const parts = [];
		let n = 0;
		for await (const part of req) {
			parts.push(part);
			n += part.length;
			if (n > BODY_MAX)
				return req.destroy();
		}
		const url = new URL(req.url, 'http://peer');
		let answer;
		try {
			answer = await handle({
				method: req.method,
				path: url.pathname,
				query: url.searchParams,
				headers: req.headers,
				body: Buffer.concat(parts).toString('utf8'),
			});
		} catch (e) {
			faults.push(e.stack);
			answer = { status: 500, body: String(e) };
		}
		if (!answer)
			return;
		res.writeHead(answer.status, answer.headers ?? {});
		res.end(answer.body ?? '');
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const peer = {
		faults,
		url: `${tls ? 'https' : 'http'}://127.0.0.1:${
		    server.address().port}`,
		close() {
			server.closeAllConnections();
			return new Promise((done) => server.close(done));
		},
	};
	t?.after(() => peer.close());
	return peer;
}

// A fault of the request's, for the test to see.
export function expect(faults, condition, what) {
	if (!condition)
		faults.push(what);
	return Boolean(condition);
}

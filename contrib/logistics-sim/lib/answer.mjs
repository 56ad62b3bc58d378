// SPDX-License-Identifier: MIT
//
// answer - bodies in, answers out.
const BODY_MAX = 65536;

export class Failure extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

export function answer(res, status, body) {
	if (res.headersSent || res.destroyed)
		return;
	const is_text = typeof body === 'string';
	res.writeHead(status, { 'content-type': is_text ?
	    'text/plain; charset=utf-8' : 'application/json' });
	res.end(is_text ? body : JSON.stringify(body));
}

export async function readBody(req) {
	let text = '';
	for await (const part of req.setEncoding('utf8')) {
		text += part;
		if (text.length > BODY_MAX)
			throw new Failure(413, 'too long');
	}
	try {
		return text ? JSON.parse(text) : {};
	} catch {
		throw new Failure(400, 'not JSON');
	}
}

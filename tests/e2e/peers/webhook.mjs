// SPDX-License-Identifier: MIT
//
// webhook - a receiver of Standard Webhooks: checks signature, age and id of
// every request as the specification says, and answers as it was told.
//
//	const hook = await startWebhook(t);
//	conf: { url: hook.target, secret: hook.secret, ca_file: ... }
//	hook.answer(503, { 'retry-after': '1' });	// the next one
//	hook.received		// [{ id, at, event, attempt }]
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { newCertificate } from '../lib.mjs';
import { expect, startHttp } from './http.mjs';

const AGE_MAX_S = 300;

export function newSecret() {
	return `whsec_${randomBytes(32).toString('base64')}`;
}

// Does one of the signatures fit one of the secrets?
export function isSigned(secrets, headers, body) {
	const signed = `${headers['webhook-id']}.${
	    headers['webhook-timestamp']}.${body}`;
	const given = String(headers['webhook-signature'] ?? '').split(' ');
	return secrets.some((secret) => {
		const key = Buffer.from(secret.replace(/^whsec_/, ''),
		    'base64');
		const ours = Buffer.from(`v1,${createHmac('sha256', key)
		    .update(signed).digest('base64')}`);
		return given.some((g) => g.length === ours.length &&
		    timingSafeEqual(Buffer.from(g), ours));
	});
}

export async function startWebhook(t, { secrets = [newSecret()],
	tls } = {}) {
	tls ??= await newCertificate();
	const received = [];
	const answers = [];
	const attempts = new Map();
	let peer;

	function handle(req) {
		const { headers, body } = req;
		const { faults } = peer;
		const id = headers['webhook-id'];
		const at = Number(headers['webhook-timestamp']);
		const good = [
			expect(faults, req.method === 'POST',
			    `method ${req.method}`),
			expect(faults, /^application\/json\b/.test(
			    headers['content-type'] ?? ''), 'content-type'),
			expect(faults, typeof id === 'string' &&
			    /^[^.]+$/.test(id), `webhook-id ${id}`),
			expect(faults, Number.isInteger(at) && Math.abs(at -
			    Date.now() / 1000) < AGE_MAX_S,
			    `webhook-timestamp ${at}`),
			expect(faults, isSigned(secrets, headers, body),
			    'webhook-signature'),
		].every(Boolean);
		if (!good)
			return { status: 401 };
		const event = JSON.parse(body);
		expect(faults, typeof event.type === 'string' &&
		    !Number.isNaN(Date.parse(event.timestamp)) &&
		    typeof event.data === 'object', `body ${body}`);
		const attempt = (attempts.get(id) ?? 0) + 1;
		attempts.set(id, attempt);
		const answer = answers.shift() ?? { status: 204 };
		received.push({ id, at, event, attempt,
			status: answer.status });
		return answer.status ? answer : null;
	}

	peer = await startHttp(t, { tls, handle });
	return Object.assign(peer, {
		target: `${peer.url}/hook`,
		secret: secrets.join(' '),
		ca: tls?.cert,
		received,
		// status 0: no answer at all.
		answer(status, headers) { answers.push({ status, headers }); },
	});
}

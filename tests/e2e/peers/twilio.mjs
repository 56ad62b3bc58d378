// SPDX-License-Identifier: MIT
//
// twilio - a stand-in for Twilio's Messages API: checks every request against
// the published description (paths, types and patterns of the parameters, the
// authentication), answers as the API does, and signs what it sends.
//
//	const twilio = await startTwilio(t);
//	conf: { gateway: 'twilio', url: twilio.url, user: twilio.sid,
//	    password: twilio.token, from: '+15005550006', hook_url: ... }
//	twilio.fail('+4930123456', 21610);
//	await twilio.report(twilio.messages[0], 'delivered');
//	await twilio.incoming({ From: '+49...', Body: 'STOP' });
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { expect, startHttp } from './http.mjs';

const E164 = /^\+[1-9]\d{1,14}$/;
const SENDER = /^(\+[1-9]\d{1,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/;
const BODY_MAX = 1600;

// Parameters of "Create a Message resource" that make sense for a text.
const PARAMETERS = {
	To: (v) => E164.test(v),
	From: (v) => SENDER.test(v),
	MessagingServiceSid: (v) => /^MG[0-9a-fA-F]{32}$/.test(v),
	Body: (v) => v.length > 0 && v.length <= BODY_MAX,
	StatusCallback: (v) => URL.canParse(v) && /^https?:/.test(v),
	ValidityPeriod: (v) => /^\d+$/.test(v) && +v >= 1 && +v <= 36000,
};

// Documented errors: status and message by code.
const ERRORS = {
	20003: [401, 'Authenticate'],
	20404: [404, 'The requested resource was not found'],
	20429: [429, 'Too Many Requests'],
	20500: [500, 'Internal Server Error'],
	20503: [503, 'Service Unavailable'],
	21211: [400, 'The \'To\' number is not a valid phone number.'],
	21408: [400, 'Permission to send an SMS has not been enabled for the ' +
	    'region indicated by the \'To\' number'],
	21602: [400, 'Message body is required.'],
	21604: [400, 'A \'To\' phone number is required.'],
	21606: [400, 'The \'From\' phone number provided is not a valid, ' +
	    'message-capable Twilio phone number'],
	21610: [400, 'Attempt to send to unsubscribed recipient'],
	21611: [400, 'This \'From\' number has exceeded the maximum number ' +
	    'of queued messages'],
	21612: [400, 'The \'To\' phone number is not currently reachable ' +
	    'using the \'From\' phone number via SMS'],
	21614: [400, '\'To\' number is not a valid mobile number'],
	21617: [400, 'The concatenated message body exceeds the 1600 ' +
	    'character limit'],
};

const newSid = (prefix) => prefix + randomBytes(16).toString('hex');

function equal(a, b) {
	return a.length === b.length &&
	    timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

// X-Twilio-Signature of a form POST.
export function signature(token, url, params) {
	const sorted = Object.keys(params).sort();
	return createHmac('sha1', token).update(url + sorted.map((name) =>
	    name + params[name]).join('')).digest('base64');
}

function failure(code, extra) {
	const [status, message] = ERRORS[code] ?? [400, `Error ${code}`];
	return {
		status,
		headers: { 'content-type': 'application/json', ...extra },
		body: JSON.stringify({ code, message, status,
			more_info: `https://www.twilio.com/docs/errors/${code}`,
		}),
	};
}

export async function startTwilio(t, { sid = newSid('AC'),
	token = randomBytes(16).toString('hex'), hookUrl } = {}) {
	const messages = [];
	const failures = new Map();
	let peer;

	function readForm(req) {
		const params = {};
		for (const [name, value] of new URLSearchParams(req.body)) {
			expect(peer.faults, !(name in params),
			    `parameter ${name} twice`);
			expect(peer.faults, name in PARAMETERS &&
			    PARAMETERS[name](value),
			    `parameter ${name}=${value}`);
			params[name] = value;
		}
		expect(peer.faults, 'To' in params && 'Body' in params &&
		    ('From' in params) !== ('MessagingServiceSid' in params),
		    `parameters ${Object.keys(params)}`);
		return params;
	}

	function resource(params) {
		const now = new Date().toUTCString().replace('GMT', '+0000');
		const id = newSid('SM');
		return {
			account_sid: sid, api_version: '2010-04-01',
			body: params.Body, date_created: now, date_sent: null,
			date_updated: now, direction: 'outbound-api',
			error_code: null, error_message: null,
			from: params.From ?? null,
			messaging_service_sid: params.MessagingServiceSid ??
			    null,
			num_media: '0', num_segments: '1', price: null,
			price_unit: null, sid: id, status: 'queued',
			subresource_uris: {}, to: params.To,
			uri: `/2010-04-01/Accounts/${sid}/Messages/${id}.json`,
		};
	}

	function handle(req) {
		const basic = `Basic ${Buffer.from(`${sid}:${token}`)
		    .toString('base64')}`;
		if (req.path !== `/2010-04-01/Accounts/${sid}/Messages.json`)
			return failure(20404);
		if (!equal(req.headers.authorization ?? '', basic))
			return failure(20003);
		expect(peer.faults, req.method === 'POST',
		    `method ${req.method}`);
		expect(peer.faults, /^application\/x-www-form-urlencoded\b/
		    .test(req.headers['content-type'] ?? ''), 'content-type');
		expect(peer.faults, req.query.size === 0, 'a query');
		const params = readForm(req);
		const code = failures.get(params.To)?.shift();
		if (code)
			return failure(code, code === 20429 ?
			    { 'retry-after': '1' } : {});
		if (!E164.test(params.To ?? ''))
			return failure(21211);
		if (!params.Body)
			return failure(21602);
		const message = { ...resource(params),
			callback: params.StatusCallback };
		messages.push(message);
		const { callback, ...shown } = message;
		return {
			status: 201,
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(shown),
		};
	}

	async function post(url, params, key = token) {
		const res = await fetch(url, {
			method: 'POST',
			headers: {
				'content-type':
				    'application/x-www-form-urlencoded',
				'x-twilio-signature': signature(key, url,
				    params),
			},
			body: new URLSearchParams(params),
		});
		return { status: res.status, body: await res.text(),
			type: res.headers.get('content-type') };
	}

	peer = await startHttp(t, { handle });
	return Object.assign(peer, {
		sid, token, messages,
		// The next messages to this number get these errors.
		fail(to, ...codes) { failures.set(to, codes); },
		// A status callback; key: another than the auth token.
		report(message, status, { errorCode, key } = {}) {
			return post(message.callback, {
				AccountSid: sid, ApiVersion: '2010-04-01',
				From: message.from ?? '', To: message.to,
				MessageSid: message.sid, SmsSid: message.sid,
				MessageStatus: status, SmsStatus: status,
				...(errorCode ?
				    { ErrorCode: String(errorCode) } : {}),
			}, key);
		},
		// Somebody writes.
		incoming(params, { key, url = hookUrl } = {}) {
			const id = newSid('SM');
			return post(url, {
				AccountSid: sid, ApiVersion: '2010-04-01',
				MessageSid: id, SmsSid: id, NumMedia: '0',
				NumSegments: '1', SmsStatus: 'received',
				To: '+15005550006', ...params,
			}, key);
		},
	});
}

// SPDX-License-Identifier: MIT
//
// fcm - a stand-in for Firebase Cloud Messaging, HTTP v1, and for Google's
// token service: checks every assertion with jose and every message against
// the REST reference (fields, types, limits), and answers as they do.
//
//	const fcm = await startFcm(t);
//	fs.writeFileSync(file, fcm.account);
//	conf: { service_account: file, base: fcm.url }
//	fcm.fail(token, 'UNREGISTERED');
//	fcm.expireTokens();
//	fcm.messages	// [{ token, notification, data, ... }]
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Ajv from 'ajv';
import { jwtVerify } from 'jose';
import { expect, startHttp } from './http.mjs';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
const PAYLOAD_MAX = 4096;

const string = { type: 'string' };
const strings = { type: 'object', additionalProperties: string };
const object = (properties, required = []) =>
	({ type: 'object', properties, required, additionalProperties: false });

// projects.messages.send, the part of Message that a sender to one token uses.
const schema = object({
	validate_only: { type: 'boolean' },
	message: object({
		token: { type: 'string', minLength: 1 },
		// Names that FCM keeps for itself are refused.
		data: { type: 'object', additionalProperties: string,
			propertyNames: { not: {
				pattern: '^(from|message_type|google.*|gcm.*)$',
			} } },
		notification: object({ title: string, body: string,
			image: string }),
		android: object({
			collapse_key: string,
			priority: { enum: ['NORMAL', 'HIGH'] },
			ttl: { type: 'string',
				pattern: '^[0-9]+(\\.[0-9]{1,9})?s$' },
			restricted_package_name: string,
			data: strings,
			notification: object({ title: string, body: string,
				icon: string, color: string, sound: string,
				tag: string, click_action: string,
				channel_id: string, ticker: string,
				image: string }),
		}),
		webpush: object({
			headers: strings, data: strings,
			notification: { type: 'object' },
			fcm_options: object({
				link: { type: 'string', pattern: '^https://' },
				analytics_label: string,
			}),
		}),
		apns: object({ headers: strings,
			payload: { type: 'object' },
			fcm_options: object({ image: string,
				analytics_label: string }) }),
		fcm_options: object({ analytics_label: string }),
	}, ['token']),
}, ['message']);

// By errorCode: HTTP status and error.status.
const ERRORS = {
	UNREGISTERED: [404, 'NOT_FOUND'],
	SENDER_ID_MISMATCH: [403, 'PERMISSION_DENIED'],
	INVALID_ARGUMENT: [400, 'INVALID_ARGUMENT'],
	QUOTA_EXCEEDED: [429, 'RESOURCE_EXHAUSTED'],
	UNAVAILABLE: [503, 'UNAVAILABLE'],
	INTERNAL: [500, 'INTERNAL'],
	THIRD_PARTY_AUTH_ERROR: [401, 'UNAUTHENTICATED'],
};

function json(status, body, headers = {}) {
	return {
		status,
		headers: { 'content-type': 'application/json; charset=UTF-8',
			...headers },
		body: JSON.stringify(body),
	};
}

function failure(errorCode, { message = errorCode, headers } = {}) {
	const [code, status] = ERRORS[errorCode];
	return json(code, { error: { code, message, status,
		details: [{ '@type': FCM_ERROR, errorCode }] } }, headers);
}

function badRequest(field, description) {
	return json(400, { error: { code: 400, status: 'INVALID_ARGUMENT',
		message: `Invalid value at '${field}'`,
		details: [{ '@type': BAD_REQUEST,
			fieldViolations: [{ field, description }] }] } });
}

export async function startFcm(t, { project = 'cafe-1', tls } = {}) {
	const { privateKey, publicKey } = generateKeyPairSync('rsa',
	    { modulusLength: 2048 });
	const valid = new Ajv({ allErrors: true }).compile(schema);
	const email = `orderwire@${project}.iam.gserviceaccount.example`;
	const messages = [];
	const failures = new Map();
	const tokens = new Set();
	const assertions = [];
	let refuse = 0;
	let peer;

	async function handleToken(req) {
		const form = new URLSearchParams(req.body);
		const no = (error) => json(400, { error,
			error_description: error });
		expect(peer.faults, /^application\/x-www-form-urlencoded\b/
		    .test(req.headers['content-type'] ?? ''),
		    'content-type of the token request');
		if (refuse > 0) {
			refuse--;
			return no('invalid_grant');
		}
		if (form.get('grant_type') !==
		    'urn:ietf:params:oauth:grant-type:jwt-bearer')
			return no('unsupported_grant_type');
		try {
			const { payload, protectedHeader } = await jwtVerify(
			    form.get('assertion'), publicKey, {
				algorithms: ['RS256'], issuer: email,
				audience: `${peer.url}/token`, typ: 'JWT',
				requiredClaims: ['iss', 'scope', 'aud', 'exp',
					'iat'],
			    });
			if (protectedHeader.kid !== 'kid-1' ||
			    payload.scope !== SCOPE ||
			    payload.exp - payload.iat > 3600)
				return no('invalid_grant');
			assertions.push(payload);
		} catch (e) {
			peer.faults.push(`assertion: ${e.message}`);
			return no('invalid_grant');
		}
		const token = `ya29.${randomBytes(24).toString('base64url')}`;
		tokens.add(token);
		return json(200, { access_token: token, expires_in: 3599,
			token_type: 'Bearer' });
	}

	function handleSend(req) {
		const bearer = /^Bearer (\S+)$/.exec(
		    req.headers.authorization ?? '')?.[1];
		if (!tokens.has(bearer))
			return json(401, { error: { code: 401,
				message: 'Request had invalid authentication ' +
				    'credentials.',
				status: 'UNAUTHENTICATED' } });
		expect(peer.faults, /^application\/json\b/.test(
		    req.headers['content-type'] ?? ''), 'content-type');
		let body;
		try {
			body = JSON.parse(req.body);
		} catch {
			peer.faults.push(`no JSON: ${req.body}`);
			return badRequest('', 'no JSON');
		}
		if (!valid(body)) {
			peer.faults.push(JSON.stringify(valid.errors));
			return badRequest(valid.errors[0].instancePath,
			    valid.errors[0].message);
		}
		const { message } = body;
		const size = JSON.stringify({ ...message.data,
			...message.notification }).length;
		if (!expect(peer.faults, size <= PAYLOAD_MAX,
		    `a payload of ${size}`))
			return failure('INVALID_ARGUMENT',
			    { message: 'Message too big' });
		const fail = failures.get(message.token)?.shift();
		if (fail === 'INVALID_TOKEN')
			return failure('INVALID_ARGUMENT', { message:
			    'The registration token is not a valid FCM ' +
			    'registration token' });
		if (fail)
			return failure(fail, fail === 'QUOTA_EXCEEDED' ||
			    fail === 'UNAVAILABLE' ?
			    { headers: { 'retry-after': '1' } } : {});
		messages.push(message);
		return json(200, { name: `projects/${project}/messages/${
		    messages.length}` });
	}

	function handle(req) {
		expect(peer.faults, req.method === 'POST',
		    `method ${req.method}`);
		if (req.path === '/token')
			return handleToken(req);
		if (req.path === `/v1/projects/${project}/messages:send`)
			return handleSend(req);
		return { status: 404, body: '<html>Not Found</html>' };
	}

	peer = await startHttp(t, { tls, handle });
	return Object.assign(peer, {
		messages, assertions, tokens,
		// The key file's text.
		account: JSON.stringify({
			type: 'service_account', project_id: project,
			private_key_id: 'kid-1',
			private_key: privateKey.export({ type: 'pkcs8',
				format: 'pem' }),
			client_email: email, token_uri: `${peer.url}/token`,
		}),
		// The next messages to this token get these error codes;
		// INVALID_TOKEN is INVALID_ARGUMENT about the token.
		fail(token, ...codes) { failures.set(token, codes); },
		expireTokens() { tokens.clear(); },
		refuseTokens(n) { refuse = n; },
	});
}

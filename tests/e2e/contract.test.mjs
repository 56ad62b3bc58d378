// SPDX-License-Identifier: MIT
//
// contract - contrib/openapi.yaml and contrib/asyncapi.yaml are true.
//
// Both pass a linter.  Every call of openapi.yaml is driven into every status
// that it documents, and each answer is held against its schema, its headers
// and its content type; every message of asyncapi.yaml is made the server
// send, on every channel that lists it (routes and locations are with
// rider.test.mjs).  Schemas are read as closed (lib-contract.mjs), so a
// member that the documents don't know fails, too.  What is documented and
// never driven fails at the end.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createConfig, lint, lintFromString } from '@redocly/openapi-core';
import { order, source, startServer, tenant, until } from './lib.mjs';
import { asyncapi, check, file, messageOf, openapi, read } from
    './lib-contract.mjs';

const deref = (doc, node) => node?.$ref ? node.$ref.slice(2).split('/')
    .reduce((at, k) => at[k.replace(/~1/g, '/')], doc) : node;

// ---- The documents themselves ----------------------------------------------

describe('the documents', () => {
	for (const name of ['openapi', 'asyncapi']) {
		test(`${name}.yaml passes the linter`, async () => {
			const config = await createConfig({ extends: [
				'recommended'], rules: {
				// The server is on this machine.
				'no-server-example.com': 'off' } });
			const faults = await lint({ ref: file(name), config });
			assert.deepEqual(faults.map((f) => `${f.severity} ${
			    f.ruleId} ${f.location[0]?.pointer}: ${f.message}`),
			[]);
		});

		test(`the linter reads ${name}.yaml`, async () => {
			const config = await createConfig({ extends: [
				'recommended'] });
			const faults = await lintFromString({ config,
				absoluteRef: file(name),
				source: read(name).replace(/^info:/m,
				    'inf:') });
			assert.ok(faults.length > 0);
		});
	}

	test('their examples fit their schemas', () => {
		let n = 0;
		for (const item of Object.values(openapi.paths))
			for (const op of Object.values(item)) {
				const body = op.requestBody?.content[
				    'application/json'];
				for (const [k, e] of Object.entries(
				    body?.examples ?? {})) {
					check(body.schema, e.value, k);
					n++;
				}
			}
		for (const [k, r] of Object.entries(
		    openapi.components.responses)) {
			const c = r.content['application/problem+json'];
			if (c.example) {
				check(c.schema, c.example, k);
				n++;
			}
		}
		for (const [k, m] of Object.entries(
		    asyncapi.components.messages))
			for (const e of m.examples ?? []) {
				check(m.payload, e.payload, k, 'asyncapi');
				n++;
			}
		assert.ok(n > 25);
	});
});

// ---- Who is told what ------------------------------------------------------

const hookSecret = 'a secret of the gateway';
const made = [];			// folders

// A folder for notify.share_dir with these rules; every template is there.
function shareDir(rules, templates = {}) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-share-'));
	made.push(dir);
	fs.cpSync(path.join(source, 'etc/templates'),
	    path.join(dir, 'templates'), { recursive: true });
	for (const [name, text] of Object.entries(templates))
		fs.writeFileSync(path.join(dir, `templates/en/${name}.conf`),
		    text);
	fs.writeFileSync(path.join(dir, 'notifications.conf'),
	    `rules = ( ${rules.join(', ')} );\n`);
	return dir;
}

// A gateway that takes every SMS, and FCM with a bad day.
let gateway;
const gatewayUrl = () => `http://127.0.0.1:${gateway.address().port}`;

async function startGateway() {
	gateway = http.createServer((req, res) => {
		req.resume();
		const { pathname } = new URL(req.url, 'http://x');
		const [status, type, text] = pathname === '/sendsms' ?
		    [202, 'text/plain', '0: Accepted for delivery'] :
		    pathname === '/token' ? [200, 'application/json',
			JSON.stringify({ access_token: 'a', token_type: 'Bearer',
				expires_in: 3600 })] :
		    [503, 'application/json', '{}'];
		res.writeHead(status, { 'content-type': type });
		res.end(text);
	});
	gateway.listen(0, '127.0.0.1');
	await once(gateway, 'listening');
}

// A file with a secret in it.
function secretFile(value) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-secret-'));
	made.push(dir);
	const name = path.join(dir, 'secret.json');
	fs.writeFileSync(name, JSON.stringify(value), { mode: 0o600 });
	return name;
}

function pushKeys() {
	const { privateKey } = generateKeyPairSync('ec', {
		namedCurve: 'P-256' });
	return secretFile({ keys: [privateKey.export({ format: 'jwk' })] });
}

function serviceAccount() {
	const { privateKey } = generateKeyPairSync('rsa', {
		modulusLength: 2048 });
	return secretFile({ type: 'service_account', project_id: 'p',
		private_key_id: 'k', client_email: 'a@p.example',
		token_uri: `${gatewayUrl()}/token`,
		private_key: privateKey.export({ type: 'pkcs8',
			format: 'pem' }) });
}

const channels = () => ({
	'channel-webpush': { keys_file: pushKeys(),
		sub: 'mailto:ops@cafe.example' },
	'channel-fcm': { service_account: serviceAccount(),
		base: gatewayUrl() },
	'channel-sms': { gateway: 'kannel', url: `${gatewayUrl()}/sendsms`,
		user: 'u', password: 'p', from: 'Cafe',
		hook_secret: hookSecret },
});

after(() => {
	gateway?.close();
	for (const dir of made)
		fs.rmSync(dir, { recursive: true, force: true });
});

// ---- Driving calls ---------------------------------------------------------

const driven = new Set();		// 'operationId status'
const codes = new Set();
const documented = [];			// { id, method, where, op, status }
for (const [where, item] of Object.entries(openapi.paths))
	for (const [method, op] of Object.entries(item))
		if (op.responses)
			for (const status of Object.keys(op.responses))
				documented.push({ id: op.operationId, method,
					where, op, status: Number(status) });
const operation = (id) => documented.find((d) => d.id === id);

function checkAnswer(id, a, want) {
	const { op } = operation(id);
	const what = `${id} ${a.status}`;
	if (want !== undefined)
		assert.equal(a.status, want, `${what}: ${a.text}`);
	const response = deref(openapi, op.responses[a.status]);
	assert.ok(response, `${what} is not documented: ${a.text}`);
	for (const [name, ref] of Object.entries(response.headers ?? {})) {
		const header = deref(openapi, ref);
		let value = a.headers[name.toLowerCase()];
		if (value === undefined) {
			assert.ok(!header.required, `${what} has no ${name}`);
			continue;
		}
		if (header.schema.type === 'integer')
			value = Number(value);
		check(header.schema, value, `${what} ${name}`);
	}
	const type = (a.headers['content-type'] ?? '').split(';')[0];
	if (!response.content) {
		assert.equal(a.text, '', `${what} has a body`);
	} else {
		assert.ok(response.content[type], `${what} is ${type}`);
		check(response.content[type].schema, a.body ?? a.text, what);
	}
	if (a.body?.code)
		codes.add(a.body.code);
	if (a.status === 422)
		assert.ok(a.body.errors?.length > 0, `${what}: ${a.text}`);
	driven.add(`${id} ${a.status}`);
	return a;
}

let ow, t;		// the server, and tokens by role

before(async () => {
	await startGateway();
	ow = await startServer(null, { conf: {
		stream: { streams_per_subject: 1, replay_max: 100 },
		notify: { share_dir: shareDir([`{ event = "order.accepted";
		    channels = [ "in_app", "push", "sms" ]; }`]) },
		outbox: { backoff_ms: '1h', backoff_max_ms: '1h' },
		plugins: channels() } });
	t = {
		service: await ow.token({ role: 'service' }),
		kitchen: await ow.token({ role: 'kitchen' }),
		ada: await ow.token({ role: 'customer', sub: 'ada' }),
		bob: await ow.token({ role: 'customer', sub: 'bob' }),
		admin: await ow.token({ role: 'admin', tenant: '*',
			sub: 'root' }),
		foreign: await ow.token({ role: 'service', tenant: 'other' }),
	};
});
after(() => ow.destroy());

// Fills a path in and sends: { id, item, link } and the rest as ow.call's.
function send(id, { server = ow, params = {}, query = '', body, token,
	headers } = {}) {
	const { method, where, op } = operation(id);
	const at = where.replace(/\{(\w+)\}/g, (_, k) => params[k] ??
	    { tenant }[k] ?? 'x');
	const base = op.servers ? server.adminUrl : server.url;
	const data = body ?? (op.requestBody?.required ? '{}' : undefined);
	if (at.startsWith('/sse/'))
		return server.sse(at + query, token, { headers }).then((s) => {
			const a = { status: 200, headers: s.headers, text: '' };
			s.destroy();
			return a;
		}, (e) => {
			assert.ok(e.answer, `${id}: ${e.message}`);
			return e.answer;
		});
	return server.call(method.toUpperCase(), base + at + query, data, token,
	    headers);
}

const drive = async (id, want, options) =>
	checkAnswer(id, await send(id, options), want);

const json = (type) => ({ 'content-type': type });
const ids = [...new Set(documented.map((d) => d.id))];
const has = (id, status) => operation(id).op.responses[status];
const roles = {			// who is refused what they ask for
	createOrder: 'kitchen', addEvent: 'kitchen', assignDelivery: 'kitchen',
	setStatus: 'ada', setItemStatus: 'ada', setEta: 'ada',
	createTrackingLink: 'kitchen', revokeTrackingLink: 'kitchen',
	listPlugins: 'kitchen', getEstimates: 'service', drain: 'kitchen',
	streamKitchen: 'ada',
	getJourney: 'kitchen', listNotifications: 'kitchen',
	removeNotifications: 'service', readNotifications: 'service',
	readNotification: 'kitchen', removeNotification: 'kitchen',
	getPreferences: 'service', setPreferences: 'kitchen',
	addPushSubscription: 'kitchen', removePushSubscription: 'service',
	listJobs: 'service', getJob: 'service', retryJob: 'kitchen',
};
// Who asks, when the answer does not depend on it.
const asker = (id) => operation(id).op.servers ? 'admin' :
    /^(?!stream).*(otification|Push|Preference)/.test(id) ? 'ada' : 'service';
const isOpen = (id) => operation(id).op.security?.length === 0;
const takesJson = (id) => operation(id).op.requestBody?.content[
    'application/json'];
const phone = { token: `${'f'.repeat(30)}`, channel: 'fcm' };
const nowhere = '019a5a1e-7c40-7cc3-98c4-dc0c0c07398f';

describe('every call', () => {
	let o, d, item, link;		// orders: ada's for pickup, a delivery
	let told;			// one that she was told of
	const jobs = {};		// by kind, for her notices
	const on = (x) => ({ id: x.id, item_id: x.items[0].id });

	before(async () => {
		({ order: o } = await ow.newOrder({ customer_id: 'ada',
			external_ref: 'contract' }));
		({ order: d } = await ow.newOrder({ fulfilment: 'delivery' }));
		item = o.items[0].id;
		assert.ok(item);
	});

	test('does what it says', async () => {
		const { service, kitchen, ada, admin } = t;
		await drive('createOrder', 201, { token: service,
			body: openapi.paths['/api/v1/{tenant}/orders'].post
			    .requestBody.content['application/json'].examples
			    .whole.value });
		await drive('listOrders', 200, { token: kitchen,
			query: '?limit=1' });
		await drive('listOrders', 200, { token: ada });
		const got = await drive('getOrder', 200, { token: ada,
			params: on(o) });
		await drive('getOrder', 304, { token: ada, params: on(o),
			headers: { 'if-none-match': got.headers.etag } });
		await drive('setItemStatus', 200, { token: kitchen,
			params: on(o), body: { status: 'preparing' } });
		await drive('setEta', 200, { token: kitchen, params: on(d),
			body: { ready_in_s: 60 } });
		await drive('assignDelivery', 200, { token: service,
			params: on(d), body: { fleet_member_id: 'f',
				task_id: 't' } });
		for (const to of ['accepted', 'preparing', 'ready'])
			await drive('setStatus', 200, { token: kitchen,
				params: on(d), body: { status: to } });
		await drive('setStatus', 200, { token: kitchen, params: on(d),
			body: { status: 'preparing', reason: 'r' } });
		for (const data of [null, 1.10, 'x', [], { a: 1 }])
			await drive('addEvent', 201, { token: service,
				params: on(d), body: { type: 'x.y', data } });
		await drive('getTracking', 200, { token: kitchen,
			params: on(d) });
		await drive('getTracking', 200, { token: ada, params: on(o) });
		await drive('listEvents', 200, { token: kitchen,
			params: on(d) });
		await drive('listEvents', 200, { token: ada, params: on(o) });
		const made = await drive('createTrackingLink', 201, {
			token: ada, params: on(o), body: {
				expires_in_s: 60 } });
		await drive('createTrackingLink', 201, { token: service,
			params: on(o) });
		link = made.body.id;
		await drive('getTracking', 200, { token: made.body.token,
			params: on(o) });
		await drive('getOrder', 403, { token: made.body.token,
			params: on(o) });
		await drive('revokeTrackingLink', 204, { token: ada,
			params: { ...on(o), link_id: link } });
		await drive('createStreamTicket', 201, { token: ada,
			body: { path: '/sse/notifications' } });
		await drive('getOrderModel', 200);
		await drive('streamOrder', 200, { token: service,
			params: on(o) });
		await drive('streamKitchen', 200, { token: kitchen });
		await drive('streamNotifications', 200, { token: ada });
		await drive('getHealth', 200);
		await drive('getReady', 200);
		await drive('getMetrics', 200);
		await drive('listPlugins', 200, { token: admin });
		await drive('getEstimates', 200, { token: admin,
			query: '?tenant=cafe' });
	});

	// Ada is told of an order by all means, and does what people do.
	test('about notices does what it says', async () => {
		const { service, ada, admin, kitchen } = t;
		await drive('getPushKey', 200);
		const browser = openapi.paths['/api/v1/{tenant}/push-' +
		    'subscriptions'].post.requestBody.content[
		    'application/json'].examples.browser.value;
		await drive('addPushSubscription', 422, { token: ada,
			body: { ...browser, endpoint: 'https://127.0.0.1/x' } });
		const b = await drive('addPushSubscription', 201, { token: ada,
			body: { ...browser, channel: 'webpush', endpoint:
			    'https://fcm.googleapis.com/fcm/send/x' } });
		// Nothing may leave this machine.
		await drive('removePushSubscription', 204, { token: ada,
			params: { id: b.body.id } });
		const p = await drive('addPushSubscription', 201, { token: ada,
			body: phone });
		await drive('addPushSubscription', 200, { token: ada,
			body: phone });
		({ order: told } = await ow.newOrder({ customer_id: 'ada',
			external_ref: 'told', contact: {
				phone: '+4917012345678' } }));
		await drive('setStatus', 200, { token: kitchen,
			params: on(told), body: { status: 'accepted' } });
		for (const [kind, state] of [['fcm', 'later'], ['sms', 'sent']])
			jobs[kind] = await until(async () => (await drive(
			    'listJobs', 200, { token: admin, query: `?state=${
				state}&channel=${kind}&tenant=${tenant}&limit=1`
			    })).body.data[0], { what: `a ${kind} ${state}` });
		const inbox = await drive('listNotifications', 200, {
			token: ada, query: '?unread=true&limit=1' });
		assert.equal(inbox.body.unread_count, 1);
		const id = inbox.body.data[0].id;
		await drive('readNotification', 204, { token: ada,
			params: { id } });
		await drive('readNotifications', 204, { token: ada });
		await drive('listNotifications', 200, { token: ada });
		await drive('removeNotification', 204, { token: ada,
			params: { id } });
		await drive('removeNotifications', 204, { token: ada });
		const prefs = await drive('getPreferences', 200, {
			token: ada });
		assert.equal(prefs.headers.etag, '"0"');
		const saved = await drive('setPreferences', 200, { token: ada,
			headers: { 'if-match': prefs.headers.etag },
			body: openapi.paths['/api/v1/{tenant}/notification-' +
			    'preferences'].put.requestBody.content[
			    'application/json'].examples.quiet.value });
		assert.equal(saved.headers.etag, '"1"');
		await drive('setPreferences', 412, { token: ada,
			headers: { 'if-match': '"9"' }, body: {} });
		await drive('setPreferences', 412, { token: ada,
			body: { version: 0 } });
		await drive('setPreferences', 200, { token: ada, body: {} });
		await drive('getPreferences', 200, { token: ada });
		await drive('getJob', 200, { token: admin,
			params: { id: jobs.fcm.id } });
		await drive('retryJob', 200, { token: admin,
			params: { id: jobs.fcm.id } });
		await drive('retryJob', 409, { token: admin,
			params: { id: jobs.sms.id } });
		for (const event of ['displayed', 'clicked', 'dismissed'])
			await drive('addReceipt', 204, { body: { event,
				token: ow.signed('receipt', jobs.fcm.id) } });
		const journey = await drive('getJourney', 200, {
			token: service, params: { id: 'ref:told' } });
		const kinds = new Set(journey.body.entries.map((e) => e.kind));
		for (const kind of ['event', 'notice', 'job', 'attempt',
			'receipt'])
			assert.ok(kinds.has(kind), `${kind}: ${journey.text}`);
		await drive('removePushSubscription', 204, { token: ada,
			params: { id: p.body.id } });
	});

	test('from outside needs its own token', async () => {
		const token = ow.signed('unsubscribe', `${tenant}\nada\nsms`);
		const html = { accept: 'text/html' };
		const post = { body: 'List-Unsubscribe=One-Click', headers:
		    json('application/x-www-form-urlencoded') };
		const seen = await drive('lookUnsubscribe', 200, {
			params: { token }, headers: html });
		assert.match(seen.text, /<form method="post">/);
		const before = await drive('getPreferences', 200, {
			token: t.ada });
		assert.equal(before.body.channels.sms, true);
		await drive('lookUnsubscribe', 401, { params: {
			token: ow.signed('receipt', 'x') } });
		await drive('unsubscribe', 200, { params: { token }, ...post });
		await drive('unsubscribe', 200, { params: { token },
			body: post.body, headers: { ...post.headers,
				...html } });
		const now = await drive('getPreferences', 200, { token: t.ada });
		assert.equal(now.body.channels.sms, false);
		for (const more of [{}, html])
			await drive('unsubscribe', 401, { params: {
				token: `${token.slice(0, -4)}AAAA` },
			body: post.body, headers: { ...post.headers,
				...more } });
		const big = { body: 'x'.repeat(300000),
			headers: post.headers };
		await drive('unsubscribe', 413, { params: { token }, ...big });
		const kannel = { kind: 'sms', name: 'kannel' };
		const secret = createHmac('sha256', hookSecret)
		    .update('incoming').digest('hex');
		for (const id of ['hook', 'hookByGet']) {
			await drive(id, 200, { params: kannel, query: `?token=${
			    secret}&from=%2B4917012345678&text=hello` });
			await drive(id, 400, { params: kannel,
				query: `?token=${secret}` });
			await drive(id, 401, { params: kannel,
				query: '?token=x&from=%2B49170&text=STOP' });
			await drive(id, 404, { params: { kind: 'sms',
				name: 'nobody' } });
		}
		await drive('hook', 413, { params: kannel, ...big });
		await drive('addReceipt', 401, { body: { event: 'clicked',
			token: ow.signed('unsubscribe', 'x') } });
		await drive('addReceipt', 404, { body: { event: 'clicked',
			token: ow.signed('receipt', nowhere) } });
	});

	test('is refused to nobody and strangers', async () => {
		for (const id of ids) {
			if (has(id, 401) && !isOpen(id))
				for (const token of [undefined, 'a.b.c'])
					await drive(id, 401, { token,
						params: on(o) });
			if (!has(id, 403))
				continue;
			if (roles[id])
				await drive(id, 403, { token: t[roles[id]],
					params: { ...on(o), link_id: link } });
			if (operation(id).where.includes('{tenant}'))
				await drive(id, 403, { token: t.foreign,
					params: on(o) });
		}
		await drive('listOrders', 403, { token: t.bob,
			query: '?customer_id=ada' });
		const tracking = (await ow.newOrder()).tracking.token;
		await drive('streamNotifications', 403, { token: tracking });
		await drive('streamKitchen', 403, { token: tracking });
		await drive('streamOrder', 403, { token: tracking,
			params: on(o) });
	});

	// Tracking tokens are looked up, so this is not the same as 'a.b.c'.
	test('asks for the token before it reads a body', async () => {
		const wrong = [];
		for (const id of ids) {
			if (!has(id, 401) || isOpen(id))
				continue;
			const a = checkAnswer(id, await send(id, { token:
			    'nonsense', params: on(o) }));
			if (a.status !== 401)
				wrong.push(`${id} ${a.status}`);
		}
		assert.deepEqual(wrong, []);
	});

	test('knows what is not there', async () => {
		const bodies = { setStatus: { status: 'ready' },
			setItemStatus: { status: 'ready' },
			setEta: { ready_in_s: 1 },
			assignDelivery: { fleet_member_id: 'f' },
			addEvent: { type: 'x.a', data: 1 } };
		for (const id of ids)
			if (has(id, 404) && !isOpen(id))
				await drive(id, 404, { token: t[asker(id)],
					body: bodies[id], params: {
						id: nowhere } });
		await drive('setItemStatus', 404, { token: t.kitchen,
			params: { ...on(o), item_id: 'x' },
			body: { status: 'ready' } });
		await drive('revokeTrackingLink', 404, { token: t.ada,
			params: { ...on(o), link_id: 'x' } });
		await drive('getOrder', 404, { token: t.bob, params: on(o) });
	});

	test('refuses bodies and parameters', async () => {
		for (const id of ids) {
			const { where } = operation(id);
			const p = { token: t[asker(id)], params: on(o) };
			if (takesJson(id)) {
				await drive(id, 400, { ...p, body: '{"a":' });
				await drive(id, 415, { ...p, body: 'a=1',
					headers: json('text/plain') });
				await drive(id, 422, { ...p, body: id ===
				    'createTrackingLink' ? { expires_in_s: 0 } :
				    id === 'setPreferences' ? { contact: {
					phone: '0170' } } : { status: 7 } });
				await drive(id, 413, { ...p,
					body: `"${'x'.repeat(300000)}"` });
			}
			if (has(id, 422) && !has(id, 413))
				await drive(id, 422, { ...p,
					query: '?limit=1000' });
			if (where.startsWith('/sse/'))
				await drive(id, 400, { ...p,
					query: '?since=x' });
		}
		await drive('listEvents', 422, { token: t.service,
			params: on(o), query: '?since=-1' });
		await drive('createOrder', 400, { token: t.service,
			body: order(), headers: {
				'idempotency-key': 'x'.repeat(256) } });
		const k = { 'idempotency-key': 'contract' };
		await drive('createOrder', 201, { token: t.service,
			body: order(), headers: k });
		await drive('createOrder', 422, { token: t.service,
			body: order({ number: '1' }), headers: k });
		await drive('setStatus', 200, { token: t.kitchen, params: on(d),
			body: { status: 'ready' } });
		await drive('setStatus', 422, { token: t.kitchen, params: on(d),
			body: { status: 'preparing' } });
	});

	test('meets what is in the way', async () => {
		const { service, kitchen } = t;
		await drive('createOrder', 409, { token: service,
			body: order({ external_ref: 'contract' }) });
		await drive('setStatus', 409, { token: kitchen, params: on(o),
			body: { status: 'delivered' } });
		await drive('setStatus', 409, { token: kitchen, params: on(o),
			body: { status: 'ready', expected_seq: 99 } });
		await drive('setItemStatus', 409, { token: kitchen,
			params: on(o), body: { status: 'served' } });
		await drive('assignDelivery', 409, { token: service,
			params: on(o), body: { fleet_member_id: 'f' } });
		const { order: done } = await ow.newOrder();
		await drive('setStatus', 200, { token: kitchen,
			params: on(done), body: { status: 'rejected' } });
		await drive('setEta', 409, { token: kitchen, params: on(done),
			body: { ready_in_s: 1 } });
		const bodies = { addEvent: { type: 'x.a', data: 1 },
			createTrackingLink: {}, addPushSubscription: phone,
			addReceipt: { event: 'clicked', token: ow.signed(
			    'receipt', jobs.fcm.id) } };
		for (const [id, body] of Object.entries(bodies)) {
			let met = false;
			for (let n = 0; n < 50 && !met; n++) {
				const all = await Promise.all(Array.from({
					length: 20 }, () => send(id, { token:
					t[asker(id)], params: on(o), body, headers: {
					'idempotency-key': `${id}${n}` } })));
				for (const a of all) {
					checkAnswer(id, a);
					met ||= a.status === 409;
				}
			}
			assert.ok(met, `${id}: none was caught in flight`);
		}
	});

	test('says when it is too much', async (c) => {
		const s = await startServer(c, { conf: { server: { workers: 1 },
			http: { loopback_exempt: false, rate_per_address: 1,
				rate_per_token: 0, rate_burst: 1 } } });
		for (const id of ids) {
			const tryOnce = async () => {
				const a = await send(id, { server: s,
					token: t.service });
				return a.status === 429 ? a : null;
			};
			const limited = has(id, 429) && await until(tryOnce,
			    { every: 0 }).catch(() => null);
			if (limited)
				checkAnswer(id, limited, 429);
		}
		const held = await ow.sse('/sse/notifications', t.bob);
		await held.waitFor('notifications.snapshot');
		const many = await Promise.all(Array.from({ length: 8 }, () =>
		    send('streamNotifications', { token: t.bob })));
		for (const a of many)
			checkAnswer('streamNotifications', a);
		await held.close();
	});

	// Who comes when there is no room is told so, whatever it wants; the
	// admin's listener has room for 256.
	test('says when it cannot', async (c) => {
		const s = await startServer(c, { conf: { server: { workers: 1 },
			http: { connections_max: 16,
				connections_per_address: 0 } } });
		s.agent.destroy();
		const fill = async (port, n) => {
			const list = [];
			for (let i = 0; i < n; i++)
				list.push(await s.raw(undefined, { port }));
			return list;
		};
		await fill(s.port, 20);
		await fill(s.adminPort, 270);
		for (const id of ids)
			if (has(id, 503))
				await drive(id, 503, { server: s,
					token: t.service });
	});

	test('of the end is the last', async (c) => {
		const s = await startServer(c);
		const token = await s.token({ role: 'admin', tenant: '*' });
		await drive('getPushKey', 404, { server: s });
		await drive('addPushSubscription', 422, { server: s,
			token: await s.token({ role: 'customer', sub: 'ada' }),
			body: phone });
		await drive('drain', 202, { server: s, token });
		assert.equal((await s.exit).code, 0);
	});

	test('was driven into every status', () => {
		const missed = documented.map((x) => `${x.id} ${x.status}`)
		    .filter((x) => !driven.has(x));
		console.log(`# ${documented.length} answers of ${ids.length
		} calls are documented, ${missed.length} were not seen; ${
		    codes.size} codes of problems`);
		assert.deepEqual(missed, []);
	});
});

test('what is refused before any call is as documented', async () => {
	const head = (line, ...more) => `${[line, 'Host: x', ...more]
	    .join('\r\n')}\r\n\r\n`;
	const get = `GET /api/v1/${tenant}/order-model HTTP/1.1`;
	const post = `POST /api/v1/${tenant}/orders HTTP/1.1`;
	const seen = {};
	for (const [status, text] of Object.entries({
		400: `${get}\r\n\r\n`,
		404: head('GET /nothing HTTP/1.1'),
		405: head(`DELETE /api/v1/${tenant}/orders HTTP/1.1`),
		411: head(post, 'Transfer-Encoding: chunked'),
		413: head(post, 'Content-Length: 99999999'),
		414: head(`GET /${'x'.repeat(5000)} HTTP/1.1`),
		417: head(get, 'Expect: x'),
		431: head(get, `X: ${'x'.repeat(9000)}`),
		501: head('BREW / HTTP/1.1'),
		505: head('GET / HTTP/3.0'),
	})) {
		const s = await ow.raw(text);
		const [a] = await s.waitAnswers(1);
		s.destroy();
		assert.equal(a.status, Number(status), a.text);
		assert.match(a.headers['content-type'], /problem\+json/);
		check({ $ref: '#/components/schemas/Problem' }, a.body,
		    `${status}`);
		if (a.status === 405)
			assert.equal(a.headers.allow.split(', ').sort().join(),
			    'GET,POST');
		seen[status] = true;
	}
	// 408 takes its time (hostile.test.mjs); 429 and 503 were driven above.
	assert.deepEqual(Object.keys(openapi['x-refusals']).filter((s) =>
	    !seen[s]), ['408', '429', '503']);
});

// ---- Driving streams -------------------------------------------------------

const heard = new Set();		// 'channel message'

function hear(channel, text) {
	heard.add(`${channel} ${messageOf(channel, text)}`);
}

describe('every message', () => {
	const open = {
		orderSocket: (s, id, token, q = '') =>
			s.ws(`/ws/orders/${id}/tracking${q}`, token),
		kitchenSocket: (s, id, token) => s.ws('/ws/kitchen', token),
		notificationsSocket: (s, id, token, q = '') =>
			s.ws(`/ws/notifications${q}`, token),
		orderEvents: (s, id, token, q = '') =>
			s.sse(`/sse/orders/${id}/tracking${q}`, token),
		kitchenEvents: (s, id, token) => s.sse('/sse/kitchen', token),
		notificationsEvents: (s, id, token, q = '') =>
			s.sse(`/sse/notifications${q}`, token),
	};
	const streams = [];
	const add = async (channel, ...args) => {
		const stream = await open[channel](...args);
		streams.push({ channel, stream });
		return stream;
	};
	let s, token, person;

	before(async () => {
		s = await startServer(null, { conf: {
			auth: { leeway_ms: '0s' },
			stream: { heartbeat_ms: '1s', silence_ms: '30s',
				buffer_max: '16k', replay_max: 20,
				finished_ms: '500ms' },
			notify: { share_dir: shareDir([`{ event = "x.n";
			    channels = [ "in_app" ]; }`], { 'x-n':
			    `title = "News"; text = "${'y'.repeat(4000)}";`,
			}) } } });
		token = await s.token({ role: 'service', sub: 'pos' });
		// The same person, as one who has notices.
		person = await s.token({ role: 'customer', sub: 'pos' });
	});
	after(() => s.destroy());

	const post = (o, n, size = 10) => s.post(`/orders/${o.id}/events`,
	    { type: 'x.n', data: `${n}${'y'.repeat(size)}` }, token);
	const patch = async (o, what, body) => assert.equal((await s.call(
	    what === 'delivery' ? 'PUT' : 'PATCH', `/orders/${o.id}/${what}`,
	    body, token)).status, 200);

	test('of an order and of a kitchen', async () => {
		const { order: a } = await s.newOrder({
			fulfilment: 'delivery', customer_id: 'pos' });
		for (const channel of ['orderSocket', 'orderEvents']) {
			await add(channel, s, a.id, token, '?since=0');
			await add(channel, s, a.id, token);
		}
		for (const channel of ['kitchenSocket', 'kitchenEvents'])
			await add(channel, s, a.id, token);
		for (const channel of ['notificationsSocket',
			'notificationsEvents'])
			await add(channel, s, a.id, token, '?since=0');
		for (const { stream } of streams) {
			await stream.waitCount(1);
			stream.send?.({ type: 'ping' });
			stream.send?.({ type: 'auth', token });
		}
		await s.newOrder();
		await patch(a, `items/${a.items[0].id}/status`,
		    { status: 'preparing' });
		await patch(a, 'eta', { ready_in_s: 60 });
		await patch(a, 'delivery', { fleet_member_id: 'f' });
		assert.equal((await post(a, 0)).status, 201);
		const mine = streams.filter((x) => /^notifications/
		    .test(x.channel));
		for (const { stream } of mine)
			await stream.waitFor('notification.new');
		for (const [method, where, body] of [
			['PUT', '/notifications/read'],
			['DELETE', '/notifications'],
			['PUT', '/notification-preferences', {}]])
			assert.ok((await s.call(method, where, body, person))
			    .status < 300);
		for (const { stream } of mine) {
			await stream.waitFor((m) => m.type ===
			    'notification.read' && m.data.removed);
			await stream.waitFor('preferences.updated');
		}
		for (const { channel, stream } of streams) {
			if (!/^notifications/.test(channel))
				await stream.waitFor('x.n');
			if (stream.send)
				await stream.waitFor('pong');
			await stream.waitFor('heartbeat');
		}
	});

	// Whoever does not read falls behind and is told so, once it reads
	// again: the kernel's buffers have to be full before that.
	test('of who fell behind', { timeout: 120000 }, async () => {
		const { order: o } = await s.newOrder({
			customer_id: 'pos' });
		const behind = [];
		for (const channel of ['orderSocket', 'orderEvents',
			'kitchenSocket', 'kitchenEvents',
			'notificationsSocket', 'notificationsEvents']) {
			const stream = await add(channel, s, o.id, token);
			await stream.waitCount(1);
			const tcp = stream.socket?._socket ?? stream.req.socket;
			tcp.pause();
			behind.push({ stream, tcp });
		}
		for (let n = 0; n < 3600; n += 40)
			await Promise.all(Array.from({ length: 40 },
			    (_, i) => post(o, n + i, 4000)));
		for (const { tcp } of behind)
			tcp.resume();
		for (const { stream } of behind)
			await stream.waitFor('stream.resync', { ms: 20000 });
	});

	test('of the end of a token and of an order', async () => {
		const short = await s.token({ role: 'service', sub: 'pos',
			ttl: '3s', fresh: true });
		const { order: o } = await s.newOrder();
		const end = [];
		for (const channel of Object.keys(open))
			end.push(await add(channel, s, o.id, short));
		const last = [await add('orderSocket', s, o.id, token),
			await add('orderEvents', s, o.id, token)];
		for (const x of last)
			await x.waitFor('order.snapshot');
		await patch(o, 'status', { status: 'rejected' });
		for (const x of [...end, ...last])
			await x.waitEnd();
		for (const x of end.filter((y) => !y.send))
			assert.equal(x.messages.at(-1).type, 'stream.end');
		// Who comes late sees how it ended, by either way.
		for (const q of ['', '?since=0'])
			for (const channel of ['orderSocket', 'orderEvents']) {
				const late = await add(channel, s, o.id, token,
				    q);
				const how = await late.waitEnd();
				const types = late.messages.map((m) => m.type);
				assert.deepEqual(types, [...q ?
				    ['order.created', 'order.status.changed',
					'stream.live'] : ['order.snapshot'],
				...late.send ? [] : ['stream.end']]);
				assert.equal(how.code ?? late.messages.at(-1)
				    .data.code, 4010);
			}
	});

	test('was heard on every channel that lists it', () => {
		for (const { channel, stream } of streams)
			for (const text of stream.raws)
				hear(channel, text);
		const missed = [];
		for (const [channel, { messages }] of
		    Object.entries(asyncapi.channels))
			for (const name of Object.keys(messages))
				// Routes and locations take a driver:
				// rider.test.mjs holds them against
				// the same schemas.
				if (!['auth', 'ping', 'routeUpdated',
				    'locationUpdated'].includes(name) &&
				    !heard.has(`${channel} ${name}`))
					missed.push(`${channel} ${name}`);
		console.log(`# ${heard.size} messages of ${
		    Object.keys(asyncapi.channels).length} channels, ${
		    streams.reduce((n, x) => n + x.stream.raws.length, 0)
		} looked at`);
		assert.deepEqual(missed, []);
	});

	test('of a client is understood', () => {
		const { messages } = asyncapi.components;
		check(messages.ping.payload, { type: 'ping' }, 'ping',
		    'asyncapi');
		check(messages.auth.payload, { type: 'auth', token: 'x' },
		    'auth', 'asyncapi');
	});
});

test('the model and the documents have the same words', async () => {
	const { body: m } = await ow.get('/order-model');
	const words = (name) => openapi.components.schemas[name].enum;
	assert.deepEqual(m.statuses.map((x) => x.name), words('OrderStatus'));
	assert.deepEqual(m.item_statuses.map((x) => x.name),
	    words('ItemStatus'));
	assert.deepEqual(m.delivery_statuses.map((x) => x.name),
	    words('DeliveryStatus'));
	assert.deepEqual(m.fulfilments, words('Fulfilment'));
	assert.deepEqual(m.notification_media, ['in_app', 'push', 'email', 'sms',
		'webhook']);
	for (const status of m.statuses)
		assert.ok(m.notification_events.includes(
		    `order.${status.name}`), status.name);
	const types = new Set([...m.event_types, 'x.NAME', 'pong',
		'stream.end', 'auth', 'ping']);
	for (const x of Object.values(asyncapi.components.messages))
		assert.ok(types.has(x.name), x.name);
});

// ---- What no schema says ---------------------------------------------------

describe('as it is written', () => {
	test('each message of a stream has a type, an id, a time and data',
	    async () => {
		const s = await startServer(null, { conf: {
			stream: { heartbeat_ms: '1s' } } });
		try {
			const token = await s.token({ role: 'service', sub: 'a',
				ttl: '29s', fresh: true });
			const { order: o } = await s.newOrder();
			const ws = await s.ws(`/ws/orders/${o.id}/tracking` +
			    '?since=0', token);
			ws.send({ type: 'ping' });
			for (const type of ['order.created', 'stream.live', 'pong',
				'auth.expiring', 'heartbeat'])
				await ws.waitFor(type);
			for (const m of ws.messages) {
				assert.match(m.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-/);
				assert.equal(m.id[14], '7');
				assert.match(m.at,
				    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
				assert.equal(typeof m.data, 'object', m.type);
			}
		} finally {
			await s.destroy();
		}
	});

	test('an external_ref serves wherever an id does', async () => {
		const ref = 'A/1042 \u00fc%2F?';
		const { order: o, tracking } = await ow.newOrder({
			external_ref: ref, customer_id: 'bob' });
		const at = `/orders/${encodeURIComponent(`ref:${ref}`)}`;
		for (const [method, where, body] of [
			['GET', ''], ['GET', '/tracking'], ['GET', '/events'],
			['GET', '/journey'],
			['POST', '/events', { type: 'x.NAME', data: 1 }],
			['PATCH', '/status', { status: 'accepted' }],
			['PATCH', `/items/${o.items[0].id}/status`,
				{ status: 'preparing' }],
			['PATCH', '/eta', { ready_in_s: 60 }]]) {
			const a = await ow.call(method, at + where, body,
			    t.service);
			assert.ok(a.status < 300, `${where}: ${a.text}`);
		}
		const link = await ow.post(`${at}/tracking-links`, {}, t.bob);
		assert.equal((await ow.delete(`${at}/tracking-links/${
		    link.body.id}`, t.bob)).status, 204);
		// In the URL of a ticket's stream, too, whatever is behind it.
		for (const more of ['', '?since=0']) {
			const where = `/sse${at}/tracking${more}`;
			const a = await ow.post('/stream-tickets', {
				path: where }, tracking.token);
			assert.equal(a.status, 201, a.text);
			const sse = await ow.sse(`${where}${more ? '&' : '?'
			}ticket=${a.body.ticket}`);
			await sse.waitFor(more ? 'order.created' :
			    'order.snapshot');
			await sse.close();
		}
		const ws = await ow.ws(`/ws${at}/tracking`, tracking.token);
		await ws.waitFor('order.snapshot');
		await ws.close();
	});

	test('a link ends when it says', async () => {
		const { order: o } = await ow.newOrder({ customer_id: 'ada' });
		const { body: link } = await ow.post(`/orders/${o.id}/` +
		    'tracking-links', { expires_in_s: 1 }, t.ada);
		const ws = await ow.ws(`/ws/orders/${o.id}/tracking`,
		    link.token);
		await ws.waitFor('order.snapshot');
		assert.equal((await ws.waitEnd()).code, 4001);
		assert.equal((await ow.get(`/orders/${o.id}/tracking`,
		    link.token)).status, 401);
	});

	// More than may wait for one stream: it comes in portions that nobody
	// notices.
	test('a replay of a hundred big events is whole', async () => {
		const { order: o } = await ow.newOrder();
		for (let i = 0; i < 99; i++)
			assert.equal((await ow.post(`/orders/${o.id}/events`, {
				type: 'x.big', data: 'y'.repeat(4000) },
			t.service)).status, 201);
		const at = `orders/${o.id}/tracking?since=0`;
		const both = [await ow.ws(`/ws/${at}`, t.service),
			await ow.sse(`/sse/${at}`, t.kitchen)];
		for (const s of both)
			await s.waitFor('stream.live');
		await ow.post(`/orders/${o.id}/events`, { type: 'x.last',
			data: 1 }, t.service);
		for (const s of both) {
			await s.waitFor('x.last');
			assert.deepEqual(s.seqs(), Array.from({ length: 101 },
			    (_, i) => i + 1));
			assert.deepEqual(s.messages.map((m) => m.type).filter(
			    (x) => /^(stream|order.snap)/.test(x)),
			['stream.live']);
			await s.close();
		}
	});

	test('an admin of all tenants names one, or an order', async () => {
		const { order: o } = await ow.newOrder({ external_ref: 'star' });
		const all = `/api/v1/*/orders`;
		const status = async (method, where, body, token = t.admin) =>
			(await ow.call(method, where, body, token)).status;
		assert.equal(await status('GET', `${all}/${o.id}`), 200);
		assert.equal(await status('GET', `${all}/${o.id}/events`), 200);
		assert.equal(await status('PATCH', `${all}/${o.id}/status`,
		    { status: 'accepted' }), 200);
		assert.equal(await status('GET', `${all}/ref:star`), 404);
		assert.equal(await status('GET', all), 403);
		assert.equal(await status('POST', all, order()), 403);
		for (const token of [t.service, t.ada, t.foreign])
			assert.equal(await status('GET', `${all}/${o.id}`,
			    undefined, token), 403);
		const ws = await ow.ws(`/ws/orders/${o.id}/tracking`, t.admin);
		await ws.waitFor('order.snapshot');
		await ws.close();
	});

	// Names with a "/" in them, which only look alike when they are put
	// together.
	test('a person is one of one tenant', async () => {
		const mine = await ow.token({ role: 'customer',
			tenant: 'chain/north', sub: 'ada' });
		const other = await ow.token({ role: 'customer',
			tenant: 'chain', sub: 'north/ada' });
		const service = await ow.token({ role: 'service',
			tenant: 'chain/north' });
		const told = await ow.ws('/ws/notifications', mine);
		const not = await ow.ws('/ws/notifications', other);
		for (const s of [told, not])
			await s.waitFor('notifications.snapshot');
		const orders = '/api/v1/chain%2Fnorth/orders';
		const { body, headers } = await ow.post(orders, order({
			customer_id: 'ada' }), service);
		assert.equal((await ow.get(headers.location, service)).status,
		    200);
		await ow.patch(`${orders}/${body.order.id}/status`, {
			status: 'accepted' }, service);
		await told.waitFor('notification.new');
		// A stream of its own on each front: ask both for a sign.
		for (const s of [told, not]) {
			s.send({ type: 'ping' });
			await s.waitFor('pong');
		}
		assert.deepEqual(not.messages.map((m) => m.type),
		    ['notifications.snapshot', 'pong']);
		for (const s of [told, not])
			await s.close();
	});

	test('an empty parameter is none', async () => {
		for (const query of ['status', 'customer_id', 'cursor', 'limit'])
			assert.equal((await ow.get(`/orders?${query}=`,
			    t.service)).status, 200, query);
		assert.equal((await ow.get('/notifications?unread=', t.ada))
		    .status, 200);
	});

	test('a key with another body is refused, for tickets too', async () => {
		const k = { 'idempotency-key': 'ticket' };
		const body = { path: '/sse/notifications' };
		const a = await ow.post('/stream-tickets', body, t.ada, k);
		const b = await ow.post('/stream-tickets', body, t.ada, k);
		assert.equal(b.text, a.text);
		assert.equal((await ow.post('/stream-tickets', { ...body, x: 1 },
		    t.ada, k)).body.code, 'idempotency_key_reused');
	});
});

// ---- The command line ------------------------------------------------------

describe('orderwirectl', () => {
	const ctl = (...args) => ow.ctl(...args);
	const fails = async (code, ...args) => {
		const e = await ctl(...args).then(() => null, (x) => x);
		assert.equal(e?.code, code, `${args}: ${e?.stderr}`);
		assert.match(e.stderr, /^orderwirectl: /);
		return e.stderr;
	};

	test('jobs and job print what the server answers', async () => {
		const page = JSON.parse(await ctl('jobs', '--json', '--state',
		    'sent', '--channel', 'sms'));
		check({ $ref: '#/components/schemas/JobPage' }, page, 'jobs');
		const { id } = page.data[0];
		const lines = (await ctl('jobs', '--channel', 'sms'))
		    .split('\n');
		assert.match(lines[0], /^JOB +STATE +CHANNEL +TO /);
		assert.ok(lines.some((l) => l.startsWith(`${id}  `)));
		const at = lines[0].indexOf('STATE');
		for (const line of lines.slice(1))
			assert.match(line.slice(at), /^[a-z]+ /);
		check({ $ref: '#/components/schemas/JobAnswer' }, JSON.parse(
		    await ctl('job', id, '--json')), 'job');
		const text = await ctl('job', id);
		assert.match(text, /^state +sent$/m);
		assert.match(text, /^TRY +AT /m);
		assert.match(await fails(1, 'jobs', '--state', 'lost'),
		    /^orderwirectl: state must be one of: due, /m);
	});

	// Ada has seen it by now, and by hand is no reason to bother her.
	test('job --retry makes it due again', async () => {
		const page = JSON.parse(await ctl('jobs', '--json', '--channel',
		    'fcm', '--limit', '1'));
		const { id, due_at } = page.data[0];
		assert.match(await ctl('job', id, '--retry'), /^state +due$/m);
		const job = await until(async () => {
			const x = JSON.parse(await ctl('job', id, '--json')).job;
			return x.state === 'skipped' && x.due_at > due_at && x;
		}, { every: 100 });
		assert.match(job.why, /saw the notice/);
		assert.match(await fails(1, 'job', nowhere, '--retry'), /404/);
	});

	test('journey tells an order\'s story', async () => {
		const text = await ctl('journey', 'ref:told', '--tenant',
		    tenant);
		assert.match(text, /^AT +KIND +WHAT$/m);
		assert.match(text, / event +\S/);
		assert.match(text, / attempt +\S/);
		check({ $ref: '#/components/schemas/Journey' }, JSON.parse(
		    await ctl('journey', 'ref:told', '--tenant', tenant,
			'--json')), 'journey');
		assert.match(await fails(1, 'journey', nowhere, '--tenant',
		    tenant), /404/);
		// An id is one order's in all tenants.
		const { order: o } = await ow.newOrder();
		assert.match(await ctl('journey', o.id), / event +\S/);
		assert.match(await fails(1, 'journey', nowhere), /404/);
	});

	test('says what it was called wrongly with', async () => {
		await fails(2, 'journey', 'ref:told');	/* whose? */
		await fails(2, 'journey');
		await fails(2, 'job');
		await fails(2, 'job', 'a', 'b');
		await fails(2, 'jobs', 'x');
		await fails(1, 'jobs', '--state', 'lost');
	});
});

// SPDX-License-Identifier: MIT
//
// lib-notices - what the tests of notices and channels share: rules of their
// own, people who are told, and what became of it.
//
//	const share = shareDir(t, [{ event: 'order.accepted',
//	    channels: ['in_app', 'sms after 1s'] }]);
//	const ow = await startServer(t, { conf: { notify: { share_dir: share },
//	    plugins: { sms: ... } } });
//	const o = await tell(ow, 'accepted', { contact: { phone: '+49...' } });
//	const job = await waitJob(ow, o, 'sms', 'sent');
//	saw(await journey(ow, o), 'decision', /sms: sent/);
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { source, tenant, until } from './lib.mjs';
import { startHttp } from './peers/http.mjs';

const WAIT_MS = 15000;

// ---- Rules -----------------------------------------------------------------

function value(v) {
	return Array.isArray(v) ? `[ ${v.map(value).join(', ')} ]` :
	    JSON.stringify(v);
}

// A folder for notify.share_dir: these rules, and every template with those
// given on top ({ 'order-ready': 'title = ...;' }, or 'de/order-ready').
export function shareDir(t, rules, templates = {}) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-share-'));
	t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
	fs.cpSync(path.join(source, 'etc/templates'),
	    path.join(dir, 'templates'), { recursive: true });
	for (const [name, text] of Object.entries(templates))
		fs.writeFileSync(path.join(dir, 'templates',
		    `${name.includes('/') ? name : `en/${name}`}.conf`), text);
	fs.writeFileSync(path.join(dir, 'notifications.conf'), `rules = (\n${
	    rules.map((r) => `{ ${Object.entries(r).map(([k, v]) =>
		`${k} = ${value(v)};`).join(' ')} }`).join(',\n')}\n);\n`);
	return dir;
}

// A file with a secret in it, in the folder of the server.
export function secretFile(ow, name, text) {
	fs.writeFileSync(ow.path(name), text, { mode: 0o600 });
	return ow.path(name);
}

// The text of a keys_file for channel-webpush.
export const newPushKeys = (ow) => ow.ctl('keys', 'new', '--alg', 'ES256');

// Nobody waits long in a test.
export const soon = {
	backoff_ms: '100ms', backoff_max_ms: '300ms', poll_ms: '100ms',
};

// The simplest gateway there is: takes every SMS.  conf is the section of a
// channel for it; got is [{ key, to, text, at }].
export async function startTexts(t) {
	const got = [];
	const peer = await startHttp(t, { handle: (req) => {
		got.push({ ...JSON.parse(req.body), at: Date.now() });
		return { status: 200, body: '{}' };
	} });
	return { got, faults: peer.faults, conf: {
		module: 'channel-sms', gateway: 'http', url: peer.url,
		from: '12345', content_type: 'application/json',
		body: '{"key":"{key}","to":"{to}","text":"{text}"}',
		hook_secret: 'sixteen signs are enough',
	} };
}

// ---- Telling people --------------------------------------------------------

export const admin = (ow) => ow.token({ role: 'admin', tenant: '*',
	sub: 'root' });
export const customer = (ow, sub) => ow.token({ role: 'customer', sub });

// An order of this customer's that gets to a status, so that they are told.
export async function tell(ow, status, { sub = 'ada', ...more } = {}) {
	const { order } = await ow.newOrder({ customer_id: sub, ...more });
	await step(ow, order, status);
	return order;
}

export async function step(ow, order, status, more = {}) {
	const a = await ow.patch(`/orders/${order.id}/status`,
	    { status, ...more }, await ow.token({ role: 'kitchen' }));
	assert.equal(a.status, 200, a.text);
	return a.body.order;
}

export async function prefs(ow, sub, change) {
	const token = await customer(ow, sub);
	if (change) {
		const a = await ow.put('/notification-preferences', change,
		    token);
		assert.equal(a.status, 200, a.text);
		return a.body;
	}
	return (await ow.get('/notification-preferences', token)).body;
}

export async function subscribe(ow, sub, body) {
	const a = await ow.post('/push-subscriptions', body,
	    await customer(ow, sub));
	assert.equal(a.status, 201, a.text);
	return a.body;
}

// ---- What became of it -----------------------------------------------------

// All jobs that fit { state, channel, tenant }.
export async function jobs(ow, query = {}) {
	const list = [];
	let cursor;
	do {
		const q = new URLSearchParams({ limit: '200', ...query,
			...(cursor ? { cursor } : {}) });
		const a = await ow.admin(`/admin/jobs?${q}`,
		    { token: await admin(ow) });
		assert.equal(a.status, 200, a.text);
		list.push(...a.body.data);
		cursor = a.body.next_cursor;
	} while (cursor);
	return list;
}

export async function job(ow, id) {
	const a = await ow.admin(`/admin/jobs/${id}`,
	    { token: await admin(ow) });
	assert.equal(a.status, 200, a.text);
	return a.body.job;
}

// The job of this kind for this order, once it has got to the state.
export async function waitJob(ow, order, kind, state, { ms = WAIT_MS,
	topic } = {}) {
	let last;
	const is = (j) => j.order_id === order.id &&
	    (!topic || j.topic === topic);
	try {
		const found = await until(async () => {
			last = (await jobs(ow, { channel: kind })).filter(is);
			return last.find((j) => j.state === state);
		}, { ms, every: 20 });
		return await job(ow, found.id);
	} catch (e) {
		throw new Error(`no ${kind} job is ${state}: ${JSON
		    .stringify(last, null, 1)}\n${ow.log.slice(-3000)}`,
		    { cause: e });
	}
}

export async function journey(ow, order) {
	const a = await ow.get(`/orders/${order.id}/journey`,
	    await ow.token({ role: 'service' }));
	assert.equal(a.status, 200, a.text);
	return a.body.entries;
}

export const story = (entries) =>
	entries.map((e) => `${e.kind}: ${e.text}`).join('\n');

// The entry of this kind whose sentence fits.
export function saw(entries, kind, re) {
	const found = entries.find((e) => e.kind === kind && re.test(e.text));
	assert.ok(found, `no ${kind} ${re} in\n${story(entries)}`);
	return found;
}

// What `orderwirectl plugins` and /admin/plugins say of an instance.
export async function plugin(ow, name) {
	const a = await ow.admin('/admin/plugins', { token: await admin(ow) });
	assert.equal(a.status, 200, a.text);
	const list = Array.isArray(a.body) ? a.body :
	    a.body.data ?? a.body.plugins;
	return list.find((p) => p.name === name);
}

// The counter of the outbox for a kind.
export async function counted(ow, name, kind) {
	const all = await ow.metrics();
	return all[`orderwire_outbox_${name}{kind="${kind}"}`];
}

export { tenant };

// SPDX-License-Identifier: MIT
//
// outbox-crash - kill -9 loses no notice, and sends none under two keys.
//
// Clients send events, each of which makes three jobs (an SMS, and webhooks to
// two systems), while the server is killed and started again at random
// moments.  A breach would be an event in the log without its notices, a
// notice without its jobs, two jobs with one key or for one address, a job
// that is not sent in the end, one that is sent and did not come, or something
// that came with a key that no job has.
//
// A round is 5,000 jobs; OW_FULL=1 makes it twenty, of 4 to 8 crashes each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delay, newCertificate, startServer, until } from './lib.mjs';
import { jobs, journey, shareDir, startTexts } from './lib-notices.mjs';
import { startHttp } from './peers/http.mjs';
import { newSecret } from './peers/webhook.mjs';

const full = process.env.OW_FULL === '1';
const ROUNDS = full ? 20 : 2;
const ORDERS = 50, CLIENTS = 16, KINDS = 3;
const EVENTS = Math.ceil(5000 / KINDS) + 100;	// some get no answer

// Takes everything and remembers how often, by key.
async function startSinks(t) {
	const texts = await startTexts(t);
	const hooks = new Map();
	const tls = await newCertificate();
	const peer = await startHttp(t, { tls, handle: (req) => {
		const key = `${req.path} ${req.headers['webhook-id']}`;
		hooks.set(key, (hooks.get(key) ?? 0) + 1);
		return { status: 204 };
	} });
	return { texts, hooks, hookUrl: peer.url, ca: tls.cert,
		faults: [texts.faults, peer.faults] };
}

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);

async function logOf(ow, id, token) {
	const list = [];
	for (;;) {
		const a = await ow.get(`/orders/${id}/events?limit=200&since=${
		    list.length}`, token);
		assert.equal(a.status, 200);
		if (!a.body.data.length)
			return list;
		list.push(...a.body.data);
	}
}

async function begin(t) {
	const sinks = await startSinks(t);
	const webhook = (name) => ({ module: 'channel-webhook',
		url: `${sinks.hookUrl}/${name}`, secret: newSecret(),
		ca_file: 'ca.pem' });
	const files = { 'ca.pem': sinks.ca };
	const ow = await startServer(t, { files, conf: {
		log: { level: 'warn' },
		outbox: { private_allow: '127.0.0.0/8', poll_ms: '200ms',
			backoff_ms: '100ms', backoff_max_ms: '500ms' },
		notify: { share_dir: shareDir(t, [
			{ event: 'x.crash', template: 'order-ready',
				channels: ['in_app', 'sms'], ttl: '1h' },
			{ event: 'x.crash', audience: 'platform',
				template: 'order-ready',
				channels: ['webhook'], ttl: '1h' },
		]) },
		plugins: {
			sms: sinks.texts.conf,
			erp: webhook('erp'), screen: webhook('screen'),
		},
	} });
	const service = await ow.token({ role: 'service' });
	const orders = [];
	for (let i = 0; i < ORDERS; i++)
		orders.push((await ow.newOrder({ customer_id: `c${i}`,
			contact: { phone: `+49170${1000000 + i}` } })).order);
	return { ow, sinks, service, orders, sent: 0, acked: new Set(),
		isDown: false };
}

// What has no answer may or may not be in the log.
async function client(f) {
	while (f.sent < EVENTS) {
		const n = f.sent++;
		const { id } = f.orders[n % ORDERS];
		const a = await f.ow.post(`/orders/${id}/events`, {
			type: 'x.crash', data: { n } }, f.service)
		    .catch(() => null);
		if (a?.status === 201)
			f.acked.add(a.body.event.id);
		else if (a)
			assert.equal(a.status, 503, a.text);
		await until(() => !f.isDown, { ms: 30000 });
	}
}

async function crashes(f, n) {
	for (let k = 0; k < n; k++) {
		await delay(Math.random() * 400);
		f.isDown = true;
		await f.ow.restart('SIGKILL');
		f.isDown = false;
	}
}

// Until no job is open; the last crashes fall into this, too.
async function settle(f) {
	await until(async () => {
		for (const state of ['due', 'leased', 'later'])
			if ((await f.ow.admin(`/admin/jobs?limit=1&state=${
			    state}`, { token: await f.ow.token({
				role: 'admin', tenant: '*', sub: 'root' }) }))
			    .body.data.length)
				return false;
		return true;
	}, { ms: 60000, every: 100, what: 'all jobs to be over' });
}

async function check(f) {
	const all = await jobs(f.ow);
	const keys = new Set(all.map((j) => j.key));
	assert.equal(keys.size, all.length, 'a key is one job');
	assert.deepEqual(all.filter((j) => j.state !== 'sent'), []);

	// No event without its notices, no notice without its jobs.
	let events = 0;
	for (const o of f.orders) {
		const log = (await logOf(f.ow, o.id, f.service)).filter((m) =>
		    m.type === 'x.crash');
		events += log.length;
		const entries = await journey(f.ow, o);
		const notices = entries.filter((e) => e.kind === 'notice');
		const made = entries.filter((e) => e.kind === 'job');
		for (const m of log) {
			f.acked.delete(m.id);
			const of = notices.filter((e) => e.event_id === m.id);
			assert.deepEqual(of.map((e) => e.sub).sort(),
			    ['', o.customer_id].sort());
			const kinds = of.flatMap((e) => made.filter((j) =>
			    j.job.notice_id === e.notice_id)
			    .map((j) => j.job.kind));
			assert.deepEqual(kinds.sort(), ['sms', 'webhook',
				'webhook']);
		}
		assert.equal(notices.length, 2 * log.length);
	}
	assert.equal(f.acked.size, 0, 'an acknowledged event is in its log');
	assert.equal(all.length, KINDS * events);
	assert.ok(all.length >= 5000, `${all.length} jobs`);

	// Everything came, at least once, under its own key and no other.
	const { texts, hooks } = f.sinks;
	const by = (kind) => all.filter((j) => j.kind === kind)
	    .map((j) => j.key).sort();
	const sms = new Map(texts.got.map((m) => [m.key, m.to]));
	assert.deepEqual([...sms.keys()].sort(), by('sms'));
	assert.ok(texts.got.every((m) => m.to === sms.get(m.key)),
	    'a key is one phone');
	assert.deepEqual([...hooks.keys()].map((k) => k.split(' ')[1]).sort(),
	    by('webhook'));
	f.repeats = texts.got.length + [...hooks.values()].reduce((n, k) =>
	    n + k, 0) - all.length;
	assert.deepEqual(f.sinks.faults, [[], []]);
	return { jobs: all.length, events };
}

for (let round = 1; round <= ROUNDS; round++)
	test(`no_notice_lost_on_kill ${round}`, { timeout: 180000 },
	    async (t) => {
		const f = await begin(t);
		const n = full ? 4 + Math.floor(Math.random() * 5) : 4;
		const began = Date.now();
		const work = Promise.all(Array.from({ length: CLIENTS },
		    () => client(f)));
		await crashes(f, n);
		await work;
		await crashes(f, 2);		// while the rest is sent
		await settle(f);
		const took = seconds(began);
		const { jobs: all, events } = await check(f);
		console.log(`# ${events} events, ${all} jobs in ${took} s over ${
		    n + 2} kills: all sent, ${f.repeats} more than once`);
	});

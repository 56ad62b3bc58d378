// SPDX-License-Identifier: MIT
//
// notices - who is told what: rules, inbox, preferences, and when jobs wait.
//
// A breach would be an event without its notice, or one too many; an unread
// count that is not what the inbox has; two devices that disagree; a preference
// lost between two of them; or a message more than a throttle or a rate allows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { delay, order, startServer, tenant, until } from './lib.mjs';
import { admin, counted, customer, job, jobs, journey, prefs, saw, shareDir,
	soon, startTexts, step, tell, waitJob } from './lib-notices.mjs';

const phone = '+4917012345678';
const open = async (ow, token, query = '') => {
	const ws = await ow.ws(`/ws/notifications${query}`, token);
	if (!query)
		await ws.waitFor('notifications.snapshot');
	return ws;
};

async function inbox(ow, token, { limit = 50, unread } = {}) {
	const list = [];
	let cursor, count;
	do {
		const q = new URLSearchParams({ limit,
			...(cursor ? { cursor } : {}),
			...(unread ? { unread } : {}) });
		const a = await ow.get(`/notifications?${q}`, token);
		assert.equal(a.status, 200, a.text);
		list.push(...a.body.data);
		count = a.body.unread_count;
		cursor = a.body.next_cursor;
	} while (cursor);
	return { list, count };
}

// What a device shows that believes its stream.
class Device {
	constructor() {
		this.seq = 0;
		this.read = new Map();		// id: is it read?
	}
	get unread() {
		return [...this.read.values()].filter((r) => !r).length;
	}
	take(m) {
		if (m.type !== 'notification.new' &&
		    m.type !== 'notification.read')
			return;
		const { notification: n, id, all, removed } = m.data;
		if (n)
			this.read.set(n.id, false);
		for (const one of all ? [...this.read.keys()] : id ? [id] : [])
			if (removed)
				this.read.delete(one);
			else if (this.read.has(one))
				this.read.set(one, true);
		assert.equal(m.data.unread_count, this.unread,
		    `${m.type} #${m.seq}`);
	}
}

// ---- The rules that come with it -------------------------------------------

describe('the rules of notifications.conf', () => {
	const life = {
		pickup: ['accepted', 'preparing', 'ready', 'picked_up'],
		delivery: ['accepted', 'preparing', 'ready',
			'out_for_delivery', 'delivered'],
		dine_in: ['accepted', 'preparing', 'ready'],
	};

	test('tell of every major status, in words', async (t) => {
		const ow = await startServer(t);
		for (const [fulfilment, steps] of Object.entries(life)) {
			const { order: o } = await ow.newOrder({ fulfilment,
				customer_id: fulfilment, number: 'A7' });
			for (const to of steps)
				await step(ow, o, to);
			const { list, count } = await inbox(ow,
			    await customer(ow, fulfilment));
			assert.deepEqual(list.map((n) => n.type).reverse(),
			    steps.map((s) => `order.${s}`));
			assert.equal(count, steps.length);
			for (const n of list) {
				assert.ok(n.title.length > 5 &&
				    n.text.length > 10);
				assert.ok(!/[{}]/.test(n.title + n.text));
				assert.equal(n.order_id, o.id);
				assert.match(n.url, new RegExp(o.id));
				assert.equal(n.read_at, null);
			}
		}
		for (const end of ['cancelled', 'rejected']) {
			const o = await tell(ow, end, { sub: end,
				reason: undefined });
			const { list } = await inbox(ow,
			    await customer(ow, end));
			assert.equal(list[0].type, `order.${end}`);
			saw(await journey(ow, o), 'decision',
			    /^sms: not sent, no channel for sms is enabled/);
		}
	});

	test('tell of a delay, once', async (t) => {
		const ow = await startServer(t);
		const { order: o } = await ow.newOrder({ customer_id: 'ada',
			promised_at: new Date(Date.now() + 600000)
			    .toISOString() });
		const kitchen = await ow.token({ role: 'kitchen' });
		for (const ready_in_s of [300, 1800, 1900, 2400])
			await ow.patch(`/orders/${o.id}/eta`, { ready_in_s },
			    kitchen);
		const { list } = await inbox(ow, await customer(ow, 'ada'));
		assert.deepEqual(list.map((n) => n.type), ['order.delayed']);
	});

	test('speak the language of who reads', async (t) => {
		const ow = await startServer(t);
		const title = async (sub, contact) => {
			await tell(ow, 'accepted', { sub, contact });
			return (await inbox(ow, await customer(ow, sub)))
			    .list[0].title;
		};
		const en = await title('a', {});
		const de = await title('b', { locale: 'de' });
		const number = /[0-9A-F]{6}/;
		const plain = (s) => s.replace(number, '');
		assert.notEqual(plain(de), plain(en));
		assert.equal(plain(await title('c', { locale: 'de-AT' })),
		    plain(de));
		assert.equal(plain(await title('d', { locale: 'xx' })),
		    plain(en));
		await prefs(ow, 'e', { locale: 'de' });
		assert.equal(plain(await title('e', { locale: 'en' })),
		    plain(de), 'what they said themselves comes first');
	});
});

// ---- The inbox -------------------------------------------------------------

describe('an inbox', () => {
	test('is live on every device, and nobody else\'s', async (t) => {
		const ow = await startServer(t);
		const ada = await customer(ow, 'ada');
		const ws = await open(ow, ada);
		const sse = await ow.sse('/sse/notifications', ada);
		await sse.waitFor('notifications.snapshot');
		const other = await open(ow, await customer(ow, 'bob'));
		const foreign = await open(ow, await ow.token({ sub: 'ada',
			role: 'customer', tenant: 'other' }));
		assert.equal(ws.messages[0].data.unread_count, 0);
		const o = await tell(ow, 'accepted');
		await step(ow, o, 'preparing');
		for (const s of [ws, sse]) {
			await s.waitCount(2, 'notification.new');
			assert.deepEqual(s.events().map((m) =>
			    m.data.unread_count), [1, 2]);
		}
		const { list } = await inbox(ow, ada);
		const news = ws.events().map((m) => m.data.notification);
		assert.deepEqual(news.reverse(), list,
		    'as the inbox has it');
		await ow.put(`/notifications/${list[0].id}/read`, undefined,
		    ada);
		for (const s of [ws, sse])
			await s.waitFor((m) => m.type === 'notification.read' &&
			    m.data.id === list[0].id &&
			    m.data.unread_count === 1);
		assert.deepEqual(other.events(), []);
		assert.deepEqual(foreign.events(), []);
		assert.deepEqual(ws.raws.slice(1), sse.raws.slice(1),
		    'one and the same');

		// Coming back gives what was missed, and nothing twice.
		await ws.close();
		await step(ow, o, 'ready');
		await ow.delete('/notifications', ada);
		const back = await open(ow, ada, `?since=${ws.seqs().at(-1)}`);
		await back.waitFor('stream.live');
		assert.deepEqual(back.events().map((m) => m.type),
		    ['notification.new', 'notification.read']);
		assert.deepEqual(back.seqs(), [4, 5]);
		assert.equal((await inbox(ow, ada)).list.length, 0);
	});

	test('has pages that neither repeat nor skip', async (t) => {
		const ow = await startServer(t);
		const ada = await customer(ow, 'ada');
		for (let i = 0; i < 12; i++)
			await tell(ow, 'accepted');
		const a = await ow.get('/notifications?limit=5', ada);
		await tell(ow, 'accepted');		// in between
		const ids = a.body.data.map((n) => n.id);
		let cursor = a.body.next_cursor;
		while (cursor) {
			const b = await ow.get(`/notifications?limit=5&cursor=${
			    cursor}`, ada);
			ids.push(...b.body.data.map((n) => n.id));
			cursor = b.body.next_cursor;
		}
		assert.equal(new Set(ids).size, 12);
		assert.equal(ids.length, 12);
		await ow.put(`/notifications/${ids[3]}/read`, undefined, ada);
		const { list, count } = await inbox(ow, ada, { unread: true,
			limit: 3 });
		assert.equal(list.length, 12);
		assert.equal(count, 12);
		assert.ok(!list.some((n) => n.id === ids[3]));
		// Twice is the same as once; another's is not there.
		for (let i = 0; i < 2; i++)
			assert.equal((await ow.put(`/notifications/${ids[3]
			}/read`, undefined, ada)).status, 204);
		assert.equal((await ow.put(`/notifications/${ids[4]}/read`,
		    undefined, await customer(ow, 'bob'))).status, 404);
		assert.equal((await inbox(ow, ada)).count, 12);
	});

	// The kitchen and two devices at once, the server killed in between.
	test('has an unread count that never drifts', { timeout: 60000 },
	    async (t) => {
		const ow = await startServer(t);
		const ada = await customer(ow, 'ada');
		const device = new Device();
		const streams = [];
		const connect = async () => {
			const ws = await ow.ws(`/ws/notifications?since=${
			    device.seq}`, ada);
			streams.push(ws);
			return ws;
		};
		const drain = (ws) => {
			for (const m of ws.events()) {
				if (m.seq <= device.seq)
					continue;
				assert.equal(m.seq, device.seq + 1, 'no gap');
				device.seq = m.seq;
				device.take(m);
			}
		};
		let ws = await connect(), done = 0;
		let stop = false, isDown = false;
		const act = async (fn) => {
			while (!stop) {
				await until(() => !isDown, { ms: 20000 });
				const a = await fn().catch(() => null);
				if (a && a.status < 300)
					done++;
				else if (a)
					assert.ok([404, 409, 503].includes(
					    a.status), a.text);
			}
		};
		const pick = (list) => list[Math.floor(Math.random() *
		    list.length)];
		const kitchen = await ow.token({ role: 'kitchen' });
		const service = await ow.token({ role: 'service' });
		const tellOne = async () => {
			const a = await ow.post('/orders', order({
				customer_id: 'ada' }), service);
			if (a.status !== 201)
				return a;
			return await ow.patch(`/orders/${a.body.order.id
			}/status`, { status: 'accepted' }, kitchen);
		};
		const touch = async () => {
			const a = await ow.get('/notifications?limit=200', ada);
			const n = a.body?.data?.length ? pick(a.body.data) :
			    null;
			const what = Math.random();
			if (what < 0.005)
				return await ow.delete('/notifications', ada);
			if (what < 0.05)
				return await ow.put('/notifications/read',
				    undefined, ada);
			if (!n)
				return a;
			return what < 0.4 ? await ow.delete(`/notifications/${
			    n.id}`, ada) : await ow.put(`/notifications/${n.id
			}/read`, undefined, ada);
		};
		const work = [tellOne, tellOne, tellOne, touch, touch].map(act);
		for (let i = 0; i < 3; i++) {
			await delay(800);
			isDown = true;
			await ow.restart('SIGKILL');
			drain(ws);
			isDown = false;
			ws = await connect();
		}
		await delay(500);
		stop = true;
		await Promise.all(work);
		const { list, count } = await inbox(ow, ada);
		const last = (await tellOne()).body.order.id;
		await ws.waitFor((m) => m.type === 'notification.new' &&
		    m.data.notification.order_id === last);
		drain(ws);
		assert.equal(list.filter((n) => !n.read_at).length, count);
		assert.equal(device.unread, count + 1);
		assert.deepEqual([...device.read.keys()].slice(0, -1).sort(),
		    list.map((n) => n.id).sort());
		console.log(`# ${done} changes by three at once, 3 kills: ${
		    device.seq} messages, ${count} unread of ${list.length}`);
	});
});

// ---- Preferences -----------------------------------------------------------

describe('preferences', () => {
	test('are one document on all devices', async (t) => {
		const ow = await startServer(t);
		const ada = await customer(ow, 'ada');
		const [one, two] = [await open(ow, ada), await open(ow, ada)];
		const url = '/notification-preferences';
		const first = await ow.get(url, ada);
		assert.equal(first.headers.etag, '"0"');
		const put = (body, etag) => ow.put(url, body, ada,
		    { 'if-match': etag });
		const both = await Promise.all(Array.from({ length: 8 },
		    (_, i) => put({ channels: { sms: i % 2 === 0 } }, '"0"')));
		assert.deepEqual(both.map((a) => a.status).sort(), [200,
			...Array(7).fill(412)], 'one of those at once');
		for (const ws of [one, two]) {
			const m = await ws.waitFor('preferences.updated');
			assert.equal(m.data.version, 1);
		}
		const won = both.find((a) => a.status === 200);
		assert.equal(won.headers.etag, '"1"');
		assert.deepEqual((await ow.get(url, ada)).body, won.body);
		await ow.restart('SIGKILL');
		const again = await ow.get(url, ada);
		assert.deepEqual(again.body, won.body);
		assert.equal(again.headers.etag, '"1"');
		// Two devices that read and write in turns lose nothing.
		const events = ['order.ready', 'order.accepted',
			'order.delivered', 'order.cancelled'];
		await Promise.all(events.map(async (event) => {
			for (;;) {
				const a = await ow.get(url, ada);
				const doc = a.body;
				doc.events[event] = { push: false };
				const b = await put(doc, a.headers.etag);
				if (b.status === 200)
					return;
				assert.equal(b.status, 412);
			}
		}));
		const last = (await ow.get(url, ada)).body;
		assert.deepEqual(Object.keys(last.events).sort(),
		    events.sort());
		assert.equal(last.version, 1 + events.length);
	});

	test('decide what is told, and where', async (t) => {
		const texts = await startTexts(t);
		const ow = await startServer(t, { conf: { outbox: soon,
			notify: { share_dir: shareDir(t, [{
				event: 'order.accepted',
				channels: ['in_app', 'sms'], ttl: '1h' }]) },
			plugins: { sms: texts.conf } } });
		// Their own number, not that of the order.
		await prefs(ow, 'ada', { contact: { phone } });
		await tell(ow, 'accepted', { contact: {
			phone: '+4917099999999' } });
		await until(() => texts.got.length > 0);
		assert.equal(texts.got[0].to, phone);
		// No inbox: not counted, not shown, and yet an SMS.
		await prefs(ow, 'bob', { channels: { in_app: false } });
		const o = await tell(ow, 'accepted', { sub: 'bob', contact: {
			phone } });
		await waitJob(ow, o, 'sms', 'sent');
		const { list, count } = await inbox(ow,
		    await customer(ow, 'bob'));
		assert.deepEqual([list, count], [[], 0]);
		saw(await journey(ow, o), 'decision', /^in_app: not sent/);
		// Nobody knows a number; nobody asked for this event.
		const p = await tell(ow, 'accepted', { sub: 'eve' });
		saw(await journey(ow, p), 'decision',
		    /^sms: not sent, no address for sms is known/);
		const q = await step(ow, p, 'preparing');
		assert.equal((await journey(ow, q)).filter((e) =>
		    e.kind === 'notice').length, 1);
	});
});

// ---- Jobs that wait --------------------------------------------------------

describe('jobs', () => {
	const service = (ow) => ow.token({ role: 'service' });
	const say = async (ow, o, type) => {
		const a = await ow.post(`/orders/${o.id}/events`, { type,
			data: 1 }, await service(ow));
		assert.equal(a.status, 201, a.text);
	};
	const start = async (t, rule, more = {}, outbox = {}) => {
		const texts = await startTexts(t);
		const ow = await startServer(t, { conf: {
			outbox: { ...soon, ...outbox },
			notify: { share_dir: shareDir(t, [{ event: 'x.news',
				template: 'news', channels: ['sms'],
				ttl: '1h', ...rule }], { news: 'title = "t"; ' +
				'text = "news {{count}}";' }) },
			plugins: { sms: { ...texts.conf, ...more } } } });
		const { order: o } = await ow.newOrder({ customer_id: 'ada',
			contact: { phone } });
		return { texts, ow, o };
	};

	test('of a group are throttled, and the last speaks for all',
	    async (t) => {
		const { texts, ow, o } = await start(t, { group: 'order',
			throttle: '1500ms' });
		for (let i = 0; i < 5; i++)
			await say(ow, o, 'x.news');
		await until(() => texts.got.length >= 2);
		await until(async () => (await jobs(ow, { state: 'skipped' }))
		    .length === 3).catch(async () => assert.fail(JSON
		    .stringify([texts.got, await jobs(ow)], null, 1)));
		const [one, two] = texts.got;
		// By the server's clock: ours may be late for the first one.
		const [first, last] = (await jobs(ow, { state: 'sent' }))
		    .map((j) => Date.parse(j.ended_at)).sort();
		assert.ok(last - first >= 1500, `${last - first} ms`);
		const count = (m) => Number(m.text.match(/news (\d)/)[1]);
		assert.equal(count(one) + count(two), 5);
		for (const j of await jobs(ow, { state: 'skipped' }))
			assert.equal(j.why, 'replaced by a newer notice');
		assert.equal(texts.got.length, 2);
		// Another order is another group.
		const { order: p } = await ow.newOrder({ customer_id: 'ada',
			contact: { phone } });
		await say(ow, p, 'x.news');
		await until(() => texts.got.length === 3);
	});

	test('keep to the rate of their channel', async (t) => {
		const { texts, ow, o } = await start(t, {}, { rate: 20 });
		const began = Date.now();
		await Promise.all(Array.from({ length: 60 }, () =>
		    say(ow, o, 'x.news')));
		const made = Date.now() - began;
		await until(() => texts.got.length === 60);
		const took = Date.now() - began;
		// 20 at once and 40 at 20 a second; what the machine needs for
		// it is about what it needs to make them.
		assert.ok(took >= 1900 && took < 5000 + 5 * made,
		    `${took} ms, made in ${made} ms`);
	});

	test('in flight finish when the server is told to end', async (t) => {
		const { texts, ow, o } = await start(t, {},
		    { max_inflight: 5 });
		for (let i = 0; i < 5; i++)
			await Promise.all(Array.from({ length: 40 }, () =>
			    say(ow, o, 'x.news')));
		assert.deepEqual(await ow.restart('SIGTERM'), { code: 0,
			signal: null });
		await until(() => new Set(texts.got.map((m) => m.key))
		    .size === 200);
		await until(async () => (await jobs(ow, { state: 'sent' }))
		    .length === 200);
		assert.equal(texts.got.length, 200, 'none was cut off');
	});

	test('are looked at, and tried again, by hand', async (t) => {
		const { texts, ow, o } = await start(t, { ttl: '10m' }, {
			url: 'http://127.0.0.1:9/', breaker_failures: 1000 },
		{ attempts_max: 2 });
		await say(ow, o, 'x.news');
		const j = await waitJob(ow, o, 'sms', 'parked');
		assert.match(j.why, /gave up/);
		assert.equal(j.attempts.length, 2);
		assert.equal((await jobs(ow, { state: 'parked',
			channel: 'sms', tenant })).length, 1);
		assert.equal((await jobs(ow, { tenant: 'other' })).length, 0);
		assert.match(await ow.ctl('jobs', '--state', 'parked'),
		    new RegExp(j.id));
		assert.match(await ow.ctl('job', j.id), /gave up/);
		assert.ok(!(await ow.ctl('job', j.id)).includes(phone),
		    'no address');
		assert.equal(await counted(ow, 'parked_total', 'sms'), 1);
		const token = await admin(ow);
		for (const [who, want] of [[undefined, 401],
			[await service(ow), 403]])
			assert.equal((await ow.admin(`/admin/jobs/${j.id}/retry`,
			    { method: 'POST', token: who })).status, want);
		// For another tenant's admin it is not there.
		const stranger = await ow.token({ role: 'admin',
			tenant: 'other' });
		for (const [where, method, want] of [
			[`/admin/jobs/${j.id}`, 'GET', 404],
			[`/admin/jobs/${j.id}/retry`, 'POST', 404],
			[`/admin/jobs?tenant=${j.tenant}`, 'GET', 403]])
			assert.equal((await ow.admin(where,
			    { method, token: stranger })).status, want, where);
		assert.deepEqual((await ow.admin('/admin/jobs',
		    { token: stranger })).body.data, []);
		// The gateway is back.
		ow.writeConf({ ...ow.conf, plugins: { ...ow.conf.plugins,
			sms: texts.conf } });
		await ow.restart();
		const a = await ow.admin(`/admin/jobs/${j.id}/retry`,
		    { method: 'POST', token });
		assert.equal(a.status, 200, a.text);
		await until(async () => (await job(ow, j.id)).state === 'sent');
		assert.equal(texts.got[0].key, j.key, 'under the same key');
		const b = await ow.admin(`/admin/jobs/${j.id}/retry`,
		    { method: 'POST', token });
		assert.equal(b.status, 409, 'what is sent is sent');
	});

	test('of tenants go by their own channel', async (t) => {
		const [a, b] = [await startTexts(t), await startTexts(t)];
		const ow = await startServer(t, { conf: { outbox: soon,
			notify: { share_dir: shareDir(t, [{
				event: 'order.accepted', channels: ['sms'],
				ttl: '1h' }]) },
			plugins: { one: { ...a.conf, tenants: tenant },
				two: { ...b.conf, tenants: 'bistro' } } } });
		await tell(ow, 'accepted', { contact: { phone } });
		await until(() => a.got.length > 0);
		for (const of of ['bistro', 'nobody']) {
			const token = await ow.token({ tenant: of });
			const { body } = await ow.post(`/api/v1/${of}/orders`,
			    order({ contact: { phone } }), token);
			await ow.patch(`/api/v1/${of}/orders/${body.order.id
			}/status`, { status: 'accepted' }, token);
			const { body: j } = await ow.get(`/api/v1/${of}/orders/${
			    body.order.id}/journey`, token);
			if (of === 'nobody')
				saw(j.entries, 'decision',
				    /^sms: not sent, no channel for sms/);
		}
		await until(() => b.got.length > 0);
		assert.deepEqual([a.got.length, b.got.length], [1, 1]);
	});
});

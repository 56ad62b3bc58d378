// SPDX-License-Identifier: MIT
//
// presence - who watches is not texted; who does not see it is, in steps.
//
// Each test is a customer with a browser that takes pushes and a phone.  A
// breach would be an SMS to somebody who watches, read or was shown the
// notice; none for somebody who did not; a step before its time; or a journey
// that does not say why in a sentence.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { delay, Server, until } from './lib.mjs';
import { customer, journey, newPushKeys, prefs, saw, secretFile, shareDir,
	soon, startTexts, step, story, subscribe, waitJob } from
    './lib-notices.mjs';
import { startPush } from './peers/push.mjs';

// Long enough that what a customer does after the push is done before it, also
// on a machine that has other things to do.
const STEP_MS = 1500;
const steps = ['in_app', 'push', `sms after ${STEP_MS}ms`];
const rules = [
	{ event: 'order.accepted', channels: [...steps, 'email always'],
		ttl: '1h' },
	{ event: 'order.ready', channels: steps, urgency: 'high', ttl: '1h' },
	{ event: 'order.rejected', channels: steps, critical: true, ttl: '1h' },
	{ event: 'order.preparing', channels: steps, ttl: '2s' },
];

let ow, push, sms, key, made;
const undo = [];
const scope = { after: (fn) => undo.push(fn) };

before(async () => {
	push = await startPush(scope);
	sms = await startTexts(scope);
	ow = new Server();
	scope.after(() => ow.destroy());
	await ow.prepare();
	ow.writeConf({
		server: { public_url: 'https://ow.example' },
		notify: { share_dir: shareDir(scope, rules) },
		outbox: { ...soon, private_allow: '127.0.0.0/8' },
		plugins: {
			'channel-webpush': { keys_file: secretFile(ow,
			    'push.json', await newPushKeys(ow)),
			sub: 'mailto:ops@cafe.example', hosts: push.host,
			ca_file: push.caFile, breaker_failures: 1000 },
			sms: sms.conf,
		},
	});
	await ow.start();
	key = (await ow.get('/push-subscriptions/key')).body.public_key;
	made = 0;
});
after(async () => {
	for (const fn of undo.reverse())
		await fn();
});

// Somebody with an order, a browser and a phone.
async function person(more = {}) {
	const n = String(++made).padStart(3, '0');
	const p = { sub: `person-${n}`, phone: `+4917012340${n}` };
	p.browser = push.newBrowser({ key });
	await subscribe(ow, p.sub, p.browser.subscription);
	p.token = await customer(ow, p.sub);
	const a = await ow.newOrder({ customer_id: p.sub, contact: {
		phone: p.phone }, ...more });
	p.order = a.order;
	p.tracking = a.tracking;
	p.texts = () => sms.got.filter((m) => m.to === p.phone);
	p.where = `/ws/orders/${p.order.id}/tracking`;
	return p;
}

const watch = async (p, token = p.token) => {
	const ws = await ow.ws(p.where, token);
	await ws.waitFor('order.snapshot');
	return ws;
};

// Ends them, and waits until the server knows.
async function leave(...streams) {
	const count = async () => Object.entries(await ow.metrics())
	    .filter(([k]) => /_hub_streams(\{|$)/.test(k))
	    .reduce((n, [, v]) => n + v, 0);
	const before = await count();
	for (const s of streams)
		s.destroy();
	await until(async () => await count() <= before - streams.length);
}

// Every medium of the rule has its sentence: what became of it, and why.
async function told(p, what) {
	const list = await until(async () => {
		const x = await journey(ow, p.order);
		return Object.entries(what).every(([medium, re]) =>
		    x.some((e) => e.kind === 'decision' &&
			e.text.startsWith(`${medium}: `) && re.test(e.text))) ?
		    x : null;
	}, { every: 50, what: 'the journey' }).catch(async () => {
		assert.fail(`not ${JSON.stringify(Object.entries(what).map(
		    ([m, re]) => `${m}: ${re}`))}:\n${story(await journey(ow,
		    p.order))}\n${ow.log.slice(-2000)}`);
	});
	for (const e of list) {
		assert.match(e.text, /^[^\s].{3,}$/, 'a sentence');
		if (e.kind === 'decision' && /not sent|put off/.test(e.text))
			assert.match(e.text, /, .{8,}/, 'with its reason');
	}
	return list;
}

const late = () => delay(STEP_MS + 300);

describe('a customer who', () => {
	test('watches gets no SMS and no push', async () => {
		const p = await person();
		const ws = await watch(p);
		await step(ow, p.order, 'accepted');
		await ws.waitFor('order.status.changed');
		const list = await told(p, {
			push: /not sent, the customer is watching the order l/,
			sms: /not sent, the customer is watching the order l/,
			email: /not sent, no channel for email is enabled/,
		});
		saw(list, 'notice',
		    /^the customer saw the notice.*watched live/);
		await late();
		assert.equal(p.browser.messages.length, 0);
		assert.deepEqual(p.texts(), []);
		await ws.close();
	});

	test('watches by SSE, or with a tracking link, is one who watches',
	    async () => {
		const p = await person(), q = await person();
		const sse = await ow.sse(`/sse/orders/${p.order.id}/tracking`,
		    p.token);
		await sse.waitFor('order.snapshot');
		const link = await watch(q, q.tracking.token);
		for (const x of [p, q]) {
			await step(ow, x.order, 'accepted');
			await told(x, { push: /is watching/,
				sms: /is watching/ });
		}
		await sse.close();
		await link.close();
		await late();
		for (const x of [p, q])
			assert.deepEqual(x.texts(), []);
	});

	test('closed the page gets a push, then an SMS', async () => {
		const p = await person();
		const ws = await watch(p);
		await ws.close();
		await leave(await watch(p));
		const began = Date.now();
		await step(ow, p.order, 'accepted');
		await until(() => p.browser.messages.length > 0);
		const pushed = p.browser.messages[0].at - began;
		await until(() => p.texts().length > 0);
		const texted = p.texts()[0].at - began;
		assert.ok(pushed < texted, `pushed after ${pushed} ms, ` +
		    `texted after ${texted}`);
		// What a step takes beside its wait is what the push took,
		// which had none.
		assert.ok(texted >= STEP_MS && texted < STEP_MS + 1500 +
		    5 * pushed, `texted after ${texted} ms, pushed after ${
		    pushed}`);
		const list = await told(p, { push: /: sent/, sms: /: sent/ });
		saw(list, 'job', /^push by webpush to 127\.0\.0\.1/);
		saw(list, 'job',
		    /^sms by sms to .*, unless the notice is seen/);
		assert.equal(p.texts().length, 1);
		console.log(`# push after ${pushed} ms, SMS after ${texted
		} ms, the step being ${STEP_MS}`);
	});

	test('vanished without a word is not watching', async () => {
		const p = await person();
		await leave(await watch(p));
		await step(ow, p.order, 'accepted');
		await until(() => p.texts().length > 0);
		assert.equal(p.browser.messages.length, 1);
	});

	test('opens the page after the push gets no SMS', async () => {
		const p = await person();
		await step(ow, p.order, 'accepted');
		await until(() => p.browser.messages.length > 0);
		const ws = await watch(p);
		await ws.close();		// a look is enough
		await told(p, { push: /: sent/,
			sms: /not sent, the customer saw .*: watched live/ });
		assert.deepEqual(p.texts(), []);
	});

	test('was shown the push gets no SMS', async () => {
		const p = await person();
		await step(ow, p.order, 'accepted');
		await until(() => p.browser.messages.length > 0);
		const { receipt, receipt_url: url } =
		    p.browser.messages[0].payload;
		const a = await ow.post(new URL(url).pathname, {
			token: receipt, event: 'displayed' });
		assert.equal(a.status, 204);
		const list = await told(p, { push: /delivered/,
			sms: /not sent, the customer saw .*: displayed on a/ });
		saw(list, 'receipt', /the device says: displayed/);
		assert.deepEqual(p.texts(), []);
	});

	test('reads it in the inbox gets no SMS', async () => {
		const p = await person();
		await step(ow, p.order, 'accepted');
		const box = await ow.get('/notifications', p.token);
		assert.equal(box.body.unread_count, 1);
		const a = await ow.put(`/notifications/${box.body.data[0].id
		}/read`, undefined, p.token);
		assert.equal(a.status, 204);
		await told(p, { sms: /not sent, the customer saw .*read/ });
		await late();
		assert.deepEqual(p.texts(), []);
	});

	test('has no browser any more still gets the SMS', async () => {
		const p = await person();
		p.browser.unsubscribe();
		await step(ow, p.order, 'accepted');
		await until(() => p.texts().length > 0);
		await told(p, { push: /not sent.*gone/, sms: /: sent/ });
	});

	test('wants no SMS gets none, and it is said', async () => {
		const p = await person();
		await prefs(ow, p.sub, { channels: { sms: false } });
		await step(ow, p.order, 'accepted');
		await told(p, { push: /: sent/,
			sms: /not sent, .*(off|preference|wants)/ });
		const q = await person();
		await prefs(ow, q.sub, { events: { 'order.accepted': {
			push: false } } });
		await step(ow, q.order, 'accepted');
		await told(q, { push: /not sent, .*order\.accepted/,
			sms: /: sent/ });
		await late();
		assert.deepEqual(p.texts(), []);
		assert.equal(q.browser.messages.length, 0);
	});
});

describe('what does not count as seen', () => {
	test('the kitchen, the platform and another customer', async () => {
		const p = await person(), q = await person();
		const others = [
			await ow.ws('/ws/kitchen', await ow.token({
				role: 'kitchen' })),
			await watch(p, await ow.token({ role: 'kitchen' })),
			await watch(p, await ow.token({ role: 'service' })),
			await watch(q),
		];
		await step(ow, p.order, 'accepted');
		await until(() => p.texts().length > 0);
		assert.equal(p.browser.messages.length, 1);
		for (const x of others)
			await x.close();
	});

	test('a page that was open and closed before', async () => {
		const p = await person();
		for (let i = 0; i < 3; i++)
			await leave(await watch(p));
		await step(ow, p.order, 'accepted');
		await until(() => p.texts().length > 0);
	});

	test('one of two pages that closes leaves the other', async () => {
		const p = await person();
		const [one, two] = [await watch(p), await watch(p)];
		const more = [await watch(p), await watch(p)];
		await leave(one, ...more);
		await step(ow, p.order, 'accepted');
		await told(p, { push: /is watching/ });
		await leave(two);
		await step(ow, p.order, 'preparing');
		await until(() => p.browser.messages.length > 0);
	});
});

describe('time', () => {
	// Quiet from an hour ago to an hour from now, where the person lives.
	const quiet = (zone) => {
		const hm = (ms) => new Intl.DateTimeFormat('en-GB', {
			timeZone: zone, hour: '2-digit', minute: '2-digit',
			hourCycle: 'h23' }).format(Date.now() + ms);
		return { from: hm(-3600000), to: hm(3600000), timezone: zone };
	};

	test('is quiet: put off to its end, or dropped', async () => {
		const p = await person();
		const quiet_hours = quiet('Pacific/Chatham');
		await prefs(ow, p.sub, { quiet_hours });
		await step(ow, p.order, 'accepted');
		const re = new RegExp(`quiet hours until ${quiet_hours.to
		} \\(Pacific/Chatham\\)`);
		// The time to live is an hour, so 60 minutes may be too late.
		const list = await told(p, { push: re, sms: re });
		assert.ok(list.some((e) => e.kind === 'notice'),
		    'the inbox has it');
		await step(ow, p.order, 'preparing');	// news for 2 s
		await told(p, {
			push: /not sent, quiet hours.*no news any more/ });
		await late();
		assert.equal(p.browser.messages.length, 0);
		assert.deepEqual(p.texts(), []);
	});

	test('does not matter when it is critical', async () => {
		const p = await person();
		await prefs(ow, p.sub, { quiet_hours: quiet('Asia/Kolkata') });
		await step(ow, p.order, 'rejected', { reason: 'no milk' });
		await until(() => p.browser.messages.length > 0);
		await until(() => p.texts().length > 0);
		assert.ok(p.texts()[0].text.length > 10);
	});

	test('makes news old: what comes too late is not sent', async () => {
		const p = await person();
		await step(ow, p.order, 'accepted');
		await until(() => p.texts().length > 0);
		p.browser.answer(...Array(20).fill({ status: 503 }));
		await step(ow, p.order, 'preparing');
		const j = await waitJob(ow, p.order, 'webpush', 'parked',
		    { topic: 'order.preparing' }).catch(() => waitJob(ow,
		    p.order, 'webpush', 'skipped', {
			topic: 'order.preparing' }));
		assert.match(j.why, /gave up|no news any more/);
	});
});

test('the journey reads the same by hand', async () => {
	const p = await person();
	await step(ow, p.order, 'accepted');
	await until(() => p.texts().length > 0);
	const list = await told(p, { push: /: sent/, sms: /: sent/ });
	const text = await ow.ctl('journey', '--tenant', 'cafe', p.order.id);
	for (const e of list)
		assert.ok(text.includes(e.text), `${e.text}\nin\n${text}`);
	for (const kind of ['event', 'notice', 'job', 'attempt', 'decision'])
		assert.ok(list.some((e) => e.kind === kind), kind);
	const at = list.map((e) => e.at);
	assert.deepEqual(at, [...at].sort(), 'in the order of time');
	assert.deepEqual(push.faults, []);
	assert.deepEqual(sms.faults, []);
	console.log(text.split('\n').slice(-12).map((l) => `# ${l}`)
	    .join('\n'));
});

// SPDX-License-Identifier: MIT
//
// channels - what leaves the server is what the world outside understands, and
// what it answers is understood here.
//
// Mail goes through a real Postfix and is read back by mailparser, SMS through
// a real Kannel with a scripted phone network behind it; the push service, FCM,
// Twilio and the receiver of webhooks are stand-ins that check every request
// as their specifications say, and answer each documented error.  A breach
// would be a fault that a peer notes, an answer read as another one, an
// address given up that was not gone, or kept that was.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { Server, startServer, until } from './lib.mjs';
import { counted, customer, job, jobs, journey, newPushKeys, plugin, prefs,
	saw, secretFile, shareDir, soon, step, story, subscribe, tell,
	waitJob } from './lib-notices.mjs';
import { startFcm } from './peers/fcm.mjs';
import { canKannel, startKannel } from './peers/kannel.mjs';
import { canPostfix, startPostfix } from './peers/mail.mjs';
import { startPush } from './peers/push.mjs';
import { startTwilio } from './peers/twilio.mjs';
import { startWebhook } from './peers/webhook.mjs';

const loopback = '127.0.0.0/8';
const secret = 'what the gateway and we know';
const outbox = { ...soon, private_allow: loopback };

// A server that isn't started yet: its peers need to know where it will be.
async function newServer(t) {
	const ow = new Server();
	t.after(() => ow.destroy());
	await ow.prepare();
	return ow;
}

async function startWith(ow, conf) {
	ow.writeConf(conf);
	await ow.start();
}

const by = (medium) => [{ event: 'order.accepted',
	channels: ['in_app', medium] }];

// ---- E-mail ----------------------------------------------------------------

describe('e-mail by Postfix', { skip: !canPostfix() && 'needs root, postfix' },
    () => {
	const from = 'Café Zürich <orders@cafe.example>';

	test('arrives as a mail should look', async (t) => {
		const mail = await startPostfix(t, { mailboxes: [
			'ada@example.org', 'jürgen@example.org'.replace('ü',
			    'ue')], users: { orderwire: 'a password' } });
		const ow = await startServer(t, { conf: { outbox,
			server: { public_url: 'https://ow.example' },
			notify: { share_dir: shareDir(t, by('email')) },
			plugins: { mail: { module: 'channel-email',
				url: mail.url, user: 'orderwire',
				password: 'a password', from,
				reply_to: 'help@cafe.example',
				unsubscribe_mailto: 'stop@cafe.example',
				ca_file: mail.caFile } } } });
		const o = await tell(ow, 'accepted', { number: 'A 7',
			contact: { email: 'ada@example.org', locale: 'de',
				name: 'Ada <b>L.</b>' } });
		const j = await waitJob(ow, o, 'email', 'sent');
		const [m] = await mail.waitFor('ada@example.org');
		assert.equal(m.from.value[0].address, 'orders@cafe.example');
		assert.equal(m.from.value[0].name, 'Café Zürich');
		assert.equal(m.to.value[0].address, 'ada@example.org');
		assert.equal(m.replyTo.value[0].address, 'help@cafe.example');
		assert.match(m.subject, /A 7/);
		assert.match(m.subject, /angenommen|bestätigt/i);
		assert.ok(m.date instanceof Date &&
		    Math.abs(m.date - Date.now()) < 60000);
		assert.equal(m.messageId, `<${j.key}@cafe.example>`);
		assert.match(m.text, new RegExp(`https://ow.example/\\S*${
		    o.id}`));
		assert.match(m.html, /<html/);
		assert.match(m.html, /lang=['"]de['"]/);
		assert.equal(m.headers.get('auto-submitted'),
		    'auto-generated');
		const list = m.headers.get('list').unsubscribe;
		assert.match(list.url, /^https:\/\/ow\.example\/unsubscribe\//);
		assert.equal(list.mail.split('?')[0], 'stop@cafe.example');
		assert.equal(m.headers.get('list').unsubscribe_post ??
		    m.headers.get('list')['unsubscribe-post']?.name ??
		    /^List-Unsubscribe-Post: (.*)$/im.exec(mail.raw(
			'ada@example.org')[0].toString())[1].trim(),
		'List-Unsubscribe=One-Click');
		const raw = mail.raw('ada@example.org')[0].toString('latin1');
		assert.match(raw, /ESMTPSA/, 'encrypted, and logged in');
		assert.ok(!/[^\x00-\x7f]/.test(raw), 'no byte above 127');
		assert.ok(raw.split(/\r?\n/).every((l) => l.length <= 998));
		assert.ok(!ow.log.includes('ada@example.org'),
		    'no address in the log');

		// A mail program unsubscribes with one click; a look does not.
		const link = list.url.replace('https://ow.example', '');
		const look = await ow.get(link);
		assert.equal(look.status, 200);
		assert.equal((await prefs(ow, 'ada')).channels.email, true);
		const post = await ow.post(link, 'List-Unsubscribe=One-Click',
		    null, { 'content-type':
			'application/x-www-form-urlencoded' });
		assert.equal(post.status, 200, post.text);
		assert.equal((await prefs(ow, 'ada')).channels.email, false);
		const p = await tell(ow, 'accepted', { contact: {
			email: 'ada@example.org' } });
		saw(await journey(ow, p), 'decision',
		    /^email: not sent, .*(off|preference)/);
		assert.equal((await jobs(ow, { channel: 'email' })).length, 1);
	});

	// Each address is answered otherwise; what the enhanced code says
	// decides, as the plugin's README has it.
	test('is refused by class', async (t) => {
		const replies = {
			'nobody@example.org': '550 5.1.1 no such user',
			'closed@example.org': '550 5.2.1 mailbox disabled',
			'full@example.org': '452 4.2.2 mailbox full',
			'spam@example.org': '554 5.7.1 message looks like spam',
			'grey@example.org': '450 4.7.1 come back later',
		};
		const mail = await startPostfix(t, { mailboxes: [
			'ada@example.org'], replies, tls: 'smtps' });
		const ow = await startServer(t, { conf: {
			outbox: { ...outbox, attempts_max: 3 },
			notify: { share_dir: shareDir(t, by('email')) },
			plugins: { mail: { module: 'channel-email',
				breaker_failures: 1000,
				url: mail.url, from,
				ca_file: mail.caFile } } } });
		const told = {};
		for (const name of ['nobody', 'closed', 'full', 'spam', 'grey',
			'ada'])
			told[name] = await tell(ow, 'accepted', { sub: name,
				contact: { email: `${name}@example.org` } });
		const why = async (name, state) =>
			(await waitJob(ow, told[name], 'email', state)).why;
		assert.match(await why('nobody', 'parked'), /gone/);
		assert.match(await why('closed', 'parked'), /gone/);
		assert.match(await why('spam', 'parked'), /rejected.*5\.7\.1/);
		assert.match(await why('full', 'parked'), /gave up/);
		const grey = await waitJob(ow, told.grey, 'email', 'parked');
		assert.equal(grey.attempt, 3);
		assert.equal(grey.attempts.length, 3);
		for (const a of grey.attempts)
			assert.equal(a.verdict, 'retry');
		await waitJob(ow, told.ada, 'email', 'sent');
		assert.equal((await mail.waitFor('ada@example.org')).length, 1);
		// Who is gone is not asked again; who was refused is.
		for (const [name, re] of [['nobody', /address is off/],
			['spam', /attempt|rejected/]]) {
			const again = await tell(ow, 'accepted', { sub: name,
				contact: { email: `${name}@example.org` } });
			await until(async () => {
				const list = await journey(ow, again);
				return list.some((e) => re.test(e.text));
			}, { what: `${name}: ${story(await journey(ow,
			    again))}` });
		}
		// By hand it goes once more.
		assert.match(await ow.ctl('job', '--retry', grey.id),
		    /due|later/);
		await until(async () => (await job(ow, grey.id)).attempts
		    .length > 3);
	});

	test('waits when our own password is wrong', async (t) => {
		const mail = await startPostfix(t, { mailboxes: [
			'ada@example.org'], users: { orderwire: 'right' } });
		const ow = await newServer(t);
		const conf = (password) => ({ outbox,
			notify: { share_dir: shareDir(t, by('email')) },
			plugins: { mail: { module: 'channel-email',
				breaker_ms: '200ms', url: mail.url,
				user: 'orderwire', password, from,
				ca_file: mail.caFile } } });
		await startWith(ow, conf('wrong'));
		const o = await tell(ow, 'accepted', { contact: {
			email: 'ada@example.org' } });
		const j = await waitJob(ow, o, 'email', 'later');
		assert.match(j.why, /535/);
		assert.equal((await plugin(ow, 'mail')).breaker, 'open');
		assert.match((await plugin(ow, 'mail')).why, /535/);
		assert.match(await ow.ctl('plugins'), /535/);
		assert.ok(!ow.log.includes('wrong'), 'no password in the log');
		await ow.stop();
		await startWith(ow, conf('right'));
		await waitJob(ow, o, 'email', 'sent');
		assert.equal((await mail.waitFor('ada@example.org')).length, 1);
	});
});

// ---- SMS -------------------------------------------------------------------

describe('SMS by Kannel', { skip: !canKannel() && 'needs kannel' }, () => {
	const ada = '+4917012345678', bob = '+4917012345679';
	const black = '+4917099999999', nowhere = '+99899999999';

	test('arrives, reports, and is switched off', async (t) => {
		const ow = await newServer(t);
		const hook = `${ow.url}/hooks/sms/kannel`;
		const kannel = await startKannel(t, { hookUrl: hook,
			hookSecret: secret, refuse: [black],
			unroutable: [nowhere] });
		await startWith(ow, { outbox,
			server: { public_url: ow.url },
			notify: { share_dir: shareDir(t, by('sms'), {
				'order-accepted': 'title = "t"; text = "t"; ' +
				    'sms = "Order {{number}} {{place}}";' }) },
			plugins: { sms: { module: 'channel-sms',
				gateway: 'kannel', url: kannel.url,
				user: kannel.user, password: kannel.password,
				from: '12345', hook_url: hook,
				hook_secret: secret } } });
		const o = await tell(ow, 'accepted', { number: 'A7',
			contact: { phone: ada } });
		const j = await waitJob(ow, o, 'sms', 'delivered');
		const [sms] = await kannel.waitFor(1);
		assert.equal(sms.to, ada);
		assert.equal(sms.from, '12345');
		assert.match(sms.text, /A7/);
		const list = await journey(ow, o);
		saw(list, 'attempt', /^attempt 1: delivered/);
		saw(list, 'decision', /^sms: delivered/);
		assert.equal(j.to, '+49...678', 'only a hint is shown');

		// Letters beyond the 7-bit alphabet, and more than one segment.
		const name = 'Żółć i '.repeat(16).trim();
		const long = await tell(ow, 'accepted', { sub: 'bob',
			pickup: { name }, contact: { phone: bob } });
		await waitJob(ow, long, 'sms', 'delivered');
		const [, two] = await kannel.waitFor(2);
		assert.equal(two.coding, 'ucs-2');
		assert.ok(two.segments >= 2, `${two.segments} segments`);
		assert.ok(two.text.endsWith(name), two.text);

		// Refused: by a black list, by having no way.
		for (const phone of [black, nowhere]) {
			const p = await tell(ow, 'accepted', { sub: phone,
				contact: { phone } });
			const no = await waitJob(ow, p, 'sms', 'parked');
			assert.match(no.why, /rejected/);
		}

		// STOP, in the words of somebody's language.
		kannel.write(ada, '12345', 'Abmelden!');
		await until(async () => (await prefs(ow, 'ada')).channels
		    .sms === false, { what: `STOP\n${kannel.log()}` });
		const [, , reply] = await kannel.waitFor(3);
		assert.equal(reply.to, ada);
		assert.ok(reply.text.length > 10, reply.text);
		const p = await tell(ow, 'accepted', { contact: {
			phone: ada } });
		saw(await journey(ow, p), 'decision', /^sms: not sent/);
		assert.equal((await prefs(ow, 'bob')).channels.sms, true);
		kannel.write(ada, '12345', 'START');
		await until(async () => (await prefs(ow, 'ada')).channels.sms);
		// What is no such word changes nothing.
		kannel.write(ada, '12345', 'please stop by later');
		const q = await tell(ow, 'accepted', { contact: {
			phone: ada } });
		await waitJob(ow, q, 'sms', 'delivered');
		assert.equal((await prefs(ow, 'ada')).channels.sms, true);
		assert.ok(!ow.log.includes(ada.slice(3)),
		    'no number in the log');
	});

	test('our wrong password opens the breaker', async (t) => {
		const kannel = await startKannel(t);
		const ow = await startServer(t, { conf: { outbox,
			notify: { share_dir: shareDir(t, by('sms')) },
			plugins: { sms: { module: 'channel-sms',
				gateway: 'kannel', url: kannel.url,
				user: kannel.user, password: 'not this one',
				from: '12345', hook_secret: secret } } } });
		const o = await tell(ow, 'accepted', { contact: {
			phone: ada } });
		const j = await waitJob(ow, o, 'sms', 'later');
		assert.match(j.why, /403/);
		const p = await plugin(ow, 'sms');
		assert.equal(p.breaker, 'open');
		assert.match(p.why, /403/);
		assert.equal(await counted(ow, 'breaker_open', 'sms'), 1);
	});
});

describe('SMS by Twilio', () => {
	const numbers = (n) => `+49301000000${n}`;

	test('is sent, reported, answered and refused', async (t) => {
		const ow = await newServer(t);
		const hook = `${ow.url}/hooks/sms/twilio`;
		const twilio = await startTwilio(t, { hookUrl: hook });
		await startWith(ow, { outbox: { ...outbox, attempts_max: 2 },
			server: { public_url: ow.url },
			notify: { share_dir: shareDir(t, by('sms')) },
			plugins: { sms: { module: 'channel-sms',
				gateway: 'twilio', url: twilio.url,
				user: twilio.sid, password: twilio.token,
				breaker_failures: 1000, breaker_ms: '200ms',
				from: '+15005550006', hook_url: hook } } });
		const text = async (n, state) => {
			const o = await tell(ow, 'accepted', {
				sub: `p${n}`, contact: { phone: numbers(n) } });
			return await waitJob(ow, o, 'sms', state);
		};
		const j = await text(1, 'sent');
		const [m] = twilio.messages;
		assert.equal(m.to, numbers(1));
		assert.equal(j.ref, m.sid);

		// Who can't sign changes nothing.
		const forged = await twilio.report(m, 'delivered',
		    { key: 'not the token' });
		assert.equal(forged.status, 401);
		assert.equal((await job(ow, j.id)).state, 'sent');
		for (const status of ['sending', 'sent', 'delivered'])
			assert.equal((await twilio.report(m, status)).status,
			    204);
		await until(async () => (await job(ow, j.id)).state ===
		    'delivered');

		// A phone that is off, and one that is none.
		const off = await text(2, 'sent');
		await twilio.report(twilio.messages[1], 'undelivered',
		    { errorCode: 30003 });
		await until(async () => (await job(ow, off.id)).state ===
		    'parked');
		assert.match((await job(ow, off.id)).why, /30003/);
		const none = await text(3, 'sent');
		await twilio.report(twilio.messages[2], 'undelivered',
		    { errorCode: 30005 });
		await until(async () => (await job(ow, none.id)).state ===
		    'parked');
		const later = await tell(ow, 'accepted', { sub: 'p3',
			contact: { phone: numbers(3) } });
		await waitJob(ow, later, 'sms', 'skipped');
		saw(await journey(ow, later), 'decision',
		    /^sms: not sent, the address is off/);

		// Each documented error, as the README's table has it.
		const table = {
			21211: ['parked', /gone/], 21614: ['parked', /gone/],
			21610: ['parked', /gone/],
			21408: ['parked', /rejected/],
			21612: ['parked', /rejected/],
			21617: ['parked', /rejected/],
		};
		let n = 4;
		for (const [code, [state, re]] of Object.entries(table)) {
			twilio.fail(numbers(n), Number(code));
			const no = await text(n, state);
			assert.match(no.why, re, code);
			assert.match(no.why, new RegExp(code));
			n++;
		}
		assert.equal((await prefs(ow, 'p6')).channels.sms, false,
		    '21610: has said STOP');
		twilio.fail(numbers(0), 20503);
		assert.equal((await text(0, 'sent')).attempt, 2);

		// STOP, START, and a forger of the first.
		const stop = { From: numbers(1), Body: ' stop. ' };
		const no = await twilio.incoming(stop, { key: 'x' });
		assert.equal(no.status, 401);
		assert.equal((await prefs(ow, 'p1')).channels.sms, true);
		const yes = await twilio.incoming(stop);
		assert.equal(yes.status, 200);
		assert.match(yes.type, /xml/);
		assert.match(yes.body, /<Response><Message>.+<\/Message>/);
		assert.equal((await prefs(ow, 'p1')).channels.sms, false);
		// A yes outlives kill -9.
		for (const word of ['START', 'STOP', 'START', 'STOP', 'START']) {
			const said = await twilio.incoming({ From: numbers(1),
				Body: word });
			assert.equal(said.status, 200);
			await ow.restart('SIGKILL');
			assert.equal((await prefs(ow, 'p1')).channels.sms,
			    word === 'START');
		}

		// Our own mistake is nobody's address' fault.
		twilio.fail(numbers(1), 20003);
		const ours = await tell(ow, 'accepted', { sub: 'p1',
			contact: { phone: numbers(1) } });
		await until(async () => (await counted(ow,
		    'breaker_opened_total', 'sms')) > 0);
		await waitJob(ow, ours, 'sms', 'sent');
		assert.deepEqual(twilio.faults, []);
	});
});

// ---- FCM -------------------------------------------------------------------

describe('FCM', () => {
	async function start(t, more) {
		const fcm = await startFcm(t);
		const ow = await newServer(t);
		await startWith(ow, { outbox: { ...outbox, attempts_max: 2 },
			server: { public_url: 'https://ow.example' },
			notify: { share_dir: shareDir(t, by('push')) },
			plugins: { 'channel-fcm': { base: fcm.url,
				service_account: secretFile(ow, 'account.json',
				    fcm.account), ...more } } });
		return { fcm, ow };
	}
	const phone = (token) => ({ channel: 'fcm', token: token.padEnd(40,
	    '-') });

	test('gets messages, and its errors are understood', async (t) => {
		const { fcm, ow } = await start(t, { breaker_failures: 1000 });
		const told = async (sub, state) => waitJob(ow,
		    await tell(ow, 'accepted', { sub }), 'fcm', state);
		await subscribe(ow, 'ada', phone('ada'));
		const j = await told('ada', 'sent');
		const [m] = fcm.messages;
		assert.equal(m.token, phone('ada').token);
		assert.ok(m.notification.title.length > 3);
		assert.equal(m.data.order_id, j.order_id);
		assert.match(m.data.receipt_url, /^https:\/\/ow\.example\/api/);
		assert.equal(fcm.assertions.length, 1);

		// The phone says that it was shown.
		const path = m.data.receipt_url.replace('https://ow.example',
		    '');
		const a = await ow.post(path, { token: m.data.receipt,
			event: 'displayed' });
		assert.equal(a.status, 204);
		await until(async () => (await job(ow, j.id)).state ===
		    'delivered');

		// One after the other; what each means for job and address.
		for (const [code, state, gone, why] of [
			['INVALID_ARGUMENT', 'parked', false, /rejected/],
			['INVALID_TOKEN', 'parked', true, /gone/],
			['UNREGISTERED', 'parked', true, /gone/],
			['SENDER_ID_MISMATCH', 'parked', true, /gone/],
			['UNAVAILABLE', 'sent', false, /^$/],
			['INTERNAL', 'sent', false, /^$/],
			['QUOTA_EXCEEDED', 'sent', false, /^$/],
		]) {
			const sub = code.toLowerCase();
			await subscribe(ow, sub, phone(sub));
			fcm.fail(phone(sub).token, code);
			const one = await told(sub, state);
			assert.match(one.why, why, code);
			const next = await tell(ow, 'accepted', { sub });
			await waitJob(ow, next, 'fcm', gone ? 'skipped' :
			    'sent');
			if (gone)
				saw(await journey(ow, next), 'decision',
				    /^push: not sent, the address is off/);
		}
		// An access token that ended early costs one request more.
		fcm.expireTokens();
		await told('ada', 'sent');
		assert.equal(fcm.assertions.length, 2);
		assert.deepEqual(fcm.faults, []);
		assert.ok(!ow.log.includes(phone('ada').token),
		    'no address in the log');
	});

	test('refuses our key: the breaker opens, and it heals', async (t) => {
		const { fcm, ow } = await start(t, { breaker_ms: '300ms' });
		fcm.refuseTokens(1);
		await subscribe(ow, 'ada', phone('ada'));
		const o = await tell(ow, 'accepted');
		const p = await until(async () => {
			const x = await plugin(ow, 'channel-fcm');
			return x.breaker !== 'closed' ? x : null;
		}, { every: 5 });
		assert.match(p.why, /invalid_grant/);
		await waitJob(ow, o, 'fcm', 'sent');
		await until(async () => (await plugin(ow, 'channel-fcm'))
		    .breaker === 'closed');
		assert.deepEqual(fcm.faults, []);
	});
});

// ---- Web push --------------------------------------------------------------

describe('web push', () => {
	async function start(t, { rules = by('push'), more, conf } = {}) {
		const push = await startPush(t);
		const ow = await newServer(t);
		const keys = secretFile(ow, 'push.json', await newPushKeys(ow));
		const all = { outbox: { ...outbox, attempts_max: 3 },
			server: { public_url: 'https://ow.example' },
			notify: { share_dir: shareDir(t, rules) },
			plugins: { 'channel-webpush': { keys_file: keys,
				sub: 'mailto:ops@cafe.example',
				hosts: push.host, ca_file: push.caFile,
				...more } }, ...conf };
		await startWith(ow, all);
		const { body } = await ow.get('/push-subscriptions/key');
		return { push, ow, keys, conf: all, key: body.public_key };
	}
	const add = async (f, sub) => {
		const browser = f.push.newBrowser({ key: f.key });
		browser.row = await subscribe(f.ow, sub, browser.subscription);
		return browser;
	};
	const told = async (f, sub, state, more) => waitJob(f.ow, await tell(
	    f.ow, 'accepted', { sub, ...more }), 'webpush', state);

	test('can be read by the browser alone', async (t) => {
		const f = await start(t, { rules: [{ event: 'order.accepted',
			channels: ['in_app', 'push'], urgency: 'high',
			ttl: '30m', group: 'order' }] });
		const one = await add(f, 'ada'), two = await add(f, 'ada');
		const o = await tell(f.ow, 'accepted', { number: 'Ä 7' });
		await until(() => one.messages.length > 0 &&
		    two.messages.length > 0);
		const j = await waitJob(f.ow, o, 'webpush', 'sent');
		const [m] = one.messages;
		assert.match(m.payload.title, /Ä 7/);
		assert.equal(m.payload.order_id, o.id);
		assert.equal(m.urgency, 'high');
		assert.ok(m.ttl > 1790 && m.ttl <= 1800, `TTL ${m.ttl}`);
		assert.ok(m.topic, 'newer ones replace it');
		assert.equal(m.httpVersion, '2.0');
		assert.equal(m.claims.sub, 'mailto:ops@cafe.example');
		assert.equal(m.token, two.messages[0].token,
		    'one token an origin');
		assert.ok(j.ref.includes('/m/'));

		// The service worker tells; a forged token does not.
		const url = m.payload.receipt_url.replace('https://ow.example',
		    '');
		const bad = await f.ow.post(url, { event: 'displayed',
			token: `${m.payload.receipt.slice(0, -4)}AAAA` });
		assert.equal(bad.status, 401);
		const good = await f.ow.post(url, { event: 'displayed',
			token: m.payload.receipt });
		assert.equal(good.status, 204);
		const list = await until(async () => {
			const x = await journey(f.ow, o);
			return x.some((e) => e.kind === 'receipt') ? x : null;
		});
		saw(list, 'notice', /saw the notice.*displayed on a device/);
		saw(list, 'decision', /^push: delivered/);
		assert.deepEqual(f.push.faults, []);
	});

	test('answers are read as RFC 8030 and the services say', async (t) => {
		const f = await start(t, { more: { breaker_failures: 1000,
			breaker_ms: '300ms' } });
		for (const [status, state, why, gone] of [
			[404, 'parked', /gone/, true],
			[410, 'parked', /gone/, true],
			[413, 'parked', /rejected/, false],
			[400, 'parked', /rejected/, false],
			[301, 'parked', /rejected.*elsewhere/, false],
			[429, 'sent', /^$/, false],
			[500, 'sent', /^$/, false],
			[503, 'sent', /^$/, false],
		]) {
			const sub = `s${status}`;
			const browser = await add(f, sub);
			browser.answer({ status, headers: status === 429 ?
			    { 'retry-after': '1' } : status === 301 ?
			    { location: `${f.push.url}/p/x` } : {} });
			const began = Date.now();
			const j = await told(f, sub, state);
			assert.match(j.why, why, `${status}`);
			if (status === 429)
				assert.ok(Date.now() - began >= 900,
				    'as long as was asked');
			const next = await tell(f.ow, 'accepted', { sub });
			await waitJob(f.ow, next, 'webpush', gone ? 'skipped' :
			    'sent');
		}
		assert.equal(f.push.attempts.filter((a) => a.path === '/p/x')
		    .length, 0, 'redirects are not followed');
		// A service that doesn't take our key: all wait, none is lost.
		const browser = await add(f, 'ada');
		browser.answer({ status: 403, body: 'not this key' });
		const o = await tell(f.ow, 'accepted');
		const p = await until(async () => {
			const x = await plugin(f.ow, 'channel-webpush');
			return x.breaker !== 'closed' ? x : null;
		}, { every: 5 });
		assert.match(p.why, /403/);
		await waitJob(f.ow, o, 'webpush', 'sent');
		assert.deepEqual(f.push.faults, []);
	});

	test('a new key loses no subscriber', async (t) => {
		const f = await start(t);
		const before = await add(f, 'ada');
		await told(f, 'ada', 'sent');
		await f.ow.stop();
		const old = JSON.parse(fs.readFileSync(f.keys, 'utf8')).keys;
		const fresh = JSON.parse(await newPushKeys(f.ow)).keys;
		fs.writeFileSync(f.keys, JSON.stringify({
			keys: [...fresh, ...old] }), { mode: 0o600 });
		await startWith(f.ow, f.conf);
		f.key = (await f.ow.get('/push-subscriptions/key')).body
		    .public_key;
		const after = await add(f, 'bob');
		assert.notEqual(before.key, after.key);
		await told(f, 'ada', 'sent');
		await told(f, 'bob', 'sent');
		assert.equal(before.messages.length, 2);
		assert.equal(before.messages[1].key, before.key);
		assert.equal(after.messages[0].key, after.key);
		assert.deepEqual(f.push.faults, []);
	});

	test('of one removed nothing is heard any more', async (t) => {
		const f = await start(t);
		const browser = await add(f, 'ada');
		const gone = await f.ow.delete(`/push-subscriptions/${
		    browser.row.id}`, await customer(f.ow, 'ada'));
		assert.equal(gone.status, 204);
		const o = await tell(f.ow, 'accepted');
		saw(await journey(f.ow, o), 'decision',
		    /^push: not sent, no address for push is known/);
		assert.equal(f.push.attempts.length, 0);
	});
});

// ---- Webhooks --------------------------------------------------------------

describe('webhooks', () => {
	const rules = [{ event: 'order.accepted', audience: 'platform',
		channels: ['webhook'], ttl: '1h' },
	{ event: 'order.preparing', audience: 'platform',
		channels: ['webhook'], ttl: '1h' }];

	test('are signed, tried again, and end with 410', async (t) => {
		const hook = await startWebhook(t);
		const ow = await newServer(t);
		await startWith(ow, { outbox,
			notify: { share_dir: shareDir(t, rules) },
			plugins: { 'channel-webhook': { url: hook.target,
				secret: hook.secret,
				ca_file: secretFile(ow, 'hook.pem', hook.ca),
			} } });
		hook.answer(503, { 'retry-after': '1' });
		hook.answer(500);
		const o = await tell(ow, 'accepted');
		const j = await waitJob(ow, o, 'webhook', 'sent');
		assert.equal(hook.received.length, 3);
		assert.deepEqual(hook.received.map((r) => r.id), [j.key, j.key,
			j.key], 'one id for all attempts');
		const { event } = hook.received[2];
		assert.equal(event.type, 'order.status.changed');
		const log = await ow.get(`/orders/${o.id}/events`,
		    await ow.token({ role: 'service' }));
		assert.deepEqual(event.data, log.body.data.find((m) =>
		    m.type === 'order.status.changed'), 'as the log has it');
		hook.answer(410);
		await step(ow, o, 'preparing');
		const gone = await waitJob(ow, o, 'webhook', 'parked');
		assert.match(gone.why, /gone/);
		const next = await tell(ow, 'accepted');
		const skipped = await waitJob(ow, next, 'webhook', 'skipped');
		assert.match(skipped.why, /address is off/);
		assert.deepEqual(hook.faults, []);
	});
});

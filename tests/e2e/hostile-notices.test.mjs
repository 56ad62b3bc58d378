// SPDX-License-Identifier: MIT
//
// hostile-notices - what users, platforms and strangers send about notices is
// refused, cut or escaped, and none of it reaches where it should not.
//
// A breach would be a connection into a private network because a user's push
// endpoint leads there, a header or mark-up of a customer's in a mail, a
// preference that cannot be, a forged report, receipt, STOP or unsubscription
// that changes something, or a server that does not go on.
import assert from 'node:assert/strict';
import { createECDH, createHmac, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { delay, newCertificate, order, Server, startServer, tenant, until } from
    './lib.mjs';
import { customer, job, jobs, newPushKeys, prefs, secretFile, shareDir, soon,
	startTexts, step, subscribe, tell, waitJob } from './lib-notices.mjs';
import { canPostfix, startPostfix } from './peers/mail.mjs';
import { startTwilio } from './peers/twilio.mjs';

const webpush = async (ow, more) => ({ keys_file: secretFile(ow, 'push.json',
    await newPushKeys(ow)), sub: 'mailto:ops@cafe.example', ...more });
const by = (...channels) => [{ event: 'order.accepted', channels, ttl: '1h' }];

function browser(endpoint) {
	const ecdh = createECDH('prime256v1');
	return { endpoint, keys: { p256dh: ecdh.generateKeys('base64url'),
		auth: randomBytes(16).toString('base64url') } };
}

const alive = async (ow) => assert.equal((await ow.admin('/healthz')).status,
    200, ow.log.slice(-2000));

// ---- Where pushes go -------------------------------------------------------

// Listens where nobody should come.
async function trap(t) {
	const came = [];
	const server = net.createServer((s) => {
		came.push(`${s.localAddress}:${s.localPort}`);
		s.destroy();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	const six = net.createServer((s) => {
		came.push('::1');
		s.destroy();
	});
	const has6 = await new Promise((done) => {
		six.on('error', () => done(false));
		six.listen(port, '::1', () => done(true));
	});
	t.after(() => { server.close(); six.close(); });
	return { came, port, has6 };
}

describe('a push endpoint', () => {
	test('that no push service has is refused at once', async (t) => {
		const ow = new Server();
		t.after(() => ow.destroy());
		await ow.prepare();
		ow.writeConf({ plugins: { 'channel-webpush':
		    await webpush(ow) } });
		await ow.start();
		const ada = await customer(ow, 'ada');
		for (const endpoint of [
			'https://127.0.0.1/x', 'https://169.254.169.254/latest',
			'https://[::ffff:10.0.0.1]/', 'https://[::1]/',
			'https://2130706433/', 'https://0x7f000001/',
			'https://0177.0.0.1/', 'https://127.1/',
			'https://localhost/', 'https://intranet/',
			'http://fcm.googleapis.com/fcm/send/x',
			'https://fcm.googleapis.com.evil.example/',
			'https://evil.example/?fcm.googleapis.com',
			'https://fcm.googleapis.com@127.0.0.1/',
			'https://fcm.googleapis.com:x/', 'https://',
			'https://fcm.googleapis.com\\@127.0.0.1/',
			'https://fcm.googleapis.com/\r\nX: y',
			'https://fcm.googleapis.com%2f@127.0.0.1/',
			'file:///etc/passwd', 'gopher://127.0.0.1/', '', 'x',
			`https://fcm.googleapis.com/${'x'.repeat(5000)}`,
		]) {
			const a = await ow.post('/push-subscriptions',
			    browser(endpoint), ada);
			assert.equal(a.status, 422, `${endpoint}: ${a.status} ${
			    a.text}`);
		}
		const good = browser('https://fcm.googleapis.com/fcm/send/x');
		for (const keys of [{}, { p256dh: '', auth: '' }, { ...good.keys,
			auth: 'AAAA' }, { ...good.keys, p256dh: Buffer.alloc(65,
			4).toString('base64url') }, { ...good.keys,
			p256dh: 7 }, null, []]) {
			const a = await ow.post('/push-subscriptions',
			    { ...good, keys }, ada);
			assert.equal(a.status, 422, `${JSON.stringify(keys)
			}: ${a.text}`);
		}
		await alive(ow);
	});

	// Even where an admin allows every host.
	test('in a private network is never connected to', async (t) => {
		const { came, port, has6 } = await trap(t);
		const ow = new Server();
		t.after(() => ow.destroy());
		await ow.prepare();
		ow.writeConf({ outbox: soon,
			notify: { share_dir: shareDir(t, by('push')) },
			plugins: { 'channel-webpush': await webpush(ow,
			    { hosts: '*', breaker_failures: 1000 }) } });
		await ow.start();
		let kept = 0;
		for (const host of ['127.0.0.1', '127.1', '2130706433',
			'0x7f000001', '0177.0.0.1', '0', '0.0.0.0', 'localhost',
			'[::ffff:127.0.0.1]', '[::ffff:7f00:1]',
			'[::127.0.0.1]', '[64:ff9b::7f00:1]',
			...has6 ? ['[::1]', '[0:0:0:0:0:0:0:1]'] : [],
			'169.254.169.254', '[::ffff:10.0.0.1]']) {
			const a = await ow.post('/push-subscriptions',
			    browser(`https://${host}:${port}/x`),
			    await customer(ow, host));
			if (a.status === 422)
				continue;
			assert.equal(a.status, 201, `${host}: ${a.text}`);
			kept++;
			const o = await tell(ow, 'accepted', { sub: host });
			const j = await waitJob(ow, o, 'webpush', 'parked')
			    .catch(async (e) => assert.fail(`${host}: ${
				e.message}`));
			assert.match(j.why, /not public|malformed|refused|can't/i,
			    host);
		}
		console.log(`# ${kept} such endpoints were kept, and nothing ` +
		    'sent to them');
		assert.ok(kept >= 3);
		assert.deepEqual(came, []);
		await alive(ow);
	});
});

// A name server for one name, with a list of what to answer next; the last one
// stays.
async function startDns(t, name, answers) {
	const socket = dgram.createSocket('udp4');
	const asked = [];
	socket.on('message', (q, from) => {
		let at = 12;
		const labels = [];
		while (q[at]) {
			labels.push(q.toString('latin1', at + 1, at + 1 +
			    q[at]));
			at += q[at] + 1;
		}
		const type = q.readUInt16BE(at + 1);
		const is = labels.join('.').toLowerCase() === name;
		const ip = is && type === 1 ? answers.length > 1 ?
		    answers.shift() : answers[0] : null;
		if (ip)
			asked.push(ip);
		const head = Buffer.from(q.subarray(0, 12));
		head.writeUInt16BE(is ? 0x8180 : 0x8183, 2);
		head.writeUInt16BE(1, 4);
		head.writeUInt16BE(ip ? 1 : 0, 6);
		head.writeUInt16BE(0, 8);
		head.writeUInt16BE(0, 10);
		const parts = [head, q.subarray(12, at + 5)];
		if (ip)		// its name, A, IN, TTL 0, four bytes
			parts.push(Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0,
				0, 0, 4, ...ip.split('.').map(Number)]));
		socket.send(Buffer.concat(parts), from.port, from.address);
	});
	const address = `127.77.${process.pid & 255}.53`;
	socket.bind(53, address);
	await once(socket, 'listening');
	t.after(() => socket.close());
	return { address, asked };
}

// The first answer is one that private_allow names, in place of a public one:
// nothing of a test may leave this machine.
test('a name that becomes private after the subscription is not followed',
    { skip: process.getuid() !== 0 && 'only root has another resolv.conf' },
    async (t) => {
	const name = 'push.rebind.example';
	const dns = await startDns(t, name, ['127.0.0.2', '127.0.0.1']);
	const tls = await newCertificate(name);
	const seen = [];
	const server = http2.createSecureServer({ ...tls, allowHTTP1: true },
	    (req, res) => {
		seen.push(req.socket.localAddress ??
		    req.stream.session.socket.localAddress);
		req.resume();
		res.writeHead(201, { location: 'https://x/m/1' });
		// Who has no connection must ask for the name again.
		res.end(() => setImmediate(() => req.httpVersion === '2.0' ?
		    req.stream.session.close() : req.socket.end()));
	});
	server.listen(0, '127.0.0.2');
	await once(server, 'listening');
	const { port } = server.address();
	const inner = net.createServer((s) => {
		seen.push('127.0.0.1');
		s.destroy();
	});
	inner.listen(port, '127.0.0.1');
	await once(inner, 'listening');
	t.after(() => { server.close(); inner.close(); });

	const ow = new Server();
	t.after(() => ow.destroy());
	await ow.prepare();
	fs.writeFileSync(ow.path('resolv.conf'),
	    `nameserver ${dns.address}\noptions timeout:1 attempts:2\n`);
	fs.writeFileSync(ow.path('ca.pem'), tls.cert);
	ow.writeConf({ outbox: { ...soon, private_allow: '127.0.0.2/32' },
		notify: { share_dir: shareDir(t, by('push')) },
		plugins: { 'channel-webpush': await webpush(ow, {
			hosts: name, ca_file: ow.path('ca.pem') }) } });
	const prefix = ['unshare', '--mount', 'sh', '-c',
		`mount --bind ${ow.path('resolv.conf')} /etc/resolv.conf && ` +
		    'exec "$0" "$@"'];
	await ow.start({ prefix });
	await subscribe(ow, 'ada', browser(`https://${name}:${port}/x`));
	const first = await tell(ow, 'accepted');
	await waitJob(ow, first, 'webpush', 'sent');
	assert.deepEqual(seen, ['127.0.0.2']);
	// From now on the name is in a private network.  What libcurl knows of
	// it holds for a minute; a restart forgets that.
	const full = process.env.OW_FULL === '1';
	let refused;
	if (!full)
		await ow.restart('SIGTERM', { prefix });
	for (let n = 0; n < 80 && !refused; n++) {
		const o = await tell(ow, 'accepted');
		const j = await until(async () => (await jobs(ow, {
			channel: 'webpush' })).find((x) => x.order_id ===
			o.id && ['sent', 'parked'].includes(x.state)));
		refused = j.state === 'parked' && j;
		await delay(refused ? 0 : 1000);
	}
	assert.match(refused.why, /not public/);
	assert.deepEqual(dns.asked.slice(0, 2), ['127.0.0.2', '127.0.0.1']);
	assert.ok(!seen.includes('127.0.0.1'), `${seen}`);
});

// ---- What is written in orders ---------------------------------------------

describe('words of an order', () => {
	const evil = 'Ada\r\nBcc: evil@example.org\r\n\r\n<script>alert(1)' +
	    '</script>';

	test('with line breaks or control characters are refused',
	    async (t) => {
		const ow = await startServer(t);
		const service = await ow.token({ role: 'service' });
		const bad = [
			{ number: 'A\r\nBcc: x' }, { contact: { name: evil } },
			{ pickup: { name: evil } }, { customer_id: 'a\nb' },
			{ contact: { email: 'a@example.org\r\nBcc: x@y.z' } },
			{ contact: { email: 'a@example.org, b@example.org' } },
			{ contact: { email: 'x'.repeat(300) + '@example.org' } },
			...['0170 1234567', '+0', '+49 170 1234567', 'tel:+4917',
				`+${'1'.repeat(16)}`, '+49170123456\n', '-1',
				'+４９１７０１２３４５６７']
			    .map((phone) => ({ contact: { phone } })),
			{ contact: { timezone: 'Mars/Olympus\n' } },
			{ contact: { locale: '../../etc' } },
			{ number: 'x'.repeat(100000) },
			{ pickup: { name: 'x'.repeat(100000) } },
			{ contact: { name: 'x'.repeat(100000) } },
		];
		const taken = [];
		for (const more of bad) {
			const a = await ow.post('/orders', order(more), service);
			if (a.status !== 422)
				taken.push(`${a.status} ${JSON.stringify(more)
				    .slice(0, 80)}`);
		}
		assert.deepEqual(taken, []);
		await alive(ow);
	});

	// The platform's templates are its own; the words in them are not.
	test('are one line in a subject and text in a page',
	    { skip: !canPostfix() && 'needs root, postfix' }, async (t) => {
		const mail = await startPostfix(t, { mailboxes: [
			'ada@example.org'] });
		const ow = await startServer(t, { conf: { outbox: soon,
			notify: { share_dir: shareDir(t, [{
				event: 'order.rejected',
				channels: ['email'], ttl: '1h' }], {
				'order-rejected': 'title = "{{reason}} {{place}}' +
				    '"; text = "{{reason}}\\n{{items}}"; html = ' +
				    '"<p>{{reason}} {{customer}} {{place}}</p>' +
				    '<p>{{items}}</p>";' }) },
			plugins: { mail: { module: 'channel-email',
				url: mail.url, from: 'Cafe <c@example.org>',
				ca_file: mail.caFile } } } });
		const name = '"Ada" <script>alert(1)</script>';
		const items = Array.from({ length: 100 }, (_, i) => ({
			name: `${i} ${'<b>&'.repeat(45)}`, quantity: 1 }));
		const { order: o } = await ow.newOrder({ customer_id: 'ada',
			items, pickup: { name }, contact: { name,
				email: 'ada@example.org' } });
		const reason = 'no milk\u2028\u202e<img src=x onerror=alert(1)>';
		const kitchen = await ow.token({ role: 'kitchen' });
		const a = await ow.patch(`/orders/${o.id}/status`, {
			status: 'rejected', reason: `${reason}\r\nBcc: x@y.z`,
		}, kitchen);
		assert.equal(a.status, 422);
		await step(ow, o, 'rejected', { reason });
		await waitJob(ow, o, 'email', 'sent');
		const [m] = await mail.waitFor('ada@example.org');
		assert.equal(m.bcc, undefined);
		assert.equal(m.to.value.length, 1);
		assert.ok(!/[\r\n]/.test(m.subject), m.subject);
		assert.ok(m.subject.includes('<script>'), 'as it was written');
		assert.ok(!/<script|<img|<b>/i.test(m.html), m.html);
		assert.match(m.html, /&lt;script&gt;/);
		const head = mail.raw('ada@example.org')[0].toString('latin1')
		    .split(/\r?\n\r?\n/)[0];
		assert.ok(!/^bcc:/im.test(head), head);
		assert.ok(m.text.length < 5000, 'what is long is cut');
	});

	test('of a template with a line break are said at start', async (t) => {
		for (const part of ['title', 'subject', 'sms']) {
			const ow = await startServer(null, { wait: false,
				conf: { notify: { share_dir: shareDir(t,
				    by('email'), { 'order-accepted': 'title = ' +
				    `"t"; text = "t"; ${part} = "Hello\\r\\n` +
				    'Bcc: evil@example.org";' }) } } });
			t.after(() => ow.destroy());
			const { code } = await ow.exit;
			assert.notEqual(code, 0, part);
			assert.match(ow.log, new RegExp(`order-accepted.*'${part
			}'.*control character|${part}.*more than once|` +
			    'duplicate'), part);
		}
	});

	// A value of 100 kB is cut, whatever it stands in; so is a template.
	test('of 100 kB are cut, and still told', async (t) => {
		const texts = await startTexts(t);
		const big = 'x'.repeat(100000);
		const ow = await startServer(t, { conf: { outbox: soon,
			http: { body_max: '1m' },
			notify: { share_dir: shareDir(t, by('in_app', 'sms'), {
				'order-accepted': `title = "{{items}} ${big}"; ` +
				    `text = "{{items}} ${big}"; sms = ` +
				    `"{{items}}{{items}} ${big}";` }) },
			plugins: { sms: texts.conf } } });
		const service = await ow.token({ role: 'service' });
		let items = Array.from({ length: 1000 }, () => ({
			name: 'y'.repeat(200), quantity: 1 }));
		let a;
		while ((a = await ow.post('/orders', order({ items,
			contact: { phone: '+4917012345678' } }), service))
		    .status !== 201) {
			assert.equal(a.status, 422, a.text);
			items = items.slice(0, items.length / 2);
		}
		await step(ow, a.body.order, 'accepted');
		const j = await waitJob(ow, a.body.order, 'sms', 'sent');
		assert.ok(texts.got[0].text.length <= 3 * 153,
		    `${texts.got[0].text.length}`);
		const box = await ow.get('/notifications',
		    await customer(ow, 'customer-1'));
		assert.equal(box.body.data.length, 1);
		assert.ok(box.body.data[0].title.length <= 1000);
		assert.ok(box.body.data[0].text.length <= 4000);
		console.log(`# ${items.length} items of 200 bytes and a ` +
		    `template of 100 kB: an SMS of ${texts.got[0].text.length
		    }, a title of ${box.body.data[0].title.length}`);
		assert.ok(j);
		await alive(ow);
	});
});

// ---- Preferences -----------------------------------------------------------

test('preferences that cannot be are refused and change nothing', async (t) => {
	const ow = await startServer(t);
	const ada = await customer(ow, 'ada');
	const before = await prefs(ow, 'ada');
	const quiet = (more) => ({ quiet_hours: { from: '22:00', to: '07:00',
		timezone: 'Europe/Berlin', ...more } });
	const events = Object.fromEntries(Array.from({ length: 1000 },
	    (_, i) => [`x.e${i}`, { push: false }]));
	for (const body of [
		...['Mars/Olympus', '', '../../../etc/passwd', '/etc/localtime',
			'Europe/Berlin\u0000', 'Europe', 'x'.repeat(10000),
			'posixrules/../../x', 7, null]
		    .map((timezone) => quiet({ timezone })),
		quiet({ from: '24:00' }), quiet({ from: '7:00' }),
		quiet({ to: '07:60' }), quiet({ to: 7 }), { quiet_hours: [] },
		{ quiet_hours: { from: '22:00' } },
		{ contact: { phone: '0170 1234567' } },
		{ contact: { phone: '+49170123456\r\n' } },
		{ contact: { email: 'nobody' } },
		{ contact: { email: 'a@b.c\r\nBcc: x@y.z' } },
		{ channels: { sms: 'yes' } }, { channels: { pigeon: true } },
		{ channels: [] }, { events }, { events: { 'no.such': {
			push: true } } }, { events: { 'order.ready': 7 } },
		{ locale: '../../etc' }, { locale: 'x'.repeat(1000) },
		{ version: -7 }, { version: 'x' },
	]) {
		const a = await ow.put('/notification-preferences', body, ada);
		assert.ok([400, 412, 422].includes(a.status), `${a.status} ${JSON
		    .stringify(body).slice(0, 100)}`);
	}
	assert.deepEqual(await prefs(ow, 'ada'), before);
	await alive(ow);
});

// ---- What comes in ---------------------------------------------------------

describe('hooks', () => {
	const phone = '+4917012345678', secret = 'sixteen signs are enough';
	let ow, twilio, texts, key;
	const undo = [];
	const scope = { after: (fn) => undo.push(fn) };

	before(async () => {
		ow = new Server();
		scope.after(() => ow.destroy());
		await ow.prepare();
		const hook = (name) => `${ow.url}/hooks/sms/${name}`;
		twilio = await startTwilio(scope, { hookUrl: hook('twilio') });
		texts = await startTexts(scope);
		ow.writeConf({ server: { public_url: ow.url }, outbox: soon,
			notify: { share_dir: shareDir(scope,
			    by('in_app', 'sms')) },
			plugins: {
				twilio: { module: 'channel-sms',
					gateway: 'twilio', url: twilio.url,
					user: twilio.sid, from: '+15005550006',
					password: twilio.token,
					hook_url: hook('twilio'),
					tenants: 'other' },
				kannel: { module: 'channel-sms',
					gateway: 'kannel', from: '12345',
					url: 'http://127.0.0.1:9/', user: 'u',
					password: 'p', hook_secret: secret,
					hook_url: hook('kannel'),
					tenants: 'other' },
				sms: { ...texts.conf, hook_secret: secret,
					hook_url: hook('sms') },
			} });
		await ow.start();
		await tell(ow, 'accepted', { contact: { phone } });
		await until(() => texts.got.length > 0);
		key = texts.got[0].key;
	});
	after(async () => {
		for (const fn of undo.reverse())
			await fn();
	});

	const unchanged = async (what) => {
		assert.equal((await prefs(ow, 'ada')).channels.sms, true, what);
		const [j] = await jobs(ow, { channel: 'sms' });
		assert.equal(j.state, 'sent', what);
	};

	test('without the right signature change nothing', async () => {
		const stop = new URLSearchParams({ from: phone, text: 'STOP',
			From: phone, Body: 'STOP' }).toString();
		const report = new URLSearchParams({ status: 'failed', ref: key,
			key, MessageStatus: 'failed', MessageSid: key })
		    .toString();
		const form = { 'content-type':
		    'application/x-www-form-urlencoded' };
		for (const name of ['sms', 'kannel', 'twilio'])
			for (const body of [stop, report, ''])
				for (const headers of [{},
					{ 'x-twilio-signature': '' },
					{ 'x-twilio-signature': 'AAAA' },
					{ 'x-twilio-signature': Buffer.alloc(20)
					    .toString('base64') },
					{ 'x-orderwire-signature': '' },
					{ 'x-orderwire-signature': 'sha256=' },
					{ 'x-orderwire-signature': `sha256=${
					    '0'.repeat(64)}` },
					{ 'x-orderwire-signature': `sha256=${
					    'x'.repeat(5000)}` },
				])
					for (const query of ['', '?token=',
						'?token=x', `?token=${secret
						    .slice(0, -1)}`, '?%25',
						`?token=x&token=${secret}x`])
						for (const method of ['POST',
							'GET']) {
							const a = await ow.call(
							    method, `/hooks/sms/${
								name}${query}`,
							    method === 'GET' ?
								undefined : body,
							    null, { ...form,
								...headers });
							assert.equal(a.status,
							    401, `${name}${query
							    } ${a.text}`);
						}
		await unchanged('after forged hooks');
		await alive(ow);
	});

	test('signed for something else change nothing', async () => {
		const url = `${ow.url}/hooks/sms/sms`;
		const sign = (what) => `sha256=${createHmac('sha256', secret)
		    .update(what).digest('hex')}`;
		const body = `from=${encodeURIComponent(phone)}&text=STOP`;
		const form = { 'content-type':
		    'application/x-www-form-urlencoded' };
		for (const [said, signed] of [[body, `${url}\n`],
			[body, `${url}?x\n${body}`], [`${body}&x=1`,
			    `${url}\n${body}`], [body, body]]) {
			const a = await ow.post(url, said, null, { ...form,
				'x-orderwire-signature': sign(signed) });
			assert.equal(a.status, 401);
		}
		await unchanged('after hooks signed for others');
		// The right one does.
		const a = await ow.post(url, body, null, { ...form,
			'x-orderwire-signature': sign(`${url}\n${body}`) });
		assert.equal(a.status, 200, a.text);
		await until(async () => !(await prefs(ow, 'ada')).channels.sms);
		await prefs(ow, 'ada', { channels: { sms: true } });
	});

	test('of nobody, or too big, are refused', async () => {
		for (const name of ['nobody', '..', '%2e%2e', 'a%00b', 'x'
		    .repeat(300)]) {
			const a = await ow.post(`/hooks/sms/${name}`, 'x', null,
			    { 'content-type': 'text/plain' });
			assert.ok([400, 404, 405].includes(a.status), `${name
			}: ${a.status}`);
		}
		const a = await ow.post('/hooks/sms/kannel', 'x'.repeat(300000),
		    null, { 'content-type': 'text/plain' });
		assert.equal(a.status, 413);
		for (let i = 0; i < 50; i++) {
			const b = await ow.post(`/hooks/sms/${['sms', 'kannel',
				'twilio'][i % 3]}?${randomBytes(20).toString(
			    'latin1').replace(/[^!-~]|#/g, '%')}`,
			randomBytes(200), null, { 'content-type':
			    'application/x-www-form-urlencoded' });
			assert.ok([400, 401].includes(b.status), `${b.status}`);
		}
		await alive(ow);
	});

	test('to unsubscribe: a look changes nothing, forgers nothing',
	    async () => {
		const token = ow.signed('unsubscribe', `${tenant}\nada\nsms`);
		const sms = async () => (await prefs(ow, 'ada')).channels.sms;
		for (let i = 0; i < 3; i++)
			assert.equal((await ow.get(`/unsubscribe/${token}`))
			    .status, 200);
		assert.equal(await sms(), true, 'a GET only asks');
		const flipped = Buffer.from(token, 'base64url');
		const forged = [token.slice(0, -1), `${token}A`, token.slice(1),
			ow.signed('receipt', `${tenant}\nada\nsms`),
			ow.signed('unsubscribe', `${tenant}\nada`),
			ow.signed('unsubscribe', `${tenant}\nada\npigeon`),
			ow.signed('unsubscribe', ''), 'x', '..', 'A'.repeat(4000)];
		for (let i = 0; i < flipped.length; i += 3) {
			const b = Buffer.from(flipped);
			b[i] ^= 1;
			forged.push(b.toString('base64url'));
		}
		for (const bad of forged)
			for (const method of ['GET', 'POST']) {
				const a = await ow.call(method, `/unsubscribe/${
				    bad}`, method === 'POST' ?
				    'List-Unsubscribe=One-Click' : undefined,
				null, { 'content-type':
				    'application/x-www-form-urlencoded' });
				assert.ok([400, 401, 404, 405, 414].includes(
				    a.status), `${bad}: ${a.status}`);
			}
		assert.equal(await sms(), true);
		const done = await ow.post(`/unsubscribe/${token}`,
		    'List-Unsubscribe=One-Click', null, { 'content-type':
			'application/x-www-form-urlencoded' });
		assert.equal(done.status, 200);
		assert.equal(await sms(), false);
		await prefs(ow, 'ada', { channels: { sms: true } });
	});

	test('receipts of forgers see nothing', async () => {
		const [j] = await jobs(ow, { channel: 'sms' });
		const good = ow.signed('receipt', j.id);
		const other = good.slice(0, -4) + (good.endsWith('AAAA') ?
		    'BBBB' : 'AAAA');
		for (const [token, want] of [[other, 401], ['', 422], ['x', 401],
			[ow.signed('unsubscribe', j.id), 401],
			[ow.signed('receipt', 'x'), 404], [7, 422],
			['A'.repeat(100000), [401, 422]],
			[ow.signed('receipt', `${j.id}x`), 404]]) {
			const a = await ow.post('/receipts', { token,
				event: 'displayed' });
			assert.ok([want].flat().includes(a.status), `${String(
			    token).slice(0, 60)}: ${a.status} ${a.text}`);
		}
		for (const event of ['', 'seen', null, 'displayed\u0000']) {
			const a = await ow.post('/receipts', { token: good,
				event });
			assert.ok([400, 422].includes(a.status), a.text);
		}
		// Another tenant's path does not take it.
		const a = await ow.post('/api/v1/other/receipts', { token: good,
			event: 'displayed' });
		assert.equal(a.status, 401, a.text);
		assert.equal((await job(ow, j.id)).state, 'sent');
		const b = await ow.post('/receipts', { token: good,
			event: 'displayed' });
		assert.equal(b.status, 204);
	});
});

// ---- Too many --------------------------------------------------------------

test('subscriptions of one person are limited', async (t) => {
	const ow = new Server();
	t.after(() => ow.destroy());
	await ow.prepare();
	ow.writeConf({ notify: { addresses_max: 3 },
		plugins: { 'channel-webpush': await webpush(ow) } });
	await ow.start();
	const ada = await customer(ow, 'ada'), ids = [];
	for (let i = 0; i < 5; i++)
		ids.push((await subscribe(ow, 'ada', browser(
		    `https://fcm.googleapis.com/fcm/send/${i}`))).id);
	const left = [];
	for (const id of ids)
		left.push((await ow.delete(`/push-subscriptions/${id}`, ada))
		    .status);
	assert.deepEqual(left, [404, 404, 204, 204, 204],
	    'the oldest made room');
	// Somebody else's is not there.
	const bobs = await subscribe(ow, 'bob', browser(
	    'https://fcm.googleapis.com/fcm/send/bob'));
	assert.equal((await ow.delete(`/push-subscriptions/${bobs.id}`, ada))
	    .status, 404);
});

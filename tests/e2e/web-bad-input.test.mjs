// SPDX-License-Identifier: MIT
//
// web-bad-input - what people bring along that nobody planned for: links and
// tokens that are none, names with markup, browsers without the half of it, and
// clocks that are wrong.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { comes, live, REFUSED, skipWeb, startWeb, trackPath, untilIn }
	from './lib-web.mjs';

const HOUR = 3600000;
// A call, and a socket, that the server says no to.
const NO = [REFUSED, /^WebSocket connection/];
const NOBODY = '019a5a1e-7a10-7bb2-8f00-0123456789ab';

describe('bad input', { skip: skipWeb }, () => {
	let web;
	before(async () => { web = await startWeb(); });
	after(() => web?.destroy());

	const heading = (page, name) => page.getByRole('heading', { name })
	    .waitFor();

	// ---- What does not exist, or not for them --------------------------

	test('an order that does not exist is not found', async (t) => {
		for (const where of [`/orders/${NOBODY}/track`,
			'/orders/ref:none/track', '/orders/%F0%9F%8D%95/track',
			`/orders/ref:${'x'.repeat(300)}/track`]) {
			const page = await web.open(t, where, {
				as: 'customer', allow: NO });
			await heading(page, 'We could not find this order');
		}
	});

	test('somebody else\'s order is not found either', async (t) => {
		const { order } = await web.ow.newOrder({ number: 'X-1' });
		const page = await web.open(t, trackPath(order), {
			as: 'customer', sub: 'customer-2', allow: NO });
		await heading(page, 'We could not find this order');
		assert.equal(await page.getByText('X-1').count(), 0);
	});

	test('an address that is none leads home', async (t) => {
		const page = await web.open(t, '/no/such/page');
		await heading(page, 'There is nothing here');
		await page.getByRole('link', { name: 'To my orders' }).click();
		await heading(page, 'Please sign in to see this');
	});

	test('a link that has expired says so', async (t) => {
		const { order } = await web.ow.newOrder({ number: 'X-2' });
		const { status, body } = await web.ow.post(
		    `/orders/${order.id}/tracking-links`,
		    { expires_in_s: 2 }, await web.ow.token());
		assert.equal(status, 201, JSON.stringify(body));
		for (const token of [body.token, 'A'.repeat(43)]) {
			const page = await web.open(t,
			    `/track/${order.id}#${token}`, { allow: NO });
			// The first may be live until then.
			await heading(page, 'This link no longer works');
			await page.reload();
			await heading(page, 'This link no longer works');
			assert.equal(await page.getByText('X-2').count(), 0);
		}
	});

	test('nobody sees anything', async (t) => {
		const { order } = await web.ow.newOrder({ number: 'X-3' });
		for (const where of [trackPath(order), '/orders',
			'/notifications', '/preferences']) {
			const page = await web.open(t, where, { allow: NO });
			await heading(page, 'Please sign in to see this');
			assert.equal(await page.getByText('X-3').count(), 0);
		}
	});

	test('a forged token opens nothing, and asks to sign in', async (t) => {
		const { order } = await web.ow.newOrder({ number: 'X-4' });
		const good = await web.ow.token({ role: 'customer',
			sub: 'customer-1' });
		const [head, claims, sign] = good.split('.');
		const edit = (text, change) => Buffer.from(JSON.stringify({
			...JSON.parse(Buffer.from(text, 'base64url')),
			...change })).toString('base64url');
		for (const token of [
			[head, edit(claims, { sub: 'customer-2' }), sign],
			[edit(head, { alg: 'none' }), claims, ''],
			[head, claims, sign.replace(/^./, (c) =>
			    c === 'A' ? 'B' : 'A')],
		].map((parts) => parts.join('.'))) {
			const page = await web.open(t, trackPath(order), {
				as: 'customer', token, allow: NO });
			await heading(page, 'Please sign in to see this');
			assert.equal(await page.getByText('X-4').count(), 0);
			await page.goto(`${web.url}/kitchen`);
			await page.getByLabel('Access token').fill(token);
			await page.getByRole('button', { name: 'Sign in' })
			    .click();
			await page.getByText('This token is not for the kitchen')
			    .or(page.getByText('This is not an access token'))
			    .waitFor();
		}
	});

	test('a token that is refused at the kitchen\'s door asks for another',
	    async (t) => {
		const good = await web.ow.token({ role: 'kitchen' });
		const page = await web.open(t, '/kitchen', { as: 'kitchen',
			token: `${good.slice(0, -6)}AAAAAA`, allow: NO });
		await page.getByLabel('Access token').fill(good);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await live(page);
	});

	// ---- Markup ----------------------------------------------------------

	const EVIL = '<img src=x onerror="window.hit=1"><b id=evil>x</b>' +
	    '<script>window.hit=1</script>"\'&lt;\u202e${1+1}{{1}}';

	test('a name with markup in it is a name', async (t) => {
		const { order } = await web.ow.newOrder({
			number: '<b id=evil>1', customer: { name: EVIL },
			items: [{ name: EVIL, quantity: 1, notes: EVIL,
				station: '<i id=evil>' }],
			pickup: { name: EVIL, address: EVIL } });
		await web.move(order, 'accepted');
		const isHarmless = async (page) => {
			assert.deepEqual(await page.evaluate(() => [
				document.querySelectorAll('#evil, [onerror], ' +
				    'main script, main img[src=x]').length,
				window.hit]), [0, undefined]);
		};
		const page = await web.open(t, trackPath(order), {
			as: 'customer' });
		await live(page);
		assert.equal(await page.locator('.item-name').evaluate((e) =>
		    e.firstChild.data), EVIL);
		assert.equal(await page.locator('.item-notes').textContent(),
		    EVIL);
		assert.match(await page.title(), /^Order <b id=evil>1/);
		await isHarmless(page);
		for (const [where, selector] of Object.entries({
			'/notifications': '.note',
			'/orders': '.order-card' })) {
			await page.goto(web.url + where);
			await page.locator(selector).first().waitFor();
			await isHarmless(page);
		}
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen' });
		const ticket = kitchen.locator(
		    `.ticket[data-ticket="${order.id}"]`);
		assert.equal(await ticket.locator('.ticket-name').evaluate((e) =>
		    e.firstChild.data), EVIL);
		await kitchen.getByRole('button', { name: '<i id=evil>' })
		    .click();
		await isHarmless(kitchen);
	});

	test('a reason with markup in it is a reason', async (t) => {
		const { order } = await web.ow.newOrder();
		for (const status of ['accepted', 'preparing', 'ready'])
			await web.move(order, status);
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen' });
		await kitchen.locator(`.ticket[data-ticket="${order.id}"]`)
		    .getByRole('button', { name: 'Recall' }).click();
		await kitchen.getByLabel('Another reason').fill(EVIL);
		await kitchen.getByRole('dialog').getByRole('button', {
			name: 'Recall' }).click();
		await comes(async () => (await web.ow.get(
		    `/orders/${order.id}/events`, await web.ow.token())).body
		    .data.at(-1).data.reason, EVIL);
		assert.equal(await kitchen.evaluate(() => window.hit),
		    undefined);
	});

	// ---- Browsers that cannot, or may not --------------------------------

	const noWorker = {
		'that has none': () => {
			delete Navigator.prototype.serviceWorker;
		},
		'that refuses it': () => {
			if (navigator.serviceWorker)
				ServiceWorkerContainer.prototype.register =
				    async () => {
					throw new DOMException('not here',
					    'SecurityError');
				};
		},
	};
	for (const [name, init] of Object.entries(noWorker))
		test(`all but offline works in a browser ${name}`, async (t) => {
			const { order } = await web.ow.newOrder();
			const page = await web.open(t, trackPath(order), {
				as: 'customer', init });
			await live(page);
			await web.move(order, 'accepted');
			await page.locator('.hero-title', { hasText:
				'Your order is confirmed' }).waitFor();
			await page.goto(`${web.url}/preferences`);
			await page.locator('.events').waitFor();
		});

	test('without any storage all but remembering works', async (t) => {
		const { order } = await web.ow.newOrder();
		const link = await web.link(order);
		const page = await web.open(t, link.path, { init: () => {
			for (const name of ['localStorage', 'sessionStorage',
				'indexedDB'])
				Object.defineProperty(window, name, { get() {
					throw new DOMException('denied',
					    'SecurityError');
				} });
		} });
		await live(page);
		await web.move(order, 'accepted');
		await page.locator('.hero-title', { hasText:
			'Your order is confirmed' }).waitFor();
	});

	test('whoever has blocked notices is told where to allow them',
	    async (t) => {
		const page = await web.open(t, '/preferences', {
			as: 'customer', init: () => {
				Object.defineProperty(Notification,
				    'permission', { get: () => 'denied' });
				Notification.requestPermission =
				    async () => 'denied';
			} });
		await page.getByText(/^Your browser blocks notices/).waitFor();
		assert.equal(await page.getByRole('button', { name: 'Turn on' })
		    .count(), 0);
	});

	// ---- Clocks ----------------------------------------------------------

	// As it is on a device whose clock is wrong.
	const shift = (ms) => `(() => {
		const Real = Date;
		const now = () => Real.now() + ${ms};
		window.Date = class extends Real {
			constructor(...a) {
				a.length ? super(...a) : super(now());
			}
			static now() { return now(); }
		};
	})()`;

	for (const [name, ms] of [['slow', -HOUR], ['fast', HOUR]])
		test(`an hour ${name}, it counts down by the server's clock`,
		    async (t) => {
			const { order } = await web.ow.newOrder({
				number: `C-${name}` });
			await web.move(order, 'accepted');
			const kitchen = await web.ow.token({ role: 'kitchen' });
			const a = await web.ow.patch(`/orders/${order.id}/eta`, {
				ready_in_s: 20 * 60 }, kitchen);
			assert.ok(a.status < 300, a.text);
			const page = await web.open(t, trackPath(order), {
				as: 'customer', init: shift(ms) });
			await live(page);
			const off = await page.evaluate(() => Date.now()) -
			    Date.now();
			assert.ok(Math.abs(off - ms) < 60000, 'is wrong at all');
			await untilIn(page, () => /^(19|20)\D/.test(document
			    .querySelector('.eta-big > span')?.textContent));
			const board = await web.open(t, '/kitchen', {
				as: 'kitchen', init: shift(ms) });
			await live(board);
			const age = board.locator(
			    `.ticket[data-ticket="${order.id}"] .ticket-age`);
			await comes(async () => /^(now|[01] min)$/.test(
			    (await age.textContent()).trim()), true);
		});
});

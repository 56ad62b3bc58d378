// SPDX-License-Identifier: MIT
//
// web-kitchen - what is tapped on the kitchen's board, and what the customer's
// open page makes of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { live, REFUSED, skipWeb, startWeb, trackPath, untilIn }
	from './lib-web.mjs';

// In both pages, which have one clock: when a tap was, and when what is on the
// screen was another.
function watchTaps() {
	window.taps = [];
	addEventListener('click', () => window.taps.push(Date.now()), true);
}

function watchScreen() {
	window.seen = [];
	new MutationObserver(() => {
		const what = [...document.querySelectorAll(
		    '.hero-title, .item-status')].map((e) => e.textContent)
		    .join('|');
		if (window.seen.at(-1)?.what !== what)
			window.seen.push({ what, at: Date.now() });
	}).observe(document, { subtree: true, childList: true,
		characterData: true });
}

const ticket = (page, order) =>
    page.locator(`.ticket[data-ticket="${order.id}"]`);
const column = (page, name, order) => page.locator(
    `[data-column=${name}] .ticket[data-ticket="${order.id}"]`);
const next = (page, order) => ticket(page, order).locator('.ticket-next');
const item = (page, order, i) =>
    ticket(page, order).locator('.ticket-item').nth(i);
const headline = (page, text) => page.locator('.hero-title', {
	hasText: text }).waitFor();
const toast = (page, text) => page.locator('.toast', { hasText: text });

describe('the kitchen', { skip: skipWeb }, () => {
	let web;
	before(async () => { web = await startWeb(); });
	after(() => web?.destroy());

	const openBoth = async (t, order, init = {}) => {
		const customer = await web.open(t, trackPath(order), {
			as: 'customer', init: init.customer });
		await live(customer);
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen',
			init: init.kitchen });
		await live(kitchen);
		await ticket(kitchen, order).waitFor();
		return { customer, kitchen };
	};

	test('each tap is on the customer\'s screen within a second',
	    async (t) => {
		const { order } = await web.ow.newOrder();
		const { customer, kitchen } = await openBoth(t, order, {
			customer: watchScreen, kitchen: watchTaps });
		const took = [];
		const tap = async (where, what, text) => {
			await where.click();
			const at = await untilIn(customer, (w) => window.seen
			    .find((s) => s.what.includes(w))?.at, text);
			took.push([what, at - await kitchen.evaluate(
			    () => window.taps.at(-1))]);
		};
		const items = (title, ...states) =>
		    [title, ...states].join('|');
		await tap(next(kitchen, order), 'accept',
		    'Your order is confirmed');
		await tap(item(kitchen, order, 0), 'item 1 begun',
		    items('', 'Being prepared', 'Waiting'));
		await tap(item(kitchen, order, 0), 'item 1 ready',
		    items('', 'Ready', 'Waiting'));
		await tap(item(kitchen, order, 1), 'item 2 begun',
		    items('', 'Ready', 'Being prepared'));
		await tap(item(kitchen, order, 1), 'item 2 ready',
		    items('', 'Ready', 'Ready'));
		if (await next(kitchen, order).textContent() === 'Ready')
			await tap(next(kitchen, order), 'ready',
			    'Ready for you to pick up');
		await column(kitchen, 'ready', order).waitFor();
		await tap(next(kitchen, order), 'picked up',
		    'Picked up. Enjoy!');
		await ticket(kitchen, order).waitFor({ state: 'detached' });
		for (const [what, ms] of took)
			t.diagnostic(`${what}: ${ms} ms`);
		const all = took.map(([, ms]) => ms).sort((a, b) => a - b);
		const median = all[all.length >> 1];
		assert.ok(median < 1000, `${median} ms`);
		const end = (await customer.locator('.timeline-text')
		    .allTextContents());
		assert.deepEqual(end, ['Order received', 'Confirmed',
			'Being prepared', 'Ready', 'Picked up']);
	});

	test('an order that comes is on the open board and is said aloud',
	    async (t) => {
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen' });
		await live(kitchen);
		const { order } = await web.ow.newOrder({ number: 'N-17' });
		await column(kitchen, 'new', order).waitFor();
		await kitchen.getByRole('status').getByText('New order N-17')
		    .waitFor();
		assert.deepEqual(await ticket(kitchen, order)
		    .locator('.ticket-name').allTextContents(),
		    ['Flat white', 'Croissant']);
	});

	test('a recall tells why, and takes the customer back', async (t) => {
		const { order } = await web.ow.newOrder();
		for (const status of ['accepted', 'preparing', 'ready'])
			await web.move(order, status);
		const { customer, kitchen } = await openBoth(t, order);
		await headline(customer, 'Ready for you to pick up');
		const recall = ticket(kitchen, order).getByRole('button', {
			name: 'Recall' });
		await recall.click();
		await kitchen.keyboard.press('Escape');
		await kitchen.getByRole('dialog').waitFor({ state: 'detached' });
		assert.ok(await recall.evaluate((e) =>
		    e === document.activeElement), 'the focus is not back');
		await recall.click();
		await kitchen.getByRole('dialog').getByRole('button', {
			name: 'Something is missing' }).click();
		await headline(customer, 'Your order is being prepared');
		await column(kitchen, 'preparing', order).waitFor();
		await customer.locator('.timeline-row[aria-current=step]',
		    { hasText: 'Being prepared' }).waitFor();
		const log = await web.ow.get(`/orders/${order.id}/events`,
		    await web.ow.token());
		const last = log.body.data.findLast((e) =>
		    e.type === 'order.status.changed').data;
		assert.deepEqual([last.from, last.to, last.reason],
		    ['ready', 'preparing', 'Something is missing']);
	});

	test('a tap is undone by its word, or by the key', async (t) => {
		const { order } = await web.ow.newOrder();
		const { customer, kitchen } = await openBoth(t, order);
		const is = (state) => customer.locator(
		    `.item[data-status=${state}]`).first().waitFor();
		await next(kitchen, order).click();
		await headline(customer, 'Your order is confirmed');
		await item(kitchen, order, 0).click();
		await is('preparing');
		await toast(kitchen, 'Being prepared').getByRole('button', {
			name: 'Undo' }).click();
		await toast(kitchen, 'Taken back').waitFor();
		await customer.locator('.item[data-status=preparing]').waitFor({
			state: 'detached' });
		await item(kitchen, order, 0).click();
		await is('preparing');
		await toast(kitchen, 'Being prepared').waitFor();
		await kitchen.keyboard.press('u');
		await customer.locator('.item[data-status=preparing]').waitFor({
			state: 'detached' });
	});

	// A second step would be the end of the order, or the first of another.
	test('two quick taps are one step, of one order', async (t) => {
		const { order } = await web.ow.newOrder();
		const { order: other } = await web.ow.newOrder();
		for (const o of [order, other])
			for (const status of ['accepted', 'preparing'])
				await web.move(o, status);
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen',
			height: 4000, hasTouch: true });
		await live(kitchen);
		const asked = [];
		kitchen.on('request', (r) => {
			if (r.method() === 'PATCH')
				asked.push(`${new URL(r.url()).pathname
				    .split('/').at(-2)} ${r.postData()}`);
		});
		const due = [`${order.id} {"status":"ready"}`];
		const twice = async (o) => {
			const button = next(kitchen, o);
			await button.click({ trial: true });
			const box = await button.boundingBox();
			for (let i = 0; i < 3; i++)
				await kitchen.touchscreen.tap(box.x + 20,
				    box.y + 20);
		};
		await twice(order);
		await column(kitchen, 'ready', order).waitFor();
		assert.equal(await column(kitchen, 'preparing', other).count(),
		    1);
		// By the keyboard it stays where it is, but means another step.
		await ticket(kitchen, other).focus();
		await kitchen.locator(`.ticket[data-ticket="${other.id}"] ` +
		    '.ticket-next:not([aria-disabled])').waitFor();
		await kitchen.keyboard.press('Enter');
		await kitchen.keyboard.press('Enter');
		await column(kitchen, 'ready', other).waitFor();
		due.push(`${other.id} {"status":"ready"}`);
		// And then, in its own time, it is a step again.
		await next(kitchen, order).click();
		await ticket(kitchen, order).waitFor({ state: 'detached' });
		due.push(`${order.id} {"status":"picked_up"}`);
		assert.deepEqual(asked, due);
		assert.equal((await web.ow.get(`/orders/${other.id}`,
		    await web.ow.token())).body.order.status, 'ready');
	});

	test('a tap that somebody else was ahead of is taken back with a word',
	    async (t) => {
		const { order } = await web.ow.newOrder({ number: 'N-409' });
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen',
			allow: [REFUSED] });
		await live(kitchen);
		let goOn;
		const held = new Promise((resolve) => { goOn = resolve; });
		await kitchen.route(`**/orders/${order.id}/status`,
		    async (route) => { await held; await route.continue(); });
		const refused = kitchen.waitForResponse((r) =>
		    r.request().method() === 'PATCH');
		await next(kitchen, order).click();
		// Seen before it is answered.
		await kitchen.locator('.ticket[data-pending]', {
			hasText: 'Start' }).waitFor();
		for (const status of ['accepted', 'preparing', 'ready'])
			await web.move(order, status);
		assert.equal(await column(kitchen, 'new', order).count(), 1);
		goOn();
		assert.equal((await refused).status(), 409);
		await column(kitchen, 'ready', order).waitFor();
		assert.equal(await kitchen.locator('.ticket[data-pending]')
		    .count(), 0);
		await toast(kitchen, 'Order N-409 was changed by somebody else.')
		    .waitFor();
	});

	test('a tap without a network is taken back with a word', async (t) => {
		const { order } = await web.ow.newOrder({ number: 'N-0' });
		const kitchen = await web.open(t, '/kitchen', { as: 'kitchen',
			allow: [/^Failed to load resource: net::ERR_FAILED/] });
		await live(kitchen);
		await kitchen.route(`**/orders/${order.id}/status`,
		    (route) => route.abort());
		await next(kitchen, order).click();
		await toast(kitchen, 'Order N-0: not saved. No connection.')
		    .waitFor();
		assert.equal(await next(kitchen, order).textContent(), 'Accept');
		await kitchen.unroute(`**/orders/${order.id}/status`);
		await next(kitchen, order).click();
		await kitchen.locator('.ticket', { hasText: 'Start' }).waitFor();
	});

	test('staff sign in by a token, and a customer\'s is no key',
	    async (t) => {
		const kitchen = await web.open(t, '/kitchen');
		const give = async (token) => {
			await kitchen.getByLabel('Access token').fill(token);
			await kitchen.getByRole('button', { name: 'Sign in' })
			    .click();
		};
		await give(await web.ow.token({ role: 'customer', sub: 'c' }));
		await kitchen.getByText('This token is not for the kitchen.')
		    .waitFor();
		await give(await web.ow.token({ role: 'kitchen' }));
		await live(kitchen);
		await kitchen.reload();
		await live(kitchen);
	});
});

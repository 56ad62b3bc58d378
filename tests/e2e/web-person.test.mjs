// SPDX-License-Identifier: MIT
//
// web-person - what is one person's: their preferences on all of their devices,
// and their inbox.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { prefs, tell } from './lib-notices.mjs';
import { comes, live, REFUSED, skipWeb, startWeb, trackPath, untilIn }
	from './lib-web.mjs';

let web;
const setUp = async () => { web = await startWeb(); };
const end = () => web?.destroy();

describe('preferences', { skip: skipWeb }, () => {
	before(setUp);
	after(end);

	const open = async (t, sub, options) => {
		const page = await web.open(t, '/preferences', {
			as: 'customer', sub, ...options });
		await page.locator('.events').waitFor();
		return page;
	};
	const toggle = (page, name) => page.getByRole('switch', { name,
		exact: true });
	// By its label, as a finger does.
	const flip = (page, name) => toggle(page, name).locator('..').click();
	const save = async (page) => {
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByText('Saved', { exact: true }).waitFor();
	};
	const isOn = (page, name) => () => toggle(page, name).isChecked();

	test('saved on one device are shown on the other', async (t) => {
		const [one, two] = [await open(t, 'p-1'), await open(t, 'p-1')];
		await flip(one, 'SMS');
		await flip(one, 'Order ready: Push');
		await save(one);
		await comes(isOn(two, 'SMS'), false);
		await comes(isOn(two, 'Order ready: Push'), false);
		assert.equal(await toggle(two, 'Order ready: SMS').isDisabled(),
		    true);
		await flip(two, 'SMS');
		await save(two);
		await comes(isOn(one, 'SMS'), true);
		const { channels, events } = await prefs(web.ow, 'p-1');
		assert.equal(channels.sms, true);
		assert.equal(events['order.ready'].push, false);
	});

	test('quiet hours and language are there after a reload', async (t) => {
		const page = await open(t, 'p-2');
		await flip(page, 'Use quiet hours');
		await page.getByLabel('From').fill('21:30');
		await page.getByLabel('Until').fill('06:45');
		await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
		await page.getByLabel('Language of notices').selectOption('de');
		await page.getByLabel('E-mail').last().fill('ada@example.net');
		await save(page);
		await page.reload();
		await page.locator('.events').waitFor();
		const kept = {};
		for (const label of ['From', 'Until', 'Time zone',
			'Language of notices'])
			kept[label] = await page.getByLabel(label).inputValue();
		assert.deepEqual(kept, { 'From': '21:30', 'Until': '06:45',
			'Time zone': 'Asia/Tokyo',
			'Language of notices': 'de' });
		const { quiet_hours: quiet, locale, contact } =
		    await prefs(web.ow, 'p-2');
		assert.deepEqual(quiet, { from: '21:30', to: '06:45',
			timezone: 'Asia/Tokyo' });
		assert.equal(locale, 'de');
		assert.equal(contact.email, 'ada@example.net');
	});

	test('changed under unsaved changes are a conflict to settle',
	    async (t) => {
		const [mine, other] = [await open(t, 'p-3', {
			allow: [REFUSED] }), await open(t, 'p-3')];
		const conflict = mine.getByRole('alert').getByText(
		    'Changed somewhere else');
		await flip(mine, 'SMS');
		await flip(other, 'Push');
		await save(other);
		await conflict.waitFor();
		// Nothing is taken from under one's hands.
		assert.equal(await toggle(mine, 'SMS').isChecked(), false);
		await mine.getByRole('button', { name: 'Use the newer ones' })
		    .click();
		await comes(isOn(mine, 'SMS'), true);
		await comes(isOn(mine, 'Push'), false);

		await flip(mine, 'SMS');
		await flip(other, 'Push');
		await save(other);
		await conflict.waitFor();
		await mine.getByRole('button', { name: 'Keep mine' }).click();
		await mine.getByText('Saved', { exact: true }).waitFor();
		const { channels } = await prefs(web.ow, 'p-3');
		assert.deepEqual([channels.sms, channels.push], [false, false]);
		await comes(isOn(other, 'SMS'), false);
		await comes(isOn(other, 'Push'), false);
	});
});

describe('the inbox', { skip: skipWeb }, () => {
	before(setUp);
	after(end);

	const badge = (page) => page.locator('.badge');
	const notes = (page) => page.locator('.note');
	const unread = async (sub) => (await web.ow.get(
	    '/notifications?unread=true', await web.ow.token({
		role: 'customer', sub }))).body.unread_count;

	test('counts what comes while the page is open, and in all tabs',
	    async (t) => {
		const list = await web.open(t, '/notifications', {
			as: 'customer', sub: 'n-1' });
		await list.getByText('No notifications').waitFor();
		const other = await web.open(t, '/orders', { as: 'customer',
			sub: 'n-1' });
		await other.getByText('Nothing under way').waitFor();
		const order = await tell(web.ow, 'accepted', { sub: 'n-1',
			number: 'I-1' });
		await web.move(order, 'preparing');
		for (const page of [list, other])
			await badge(page).getByText('2').waitFor();
		await notes(list).nth(1).waitFor();
		assert.match(await notes(list).first().textContent(), /I-1/);

		await notes(list).first().getByRole('button', { name: /^Mark/ })
		    .click();
		await badge(other).getByText('1').waitFor();
		await list.getByRole('button', { name: 'Mark all as read' })
		    .click();
		for (const page of [list, other])
			await badge(page).waitFor({ state: 'detached' });
		await comes(() => unread('n-1'), 0);

		await notes(list).first().getByRole('button', {
			name: /^Remove/ }).click();
		await comes(() => notes(list).count(), 1);
		await list.getByRole('button', { name: 'Clear all' }).click();
		await list.getByRole('dialog').getByRole('button', {
			name: 'Clear all' }).click();
		await list.getByText('No notifications').waitFor();
		await list.reload();
		await list.getByText('No notifications').waitFor();
	});

	test('leads to the order, and has read what was opened', async (t) => {
		const order = await tell(web.ow, 'accepted', { sub: 'n-2' });
		const page = await web.open(t, '/notifications', {
			as: 'customer', sub: 'n-2' });
		await notes(page).getByRole('link').click();
		await live(page);
		assert.equal(page.url(), web.url + trackPath(order));
		await badge(page).waitFor({ state: 'detached' });
		await comes(() => unread('n-2'), 0);
	});

	// Longest time in which the page could not have answered a tap.
	const watchTasks = () => {
		window.longest = 0;
		new PerformanceObserver((list) => {
			for (const { duration } of list.getEntries())
				window.longest = Math.max(window.longest,
				    duration);
		}).observe({ type: 'longtask', buffered: true });
	};

	test('of 500 is shown page by page, and the page is not held up',
	    async (t) => {
		for (let i = 0; i < 250; i += 25)
			await Promise.all(Array.from({ length: 25 },
			    async (_, k) => web.move(await tell(web.ow,
				'accepted', { sub: 'n-3',
				number: `M-${i + k}` }), 'preparing')));
		assert.equal(await unread('n-3'), 500);
		const page = await web.open(t, '/notifications', {
			as: 'customer', sub: 'n-3', init: watchTasks });
		await badge(page).getByText('99+').waitFor();
		await notes(page).first().waitFor();
		const more = page.getByRole('button', { name: 'Show older' });
		let shown = await notes(page).count();
		while (await more.count() > 0) {
			await more.click();
			shown = await untilIn(page, (n) => {
				const now = document.querySelectorAll('.note')
				    .length;
				return now > n && now;
			}, shown);
			await page.locator('.more:disabled').waitFor({
				state: 'detached' });
		}
		assert.equal(shown, 500);
		await tell(web.ow, 'accepted', { sub: 'n-3', number: 'M-last' });
		await notes(page).first().getByText('M-last').waitFor();
		await page.getByRole('button', { name: 'Mark all as read' })
		    .click();
		await comes(() => page.locator('.note[data-unread]').count(), 0);
		const longest = await page.evaluate(() => window.longest);
		t.diagnostic(`longest task: ${longest} ms`);
		// Seconds would be a page that hangs.
		assert.ok(longest < 3000, `${longest} ms`);
	});
});

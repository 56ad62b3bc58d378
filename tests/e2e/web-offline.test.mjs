// SPDX-License-Identifier: MIT
//
// web-offline - what the service worker is for: the app without a network, the
// writes that were made without one, and a newer app.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tell } from './lib-notices.mjs';
import { comes, live, skipWeb, startWeb, trackPath, UNREACHED, untilIn }
	from './lib-web.mjs';

const MINUTE = 60000;

// Until the worker serves the page.
const served = (page) => untilIn(page,
    () => navigator.serviceWorker.controller !== null);

// A copy of the order whose status is this is on the device.
const isKept = (page, status) => untilIn(page, (wanted) =>
    new Promise((resolve) => {
	const opening = indexedDB.open('orderwire');
	opening.onsuccess = () => {
		const db = opening.result;
		const all = db.transaction('orders').objectStore('orders')
		    .getAll();
		all.onsuccess = () => {
			db.close();
			resolve(all.result.some((x) =>
			    x.tracked.order.status === wanted));
		};
	};
    }), status);

describe('without a network', { skip: skipWeb }, () => {
	let web;
	before(async () => { web = await startWeb(); });
	after(() => web?.destroy());

	test('a reload shows the last known order, and how old that is',
	    async (t) => {
		const { order } = await web.ow.newOrder({ number: 'O-1' });
		const page = await web.open(t, trackPath(order), {
			as: 'customer', allow: [UNREACHED] });
		await live(page);
		await served(page);
		await web.move(order, 'accepted');
		await isKept(page, 'accepted');
		await page.context().setOffline(true);
		await web.move(order, 'preparing');
		await page.reload();
		await page.getByText('You are offline. This was known just now.')
		    .waitFor();
		await page.locator('.hero-title', {
			hasText: 'Your order is confirmed' }).waitFor();
		assert.deepEqual(await page.locator('.item-name')
		    .allTextContents(), ['Flat white', 'Croissant']);
		await page.locator('.connection[data-phase=offline]').waitFor();

		await page.clock.setSystemTime(Date.now() + 7 * MINUTE);
		await page.reload();
		await page.getByText('This was known 7 minutes ago.').waitFor();

		await page.context().setOffline(false);
		await page.locator('.hero-title', {
			hasText: 'Your order is being prepared' }).waitFor();
		await live(page);
		await page.getByText('This was known').waitFor({
			state: 'detached' });
	});

	test('an order that was never seen is not made up', async (t) => {
		const { order } = await web.ow.newOrder();
		const page = await web.open(t, '/orders', { as: 'customer',
			allow: [UNREACHED] });
		await served(page);
		await page.context().setOffline(true);
		await page.goto(web.url + trackPath(order));
		await page.getByText('We can\'t reach the kitchen right now')
		    .waitFor();
		await page.context().setOffline(false);
		await live(page);
	});

	// ---- Writes that wait ----------------------------------------------

	const unread = async (sub) => (await web.ow.get(
	    '/notifications?unread=true', await web.ow.token({
		role: 'customer', sub }))).body.unread_count;

	// A page whose one notice was read without a network.
	const readOffline = async (t, sub, options) => {
		await tell(web.ow, 'accepted', { sub });
		const page = await web.open(t, '/notifications', {
			as: 'customer', sub, allow: [UNREACHED], ...options });
		await served(page);
		await page.locator('.badge').waitFor();
		await page.context().setOffline(true);
		await page.getByRole('button', { name: /^Mark “/ }).click();
		await page.locator('.badge').waitFor({ state: 'detached' });
		await untilIn(page, () => new Promise((resolve) => {
			const opening = indexedDB.open('orderwire');
			opening.onsuccess = () => {
				const db = opening.result;
				const n = db.transaction('outbox')
				    .objectStore('outbox').count();
				n.onsuccess = () => {
					db.close();
					resolve(n.result === 1);
				};
			};
		}));
		assert.equal(await unread(sub), 1);
		return page;
	};

	test('what was read is told by background sync, with no page open',
	    async (t) => {
		const page = await readOffline(t, 'b-1', {
			allow: [UNREACHED, /favicon\.ico/] });
		await comes(() => page.evaluate(async () =>
		    (await navigator.serviceWorker.ready).sync.getTags()),
		    ['ow-outbox']);
		// A file of the same origin: none of our scripts runs in it.
		const bare = await page.context().newPage();
		await page.close();
		await bare.context().setOffline(false);
		await bare.goto(`${web.url}/theme.js`);
		const cdp = await bare.context().newCDPSession(bare);
		const registration = new Promise((resolve) => {
			cdp.on('ServiceWorker.workerRegistrationUpdated',
			    ({ registrations: [first] }) => first &&
				resolve(first.registrationId));
		});
		await cdp.send('ServiceWorker.enable');
		await cdp.send('ServiceWorker.dispatchSyncEvent', {
			origin: web.url, registrationId: await registration,
			tag: 'ow-outbox', lastChance: false });
		await comes(() => unread('b-1'), 0);
	});

	test('and by the page where there is no background sync', async (t) => {
		const page = await readOffline(t, 'b-2', { init: () => {
			delete window.ServiceWorkerRegistration?.prototype.sync;
			delete window.SyncManager;
		} });
		await page.context().setOffline(false);
		await comes(() => unread('b-2'), 0);
		await page.reload();
		await page.locator('.note').waitFor();
		assert.equal(await page.locator('.badge').count(), 0);
	});

	test('or when the app is opened again, without any worker',
	    async (t) => {
		const page = await web.open(t, '/notifications', {
			as: 'customer', sub: 'b-3', serviceWorkers: 'block',
			allow: [UNREACHED] });
		await tell(web.ow, 'accepted', { sub: 'b-3' });
		await page.locator('.badge').waitFor();
		await page.route('**/read', (route) => route.abort());
		await page.getByRole('button', { name: /^Mark “/ }).click();
		await page.locator('.badge').waitFor({ state: 'detached' });
		assert.equal(await unread('b-3'), 1);
		await page.unroute('**/read');
		await page.goto(`${web.url}/orders`);
		await comes(() => unread('b-3'), 0);
	});

	test('preferences changed offline are saved on return', async (t) => {
		const page = await web.open(t, '/preferences', {
			as: 'customer', sub: 'b-4', allow: [UNREACHED] });
		await page.locator('.events').waitFor();
		await served(page);
		await page.context().setOffline(true);
		await page.getByRole('switch', { name: 'SMS', exact: true })
		    .locator('..').click();
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByText('We save this as soon as you are back.')
		    .waitFor();
		await page.context().setOffline(false);
		const token = await web.ow.token({ role: 'customer',
			sub: 'b-4' });
		await comes(async () => (await web.ow.get(
		    '/notification-preferences', token)).body.channels.sms,
		    false);
	});
});

describe('a newer app', { skip: skipWeb }, () => {
	let web;
	before(async () => { web = await startWeb(); });
	after(() => web?.destroy());

	// As another build would be: the page, and the worker that knows it.
	const publish = async () => {
		const file = (name) => path.join(web.dist, name);
		for (const [name, from, to] of [
			['index.html', '<title>', '<meta name="build" ' +
			    'content="2" /><title>'],
			['sw.js', /("\/index\.html",revision:")\w+/, '$1two']]) {
			const old = fs.readFileSync(file(name), 'utf8');
			const text = old.replace(from, to);
			assert.notEqual(text, old);
			fs.writeFileSync(file(name), text);
			for (const packed of ['br', 'gz'])
				fs.rmSync(file(`${name}.${packed}`), {
					force: true });
		}
		await web.ow.restart();
	};

	test('is offered, waits for a yes, and then takes over', async (t) => {
		const page = await web.open(t, '/orders', { as: 'customer',
			allow: [UNREACHED] });
		await served(page);
		const build = () => page.evaluate(() => document
		    .querySelector('meta[name=build]')?.content ?? 'first');
		assert.equal(await page.locator('.toast').count(), 0);
		await publish();
		// As when somebody comes back to the tab.
		await page.evaluate(() => document.dispatchEvent(
		    new Event('visibilitychange')));
		const toast = page.locator('.toast', {
			hasText: 'A new version is ready.' });
		await toast.waitFor();
		assert.equal(await build(), 'first');
		await page.reload();
		await toast.waitFor();
		assert.equal(await build(), 'first');
		await toast.getByRole('button', { name: 'Update' }).click();
		await comes(() => build().catch(() => 'on its way'), '2');
		await page.getByRole('heading', { name: 'Your orders' })
		    .waitFor();
		assert.equal(await page.evaluate(async () =>
		    (await navigator.serviceWorker.ready).waiting), null);
		assert.equal(await toast.count(), 0);
	});
});

// SPDX-License-Identifier: MIT
//
// web-map - a rider of contrib/logistics-sim brings an order, and the customer
// watches: the map, who it is, and what is said when they are almost there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tenant } from './lib.mjs';
import { skipSim, startSim } from './lib-sim.mjs';
import { comes, live, skipWeb, startWeb, trackPath, UNREACHED, untilIn }
	from './lib-web.mjs';

// Down the Friedrichstrasse, some 900 m: not almost there from the beginning.
const PICKUP = { lat: 52.51480, lng: 13.38915 };
const DROPOFF = { lat: 52.50700, lng: 13.39040 };
const SLOW = 1, FAST = 8;	// 5 m/s, 40 m/s
// One pixel.
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAD' +
    'UlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const headline = (page, text) => page.locator('.hero-title', {
	hasText: text }).waitFor();

// Where a marker is in the map's box, in pixels.
const placeOf = (page, kind) => page.locator(`.pin-${kind}`).evaluate((e) => {
	const at = e.getBoundingClientRect();
	const box = e.closest('.leaflet-box').getBoundingClientRect();
	return [at.x - box.x, at.y - box.y].map(Math.round);
});

describe('a rider', { skip: skipWeb || skipSim }, () => {
	let sim, web;
	before(async () => {
		sim = await startSim(null, 'server');
		web = await startWeb(null, {
			site: { image_origins: 'https://files.example' },
			conf: { tenants: [{ name: tenant }], plugins: {
				'adapter-logistics': {
					preset: 'server', url: sim.url,
					token: 'sim-token', webhooks: false,
					poll_ms: '500ms', retry_max_ms: '500ms',
				} } } });
	});
	after(async () => {
		await web?.destroy();
		await sim?.destroy();
	});

	let rides = 0;

	// An order that is ready, and a rider who is at its restaurant.
	const ride = async () => {
		const id = `${++rides}`;
		const { order } = await web.ow.newOrder({
			fulfilment: 'delivery', number: `R-${id}`,
			pickup: { name: 'Café', ...PICKUP },
			dropoff: { address: 'Friedrichstraße', ...DROPOFF } });
		await sim.post('riders', { tenant, id: `r-${id}`,
			first_name: 'Kim', last_name: 'Larsen', ...PICKUP });
		await sim.post('tasks', { tenant, id: `t-${id}`,
			rider_id: `r-${id}`, external_reference:
			`order:${order.id}`, hold: true, speed: SLOW,
			pickup: PICKUP, dropoff: DROPOFF });
		for (const status of ['accepted', 'preparing', 'ready'])
			await web.move(order, status);
		const a = await web.ow.put(`/orders/${order.id}/delivery`, {
			task_id: `t-${id}`, fleet_member_id: `r-${id}` },
		    await web.ow.token());
		assert.equal(a.status, 200, a.text);
		await sim.post(`tasks/t-${id}/next`);
		return { order, go: () => sim.post(`tasks/t-${id}`, {
			status: 'en_route_dropoff', hold: false }),
		    hurry: () => sim.post(`tasks/t-${id}`, { speed: FAST }),
		    next: () => sim.post(`tasks/t-${id}/next`) };
	};

	test('is on the map, moves on it, and is announced at the door',
	    async (t) => {
		const { order, go, hurry, next } = await ride();
		const page = await web.open(t, null, { as: 'customer' });
		await page.route('https://files.example/**', (route) =>
		    route.fulfill({ body: PNG, contentType: 'image/png' }));
		await page.goto(web.url + trackPath(order));
		await live(page);
		await page.locator('.driver-name', { hasText: 'Kim' })
		    .waitFor();
		assert.equal(await page.getByRole('link', { name: /^Call/ })
		    .count(), 0, 'a phone before the road');
		await go();
		await headline(page, 'Your order is on its way');
		for (const kind of ['shop', 'home', 'rider'])
			await page.locator(`.pin-${kind}`).waitFor();
		await untilIn(page, () => document.querySelector('path.route')
		    ?.getAttribute('d').includes('L'));
		const phone = await page.getByRole('link', { name: 'Call Kim' })
		    .getAttribute('href');
		assert.match(phone, /^tel:\+4930\d+$/);
		assert.ok(await page.locator('.face img').evaluate((e) =>
		    e.complete && e.naturalWidth > 0), 'their picture');
		// Without a tile anywhere, and it moves between the reports.
		assert.equal(await page.locator('.leaflet-tile').count(), 0);
		const [x, y] = await placeOf(page, 'rider');
		const steps = await untilIn(page, () => {
			const e = document.querySelector('.pin-rider');
			window.places ??= new Set();
			window.places.add(e.style.transform);
			return window.places.size > 5 && window.places.size;
		});
		t.diagnostic(`${steps} places of the marker were seen`);
		assert.notDeepEqual(await placeOf(page, 'rider'), [x, y]);
		await hurry();
		await headline(page, 'Almost there');
		// No minutes that say otherwise.
		assert.equal(await page.locator('.eta-big').innerText(),
		    'Any minute now');
		t.diagnostic(`said: ${(await page.locator('.hero').innerText())
		    .replace(/\s+/g, ' ')}`);
		for (const words of ['At your door', 'Delivered']) {
			await next();
			await page.locator('.driver', { hasText: words })
			    .waitFor();
		}
		await headline(page, 'Delivered. Enjoy!');
		await page.locator('.pin').first().waitFor({
			state: 'detached' });
		assert.equal(await page.getByRole('link', { name: /^Call/ })
		    .count(), 0, 'a phone after the road');
	});
});

describe('a map', { skip: skipWeb }, () => {
	let web, order;
	before(async () => {
		web = await startWeb(null, { site: {
			tile_url: 'https://tiles.example/{z}/{x}/{y}.png',
			tile_attribution: '(c) the makers',
		} });
		({ order } = await web.ow.newOrder({ fulfilment: 'delivery',
			pickup: { name: 'Café', ...PICKUP },
			dropoff: { address: 'Friedrichstraße', ...DROPOFF } }));
	});
	after(() => web?.destroy());

	const open = async (t, tiles, options) => {
		const page = await web.open(t, null, { as: 'customer',
			...options });
		await page.route('https://tiles.example/**', tiles);
		await page.goto(web.url + trackPath(order));
		await live(page);
		for (const kind of ['shop', 'home'])
			await page.locator(`.pin-${kind}`).waitFor();
		return page;
	};

	test('has its tiles, and says whose they are', async (t) => {
		const page = await open(t, (route) => route.fulfill({ body: PNG,
			contentType: 'image/png' }));
		await page.locator('.leaflet-tile-loaded').first().waitFor();
		await page.getByText('(c) the makers').waitFor();
		const [x, y] = await placeOf(page, 'home');
		await page.getByRole('button', { name: 'Zoom in' }).click();
		await page.getByRole('button', { name: 'Show all' }).click();
		await comes(() => placeOf(page, 'home'), [x, y]);
	});

	test('whose tiles do not come is a plain one', async (t) => {
		const page = await open(t, (route) => route.abort(), {
			allow: [UNREACHED] });
		await page.locator('.leaflet-wrap[data-plain]').waitFor();
		await page.locator('.leaflet-tile').first().waitFor({
			state: 'detached' });
		assert.equal(await page.locator('.pin').count(), 2);
	});

	test('without an order to show on it is not even loaded', async (t) => {
		const { order: other } = await web.ow.newOrder();
		const page = await web.open(t, null, { as: 'customer' });
		const asked = [];
		page.on('request', (r) => asked.push(r.url()));
		await page.goto(web.url + trackPath(other));
		await live(page);
		assert.deepEqual(asked.filter((url) => /leaflet.*js/.test(url) &&
		    !url.includes('sw.js')), []);
	});
});

// SPDX-License-Identifier: MIT
//
// web-quality - what holds of every page: anybody can use it (axe-core's rules,
// WCAG 2.2 AA and best practices), in light and dark, on a phone of 320 px and
// a wide screen; nothing jumps; and it is small.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { tell } from './lib-notices.mjs';
import { live, REFUSED, skipWeb, startWeb, trackPath, untilIn }
	from './lib-web.mjs';

const AXE = { path: createRequire(import.meta.url)
    .resolve('axe-core/axe.min.js') };
const WIDTHS = [1200, 320];
const PLACES = {
	pickup: { name: 'Café', address: '1 Mill Lane',
		lat: 52.51480, lng: 13.38915 },
	dropoff: { address: 'Friedrichstraße 43', lat: 52.50700,
		lng: 13.39040 },
};

describe('every page', { skip: skipWeb }, () => {
	let web, brought, cooked;
	before(async () => {
		web = await startWeb();
		({ order: brought } = await web.ow.newOrder({ number: 'Q-1',
			fulfilment: 'delivery', ...PLACES, items: [
				{ name: 'Donaudampfschifffahrtsgesellschafts' +
				    'kapitänsfrühstück', quantity: 12,
				    station: 'kitchen', notes: 'without egg' },
				{ name: 'Flat white', quantity: 1,
				    station: 'bar' } ] }));
		for (const status of ['accepted', 'preparing'])
			await web.move(brought, status);
		await web.moveItem(brought, 1, 'ready');
		cooked = await tell(web.ow, 'accepted', { sub: 'customer-1',
			number: 'Q-2' });
		await web.move(cooked, 'preparing');
		await web.move(cooked, 'ready');
		const late = await tell(web.ow, 'accepted', { number: 'Q-3',
			promised_at: new Date(Date.now() - 9e5).toISOString() });
		const done = await tell(web.ow, 'accepted', { number: 'Q-4',
			sub: 'customer-1' });
		for (const status of ['preparing', 'ready', 'picked_up'])
			await web.move(done, status);
		assert.ok(late);
	});
	after(() => web?.destroy());

	const violations = (page) => page.evaluate(async () => {
		const { violations: list } = await window.axe.run(document, {
			preload: false, resultTypes: ['violations'],
			runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',
				'wcag21aa', 'wcag22aa', 'best-practice'],
		});
		return list.flatMap((v) => v.nodes.map((n) =>
		    `${v.id}: ${n.html.slice(0, 160)} (${n.any[0]?.message ??
			v.help})`));
	});

	// Colours that are inherited change one after the other.
	const isCalm = (page) => page.evaluate(async () => {
		for (let calm = 0; calm < 3; calm++) {
			await new Promise(requestAnimationFrame);
			if (document.getAnimations().some((a) =>
			    a instanceof CSSTransition))
				calm = -1;
		}
	});

	const isFine = async (page) => {
		const found = [];
		for (const width of WIDTHS)
			for (const colorScheme of ['light', 'dark']) {
				await page.setViewportSize({ width,
					height: 800 });
				await page.emulateMedia({ colorScheme });
				await isCalm(page);
				const where = `${width} px, ${colorScheme}`;
				found.push(...(await violations(page)).map((v) =>
				    `${where}: ${v}`));
				const over = await page.evaluate(() => document
				    .documentElement.scrollWidth - innerWidth);
				if (over > 0)
					found.push(`${where}: ${over} px wider`);
			}
		assert.deepEqual([...new Set(found)], []);
	};

	const pages = {
		'an order with its map': [() => trackPath(brought), 'customer',
			async (page) => {
				await live(page);
				await page.locator('.pin-home').waitFor();
			}],
		'an order by its link, in German': [async () =>
		    (await web.link(cooked)).path, null, live,
		    { locale: 'de-DE' }],
		'orders': [() => '/orders', 'customer', async (page) => {
			await page.locator('.order-card').nth(2).waitFor();
		}],
		'notices': [() => '/notifications', 'customer', async (page) => {
			await page.locator('.note').first().waitFor();
		}],
		'no notices': [() => '/notifications', 'customer',
		    async (page) => {
			await page.getByText('No notifications').waitFor();
		}, { sub: 'nobody' }],
		'preferences': [() => '/preferences', 'customer',
		    async (page) => {
			await page.locator('label.switch', {
				hasText: 'Use quiet hours' }).click();
			await page.getByLabel('Time zone').waitFor();
		}],
		'preferences, in German': [() => '/preferences', 'customer',
		    async (page) => {
			await page.locator('.events').waitFor();
		}, { locale: 'de-DE' }],
		'the kitchen': [() => '/kitchen', 'kitchen', async (page) => {
			await live(page);
			await page.locator('.ticket').nth(2).waitFor();
		}],
		'a recall': [() => '/kitchen', 'kitchen', async (page) => {
			await page.getByRole('button', { name: 'Recall' })
			    .click();
			await page.getByRole('dialog').waitFor();
		}],
		'signing in': [() => '/sign-in', null, async (page) => {
			await page.getByLabel('Access token').waitFor();
		}],
		'an order that is not there': [() => '/orders/none/track',
		    'customer', async (page) => {
			await page.locator('.empty').waitFor();
		}, { allow: [REFUSED, /^WebSocket connection/] }],
		'no page': [() => '/none', null, async (page) => {
			await page.locator('.empty').waitFor();
		}],
	};
	for (const [name, [where, as, ready, more]] of Object.entries(pages))
		test(`${name}: fit for all, light and dark, 320 px and wide`,
		    async (t) => {
			const page = await web.open(t, await where(), { as,
				init: AXE, reducedMotion: 'reduce', ...more });
			await ready(page);
			await isFine(page);
		});

	const watchShifts = () => {
		window.shifts = [];
		new PerformanceObserver((list) => {
			for (const e of list.getEntries())
				if (!e.hadRecentInput)
					window.shifts.push([e.value, e.sources
					    .map((s) => s.node?.className)]);
		}).observe({ type: 'layout-shift', buffered: true });
	};

	test('nothing jumps while an order\'s page loads, and as it changes',
	    async (t) => {
		const { order } = await web.ow.newOrder({
			fulfilment: 'delivery', ...PLACES });
		for (const width of [1200, 360]) {
			const page = await web.open(t, null, { as: 'customer',
				width, init: watchShifts });
			const cdp = await page.context().newCDPSession(page);
			await cdp.send('Network.enable');
			// What comes later comes visibly later.
			await cdp.send('Network.emulateNetworkConditions', {
				offline: false, latency: 150,
				downloadThroughput: 2e5,
				uploadThroughput: 2e5 });
			await page.goto(web.url + trackPath(order));
			await live(page);
			await page.locator('.pin-home').waitFor();
			if (width === 1200)
				for (const [status, hasText] of Object.entries({
					accepted: 'Confirmed',
					preparing: 'Being prepared' })) {
					await web.move(order, status);
					await page.locator('[aria-current=step]',
					    { hasText }).waitFor();
				}
			const shifts = await page.evaluate(() => new Promise(
			    (resolve) => requestAnimationFrame(() =>
				requestAnimationFrame(() =>
				    resolve(window.shifts)))));
			const sum = shifts.reduce((s, [value]) => s + value, 0);
			t.diagnostic(`${width} px: ${sum.toFixed(4)}`);
			assert.ok(sum < 0.1, JSON.stringify(shifts));
		}
	});

	test('an order\'s page takes less than 250 kB of script, packed',
	    async (t) => {
		const page = await web.open(t, null, { as: 'customer',
			serviceWorkers: 'block' });
		const scripts = [];
		page.on('requestfinished', (request) => {
			if (request.resourceType() === 'script')
				scripts.push(request);
		});
		await page.goto(web.url + trackPath(brought));
		await live(page);
		await page.locator('.pin-home').waitFor();
		let all = 0, map = 0;
		for (const request of scripts) {
			const { responseBodySize: n } = await request.sizes();
			const headers = (await request.response()).headers();
			assert.match(headers['content-encoding'] ?? 'none',
			    /^(br|gzip)$/, request.url());
			all += n;
			map += /leaflet/.test(request.url()) ? n : 0;
		}
		t.diagnostic(`${scripts.length} scripts, ${all} bytes, ${map} ` +
		    'of them the map');
		assert.ok(map > 0 && all > map, 'both were loaded');
		assert.ok(all < 250e3, `${all}`);
	});

	test('the policy of the page stands, and stops what is not ours',
	    async (t) => {
		const page = await web.open(t, trackPath(brought), {
			as: 'customer', allow: [/Content Security Policy/],
			init: () => {
				window.broken = [];
				document.addEventListener(
				    'securitypolicyviolation', (e) =>
					window.broken.push(
					    e.effectiveDirective));
			} });
		await live(page);
		await page.locator('.pin-home').waitFor();
		assert.deepEqual(await page.evaluate(() => window.broken), []);
		// It is this one that every other test would fail by.
		await page.evaluate(() => {
			const script = document.createElement('script');
			script.textContent = 'window.hit = 1';
			document.body.append(script);
			document.body.setAttribute('style', 'color: red');
			const image = new Image();
			image.src = 'https://elsewhere.example/x.png';
		});
		await untilIn(page, () => window.broken.length >= 3);
		assert.deepEqual(await page.evaluate(() => [window.hit,
			[...window.broken].sort()]), [undefined,
			['img-src', 'script-src-elem', 'style-src-attr']]);
	});
});

// SPDX-License-Identifier: MIT
//
// web-tracking - the page of an order when its network or its server goes away
// and comes back, and for whoever has nothing but the order's link.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { comes, live, REFUSED, skipWeb, startWeb, trackPath, UNREACHED }
	from './lib-web.mjs';

const says = (page, phase, hasText) => page.locator(
    `.connection[data-phase=${phase}]`, { hasText }).waitFor();

// What the timeline shows that has happened: [when, what].
const shown = (page) => page.locator('.timeline-row:has(time)')
    .evaluateAll((rows) => rows.map((row) => [
	row.querySelector('time').dateTime,
	row.querySelector('.timeline-text').textContent]));

// What each stream of the page brings until the page gives it up; where sockets
// fail, the page falls back to events.
function recordStreams() {
	window.streams = [];
	const begin = (url) => {
		const heard = [];
		if (/\/(ws|sse)\/orders\//.test(url))
			window.streams.push(heard);
		return (text) => heard.push(JSON.parse(text));
	};
	window.WebSocket = class extends WebSocket {
		constructor(url, ...more) {
			super(url, ...more);
			const add = begin(String(url));
			this.addEventListener('message', ({ data }) => {
				if (this.readyState === WebSocket.OPEN)
					add(data);
			});
		}
	};
	const { fetch } = window;
	const read = async (body, add) => {
		let rest = '';
		for await (const part of body.pipeThrough(
		    new TextDecoderStream())) {
			const lines = (rest + part).split('\n');
			rest = lines.pop();
			for (const line of lines)
				if (line.startsWith('data: '))
					add(line.slice(6));
		}
	};
	window.fetch = async (...args) => {
		const response = await fetch(...args);
		if (!String(args[0]).includes('/sse/') || !response.ok)
			return response;
		const [ours, theirs] = response.body.tee();
		read(ours, begin(String(args[0]))).catch(() => {});
		return new Response(theirs, response);
	};
}

const WORDS = { placed: 'Order received', accepted: 'Confirmed',
	preparing: 'Being prepared', ready: 'Ready' };

describe('the page of an order', { skip: skipWeb }, () => {
	let web;
	before(async () => { web = await startWeb(); });
	after(() => web?.destroy());

	const openHeard = async (t, where, options) => {
		const page = await web.open(t, where, { ...options,
			init: recordStreams });
		await live(page);
		await page.evaluate(() => { window.isSame = true; });
		return page;
	};

	const logged = async (order) => (await web.ow.get(
	    `/orders/${order.id}/tracking`,
	    await web.ow.token())).body;

	// Everything that is logged is shown, once, in order, in the same page;
	// and none of it came twice.
	const isWhole = async (page, order) => {
		const { data, seq } = await logged(order);
		await comes(() => shown(page), data.timeline.map((e) =>
		    [e.at, WORDS[e.status]]));
		await comes(() => page.locator('.item').evaluateAll((list) =>
		    list.map((e) => e.dataset.status)),
		    data.order.items.map((i) => i.status));
		assert.equal(await page.evaluate(() => window.isSame), true);
		const heard = () => page.evaluate(() =>
		    window.streams.map((one) => one.map((m) =>
			[m.type === 'order.snapshot', m.seq])));
		const [[, first]] = (await heard())[0].filter(([is]) => is);
		await comes(async () => (await heard()).flat()
		    .filter(([isSnapshot, n]) => !isSnapshot && n)
		    .map(([, n]) => n),
		    Array.from({ length: seq - first }, (_, i) =>
			first + 1 + i));
		assert.ok(!(await heard()).slice(1).flat().some(([is]) => is),
		    'all of it again');
	};

	const cook = async (order) => {
		await web.move(order, 'preparing');
		await web.moveItem(order, 0, 'preparing');
		await web.moveItem(order, 0, 'ready');
		await web.move(order, 'ready');
		await web.move(order, 'preparing', 'Something is missing');
		await web.moveItem(order, 1, 'preparing');
		await web.move(order, 'ready');
		await web.move(order, 'preparing', 'Made again');
	};

	test('misses nothing of a time without a network', async (t) => {
		const { order } = await web.ow.newOrder();
		const page = await openHeard(t, trackPath(order), {
			as: 'customer', allow: [UNREACHED] });
		await web.move(order, 'accepted');
		await page.getByText('Your order is confirmed').first()
		    .waitFor();
		await page.context().setOffline(true);
		await says(page, 'offline', /^Offline/);
		await cook(order);
		assert.equal((await shown(page)).length, 2);
		const back = Date.now();
		await page.context().setOffline(false);
		await live(page);
		t.diagnostic(`live again after ${Date.now() - back} ms`);
		await isWhole(page, order);
	});

	test('misses nothing of a server that was killed', async (t) => {
		const { order } = await web.ow.newOrder();
		const page = await openHeard(t, trackPath(order), {
			as: 'customer', allow: [UNREACHED, REFUSED] });
		await web.move(order, 'accepted');
		await web.ow.kill9();
		await says(page, 'waiting', /^Reconnecting/);
		web.ow.agent.destroy();
		await web.ow.start();
		await cook(order);
		await live(page);
		await isWhole(page, order);
	});

	test('is live again by itself after each of three restarts',
	    async (t) => {
		const { order } = await web.ow.newOrder();
		const page = await openHeard(t, trackPath(order), {
			as: 'customer', allow: [UNREACHED, REFUSED] });
		for (const change of [
			() => web.move(order, 'accepted'),
			() => web.move(order, 'preparing'),
			() => web.moveItem(order, 0, 'ready'),
		]) {
			await web.ow.restart();
			await change();
			await isWhole(page, order);
		}
		await live(page);
	});

	test('a link opens it without an account, and is in no address',
	    async (t) => {
		const { order } = await web.ow.newOrder({ number: 'L-1' });
		const link = await web.link(order);
		const page = await web.open(t, link.path);
		await live(page);
		assert.equal(page.url(), `${web.url}/track/${order.id}`);
		await web.move(order, 'accepted');
		await page.getByText('Your order is confirmed').first()
		    .waitFor();
		// Neither theirs to share nor theirs to be told of.
		assert.equal(await page.getByRole('button', {
			name: 'Share this order' }).count(), 0);
		assert.equal(await page.getByRole('link', {
			name: 'Notifications' }).count(), 0);
		await page.reload();
		await live(page);
	});

	test('a link that is withdrawn closes the open page, and for good',
	    async (t) => {
		const { order } = await web.ow.newOrder({ number: 'L-2' });
		const link = await web.link(order);
		const page = await web.open(t, link.path, { allow: [REFUSED,
			UNREACHED] });
		await live(page);
		await web.revoke(order, link);
		const isGone = async () => {
			await page.getByRole('heading', {
				name: 'This link no longer works' }).waitFor();
			assert.equal(await page.getByText('L-2').count(), 0);
		};
		await isGone();
		await page.reload();
		await isGone();
	});

	test('a link that its owner shares is one that works', async (t) => {
		const { order } = await web.ow.newOrder();
		const owner = await web.open(t, trackPath(order), {
			as: 'customer', permissions: ['clipboard-read',
				'clipboard-write'],
			init: () => { delete Navigator.prototype.share; } });
		await live(owner);
		await owner.getByRole('button', { name: 'Share this order' })
		    .click();
		await owner.getByText('Link copied.').waitFor();
		const url = await owner.evaluate(() =>
		    navigator.clipboard.readText());
		assert.ok(url.startsWith(`${web.url + trackPath(order)}#`));
		const guest = await web.open(t, url.slice(web.url.length));
		await live(guest);
	});
});

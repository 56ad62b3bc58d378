// SPDX-License-Identifier: MIT
//
// lib-web - the web app in Chromium, served by a server of one's own:
//
//	const web = await startWeb();	// in before(); destroyed in after()
//	const { order } = await web.ow.newOrder();
//	const page = await web.open(t, trackPath(order), { as: 'customer' });
//	await live(page);
//
// What goes wrong in a page and is not expected (an exception, an error on the
// console, a breach of the Content-Security-Policy) fails the test t; `allow`
// and page.allow() name what is expected.  OW_CHROMIUM names another browser
// than Debian's, OW_WEB another build of the app.  Nothing sleeps: whoever
// waits, waits for it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';
import { Server, source, store, tenant, until } from './lib.mjs';
import { newPushKeys, secretFile } from './lib-notices.mjs';

const DIST = process.env.OW_WEB ?? path.join(source, 'contrib/web/dist');
const CHROMIUM = process.env.OW_CHROMIUM ?? '/usr/bin/chromium';
const WAIT_MS = 20000;			// for what a busy machine does at last
// What a browser says by itself of a call that was answered with an error, or
// of a connection that broke: each test asserts what the page makes of it.
export const REFUSED = /^Failed to load resource: the server responded/;
export const UNREACHED = new RegExp('^Failed to load resource: net::ERR_|' +
    '^WebSocket conn|^An unknown error occurred when fetching the script');

// For describe(name, { skip: skipWeb }, ..): why no page can be opened here.
export const skipWeb = store !== 'sqlite' ? 'the app is the same on any store' :
    !fs.existsSync(CHROMIUM) &&
    `no ${CHROMIUM} (apt-get install chromium); OW_CHROMIUM names another`;

export const trackPath = (order) => `/orders/${order.id}/track`;

// Until the page is as true as it can be.
export async function live(page) {
	await page.locator('.connection[data-phase=live]').waitFor();
}

// Until fn(arg), in the page, is neither false nor null; gives its value.  The
// page's own policy forbids what page.waitForFunction would do.
export function untilIn(page, fn, arg, what = String(fn)) {
	return until(() => page.evaluate(fn, arg), { ms: WAIT_MS, every: 25,
		what });
}

// Until what fn() gives is what is due.
export async function comes(fn, due) {
	let last;
	await until(async () => isDeepStrictEqual(last = await fn(), due), {
		ms: WAIT_MS, every: 25 }).catch(() => {});
	assert.deepEqual(last, due);
}

// Without t it is ended by destroy().  Options are those of startServer();
// `site` are options of transport-site, `browser` one that is there already,
// `change(dist)` may edit the copy that is served.
export async function startWeb(t, { site, browser, change, conf = {},
	...options } = {}) {
	assert.ok(fs.existsSync(path.join(DIST, 'index.html')),
	    `no app in ${DIST}: contrib/web/build.sh makes it`);
	const web = new Web();
	t?.after(() => web.destroy());
	try {
		await web.start({ site, browser, change, conf, options });
	} catch (e) {
		await web.destroy();
		throw e;
	}
	return web;
}

class Web {
	#pages = new Set();		// what close() ends, each
	#tests = new Map();		// test context: its visits

	async start({ site, browser, change, conf, options }) {
		// Its own copy: a build may go on beside us.
		this.dist = fs.mkdtempSync('/tmp/ow-web-');
		fs.cpSync(DIST, this.dist, { recursive: true });
		await change?.(this.dist);
		this.ow = new Server(options);
		this.ow.options.conf = { ...conf, plugins: {
			...conf.plugins,
			'channel-webpush': {
				keys_file: this.ow.path('push.json'),
				sub: 'mailto:cafe@example.net',
				...conf.plugins?.['channel-webpush'],
			},
			'transport-site': { root: this.dist, tenant,
				app_name: 'Café', ...site },
		} };
		await this.ow.prepare();
		secretFile(this.ow, 'push.json', await newPushKeys(this.ow));
		await this.ow.start(options);
		this.url = this.ow.url;
		this.ours = !browser;
		this.browser = browser ?? await chromium.launch({
			executablePath: CHROMIUM,
			args: ['--no-sandbox', '--disable-gpu'],
		});
	}

	async destroy() {
		for (const visit of this.#pages)
			await visit.close();
		if (this.ours)
			await this.browser?.close();
		await this.ow?.destroy();
		if (this.dist)
			fs.rmSync(this.dist, { recursive: true, force: true });
	}

	// A page in a context of its own, ended and judged with the test t.
	// Options: as ('customer', 'kitchen' or nobody), sub (the customer's),
	// token (instead of as's own), width, height, dark, allow (a list of
	// RegExp), init (runs in each page first), and those of playwright's
	// newContext().
	async open(t, where, { as, sub = 'customer-1', token, width = 1200,
		height = 900, dark = false, allow = [], init, ...more } = {}) {
		if (as)
			token ??= await this.ow.token({ role: as,
				sub: as === 'customer' ? sub : 'kitchen-1' });
		const name = as === 'kitchen' ? 'kitchen' : 'me';
		const context = await this.browser.newContext({
			viewport: { width, height },
			colorScheme: dark ? 'dark' : 'light',
			locale: 'en-GB', timezoneId: 'Europe/Berlin',
			storageState: { cookies: [], origins: token ? [{
				origin: this.url, localStorage: [{
					name: `ow.token.${name}`, value: token,
				}] }] : [] },
			...more,
		});
		context.setDefaultTimeout(WAIT_MS);
		const visit = new Visit(context, allow);
		this.#pages.add(visit);
		this.#judge(t, visit);
		if (init)
			await context.addInitScript(init);
		const page = await context.newPage();
		page.allow = (...list) => visit.allowed.push(...list);
		if (where !== null)
			await page.goto(this.url + where);
		return page;
	}

	// One hook for all pages of a test: one that throws ends all others.
	#judge(t, visit) {
		const had = this.#tests.get(t);
		if (had) {
			had.push(visit);
			return;
		}
		const visits = [visit];
		this.#tests.set(t, visits);
		t.after(async () => {
			for (const v of visits) {
				await v.close();
				this.#pages.delete(v);
			}
			this.#tests.delete(t);
			const wrong = visits.flatMap((v) => v.unexpected());
			// A test that has failed already tells only of that.
			for (const text of wrong)
				t.diagnostic(text);
			assert.deepEqual(wrong, [], 'what went wrong in a page');
		});
	}

	// ---- What is done beside the pages -----------------------------------

	async #done(answer) {
		const a = await answer;
		assert.ok(a.status < 300, `${a.status} ${a.text}`);
		return a.body;
	}

	async move(order, status, reason) {
		return this.#done(this.ow.patch(`/orders/${order.id}/status`,
		    { status, reason },
		    await this.ow.token({ role: 'kitchen' })));
	}

	async moveItem(order, i, status) {
		const item = order.items[i].id;
		return this.#done(this.ow.patch(
		    `/orders/${order.id}/items/${item}/status`, { status },
		    await this.ow.token({ role: 'kitchen' })));
	}

	// A tracking link: its path with the token, and its id.
	async link(order) {
		const { id, token } = await this.#done(this.ow.post(
		    `/orders/${order.id}/tracking-links`, {},
		    await this.ow.token({ role: 'service' })));
		return { id, path: `/track/${order.id}#${token}` };
	}

	async revoke(order, { id }) {
		await this.#done(this.ow.delete(
		    `/orders/${order.id}/tracking-links/${id}`,
		    await this.ow.token({ role: 'service' })));
	}
}

// A context and everything that went wrong in its pages and workers.
class Visit {
	constructor(context, allow) {
		this.context = context;
		this.allowed = [...allow];
		this.faults = [];
		this.isOver = false;
		// Of workers, too.
		context.on('console', (m) => this.heard(m));
		context.on('weberror', (e) => this.add(
		    `exception: ${e.error().stack ?? e.error()}`));
	}

	heard(message) {
		if (message.type() !== 'error')
			return;
		const { url } = message.location();
		this.add(`${message.text()}${url ? ` (${url})` : ''}`);
	}

	add(text) {
		if (!this.isOver)
			this.faults.push(text);
	}

	unexpected() {
		return this.faults.filter((f) => !this.allowed.some((a) =>
		    a.test(f)));
	}

	async close() {
		this.isOver = true;
		await this.context.close();
	}
}

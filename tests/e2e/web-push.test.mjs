// SPDX-License-Identifier: MIT
//
// web-push - a device is told, from the tap on "Turn on" to the tap on the
// notice.
//
// Chromium without a push service of its own refuses to subscribe (that is the
// first test); in all others an address at tests/e2e/peers/push.mjs stands in
// for that one answer.  What the server sends there is decrypted and given to
// the real service worker by the DevTools protocol.  Without a hand on a
// desktop's notice, the worker's own click event is made by script, which a
// browser allows no window: which one it asks for is noted.
//
// A breach would be a question that nobody's tap has led to, a message that the
// device's key does not open, a tap that leads to the wrong page, or an address
// that the server keeps for a device that is off.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from './lib.mjs';
import { journey, saw, shareDir, soon, step, waitJob } from
    './lib-notices.mjs';
import { live, skipWeb, startWeb, trackPath } from './lib-web.mjs';
import { startPush } from './peers/push.mjs';

const ON = 'On for this device', OFF = 'Off for this device';
const FAILED = 'It could not be turned on right now.';
const BLOCKED = /Your browser blocks notices from this site/;

let web, push, cdp;

before(async () => {
	if (skipWeb)
		return;
	push = await startPush();
	web = await startWeb(null, { conf: {
		outbox: { ...soon, private_allow: '127.0.0.0/8' },
		notify: { share_dir: shareDir({ after }, ['order.accepted',
			'order.ready'].map((event) => ({ event,
			channels: ['in_app', 'push'] }))) },
		plugins: { 'channel-webpush': { hosts: push.host,
			ca_file: push.caFile } },
	} });
	cdp = await web.browser.newBrowserCDPSession();
});
after(async () => {
	await web?.destroy();
	await push?.close();
});

// ---- A device ---------------------------------------------------------------

// In a page, instead of the browser's own subscription and question.
function standIn() {
	const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+')
	    .replace(/_/g, '/')), (c) => c.charCodeAt(0)).buffer;
	const text = (key) => btoa(String.fromCharCode(...key))
	    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
	const wrap = (made) => made && {
		options: { userVisibleOnly: true,
			applicationServerKey: bytes(made.key) },
		toJSON: () => made.subscription,
		unsubscribe: () => window.owDevice('unsubscribe'),
	};
	PushManager.prototype.getSubscription = async () =>
		wrap(await window.owDevice('present'));
	PushManager.prototype.subscribe = async (options) => {
		if (!options.userVisibleOnly)
			throw new TypeError('silent');
		return wrap(await window.owDevice('subscribe',
		    text(options.applicationServerKey)));
	};
	Notification.requestPermission = async () => {
		await window.owDevice('ask', navigator.userActivation.isActive);
		return Notification.permission;
	};
}

// One person's browser.  answer: what they say when they are asked.
class Device {
	constructor(sub, answer) {
		this.sub = sub;
		this.answer = answer;
		this.questions = [];	// was each asked by a tap
		this.present = null;	// { key, subscription }
		this.browser = null;	// the peer's side of it
	}

	async open(t, where, more) {
		this.page = await web.open(t, null, { as: 'customer',
			sub: this.sub, init: standIn, ...more });
		this.context = this.page.context();
		const session = await this.context.newCDPSession(this.page);
		const { targetInfo } = await session.send(
		    'Target.getTargetInfo');
		this.id = targetInfo.browserContextId;
		await this.context.exposeFunction('owDevice', (what, arg) =>
			this[what === 'present' ? 'look' : what](arg));
		await this.permit('prompt');
		await this.page.goto(web.url + where);
		return this.page;
	}

	async permit(setting) {
		await cdp.send('Browser.setPermission', { origin: web.url,
			permission: { name: 'notifications' }, setting,
			browserContextId: this.id });
	}

	async ask(isTap) {
		this.questions.push(isTap);
		await this.permit(this.answer);
	}

	look() { return this.present; }

	subscribe(key) {
		this.browser = push.newBrowser({ key });
		const { subscription } = this.browser;
		this.present = { key, subscription };
		return this.present;
	}

	unsubscribe() {
		this.browser.unsubscribe();
		this.present = null;
		return true;
	}

	async worker() {
		return this.context.serviceWorkers()[0] ??
		    this.context.waitForEvent('serviceworker');
	}

	// What the push service has got comes to the worker, and is shown.
	async deliver() {
		const { browser, context, page } = this;
		const { payload } = await until(() => browser.messages[0], {
			what: 'a message at the push service' });
		const session = await context.newCDPSession(page);
		const known = new Promise((done) => session.on(
		    'ServiceWorker.workerRegistrationUpdated', (e) =>
			e.registrations[0] && done(e.registrations[0])));
		await session.send('ServiceWorker.enable');
		const { registrationId } = await known;
		// Chromium may forget the very first notice that it has shown,
		// when it looks for those of an earlier run: once more, then.
		for (let list = [], n = 0; list.length === 0; n++) {
			assert.ok(n < 5, 'no notice is shown');
			await session.send('ServiceWorker.deliverPushMessage', {
				origin: web.url, registrationId,
				data: JSON.stringify(payload) });
			await until(async () => {
				list = await this.shown();
				return list.length;
			}, { ms: 2000 }).catch(() => {});
		}
		await session.detach();
		return payload;
	}

	async shown() {
		return (await this.worker()).evaluate(async () =>
			(await self.registration.getNotifications()).map(
			    ({ title, body, data }) =>
				({ title, body, data })));
	}

	// A tap on the only notice: which windows the worker asked for.
	async tap() {
		return (await this.worker()).evaluate(async () => {
			const asked = { focused: [], opened: [] };
			WindowClient.prototype.focus = async function () {
				asked.focused.push(new URL(this.url).pathname);
				return this;
			};
			self.clients.openWindow = async (path) => {
				asked.opened.push(path);
			};
			const [notification, ...more] =
			    await self.registration.getNotifications();
			if (!notification || more.length)
				throw new Error('not one notice');
			const event = new NotificationEvent(
			    'notificationclick', { notification });
			let work;
			event.waitUntil = (promise) => { work = promise; };
			self.dispatchEvent(event);
			await work;
			return asked;
		});
	}
}

// An order's page on a device that is on; the page is live.
async function turnedOn(t, sub) {
	const device = new Device(sub, 'granted');
	const { order } = await web.ow.newOrder({ customer_id: sub });
	const page = await device.open(t, trackPath(order));
	await page.getByRole('button', { name: 'Turn on' }).click();
	await page.getByText(ON).waitFor();
	return { device, order, page };
}

const receipt = (order, how) => until(async () => {
	const entries = await journey(web.ow, order);
	return entries.find((e) => e.kind === 'receipt' && how.test(e.text));
}, { what: `a receipt: ${how}` });

const notSent = (order) => until(async () => {
	const entries = await journey(web.ow, order);
	return entries.find((e) => e.kind === 'decision' &&
	    /^push: not sent, .*no (device|subscription|address|browser)/.test(
		e.text));
}, { what: 'no push, for there is no device' });

const card = (page) => page.locator('.push-card');

// ---- Turning it on ----------------------------------------------------------

describe('turning it on', { skip: skipWeb }, () => {
	test('a browser without a push service says so, and may try again',
	    async (t) => {
		const { order } = await web.ow.newOrder();
		const page = await web.open(t, trackPath(order), {
			as: 'customer', permissions: ['notifications'],
			allow: [/not support the Push API in incognito/] });
		const button = page.getByRole('button', { name: 'Turn on' });
		await button.click();
		await page.getByText(FAILED).waitFor();
		assert.ok(await button.isEnabled());
		await page.goto('about:blank');
		await step(web.ow, order, 'accepted');
		await notSent(order);
	});

	test('only a tap leads to the question, and then the device is told',
	    async (t) => {
		const device = new Device('ada', 'granted');
		const { order } = await web.ow.newOrder({ customer_id: 'ada' });
		const page = await device.open(t, trackPath(order));
		await live(page);
		const button = page.getByRole('button', { name: 'Turn on' });
		await button.waitFor();
		assert.deepEqual(device.questions, []);
		assert.equal(device.present, null);
		await button.click();
		await page.getByText(ON).waitFor();
		assert.deepEqual(device.questions, [true]);

		// Whoever looks at an order is not told of it by other means.
		await page.getByRole('link', { name: 'Preferences' }).click();
		await card(page).getByText(ON).waitFor();
		await step(web.ow, order, 'accepted');
		const payload = await device.deliver();
		assert.equal(payload.order_id, order.id);
		const [notice, ...more] = await device.shown();
		assert.deepEqual(more, []);
		assert.equal(notice.title, payload.title);
		assert.equal(notice.body, payload.body);
		await receipt(order, /displayed/);
		saw(await journey(web.ow, order), 'decision',
		    /^push: delivered/);
		assert.deepEqual(push.faults, []);

		// It stays on, and is not offered again.
		await page.reload();
		await card(page).getByText(ON).waitFor();
		assert.equal(device.questions.length, 1);
	});

	test('who says no is told how to undo it, and asked no more',
	    async (t) => {
		const device = new Device('bob', 'denied');
		const { order } = await web.ow.newOrder({ customer_id: 'bob' });
		const page = await device.open(t, trackPath(order));
		await page.getByRole('button', { name: 'Turn on' }).click();
		await page.getByText(BLOCKED).waitFor();
		assert.equal(await page.getByRole('button', { name: 'Turn on' })
		    .count(), 0);
		await page.reload();
		await live(page);
		await page.getByRole('link', { name: 'Preferences' }).click();
		await card(page).getByText(BLOCKED).waitFor();
		assert.equal(await card(page).getByRole('button').count(), 0);
		assert.deepEqual(device.questions, [true]);
		assert.equal(device.present, null);
	});

	test('who only closes the question may be asked another time',
	    async (t) => {
		const device = new Device('cleo', 'prompt');
		const { order } = await web.ow.newOrder({
			customer_id: 'cleo' });
		const page = await device.open(t, trackPath(order));
		const button = page.getByRole('button', { name: 'Turn on' });
		await button.click();
		await until(() => device.questions.length === 1);
		device.answer = 'granted';
		await button.click();
		await page.getByText(ON).waitFor();
		assert.deepEqual(device.questions, [true, true]);
	});
});

// ---- The tap on a notice ----------------------------------------------------

describe('a tap on the notice', { skip: skipWeb }, () => {
	async function noticed(t, sub) {
		const all = await turnedOn(t, sub);
		await all.page.goto(`${web.url}/preferences`);
		await card(all.page).waitFor();
		await step(web.ow, all.order, 'accepted');
		await all.device.deliver();
		return all;
	}

	test('goes to the tab that shows the order', async (t) => {
		const { device, order, page } = await noticed(t, 'dora');
		const other = await device.context.newPage();
		await other.goto(`${web.url}/preferences`);
		await page.goto(web.url + trackPath(order));
		await live(page);
		assert.deepEqual(await device.tap(), {
			focused: [trackPath(order)], opened: [] });
		await receipt(order, /clicked/);
		assert.deepEqual(await device.shown(), []);
		assert.equal(new URL(page.url()).pathname, trackPath(order));
		assert.equal(new URL(other.url()).pathname, '/preferences');
	});

	test('takes another tab to the order', async (t) => {
		const { device, order, page } = await noticed(t, 'eve');
		assert.deepEqual(await device.tap(), {
			focused: ['/preferences'], opened: [] });
		await page.waitForURL(`**${trackPath(order)}`);
		await live(page);
	});

	test('opens the order when there is no tab for it', async (t) => {
		const { device, order, page } = await noticed(t, 'finn');
		await page.goto('about:blank');
		const { focused, opened } = await device.tap();
		assert.deepEqual(focused, []);
		assert.deepEqual(opened, [trackPath(order)]);
		await page.goto(web.url + opened[0]);
		await live(page);
		await receipt(order, /clicked/);
	});
});

// ---- What changes later -----------------------------------------------------

describe('an address', { skip: skipWeb }, () => {
	const skipped = async (sub) => {
		const { order } = await web.ow.newOrder({ customer_id: sub });
		await step(web.ow, order, 'accepted');
		await notSent(order);
	};
	const sent = async (sub) => {
		const { order } = await web.ow.newOrder({ customer_id: sub });
		await step(web.ow, order, 'accepted');
		await waitJob(web.ow, order, 'webpush', 'sent');
	};

	// The server has been told, too.
	const forgotten = (page) => page.waitForResponse((r) =>
		r.request().method() === 'DELETE' && r.status() === 204 &&
		r.url().includes('/push-subscriptions/'));

	test('that was turned off is used no more', async (t) => {
		const { device, page } = await turnedOn(t, 'gina');
		await page.goto(`${web.url}/preferences`);
		await card(page).getByRole('button', { name: 'Turn off' })
		    .click();
		await card(page).getByText(OFF).waitFor();
		assert.equal(device.present, null);
		await skipped('gina');
		assert.deepEqual(device.browser.messages, []);
	});

	test('that the browser changes is told by the worker', async (t) => {
		const { device, page } = await turnedOn(t, 'hans');
		await page.goto('about:blank');
		const old = device.browser;
		const { subscription } = device.subscribe(device.present.key);
		await (await device.worker()).evaluate(async (made) => {
			PushManager.prototype.subscribe = async () =>
				({ toJSON: () => made });
			const event = new ExtendableEvent(
			    'pushsubscriptionchange');
			let work;
			event.waitUntil = (promise) => { work = promise; };
			self.dispatchEvent(event);
			await work;
		}, subscription);
		await sent('hans');
		assert.equal(device.browser.messages.length, 1);
		assert.deepEqual(old.messages, []);
	});

	test('that the browser dropped is made anew with the next page',
	    async (t) => {
		const { device, page } = await turnedOn(t, 'ines');
		const old = device.browser;
		device.unsubscribe();
		await page.reload();
		await until(() => device.present);
		await page.goto(`${web.url}/preferences`);
		await card(page).getByText(ON).waitFor();
		await until(async () => {
			await sent('ines');
			return device.browser.messages.length > 0;
		});
		assert.deepEqual(old.messages, []);
		assert.equal(device.questions.length, 1);
	});

	test('without a permission is taken back with the next page',
	    async (t) => {
		const { device, page } = await turnedOn(t, 'jan');
		await device.permit('denied');
		const told = forgotten(page);
		await page.goto(`${web.url}/preferences`);
		await card(page).getByText(BLOCKED).waitFor();
		await told;
		assert.equal(device.present, null);
		await skipped('jan');
		assert.equal(device.questions.length, 1);
	});

	test('of who signs out is forgotten', async (t) => {
		const { device, page } = await turnedOn(t, 'kim');
		const told = forgotten(page);
		await page.getByRole('button', { name: /sign out/i }).click();
		await told;
		assert.equal(device.present, null);
		await skipped('kim');
	});
});

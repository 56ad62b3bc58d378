// SPDX-License-Identifier: MIT
//
// fanout - 2,000 screens on one order and 200 changes: each screen gets all of
// them, in order, once; also when it drops out and comes back with since.
//
// A breach would be a seq that is not the one after the last, or a text that
// differs between two screens.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { test } from 'node:test';
import WebSocket from 'ws';
import { delay, startServer, until } from './lib.mjs';

const SCREENS = 2000, CHANGES = 200, AT_ONCE = 100;

// Keeps no messages: 400,000 of them would measure this process.
class Screen {
	constructor(ow, id, token, isWs, texts) {
		Object.assign(this, { ow, id, token, isWs, texts, last: 0,
			got: 0, faults: [], snapshots: 0, dropAt: Infinity,
			drops: 0, isOpen: false });
	}

	url(since) {
		const base = this.isWs ?
		    `${this.ow.url.replace('http', 'ws')}/ws` :
		    `${this.ow.url}/sse`;
		return `${base}/orders/${this.id}/tracking${
		    since === undefined ? '' : `?since=${since}`}`;
	}

	open(since) {
		return new Promise((resolve, reject) => {
			this.opened = resolve;
			if (this.isWs)
				this.openWs(since, reject);
			else
				this.openSse(since, reject);
		});
	}

	openWs(since, reject) {
		const s = new WebSocket(this.url(since), ['orderwire.v1',
			`bearer.${this.token}`], { perMessageDeflate: false });
		s.on('message', (d) => this.take(s, d.toString()));
		s.on('error', reject);
		s.on('close', () => this.closed(s));
		this.socket = s;
		this.cut = () => s.terminate();
	}

	openSse(since, reject) {
		const req = http.get(this.url(since), { agent: false, headers: {
			authorization: `Bearer ${this.token}` } }, (res) => {
			let rest = '';
			res.setEncoding('utf8');
			res.on('data', (d) => {
				rest += d;
				for (let at; (at = rest.indexOf('\n\n')) >= 0;
				    rest = rest.slice(at + 2)) {
					const data = rest.slice(0, at)
					    .match(/^data: (.*)$/m);
					if (data)
						this.take(req, data[1]);
				}
			});
			res.on('error', () => {});
			res.on('close', () => this.closed(req));
		});
		req.on('error', reject);
		this.socket = req;
		this.cut = () => req.destroy();
	}

	take(socket, text) {
		if (socket !== this.socket)
			return;		// it was cut; the kernel had more
		const type = text.slice(9, text.indexOf('"', 9));
		if (type === 'heartbeat' || type === 'stream.live') {
			this.opened?.();
			return;
		}
		const seq = Number(text.match(/"seq":(\d+)/)[1]);
		if (type === 'order.snapshot') {
			if (this.last)
				this.snapshots++;
			if (seq < this.last)
				this.faults.push(`snapshot ${seq} after ${
				    this.last}`);
			this.last = seq;
			this.opened?.();
			return;
		}
		if (seq !== this.last + 1)
			this.faults.push(`${seq} after ${this.last}`);
		this.texts[seq] ??= text;
		if (this.texts[seq] !== text)
			this.faults.push(`another text of ${seq}`);
		this.last = seq;
		this.got++;
		if (seq >= this.dropAt)
			this.dropOut().catch((e) => this.faults.push(`${e}`));
	}

	async dropOut() {
		this.dropAt = Infinity;
		this.drops++;
		const cut = this.cut;
		this.socket = null;
		cut();
		await delay(Math.random() * 250);
		await this.open(this.last);
	}

	closed(socket) {
		if (socket === this.socket)
			this.faults.push('it was closed');
	}
}

async function openAll(t, ow) {
	const { order: o } = await ow.newOrder();
	const token = await ow.token({ role: 'service' });
	const texts = [], screens = [];
	for (let i = 0; i < SCREENS; i++)
		screens.push(new Screen(ow, o.id, token, i % 2 === 0, texts));
	t.after(() => screens.forEach((s) => {
		s.socket = null;
		s.cut?.();
	}));
	for (let i = 0; i < SCREENS; i += AT_ONCE)
		await Promise.all(screens.slice(i, i + AT_ONCE)
		    .map((s) => s.open()));
	return { screens, texts, token, id: o.id };
}

async function changeAll({ id, token }, ow, pauseMs) {
	const { order: o } = (await ow.get(`/orders/${id}`, token)).body;
	for (let i = 0; i < CHANGES; i++) {
		const a = await ow.patch(
		    `/orders/${id}/items/${o.items[0].id}/status`,
		    { status: i % 2 ? 'queued' : 'held' }, token);
		assert.equal(a.status, 200, a.text);
		if (pauseMs)
			await delay(pauseMs);
	}
}

function report(what, screens, ms) {
	const exact = screens.filter((s) => !s.faults.length &&
	    s.got === CHANGES && !s.snapshots).length;
	console.log(`# ${what}: ${screens.length} screens, ${CHANGES} ` +
	    `changes in ${(ms / 1000).toFixed(1)} s, ${screens.reduce((n, s) =>
		n + s.drops, 0)} drops; exactly once and in order: ${
		(100 * exact / screens.length).toFixed(2)} %`);
	assert.deepEqual(screens.flatMap((s) => s.faults).slice(0, 10), []);
	assert.equal(exact, screens.length);
}

// Each screen takes a descriptor of this process and one of the server's.
const limit = Number(fs.readFileSync('/proc/self/limits', 'utf8')
    .match(/^Max open files\s+\d+\s+(\d+)/m)?.[1] ?? Infinity);
const skip = limit < SCREENS + 300 &&
    `needs ${SCREENS + 300} descriptors, there are ${limit}`;

test('every screen gets every change', { timeout: 120000, skip }, async (t) => {
	const ow = await startServer(t);
	const all = await openAll(t, ow);
	const began = Date.now();
	await changeAll(all, ow, 0);
	await until(() => all.screens.every((s) => s.last === CHANGES + 1 ||
	    s.faults.length), { ms: 60000, every: 50 });
	report('staying', all.screens, Date.now() - began);
});

test('also who drops out and comes back', { timeout: 120000, skip },
    async (t) => {
	const ow = await startServer(t);
	const all = await openAll(t, ow);
	for (const s of all.screens)
		s.dropAt = 2 + Math.floor(Math.random() * CHANGES);
	const began = Date.now();
	await changeAll(all, ow, 20);
	await until(() => all.screens.every((s) => (s.last === CHANGES + 1 &&
	    s.socket) || s.faults.length), { ms: 60000, every: 50 });
	report('dropping', all.screens, Date.now() - began);
	assert.ok(all.screens.every((s) => s.drops === 1));
});

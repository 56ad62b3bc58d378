// SPDX-License-Identifier: MIT
//
// crash - kill -9 in the middle of a burst loses nothing that was acknowledged.
//
// 32 clients send 10,000 PATCHes; twice in between the server is killed and
// started again.  A breach would be a 2xx whose event is not in the log, or
// twice, or elsewhere; a gap in an order's seqs; an event that a stream showed
// and the log does not have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer, until } from './lib.mjs';

const CLIENTS = 32, OWN = 4, SHARED = 8, PATCHES = 10000, KILLS = 2;

// A client's own order: nobody else changes it, so it knows what is next.
class Mine {
	constructor(o) {
		this.id = o.id;
		this.take(o);
		this.acked = [];	// { seq, item_id, to }
	}
	take(o) {
		this.seq = o.seq;
		this.items = o.items.map(({ id, status }) => ({ id, status }));
	}
	// Items may be held and released for ever.
	next(n) {
		const item = this.items[n % this.items.length];
		return { item, to: item.status === 'held' ? 'queued' : 'held' };
	}
}

class Burst {
	constructor(ow, kitchen) {
		Object.assign(this, { ow, kitchen, answered: 0, acked: 0,
			sharedAcks: [], isDown: false });
	}

	// undefined: no answer came.
	async patch(where, body) {
		try {
			const a = await this.ow.patch(where, body,
			    this.kitchen);
			this.answered++;
			return a;
		} catch {
			return undefined;
		}
	}

	// After a crash: what became of the change without an answer?
	async learn(mine) {
		await until(() => !this.isDown, { ms: 30000 });
		const a = await this.ow.get(`/orders/${mine.id}`, this.kitchen);
		assert.equal(a.status, 200);
		assert.ok(a.body.order.seq - mine.seq <= 1,
		    'one was on its way');
		mine.take(a.body.order);
	}

	async patchMine(mine, n) {
		const { item, to } = mine.next(n);
		const a = await this.patch(
		    `/orders/${mine.id}/items/${item.id}/status`,
		    { status: to });
		if (!a)
			return this.learn(mine);
		if (a.status === 503)
			return undefined;
		assert.equal(a.status, 200, a.text);
		assert.equal(a.body.order.seq, mine.seq + 1);
		mine.take(a.body.order);
		mine.acked.push({ seq: mine.seq, item_id: item.id, to });
		this.acked++;
		return undefined;
	}

	// Everybody changes these: ready, recalled, ready, ...
	async patchShared(id, who, n) {
		const to = n % 2 ? 'ready' : 'preparing';
		const a = await this.patch(`/orders/${id}/status`,
		    { status: to, reason: `${who} ${n}` });
		if (!a) {
			await until(() => !this.isDown, { ms: 30000 });
		} else if (a.status !== 503) {
			assert.equal(a.status, 200, a.text);
			this.sharedAcks.push({ id, seq: a.body.order.seq,
				status: a.body.order.status });
			this.acked++;
		}
	}

	async client(who, mine, shared) {
		for (let n = 0; this.acked < PATCHES; n++)
			if (n % 8 === 7)
				await this.patchShared(
				    shared[(who + n) % shared.length], who, n);
			else
				await this.patchMine(mine[n % mine.length], n);
	}

	async crash() {
		this.isDown = true;
		await this.ow.restart('SIGKILL');
		this.isDown = false;
	}
}

async function logOf(ow, id, token) {
	const list = [];
	for (;;) {
		const a = await ow.get(`/orders/${id}/events?limit=200&since=${
		    list.length}`, token);
		assert.equal(a.status, 200);
		if (!a.body.data.length)
			return list;
		list.push(...a.body.data);
	}
}

function checkLog(id, log) {
	assert.deepEqual(log.map((m) => m.seq), log.map((_, i) => i + 1),
	    `the seqs of ${id}`);
	assert.equal(new Set(log.map((m) => m.id)).size, log.length);
	assert.ok(log.every((m) => m.order_id === id));
}

test('no_loss_on_kill', { timeout: 180000 }, async (t) => {
	const ow = await startServer(t);
	const kitchen = await ow.token({ role: 'kitchen' });
	const burst = new Burst(ow, kitchen);
	const own = [], shared = [];
	for (let i = 0; i < CLIENTS; i++) {
		own.push([]);
		for (let k = 0; k < OWN; k++)
			own[i].push(new Mine((await ow.newOrder()).order));
	}
	for (let i = 0; i < SHARED; i++) {
		const { order: o } = await ow.newOrder();
		shared.push(o.id);
		await ow.patch(`/orders/${o.id}/status`,
		    { status: 'preparing' }, kitchen);
	}
	const all = [...own.flat().map((m) => m.id), ...shared];
	const shown = [];
	const watch = async () => {
		for (const id of [own[0][0].id, own[9][1].id, ...shared])
			shown.push({ id, stream: await ow.sse(
			    `/sse/orders/${id}/tracking`, kitchen) });
	};
	await watch();
	const began = Date.now();
	const work = own.map((mine, who) => burst.client(who, mine, shared));
	for (let k = 1; k <= KILLS; k++) {
		await until(() => burst.acked > PATCHES * k / (KILLS + 1),
		    { ms: 60000, every: 1 });
		await burst.crash();
		await watch();
	}
	await Promise.all(work);
	const seconds = (Date.now() - began) / 1000;
	await ow.restart('SIGKILL');

	const logs = new Map();
	for (const id of all) {
		logs.set(id, await logOf(ow, id, kitchen));
		checkLog(id, logs.get(id));
	}
	let unasked = 0;
	for (const mine of own.flat()) {
		const log = logs.get(mine.id);
		for (const { seq, item_id: item, to } of mine.acked) {
			assert.equal(log[seq - 1]?.data.item_id, item);
			assert.equal(log[seq - 1].data.to, to);
		}
		unasked += log.length - 1 - mine.acked.length;
	}
	assert.ok(unasked >= 0 && unasked <= CLIENTS * KILLS,
	    `${unasked} events that nobody was told of`);
	for (const { id, seq, status } of burst.sharedAcks) {
		const past = logs.get(id).slice(0, seq).filter((m) =>
		    m.type === 'order.status.changed');
		assert.equal(past.at(-1).data.to, status);
		assert.equal(past.at(-1).seq, seq);
	}
	let seen = 0;
	for (const { id, stream } of shown)
		for (const m of stream.events()) {
			assert.deepEqual(m, logs.get(id)[m.seq - 1]);
			seen++;
		}
	const events = [...logs.values()].reduce((n, l) => n + l.length, 0);
	console.log(`# ${burst.acked} acknowledged PATCHes in ${
	    seconds.toFixed(1)} s over ${KILLS} kills: ${events} events, all ` +
	    `in order; ${unasked} written without an answer; ${
		seen} shown by streams, all in the log`);
});

// SPDX-License-Identifier: MIT
//
// rude-channel - a channel that hangs, is late, talks nonsense or settles twice
// hurts nobody but itself.
//
// Every order is told by e-mail, through a plugin without manners, and by SMS,
// through a good one.  A breach would be an SMS that takes longer than it does
// beside a good channel, a crash, a job that is lost or said to be sent when it
// was not, or a breaker that does not say why in /metrics and `orderwirectl
// plugins`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build, source, startServer, until } from './lib.mjs';
import { counted, job, jobs, plugin, shareDir, startTexts } from
    './lib-notices.mjs';

const run = promisify(execFile);
const ORDERS = 150, AT_ONCE = 4;
const DEADLINE_MS = 250;
// What two of the same may differ by on a busy machine, half of them and nine
// in ten; a neighbour that was waited for would cost its deadline each time.
const MORE_MS = [[0.5, DEADLINE_MS / 3], [0.9, DEADLINE_MS]];
// One that never lets go is given its drain_ms and what follows it, 3 s in all;
// twice that for a busy machine.
const END_MORE_MS = 6000;
let dir;

// All plugins of the build, and the rude one.
before(async () => {
	dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-rude-'));
	const libs = path.join(build, 'plugins/.libs');
	for (const name of fs.readdirSync(libs))
		if (name.endsWith('.so'))
			fs.symlinkSync(path.join(libs, name),
			    path.join(dir, name));
	await run(process.env.CC ?? 'cc', ['-std=c11', '-O1', '-Wall',
	    '-Wextra', '-Werror', '-fPIC', '-shared',
	    `-I${path.join(source, 'include')}`, '-o',
	    path.join(dir, 'rude-channel.so'),
	    path.join(source, 'tests/e2e/rude-channel.c')]);
});
after(() => fs.rmSync(dir, { recursive: true, force: true }));

const start = (t, texts, manner) => startServer(t, { conf: {
	server: { plugin_dir: dir, drain_ms: '1s' },
	notify: { share_dir: shareDir(t, [{ event: 'order.accepted',
		channels: ['sms', 'email'], ttl: '1h' }]) },
	outbox: { backoff_ms: '200ms', backoff_max_ms: '1s', attempts_max: 50,
		poll_ms: '200ms' },
	plugins: { sms: texts.conf, mail: { module: 'rude-channel', manner,
		deadline_ms: `${DEADLINE_MS}ms`, breaker_ms: '300ms' } },
} });

// How long each SMS took from its order's change, sorted; for two servers at
// once and in turns, so that what else the machine does is the same for both.
async function latencies(pair) {
	const began = new Map();
	let next = 0;
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (next < 2 * ORDERS) {
			const { ow } = pair[next % 2];
			const phone = `+49170${1000000 + next++}`;
			const { order } = await ow.newOrder({
				customer_id: phone, contact: { phone,
					email: `c${phone}@example.org` } });
			began.set(phone, Date.now());
			await ow.patch(`/orders/${order.id}/status`,
			    { status: 'accepted' }, await ow.token({
				role: 'kitchen' }));
		}
	}));
	return await Promise.all(pair.map(async ({ texts }) => {
		await until(() => texts.got.length >= ORDERS);
		assert.equal(texts.got.length, ORDERS);
		return texts.got.map((m) => m.at - began.get(m.to))
		    .sort((a, b) => a - b);
	}));
}

const at = (list, share) => list[Math.floor(list.length * share)];
const show = (list) => `p50 ${at(list, 0.5)} ms, p90 ${at(list, 0.9)} ms`;

async function behave(t, manner) {
	const pair = [];
	for (const how of [manner, 'good']) {
		const texts = await startTexts(t);
		pair.push({ texts, ow: await start(t, texts, how) });
	}
	const [rude, good] = await latencies(pair);
	const text = `beside one that is ${manner}: ${show(rude)}; beside a ` +
	    `good one: ${show(good)}`;
	console.log(`# SMS ${text}`);
	for (const [share, more] of MORE_MS)
		assert.ok(at(rude, share) <= 1.5 * at(good, share) + more, text);
	const [{ ow }, { ow: other }] = pair;
	await until(async () => await sent(other) === ORDERS);
	ow.endMax = await end(other) + END_MORE_MS;
	return ow;
}

const sent = async (ow) => (await jobs(ow, { channel: 'email',
	state: 'sent' })).length;

// It ends when it is told to, however it behaved, and hardly later than the one
// beside a good channel did (which must only end at all).
async function end(ow) {
	const began = Date.now();
	const how = await ow.stop('SIGTERM');
	const took = Date.now() - began;
	assert.deepEqual(how, { code: 0, signal: null }, ow.log.slice(-2000));
	assert.ok(took < (ow.endMax ?? Infinity), `${took} ms of ${ow.endMax}`);
	assert.ok(!/ERROR: |runtime error/.test(ow.log), ow.log.slice(-3000));
	return took;
}

async function breaker(ow, re) {
	const p = await until(async () => {
		const x = await plugin(ow, 'mail');
		return x.breaker !== 'closed' ? x : null;
	}, { every: 5, what: 'the breaker' });
	assert.match(p.why, re);
	assert.match(await ow.ctl('plugins'), re);
	assert.ok(await counted(ow, 'breaker_opened_total', 'email') >= 1);
	await until(async () => await counted(ow, 'breaker_open',
	    'email') === 1, { every: 5 });
	assert.equal((await plugin(ow, 'sms')).breaker, 'closed');
	assert.equal(await counted(ow, 'breaker_open', 'sms'), 0);
}

test('one that hangs', async (t) => {
	const ow = await behave(t, 'hang');
	await breaker(ow, new RegExp(`did not answer within ${DEADLINE_MS
	} ms`));
	assert.ok(await counted(ow, 'overdue_total', 'email') >= 5);
	assert.equal(await sent(ow), 0);
	const { id } = (await jobs(ow, { channel: 'email', state: 'later' }))
	    .find((j) => /did not answer/.test(j.why));
	const { attempts } = await job(ow, id);
	assert.equal(attempts[0].verdict, 'overdue');
	assert.ok(attempts[0].took_ms >= DEADLINE_MS);
	await end(ow);
});

test('one that is late', async (t) => {
	const ow = await behave(t, 'late');
	await breaker(ow, /did not answer within/);
	// What it says then does not count.
	await until(async () => await counted(ow, 'overdue_total',
	    'email') >= 5);
	assert.equal(await sent(ow), 0);
	assert.equal(await counted(ow, 'sent_total', 'email'), 0);
	await end(ow);
});

test('one that talks nonsense', async (t) => {
	const ow = await behave(t, 'nonsense');
	await breaker(ow, /nonsense|no reason/);
	assert.ok(await counted(ow, 'nonsense_total', 'email') >= 5);
	assert.equal(await sent(ow), 0);
	for (const j of await jobs(ow, { channel: 'email' })) {
		assert.ok(['due', 'later', 'leased', 'parked'].includes(
		    j.state), j.state);
		assert.ok(!/[\x00-\x1f\x7f]/.test(j.why + j.ref), j.why);
	}
	assert.ok(!/\x1b/.test(ow.log), 'no control characters in the log');
	await end(ow);
});

for (const manner of ['twice', 'stranger'])
	test(`one that settles ${manner === 'twice' ? 'twice' :
	    'what it never got'}`, async (t) => {
		const ow = await behave(t, manner);
		await until(async () => await sent(ow) === ORDERS);
		assert.ok(await counted(ow, 'settled_twice_total',
		    'email') >= ORDERS);
		assert.equal(await counted(ow, 'sent_total', 'email'), ORDERS);
		assert.equal((await plugin(ow, 'mail')).breaker, 'closed');
		const said = ow.log.match(/settles what it may not/g);
		assert.equal(said?.length, 1, 'said, and not 150 times');
		await end(ow);
	});

test('one whose credential is wrong', async (t) => {
	const ow = await behave(t, 'wrong');
	await breaker(ow, /the password was changed/);
	assert.equal(await sent(ow), 0);
	for (const j of await jobs(ow, { channel: 'email' }))
		assert.ok(['due', 'later', 'leased'].includes(j.state),
		    'nothing is lost');
	await end(ow);
});

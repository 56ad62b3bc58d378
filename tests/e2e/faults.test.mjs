// SPDX-License-Identifier: MIT
//
// faults - the machine fails: descriptors, disk, database.
//
// Writes are refused with 503 and Retry-After, reads of active orders and live
// streams go on, no core spins, and when the cause goes away so does the
// fault, without a restart.  Nothing that was acknowledged is lost.  A breach
// would be a 5xx other than 503, a 2xx that is not in the log, an order that
// cannot be read meanwhile, or CPU time spent on nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { delay, order, source, startServer, store, until } from './lib.mjs';

const run = promisify(execFile);
const isRoot = process.getuid() === 0;
const notRoot = isRoot ? false : 'only root can mount';
const notSqlite = store !== 'sqlite' && 'this is about files of SQLite';
const CPU_SHARE_MAX = 0.25;

// A server with two orders: one to change, one that a stream watches.
async function begin(t, options) {
	const ow = await startServer(t, options);
	const f = { ow, token: await ow.token({ role: 'service' }), acked: [] };
	f.o = (await ow.newOrder()).order;
	f.ws = await ow.ws(`/ws/orders/${f.o.id}/tracking`, f.token);
	f.sse = await ow.sse(`/sse/orders/${f.o.id}/tracking`, f.token);
	await f.ws.waitFor('order.snapshot');
	await f.sse.waitFor('order.snapshot');
	return f;
}

const event = (f, n, size = 10) => f.ow.post(`/orders/${f.o.id}/events`,
    { type: 'x.n', data: `${n} ${'y'.repeat(size)}` }, f.token);

function refused(a) {
	assert.equal(a.status, 503, `${a.status} ${a.text}`);
	assert.match(a.headers['content-type'], /problem\+json/);
	const s = Number(a.headers['retry-after']);
	assert.ok(s >= 1 && s <= 60, `Retry-After: ${s}`);
}

// Changes until one is refused; what was acknowledged is remembered.
async function writeUntilRefused(f, size, most = 5000) {
	for (let n = 0; n < most; n++) {
		const a = await event(f, n, size);
		if (a.status !== 201) {
			refused(a);
			return;
		}
		f.acked.push(a.body.event);
	}
	assert.fail('nothing was refused');
}

// Reads and streams go on while writes are refused, and nothing spins.
async function checkDuring(f) {
	const { ow, token, o } = f;
	const cpu = ow.proc().cpu, began = Date.now();
	while (Date.now() - began < 1500) {
		for (const where of [`/orders/${o.id}`,
			`/orders/${o.id}/tracking`, '/orders?status=active']) {
			const a = await ow.get(where, token);
			assert.equal(a.status, 200, `${where}: ${a.text}`);
		}
		refused(await event(f, 'meanwhile'));
		await delay(100);
	}
	const used = ow.proc().cpu - cpu;
	assert.ok(used < CPU_SHARE_MAX * 1.5, `${used} s of CPU for nothing`);
	const ready = await ow.admin('/readyz');
	assert.equal(ready.status, 503);
	for (const s of [f.ws, f.sse])
		assert.equal(s.ended, null, 'the streams stay');
	f.ws.send({ type: 'ping' });
	await f.ws.waitFor('pong', { after: f.ws.messages.length });
	const late = await ow.sse(`/sse/orders/${o.id}/tracking`, token);
	await late.waitFor('order.snapshot');
	await late.close();
	return used;
}

async function checkAfter(f) {
	const { ow, token, o } = f;
	const a = await until(async () => {
		const x = await event(f, 'again');
		return x.status === 201 ? x : null;
	}, { ms: 30000, every: 100, what: 'a write that succeeds again' });
	f.acked.push(a.body.event);
	await ow.ready();
	for (const s of [f.ws, f.sse])
		await s.waitFor((m) => m.seq === a.body.event.seq &&
		    m.type === 'x.n');
	const log = [];
	for (let n = -1; n !== log.length;) {
		n = log.length;
		log.push(...(await ow.get(`/orders/${o.id}/events?limit=200&` +
		    `since=${n}`, token)).body.data);
	}
	assert.deepEqual(log.map((m) => m.seq), log.map((_, i) => i + 1));
	for (const e of f.acked)
		assert.deepEqual(log[e.seq - 1], e);
	for (const s of [f.ws, f.sse])
		assert.deepEqual(s.events(), log.slice(1), 'as the log has it');
}

// ---- Descriptors -----------------------------------------------------------

test('without descriptors nothing spins and all recovers', async (t) => {
	const f = await begin(t, { conf: { http: { idle_ms: '1m' } } });
	const { ow, token, o } = f;
	const have = ow.proc().fds;
	await run('prlimit', ['--pid', String(ow.pid),
		`--nofile=${have + 20}`]);
	const idle = [];
	for (let i = 0; i < 60; i++)
		idle.push(await ow.raw());
	await delay(300);
	const cpu = ow.proc().cpu;
	await delay(1500);
	const used = ow.proc().cpu - cpu;
	console.log(`# ${have + 20} descriptors, 60 connections more: ${
	    used.toFixed(2)} s of CPU in 1.5 s`);
	assert.ok(used < CPU_SHARE_MAX * 1.5, `${used} s of CPU for nothing`);
	const told = idle.filter((s) => /^HTTP\/1\.1 503/.test(s.text));
	assert.ok(told.length > 0, 'some were told');
	assert.match(told[0].text, /retry-after: [1-9]/i);
	const a = await ow.patch(`/orders/${o.id}/status`,
	    { status: 'accepted' }, token);	// on a connection of before
	assert.equal(a.status, 200);
	for (const s of [f.ws, f.sse])
		await s.waitFor('order.status.changed');
	for (const s of idle)
		s.destroy();
	await until(async () => {
		const s = await ow.raw('GET /api/v1/cafe/order-model HTTP/1.1' +
		    '\r\nHost: x\r\nConnection: close\r\n\r\n');
		await s.waitEnd();
		s.destroy();
		return /^HTTP\/1\.1 200/.test(s.text);
	}, { every: 100, what: 'a new connection that is served' });
});

test('a limit at start is told or lived with', async (t) => {
	const ow = await startServer(null, { wait: false,
		prefix: ['prlimit', '--nofile=12:12'] });
	t.after(() => ow.destroy());
	const how = await Promise.race([ow.exit, delay(3000)]);
	if (how) {
		assert.notEqual(how.code, 0);
		assert.equal(how.signal, null, 'no crash');
		assert.ok(ow.log.length > 0, 'it says why');
	}
});

// ---- Disk ------------------------------------------------------------------

async function smallDisk(t, kb) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-disk-'));
	await run('mount', ['-t', 'tmpfs', '-o', `size=${kb}k`, 'tmpfs', dir]);
	t.after(async () => {
		await run('umount', ['-l', dir]).catch(() => {});
		fs.rmSync(dir, { recursive: true, force: true });
	});
	return dir;
}

test('a full disk', { skip: notSqlite || notRoot, timeout: 90000 },
    async (t) => {
	const disk = await smallDisk(t, 3072);
	const ballast = path.join(disk, 'ballast');
	fs.writeFileSync(ballast, Buffer.alloc(1 << 20));
	// Registered after the disk's: the server ends before its disk.
	const f = await begin(t, { conf: { plugins: { 'store-sqlite': {
		path: path.join(disk, 'orders.db') } } } });
	await writeUntilRefused(f, 4000);
	const used = await checkDuring(f);
	fs.rmSync(ballast);
	await checkAfter(f);
	await f.ow.restart('SIGKILL');
	const log = (await f.ow.get(`/orders/${f.o.id}/events?limit=1&since=${
	    f.acked.at(-1).seq - 1}`, f.token)).body.data;
	assert.deepEqual(log, [f.acked.at(-1)]);
	console.log(`# full after ${f.acked.length} events; ${used.toFixed(2)
	} s of CPU in 1.5 s`);
});

// Whether it ends with a word or waits for better times is its choice.
test('a read-only database is refused or waited for',
    { skip: notSqlite || notRoot }, async (t) => {
	const disk = await smallDisk(t, 4096);
	const file = path.join(disk, 'orders.db');
	const conf = { plugins: { 'store-sqlite': { path: file } } };
	const f = await begin(t, { conf });
	await f.ow.stop('SIGTERM');
	await run('mount', ['-o', 'remount,ro', disk]);
	await f.ow.start({ wait: false });
	const how = await Promise.race([f.ow.exit, delay(3000)]);
	if (how) {
		assert.notEqual(how.code, 0);
		assert.equal(how.signal, null);
		assert.match(f.ow.log, /read-?only|readonly|write/i);
		await run('mount', ['-o', 'remount,rw', disk]);
		await f.ow.start();
	} else {
		// It may as well begin to work when the cause goes away.
		await run('mount', ['-o', 'remount,rw', disk]);
		await f.ow.ready(20000);
	}
	assert.equal((await f.ow.get(`/orders/${f.o.id}`, f.token)).status,
	    200);
});

test('a folder without permission is said at start',
    { skip: notSqlite || (isRoot && 'root may write everywhere') },
    async (t) => {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-ro-'));
	fs.chmodSync(dir, 0o500);
	t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
	const ow = await startServer(null, { wait: false, conf: { plugins: {
		'store-sqlite': { path: path.join(dir, 'orders.db') } } } });
	t.after(() => ow.destroy());
	assert.notEqual((await ow.exit).code, 0);
	assert.match(ow.log, new RegExp(dir));
});

test('a database locked by another program', { skip: notSqlite,
	timeout: 60000 }, async (t) => {
	const python = await run('python3', ['-c', 'import sqlite3'])
	    .then(() => true, () => false);
	if (!python) {
		t.skip('python3 with sqlite3 holds the lock');
		return;
	}
	const f = await begin(t, { conf: { plugins: { 'store-sqlite': {
		busy_timeout_ms: '50ms' } } } });
	const lock = execFile('python3', ['-c', `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('BEGIN IMMEDIATE')
print('held', flush=True)
sys.stdin.read()
c.execute('ROLLBACK')
`, f.ow.path('orders.db')]);
	t.after(() => lock.kill('SIGKILL'));
	await new Promise((resolve) => { lock.stdout.once('data', resolve); });
	refused(await event(f, 1));
	assert.equal((await f.ow.get(`/orders/${f.o.id}`, f.token)).status,
	    200);
	lock.stdin.end();
	await checkAfter(f);
});

// ---- PostgreSQL ------------------------------------------------------------

test('PostgreSQL is restarted', { skip: store !== 'pgsql' && 'needs pgsql',
	timeout: 120000 }, async (t) => {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'ow-pg-'));
	const tool = (name) => run(path.join(source, 'tests/tools', name),
	    [dir]);
	t.after(async () => {
		await tool('pg_stop.sh').catch(() => {});
		fs.rmSync(dir, { recursive: true, force: true });
	});
	const conninfo = (await tool('pg_start.sh')).stdout.trim();
	const f = await begin(t, { conf: { plugins: { 'store-pgsql': {
		conninfo, retry_max_ms: '500ms' } } } });
	for (let n = 0; n < 20; n++)
		f.acked.push((await event(f, n)).body.event);
	// Writers all the while: whatever they are told must be true.
	let stop = false;
	const { order: p } = await f.ow.newOrder();
	const told = [];
	const writer = (async () => {
		while (!stop) {
			const a = await f.ow.post(`/orders/${p.id}/events`,
			    { type: 'x.w', data: told.length }, f.token);
			if (a.status === 201)
				told.push(a.body.event);
			else
				refused(a);
			await delay(5);
		}
	})();
	await until(() => told.length > 10);
	await tool('pg_stop.sh');
	await until(async () => (await event(f, 'x')).status === 503);
	const used = await checkDuring(f);
	await tool('pg_start.sh');
	await checkAfter(f);
	stop = true;
	await writer;
	const log = [];
	for (let n = -1; n !== log.length;) {
		n = log.length;
		log.push(...(await f.ow.get(`/orders/${p.id}/events?` +
		    `limit=200&since=${n}`, f.token)).body.data);
	}
	for (const e of told)
		assert.deepEqual(log[e.seq - 1], e);
	console.log(`# PostgreSQL away: ${used.toFixed(2)} s of CPU in 1.5 s; ${
	    told.length} acknowledged, all in the log`);
	const a = await f.ow.post('/orders', order(), f.token);
	assert.equal(a.status, 201);
});

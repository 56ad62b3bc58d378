// SPDX-License-Identifier: MIT
//
// riders - what many riders on many screens cost: CPU for a point, the time
// from the rider to the screen, and what conflation saves.
//
//	OW_BUILD=build node contrib/bench/riders.mjs [RIDERS] [SECONDS]
//
// Each rider carries an order with one watcher.  First every rider says where
// it is once a second, then five times; a screen is told once a second.
// Riders, service and watchers are this process; the CPU is that of orderwired
// alone.
// Needs npm ci in tests/e2e.
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer, tenant, until } from '../../tests/e2e/lib.mjs';

const { WebSocketServer, WebSocket } = createRequire(
    new URL('../../tests/e2e/lib.mjs', import.meta.url))('ws');
const RIDERS = Number(process.argv[2] ?? 2000);
const SECONDS = Number(process.argv[3] ?? 15);
const BATCH = 40;
const TICKS = 50;		// a second

// ---- A service of riders ----------------------------------------------------

async function startService() {
	const server = http.createServer((req, res) => {
		const id = req.url.match(/members\/([^/?]+)/)?.[1];
		res.setHeader('Content-Type', 'application/json');
		res.end(JSON.stringify(id ? { id, first_name: 'Ada' } : []));
	});
	const wss = new WebSocketServer({ server });
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	return { server, wss, url: `http://127.0.0.1:${port}` };
}

// Each rider says per_s times a second where it is; resolves to the points.
// Where this process is late, the rider's next point is, too: two that come
// closer to each other than a screen may hear of them wait for that.
async function ride(service, per_s, seconds) {
	const begin = Date.now(), said = [], gap = TICKS / per_s;
	let n = 0;
	for (let tick = 0; tick < TICKS * seconds; tick++) {
		await delay(Math.max(0, (said[tick - gap] ?? 0) +
		    1000 / per_s - Date.now()));
		said.push(Date.now());
		const until_n = Math.round((tick + 1) * RIDERS * per_s / TICKS);
		const [ws] = service.wss.clients;
		for (; n < until_n; n++)
			ws.send(JSON.stringify({
			    type: 'location_update', data: {
				rider_id: `r-${n % RIDERS}`,
				latitude: 52.4 + service.north,
				longitude: 13.39, heading: 0, speed: 5,
				timestamp: new Date().toISOString(),
			} }));
		service.north += 0.00004 / TICKS;
		await delay(Math.max(0, begin + (tick + 1) * 1000 / TICKS -
		    Date.now()));
	}
	return n;
}

// ---- Orders and screens -----------------------------------------------------

async function inBatches(fn) {
	for (let i = 0; i < RIDERS; i += BATCH)
		await Promise.all(Array.from({ length: Math.min(BATCH,
		    RIDERS - i) }, (_, k) => fn(i + k)));
}

async function openOne(ow, i, seen) {
	const service = await ow.token({ role: 'service' });
	const kitchen = await ow.token({ role: 'kitchen' });
	const { order } = await ow.newOrder({ fulfilment: 'delivery',
		dropoff: { address: 'x', lat: 52.6, lng: 13.39 } });
	const ok = (a) => {
		if (a.status !== 200)
			throw new Error(a.text);
	};
	ok(await ow.put(`/orders/${order.id}/delivery`,
	    { fleet_member_id: `r-${i}` }, service));
	for (const status of ['accepted', 'preparing', 'ready',
		'out_for_delivery'])
		ok(await ow.patch(`/orders/${order.id}/status`, { status },
		    status === 'out_for_delivery' ? service : kitchen));
	const token = await ow.token({ role: 'customer', sub: 'customer-1' });
	const ws = new WebSocket(`${ow.url.replace('http', 'ws')}/ws/orders/${
	    order.id}/tracking`, ['orderwire.v1', `bearer.${token}`],
	    { perMessageDeflate: false });
	ws.on('message', (data) => {
		const text = data.toString();
		if (text.startsWith('{"type":"driver.location.updated"'))
			seen.push(Date.now() -
			    Date.parse(JSON.parse(text).data.at));
	});
	ow.open.add({ destroy: () => ws.terminate() });
	await once(ws, 'open');
}

// ---- What it costs ----------------------------------------------------------

async function measure(ow, service, seen, per_s) {
	await ride(service, per_s, 3);
	seen.length = 0;
	const before = ow.proc().cpu;
	const points = await ride(service, per_s, SECONDS);
	await delay(1200);
	const cpu = ow.proc().cpu - before;
	const ms = [...seen].sort((a, b) => a - b);
	const at = (q) => ms[Math.min(ms.length - 1,
	    Math.floor(q * ms.length))];
	console.log(`${RIDERS} riders, ${per_s}/s: ${points} points, ${
	    ms.length} frames (${(100 - 100 * ms.length / points).toFixed(0)
	    } % saved), CPU ${(1e6 * cpu / points).toFixed(0)} us a point (${
	    (100 * cpu / SECONDS).toFixed(0)} % of a core), to the screen p50 ${
	    at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`);
}

const service = Object.assign(await startService(), { north: 0 });
const ow = await startServer(null, { conf: {
	tenants: [{ name: tenant }],
	plugins: { 'adapter-logistics': { preset: 'server', url: service.url,
		webhooks: false, router: 'none', locations_path: '-' } },
} });
try {
	const seen = [];
	await inBatches((i) => openOne(ow, i, seen));
	await until(() => service.wss.clients.size === 1);
	for (const per_s of [1, 5])
		await measure(ow, service, seen, per_s);
} catch (e) {
	console.error(e.message, ow.log.slice(-1000));
	process.exitCode = 1;
} finally {
	await ow.destroy();
	service.wss.clients.forEach((ws) => ws.terminate());
	service.server.close();
}

// SPDX-License-Identifier: MIT
//
// rider - an order is carried to its customer by the simulator of
// contrib/logistics-sim, in each of the service's three presets, and the
// service is killed and started again in mid-route.
//
// All three go at once: a ride takes its time.  What the presets differ in is
// before the store, so one of them rides on PostgreSQL.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startServer, store, tenant } from './lib.mjs';
import { messageOf } from './lib-contract.mjs';
import { skipSim, startSim } from './lib-sim.mjs';

const WAIT_MS = 60000;		// for what a busy machine does at last

// Down the Friedrichstrasse, some 500 m, always away from the pickup.
const PICKUP = { lat: 52.51480, lng: 13.38915 };
const DROPOFF = { lat: 52.51010, lng: 13.38985 };
const SLOW = 2, FAST = 8;	// 10 m/s, 40 m/s
// The simulator saves twice a second; killed, it forgets what came after, and
// its riders ride that again.
const FORGOTTEN_M = 40;

// ---- What must hold of a stream ---------------------------------------------

const locations = (stream) => stream.messages.filter((m) =>
    m.type === 'driver.location.updated');
const is = (type, test = () => true) => (m) => m.type === type &&
    test(m.data);
const isTo = (to) => is('delivery.status.changed', (d) => d.to === to);
const isStatus = (to) => is('order.status.changed', (d) => d.to === to);
const isAt = (stale) => is('driver.location.updated',
    (d) => d.stale === stale);

function metres(a, b) {
	const north = (b.lat - a.lat) * 111195;
	const east = (b.lng - a.lng) * 111195 * Math.cos(a.lat * Math.PI / 180);
	return Math.hypot(north, east);
}

// A place is told twice only to say that it is stale, or no longer.
function neverBackwards(stream, from) {
	const list = locations(stream);
	const exact = list.filter((m) => stream.messages.indexOf(m) >= from);
	list.slice(1).forEach((m, i) => {
		const before = list[i].data.at, at = m.data.at;
		assert.ok(at > before || (at === before &&
		    m.data.stale !== list[i].data.stale),
		    `${before} before ${at}`);
	});
	exact.slice(1).forEach((m, i) => {
		const had = metres(exact[i].data, DROPOFF);
		assert.ok(metres(m.data, DROPOFF) <= had + FORGOTTEN_M,
		    `${JSON.stringify(exact[i].data)} before ${JSON
			.stringify(m.data)}`);
	});
	assert.ok(exact.length > 4, `${exact.length} locations`);
}

function phoneOnTheRoadOnly(stream, phone, from, to) {
	let n = 0;
	stream.raws.forEach((text, i) => {
		if (!text.includes(phone) && !text.includes('"phone"'))
			return;
		n++;
		assert.ok(i >= from && i <= to, `a phone, before or after the ` +
		    `road: ${text}`);
	});
	return n;
}

// As asyncapi.yaml says, on each channel; what contract.test.mjs leaves to us
// was among it.
function asDocumented(channels, hasRoute) {
	for (const [channel, stream] of Object.entries(channels)) {
		const heard = stream.raws.map((text) =>
		    messageOf(channel, text));
		for (const [name, isDue] of Object.entries({
			routeUpdated: hasRoute,
			locationUpdated: channel.startsWith('order') }))
			assert.ok(heard.includes(name) || !isDue,
			    `${channel} has no ${name}`);
	}
}

// All bytes that the server keeps.
async function kept(ow) {
	const files = fs.readdirSync(ow.dir).map((name) =>
	    fs.readFileSync(ow.path(name)));
	if (ow.database)
		files.push((await promisify(execFile)('pg_dump',
		    ['--inserts', '-d', ow.database.conninfo],
		    { encoding: 'buffer', maxBuffer: 1 << 28 })).stdout);
	return Buffer.concat(files);
}

// ---- The ride ---------------------------------------------------------------

async function begin(t, preset) {
	const sim = await startSim(t, preset);
	const ow = await startServer(t, { conf: {
		tenants: [{ name: tenant }],
		plugins: { 'adapter-logistics': {
			preset, url: sim.url, token: 'sim-token',
			webhooks: false, poll_ms: '500ms', stale_ms: '1s',
			silence_ms: '4s', retry_max_ms: '500ms',
		} },
	} });
	await sim.post('riders', { tenant, id: 'r-1', ...PICKUP });
	const { order } = await ow.newOrder({ fulfilment: 'delivery',
		pickup: { name: 'Café', ...PICKUP },
		dropoff: { address: 'Friedrichstraße', ...DROPOFF } });
	await sim.post('tasks', { tenant, id: 't-1', rider_id: 'r-1',
		external_reference: `order:${order.id}`, hold: true,
		speed: SLOW, pickup: PICKUP, dropoff: DROPOFF });
	return { sim, ow, order };
}

// Both of a customer's streams, as one, and the kitchen's.
async function watch(ow, order) {
	const token = await ow.token({ role: 'customer', sub: 'customer-1' });
	const streams = [
		await ow.sse(`/sse/orders/${order.id}/tracking`, token),
		await ow.ws(`/ws/orders/${order.id}/tracking`, token),
	];
	const kitchen = await ow.token({ role: 'kitchen' });
	const channels = { orderEvents: streams[0], orderSocket: streams[1],
		kitchenEvents: await ow.sse('/sse/kitchen', kitchen),
		kitchenSocket: await ow.ws('/ws/kitchen', kitchen) };
	return { streams, channels,
	    see: (test, after) => Promise.all(streams.map((s, i) =>
		s.waitFor(test, { ms: WAIT_MS, after: after?.[i] }))),
	    now: () => streams.map((s) => s.messages.length) };
}

async function cook(ow, order) {
	const kitchen = await ow.token({ role: 'kitchen' });
	for (const status of ['accepted', 'preparing', 'ready']) {
		const a = await ow.patch(`/orders/${order.id}/status`,
		    { status }, kitchen);
		assert.equal(a.status, 200, a.text);
	}
}

async function assign({ sim, ow, order }, see) {
	if (sim.preset !== 'backend') {
		const a = await ow.put(`/orders/${order.id}/delivery`,
		    { task_id: 't-1', fleet_member_id: 'r-1' },
		    await ow.token({ role: 'service' }));
		assert.equal(a.status, 200, a.text);
	}
	await sim.post('tasks/t-1/next');
	await see(is('delivery.driver.assigned', (d) => d.driver.id === 'r-1'));
	await see(isTo('assigned'));
	await see('driver.location.updated');
}

// The service goes away in the middle of the way, and comes back.
async function loseIt({ sim, ow, order }, watched) {
	const { see, streams, now } = watched;
	await sim.kill();
	await see(isAt(true), now());
	const late = await ow.sse(`/sse/orders/${order.id}/tracking`,
	    await ow.token({ role: 'customer', sub: 'customer-1' }));
	const { data } = await late.waitFor('order.snapshot', { ms: WAIT_MS });
	assert.equal(data.delivery.location.stale, true);
	assert.equal(data.order.status, 'out_for_delivery');
	late.destroy();
	const from = now();
	await sim.start();
	await see(isAt(false), from);
	for (const [i, s] of streams.entries())
		await s.waitCount(from[i] ? locations(s).length + 2 : 0,
		    'driver.location.updated', { ms: WAIT_MS });
	for (const s of streams)
		assert.equal(s.ended, null);
}

async function ride(t, preset) {
	const all = await begin(t, preset);
	const { sim, ow, order } = all;
	const watched = await watch(ow, order);
	const { see, streams } = watched;

	await see('order.snapshot');
	await cook(ow, order);
	await assign(all, see);
	const eta = watched.now();
	await sim.post('tasks/t-1', { status: 'en_route_dropoff', hold: false });
	await see(isTo('en_route_dropoff'));
	await see(isStatus('out_for_delivery'));
	const from = streams.map((s) => s.messages.findIndex(
	    isStatus('out_for_delivery')));
	await see('driver.location.updated', from);
	await see('order.eta.updated', eta);
	if (preset === 'server')
		await see(is('delivery.route.updated', (d) =>
		    d.route.coordinates.length > 1));
	await loseIt(all, watched);
	await sim.post('tasks/t-1', { speed: FAST });
	await see(isTo('delivered'));
	await see(isStatus('delivered'));

	for (const s of Object.values(watched.channels))
		await s.waitFor(isStatus('delivered'), { ms: WAIT_MS });
	asDocumented(watched.channels, preset === 'server');

	const member = sim.member('r-1');
	const a = await ow.get(`/orders/${order.id}`, await ow.token({
		role: 'customer', sub: 'customer-1' }));
	assert.equal(a.body.order?.status ?? a.body.status, 'delivered');
	assert.ok(!a.text.includes(member.phone), a.text);
	streams.forEach((s, i) => {
		const to = s.messages.findIndex(isStatus('delivered'));
		const n = phoneOnTheRoadOnly(s, member.phone, from[i], to);
		if (preset !== 'backend')
			assert.ok(n > 0, 'no phone on the road');
		neverBackwards(s, from[i]);
		assert.equal(s.ended, null);
		const seqs = s.seqs();
		assert.deepEqual(seqs, [...new Set(seqs)].sort((x, y) => x - y));
	});

	// The server has written all that it will write.
	const said = streams.flatMap((s) => s.raws).join('\n');
	const how = await ow.stop();
	assert.equal(how.code, 0);
	const bytes = await kept(ow);
	assert.ok(bytes.includes(order.id));
	for (const [what, secret] of Object.entries({
		number: member.id_passport_number,
		attachment: member.id_passport_attachment,
		file: 'files.example/passports', name: 'id_passport',
		email: member.email,
	})) {
		assert.ok(!said.includes(secret), `${what} in a stream`);
		assert.ok(!ow.log.includes(secret), `${what} in the log`);
		assert.ok(!bytes.includes(secret), `${what} in what is kept`);
	}
	assert.ok(!ow.log.includes(member.phone), 'a phone in the log');
}

describe('a ride through a kill of the service', {
	skip: skipSim, concurrency: true }, () => {
	for (const preset of store === 'pgsql' ? ['server'] :
	    ['planned', 'backend', 'server'])
		test(preset, (t) => ride(t, preset));
});

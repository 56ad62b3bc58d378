// SPDX-License-Identifier: MIT
//
// hostile-logistics - a logistics-service, or somebody who says to be it, that
// wants harm: forged, repeated and captured webhooks change nothing, a frame of
// 100 MB is not received, and what it knows of a person beyond their name ends
// here.
//
// With webhooks the service itself is not there: nothing else moves an order.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startServer, tenant } from './lib.mjs';
import { skipSim, startSim } from './lib-sim.mjs';

const SECRET = 'hook-secret-1';
const HEADER = 'X-Webhook-Signature';
const PASSPORT = 'C01X00T47';

const sign = (body, secret = SECRET) =>
    createHmac('sha256', secret).update(body).digest('hex');

async function begin(t, url = 'http://127.0.0.1:9') {
	const ow = await startServer(t, { conf: {
		tenants: [{ name: tenant }],
		plugins: { 'adapter-logistics': {
			preset: 'server', url, token: 'sim-token',
			webhook_secret: SECRET, retry_max_ms: '500ms',
		} },
	} });
	const { order } = await ow.newOrder({ fulfilment: 'delivery',
		pickup: { name: 'A', lat: 52.5148, lng: 13.3891 },
		dropoff: { address: 'B', lat: 52.5101, lng: 13.3898 } });
	return { ow, order };
}

// headers: name, value, name, value, as they are sent.
async function post(ow, body, headers = [HEADER, sign(body)]) {
	const request = http.request(`${ow.url}/hooks/logistics/${tenant}`, {
		method: 'POST', headers: ['Host', 'x', 'Content-Type',
		    'application/json', 'Content-Length',
		    String(Buffer.byteLength(body)), ...headers],
	});
	request.end(body);
	const [response] = await once(request, 'response');
	response.resume();
	return response.statusCode;
}

const event = (order, n, status, data = {}) => JSON.stringify({
	event_id: `e-${n}`, event_type: `logistics.task.${status}`,
	tenant_id: tenant, timestamp: new Date().toISOString(),
	data: { task_id: 't-1', external_reference: `order:${order.id}`,
		status, ...data },
});

const delivery = async (ow, order) => (await ow.get(
    `/orders/${order.id}/tracking`, await ow.token({ role: 'service' })))
    .body.data.delivery;

async function until(ow, order, test) {
	for (let i = 0; i < 400; i++) {
		const d = await delivery(ow, order);
		if (test(d))
			return d;
		await delay(25);
	}
	assert.fail(JSON.stringify(await delivery(ow, order)));
}

const events = async (ow, order) => (await ow.get(
    `/orders/${order.id}/events?since=0`, await ow.token({
	    role: 'service' }))).body.data;
const count = async (ow, order) => (await events(ow, order)).length;
const steps = async (ow, order) => (await events(ow, order)).filter((m) =>
    m.type === 'delivery.status.changed').map((m) => m.data.to);

describe('a logistics-service that wants harm', () => {
	test('a webhook whose signature is wrong, empty or there twice is 401',
	    async (t) => {
		const { ow, order } = await begin(t);
		const body = event(order, 1, 'assigned', { rider_id: 'r-1' });
		const before = await count(ow, order);
		for (const [what, headers] of Object.entries({
			none: [],
			empty: [HEADER, ''],
			short: [HEADER, sign(body).slice(1)],
			long: [HEADER, `${sign(body)}0`],
			zero: [HEADER, '0'.repeat(64)],
			'no hex': [HEADER, 'x'.repeat(64)],
			'another secret': [HEADER, sign(body, 'other')],
			'no secret': [HEADER, sign(body, '')],
			'another body': [HEADER, sign(`${body} `)],
			'good, then bad': [HEADER, sign(body), HEADER, '0'],
			'bad, then good': [HEADER, '0', HEADER, sign(body)],
			'good, twice': [HEADER, sign(body),
			    HEADER.toLowerCase(), sign(body)],
			'a list': [HEADER, `${sign(body)}, ${sign(body)}`],
		}))
			assert.equal(await post(ow, body, headers), 401, what);
		assert.equal((await delivery(ow, order)).status, 'none');
		assert.equal(await count(ow, order), before);
		// The same body is good all the while, once.
		assert.equal(await post(ow, body), 200);
		await until(ow, order, (d) => d.status === 'assigned');
		const after = await count(ow, order);
		assert.equal(await post(ow, body), 200);
		assert.equal(await post(ow, body), 200);
		// What comes behind it is there, so it has been looked at.
		assert.equal(await post(ow, event(order, 2, 'accepted',
		    { rider_id: 'r-1' })), 200);
		await until(ow, order, (d) => d.status === 'accepted');
		assert.equal(await count(ow, order), after + 1);
		const metrics = await (await fetch(`${ow.adminUrl}/metrics`))
		    .text();
		assert.match(metrics, /webhooks_refused_total\S* 13\n/);
		assert.match(metrics, /webhooks_repeated_total\S* 2\n/);
	});

	test('a captured one takes no rider away after a restart',
	    async (t) => {
		const { ow, order } = await begin(t);
		assert.equal(await post(ow, event(order, 1, 'assigned',
		    { rider_id: 'r-1' })), 200);
		await until(ow, order, (d) => d.driver?.id === 'r-1');
		const captured = event(order, 2, 'cancelled',
		    { rider_id: 'r-1' });
		assert.equal(await post(ow, captured), 200);
		await until(ow, order, (d) => d.driver === null);
		assert.equal(await post(ow, event(order, 3, 'assigned',
		    { rider_id: 'r-2' })), 200);
		await until(ow, order, (d) => d.driver?.id === 'r-2');
		const had = await steps(ow, order);
		// The second of the start is believed: times without
		// milliseconds are.
		await delay(1100);
		await ow.restart('SIGKILL');
		assert.equal(await post(ow, captured), 200);
		assert.equal(await post(ow, captured), 200);
		assert.equal(await post(ow, event(order, 4, 'accepted',
		    { rider_id: 'r-2' })), 200);
		const d = await until(ow, order,
		    (x) => x.status === 'accepted');
		assert.equal(d.driver.id, 'r-2');
		assert.deepEqual(await steps(ow, order), [...had, 'accepted']);
	});

	test('a frame of 100 MB is not received', { skip: skipSim },
	    async (t) => {
		const sim = await startSim(t, 'server');
		const { ow, order } = await begin(t, sim.url);
		await sim.post('riders', { tenant, id: 'r-1', lat: 52.5148,
			lng: 13.3891 });
		await sim.post('tasks', { tenant, id: 't-1', rider_id: 'r-1',
			external_reference: order.id, hold: true,
			pickup: { lat: 52.5148, lng: 13.3891 },
			dropoff: { lat: 52.5101, lng: 13.3898 } });
		const put = await ow.put(`/orders/${order.id}/delivery`,
		    { task_id: 't-1', fleet_member_id: 'r-1' },
		    await ow.token({ role: 'service' }));
		assert.equal(put.status, 200, put.text);
		await sim.post('tasks/t-1', { status: 'en_route_dropoff' });
		const stream = await ow.sse(`/sse/orders/${order.id}/tracking`,
		    await ow.token({ role: 'customer', sub: 'customer-1' }));
		await stream.waitFor('driver.location.updated');
		const before = ow.proc().rss;
		let most = before;
		const looking = setInterval(() => {
			most = Math.max(most, ow.proc().rss);
		}, 5);
		try {
			await sim.post('faults', { name: 'huge' });
			await stream.waitFor('driver.location.updated', {
				after: stream.messages.length, ms: 30000 });
		} finally {
			clearInterval(looking);
		}
		assert.ok(most - before < 16 << 20,
		    `${(most - before) >> 20} MB`);
		assert.equal(stream.ended, null);
	});

	test('a passport number in one is nowhere afterwards', async (t) => {
		const { ow, order } = await begin(t);
		const stream = await ow.sse(`/sse/orders/${order.id}/tracking`,
		    await ow.token({ role: 'customer', sub: 'customer-1' }));
		const kitchen = await ow.sse('/sse/kitchen',
		    await ow.token({ role: 'kitchen' }));
		const person = { rider_id: 'r-1', rider_name: 'Ada Lastname',
			rider_phone: '+49301234567',
			id_passport_number: PASSPORT,
			rider: { id_passport_number: PASSPORT },
			metadata: { id_passport_attachment: PASSPORT } };
		for (const [n, status] of ['assigned', 'picked_up',
			'delivered'].entries())
			assert.equal(await post(ow, event(order, n, status,
			    person)), 200);
		await stream.waitFor((m) => m.type === 'order.status.changed' &&
		    m.data.to === 'delivered');
		await kitchen.waitFor((m) => m.type ===
		    'order.status.changed' && m.data.to === 'delivered');
		const said = [...stream.raws, ...kitchen.raws].join('\n');
		assert.match(said, /"Ada"/);
		await ow.stop();
		const files = fs.readdirSync(ow.dir).map((name) =>
		    fs.readFileSync(ow.path(name)));
		if (ow.database)
			files.push((await promisify(execFile)('pg_dump',
			    ['--inserts', '-d', ow.database.conninfo],
			    { encoding: 'buffer' })).stdout);
		const bytes = Buffer.concat(files);
		assert.ok(bytes.includes(order.id));
		for (const secret of [PASSPORT, 'id_passport', 'Lastname'])
			for (const [where, text] of Object.entries({
				streams: said, log: ow.log, data: bytes }))
				assert.ok(!text.includes(secret),
				    `${secret} in ${where}`);
	});
});

// SPDX-License-Identifier: MIT
//
// sim.test - the simulator says what the service says, in each of its three
// manners, and fails when it is asked to.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import WebSocket from 'ws';
import { startService } from '../lib/service.mjs';
import { distance, polyline, route } from '../lib/streets.mjs';
import { World } from '../lib/world.mjs';

const TOKEN = 'sim-token';
const bearer = { authorization: `Bearer ${TOKEN}` };
const key = { 'x-api-key': TOKEN };
const sim = fileURLToPath(new URL('../sim.mjs', import.meta.url));

async function start(t, options = {}) {
	const service = await startService({ tick_ms: 10, cadence_ms: 50,
	    ...options });
	t.after(() => service.close());
	return service;
}

async function get(service, where, headers = bearer) {
	const res = await fetch(service.url + where, { headers });
	const text = await res.text();
	const is_json = res.headers.get('content-type')
	    ?.includes('json');
	return { status: res.status, body: is_json ? JSON.parse(text) : text };
}

async function ask(service, method, where, body = {}) {
	const res = await fetch(`${service.url}/sim/${where}`, { method,
	    body: method === 'GET' ? undefined : JSON.stringify(body) });
	return { status: res.status, body: await res.json() };
}

async function until(fn) {
	for (const end = Date.now() + 10000; Date.now() < end;) {
		const value = await fn();
		if (value)
			return value;
		await new Promise((r) => setTimeout(r, 10));
	}
	throw new Error('nothing came');
}

async function listen(t, service, where, headers = bearer) {
	const ws = new WebSocket(service.url.replace('http', 'ws') + where,
	    { headers, maxPayload: 2e8 });
	ws.frames = [];
	ws.on('message', (data, is_binary) =>
		ws.frames.push(is_binary ? data : data.toString()));
	ws.on('error', () => {});
	t.after(() => ws.terminate());
	await once(ws, 'open');
	return ws;
}

const PATHS = {
	planned: { member: '/v1/demo/fleet-members/', auth: bearer,
	    task: '/v1/demo/tasks/', ws: '/v1/demo/telemetry/stream' },
	backend: { member: '/api/v1/demo/fleet-members/', auth: key,
	    task: '/api/v1/demo/tasks/' },
	server: { member: '/api/v1/demo/fleet/members/', auth: bearer,
	    task: '/api/v1/demo/tasks/',
	    ws: '/api/v1/demo/tracking/fleet/ws' },
};

// A breach: another status than 200 in the right manner, or 200 in a wrong
// one.
for (const [preset, paths] of Object.entries(PATHS)) {
	test(`${preset}_has_its_own_paths_and_auth`, async (t) => {
		const service = await start(t, { preset });
		const rider = service.world.addRider();
		const task = service.world.addTask({
		    external_reference: 'order:1' });
		const is = async (where, auth) =>
			(await get(service, where, auth)).status;

		assert.equal(await is(paths.member + rider.id, paths.auth),
		    200);
		assert.equal(await is(paths.task + task.id, paths.auth), 200);
		assert.equal(await is(paths.task + task.id, {}), 401);
		assert.equal(await is(paths.task + task.id,
		    preset === 'backend' ? bearer : key), 401);
		assert.equal(await is(`${paths.task}none`, paths.auth), 404);
		assert.equal(await is(paths.task.replace('demo', 'other') +
		    task.id, paths.auth), 404);
		for (const [other, { member }] of Object.entries(PATHS))
			if (other !== preset)
				assert.equal(await is(member + rider.id,
				    paths.auth), 404);
	});
}

test('a_member_has_what_must_not_be_passed_on', async (t) => {
	const service = await start(t);
	const rider = service.world.addRider();
	const { body } = await get(service,
	    PATHS.server.member + rider.id);
	assert.match(body.id_passport_number, /^C01X/);
	assert.match(body.edges.vehicles[0].type, /./);
	const thin = await get(service, PATHS.backend.member + rider.id);
	assert.equal(thin.body.first_name, undefined);
});

// A breach: a status that is left out, or a rider who is elsewhere at the end.
test('a_task_goes_all_the_way', async () => {
	const world = new World({ seed: 7 });
	const seen = [];
	world.on('task', (task) => seen.push(task.status));
	const task = world.addTask({ pickup: { lat: 52.51705, lng: 13.38885 },
	    dropoff: { lat: 52.5201, lng: 13.3879 } });
	for (let i = 0; i < 5000 && task.status !== 'completed'; i++)
		world.step(1);
	assert.deepEqual(seen, ['created', 'assigned', 'accepted',
	    'en_route_pickup', 'arrived_pickup', 'picked_up',
	    'en_route_dropoff', 'arrived_dropoff', 'delivered', 'completed']);
	const rider = world.riderOf(task);
	assert.ok(distance(rider.at, task.dropoff) < 1);
	assert.equal(rider.task, null);
});

test('the_same_seed_is_the_same_world', () => {
	const names = (seed) => {
		const world = new World({ seed });
		return [1, 2, 3].map(() => world.addRider().id);
	};
	assert.deepEqual(names(3), names(3));
	assert.notDeepEqual(names(3), names(4));
});

test('riders_keep_to_the_streets_and_to_the_limit', () => {
	const world = new World({ seed: 2, speed: 100 });
	const task = world.addTask();
	let before = null;
	for (let i = 0; i < 3000; i++) {
		world.step(1);
		const rider = world.riderOf(task);
		if (rider && before)
			assert.ok(distance(before, rider.at) <= 41);
		before = rider?.at ?? null;
	}
	assert.equal(task.status, 'completed');
});

for (const preset of ['planned', 'server']) {
	test(`${preset}_says_where_riders_are`, async (t) => {
		const service = await start(t, { preset });
		const rider = service.world.addRider();
		service.world.addRider({ tenant: 'other' });
		const ws = await listen(t, service, PATHS[preset].ws);
		await until(() => ws.frames.length > 2);
		const { type, data } = JSON.parse(ws.frames[0]);
		assert.equal(type, 'location_update');
		assert.equal(data.rider_id ?? data.fleet_member_id, rider.id);
		assert.equal(data.latitude ?? data.lat, rider.at[0]);
	});
}

test('the_stream_wants_a_token', async (t) => {
	const service = await start(t);
	await assert.rejects(listen(t, service, PATHS.server.ws, {}));
});

test('a_tasks_stream_says_each_change', async (t) => {
	const service = await start(t);
	const task = service.world.addTask({ hold: true });
	const res = await fetch(`${service.url}/api/v1/demo/tasks/${task.id}` +
	    '/stream', { headers: bearer });
	const reader = res.body.pipeThrough(new TextDecoderStream())
	    .getReader();
	let text = '';
	const hear = async (what) => {
		while (!text.includes(what))
			text += (await reader.read()).value;
	};
	await hear('event: connected');
	await ask(service, 'POST', `tasks/${task.id}/next`);
	await hear('"status":"assigned","previous_status":"created"');
	await reader.cancel();
});

test('tracking_and_lists', async (t) => {
	const service = await start(t);
	const task = service.world.addTask({ hold: true,
	    external_reference: 'order:9' });
	service.world.next(task);
	const { body } = await get(service,
	    `/api/v1/demo/tasks/${task.id}/tracking`, key);
	assert.equal(body.status, 'assigned');
	assert.equal(body.rider_location.rider_id, task.rider_id);
	assert.ok(body.eta_minutes >= 0);
	const list = await get(service,
	    '/api/v1/demo/tasks?external_reference=order%3A9', key);
	assert.equal(list.body.data[0].id, task.id);
	const bare = await get(service,
	    '/v1/demo/tasks?external_reference=order%3A9');
	assert.equal(bare.body[0].id, task.id);
});

test('ways_in_every_shape', async (t) => {
	const service = await start(t);
	const from = '13.38885,52.51705', to = '13.41120,52.52190';
	const way = await get(service, '/api/v1/demo/routing/route' +
	    '?from_lat=52.51705&from_lng=13.38885&to_lat=52.5219' +
	    '&to_lng=13.4112');
	const { coordinates } = way.body;
	assert.deepEqual(coordinates[0], [13.38885, 52.51705]);
	assert.ok(way.body.distance_meters > 1000);
	for (const [name, precision] of [['polyline', 5], ['polyline6', 6]]) {
		const { body } = await get(service, '/osrm/route/v1/driving/' +
		    `${from};${to}?geometries=${name}`);
		assert.equal(body.code, 'Ok');
		assert.equal(body.routes[0].geometry, polyline(route(
		    [52.51705, 13.38885], [52.5219, 13.4112]), precision));
	}
	// The example in the description of the format.
	assert.equal(polyline([[38.5, -120.2], [40.7, -120.95],
	    [43.252, -126.453]], 5), '_p~iF~ps|U_ulLnnqC_mqNvxq`@');
	const bad = await get(service, '/api/v1/demo/routing/eta?from_lat=x');
	assert.equal(bad.status, 400);
});

// ---- Webhooks ---------------------------------------------------------------

async function receiver(t) {
	const got = [];
	const server = http.createServer(async (req, res) => {
		let body = '';
		for await (const part of req)
			body += part;
		got.push({ url: req.url, body: JSON.parse(body), text: body,
		    signature: req.headers['x-webhook-signature'] });
		res.end();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => server.close());
	return { got, url: `http://127.0.0.1:${server.address().port}` };
}

test('webhooks_are_signed_and_come_twice_on_demand', async (t) => {
	const { got, url } = await receiver(t);
	const service = await start(t, { webhook_url: `${url}/h/{tenant}`,
	    webhook_secret: 'geheim' });
	await ask(service, 'POST', 'faults', { name: 'duplicate_webhooks' });
	service.world.addTask({ hold: true, external_reference: 'o-1' });
	await until(() => got.length === 2);
	assert.equal(got[0].url, '/h/demo');
	assert.equal(got[0].body.event_type, 'logistics.task.created');
	assert.equal(got[0].signature, createHmac('sha256', 'geheim')
	    .update(got[0].text).digest('hex'));
	assert.equal(got[0].body.event_id, got[1].body.event_id);
	await ask(service, 'DELETE', 'faults');
	await ask(service, 'POST', 'faults', { name: 'wrong_signature',
	    count: 1 });
	service.world.addTask({ hold: true });
	await until(() => got.length === 3);
	assert.match(got[2].signature, /^0+$/);
	const own = await ask(service, 'POST', 'webhooks', {
	    type: 'logistics.pod.submitted', signature: 'none' });
	assert.equal(own.body.status, 200);
	assert.equal(got[3].signature, undefined);
});

// ---- Faults -----------------------------------------------------------------

test('faults_of_the_stream', async (t) => {
	const service = await start(t);
	const rider = service.world.addRider();
	rider.task = 'x';
	const ws = await listen(t, service, PATHS.server.ws);
	const fault = (name, more = {}) => ask(service, 'POST', 'faults',
	    { name, ...more });
	const last = () => JSON.parse(ws.frames.at(-1)).data;

	await fault('silence');
	const n = ws.frames.length;
	await fault('zero');
	await until(() => ws.frames.length === n + 1);
	assert.equal(last().latitude, 0);
	await fault('late', { by_ms: 60000 });
	await until(() => ws.frames.length === n + 2);
	assert.ok(Date.now() - Date.parse(last().timestamp) > 50000);
	await fault('jump');
	await until(() => ws.frames.length === n + 3);
	assert.ok(Math.abs(last().latitude - rider.at[0]) > 0.4);
	await fault('garbage');
	await until(() => ws.frames.length > n + 6);
	await fault('huge', { bytes: 1e7 });
	await until(() => ws.frames.at(-1).length === 1e7);
	await fault('disconnect');
	await once(ws, 'close');
	await fault('refuse', { for_ms: 60000 });
	await assert.rejects(listen(t, service, PATHS.server.ws));
	assert.equal((await fault('nonsense')).status, 400);
});

test('faults_of_reads', async (t) => {
	const service = await start(t);
	const task = service.world.addTask({ hold: true });
	const where = PATHS.server.task + task.id;
	await ask(service, 'POST', 'faults', { name: 'http_errors',
	    status: 503, count: 1 });
	assert.equal((await get(service, where)).status, 503);
	assert.equal((await get(service, where)).status, 200);
	await ask(service, 'POST', 'faults', { name: 'slow', ms: 100,
	    for_ms: 60000 });
	const before = Date.now();
	await get(service, where);
	assert.ok(Date.now() - before >= 90);
});

test('bad_requests_are_refused', async (t) => {
	const service = await start(t);
	for (const [method, where, body] of [
		['POST', 'tasks/none', { status: 'assigned' }],
		['POST', 'tasks', { rider_id: 'none' }],
		['POST', 'speed', { factor: -1 }],
		['POST', 'webhooks', {}],
	])
		assert.equal((await ask(service, method, where, body)).status,
		    400, where);
	assert.equal((await ask(service, 'GET', 'nothing')).status, 404);
	assert.equal((await get(service, '/api/v1/%ff/tasks/x')).status, 400);
});

// ---- The program ------------------------------------------------------------

async function run(t, ...args) {
	const child = spawn(process.execPath, [sim, '--port', '0', ...args],
	    { stdio: ['ignore', 'pipe', 'inherit'] });
	t.after(() => child.kill('SIGKILL'));
	const [line] = await once(child.stdout, 'data');
	return { child, url: /http:\S+/.exec(line.toString())[0] };
}

// A breach: a rider that stands elsewhere after the restart.
test('state_survives_a_kill', async (t) => {
	const dir = mkdtempSync(path.join(os.tmpdir(), 'sim-'));
	t.after(() => rmSync(dir, { recursive: true }));
	const state = path.join(dir, 'state.json');
	const first = await run(t, '--state', state);
	const { body: task } = await ask(first, 'POST', 'tasks',
	    { hold: true });
	await ask(first, 'POST', `tasks/${task.id}/next`);
	await until(async () => (await promisify(execFile)('cat', [state])
	    .catch(() => ({ stdout: '' }))).stdout.includes('"assigned"'));
	first.child.kill('SIGKILL');
	const second = await run(t, '--state', state);
	const { body } = await ask(second, 'GET', 'state');
	assert.equal(body.tasks[0].id, task.id);
	assert.equal(body.tasks[0].status, 'assigned');
	assert.equal(body.riders[0].task, task.id);
	second.child.kill('SIGTERM');
	const [code] = await once(second.child, 'exit');
	assert.equal(code, 0);
});

test('bad_options_are_refused', async () => {
	for (const args of [['--port', 'x'], ['--preset', 'none'],
	    ['--what'], ['--speed', '0']])
		await assert.rejects(promisify(execFile)(process.execPath,
		    [sim, ...args]), { code: 2 });
});

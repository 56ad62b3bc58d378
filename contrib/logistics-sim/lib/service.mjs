// SPDX-License-Identifier: MIT
//
// service - the simulated service on its port: the three addresses, and the
// control API under /sim.
//
//	const service = await startService({ port: 0, preset: 'server' });
//	service.url, service.world, service.faults; await service.close();
import http from 'node:http';
import { WebSocketServer } from 'ws';
import { answer, Failure } from './answer.mjs';
import { control } from './control.mjs';
import { Faults } from './faults.mjs';
import { Hooks } from './hooks.mjs';
import * as shapes from './shapes.mjs';
import { Refusal, World } from './world.mjs';

const SSE_BEAT_MS = 30000;

export const PRESETS = ['planned', 'backend', 'server'];

// Method, path and handler; {words} are handed over.
const ROUTES = [
	['planned', '/v1/{tenant}/fleet-members/{id}', getMember],
	['planned', '/v1/{tenant}/tasks/{id}', getTask],
	['planned', '/v1/{tenant}/tasks', listTasks],
	['backend', '/api/v1/{tenant}/fleet-members/{id}', getMember],
	['backend', '/api/v1/{tenant}/tasks/{id}/tracking', getTracking],
	['backend', '/api/v1/{tenant}/tasks/{id}', getTask],
	['backend', '/api/v1/{tenant}/tasks', listTasks],
	['server', '/api/v1/{tenant}/fleet/members/{id}', getMember],
	['server', '/api/v1/{tenant}/tracking/fleet', getLocations],
	['server', '/api/v1/{tenant}/tasks/{id}/stream', streamTask],
	['server', '/api/v1/{tenant}/tasks/{id}', getTask],
	['server', '/api/v1/{tenant}/routing/route', getRoute],
	['server', '/api/v1/{tenant}/routing/eta', getEta],
	['any', '/osrm/route/v1/driving/{places}', getOsrm],
];
const STREAMS = {
	planned: '/v1/{tenant}/telemetry/stream',
	server: '/api/v1/{tenant}/tracking/fleet/ws',
};

function match(pattern, path) {
	const want = pattern.split('/'), is = path.split('/');
	const words = {};
	if (want.length !== is.length)
		return null;
	for (const [i, part] of want.entries()) {
		if (part.startsWith('{'))
			words[part.slice(1, -1)] = decodeURIComponent(is[i]);
		else if (part !== is[i])
			return null;
	}
	return words;
}

// ---- Answers ----------------------------------------------------------------

function findTask({ world }, { tenant, id }) {
	const task = world.tasks.get(id);
	if (task?.tenant !== tenant)
		throw new Failure(404, 'task not found');
	return task;
}

function getMember({ world }, { tenant, id }, { preset, res }) {
	const rider = world.riders.get(id);
	if (rider?.tenant !== tenant)
		throw new Failure(404, 'fleet member not found');
	answer(res, 200, shapes.member[preset](rider));
}

function getTask(service, words, { res }) {
	answer(res, 200, shapes.task(findTask(service, words)));
}

function listTasks({ world }, { tenant }, { preset, query, res }) {
	const ref = query.get('external_reference');
	const data = [...world.tasks.values()].filter((task) =>
		task.tenant === tenant &&
		(ref === null || task.external_reference === ref))
	    .map(shapes.task);
	answer(res, 200, preset === 'planned' ? data : { data,
	    total: data.length, limit: 50, page: 1, hasMore: false });
}

function getTracking(service, words, { res }) {
	const task = findTask(service, words);
	answer(res, 200, shapes.tracking(task, service.world.riderOf(task),
	    service.world.left(task)));
}

function getLocations({ world }, { tenant }, { res }) {
	answer(res, 200, { riders: [...world.riders.values()]
	    .filter((rider) => rider.tenant === tenant).map(shapes.now) });
}

function places(query) {
	const at = (name) => ['lat', 'lng'].map((k) => {
		const text = query.get(`${name}_${k}`);
		if (text === null || !Number.isFinite(Number(text)))
			throw new Failure(400, `${name}_${k}?`);
		return Number(text);
	});
	return [at('from'), at('to')];
}

function getRoute(service, words, { query, res }) {
	const [from, to] = places(query);
	answer(res, 200, shapes.way(from, to, { with_polyline: true }));
}

function getEta(service, words, { query, res }) {
	answer(res, 200, shapes.eta(...places(query)));
}

function getOsrm(service, { places: text }, { query, res }) {
	const at = text.split(';').map((pair) => pair.split(',').map(Number)
	    .reverse());
	if (at.length !== 2 || at.flat().some((n) => !Number.isFinite(n)))
		throw new Failure(400, 'places?');
	const body = shapes.osrm(...at, query.get('geometries') ??
	    'polyline');
	answer(res, body.code === 'Ok' ? 200 : 400, body);
}

// No ids and no replay, as the service has it.
function streamTask(service, words, { res }) {
	const task = findTask(service, words);
	const say = (name, data) => res.write(`event: ${name}\ndata: ` +
	    `${JSON.stringify(data)}\n\n`);
	const onTask = (changed, before) => {
		if (changed === task && !service.faults.is('silence'))
			say('status_changed', { task_id: task.id,
			    status: task.status, previous_status: before });
	};
	const beat = setInterval(() => res.write(': heartbeat\n\n'),
	    SSE_BEAT_MS);
	res.writeHead(200, { 'content-type': 'text/event-stream',
	    'cache-control': 'no-cache' });
	say('connected', { task_id: task.id });
	service.streams.add(res);
	service.world.on('task', onTask);
	res.on('close', () => {
		clearInterval(beat);
		service.streams.delete(res);
		service.world.off('task', onTask);
	});
}

// ---- Requests ---------------------------------------------------------------

function isAllowed(service, preset, headers) {
	const { token } = service.options;
	const is_bearer = headers.authorization === `Bearer ${token}`;
	const is_key = headers['x-api-key'] === token;
	if (!token || preset === 'any')
		return true;
	if (service.options.preset === 'all')
		return is_bearer || is_key;
	return preset === 'backend' ? is_key : is_bearer;
}

const serves = (service, preset) => preset === 'any' ||
    service.options.preset === 'all' || service.options.preset === preset;

function findRoute(service, path) {
	for (const [preset, pattern, fn] of ROUTES) {
		const words = serves(service, preset) && match(pattern, path);
		if (words)
			return { preset, words, fn };
	}
	return null;
}

async function serve(service, req, res) {
	const url = new URL(req.url, 'http://sim');
	const path = url.pathname;
	if (path.startsWith('/sim/'))
		return control(service, req, res, path.slice(5));
	const slow = service.faults.is('slow');
	if (slow)
		await new Promise((r) => setTimeout(r, slow.ms ?? 3000));
	const fault = service.faults.take('http_errors');
	if (fault)
		throw new Failure(fault.status ?? 500, 'out of order');
	const found = findRoute(service, path);
	if (!found)
		throw new Failure(404, 'no such path');
	if (!isAllowed(service, found.preset, req.headers))
		throw new Failure(401, 'who are you?');
	return found.fn(service, found.words, { preset: found.preset,
	    query: url.searchParams, res });
}

function onRequest(service, req, res) {
	serve(service, req, res).catch((e) => {
		const status = e instanceof Refusal || e instanceof URIError ?
		    400 : e.status ?? 500;
		const preset = PRESETS.includes(service.options.preset) ?
		    service.options.preset : 'planned';
		if (status === 500 && !(e instanceof Failure))
			console.error(e);
		answer(res, status, shapes.failure[preset](status,
		    e.message));
	});
}

// ---- The live stream --------------------------------------------------------

function onUpgrade(service, req, socket, head) {
	const { pathname } = new URL(req.url, 'http://sim');
	const refuse = (status) => socket.end(`HTTP/1.1 ${status} No\r\n` +
	    'connection: close\r\ncontent-length: 0\r\n\r\n');
	const preset = Object.keys(STREAMS).find((name) =>
		serves(service, name) && match(STREAMS[name], pathname));
	if (!preset)
		return refuse(404);
	if (!isAllowed(service, preset, req.headers))
		return refuse(401);
	if (service.faults.is('refuse'))
		return refuse(503);
	const { tenant } = match(STREAMS[preset], pathname);
	service.wss.handleUpgrade(req, socket, head, (ws) => {
		ws.on('error', () => ws.terminate());
		ws.on('ping', (data) => {
			if (!service.faults.is('mute_pongs'))
				ws.pong(data);
		});
		Object.assign(ws, { preset, tenant });
	});
}

// To all that listen to this rider's tenant.
export function tell(service, rider) {
	if (service.faults.is('silence'))
		return;
	for (const ws of service.wss.clients) {
		if (ws.readyState === 1 && ws.tenant === rider.tenant)
			ws.send(shapes.frame(shapes.location[ws.preset](
			    rider)));
	}
}

// ---- Life -------------------------------------------------------------------

function start(service) {
	let before = performance.now();
	service.timer = setInterval(() => {
		const now = performance.now();
		service.world.step((now - before) / 1000);
		before = now;
	}, service.options.tick_ms);
}

export async function startService(wanted = {}) {
	const options = { host: '127.0.0.1', port: 0, preset: 'all',
	    token: 'sim-token', seed: 1, cadence_ms: 5000, tick_ms: 200,
	    speed: 1, webhook_url: null, webhook_secret: 'sim-secret',
	    ...wanted };
	const world = new World({ seed: options.seed,
	    cadence_s: options.cadence_ms / 1000, speed: options.speed });
	const faults = new Faults();
	const service = { options, world, faults, streams: new Set(),
	    hooks: new Hooks({ url: options.webhook_url, faults,
		secret: options.webhook_secret, log: options.log }),
	    wss: new WebSocketServer({ noServer: true, autoPong: false,
		perMessageDeflate: false }),
	    server: http.createServer((req, res) =>
		onRequest(service, req, res)) };

	service.server.on('upgrade', (...args) =>
		onUpgrade(service, ...args));
	world.on('location', (rider) => tell(service, rider));
	world.on('task', (task) => service.hooks.task(task,
	    world.riderOf(task)));
	await new Promise((resolve, reject) => {
		service.server.once('error', reject);
		service.server.listen(options.port, options.host, resolve);
	});
	service.url = `http://${options.host}:${service.server.address()
	    .port}`;
	start(service);
	service.close = async () => {
		clearInterval(service.timer);
		for (const ws of service.wss.clients)
			ws.terminate();
		service.server.closeAllConnections();
		await new Promise((r) => service.server.close(r));
	};
	return service;
}

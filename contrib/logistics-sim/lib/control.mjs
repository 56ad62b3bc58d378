// SPDX-License-Identifier: MIT
//
// control - /sim/...: what a test or a curious person asks of the simulator.
import { answer, readBody } from './answer.mjs';
import { AT_ONCE, LASTING } from './faults.mjs';
import * as shapes from './shapes.mjs';
import { Refusal } from './world.mjs';

const HUGE_BYTES = 100e6;

const riderView = ({ at, member, next_s, ...rider }) => ({ ...rider,
    lat: at[0], lng: at[1], first_name: member.first_name });
const taskView = ({ way, ...task }) => task;

function find(map, id, what) {
	const found = map.get(id);
	if (!found)
		throw new Refusal(`there is no ${what} ${id}`);
	return found;
}

// ---- Faults -----------------------------------------------------------------

const GARBAGE = ['not json', '{"type":"location_update"}', '[]', 'null',
    '{"type":"location_update","data":{"rider_id":7,"latitude":"x"}}',
    '{"type":"location_update","data":"x"}', '{"type":"whatever"}', '{'];

// A copy of a rider, with something wrong.
function wrong(service, { rider_id }, change) {
	const busy = [...service.world.riders.values()].find((r) => r.task);
	const rider = rider_id ? find(service.world.riders, rider_id,
	    'rider') : busy;
	if (!rider)
		throw new Refusal('there is no rider under way');
	const copy = { ...rider, updated_at: new Date().toISOString(),
	    ...change(rider) };
	for (const ws of service.wss.clients)
		if (ws.tenant === rider.tenant)
			ws.send(shapes.frame(shapes.location[ws.preset](
			    copy)));
}

const moved = (rider, degrees) => [rider.at[0] + degrees, rider.at[1]];

const HAPPENS = {
	disconnect(service) {
		for (const ws of service.wss.clients)
			ws.terminate();
		for (const res of service.streams)
			res.destroy();
	},
	garbage(service) {
		for (const ws of service.wss.clients) {
			GARBAGE.forEach((text) => ws.send(text));
			ws.send(Buffer.from([0, 1, 2, 255]));
		}
	},
	huge(service, { bytes = HUGE_BYTES }) {
		const frame = 'x'.repeat(bytes);
		for (const ws of service.wss.clients)
			ws.send(frame);
	},
	late(service, { by_ms = 60000, ...more }) {
		wrong(service, more, (rider) => ({ at: moved(rider, 0.001),
		    updated_at: new Date(Date.now() - by_ms)
		    .toISOString() }));
	},
	zero: (service, more) => wrong(service, more, () => ({ at: [0, 0] })),
	jump: (service, more) => wrong(service, more, (rider) => ({
	    at: moved(rider, 0.5) })),
	stranger: (service, more) => wrong(service, more, () => ({
	    id: 'nobody' })),
};

function postFault(service, { name, ...more }) {
	if (AT_ONCE.includes(name))
		HAPPENS[name](service, more);
	else if (LASTING.includes(name))
		service.faults.set(name, more);
	else
		throw new Refusal(`there is no fault ${name}; there are ` +
		    [...AT_ONCE, ...LASTING].join(', '));
	return { ok: true };
}

// ---- All of it --------------------------------------------------------------

// A webhook of one's own making: { tenant, type, data, over, signature }.
async function postHook({ hooks }, { tenant = 'demo', type, data = {},
    over = {}, signature }) {
	if (!hooks.url)
		throw new Refusal('no webhook url is set');
	const event = hooks.event(tenant, type, data, over);
	return { event, status: await hooks.post(event, signature) };
}

const ROUTES = {
	'GET state': (service) => ({
		riders: [...service.world.riders.values()].map(riderView),
		tasks: [...service.world.tasks.values()].map(taskView),
		sockets: service.wss.clients.size,
		streams: service.streams.size,
		faults: service.faults.list(), webhooks: service.hooks.sent,
	}),
	'POST riders': (service, body) =>
		riderView(service.world.addRider(body)),
	'POST tasks': (service, body) =>
		taskView(service.world.addTask(body)),
	'POST tasks/*': (service, body, id) => {
		const task = find(service.world.tasks, id, 'task');
		if (body.hold !== undefined)
			task.hold = body.hold === true;
		if (body.speed !== undefined)
			task.speed = Number(body.speed) || null;
		if (body.status !== undefined)
			service.world.setStatus(task, body.status, body);
		return taskView(task);
	},
	'POST tasks/*/next': (service, body, id) => {
		const task = find(service.world.tasks, id, 'task');
		service.world.next(task);
		return taskView(task);
	},
	'POST speed': (service, { factor }) => {
		if (!(factor > 0))
			throw new Refusal('factor is a number above 0');
		service.world.speed = factor;
		return { factor };
	},
	'POST cadence': (service, { ms }) => {
		if (!(ms > 0))
			throw new Refusal('ms is a number above 0');
		service.world.cadence_s = ms / 1000;
		for (const rider of service.world.riders.values())
			rider.next_s = Math.min(rider.next_s, ms / 1000);
		return { ms };
	},
	'PUT webhooks': (service, { url = null, secret }) => {
		service.hooks.url = url;
		if (secret !== undefined)
			service.hooks.secret = secret;
		return { url };
	},
	'POST webhooks': postHook,
	'POST faults': postFault,
	'DELETE faults': (service) => {
		service.faults.clear();
		return { ok: true };
	},
};

export async function control(service, req, res, path) {
	const parts = path.split('/').map(decodeURIComponent);
	const id = parts.length > 1 ? parts[1] : undefined;
	if (parts.length > 1)
		parts[1] = '*';
	const fn = ROUTES[`${req.method} ${parts.join('/')}`];
	if (!fn) {
		answer(res, 404, { error: 'there are ' +
		    Object.keys(ROUTES).join(', ') });
		return;
	}
	const body = req.method === 'GET' ? {} : await readBody(req);
	answer(res, 200, await fn(service, body, id));
}

// SPDX-License-Identifier: MIT
//
// world - riders, and the tasks that they carry out.
//
// Time passes in step(seconds) and nowhere else, so a test may let it pass as
// it likes.  The world tells what happens by events:
//
//	task      (task, previous status)
//	location  (rider)
import { EventEmitter } from 'node:events';
import { along, corners, distance, length, route } from './streets.mjs';

const RIDE_MPS = 5;		// 18 km/h
// Faster, nobody would believe it: clients drop jumps over 200 km/h.
const RIDE_MAX_MPS = 40;

// How long each status lasts, in seconds; a ride lasts as long as its way.
const STAYS = {
	created: 3, assigned: 3, accepted: 2, en_route_pickup: 'pickup',
	arrived_pickup: 6, picked_up: 3, en_route_dropoff: 'dropoff',
	arrived_dropoff: 6, delivered: 3,
};
export const STATUSES = [...Object.keys(STAYS), 'completed'];
const EXITS = ['rejected', 'cancelled', 'failed', 'returned'];
const WORDS = [...STATUSES, ...EXITS, 'en_route'];

const FIRST = ['Ada', 'Bilal', 'Chen', 'Dilek', 'Emil', 'Fatou', 'Greta',
    'Hamid', 'Ines', 'Jonas', 'Kasia', 'Linh'];
const LAST = ['Albrecht', 'Bauer', 'Celik', 'Diallo', 'Engel', 'Farouk'];
const VEHICLES = ['bicycle', 'cargo bike', 'scooter'];

// Numbers that look like chance and are the same for the same seed.
export function random(seed) {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

export class Refusal extends Error {}

const place = (value) => Number.isFinite(value?.lat) &&
    Number.isFinite(value?.lng) ? [value.lat, value.lng] : null;

export class World extends EventEmitter {
	constructor({ seed = 1, cadence_s = 5, speed = 1 } = {}) {
		super();
		this.random = random(seed);
		this.cadence_s = cadence_s;
		this.speed = speed;
		this.riders = new Map();
		this.tasks = new Map();
		this.count = 0;
	}

	id(kind) {
		const hex = () => Math.floor(this.random() * 2 ** 32)
		    .toString(16).padStart(8, '0');
		return `${kind}-${++this.count}-${hex()}`;
	}

	pick(list) {
		return list[Math.floor(this.random() * list.length)];
	}

	// ---- Riders -----------------------------------------------------------

	// With all that a fleet member has in the service, so that a client can
	// prove that it passes on little of it.
	addRider({ tenant = 'demo', id, first_name, last_name, lat, lng,
	    photo } = {}) {
		const first = first_name ?? this.pick(FIRST);
		const last = last_name ?? this.pick(LAST);
		const number = Math.floor(this.random() * 1e8);
		const rider = {
			id: id ?? this.id('rider'), tenant,
			at: place({ lat, lng }) ?? this.pick(corners),
			heading: 0, speed: 0, status: 'available',
			task: null, next_s: this.random() * this.cadence_s,
			updated_at: new Date().toISOString(),
			member: {
				first_name: first, last_name: last,
				email: `${first}.${last}@riders.example`
				    .toLowerCase(),
				phone: `+4930${number}`.slice(0, 12),
				driver_code: `D${number % 10000}`,
				id_passport_number: `C01X${number}`,
				id_passport_attachment: 'https://files.example/' +
				    `passports/${number}.pdf?signature=secret`,
				rider_photo: photo !== undefined ? photo :
				    'https://files.example/photos/' +
				    `${number}.jpg?signature=${number % 997}`,
				average_rating: Math.round(40 +
				    this.random() * 10) / 10,
				total_ratings: Math.floor(this.random() * 500),
				vehicle: this.pick(VEHICLES),
			},
		};
		if (this.riders.has(rider.id))
			throw new Refusal(`rider ${rider.id} is there already`);
		this.riders.set(rider.id, rider);
		return rider;
	}

	free(tenant, near) {
		let best = null;
		for (const rider of this.riders.values()) {
			if (rider.tenant !== tenant || rider.task)
				continue;
			const metres = distance(rider.at, near);
			if (best === null || metres < best.metres)
				best = { rider, metres };
		}
		return best?.rider ?? this.addRider({ tenant });
	}

	// ---- Tasks ------------------------------------------------------------

	// hold: it goes on only when somebody says so.
	addTask({ tenant = 'demo', id, external_reference = null, rider_id,
	    pickup, dropoff, speed, hold = false } = {}) {
		const task = {
			id: id ?? this.id('task'), tenant, external_reference,
			status: 'created', previous_status: null,
			rider_id: null, wanted_rider: rider_id ?? null,
			pickup: place(pickup) ?? this.pick(corners),
			dropoff: place(dropoff) ?? this.pick(corners),
			speed: speed ?? null, hold, stays_s: 0, way: null,
			reason: null, created_at: new Date().toISOString(),
			updated_at: new Date().toISOString(),
		};
		if (this.tasks.has(task.id))
			throw new Refusal(`task ${task.id} is there already`);
		if (rider_id && !this.riders.has(rider_id))
			throw new Refusal(`there is no rider ${rider_id}`);
		this.tasks.set(task.id, task);
		this.emit('task', task, null);
		return task;
	}

	riderOf(task) {
		return this.riders.get(task.rider_id) ?? null;
	}

	release(task, status) {
		const rider = this.riderOf(task);
		if (rider) {
			rider.task = null;
			rider.status = 'available';
			rider.speed = 0;
		}
		if (status === 'rejected' || status === 'cancelled')
			task.rider_id = null;
	}

	assign(task, rider_id) {
		const rider = rider_id ? this.riders.get(rider_id) :
		    this.riders.get(task.wanted_rider) ??
		    this.free(task.tenant, task.pickup);
		if (!rider)
			throw new Refusal(`there is no rider ${rider_id}`);
		if (task.rider_id !== rider.id)
			this.release(task, 'rejected');
		task.rider_id = rider.id;
		rider.task = task.id;
		rider.status = 'busy';
	}

	setStatus(task, status, { rider_id, reason = null } = {}) {
		if (!WORDS.includes(status))
			throw new Refusal(`there is no status ${status}`);
		const before = task.status;
		if (rider_id || (status === 'assigned' && !task.rider_id))
			this.assign(task, rider_id);
		task.previous_status = before;
		task.status = status;
		task.reason = reason;
		task.stays_s = 0;
		task.way = null;
		task.updated_at = new Date().toISOString();
		const to = { en_route: task.pickup,
		    en_route_pickup: task.pickup,
		    en_route_dropoff: task.dropoff }[status];
		if (to && this.riderOf(task))
			task.way = { line: route(this.riderOf(task).at, to),
			    metres: 0 };
		// "delivered" is not the end: "completed" is.
		if (status === 'completed' || EXITS.includes(status))
			this.release(task, status);
		this.emit('task', task, before);
	}

	next(task) {
		const i = STATUSES.indexOf(task.status === 'en_route' ?
		    'en_route_pickup' : task.status);
		if (i < 0 || i + 1 === STATUSES.length)
			return false;
		this.setStatus(task, STATUSES[i + 1]);
		return true;
	}

	// Metres that are left of the way to the dropoff.
	left(task) {
		const rider = this.riderOf(task);
		return rider ? length(route(rider.at, task.dropoff)) : null;
	}

	// ---- Time -------------------------------------------------------------

	ride(task, seconds) {
		const rider = this.riderOf(task);
		const speed = Math.min(RIDE_MAX_MPS,
		    RIDE_MPS * (task.speed ?? this.speed));
		task.way.metres += speed * seconds;
		const now = along(task.way.line, task.way.metres);
		rider.at = now.at;
		rider.heading = now.heading;
		rider.speed = now.is_end ? 0 : speed;
		return now.is_end;
	}

	stepTask(task, seconds) {
		const stay = STAYS[task.status === 'en_route' ?
		    'en_route_pickup' : task.status];
		let is_over;
		if (task.way) {
			is_over = this.ride(task, seconds);
		} else {
			task.stays_s += seconds * (task.speed ?? this.speed);
			is_over = task.stays_s >= stay;
		}
		if (is_over && !task.hold)
			this.next(task);
	}

	step(seconds) {
		for (const task of this.tasks.values())
			this.stepTask(task, seconds);
		for (const rider of this.riders.values()) {
			rider.next_s -= seconds;
			if (rider.next_s > 0)
				continue;
			rider.next_s = Math.max(rider.next_s +
			    this.cadence_s, 0);
			rider.updated_at = new Date().toISOString();
			this.emit('location', rider);
		}
	}

	// ---- Through a restart ------------------------------------------------

	save() {
		return { count: this.count, riders: [...this.riders.values()],
		    tasks: [...this.tasks.values()] };
	}

	load({ count, riders, tasks }) {
		this.count = count;
		this.riders = new Map(riders.map((r) => [r.id, r]));
		this.tasks = new Map(tasks.map((t) => [t.id, t]));
	}
}

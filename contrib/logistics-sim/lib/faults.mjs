// SPDX-License-Identifier: MIT
//
// faults - what is to go wrong, for how long or how often.
//
//	set('silence', { for_ms: 3000 })	is('silence') for so long
//	set('wrong_signature', { count: 2 })	take('wrong_signature') twice
export const LASTING = ['silence', 'refuse', 'http_errors', 'slow',
    'duplicate_webhooks', 'wrong_signature', 'mute_pongs'];
export const AT_ONCE = ['disconnect', 'garbage', 'huge', 'late', 'zero',
    'jump', 'stranger'];

export class Faults {
	constructor() {
		this.on = new Map();
	}

	set(name, { for_ms = null, count = null, ...more } = {}) {
		this.on.set(name, { ...more, count,
		    until: for_ms === null ? Infinity : Date.now() + for_ms });
	}

	clear(name) {
		if (name)
			this.on.delete(name);
		else
			this.on.clear();
	}

	is(name) {
		const fault = this.on.get(name);
		if (!fault)
			return null;
		if (Date.now() >= fault.until || fault.count === 0) {
			this.on.delete(name);
			return null;
		}
		return fault;
	}

	// It happens now: one less of it.
	take(name) {
		const fault = this.is(name);
		if (fault && fault.count !== null)
			fault.count--;
		return fault;
	}

	list() {
		return Object.fromEntries([...this.on].filter(([name]) =>
			this.is(name)));
	}
}

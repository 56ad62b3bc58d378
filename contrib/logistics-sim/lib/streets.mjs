// SPDX-License-Identifier: MIT
//
// streets - ways along the streets of streets.json: the shortest one between
// two places, and a walk along it.  Places are [latitude, longitude].
import { readFileSync } from 'node:fs';

const EARTH_M = 6371008.8;
const radians = (degrees) => degrees * Math.PI / 180;

export function distance([lat, lng], [lat2, lng2]) {
	const h = Math.sin(radians(lat2 - lat) / 2) ** 2 +
	    Math.cos(radians(lat)) * Math.cos(radians(lat2)) *
	    Math.sin(radians(lng2 - lng) / 2) ** 2;
	return 2 * EARTH_M * Math.asin(Math.sqrt(Math.min(1, h)));
}

export function heading([lat, lng], [lat2, lng2]) {
	const y = Math.sin(radians(lng2 - lng)) * Math.cos(radians(lat2));
	const x = Math.cos(radians(lat)) * Math.sin(radians(lat2)) -
	    Math.sin(radians(lat)) * Math.cos(radians(lat2)) *
	    Math.cos(radians(lng2 - lng));
	return (Math.atan2(y, x) * 180 / Math.PI + 360) % 360;
}

export const length = (line) => line.slice(1).reduce((sum, at, i) =>
	sum + distance(line[i], at), 0);

// ---- The graph --------------------------------------------------------------

const key = (at) => at.join(' ');
const nodes = new Map();	// key -> { at, next: [key] }

const { streets } = JSON.parse(readFileSync(
    new URL('./streets.json', import.meta.url), 'utf8'));

for (const { points } of streets) {
	points.forEach((at, i) => {
		if (!nodes.has(key(at)))
			nodes.set(key(at), { at, next: new Set() });
		if (i > 0) {
			nodes.get(key(at)).next.add(key(points[i - 1]));
			nodes.get(key(points[i - 1])).next.add(key(at));
		}
	});
}

export const corners = [...nodes.values()].map((node) => node.at);

function nearest(at) {
	let best = null;
	for (const [name, node] of nodes) {
		const metres = distance(at, node.at);
		if (best === null || metres < best.metres)
			best = { name, metres };
	}
	return best.name;
}

// Dijkstra's; a hundred corners need no heap.
export function route(from, to) {
	const start = nearest(from), goal = nearest(to);
	const metres = new Map([[start, 0]]), before = new Map();
	const open = new Set([start]);

	while (open.size > 0) {
		const at = [...open].reduce((a, b) =>
			metres.get(a) <= metres.get(b) ? a : b);
		if (at === goal)
			break;
		open.delete(at);
		for (const name of nodes.get(at).next) {
			const so_far = metres.get(at) +
			    distance(nodes.get(at).at, nodes.get(name).at);
			if (so_far >= (metres.get(name) ?? Infinity))
				continue;
			metres.set(name, so_far);
			before.set(name, at);
			open.add(name);
		}
	}
	const line = [];
	for (let at = goal; at !== undefined; at = before.get(at))
		line.unshift(nodes.get(at).at);
	return [from, ...line, to].filter((at, i, all) =>
		i === 0 || distance(at, all[i - 1]) > 0.5);
}

// ---- Walking ----------------------------------------------------------------

// Where one is after so many metres of the line: { at, heading, is_end }.
export function along(line, metres) {
	for (let i = 1; i < line.length; i++) {
		const step = distance(line[i - 1], line[i]);
		if (metres < step) {
			const part = metres / step;
			return {
				at: [0, 1].map((k) => line[i - 1][k] +
				    (line[i][k] - line[i - 1][k]) * part),
				heading: heading(line[i - 1], line[i]),
				is_end: false,
			};
		}
		metres -= step;
	}
	const last = line.at(-1);
	return {
		at: last,
		heading: line.length > 1 ? heading(line.at(-2), last) : 0,
		is_end: true,
	};
}

// ---- On the wire ------------------------------------------------------------

export function polyline(line, precision) {
	const unit = 10 ** precision;
	let before = [0, 0], text = '';

	for (const place of line) {
		const at = place.map((degrees) => Math.round(degrees * unit));
		for (const k of [0, 1]) {
			let step = at[k] - before[k];
			step = step < 0 ? ~(step << 1) : step << 1;
			for (; step >= 32; step >>>= 5)
				text += String.fromCharCode((step & 31 | 32) +
				    63);
			text += String.fromCharCode(step + 63);
		}
		before = at;
	}
	return text;
}

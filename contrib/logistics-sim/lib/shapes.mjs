// SPDX-License-Identifier: MIT
//
// shapes - what the service says, as each of its three addresses says it.
import { length, polyline, route } from './streets.mjs';

const ROUTE_MPS = 5;
const at = ([lat, lng]) => ({ latitude: lat, longitude: lng });

export const member = {
	server: (rider) => ({
		id: rider.id, tenant_id: rider.tenant, fleet_id: 'fleet-1',
		user_id: `user-${rider.id}`,
		first_name: rider.member.first_name,
		last_name: rider.member.last_name,
		email: rider.member.email, phone: rider.member.phone,
		role: 'rider', status: rider.status,
		driver_code: rider.member.driver_code,
		id_passport_number: rider.member.id_passport_number,
		id_passport_attachment: rider.member.id_passport_attachment,
		rider_photo: rider.member.rider_photo,
		average_rating: rider.member.average_rating,
		total_ratings: rider.member.total_ratings,
		specialization_tags: [], has_cold_storage: false,
		max_weight_capacity_kg: 20, metadata: {},
		joined_at: '2025-01-01T00:00:00Z',
		created_at: '2025-01-01T00:00:00Z',
		updated_at: rider.updated_at,
		edges: { vehicles: [{ id: `vehicle-${rider.id}`,
		    type: rider.member.vehicle }] },
	}),
	backend: (rider) => ({
		id: rider.id, tenant_id: rider.tenant, fleet_id: 'fleet-1',
		user_id: `user-${rider.id}`,
		driver_code: rider.member.driver_code, status: rider.status,
		joined_at: '2025-01-01T00:00:00Z', metadata: {},
		created_at: '2025-01-01T00:00:00Z',
		updated_at: rider.updated_at,
	}),
};
member.planned = member.server;

export const location = {
	server: (rider) => ({
		rider_id: rider.id, ...at(rider.at), heading: rider.heading,
		speed: rider.speed, timestamp: rider.updated_at,
	}),
	planned: (rider) => ({
		fleet_member_id: rider.id, lat: rider.at[0], lng: rider.at[1],
		speed_kph: rider.speed * 3.6, bearing_deg: rider.heading,
		accuracy_m: 8, timestamp: rider.updated_at,
	}),
};

export const frame = (data) => JSON.stringify({ type: 'location_update',
    data });

export const now = (rider) => ({
	rider_id: rider.id, name: rider.member.first_name,
	status: rider.status, ...at(rider.at), heading: rider.heading,
	speed: rider.speed, updated_at: rider.updated_at,
	...(rider.task ? { active_task_id: rider.task } : {}),
});

export const task = (t) => ({
	id: t.id, tenant_id: t.tenant,
	external_reference: t.external_reference, status: t.status,
	rider_id: t.rider_id, pickup: at(t.pickup), dropoff: at(t.dropoff),
	...(t.status === 'failed' ? { failure_reason: t.reason } : {}),
	...(t.status === 'cancelled' ? { cancellation_reason: t.reason } : {}),
	created_at: t.created_at, updated_at: t.updated_at,
});

export function tracking(t, rider, metres) {
	const minutes = metres === null ? null : metres / ROUTE_MPS / 60;
	return {
		task_id: t.id, status: t.status,
		...(rider ? { rider_location: { rider_id: rider.id,
		    ...at(rider.at), heading: rider.heading,
		    speed: rider.speed, accuracy: 8,
		    updated_at: rider.updated_at } } : {}),
		...(minutes === null ? {} : { eta_minutes: minutes,
		    eta_at: new Date(Date.now() + minutes * 60000)
		    .toISOString(), distance_km: metres / 1000 }),
		last_updated_at: t.updated_at,
	};
}

const swapped = (line) => line.map(([lat, lng]) => [lng, lat]);

export function way(from, to, { with_polyline = false } = {}) {
	const line = route(from, to), metres = length(line);
	return {
		coordinates: swapped(line), distance_meters: metres,
		duration_seconds: metres / ROUTE_MPS,
		...(with_polyline ? { polyline: polyline(line, 5) } : {}),
	};
}

export function eta(from, to) {
	const metres = length(route(from, to));
	return { eta_minutes: metres / ROUTE_MPS / 60,
	    distance_km: metres / 1000 };
}

export function osrm(from, to, geometries) {
	const line = route(from, to), metres = length(line);
	const geometry = {
		geojson: () => ({ type: 'LineString',
		    coordinates: swapped(line) }),
		polyline: () => polyline(line, 5),
		polyline6: () => polyline(line, 6),
	}[geometries];
	if (!geometry)
		return { code: 'InvalidOptions', message: 'geometries?' };
	return {
		code: 'Ok',
		routes: [{ distance: metres, duration: metres / ROUTE_MPS,
		    geometry: geometry(), legs: [] }],
		waypoints: [from, to].map(([lat, lng]) => ({ name: '',
		    location: [lng, lat] })),
	};
}

// Each in its own manner.
export const failure = {
	planned: (status, text) => ({ code: `E${status}`, message: text,
	    details: {} }),
	backend: (status, text) => ({ error: text }),
	server: (status, text) => text,
};

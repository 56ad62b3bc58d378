// SPDX-License-Identifier: MIT
//
// spine - the main job, seen from outside: orders are created and changed over
// HTTP, and every open screen sees each change, in order, once.
//
// What takes long (a ticket's and a token's 30 seconds) is begun first and
// looked at last.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { EventSource } from 'eventsource';
import { delay, newCertificate, order, startServer, tenant, until } from
    './lib.mjs';

const UUID7 = new RegExp('^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-' +
    '[89ab][0-9a-f]{3}-[0-9a-f]{12}$');
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let ow, service, kitchen, admin, ada, bob;
let slow;			// begun in before(), looked at last

before(async () => {
	ow = await startServer(null, { conf: {
		auth: { leeway_ms: '0s' },
		tenants: [{ name: 'byhand', ready_by_hand: true }],
	} });
	[service, kitchen, admin, ada, bob] = await Promise.all([
		ow.token({ role: 'service' }), ow.token({ role: 'kitchen' }),
		ow.token({ role: 'admin', tenant: '*', sub: 'root' }),
		ow.token({ role: 'customer', sub: 'ada' }),
		ow.token({ role: 'customer', sub: 'bob' })]);
	slow = await beginSlow();
});
after(() => ow.destroy());

async function beginSlow() {
	const { order: o } = await ow.newOrder();
	const path = `/sse/orders/${o.id}/tracking`;
	const ticket = await ow.post('/stream-tickets', { path }, service);
	const ticketAt = Date.now();
	const token = await ow.token({ role: 'kitchen', ttl: '33s',
		fresh: true });
	const ends = JSON.parse(Buffer.from(token.split('.')[1],
	    'base64url')).exp * 1000;
	const streams = [
		await ow.ws(`/ws/orders/${o.id}/tracking`, token),
		await ow.sse(path, token),
	];
	// When they did, however late somebody looks.
	const ended = Promise.all(streams.map((s) => s.waitEnd({ ms: 600e3 })))
	    .then(() => Date.now());
	ended.catch(() => {});
	return { path, ticket: ticket.body.ticket, ticketAt, streams, ends,
		ended };
}

const status = (id, to, more = {}, token = kitchen, headers = {}) =>
	ow.patch(`/orders/${id}/status`, { status: to, ...more }, token,
	    headers);
const itemStatus = (o, i, to, more = {}, token = kitchen) =>
	ow.patch(`/orders/${o.id}/items/${o.items[i].id}/status`,
	    { status: to, ...more }, token);
const problem = (a, want, code) => {
	assert.equal(a.status, want, `${a.status} ${a.text}`);
	assert.match(a.headers['content-type'], /^application\/problem\+json/);
	assert.equal(a.body.status, want);
	assert.equal(a.body.type, `urn:orderwire:problem:${a.body.code}`);
	assert.ok(a.body.title && a.body.detail);
	if (code)
		assert.equal(a.body.code, code);
};
const fine = (a, want = 200) => {
	assert.equal(a.status, want, `${a.status} ${a.text}`);
	return a.body;
};
const types = (list) => list.map((m) => m.type);

function median(list) {
	return [...list].sort((a, b) => a - b)[list.length >> 1];
}

// ---- Orders ----------------------------------------------------------------

describe('an order', () => {
	test('is created whole', async () => {
		const a = await ow.post('/orders', order({
			external_ref: 'whole-1', number: '42',
			customer_id: 'ada', fulfilment: 'delivery',
			promised_at: '2031-01-01T00:00:00+01:00',
			pickup: { name: 'Roma', address: '1 Mill Lane',
				lat: 52.25, lng: 0.125 },
			dropoff: { address: '8 High Street' },
			contact: { name: 'Ada', email: 'ada@example.com',
				phone: '+441234567890', locale: 'en-GB',
				timezone: 'Europe/London' },
		}), service);
		const { order: o, tracking } = fine(a, 201);
		assert.match(o.id, UUID7);
		assert.equal(a.headers.location,
		    `/api/v1/${tenant}/orders/${o.id}`);
		assert.equal(a.headers.etag, '"1"');
		assert.equal(o.status, 'placed');
		assert.equal(o.seq, 1);
		assert.equal(o.number, '42');
		assert.equal(o.promised_at, '2030-12-31T23:00:00.000Z');
		assert.match(o.placed_at, TIME);
		assert.deepEqual(o.pickup, { name: 'Roma',
			address: '1 Mill Lane', lat: 52.25, lng: 0.125 });
		assert.deepEqual(o.items.map((i) => i.status),
		    ['queued', 'queued']);
		assert.ok(Buffer.from(tracking.token, 'base64url').length >=
		    16);
		assert.ok(tracking.url.startsWith('http'));
		assert.ok(!tracking.url.split('#')[0].includes(tracking.token),
		    'the token is not in what a browser sends');
		assert.ok(!a.text.includes('ada@example.com'),
		    'the contact is shown to nobody');
		const got = await ow.get(`/orders/${o.id}`, kitchen);
		assert.deepEqual(fine(got).order, o);
	});

	test('is scheduled when its time is ahead', async () => {
		const at = new Date(Date.now() + 3600e3).toISOString();
		const { order: o } = await ow.newOrder({ scheduled_for: at });
		assert.equal(o.status, 'scheduled');
		assert.equal(fine(await status(o.id, 'placed')).order.status,
		    'placed');
	});

	test('says all that is wrong with it at once', async () => {
		const a = await ow.post('/orders', { fulfilment: 'rocket',
			items: [{ name: '', quantity: 0 }],
			contact: { email: 'nobody' } }, service);
		problem(a, 422, 'invalid_field');
		const fields = a.body.errors.map((e) => e.field);
		for (const f of ['customer_id', 'fulfilment', 'items[0].name',
			'items[0].quantity'])
			assert.ok(fields.includes(f), `${f} in ${fields}`);
		problem(await ow.post('/orders', '{"customer_id":', service),
		    400, 'malformed_json');
		problem(await ow.post('/orders', '[]', service), 422);
		problem(await ow.post('/orders', 'a=1', service,
		    { 'content-type': 'application/x-www-form-urlencoded' }),
		    415);
	});

	test('has an external_ref of its own in its tenant', async () => {
		const { order: o } = await ow.newOrder({ external_ref: 'A-1' });
		const twice = await ow.post('/orders',
		    order({ external_ref: 'A-1' }), service);
		problem(twice, 409, 'external_ref_taken');
		assert.equal(twice.body.order_id, o.id);
		const other = await ow.token({ role: 'service',
			tenant: 'other' });
		const b = await ow.post('/api/v1/other/orders',
		    order({ external_ref: 'A-1' }), other);
		assert.notEqual(fine(b, 201).order.id, o.id);
	});

	test('is found by ref: wherever its id is', async () => {
		const { order: o } = await ow.newOrder({ external_ref:
		    'R 7 \u00e9' });
		const odd = `/orders/${encodeURIComponent('ref:R 7 \u00e9')}`;
		assert.equal(fine(await ow.get(odd, kitchen)).order.id, o.id);
		problem(await ow.get('/orders/ref:R', kitchen), 404,
		    'no_such_order');
		await ow.newOrder({ external_ref: 'R-8' });
		const by = '/orders/ref:R-8';
		const id = fine(await ow.get(by, kitchen)).order.id;
		assert.notEqual(id, o.id);
		const ws = await ow.ws('/ws/orders/ref:R-8/tracking', kitchen);
		const sse = await ow.sse('/sse/orders/ref:R-8/tracking',
		    kitchen);
		fine(await status('ref:R-8', 'accepted'));
		for (const s of [ws, sse])
			assert.equal((await s.waitFor('order.status.changed'))
			    .order_id, id);
		assert.equal(fine(await ow.get(`${by}/events`, kitchen)).data
		    .length, 2);
		assert.equal(fine(await ow.get(`${by}/tracking`, kitchen))
		    .order_id, id);
		await ws.close();
		await sse.close();
	});

	test('answers 304 to the ETag it gave', async () => {
		const { order: o } = await ow.newOrder();
		const a = await ow.get(`/orders/${o.id}`, kitchen);
		assert.equal(a.headers.etag, '"1"');
		for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
			const b = await ow.get(`/orders/${o.id}`, kitchen,
			    { 'if-none-match': tag });
			assert.equal(b.status, 304, tag);
			assert.equal(b.text, '');
			assert.equal(b.headers.etag, '"1"');
		}
		fine(await status(o.id, 'accepted'));
		const c = await ow.get(`/orders/${o.id}`, kitchen,
		    { 'if-none-match': '"1"' });
		assert.equal(fine(c).order.seq, 2);
		assert.equal(c.headers.etag, '"2"');
		const d = await ow.get(`/orders/${o.id}`, kitchen,
		    { 'if-none-match': '"12", "22"' });
		assert.equal(d.status, 200);
	});

	test('is listed newest first, page by page', async () => {
		const who = `lister-${Date.now()}`;
		const mine = await ow.token({ role: 'customer', sub: who });
		const ids = [];
		for (let i = 0; i < 7; i++)
			ids.unshift((await ow.newOrder({ customer_id: who }))
			    .order.id);
		fine(await status(ids[1], 'rejected'));
		fine(await status(ids[3], 'cancelled'));
		fine(await status(ids[5], 'accepted'));
		const seen = async (query, token = mine) => {
			const list = [];
			let cursor = '', pages = 0;
			do {
				const { data, next_cursor: next } = fine(
				    await ow.get(`/orders?limit=2${query}${
				    cursor && `&cursor=${cursor}`}`, token));
				assert.ok(data.length <= 2);
				list.push(...data.map((o) => o.id));
				cursor = next;
				assert.ok(++pages < 20);
			} while (cursor);
			return list;
		};
		const but = (...drop) => ids.filter((_, i) =>
		    !drop.includes(i));
		assert.deepEqual(await seen(''), ids);
		assert.deepEqual(await seen('&status=active'), but(1, 3));
		assert.deepEqual(await seen('&status=past'), [ids[1], ids[3]]);
		assert.deepEqual(await seen('&status=accepted'), [ids[5]]);
		assert.deepEqual(await seen('&status=rejected'), [ids[1]]);
		assert.deepEqual(await seen(`&customer_id=${who}`, kitchen),
		    ids);
		assert.deepEqual(await seen(`&status=past&customer_id=${who}`,
		    kitchen), [ids[1], ids[3]]);
		assert.deepEqual((await seen('&status=active', kitchen))
		    .filter((id) => ids.includes(id)), but(1, 3));
		for (const query of ['status=nothing', 'limit=0', 'limit=201',
			'limit=x', 'cursor=AAAA', 'cursor=.'])
			problem(await ow.get(`/orders?${query}`, kitchen), 422);
	});

	test('is shown to its customer alone', async () => {
		const { order: o } = await ow.newOrder({ customer_id: 'ada' });
		fine(await ow.get(`/orders/${o.id}`, ada));
		for (const where of ['', '/tracking', '/events'])
			problem(await ow.get(`/orders/${o.id}${where}`, bob),
			    404, 'no_such_order');
		problem(await ow.get('/orders?customer_id=ada', bob), 403);
		const list = fine(await ow.get('/orders', bob)).data;
		assert.ok(list.every((x) => x.customer_id === 'bob'));
		problem(await status(o.id, 'accepted', {}, ada), 403);
		problem(await ow.post('/orders', order(), ada), 403);
		problem(await ow.post('/orders', order(), kitchen), 403);
		problem(await ow.post(`/orders/${o.id}/tracking-links`, {},
		    bob), 404);
	});

	test('is unknown to other tenants', async () => {
		const { order: o } = await ow.newOrder({ external_ref: 'T-1' });
		const other = await ow.token({ role: 'service',
			tenant: 'other' });
		for (const id of [o.id, 'ref:T-1']) {
			problem(await ow.get(`/orders/${id}`, other), 403,
			    'wrong_tenant');
			problem(await ow.get(`/api/v1/other/orders/${id}`,
			    other), 404, 'no_such_order');
			problem(await ow.patch(
			    `/api/v1/other/orders/${id}/status`,
			    { status: 'accepted' }, other), 404);
			const ws = await ow.ws(`/ws/orders/${id}/tracking`,
			    other);
			assert.equal((await ws.waitEnd()).code, 4004);
		}
		fine(await ow.get(`/api/v1/${tenant}/orders/${o.id}`, admin));
		problem(await ow.get(`/orders/${o.id}`), 401, 'token_missing');
	});
});

// ---- Changes ---------------------------------------------------------------

describe('a change', () => {
	test('needs the seq that it expects', async () => {
		const { order: o } = await ow.newOrder();
		problem(await status(o.id, 'accepted', { expected_seq: 0 }),
		    409, 'stale_seq');
		assert.equal(fine(await status(o.id, 'accepted',
		    { expected_seq: 1 })).order.seq, 2);
		problem(await status(o.id, 'preparing', { expected_seq: 1 }),
		    409, 'stale_seq');
		problem(await itemStatus(o, 0, 'preparing',
		    { expected_seq: 9 }), 409, 'stale_seq');
		problem(await status(o.id, 'preparing',
		    { expected_seq: 'two' }), 422);
		fine(await itemStatus(o, 0, 'preparing', { expected_seq: 2 }));
	});

	test('that is no legal step is 409', async () => {
		const { order: o } = await ow.newOrder();
		problem(await status(o.id, 'delivered'), 409,
		    'illegal_transition');
		problem(await status(o.id, 'ready'), 409, 'illegal_transition');
		problem(await status(o.id, 'nonsense'), 422);
		problem(await status('019a5a1e-7c40-7cc3-98c4-dc0c0c07398f',
		    'ready'), 404);
		problem(await ow.patch(
		    `/orders/${o.id}/items/nothing/status`,
		    { status: 'ready' }, kitchen), 404, 'no_such_item');
		problem(await itemStatus(o, 0, 'served'), 409,
		    'illegal_transition');
		fine(await status(o.id, 'rejected', { reason: 'closed' }));
		problem(await status(o.id, 'accepted'), 409,
		    'illegal_transition');
		const log = fine(await ow.get(`/orders/${o.id}/events`,
		    kitchen)).data;
		assert.deepEqual(types(log), ['order.created',
			'order.status.changed']);
		assert.equal(log[1].data.reason, 'closed');
	});

	test('to the present state adds nothing', async () => {
		const { order: o } = await ow.newOrder();
		assert.equal(fine(await status(o.id, 'placed')).order.seq, 1);
		fine(await status(o.id, 'accepted'));
		assert.equal(fine(await status(o.id, 'accepted')).order.seq, 2);
	});

	test('of items moves the order', async () => {
		const { order: o } = await ow.newOrder();
		const seen = [];
		for (const [i, to, want] of [[0, 'preparing', 'preparing'],
			[1, 'preparing', 'preparing'],
			[0, 'ready', 'preparing'],
			[1, 'ready', 'ready']]) {
			const a = fine(await itemStatus(o, i, to)).order;
			assert.equal(a.status, want);
			seen.push(a.seq);
		}
		assert.deepEqual(seen, [3, 4, 5, 7]);
		assert.equal(fine(await status(o.id, 'picked_up')).order.status,
		    'picked_up');
		problem(await itemStatus(o, 0, 'voided'), 409,
		    'order_finished');
	});

	test('may leave ready to be said by hand', async () => {
		const token = await ow.token({ role: 'service',
			tenant: 'byhand' });
		const base = '/api/v1/byhand/orders';
		const { order: o } = fine(await ow.post(base, order(), token),
		    201);
		for (const i of o.items)
			fine(await ow.patch(
			    `${base}/${o.id}/items/${i.id}/status`,
			    { status: 'ready' }, token));
		const a = fine(await ow.get(`${base}/${o.id}`, token)).order;
		assert.notEqual(a.status, 'ready');
	});

	test('of all items to voided cancels', async () => {
		const { order: o } = await ow.newOrder();
		assert.equal(fine(await itemStatus(o, 0, 'voided')).order
		    .status, 'placed');
		const a = fine(await itemStatus(o, 1, 'voided')).order;
		assert.equal(a.status, 'cancelled');
		assert.match(a.finished_at, TIME);
	});

	test('back to preparing is a recall and says why', async () => {
		const { order: o } = await ow.newOrder();
		for (const to of ['accepted', 'preparing', 'ready'])
			fine(await status(o.id, to));
		problem(await status(o.id, 'preparing'), 422);
		problem(await status(o.id, 'preparing', { reason: '  ' }),
		    422);
		const a = await status(o.id, 'preparing', { reason: 'cold' });
		assert.equal(fine(a).order.status, 'preparing');
		const log = fine(await ow.get(
		    `/orders/${o.id}/events?since=4`, kitchen)).data;
		assert.equal(log[0].data.reason, 'cold');
	});

	test('of the eta is a window', async () => {
		const { order: o } = await ow.newOrder();
		const eta = (body) => ow.patch(`/orders/${o.id}/eta`, body,
		    kitchen);
		const a = fine(await eta({ ready_in_s: 600 })).order;
		const ms = Date.parse(a.eta.p50_at) - Date.now();
		assert.ok(ms > 590e3 && ms < 610e3, a.eta.p50_at);
		assert.ok(a.eta.p90_at >= a.eta.p50_at);
		assert.equal(a.eta.basis, 'kitchen');
		const at = new Date(Date.now() + 900e3).toISOString();
		assert.equal(fine(await eta({ ready_at: at })).order.eta.p50_at,
		    at);
		for (const bad of [{}, { ready_in_s: -1 },
			{ ready_in_s: 1, ready_at: at },
			{ ready_at: 'soon' },
			{ ready_at: '1999-01-01T00:00:00Z' },
			{ ready_in_s: 1.5 }])
			problem(await eta(bad), 422);
	});

	test('of the delivery assigns a driver', async () => {
		const { order: o } = await ow.newOrder({
			fulfilment: 'delivery' });
		const put = (body, token = service) => ow.put(
		    `/orders/${o.id}/delivery`, body, token);
		problem(await put({ fleet_member_id: 'f1' }, kitchen), 403);
		problem(await put({ task_id: 't' }), 422);
		fine(await put({ fleet_member_id: 'f1', task_id: 't1' }));
		const snap = fine(await ow.get(`/orders/${o.id}/tracking`,
		    kitchen));
		assert.equal(snap.data.delivery.status, 'assigned');
		assert.equal(snap.data.delivery.driver.id, 'f1');
		fine(await put({ fleet_member_id: 'f2' }));
		const log = fine(await ow.get(
		    `/orders/${o.id}/events?since=1`, kitchen)).data;
		assert.deepEqual(types(log), ['delivery.driver.assigned',
			'delivery.status.changed', 'delivery.driver.assigned']);
		const { order: p } = await ow.newOrder();
		problem(await ow.put(`/orders/${p.id}/delivery`,
		    { fleet_member_id: 'f1' }, service), 409);
	});

	test('of the platform passes through unchanged', async () => {
		const { order: o } = await ow.newOrder();
		const data = '{"z":1.10,"a":12345678901234567890,"e":1E+2,' +
		    '"u":"\\u00e9\\/","n":[null,true,{"b":0,"a":-0.0}],"":""}';
		const ws = await ow.ws(`/ws/orders/${o.id}/tracking`, kitchen);
		const sse = await ow.sse(`/sse/orders/${o.id}/tracking`,
		    kitchen);
		await Promise.all([ws, sse].map((s) =>
		    s.waitFor('order.snapshot')));
		const a = await ow.post(`/orders/${o.id}/events`,
		    `{ "data" : ${data}, "type":"x.till.closed" }`, service);
		assert.equal(fine(a, 201).event.seq, 2);
		assert.ok(a.text.includes(data), a.text);
		for (const s of [ws, sse]) {
			await s.waitFor('x.till.closed');
			assert.ok(s.raws.at(-1).includes(`"data":${data}`),
			    s.raws.at(-1));
		}
		const log = await ow.get(`/orders/${o.id}/events?since=1`,
		    kitchen);
		assert.ok(log.text.includes(`"data":${data}`));
		assert.equal(fine(await ow.get(`/orders/${o.id}`, kitchen))
		    .order.seq, 2);
		const post = (body, token = service) => ow.post(
		    `/orders/${o.id}/events`, body, token);
		problem(await post({ type: 'order.created', data: {} }), 422);
		problem(await post({ type: 'x.', data: {} }), 422);
		problem(await post({ type: 'x.a' }), 422);
		problem(await post({ type: 'x.a', data: 'y'.repeat(4095) }),
		    422);
		fine(await post({ type: 'x.a', data: 'y'.repeat(4094) }), 201);
		problem(await post({ type: 'x.a', data: {} }, kitchen), 403);
		await ws.close();
		await sse.close();
	});
});

// ---- Idempotency-Key -------------------------------------------------------

describe('a repeated request', () => {
	const key = () => ({ 'idempotency-key': `k-${Math.random()}` });

	test('gives the first answer again', async () => {
		const k = key(), body = order({ external_ref: `i${k[
		    'idempotency-key']}` });
		const a = await ow.post('/orders', body, service, k);
		const b = await ow.post('/orders', body, service, k);
		assert.equal(a.status, 201);
		assert.equal(b.status, 201);
		assert.equal(b.text, a.text, 'the tracking token, too');
		assert.equal(b.headers.etag, a.headers.etag);
		assert.equal(b.headers.location, a.headers.location);
		const { id } = a.body.order;
		fine(await status(id, 'accepted'));
		const c = await ow.post('/orders', body, service, k);
		assert.equal(c.text, a.text, 'also after a change');
	});

	test('changes nothing the second time', async () => {
		const { order: o } = await ow.newOrder();
		const k = key();
		const a = await status(o.id, 'accepted', {}, kitchen, k);
		fine(await status(o.id, 'preparing'));
		const b = await status(o.id, 'accepted', {}, kitchen, k);
		assert.equal(b.text, a.text);
		const k2 = key();
		const no = await status(o.id, 'served', {}, kitchen, k2);
		problem(no, 409);
		const again = await status(o.id, 'served', {}, kitchen, k2);
		assert.equal(again.text, no.text, 'refusals, too');
		const e = { type: 'x.e', data: 1 }, k3 = key();
		const x = await ow.post(`/orders/${o.id}/events`, e, service,
		    k3);
		const y = await ow.post(`/orders/${o.id}/events`, e, service,
		    k3);
		assert.equal(fine(x, 201).event.seq, 4);
		assert.equal(y.text, x.text);
		const k4 = key(), l = `/orders/${o.id}/tracking-links`;
		assert.equal((await ow.post(l, {}, service, k4)).text,
		    (await ow.post(l, {}, service, k4)).text);
	});

	test('with another body is 422', async () => {
		const k = key();
		fine(await ow.post('/orders', order(), service, k), 201);
		problem(await ow.post('/orders', order({ number: '9' }),
		    service, k), 422, 'idempotency_key_reused');
		const { order: o } = await ow.newOrder();
		const k2 = key();
		fine(await status(o.id, 'accepted', {}, kitchen, k2));
		problem(await status(o.id, 'rejected', {}, kitchen, k2), 422,
		    'idempotency_key_reused');
		const k3 = key();
		fine(await ow.post('/stream-tickets', { path: '/sse/kitchen' },
		    kitchen, k3), 201);
		problem(await ow.post('/stream-tickets',
		    { path: '/ws/kitchen' }, kitchen, k3), 422,
		    'idempotency_key_reused');
	});

	test('is the caller\'s own', async () => {
		const k = key();
		const a = fine(await ow.post('/orders', order(), service, k),
		    201);
		const other = await ow.token({ role: 'service', sub: 'pos-2' });
		const b = fine(await ow.post('/orders', order(), other, k),
		    201);
		assert.notEqual(a.order.id, b.order.id);
		problem(await ow.post('/orders', order(), service,
		    { 'idempotency-key': 'x'.repeat(256) }), 400,
		    'bad_idempotency_key');
		fine(await ow.post('/orders', order(), service,
		    { 'idempotency-key': 'x'.repeat(255) }), 201);
	});

	// Twenty at once: one is done; whoever comes meanwhile gets 409, and
	// whoever comes after it the first answer.
	test('in flight is 409', async () => {
		let conflicts = 0;
		for (let round = 0; round < 50 && !conflicts; round++) {
			const k = key(), body = order();
			const all = await Promise.all(Array.from({ length: 20 },
			    () => ow.post('/orders', body, service, k)));
			const good = all.filter((a) => a.status === 201);
			assert.ok(good.length >= 1);
			assert.equal(new Set(good.map((a) => a.text)).size, 1);
			for (const a of all)
				if (a.status !== 201) {
					problem(a, 409,
					    'idempotency_in_flight');
					conflicts++;
				}
		}
		assert.ok(conflicts, 'none was caught in flight');
	});

	test('is known after a restart', async (t) => {
		const s = await startServer(t);
		const token = await s.token({ role: 'service' });
		const k = key();
		const a = await s.post('/orders', order(), token, k);
		await s.restart('SIGKILL');
		const b = await s.post('/orders', order(), token, k);
		assert.equal(b.text, a.text);
	});
});

// ---- Streams ---------------------------------------------------------------

describe('a stream', () => {
	// Every change is timed from the moment before its request is sent to
	// the moment its event has been parsed: more than a screen has to wait.
	test('shows every event within 50 ms, with one seq', async () => {
		const { order: o } = await ow.newOrder({ items:
		    Array.from({ length: 20 }, (_, i) =>
			({ name: `dish ${i}`, quantity: 1 })) });
		const streams = {
			ws: await ow.ws(`/ws/orders/${o.id}/tracking`, kitchen),
			sse: await ow.sse(`/sse/orders/${o.id}/tracking`,
			    kitchen),
			'ws kitchen': await ow.ws('/ws/kitchen', kitchen),
			'sse kitchen': await ow.sse('/sse/kitchen', kitchen),
		};
		for (const [name, s] of Object.entries(streams)) {
			const m = await s.waitFor(/kitchen/.test(name) ?
			    'kitchen.snapshot' : 'order.snapshot');
			assert.equal(m.seq, /kitchen/.test(name) ?
			    undefined : 1);
		}
		const sent = new Map();		// seq: when
		let last = 1;
		const change = async (fn) => {
			const at = performance.now();
			const { order: now } = fine(await fn());
			while (last < now.seq)
				sent.set(++last, at);
		};
		for (const i of o.items.keys())
			for (const to of ['preparing', 'ready'])
				await change(() => itemStatus(o, i, to));
		await change(() => ow.patch(`/orders/${o.id}/eta`,
		    { ready_in_s: 60 }, kitchen));
		await change(() => status(o.id, 'preparing',
		    { reason: 'again' }));
		await change(() => status(o.id, 'ready'));
		await change(() => status(o.id, 'picked_up'));
		const log = [];
		do
			log.push(...fine(await ow.get(`/orders/${o.id}/` +
			    `events?limit=20&since=${log.at(-1)?.seq ?? 0}`,
			    kitchen)).data);
		while (log.at(-1).seq < last);
		assert.deepEqual(log.map((m) => m.seq),
		    Array.from({ length: last }, (_, i) => i + 1));
		for (const [name, s] of Object.entries(streams)) {
			await s.waitFor((m) => m.order_id === o.id &&
			    m.seq === last &&
			    m.type === 'order.status.changed');
			const mine = s.events().filter((m) =>
			    m.order_id === o.id);
			assert.deepEqual(mine, log.slice(1), name);
			const ms = mine.map((m) => m.received -
			    sent.get(m.seq));
			console.log(`# ${name}: ${mine.length} events, median ${
			    median(ms).toFixed(1)} ms, longest ${
			    Math.max(...ms).toFixed(1)} ms`);
			assert.ok(median(ms) < 50);
			assert.ok(Math.max(...ms) < 2000);
			await s.close();
		}
		assert.deepEqual(streams.sse.ids.slice(1),
		    log.slice(1).map((m) => String(m.seq)));
		assert.deepEqual(streams.sse.names.slice(1),
		    types(log.slice(1)));
	});

	test('of a kitchen begins with all active orders', async () => {
		const token = await ow.token({ role: 'service',
			tenant: 'grill' });
		const base = '/api/v1/grill/orders';
		const make = async () => fine(await ow.post(base, order(),
		    token), 201).order;
		const [a, b] = [await make(), await make()];
		fine(await ow.patch(`${base}/${a.id}/status`,
		    { status: 'rejected' }, token));
		const ws = await ow.ws('/ws/kitchen', token);
		const sse = await ow.sse('/sse/kitchen', token);
		for (const s of [ws, sse]) {
			const m = await s.waitFor('kitchen.snapshot');
			assert.deepEqual(m.data.orders, [b]);
		}
		const c = await make();
		for (const s of [ws, sse]) {
			const m = await s.waitFor('order.created');
			assert.deepEqual(m.data.order, c);
			assert.equal(m.seq, 1);
			await s.close();
		}
		const back = await ow.sse('/sse/kitchen?since=1', token);
		assert.deepEqual((await back.waitFor('kitchen.snapshot')).data
		    .orders, [b, c]);
		await back.close();
		for (const [where, t] of [['/sse/kitchen', ada]])
			await assert.rejects(ow.sse(where, t), { status: 403 });
		const no = await ow.ws('/ws/kitchen', ada);
		assert.equal((await no.waitEnd()).code, 4003);
	});

	test('of a person begins with what is unread', async () => {
		for (const s of [await ow.ws('/ws/notifications', ada),
			await ow.sse('/sse/notifications', ada)]) {
			const m = await s.waitFor('notifications.snapshot');
			assert.equal(m.data.unread_count, 0);
			assert.equal(m.seq, 0);
			await s.close();
		}
	});

	test('goes on after since, without gap or repeat', async () => {
		const { order: o } = await ow.newOrder();
		const x = (n) => ow.post(`/orders/${o.id}/events`,
		    { type: 'x.n', data: n }, service);
		for (let i = 0; i < 60; i++)
			fine(await x(i), 201);
		const where = `orders/${o.id}/tracking`;
		const from = {
			ws: (n) => ow.ws(`/ws/${where}?since=${n}`, kitchen),
			sse: (n) => ow.sse(`/sse/${where}?since=${n}`, kitchen),
			'Last-Event-ID': (n) => ow.sse(`/sse/${where}`, kitchen,
			    { lastId: n }),
			both: (n) => ow.sse(`/sse/${where}?since=3`, kitchen,
			    { lastId: n }),
		};
		for (const [name, open] of Object.entries(from)) {
			for (const n of [0, 1, 30, 61]) {
				const s = await open(n);
				await s.waitFor('stream.live');
				assert.deepEqual(s.seqs(), Array.from({
					length: 61 - n }, (_, i) => n + 1 + i),
				`${name} since ${n}`);
				assert.equal(s.messages.at(-1).type,
				    'stream.live');
				await s.close();
			}
			const s = await open(62);	// of another life
			await s.waitFor('stream.live');
			assert.deepEqual(types(s.messages),
			    ['order.snapshot', 'stream.live']);
			await s.close();
		}
		for (const bad of ['x', '-1', '', '1.5']) {
			await assert.rejects(from.sse(bad), { status: 400 });
			await assert.rejects(from.ws(bad), { status: 400 });
		}
	});

	test('gives a snapshot when more than 100 are missing', async () => {
		const { order: o } = await ow.newOrder();
		for (let i = 0; i < 102; i++)
			fine(await ow.post(`/orders/${o.id}/events`,
			    { type: 'x.n', data: i }, service), 201);
		const at = (n) => ow.sse(
		    `/sse/orders/${o.id}/tracking?since=${n}`, kitchen);
		const exact = await at(3);
		await exact.waitFor('stream.live');
		assert.equal(exact.events().length, 100);
		const over = await at(2);
		await over.waitFor('stream.live');
		assert.deepEqual(types(over.messages), ['order.snapshot',
			'stream.live']);
		assert.equal(over.messages[0].seq, 103);
		fine(await status(o.id, 'accepted'));
		assert.equal((await over.waitFor('order.status.changed')).seq,
		    104);
		await exact.close();
		await over.close();
	});

	test('is what an EventSource understands', async () => {
		const { order: o } = await ow.newOrder();
		const es = new EventSource(
		    `${ow.url}/sse/orders/${o.id}/tracking`,
		    { fetch: (url, init) => fetch(url, { ...init, headers:
			{ ...init.headers,
				authorization: `Bearer ${kitchen}` } }) });
		try {
			await new Promise((resolve, reject) => {
				es.addEventListener('order.snapshot', resolve);
				es.onerror = reject;
			});
			const next = new Promise((resolve) => {
				es.addEventListener('order.status.changed',
				    resolve);
			});
			fine(await status(o.id, 'accepted'));
			const e = await next;
			assert.equal(e.lastEventId, '2');
			assert.equal(JSON.parse(e.data).data.to, 'accepted');
		} finally {
			es.close();
		}
	});

	test('answers a ping, and ends on what it cannot read', async () => {
		const { order: o } = await ow.newOrder();
		const open = async () => {
			const ws = await ow.ws(`/ws/orders/${o.id}/tracking`,
			    kitchen);
			await ws.waitFor('order.snapshot');
			return ws;
		};
		const ws = await open();
		assert.equal(ws.socket.protocol, 'orderwire.v1');
		ws.send({ type: 'ping' });
		assert.match((await ws.waitFor('pong')).at, TIME);
		const pong = once(ws.socket, 'pong');
		ws.socket.ping('abc');
		assert.equal((await pong)[0].toString(), 'abc');
		assert.equal((await ws.close()).code, 1000);
		for (const bad of ['{', '[]', '"ping"', '{"type":"dance"}',
			'{"type":"auth"}', '{}', '{"type":7}']) {
			const s = await open();
			s.send(bad);
			assert.equal((await s.waitEnd()).code, 4400, bad);
		}
		const binary = await open();
		binary.socket.send(Buffer.from([1, 2]));
		assert.equal((await binary.waitEnd()).code, 1003);
		const none = await ow.ws('/ws/orders/nothing/tracking',
		    kitchen);
		assert.equal((await none.waitEnd()).code, 4004);
		await assert.rejects(ow.sse('/sse/orders/nothing/tracking',
		    kitchen), { status: 404 });
	});

	test('takes a token as its first message', async (t) => {
		const { order: o, tracking } = await ow.newOrder({
			customer_id: 'ada' });
		const where = `/ws/orders/${o.id}/tracking`;
		for (const token of [kitchen, ada, tracking.token]) {
			const ws = await ow.ws(where, null, { protocols: [] });
			ws.send({ type: 'auth', token });
			await ws.waitFor('order.snapshot');
			await ws.close();
		}
		for (const [token, code] of [['a.b.c', 4001], ['', 4001],
			['wrong', 4001], [bob, 4004]]) {
			const ws = await ow.ws(where, null);
			ws.send({ type: 'auth', token });
			assert.equal((await ws.waitEnd()).code, code,
			    `'${token}'`);
		}
		const quiet = await startServer(t, { conf: {
			stream: { auth_ms: '300ms' } } });
		const began = Date.now();
		const ws = await quiet.ws(where, null);
		assert.equal((await ws.waitEnd()).code, 4001);
		assert.ok(Date.now() - began >= 250);
		assert.deepEqual(ws.messages, [], 'it was never anonymous');
	});

	test('refuses a bad token by 4001 and 401', async () => {
		const { order: o } = await ow.newOrder();
		const bad = `${kitchen.slice(0, -6)}AAAAAA`;
		const ws = await ow.ws(`/ws/orders/${o.id}/tracking`, bad);
		assert.equal((await ws.waitEnd()).code, 4001);
		await assert.rejects(ow.sse(`/sse/orders/${o.id}/tracking`,
		    bad), { status: 401 });
		await assert.rejects(ow.sse(`/sse/orders/${o.id}/tracking`),
		    { status: 401 });
	});

	// expires in 3 seconds: less than the 30 of the warning, so that comes
	// at once.
	test('ends with its token, unless that is refreshed', async () => {
		const short = () => ow.token({ role: 'customer', sub: 'ada',
			ttl: '3s', fresh: true });
		const { order: o } = await ow.newOrder({ customer_id: 'ada' });
		const where = `orders/${o.id}/tracking`;
		const [a, b] = [await short(), await short()];
		const dies = await ow.ws(`/ws/${where}`, a);
		const sse = await ow.sse(`/sse/${where}`, a);
		const lives = await ow.ws(`/ws/${where}`, b);
		const thief = await ow.ws(`/ws/${where}`, b);
		for (const s of [dies, sse, lives, thief])
			assert.match((await s.waitFor('auth.expiring')).data
			    .expires_at, TIME);
		lives.send({ type: 'auth', token: ada });
		thief.send({ type: 'auth', token: bob });
		assert.equal((await thief.waitEnd()).code, 4003);
		assert.equal((await dies.waitEnd()).code, 4001);
		await sse.waitEnd();
		const end = sse.messages.at(-1);
		assert.equal(end.type, 'stream.end');
		assert.equal(end.data.code, 4001);
		fine(await status(o.id, 'accepted'));
		await lives.waitFor('order.status.changed');
		assert.equal(dies.events().length, 0);
		problem(await ow.get(`/orders/${o.id}`, a), 401,
		    'token_expired');
		await lives.close();
	});

	test('beats', async (t) => {
		const s = await startServer(t, { conf: { stream: {
			heartbeat_ms: '1s', silence_ms: '2500ms' } } });
		const token = await s.token({ role: 'kitchen' });
		const ws = await s.ws('/ws/kitchen', token);
		const sse = await s.sse('/sse/kitchen', token);
		const deaf = await s.ws('/ws/kitchen', token,
		    { autoPong: false });
		await Promise.all([ws, sse].map((x) =>
		    x.waitCount(3, 'heartbeat')));
		assert.ok(ws.pings >= 2, 'with a ping');
		await deaf.waitEnd();
		assert.equal(ws.ended, null, 'who answers stays');
		assert.equal(sse.ended, null);
	});

	test('of a finished order ends with 4010', async (t) => {
		const s = await startServer(t, { conf: { stream: {
			finished_ms: '500ms' } } });
		const token = await s.token({ role: 'service' });
		const { order: o } = await s.newOrder();
		const where = `orders/${o.id}/tracking`;
		const ws = await s.ws(`/ws/${where}`, token);
		const sse = await s.sse(`/sse/${where}`, token);
		await ws.waitFor('order.snapshot');
		await sse.waitFor('order.snapshot');
		fine(await s.patch(`/orders/${o.id}/status`,
		    { status: 'rejected' }, token));
		assert.equal((await ws.waitEnd()).code, 4010);
		await sse.waitEnd();
		assert.equal(sse.messages.at(-1).data.code, 4010);
		for (const x of [ws, sse])
			assert.equal(x.events().at(-1).data.to, 'rejected');
		const late = await s.ws(`/ws/${where}`, token);
		assert.equal((await late.waitEnd()).code, 4010);
		assert.equal(late.messages[0].data.order.status, 'rejected');
	});

	test('is one of so many of a person', async (t) => {
		const s = await startServer(t, { conf: {
			server: { workers: 1 },
			stream: { streams_per_subject: 2 } } });
		const token = await s.token({ role: 'customer', sub: 'ada' });
		const first = await s.ws('/ws/notifications', token);
		await first.waitFor('notifications.snapshot');
		const second = await s.sse('/sse/notifications', token);
		await second.waitFor('notifications.snapshot');
		const third = await s.ws('/ws/notifications', token);
		assert.equal((await third.waitEnd()).code, 4029);
		const e = await s.sse('/sse/notifications', token).catch(
		    (x) => x);
		assert.equal(e.status, 429);
		assert.ok(Number(e.answer.headers['retry-after']) >= 1);
		await first.close();
		const again = await until(async () => {
			const w = await s.ws('/ws/notifications', token);
			await until(() => w.ended || w.messages.length);
			return w.ended ? false : w;
		});
		await again.close();
	});
});

// ---- Sharing ---------------------------------------------------------------

describe('a ticket', () => {
	test('opens one stream on one path', async () => {
		const { order: o } = await ow.newOrder({ customer_id: 'ada' });
		const path = `/sse/orders/${o.id}/tracking`;
		const make = async (p, token = ada) => {
			const a = fine(await ow.post('/stream-tickets',
			    { path: p }, token), 201);
			assert.equal(a.expires_in, 30);
			return encodeURIComponent(a.ticket);
		};
		const ticket = await make(path);
		await assert.rejects(ow.sse(
		    `/sse/orders/ref:x/tracking?ticket=${ticket}`),
		    { status: 401 });
		const s = await ow.sse(`${path}?ticket=${ticket}`);
		await s.waitFor('order.snapshot');
		await assert.rejects(ow.sse(`${path}?ticket=${ticket}`),
		    { status: 401 });
		const more = await ow.sse(`${path}?since=1&ticket=${
		    await make(path)}`);
		await more.waitFor('stream.live');
		const socket = `/ws/orders/${o.id}/tracking`;
		const ws = await ow.ws(`${socket}?ticket=${
		    await make(socket)}`);
		await ws.waitFor('order.snapshot');
		const foreign = await make(path, bob);
		await assert.rejects(ow.sse(`${path}?ticket=${foreign}`),
		    { status: 404 });
		for (const bad of ['/api/v1/cafe/orders', 'x', ''])
			problem(await ow.post('/stream-tickets', { path: bad },
			    ada), 422);
		problem(await ow.post('/stream-tickets', {}, ada), 422);
		for (const x of [s, more, ws])
			await x.close();
	});
});

describe('a tracking token', () => {
	test('opens one order, read only', async () => {
		const { order: o, tracking: { token } } = await ow.newOrder();
		const { order: p } = await ow.newOrder();
		fine(await ow.get(`/orders/${o.id}/tracking`, token));
		fine(await ow.get(`/orders/${o.id}/events`, token));
		const snap = (await ow.get(`/orders/${o.id}/tracking`, token))
		    .body;
		assert.equal(snap.type, 'order.snapshot');
		assert.equal(snap.seq, 1);
		for (const [method, where, body] of [
			['GET', `/orders/${o.id}`], ['GET', '/orders'],
			['POST', '/orders', order()],
			['PATCH', `/orders/${o.id}/status`,
				{ status: 'accepted' }],
			['POST', `/orders/${o.id}/events`,
				{ type: 'x.a', data: 1 }],
			['POST', `/orders/${o.id}/tracking-links`, {}]])
			problem(await ow.call(method, where, body, token), 403);
		const other = await ow.get(`/orders/${p.id}/tracking`, token);
		assert.ok([403, 404].includes(other.status));
		problem(await ow.get(`/api/v1/other/orders/${o.id}/tracking`,
		    token), 403, 'wrong_tenant');
		problem(await ow.get(`/orders/${o.id}/tracking`,
		    `${token}x`), 401);
		const ws = await ow.ws(`/ws/orders/${o.id}/tracking`, token);
		const sse = await ow.sse(`/sse/orders/${o.id}/tracking`, token);
		fine(await status(o.id, 'accepted'));
		for (const s of [ws, sse]) {
			await s.waitFor('order.status.changed');
			await s.close();
		}
		const no = await ow.ws(`/ws/orders/${p.id}/tracking`, token);
		assert.ok([4003, 4004].includes((await no.waitEnd()).code));
		const kitchenToo = await ow.ws('/ws/kitchen', token);
		assert.equal((await kitchenToo.waitEnd()).code, 4003);
	});

	test('can be made, and revoked with its streams', async () => {
		const { order: o } = await ow.newOrder({ customer_id: 'ada' });
		const links = `/orders/${o.id}/tracking-links`;
		const a = fine(await ow.post(links, { expires_in_s: 120 }, ada),
		    201);
		const ms = Date.parse(a.expires_at) - Date.now();
		assert.ok(ms > 100e3 && ms < 125e3, a.expires_at);
		const b = fine(await ow.post(links, undefined, service), 201);
		const where = `orders/${o.id}/tracking`;
		const dies = [await ow.ws(`/ws/${where}`, a.token),
			await ow.sse(`/sse/${where}`, a.token)];
		const lives = await ow.ws(`/ws/${where}`, b.token);
		for (const s of [...dies, lives])
			await s.waitFor('order.snapshot');
		problem(await ow.delete(`${links}/${a.id}`, bob), 404);
		problem(await ow.delete(`${links}/${a.id}`, kitchen), 403);
		assert.equal((await ow.delete(`${links}/${a.id}`, ada)).status,
		    204);
		assert.equal((await dies[0].waitEnd()).code, 4003);
		await dies[1].waitEnd();
		assert.equal(dies[1].messages.at(-1).data.code, 4003);
		problem(await ow.get(`/${where}`, a.token), 401);
		const again = await ow.ws(`/ws/${where}`, a.token);
		assert.ok([4001, 4003].includes((await again.waitEnd()).code));
		fine(await status(o.id, 'accepted'));
		await lives.waitFor('order.status.changed');
		await lives.close();
		problem(await ow.delete(`${links}/nothing`, service), 404,
		    'no_such_link');
		problem(await ow.post(links, { expires_in_s: 0 }, ada), 422);
	});
});

// ---- The rest of the house -------------------------------------------------

test('the model is the one that the server goes by', async () => {
	const m = fine(await ow.get('/order-model'));
	assert.equal(m.statuses.length, 13);
	const legal = new Set(m.transitions.pickup.map((s) =>
	    `${s.from} ${s.to}`));
	const ways = { placed: [], accepted: ['accepted'],
		ready: ['accepted', 'ready'], rejected: ['rejected'] };
	for (const [from, way] of Object.entries(ways))
		for (const { name: to } of m.statuses) {
			const { order: o } = await ow.newOrder();
			for (const step of way)
				fine(await status(o.id, step));
			const a = await status(o.id, to, { reason: 'test' });
			assert.equal(a.status, from === to ||
			    legal.has(`${from} ${to}`) ? 200 : 409,
			`${from} to ${to}: ${a.text}`);
		}
});

test('pages of listed origins alone may call', async (t) => {
	const s = await startServer(t, { conf: { http: {
		origins: 'https://shop.example http://localhost:5173' } } });
	const token = await s.token({ role: 'service' });
	const { order: o } = await s.newOrder();
	const origin = 'https://shop.example';
	const a = await s.get(`/orders/${o.id}`, token, { origin });
	assert.equal(a.headers['access-control-allow-origin'], origin);
	assert.match(a.headers['access-control-expose-headers'], /ETag/i);
	assert.match(a.headers.vary, /Origin/i);
	const no = await s.get(`/orders/${o.id}`, token,
	    { origin: 'https://shop.example.evil.example' });
	assert.equal(no.headers['access-control-allow-origin'], undefined);
	const ask = (from, where = `/orders/${o.id}/status`) => s.call(
	    'OPTIONS', where, undefined, undefined, { origin: from,
		'access-control-request-method': 'PATCH',
		'access-control-request-headers':
		    'authorization, idempotency-key' });
	const pre = await ask(origin);
	assert.equal(pre.status, 204);
	assert.match(pre.headers['access-control-allow-methods'], /PATCH/);
	assert.match(pre.headers['access-control-allow-headers'],
	    /authorization/i);
	assert.match(pre.headers['access-control-allow-headers'],
	    /idempotency-key/i);
	problem(await ask('https://evil.example'), 403, 'origin_not_allowed');
	const where = `orders/${o.id}/tracking`;
	const ws = await s.ws(`/ws/${where}`, token, { headers: { origin } });
	await ws.waitFor('order.snapshot');
	const sse = await s.sse(`/sse/${where}`, token,
	    { headers: { origin } });
	assert.equal(sse.headers['access-control-allow-origin'], origin);
	for (const bad of ['https://evil.example', 'null']) {
		await assert.rejects(s.ws(`/ws/${where}`, token,
		    { headers: { origin: bad } }), { status: 403 });
		await assert.rejects(s.sse(`/sse/${where}`, token,
		    { headers: { origin: bad } }), { status: 403 });
	}
	const own = await s.ws(`/ws/${where}`, token,
	    { headers: { origin: s.url } });
	await own.waitFor('order.snapshot');
});

test('too many requests are 429 with Retry-After', async (t) => {
	const s = await startServer(t, { conf: { server: { workers: 1 },
		http: { loopback_exempt: false, rate_per_address: 0,
			rate_per_token: 5, rate_burst: 1,
			connections_per_address: 10 } } });
	const token = await s.token({ role: 'kitchen' });
	const all = [];
	for (let i = 0; i < 12; i++)
		all.push(await s.get('/orders', token));
	const no = all.find((a) => a.status === 429);
	assert.ok(no, 'nothing was limited');
	problem(no, 429);
	assert.ok(Number(no.headers['retry-after']) >= 1);
	assert.equal(all[0].status, 200);
	fine(await s.get('/order-model'));	// who has no token is another
	const idle = [];
	for (let i = 0; i < 12; i++)
		idle.push(await s.raw());
	await until(() => idle.some((x) => /^HTTP\/1\.1 429/.test(x.text)));
});

test('SIGTERM drains: 1001, retry_ms, exit code 0', async (t) => {
	const s = await startServer(t, { conf: { server: {
		drain_ms: '1s' } } });
	const token = await s.token({ role: 'service' });
	const { order: o } = await s.newOrder();
	const sockets = [], events = [];
	for (let i = 0; i < 10; i++) {
		sockets.push(await s.ws(`/ws/orders/${o.id}/tracking`, token));
		events.push(await s.sse(`/sse/orders/${o.id}/tracking`, token));
	}
	await Promise.all([...sockets, ...events].map((x) =>
	    x.waitFor('order.snapshot')));
	const last = await s.patch(`/orders/${o.id}/status`,
	    { status: 'accepted' }, token);
	const how = await s.stop('SIGTERM');
	assert.deepEqual(how, { code: 0, signal: null }, s.log);
	for (const x of sockets) {
		const end = await x.waitEnd();
		assert.equal(end.code, 1001);
		assert.ok(Number.isInteger(JSON.parse(end.reason).retry_ms));
		assert.deepEqual(x.seqs(), [2], 'what was acknowledged');
	}
	for (const x of events) {
		await x.waitEnd();
		assert.ok(Number.isInteger(x.retry));
		assert.deepEqual(x.seqs(), [2]);
	}
	await s.start();
	assert.deepEqual((await s.get(`/orders/${o.id}`, token)).body,
	    last.body);
});

test('an admin sees the plugins and may drain', async (t) => {
	const s = await startServer(t);
	const [root, token] = [await s.token({ role: 'admin', tenant: '*' }),
		await s.token({ role: 'kitchen' })];
	problem(await s.admin('/admin/plugins'), 401);
	problem(await s.admin('/admin/plugins', { token }), 403);
	const { data } = fine(await s.admin('/admin/plugins',
	    { token: root }));
	assert.ok(data.some((p) => p.kind === 'store'));
	problem(await s.get('/admin/plugins', root), 404);
	problem(await s.call('GET', `${s.url}/metrics`), 404);
	assert.match((await s.admin('/metrics')).text, /^# HELP /m);
	const gone = s.exit;
	fine(await s.admin('/admin/drain', { method: 'POST', token: root }),
	    202);
	assert.equal((await gone).code, 0);
});

test('TLS carries all of it, and SIGHUP renews it', async (t) => {
	const [one, two] = [await newCertificate(), await newCertificate()];
	const s = await startServer(t, { tls: one });
	const token = await s.token({ role: 'service' });
	const { order: o, tracking } = await s.newOrder();
	assert.ok(tracking.url.startsWith('https://'));
	const where = `orders/${o.id}/tracking`;
	const ws = await s.ws(`/ws/${where}`, token);
	const sse = await s.sse(`/sse/${where}`, token);
	await Promise.all([ws, sse].map((x) => x.waitFor('order.snapshot')));
	const expect = [];
	for (const to of ['accepted', 'preparing', 'ready']) {
		const a = fine(await s.patch(`/orders/${o.id}/status`,
		    { status: to }, token));
		expect.push(a.order.seq);
	}
	for (const x of [ws, sse]) {
		await x.waitFor((m) => m.seq === 4);
		assert.deepEqual(x.seqs(), expect);
	}
	const print = async () => {
		const c = tls.connect({ port: s.port, host: '127.0.0.1',
			rejectUnauthorized: false });
		await once(c, 'secureConnect');
		const { fingerprint256 } = c.getPeerCertificate();
		c.destroy();
		return fingerprint256;
	};
	const before = await print();
	fs.writeFileSync(s.path('cert.pem'), two.cert);
	fs.writeFileSync(s.path('key.pem'), two.key);
	s.signal('SIGHUP');
	await until(async () => await print() !== before,
	    { what: 'the new certificate' });
	fine(await s.patch(`/orders/${o.id}/status`, { status: 'picked_up' },
	    token));
	for (const x of [ws, sse])
		await x.waitFor((m) => m.seq === 5);	// old ones go on
	const agent = new https.Agent({ ca: two.cert });
	const code = await new Promise((resolve, reject) => {
		https.get(`${s.url}/api/v1/${tenant}/order-model`, { agent },
		    (res) => { res.resume(); resolve(res.statusCode); })
		    .on('error', reject);
	});
	assert.equal(code, 200);
	const now = await print();
	fs.writeFileSync(s.path('cert.pem'), 'not a certificate');
	s.signal('SIGHUP');
	await until(() => /not reloaded/.test(s.log));
	assert.equal(await print(), now, 'a bad one changes nothing');
});

test('an order goes on after a restart', async (t) => {
	const s = await startServer(t);
	const token = await s.token({ role: 'service' });
	const { order: o, tracking } = await s.newOrder({
		external_ref: 'again' });
	const ticks = async (n) => {
		for (let i = 0; i < n; i++)
			fine(await s.post(`/orders/${o.id}/events`,
			    { type: 'x.tick', data: i }, token), 201);
	};
	await ticks(5);
	const links = `/orders/${o.id}/tracking-links`;
	const revoked = fine(await s.post(links, {}, token), 201);
	assert.equal((await s.delete(`${links}/${revoked.id}`, token)).status,
	    204);
	for (const how of ['SIGKILL', 'SIGTERM']) {
		await s.restart(how);
		await ticks(1);
	}
	const back = await s.ws(`/ws/orders/ref:again/tracking?since=0`,
	    tracking.token);
	await back.waitFor('stream.live');
	assert.deepEqual(back.seqs(), [1, 2, 3, 4, 5, 6, 7, 8]);
	problem(await s.get(`/orders/${o.id}/tracking`, revoked.token), 401);
});

test('what the configuration gets wrong is said at once', async (t) => {
	const s = await startServer(null, { wait: false, conf: {
		server: { listn: 'x' } } });
	t.after(() => s.destroy());
	const { code } = await s.exit;
	assert.notEqual(code, 0);
	assert.match(s.log, /listn.*did you mean 'listen'/);
	assert.match(s.log, /orderwire\.conf:\d+/);
});

// ---- What takes 30 seconds -------------------------------------------------

test('a ticket that nobody used expires after 30 s', async () => {
	await delay(Math.max(0, slow.ticketAt + 30200 - Date.now()));
	await assert.rejects(ow.sse(`${slow.path}?ticket=${slow.ticket}`),
	    { status: 401 });
});

test('auth.expiring comes 30 s ahead, 4001 when it ends', async () => {
	const [ws, sse] = slow.streams;
	const left = Math.max(0, slow.ends - Date.now()) + 5000;
	assert.equal((await ws.waitEnd({ ms: left })).code, 4001);
	await sse.waitEnd({ ms: left });
	assert.equal(sse.messages.at(-1).data.code, 4001);
	const late = await slow.ended - slow.ends;
	assert.ok(late > -1500 && late < 5000, `${late} ms late`);
	for (const s of [ws, sse]) {
		const m = await s.messages.find((x) =>
		    x.type === 'auth.expiring');
		const ahead = slow.ends - Date.parse(m.at);
		assert.ok(ahead > 28000 && ahead < 31500, `${ahead} ms`);
	}
});

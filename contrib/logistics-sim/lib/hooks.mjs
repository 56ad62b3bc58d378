// SPDX-License-Identifier: MIT
//
// hooks - calls of the service to whoever wants to hear, signed.
import { createHmac, randomUUID } from 'node:crypto';

const TRIES = 3;
const TIMEOUT_MS = 5000;

export const sign = (secret, body) => createHmac('sha256', secret)
    .update(body).digest('hex');

export class Hooks {
	constructor({ url = null, secret = 'sim-secret',
	    header = 'X-Webhook-Signature', faults, log = () => {} } = {}) {
		Object.assign(this, { url, secret, header, faults, log });
		this.sent = [];		// the last ones: { type, status }
		this.line = Promise.resolve();
	}

	event(tenant, type, data, over = {}) {
		return { event_id: randomUUID(), event_type: type,
		    tenant_id: tenant, timestamp: new Date().toISOString(),
		    data, ...over };
	}

	async post(event, signature) {
		const body = JSON.stringify(event);
		const url = this.url.replaceAll('{tenant}',
		    encodeURIComponent(event.tenant_id));
		const headers = { 'content-type': 'application/json' };
		const made = signature ?? sign(this.secret, body);
		if (made !== null && made !== 'none')
			headers[this.header] = made;
		try {
			const res = await fetch(url, { method: 'POST', body,
			    headers, redirect: 'manual',
			    signal: AbortSignal.timeout(TIMEOUT_MS) });
			await res.arrayBuffer();
			return res.status;
		} catch (e) {
			this.log(`webhook: ${e.cause?.code ?? e.name}`);
			return 0;
		}
	}

	async deliver(event) {
		for (let i = 0; i < TRIES; i++) {
			const status = await this.post(event,
			    this.faults.take('wrong_signature') ?
			    '0'.repeat(64) : undefined);
			this.sent.push({ type: event.event_type,
			    event_id: event.event_id, status });
			if (this.sent.length > 1000)
				this.sent.shift();
			if (status >= 200 && status < 500)
				break;
			await new Promise((r) => setTimeout(r, 200 << i));
		}
		if (this.faults.is('duplicate_webhooks') &&
		    !event.is_again) {
			const status = await this.post(event);
			this.sent.push({ type: event.event_type,
			    event_id: event.event_id, status, again: true });
		}
	}

	// In order, one after the other.
	send(tenant, type, data, over) {
		if (!this.url)
			return;
		const event = this.event(tenant, type, data, over);
		this.line = this.line.then(() => this.deliver(event));
	}

	task(task, rider) {
		// The service has no event of that name.
		if (task.status === 'delivered' || task.status === 'returned')
			return;
		const word = task.status === 'en_route' ? 'en_route_pickup' :
		    task.status;
		this.send(task.tenant, `logistics.task.${word}`, {
			task_id: task.id,
			external_reference: task.external_reference,
			status: task.status,
			...(rider ? { rider_id: rider.id,
			    rider_name: `${rider.member.first_name} ` +
			    rider.member.last_name,
			    rider_phone: rider.member.phone } : {}),
			...(task.status === 'failed' ?
			    { failure_reason: task.reason } : {}),
			...(task.status === 'cancelled' ?
			    { cancellation_reason: task.reason } : {}),
			timestamp: task.updated_at,
		});
	}
}

// SPDX-License-Identifier: MIT
//
// orders - the calls about orders.
import { session } from '../session/session';
import type { Scope } from '../session/session';
import type { StreamMessage } from '../live';
import { get, request } from './call';
import type {
  ItemStatus,
  Order,
  OrderModel,
  OrderStatus,
  Page,
  SnapshotMessage,
} from './types';

const name = encodeURIComponent;

export async function getOrder(id: string): Promise<Order> {
  const scope = session.scopeFor(id);
  // A link opens the tracking of its order and nothing else.
  if (typeof scope !== 'string') return (await getTracking(id)).data.order;
  return (await get<{ order: Order }>(`/orders/${name(id)}`, { scope })).order;
}

export function getTracking(id: string): Promise<SnapshotMessage> {
  return get(`/orders/${name(id)}/tracking`, { scope: session.scopeFor(id) });
}

// Its log after this seq, oldest first.
export function getEvents(
  id: string,
  since: number,
): Promise<Page<StreamMessage>> {
  return get(`/orders/${name(id)}/events?since=${since}&limit=200`, {
    scope: session.scopeFor(id),
  });
}

export function listOrders(
  which: 'active' | 'past',
  cursor: string | null,
  scope: Scope = 'me',
): Promise<Page<Order>> {
  const query = new URLSearchParams({ status: which, limit: '20' });
  if (cursor) query.set('cursor', cursor);
  return get(`/orders?${query}`, { scope });
}

export function getModel(scope: Scope = 'me'): Promise<OrderModel> {
  return get('/order-model', { scope });
}

export async function setOrderStatus(
  id: string,
  status: OrderStatus,
  reason?: string,
): Promise<Order> {
  const { body } = await request<{ order: Order }>({
    method: 'PATCH',
    path: `/orders/${name(id)}/status`,
    body: { status, ...(reason ? { reason } : {}) },
    scope: 'kitchen',
  });
  return body.order;
}

export async function setItemStatus(
  id: string,
  item: string,
  status: ItemStatus,
): Promise<Order> {
  const { body } = await request<{ order: Order }>({
    method: 'PATCH',
    path: `/orders/${name(id)}/items/${name(item)}/status`,
    body: { status },
    scope: 'kitchen',
  });
  return body.order;
}

// When it will be ready, by the kitchen's own word.
export async function setReadyIn(id: string, seconds: number): Promise<Order> {
  const { body } = await request<{ order: Order }>({
    method: 'PATCH',
    path: `/orders/${name(id)}/eta`,
    body: { ready_in_s: seconds },
    scope: 'kitchen',
  });
  return body.order;
}

export async function shareOrder(id: string): Promise<string> {
  const { body } = await request<{ token: string; url: string }>({
    method: 'POST',
    path: `/orders/${name(id)}/tracking-links`,
    body: {},
    scope: session.scopeFor(id),
  });
  return `${location.origin}/orders/${name(id)}/track#${body.token}`;
}

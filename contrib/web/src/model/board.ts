// SPDX-License-Identifier: MIT
//
// board - which order stands where, and how urgent it is.  Pure.
import type { Item, ItemStatus, Order, OrderStatus } from '../api/types';
import type { Tap } from '../stores/kitchen';
import type { Tracked } from './fold';
import { itemsOf } from './model';

export type Column = 'new' | 'preparing' | 'ready' | 'out';
export type Age = 'fresh' | 'warm' | 'late';

export interface Ticket {
  order: Order;
  // Those of the chosen station, or all.
  items: Item[];
  column: Column;
}

export const COLUMNS: Column[] = ['new', 'preparing', 'ready', 'out'];
export const NO_STATION = '';

const COLUMN_OF: Partial<Record<OrderStatus, Column>> = {
  scheduled: 'new',
  placed: 'new',
  accepted: 'new',
  preparing: 'preparing',
  ready: 'ready',
  out_for_delivery: 'out',
  delivery_failed: 'out',
};

// The order as it will be once the server has answered.
export function withPending(order: Order, pending: Record<string, Tap>): Order {
  const own = pending[order.id];
  const isTouched =
    own || order.items.some((i) => `${order.id}/${i.id}` in pending);
  if (!isTouched) return order;
  return {
    ...order,
    status: (own?.to as OrderStatus | undefined) ?? order.status,
    items: order.items.map((item) => {
      const tap = pending[`${order.id}/${item.id}`];
      return tap ? { ...item, status: tap.to as ItemStatus } : item;
    }),
  };
}

export function stationsOf(orders: Tracked[]): string[] {
  const names = new Set<string>();
  for (const { order } of orders)
    for (const item of order.items) names.add(item.station ?? NO_STATION);
  return [...names].sort((a, b) => a.localeCompare(b));
}

const MINUTE = 60_000;
const WARM_MIN = 10;
const LATE_MIN = 20;
const SOON_MS = 5 * MINUTE;

// When it is late, by whatever its colour goes.
function lateAt(order: Order): number {
  const { promised_at: promised, scheduled_for: scheduled } = order;
  if (promised) return Date.parse(promised);
  return Date.parse(scheduled ?? order.placed_at) + LATE_MIN * MINUTE;
}

export function boardOf(
  orders: Tracked[],
  pending: Record<string, Tap>,
  station: string | null,
): Record<Column, Ticket[]> {
  const board: Record<Column, Ticket[]> = {
    new: [],
    preparing: [],
    ready: [],
    out: [],
  };
  for (const tracked of orders) {
    const order = withPending(tracked.order, pending);
    const all = itemsOf(order.items, order.status);
    const items =
      station === null
        ? all
        : all.filter((i) => (i.station ?? NO_STATION) === station);
    const column = COLUMN_OF[order.status];
    if (column && items.length > 0)
      board[column].push({ order, items, column });
  }
  for (const column of COLUMNS)
    board[column].sort(
      (a, b) =>
        lateAt(a.order) - lateAt(b.order) ||
        a.order.id.localeCompare(b.order.id),
    );
  return board;
}

export function minutesOld(order: Order, now: number): number {
  const from = order.scheduled_for ?? order.placed_at;
  return Math.max(0, Math.floor((now - Date.parse(from)) / MINUTE));
}

// By the promise where there is one, else by how long it has stood there.
export function ageOf(order: Order, now: number): Age {
  const { promised_at: promised, scheduled_for: scheduled } = order;
  if (promised) {
    const left = Date.parse(promised) - now;
    if (left < 0) return 'late';
    return left < SOON_MS ? 'warm' : 'fresh';
  }
  if (scheduled && Date.parse(scheduled) > now) return 'fresh';
  const old = minutesOld(order, now);
  if (old >= LATE_MIN) return 'late';
  return old >= WARM_MIN ? 'warm' : 'fresh';
}

// SPDX-License-Identifier: MIT
//
// model - the words of an order's life and how they hang together.  What stands
// here is what every server has; GET /order-model is asked for the rest.
import type {
  DeliveryStatus,
  Fulfilment,
  Item,
  ItemStatus,
  Order,
  OrderModel,
  OrderStatus,
} from '../api/types';

export const PATHS: Record<Fulfilment, OrderStatus[]> = {
  pickup: ['placed', 'accepted', 'preparing', 'ready', 'picked_up'],
  delivery: [
    'placed',
    'accepted',
    'preparing',
    'ready',
    'out_for_delivery',
    'delivered',
  ],
  dine_in: ['placed', 'accepted', 'preparing', 'ready', 'served'],
};

const DONE: ReadonlySet<OrderStatus> = new Set([
  'delivered',
  'picked_up',
  'served',
]);

const STOPPED: ReadonlySet<OrderStatus> = new Set([
  'rejected',
  'cancelled',
  'returned',
]);

export function isDone(status: OrderStatus): boolean {
  return DONE.has(status);
}

// It ended otherwise than it should.
export function isStopped(status: OrderStatus): boolean {
  return STOPPED.has(status);
}

export function isOver(status: OrderStatus): boolean {
  return isDone(status) || isStopped(status);
}

export function pathOf(
  fulfilment: Fulfilment,
  model?: Pick<OrderModel, 'progress'>,
): OrderStatus[] {
  return model?.progress?.[fulfilment] ?? PATHS[fulfilment];
}

// How far an order is: 0 before the first step, `of` when it is done.  What is
// not on the way (a failed delivery) keeps the step that it had.
export function progressOf(
  fulfilment: Fulfilment,
  status: OrderStatus,
  before = 0,
): { step: number; of: number } {
  const path = PATHS[fulfilment];
  const at = path.indexOf(status);
  return { step: at < 0 ? before : at + 1, of: path.length };
}

// ---- Items ------------------------------------------------------------------

// What one tap does.
export const ITEM_NEXT: Partial<Record<ItemStatus, ItemStatus>> = {
  queued: 'preparing',
  held: 'preparing',
  preparing: 'ready',
};

// What undoing a tap does.
export const ITEM_BACK: Partial<Record<ItemStatus, ItemStatus>> = {
  preparing: 'queued',
  ready: 'preparing',
};

// Where an item may go from here, as the server's model has it.
export function itemSteps(
  from: ItemStatus,
  fulfilment: Fulfilment,
  model: Pick<OrderModel, 'item_transitions'> | undefined,
): ItemStatus[] {
  const all =
    model?.item_transitions.filter((step) => step.from === from) ?? [];
  // A plate is served at a table; what is taken away goes as a whole.
  return all
    .map((step) => step.to)
    .filter((to) => to !== 'served' || fulfilment === 'dine_in');
}

export function isItemDone(status: ItemStatus): boolean {
  return status === 'ready' || status === 'served';
}

// A kitchen may call a whole order ready without a tap for each item; a guest
// must not read "waiting" on what is in their hands.
export function itemsOf(items: Item[], status: OrderStatus): Item[] {
  const isReady =
    status === 'ready' ||
    status === 'out_for_delivery' ||
    status === 'delivery_failed' ||
    isDone(status);
  if (!isReady) return items;
  return items.map((item) =>
    item.status === 'voided' || isItemDone(item.status)
      ? item
      : { ...item, status: 'ready' },
  );
}

// ---- Orders in the kitchen --------------------------------------------------

const HANDED_OVER: Record<Fulfilment, OrderStatus> = {
  pickup: 'picked_up',
  delivery: 'out_for_delivery',
  dine_in: 'served',
};

export function orderNext(
  status: OrderStatus,
  fulfilment: Fulfilment,
): OrderStatus | undefined {
  switch (status) {
    case 'scheduled':
    case 'placed':
      return 'accepted';
    case 'accepted':
      return 'preparing';
    case 'preparing':
      return 'ready';
    case 'ready':
      return HANDED_OVER[fulfilment];
    case 'out_for_delivery':
      return 'delivered';
    case 'delivery_failed':
      return 'out_for_delivery';
    default:
      return undefined;
  }
}

const EXITS: ReadonlySet<OrderStatus> = new Set([
  'rejected',
  'cancelled',
  'delivery_failed',
  'returned',
]);

// How an order may leave its way from here, as the server's model has it.
export function exitsOf(
  { status, fulfilment }: Pick<Order, 'status' | 'fulfilment'>,
  model: Pick<OrderModel, 'transitions'> | undefined,
): OrderStatus[] {
  const steps = model?.transitions[fulfilment] ?? [];
  return steps
    .filter((step) => step.from === status && EXITS.has(step.to))
    .map((step) => step.to);
}

// Whether it can still be said when it will be ready.
export function isBeingMade(status: OrderStatus): boolean {
  return ['scheduled', 'placed', 'accepted', 'preparing'].includes(status);
}

// ---- Delivery ---------------------------------------------------------------

const MOVING: ReadonlySet<DeliveryStatus> = new Set([
  'accepted',
  'en_route_pickup',
  'arrived_pickup',
  'picked_up',
  'en_route_dropoff',
  'arrived_dropoff',
]);

export function isMoving(status: DeliveryStatus | undefined): boolean {
  return status !== undefined && MOVING.has(status);
}

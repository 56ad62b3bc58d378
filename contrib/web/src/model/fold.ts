// SPDX-License-Identifier: MIT
//
// fold - one order as a screen shows it, brought forward by one message.  Pure.
// The same fold serves the customer's page and the kitchen's board, so both
// agree; a message that it does not know changes nothing but the seq.
import type { StreamMessage } from '../live';
import type {
  Delivery,
  DeliveryStatus,
  Driver,
  DriverLocation,
  Eta,
  ItemStatus,
  Order,
  OrderStatus,
  Route,
  TimelineEntry,
  Tracking,
} from '../api/types';
import { isOver, progressOf } from './model';

export interface Tracked extends Tracking {
  seq: number;
}

const NO_DELIVERY: Delivery = {
  status: 'none',
  imminent: false,
  driver: null,
  location: null,
  route: null,
};

export function trackedOf(data: Tracking, seq: number): Tracked {
  return { ...data, seq };
}

// An order as lists and the kitchen have it, without its timeline.
export function trackedOrder(order: Order): Tracked {
  return {
    order,
    timeline: [{ status: 'placed', at: order.placed_at, by: 'service' }],
    progress: progressOf(order.fulfilment, order.status),
    eta: order.eta,
    delivery: order.fulfilment === 'delivery' ? NO_DELIVERY : null,
    seq: order.seq,
  };
}

// In it already: a call's answer can be ahead of the stream.
export function isKnown(tracked: Tracked, message: StreamMessage): boolean {
  return message.seq !== undefined && message.seq <= tracked.seq;
}

interface Data {
  to?: string;
  by?: string;
  item_id?: string;
  eta?: Eta;
  driver?: Driver;
  route?: Route;
  order?: Order;
  imminent?: boolean;
}

// A rider's number is for the way, and for nobody after it.
export function withoutPhone(delivery: Delivery): Delivery {
  const { driver } = delivery;
  if (!driver || driver.phone === undefined) return delivery;
  const { phone: _, ...rest } = driver;
  return { ...delivery, driver: rest };
}

function withStatus(
  tracked: Tracked,
  status: OrderStatus,
  at: string,
  by: string,
): Tracked {
  const { order } = tracked;
  const entry: TimelineEntry = { status, at, by };
  const { delivery } = tracked;
  return {
    ...tracked,
    delivery: delivery && isOver(status) ? withoutPhone(delivery) : delivery,
    order: {
      ...order,
      status,
      finished_at: isOver(status) ? at : order.finished_at,
    },
    timeline: [...tracked.timeline, entry],
    progress: progressOf(order.fulfilment, status, tracked.progress.step),
  };
}

function withItem(tracked: Tracked, id: string, status: ItemStatus): Tracked {
  const items = tracked.order.items.map((item) =>
    item.id === id ? { ...item, status } : item,
  );
  return { ...tracked, order: { ...tracked.order, items } };
}

function withDelivery(tracked: Tracked, change: Partial<Delivery>): Tracked {
  return {
    ...tracked,
    delivery: { ...(tracked.delivery ?? NO_DELIVERY), ...change },
  };
}

function change(tracked: Tracked, message: StreamMessage): Tracked {
  const data = (message.data ?? {}) as Data;
  const at = message.at ?? tracked.order.updated_at;
  if (message.type.endsWith('.changed') && typeof data.to !== 'string')
    return tracked;
  switch (message.type) {
    case 'order.created':
      return data.order ? trackedOrder(data.order) : tracked;
    case 'order.status.changed':
      return withStatus(tracked, data.to as OrderStatus, at, data.by ?? '');
    case 'order.item.status.changed':
      return withItem(tracked, data.item_id ?? '', data.to as ItemStatus);
    case 'order.eta.updated': {
      const eta = data.eta ?? null;
      return { ...tracked, eta, order: { ...tracked.order, eta } };
    }
    case 'delivery.status.changed':
      return withDelivery(tracked, {
        status: data.to as DeliveryStatus,
        ...(data.imminent === undefined ? {} : { imminent: data.imminent }),
      });
    case 'delivery.driver.assigned':
      // Another driver is somewhere else.
      return withDelivery(tracked, {
        driver: data.driver ?? null,
        ...(tracked.delivery?.driver?.id === data.driver?.id
          ? {}
          : { location: null }),
      });
    case 'delivery.imminent':
      return withDelivery(tracked, { imminent: true });
    case 'delivery.route.updated':
      return withDelivery(tracked, { route: data.route ?? null });
    case 'driver.location.updated':
      return withDelivery(tracked, {
        location: message.data as DriverLocation,
      });
    default:
      return tracked;
  }
}

export function fold(tracked: Tracked, message: StreamMessage): Tracked {
  const next = change(tracked, message);
  const { seq } = message;
  if (seq === undefined) return next;
  const at = message.at ?? next.order.updated_at;
  return { ...next, seq, order: { ...next.order, seq, updated_at: at } };
}

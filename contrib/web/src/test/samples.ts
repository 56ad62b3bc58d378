// SPDX-License-Identifier: MIT
//
// samples - orders and notices for tests.
import type { Delivery, Item, Notification, Order } from '../api/types';
import { trackedOrder, type Tracked } from '../model/fold';

export const T0 = '2026-11-22T18:00:00.000Z';

export function anItem(more: Partial<Item> = {}): Item {
  return {
    id: 'item-1',
    sku: null,
    name: 'Flat white',
    quantity: 2,
    notes: null,
    station: 'bar',
    prep_s: null,
    status: 'queued',
    ...more,
  };
}

export function anOrder(more: Partial<Order> = {}): Order {
  return {
    id: 'order-1',
    number: '42',
    external_ref: 'A-42',
    customer_id: 'c',
    status: 'placed',
    fulfilment: 'pickup',
    scheduled_for: null,
    promised_at: null,
    placed_at: T0,
    updated_at: T0,
    finished_at: null,
    items: [anItem(), anItem({ id: 'item-2', name: 'Croissant', quantity: 1 })],
    pickup: null,
    dropoff: null,
    eta: null,
    seq: 1,
    ...more,
  };
}

export function aTracked(more: Partial<Order> = {}): Tracked {
  return trackedOrder(anOrder(more));
}

export function aDelivery(more: Partial<Delivery> = {}): Delivery {
  return {
    status: 'en_route_dropoff',
    imminent: false,
    driver: {
      id: 'fm-1',
      name: 'Kim',
      photo_url: null,
      vehicle: 'bicycle',
      rating: 4.8,
      phone: '+49 30 123456',
    },
    location: null,
    route: null,
    ...more,
  };
}

export function aNotice(
  n: number,
  more: Partial<Notification> = {},
): Notification {
  return {
    id: `n-${String(n).padStart(4, '0')}`,
    type: 'order.ready',
    order_id: 'order-1',
    title: `Order ${n} is ready`,
    text: 'Enjoy!',
    url: 'https://shop.example/track/order-1',
    at: new Date(Date.parse(T0) + n * 1000).toISOString(),
    read_at: null,
    ...more,
  };
}

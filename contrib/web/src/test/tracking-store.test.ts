// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from 'vitest';
import { fold } from '../model/fold';
import { IDLE } from '../live';
import { useTrackingStore } from '../stores/tracking';
import { aDelivery, aTracked, T0 } from './samples';

const store = () => useTrackingStore.getState();

beforeEach(() => {
  useTrackingStore.setState(useTrackingStore.getInitialState(), true);
});

describe('tracking store', () => {
  it('follows an order from its snapshot on', () => {
    store().addOrder(aTracked());
    store().applyMessage('order-1', {
      type: 'order.status.changed',
      seq: 2,
      at: T0,
      data: { from: 'placed', to: 'accepted', by: 'kitchen' },
    });
    expect(store().orderStatuses['order-1']).toBe('accepted');
    expect(store().activeOrders['order-1']).toMatchObject({
      seq: 2,
      progress: { step: 2, of: 5 },
      timeline: [{ status: 'placed' }, { status: 'accepted', by: 'kitchen' }],
    });
  });

  it('never goes back to an older snapshot', () => {
    store().addOrder(aTracked({ seq: 5, status: 'ready' }));
    store().addOrder(aTracked({ seq: 3, status: 'preparing' }));
    expect(store().orderStatuses['order-1']).toBe('ready');
  });

  it('changes nothing for an order that is not watched', () => {
    store().applyMessage('other', { type: 'order.status.changed', seq: 2 });
    expect(store().activeOrders).toEqual({});
  });

  it('keeps the newest place of a driver', () => {
    const at = (t: string, lat: number) => ({
      lat,
      lng: 0,
      heading: null,
      speed_mps: null,
      at: t,
    });
    store().addOrder(aTracked({ fulfilment: 'delivery' }));
    store().updateDriverLocation('order-1', at('2026-11-22T18:01:00.000Z', 2));
    store().updateDriverLocation('order-1', at('2026-11-22T18:00:30.000Z', 1));
    expect(store().driverLocations['order-1']?.lat).toBe(2);
    expect(store().activeOrders['order-1']?.delivery?.location?.lat).toBe(2);
  });

  it('is connected only while a stream is live', () => {
    store().setConnection('order-1', { ...IDLE, phase: 'live' });
    expect(store().websocketConnected).toBe(true);
    store().setConnection('order-1', { ...IDLE, phase: 'waiting' });
    expect(store().websocketConnected).toBe(false);
    store().setWebSocketStatus(true);
    expect(store().websocketConnected).toBe(true);
  });

  it('updates a status by hand once', () => {
    store().addOrder(aTracked());
    store().updateOrderStatus('order-1', 'accepted', T0);
    store().updateOrderStatus('order-1', 'accepted', T0);
    expect(store().activeOrders['order-1']?.timeline).toHaveLength(2);
  });
});

describe('fold', () => {
  it('takes what it does not know without harm', () => {
    const before = aTracked();
    const after = fold(before, { type: 'x.loyalty', seq: 2, at: T0, data: 7 });
    expect(after.order.items).toEqual(before.order.items);
    expect(after.seq).toBe(2);
  });

  it('is not broken by a message without its data', () => {
    const before = aTracked();
    for (const type of ['order.status.changed', 'order.item.status.changed'])
      expect(fold(before, { type, seq: 2 }).order.status).toBe('placed');
    expect(fold(before, { type: 'order.eta.updated', seq: 2 }).eta).toBeNull();
  });

  it('moves one item and leaves the others', () => {
    const after = fold(aTracked(), {
      type: 'order.item.status.changed',
      seq: 2,
      data: { item_id: 'item-2', from: 'queued', to: 'ready' },
    });
    expect(after.order.items.map((i) => i.status)).toEqual(['queued', 'ready']);
  });

  it('forgets where another driver was', () => {
    const before = {
      ...aTracked({ fulfilment: 'delivery' }),
      delivery: aDelivery({
        location: { lat: 1, lng: 1, heading: null, speed_mps: null, at: T0 },
      }),
    };
    const after = fold(before, {
      type: 'delivery.driver.assigned',
      seq: 2,
      data: { driver: { id: 'fm-2', name: 'Sam' } },
    });
    expect(after.delivery?.driver?.name).toBe('Sam');
    expect(after.delivery?.location).toBeNull();
  });

  it("forgets the rider's number at the end of the way", () => {
    const before = {
      ...aTracked({ fulfilment: 'delivery', status: 'out_for_delivery' }),
      delivery: aDelivery(),
    };
    const end = (to: string) =>
      fold(before, {
        type: 'order.status.changed',
        seq: 2,
        data: { from: 'out_for_delivery', to, by: 'service' },
      }).delivery?.driver;
    expect(end('delivery_failed')?.phone).toBe('+49 30 123456');
    expect(end('delivered')?.name).toBe('Kim');
    expect(end('delivered')).not.toHaveProperty('phone');
  });

  it('keeps the step when a delivery fails', () => {
    const before = aTracked({
      fulfilment: 'delivery',
      status: 'out_for_delivery',
    });
    const after = fold(before, {
      type: 'order.status.changed',
      seq: 2,
      data: { from: 'out_for_delivery', to: 'delivery_failed', by: 'service' },
    });
    expect(after.progress).toEqual({ step: 5, of: 6 });
  });
});

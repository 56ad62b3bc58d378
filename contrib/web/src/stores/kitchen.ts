// SPDX-License-Identifier: MIT
//
// kitchen - the board: what the stream says, and on top of it the taps that
// the server has not answered yet.  Taking one back is removing it from there.
import { create } from 'zustand';
import type { ItemStatus, Order, OrderStatus } from '../api/types';
import { IDLE, type LiveState, type StreamMessage } from '../live';
import { fold, isKnown, trackedOrder, type Tracked } from '../model/fold';
import { isOver } from '../model/model';

export interface Tap {
  order: string;
  item?: string;
  from: OrderStatus | ItemStatus;
  to: OrderStatus | ItemStatus;
}

export interface KitchenState {
  orders: Record<string, Tracked>;
  pending: Record<string, Tap>;
  // Taps that were answered, the newest last, for undoing.
  done: Tap[];
  connection: LiveState;
  hasSnapshot: boolean;
  // The order that came last, for the bell.
  arrived: { id: string; number: string } | null;
  applyMessage(message: StreamMessage): void;
  mergeOrder(order: Order): void;
  begin(tap: Tap): void;
  settle(tap: Tap, isDone: boolean): void;
  dropDone(tap: Tap): void;
  setConnection(connection: LiveState): void;
  reset(): void;
}

const UNDO_MOST = 20;

export function tapKey({ order, item }: Pick<Tap, 'order' | 'item'>): string {
  return item ? `${order}/${item}` : order;
}

type Orders = Record<string, Tracked>;

function put(orders: Orders, tracked: Tracked): Orders {
  const { id, status } = tracked.order;
  if (!isOver(status)) return { ...orders, [id]: tracked };
  const { [id]: _, ...rest } = orders;
  return rest;
}

function fromSnapshot(state: KitchenState, message: StreamMessage) {
  const { orders: list = [] } = (message.data ?? {}) as { orders?: Order[] };
  const orders: Orders = {};
  for (const order of list) {
    const known = state.orders[order.id];
    orders[order.id] =
      known && known.seq > order.seq ? known : trackedOrder(order);
  }
  const fresh = state.hasSnapshot
    ? list.find((o) => !(o.id in state.orders) && o.status === 'placed')
    : undefined;
  return {
    orders,
    hasSnapshot: true,
    arrived: fresh ? { id: fresh.id, number: fresh.number } : state.arrived,
  };
}

function fromEvent(state: KitchenState, message: StreamMessage) {
  const id = message.order_id ?? '';
  if (message.type === 'order.created') {
    const { order } = message.data as { order: Order };
    if (id in state.orders) return {};
    return {
      orders: put(state.orders, trackedOrder(order)),
      arrived: { id, number: order.number },
    };
  }
  const tracked = state.orders[id];
  if (!tracked || isKnown(tracked, message)) return {};
  return { orders: put(state.orders, fold(tracked, message)) };
}

function without(pending: Record<string, Tap>, tap: Tap): Record<string, Tap> {
  const key = tapKey(tap);
  if (pending[key] !== tap) return pending;
  const { [key]: _, ...rest } = pending;
  return rest;
}

const EMPTY = {
  orders: {},
  pending: {},
  done: [],
  connection: IDLE,
  hasSnapshot: false,
  arrived: null,
};

export const useKitchenStore = create<KitchenState>()((set) => ({
  ...EMPTY,

  applyMessage: (message) =>
    set((state) =>
      message.type === 'kitchen.snapshot'
        ? fromSnapshot(state, message)
        : fromEvent(state, message),
    ),

  mergeOrder: (order) =>
    set((state) => {
      const known = state.orders[order.id];
      if (known && known.seq >= order.seq) return state;
      return { orders: put(state.orders, trackedOrder(order)) };
    }),

  begin: (tap) =>
    set((state) => ({ pending: { ...state.pending, [tapKey(tap)]: tap } })),

  settle: (tap, isDone) =>
    set((state) => ({
      pending: without(state.pending, tap),
      done: isDone ? [...state.done, tap].slice(-UNDO_MOST) : state.done,
    })),

  dropDone: (tap) =>
    set((state) => ({ done: state.done.filter((d) => d !== tap) })),

  setConnection: (connection) => set({ connection }),

  reset: () => set(EMPTY),
}));

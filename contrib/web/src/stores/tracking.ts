// SPDX-License-Identifier: MIT
//
// tracking - the orders that are being watched, as the screens show them.
import { create } from 'zustand';
import type { DriverLocation, OrderStatus } from '../api/types';
import { IDLE, type LiveState, type StreamMessage } from '../live';
import { fold, isKnown, type Tracked } from '../model/fold';
import { serverNow } from '../time/clock';

export interface TrackingState {
  activeOrders: Record<string, Tracked>;
  // By order: its driver's last known place.
  driverLocations: Record<string, DriverLocation>;
  orderStatuses: Record<string, OrderStatus>;
  // True only while everything up to now is here.
  websocketConnected: boolean;
  // The same for each order, with what else can be said.
  connections: Record<string, LiveState>;
  addOrder(tracked: Tracked): void;
  removeOrder(id: string): void;
  updateOrderStatus(id: string, status: OrderStatus, at?: string): void;
  updateDriverLocation(id: string, location: DriverLocation): void;
  setWebSocketStatus(connected: boolean): void;
  setConnection(id: string, state: LiveState): void;
  applyMessage(id: string, message: StreamMessage): void;
}

function put(state: TrackingState, tracked: Tracked): Partial<TrackingState> {
  const { id, status } = tracked.order;
  const location = tracked.delivery?.location;
  return {
    activeOrders: { ...state.activeOrders, [id]: tracked },
    orderStatuses:
      state.orderStatuses[id] === status
        ? state.orderStatuses
        : { ...state.orderStatuses, [id]: status },
    driverLocations:
      location && state.driverLocations[id] !== location
        ? { ...state.driverLocations, [id]: location }
        : state.driverLocations,
  };
}

function without<T>(all: Record<string, T>, id: string): Record<string, T> {
  const { [id]: _, ...rest } = all;
  return rest;
}

export const useTrackingStore = create<TrackingState>()((set) => ({
  activeOrders: {},
  driverLocations: {},
  orderStatuses: {},
  websocketConnected: false,
  connections: {},

  // What is older than what is here already is not taken.
  addOrder: (tracked) =>
    set((state) => {
      const present = state.activeOrders[tracked.order.id];
      if (present && present.seq > tracked.seq) return state;
      return put(state, tracked);
    }),

  removeOrder: (id) =>
    set((state) => ({
      activeOrders: without(state.activeOrders, id),
      driverLocations: without(state.driverLocations, id),
      orderStatuses: without(state.orderStatuses, id),
      connections: without(state.connections, id),
    })),

  updateOrderStatus: (id, status, at) =>
    set((state) => {
      const tracked = state.activeOrders[id];
      if (!tracked)
        return { orderStatuses: { ...state.orderStatuses, [id]: status } };
      if (tracked.order.status === status) return state;
      const message = {
        type: 'order.status.changed',
        at: at ?? new Date(serverNow()).toISOString(),
        data: { from: tracked.order.status, to: status, by: '' },
      };
      return put(state, fold(tracked, message));
    }),

  updateDriverLocation: (id, location) =>
    set((state) => {
      const present = state.driverLocations[id];
      if (present && Date.parse(present.at) > Date.parse(location.at))
        return state;
      const tracked = state.activeOrders[id];
      if (!tracked)
        return {
          driverLocations: { ...state.driverLocations, [id]: location },
        };
      return put(
        state,
        fold(tracked, { type: 'driver.location.updated', data: location }),
      );
    }),

  setWebSocketStatus: (websocketConnected) => set({ websocketConnected }),

  setConnection: (id, connection) =>
    set((state) => {
      const connections = { ...state.connections, [id]: connection };
      return {
        connections,
        websocketConnected: Object.values(connections).some(
          (c) => c.phase === 'live',
        ),
      };
    }),

  applyMessage: (id, message) =>
    set((state) => {
      const tracked = state.activeOrders[id];
      if (!tracked || isKnown(tracked, message)) return state;
      return put(state, fold(tracked, message));
    }),
}));

export function connectionOf(state: TrackingState, id: string): LiveState {
  return state.connections[id] ?? IDLE;
}

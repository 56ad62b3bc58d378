// SPDX-License-Identifier: MIT
//
// The kitchen's stream, for as long as the board is open.
import { useEffect, useRef } from 'react';
import { listOrders } from '../api/orders';
import { serverOrigin } from '../config/config';
import { KitchenPosition, kitchenPaths, LiveClient } from '../live';
import type { StreamMessage } from '../live';
import { session } from '../session/session';
import { useSessionVersion } from '../session/use-session';
import { useKitchenStore } from '../stores/kitchen';
import { serverClock } from '../time/clock';

const PAGES_MAX = 20;

// More orders than one snapshot holds: the lists have the rest.
async function fetchRest(): Promise<void> {
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await listOrders('active', cursor, 'kitchen');
    for (const order of answer.data)
      useKitchenStore.getState().mergeOrder(order);
    cursor = answer.next_cursor;
    if (cursor === null) return;
  }
}

function take(message: StreamMessage): void {
  useKitchenStore.getState().applyMessage(message);
  const { truncated } = (message.data ?? {}) as { truncated?: boolean };
  if (message.type === 'kitchen.snapshot' && truncated)
    fetchRest().catch(() => {});
}

export function useKitchenLive(): () => void {
  const version = useSessionVersion();
  const client = useRef<LiveClient | null>(null);
  useEffect(() => {
    const live = new LiveClient({
      url: serverOrigin(),
      ...kitchenPaths(),
      position: new KitchenPosition(),
      clock: serverClock,
      token: (fresh) => session.token('kitchen', fresh),
      onMessage: take,
      onState: (state) => useKitchenStore.getState().setConnection(state),
    });
    client.current = live;
    live.start();
    return () => {
      live.stop();
      useKitchenStore.getState().reset();
    };
  }, []);
  // Somebody signed in anew.
  useEffect(() => {
    if (client.current?.state.phase === 'ended') client.current.retry();
  }, [version]);
  return () => client.current?.retry();
}

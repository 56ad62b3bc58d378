// SPDX-License-Identifier: MIT
//
// The stream of one order, for as long as a component shows it.
import { useEffect, useMemo, useRef } from 'react';
import type { SnapshotMessage } from '../api/types';
import { serverOrigin } from '../config/config';
import { LiveClient, OrderPosition, orderPaths } from '../live';
import type { StreamMessage } from '../live';
import { trackedOf } from '../model/fold';
import { session } from '../session/session';
import { useSessionVersion } from '../session/use-session';
import { useTrackingStore } from '../stores/tracking';
import { serverClock } from '../time/clock';

function take(name: string, message: StreamMessage): void {
  const store = useTrackingStore.getState();
  if (message.type === 'order.snapshot') {
    const { data, seq } = message as unknown as SnapshotMessage;
    store.addOrder(trackedOf(data, seq));
  } else {
    store.applyMessage(message.order_id ?? name, message);
  }
}

function mayLook(name: string): boolean {
  const scope = session.scopeFor(name);
  return typeof scope !== 'string' || session.isSignedIn(scope);
}

export interface OrderLive {
  // Tries again at once.
  retry(): void;
  // When anything was heard last, of the local clock.
  heardAt(): number | null;
}

export function useOrderLive(name: string): OrderLive {
  const version = useSessionVersion();
  const client = useRef<LiveClient | null>(null);
  useEffect(() => {
    const { setConnection } = useTrackingStore.getState();
    const mine = new LiveClient({
      url: serverOrigin(),
      ...orderPaths(name),
      position: new OrderPosition(),
      clock: serverClock,
      token: (fresh) => session.token(session.scopeFor(name), fresh),
      onMessage: (message) => take(name, message),
      onState: (state) => setConnection(name, state),
    });
    client.current = mine;
    mine.start();
    return () => mine.stop();
  }, [name]);
  // Somebody signed in or out, here or in another place.
  useEffect(() => {
    if (client.current?.state.phase === 'ended' || !mayLook(name))
      client.current?.retry();
  }, [name, version]);
  return useMemo(
    () => ({
      retry: () => client.current?.retry(),
      heardAt: () => client.current?.state.heardAt ?? null,
    }),
    [],
  );
}

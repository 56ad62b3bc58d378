// SPDX-License-Identifier: MIT
//
// Everything that a screen shows of one order: from its stream, which begins
// with all of it; asked for by itself, every 15 s, while the stream is away or
// long in coming; and from this device when nothing answers.
import { useQuery } from '@tanstack/react-query';
import { getTracking } from '../api/orders';
import { isProblem, Problem } from '../api/problem';
import type { LiveState } from '../live';
import { trackedOf, type Tracked } from '../model/fold';
import { session } from '../session/session';
import { connectionOf, useTrackingStore } from '../stores/tracking';
import { useLasting } from './use-lasting';
import { useOrderLive } from './use-order-live';
import { useSavedOrder } from './use-saved-order';

export type TrackingError = 'sign_in' | 'link' | 'not_found' | 'away';

export interface OrderTracking {
  tracked: Tracked | undefined;
  connection: LiveState;
  // When what is shown was known to be true, if that is not now.
  savedAt: number | null;
  error: TrackingError | null;
  retry(): void;
}

const POLL_MS = 15_000;
const SLOW_MS = 2500;

function verdict(
  name: string,
  connection: LiveState,
  error: unknown,
): TrackingError | null {
  // A link does not say whose tenant it is of; its stream needs none.
  const isOurs =
    isProblem(error, 'wrong_tenant') && session.link(name) !== null;
  const status = error instanceof Problem && !isOurs ? error.status : 0;
  const { end } = connection;
  if (end === 'not_found' || status === 404)
    return session.link(name) !== null ? 'link' : 'not_found';
  if (
    end === 'unauthorized' ||
    end === 'forbidden' ||
    status === 401 ||
    status === 403
  )
    return session.link(name) !== null ? 'link' : 'sign_in';
  return error ? 'away' : null;
}

function useFetched(name: string, { phase }: LiveState) {
  const isAway = phase === 'waiting' || phase === 'offline';
  const isSlow = useLasting(phase === 'connecting', SLOW_MS);
  return useQuery({
    queryKey: ['tracking', name],
    queryFn: async () => {
      const message = await getTracking(name);
      const tracked = trackedOf(message.data, message.seq);
      useTrackingStore.getState().addOrder(tracked);
      return tracked.order.id;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    enabled: isAway || isSlow,
    refetchInterval: isAway ? POLL_MS : false,
  });
}

// name: an order's id, or "ref:" and its external_ref.
export function useOrderTracking(name: string): OrderTracking {
  const connection = useTrackingStore((s) => connectionOf(s, name));
  const tracked = useTrackingStore(
    (s) =>
      s.activeOrders[name] ??
      Object.values(s.activeOrders).find(
        (t) => `ref:${t.order.external_ref}` === name,
      ),
  );
  const reconnect = useOrderLive(name);
  const fetched = useFetched(name, connection);
  const isLive = connection.phase === 'live' || connection.phase === 'quiet';
  const isAway =
    connection.phase !== 'connecting' && connection.phase !== 'idle';
  const error = isLive ? null : verdict(name, connection, fetched.error);
  const isForbidden = error !== null && error !== 'away';
  const saved = useSavedOrder(name, tracked, isForbidden);
  const shown = isForbidden ? undefined : (tracked ?? saved?.tracked);
  return {
    tracked: shown,
    connection,
    savedAt: shown && !tracked && isAway ? (saved?.savedAt ?? null) : null,
    error: shown && error === 'away' ? null : error,
    retry: () => {
      reconnect();
      if (fetched.error) void fetched.refetch();
    },
  };
}

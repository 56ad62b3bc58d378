// SPDX-License-Identifier: MIT
//
// Everything that a screen shows of one order: from its stream, which begins
// with all of it; asked for by itself, every 15 s, while the stream is away or
// long in coming; and from this device when nothing answers.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
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
  // When what is shown was last known to be true, by the local clock; null
  // while it is live, and before that can be said.
  knownAt: number | null;
  // It is the copy on this device.
  isSaved: boolean;
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

// True from a loss until it is live again, through all tries between.
function useIsAway({ phase, end }: LiveState): boolean {
  const [wasAway, setAway] = useState(false);
  const isLost =
    phase === 'waiting' ||
    phase === 'offline' ||
    (phase === 'ended' && end !== 'finished');
  const isBack = phase === 'live' || phase === 'ended';
  useEffect(() => {
    if (isLost) setAway(true);
    else if (isBack) setAway(false);
  }, [isLost, isBack]);
  return isLost || (wasAway && !isBack);
}

// When something was heard last in the time that it was live, once it is not.
function useLostAt(isLive: boolean, heardAt: number | null): number {
  const [lost, setLost] = useState({ isLive, at: 0 });
  if (lost.isLive !== isLive) {
    const at = isLive ? 0 : (heardAt ?? 0);
    setLost({ isLive, at });
    return at;
  }
  return lost.at;
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
  const live = useOrderLive(name);
  const fetched = useFetched(name, connection);
  const isLive = connection.phase === 'live' || connection.phase === 'quiet';
  const isAway = useIsAway(connection);
  const lostAt = useLostAt(isLive, connection.heardAt);
  const asOf = Math.max(lostAt, fetched.dataUpdatedAt);
  const error = isLive ? null : verdict(name, connection, fetched.error);
  const isForbidden = error !== null && error !== 'away';
  const saved = useSavedOrder(name, tracked, {
    isForbidden,
    isLive,
    knownAt: () => (isLive ? live.heardAt() : asOf) || Date.now(),
  });
  const shown = isForbidden ? undefined : (tracked ?? saved?.tracked);
  return {
    tracked: shown,
    connection,
    knownAt: !isAway ? null : tracked ? asOf || null : (saved?.savedAt ?? null),
    isSaved: !tracked && shown !== undefined,
    error: shown && error === 'away' ? null : error,
    retry: () => {
      live.retry();
      if (fetched.error) void fetched.refetch();
    },
  };
}

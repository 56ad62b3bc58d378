// SPDX-License-Identifier: MIT
//
// Why an order left its way.  A snapshot has no reasons, the log does.
import { useQuery } from '@tanstack/react-query';
import { getEvents } from '../api/orders';
import type { Order } from '../api/types';
import { isStopped } from '../model/model';

interface Change {
  to?: string;
  reason?: string;
}

// It stopped lately: little comes after that.
const LAST = 100;

export function useStopReason({ id, status, seq }: Order): string | null {
  const query = useQuery({
    queryKey: ['stop-reason', id, status],
    queryFn: async () => {
      const { data } = await getEvents(id, Math.max(0, seq - LAST));
      const change = data
        .filter((event) => event.type === 'order.status.changed')
        .map((event) => (event.data ?? {}) as Change)
        .reverse()
        .find(({ to }) => to === status);
      return change?.reason ?? null;
    },
    enabled: isStopped(status) || status === 'delivery_failed',
    staleTime: Number.POSITIVE_INFINITY,
  });
  return query.data ?? null;
}

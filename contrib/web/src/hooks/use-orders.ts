// SPDX-License-Identifier: MIT
import { useInfiniteQuery } from '@tanstack/react-query';
import { listOrders } from '../api/orders';

// Order history, page by page.
export function useOrders(which: 'active' | 'past', enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ['orders', which],
    queryFn: ({ pageParam }) => listOrders(which, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled,
    staleTime: which === 'active' ? 5000 : 60_000,
    refetchInterval: which === 'active' ? 30_000 : false,
  });
}

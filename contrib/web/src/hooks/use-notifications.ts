// SPDX-License-Identifier: MIT
//
// The inbox: loaded page by page into the store, where the stream adds to it.
import { useInfiniteQuery } from '@tanstack/react-query';
import { listNotifications } from '../api/notifications';
import { useSignedIn } from '../session/use-session';
import { useNotificationStore } from '../stores/notifications';

export function useNotifications() {
  const isSignedIn = useSignedIn('me');
  const query = useInfiniteQuery({
    queryKey: ['notifications'],
    queryFn: async ({ pageParam }) => {
      const page = await listNotifications(pageParam);
      useNotificationStore
        .getState()
        .mergeNotifications(page.data, page.unread_count);
      return page.next_cursor;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (cursor) => cursor,
    enabled: isSignedIn,
  });
  const notifications = useNotificationStore((s) => s.notifications);
  const unreadCount = useNotificationStore((s) => s.unreadCount);
  return {
    notifications,
    unreadCount,
    isPending: query.isPending && isSignedIn,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
  };
}

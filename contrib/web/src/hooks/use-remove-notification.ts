// SPDX-License-Identifier: MIT
import { useMutation } from '@tanstack/react-query';
import { request } from '../api/call';
import { isPassing, isProblem } from '../api/problem';
import { sendLater } from '../offline/send-later';
import { useNotificationStore } from '../stores/notifications';

// Removes one notice, or all, from the inbox.
export function useRemoveNotification() {
  return useMutation({
    mutationFn: async (id: string) => {
      const path =
        id === 'all'
          ? '/notifications'
          : `/notifications/${encodeURIComponent(id)}`;
      try {
        await request({ method: 'DELETE', path });
      } catch (error) {
        // Gone already is as wanted.
        if (isProblem(error, 'no_such_notification')) return;
        if (!isPassing(error)) throw error;
        await sendLater({ method: 'DELETE', path, name: `remove ${id}` });
      }
    },
    onMutate: (id) => {
      const store = useNotificationStore.getState();
      const { notifications, unreadCount } = store;
      if (id === 'all') store.clearNotifications();
      else store.removeNotification(id);
      return { notifications, unreadCount };
    },
    onError: (_error, _id, before) => {
      if (before) useNotificationStore.setState(before);
    },
  });
}

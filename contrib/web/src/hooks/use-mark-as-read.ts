// SPDX-License-Identifier: MIT
//
// Marks one notice, or all, as read: on the screen at once; on the server now,
// or later when it can't be reached.
import { useMutation } from '@tanstack/react-query';
import { request } from '../api/call';
import { isPassing } from '../api/problem';
import { sendLater } from '../offline/send-later';
import { useNotificationStore } from '../stores/notifications';

function pathOf(id: string): string {
  return id === 'all'
    ? '/notifications/read'
    : `/notifications/${encodeURIComponent(id)}/read`;
}

export function useMarkAsRead() {
  return useMutation({
    mutationFn: async (id: string) => {
      const path = pathOf(id);
      try {
        await request({ method: 'PUT', path });
      } catch (error) {
        if (!isPassing(error)) throw error;
        await sendLater({ method: 'PUT', path, name: `read ${id}` });
      }
    },
    onMutate: (id) => {
      const { notifications, unreadCount } = useNotificationStore.getState();
      useNotificationStore.getState().markAsRead(id);
      return { notifications, unreadCount };
    },
    onError: (_error, _id, before) => {
      if (before) useNotificationStore.setState(before);
    },
  });
}

// SPDX-License-Identifier: MIT
//
// One person's stream, for as long as the app is open and they are signed in.
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Notification } from '../api/types';
import { serverOrigin } from '../config/config';
import { LiveClient, PersonPosition, personPaths } from '../live';
import type { StreamMessage } from '../live';
import { session } from '../session/session';
import { useSessionVersion, useSignedIn } from '../session/use-session';
import { useNotificationStore } from '../stores/notifications';
import { serverClock } from '../time/clock';
import { PREFERENCES } from './use-notification-preferences';

interface Data {
  notification?: Notification;
  unread_count?: number;
  id?: string;
  all?: boolean;
  removed?: boolean;
  version?: number;
}

function read(data: Data): void {
  const store = useNotificationStore.getState();
  const { id, all, removed, unread_count: count } = data;
  if (all && removed) store.clearNotifications();
  else if (all) store.markAsRead('all', count);
  else if (id && removed) store.removeNotification(id, count);
  else if (id) store.markAsRead(id, count);
}

export function takeNotice(message: StreamMessage, client: QueryClient): void {
  const store = useNotificationStore.getState();
  const data = (message.data ?? {}) as Data;
  switch (message.type) {
    case 'notifications.snapshot':
      store.setUnreadCount(data.unread_count ?? 0);
      // What came while we were away is in the list.
      void client.invalidateQueries({ queryKey: ['notifications'] });
      break;
    case 'notification.new':
      if (data.notification)
        store.addNotification(data.notification, data.unread_count);
      // An order has moved: the lists of orders are asked again.
      void client.invalidateQueries({ queryKey: ['orders'] });
      break;
    case 'notification.read':
      read(data);
      break;
    case 'preferences.updated':
      if (store.preferences?.version !== data.version)
        void client.invalidateQueries({ queryKey: PREFERENCES });
      break;
  }
}

export function useLiveNotifications(): void {
  const isSignedIn = useSignedIn('me');
  const version = useSessionVersion();
  const client = useQueryClient();
  const current = useRef<LiveClient | null>(null);
  useEffect(() => {
    if (!isSignedIn) return undefined;
    const live = new LiveClient({
      url: serverOrigin(),
      ...personPaths(),
      position: new PersonPosition(),
      clock: serverClock,
      token: (fresh) => session.token('me', fresh),
      onMessage: (message) => takeNotice(message, client),
    });
    current.current = live;
    live.start();
    return () => live.stop();
  }, [isSignedIn, client]);
  // Another token, after the old one was refused.
  useEffect(() => {
    if (current.current?.state.phase === 'ended') current.current.retry();
  }, [version]);
}

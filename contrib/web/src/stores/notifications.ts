// SPDX-License-Identifier: MIT
//
// notifications - one person's inbox and preferences, as far as they are known
// here.  The server's unread_count counts all, also what was not loaded.
import { create } from 'zustand';
import type { Notification, Preferences } from '../api/types';

export interface NotificationState {
  notifications: Notification[];
  unreadCount: number;
  preferences: Preferences | null;
  addNotification(notification: Notification, unreadCount?: number): void;
  mergeNotifications(list: Notification[], unreadCount?: number): void;
  markAsRead(id: string | 'all', unreadCount?: number): void;
  removeNotification(id: string, unreadCount?: number): void;
  clearNotifications(): void;
  setUnreadCount(count: number): void;
  updatePreferences(preferences: Preferences | null): void;
  reset(): void;
}

function newestFirst(a: Notification, b: Notification): number {
  return a.at === b.at ? b.id.localeCompare(a.id) : b.at.localeCompare(a.at);
}

// Read stays read: an older page must not take that back.
function merge(have: Notification[], more: Notification[]): Notification[] {
  const all = new Map(have.map((n) => [n.id, n]));
  for (const n of more) {
    const old = all.get(n.id);
    all.set(
      n.id,
      old?.read_at && !n.read_at ? { ...n, read_at: old.read_at } : n,
    );
  }
  return [...all.values()].sort(newestFirst);
}

const EMPTY = { notifications: [], unreadCount: 0, preferences: null };

export const useNotificationStore = create<NotificationState>()((set) => ({
  ...EMPTY,

  addNotification: (notification, unreadCount) =>
    set((state) => {
      const isNew = !state.notifications.some((n) => n.id === notification.id);
      return {
        notifications: merge(state.notifications, [notification]),
        unreadCount:
          unreadCount ??
          state.unreadCount + (isNew && !notification.read_at ? 1 : 0),
      };
    }),

  mergeNotifications: (list, unreadCount) =>
    set((state) => ({
      notifications: merge(state.notifications, list),
      unreadCount: unreadCount ?? state.unreadCount,
    })),

  markAsRead: (id, unreadCount) =>
    set((state) => {
      const at = new Date().toISOString();
      let marked = 0;
      const notifications = state.notifications.map((n) => {
        if (n.read_at || (id !== 'all' && n.id !== id)) return n;
        marked++;
        return { ...n, read_at: at };
      });
      const left = id === 'all' ? 0 : Math.max(0, state.unreadCount - marked);
      return { notifications, unreadCount: unreadCount ?? left };
    }),

  removeNotification: (id, unreadCount) =>
    set((state) => {
      const gone = state.notifications.find((n) => n.id === id);
      const left = state.unreadCount - (gone && !gone.read_at ? 1 : 0);
      return {
        notifications: state.notifications.filter((n) => n.id !== id),
        unreadCount: unreadCount ?? Math.max(0, left),
      };
    }),

  clearNotifications: () => set({ notifications: [], unreadCount: 0 }),

  setUnreadCount: (unreadCount) => set({ unreadCount }),

  updatePreferences: (preferences) => set({ preferences }),

  reset: () => set(EMPTY),
}));

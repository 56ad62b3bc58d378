// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from 'vitest';
import { QueryClient } from '@tanstack/react-query';
import { takeNotice } from '../hooks/use-live-notifications';
import { useNotificationStore } from '../stores/notifications';
import { aNotice } from './samples';

const store = () => useNotificationStore.getState();

beforeEach(() => store().reset());

describe('notification store', () => {
  it('has each notice once, the newest first', () => {
    store().addNotification(aNotice(1));
    store().addNotification(aNotice(3));
    store().addNotification(aNotice(2));
    store().addNotification(aNotice(3));
    expect(store().notifications.map((n) => n.id)).toEqual([
      'n-0003',
      'n-0002',
      'n-0001',
    ]);
    expect(store().unreadCount).toBe(3);
  });

  it("believes the server's count, not its own", () => {
    store().addNotification(aNotice(1), 17);
    store().markAsRead('n-0001', 16);
    expect(store().unreadCount).toBe(16);
  });

  it('does not count below nothing', () => {
    store().addNotification(aNotice(1), 0);
    store().markAsRead('n-0001');
    store().markAsRead('n-0001');
    expect(store().unreadCount).toBe(0);
  });

  it('stays read when an older page comes late', () => {
    store().addNotification(aNotice(1));
    store().markAsRead('n-0001');
    store().mergeNotifications([aNotice(1)]);
    expect(store().notifications[0]?.read_at).not.toBeNull();
  });

  it('clears all', () => {
    store().addNotification(aNotice(1));
    store().clearNotifications();
    expect(store()).toMatchObject({ notifications: [], unreadCount: 0 });
  });

  it('holds 500 notices', () => {
    store().mergeNotifications(
      Array.from({ length: 500 }, (_, i) => aNotice(i)),
      500,
    );
    expect(store().notifications).toHaveLength(500);
    store().markAsRead('all');
    expect(store().notifications.every((n) => n.read_at)).toBe(true);
  });
});

describe("a person's stream", () => {
  const client = new QueryClient();
  const take = (type: string, data: object) =>
    takeNotice({ type, data }, client);

  it('adds, marks and removes as other screens do', () => {
    take('notifications.snapshot', { unread_count: 4 });
    expect(store().unreadCount).toBe(4);
    take('notification.new', { notification: aNotice(9), unread_count: 5 });
    take('notification.read', { id: 'n-0009', unread_count: 4 });
    expect(store().notifications[0]?.read_at).not.toBeNull();
    take('notification.read', { id: 'n-0009', removed: true, unread_count: 4 });
    expect(store().notifications).toHaveLength(0);
    take('notification.new', { notification: aNotice(10), unread_count: 5 });
    take('notification.read', { all: true, removed: true, unread_count: 0 });
    expect(store()).toMatchObject({ notifications: [], unreadCount: 0 });
  });

  it('has the lists of orders asked again by a notice', () => {
    client.setQueryData(['orders', 'active'], { pages: [], pageParams: [] });
    const isOld = () =>
      client.getQueryState(['orders', 'active'])?.isInvalidated;
    take('preferences.updated', { version: 2 });
    expect(isOld()).toBe(false);
    take('notification.new', { notification: aNotice(11), unread_count: 6 });
    expect(isOld()).toBe(true);
  });
});

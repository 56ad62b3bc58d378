// SPDX-License-Identifier: MIT
//
// notifications - the calls about one person's inbox, wishes and devices.
import { get, request } from './call';
import type { NotificationPage, Preferences } from './types';

export function listNotifications(
  cursor: string | null,
): Promise<NotificationPage> {
  const query = new URLSearchParams({ limit: '50' });
  if (cursor) query.set('cursor', cursor);
  return get(`/notifications?${query}`);
}

export function getPreferences(): Promise<Preferences> {
  return get('/notification-preferences');
}

export function getPushKey(): Promise<{ public_key: string }> {
  return get('/push-subscriptions/key');
}

export async function addPushSubscription(
  subscription: PushSubscriptionJSON,
): Promise<string> {
  const { body } = await request<{ id: string }>({
    method: 'POST',
    path: '/push-subscriptions',
    body: {
      endpoint: subscription.endpoint,
      expirationTime: subscription.expirationTime ?? null,
      keys: subscription.keys,
    },
  });
  return body.id;
}

export async function removePushSubscription(id: string): Promise<void> {
  await request({
    method: 'DELETE',
    path: `/push-subscriptions/${encodeURIComponent(id)}`,
  });
}

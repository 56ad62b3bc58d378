// SPDX-License-Identifier: MIT
//
// resubscribe - the browser has changed this device's push address.
import {
  readIdentity,
  writeIdentity,
  type Identity,
} from '../offline/identity';
import { keyBytes } from '../push/key-bytes';

export interface SubscriptionChange {
  oldSubscription?: PushSubscription | null;
  newSubscription?: PushSubscription | null;
}

function api(who: Identity, path: string): string {
  return `${who.apiUrl}/api/v1/${encodeURIComponent(who.tenant)}${path}`;
}

async function keyOf(who: Identity): Promise<Uint8Array> {
  const response = await fetch(api(who, '/push-subscriptions/key'));
  if (!response.ok) throw new Error(`push key: HTTP ${response.status}`);
  const { public_key: key } = (await response.json()) as { public_key: string };
  return keyBytes(key);
}

// Without a token it is left to the page: healPush() sees that the id is there
// and the address another one.
export async function resubscribe(
  manager: PushManager,
  change: SubscriptionChange,
): Promise<void> {
  const who = await readIdentity();
  if (!who?.token || !who.pushId) return;
  const subscription =
    change.newSubscription ??
    (await manager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: await keyOf(who),
    }));
  const { endpoint, keys } = subscription.toJSON();
  const authorization = `Bearer ${who.token}`;
  const response = await fetch(api(who, '/push-subscriptions'), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint, keys, expirationTime: null }),
    credentials: 'omit',
  });
  if (!response.ok) return;
  const { id } = (await response.json()) as { id: string };
  await writeIdentity({ pushId: id });
  if (id === who.pushId) return;
  // The old address may still be taken for one by its push service.
  await fetch(
    api(who, `/push-subscriptions/${encodeURIComponent(who.pushId)}`),
    { method: 'DELETE', headers: { authorization }, credentials: 'omit' },
  ).catch(() => {});
}

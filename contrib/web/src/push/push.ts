// SPDX-License-Identifier: MIT
//
// push - this device's subscription: made, told to the server, and ended.
import {
  addPushSubscription,
  getPushKey,
  removePushSubscription,
} from '../api/notifications';
import { isProblem } from '../api/problem';
import { config } from '../config/config';
import { readIdentity, writeIdentity } from '../offline/identity';
import { keyBytes } from './key-bytes';

export type PushState = 'unsupported' | 'no_channel' | 'denied' | 'off' | 'on';

export function isSupported(): boolean {
  return (
    typeof navigator !== 'undefined' &&
    'serviceWorker' in navigator &&
    'PushManager' in window &&
    'Notification' in window
  );
}

async function manager(): Promise<PushManager | undefined> {
  const registration = await navigator.serviceWorker.getRegistration();
  return registration?.pushManager;
}

async function serverKey(): Promise<string | null> {
  if (!config().push) return null;
  try {
    return (await getPushKey()).public_key;
  } catch (error) {
    if (isProblem(error, 'no_channel')) return null;
    throw error;
  }
}

export async function pushState(): Promise<PushState> {
  if (!isSupported()) return 'unsupported';
  if ((await serverKey()) === null) return 'no_channel';
  if (Notification.permission === 'denied') return 'denied';
  const subscription = await (await manager())?.getSubscription();
  const pushId = (await readIdentity())?.pushId;
  return subscription && pushId ? 'on' : 'off';
}

async function tell(subscription: PushSubscription): Promise<void> {
  const pushId = await addPushSubscription(subscription.toJSON());
  await writeIdentity({ pushId });
}

// Asks for permission: only ever call it from a tap.
export async function turnOn(): Promise<PushState> {
  const permission = await Notification.requestPermission();
  if (permission !== 'granted')
    return permission === 'denied' ? 'denied' : 'off';
  const key = await serverKey();
  if (key === null) return 'no_channel';
  const registration = await navigator.serviceWorker.ready;
  const old = await registration.pushManager.getSubscription();
  // One made with another key is of no use to this server.
  if (old && (await readIdentity())?.pushId == null) await old.unsubscribe();
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: keyBytes(key),
  });
  await tell(subscription);
  return 'on';
}

export async function turnOff(): Promise<PushState> {
  const { pushId } = (await readIdentity()) ?? {};
  const subscription = await (await manager())?.getSubscription();
  await subscription?.unsubscribe();
  if (pushId) await removePushSubscription(pushId).catch(() => {});
  await writeIdentity({ pushId: null });
  return 'off';
}

// The browser may have changed or dropped the subscription while the worker
// could not tell anybody: put that right when the app is opened.
export async function healPush(): Promise<void> {
  if (!isSupported() || Notification.permission !== 'granted') return;
  const { pushId } = (await readIdentity()) ?? {};
  if (!pushId) return;
  const subscription = await (await manager())?.getSubscription();
  if (subscription) await tell(subscription);
  else await turnOn();
}

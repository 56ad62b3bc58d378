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

const READY_MS = 10_000;

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

// Where no worker could be registered, `ready` would wait for ever.
async function readyManager(): Promise<PushManager> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('there is no service worker')),
      READY_MS,
    );
  });
  try {
    return (await Promise.race([navigator.serviceWorker.ready, late]))
      .pushManager;
  } finally {
    clearTimeout(timer);
  }
}

function isMadeWith(subscription: PushSubscription, key: Uint8Array): boolean {
  const made = new Uint8Array(subscription.options.applicationServerKey ?? []);
  return made.length === key.length && made.every((b, i) => b === key[i]);
}

// The one that the server knows, unless it has another key by now.
async function subscribe(key: Uint8Array): Promise<PushSubscription> {
  const pushManager = await readyManager();
  const old = await pushManager.getSubscription();
  const { pushId } = (await readIdentity()) ?? {};
  if (old && pushId && isMadeWith(old, key)) return old;
  await old?.unsubscribe();
  return pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key,
  });
}

// What the server does not know of shall not stay behind in the browser.
async function tell(subscription: PushSubscription): Promise<void> {
  const { pushId: before } = (await readIdentity()) ?? {};
  let pushId: string;
  try {
    pushId = await addPushSubscription(subscription.toJSON());
  } catch (error) {
    if (!before) await subscription.unsubscribe().catch(() => {});
    throw error;
  }
  await writeIdentity({ pushId });
  if (before && before !== pushId)
    await removePushSubscription(before).catch(() => {});
}

async function connect(): Promise<PushState> {
  const key = await serverKey();
  if (key === null) return 'no_channel';
  await tell(await subscribe(keyBytes(key)));
  return 'on';
}

// Asks for permission: only ever call it from a tap.
export async function turnOn(): Promise<PushState> {
  const permission = await Notification.requestPermission();
  if (permission !== 'granted')
    return permission === 'denied' ? 'denied' : 'off';
  return connect();
}

export async function turnOff(): Promise<PushState> {
  const { pushId } = (await readIdentity()) ?? {};
  const subscription = await (await manager())?.getSubscription();
  await subscription?.unsubscribe();
  if (pushId) {
    await removePushSubscription(pushId).catch(() => {});
    await writeIdentity({ pushId: null });
  }
  return 'off';
}

// What was changed while nobody could tell the server, by the browser (another
// address, none) or by the person (no permission any more), or what the server
// has changed (its key): put right when the app is opened.
export async function healPush(): Promise<void> {
  if (!isSupported()) return;
  const { pushId } = (await readIdentity()) ?? {};
  if (!pushId) return;
  if (Notification.permission === 'granted') await connect();
  else await turnOff();
}

// SPDX-License-Identifier: MIT
//
// The service worker: the app's shell offline, push, and writes that wait.  It
// keeps nothing of the API; orders are kept by the page that may see them.
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
} from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { NetworkFirst } from 'workbox-strategies';
import { flushOutbox, SYNC_TAG } from '../offline/outbox';
import { noticeOf, type NoticeData } from './notice';
import { pickClient } from './pick-client';
import { sendReceipt } from './receipt';
import { resubscribe, type SubscriptionChange } from './resubscribe';

declare const self: ServiceWorkerGlobalScope;
// Written in by the build; see tools/service-worker.ts.
declare const __PRECACHE__: { url: string; revision: string | null }[];

interface SyncEvent extends ExtendableEvent {
  tag: string;
}

// ---- The shell --------------------------------------------------------------

const NOT_OURS = /^\/(api|ws|sse|hooks|unsubscribe|admin|metrics)(\/|$)/;

precacheAndRoute(__PRECACHE__);
cleanupOutdatedCaches();
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [NOT_OURS],
  }),
);
registerRoute(
  ({ url }) =>
    url.origin === self.location.origin && url.pathname === '/config.json',
  new NetworkFirst({ cacheName: 'config', networkTimeoutSeconds: 3 }),
);

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

// A new version waits until the person says so.
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'ow.skip_waiting')
    void self.skipWaiting();
});

// ---- Push -------------------------------------------------------------------

self.addEventListener('push', (event) => {
  const { title, options } = noticeOf(
    event.data?.text() ?? null,
    self.location.origin,
  );
  event.waitUntil(
    self.registration
      .showNotification(title, options)
      .then(() => sendReceipt(options.data, 'displayed')),
  );
});

async function open({ path, order }: NoticeData): Promise<void> {
  const tabs = await self.clients.matchAll({
    type: 'window',
    includeUncontrolled: true,
  });
  const picked = pickClient(tabs, path, order);
  if (!picked) {
    await self.clients.openWindow(path);
    return;
  }
  const tab = await picked.tab.focus().catch(() => picked.tab);
  if (!picked.isThere) tab.postMessage({ type: 'ow.open', path });
}

self.addEventListener('notificationclick', (event) => {
  const data = event.notification.data as NoticeData;
  event.notification.close();
  event.waitUntil(Promise.all([open(data), sendReceipt(data, 'clicked')]));
});

self.addEventListener('notificationclose', (event) => {
  event.waitUntil(
    sendReceipt(event.notification.data as NoticeData, 'dismissed'),
  );
});

self.addEventListener('pushsubscriptionchange', (event) => {
  (event as ExtendableEvent).waitUntil(
    resubscribe(
      self.registration.pushManager,
      event as Event & SubscriptionChange,
    ),
  );
});

// ---- Writes that wait -------------------------------------------------------

async function flush(): Promise<void> {
  const flushed = await flushOutbox();
  const tabs = await self.clients.matchAll({ type: 'window' });
  for (const tab of tabs) tab.postMessage({ type: 'ow.flushed', flushed });
  // The browser tries again later when it hears of a failure.
  if (flushed.left > 0) throw new Error(`${flushed.left} writes are left`);
}

self.addEventListener('sync', (event) => {
  const sync = event as SyncEvent;
  if (sync.tag === SYNC_TAG) sync.waitUntil(flush());
});

// SPDX-License-Identifier: MIT
//
// background - what goes on beside the pages: the worker, who it speaks for,
// the writes that waited, and notices that were tapped.
import type { QueryClient } from '@tanstack/react-query';
import { serverOrigin } from '../config/config';
import { PREFERENCES } from '../hooks/use-notification-preferences';
import { t } from '../i18n/i18n';
import { healPush } from '../push/push';
import { go } from '../router/router';
import { session } from '../session/session';
import { useToastStore } from '../stores/toasts';
import { whenIdle } from '../time/idle';
import { writeIdentity } from './identity';
import type { Flushed } from './outbox';
import { registerWorker } from './register';
import { pruneOrders } from './saved-orders';
import { watchOutbox } from './send-later';

function keepIdentity(): void {
  const token = session.peek('me');
  if (token === null) return;
  writeIdentity({
    apiUrl: serverOrigin(),
    tenant: session.tenant('me'),
    token,
  }).catch(() => {});
}

function settle(client: QueryClient, { sent, refused }: Flushed): void {
  const all = [...sent, ...refused.map((r) => r.write)];
  if (all.some((w) => w.name === 'preferences'))
    void client.invalidateQueries({ queryKey: PREFERENCES });
  void client.invalidateQueries({ queryKey: ['notifications'] });
  if (refused.some((r) => r.write.name === 'preferences' && r.status === 412))
    useToastStore
      .getState()
      .show({ text: t('prefs.conflict_text'), tone: 'bad' });
}

function listen(): void {
  navigator.serviceWorker?.addEventListener('message', (event) => {
    const data = event.data as { type?: string; path?: string } | null;
    if (data?.type === 'ow.open' && data.path?.startsWith('/')) go(data.path);
  });
}

function offerUpdate(apply: () => void): void {
  useToastStore.getState().show({
    text: t('app.update'),
    action: { label: t('app.update_now'), run: apply },
    stays: true,
  });
}

export function startBackground(client: QueryClient): void {
  keepIdentity();
  session.subscribe(keepIdentity);
  listen();
  watchOutbox((flushed) => settle(client, flushed));
  pruneOrders().catch(() => {});
  void whenIdle()
    .then(() => registerWorker(offerUpdate))
    .then(() => healPush())
    .catch(() => {});
}

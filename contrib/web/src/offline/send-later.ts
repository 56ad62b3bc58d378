// SPDX-License-Identifier: MIT
//
// send-later - a page's side of the outbox: background sync where the browser
// has it; else when the network is back, or the app is opened again.
import {
  flushOutbox,
  keepWrite,
  SYNC_TAG,
  type Flushed,
  type Write,
} from './outbox';

interface SyncRegistration extends ServiceWorkerRegistration {
  sync?: { register(tag: string): Promise<void> };
}

async function askWorker(): Promise<boolean> {
  const registration = (await navigator.serviceWorker?.getRegistration?.()) as
    | SyncRegistration
    | undefined;
  if (!registration?.sync) return false;
  try {
    await registration.sync.register(SYNC_TAG);
    return true;
  } catch {
    return false;
  }
}

export async function sendLater(write: Write): Promise<void> {
  await keepWrite(write);
  await askWorker();
}

// Calls back with what became of the writes; gives how to end it.
export function watchOutbox(onFlushed: (flushed: Flushed) => void): () => void {
  const run = () => {
    flushOutbox().then(
      (f) => {
        if (f.sent.length > 0 || f.refused.length > 0) onFlushed(f);
      },
      () => {},
    );
  };
  const told = (event: MessageEvent) => {
    const data = event.data as { type?: string; flushed?: Flushed } | null;
    if (data?.type === 'ow.flushed' && data.flushed) onFlushed(data.flushed);
  };
  window.addEventListener('online', run);
  navigator.serviceWorker?.addEventListener('message', told);
  run();
  return () => {
    window.removeEventListener('online', run);
    navigator.serviceWorker?.removeEventListener('message', told);
  };
}

// SPDX-License-Identifier: MIT
import { useSyncExternalStore } from 'react';
import { serverNow } from './clock';

const TICK_MS = 1000;

let now = serverNow();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = serverNow();
    timer = setInterval(tick, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

// The server's time, one tick a second for the whole page.  With a step, a
// component is drawn again only when that step is passed.
export function useNow(stepMs = TICK_MS): number {
  return useSyncExternalStore(
    subscribe,
    () => Math.floor(now / stepMs) * stepMs,
  );
}

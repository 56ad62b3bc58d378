// SPDX-License-Identifier: MIT
//
// env - everything outside that the client touches, in one place, so that a
// test can move the clock and play the network.

export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface LiveEnv {
  now(): number;
  random(): number;
  setTimer(fn: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
  // Undefined where there are no WebSockets.
  socket: ((url: string, protocols: string[]) => SocketLike) | undefined;
  fetch: typeof fetch;
  isOnline(): boolean;
  isVisible(): boolean;
  // Tells of online, offline, and the page shown again; gives how to end it.
  watch(on: (what: 'online' | 'offline' | 'shown') => void): () => void;
}

function watchBrowser(
  on: (what: 'online' | 'offline' | 'shown') => void,
): () => void {
  if (typeof window === 'undefined') return () => {};
  const online = () => on('online');
  const offline = () => on('offline');
  const shown = () => {
    if (document.visibilityState === 'visible') on('shown');
  };
  window.addEventListener('online', online);
  window.addEventListener('offline', offline);
  window.addEventListener('pageshow', shown);
  document.addEventListener('visibilitychange', shown);
  return () => {
    window.removeEventListener('online', online);
    window.removeEventListener('offline', offline);
    window.removeEventListener('pageshow', shown);
    document.removeEventListener('visibilitychange', shown);
  };
}

export function browserEnv(): LiveEnv {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (fn, ms) => setTimeout(fn, ms),
    clearTimer: (timer) => clearTimeout(timer as number | undefined),
    socket:
      typeof WebSocket === 'undefined'
        ? undefined
        : (url, protocols) =>
            new WebSocket(url, protocols) as unknown as SocketLike,
    fetch: (input, init) => fetch(input, init),
    isOnline: () =>
      typeof navigator === 'undefined' || navigator.onLine !== false,
    isVisible: () =>
      typeof document === 'undefined' || document.visibilityState !== 'hidden',
    watch: watchBrowser,
  };
}

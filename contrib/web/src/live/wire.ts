// SPDX-License-Identifier: MIT
//
// wire - one connection, whatever carries it.  Codes are those of the
// WebSocket, also for server-sent events.

export const END = {
  goingAway: 1001,
  lost: 1006,
  unauthorized: 4001,
  forbidden: 4003,
  noSuchOrder: 4004,
  finished: 4010,
  tooMany: 4029,
  badMessage: 4400,
} as const;

export interface WireEnd {
  code: number;
  reason: string;
  // Did it ever open?  A way that never opens may be barred by a proxy.
  opened: boolean;
  // When the server said when to come back.
  retryMs?: number;
}

export interface WireHandlers {
  onOpen(): void;
  onText(text: string): void;
  // Once, at the end; not after close().
  onEnd(end: WireEnd): void;
}

export interface Wire {
  // False where nothing can be sent.
  send(message: object): boolean;
  close(): void;
}

export interface WireTarget {
  url: string;
  since: number | undefined;
  token: string;
}

export function withQuery(
  url: string,
  query: Record<string, string | number | undefined>,
): string {
  const list = Object.entries(query).filter(([, v]) => v !== undefined);
  if (list.length === 0) return url;
  const text = list
    .map(([k, v]) => `${k}=${encodeURIComponent(String(v))}`)
    .join('&');
  return `${url}${url.includes('?') ? '&' : '?'}${text}`;
}

// The N of {"retry_ms":N}.
export function retryOf(reason: string): number | undefined {
  try {
    const { retry_ms: ms } = JSON.parse(reason) as { retry_ms?: unknown };
    return typeof ms === 'number' && Number.isFinite(ms) ? ms : undefined;
  } catch {
    return undefined;
  }
}

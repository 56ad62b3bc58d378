// SPDX-License-Identifier: MIT
//
// backoff - how long to wait before the next attempt.  Pure: random() is the
// caller's, so that a test can hold it still.

export const FIRST_MS = 500;
export const MOST_MS = 30_000;
const BUSY_MS = 10_000;

// Full jitter, with a floor so that a dead server is not asked in a spin.
export function backoff(attempt: number, random: () => number): number {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(Math.min(FIRST_MS, most) / 2 + random() * most);
}

// The server named the time; a little spread on top, for there are many of us.
export function told(ms: number, random: () => number): number {
  const base = Math.min(Math.max(ms, 0), 5 * 60_000);
  return Math.round(base + random() * Math.min(1000, base / 4 + 50));
}

// Too many connections: come back later than after an ordinary loss.
export function busy(attempt: number, random: () => number): number {
  return BUSY_MS + backoff(attempt + 2, random);
}

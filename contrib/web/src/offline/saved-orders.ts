// SPDX-License-Identifier: MIT
//
// saved-orders - the last known state of an order, for when there is no
// network.  Kept for a day, and not after the right to see it has ended.
import type { Tracked } from '../model/fold';
import { dbGet, dbKeys, dbPut, dbRemove } from './db';

const KEEP_MS = 24 * 3600_000;
const MOST = 20;

export interface SavedOrder {
  tracked: Tracked;
  // When it was last known to be true.
  savedAt: number;
}

export async function saveOrder(
  key: string,
  tracked: Tracked,
  savedAt = Date.now(),
): Promise<void> {
  await dbPut('orders', key, { tracked, savedAt });
}

export async function savedOrder(key: string): Promise<SavedOrder | null> {
  const saved = await dbGet<SavedOrder>('orders', key);
  if (!saved) return null;
  if (Date.now() - saved.savedAt <= KEEP_MS) return saved;
  await dbRemove('orders', key);
  return null;
}

export function forgetOrder(key: string): Promise<void> {
  return dbRemove('orders', key);
}

// Old ones go when a page begins.
export async function pruneOrders(): Promise<void> {
  const all: { key: string; savedAt: number }[] = [];
  for (const key of await dbKeys('orders')) {
    const saved = await dbGet<SavedOrder>('orders', key);
    all.push({ key, savedAt: saved?.savedAt ?? 0 });
  }
  all.sort((a, b) => b.savedAt - a.savedAt);
  for (const [i, { key, savedAt }] of all.entries())
    if (i >= MOST || Date.now() - savedAt > KEEP_MS)
      await dbRemove('orders', key);
}

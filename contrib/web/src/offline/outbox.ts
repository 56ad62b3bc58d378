// SPDX-License-Identifier: MIT
//
// outbox - writes that could not be sent: kept, and sent later by whoever comes
// first, the service worker's background sync or a page that is online again.
// Only writes that may be repeated stand here (a read mark, the preferences).
import { dbGet, dbKeys, dbPut, dbRemove } from './db';
import { readIdentity, type Identity } from './identity';

const KEEP_MS = 7 * 24 * 3600_000;
export const SYNC_TAG = 'ow-outbox';

export interface Write {
  method: 'PUT' | 'DELETE';
  // Below /api/v1/{tenant}.
  path: string;
  body?: unknown;
  ifMatch?: string;
  // A newer write of the same name takes the older one's place.
  name: string;
}

interface Kept extends Write {
  at: number;
}

export interface Flushed {
  sent: Write[];
  // The server said no for good, and how.
  refused: { write: Write; status: number }[];
  // Left for later.
  left: number;
}

let count = 0;

export async function keepWrite(write: Write): Promise<void> {
  for (const key of await dbKeys('outbox')) {
    const old = await dbGet<Kept>('outbox', key);
    if (old?.name === write.name) await dbRemove('outbox', key);
  }
  const key = `${Date.now().toString(36).padStart(9, '0')}-${count++}`;
  await dbPut('outbox', key, { ...write, at: Date.now() } satisfies Kept);
}

export async function keptWrites(): Promise<Write[]> {
  const list: Write[] = [];
  for (const key of await dbKeys('outbox')) {
    const kept = await dbGet<Kept>('outbox', key);
    if (kept) list.push(kept);
  }
  return list;
}

type Verdict = 'sent' | 'refused' | 'later';

function verdict(status: number): Verdict {
  if (status < 300) return 'sent';
  if (status === 401 || status === 408 || status === 429 || status >= 500)
    return 'later';
  return 'refused';
}

async function post(write: Write, who: Identity): Promise<number> {
  const response = await fetch(
    `${who.apiUrl}/api/v1/${encodeURIComponent(who.tenant)}${write.path}`,
    {
      method: write.method,
      headers: {
        authorization: `Bearer ${who.token}`,
        ...(write.body === undefined
          ? {}
          : { 'content-type': 'application/json' }),
        ...(write.ifMatch ? { 'if-match': write.ifMatch } : {}),
      },
      body: write.body === undefined ? undefined : JSON.stringify(write.body),
      credentials: 'omit',
    },
  );
  return response.status;
}

async function flush(): Promise<Flushed> {
  const result: Flushed = { sent: [], refused: [], left: 0 };
  const who = await readIdentity();
  const keys = await dbKeys('outbox');
  for (const [i, key] of keys.entries()) {
    const write = await dbGet<Kept>('outbox', key);
    if (!write || Date.now() - write.at > KEEP_MS) {
      await dbRemove('outbox', key);
      continue;
    }
    const status = who?.token ? await post(write, who).catch(() => 503) : 401;
    const how = verdict(status);
    if (how === 'later') {
      result.left = keys.length - i;
      break;
    }
    await dbRemove('outbox', key);
    if (how === 'sent') result.sent.push(write);
    else result.refused.push({ write, status });
  }
  return result;
}

// One at a time, over all pages and the worker.
export async function flushOutbox(): Promise<Flushed> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  return locks ? locks.request(SYNC_TAG, flush) : flush();
}

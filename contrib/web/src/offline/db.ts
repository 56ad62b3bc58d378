// SPDX-License-Identifier: MIT
//
// db - what survives a closed page, shared by pages and the service worker.
// Where there is no IndexedDB (private mode, tests) it forgets at the end.

import { whenIdle } from '../time/idle';

const NAME = 'orderwire';
const VERSION = 1;

export type Shelf = 'kv' | 'orders' | 'outbox';

const SHELVES: Shelf[] = ['kv', 'orders', 'outbox'];
const memory = new Map<string, unknown>();

let opening: Promise<IDBDatabase | null> | null = null;

function open(): Promise<IDBDatabase | null> {
  opening ??= openNew();
  return opening;
}

async function openNew(): Promise<IDBDatabase | null> {
  if (typeof indexedDB === 'undefined') return null;
  await whenIdle();
  return new Promise((resolve) => {
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(NAME, VERSION);
    } catch {
      resolve(null);
      return;
    }
    request.onupgradeneeded = () => {
      for (const shelf of SHELVES) request.result.createObjectStore(shelf);
    };
    request.onsuccess = () => {
      // A newer page waits for us to let go.
      request.result.onversionchange = () => {
        request.result.close();
        opening = null;
      };
      resolve(request.result);
    };
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
}

async function run<T>(
  shelf: Shelf,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => { readonly result: unknown },
  otherwise: () => T,
): Promise<T> {
  const db = await open();
  if (!db) return otherwise();
  return new Promise<T>((resolve, reject) => {
    const tx = db.transaction(shelf, mode);
    const request = act(tx.objectStore(shelf));
    tx.oncomplete = () => resolve(request.result as T);
    tx.onerror = () => reject(tx.error);
    tx.onabort = () => reject(tx.error);
  });
}

export function dbGet<T>(shelf: Shelf, key: string): Promise<T | undefined> {
  return run<T | undefined>(
    shelf,
    'readonly',
    (s) => s.get(key),
    () => memory.get(`${shelf}/${key}`) as T | undefined,
  );
}

export async function dbPut(
  shelf: Shelf,
  key: string,
  value: unknown,
): Promise<void> {
  await run<unknown>(
    shelf,
    'readwrite',
    (s) => s.put(value, key),
    () => memory.set(`${shelf}/${key}`, value),
  );
}

export async function dbRemove(shelf: Shelf, key: string): Promise<void> {
  await run<unknown>(
    shelf,
    'readwrite',
    (s) => s.delete(key),
    () => memory.delete(`${shelf}/${key}`),
  );
}

export async function dbClear(shelf: Shelf): Promise<void> {
  await run<unknown>(
    shelf,
    'readwrite',
    (s) => s.clear(),
    () => {
      for (const key of [...memory.keys()])
        if (key.startsWith(`${shelf}/`)) memory.delete(key);
    },
  );
}

// In the order of their keys.
export async function dbKeys(shelf: Shelf): Promise<string[]> {
  const keys = await run<IDBValidKey[]>(
    shelf,
    'readonly',
    (s) => s.getAllKeys(),
    () =>
      [...memory.keys()]
        .filter((k) => k.startsWith(`${shelf}/`))
        .map((k) => k.slice(shelf.length + 1))
        .sort(),
  );
  return keys.map(String);
}

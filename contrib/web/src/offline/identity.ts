// SPDX-License-Identifier: MIT
//
// identity - what the service worker must know to speak for the person: where
// the server is, which tenant, which token.  Written by pages, removed when the
// person signs out.
import { dbGet, dbPut, dbRemove } from './db';

export interface Identity {
  apiUrl: string;
  tenant: string;
  token: string | null;
  // Of this device's push subscription, as the server named it.
  pushId?: string | null;
}

const KEY = 'identity';

export function readIdentity(): Promise<Identity | undefined> {
  return dbGet<Identity>('kv', KEY);
}

export async function writeIdentity(change: Partial<Identity>): Promise<void> {
  const old = await readIdentity();
  const next: Identity = {
    apiUrl: '',
    tenant: '',
    token: null,
    ...old,
    ...change,
  };
  await dbPut('kv', KEY, next);
}

export function forgetIdentity(): Promise<void> {
  return dbRemove('kv', KEY);
}

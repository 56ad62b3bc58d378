// SPDX-License-Identifier: MIT
//
// call - one HTTP call to the server.  Knows tokens, problems and the server's
// clock, and nothing of orders.  A token that has run out is refreshed once.
import { config } from '../config/config';
import { session, type Scope } from '../session/session';
import { serverClock } from '../time/clock';
import { Problem, problemOf, Unreachable } from './problem';

const TIMEOUT_MS = 15_000;

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  // Below /api/v1/{tenant}.
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  scope?: Scope;
  signal?: AbortSignal;
}

export interface Answer<T> {
  body: T;
  etag: string | null;
}

export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export function tenantUrl(tenant: string, path: string): string {
  return `${config().apiUrl}/api/v1/${encodeURIComponent(tenant)}${path}`;
}

async function send(call: Call, token: string | null): Promise<Response> {
  const { method = 'GET', body, headers } = call;
  const sentAt = Date.now();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  call.signal?.addEventListener('abort', () => abort.abort());
  try {
    const response = await fetch(
      tenantUrl(session.tenant(call.scope), call.path),
      {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        signal: abort.signal,
      },
    );
    const date = response.headers.get('date');
    if (date)
      serverClock.sample(Date.parse(date) + 500, Date.now(), sentAt - 500);
    return response;
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
}

// Written out once, so that a repeat after a refresh is the same request.
function withKey(call: Call): Call {
  if (call.method !== 'POST' && call.method !== 'PATCH') return call;
  return {
    ...call,
    headers: { 'idempotency-key': newKey(), ...call.headers },
  };
}

export async function request<T>(asked: Call): Promise<Answer<T>> {
  const call = withKey(asked);
  const scope = call.scope ?? 'me';
  const token = await session.token(scope, false);
  let response = await send(call, token);
  if (response.status === 401 && token !== null) {
    const fresh = await session.token(scope, true).catch(() => null);
    if (fresh !== null && fresh !== token) response = await send(call, fresh);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401) session.refused(scope);
    throw problem;
  }
  const text = await response.text();
  try {
    return {
      body: (text === '' ? undefined : JSON.parse(text)) as T,
      etag: response.headers.get('etag'),
    };
  } catch {
    throw new Problem(response.status, 'not_json', 'the answer is not JSON');
  }
}

export async function get<T>(
  path: string,
  more: Omit<Call, 'path'> = {},
): Promise<T> {
  return (await request<T>({ ...more, path })).body;
}

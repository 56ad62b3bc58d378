// SPDX-License-Identifier: MIT
//
// router - the few addresses that there are.  Pure matching, and the history.
import { useSyncExternalStore } from 'react';

export type Page =
  | { name: 'orders' }
  | { name: 'track'; id: string }
  | { name: 'notifications' }
  | { name: 'preferences' }
  | { name: 'kitchen' }
  | { name: 'sign_in' }
  | { name: 'not_found' };

// What can't be decoded is no order's name, but no reason to break either.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// The order that a path is about.
export function orderOf(pathname: string): string | null {
  const path = pathname.replace(/\/+$/, '');
  const order =
    /^\/track\/([^/]+)$/.exec(path) ??
    /^\/orders\/([^/]+)(?:\/track)?$/.exec(path);
  return order?.[1] ? decoded(order[1]) : null;
}

export function pageOf(pathname: string): Page {
  const path = pathname.replace(/\/+$/, '') || '/';
  const order = orderOf(path);
  if (order !== null) return { name: 'track', id: order };
  switch (path) {
    case '/':
    case '/orders':
      return { name: 'orders' };
    case '/notifications':
      return { name: 'notifications' };
    case '/preferences':
      return { name: 'preferences' };
    case '/kitchen':
      return { name: 'kitchen' };
    case '/sign-in':
      return { name: 'sign_in' };
    default:
      return { name: 'not_found' };
  }
}

export function trackPath(id: string): string {
  return `/orders/${encodeURIComponent(id)}/track`;
}

const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

export function go(path: string, replace = false): void {
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  window.scrollTo(0, 0);
  changed();
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

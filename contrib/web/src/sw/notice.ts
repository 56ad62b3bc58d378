// SPDX-License-Identifier: MIT
//
// notice - a push message to what the system shows.  Pure.  Whatever comes,
// something is shown: browsers demand it.

export interface NoticeData {
  path: string;
  order: string | null;
  receipt: string | null;
  receiptUrl: string | null;
}

export interface Notice {
  title: string;
  options: NotificationOptions & {
    data: NoticeData;
    renotify?: boolean;
    timestamp?: number;
  };
}

interface Payload {
  title?: unknown;
  body?: unknown;
  url?: unknown;
  tag?: unknown;
  lang?: unknown;
  order_id?: unknown;
  notice_id?: unknown;
  at?: unknown;
  receipt?: unknown;
  receipt_url?: unknown;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function parse(raw: string | null): Payload {
  if (raw === null) return {};
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

// Only a page of this app; another site's address is no reason to leave it.
function pathOf(payload: Payload, origin: string): string {
  const order = text(payload.order_id);
  if (order) return `/orders/${encodeURIComponent(order)}/track`;
  try {
    const url = new URL(text(payload.url) ?? '/orders', origin);
    return url.origin === origin ? url.pathname + url.search : '/orders';
  } catch {
    return '/orders';
  }
}

// A server that was not told its own address names a path of this origin.
function webUrl(value: unknown, origin: string): string | null {
  try {
    const url = new URL(text(value) ?? '', origin);
    return text(value) && /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function noticeOf(raw: string | null, origin: string): Notice {
  const payload = parse(raw);
  const at = Date.parse(text(payload.at) ?? '');
  const tag = text(payload.tag) ?? text(payload.notice_id) ?? 'orderwire';
  return {
    title: text(payload.title) ?? 'News of your order',
    options: {
      body: text(payload.body) ?? '',
      tag,
      // A newer notice of the same order replaces the older one, and is heard.
      renotify: true,
      lang: text(payload.lang) ?? '',
      icon: '/icons/icon-192.png',
      badge: '/icons/badge.png',
      ...(Number.isNaN(at) ? {} : { timestamp: at }),
      data: {
        path: pathOf(payload, origin),
        order: text(payload.order_id),
        receipt: text(payload.receipt),
        receiptUrl: webUrl(payload.receipt_url, origin),
      },
    },
  };
}

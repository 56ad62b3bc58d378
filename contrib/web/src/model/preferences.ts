// SPDX-License-Identifier: MIT
//
// preferences - reading and changing the document of one's wishes.  Pure.  What
// is not said is on; a channel that is off is off for every event.
import type { Medium, Preferences } from '../api/types';

export const MEDIA: Medium[] = ['in_app', 'push', 'email', 'sms'];

// What a person may want to hear of, in the order of an order's life.  The
// model names every event that can be, and that is more than anybody reads.
const TOPICS = [
  'order.accepted',
  'order.preparing',
  'order.delayed',
  'order.ready',
  'order.out_for_delivery',
  'delivery.near',
  'delivery.imminent',
  'order.delivered',
  'order.picked_up',
  'order.cancelled',
  'order.rejected',
  'order.delivery_failed',
];

// Those, without what the server does not know, and with what was chosen
// before.
export function topicsOf(p: Preferences, known?: string[]): string[] {
  const usual = TOPICS.filter((topic) => !known || known.includes(topic));
  const own = Object.keys(p.events).filter((topic) => !usual.includes(topic));
  return [...usual, ...own];
}

export function wants(p: Preferences, topic: string, medium: Medium): boolean {
  return p.events[topic]?.[medium] ?? true;
}

export function withChannel(
  p: Preferences,
  medium: Medium,
  isOn: boolean,
): Preferences {
  return { ...p, channels: { ...p.channels, [medium]: isOn } };
}

export function withEvent(
  p: Preferences,
  topic: string,
  medium: Medium,
  isOn: boolean,
): Preferences {
  const media = { ...p.events[topic], [medium]: isOn };
  return { ...p, events: { ...p.events, [topic]: media } };
}

function canonical(p: Preferences): string {
  const { version: _, ...rest } = p;
  return JSON.stringify(rest, (_key, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : value,
  );
}

// The same wishes, whichever version.
export function isSame(a: Preferences, b: Preferences): boolean {
  return canonical(a) === canonical(b);
}

export function ownTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

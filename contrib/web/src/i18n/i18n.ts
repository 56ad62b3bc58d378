// SPDX-License-Identifier: MIT
//
// i18n - the words.  English is in the bundle, so that there are always words;
// another language is loaded before the first page is drawn.  A key that does
// not exist is a compile error, a language that lacks one fails a test.
import en from './en.json';

export type Key = keyof typeof en;
type PluralOf<K> = K extends `${infer Stem}.other` ? Stem : never;
export type PluralKey = PluralOf<Key>;
export type Values = Record<string, string | number>;

export const LOCALES: Record<string, string> = {
  en: 'English',
  de: 'Deutsch',
};

let words: Record<string, string> = en;
let locale = 'en';
let formats = makeFormats('en');

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

// Each is made when it is used: that takes a phone many milliseconds.
function makeFormats(tag: string) {
  return {
    plural: once(() => new Intl.PluralRules(tag)),
    number: once(
      () => new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }),
    ),
    time: once(
      () =>
        new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' }),
    ),
    date: once(
      () => new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' }),
    ),
  };
}

// The best of what is wanted, in order, that there is; "de-AT" gives "de".
export function pickLocale(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const stem = tag.toLowerCase().split('-')[0] ?? '';
    if (stem in LOCALES) return stem;
  }
  return 'en';
}

export async function loadLocale(wanted: readonly string[]): Promise<void> {
  const picked = pickLocale(wanted);
  // The region stays for dates: en-GB has another clock than en-US.
  const tag = wanted.find((w) => w.toLowerCase().startsWith(picked)) ?? picked;
  try {
    Intl.getCanonicalLocales(tag);
    words = picked === 'de' ? (await import('./de.json')).default : en;
    locale = picked;
    formats = makeFormats(tag);
  } catch {
    // English it stays.
  }
  if (typeof document !== 'undefined') document.documentElement.lang = locale;
}

export function fill(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? formats.number().format(value) : value;
  });
}

export function t(key: Key, values?: Values): string {
  return fill(words[key] ?? en[key], values);
}

export function plural(stem: PluralKey, n: number): string {
  const key = `${stem}.${formats.plural().select(n)}`;
  const text = words[key] ?? words[`${stem}.other`] ?? '';
  return fill(text, { n });
}

// For words that the server names: its own name when we have none.
export function tName(prefix: string, name: string): string {
  return words[`${prefix}.${name}`] ?? name.replace(/[._]/g, ' ');
}

export function formatTime(at: number | string): string {
  return formats.time().format(new Date(at));
}

export function formatDate(at: number | string): string {
  return formats.date().format(new Date(at));
}

// From one time to another, or around it when both read the same.
export function formatWindow(from: number | string, to: number | string) {
  const [a, b] = [formatTime(from), formatTime(to)];
  return a === b
    ? t('eta.clock_one', { at: a })
    : t('eta.clock', { from: a, to: b });
}

// The time, and the day when it is another one than now's.
export function formatMoment(at: number | string, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return isToday ? formatTime(at) : `${formatDate(at)}, ${formatTime(at)}`;
}

export function formatAgo(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return t('ago.now');
  if (minutes < 60) return plural('ago.minutes', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return plural('ago.hours', hours);
  return plural('ago.days', Math.floor(hours / 24));
}

export function formatDistance(meters: number): string {
  return meters < 950
    ? t('map.meters', { n: Math.round(meters / 10) * 10 })
    : t('map.kilometers', { n: Math.round(meters / 100) / 10 });
}

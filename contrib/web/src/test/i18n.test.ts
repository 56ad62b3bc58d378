// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it } from 'vitest';
import de from '../i18n/de.json';
import en from '../i18n/en.json';
import {
  fill,
  formatAgo,
  formatDistance,
  formatTime,
  loadLocale,
  pickLocale,
  plural,
  t,
  tName,
} from '../i18n/i18n';

afterEach(() => loadLocale(['en']));

const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe('words', () => {
  it('are all there in every language, with the same places', () => {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries(en))
      expect([key, places(de[key as keyof typeof de])]).toEqual([
        key,
        places(text),
      ]);
  });

  it('follow what the person wants', async () => {
    expect(pickLocale(['fr-FR', 'de-AT', 'en'])).toBe('de');
    expect(pickLocale(['xx'])).toBe('en');
    await loadLocale(['de-AT']);
    expect(t('live.live')).toBe('Live');
    expect(t('status.ready')).toBe('Fertig');
    expect(plural('ago.minutes', 1)).toBe('vor 1 Minute');
  });

  it('stay English, and whole, when the locale is no tag', async () => {
    await loadLocale(['de-!!']);
    expect(t('status.ready')).toBe('Ready');
    expect(() => formatTime(0)).not.toThrow();
  });

  it('put values in, and leave markup alone', () => {
    expect(fill('{a} and {b}', { a: '<b>', b: 2 })).toBe('<b> and 2');
    expect(tName('status', 'brand_new')).toBe('brand new');
    expect(formatAgo(30_000)).toBe('just now');
    expect(formatAgo(3 * 3600_000)).toBe('3 hours ago');
    expect(formatDistance(843)).toBe('840 m');
    expect(formatDistance(1234)).toBe('1.2 km');
  });
});

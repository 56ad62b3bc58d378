// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dbClear } from '../offline/db';
import { writeIdentity } from '../offline/identity';
import { flushOutbox, keepWrite, keptWrites } from '../offline/outbox';
import {
  forgetOrder,
  pruneOrders,
  savedOrder,
  saveOrder,
} from '../offline/saved-orders';
import { aTracked } from './samples';

const read = (id: string) => ({
  method: 'PUT' as const,
  path: `/notifications/${id}/read`,
  name: `read ${id}`,
});

function answers(...statuses: (number | 'cut')[]) {
  const spy = vi.spyOn(globalThis, 'fetch');
  for (const status of statuses)
    if (status === 'cut') spy.mockRejectedValueOnce(new TypeError());
    else spy.mockResolvedValueOnce(new Response(null, { status }));
  return spy;
}

beforeEach(async () => {
  await dbClear('outbox');
  await dbClear('orders');
  await writeIdentity({ apiUrl: '', tenant: 'roma', token: 't' });
});

describe('outbox', () => {
  it('sends what waited, in its order, with the token', async () => {
    const fetched = answers(204, 204);
    await keepWrite(read('a'));
    await keepWrite(read('b'));
    const flushed = await flushOutbox();
    expect(flushed.sent.map((w) => w.name)).toEqual(['read a', 'read b']);
    expect(fetched.mock.calls[0]![0]).toBe('/api/v1/roma/notifications/a/read');
    expect(await keptWrites()).toEqual([]);
  });

  it('keeps what could not be sent, and what is behind it', async () => {
    answers(204, 'cut');
    for (const id of ['a', 'b', 'c']) await keepWrite(read(id));
    expect((await flushOutbox()).left).toBe(2);
    expect((await keptWrites()).map((w) => w.name)).toEqual([
      'read b',
      'read c',
    ]);
  });

  it.each([401, 429, 503])('tries again after %i', async (status) => {
    answers(status);
    await keepWrite(read('a'));
    await flushOutbox();
    expect(await keptWrites()).toHaveLength(1);
  });

  it('gives up what is refused, and says so', async () => {
    answers(412);
    await keepWrite({
      method: 'PUT',
      path: '/notification-preferences',
      ifMatch: '"3"',
      body: {},
      name: 'preferences',
    });
    const { refused } = await flushOutbox();
    expect(refused[0]).toMatchObject({ status: 412 });
    expect(await keptWrites()).toEqual([]);
  });

  it('keeps the last of those that take the same place', async () => {
    const put = (locale: string) => ({
      method: 'PUT' as const,
      path: '/notification-preferences',
      body: { locale },
      name: 'preferences',
    });
    await keepWrite(put('de'));
    await keepWrite(put('en'));
    expect((await keptWrites()).map((w) => w.body)).toEqual([{ locale: 'en' }]);
  });

  it('asks nobody without a token', async () => {
    await writeIdentity({ token: null });
    const fetched = answers();
    await keepWrite(read('a'));
    expect((await flushOutbox()).left).toBe(1);
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe('saved orders', () => {
  it('are there with their age, until they are a day old', async () => {
    vi.useFakeTimers({ now: 1_000_000_000 });
    await saveOrder('o', aTracked());
    vi.setSystemTime(1_000_000_000 + 3600_000);
    expect((await savedOrder('o'))?.savedAt).toBe(1_000_000_000);
    vi.setSystemTime(1_000_000_000 + 25 * 3600_000);
    expect(await savedOrder('o')).toBeNull();
    vi.useRealTimers();
  });

  it('are few, and forgotten when they may not be seen', async () => {
    for (let i = 0; i < 25; i++) await saveOrder(`o-${i}`, aTracked());
    await pruneOrders();
    const left = await Promise.all(
      Array.from({ length: 25 }, (_, i) => savedOrder(`o-${i}`)),
    );
    expect(left.filter(Boolean)).toHaveLength(20);
    await saveOrder('o', aTracked());
    await forgetOrder('o');
    expect(await savedOrder('o')).toBeNull();
  });
});

// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeIdentity } from '../offline/identity';
import { keyBytes } from '../push/key-bytes';
import { noticeOf } from '../sw/notice';
import { pickClient } from '../sw/pick-client';
import { sendReceipt } from '../sw/receipt';
import { resubscribe } from '../sw/resubscribe';

const origin = 'https://shop.example';

afterEach(() => vi.restoreAllMocks());

describe('a push message', () => {
  it('becomes a notice that leads to its order', () => {
    const { title, options } = noticeOf(
      JSON.stringify({
        title: 'Ready',
        body: 'Enjoy',
        tag: 'order-1',
        order_id: 'o/1',
        at: '2026-11-22T18:00:00.000Z',
        receipt: 'r',
        receipt_url: 'https://shop.example/api/v1/roma/receipts',
      }),
      origin,
    );
    expect(title).toBe('Ready');
    expect(options).toMatchObject({
      body: 'Enjoy',
      tag: 'order-1',
      timestamp: Date.parse('2026-11-22T18:00:00.000Z'),
      data: { path: '/orders/o%2F1/track', receipt: 'r' },
    });
  });

  it.each([null, '', '{', '[]', '42', '{"title":7}'])(
    'is shown whatever it holds: %s',
    (raw) => {
      const { title, options } = noticeOf(raw, origin);
      expect(title).not.toBe('');
      expect(options.data.path).toBe('/orders');
    },
  );

  it('leads to no other site', () => {
    const at = (url: string) =>
      noticeOf(JSON.stringify({ url }), origin).options.data.path;
    expect(at('https://evil.example/x')).toBe('/orders');
    expect(at('javascript:alert(1)')).toBe('/orders');
    expect(at('https://shop.example/track/o-1#secret')).toBe('/track/o-1');
  });
});

describe('a tapped notice', () => {
  const tab = (path: string, focused = false) => ({
    url: origin + path,
    focused,
  });

  it('goes to the tab that shows the order already', () => {
    const tabs = [tab('/orders', true), tab('/track/o-1')];
    expect(pickClient(tabs, '/orders/o-1/track', 'o-1')).toEqual({
      tab: tabs[1],
      isThere: true,
    });
  });

  it('takes over another tab, but never the kitchen board', () => {
    const tabs = [tab('/kitchen', true), tab('/preferences')];
    expect(pickClient(tabs, '/orders/o-1/track', 'o-1')).toEqual({
      tab: tabs[1],
      isThere: false,
    });
    expect(pickClient([tabs[0]!], '/orders/o-1/track', 'o-1')).toBeNull();
  });
});

describe('receipts', () => {
  const data = {
    path: '/',
    order: null,
    receipt: 'r',
    receiptUrl: `${origin}/receipts`,
  };

  it('are sent without any other token', async () => {
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockResolvedValue(new Response(null, { status: 204 }));
    await sendReceipt(data, 'clicked');
    const [url, init] = fetched.mock.calls[0]!;
    expect(url).toBe(`${origin}/receipts`);
    expect(init).toMatchObject({
      credentials: 'omit',
      body: '{"token":"r","event":"clicked"}',
    });
  });

  it('do no harm when they are lost, or there is none', async () => {
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockRejectedValue(new TypeError());
    await sendReceipt(data, 'displayed');
    await sendReceipt({ ...data, receipt: null }, 'displayed');
    await sendReceipt(undefined, 'displayed');
    expect(fetched).toHaveBeenCalledOnce();
  });
});

describe('a changed subscription', () => {
  it('is made anew and told to the server', async () => {
    await writeIdentity({
      apiUrl: origin,
      tenant: 'roma',
      token: 't',
      pushId: 'old',
    });
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockResolvedValue(Response.json({ id: 'new' }));
    const subscribe = vi.fn().mockResolvedValue({
      toJSON: () => ({ endpoint: 'https://push.example/2', keys: {} }),
    });
    const key = new ArrayBuffer(1);
    await resubscribe({ subscribe } as unknown as PushManager, {
      oldSubscription: {
        options: { applicationServerKey: key },
      } as unknown as PushSubscription,
    });
    expect(subscribe).toHaveBeenCalledWith({
      userVisibleOnly: true,
      applicationServerKey: key,
    });
    expect(fetched.mock.calls[0]![0]).toBe(
      `${origin}/api/v1/roma/push-subscriptions`,
    );
  });

  it('reads the key as the server writes it', () => {
    expect([...keyBytes('-_8')]).toEqual([0xfb, 0xff]);
  });
});

// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  forgetIdentity,
  readIdentity,
  writeIdentity,
} from '../offline/identity';
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

  it.each([
    ['/api/v1/roma/receipts', `${origin}/api/v1/roma/receipts`],
    ['https://api.example/receipts', 'https://api.example/receipts'],
    ['javascript:alert(1)', null],
    ['https://', null],
    ['', null],
    [7, null],
  ])('has its receipts sent to the server: %s', (receipt_url, expected) => {
    const { options } = noticeOf(JSON.stringify({ receipt_url }), origin);
    expect(options.data.receiptUrl).toBe(expected);
  });

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
  const change = {};
  const subscribe = vi.fn();
  const manager = { subscribe } as unknown as PushManager;

  beforeEach(async () => {
    subscribe.mockReset().mockResolvedValue({
      toJSON: () => ({ endpoint: 'https://push.example/2', keys: {} }),
    });
    await writeIdentity({
      apiUrl: origin,
      tenant: 'roma',
      token: 't',
      pushId: 'old',
    });
  });

  function server(told = Response.json({ id: 'new' }, { status: 201 })) {
    const calls: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      const path = String(url).replace(`${origin}/api/v1/roma`, '');
      calls.push(`${init?.method ?? 'GET'} ${path}`);
      if (path.endsWith('/key')) return Response.json({ public_key: '-_8' });
      return init?.method === 'POST' ? told : new Response(null);
    });
    return calls;
  }

  it("is made anew with the server's key, and takes the old one's place", async () => {
    const calls = server();
    await resubscribe(manager, change);
    expect(subscribe).toHaveBeenCalledWith({
      userVisibleOnly: true,
      applicationServerKey: new Uint8Array([0xfb, 0xff]),
    });
    expect(calls).toEqual([
      'GET /push-subscriptions/key',
      'POST /push-subscriptions',
      'DELETE /push-subscriptions/old',
    ]);
    expect((await readIdentity())?.pushId).toBe('new');
  });

  it('is told as the browser has made it', async () => {
    const calls = server();
    const newSubscription = (await subscribe()) as PushSubscription;
    subscribe.mockClear();
    await resubscribe(manager, { newSubscription });
    expect(subscribe).not.toHaveBeenCalled();
    expect(calls[0]).toBe('POST /push-subscriptions');
  });

  it('is left to the page when the server says no', async () => {
    const calls = server(new Response(null, { status: 401 }));
    await resubscribe(manager, change);
    expect(calls.at(-1)).toBe('POST /push-subscriptions');
    expect((await readIdentity())?.pushId).toBe('old');
  });

  it("is nobody's business after a sign-out", async () => {
    const calls = server();
    await forgetIdentity();
    await resubscribe(manager, change);
    await writeIdentity({ token: 't', pushId: null });
    await resubscribe(manager, change);
    expect(calls).toEqual([]);
    expect(subscribe).not.toHaveBeenCalled();
  });

  it('reads the key as the server writes it', () => {
    expect([...keyBytes('-_8')]).toEqual([0xfb, 0xff]);
  });
});

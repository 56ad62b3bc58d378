// SPDX-License-Identifier: MIT
//
// The tracking page as a whole, with a socket that the test holds.
import { QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tracking } from '../api/types';
import { newQueryClient } from '../hooks/query-client';
import { FakeSocket } from '../live/test/fake';
import { dbClear } from '../offline/db';
import { savedOrder, saveOrder } from '../offline/saved-orders';
import { TrackPage } from '../pages/track';
import { session } from '../session/session';
import { useTrackingStore } from '../stores/tracking';
import { aTracked, T0 } from './samples';

const LINK = 'abcdefghijklmnopqrstuvwxyz';
let sockets: FakeSocket[] = [];

class Socket extends FakeSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    sockets.push(this);
  }
}

function snapshotOf(seq = 1) {
  const { seq: _, ...data } = aTracked();
  return {
    type: 'order.snapshot',
    order_id: 'order-1',
    seq,
    at: T0,
    data: data as Tracking,
  };
}

function serve(status: number, body: unknown) {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () =>
    Response.json(body, { status }),
  );
}

function show() {
  return render(
    <QueryClientProvider client={newQueryClient()}>
      <TrackPage id="order-1" />
    </QueryClientProvider>,
  );
}

async function socket(): Promise<FakeSocket> {
  await waitFor(() => expect(sockets.length).toBeGreaterThan(0));
  return sockets.at(-1)!;
}

beforeEach(async () => {
  sockets = [];
  vi.stubGlobal('WebSocket', Socket);
  useTrackingStore.setState(useTrackingStore.getInitialState(), true);
  session.setLink('order-1', LINK);
  await dbClear('orders');
});
afterEach(() => {
  vi.unstubAllGlobals();
  session.setLink('order-1', null);
});

describe('the tracking page', () => {
  it('shows an order by its link, and what happens to it', async () => {
    serve(200, snapshotOf());
    show();
    const s = await socket();
    expect(s.url).not.toContain(LINK);
    expect(s.protocols).toContain(`bearer.${LINK}`);
    act(() => {
      s.accept().say(snapshotOf());
    });
    await screen.findByRole('heading', { name: 'We have your order' });
    expect(screen.getByText('Live')).toBeTruthy();
    act(() => {
      s.say({
        type: 'order.status.changed',
        order_id: 'order-1',
        seq: 2,
        at: T0,
        data: { from: 'placed', to: 'ready', by: 'kitchen' },
      });
    });
    await screen.findByRole('heading', { name: 'Ready for you to pick up' });
  });

  it('says why an order was stopped', async () => {
    const changed = (to: string, reason?: string) => ({
      type: 'order.status.changed',
      order_id: 'order-1',
      seq: 2,
      at: T0,
      data: { from: 'placed', to, by: 'kitchen', reason },
    });
    const log = [changed('rejected', 'Sold out'), changed('cancelled', 'Fire')];
    serve(200, { data: log, next_cursor: null });
    show();
    const s = await socket();
    act(() => {
      s.accept().say(snapshotOf());
      s.say(changed('rejected'));
    });
    await screen.findByText('Reason: Sold out');
    expect(String(vi.mocked(fetch).mock.lastCall?.[0])).toMatch(
      /\/orders\/order-1\/events\?since=0&limit=200$/,
    );
  });

  it('asks by itself while the stream is away', async () => {
    serve(200, snapshotOf());
    show();
    const s = await socket();
    expect(fetch).not.toHaveBeenCalled();
    act(() => s.end(1006));
    await screen.findByRole('heading', { name: 'We have your order' });
    expect(screen.queryByText('Live')).toBeNull();
  });

  it('says that a link is no longer good, and forgets the order', async () => {
    await saveOrder('order-1', aTracked());
    serve(403, { code: 'forbidden', status: 403, detail: '' });
    show();
    const s = await socket();
    act(() => s.accept().end(4003));
    await screen.findByText('This link no longer works');
    await waitFor(async () => expect(await savedOrder('order-1')).toBeNull());
  });

  it('says when there is no such order', async () => {
    session.setLink('order-1', null);
    session.signIn('me', 'a.b.c', false);
    serve(404, { code: 'no_such_order', status: 404, detail: '' });
    show();
    const s = await socket();
    act(() => s.accept().end(4004));
    await screen.findByText('We could not find this order');
    session.signOut('me');
  });

  it('asks to sign in who has neither', async () => {
    session.setLink('order-1', null);
    serve(401, { code: 'token_missing', status: 401, detail: '' });
    show();
    await screen.findByText('Please sign in to see this');
    expect(sockets).toHaveLength(0);
  });

  it('shows the last known state offline, with its age', async () => {
    await saveOrder('order-1', aTracked({ status: 'preparing' }));
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('offline'));
    show();
    act(() => {
      void socket().then((s) => s.end(1006));
    });
    await screen.findByText(
      "The kitchen can't be reached. This was known just now.",
    );
    expect(
      screen.getByRole('heading', { name: 'Your order is being prepared' }),
    ).toBeTruthy();
    expect(screen.queryByText('Live')).toBeNull();
  });

  describe('that is put away or cut off', () => {
    const MINUTE = 60_000;
    const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
    const age = () => screen.queryByText(/This was known/)?.textContent ?? '';
    const beat = (s: FakeSocket) =>
      act(() => void s.say({ type: 'heartbeat', at: T0 }));

    // Live, and left alone for five minutes but for heartbeats.
    async function quietFor5(): Promise<FakeSocket> {
      vi.useFakeTimers({ now: Date.parse(T0), shouldAdvanceTime: true });
      vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('away'));
      show();
      const s = await socket();
      act(() => void s.accept().say(snapshotOf()));
      await screen.findByText('Live');
      for (let i = 0; i < 12; i++) {
        await pass(25_000);
        beat(s);
      }
      return s;
    }

    afterEach(() => {
      vi.useRealTimers();
    });

    it('keeps when the order was last known, not when it changed', async () => {
      await quietFor5();
      const heard = Date.now();
      await pass(10_000);
      act(() => void window.dispatchEvent(new Event('pagehide')));
      await pass(0);
      const { savedAt } = (await savedOrder('order-1'))!;
      expect(Math.abs(savedAt - heard)).toBeLessThan(2000);
    });

    it('says how old it is after a minute, through all tries', async () => {
      const s = await quietFor5();
      act(() => s.end(1006));
      await pass(30_000);
      expect(age()).toBe('');
      expect(screen.queryByText('Live')).toBeNull();
      await pass(35_000);
      const open = sockets.length;
      for (let i = 0; i < 60; i++) {
        act(() => {
          if (!sockets.at(-1)!.closed) sockets.at(-1)!.end(1006);
        });
        await pass(1000);
        expect(age()).toMatch(
          /^The kitchen can't be reached.* [12] minutes? ago/,
        );
      }
      expect(sockets.length).toBeGreaterThan(open);
      const { savedAt } = (await savedOrder('order-1'))!;
      expect(Date.now() - savedAt).toBeGreaterThan(2 * MINUTE - 2000);
    });

    it('does not count what it has asked for itself', async () => {
      const s = await quietFor5();
      serve(200, snapshotOf());
      act(() => s.end(1006));
      for (let i = 0; i < 90; i++) {
        act(() => {
          if (!sockets.at(-1)!.closed) sockets.at(-1)!.end(1006);
        });
        await pass(1000);
      }
      expect(vi.mocked(fetch)).toHaveBeenCalled();
      expect(age()).toBe('');
    });
  });

  it('shows no order any more to whoever has signed out', async () => {
    session.setLink('order-1', null);
    session.signIn('me', 'a.b.c', false);
    serve(401, { code: 'token_missing', status: 401, detail: '' });
    show();
    const s = await socket();
    act(() => void s.accept().say(snapshotOf()));
    await screen.findByRole('heading', { name: 'We have your order' });
    act(() => session.signOut('me'));
    await screen.findByText('Please sign in to see this');
    expect(s.closed).toBe(true);
    await waitFor(async () => expect(await savedOrder('order-1')).toBeNull());
  });
});

// SPDX-License-Identifier: MIT
import { QueryClientProvider } from '@tanstack/react-query';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor,
} from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Preferences } from '../api/types';
import { NotificationCenter } from '../components/notifications/notification-center';
import { NotificationPreferences } from '../components/notifications/notification-preferences';
import { newQueryClient } from '../hooks/query-client';
import { topicsOf, wants, withChannel, withEvent } from '../model/preferences';
import { keptWrites } from '../offline/outbox';
import { dbClear } from '../offline/db';
import { session } from '../session/session';
import { useNotificationStore } from '../stores/notifications';
import { aNotice } from './samples';

const part = (o: object) => btoa(JSON.stringify(o)).replace(/=+$/, '');
const token = `${part({})}.${part({ sub: 'c', tenant: 'roma' })}.x`;

const PREFERENCES: Preferences = {
  channels: { in_app: true, push: true, email: true, sms: true },
  events: {},
  quiet_hours: null,
  locale: null,
  contact: { email: null, phone: null },
  version: 3,
};

type Handler = (url: string, init: RequestInit) => Response | Promise<Response>;

function serve(handler: Handler) {
  return vi
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async (url, init) => handler(String(url), init ?? {}));
}

function problem(status: number, code: string) {
  return Response.json({ code, detail: code, status }, { status });
}

function show(ui: React.ReactElement) {
  return render(
    <QueryClientProvider client={newQueryClient()}>{ui}</QueryClientProvider>,
  );
}

beforeEach(async () => {
  useNotificationStore.getState().reset();
  session.signIn('me', token);
  await dbClear('outbox');
});

describe('NotificationCenter', () => {
  const page = (n: number) => ({
    data: Array.from({ length: n }, (_, i) => aNotice(i)),
    unread_count: n,
    next_cursor: null,
  });

  it('marks a notice as read at once, and tells the server', async () => {
    const fetched = serve((_url, init) =>
      init.method === 'PUT'
        ? new Response(null, { status: 204 })
        : Response.json(page(2)),
    );
    show(<NotificationCenter />);
    const button = await screen.findByRole('button', {
      name: 'Mark “Order 1 is ready” as read',
    });
    fireEvent.click(button);
    await waitFor(() =>
      expect(useNotificationStore.getState().unreadCount).toBe(1),
    );
    await waitFor(() =>
      expect(
        fetched.mock.calls.some(([url]) =>
          String(url).endsWith('/notifications/n-0001/read'),
        ),
      ).toBe(true),
    );
  });

  it('keeps the mark for later when the server is not reached', async () => {
    serve((_url, init) => {
      if (init.method === 'PUT') throw new TypeError('offline');
      return Response.json(page(1));
    });
    show(<NotificationCenter />);
    fireEvent.click(await screen.findByRole('button', { name: /Mark “/ }));
    await waitFor(async () =>
      expect((await keptWrites()).map((w) => w.name)).toEqual(['read n-0000']),
    );
    expect(useNotificationStore.getState().unreadCount).toBe(0);
  });

  it('takes the mark back when it is refused', async () => {
    serve((_url, init) =>
      init.method === 'PUT'
        ? problem(403, 'forbidden')
        : Response.json(page(1)),
    );
    show(<NotificationCenter />);
    fireEvent.click(await screen.findByRole('button', { name: /Mark “/ }));
    await waitFor(() =>
      expect(useNotificationStore.getState().unreadCount).toBe(1),
    );
  });

  it('shows 500 notices', async () => {
    serve(() => Response.json({ ...page(0), unread_count: 500 }));
    show(<NotificationCenter />);
    await screen.findByText('No notifications');
    act(() => {
      useNotificationStore.getState().mergeNotifications(page(500).data, 500);
    });
    expect(screen.getAllByRole('listitem')).toHaveLength(500);
  });

  it('says when there is nothing, and when it failed', async () => {
    serve(() => Response.json(page(0)));
    const { unmount } = show(<NotificationCenter />);
    await screen.findByText('No notifications');
    unmount();
    vi.restoreAllMocks();
    serve(() => problem(403, 'forbidden'));
    show(<NotificationCenter />);
    await screen.findByText('Notifications could not be loaded');
  });
});

describe('preferences', () => {
  it('are on unless they are off', () => {
    expect(wants(PREFERENCES, 'order.ready', 'sms')).toBe(true);
    const off = withEvent(PREFERENCES, 'order.ready', 'sms', false);
    expect(wants(off, 'order.ready', 'sms')).toBe(false);
    expect(wants(off, 'order.ready', 'push')).toBe(true);
    expect(withChannel(off, 'push', false).channels.push).toBe(false);
  });

  it('name what matters, and what was chosen before', () => {
    const p = withEvent(PREFERENCES, 'x.loyalty', 'push', false);
    expect(topicsOf(p, ['order.ready', 'delivery.pending'])).toEqual([
      'order.ready',
      'x.loyalty',
    ]);
  });

  function servePreferences(put: Handler, latest = () => PREFERENCES) {
    return serve((url, init) => {
      if (!url.endsWith('/notification-preferences'))
        return problem(404, 'not_found');
      return init.method === 'PUT' ? put(url, init) : Response.json(latest());
    });
  }

  const change = async () => {
    const [sms] = await screen.findAllByRole('switch', { name: 'SMS' });
    fireEvent.click(sms!);
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
  };

  it('are saved over the version they were made from', async () => {
    const put = vi.fn((_url: string, init: RequestInit) =>
      Response.json({
        ...PREFERENCES,
        ...JSON.parse(String(init.body)),
        version: 4,
      }),
    );
    servePreferences(put);
    show(<NotificationPreferences />);
    await change();
    await screen.findByText('Saved');
    const [, init] = put.mock.calls[0]!;
    expect(new Headers(init.headers).get('if-match')).toBe('"3"');
    expect(JSON.parse(String(init.body)).channels.sms).toBe(false);
    expect(useNotificationStore.getState().preferences?.version).toBe(4);
  });

  it('show a conflict, and let one keep the own ones', async () => {
    let version = 3;
    const put = vi.fn((_url: string, init: RequestInit) => {
      const match = new Headers(init.headers).get('if-match');
      if (match !== '"5"') {
        version = 5;
        return problem(412, 'precondition_failed');
      }
      return Response.json({
        ...PREFERENCES,
        ...JSON.parse(String(init.body)),
        version: 6,
      });
    });
    servePreferences(put, () => ({ ...PREFERENCES, version, locale: 'de' }));
    show(<NotificationPreferences />);
    await change();
    await screen.findByText('Changed somewhere else');
    fireEvent.click(screen.getByRole('button', { name: 'Keep mine' }));
    await screen.findByText('Saved');
    expect(useNotificationStore.getState().preferences?.channels.sms).toBe(
      false,
    );
  });

  it('wait when there is no network', async () => {
    servePreferences(() => {
      throw new TypeError('offline');
    });
    show(<NotificationPreferences />);
    await change();
    await screen.findByText(/You are offline/);
    expect((await keptWrites())[0]).toMatchObject({
      name: 'preferences',
      ifMatch: '"3"',
    });
  });
});

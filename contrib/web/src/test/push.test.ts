// SPDX-License-Identifier: MIT
//
// What a browser can't be made to do by itself: fail at each step.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readIdentity, writeIdentity } from '../offline/identity';
import { healPush, pushState, turnOff, turnOn } from '../push/push';
import { session } from '../session/session';

const KEY = '-_8';
const bytes = (...list: number[]) => new Uint8Array(list).buffer;

class Subscription {
  isEnded = false;
  constructor(
    readonly name: string,
    readonly options = { applicationServerKey: bytes(0xfb, 0xff) },
  ) {}
  toJSON() {
    return { endpoint: `https://push.example/${this.name}`, keys: {} };
  }
  async unsubscribe() {
    this.isEnded = true;
    if (browser.present === this) browser.present = null;
    return true;
  }
}

const browser = {
  permission: 'default',
  answer: 'granted',
  asked: 0,
  made: 0,
  present: null as Subscription | null,
  refusal: null as Error | null,
};

const pushManager = {
  getSubscription: async () => browser.present,
  subscribe: async () => {
    if (browser.refusal) throw browser.refusal;
    browser.present = new Subscription(`made-${++browser.made}`);
    return browser.present;
  },
};

const server = {
  calls: [] as string[],
  hasChannel: true,
  status: 201,
};

beforeEach(async () => {
  Object.assign(browser, {
    permission: 'default',
    answer: 'granted',
    asked: 0,
    made: 0,
    present: null,
    refusal: null,
  });
  Object.assign(server, { calls: [], hasChannel: true, status: 201 });
  vi.stubGlobal('PushManager', class {});
  vi.stubGlobal('Notification', {
    get permission() {
      return browser.permission;
    },
    requestPermission: async () => {
      browser.asked++;
      browser.permission = browser.answer;
      return browser.answer;
    },
  });
  const registration = { pushManager };
  Object.defineProperty(navigator, 'serviceWorker', {
    configurable: true,
    value: {
      ready: Promise.resolve(registration),
      getRegistration: async () => registration,
    },
  });
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    const path = url.replace(/^.*\/api\/v1\/[^/]+/, '');
    const method = init?.method ?? 'GET';
    server.calls.push(`${method} ${path}`);
    if (path.endsWith('/key'))
      return server.hasChannel
        ? Response.json({ public_key: KEY })
        : Response.json({ code: 'no_channel' }, { status: 404 });
    if (method === 'POST')
      return Response.json(
        server.status === 201 ? { id: `id-${browser.made}` } : { code: 'x' },
        { status: server.status },
      );
    return new Response(null, { status: 204 });
  });
  session.signIn('me', 'a.b.c', false);
  await writeIdentity({ token: 'a.b.c', tenant: 'demo', pushId: null });
});

afterEach(() => {
  session.signOut('me');
  vi.unstubAllGlobals();
  vi.useRealTimers();
  Reflect.deleteProperty(navigator, 'serviceWorker');
});

const knownId = async () => (await readIdentity())?.pushId;

describe('turning push on', () => {
  it('asks, subscribes and tells the server', async () => {
    expect(await pushState()).toBe('off');
    expect(browser.asked).toBe(0);
    expect(await turnOn()).toBe('on');
    expect(browser.asked).toBe(1);
    expect(server.calls.at(-1)).toBe('POST /push-subscriptions');
    expect(await knownId()).toBe('id-1');
    expect(await pushState()).toBe('on');
  });

  it.each([
    ['denied', 'denied'],
    ['default', 'off'],
  ])('goes no further when the answer is %s', async (answer, state) => {
    browser.answer = answer;
    expect(await turnOn()).toBe(state);
    expect(await pushState()).toBe(state);
    expect(browser.made).toBe(0);
    expect(server.calls.join()).not.toContain('POST');
  });

  it('says so when the server has no channel for it', async () => {
    server.hasChannel = false;
    expect(await turnOn()).toBe('no_channel');
    expect(browser.made).toBe(0);
  });

  it('fails when the browser reaches no push service', async () => {
    browser.refusal = new DOMException('Registration failed', 'AbortError');
    await expect(turnOn()).rejects.toThrow('Registration failed');
    expect(await pushState()).toBe('off');
  });

  it('leaves no subscription behind that the server refused', async () => {
    server.status = 503;
    await expect(turnOn()).rejects.toMatchObject({ status: 503 });
    expect(browser.present).toBeNull();
    expect(await pushState()).toBe('off');
  });

  it('fails, and does not wait for ever, without a worker', async () => {
    vi.useFakeTimers();
    Object.defineProperty(navigator.serviceWorker, 'ready', {
      value: new Promise(() => {}),
    });
    const failure = expect(turnOn()).rejects.toThrow('no service worker');
    await vi.advanceTimersByTimeAsync(10_000);
    await failure;
  });

  it('does not take over what it did not make', async () => {
    const old = new Subscription('of another person');
    browser.present = old;
    expect(await turnOn()).toBe('on');
    expect(old.isEnded).toBe(true);
  });
});

describe('turning push off', () => {
  it('ends it in the browser and at the server', async () => {
    await turnOn();
    const made = browser.present;
    expect(await turnOff()).toBe('off');
    expect(made?.isEnded).toBe(true);
    expect(server.calls.at(-1)).toBe('DELETE /push-subscriptions/id-1');
    expect(await knownId()).toBeNull();
  });
});

describe('what happened while the app was closed', () => {
  it('is nothing for who never turned it on', async () => {
    browser.permission = 'granted';
    await healPush();
    expect(server.calls).toEqual([]);
  });

  it('is put right: the browser dropped the subscription', async () => {
    await turnOn();
    browser.present = null;
    await healPush();
    expect(await knownId()).toBe('id-2');
    expect(server.calls.at(-1)).toBe('DELETE /push-subscriptions/id-1');
    expect(browser.asked).toBe(1);
  });

  it('is put right: the server has another key', async () => {
    await turnOn();
    const old = new Subscription('old', { applicationServerKey: bytes(1) });
    browser.present = old;
    await healPush();
    expect(old.isEnded).toBe(true);
    expect(await knownId()).toBe('id-2');
  });

  it('is put right: the permission is gone', async () => {
    await turnOn();
    browser.permission = 'denied';
    await healPush();
    expect(await knownId()).toBeNull();
    expect(server.calls.at(-1)).toBe('DELETE /push-subscriptions/id-1');
    expect(await pushState()).toBe('denied');
    expect(browser.asked).toBe(1);
  });

  it('is kept when the server is away', async () => {
    await turnOn();
    server.status = 503;
    await expect(healPush()).rejects.toMatchObject({ status: 503 });
    expect(browser.present?.isEnded).toBe(false);
    expect(await pushState()).toBe('on');
  });
});

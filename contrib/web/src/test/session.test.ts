// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { setConfig } from '../config/config';
import { orderPaths } from '../live';
import { pageOf, trackPath } from '../router/router';
import { arrive } from '../session/arrive';
import { isOver, session } from '../session/session';
import { afterSignIn } from '../session/sign-in-path';

const part = (o: object) => btoa(JSON.stringify(o)).replace(/=+$/, '');
const jwt = (claims: object) => `${part({ alg: 'none' })}.${part(claims)}.x`;
const link = 'abcdefghijklmnopqrstuvwxyz';

function at(pathname: string, hash: string) {
  const replace = vi.fn();
  arrive({ pathname, search: '', hash }, replace);
  return replace;
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  session.signOut('me');
  session.signOut('kitchen');
  setConfig({ tokenUrl: null, tenant: 'demo' });
});

describe('arriving by a link', () => {
  it.each(['/track/o-1', '/orders/o-1/track'])(
    'takes the token of %s',
    (path) => {
      const replace = at(path, `#${link}`);
      expect(replace).toHaveBeenCalledWith(path);
      expect(session.link('o-1')).toBe(link);
      expect(session.scopeFor('o-1')).toEqual({ order: 'o-1' });
      expect(localStorage.length).toBe(0);
      session.setLink('o-1', null);
    },
  );

  it('leaves an ordinary anchor alone', () => {
    expect(at('/track/o-1', '#main')).not.toHaveBeenCalled();
    expect(at('/orders', `#${link}`)).not.toHaveBeenCalled();
  });

  it('takes the user that the platform hands over', () => {
    const token = jwt({ sub: 'c', role: 'customer', tenant: 'roma' });
    expect(at('/orders', `#token=${token}`)).toHaveBeenCalledWith('/orders');
    expect(session.peek('me')).toBe(token);
    expect(session.tenant('me')).toBe('roma');
  });

  it('keeps staff apart', () => {
    at('/kitchen', `#token=${jwt({ sub: 'k', role: 'kitchen' })}`);
    expect(session.isSignedIn('kitchen')).toBe(true);
    expect(session.isSignedIn('me')).toBe(false);
    expect(session.scopeFor('any')).toBe('kitchen');
  });
});

describe('tokens', () => {
  it('asks the platform for a fresh one, once for all who ask', async () => {
    setConfig({ tokenUrl: '/session/token' });
    const fetched = vi
      .spyOn(globalThis, 'fetch')
      .mockImplementation(async () =>
        Response.json({ token: jwt({ sub: 'c' }) }),
      );
    const [a, b] = await Promise.all([
      session.token('me', false),
      session.token('me', true),
    ]);
    expect(a).toBe(b);
    expect(fetched).toHaveBeenCalledOnce();
  });

  it('is nobody when the platform says so', async () => {
    setConfig({ tokenUrl: '/session/token' });
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(
      new Response('', { status: 401 }),
    );
    expect(await session.token('me', false)).toBeNull();
  });

  it('knows one that has run out', () => {
    expect(isOver(jwt({ exp: 1000 }))).toBe(true);
    expect(isOver(jwt({ exp: Date.now() / 1000 + 60 }))).toBe(false);
    expect(isOver('what')).toBe(false);
  });
});

describe('addresses', () => {
  it('knows its pages', () => {
    expect(pageOf('/orders/ref%3AA-1/track')).toEqual({
      name: 'track',
      id: 'ref:A-1',
    });
    expect(pageOf('/track/x/')).toEqual({ name: 'track', id: 'x' });
    expect(pageOf('/')).toEqual({ name: 'orders' });
    expect(pageOf('/track/%E0%A4%A')).toEqual({
      name: 'track',
      id: '%E0%A4%A',
    });
    expect(pageOf('/what/ever')).toEqual({ name: 'not_found' });
  });

  it('takes odd names as they are, there and back', () => {
    for (const id of ['ref:a/b c?d#e%', 'ref:Ä', '../..', '%E0%A4%A', 'ref:'])
      expect(pageOf(trackPath(id))).toEqual({ name: 'track', id });
    expect(orderPaths('ref:a/b#c').socketPath).toBe(
      '/ws/orders/ref:a%2Fb%23c/tracking',
    );
  });

  it('takes a link whose name is no UTF-8, and leaves out no way', () => {
    at('/track/%E0%A4%A', `#${link}`);
    expect(session.link('%E0%A4%A')).toBe(link);
    session.setLink('%E0%A4%A', null);
    at('/orders/x', `#${link}`);
    expect(session.link('x')).toBe(link);
    session.setLink('x', null);
  });

  it('never goes to another site after signing in', () => {
    expect(afterSignIn('?to=/preferences', '/')).toBe('/preferences');
    expect(afterSignIn('?to=//evil.example', '/')).toBe('/');
    expect(afterSignIn('?to=/\\evil.example', '/')).toBe('/');
    expect(afterSignIn('?to=https://evil.example', '/')).toBe('/');
  });
});

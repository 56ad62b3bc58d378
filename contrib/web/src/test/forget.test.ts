// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newQueryClient } from '../hooks/query-client';
import { forgetWithSession } from '../session/forget';
import { session } from '../session/session';
import { useTrackingStore } from '../stores/tracking';
import { aTracked } from './samples';

const LINK = 'abcdefghijklmnopqrstuvwxyz';

function tokenOf(sub: string, n = 0): string {
  const part = (value: object) => btoa(JSON.stringify(value));
  return `${part({ alg: 'none' })}.${part({ sub, n })}.x`;
}

const client = newQueryClient();
const store = () => useTrackingStore.getState();
const ids = () => Object.keys(store().activeOrders);
let end = () => {};

beforeEach(() => {
  session.signIn('me', tokenOf('ann'), false);
  end = forgetWithSession(client);
  client.setQueryData(['orders', 'past'], 'hers');
  store().addOrder(aTracked({ id: 'a', external_ref: null }));
});
afterEach(() => {
  end();
  session.signOut('me');
  session.setLink('a', null);
  session.setLink('ref:A-1', null);
  client.clear();
  useTrackingStore.setState(useTrackingStore.getInitialState(), true);
});

describe('what is in memory of a person', () => {
  it('is gone when somebody else is there', () => {
    session.signIn('me', tokenOf('bob'), false);
    expect(client.getQueryData(['orders', 'past'])).toBeUndefined();
    expect(ids()).toEqual([]);
  });

  it('is gone when nobody is', () => {
    session.signOut('me');
    expect(client.getQueryData(['orders', 'past'])).toBeUndefined();
    expect(ids()).toEqual([]);
  });

  it('stays with a fresh token of theirs', () => {
    session.signIn('me', tokenOf('ann', 1), false);
    expect(client.getQueryData(['orders', 'past'])).toBe('hers');
    expect(ids()).toEqual(['a']);
  });

  it('does not take an order along that is here by its link', () => {
    store().addOrder(aTracked({ id: 'b', external_ref: 'A-1' }));
    session.setLink('a', LINK);
    session.setLink('ref:A-1', LINK);
    session.signOut('me');
    expect(ids()).toEqual(['a', 'b']);
  });

  it('is not disturbed by whoever comes first', () => {
    session.signOut('me');
    client.setQueryData(['order-model'], 'all');
    session.signIn('me', tokenOf('bob'), false);
    expect(client.getQueryData(['order-model'])).toBe('all');
  });
});

// SPDX-License-Identifier: MIT
//
// arrive - takes a token from behind the '#' of the URL and removes it from the
// address bar, the history and whatever is bookmarked, before anything else
// runs.  "#TOKEN" on an order's page is a tracking link; "#token=JWT" is the
// platform handing over its signed-in user.
import { orderOf } from '../router/router';
import { claimsOf } from './jwt';
import { session, type Person } from './session';

const LINK_TOKEN = /^[A-Za-z0-9_-]{22,}$/;

export function personOf(token: string): Person {
  const role = claimsOf(token)?.role;
  return role === 'kitchen' || role === 'service' || role === 'admin'
    ? 'kitchen'
    : 'me';
}

export function arrive(
  place: Pick<Location, 'pathname' | 'search' | 'hash'>,
  replace: (url: string) => void,
): void {
  const hash = place.hash.slice(1);
  if (hash === '') return;
  const handed = new URLSearchParams(hash).get('token');
  const order = orderOf(place.pathname);
  if (handed && claimsOf(handed)) {
    session.signIn(personOf(handed), handed);
  } else if (order !== null && LINK_TOKEN.test(hash)) {
    session.setLink(order, hash);
  } else {
    return;
  }
  replace(place.pathname + place.search);
}

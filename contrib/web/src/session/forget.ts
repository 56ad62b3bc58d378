// SPDX-License-Identifier: MIT
//
// forget - what a tab has in memory of somebody goes when it is another's.  An
// order that is here by its link is nobody's.
import type { QueryClient } from '@tanstack/react-query';
import { useTrackingStore } from '../stores/tracking';
import { session } from './session';

function isByLink(id: string, ref: string | null | undefined): boolean {
  return session.link(id) !== null || session.link(`ref:${ref}`) !== null;
}

// Gives how to end it.
export function forgetWithSession(client: QueryClient): () => void {
  let who = session.subject('me');
  return session.subscribe(() => {
    const before = who;
    who = session.subject('me');
    if (before === null || before === who) return;
    client.clear();
    const { activeOrders, removeOrder } = useTrackingStore.getState();
    for (const [id, { order }] of Object.entries(activeOrders))
      if (!isByLink(id, order.external_ref)) removeOrder(id);
  });
}

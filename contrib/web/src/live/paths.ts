// SPDX-License-Identifier: MIT
//
// paths - the two ways into each stream.

export interface StreamPaths {
  socketPath: string;
  eventsPath: string;
}

function both(rest: string): StreamPaths {
  return { socketPath: `/ws/${rest}`, eventsPath: `/sse/${rest}` };
}

// id: an order's id, or "ref:" and its external_ref.
export function orderPaths(id: string): StreamPaths {
  const name = id.startsWith('ref:')
    ? `ref:${encodeURIComponent(id.slice(4))}`
    : encodeURIComponent(id);
  return both(`orders/${name}/tracking`);
}

export function personPaths(): StreamPaths {
  return both('notifications');
}

export function kitchenPaths(): StreamPaths {
  return both('kitchen');
}

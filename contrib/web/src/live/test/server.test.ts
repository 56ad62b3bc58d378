// @vitest-environment node
// SPDX-License-Identifier: MIT
//
// The live client against a server that was built; OW_BUILD names its folder.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { LiveClient, type LiveOptions } from '../client';
import type { SocketLike } from '../env';
import type { StreamMessage } from '../messages';
import { orderPaths } from '../paths';
import { OrderPosition } from '../position';

interface Answer {
  status: number;
  body: { order: { id: string } };
}

interface Server {
  url: string;
  token(of: object): Promise<string>;
  newOrder(): Promise<{
    order: { id: string };
    tracking: { token: string };
  }>;
  patch(where: string, body: object, token: string): Promise<Answer>;
  restart(signal?: string): Promise<unknown>;
  destroy(): Promise<void>;
}

const build = process.env.OW_BUILD;

describe.skipIf(!build)('against a server', () => {
  let server: Server;
  let kitchen: string;
  const clients: LiveClient[] = [];

  beforeAll(async () => {
    const lib = path.resolve(__dirname, '../../../../../tests/e2e/lib.mjs');
    const { startServer } = await import(
      /* @vite-ignore */ pathToFileURL(lib).href
    );
    server = await startServer(null);
    kitchen = await server.token({ role: 'kitchen' });
  }, 30_000);

  afterAll(async () => {
    for (const client of clients) client.stop();
    await server?.destroy();
  });

  function follow(id: string, token: string, more: Partial<LiveOptions> = {}) {
    const got: StreamMessage[] = [];
    const client = new LiveClient({
      url: server.url,
      ...orderPaths(id),
      position: new OrderPosition(),
      token: async () => token,
      onMessage: (m) => got.push(m),
      env: {
        socket: (url, protocols) =>
          new WebSocket(url, protocols) as unknown as SocketLike,
      },
      ...more,
    });
    clients.push(client);
    client.start();
    return { got, client, seqs: () => got.map((m) => m.seq) };
  }

  async function until(fn: () => boolean): Promise<void> {
    for (let i = 0; i < 800 && !fn(); i++)
      await new Promise((r) => setTimeout(r, 10));
    expect(fn()).toBe(true);
  }

  async function move(id: string, status: string): Promise<void> {
    const { status: code } = await server.patch(
      `/orders/${id}/status`,
      { status },
      kitchen,
    );
    expect(code).toBe(200);
  }

  it('follows an order by its link, through a restart', async () => {
    const { order, tracking } = await server.newOrder();
    const { client, seqs } = follow(order.id, tracking.token);
    await until(() => client.state.phase === 'live');
    await move(order.id, 'accepted');
    await until(() => seqs().length === 2);
    await server.restart();
    await move(order.id, 'preparing');
    await move(order.id, 'ready');
    await until(() => seqs().length === 4 && client.state.phase === 'live');
    expect(seqs()).toEqual([1, 2, 3, 4]);
  }, 30_000);

  it('knows the time of the server', async () => {
    const { order, tracking } = await server.newOrder();
    const { client } = follow(order.id, tracking.token);
    await until(() => client.clock.isKnown);
    expect(Math.abs(client.clock.offsetMs)).toBeLessThan(500);
  });

  it('follows by server-sent events where no socket opens', async () => {
    const { order, tracking } = await server.newOrder();
    const { client, seqs } = follow(order.id, tracking.token, {
      env: { socket: undefined },
    });
    await until(() => client.state.phase === 'live');
    expect(client.state.transport).toBe('sse');
    await move(order.id, 'accepted');
    await until(() => seqs().length === 2);
  });

  it('says why it may not', async () => {
    const { order } = await server.newOrder();
    const bad = follow(order.id, 'not-a-token');
    const none = follow('01a201aa-5108-7478-88f0-e6a6fe0027a2', kitchen);
    await until(() => bad.client.state.phase === 'ended');
    await until(() => none.client.state.phase === 'ended');
    expect(bad.client.state.end).toBe('unauthorized');
    expect(none.client.state.end).toBe('not_found');
  });
});

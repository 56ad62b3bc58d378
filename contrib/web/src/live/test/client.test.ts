// @vitest-environment node
// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it } from 'vitest';
import { LiveClient, type LiveOptions } from '../client';
import type { StreamMessage } from '../messages';
import { orderPaths } from '../paths';
import { OrderPosition, PersonPosition } from '../position';
import { FakeWorld, streamResponse } from './fake';

const at = '2026-11-22T18:30:00.000Z';

function event(seq: number): object {
  return { type: 'order.status.changed', seq, at, data: {} };
}

function snapshot(seq: number): object {
  return { type: 'order.snapshot', seq, at, data: { order: { id: 'o' } } };
}

function live(seq: number): object {
  return { type: 'stream.live', at, data: { seq } };
}

let stop = () => {};
afterEach(() => stop());

function begin(options: Partial<LiveOptions> = {}) {
  const world = new FakeWorld();
  const got: StreamMessage[] = [];
  const phases: string[] = [];
  let token: string | null = 'one';
  let fresh: string | null = 'two';
  const client = new LiveClient({
    url: 'http://shop.test',
    ...orderPaths('o'),
    position: new OrderPosition(),
    token: async (isFresh) => {
      if (isFresh) token = fresh;
      return token;
    },
    onMessage: (m) => got.push(m),
    onState: (s) => phases.push(s.phase),
    env: world.env(),
    ...options,
  });
  stop = () => client.stop();
  client.start();
  return {
    world,
    client,
    got,
    phases,
    seqs: () => got.map((m) => m.seq),
    setFresh: (t: string | null) => {
      fresh = t;
    },
  };
}

async function beginLive(options: Partial<LiveOptions> = {}) {
  const all = begin(options);
  await all.world.settle();
  all.world.socket.accept().say(snapshot(1));
  return all;
}

describe('opening', () => {
  it('keeps the token out of the URL', async () => {
    const { world } = begin();
    await world.settle();
    expect(world.socket.url).toBe('ws://shop.test/ws/orders/o/tracking');
    expect(world.socket.protocols).toEqual(['orderwire.v1', 'bearer.one']);
  });

  it('is live only once the snapshot is there', async () => {
    const { world, client } = begin();
    await world.settle();
    world.socket.accept();
    expect(client.state.phase).toBe('connecting');
    world.socket.say(snapshot(3));
    expect(client.state.phase).toBe('live');
  });

  it('ends without a token, and begins again when there is one', async () => {
    let token: string | null = null;
    const { world, client } = begin({ token: async () => token });
    await world.settle();
    expect(client.state).toMatchObject({ phase: 'ended', end: 'unauthorized' });
    expect(world.sockets).toHaveLength(0);
    token = 'x';
    client.retry();
    await world.settle();
    expect(world.sockets).toHaveLength(1);
  });

  it('does not take a failing token source for a refusal', async () => {
    const { world, client } = begin({
      token: () => Promise.reject(new Error('offline')),
    });
    await world.settle();
    expect(client.state.phase).toBe('waiting');
  });

  it('says nothing any more after stop', async () => {
    const { world, client, got } = await beginLive();
    const { socket } = world;
    client.stop();
    socket.say(event(2));
    expect(socket.closed).toBe(true);
    expect(got).toHaveLength(1);
    await world.pass(120_000);
    expect(world.sockets).toHaveLength(1);
  });
});

describe('no gap and no repeat', () => {
  it('drops what it has already', async () => {
    const { world, seqs } = await beginLive();
    world.socket.say(event(2), event(2), event(1), event(3));
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it('comes back at once for what is missing', async () => {
    const { world, seqs } = await beginLive();
    world.socket.say(event(2), event(4));
    await world.settle();
    expect(world.sockets).toHaveLength(2);
    expect(world.socket.url).toContain('?since=2');
    world.socket.accept().say(event(3), event(4), live(4));
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it('asks for all anew when the hole stays', async () => {
    const { world, client } = await beginLive();
    world.socket.say(event(4));
    await world.settle();
    world.socket.accept().say(event(4));
    await world.settle();
    expect(world.socket.url).not.toContain('since');
    world.socket.accept().say(snapshot(4));
    expect(client.state.phase).toBe('live');
  });

  it('resumes where it was after a loss', async () => {
    const { world, client, seqs } = await beginLive();
    world.socket.say(event(2));
    world.socket.end(1006);
    expect(client.state.phase).toBe('waiting');
    await world.pass(2000);
    expect(world.socket.url).toContain('since=2');
    world.socket.accept().say(event(3));
    expect(client.state.phase).toBe('connecting');
    world.socket.say(live(3), event(4));
    expect(client.state.phase).toBe('live');
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it('takes a snapshot in place of a long gap', async () => {
    const { world, client, seqs } = await beginLive();
    world.socket.end(1006);
    await world.pass(2000);
    world.socket.accept().say({ type: 'stream.resync', at }, snapshot(300));
    world.socket.say(live(300), event(301));
    expect(client.state.phase).toBe('live');
    expect(seqs()).toEqual([1, 300, 301]);
  });

  it('never goes back to an older snapshot', async () => {
    const { world, seqs } = await beginLive();
    world.socket.say(event(2), event(3), snapshot(2));
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it('does not believe a server that is behind', async () => {
    const { world, client } = await beginLive({
      position: new OrderPosition(9),
    });
    expect(world.socket.url).toContain('since=9');
    world.socket.say(live(5));
    expect(client.state.phase).not.toBe('live');
  });

  it('passes locations, which have no seq', async () => {
    const { world, got } = await beginLive();
    const location = { type: 'driver.location.updated', at, data: {} };
    world.socket.say(location, location);
    expect(got.slice(1).map((m) => m.type)).toEqual([
      'driver.location.updated',
      'driver.location.updated',
    ]);
  });

  it("lets a person's seq leave numbers out", async () => {
    const { world, seqs } = begin({ position: new PersonPosition() });
    await world.settle();
    world.socket.accept();
    world.socket.say({ type: 'notifications.snapshot', seq: 0, data: {} });
    world.socket.say({ type: 'notification.new', seq: 7 });
    world.socket.say({ type: 'notification.new', seq: 7 });
    world.socket.say({ type: 'notification.read', seq: 12 });
    expect(seqs()).toEqual([0, 7, 12]);
  });

  it('survives frames that are no messages', async () => {
    const { world, client, got } = await beginLive();
    world.socket.raw('{');
    world.socket.raw('[]');
    world.socket.raw('null');
    world.socket.raw(new ArrayBuffer(4));
    world.socket.say({ type: 7 });
    expect(got).toHaveLength(1);
    expect(client.state.phase).toBe('live');
  });
});

describe('close codes', () => {
  it('waits as long as 1001 says', async () => {
    const { world, client } = await beginLive();
    world.socket.end(1001, '{"retry_ms":4000}');
    const { retryAt } = client.state;
    expect(retryAt! - world.time).toBeGreaterThanOrEqual(4000);
    expect(retryAt! - world.time).toBeLessThan(5100);
  });

  it('refreshes the token on 4001 and comes back', async () => {
    const { world } = await beginLive();
    world.socket.end(4001, 'token_expired');
    await world.settle();
    expect(world.socket.protocols[1]).toBe('bearer.two');
    expect(world.socket.url).toContain('since=1');
  });

  it('stops on 4001 without a new token', async () => {
    const { world, client, setFresh } = await beginLive();
    setFresh('one');
    world.socket.end(4001);
    await world.settle();
    expect(client.state).toMatchObject({ phase: 'ended', end: 'unauthorized' });
  });

  it('does not refresh for ever', async () => {
    let n = 0;
    const { world, client } = begin({ token: async () => `t${n++}` });
    await world.settle();
    for (let i = 0; i < 10; i++) {
      world.socket.accept();
      world.socket.end(4001);
      await world.settle();
    }
    expect(client.state.phase).toBe('ended');
    expect(world.sockets.length).toBeLessThan(6);
  });

  it.each([
    [4003, 'forbidden'],
    [4004, 'not_found'],
    [4010, 'finished'],
    [4400, 'refused'],
  ])('stops for good on %i', async (code, end) => {
    const { world, client } = await beginLive();
    world.socket.end(code);
    expect(client.state).toMatchObject({ phase: 'ended', end });
    world.happen('online');
    world.happen('shown');
    await world.pass(600_000);
    expect(world.sockets).toHaveLength(1);
  });

  it('stays away for a while on 4029', async () => {
    const { world, client } = await beginLive();
    world.socket.end(4029);
    expect(client.state.retryAt! - world.time).toBeGreaterThanOrEqual(10_000);
  });
});

describe('coming back', () => {
  it('waits longer each time, and never in a spin', async () => {
    const { world, client } = begin();
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      await world.settle();
      if (client.state.transport !== 'websocket') {
        await world.settle();
      } else {
        world.socket.end(1006);
      }
      waits.push(client.state.retryAt! - world.time);
      await world.pass(waits.at(-1)!);
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(250);
    expect(waits.at(-1)).toBeGreaterThan(waits[0]! * 10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(31_000);
  });

  it('begins with short waits again once it was steady', async () => {
    const { world, client } = begin();
    await world.settle();
    for (let i = 0; i < 5; i++) {
      // It opens each time, so there is no reason for a detour.
      world.socket.accept().end(1006);
      await world.pass(client.state.retryAt! - world.time);
    }
    world.socket.accept().say(snapshot(1));
    await world.pass(12_000);
    world.socket.say({ type: 'heartbeat', at });
    world.socket.end(1006);
    expect(client.state.retryAt! - world.time).toBeLessThan(1000);
  });

  it('comes back at once when the network does', async () => {
    const { world, client } = await beginLive();
    world.online = false;
    for (let i = 0; i < 4; i++) {
      world.socket.end(1006);
      if (i < 3) await world.pass(40_000);
    }
    expect(client.state.phase).toBe('offline');
    const before = world.sockets.length + world.requests.length;
    world.online = true;
    world.happen('online');
    await world.settle();
    expect(world.sockets.length + world.requests.length).toBe(before + 1);
  });

  it('stays offline through its tries, until one is answered', async () => {
    const { world, client, phases } = await beginLive();
    world.online = false;
    world.socket.end(1006);
    const before = phases.length;
    for (let i = 0; i < 3; i++) {
      const { length } = world.sockets;
      while (world.sockets.length === length) await world.pass(1000);
      if (i < 2) world.socket.end(1006);
    }
    expect(new Set(phases.slice(before))).toEqual(new Set(['offline']));
    world.socket.accept();
    expect(client.state.phase).toBe('connecting');
    world.socket.say(live(1));
    expect(client.state.phase).toBe('live');
  });

  it('tries server-sent events when sockets never open', async () => {
    const { world, client, seqs } = begin();
    const { response, write } = streamResponse();
    world.respond = async () => response;
    await world.settle();
    world.socket.end(1006);
    await world.pass(5000);
    world.socket.end(1006);
    await world.pass(5000);
    expect(world.requests[0]).toMatchObject({
      url: 'http://shop.test/sse/orders/o/tracking',
      headers: { authorization: 'Bearer one' },
    });
    write(
      `: hi\nretry: 2000\n\nid: 1\ndata: ${JSON.stringify(snapshot(1))}\n\n`,
    );
    await new Promise((r) => setTimeout(r, 0));
    expect(client.state).toMatchObject({ phase: 'live', transport: 'sse' });
    expect(seqs()).toEqual([1]);
  });

  it('tries server-sent events when a proxy swallows the frames', async () => {
    const { world } = begin();
    await world.settle();
    world.socket.accept();
    await world.pass(12_000);
    world.socket.accept();
    await world.pass(14_000);
    expect(world.requests).not.toHaveLength(0);
  });

  it('reads why a stream of events ended', async () => {
    const { world, client } = begin({
      env: { ...new FakeWorld().env(), socket: undefined },
    });
    void world;
    const { response, write, close } = streamResponse();
    const own = new FakeWorld();
    own.respond = async () => response;
    client.stop();
    const second = new LiveClient({
      url: 'http://shop.test',
      ...orderPaths('o'),
      position: new OrderPosition(),
      token: async () => 'one',
      onMessage: () => {},
      env: { ...own.env(), socket: undefined },
    });
    second.start();
    await own.settle();
    write('event: stream.end\ndata: {"type":"stream.end",');
    write('"data":{"code":4010,"reason":"order finished"}}\n\n');
    close();
    await new Promise((r) => setTimeout(r, 5));
    expect(second.state).toMatchObject({ phase: 'ended', end: 'finished' });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
  ])('takes HTTP %i for what it is', async (status, end) => {
    const own = new FakeWorld();
    own.respond = async () => new Response('', { status });
    const client = new LiveClient({
      url: '',
      ...orderPaths('o'),
      position: new OrderPosition(),
      token: async () => 'one',
      onMessage: () => {},
      env: { ...own.env(), socket: undefined },
    });
    client.start();
    await own.pass(10);
    await new Promise((r) => setTimeout(r, 0));
    expect(client.state).toMatchObject({ phase: 'ended', end });
  });
});

describe('silence', () => {
  it('asks after 30 s and leaves after 60 s', async () => {
    const { world, client } = await beginLive();
    const { socket } = world;
    await world.pass(31_000);
    expect(client.state.phase).toBe('quiet');
    expect(socket.sent.filter((m) => m.type === 'ping')).toHaveLength(2);
    await world.pass(30_000);
    expect(socket.closed).toBe(true);
    expect(world.socket.url).toContain('since=1');
  });

  it('is content with heartbeats', async () => {
    const { world, client } = await beginLive();
    for (let i = 0; i < 20; i++) {
      await world.pass(25_000);
      world.socket.say({ type: 'heartbeat', at });
    }
    expect(client.state.phase).toBe('live');
    expect(world.sockets).toHaveLength(1);
  });

  it('is live again when the answer comes', async () => {
    const { world, client } = await beginLive();
    await world.pass(31_000);
    world.socket.say({ type: 'pong', at });
    expect(client.state.phase).toBe('live');
  });

  it('proves the socket when the page is shown again', async () => {
    const { world } = await beginLive();
    const { socket } = world;
    await world.pass(20_000);
    world.happen('shown');
    expect(socket.sent.at(-1)).toEqual({ type: 'ping' });
    await world.pass(6000);
    expect(socket.closed).toBe(true);
    expect(world.sockets).toHaveLength(2);
  });

  it('does not believe "offline" while the socket answers', async () => {
    const { world, client } = await beginLive();
    world.happen('offline');
    world.socket.say({ type: 'pong', at });
    await world.pass(10_000);
    expect(client.state.phase).toBe('live');
    expect(world.sockets).toHaveLength(1);
  });

  it('says offline soon when it does not', async () => {
    const { world, client } = await beginLive();
    world.online = false;
    world.happen('offline');
    await world.pass(4100);
    expect(client.state.phase).toBe('offline');
  });
});

describe('tokens', () => {
  it('sends a fresh one when the old is about to end', async () => {
    const { world } = await beginLive();
    world.socket.say({ type: 'auth.expiring', at, data: { expires_at: at } });
    await world.settle();
    expect(world.socket.sent.at(-1)).toEqual({ type: 'auth', token: 'two' });
    expect(world.sockets).toHaveLength(1);
  });
});

describe('clock', () => {
  it('knows how wrong this device is', async () => {
    const { world, client } = await beginLive();
    await world.pass(80);
    const server = world.time + 3_600_000 - 40;
    world.socket.say({ type: 'pong', at: new Date(server).toISOString() });
    expect(Math.abs(client.clock.offsetMs - 3_600_000)).toBeLessThan(5);
  });
});

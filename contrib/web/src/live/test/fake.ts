// SPDX-License-Identifier: MIT
//
// fake - a network and a clock that a test holds in its hands.
import type { LiveEnv, SocketLike } from '../env';

export class FakeSocket implements SocketLike {
  readyState = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: { type: string; token?: string }[] = [];
  closed = false;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  // ---- What the server does ----

  accept(): this {
    this.readyState = 1;
    this.onopen?.(undefined as never);
    return this;
  }

  say(...messages: object[]): this {
    for (const m of messages) this.onmessage?.({ data: JSON.stringify(m) });
    return this;
  }

  raw(data: unknown): void {
    this.onmessage?.({ data });
  }

  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

interface Timer {
  at: number;
  fn: () => void;
}

export class FakeWorld {
  time = 1_000_000;
  dice = 0.5;
  online = true;
  readonly sockets: FakeSocket[] = [];
  readonly requests: { url: string; headers: Record<string, string> }[] = [];
  respond: (url: string) => Promise<Response> = () =>
    Promise.reject(new TypeError('no network'));
  private readonly timers = new Set<Timer>();
  private notify: (what: 'online' | 'offline' | 'shown') => void = () => {};

  env(): LiveEnv {
    return {
      now: () => this.time,
      random: () => this.dice,
      setTimer: (fn, ms) => {
        const timer = { at: this.time + ms, fn };
        this.timers.add(timer);
        return timer;
      },
      clearTimer: (timer) => this.timers.delete(timer as Timer),
      socket: (url, protocols) => {
        const socket = new FakeSocket(url, protocols);
        this.sockets.push(socket);
        return socket;
      },
      fetch: ((url: string, init: RequestInit) => {
        this.requests.push({
          url,
          headers: init.headers as Record<string, string>,
        });
        return this.respond(url);
      }) as typeof fetch,
      isOnline: () => this.online,
      isVisible: () => true,
      watch: (on) => {
        this.notify = on;
        return () => {
          this.notify = () => {};
        };
      },
    };
  }

  happen(what: 'online' | 'offline' | 'shown'): void {
    this.notify(what);
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }

  // Lets what is promised happen, without time going on.
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await this.settle();
    for (;;) {
      const due = [...this.timers]
        .filter((t) => t.at <= end)
        .sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.fn();
      await this.settle();
    }
    this.time = end;
  }
}

// A response whose body the test writes piece by piece.
export function streamResponse(): {
  response: Response;
  write(text: string): void;
  close(): void;
} {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(c) {
      controller = c;
    },
  });
  return {
    response: new Response(body, { status: 200 }),
    write: (text) => controller.enqueue(new TextEncoder().encode(text)),
    close: () => controller.close(),
  };
}

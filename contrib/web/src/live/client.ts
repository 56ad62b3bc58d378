// SPDX-License-Identifier: MIT
//
// client - keeps one stream alive for as long as somebody wants it.
//
// It opens the wire, judges each message by its position, watches for silence,
// and comes back after a loss where it was.  It knows nothing of orders or of
// any framework.  Promises: each message with a seq is given once and in order
// (after a snapshot or since the position it began with); the phase is 'live'
// only while that is true; after stop() nothing is called any more.
import { backoff, busy, told } from './backoff';
import { ServerClock } from './clock';
import { browserEnv, type LiveEnv } from './env';
import { openEvents } from './events';
import {
  isSnapshot,
  liveSeq,
  parseMessage,
  type StreamMessage,
} from './messages';
import type { Position } from './position';
import { openSocket } from './socket';
import { IDLE, isSameState, type EndReason, type LiveState } from './state';
import { END, type Wire, type WireEnd } from './wire';

export interface LiveOptions {
  // The server's origin, such as https://orders.example.
  url: string;
  // Its two ways in: /ws/... and /sse/...
  socketPath: string;
  eventsPath: string;
  position: Position;
  // The present token, or a fresh one; null when there is none (any more).
  token(fresh: boolean): Promise<string | null>;
  onMessage(message: StreamMessage): void;
  onState?(state: LiveState): void;
  clock?: ServerClock;
  env?: Partial<LiveEnv>;
}

// A heartbeat comes every 25 s.
const QUIET_MS = 30_000;
const SILENT_MS = 60_000;
const ANSWER_MS = 4_000;
const OPENING_MS = 10_000;
const STEADY_MS = 10_000;
const RECENT_MS = 3_000;
// So long are server-sent events used before a WebSocket is tried again.
const DETOUR_MS = 5 * 60_000;
const FAILURES_TO_DETOUR = 2;
const REFRESHES_MAX = 3;

const ENDS: Record<number, EndReason> = {
  [END.forbidden]: 'forbidden',
  [END.noSuchOrder]: 'not_found',
  [END.finished]: 'finished',
  [END.badMessage]: 'refused',
};

export class LiveClient {
  readonly clock: ServerClock;
  private readonly env: LiveEnv;
  private wire: Wire | null = null;
  private current: LiveState = IDLE;
  private run = 0;
  private attempt = 0;
  private refreshes = 0;
  private gaps = 0;
  private barred = 0;
  private detourUntil = 0;
  private liveAt: number | null = null;
  private pingedAt: number | null = null;
  private token: string | null = null;
  private retryTimer: unknown;
  private watchTimer: unknown;
  private unwatch: (() => void) | null = null;

  constructor(private readonly options: LiveOptions) {
    this.env = { ...browserEnv(), ...options.env };
    this.clock = options.clock ?? new ServerClock();
  }

  get state(): LiveState {
    return this.current;
  }

  start(): void {
    if (this.unwatch) return;
    this.unwatch = this.env.watch((what) => this.noticed(what));
    this.open();
  }

  stop(): void {
    this.unwatch?.();
    this.unwatch = null;
    this.drop();
    this.set(IDLE);
  }

  // Somebody pressed "try again", or signed in anew.
  retry(): void {
    if (!this.unwatch) return;
    this.attempt = 0;
    this.refreshes = 0;
    this.open();
  }

  // ---- Opening --------------------------------------------------------------

  private open(): void {
    this.drop();
    const run = this.run;
    // A try that the device holds for hopeless is no news.
    const phase = this.env.isOnline() ? 'connecting' : 'offline';
    this.set({ phase, retryAt: null, end: null });
    this.options.token(false).then(
      (token) => run === this.run && this.openWith(token),
      // Could not be asked for: no verdict, so try again.
      () => run === this.run && this.wait(this.delay()),
    );
  }

  private openWith(token: string | null): void {
    if (token === null) {
      this.finish('unauthorized');
      return;
    }
    this.token = token;
    const isSocket = this.shallUseSocket();
    const { position, socketPath, eventsPath, url } = this.options;
    position.opened();
    const run = this.run;
    const guard =
      <A extends unknown[]>(fn: (...args: A) => void) =>
      (...args: A) => {
        if (run === this.run) fn(...args);
      };
    const handlers = {
      onOpen: guard(() => this.opened()),
      onText: guard((text: string) => this.text(text)),
      onEnd: guard((end: WireEnd) => this.ended(end)),
    };
    const target = {
      url: url + (isSocket ? socketPath : eventsPath),
      since: position.since(),
      token,
    };
    this.set({ transport: isSocket ? 'websocket' : 'sse' });
    try {
      this.wire = (isSocket ? openSocket : openEvents)(
        this.env,
        target,
        handlers,
      );
    } catch {
      this.ended({ code: END.lost, reason: '', opened: false });
      return;
    }
    this.watch(OPENING_MS, () =>
      this.ended({ code: END.lost, reason: 'no answer', opened: false }),
    );
  }

  private shallUseSocket(): boolean {
    return !!this.env.socket && this.env.now() >= this.detourUntil;
  }

  private opened(): void {
    if (this.current.phase === 'offline') this.set({ phase: 'connecting' });
    this.ping();
  }

  // ---- Messages -------------------------------------------------------------

  private text(text: string): void {
    this.heard();
    const message = parseMessage(text);
    if (!message) return;
    switch (message.type) {
      case 'heartbeat':
      case 'pong':
        this.tick(message);
        return;
      case 'auth.expiring':
        void this.refresh();
        return;
      case 'stream.live':
        this.caughtUp(message);
        return;
      case 'stream.resync':
        this.set({ phase: 'connecting' });
        return;
      default:
        this.take(message);
    }
  }

  private take(message: StreamMessage): void {
    const verdict = this.options.position.judge(message);
    if (verdict === 'gap') {
      // Twice at the same place: the log is not what it was; begin anew.
      if (++this.gaps > 1) this.options.position.forget();
      this.again(0);
      return;
    }
    if (verdict === 'take') {
      if (message.seq !== undefined) this.gaps = 0;
      const run = this.run;
      this.options.onMessage(message);
      if (run !== this.run) return;
    }
    if (isSnapshot(message)) this.live();
  }

  private caughtUp(message: StreamMessage): void {
    const seq = liveSeq(message);
    if (seq !== undefined && !this.options.position.agrees(seq)) {
      if (++this.gaps > 1) this.options.position.forget();
      this.again(this.gaps > 1 ? this.delay() : 0);
      return;
    }
    this.live();
  }

  private live(): void {
    this.barred = 0;
    this.refreshes = 0;
    this.liveAt ??= this.env.now();
    this.set({ phase: 'live', end: null, retryAt: null });
  }

  private tick(message: StreamMessage): void {
    const sentAt = message.type === 'pong' ? this.pingedAt : null;
    this.clock.sample(
      Date.parse(message.at ?? ''),
      this.env.now(),
      sentAt ?? undefined,
    );
    if (sentAt !== null) this.pingedAt = null;
  }

  // ---- Silence --------------------------------------------------------------

  private heard(): void {
    const now = this.env.now();
    this.current = { ...this.current, heardAt: now };
    if (this.current.phase === 'quiet') this.set({ phase: 'live' });
    if (this.liveAt !== null && now - this.liveAt > STEADY_MS) this.attempt = 0;
    this.watch(QUIET_MS, () => this.quiet());
  }

  private quiet(): void {
    if (this.current.phase === 'live') this.set({ phase: 'quiet' });
    this.ping();
    this.watch(SILENT_MS - QUIET_MS, () => this.silent());
  }

  private silent(): void {
    this.again(0);
  }

  private ping(): void {
    if (this.wire?.send({ type: 'ping' })) this.pingedAt = this.env.now();
  }

  // Is it still there?  A socket is asked; of events only the clock can tell.
  private prove(): void {
    const now = this.env.now();
    const silence = now - (this.current.heardAt ?? 0);
    if (silence < RECENT_MS || this.current.phase === 'connecting') return;
    if (silence > SILENT_MS) this.again(0);
    else if (!this.demandAnswer() && silence > QUIET_MS) this.again(0);
  }

  private demandAnswer(): boolean {
    if (!this.wire?.send({ type: 'ping' })) return false;
    this.pingedAt = this.env.now();
    this.watch(ANSWER_MS, () => this.again(this.delay()));
    return true;
  }

  // The device's word is a hint: the network may be a loopback, or a lie.
  private noticed(what: 'online' | 'offline' | 'shown'): void {
    const { phase } = this.current;
    if (phase === 'ended' || phase === 'idle') return;
    if (what === 'offline') {
      if (!this.demandAnswer()) this.again(this.delay());
    } else if (this.wire) {
      this.prove();
    } else if (this.retryTimer !== undefined) {
      this.attempt = 0;
      this.open();
    }
  }

  // ---- Tokens ---------------------------------------------------------------

  private async refresh(): Promise<void> {
    const run = this.run;
    const token = await this.options.token(true).catch(() => null);
    if (run !== this.run || token === null || token === this.token) return;
    this.token = token;
    // Events can't be told; a new stream goes on where this one was.
    if (!this.wire?.send({ type: 'auth', token })) this.again(0);
  }

  private async reauthorize(): Promise<void> {
    const old = this.token;
    const run = this.run;
    this.set({ phase: 'connecting' });
    let token: string | null;
    try {
      token = await this.options.token(true);
    } catch {
      if (run === this.run) this.wait(this.delay());
      return;
    }
    if (run !== this.run) return;
    if (token === null || token === old || ++this.refreshes > REFRESHES_MAX)
      this.finish('unauthorized');
    else this.open();
  }

  // ---- The end of a wire ----------------------------------------------------

  private ended(end: WireEnd): void {
    this.drop();
    if (end.code === END.unauthorized) {
      void this.reauthorize();
      return;
    }
    const reason = ENDS[end.code];
    if (reason) {
      this.finish(reason);
      return;
    }
    if (!end.opened) this.noteBarred();
    if (end.code === END.tooMany)
      this.wait(end.retryMs ?? busy(this.attempt++, this.env.random));
    else if (end.retryMs !== undefined)
      this.wait(told(end.retryMs, this.env.random));
    else this.wait(this.delay());
  }

  // A way that never opens may be barred; the other one is tried in turn.
  private noteBarred(): void {
    if (this.current.transport === 'sse') {
      this.detourUntil = 0;
      this.barred = 0;
    } else if (++this.barred >= FAILURES_TO_DETOUR) {
      this.detourUntil = this.env.now() + DETOUR_MS;
      this.barred = 0;
    }
  }

  private delay(): number {
    return backoff(this.attempt++, this.env.random);
  }

  private again(ms: number): void {
    this.drop();
    if (ms > 0) this.wait(ms);
    else this.open();
  }

  private wait(ms: number): void {
    this.clearTimers();
    const phase = this.env.isOnline() ? 'waiting' : 'offline';
    this.set({ phase, retryAt: this.env.now() + ms, transport: null });
    this.retryTimer = this.env.setTimer(() => this.open(), ms);
  }

  private finish(end: EndReason): void {
    this.drop();
    this.set({ phase: 'ended', end, retryAt: null, transport: null });
  }

  private drop(): void {
    this.run++;
    this.clearTimers();
    this.wire?.close();
    this.wire = null;
    this.liveAt = null;
    this.pingedAt = null;
  }

  private clearTimers(): void {
    this.env.clearTimer(this.retryTimer);
    this.env.clearTimer(this.watchTimer);
    this.retryTimer = undefined;
    this.watchTimer = undefined;
  }

  private watch(ms: number, fn: () => void): void {
    this.env.clearTimer(this.watchTimer);
    this.watchTimer = this.env.setTimer(fn, ms);
  }

  private set(change: Partial<LiveState>): void {
    const next = { ...this.current, ...change };
    const isSame = isSameState(next, this.current);
    this.current = next;
    if (!isSame) this.options.onState?.(next);
  }
}

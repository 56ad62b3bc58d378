// SPDX-License-Identifier: MIT
//
// state - what a screen may truthfully say about its connection.

// live: everything up to now is here and more is coming.
// connecting: being opened, or catching up on what was missed.
// quiet: open, but silent for longer than it should be; being asked.
// waiting: lost; comes back at retryAt.
// offline: the device says that it has no network; tried now and then.
// ended: will not come back by itself; `end` says why.
export type LivePhase =
  | 'idle'
  | 'connecting'
  | 'live'
  | 'quiet'
  | 'waiting'
  | 'offline'
  | 'ended';

export type EndReason =
  | 'finished'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'refused';

export interface LiveState {
  phase: LivePhase;
  transport: 'websocket' | 'sse' | null;
  // Of the local clock, while waiting.
  retryAt: number | null;
  end: EndReason | null;
  // When anything was heard last, of the local clock.
  heardAt: number | null;
}

export const IDLE: LiveState = {
  phase: 'idle',
  transport: null,
  retryAt: null,
  end: null,
  heardAt: null,
};

export function isSameState(a: LiveState, b: LiveState): boolean {
  return (
    a.phase === b.phase &&
    a.transport === b.transport &&
    a.retryAt === b.retryAt &&
    a.end === b.end
  );
}

// SPDX-License-Identifier: MIT
//
// clock - what time the server has.  A screen whose own clock is an hour wrong
// still counts down rightly: every estimate is the server's `at` against the
// moment it came, and the one with the shortest way back and forth wins.

const FORGET_MS = 10 * 60_000;
const ONE_WAY_MS = 400;

export class ServerClock {
  private offset = 0;
  private doubt = Number.POSITIVE_INFINITY;
  private takenAt = 0;

  // at: the server's time in ms; sentAt: when we asked, if we did.
  sample(at: number, now: number, sentAt?: number): void {
    if (!Number.isFinite(at)) return;
    const trip = sentAt === undefined ? ONE_WAY_MS : Math.max(0, now - sentAt);
    const isOld = Math.abs(now - this.takenAt) > FORGET_MS;
    if (trip > this.doubt && !isOld) return;
    this.offset = at + (sentAt === undefined ? 0 : trip / 2) - now;
    this.doubt = trip;
    this.takenAt = now;
  }

  // Add this to one's own time to have the server's.
  get offsetMs(): number {
    return Math.round(this.offset);
  }

  get isKnown(): boolean {
    return this.doubt !== Number.POSITIVE_INFINITY;
  }
}

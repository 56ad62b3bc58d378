// SPDX-License-Identifier: MIT
//
// clock - the server's time, shared by all that count down.
import { ServerClock } from '../live';

export const serverClock = new ServerClock();

export function serverNow(): number {
  return Date.now() + serverClock.offsetMs;
}

// SPDX-License-Identifier: MIT
import { useSyncExternalStore } from 'react';
import { session, type Person } from './session';

export function useSignedIn(who: Person): boolean {
  return useSyncExternalStore(session.subscribe, () => session.isSignedIn(who));
}

// Changes whenever a token does; for what has to begin anew then.
export function useSessionVersion(): number {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}

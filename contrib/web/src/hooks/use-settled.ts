// SPDX-License-Identifier: MIT
//
// A tap is meant for what stood there when the finger set out.  So a button
// that has just come to mean something else, or has moved, hears nothing for a
// moment: the second of two quick taps is neither a second step of one order
// nor a first one of the next, nor the answer to a question that came up.
import { useLayoutEffect, useState } from 'react';

export const SETTLE_MS = 700;

// False for a moment after `what` has changed, and at the beginning.
export function useSettled(what: string): boolean {
  const [isSettled, setSettled] = useState(false);
  const [known, setKnown] = useState(what);
  if (known !== what) {
    setKnown(what);
    setSettled(false);
  }
  useLayoutEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [what]);
  return isSettled && known === what;
}

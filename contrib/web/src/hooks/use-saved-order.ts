// SPDX-License-Identifier: MIT
//
// The copy on this device of one order: read at the start; written as the order
// changes, at most every two seconds, and now and then while it stays as it is,
// so that it also says until when that was true.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Tracked } from '../model/fold';
import { forgetOrder, savedOrder, saveOrder } from '../offline/saved-orders';
import type { SavedOrder } from '../offline/saved-orders';

const EVERY_MS = 2000;
const STILL_TRUE_MS = 60_000;

interface Options {
  isForbidden: boolean;
  isLive: boolean;
  // When what is here was last known to be true.
  knownAt(): number;
}

function useRead(name: string): SavedOrder | null {
  const [saved, setSaved] = useState<SavedOrder | null>(null);
  useEffect(() => {
    let isHere = true;
    setSaved(null);
    savedOrder(name).then(
      (s) => isHere && setSaved(s),
      () => {},
    );
    return () => {
      isHere = false;
    };
  }, [name]);
  return saved;
}

// While it is live: each minute, and when the page is put away.
function useStillTrue(isLive: boolean, save: () => void): void {
  useEffect(() => {
    if (!isLive) return undefined;
    const timer = setInterval(save, STILL_TRUE_MS);
    document.addEventListener('visibilitychange', save);
    window.addEventListener('pagehide', save);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', save);
      window.removeEventListener('pagehide', save);
      save();
    };
  }, [isLive, save]);
}

export function useSavedOrder(
  name: string,
  tracked: Tracked | undefined,
  { isForbidden, isLive, knownAt }: Options,
): SavedOrder | null {
  const saved = useRead(name);
  const lastAt = useRef(0);
  const newest = useRef({ name, tracked, knownAt });
  newest.current = { name, tracked, knownAt };
  const save = useCallback(() => {
    const { name, tracked, knownAt } = newest.current;
    if (!tracked) return;
    lastAt.current = Date.now();
    saveOrder(name, tracked, knownAt()).catch(() => {});
  }, []);
  useEffect(() => {
    if (!tracked) return undefined;
    const wait = lastAt.current + EVERY_MS - Date.now();
    const timer = setTimeout(save, Math.max(0, wait));
    return () => clearTimeout(timer);
  }, [name, tracked, save]);
  useStillTrue(isLive, save);
  useEffect(() => {
    if (isForbidden) forgetOrder(name).catch(() => {});
  }, [name, isForbidden]);
  return isForbidden ? null : saved;
}

// SPDX-License-Identifier: MIT
//
// The copy on this device of one order: read at the start, written as the order
// changes, at most every two seconds.
import { useEffect, useRef, useState } from 'react';
import type { Tracked } from '../model/fold';
import { forgetOrder, savedOrder, saveOrder } from '../offline/saved-orders';
import type { SavedOrder } from '../offline/saved-orders';

const EVERY_MS = 2000;

export function useSavedOrder(
  name: string,
  tracked: Tracked | undefined,
  isForbidden: boolean,
): SavedOrder | null {
  const [saved, setSaved] = useState<SavedOrder | null>(null);
  const lastAt = useRef(0);
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
  useEffect(() => {
    if (!tracked) return undefined;
    const wait = lastAt.current + EVERY_MS - Date.now();
    const timer = setTimeout(
      () => {
        lastAt.current = Date.now();
        saveOrder(name, tracked).catch(() => {});
      },
      Math.max(0, wait),
    );
    return () => clearTimeout(timer);
  }, [name, tracked]);
  useEffect(() => {
    if (isForbidden) forgetOrder(name).catch(() => {});
  }, [name, isForbidden]);
  return isForbidden ? null : saved;
}

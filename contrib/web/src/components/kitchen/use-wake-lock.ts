// SPDX-License-Identifier: MIT
import { useEffect } from 'react';

// A board on a tablet must not go dark.
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let isHere = true;
    const ask = async () => {
      if (document.visibilityState !== 'visible') return;
      try {
        const got = await navigator.wakeLock?.request('screen');
        if (isHere) lock = got;
        else await got?.release();
      } catch {
        // Low battery, or not allowed: then it goes dark.
      }
    };
    void ask();
    document.addEventListener('visibilitychange', ask);
    return () => {
      isHere = false;
      document.removeEventListener('visibilitychange', ask);
      lock?.release().catch(() => {});
    };
  }, []);
}

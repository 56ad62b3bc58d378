// SPDX-License-Identifier: MIT

const LATEST_MS = 1000;
const WITHOUT_MS = 200;

// Resolves when the page has nothing better to do, such as its first picture;
// at once in a worker, which has none.
export function whenIdle(): Promise<void> {
  if (typeof window === 'undefined') return Promise.resolve();
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function')
      requestIdleCallback(() => resolve(), { timeout: LATEST_MS });
    else setTimeout(resolve, WITHOUT_MS);
  });
}

// SPDX-License-Identifier: MIT
//
// store - where tokens are kept.  What is in the way (private mode, a full
// disk) costs the keeping, never the page.

function guarded<T>(fn: () => T, otherwise: T): T {
  try {
    return fn();
  } catch {
    return otherwise;
  }
}

export interface Keep {
  get(name: string): string | null;
  set(name: string, value: string | null): void;
}

function keepIn(pick: () => Storage): Keep {
  return {
    get: (name) => guarded(() => pick().getItem(name), null),
    set: (name, value) =>
      guarded(() => {
        if (value === null) pick().removeItem(name);
        else pick().setItem(name, value);
      }, undefined),
  };
}

// This device, and this tab until it is closed.
export const onDevice = keepIn(() => localStorage);
export const inTab = keepIn(() => sessionStorage);

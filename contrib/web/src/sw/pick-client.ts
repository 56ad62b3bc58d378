// SPDX-License-Identifier: MIT
//
// pick-client - which open tab a tapped notice goes to.  Pure.

interface Tab {
  url: string;
  focused?: boolean;
}

export interface Picked<T> {
  tab: T;
  // It shows the page already.
  isThere: boolean;
}

function pathname(tab: Tab): string {
  return new URL(tab.url).pathname;
}

// The tab that shows it, else one that is no kitchen board; null: a new one.
export function pickClient<T extends Tab>(
  tabs: readonly T[],
  path: string,
  order: string | null,
): Picked<T> | null {
  const there = tabs.find((tab) => {
    const at = pathname(tab);
    return (
      at === path ||
      (order !== null && at.split('/').includes(encodeURIComponent(order)))
    );
  });
  if (there) return { tab: there, isThere: true };
  const others = tabs.filter((tab) => !pathname(tab).startsWith('/kitchen'));
  const tab = others.find((o) => o.focused) ?? others[0];
  return tab ? { tab, isThere: false } : null;
}

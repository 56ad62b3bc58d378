// SPDX-License-Identifier: MIT
//
// keys - the board by keyboard.  The tickets are found in the document, so that
// what the eye sees is what the arrows move over.

const TICKET = '[data-ticket]';

function tickets(column: Element): HTMLElement[] {
  return [...column.querySelectorAll<HTMLElement>(TICKET)];
}

function columns(): Element[] {
  return [...document.querySelectorAll('[data-column]')].filter(
    (c) => tickets(c).length > 0,
  );
}

export function focusedTicket(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>(TICKET) ?? null;
}

// False when there is none.
export function focusTicket(id: string): boolean {
  const found = [...document.querySelectorAll<HTMLElement>(TICKET)].find(
    (ticket) => ticket.dataset.ticket === id,
  );
  found?.focus({ preventScroll: true });
  return found !== undefined;
}

export function focusColumn(name: string | null): void {
  document
    .querySelector<HTMLElement>(`[data-column="${name}"]`)
    ?.focus({ preventScroll: true });
}

export function moveFocus(key: string): void {
  const all = columns();
  const here = focusedTicket();
  const at = here ? all.findIndex((c) => c.contains(here)) : -1;
  const column = all[at];
  if (!here || !column) {
    const first = all[0];
    if (first) tickets(first)[0]?.focus();
    return;
  }
  const row = tickets(column).indexOf(here);
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    tickets(column)[row + (key === 'ArrowDown' ? 1 : -1)]?.focus();
    return;
  }
  const next = all[at + (key === 'ArrowRight' ? 1 : -1)];
  if (!next) return;
  const list = tickets(next);
  list[Math.min(row, list.length - 1)]?.focus();
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.closest('dialog') !== null ||
      /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

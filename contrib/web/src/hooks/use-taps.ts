// SPDX-License-Identifier: MIT
//
// What a tap on the board does: seen at once, sent, and taken back with a word
// when the server says no.
import { setItemStatus, setOrderStatus, setReadyIn } from '../api/orders';
import { Problem, Unreachable } from '../api/problem';
import type { Item, ItemStatus, Order, OrderStatus } from '../api/types';
import { t, tName } from '../i18n/i18n';
import { ITEM_BACK, ITEM_NEXT, orderNext } from '../model/model';
import { tapKey, useKitchenStore, type Tap } from '../stores/kitchen';
import { useToastStore, type Toast } from '../stores/toasts';

const store = () => useKitchenStore.getState();

function numberOf(id: string): string {
  return store().orders[id]?.order.number ?? '';
}

// One word at a time: those of a busy minute would cover the board.
function say(text: string, action?: Toast['action']): void {
  useToastStore
    .getState()
    .show({ text, group: 'tap', ...(action && { action }) });
}

function explain(number: string, error: unknown): string {
  if (error instanceof Problem && [409, 422].includes(error.status))
    return t('kitchen.conflict', { number });
  const why =
    error instanceof Unreachable
      ? t('kitchen.unreachable')
      : error instanceof Error
        ? error.message
        : '';
  return t('kitchen.failed', { number, why });
}

function call(tap: Tap, reason?: string): Promise<Order> {
  return tap.item
    ? setItemStatus(tap.order, tap.item, tap.to as ItemStatus)
    : setOrderStatus(tap.order, tap.to as OrderStatus, reason);
}

// False when the server refused it, or it was still at the one before.
export async function send(tap: Tap, reason?: string): Promise<boolean> {
  if (tapKey(tap) in store().pending) return false;
  const number = numberOf(tap.order);
  store().begin(tap);
  try {
    const order = await call(tap, reason);
    store().mergeOrder(order);
    store().settle(tap, true);
    return true;
  } catch (error) {
    store().settle(tap, false);
    useToastStore
      .getState()
      .show({ text: explain(number, error), tone: 'bad' });
    return false;
  }
}

export function canUndo(tap: Tap): boolean {
  if (tap.item) return ITEM_BACK[tap.to as ItemStatus] === tap.from;
  return tap.from === 'preparing' && tap.to === 'ready';
}

export async function undo(tap: Tap): Promise<void> {
  store().dropDone(tap);
  const back: Tap = { ...tap, from: tap.to, to: tap.from };
  const ok = await send(
    back,
    tap.item ? undefined : t('kitchen.reason.mistake'),
  );
  if (!ok) return;
  store().dropDone(back);
  say(t('kitchen.undone'));
}

export function undoLast(): void {
  const last = [...store().done].reverse().find(canUndo);
  if (last) void undo(last);
}

function wordOf(tap: Tap): string {
  const number = numberOf(tap.order);
  const item = store().orders[tap.order]?.order.items.find(
    (i) => i.id === tap.item,
  );
  return item
    ? t('kitchen.moved_item', {
        number,
        item: item.name,
        status: tName('item', tap.to),
      })
    : t('kitchen.moved', { number, status: tName('status', tap.to) });
}

// Only what can be taken back is worth a word: the board shows the rest.
function tell(tap: Tap): void {
  if (!canUndo(tap)) return;
  say(wordOf(tap), { label: t('kitchen.undo'), run: () => void undo(tap) });
}

async function sendAndTell(tap: Tap): Promise<void> {
  if (await send(tap)) tell(tap);
}

export function setItem(order: Order, item: Item, to: ItemStatus): void {
  void sendAndTell({ order: order.id, item: item.id, from: item.status, to });
}

export function tapItem(order: Order, item: Item): void {
  const to = ITEM_NEXT[item.status];
  if (to) setItem(order, item, to);
}

export function tapOrder(order: Order): void {
  const to = orderNext(order.status, order.fulfilment);
  if (to) void sendAndTell({ order: order.id, from: order.status, to });
}

export function recall(order: Order, reason: string): void {
  const tap: Tap = { order: order.id, from: 'ready', to: 'preparing' };
  void send(tap, reason);
}

// Off its way: declined, cancelled, not delivered, taken back.
export function leave(order: Order, to: OrderStatus, reason?: string): void {
  void send({ order: order.id, from: order.status, to }, reason);
}

export async function promise(order: Order, minutes: number): Promise<void> {
  const { number } = order;
  try {
    store().mergeOrder(await setReadyIn(order.id, minutes * 60));
    say(t('kitchen.ready_told', { number, n: minutes }));
  } catch (error) {
    useToastStore
      .getState()
      .show({ text: explain(number, error), tone: 'bad' });
  }
}

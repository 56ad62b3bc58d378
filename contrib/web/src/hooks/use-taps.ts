// SPDX-License-Identifier: MIT
//
// What a tap on the board does: seen at once, sent, and taken back with a word
// when the server says no.
import { setItemStatus, setOrderStatus } from '../api/orders';
import { Problem, Unreachable } from '../api/problem';
import type { Item, ItemStatus, Order, OrderStatus } from '../api/types';
import { t, tName } from '../i18n/i18n';
import { ITEM_BACK, ITEM_NEXT, orderNext } from '../model/model';
import { tapKey, useKitchenStore, type Tap } from '../stores/kitchen';
import { useToastStore } from '../stores/toasts';

const store = () => useKitchenStore.getState();

function numberOf(id: string): string {
  return store().orders[id]?.order.number ?? '';
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
  useToastStore.getState().show({ text: t('kitchen.undone') });
}

export function undoLast(): void {
  const last = [...store().done].reverse().find(canUndo);
  if (last) void undo(last);
}

// Only what can be taken back is worth a word: the board shows the rest.
function tell(tap: Tap): void {
  if (!canUndo(tap)) return;
  const number = numberOf(tap.order);
  useToastStore.getState().show({
    text: t('kitchen.moved', {
      number,
      status: tName(tap.item ? 'item' : 'status', tap.to),
    }),
    action: { label: t('kitchen.undo'), run: () => void undo(tap) },
  });
}

async function sendAndTell(tap: Tap): Promise<void> {
  if (await send(tap)) tell(tap);
}

export function tapItem(order: Order, item: Item): void {
  const to = ITEM_NEXT[item.status];
  if (to)
    void sendAndTell({
      order: order.id,
      item: item.id,
      from: item.status,
      to,
    });
}

export function tapOrder(order: Order): void {
  const to = orderNext(order.status, order.fulfilment);
  if (to) void sendAndTell({ order: order.id, from: order.status, to });
}

export function recall(order: Order, reason: string): void {
  const tap: Tap = { order: order.id, from: 'ready', to: 'preparing' };
  void send(tap, reason);
}

// SPDX-License-Identifier: MIT
//
// What a kitchen does with an order beside its next step.
import { QueryClientProvider } from '@tanstack/react-query';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen,
  waitFor,
  within,
} from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/problem';
import type { Order, OrderModel } from '../api/types';
import { Board } from '../components/kitchen/board';
import { OrderDialog } from '../components/kitchen/order-dialog';
import { newQueryClient } from '../hooks/query-client';
import { SETTLE_MS } from '../hooks/use-settled';
import { boardOf } from '../model/board';
import { exitsOf, itemSteps } from '../model/model';
import { useKitchenStore } from '../stores/kitchen';
import { useToastStore } from '../stores/toasts';
import { anItem, anOrder, T0 } from './samples';

const calls = vi.hoisted(() => ({
  setItemStatus: vi.fn(),
  setOrderStatus: vi.fn(),
  setReadyIn: vi.fn(),
  getModel: vi.fn(),
}));
vi.mock('../api/orders', async (original) => ({
  ...(await original<object>()),
  ...calls,
}));

const step = <S,>(from: S, to: S) => ({ from, to });
const WAYS = [
  step('placed', 'accepted'),
  step('placed', 'rejected'),
  step('placed', 'cancelled'),
  step('ready', 'preparing'),
  step('out_for_delivery', 'delivered'),
  step('out_for_delivery', 'delivery_failed'),
];
const MODEL = {
  transitions: { pickup: WAYS, delivery: WAYS, dine_in: WAYS },
  item_transitions: [
    step('queued', 'held'),
    step('queued', 'voided'),
    step('ready', 'preparing'),
    step('ready', 'served'),
  ],
} as unknown as OrderModel;

const store = () => useKitchenStore.getState();
const list = () => Object.values(store().orders);
const toasts = () => useToastStore.getState().toasts.map((t) => t.text);

async function open(order: Order, close = vi.fn()) {
  store().applyMessage({ type: 'kitchen.snapshot', data: { orders: [order] } });
  calls.getModel.mockResolvedValue(MODEL);
  const client = newQueryClient();
  render(
    <QueryClientProvider client={client}>
      <OrderDialog order={order} onClose={close} />
    </QueryClientProvider>,
  );
  await waitFor(() =>
    expect(client.getQueryData(['order-model', 'kitchen'])).toBe(MODEL),
  );
  return close;
}

// jsdom opens no dialogs, so nothing in one counts as seen.
const button = (name: string) =>
  screen.getByRole('button', { name, hidden: true });

const hit = (name: string) => act(async () => button(name).click());

async function press(name: string) {
  await act(() => vi.advanceTimersByTimeAsync(SETTLE_MS));
  await hit(name);
}

beforeEach(() => {
  store().reset();
  useToastStore.setState({ toasts: [] });
  for (const call of Object.values(calls)) call.mockReset();
});
afterEach(cleanup);

describe('steps beside the way', () => {
  it('are those of the server, and none before it has told', () => {
    const order = anOrder();
    expect(exitsOf(order, MODEL)).toEqual(['rejected', 'cancelled']);
    expect(exitsOf(anOrder({ status: 'ready' }), MODEL)).toEqual([]);
    expect(exitsOf(order, undefined)).toEqual([]);
    expect(itemSteps('queued', 'pickup', undefined)).toEqual([]);
  });

  it('serve an item at a table only', () => {
    expect(itemSteps('ready', 'pickup', MODEL)).toEqual(['preparing']);
    expect(itemSteps('ready', 'dine_in', MODEL)).toContain('served');
  });
});

describe('the dialog of an order', () => {
  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('declines it with the reason that was given', async () => {
    calls.setOrderStatus.mockResolvedValue(
      anOrder({ seq: 2, status: 'rejected' }),
    );
    const close = await open(anOrder());
    await press('Decline');
    expect(calls.setOrderStatus).not.toHaveBeenCalled();
    await press('Sold out');
    expect(calls.setOrderStatus).toHaveBeenCalledWith(
      'order-1',
      'rejected',
      'Sold out',
    );
    expect(close).toHaveBeenCalled();
    expect(list()).toHaveLength(0);
  });

  it('takes the second of two quick taps for no answer', async () => {
    const close = await open(anOrder());
    await press('Decline');
    await hit('Sold out');
    fireEvent.click(screen.getByRole('dialog', { hidden: true }));
    expect(close).not.toHaveBeenCalled();
    await press('Cancel');
    await open(anOrder());
    await press('Take off: Croissant');
    await hit('Really take off?: Croissant');
    expect(calls.setOrderStatus).not.toHaveBeenCalled();
    expect(calls.setItemStatus).not.toHaveBeenCalled();
  });

  it('says that a delivery failed, which is not the end', async () => {
    calls.setOrderStatus.mockResolvedValue(
      anOrder({ seq: 2, status: 'delivery_failed', fulfilment: 'delivery' }),
    );
    await open(anOrder({ status: 'out_for_delivery', fulfilment: 'delivery' }));
    expect(screen.queryByText('Ready in')).toBeNull();
    await press('Not delivered');
    expect(screen.queryByText(/can't be undone/)).toBeNull();
    await press('Nobody was there');
    expect(calls.setOrderStatus).toHaveBeenCalledWith(
      'order-1',
      'delivery_failed',
      'Nobody was there',
    );
    expect(boardOf(list(), {}, null).out).toHaveLength(1);
  });

  it('tells when it will be ready', async () => {
    calls.setReadyIn.mockResolvedValue(anOrder({ seq: 2 }));
    const close = await open(anOrder({ number: '7' }));
    await press('15 min');
    expect(calls.setReadyIn).toHaveBeenCalledWith('order-1', 900);
    expect(close).toHaveBeenCalled();
    expect(toasts()).toEqual(['Order 7: ready in 15 min']);
  });

  it('says so when the server does not take that', async () => {
    calls.setReadyIn.mockRejectedValue(new Problem(409, 'order_finished', ''));
    await open(anOrder({ number: '7' }));
    await press('15 min');
    expect(toasts()).toEqual(['Order 7 was changed by somebody else.']);
  });

  it('takes an item off only when asked twice', async () => {
    calls.setItemStatus.mockReturnValue(new Promise(() => {}));
    await open(anOrder());
    await press('Take off: Croissant');
    expect(calls.setItemStatus).not.toHaveBeenCalled();
    await press('Really take off?: Croissant');
    expect(calls.setItemStatus).toHaveBeenCalledWith(
      'order-1',
      'item-2',
      'voided',
    );
  });

  it('takes a finished item back', async () => {
    calls.setItemStatus.mockResolvedValue(anOrder({ seq: 2 }));
    const items = [anItem({ status: 'ready' }), anItem({ id: 'item-2' })];
    await open(anOrder({ status: 'preparing', items }));
    await press('Make again: Flat white');
    expect(calls.setItemStatus).toHaveBeenCalledWith(
      'order-1',
      'item-1',
      'preparing',
    );
  });
});

describe('a ticket', () => {
  const draw = (onMore = vi.fn()) => {
    render(
      <Board
        board={boardOf(list(), {}, null)}
        pending={{}}
        onRecall={() => {}}
        onMore={onMore}
      />,
    );
    return onMore;
  };
  const show = (order: Order) =>
    store().applyMessage({
      type: 'kitchen.snapshot',
      data: { orders: [order] },
    });

  it('opens what is more by its button and by M', () => {
    show(anOrder());
    const onMore = draw();
    fireEvent.click(screen.getByRole('button', { name: 'More: order 42' }));
    fireEvent.keyDown(screen.getByRole('article'), { key: 'm' });
    expect(onMore).toHaveBeenCalledTimes(2);
  });

  it('has nothing left to tap once the whole order was called ready', () => {
    show(anOrder({ status: 'ready' }));
    draw();
    const item = screen.getByRole('button', { name: /Flat white/ });
    expect(item).toHaveProperty('disabled', true);
    expect(item.dataset.status).toBe('ready');
  });

  it('says how long it is to the promise', () => {
    vi.useFakeTimers({ now: Date.parse(T0) });
    show(anOrder({ promised_at: '2026-11-22T18:04:00.000Z' }));
    draw();
    const head = within(screen.getByRole('article'));
    expect(head.getByText('in 4 min')).toBeTruthy();
    act(() => void vi.advanceTimersByTime(7 * 60_000));
    expect(head.getByText(/3 min/).textContent).toBe('Late 3 min');
    vi.useRealTimers();
  });
});

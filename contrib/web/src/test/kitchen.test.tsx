// SPDX-License-Identifier: MIT
import {
  act,
  cleanup,
  fireEvent,
  render,
  renderHook,
  screen,
} from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unreachable } from '../api/problem';
import type { Order } from '../api/types';
import { Board } from '../components/kitchen/board';
import { moveFocus } from '../components/kitchen/keys';
import { RecallDialog } from '../components/kitchen/recall-dialog';
import { useSound } from '../components/kitchen/use-sound';
import { SETTLE_MS } from '../hooks/use-settled';
import { canUndo, send, tapItem, undo } from '../hooks/use-taps';
import { ageOf, boardOf, stationsOf } from '../model/board';
import { trackedOrder } from '../model/fold';
import { useKitchenStore, type Tap } from '../stores/kitchen';
import { useToastStore } from '../stores/toasts';
import { anItem, anOrder, T0 } from './samples';

const calls = vi.hoisted(() => ({
  setItemStatus: vi.fn(),
  setOrderStatus: vi.fn(),
}));
vi.mock('../api/orders', async (original) => ({
  ...(await original<object>()),
  ...calls,
}));

const store = () => useKitchenStore.getState();
const toasts = () => useToastStore.getState().toasts.map((t) => t.text);
const list = () => Object.values(store().orders);

function show(...orders: Order[]) {
  store().applyMessage({ type: 'kitchen.snapshot', data: { orders } });
}

const settle = () => act(() => vi.advanceTimersByTimeAsync(SETTLE_MS));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  store().reset();
  useToastStore.setState({ toasts: [] });
  calls.setItemStatus.mockReset();
  calls.setOrderStatus.mockReset();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe('the board', () => {
  it('puts each order into its column, the most urgent first', () => {
    show(
      anOrder({
        id: 'a',
        status: 'placed',
        promised_at: '2026-11-22T19:00:00.000Z',
      }),
      anOrder({ id: 'b', status: 'accepted' }),
      anOrder({ id: 'c', status: 'preparing' }),
      anOrder({ id: 'd', status: 'ready' }),
    );
    const board = boardOf(list(), {}, null);
    expect(board.new.map((t) => t.order.id)).toEqual(['b', 'a']);
    expect(board.preparing).toHaveLength(1);
    expect(board.ready).toHaveLength(1);
  });

  it('has what broke its promise before what only came earlier', () => {
    show(
      anOrder({ id: 'a', placed_at: T0 }),
      anOrder({
        id: 'b',
        placed_at: '2026-11-22T18:05:00.000Z',
        promised_at: '2026-11-22T18:10:00.000Z',
      }),
    );
    const board = boardOf(list(), {}, null);
    expect(board.new.map((t) => t.order.id)).toEqual(['b', 'a']);
  });

  it('shows a station its own items only', () => {
    const items = [
      anItem({ id: '1', station: 'bar' }),
      anItem({ id: '2', station: null }),
    ];
    show(anOrder({ id: 'a', items }), anOrder({ id: 'b', items: [items[1]!] }));
    expect(stationsOf(list())).toEqual(['', 'bar']);
    const board = boardOf(list(), {}, 'bar');
    expect(board.new).toHaveLength(1);
    expect(board.new[0]?.items.map((i) => i.id)).toEqual(['1']);
  });

  it('grows warm and late, by the promise if there is one', () => {
    const at = (min: number) => Date.parse(T0) + min * 60_000;
    expect(ageOf(anOrder(), at(3))).toBe('fresh');
    expect(ageOf(anOrder(), at(12))).toBe('warm');
    expect(ageOf(anOrder(), at(25))).toBe('late');
    const promised = anOrder({ promised_at: '2026-11-22T18:40:00.000Z' });
    expect(ageOf(promised, at(25))).toBe('fresh');
    expect(ageOf(promised, at(36))).toBe('warm');
    expect(ageOf(promised, at(41))).toBe('late');
  });

  it('hears of a new order once, and not of those it began with', () => {
    show(anOrder({ id: 'a' }));
    expect(store().arrived).toBeNull();
    const created = {
      type: 'order.created',
      order_id: 'b',
      seq: 1,
      data: { order: anOrder({ id: 'b', number: '43' }) },
    };
    store().applyMessage(created);
    const { arrived } = store();
    expect(arrived?.number).toBe('43');
    store().applyMessage(created);
    expect(store().arrived).toBe(arrived);
  });

  it('lets go of an order that is over', () => {
    show(anOrder({ status: 'ready' }));
    store().applyMessage({
      type: 'order.status.changed',
      order_id: 'order-1',
      seq: 2,
      data: { from: 'ready', to: 'picked_up' },
    });
    expect(list()).toHaveLength(0);
  });

  it('is moved by a tap on the item and by the digits', async () => {
    calls.setItemStatus.mockReturnValue(new Promise(() => {}));
    show(anOrder());
    render(
      <Board
        board={boardOf(list(), {}, null)}
        pending={{}}
        onRecall={() => {}}
        onMore={() => {}}
      />,
    );
    await settle();
    fireEvent.click(screen.getByRole('button', { name: /2×\s*Flat white/ }));
    expect(calls.setItemStatus).toHaveBeenCalledWith(
      'order-1',
      'item-1',
      'preparing',
    );
    fireEvent.keyDown(screen.getByRole('article'), { key: '2' });
    expect(calls.setItemStatus).toHaveBeenLastCalledWith(
      'order-1',
      'item-2',
      'preparing',
    );
  });
});

describe('the keyboard', () => {
  const draw = () => (
    <Board
      board={boardOf(list(), store().pending, null)}
      pending={{}}
      onRecall={() => {}}
      onMore={() => {}}
    />
  );
  const focused = () =>
    (document.activeElement as HTMLElement | null)?.dataset.ticket;

  it('moves over the tickets, and stays on one that moves', () => {
    show(
      anOrder({ id: 'a' }),
      anOrder({ id: 'b' }),
      anOrder({ id: 'c', status: 'ready' }),
    );
    const { rerender } = render(draw());
    moveFocus('ArrowRight');
    expect(focused()).toBe('a');
    moveFocus('ArrowDown');
    expect(focused()).toBe('b');
    moveFocus('ArrowRight');
    expect(focused()).toBe('c');
    moveFocus('ArrowLeft');
    expect(focused()).toBe('a');
    act(() =>
      store().mergeOrder(anOrder({ id: 'a', seq: 2, status: 'ready' })),
    );
    rerender(draw());
    expect(focused()).toBe('a');
  });

  it('stays in the column of a ticket that has gone', () => {
    show(anOrder({ id: 'a', status: 'ready' }), anOrder({ id: 'b' }));
    const { rerender } = render(draw());
    moveFocus('ArrowRight');
    moveFocus('ArrowRight');
    expect(focused()).toBe('a');
    act(() =>
      store().mergeOrder(anOrder({ id: 'a', seq: 2, status: 'picked_up' })),
    );
    rerender(draw());
    expect((document.activeElement as HTMLElement).dataset.column).toBe(
      'ready',
    );
  });
});

describe('two taps', () => {
  const FINGER = { detail: 1 };
  const draw = () => (
    <Board
      board={boardOf(list(), store().pending, null)}
      pending={store().pending}
      onRecall={() => {}}
      onMore={() => {}}
    />
  );
  const next = (number: string) =>
    screen.getByRole('button', {
      name: new RegExp(`^(?!More|Recall).*: order ${number}$`),
    });
  const steps = () => calls.setOrderStatus.mock.calls.map((c) => [c[0], c[1]]);

  // The board as it is after each change, answered at once.
  async function begin(...orders: Order[]) {
    calls.setOrderStatus.mockImplementation(async (id: string, status) => ({
      ...store().orders[id]!.order,
      status,
      seq: store().orders[id]!.seq + 1,
    }));
    show(...orders);
    const { rerender } = render(draw());
    await settle();
    return async (act_: () => void) => {
      await act(async () => act_());
      rerender(draw());
    };
  }

  it('are one step, and the last step is one of its own', async () => {
    const change = await begin(anOrder({ status: 'preparing' }));
    await change(() => fireEvent.click(next('42'), FINGER));
    await change(() => fireEvent.click(next('42'), FINGER));
    await change(() => fireEvent.click(next('42')));
    expect(steps()).toEqual([['order-1', 'ready']]);
    expect(next('42').getAttribute('aria-disabled')).toBe('true');
    await settle();
    expect(next('42').getAttribute('aria-disabled')).toBeNull();
    await change(() => fireEvent.click(next('42'), FINGER));
    expect(steps()).toHaveLength(2);
  });

  it('are one step by the keyboard, and so is a key held down', async () => {
    const change = await begin(anOrder({ status: 'preparing' }));
    const press = (more = {}) =>
      change(() =>
        fireEvent.keyDown(screen.getByRole('article'), {
          key: 'Enter',
          ...more,
        }),
      );
    await press();
    await press();
    await settle();
    await press({ repeat: true });
    expect(steps()).toEqual([['order-1', 'ready']]);
    const button = next('42');
    expect(fireEvent.keyDown(button, { key: 'Enter', repeat: true })).toBe(
      false,
    );
    expect(fireEvent.keyDown(button, { key: 'Enter' })).toBe(true);
  });

  it('do not hit the order that has moved up under the finger', async () => {
    const change = await begin(
      anOrder({ id: 'a', number: '1', status: 'preparing' }),
      anOrder({ id: 'b', number: '2', status: 'preparing' }),
    );
    await change(() => fireEvent.click(next('1'), FINGER));
    await change(() => fireEvent.click(next('2'), FINGER));
    expect(steps()).toEqual([['a', 'ready']]);
    // By the keyboard one has chosen it.
    await change(() => fireEvent.click(next('2')));
    expect(steps()).toHaveLength(2);
  });

  it('do not hit what was refused and is back', async () => {
    const change = await begin(anOrder({ status: 'preparing' }));
    let refuse!: (error: Error) => void;
    calls.setOrderStatus.mockReturnValue(
      new Promise((_, reject) => (refuse = reject)),
    );
    await change(() => fireEvent.click(next('42'), FINGER));
    expect(next('42').textContent).toBe('Picked up');
    await change(() => refuse(new Unreachable()));
    expect(next('42').textContent).toBe('Ready');
    await change(() => fireEvent.click(next('42'), FINGER));
    expect(steps()).toHaveLength(1);
  });

  it('are one step of an item', async () => {
    calls.setItemStatus.mockImplementation(async (_order, _item, status) =>
      anOrder({ seq: 2, items: [anItem({ status })] }),
    );
    const change = await begin(anOrder());
    const tap = () =>
      change(() =>
        fireEvent.click(screen.getByRole('button', { name: /Flat white/ })),
      );
    await tap();
    await tap();
    expect(calls.setItemStatus).toHaveBeenCalledOnce();
  });
});

describe('the sound', () => {
  it('says that it waits for a first tap, for as long as it does', () => {
    const { result } = renderHook(useSound);
    expect(result.current).toMatchObject({ isOn: true, isAsleep: true });
    act(() => void window.dispatchEvent(new Event('pointerup')));
    expect(result.current).toMatchObject({ isOn: true, isAsleep: false });
    act(() => result.current.toggle());
    expect(result.current).toMatchObject({ isOn: false, isAsleep: false });
    act(() => result.current.toggle());
  });
});

describe('taps', () => {
  const tap: Tap = {
    order: 'order-1',
    item: 'item-1',
    from: 'queued',
    to: 'preparing',
  };
  const shown = () =>
    boardOf(list(), store().pending, null).new[0]?.order.items[0]?.status;

  it('are seen before they are answered', async () => {
    let answer!: (order: Order) => void;
    calls.setItemStatus.mockReturnValue(new Promise((r) => (answer = r)));
    show(anOrder());
    const sent = send(tap);
    expect(shown()).toBe('preparing');
    answer(anOrder({ seq: 2, items: [anItem({ status: 'preparing' })] }));
    expect(await sent).toBe(true);
    expect(store().pending).toEqual({});
    expect(shown()).toBe('preparing');
  });

  it('are taken back on 409, with a word', async () => {
    calls.setItemStatus.mockRejectedValue(
      new Problem(409, 'illegal_transition', 'no'),
    );
    show(anOrder());
    expect(await send(tap)).toBe(false);
    expect(shown()).toBe('queued');
    expect(toasts()[0]).toContain('somebody else');
  });

  it('are taken back when the server is not reached', async () => {
    calls.setItemStatus.mockRejectedValue(new Unreachable());
    show(anOrder());
    await send(tap);
    expect(shown()).toBe('queued');
    expect(toasts()[0]).toContain('No connection');
  });

  it('are sent once however often one taps', () => {
    calls.setItemStatus.mockReturnValue(new Promise(() => {}));
    show(anOrder());
    const { order } = trackedOrder(anOrder());
    tapItem(order, order.items[0]!);
    tapItem(order, order.items[0]!);
    expect(calls.setItemStatus).toHaveBeenCalledOnce();
  });

  it('say which item it was, one word at a time', async () => {
    const items = [anItem({ status: 'preparing' })];
    calls.setItemStatus.mockResolvedValue(anOrder({ seq: 2, items }));
    show(anOrder());
    await act(async () => tapItem(anOrder(), anItem()));
    expect(toasts()).toEqual(['Order 42, Flat white: Being prepared']);
    await act(async () => useToastStore.getState().toasts[0]?.action?.run());
    expect(toasts()).toEqual(['Taken back']);
  });

  it('can be undone where the kitchen may', async () => {
    const done: Tap = { order: 'order-1', from: 'preparing', to: 'ready' };
    expect(canUndo(done)).toBe(true);
    expect(canUndo({ ...done, from: 'placed', to: 'accepted' })).toBe(false);
    expect(canUndo(tap)).toBe(true);
    expect(canUndo({ ...tap, from: 'queued', to: 'ready' })).toBe(false);
    calls.setOrderStatus.mockResolvedValue(anOrder({ seq: 3 }));
    show(anOrder({ status: 'ready' }));
    await undo(done);
    expect(calls.setOrderStatus).toHaveBeenCalledWith(
      'order-1',
      'preparing',
      'Tapped by mistake',
    );
  });

  it('recall with the reason that was given', async () => {
    calls.setOrderStatus.mockResolvedValue(anOrder({ seq: 3 }));
    const order = anOrder({ status: 'ready' });
    show(order);
    const close = vi.fn();
    render(<RecallDialog order={order} onClose={close} />);
    await settle();
    await act(async () => {
      screen.getByText('Something is missing').click();
    });
    expect(calls.setOrderStatus).toHaveBeenCalledWith(
      'order-1',
      'preparing',
      'Something is missing',
    );
    expect(close).toHaveBeenCalled();
  });

  it('do not let an event that is known already undo an answer', () => {
    show(anOrder());
    store().mergeOrder(anOrder({ seq: 3, status: 'preparing' }));
    store().applyMessage({
      type: 'order.status.changed',
      order_id: 'order-1',
      seq: 2,
      data: { from: 'placed', to: 'accepted' },
    });
    expect(list()[0]?.order.status).toBe('preparing');
  });
});

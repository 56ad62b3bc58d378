// @vitest-environment node
// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { EventParser } from '../event-parser';
import { KitchenPosition } from '../position';
import { orderPaths } from '../paths';

describe('KitchenPosition', () => {
  const snapshot = {
    type: 'kitchen.snapshot',
    data: { orders: [{ id: 'a', seq: 3 }] },
  };
  const of = (
    order_id: string,
    seq: number,
    type = 'order.status.changed',
  ) => ({
    type,
    order_id,
    seq,
  });

  it('counts each order for itself', () => {
    const p = new KitchenPosition();
    expect(p.judge(snapshot)).toBe('take');
    expect(p.judge(of('a', 3))).toBe('drop');
    expect(p.judge(of('a', 4))).toBe('take');
    expect(p.judge(of('a', 6))).toBe('gap');
    expect(p.judge(of('b', 1, 'order.created'))).toBe('take');
    expect(p.judge(of('b', 2))).toBe('take');
  });

  it('leaves orders alone that were never on the board', () => {
    const p = new KitchenPosition();
    p.judge(snapshot);
    expect(p.judge(of('old', 17))).toBe('drop');
  });
});

describe('EventParser', () => {
  function parse(...pieces: string[]) {
    const got: string[] = [];
    const parser = new EventParser((t) => got.push(t));
    for (const piece of pieces) parser.feed(piece);
    return { got, parser };
  }

  it('puts events together across any cut', () => {
    const text = ': c\nretry: 2000\n\nid: 1\nevent: x\ndata: {"a":1}\n\n';
    for (let at = 0; at <= text.length; at++) {
      const { got, parser } = parse(text.slice(0, at), text.slice(at));
      expect(got).toEqual(['{"a":1}']);
      expect(parser.retryMs).toBe(2000);
    }
  });

  it('knows CR, CRLF and several lines of data', () => {
    const { got } = parse('data: a\r\ndata: b\r', '\n\r\n', 'data:c\r\r', '\n');
    expect(got).toEqual(['a\nb', 'c']);
  });
});

describe('paths', () => {
  it('keeps what it is given in one segment', () => {
    expect(orderPaths('ref:A/1').socketPath).toBe(
      '/ws/orders/ref:A%2F1/tracking',
    );
  });
});

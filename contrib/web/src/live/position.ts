// SPDX-License-Identifier: MIT
//
// position - which messages were taken already.  Pure: it decides, the client
// acts.  A repeat is dropped, a hole is named, so that what passes has no gap
// and no repeat.  Three kinds of streams count in three ways.
import { isSnapshot, type StreamMessage } from './messages';

export type Verdict = 'take' | 'drop' | 'gap';

export interface Position {
  // What to say as ?since= when coming back; undefined asks for a snapshot.
  since(): number | undefined;
  // Takes the message into account, unless it says 'gap'.
  judge(message: StreamMessage): Verdict;
  // The server says it has sent everything up to seq: is that true here?
  agrees(seq: number): boolean;
  forget(): void;
  // A new connection begins.
  opened(): void;
}

// One order: every seq, each once, one after the other.
export class OrderPosition implements Position {
  private last: number | undefined;

  constructor(since?: number) {
    this.last = since;
  }

  since(): number | undefined {
    return this.last;
  }

  judge(message: StreamMessage): Verdict {
    const { seq } = message;
    if (seq === undefined) return 'take';
    if (isSnapshot(message)) {
      if (this.last !== undefined && seq < this.last) return 'drop';
      this.last = seq;
      return 'take';
    }
    // Without a snapshot there is nothing to add an event to, unless it is
    // the first.
    const last = this.last ?? 0;
    if (seq <= last) return 'drop';
    if (seq > last + 1) return 'gap';
    this.last = seq;
    return 'take';
  }

  agrees(seq: number): boolean {
    return this.last === seq;
  }

  forget(): void {
    this.last = undefined;
  }

  opened(): void {}
}

// One person's notices: the seq grows and may leave numbers out.
export class PersonPosition implements Position {
  private last: number | undefined;

  constructor(since?: number) {
    this.last = since;
  }

  since(): number | undefined {
    return this.last;
  }

  judge(message: StreamMessage): Verdict {
    const { seq } = message;
    if (seq === undefined) return 'take';
    if (isSnapshot(message)) {
      this.last = seq;
      return 'take';
    }
    if (this.last !== undefined && seq <= this.last) return 'drop';
    this.last = seq;
    return 'take';
  }

  agrees(seq: number): boolean {
    return this.last === undefined || seq >= this.last;
  }

  forget(): void {
    this.last = undefined;
  }

  opened(): void {}
}

interface SnapshotOrders {
  orders?: { id: string; seq: number }[];
}

// A kitchen: the seq of each order for itself.  Coming back gives a snapshot,
// so nothing is remembered across connections.
export class KitchenPosition implements Position {
  private readonly last = new Map<string, number>();

  since(): undefined {
    return undefined;
  }

  judge(message: StreamMessage): Verdict {
    if (isSnapshot(message)) {
      this.last.clear();
      const { orders = [] } = (message.data ?? {}) as SnapshotOrders;
      for (const order of orders) this.last.set(order.id, order.seq);
      return 'take';
    }
    const { seq, order_id: id } = message;
    if (seq === undefined || id === undefined) return 'take';
    const last = this.last.get(id);
    if (last === undefined) {
      // New, or finished before the snapshot: only the first event has the
      // order in it, and what comes after the end is not for the board.
      if (message.type !== 'order.created') return 'drop';
    } else if (seq <= last) {
      return 'drop';
    } else if (seq > last + 1) {
      return 'gap';
    }
    this.last.set(id, seq);
    return 'take';
  }

  agrees(): boolean {
    return true;
  }

  forget(): void {
    this.last.clear();
  }

  opened(): void {
    this.last.clear();
  }
}

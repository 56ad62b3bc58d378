// SPDX-License-Identifier: MIT
//
// eta - what may be said about a time that nobody knows exactly.  Pure: an
// estimate and the server's present time in, words to choose out.
import type { DriverLocation, Eta, Order } from '../api/types';
import { isDone, isStopped } from './model';

export type EtaView =
  | { kind: 'none' }
  | { kind: 'hidden' }
  | { kind: 'done'; at: number | null }
  | { kind: 'waiting' }
  | {
      kind: 'window';
      fromMin: number;
      toMin: number;
      fromAt: number;
      toAt: number;
      isUnsure: boolean;
      lateMin: number;
    }
  | { kind: 'soon'; toAt: number; isUnsure: boolean; lateMin: number }
  | { kind: 'over'; toAt: number; lateMin: number };

const MINUTE = 60_000;
const LATE_FROM_MIN = 5;

function lateMinutes(eta: Eta, now: number): number {
  if (!eta.promised_at) return 0;
  const expected = Math.max(Date.parse(eta.p50_at), now);
  const late = Math.round((expected - Date.parse(eta.promised_at)) / MINUTE);
  return late >= LATE_FROM_MIN ? late : 0;
}

// The estimate has run out, but what was promised has not been broken.
function afterAll({ promised_at: promised }: Eta, now: number): EtaView | null {
  const toAt = promised ? Date.parse(promised) : 0;
  if (toAt <= now) return null;
  return {
    kind: 'window',
    fromMin: 1,
    toMin: Math.ceil((toAt - now) / MINUTE),
    fromAt: now,
    toAt,
    isUnsure: true,
    lateMin: 0,
  };
}

export function viewEta(
  order: Pick<Order, 'status' | 'fulfilment' | 'finished_at'>,
  eta: Eta | null,
  now: number,
  isImminent = false,
): EtaView {
  const { status } = order;
  if (isDone(status))
    return {
      kind: 'done',
      at: order.finished_at ? Date.parse(order.finished_at) : null,
    };
  if (isStopped(status) || status === 'delivery_failed')
    return { kind: 'hidden' };
  // It stands there: only a rider makes a ready order arrive later.
  if (status === 'ready' && order.fulfilment !== 'delivery')
    return { kind: 'waiting' };
  if (!eta) return { kind: 'none' };
  const fromAt = Date.parse(eta.p50_at);
  const toAt = Math.max(fromAt, Date.parse(eta.p90_at));
  const lateMin = lateMinutes(eta, now);
  if (now > toAt) return afterAll(eta, now) ?? { kind: 'over', toAt, lateMin };
  const isUnsure = eta.confidence === 'low';
  // Who is at the door soon may take minutes more to hand it over.
  if (isImminent && status === 'out_for_delivery')
    return { kind: 'soon', toAt: Math.max(now, fromAt), isUnsure, lateMin };
  if (now > fromAt - MINUTE / 2)
    return { kind: 'soon', toAt, isUnsure, lateMin };
  const fromMin = Math.max(1, Math.round((fromAt - now) / MINUTE));
  const toMin = Math.max(fromMin, Math.ceil((toAt - now) / MINUTE));
  return { kind: 'window', fromMin, toMin, fromAt, toAt, isUnsure, lateMin };
}

const STALE_MS = 120_000;

// The age of the rider's position, if it is too old to go by.
export function staleAge(
  location: DriverLocation | null | undefined,
  now: number,
): number | null {
  if (!location) return null;
  const age = now - Date.parse(location.at);
  return location.stale || age > STALE_MS ? Math.max(0, age) : null;
}

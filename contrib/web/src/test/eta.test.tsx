// SPDX-License-Identifier: MIT
import { act, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Eta } from '../api/types';
import { EtaDisplay } from '../components/tracking/eta-display';
import { staleAge, viewEta } from '../model/eta';
import { serverClock } from '../time/clock';
import { anOrder, T0 } from './samples';

const t0 = Date.parse(T0);
const inMin = (n: number) => new Date(t0 + n * 60_000).toISOString();

function anEta(more: Partial<Eta> = {}): Eta {
  return {
    p50_at: inMin(12),
    p90_at: inMin(16),
    confidence: 'high',
    basis: 'kitchen',
    promised_at: null,
    updated_at: T0,
    ...more,
  };
}

describe('viewEta', () => {
  const order = anOrder({ status: 'preparing' });

  it('counts down a window', () => {
    expect(viewEta(order, anEta(), t0)).toMatchObject({
      kind: 'window',
      fromMin: 12,
      toMin: 16,
    });
    expect(viewEta(order, anEta(), t0 + 10 * 60_000)).toMatchObject({
      fromMin: 2,
      toMin: 6,
    });
  });

  it('says soon, then that it takes longer', () => {
    expect(viewEta(order, anEta(), t0 + 13 * 60_000).kind).toBe('soon');
    expect(viewEta(order, anEta(), t0 + 17 * 60_000).kind).toBe('over');
  });

  it('counts no minutes of a rider who is almost there', () => {
    const onTheRoad = anOrder({ status: 'out_for_delivery' });
    expect(viewEta(onTheRoad, anEta(), t0, true)).toMatchObject({
      kind: 'soon',
      toAt: t0 + 12 * 60_000,
    });
    expect(viewEta(order, anEta(), t0, true).kind).toBe('window');
    expect(viewEta(onTheRoad, anEta(), t0 + 17 * 60_000, true).kind).toBe(
      'over',
    );
  });

  it('says when it is late against the promise, and unsure', () => {
    const late = anEta({ promised_at: inMin(5), confidence: 'low' });
    expect(viewEta(order, late, t0)).toMatchObject({
      lateMin: 7,
      isUnsure: true,
    });
    const fine = anEta({ promised_at: inMin(10) });
    expect(viewEta(order, fine, t0)).toMatchObject({ lateMin: 0 });
  });

  it('does not regret what is promised for later', () => {
    const early = anEta({ promised_at: inMin(30) });
    expect(viewEta(order, early, t0 + 17 * 60_000)).toMatchObject({
      kind: 'window',
      fromMin: 1,
      toMin: 13,
      toAt: t0 + 30 * 60_000,
      isUnsure: true,
      lateMin: 0,
    });
    expect(viewEta(order, early, t0 + 30 * 60_000).kind).toBe('over');
  });

  it('has nothing to say of what has ended', () => {
    const at = (status: 'cancelled' | 'picked_up' | 'ready') =>
      viewEta(anOrder({ status, finished_at: T0 }), anEta(), t0).kind;
    expect(at('cancelled')).toBe('hidden');
    expect(at('picked_up')).toBe('done');
    expect(at('ready')).toBe('waiting');
  });

  it('does not mind a window that is upside down', () => {
    const odd = anEta({ p90_at: inMin(3) });
    expect(viewEta(order, odd, t0)).toMatchObject({ fromMin: 12, toMin: 12 });
  });
});

describe('staleAge', () => {
  it('knows an old position', () => {
    const location = { lat: 0, lng: 0, heading: null, speed_mps: null, at: T0 };
    expect(staleAge(location, t0 + 60_000)).toBeNull();
    expect(staleAge(location, t0 + 180_000)).toBe(180_000);
    expect(staleAge({ ...location, stale: true }, t0)).toBe(0);
  });
});

describe('EtaDisplay', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('goes by the server when this clock is wrong by an hour', () => {
    vi.setSystemTime(t0 + 3600_000);
    serverClock.sample(t0, Date.now(), Date.now());
    render(<EtaDisplay order={anOrder()} eta={anEta()} />);
    expect(screen.getByText('12–16 min')).toBeTruthy();
    act(() => {
      vi.advanceTimersByTime(60_000);
    });
    expect(screen.getByText('11–15 min')).toBeTruthy();
  });
});

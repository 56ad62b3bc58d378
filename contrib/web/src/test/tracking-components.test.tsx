// SPDX-License-Identifier: MIT
import { render, screen, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../components/tracking/connection';
import { DriverInfo } from '../components/tracking/driver-info';
import { OrderItems } from '../components/tracking/order-items';
import { OrderTimeline, rowsOf } from '../components/tracking/order-timeline';
import { Progress } from '../components/tracking/progress';
import { setConfig } from '../config/config';
import { IDLE } from '../live';
import { aDelivery, anItem, aTracked, T0 } from './samples';

describe('OrderTimeline', () => {
  it('shows what was, what is, and what is ahead', () => {
    const tracked = {
      ...aTracked({ status: 'accepted' }),
      timeline: [
        { status: 'placed' as const, at: T0, by: 'service' },
        { status: 'accepted' as const, at: T0, by: 'kitchen' },
      ],
    };
    render(<OrderTimeline tracked={tracked} />);
    const rows = screen.getAllByRole('listitem');
    expect(rows).toHaveLength(5);
    expect(rows[1]?.getAttribute('aria-current')).toBe('step');
    expect(within(rows[0]!).getByText('Order received')).toBeTruthy();
    expect(rows.at(-1)?.dataset.state).toBe('ahead');
  });

  it('has nothing ahead of what was cancelled', () => {
    const tracked = {
      ...aTracked({ status: 'cancelled' }),
      timeline: [
        { status: 'placed' as const, at: T0, by: 'service' },
        { status: 'cancelled' as const, at: T0, by: 'kitchen' },
      ],
    };
    expect(rowsOf(tracked).map((r) => r.state)).toEqual(['done', 'stopped']);
  });

  it('shows a recall as it was', () => {
    const statuses = ['placed', 'preparing', 'ready', 'preparing'] as const;
    const tracked = {
      ...aTracked({ status: 'preparing' }),
      timeline: statuses.map((status) => ({ status, at: T0, by: 'kitchen' })),
    };
    expect(rowsOf(tracked).map((r) => r.status)).toEqual([
      ...statuses,
      'ready',
      'picked_up',
    ]);
  });
});

describe('Progress', () => {
  it('says in words how far it is', () => {
    render(<Progress tracked={aTracked({ status: 'preparing' })} />);
    expect(
      screen.getByRole('img', {
        name: 'Progress: step 3 of 5, Being prepared',
      }),
    ).toBeTruthy();
  });
});

describe('OrderItems', () => {
  it('counts what is ready, without what was taken off', () => {
    const items = [
      anItem({ id: 'a', status: 'ready' }),
      anItem({ id: 'b', status: 'preparing' }),
      anItem({ id: 'c', status: 'voided' }),
    ];
    const { rerender } = render(
      <OrderItems items={items} status="preparing" />,
    );
    expect(screen.getByText('1 of 2 ready')).toBeTruthy();
    // The kitchen has called the whole order ready.
    rerender(<OrderItems items={items} status="ready" />);
    expect(screen.getByText('2 of 2 ready')).toBeTruthy();
    // In somebody's hands.
    rerender(<OrderItems items={items} status="picked_up" />);
    expect(screen.queryByText(/ready/i)).toBeNull();
    expect(screen.getByText('Taken off')).toBeTruthy();
  });

  it('shows markup in a name as text', () => {
    const name = '<img src=x onerror="alert(1)">';
    const { container } = render(
      <OrderItems items={[anItem({ name })]} status="placed" />,
    );
    expect(screen.getByText(name)).toBeTruthy();
    expect(container.querySelector('img')).toBeNull();
  });
});

describe('DriverInfo', () => {
  it('has a button that calls the rider', () => {
    render(<DriverInfo delivery={aDelivery()} />);
    const link = screen.getByRole('link', { name: 'Call Kim' });
    expect(link.getAttribute('href')).toBe('tel:+4930123456');
  });

  it('calls support when the rider has no number', () => {
    setConfig({ supportPhone: '+49 30 99' });
    const { driver } = aDelivery();
    render(
      <DriverInfo
        delivery={aDelivery({ driver: { ...driver!, phone: undefined } })}
      />,
    );
    expect(screen.getByRole('link', { name: 'Call support' })).toBeTruthy();
    setConfig({ supportPhone: null });
  });

  it('promises no contact with a rider who has been there', () => {
    const { driver } = aDelivery();
    const delivery = aDelivery({ driver: { ...driver!, phone: undefined } });
    const { rerender } = render(<DriverInfo delivery={delivery} />);
    const text = 'Contact is not available yet';
    expect(screen.getByText(text)).toBeTruthy();
    rerender(<DriverInfo delivery={delivery} isOver />);
    expect(screen.queryByText(text)).toBeNull();
  });

  it('loads no picture from what is no web address', () => {
    const { driver } = aDelivery();
    const { container } = render(
      <DriverInfo
        delivery={aDelivery({
          driver: { ...driver!, photo_url: 'javascript:alert(1)' },
        })}
      />,
    );
    expect(container.querySelector('img')).toBeNull();
  });
});

describe('Connection', () => {
  it('says live only while it is', () => {
    const { rerender } = render(
      <Connection state={{ ...IDLE, phase: 'live' }} onRetry={() => {}} />,
    );
    expect(screen.getByText('Live')).toBeTruthy();
    rerender(
      <Connection state={{ ...IDLE, phase: 'quiet' }} onRetry={() => {}} />,
    );
    expect(screen.queryByText('Live')).toBeNull();
  });

  it('lets one try at once', () => {
    const retry = vi.fn();
    render(
      <Connection
        state={{ ...IDLE, phase: 'waiting', retryAt: Date.now() + 9000 }}
        onRetry={retry}
      />,
    );
    screen.getByRole('button', { name: 'Reconnect now' }).click();
    expect(retry).toHaveBeenCalledOnce();
  });

  it('is calm while the device has no network', () => {
    render(
      <Connection
        state={{ ...IDLE, phase: 'offline', retryAt: Date.now() + 9000 }}
        onRetry={() => {}}
      />,
    );
    expect(screen.getByText('Offline, trying again')).toBeTruthy();
    expect(screen.queryByRole('button')).toBeNull();
  });
});

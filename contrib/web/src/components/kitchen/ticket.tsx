// SPDX-License-Identifier: MIT
import type { KeyboardEvent } from 'react';
import type { Order } from '../../api/types';
import { tapItem, tapOrder } from '../../hooks/use-taps';
import { formatTime, t, tName } from '../../i18n/i18n';
import { ageOf, minutesOld, type Ticket } from '../../model/board';
import { orderNext } from '../../model/model';
import { Icon } from '../ui/icon';
import { ItemButton } from './item-button';

interface Props {
  ticket: Ticket;
  now: number;
  isPending: boolean;
  onRecall(order: Order): void;
}

const ICONS = { pickup: 'bag', delivery: 'bike', dine_in: 'pot' } as const;

function isPastPromise({ promised_at: at }: Order, now: number): boolean {
  return at !== null && Date.parse(at) < now;
}

function ageText(order: Order, now: number): string {
  const { scheduled_for: at } = order;
  if (at && Date.parse(at) > now)
    return t('kitchen.scheduled', { at: formatTime(at) });
  const n = isPastPromise(order, now)
    ? Math.floor((now - Date.parse(order.promised_at ?? '')) / 60_000)
    : minutesOld(order, now);
  if (n < 1 && isPastPromise(order, now)) return '';
  return n < 1 ? t('kitchen.now') : t('kitchen.age', { n });
}

function Head({ order, now }: { order: Order; now: number }) {
  const isLate = ageOf(order, now) === 'late';
  return (
    <header className="ticket-head">
      <h3 className="ticket-number">{order.number}</h3>
      <span className="ticket-how" title={t(`fulfilment.${order.fulfilment}`)}>
        <Icon name={ICONS[order.fulfilment]} size={18} />
        <span className="visually-hidden">
          {t(`fulfilment.${order.fulfilment}`)}
        </span>
      </span>
      <span className="ticket-age">
        {isLate && <strong>{t('kitchen.late')} </strong>}
        {ageText(order, now)}
      </span>
    </header>
  );
}

export function TicketCard({ ticket, now, isPending, onRecall }: Props) {
  const { order, items } = ticket;
  const next = orderNext(order.status, order.fulfilment);
  const action = next ? tName('kitchen.do', next) : '';
  const pressed = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter') tapOrder(order);
    const item = items[Number(event.key) - 1];
    if (item) tapItem(order, item);
    if (event.key.toLowerCase() === 'r' && order.status === 'ready')
      onRecall(order);
  };
  return (
    <article
      className="ticket"
      data-ticket={order.id}
      data-age={ageOf(order, now)}
      data-pending={isPending || undefined}
      aria-label={t('track.title', { number: order.number })}
      tabIndex={0}
      onKeyDown={pressed}
    >
      <Head order={order} now={now} />
      <div className="ticket-items">
        {items.map((item, i) => (
          <ItemButton key={item.id} order={order} item={item} index={i} />
        ))}
      </div>
      <div className="ticket-actions">
        {order.status === 'ready' && (
          <button
            type="button"
            className="button"
            onClick={() => onRecall(order)}
          >
            <Icon name="undo" size={18} />
            {t('kitchen.recall')}
          </button>
        )}
        {next && (
          <button
            type="button"
            className="button button-primary ticket-next"
            aria-label={t('kitchen.do_label', { action, number: order.number })}
            onClick={() => tapOrder(order)}
          >
            {action}
          </button>
        )}
      </div>
    </article>
  );
}

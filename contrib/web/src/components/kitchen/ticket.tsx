// SPDX-License-Identifier: MIT
import type { KeyboardEvent } from 'react';
import type { Order } from '../../api/types';
import { useSettled } from '../../hooks/use-settled';
import { tapOrder } from '../../hooks/use-taps';
import { formatTime, t, tName } from '../../i18n/i18n';
import { ageOf, minutesOld, type Ticket } from '../../model/board';
import { orderNext } from '../../model/model';
import { Icon } from '../ui/icon';
import { ItemButton } from './item-button';
import { StepButton } from './step-button';

interface Props {
  ticket: Ticket;
  // Where it stands on the board.
  place: string;
  now: number;
  isPending: boolean;
  onRecall(order: Order): void;
  onMore(order: Order): void;
}

const ICONS = { pickup: 'bag', delivery: 'bike', dine_in: 'pot' } as const;

// What its colour stands for: the time to its promise or past it, or how long
// it has stood there.
function ageText(order: Order, now: number): string {
  const { scheduled_for: at, promised_at: promised } = order;
  if (at && Date.parse(at) > now)
    return t('kitchen.scheduled', { at: formatTime(at) });
  if (!promised) {
    const n = minutesOld(order, now);
    return n < 1 ? t('kitchen.now') : t('kitchen.age', { n });
  }
  const left = (Date.parse(promised) - now) / 60_000;
  if (left >= 0) return t('kitchen.due', { n: Math.ceil(left) });
  return left > -1 ? '' : t('kitchen.age', { n: Math.floor(-left) });
}

interface HeadProps {
  order: Order;
  now: number;
  onMore(): void;
}

function Head({ order, now, onMore }: HeadProps) {
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
      <button
        type="button"
        className="icon-button ticket-more"
        aria-label={t('kitchen.do_label', {
          action: t('kitchen.more'),
          number: order.number,
        })}
        aria-haspopup="dialog"
        title={t('kitchen.more')}
        onClick={onMore}
      >
        <Icon name="more" size={22} />
      </button>
    </header>
  );
}

function isStep(event: KeyboardEvent): boolean {
  return event.key === 'Enter' || event.key === ' ';
}

export function TicketCard(props: Props) {
  const { ticket, place, now, isPending, onRecall, onMore } = props;
  const { order, items } = ticket;
  const isStill = useSettled(place);
  const next = orderNext(order.status, order.fulfilment);
  const action = next ? tName('kitchen.do', next) : '';
  const pressed = (event: KeyboardEvent) => {
    // A key that is held down is one tap, wherever the focus is.
    if (event.repeat && isStep(event)) event.preventDefault();
    if (event.repeat || event.target !== event.currentTarget) return;
    const click = (which: string) =>
      event.currentTarget.querySelector<HTMLElement>(which)?.click();
    if (event.key === 'Enter') click('.ticket-next');
    if (/^[1-9]$/.test(event.key))
      click(`[data-index="${Number(event.key) - 1}"]`);
    if (event.key.toLowerCase() === 'r' && order.status === 'ready')
      onRecall(order);
    if (event.key.toLowerCase() === 'm') onMore(order);
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
      <Head order={order} now={now} onMore={() => onMore(order)} />
      <div className="ticket-items">
        {items.map((item, i) => (
          <ItemButton
            key={item.id}
            order={order}
            item={item}
            index={i}
            isStill={isStill}
          />
        ))}
      </div>
      <div className="ticket-actions">
        {order.status === 'ready' && (
          <button
            type="button"
            className="button"
            aria-label={t('kitchen.do_label', {
              action: t('kitchen.recall'),
              number: order.number,
            })}
            aria-haspopup="dialog"
            onClick={() => onRecall(order)}
          >
            <Icon name="undo" size={18} />
            {t('kitchen.recall')}
          </button>
        )}
        {next && (
          <StepButton
            className="button button-primary ticket-next"
            aria-label={t('kitchen.do_label', { action, number: order.number })}
            meaning={order.status}
            isStill={isStill}
            onStep={() => tapOrder(order)}
          >
            {action}
          </StepButton>
        )}
      </div>
    </article>
  );
}

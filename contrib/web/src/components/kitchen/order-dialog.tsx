// SPDX-License-Identifier: MIT
//
// What is not done with one tap on the board: when an order will be ready,
// items that are held, taken back or taken off, and orders that leave their
// way.  What can't be undone asks once more.
import { useState } from 'react';
import type { Item, ItemStatus, Order, OrderStatus } from '../../api/types';
import { useOrderModel } from '../../hooks/use-order-model';
import { leave, promise, setItem } from '../../hooks/use-taps';
import { formatWindow, t, tName, type Key } from '../../i18n/i18n';
import { exitsOf, isBeingMade, itemSteps } from '../../model/model';
import { Dialog } from '../ui/dialog';
import { ReasonForm } from './reason-form';
import { StepButton } from './step-button';

interface Props {
  order: Order;
  onClose(): void;
}

const MINUTES = [5, 10, 15, 20, 30, 45];

const KITCHEN = [
  'kitchen.reason.sold_out',
  'kitchen.reason.busy',
  'kitchen.reason.closing',
  'kitchen.reason.asked',
] as const satisfies readonly Key[];

const ROAD = [
  'kitchen.reason.nobody',
  'kitchen.reason.address',
  'kitchen.reason.accident',
] as const satisfies readonly Key[];

const REASONS: Partial<Record<OrderStatus, readonly Key[]>> = {
  rejected: KITCHEN,
  cancelled: KITCHEN,
  delivery_failed: ROAD,
  returned: ROAD,
};

function ReadyIn({ order, onClose }: Props) {
  const { eta } = order;
  return (
    <section className="order-part" aria-labelledby="ready-in">
      <h3 id="ready-in">{t('kitchen.ready_in')}</h3>
      <div className="chips">
        {MINUTES.map((n) => (
          <StepButton
            key={n}
            className="button"
            meaning={String(n)}
            onStep={() => {
              void promise(order, n);
              onClose();
            }}
          >
            {t('eta.minutes', { n })}
          </StepButton>
        ))}
      </div>
      {eta && (
        <p className="muted small">
          {t('kitchen.expected', {
            at: formatWindow(eta.p50_at, eta.p90_at),
          })}
        </p>
      )}
    </section>
  );
}

interface ItemProps {
  order: Order;
  item: Item;
  steps: ItemStatus[];
}

function ItemRow({ order, item, steps }: ItemProps) {
  const [isSure, setSure] = useState(false);
  const go = (to: ItemStatus) => {
    if (to === 'voided' && !isSure) {
      setSure(true);
      return;
    }
    setSure(false);
    setItem(order, item, to);
  };
  const word = (to: ItemStatus) =>
    to === 'voided' && isSure
      ? t('kitchen.item_do.sure')
      : to === 'preparing' && item.status === 'ready'
        ? t('kitchen.item_do.again')
        : tName('kitchen.item_do', to);
  return (
    <li className="order-item" data-status={item.status}>
      <p>
        <strong>
          {item.quantity}× {item.name}
        </strong>{' '}
        <span className="muted">{tName('item', item.status)}</span>
      </p>
      <div className="chips">
        {steps.map((to) => (
          <StepButton
            key={to}
            className="button"
            data-bad={to === 'voided' || undefined}
            aria-label={`${word(to)}: ${item.name}`}
            meaning={`${item.status}, ${word(to)}`}
            onStep={() => go(to)}
          >
            {word(to)}
          </StepButton>
        ))}
      </div>
    </li>
  );
}

function Leaving({ order, to, onClose }: Props & { to: OrderStatus }) {
  return (
    <>
      <p className="muted">
        {to !== 'returned' && t('kitchen.leave_text')}{' '}
        {to !== 'delivery_failed' && t('kitchen.leave_final')}
      </p>
      <ReasonForm
        reasons={REASONS[to] ?? []}
        submit={tName('kitchen.leave', to)}
        back={t('app.cancel')}
        onGive={(reason) => {
          leave(order, to, reason);
          onClose();
        }}
        onBack={onClose}
      />
    </>
  );
}

export function OrderDialog({ order, onClose }: Props) {
  const model = useOrderModel('kitchen').data;
  const [leavingTo, setLeavingTo] = useState<OrderStatus | null>(null);
  const isMade = isBeingMade(order.status);
  const { number } = order;
  if (leavingTo)
    return (
      <Dialog
        key="leave"
        title={`${t('track.title', { number })}: ${tName('kitchen.leave', leavingTo)}`}
        onClose={onClose}
      >
        <Leaving order={order} to={leavingTo} onClose={onClose} />
      </Dialog>
    );
  return (
    <Dialog key="main" title={t('track.title', { number })} onClose={onClose}>
      {isMade && <ReadyIn order={order} onClose={onClose} />}
      {isMade && (
        <ul className="order-items-list">
          {order.items.map((item) => (
            <ItemRow
              key={item.id}
              order={order}
              item={item}
              steps={itemSteps(item.status, order.fulfilment, model)}
            />
          ))}
        </ul>
      )}
      <div className="dialog-actions">
        {exitsOf(order, model).map((to) => (
          <button
            key={to}
            type="button"
            className="button"
            data-bad
            onClick={() => setLeavingTo(to)}
          >
            {tName('kitchen.leave', to)}
          </button>
        ))}
        <button
          type="button"
          className="button button-primary"
          onClick={onClose}
        >
          {t('app.close')}
        </button>
      </div>
    </Dialog>
  );
}

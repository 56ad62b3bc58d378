// SPDX-License-Identifier: MIT
import type { Item, Order } from '../../api/types';
import { tapItem } from '../../hooks/use-taps';
import { t, tName } from '../../i18n/i18n';
import { isItemDone, ITEM_NEXT } from '../../model/model';
import { Icon } from '../ui/icon';
import { StepButton } from './step-button';

interface Props {
  order: Order;
  item: Item;
  index: number;
  isStill: boolean;
}

// One item: one tap for its next step.
export function ItemButton({ order, item, index, isStill }: Props) {
  const { quantity, name, status, notes } = item;
  const next = ITEM_NEXT[status];
  const state = tName('item', status);
  return (
    <StepButton
      className="ticket-item"
      data-status={status}
      data-index={index}
      meaning={status}
      isStill={isStill}
      disabled={!next}
      onStep={() => tapItem(order, item)}
    >
      <span className="ticket-box" aria-hidden="true">
        {isItemDone(status) && <Icon name="check" size={16} />}
      </span>
      <span className="ticket-quantity">{quantity}×</span>
      <span className="ticket-name">
        {name}
        {notes && <span className="ticket-notes">{notes}</span>}
      </span>
      <span className="visually-hidden">
        {next
          ? t('kitchen.item_next', { status: state, next: tName('item', next) })
          : state}
      </span>
    </StepButton>
  );
}

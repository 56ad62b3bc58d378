// SPDX-License-Identifier: MIT
import type { Item, OrderStatus } from '../../api/types';
import { t, tName } from '../../i18n/i18n';
import { isDone, isItemDone, itemsOf } from '../../model/model';
import { Icon } from '../ui/icon';

interface Props {
  items: Item[];
  status: OrderStatus;
}

interface RowProps {
  item: Item;
  isHandedOver: boolean;
}

function ItemRow({ item, isHandedOver }: RowProps) {
  // What is in somebody's hands is a list, and no news.
  const isTold = !isHandedOver || item.status === 'voided';
  return (
    <li className="item" data-status={item.status}>
      <span className="item-quantity">{item.quantity}×</span>
      <span className="item-name">
        {item.name}
        {item.notes && <span className="item-notes">{item.notes}</span>}
      </span>
      {isTold && (
        <span className="item-status">
          {isItemDone(item.status) && <Icon name="check" size={16} />}
          {tName('item', item.status)}
        </span>
      )}
    </li>
  );
}

// How far each thing that was ordered is.
export function OrderItems({ items: own, status }: Props) {
  const items = itemsOf(own, status);
  const counted = items.filter((i) => i.status !== 'voided');
  const isHandedOver = isDone(status);
  const done = counted.filter((i) => isItemDone(i.status)).length;
  return (
    <section className="card" aria-labelledby="items-title">
      <div className="card-head">
        <h2 id="items-title" className="card-title">
          {t('track.items')}
        </h2>
        {!isHandedOver && (
          <span className="muted">
            {t('track.items_done', { done, all: counted.length })}
          </span>
        )}
      </div>
      <ul className="items">
        {items.map((item) => (
          <ItemRow key={item.id} item={item} isHandedOver={isHandedOver} />
        ))}
      </ul>
    </section>
  );
}

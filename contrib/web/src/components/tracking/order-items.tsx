// SPDX-License-Identifier: MIT
import type { Item, OrderStatus } from '../../api/types';
import { t, tName } from '../../i18n/i18n';
import { isItemDone, itemsOf } from '../../model/model';
import { Icon } from '../ui/icon';

interface Props {
  items: Item[];
  status: OrderStatus;
}

function ItemRow({ item }: { item: Item }) {
  return (
    <li className="item" data-status={item.status}>
      <span className="item-quantity">{item.quantity}×</span>
      <span className="item-name">
        {item.name}
        {item.notes && <span className="item-notes">{item.notes}</span>}
      </span>
      <span className="item-status">
        {isItemDone(item.status) && <Icon name="check" size={16} />}
        {tName('item', item.status)}
      </span>
    </li>
  );
}

// How far each thing that was ordered is.
export function OrderItems({ items: own, status }: Props) {
  const items = itemsOf(own, status);
  const counted = items.filter((i) => i.status !== 'voided');
  const done = counted.filter((i) => isItemDone(i.status)).length;
  return (
    <section className="card" aria-labelledby="items-title">
      <div className="card-head">
        <h2 id="items-title" className="card-title">
          {t('track.items')}
        </h2>
        <span className="muted">
          {t('track.items_done', { done, all: counted.length })}
        </span>
      </div>
      <ul className="items">
        {items.map((item) => (
          <ItemRow key={item.id} item={item} />
        ))}
      </ul>
    </section>
  );
}

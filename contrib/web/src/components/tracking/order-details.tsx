// SPDX-License-Identifier: MIT
import type { Order, Place } from '../../api/types';
import { formatMoment, t } from '../../i18n/i18n';
import { useNow } from '../../time/use-now';

interface Props {
  order: Order;
}

function Row({ label, value }: { label: string; value: string | null }) {
  if (!value) return null;
  return (
    <div className="detail">
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function placeText(place: Place | null): string | null {
  return [place?.name, place?.address].filter(Boolean).join(', ') || null;
}

export function OrderDetails({ order }: Props) {
  const now = useNow(60_000);
  const moment = (at: string | null) => (at ? formatMoment(at, now) : null);
  return (
    <section className="card" aria-labelledby="details-title">
      <h2 id="details-title" className="card-title">
        {t('track.details')}
      </h2>
      <dl className="details">
        <Row label={t('track.number')} value={order.number} />
        <Row
          label={t('track.how')}
          value={t(`fulfilment.${order.fulfilment}`)}
        />
        <Row label={t('track.placed')} value={moment(order.placed_at)} />
        <Row label={t('track.scheduled')} value={moment(order.scheduled_for)} />
        <Row label={t('track.promised')} value={moment(order.promised_at)} />
        <Row label={t('track.finished')} value={moment(order.finished_at)} />
        <Row label={t('track.from')} value={placeText(order.pickup)} />
        <Row label={t('track.to')} value={placeText(order.dropoff)} />
      </dl>
    </section>
  );
}

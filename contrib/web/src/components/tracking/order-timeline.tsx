// SPDX-License-Identifier: MIT
import type { OrderModel, OrderStatus, TimelineEntry } from '../../api/types';
import { formatMoment, t, tName } from '../../i18n/i18n';
import type { Tracked } from '../../model/fold';
import { isOver, isStopped, pathOf } from '../../model/model';
import { useNow } from '../../time/use-now';
import { Icon } from '../ui/icon';

interface Props {
  tracked: Tracked;
  model?: Pick<OrderModel, 'progress'>;
}

interface Row {
  status: OrderStatus;
  at: string | null;
  state: 'done' | 'now' | 'ahead' | 'stopped';
}

// What happened, then what is still ahead on the way.
export function rowsOf(
  { order, timeline }: Tracked,
  model?: Pick<OrderModel, 'progress'>,
): Row[] {
  const last = timeline.length - 1;
  const rows = timeline.map((entry: TimelineEntry, i): Row => {
    const isLast = i === last;
    const state = !isLast || isOver(entry.status) ? 'done' : 'now';
    const isBad = isStopped(entry.status) || entry.status === 'delivery_failed';
    return {
      status: entry.status,
      at: entry.at,
      state: isBad ? 'stopped' : state,
    };
  });
  if (isOver(order.status)) return rows;
  const path = pathOf(order.fulfilment, model);
  const at = path.indexOf(order.status);
  const from = at < 0 ? path.length : at + 1;
  // A scheduled order has the whole way ahead of it.
  const ahead = order.status === 'scheduled' ? path : path.slice(from);
  return [
    ...rows,
    ...ahead.map((status): Row => ({ status, at: null, state: 'ahead' })),
  ];
}

function Mark({ state }: { state: Row['state'] }) {
  return (
    <span className="timeline-mark" data-state={state} aria-hidden="true">
      {state === 'done' && <Icon name="check" size={14} />}
      {state === 'stopped' && <Icon name="close" size={14} />}
    </span>
  );
}

export function OrderTimeline({ tracked, model }: Props) {
  const now = useNow(60_000);
  return (
    <section className="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title" className="card-title">
        {t('track.timeline')}
      </h2>
      <ol className="timeline">
        {rowsOf(tracked, model).map((row, i) => (
          <li
            key={`${row.status}-${i}`}
            className="timeline-row"
            data-state={row.state}
            aria-current={row.state === 'now' ? 'step' : undefined}
          >
            <Mark state={row.state} />
            <span className="timeline-text">{tName('status', row.status)}</span>
            {row.at && (
              <time className="timeline-time" dateTime={row.at}>
                {formatMoment(row.at, now)}
              </time>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

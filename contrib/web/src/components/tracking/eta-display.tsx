// SPDX-License-Identifier: MIT
//
// When it will be there: a window that counts down by the server's clock, with
// the words for what is unsure or late.
import type { ReactNode } from 'react';
import type { Eta, Order } from '../../api/types';
import { formatMoment, formatTime, formatWindow, t } from '../../i18n/i18n';
import { viewEta, type EtaView } from '../../model/eta';
import { useNow } from '../../time/use-now';

interface Props {
  order: Pick<Order, 'status' | 'fulfilment' | 'finished_at'>;
  eta: Eta | null;
  isImminent?: boolean;
}

const LABELS = {
  pickup: 'eta.label_ready',
  delivery: 'eta.label_arrive',
  dine_in: 'eta.label_served',
} as const;

function minutes(n: number): string {
  return n < 60
    ? t('eta.minutes', { n })
    : t('eta.hours', { h: Math.floor(n / 60), m: n % 60 });
}

function windowText(from: number, to: number): string {
  if (from === to) return minutes(from);
  return to < 60
    ? t('eta.window', { from, to })
    : `${minutes(from)} – ${minutes(to)}`;
}

function Late({ n }: { n: number }) {
  if (n === 0) return null;
  return <span className="tag tag-warn">{t('eta.late', { n })}</span>;
}

interface FrameProps {
  label?: string;
  big: string;
  spoken?: string;
  small?: string;
  children?: ReactNode;
}

function Frame({ label, big, spoken, small, children }: FrameProps) {
  return (
    <>
      <p className="eta-label">{label ?? '\u00a0'}</p>
      <p className="eta-big">
        <span aria-hidden={spoken ? true : undefined}>{big}</span>
        {spoken && <span className="visually-hidden">{spoken}</span>}
      </p>
      <p className="eta-small">{small ?? '\u00a0'}</p>
      <p className="eta-tags">{children}</p>
    </>
  );
}

function Words({
  view,
  label,
  now,
}: {
  view: EtaView;
  label: string;
  now: number;
}) {
  switch (view.kind) {
    case 'window':
      return (
        <Frame
          label={label}
          big={windowText(view.fromMin, view.toMin)}
          spoken={
            view.fromMin === view.toMin
              ? undefined
              : t('eta.spoken_window', { from: view.fromMin, to: view.toMin })
          }
          small={formatWindow(view.fromAt, view.toAt)}
        >
          {view.isUnsure && <span className="tag">{t('eta.unsure')}</span>}
          <Late n={view.lateMin} />
        </Frame>
      );
    case 'soon':
      return (
        <Frame
          big={t('eta.soon')}
          small={t('eta.clock_one', { at: formatTime(view.toAt) })}
        >
          {view.isUnsure && <span className="tag">{t('eta.unsure')}</span>}
          <Late n={view.lateMin} />
        </Frame>
      );
    case 'over':
      return (
        <Frame
          big={t('eta.over')}
          small={t('eta.over_text', { at: formatTime(view.toAt) })}
        >
          <Late n={view.lateMin} />
        </Frame>
      );
    case 'none':
      return <Frame big={t('eta.none')} small={t('eta.none_text')} />;
    case 'done':
      return view.at === null ? null : (
        <p className="eta-done">
          {t('eta.done_at', { at: formatMoment(view.at, now) })}
        </p>
      );
    default:
      return null;
  }
}

export function EtaDisplay({ order, eta, isImminent }: Props) {
  const now = useNow();
  const view = viewEta(order, eta, now, isImminent);
  if (view.kind === 'hidden' || view.kind === 'waiting') return null;
  return (
    <div className="eta" data-kind={view.kind}>
      <Words view={view} label={t(LABELS[order.fulfilment])} now={now} />
    </div>
  );
}

// SPDX-License-Identifier: MIT
import { t } from '../../i18n/i18n';
import type { LiveState } from '../../live';
import type { Tracked } from '../../model/fold';
import { isDone, isStopped } from '../../model/model';
import { Announce } from '../ui/announce';
import { Connection } from './connection';
import { EtaDisplay } from './eta-display';
import { headlineOf } from './headline';
import { Progress } from './progress';
import { StopReason } from './stop-reason';

interface Props {
  tracked: Tracked;
  connection: LiveState;
  onRetry(): void;
}

function toneOf(tracked: Tracked): 'good' | 'bad' | 'plain' {
  const { status } = tracked.order;
  if (isDone(status) || status === 'ready') return 'good';
  return isStopped(status) || status === 'delivery_failed' ? 'bad' : 'plain';
}

// What somebody wants who looks for one second.
export function Hero({ tracked, connection, onRetry }: Props) {
  const { order } = tracked;
  const headline = headlineOf(tracked);
  return (
    <section className="card hero" data-tone={toneOf(tracked)}>
      <div className="hero-top">
        <p className="hero-number">
          {t('track.title', { number: order.number })}
        </p>
        <Connection state={connection} onRetry={onRetry} />
      </div>
      <h1 className="hero-title">{headline}</h1>
      <StopReason order={order} />
      <EtaDisplay
        order={order}
        eta={tracked.eta}
        isImminent={tracked.delivery?.imminent}
      />
      <Progress tracked={tracked} />
      <Announce text={headline} />
    </section>
  );
}

// SPDX-License-Identifier: MIT
import { t, type Key } from '../../i18n/i18n';
import type { LiveState } from '../../live';
import { useNow } from '../../time/use-now';
import { serverClock } from '../../time/clock';

interface Props {
  state: LiveState;
  // Without it, somebody else has the button.
  onRetry?(): void;
}

function Countdown({ retryAt }: { retryAt: number }) {
  const now = useNow() - serverClock.offsetMs;
  const n = Math.ceil((retryAt - now) / 1000);
  return <>{n > 1 ? t('live.waiting_in', { n }) : t('live.waiting')}</>;
}

function word({ phase, end }: LiveState): Key {
  if (phase === 'ended' && end === 'finished') return 'live.finished';
  return `live.${phase}`;
}

// How true what is shown is: says "live" only while it is.
export function Connection({ state, onRetry }: Props) {
  const { phase, retryAt, end } = state;
  // A device without a network is told nothing new by a button.
  const mayRetry =
    phase === 'waiting' || (phase === 'ended' && end !== 'finished');
  const isWaiting = phase === 'waiting' && retryAt !== null;
  return (
    <span className="connection" data-phase={phase} data-end={end ?? undefined}>
      <span className="connection-dot" aria-hidden="true" />
      <span>
        {isWaiting ? <Countdown retryAt={retryAt} /> : t(word(state))}
      </span>
      {mayRetry && onRetry && (
        <button type="button" className="connection-again" onClick={onRetry}>
          {t('live.again')}
        </button>
      )}
    </span>
  );
}

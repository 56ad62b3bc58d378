// SPDX-License-Identifier: MIT
//
// Offers to tell this device, at the moment when it makes sense: somebody looks
// at an order of theirs that is not ready yet.  "Not now" is kept for a week;
// who has said no to the browser is told how to undo it, once, and not asked.
import { useState } from 'react';
import type { Order } from '../../api/types';
import { usePush } from '../../hooks/use-push';
import { t, type Key } from '../../i18n/i18n';
import type { PushState } from '../../push/push';
import { onDevice } from '../../session/store';
import { Icon } from '../ui/icon';

const NAME = 'ow.push.later';
const WEEK_MS = 7 * 24 * 3600_000;

function wasPutOff(): boolean {
  return Date.now() - Number(onDevice.get(NAME) ?? 0) < WEEK_MS;
}

const ANSWERS: Partial<Record<PushState, Key>> = {
  on: 'push.is_on',
  denied: 'push.denied',
};

interface Props {
  order: Pick<Order, 'status' | 'fulfilment'>;
}

// For whoever is on the way home already, "ready" is no news.
function titleOf({ status, fulfilment }: Props['order']): Key {
  const isMade = status === 'ready' || status === 'out_for_delivery';
  return isMade && fulfilment === 'delivery'
    ? 'push.title_arrive'
    : 'push.title';
}

export default function PushOffer({ order }: Props) {
  const { state, isBusy, error, turn } = usePush();
  const [isLater, setLater] = useState(wasPutOff);
  const [isAsked, setAsked] = useState(false);
  const answer = isAsked && state ? ANSWERS[state] : undefined;
  if (isLater || (state !== 'off' && !answer)) return null;
  const ask = () => {
    setAsked(true);
    turn(true);
  };
  const later = () => {
    onDevice.set(NAME, String(Date.now()));
    setLater(true);
  };
  return (
    <section className="card push-offer" aria-labelledby="offer-title">
      <span className="order-icon" aria-hidden="true">
        <Icon name="bell" size={22} />
      </span>
      <div className="stack">
        <div>
          <h2 id="offer-title" className="card-title">
            {t(titleOf(order))}
          </h2>
          <p className="muted" role="status">
            {t(error ? 'push.failed' : (answer ?? 'push.text'))}
          </p>
        </div>
        {!answer && (
          <div className="push-offer-actions">
            <button
              type="button"
              className="button button-primary"
              disabled={isBusy}
              onClick={ask}
            >
              {t('push.on')}
            </button>
            <button type="button" className="button" onClick={later}>
              {t('push.later')}
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

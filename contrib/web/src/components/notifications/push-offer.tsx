// SPDX-License-Identifier: MIT
//
// Offers to tell this device, at the moment when it makes sense: somebody looks
// at an order of theirs that is not ready yet.  "Not now" is kept for a week.
import { useState } from 'react';
import { usePush } from '../../hooks/use-push';
import { t } from '../../i18n/i18n';
import { onDevice } from '../../session/store';
import { Icon } from '../ui/icon';

const NAME = 'ow.push.later';
const WEEK_MS = 7 * 24 * 3600_000;

function wasPutOff(): boolean {
  return Date.now() - Number(onDevice.get(NAME) ?? 0) < WEEK_MS;
}

export default function PushOffer() {
  const { state, isBusy, error, turn } = usePush();
  const [isLater, setLater] = useState(wasPutOff);
  if (state !== 'off' || isLater) return null;
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
            {t('push.title')}
          </h2>
          <p className="muted">{error ? t('push.failed') : t('push.text')}</p>
        </div>
        <div className="push-offer-actions">
          <button
            type="button"
            className="button button-primary"
            disabled={isBusy}
            onClick={() => turn(true)}
          >
            {t('push.on')}
          </button>
          <button type="button" className="button" onClick={later}>
            {t('push.later')}
          </button>
        </div>
      </div>
    </section>
  );
}

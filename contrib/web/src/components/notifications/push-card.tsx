// SPDX-License-Identifier: MIT
import { usePush } from '../../hooks/use-push';
import { t, type Key } from '../../i18n/i18n';
import type { PushState } from '../../push/push';

const WORDS: Record<PushState, Key> = {
  unsupported: 'push.unsupported',
  no_channel: 'push.no_channel',
  denied: 'push.denied',
  off: 'push.is_off',
  on: 'push.is_on',
};

// Notices on this very device.
export function PushCard() {
  const { state, isBusy, error, turn } = usePush();
  const mayTurn = state === 'on' || state === 'off';
  return (
    <section className="card push-card" aria-labelledby="push-title">
      <div className="push-row">
        <div>
          <h2 id="push-title" className="card-title">
            {t('push.device')}
          </h2>
          <p className="muted" role="status">
            {error ? t('push.failed') : state ? t(WORDS[state]) : '\u00a0'}
          </p>
        </div>
        {mayTurn && (
          <button
            type="button"
            className={state === 'on' ? 'button' : 'button button-primary'}
            disabled={isBusy}
            onClick={() => turn(state === 'off')}
          >
            {state === 'on' ? t('push.off') : t('push.on')}
          </button>
        )}
      </div>
    </section>
  );
}

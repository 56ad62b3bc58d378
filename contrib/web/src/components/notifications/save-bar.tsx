// SPDX-License-Identifier: MIT
import type { PreferenceDraft } from '../../hooks/use-preference-draft';
import { t, type Key } from '../../i18n/i18n';

interface Props {
  state: PreferenceDraft['state'];
  onDiscard(): void;
}

const WORDS: Partial<Record<Props['state'], Key>> = {
  dirty: 'prefs.unsaved',
  saving: 'prefs.saving',
  saved: 'prefs.saved',
  kept: 'prefs.kept',
  failed: 'prefs.failed',
};

// Says how the draft stands, and saves it; the form's own submit button.
export function SaveBar({ state, onDiscard }: Props) {
  const word = WORDS[state];
  const isOpen = state === 'dirty' || state === 'failed';
  return (
    <div className="save-bar" data-state={state}>
      <p role="status">{word ? t(word) : ''}</p>
      {(isOpen || state === 'saving') && (
        <div className="dialog-actions">
          <button
            type="button"
            className="button"
            disabled={state === 'saving'}
            onClick={onDiscard}
          >
            {t('prefs.discard')}
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={state === 'saving'}
          >
            {t('prefs.save')}
          </button>
        </div>
      )}
    </div>
  );
}

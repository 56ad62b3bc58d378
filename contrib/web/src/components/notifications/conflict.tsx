// SPDX-License-Identifier: MIT
import { t } from '../../i18n/i18n';

interface Props {
  onTheirs(): void;
  onMine(): void;
}

export function ConflictNotice({ onTheirs, onMine }: Props) {
  return (
    <div className="notice conflict" role="alert">
      <p>
        <strong>{t('prefs.conflict')}</strong>
        <br />
        {t('prefs.conflict_text')}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onTheirs}>
          {t('prefs.theirs')}
        </button>
        <button type="button" className="button" onClick={onMine}>
          {t('prefs.mine')}
        </button>
      </div>
    </div>
  );
}

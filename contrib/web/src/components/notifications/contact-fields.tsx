// SPDX-License-Identifier: MIT
import type { Preferences } from '../../api/types';
import { LOCALES, t } from '../../i18n/i18n';

interface Props {
  draft: Preferences;
  onChange(next: Preferences): void;
}

function languages(present: string | null): [string, string][] {
  const all = Object.entries(LOCALES);
  return present && !(present in LOCALES) ? [...all, [present, present]] : all;
}

export function ContactFields({ draft, onChange }: Props) {
  const { contact, locale } = draft;
  const set = (change: Partial<Preferences['contact']>) =>
    onChange({ ...draft, contact: { ...contact, ...change } });
  return (
    <fieldset className="card group">
      <legend className="card-title">{t('prefs.contact')}</legend>
      <label className="field">
        <span>{t('prefs.email')}</span>
        <input
          type="email"
          autoComplete="email"
          maxLength={254}
          value={contact.email ?? ''}
          onChange={(e) => set({ email: e.target.value || null })}
        />
      </label>
      <label className="field">
        <span>{t('prefs.phone')}</span>
        <input
          type="tel"
          autoComplete="tel"
          pattern="\+[0-9]{8,15}"
          aria-describedby="phone-hint"
          value={contact.phone ?? ''}
          onChange={(e) =>
            set({ phone: e.target.value.replace(/[\s()/.-]/g, '') || null })
          }
        />
        <span id="phone-hint" className="field-hint">
          {t('prefs.phone_hint')}
        </span>
      </label>
      <label className="field">
        <span>{t('prefs.language')}</span>
        <select
          value={locale ?? ''}
          onChange={(e) =>
            onChange({ ...draft, locale: e.target.value || null })
          }
        >
          <option value="">{t('prefs.language_auto')}</option>
          {languages(locale).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}

// SPDX-License-Identifier: MIT
import type { Preferences, QuietHours as Quiet } from '../../api/types';
import { t } from '../../i18n/i18n';
import { ownTimezone } from '../../model/preferences';
import { Switch } from '../ui/switch';

interface Props {
  draft: Preferences;
  onChange(next: Preferences): void;
}

function zones(present: string): string[] {
  const all =
    typeof Intl.supportedValuesOf === 'function'
      ? Intl.supportedValuesOf('timeZone')
      : [];
  return [...new Set([present, ownTimezone(), ...all])];
}

function Clock(props: {
  label: string;
  value: string;
  onChange(v: string): void;
}) {
  return (
    <label className="field">
      <span>{props.label}</span>
      <input
        type="time"
        required
        value={props.value}
        onChange={(e) => e.target.value && props.onChange(e.target.value)}
      />
    </label>
  );
}

export function QuietHours({ draft, onChange }: Props) {
  const quiet = draft.quiet_hours;
  const set = (change: Partial<Quiet>) => {
    if (quiet) onChange({ ...draft, quiet_hours: { ...quiet, ...change } });
  };
  const turn = (isOn: boolean) =>
    onChange({
      ...draft,
      quiet_hours: isOn
        ? { from: '22:00', to: '07:00', timezone: ownTimezone() }
        : null,
    });
  return (
    <fieldset className="card group">
      <legend className="card-title">{t('prefs.quiet')}</legend>
      <p className="muted small">{t('prefs.quiet_text')}</p>
      <Switch label={t('prefs.quiet_on')} isOn={!!quiet} onChange={turn} />
      {quiet && (
        <div className="fields">
          <Clock
            label={t('prefs.from')}
            value={quiet.from}
            onChange={(from) => set({ from })}
          />
          <Clock
            label={t('prefs.to')}
            value={quiet.to}
            onChange={(to) => set({ to })}
          />
          <label className="field field-wide">
            <span>{t('prefs.timezone')}</span>
            <select
              value={quiet.timezone}
              onChange={(e) => set({ timezone: e.target.value })}
            >
              {zones(quiet.timezone).map((zone) => (
                <option key={zone} value={zone}>
                  {zone.replace(/_/g, ' ')}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
    </fieldset>
  );
}

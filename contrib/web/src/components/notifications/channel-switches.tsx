// SPDX-License-Identifier: MIT
import type { Preferences } from '../../api/types';
import { t } from '../../i18n/i18n';
import { MEDIA, withChannel } from '../../model/preferences';
import { Switch } from '../ui/switch';

interface Props {
  draft: Preferences;
  onChange(next: Preferences): void;
}

export function ChannelSwitches({ draft, onChange }: Props) {
  return (
    <fieldset className="card group">
      <legend className="card-title">{t('prefs.channels')}</legend>
      <p className="muted small">{t('prefs.channels_text')}</p>
      {MEDIA.map((medium) => (
        <Switch
          key={medium}
          label={t(`medium.${medium}`)}
          isOn={draft.channels[medium]}
          onChange={(isOn) => onChange(withChannel(draft, medium, isOn))}
        />
      ))}
    </fieldset>
  );
}

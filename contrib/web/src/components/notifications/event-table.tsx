// SPDX-License-Identifier: MIT
import type { Preferences } from '../../api/types';
import { t, tName } from '../../i18n/i18n';
import { MEDIA, wants, withEvent } from '../../model/preferences';
import { Switch } from '../ui/switch';

interface Props {
  draft: Preferences;
  topics: string[];
  onChange(next: Preferences): void;
}

// Events by channels.
export function EventTable({ draft, topics, onChange }: Props) {
  return (
    <section className="card group" aria-labelledby="events-title">
      <h2 id="events-title" className="card-title">
        {t('prefs.events')}
      </h2>
      <div
        className="table-box"
        tabIndex={0}
        role="group"
        aria-labelledby="events-title"
      >
        <table className="events">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">{t('prefs.event')}</span>
              </th>
              {MEDIA.map((medium) => (
                <th key={medium} scope="col">
                  {t(`medium.${medium}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {topics.map((topic) => (
              <tr key={topic}>
                <th scope="row">{tName('topic', topic)}</th>
                {MEDIA.map((medium) => (
                  <td key={medium}>
                    <Switch
                      label={`${tName('topic', topic)}: ${t(`medium.${medium}`)}`}
                      isLabelHidden
                      isOn={
                        draft.channels[medium] && wants(draft, topic, medium)
                      }
                      isDisabled={!draft.channels[medium]}
                      onChange={(isOn) =>
                        onChange(withEvent(draft, topic, medium, isOn))
                      }
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

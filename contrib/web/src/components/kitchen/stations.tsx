// SPDX-License-Identifier: MIT
import { t } from '../../i18n/i18n';
import { NO_STATION } from '../../model/board';

interface Props {
  names: string[];
  chosen: string | null;
  onChoose(name: string | null): void;
}

// Which station's work is shown.
export function Stations({ names, chosen, onChoose }: Props) {
  const all: (string | null)[] = [null, ...names];
  return (
    <div className="stations" role="group" aria-label={t('kitchen.stations')}>
      {all.map((name) => (
        <button
          key={name ?? ' all'}
          type="button"
          className="station"
          aria-pressed={name === chosen}
          onClick={() => onChoose(name)}
        >
          {name === null
            ? t('kitchen.all')
            : name === NO_STATION
              ? t('kitchen.none_station')
              : name}
        </button>
      ))}
    </div>
  );
}

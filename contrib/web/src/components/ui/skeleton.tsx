// SPDX-License-Identifier: MIT
import { t } from '../../i18n/i18n';

interface Props {
  heights: number[];
}

// As tall as what will stand there, so that nothing jumps.
export function Skeleton({ heights }: Props) {
  return (
    <div className="stack" role="status" aria-label={t('app.loading')}>
      {heights.map((height, i) => (
        <div key={i} className="card skeleton" style={{ height }} />
      ))}
    </div>
  );
}

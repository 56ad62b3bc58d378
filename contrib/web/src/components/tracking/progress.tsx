// SPDX-License-Identifier: MIT
import { t, tName } from '../../i18n/i18n';
import type { Tracked } from '../../model/fold';
import { isOver, isStopped } from '../../model/model';

interface Props {
  tracked: Tracked;
}

// One segment for each step of the way; the present one breathes.
export function Progress({ tracked }: Props) {
  const { order, progress } = tracked;
  const { step, of } = progress;
  const isAtEnd = isOver(order.status);
  return (
    <div
      className="progress"
      role="img"
      aria-label={t('track.progress', {
        step,
        of,
        status: tName('status', order.status),
      })}
      data-stopped={isStopped(order.status) || undefined}
    >
      {Array.from({ length: of }, (_, i) => (
        <span
          key={i}
          className="progress-part"
          data-state={
            i < step - 1 || (i < step && isAtEnd)
              ? 'done'
              : i === step - 1
                ? 'now'
                : 'ahead'
          }
        />
      ))}
    </div>
  );
}

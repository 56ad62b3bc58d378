// SPDX-License-Identifier: MIT
import type { Notification } from '../../api/types';
import { formatMoment, t } from '../../i18n/i18n';
import { Link } from '../../router/link';
import { trackPath } from '../../router/router';
import { Icon, type IconName } from '../ui/icon';

interface Props {
  notice: Notification;
  now: number;
  onRead(id: string): void;
  onRemove(id: string): void;
}

function iconOf(type: string): IconName {
  if (/cancelled|rejected|failed/.test(type)) return 'close';
  if (/delivery|imminent/.test(type)) return 'bike';
  if (/delayed/.test(type)) return 'clock';
  if (/ready|delivered|picked_up|served/.test(type)) return 'check';
  return 'pot';
}

export function NotificationItem({ notice, now, onRead, onRemove }: Props) {
  const { id, title, text, type, at, order_id: order } = notice;
  const isUnread = notice.read_at === null;
  const read = () => {
    if (isUnread) onRead(id);
  };
  return (
    <li className="card note" data-unread={isUnread || undefined}>
      <span className="note-icon" aria-hidden="true">
        <Icon name={iconOf(type)} size={20} />
      </span>
      <div className="note-words">
        <p className="note-head">
          <Link className="note-link" to={trackPath(order)} onClick={read}>
            {title}
          </Link>
          {isUnread && (
            <span className="visually-hidden">({t('notes.unread')})</span>
          )}
        </p>
        <p className="muted">{text}</p>
        <time className="muted small" dateTime={at}>
          {formatMoment(at, now)}
        </time>
      </div>
      <div className="note-actions">
        {isUnread && (
          <button
            type="button"
            className="icon-button"
            aria-label={t('notes.mark', { title })}
            title={t('notes.mark', { title })}
            onClick={read}
          >
            <Icon name="check" size={18} />
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={t('notes.remove', { title })}
          title={t('notes.remove', { title })}
          onClick={() => onRemove(id)}
        >
          <Icon name="close" size={18} />
        </button>
      </div>
    </li>
  );
}

// SPDX-License-Identifier: MIT
//
// The inbox: the newest first, live, each leading to its order.
import { useState } from 'react';
import { useMarkAsRead } from '../../hooks/use-mark-as-read';
import { useNotifications } from '../../hooks/use-notifications';
import { useRemoveNotification } from '../../hooks/use-remove-notification';
import { plural, t } from '../../i18n/i18n';
import { useNow } from '../../time/use-now';
import { Announce } from '../ui/announce';
import { Dialog } from '../ui/dialog';
import { Empty } from '../ui/empty';
import { Skeleton } from '../ui/skeleton';
import { NotificationItem } from './notification-item';

interface HeadProps {
  unread: number;
  hasAny: boolean;
  onReadAll(): void;
  onClear(): void;
}

function Head({ unread, hasAny, onReadAll, onClear }: HeadProps) {
  return (
    <div className="notes-head">
      <h1 className="page-title">{t('notes.title')}</h1>
      {hasAny && (
        <div className="notes-actions">
          <button
            type="button"
            className="button"
            disabled={unread === 0}
            onClick={onReadAll}
          >
            {t('notes.read_all')}
          </button>
          <button type="button" className="button" onClick={onClear}>
            {t('notes.clear')}
          </button>
        </div>
      )}
    </div>
  );
}

function ClearDialog(props: { onClear(): void; onClose(): void }) {
  return (
    <Dialog title={t('notes.clear_sure')} onClose={props.onClose}>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={props.onClose}>
          {t('app.cancel')}
        </button>
        <button
          type="button"
          className="button button-primary"
          onClick={() => {
            props.onClear();
            props.onClose();
          }}
        >
          {t('notes.clear')}
        </button>
      </div>
    </Dialog>
  );
}

export function NotificationCenter() {
  const inbox = useNotifications();
  const { mutate: markAsRead } = useMarkAsRead();
  const { mutate: remove } = useRemoveNotification();
  const [isClearing, setClearing] = useState(false);
  const now = useNow(60_000);
  const { notifications, unreadCount } = inbox;
  const isEmpty = notifications.length === 0;
  return (
    <div className="narrow stack">
      <Head
        unread={unreadCount}
        hasAny={!isEmpty}
        onReadAll={() => markAsRead('all')}
        onClear={() => setClearing(true)}
      />
      <Announce text={plural('notes.count', unreadCount)} />
      {isEmpty && inbox.isPending && <Skeleton heights={[96, 96, 96]} />}
      {isEmpty && !inbox.isPending && inbox.error && (
        <Empty icon="bell" title={t('notes.failed')}>
          <button type="button" className="button" onClick={inbox.refetch}>
            {t('app.retry')}
          </button>
        </Empty>
      )}
      {isEmpty && !inbox.isPending && !inbox.error && (
        <Empty
          icon="bell"
          title={t('notes.none')}
          text={t('notes.none_text')}
        />
      )}
      <ul className="notes">
        {notifications.map((notice) => (
          <NotificationItem
            key={notice.id}
            notice={notice}
            now={now}
            onRead={markAsRead}
            onRemove={remove}
          />
        ))}
      </ul>
      {inbox.hasMore && !isEmpty && (
        <button
          type="button"
          className="button more"
          disabled={inbox.isLoadingMore}
          onClick={inbox.loadMore}
        >
          {t('notes.more')}
        </button>
      )}
      {isClearing && (
        <ClearDialog
          onClear={() => remove('all')}
          onClose={() => setClearing(false)}
        />
      )}
    </div>
  );
}

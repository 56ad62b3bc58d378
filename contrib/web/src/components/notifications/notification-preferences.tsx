// SPDX-License-Identifier: MIT
//
// How one wants to be told: channels by events, quiet hours, where to.
import type { FormEvent } from 'react';
import { useOrderModel } from '../../hooks/use-order-model';
import { usePreferenceDraft } from '../../hooks/use-preference-draft';
import { t } from '../../i18n/i18n';
import { topicsOf } from '../../model/preferences';
import { Empty } from '../ui/empty';
import { Skeleton } from '../ui/skeleton';
import { ChannelSwitches } from './channel-switches';
import { ConflictNotice } from './conflict';
import { ContactFields } from './contact-fields';
import { EventTable } from './event-table';
import { PushCard } from './push-card';
import { QuietHours } from './quiet-hours';
import { SaveBar } from './save-bar';

export function NotificationPreferences() {
  const form = usePreferenceDraft();
  const model = useOrderModel();
  const { draft, state, change } = form;
  if (!draft)
    return form.isPending ? (
      <Skeleton heights={[240, 480]} />
    ) : (
      <Empty icon="sliders" title={t('prefs.load_failed')}>
        <button type="button" className="button" onClick={form.refetch}>
          {t('app.retry')}
        </button>
      </Empty>
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.save();
  };
  const topics = topicsOf(draft, model.data?.notification_events);
  return (
    <form className="stack" onSubmit={submit}>
      <PushCard />
      {state === 'conflict' && (
        <ConflictNotice onTheirs={form.takeTheirs} onMine={form.keepMine} />
      )}
      <ChannelSwitches draft={draft} onChange={change} />
      <EventTable draft={draft} topics={topics} onChange={change} />
      <QuietHours draft={draft} onChange={change} />
      <ContactFields draft={draft} onChange={change} />
      <SaveBar state={state} onDiscard={form.discard} />
    </form>
  );
}

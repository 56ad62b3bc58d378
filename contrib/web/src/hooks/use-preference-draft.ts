// SPDX-License-Identifier: MIT
//
// The preferences as they are being edited, against those that are saved: when
// those change under an unsaved draft, it is a conflict that a person settles.
import { useEffect, useState } from 'react';
import type { Preferences } from '../api/types';
import { isSame } from '../model/preferences';
import { useNotificationPreferences } from './use-notification-preferences';
import { Conflict, useUpdatePreferences } from './use-update-preferences';

export type SaveState =
  | 'clean'
  | 'dirty'
  | 'saving'
  | 'saved'
  | 'kept'
  | 'failed'
  | 'conflict';

export interface PreferenceDraft {
  draft: Preferences | null;
  state: SaveState;
  isPending: boolean;
  error: unknown;
  change(next: Preferences): void;
  save(): void;
  discard(): void;
  takeTheirs(): void;
  keepMine(): void;
  refetch(): void;
}

export function usePreferenceDraft(): PreferenceDraft {
  const query = useNotificationPreferences();
  const update = useUpdatePreferences();
  const saved = query.preferences;
  const [draft, setDraft] = useState<Preferences | null>(saved);
  const [state, setState] = useState<SaveState>('clean');

  // Something new was saved, here or elsewhere.
  useEffect(() => {
    if (!saved) return;
    setDraft((mine) => {
      if (!mine || mine.version === saved.version) return mine ?? saved;
      if (isSame(mine, saved) || state === 'clean' || state === 'saved')
        return saved;
      if (state === 'dirty' || state === 'failed') setState('conflict');
      return mine;
    });
  }, [saved, state]);

  const send = (wanted: Preferences) => {
    setState('saving');
    update.mutate(wanted, {
      onSuccess: (how) => {
        setState(how);
        if (how === 'saved') setDraft(null);
      },
      onError: (error) => {
        if (error instanceof Conflict) {
          setState('conflict');
          void query.refetch();
        } else {
          setState('failed');
        }
      },
    });
  };

  const fresh = async () => (await query.refetch()).data ?? saved;

  return {
    draft: draft ?? saved,
    state,
    isPending: query.isPending,
    error: query.error,
    change: (next) => {
      setDraft(next);
      setState(saved && isSame(next, saved) ? 'clean' : 'dirty');
    },
    save: () => {
      if (draft) send(draft);
    },
    discard: () => {
      setDraft(saved);
      setState('clean');
    },
    takeTheirs: () => {
      void fresh().then((theirs) => {
        setDraft(theirs);
        setState('clean');
      });
    },
    keepMine: () => {
      void fresh().then((theirs) => {
        if (draft && theirs) send({ ...draft, version: theirs.version });
      });
    },
    refetch: () => void query.refetch(),
  };
}

// SPDX-License-Identifier: MIT
//
// Saves the preferences over the version that they were made from.  Somebody
// else's change in between (another device, a link in a mail) is a conflict
// that the page shows; no network keeps them for later.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { request } from '../api/call';
import { isPassing, Problem } from '../api/problem';
import type { Preferences } from '../api/types';
import { sendLater } from '../offline/send-later';
import { useNotificationStore } from '../stores/notifications';
import { PREFERENCES } from './use-notification-preferences';

export class Conflict extends Error {}

export type Saved = 'saved' | 'kept';

const PATH = '/notification-preferences';

export function useUpdatePreferences() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (wanted: Preferences): Promise<Saved> => {
      const { version, ...body } = wanted;
      const ifMatch = `"${version}"`;
      const { updatePreferences } = useNotificationStore.getState();
      try {
        const answer = await request<Preferences>({
          method: 'PUT',
          path: PATH,
          body,
          headers: { 'if-match': ifMatch },
        });
        updatePreferences(answer.body);
        client.setQueryData(PREFERENCES, answer.body);
        return 'saved';
      } catch (error) {
        if (error instanceof Problem && error.status === 412)
          throw new Conflict();
        if (!isPassing(error)) throw error;
        await sendLater({
          method: 'PUT',
          path: PATH,
          body,
          ifMatch,
          name: 'preferences',
        });
        updatePreferences(wanted);
        return 'kept';
      }
    },
  });
}

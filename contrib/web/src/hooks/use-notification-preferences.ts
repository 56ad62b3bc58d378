// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query';
import { getPreferences } from '../api/notifications';
import { useSignedIn } from '../session/use-session';
import { useNotificationStore } from '../stores/notifications';

export const PREFERENCES = ['notification-preferences'];

export function useNotificationPreferences() {
  const isSignedIn = useSignedIn('me');
  const query = useQuery({
    queryKey: PREFERENCES,
    queryFn: async () => {
      const preferences = await getPreferences();
      useNotificationStore.getState().updatePreferences(preferences);
      return preferences;
    },
    enabled: isSignedIn,
  });
  const preferences = useNotificationStore((s) => s.preferences);
  return { ...query, preferences };
}

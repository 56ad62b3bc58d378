// SPDX-License-Identifier: MIT
//
// sign-out - leaves nothing of the person on this device.
import { dbClear } from '../offline/db';
import { forgetIdentity } from '../offline/identity';
import { isSupported, turnOff } from '../push/push';
import { useNotificationStore } from '../stores/notifications';
import { session } from './session';

export async function signOut(): Promise<void> {
  // While the token is still there; a device that is handed on must be silent.
  if (isSupported()) await turnOff().catch(() => {});
  session.signOut('me');
  useNotificationStore.getState().reset();
  await Promise.allSettled([
    dbClear('orders'),
    dbClear('outbox'),
    forgetIdentity(),
  ]);
}

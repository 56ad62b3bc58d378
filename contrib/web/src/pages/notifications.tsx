// SPDX-License-Identifier: MIT
import { NotificationCenter } from '../components/notifications/notification-center';
import { SignInNeeded } from '../components/sign-in-needed';
import { useTitle } from '../hooks/use-title';
import { t } from '../i18n/i18n';
import { useSignedIn } from '../session/use-session';
import '../styles/notifications.css';

export default function NotificationsPage() {
  const isSignedIn = useSignedIn('me');
  useTitle(t('notes.title'));
  return isSignedIn ? <NotificationCenter /> : <SignInNeeded />;
}

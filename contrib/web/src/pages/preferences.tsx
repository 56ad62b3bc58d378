// SPDX-License-Identifier: MIT
import { NotificationPreferences } from '../components/notifications/notification-preferences';
import { SignInNeeded } from '../components/sign-in-needed';
import { ThemeButton } from '../components/theme-button';
import { config } from '../config/config';
import { useTitle } from '../hooks/use-title';
import { t } from '../i18n/i18n';
import { signOut } from '../session/sign-out';
import { useSignedIn } from '../session/use-session';
import '../styles/notifications.css';

export default function PreferencesPage() {
  const isSignedIn = useSignedIn('me');
  useTitle(t('prefs.title'));
  if (!isSignedIn) return <SignInNeeded />;
  return (
    <div className="narrow stack">
      <h1 className="page-title">{t('prefs.title')}</h1>
      <NotificationPreferences />
      <div className="account">
        <ThemeButton isWide />
        {/* With a platform's own session one signs out there. */}
        {!config().tokenUrl && (
          <button
            type="button"
            className="button"
            onClick={() => void signOut()}
          >
            {t('nav.sign_out')}
          </button>
        )}
      </div>
    </div>
  );
}

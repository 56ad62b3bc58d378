// SPDX-License-Identifier: MIT
import { config } from '../config/config';
import { t } from '../i18n/i18n';
import { Link } from '../router/link';
import { usePath } from '../router/router';
import { signOut } from '../session/sign-out';
import { useSignedIn } from '../session/use-session';
import { useNotificationStore } from '../stores/notifications';
import { ThemeButton } from './theme-button';
import { Icon, type IconName } from './ui/icon';

function NavLink({
  to,
  label,
  icon,
}: {
  to: string;
  label: string;
  icon: IconName;
}) {
  const path = usePath();
  return (
    <Link
      to={to}
      className="nav-link"
      aria-current={path === to ? 'page' : undefined}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </Link>
  );
}

function Bell() {
  const n = useNotificationStore((s) => s.unreadCount);
  const label =
    n > 0 ? t('nav.notifications_unread', { n }) : t('nav.notifications');
  return (
    <span className="bell">
      <NavLink to="/notifications" label={label} icon="bell" />
      {n > 0 && (
        <span className="badge" aria-hidden="true">
          {n > 99 ? '99+' : n}
        </span>
      )}
    </span>
  );
}

export function Header() {
  const isSignedIn = useSignedIn('me');
  return (
    <header className="header">
      <a className="skip" href="#main">
        {t('app.skip')}
      </a>
      <Link to="/orders" className="brand">
        <img
          className="brand-mark"
          src="/icons/icon.svg"
          alt=""
          width={28}
          height={28}
        />
        <span className="brand-name">{config().name}</span>
      </Link>
      <nav className="nav" aria-label={t('app.menu')}>
        {isSignedIn && (
          <>
            <NavLink to="/orders" label={t('nav.orders')} icon="receipt" />
            <Bell />
            <NavLink
              to="/preferences"
              label={t('nav.preferences')}
              icon="sliders"
            />
          </>
        )}
        {/* Where it is narrow they are on the preferences' page. */}
        <span className={isSignedIn ? 'nav nav-wide' : 'nav'}>
          <ThemeButton />
          {isSignedIn && !config().tokenUrl && (
            <button
              type="button"
              className="nav-link"
              aria-label={t('nav.sign_out')}
              title={t('nav.sign_out')}
              onClick={() => void signOut()}
            >
              <Icon name="out" />
            </button>
          )}
        </span>
      </nav>
    </header>
  );
}

// SPDX-License-Identifier: MIT
import { useState } from 'react';
import { t } from '../i18n/i18n';
import { currentTheme, nextTheme } from '../theme/theme';
import { Icon } from './ui/icon';

export function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme);
  const label = `${t('nav.theme')}: ${t(`theme.${theme}`)}`;
  return (
    <button
      type="button"
      className="nav-link"
      aria-label={label}
      title={label}
      onClick={() => setTheme(nextTheme())}
    >
      <Icon name="sun" />
    </button>
  );
}

// SPDX-License-Identifier: MIT
import { useState } from 'react';
import { t } from '../i18n/i18n';
import { currentTheme, nextTheme } from '../theme/theme';
import { Icon } from './ui/icon';

interface Props {
  // With its words, where there is room for them.
  isWide?: boolean;
}

export function ThemeButton({ isWide }: Props) {
  const [theme, setTheme] = useState(currentTheme);
  const label = `${t('nav.theme')}: ${t(`theme.${theme}`)}`;
  return (
    <button
      type="button"
      className={isWide ? 'button' : 'nav-link'}
      aria-label={isWide ? undefined : label}
      title={isWide ? undefined : label}
      onClick={() => setTheme(nextTheme())}
    >
      <Icon name="sun" />
      {isWide && label}
    </button>
  );
}

// SPDX-License-Identifier: MIT
//
// theme - light, dark, or as the device has it.  public/theme.js applies what
// was chosen before the first paint.
import { onDevice } from '../session/store';

export type Theme = 'auto' | 'light' | 'dark';

const NAME = 'ow.theme';
const NEXT: Record<Theme, Theme> = {
  auto: 'light',
  light: 'dark',
  dark: 'auto',
};

export function currentTheme(): Theme {
  const kept = onDevice.get(NAME);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function nextTheme(): Theme {
  const theme = NEXT[currentTheme()];
  onDevice.set(NAME, theme === 'auto' ? null : theme);
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  return theme;
}

// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import { t } from '../../i18n/i18n';
import type { LiveState } from '../../live';
import { session } from '../../session/session';
import { ThemeButton } from '../theme-button';
import { Connection } from '../tracking/connection';
import { Icon, type IconName } from '../ui/icon';
import type { Sound } from './use-sound';

interface Props {
  connection: LiveState;
  sound: Sound;
  onRetry?(): void;
  children: ReactNode;
}

function BarButton(props: {
  label: string;
  icon: IconName;
  pressed?: boolean;
  onClick(): void;
}) {
  return (
    <button
      type="button"
      className="nav-link"
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.label}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

function toggleFullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

export function KitchenBar(props: Props) {
  const { connection, sound, onRetry, children } = props;
  return (
    <header className="kitchen-bar">
      <h1 className="kitchen-title">{t('kitchen.title')}</h1>
      <Connection state={connection} onRetry={onRetry} />
      {children}
      <div className="nav">
        {sound.isAsleep && (
          <span className="sound-hint">{t('kitchen.sound_asleep')}</span>
        )}
        <BarButton
          label={sound.isOn ? t('kitchen.sound_on') : t('kitchen.sound_off')}
          icon={sound.isOn ? 'sound' : 'mute'}
          pressed={sound.isOn}
          onClick={sound.toggle}
        />
        <BarButton
          label={t('kitchen.fullscreen')}
          icon="expand"
          onClick={toggleFullscreen}
        />
        <ThemeButton />
        <BarButton
          label={t('nav.sign_out')}
          icon="out"
          onClick={() => session.signOut('kitchen')}
        />
      </div>
    </header>
  );
}

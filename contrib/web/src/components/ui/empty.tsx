// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon';

interface Props {
  icon: IconName;
  title: string;
  text?: string;
  children?: ReactNode;
  heading?: 'h1' | 'h2';
}

// A page, or a part of one, that has nothing to show, and what to do then.
export function Empty({ icon, title, text, children, heading }: Props) {
  const Title = heading ?? 'h2';
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <Title className="empty-title">{title}</Title>
      {text && <p className="muted">{text}</p>}
      {children && <div className="empty-actions">{children}</div>}
    </div>
  );
}

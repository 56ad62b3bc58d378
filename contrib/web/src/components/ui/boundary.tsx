// SPDX-License-Identifier: MIT
import { Component, type ReactNode } from 'react';
import { t } from '../../i18n/i18n';
import { Empty } from './empty';

interface Props {
  children: ReactNode;
  fallback?: ReactNode;
}

// What breaks inside does not take the page with it.
export class Boundary extends Component<Props, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    const { children, fallback } = this.props;
    if (!this.state.isBroken) return children;
    if (fallback !== undefined) return fallback;
    return (
      <Empty icon="pot" title={t('app.broken')} text={t('app.broken_text')}>
        <button
          type="button"
          className="button"
          onClick={() => location.reload()}
        >
          {t('app.reload')}
        </button>
      </Empty>
    );
  }
}

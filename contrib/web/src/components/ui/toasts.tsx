// SPDX-License-Identifier: MIT
import { useEffect } from 'react';
import { t } from '../../i18n/i18n';
import { useToastStore, type Toast } from '../../stores/toasts';
import { Icon } from './icon';

const SHOWN_MS = 6000;

function ToastCard({ toast }: { toast: Toast }) {
  const hide = useToastStore((s) => s.hide);
  const { id, text, tone, action, stays } = toast;
  useEffect(() => {
    if (stays) return undefined;
    const timer = setTimeout(() => hide(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, hide, stays]);
  return (
    <div className="toast" data-tone={tone}>
      <span>{text}</span>
      {action && (
        <button
          type="button"
          className="toast-action"
          onClick={() => {
            hide(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button
        type="button"
        className="icon-button"
        aria-label={t('app.close')}
        onClick={() => hide(id)}
      >
        <Icon name="close" size={18} />
      </button>
    </div>
  );
}

export function Toasts() {
  const toasts = useToastStore((s) => s.toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

// SPDX-License-Identifier: MIT
import { useState, type FormEvent } from 'react';
import type { Order } from '../../api/types';
import { recall } from '../../hooks/use-taps';
import { t } from '../../i18n/i18n';
import { Dialog } from '../ui/dialog';

interface Props {
  order: Order;
  onClose(): void;
}

const REASONS = [
  'kitchen.reason.mistake',
  'kitchen.reason.missing',
  'kitchen.reason.wrong',
  'kitchen.reason.quality',
] as const;

// Taking a ready order back needs a reason; most are one tap.
export function RecallDialog({ order, onClose }: Props) {
  const [text, setText] = useState('');
  const give = (reason: string) => {
    recall(order, reason);
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) give(text.trim());
  };
  return (
    <Dialog
      title={t('kitchen.recall_title', { number: order.number })}
      onClose={onClose}
    >
      <p className="muted">{t('kitchen.recall_text')}</p>
      <div className="reasons">
        {REASONS.map((key) => (
          <button
            key={key}
            type="button"
            className="button"
            onClick={() => give(t(key))}
          >
            {t(key)}
          </button>
        ))}
      </div>
      <form className="stack" onSubmit={submit}>
        <label className="field">
          <span>{t('kitchen.recall_other')}</span>
          <input
            value={text}
            maxLength={500}
            onChange={(e) => setText(e.target.value)}
          />
        </label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={!text.trim()}
          >
            {t('kitchen.recall')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

// SPDX-License-Identifier: MIT
import { useState, type FormEvent } from 'react';
import { t, type Key } from '../../i18n/i18n';
import { StepButton } from './step-button';

interface Props {
  // The usual ones, one tap each.
  reasons: readonly Key[];
  submit: string;
  back: string;
  onGive(reason: string): void;
  onBack(): void;
}

export function ReasonForm({ reasons, submit, back, onGive, onBack }: Props) {
  const [text, setText] = useState('');
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) onGive(text.trim());
  };
  return (
    <>
      <div className="reasons">
        {reasons.map((key) => (
          <StepButton
            key={key}
            className="button"
            meaning={key}
            onStep={() => onGive(t(key))}
          >
            {t(key)}
          </StepButton>
        ))}
      </div>
      <form className="stack" onSubmit={submitted}>
        <label className="field">
          <span>{t('kitchen.recall_other')}</span>
          <input
            value={text}
            maxLength={500}
            onChange={(e) => setText(e.target.value)}
          />
        </label>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onBack}>
            {back}
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={!text.trim()}
          >
            {submit}
          </button>
        </div>
      </form>
    </>
  );
}

// SPDX-License-Identifier: MIT
//
// For where no platform hands over its user: a token, pasted.
import { useState, type FormEvent } from 'react';
import { config } from '../config/config';
import { useTitle } from '../hooks/use-title';
import { t } from '../i18n/i18n';
import { go } from '../router/router';
import { personOf } from '../session/arrive';
import { claimsOf } from '../session/jwt';
import { isOver, session, type Person } from '../session/session';
import { afterSignIn } from '../session/sign-in-path';

interface Props {
  who?: Person;
}

// The server may not have told its time yet, and this clock may be wrong.
const SLACK_MS = 2 * 3600_000;

function problemWith(token: string, who: Person | undefined): string | null {
  if (!claimsOf(token)) return t('signin.bad');
  if (isOver(token, SLACK_MS)) return t('signin.expired');
  if (who === 'kitchen' && personOf(token) !== 'kitchen')
    return t('signin.role');
  return null;
}

export function SignInPage({ who }: Props) {
  const [token, setToken] = useState('');
  const [keep, setKeep] = useState(true);
  const [problem, setProblem] = useState<string | null>(null);
  useTitle(t('signin.title'));
  const { signInUrl } = config();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = token.trim().replace(/^Bearer\s+/i, '');
    const found = problemWith(text, who);
    setProblem(found);
    if (found) return;
    const person = who ?? personOf(text);
    session.signIn(person, text, keep);
    if (!who)
      go(
        person === 'kitchen'
          ? '/kitchen'
          : afterSignIn(location.search, '/orders'),
        true,
      );
  };
  return (
    <form className="card sign-in" onSubmit={submit} noValidate>
      <h1>{who === 'kitchen' ? t('kitchen.title') : t('signin.title')}</h1>
      <p className="muted">
        {who === 'kitchen' ? t('signin.text_kitchen') : t('signin.text')}
      </p>
      {signInUrl && who !== 'kitchen' && (
        <a className="button button-primary" href={signInUrl}>
          {t('signin.platform')}
        </a>
      )}
      <label className="field">
        <span>{t('signin.token')}</span>
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          onChange={(e) => setToken(e.target.value)}
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? 'signin-problem' : undefined}
          required
        />
      </label>
      <p id="signin-problem" className="field-problem" role="alert">
        {problem}
      </p>
      <label className="check">
        <input
          type="checkbox"
          checked={keep}
          onChange={(e) => setKeep(e.target.checked)}
        />
        <span>{t('signin.keep')}</span>
      </label>
      <button type="submit" className="button button-primary">
        {t('signin.submit')}
      </button>
    </form>
  );
}

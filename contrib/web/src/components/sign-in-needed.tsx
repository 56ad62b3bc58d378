// SPDX-License-Identifier: MIT
import { t } from '../i18n/i18n';
import { Link } from '../router/link';
import { signInPath } from '../session/sign-in-path';
import { Empty } from './ui/empty';

export function SignInNeeded() {
  return (
    <Empty
      icon="receipt"
      heading="h1"
      title={t('signin.needed')}
      text={t('signin.needed_text')}
    >
      <Link className="button button-primary" to={signInPath()}>
        {t('signin.title')}
      </Link>
    </Empty>
  );
}

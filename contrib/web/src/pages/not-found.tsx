// SPDX-License-Identifier: MIT
import { Empty } from '../components/ui/empty';
import { useTitle } from '../hooks/use-title';
import { t } from '../i18n/i18n';
import { Link } from '../router/link';

export function NotFoundPage() {
  useTitle(t('app.not_found'));
  return (
    <Empty
      heading="h1"
      icon="receipt"
      title={t('app.not_found')}
      text={t('app.not_found_text')}
    >
      <Link className="button" to="/orders">
        {t('app.home')}
      </Link>
    </Empty>
  );
}

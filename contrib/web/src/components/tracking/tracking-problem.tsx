// SPDX-License-Identifier: MIT
import type { TrackingError } from '../../hooks/use-order-tracking';
import { t } from '../../i18n/i18n';
import { Link } from '../../router/link';
import { SignInNeeded } from '../sign-in-needed';
import { Empty } from '../ui/empty';

interface Props {
  error: TrackingError;
  onRetry(): void;
}

// Why there is no order to be seen, and what to do about it.
export function TrackingProblem({ error, onRetry }: Props) {
  const again = (
    <button type="button" className="button" onClick={onRetry}>
      {t('app.retry')}
    </button>
  );
  const home = (
    <Link className="button" to="/orders">
      {t('app.home')}
    </Link>
  );
  switch (error) {
    case 'sign_in':
      return <SignInNeeded />;
    case 'link':
      return (
        <Empty
          heading="h1"
          icon="share"
          title={t('track.link')}
          text={t('track.link_text')}
        >
          {home}
        </Empty>
      );
    case 'not_found':
      return (
        <Empty
          heading="h1"
          icon="receipt"
          title={t('track.not_found')}
          text={t('track.not_found_text')}
        >
          {home}
        </Empty>
      );
    default:
      return (
        <Empty
          heading="h1"
          icon="clock"
          title={t('track.away')}
          text={t('track.away_text')}
        >
          {again}
        </Empty>
      );
  }
}

// SPDX-License-Identifier: MIT
//
// Order history: what is under way, and what was.
import type { Order } from '../api/types';
import { Problem } from '../api/problem';
import { SignInNeeded } from '../components/sign-in-needed';
import { Empty } from '../components/ui/empty';
import { Icon } from '../components/ui/icon';
import { Skeleton } from '../components/ui/skeleton';
import { useOrders } from '../hooks/use-orders';
import { useTitle } from '../hooks/use-title';
import { formatMoment, plural, t, tName } from '../i18n/i18n';
import { isDone, isStopped } from '../model/model';
import { Link } from '../router/link';
import { trackPath } from '../router/router';
import { signInPath } from '../session/sign-in-path';
import { useSignedIn } from '../session/use-session';
import { useNow } from '../time/use-now';

function toneOf({ status }: Order): string {
  if (isDone(status)) return 'done';
  if (isStopped(status)) return 'bad';
  return status === 'ready' ? 'good' : 'plain';
}

const ICONS = { pickup: 'bag', delivery: 'bike', dine_in: 'pot' } as const;

function OrderCard({ order }: { order: Order }) {
  const now = useNow(60_000);
  const names = order.items.map((i) => `${i.quantity}× ${i.name}`).join(', ');
  return (
    <li>
      <Link className="card order-card" to={trackPath(order.id)}>
        <span className="order-icon" data-tone={toneOf(order)}>
          <Icon name={ICONS[order.fulfilment]} size={22} />
        </span>
        <span className="order-words">
          <span className="order-head">
            <strong>{t('track.title', { number: order.number })}</strong>
            <time className="muted small" dateTime={order.placed_at}>
              {formatMoment(order.placed_at, now)}
            </time>
          </span>
          <span className="order-items muted">
            <span className="visually-hidden">
              {plural('orders.items', order.items.length)}:{' '}
            </span>
            {names}
          </span>
          <span className="tag" data-tone={toneOf(order)}>
            {tName('status', order.status)}
          </span>
        </span>
      </Link>
    </li>
  );
}

function List({ which }: { which: 'active' | 'past' }) {
  const query = useOrders(which, true);
  const orders = query.data?.pages.flatMap((p) => p.data) ?? [];
  if (query.isPending) return <Skeleton heights={[108, 108]} />;
  if (query.error && orders.length === 0) {
    const isSignIn =
      query.error instanceof Problem &&
      (query.error.status === 401 || query.error.status === 403);
    return (
      <Empty
        icon="receipt"
        heading="h2"
        title={isSignIn ? t('signin.needed') : t('orders.failed')}
      >
        {isSignIn ? (
          <Link className="button button-primary" to={signInPath()}>
            {t('signin.title')}
          </Link>
        ) : (
          <button
            type="button"
            className="button"
            onClick={() => void query.refetch()}
          >
            {t('app.retry')}
          </button>
        )}
      </Empty>
    );
  }
  if (orders.length === 0)
    return (
      <p className="muted quiet-empty">
        {which === 'active' ? t('orders.none_active') : t('orders.none_past')}
      </p>
    );
  return (
    <>
      <ul className="order-list">
        {orders.map((order) => (
          <OrderCard key={order.id} order={order} />
        ))}
      </ul>
      {query.hasNextPage && (
        <button
          type="button"
          className="button more"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('orders.more')}
        </button>
      )}
    </>
  );
}

export function OrdersPage() {
  const isSignedIn = useSignedIn('me');
  useTitle(t('orders.title'));
  if (!isSignedIn) return <SignInNeeded />;
  return (
    <div className="narrow stack">
      <h1 className="page-title">{t('orders.title')}</h1>
      <section className="stack" aria-labelledby="active-title">
        <h2 id="active-title" className="section-title">
          {t('orders.active')}
        </h2>
        <List which="active" />
      </section>
      <section className="stack" aria-labelledby="past-title">
        <h2 id="past-title" className="section-title">
          {t('orders.past')}
        </h2>
        <List which="past" />
      </section>
    </div>
  );
}

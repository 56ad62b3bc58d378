// SPDX-License-Identifier: MIT
//
// One order, live: for its owner, for staff, and for whoever has its link.
import { lazy, Suspense } from 'react';
import { DriverInfo } from '../components/tracking/driver-info';
import { DriverMap } from '../components/tracking/driver-map';
import { Hero } from '../components/tracking/hero';
import { OrderDetails } from '../components/tracking/order-details';
import { OrderItems } from '../components/tracking/order-items';
import { OrderTimeline } from '../components/tracking/order-timeline';
import { ShareOrder } from '../components/tracking/share-order';
import { TrackingProblem } from '../components/tracking/tracking-problem';
import { Skeleton } from '../components/ui/skeleton';
import { useOrderModel } from '../hooks/use-order-model';
import {
  useOrderTracking,
  type OrderTracking,
} from '../hooks/use-order-tracking';
import { useTitle } from '../hooks/use-title';
import { formatAgo, t } from '../i18n/i18n';
import { withoutPhone, type Tracked } from '../model/fold';
import { isOver } from '../model/model';
import { session } from '../session/session';
import { serverClock } from '../time/clock';
import { useNow } from '../time/use-now';

const PushOffer = lazy(() => import('../components/notifications/push-offer'));

const AGE_FROM_MS = 60_000;

interface Props {
  id: string;
}

function Delivery({ tracked }: { tracked: Tracked }) {
  const { delivery, order } = tracked;
  if (order.fulfilment !== 'delivery' || !delivery) return null;
  const isUnderWay = !isOver(order.status);
  const isOnTheWay = order.status === 'out_for_delivery';
  const shown = isOnTheWay ? delivery : withoutPhone(delivery);
  return (
    <>
      {isUnderWay && <DriverMap tracked={tracked} />}
      {(isUnderWay || delivery.driver) && (
        <DriverInfo delivery={shown} isOver={!isUnderWay} />
      )}
    </>
  );
}

interface AgeProps {
  knownAt: number;
  // It comes from this device, and is not what was on the screen all the time.
  isSaved: boolean;
  isOffline: boolean;
}

// How old what is shown is.  A short loss is the connection's to tell.
function Age({ knownAt, isSaved, isOffline }: AgeProps) {
  const age = useNow(10_000) - serverClock.offsetMs - knownAt;
  if (!isSaved && age < AGE_FROM_MS) return null;
  const ago = formatAgo(Math.max(0, age));
  return (
    <p className="notice">
      {t(isOffline ? 'track.saved' : 'track.saved_away', { ago })}
    </p>
  );
}

function Order({
  tracking,
  tracked,
}: {
  tracking: OrderTracking;
  tracked: Tracked;
}) {
  const { order } = tracked;
  const model = useOrderModel(session.scopeFor(order.id));
  const isMine = typeof session.scopeFor(order.id) === 'string';
  return (
    <div className="track" data-fulfilment={order.fulfilment}>
      <div className="stack">
        {tracking.knownAt !== null && (
          <Age
            knownAt={tracking.knownAt}
            isSaved={tracking.isSaved}
            isOffline={tracking.connection.phase === 'offline'}
          />
        )}
        <Hero
          tracked={tracked}
          connection={tracking.connection}
          onRetry={tracking.retry}
        />
        <Delivery tracked={tracked} />
        <OrderItems items={order.items} status={order.status} />
      </div>
      <div className="stack">
        <OrderTimeline tracked={tracked} model={model.data} />
        <OrderDetails order={order} />
        {isMine && <ShareOrder id={order.id} />}
        {/* Last of all: it comes late and must push nothing away. */}
        {isMine && !isOver(order.status) && (
          <Suspense fallback={null}>
            <PushOffer order={order} />
          </Suspense>
        )}
      </div>
    </div>
  );
}

export function TrackPage({ id }: Props) {
  const tracking = useOrderTracking(id);
  const { tracked, error } = tracking;
  useTitle(tracked ? t('track.title', { number: tracked.order.number }) : null);
  if (tracked) return <Order tracking={tracking} tracked={tracked} />;
  if (error) return <TrackingProblem error={error} onRetry={tracking.retry} />;
  return (
    <div className="track">
      <Skeleton heights={[278, 240]} />
      <Skeleton heights={[240, 240]} />
    </div>
  );
}

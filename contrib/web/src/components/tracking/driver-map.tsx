// SPDX-License-Identifier: MIT
//
// Where the rider is.  The map is loaded when it is needed and its box has its
// size from the beginning; without it, the distance still stands there.
import { lazy, Suspense } from 'react';
import { formatDistance, t } from '../../i18n/i18n';
import { staleAge } from '../../model/eta';
import type { Tracked } from '../../model/fold';
import { distance, pointOf, type Point } from '../../model/geo';
import { useNow } from '../../time/use-now';
import { Boundary } from '../ui/boundary';

const LeafletMap = lazy(() => import('../map/leaflet-map'));

interface Props {
  tracked: Tracked;
}

function routeOf({ delivery }: Tracked): Point[] {
  return (delivery?.route?.coordinates ?? []).map(([lng, lat]) => ({
    lat,
    lng,
  }));
}

function Notice({ text }: { text: string }) {
  return <p className="map-notice muted">{text}</p>;
}

export function DriverMap({ tracked }: Props) {
  const now = useNow(10_000);
  const { order, delivery } = tracked;
  const rider = pointOf(delivery?.location);
  const pickup = pointOf(order.pickup);
  const dropoff = pointOf(order.dropoff);
  const isEmpty = !rider && !pickup && !dropoff;
  const label =
    rider && dropoff
      ? t('map.label', { distance: formatDistance(distance(rider, dropoff)) })
      : t('map.label_plain');
  return (
    <section className="card map-card" role="group" aria-label={label}>
      <div className="map-box">
        {isEmpty ? (
          <Notice text={t('map.no_position')} />
        ) : (
          <Boundary fallback={<Notice text={t('map.failed')} />}>
            <Suspense fallback={<Notice text={t('map.loading')} />}>
              <LeafletMap
                rider={rider}
                isStale={staleAge(delivery?.location, now) !== null}
                pickup={pickup}
                dropoff={dropoff}
                route={routeOf(tracked)}
              />
            </Suspense>
          </Boundary>
        )}
        {!isEmpty && !rider && (
          <p className="map-hint">{t('map.no_position')}</p>
        )}
        {rider && dropoff && (
          <p className="map-hint">{formatDistance(distance(rider, dropoff))}</p>
        )}
      </div>
    </section>
  );
}

// SPDX-License-Identifier: MIT
//
// The map itself; loaded only where there is something to show on one.
import 'leaflet/dist/leaflet.css';
import type { LatLngBoundsExpression, Marker as LeafletMarker } from 'leaflet';
import { useEffect, useMemo, useRef, useState } from 'react';
import {
  MapContainer,
  Marker,
  Polyline,
  TileLayer,
  useMap,
  useMapEvents,
} from 'react-leaflet';
import { config } from '../../config/config';
import { t } from '../../i18n/i18n';
import type { Point } from '../../model/geo';
import { Icon } from '../ui/icon';
import { homePin, riderPin, shopPin } from './pins';
import { useGlide } from './use-glide';

export interface LeafletMapProps {
  rider: Point | null;
  isStale: boolean;
  pickup: Point | null;
  dropoff: Point | null;
  route: Point[];
}

const FAILURES_MAX = 4;
const FIT = { padding: [48, 48] as [number, number], maxZoom: 16 };

function Rider({ at, isStale }: { at: Point; isStale: boolean }) {
  const marker = useRef<LeafletMarker>(null);
  // Leaflet owns the place after the first draw; see useGlide.
  const [first] = useState(at);
  useGlide(marker, at);
  return (
    <Marker
      ref={marker}
      position={first}
      icon={riderPin}
      opacity={isStale ? 0.55 : 1}
      alt={t('map.rider')}
      zIndexOffset={1000}
      keyboard={false}
      interactive={false}
    />
  );
}

// Tiles that do not come are left out: a plain map is better than a broken one.
function Tiles({ onFailed }: { onFailed(): void }) {
  const failures = useRef(0);
  const { tiles, attribution, maxZoom } = config().map;
  return (
    <TileLayer
      url={tiles}
      attribution={attribution}
      maxZoom={maxZoom}
      eventHandlers={{
        tileerror: () => {
          if (++failures.current >= FAILURES_MAX) onFailed();
        },
        tileload: () => {
          failures.current = 0;
        },
      }}
    />
  );
}

// Keeps everything in sight until somebody moves the map by hand.
function Framing({ points }: { points: Point[] }) {
  const map = useMap();
  const [isOurs, setOurs] = useState(true);
  const isMoving = useRef(false);
  const isKept = useRef(true);
  const keep = (is: boolean) => {
    isKept.current = is;
    setOurs(is);
  };
  const byHand = () => {
    if (!isMoving.current) keep(false);
  };
  const fit = () => {
    if (isMoving.current || !isKept.current || points.length === 0) return;
    isMoving.current = true;
    const bounds = points.map((p) => [p.lat, p.lng]) as LatLngBoundsExpression;
    map.fitBounds(bounds, { ...FIT, animate: false });
    isMoving.current = false;
  };
  // While Leaflet zooms, it passes over what it is asked for.
  useMapEvents({ dragstart: byHand, zoomstart: byHand, zoomend: fit });
  const key = points
    .map((p) => `${p.lat.toFixed(3)},${p.lng.toFixed(3)}`)
    .join(' ');
  // The key stands for the points.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(fit, [map, isOurs, key]);
  if (isOurs) return null;
  return (
    <button
      type="button"
      className="button map-recenter"
      onClick={() => keep(true)}
    >
      <Icon name="target" size={18} />
      {t('map.recenter')}
    </button>
  );
}

// The box may change its size after the map was made.
function Resizing() {
  const map = useMap();
  useEffect(() => {
    map.attributionControl?.setPrefix('Leaflet');
  }, [map]);
  useEffect(() => {
    if (typeof ResizeObserver === 'undefined') return undefined;
    const observer = new ResizeObserver(() => map.invalidateSize());
    observer.observe(map.getContainer());
    return () => observer.disconnect();
  }, [map]);
  return null;
}

export default function LeafletMap(props: LeafletMapProps) {
  const { rider, isStale, pickup, dropoff, route } = props;
  const [hasTiles, setHasTiles] = useState(config().map.tiles !== '');
  const points = useMemo(
    () => [rider, pickup, dropoff].filter((p): p is Point => p !== null),
    [rider, pickup, dropoff],
  );
  return (
    <div className="leaflet-wrap" data-plain={hasTiles ? undefined : true}>
      <MapContainer
        className="leaflet-box"
        center={points[0]}
        zoom={14}
        maxZoom={config().map.maxZoom}
        zoomControl
        scrollWheelZoom={false}
        attributionControl={hasTiles}
      >
        {hasTiles && <Tiles onFailed={() => setHasTiles(false)} />}
        {route.length > 1 && (
          <>
            <Polyline positions={route} className="route-edge" weight={9} />
            <Polyline positions={route} className="route" weight={5} />
          </>
        )}
        {pickup && (
          <Marker
            position={pickup}
            icon={shopPin}
            alt={t('map.restaurant')}
            keyboard={false}
            interactive={false}
          />
        )}
        {dropoff && (
          <Marker
            position={dropoff}
            icon={homePin}
            alt={t('map.destination')}
            keyboard={false}
            interactive={false}
          />
        )}
        {rider && <Rider at={rider} isStale={isStale} />}
        <Framing points={points} />
        <Resizing />
      </MapContainer>
    </div>
  );
}

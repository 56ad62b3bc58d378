// SPDX-License-Identifier: MIT
import { useState } from 'react';
import type { Delivery, Driver } from '../../api/types';
import { config } from '../../config/config';
import { formatAgo, t, tName } from '../../i18n/i18n';
import { staleAge } from '../../model/eta';
import { useNow } from '../../time/use-now';
import { Icon } from '../ui/icon';

interface Props {
  delivery: Delivery;
  // There is nobody to call any more, except support.
  isOver?: boolean;
}

// Only what is a web address; anything else is no picture.
function photoOf(driver: Driver): string | null {
  return driver.photo_url && /^https?:\/\//.test(driver.photo_url)
    ? driver.photo_url
    : null;
}

function Face({ driver }: { driver: Driver }) {
  const [isBroken, setBroken] = useState(false);
  const photo = photoOf(driver);
  return (
    <span className="face" aria-hidden="true">
      {photo && !isBroken ? (
        <img
          src={photo}
          alt=""
          width={56}
          height={56}
          referrerPolicy="no-referrer"
          onError={() => setBroken(true)}
        />
      ) : (
        (driver.name?.trim().charAt(0).toUpperCase() ?? (
          <Icon name="bike" size={26} />
        ))
      )}
    </span>
  );
}

function phoneLink(phone: string | null | undefined): string | null {
  const digits = phone?.replace(/[^\d+]/g, '');
  return digits && digits.length > 4 ? `tel:${digits}` : null;
}

function Contact({ driver, isOver }: { driver: Driver; isOver: boolean }) {
  const direct = phoneLink(driver.phone);
  const support = phoneLink(config().supportPhone);
  const href = direct ?? support;
  if (!href && isOver) return null;
  if (!href) return <p className="muted small">{t('driver.no_contact')}</p>;
  const text = !direct
    ? t('driver.support')
    : driver.name
      ? t('driver.contact', { name: driver.name })
      : t('driver.contact_plain');
  return (
    <a className="button button-primary" href={href}>
      <Icon name="phone" size={18} />
      {text}
    </a>
  );
}

function Rating({ rating }: { rating: number | null }) {
  if (rating === null) return null;
  const n = Math.round(rating * 10) / 10;
  return (
    <span className="rating" role="img" aria-label={t('driver.rating', { n })}>
      <Icon name="star" size={15} />
      {n.toFixed(1)}
    </span>
  );
}

export function DriverInfo({ delivery, isOver = false }: Props) {
  const now = useNow(10_000);
  const { driver } = delivery;
  const stale = staleAge(delivery.location, now);
  return (
    <section className="card driver" aria-labelledby="driver-title">
      <h2 id="driver-title" className="visually-hidden">
        {t('driver.title')}
      </h2>
      {driver && <Face driver={driver} />}
      <div className="driver-words">
        <p className="driver-name">
          {driver
            ? (driver.name ?? t('driver.unnamed'))
            : tName('delivery', delivery.status)}
          {driver && <Rating rating={driver.rating} />}
        </p>
        {driver && (
          <p className="muted">
            {tName('delivery', delivery.status)}
            {driver.vehicle &&
              `, ${t('driver.vehicle', { vehicle: driver.vehicle })}`}
          </p>
        )}
        {stale !== null && !isOver && (
          <p className="small warn">
            {t('eta.stale', { ago: formatAgo(stale) })}
          </p>
        )}
      </div>
      {driver && (
        <div className="driver-contact">
          <Contact driver={driver} isOver={isOver} />
        </div>
      )}
    </section>
  );
}

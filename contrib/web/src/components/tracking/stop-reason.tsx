// SPDX-License-Identifier: MIT
import type { Order } from '../../api/types';
import { useStopReason } from '../../hooks/use-stop-reason';
import { t } from '../../i18n/i18n';

interface Props {
  order: Order;
}

// What the kitchen said about it, in its own words.
export function StopReason({ order }: Props) {
  const reason = useStopReason(order);
  if (!reason) return null;
  return <p className="hero-reason">{t('track.reason', { reason })}</p>;
}

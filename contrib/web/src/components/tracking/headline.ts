// SPDX-License-Identifier: MIT
//
// headline - the one sentence that says how it stands.
import { t, tName } from '../../i18n/i18n';
import type { Tracked } from '../../model/fold';

export function headlineOf({ order, delivery }: Tracked): string {
  const { status, fulfilment } = order;
  if (status === 'out_for_delivery' && delivery?.imminent)
    return t('headline.imminent');
  if (status === 'ready' && fulfilment === 'pickup')
    return t('headline.ready_pickup');
  if (status === 'ready' && fulfilment === 'delivery')
    return t('headline.ready_delivery');
  return tName('headline', status);
}

// SPDX-License-Identifier: MIT
//
// pins - markers as HTML of our own: nothing to fetch, and no text from outside
// goes into them.
import { divIcon, type DivIcon } from 'leaflet';

function pin(kind: string, shape: string, size: number): DivIcon {
  return divIcon({
    className: `pin pin-${kind}`,
    html: `<svg viewBox="0 0 24 24" width="${size * 0.6}" height="${
      size * 0.6
    }" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${shape}"/></svg>`,
    iconSize: [size, size],
    iconAnchor: [size / 2, size / 2],
  });
}

export const riderPin = pin(
  'rider',
  'M6 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM18 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6 16l4-7h5l3 7M10 9l3.500 7M14.500 6h2.500',
  44,
);

export const homePin = pin('home', 'M4 11l8-7 8 7v9h-5v-5H9v5H4z', 36);

export const shopPin = pin(
  'shop',
  'M5 10h14v7a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3zM3 10h18M9 6c0-1.500 1-1.500 1-3M14 6c0-1.500 1-1.500 1-3',
  36,
);

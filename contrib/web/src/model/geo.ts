// SPDX-License-Identifier: MIT
//
// geo - the little geography that a map needs.  Pure.

export interface Point {
  lat: number;
  lng: number;
}

const EARTH_M = 6_371_000;
const rad = (deg: number) => (deg * Math.PI) / 180;

export function distance(a: Point, b: Point): number {
  const s =
    Math.sin(rad(b.lat - a.lat) / 2) ** 2 +
    Math.cos(rad(a.lat)) *
      Math.cos(rad(b.lat)) *
      Math.sin(rad(b.lng - a.lng) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(s)));
}

export function between(a: Point, b: Point, part: number): Point {
  return {
    lat: a.lat + (b.lat - a.lat) * part,
    lng: a.lng + (b.lng - a.lng) * part,
  };
}

export function pointOf(
  place: { lat: number | null; lng: number | null } | null | undefined,
): Point | null {
  if (typeof place?.lat !== 'number' || typeof place.lng !== 'number')
    return null;
  return { lat: place.lat, lng: place.lng };
}

// SPDX-License-Identifier: MIT
//
// Moves a marker smoothly from one reported place to the next, in as long as
// the reports are apart.  It does not touch React between them; and jumps when
// the person wants less motion, or the way is too long to be true.
import type { Marker } from 'leaflet';
import { useEffect, useRef, type RefObject } from 'react';
import { between, distance, type Point } from '../../model/geo';

const LEAST_MS = 400;
const MOST_MS = 3000;
const JUMP_M = 1500;

function wantsLessMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

export function useGlide(marker: RefObject<Marker>, to: Point): void {
  const toldAt = useRef(0);
  const { lat, lng } = to;
  useEffect(() => {
    const now = performance.now();
    const gap = now - toldAt.current;
    toldAt.current = now;
    const target = { lat, lng };
    const here = marker.current?.getLatLng();
    if (!here) return undefined;
    const start = { lat: here.lat, lng: here.lng };
    if (wantsLessMotion() || distance(start, target) > JUMP_M) {
      marker.current?.setLatLng(target);
      return undefined;
    }
    const takes = Math.min(MOST_MS, Math.max(LEAST_MS, gap));
    let frame = requestAnimationFrame(function step(at) {
      const part = Math.min(1, Math.max(0, (at - now) / takes));
      marker.current?.setLatLng(between(start, target, part));
      if (part < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [marker, lat, lng]);
}

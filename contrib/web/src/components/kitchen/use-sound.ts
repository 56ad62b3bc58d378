// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState } from 'react';
import { onDevice } from '../../session/store';
import { useKitchenStore } from '../../stores/kitchen';
import { chime, wakeChime } from './chime';

const NAME = 'ow.kitchen.sound';

export interface Sound {
  isOn: boolean;
  // It is on, but the browser waits for a first tap on this page.
  isAsleep: boolean;
  toggle(): void;
}

// A sound for each new order, unless it is off.
export function useSound(): Sound {
  const [isOn, setOn] = useState(() => onDevice.get(NAME) !== 'off');
  const [isTouched, setTouched] = useState(
    () => navigator.userActivation?.hasBeenActive ?? false,
  );
  const arrived = useKitchenStore((s) => s.arrived);
  const heard = useRef(arrived);
  useEffect(() => {
    if (arrived && arrived !== heard.current && isOn) chime();
    heard.current = arrived;
  }, [arrived, isOn]);
  useEffect(() => {
    if (isTouched) wakeChime();
    const wake = () => {
      wakeChime();
      setTouched(true);
    };
    window.addEventListener('pointerup', wake, { once: true });
    window.addEventListener('keydown', wake, { once: true });
    return () => {
      window.removeEventListener('pointerup', wake);
      window.removeEventListener('keydown', wake);
    };
  }, [isTouched]);
  const toggle = () => {
    wakeChime();
    onDevice.set(NAME, isOn ? 'off' : 'on');
    setOn(!isOn);
    if (!isOn) setTimeout(chime, 60);
  };
  return { isOn, isAsleep: isOn && !isTouched, toggle };
}

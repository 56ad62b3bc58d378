// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState } from 'react';
import { onDevice } from '../../session/store';
import { useKitchenStore } from '../../stores/kitchen';
import { chime, wakeChime } from './chime';

const NAME = 'ow.kitchen.sound';

// A sound for each new order, unless it is off.
export function useSound(): [boolean, () => void] {
  const [isOn, setOn] = useState(() => onDevice.get(NAME) !== 'off');
  const arrived = useKitchenStore((s) => s.arrived);
  const heard = useRef(arrived);
  useEffect(() => {
    if (arrived && arrived !== heard.current && isOn) chime();
    heard.current = arrived;
  }, [arrived, isOn]);
  useEffect(() => {
    const wake = () => wakeChime();
    window.addEventListener('pointerdown', wake, { once: true });
    window.addEventListener('keydown', wake, { once: true });
    return () => {
      window.removeEventListener('pointerdown', wake);
      window.removeEventListener('keydown', wake);
    };
  }, []);
  const toggle = () => {
    wakeChime();
    onDevice.set(NAME, isOn ? 'off' : 'on');
    setOn(!isOn);
    if (!isOn) setTimeout(chime, 60);
  };
  return [isOn, toggle];
}

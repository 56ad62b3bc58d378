// SPDX-License-Identifier: MIT
import type { ButtonHTMLAttributes, MouseEvent } from 'react';
import { useSettled } from '../../hooks/use-settled';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  // What a tap means now.
  meaning: string;
  // What it is in stands where it stood.
  isStill?: boolean;
  onStep(): void;
}

// One tap, one step; see use-settled.
export function StepButton(props: Props) {
  const { meaning, isStill = true, onStep, ...rest } = props;
  const isSettled = useSettled(meaning);
  const clicked = (event: MouseEvent) => {
    // The focus goes along with its ticket: a key can't hit another one.
    const isKey = event.detail === 0;
    if (isSettled && (isStill || isKey)) onStep();
  };
  return (
    <button
      type="button"
      aria-disabled={isSettled && isStill ? undefined : true}
      onClick={clicked}
      {...rest}
    />
  );
}

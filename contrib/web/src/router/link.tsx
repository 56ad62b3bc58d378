// SPDX-License-Identifier: MIT
import type { AnchorHTMLAttributes, MouseEvent } from 'react';
import { go } from './router';

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
}

// A real link, so that it can be opened in another tab; a plain click stays.
export function Link({ to, onClick, ...rest }: Props) {
  const clicked = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain =
      event.button === 0 &&
      !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={clicked} {...rest} />;
}

// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';

interface Props {
  text: string;
}

// Read out politely whenever it changes, but not when the page begins: that is
// read anyway.
export function Announce({ text }: Props) {
  const [first] = useState(text);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (text !== first || said !== '') setSaid(text);
  }, [text, first, said]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {said}
    </div>
  );
}

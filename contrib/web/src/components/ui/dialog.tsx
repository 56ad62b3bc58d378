// SPDX-License-Identifier: MIT
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { useSettled } from '../../hooks/use-settled';

interface Props {
  title: string;
  onClose(): void;
  children: ReactNode;
}

// The browser's own dialog: it traps the focus and knows Escape.
export function Dialog({ title, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const isSettled = useSettled(title);
  // Closed while it is still in the page: so the focus goes back by itself.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal?.();
    return () => dialog?.close?.();
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // Not the second tap of two that opened it.
        if (isSettled && event.target === ref.current) onClose();
      }}
    >
      <div className="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

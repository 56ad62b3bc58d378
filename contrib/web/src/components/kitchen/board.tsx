// SPDX-License-Identifier: MIT
import { useLayoutEffect, useRef } from 'react';
import type { Order } from '../../api/types';
import { t } from '../../i18n/i18n';
import { COLUMNS, type Column, type Ticket } from '../../model/board';
import type { Tap } from '../../stores/kitchen';
import { useNow } from '../../time/use-now';
import { focusColumn, focusedTicket, focusTicket } from './keys';
import { TicketCard } from './ticket';

interface Props {
  board: Record<Column, Ticket[]>;
  pending: Record<string, Tap>;
  onRecall(order: Order): void;
  onMore(order: Order): void;
}

// A ticket that moves to another column is made anew there; whoever works by
// keyboard stays on it, or in its column when it has gone.
function useKeptFocus() {
  const last = useRef<string | null>(null);
  const column = useRef<string | null>(null);
  useLayoutEffect(() => {
    const isLost =
      !document.activeElement || document.activeElement === document.body;
    if (!last.current || !isLost) return;
    if (focusTicket(last.current)) return;
    last.current = null;
    focusColumn(column.current);
  });
  return {
    onFocus: () => {
      const ticket = focusedTicket();
      last.current = ticket?.dataset.ticket ?? null;
      column.current =
        ticket?.closest<HTMLElement>('[data-column]')?.dataset.column ?? null;
    },
    // Somebody went elsewhere by themselves.
    onPointerDown: () => {
      last.current = null;
    },
  };
}

export function Board({ board, pending, onRecall, onMore }: Props) {
  const now = useNow(10_000);
  const shown = COLUMNS.filter((c) => c !== 'out' || board.out.length > 0);
  const kept = useKeptFocus();
  const busy = new Set(Object.values(pending).map((tap) => tap.order));
  return (
    <div className="board" data-columns={shown.length} {...kept}>
      {shown.map((column) => (
        <section
          key={column}
          className="board-column"
          data-column={column}
          tabIndex={-1}
          aria-labelledby={`column-${column}`}
        >
          <h2 id={`column-${column}`} className="board-title">
            {t(`kitchen.column.${column}`)}
            <span className="board-count">{board[column].length}</span>
          </h2>
          {board[column].length === 0 && (
            <p className="muted board-empty">{t('kitchen.empty')}</p>
          )}
          {board[column].map((ticket, i) => (
            <TicketCard
              key={ticket.order.id}
              ticket={ticket}
              place={`${i} of ${column}, ${shown.length}`}
              now={now}
              isPending={busy.has(ticket.order.id)}
              onRecall={onRecall}
              onMore={onMore}
            />
          ))}
        </section>
      ))}
    </div>
  );
}

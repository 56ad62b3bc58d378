// SPDX-License-Identifier: MIT
import { useLayoutEffect, useRef } from 'react';
import type { Order } from '../../api/types';
import { t } from '../../i18n/i18n';
import { COLUMNS, type Column, type Ticket } from '../../model/board';
import type { Tap } from '../../stores/kitchen';
import { useNow } from '../../time/use-now';
import { focusedTicket, focusTicket } from './keys';
import { TicketCard } from './ticket';

interface Props {
  board: Record<Column, Ticket[]>;
  pending: Record<string, Tap>;
  onRecall(order: Order): void;
  onMore(order: Order): void;
}

// A ticket that moves to another column is made anew there; whoever works by
// keyboard stays on it.
function useKeptFocus() {
  const last = useRef<string | null>(null);
  useLayoutEffect(() => {
    const isLost =
      !document.activeElement || document.activeElement === document.body;
    if (last.current && isLost) focusTicket(last.current);
  });
  return {
    onFocus: () => {
      last.current = focusedTicket()?.dataset.ticket ?? null;
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
          aria-labelledby={`column-${column}`}
        >
          <h2 id={`column-${column}`} className="board-title">
            {t(`kitchen.column.${column}`)}
            <span className="board-count">{board[column].length}</span>
          </h2>
          {board[column].length === 0 && (
            <p className="muted board-empty">{t('kitchen.empty')}</p>
          )}
          {board[column].map((ticket) => (
            <TicketCard
              key={ticket.order.id}
              ticket={ticket}
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

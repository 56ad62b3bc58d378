// SPDX-License-Identifier: MIT
//
// toasts - short words at the edge of the screen, one after the other.
import { create } from 'zustand';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  action?: { label: string; run(): void };
  // Until somebody closes it.
  stays?: boolean;
  // Takes the place of the one before it of this name.
  group?: string;
}

interface ToastState {
  toasts: Toast[];
  show(
    toast: Omit<Toast, 'id' | 'tone'> & Partial<Pick<Toast, 'tone'>>,
  ): number;
  hide(id: number): void;
}

const MOST = 3;
let last = 0;

export const useToastStore = create<ToastState>()((set) => ({
  toasts: [],
  show: (toast) => {
    const id = ++last;
    set((state) => ({
      toasts: [
        ...state.toasts.filter(
          (old) => !old.group || old.group !== toast.group,
        ),
        { tone: 'plain' as const, ...toast, id },
      ].slice(-MOST),
    }));
    return id;
  },
  hide: (id) =>
    set((state) => ({ toasts: state.toasts.filter((t) => t.id !== id) })),
}));

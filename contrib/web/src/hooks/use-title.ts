// SPDX-License-Identifier: MIT
import { useEffect } from 'react';
import { config } from '../config/config';

export function useTitle(title: string | null): void {
  useEffect(() => {
    const { name } = config();
    document.title = title ? `${title} · ${name}` : name;
  }, [title]);
}

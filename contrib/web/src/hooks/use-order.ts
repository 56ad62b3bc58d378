// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query';
import { getOrder } from '../api/orders';

export function useOrder(id: string) {
  return useQuery({ queryKey: ['order', id], queryFn: () => getOrder(id) });
}

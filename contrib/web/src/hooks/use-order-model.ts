// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query';
import { getModel } from '../api/orders';
import type { Scope } from '../session/session';

// A link does not say whose tenant it is of: there the words of model.ts do.
export function useOrderModel(scope: Scope = 'me') {
  return useQuery({
    queryKey: ['order-model', scope],
    queryFn: () => getModel(scope),
    enabled: typeof scope === 'string',
    staleTime: 3600_000,
  });
}

// SPDX-License-Identifier: MIT
import { QueryClient } from '@tanstack/react-query';
import { isPassing } from '../api/problem';

// Streams keep things fresh; asking again is for what may pass.
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        networkMode: 'always',
        retry: (count, error) => isPassing(error) && count < 2,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

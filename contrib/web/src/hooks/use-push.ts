// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { isSupported, pushState, turnOff, turnOn } from '../push/push';
import { useSignedIn } from '../session/use-session';

const KEY = ['push'];

// Whether this device is told, and how to change that.
export function usePush() {
  const client = useQueryClient();
  const isSignedIn = useSignedIn('me');
  const query = useQuery({
    queryKey: KEY,
    queryFn: pushState,
    enabled: isSignedIn && isSupported(),
    staleTime: 60_000,
  });
  const change = useMutation({
    mutationFn: (isOn: boolean) => (isOn ? turnOn() : turnOff()),
    onSuccess: (state) => client.setQueryData(KEY, state),
  });
  return {
    state: isSupported() ? query.data : ('unsupported' as const),
    isBusy: change.isPending,
    error: change.error,
    turn: (isOn: boolean) => change.mutate(isOn),
  };
}

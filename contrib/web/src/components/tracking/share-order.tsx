// SPDX-License-Identifier: MIT
import { useMutation } from '@tanstack/react-query';
import { shareOrder } from '../../api/orders';
import { t } from '../../i18n/i18n';
import { useToastStore } from '../../stores/toasts';
import { Icon } from '../ui/icon';

interface Props {
  id: string;
}

async function hand(url: string): Promise<'shared' | 'copied'> {
  if (typeof navigator.share === 'function') {
    await navigator.share({ url });
    return 'shared';
  }
  await navigator.clipboard.writeText(url);
  return 'copied';
}

// A link that opens this order, read only, for whoever has it.
export function ShareOrder({ id }: Props) {
  const show = useToastStore((s) => s.show);
  const share = useMutation({
    mutationFn: async () => hand(await shareOrder(id)),
    onSuccess: (how) => how === 'copied' && show({ text: t('track.shared') }),
    onError: (error) => {
      // Closing the system's sheet is an answer, too.
      if ((error as Error).name === 'AbortError') return;
      show({ text: t('track.share_failed'), tone: 'bad' });
    },
  });
  return (
    <button
      type="button"
      className="button"
      disabled={share.isPending}
      onClick={() => share.mutate()}
    >
      <Icon name="share" size={18} />
      {t('track.share')}
    </button>
  );
}

// SPDX-License-Identifier: MIT
import type { Order } from '../../api/types';
import { recall } from '../../hooks/use-taps';
import { t } from '../../i18n/i18n';
import { Dialog } from '../ui/dialog';
import { ReasonForm } from './reason-form';

interface Props {
  order: Order;
  onClose(): void;
}

const REASONS = [
  'kitchen.reason.mistake',
  'kitchen.reason.missing',
  'kitchen.reason.wrong',
  'kitchen.reason.quality',
] as const;

// Taking a ready order back needs a reason; most are one tap.
export function RecallDialog({ order, onClose }: Props) {
  const give = (reason: string) => {
    recall(order, reason);
    onClose();
  };
  return (
    <Dialog
      title={t('kitchen.recall_title', { number: order.number })}
      onClose={onClose}
    >
      <p className="muted">{t('kitchen.recall_text')}</p>
      <ReasonForm
        reasons={REASONS}
        submit={t('kitchen.recall')}
        back={t('app.cancel')}
        onGive={give}
        onBack={onClose}
      />
    </Dialog>
  );
}

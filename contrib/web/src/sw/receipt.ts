// SPDX-License-Identifier: MIT
import type { NoticeData } from './notice';

// Tells the server what became of a notice, so that it is not sent again by
// other means.  The receipt speaks for itself; a loss costs one mail too many.
export async function sendReceipt(
  data: Partial<NoticeData> | undefined,
  event: 'displayed' | 'clicked' | 'dismissed',
): Promise<void> {
  if (!data?.receipt || !data.receiptUrl) return;
  try {
    await fetch(data.receiptUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: data.receipt, event }),
      credentials: 'omit',
      keepalive: true,
    });
  } catch {
    // Offline again.
  }
}

// SPDX-License-Identifier: MIT
//
// messages - what streams send, as far as the client itself has to know.  The
// rest passes through untouched; contrib/asyncapi.yaml has all of it.

export interface StreamMessage {
  type: string;
  id?: string;
  order_id?: string;
  seq?: number;
  at?: string;
  data?: unknown;
}

// Undefined for what is no message: a client never dies of a bad frame.
export function parseMessage(text: string): StreamMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { type } = value as { type?: unknown };
  return typeof type === 'string' ? (value as StreamMessage) : undefined;
}

export function isSnapshot(message: StreamMessage): boolean {
  return message.type.endsWith('.snapshot');
}

// The seq that stream.live says was sent last.
export function liveSeq(message: StreamMessage): number | undefined {
  const data = message.data as { seq?: unknown } | undefined;
  return typeof data?.seq === 'number' ? data.seq : undefined;
}

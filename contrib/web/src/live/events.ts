// SPDX-License-Identifier: MIT
//
// events - a wire of server-sent events, read by fetch so that the token goes
// into a header.  One way only: nothing can be sent.
import type { LiveEnv } from './env';
import { EventParser } from './event-parser';
import { END, withQuery } from './wire';
import type { Wire, WireEnd, WireHandlers, WireTarget } from './wire';

const CODES: Record<number, number> = {
  401: END.unauthorized,
  403: END.forbidden,
  404: END.noSuchOrder,
  429: END.tooMany,
  503: END.goingAway,
};

function refusal(response: Response): WireEnd {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    code: CODES[response.status] ?? END.lost,
    reason: `HTTP ${response.status}`,
    opened: false,
    retryMs: Number.isFinite(after) ? after * 1000 : undefined,
  };
}

// What the stream said before it ended: stream.end, a new `retry:`, or nothing.
function farewell(parser: EventParser): WireEnd {
  if (parser.end) return { ...parser.end, opened: true };
  if (parser.retries > 1)
    return {
      code: END.goingAway,
      reason: '',
      opened: true,
      retryMs: parser.retryMs,
    };
  return { code: END.lost, reason: '', opened: true };
}

async function run(
  env: LiveEnv,
  target: WireTarget,
  on: WireHandlers,
  signal: AbortSignal,
): Promise<WireEnd> {
  const response = await env.fetch(
    withQuery(target.url, { since: target.since }),
    {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${target.token}`,
      },
      cache: 'no-store',
      credentials: 'omit',
      signal,
    },
  );
  if (!response.ok || !response.body) return refusal(response);
  on.onOpen();
  const parser = new EventParser((text) => {
    if (!signal.aborted) on.onText(text);
  });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch {
    // Cut off: what it said until then is what counts.
  }
  return farewell(parser);
}

export function openEvents(
  env: LiveEnv,
  target: WireTarget,
  on: WireHandlers,
): Wire {
  const abort = new AbortController();
  run(env, target, on, abort.signal)
    .catch((): WireEnd => ({ code: END.lost, reason: '', opened: false }))
    .then((end) => {
      if (!abort.signal.aborted) on.onEnd(end);
    });
  return {
    send: () => false,
    close: () => abort.abort(),
  };
}

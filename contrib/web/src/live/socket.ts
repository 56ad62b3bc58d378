// SPDX-License-Identifier: MIT
//
// socket - a wire that is a WebSocket.  The token travels in the subprotocol
// list, since a page cannot set headers and a URL ends up in logs.
import type { LiveEnv } from './env';
import { END, retryOf, withQuery } from './wire';
import type { Wire, WireHandlers, WireTarget } from './wire';

const OPEN = 1;

export function openSocket(
  env: LiveEnv,
  target: WireTarget,
  on: WireHandlers,
): Wire {
  if (!env.socket) throw new Error('there are no WebSockets here');
  const url = withQuery(target.url.replace(/^http/, 'ws'), {
    since: target.since,
  });
  const socket = env.socket(url, ['orderwire.v1', `bearer.${target.token}`]);
  let opened = false;
  const mute = () => {
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
  };
  socket.onopen = () => {
    opened = true;
    on.onOpen();
  };
  socket.onmessage = (event) => {
    if (typeof event.data === 'string') on.onText(event.data);
  };
  // The close that follows says all that there is to know.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }) => {
    mute();
    on.onEnd({
      code: code || END.lost,
      reason,
      opened,
      retryMs: code === END.goingAway ? retryOf(reason) : undefined,
    });
  };
  return {
    send(message) {
      if (socket.readyState !== OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    close() {
      mute();
      socket.close(1000);
    },
  };
}

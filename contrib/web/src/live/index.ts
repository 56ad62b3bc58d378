// SPDX-License-Identifier: MIT
//
// The live client: one Orderwire stream, kept alive.  See README.md here.
export { LiveClient, type LiveOptions } from './client';
export { ServerClock } from './clock';
export { browserEnv, type LiveEnv, type SocketLike } from './env';
export type { StreamMessage } from './messages';
export {
  KitchenPosition,
  OrderPosition,
  PersonPosition,
  type Position,
} from './position';
export type { EndReason, LivePhase, LiveState } from './state';
export { IDLE } from './state';
export { kitchenPaths, orderPaths, personPaths } from './paths';

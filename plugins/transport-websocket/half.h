/* SPDX-License-Identifier: MIT */
/*
 * half - the peer's side of a stream; these are operations of struct
 * ow_transport, see there.
 */
#ifndef TRANSPORT_WEBSOCKET_HALF_H
#define TRANSPORT_WEBSOCKET_HALF_H

#include <orderwire/plugin.h>

void half_data(void *self, struct ow_stream *, void **peer, struct ow_bytes);
void half_end(void *self, struct ow_stream *, void **peer, int32_t code,
    const char *reason);
void half_closed(void *self, void **peer);

#endif

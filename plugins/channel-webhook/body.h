/* SPDX-License-Identifier: MIT */
/*
 * body - what a webhook's body says: {"type", "timestamp", "data"}, data being
 * the event as it is in the log, byte for byte.  Pure.
 */
#ifndef CHANNEL_WEBHOOK_BODY_H
#define CHANNEL_WEBHOOK_BODY_H

#include <orderwire/plugin.h>

/* Allocated, NULL: the event is no JSON object.  type and timestamp are the
   event's own; without them, topic and at ("2026-01-01T00:00:00Z"). */
char *body_write(struct ow_bytes event, const char *topic, const char *at,
    size_t *out_n);

#endif

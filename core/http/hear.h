/* SPDX-License-Identifier: MIT */
/*
 * hear - what the peer of an open stream may say, and how it is sent away.
 */
#ifndef HTTP_HEAR_H
#define HTTP_HEAR_H

#include <orderwire/plugin.h>

struct auth;

/* See ow_host_srv.message: one JSON text.  OW_EINVAL: none that we know. */
int hear_message(struct auth *, int64_t wall_ms, struct ow_stream *,
    struct ow_bytes);

/* The close code (OW_END_...) that says what this HTTP status says. */
int hear_end_code(int status);
/* {"retry_ms":N} with a chance in it, for OW_END_GOING_AWAY. */
void hear_retry_reason(char *out, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * claims - what the claims of a verified token say about its bearer.
 *
 * Pure: claims, settings and the time go in, a caller or a refusal comes out.
 */
#ifndef HTTP_CLAIMS_H
#define HTTP_CLAIMS_H

#include "http/auth.h"

struct json;

#define CLAIMS_TEXT_MAX 128	/* bytes of a sub, a tenant */

/* OW_OK: *out is the caller's.  OW_EDENIED: see the refusal. */
int claims_read(const struct json *claims, const struct set_auth *,
    int64_t wall_ms, struct who **out, struct auth_refusal *);

/* Fill it in; gives OW_EDENIED. */
int auth_refuse(struct auth_refusal *, int status, const char *code,
    const char *fmt, ...) OW_PRINTF(4, 5);

#endif

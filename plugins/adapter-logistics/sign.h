/* SPDX-License-Identifier: MIT */
/*
 * sign - the service's signature: hex of HMAC-SHA-256 over the body.
 */
#ifndef ADAPTER_LOGISTICS_SIGN_H
#define ADAPTER_LOGISTICS_SIGN_H

#include <orderwire/plugin.h>

/* "sha256=" may stand in front; either case.  false for NULL, for anything
   that is no such signature, and for an empty secret.  Takes the same time
   wherever they differ. */
bool sign_is_good(const char *secret, struct ow_bytes body,
    const char *signature);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * mac - HMAC-SHA-256 in hex: what somebody signs a request to us with, and
 * what we sign an address with that comes back.  Pure.
 */
#ifndef PLUGINS_COMMON_MAC_H
#define PLUGINS_COMMON_MAC_H

#include <stdbool.h>

#include <orderwire/plugin.h>

#define MAC_HEX_SIZE 65

/* Over the parts one after the other, in small letters; "", which no
   signature equals, for an empty key and if it can't be made. */
void mac_hex(const char *key, const struct ow_bytes *parts, size_t n_parts,
    char out[MAC_HEX_SIZE]);
/* Is this the parts' signature?  "sha256=" may stand in front; either case.
   false for NULL, for anything that is no signature, and for a key that is
   NULL or empty.  Takes the same time wherever they differ. */
bool mac_is_good(const char *key, const struct ow_bytes *parts,
    size_t n_parts, const char *signature);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * sign - Twilio's keyed hash, and what goes into headers in base64; all others
 * sign as in common/mac.h.  Pure.
 */
#ifndef CHANNEL_SMS_SIGN_H
#define CHANNEL_SMS_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#define SIGN_BASE64_SIZE 29
#define SIGN_SECRET_MIN 16	/* characters of a secret that is only ours */

/* HMAC-SHA-1 of message, in base64: what Twilio does; "", which equals
   nothing, for an empty key and if it can't be made. */
void sign_base64(const char *key, const char *message, size_t n,
    char out[SIGN_BASE64_SIZE]);
/* In a time that says nothing about where they differ; "" equals nothing. */
bool sign_is_equal(const char *ours, const char *theirs);
/* base64 of any bytes; allocated, NULL without memory. */
char *sign_encode(const char *bytes, size_t n);

#endif

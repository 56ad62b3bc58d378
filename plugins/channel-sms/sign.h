/* SPDX-License-Identifier: MIT */
/*
 * sign - keyed hashes over what gateways send, and what they are compared
 * with.  Pure.
 */
#ifndef CHANNEL_SMS_SIGN_H
#define CHANNEL_SMS_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#define SIGN_HEX_SIZE 65
#define SIGN_BASE64_SIZE 29

/* HMAC-SHA-256 of the parts one after the other, in hex. */
void sign_hex(const char *key, const char *const *parts, size_t n_parts,
    char out[SIGN_HEX_SIZE]);
/* HMAC-SHA-1 of message, in base64: what Twilio does. */
void sign_base64(const char *key, const char *message, size_t n,
    char out[SIGN_BASE64_SIZE]);
/* In a time that says nothing about where they differ. */
bool sign_is_equal(const char *ours, const char *theirs);
/* base64 of any bytes; allocated, NULL without memory. */
char *sign_encode(const char *bytes, size_t n);

#endif

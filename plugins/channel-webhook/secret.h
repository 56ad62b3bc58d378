/* SPDX-License-Identifier: MIT */
/*
 * secret - the keys of Standard Webhooks, "whsec_" and base64, and what they
 * sign.
 */
#ifndef CHANNEL_WEBHOOK_SECRET_H
#define CHANNEL_WEBHOOK_SECRET_H

#include <orderwire/plugin.h>

#define SECRETS_MAX 4
#define SECRET_BYTES_MIN 24	/* the specification's bounds */
#define SECRET_BYTES_MAX 64
#define SIGNATURE_SIZE 48	/* "v1," and 44 characters of base64 */

struct secrets {
	size_t n;
	struct {
		unsigned char bytes[SECRET_BYTES_MAX];
		size_t n;
	} all[SECRETS_MAX];
};

/* Blank-separated keys.  NULL, or what is wrong. */
const char *secrets_read(const char *list, struct secrets *out);
/* "v1,... v1,...": one signature for each key, with blanks between; the
   receiver takes the one whose key it has.  OW_OK, OW_EAGAIN without memory,
   OW_EIO if OpenSSL will not. */
int secrets_sign(const struct secrets *, const char *id, const char *at,
    struct ow_bytes body, char out[SECRETS_MAX * SIGNATURE_SIZE]);
void secrets_wipe(struct secrets *);

#endif

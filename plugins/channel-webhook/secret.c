/* SPDX-License-Identifier: MIT */
/*
 * secret - see secret.h.
 *
 * Several keys are for a rotation: the receiver is given the new one, and the
 * old one is taken out when all have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "secret.h"

#define PREFIX "whsec_"
#define TEXT_MAX ((SECRET_BYTES_MAX + 2) / 3 * 4)

/* One key's base64, padded or not; false: it is none. */
static bool
secret_decode(const char *s, size_t n, unsigned char out[SECRET_BYTES_MAX],
    size_t *out_n)
{
	unsigned char text[TEXT_MAX + 1], bytes[TEXT_MAX];
	size_t pad = 0;
	int got;
	bool is_good;

	while (n > 0 && pad < 2 && s[n - 1] == '=') {
		n--;
		pad++;
	}
	if (n == 0 || n > TEXT_MAX || n % 4 == 1 ||
	    (pad && (n + pad) % 4 != 0) || memchr(s, '=', n))
		return false;
	memcpy(text, s, n);
	for (pad = 0; (n + pad) % 4 != 0; pad++)
		text[n + pad] = '=';
	got = EVP_DecodeBlock(bytes, text, (int)(n + pad));
	is_good = got >= 0 && (size_t)got - pad <= SECRET_BYTES_MAX;
	if (is_good) {
		*out_n = (size_t)got - pad;
		memcpy(out, bytes, *out_n);
	}
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return is_good;
}

const char *
secrets_read(const char *list, struct secrets *out)
{
	size_t len;

	out->n = 0;
	for (;;) {
		list += strspn(list, " \t\n");
		if (!*list)
			break;
		if (out->n == SECRETS_MAX)
			return "secret has more than 4 keys";
		len = strcspn(list, " \t\n");
		if (len < sizeof(PREFIX) ||
		    strncmp(list, PREFIX, sizeof(PREFIX) - 1) != 0)
			return "a key begins with whsec_";
		if (!secret_decode(list + sizeof(PREFIX) - 1,
		    len - (sizeof(PREFIX) - 1), out->all[out->n].bytes,
		    &out->all[out->n].n))
			return "what follows whsec_ is not base64 of at most "
			    "64 bytes";
		if (out->all[out->n].n < SECRET_BYTES_MIN)
			return "a key has at least 24 bytes";
		out->n++;
		list += len;
	}
	return out->n ? NULL : "secret is empty";
}

int
secrets_sign(const struct secrets *s, const char *id, const char *at,
    struct ow_bytes body, char out[SECRETS_MAX * SIGNATURE_SIZE])
{
	size_t head = strlen(id) + strlen(at) + 2;
	unsigned char *all = malloc(head + body.n + 1);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_n;
	char *p = out;

	if (!all)
		return OW_EAGAIN;
	snprintf((char *)all, head + 1, "%s.%s.", id, at);
	if (body.n)
		memcpy(all + head, body.p, body.n);
	for (size_t i = 0; i < s->n; i++) {
		mac_n = 0;
		if (!HMAC(EVP_sha256(), s->all[i].bytes, (int)s->all[i].n,
		    all, head + body.n, mac, &mac_n) || mac_n != 32) {
			free(all);
			return OW_EIO;
		}
		if (i > 0)
			*p++ = ' ';
		memcpy(p, "v1,", 3);
		p += 3 + EVP_EncodeBlock((unsigned char *)p + 3, mac, 32);
	}
	free(all);
	return OW_OK;
}

void
secrets_wipe(struct secrets *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

/* SPDX-License-Identifier: MIT */
/*
 * browser - see browser.h.
 *
 * Written from RFC 8291 and RFC 8188 on its own, but with the same primitives
 * as the plugin: whether those are right is tests/tools/vectors' business.
 */
#include "browser.h"

#include <string.h>

#include <orderwire/plugin.h>

#include "../../../plugins/common/b64.h"

void
browser_peer(struct seal_peer *out)
{
	(void)b64_decode(BROWSER_P256DH, out->point, P256_POINT);
	(void)b64_decode(BROWSER_AUTH, out->auth, SEAL_AUTH);
}

static int
browser_keys(const unsigned char *head, unsigned char cek[SEAL_CEK],
    unsigned char nonce[SEAL_NONCE])
{
	unsigned char scalar[P256_SCALAR], shared[P256_SHARED], ikm[32];
	unsigned char info[14 + 2 * P256_POINT] = "WebPush: info";
	const unsigned char *sender = head + SEAL_SALT + 5;
	struct p256_pair self;
	struct seal_peer peer;
	int err;

	browser_peer(&peer);
	memcpy(info + 14, peer.point, P256_POINT);
	memcpy(info + 14 + P256_POINT, sender, P256_POINT);
	err = b64_decode(BROWSER_PRIVATE, scalar, sizeof(scalar));
	if (err || (err = p256_from_scalar(scalar, &self)))
		return err;
	err = p256_share(&self, sender, P256_POINT, shared);
	p256_done(&self);
	if (err || (err = seal_hkdf(peer.auth, SEAL_AUTH, shared,
	    sizeof(shared), info, sizeof(info), ikm, sizeof(ikm))))
		return err;
	err = seal_hkdf(head, SEAL_SALT, ikm, sizeof(ikm),
	    "Content-Encoding: aes128gcm", 28, cek, SEAL_CEK);
	return err ? err : seal_hkdf(head, SEAL_SALT, ikm, sizeof(ikm),
	    "Content-Encoding: nonce", 24, nonce, SEAL_NONCE);
}

int
browser_open(const void *body, size_t n, char *out, size_t *out_n,
    size_t *out_pad)
{
	const unsigned char *head = body;
	unsigned char cek[SEAL_CEK], nonce[SEAL_NONCE];
	int err;

	if (n < SEAL_HEAD + 1 + SEAL_TAG || n > SEAL_MAX ||
	    head[SEAL_SALT + 4] != P256_POINT)
		return OW_EINVAL;
	err = browser_keys(head, cek, nonce);
	if (!err)
		err = seal_gcm_open(cek, nonce, NULL, 0, head + SEAL_HEAD,
		    n - SEAL_HEAD, (unsigned char *)out);
	if (err)
		return err;
	n -= SEAL_HEAD + SEAL_TAG;
	*out_pad = 0;
	while (n && out[n - 1] == 0) {
		n--;
		(*out_pad)++;
	}
	if (!n || out[n - 1] != 2)
		return OW_EINVAL;
	out[n - 1] = '\0';
	*out_n = n - 1;
	return OW_OK;
}

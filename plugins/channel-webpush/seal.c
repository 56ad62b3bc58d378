/* SPDX-License-Identifier: MIT */
/*
 * seal - see seal.h.
 *
 * The keys' way, in the words of RFC 8291, 3.4: the pair and the browser's
 * point share a secret; with auth as its salt and both points in its info it
 * becomes the input of RFC 8188, which makes of that and the salt the key and
 * the nonce of the one record.
 *
 * Invariant: whatever is secret is wiped before the function returns.
 */
#include "seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <string.h>

#include <orderwire/plugin.h>

#define SEAL_LAST 0x02		/* RFC 8188, 2: delimiter of the last record */
#define SEAL_STEP 256		/* of padding */

static const char seal_key_info[] = "WebPush: info";
#define SEAL_KEY_INFO (sizeof(seal_key_info) + 2 * P256_POINT)
static const char seal_cek_info[] = "Content-Encoding: aes128gcm";
static const char seal_nonce_info[] = "Content-Encoding: nonce";

int
seal_hkdf(const void *salt, size_t n_salt, const void *ikm, size_t n_ikm,
    const void *info, size_t n_info, unsigned char *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char hash[] = "SHA256";
	OSSL_PARAM params[5] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash,
		    0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
		    (void *)(uintptr_t)ikm, n_ikm),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
		    (void *)(uintptr_t)salt, n_salt),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
		    (void *)(uintptr_t)info, n_info),
		OSSL_PARAM_construct_end(),
	};
	int err = OW_EIO;

	if (n > SEAL_HKDF_MAX)
		err = OW_EINVAL;
	else if (ctx && EVP_KDF_derive(ctx, out, n, params) == 1)
		err = OW_OK;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	ERR_clear_error();
	return err;
}

/* Key, nonce and what else is authenticated.  NULL when OpenSSL can't. */
static EVP_CIPHER_CTX *
seal_cipher(const unsigned char *key, const unsigned char *nonce,
    const void *aad, size_t n_aad, bool is_sealing)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	if (ctx && n_aad <= INT_MAX &&
	    EVP_CipherInit_ex2(ctx, EVP_aes_128_gcm(), key, nonce,
	    is_sealing, NULL) == 1 && (!n_aad ||
	    EVP_CipherUpdate(ctx, NULL, &len, aad, (int)n_aad) == 1))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

int
seal_gcm(const unsigned char key[SEAL_CEK],
    const unsigned char nonce[SEAL_NONCE], const void *aad, size_t n_aad,
    const void *text, size_t n, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = seal_cipher(key, nonce, aad, n_aad, true);
	int len, err = OW_EIO;

	if (ctx && n <= INT_MAX &&
	    (!n || EVP_CipherUpdate(ctx, out, &len, text, (int)n) == 1) &&
	    EVP_CipherFinal_ex(ctx, out + n, &len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG,
	    out + n) == 1)
		err = OW_OK;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

int
seal_gcm_open(const unsigned char key[SEAL_CEK],
    const unsigned char nonce[SEAL_NONCE], const void *aad, size_t n_aad,
    const void *sealed, size_t n, unsigned char *out)
{
	unsigned char tag[SEAL_TAG];
	EVP_CIPHER_CTX *ctx;
	int len, err = OW_EIO;

	if (n < SEAL_TAG)
		return OW_EDENIED;
	n -= SEAL_TAG;
	memcpy(tag, (const unsigned char *)sealed + n, SEAL_TAG);
	ctx = seal_cipher(key, nonce, aad, n_aad, false);
	if (ctx && n <= INT_MAX &&
	    (!n || EVP_CipherUpdate(ctx, out, &len, sealed, (int)n) == 1) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG,
	    tag) == 1)
		err = EVP_CipherFinal_ex(ctx, out + n, &len) == 1 ? OW_OK :
		    OW_EDENIED;
	if (err)
		OPENSSL_cleanse(out, n);
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

/* RFC 8291, 3.3 and 3.4: the input keying material of RFC 8188. */
static int
seal_ikm(const struct p256_pair *pair, const struct seal_peer *peer,
    unsigned char ikm[32])
{
	unsigned char shared[P256_SHARED], info[SEAL_KEY_INFO];
	unsigned char *points = info + sizeof(seal_key_info);
	int err;

	/* The NUL behind the words is part of them. */
	memcpy(info, seal_key_info, sizeof(seal_key_info));
	memcpy(points, peer->point, P256_POINT);
	memcpy(points + P256_POINT, pair->point, P256_POINT);
	err = p256_share(pair, peer->point, P256_POINT, shared);
	if (!err)
		err = seal_hkdf(peer->auth, SEAL_AUTH, shared, sizeof(shared),
		    info, sizeof(info), ikm, 32);
	OPENSSL_cleanse(shared, sizeof(shared));
	return err;
}

/* RFC 8188, 2.1: salt, record size, length of the key id, key id. */
static void
seal_head(const struct p256_pair *pair, const unsigned char *salt,
    unsigned char out[SEAL_HEAD])
{
	memcpy(out, salt, SEAL_SALT);
	out[SEAL_SALT] = 0;
	out[SEAL_SALT + 1] = 0;
	out[SEAL_SALT + 2] = SEAL_MAX >> 8;
	out[SEAL_SALT + 3] = SEAL_MAX & 0xff;
	out[SEAL_SALT + 4] = P256_POINT;
	memcpy(out + SEAL_SALT + 5, pair->point, P256_POINT);
}

int
seal_message(const struct p256_pair *pair, const unsigned char salt[SEAL_SALT],
    const struct seal_peer *peer, const void *text, size_t n, size_t pad,
    unsigned char out[SEAL_MAX], size_t *out_n)
{
	unsigned char plain[SEAL_TEXT_MAX + 1];
	unsigned char ikm[32], cek[SEAL_CEK], nonce[SEAL_NONCE];
	int err;

	if (n > SEAL_TEXT_MAX || pad > SEAL_TEXT_MAX - n)
		return OW_ELIMIT;
	memcpy(plain, text, n);
	plain[n] = SEAL_LAST;
	memset(plain + n + 1, 0, pad);
	err = seal_ikm(pair, peer, ikm);
	if (!err)
		err = seal_hkdf(salt, SEAL_SALT, ikm, sizeof(ikm),
		    seal_cek_info, sizeof(seal_cek_info), cek, sizeof(cek));
	if (!err)
		err = seal_hkdf(salt, SEAL_SALT, ikm, sizeof(ikm),
		    seal_nonce_info, sizeof(seal_nonce_info), nonce,
		    sizeof(nonce));
	if (!err)
		err = seal_gcm(cek, nonce, NULL, 0, plain, n + 1 + pad,
		    out + SEAL_HEAD);
	if (!err) {
		seal_head(pair, salt, out);
		*out_n = SEAL_HEAD + n + 1 + pad + SEAL_TAG;
	}
	OPENSSL_cleanse(plain, n);
	OPENSSL_cleanse(ikm, sizeof(ikm));
	OPENSSL_cleanse(cek, sizeof(cek));
	OPENSSL_cleanse(nonce, sizeof(nonce));
	return err;
}

size_t
seal_padding(size_t n)
{
	size_t pad = (SEAL_STEP - n % SEAL_STEP) % SEAL_STEP;

	if (n > SEAL_TEXT_MAX)
		return 0;
	return pad < SEAL_TEXT_MAX - n ? pad : SEAL_TEXT_MAX - n;
}

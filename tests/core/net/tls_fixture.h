/* SPDX-License-Identifier: MIT */
/*
 * tls_fixture - a context for both ends of a connection in a test.
 */
#ifndef TLS_FIXTURE_H
#define TLS_FIXTURE_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static X509 *
tls_certificate_new(EVP_PKEY *key)
{
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	return cert;
}

/* Signs the certificate; both are the context's from now on. */
static SSL_CTX *
tls_context_with(EVP_PKEY *key, X509 *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

/* A key and a certificate that nobody need trust. */
__attribute__((unused)) static SSL_CTX *
tls_context_new(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	return tls_context_with(key, tls_certificate_new(key));
}

static void
tls_extend(X509 *cert, int what, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, what, value);

	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

/* One for 127.0.0.1, and a file that makes a client trust it. */
__attribute__((unused)) static SSL_CTX *
tls_trusted_context_new(const char *ca_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = tls_certificate_new(key);
	X509_NAME *name = X509_get_subject_name(cert);
	FILE *file = fopen(ca_file, "w");
	SSL_CTX *ctx;

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	tls_extend(cert, NID_basic_constraints, "critical,CA:TRUE");
	tls_extend(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
	X509_up_ref(cert);
	ctx = tls_context_with(key, cert);
	if (file) {
		PEM_write_X509(file, cert);
		fclose(file);
	}
	X509_free(cert);
	return ctx;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * browser - the other end of a message, for tests: a subscription with the
 * keys of RFC 8291's example, and what a browser does with a body.
 */
#ifndef TEST_WEBPUSH_BROWSER_H
#define TEST_WEBPUSH_BROWSER_H

#include "seal.h"

#define BROWSER_P256DH "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6" \
	"-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define BROWSER_PRIVATE "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
#define BROWSER_AUTH "BTBZMqHH6r4Tts7J_aSIgg"
/* The member of a PushSubscription. */
#define BROWSER_KEYS "\"keys\":{\"p256dh\":\"" BROWSER_P256DH "\"," \
	"\"auth\":\"" BROWSER_AUTH "\"}"

/* The sender of the same example, as a private JWK but for its end. */
#define BROWSER_SENDER "{\"kty\":\"EC\",\"crv\":\"P-256\"," \
	"\"x\":\"_jP0qw3qcZFNtVgj9ztUlI9BMG2SBzLbuaWaUyhkgiA\"," \
	"\"y\":\"Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8\"," \
	"\"d\":\"yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw\""
#define BROWSER_SENDER_PUBLIC "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg" \
	"Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"

void browser_peer(struct seal_peer *out);
/* Decrypts; out has SEAL_MAX bytes, gets the text without its padding and a
   NUL behind it.  OW_OK or an error. */
int browser_open(const void *body, size_t n, char *out, size_t *out_n,
    size_t *out_pad);

#endif

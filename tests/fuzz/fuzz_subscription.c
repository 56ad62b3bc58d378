/* SPDX-License-Identifier: MIT */
/*
 * fuzz_subscription - what a user's browser says it is, and what is kept of
 * it.
 *
 * What is accepted must be read back as the same, and its endpoint must lie on
 * an allowed host, by a second and simpler reading.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <orderwire/plugin.h>

#include "address.h"
#include "payload.h"

#define SUFFIX ".push.example"
#define FUZZ_MAX 10000

static const char keys_text[] = "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"kid\":\"one\",\"x\":\"_jP0qw3qcZFNtVgj9ztUlI9BMG2SBzLbuaWaUyhkgiA\","
    "\"y\":\"Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8\","
    "\"d\":\"yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_kept(const struct ow_address *kept)
{
	struct address a;
	size_t n;

	if (address_read(kept->text, &a) != OW_OK ||
	    strcmp(a.endpoint, kept->identity) != 0 ||
	    strcmp(a.kid, "one") != 0 ||
	    strncmp(a.endpoint, "https://", 8) != 0)
		abort();
	n = strcspn(a.endpoint + 8, "/:?#@\\");
	if (n <= strlen(SUFFIX) || strncmp(a.endpoint + 8 + n -
	    strlen(SUFFIX), SUFFIX, strlen(SUFFIX)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ow_bytes member;
	struct keyring *keys;
	struct ow_address kept;
	struct ow_fault f;
	char *text;

	if (size > FUZZ_MAX || keyring_parse(keys_text,
	    sizeof(keys_text) - 1, &keys, &f) != OW_OK)
		return 0;
	text = calloc(1, size + 1);
	if (size)
		memcpy(text, data, size);
	kept.size = sizeof(kept);
	if (address_check(keys, "*" SUFFIX, text, &kept, &f) == OW_OK)
		check_kept(&kept);
	keyring_free(&keys);
	member = payload_member((struct ow_bytes){ text, size }, "at");
	if (member.n && ((const char *)member.p < text ||
	    (const char *)member.p + member.n > text + size))
		abort();
	if (keyring_parse(text, size, &keys, &f) == OW_OK)
		keyring_free(&keys);
	free(text);
	return 0;
}

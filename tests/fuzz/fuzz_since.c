/* SPDX-License-Identifier: MIT */
/*
 * fuzz_since - the header and query values of a WebSocket handshake.
 *
 * The input is lines: since, Upgrade list, subprotocol list, key.  A position
 * that is accepted is written again and has to be the same text; a token has
 * to lie inside its list.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/common/position.h"
#include "handshake.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
fuzz_position(const char *text)
{
	uint64_t since = 0, again = 0;
	char out[32];

	if (position_read(text, &since) != OW_OK)
		return;
	snprintf(out, sizeof(out), "%" PRIu64, since);
	if (position_read(out, &again) != OW_OK || again != since ||
	    strcmp(out, text + strspn(text, "0") -
	    (since || !*text ? 0 : 1)) != 0)
		abort();
}

static void
fuzz_offers(const char *list)
{
	struct handshake_offer offer;

	if (handshake_offers(list, &offer) != OW_OK || !offer.token)
		return;
	if (!offer.token_len || offer.token < list ||
	    offer.token + offer.token_len > list + strlen(list) ||
	    memchr(offer.token, ',', offer.token_len))
		abort();
}

static void
fuzz_key(const char *key)
{
	char accept[HANDSHAKE_ACCEPT_SIZE];

	if (handshake_accept(key, accept) == OW_OK &&
	    (strlen(key) != 24 || strlen(accept) != 28))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[INPUT_MAX + 1], *at = text, *line;

	if (n > INPUT_MAX)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	if ((line = strsep(&at, "\n")))
		fuzz_position(line);
	if ((line = strsep(&at, "\n")) &&
	    handshake_has(line, "websocket") && strlen(line) < 9)
		abort();
	if ((line = strsep(&at, "\n")))
		fuzz_offers(line);
	if ((line = strsep(&at, "\n")))
		fuzz_key(line);
	return 0;
}

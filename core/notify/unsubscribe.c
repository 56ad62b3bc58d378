/* SPDX-License-Identifier: MIT */
/*
 * unsubscribe - see unsubscribe.h.
 *
 * The payload is "tenant\nsub\nmedium".
 */
#include "notify/unsubscribe.h"

#include <stdio.h>
#include <string.h>

#include <orderwire/plugin.h>

int
unsubscribe_make(const struct token_key *key, const struct unsubscribe *u,
    char out[TOKEN_TEXT_SIZE])
{
	char payload[TOKEN_PAYLOAD_MAX + 1];
	int n;

	if (strchr(u->tenant, '\n') != NULL || strchr(u->sub, '\n') != NULL)
		return OW_EINVAL;
	n = snprintf(payload, sizeof(payload), "%s\n%s\n%s", u->tenant,
	    u->sub, medium_name(u->medium));
	if (n < 0 || (size_t)n >= sizeof(payload))
		return OW_ELIMIT;
	return token_make(key, payload, out);
}

int
unsubscribe_open(const struct token_key *key, const char *token,
    char text[TOKEN_PAYLOAD_MAX + 1], struct unsubscribe *out)
{
	char *sub, *medium;

	if (token_open(key, token, text) != OW_OK)
		return OW_EDENIED;
	sub = strchr(text, '\n');
	medium = sub != NULL ? strchr(sub + 1, '\n') : NULL;
	if (medium == NULL || medium_by_name(medium + 1) < 0)
		return OW_EDENIED;
	*sub++ = *medium++ = '\0';
	*out = (struct unsubscribe){ .tenant = text, .sub = sub,
	    .medium = (enum medium)medium_by_name(medium) };
	return OW_OK;
}

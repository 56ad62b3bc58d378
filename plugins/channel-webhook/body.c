/* SPDX-License-Identifier: MIT */
/*
 * body - see body.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "body.h"

static const char *
member(const json_t *event, const char *name, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(event, name));

	return value ? value : otherwise;
}

char *
body_write(struct ow_bytes event, const char *topic, const char *at,
    size_t *out_n)
{
	json_t *read, *head;
	char *text = NULL, *body = NULL;
	size_t n, size;

	read = json_loadb(event.p ? event.p : "", event.n,
	    JSON_REJECT_DUPLICATES, NULL);
	head = !json_is_object(read) ? NULL : json_pack("{s:s, s:s}",
	    "type", member(read, "type", topic),
	    "timestamp", member(read, "at", at));
	if (head)
		text = json_dumps(head, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (text) {
		/* Without its closing brace; then data. */
		n = strlen(text) - 1;
		size = n + event.n + sizeof(",\"data\":}");
		body = malloc(size);
	}
	if (body) {
		*out_n = (size_t)snprintf(body, size, "%.*s,\"data\":%.*s}",
		    (int)n, text, (int)event.n, (const char *)event.p);
	}
	free(text);
	json_decref(head);
	json_decref(read);
	return body;
}

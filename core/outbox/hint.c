/* SPDX-License-Identifier: MIT */
/*
 * hint - so much of an address as an admin may see: enough to know one's own,
 * too little to write to somebody.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "outbox/job.h"

#define HINT_SIZE 64

/* The host of "https://host:port/path". */
static bool
hint_host(const char *url, char out[HINT_SIZE])
{
	const char *p = strstr(url, "://");
	size_t n;

	if (p == NULL)
		return false;
	p += 3;
	n = strcspn(p, "/?#");
	/* No name and password of a URL. */
	while (memchr(p, '@', n) != NULL) {
		n--;
		p++;
	}
	(void)snprintf(out, HINT_SIZE, "%.*s", (int)n, p);
	return n > 0;
}

static bool
hint_endpoint(const char *address, char out[HINT_SIZE])
{
	struct json *obj = NULL;
	struct ow_fault fault;
	const char *url;
	bool found;

	if (address[0] != '{' || json_parse(address, strlen(address), &obj,
	    &fault) != OW_OK)
		return false;
	url = json_get_text(obj, "endpoint");
	if (url == NULL)
		url = json_get_text(obj, "url");
	found = url != NULL && hint_host(url, out);
	json_free(&obj);
	return found;
}

/* How many bytes of whole characters, at least one character. */
static size_t
hint_first(const char *s)
{
	size_t n = 1;

	while (((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

void
job_hint(const char *kind, const char *address, char out[HINT_SIZE])
{
	const char *at = strrchr(address, '@');
	size_t n = strlen(address), i;

	if (hint_endpoint(address, out) || hint_host(address, out)) {
		/* done */
	} else if (at != NULL && at != address) {
		(void)snprintf(out, HINT_SIZE, "%.*s...%s",
		    (int)hint_first(address), address, at);
	} else if (address[0] == '+' && n >= 8) {
		(void)snprintf(out, HINT_SIZE, "%.3s...%s", address,
		    address + n - 3);
	} else {
		(void)snprintf(out, HINT_SIZE, "%.30s, %zu characters", kind,
		    n);
	}
	for (i = 0; out[i] != '\0'; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
	/* snprintf may have cut a character in two. */
	while (i > 0 && i >= HINT_SIZE - 4 &&
	    ((unsigned char)out[i - 1] & 0x80) != 0)
		out[--i] = '\0';
}

/* SPDX-License-Identifier: MIT */
/*
 * text - templates, escapes, and the clock readings that go into them.
 *
 * An unknown {name} is left as it is: JSON is full of braces.
 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf.h"

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t
wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t
steady_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

char *
text_unescape(const char *s)
{
	static const char letters[] = "r\rn\nt\t\\\\";
	char *text, *p;
	const char *at;

	p = text = malloc(strlen(s) + 1);
	if (!text)
		fatal("out of memory");
	for (; *s; s++) {
		*p++ = *s;
		if (*s != '\\' || s[1] == '\0')
			continue;
		for (at = letters; *at; at += 2)
			if (*at == s[1]) {
				p[-1] = at[1];
				s++;
				break;
			}
	}
	*p = '\0';
	return text;
}

void
text_quote(char *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			*out++ = '\\';
		*out++ = *s;
	}
	*out = '\0';
}

/* The value of a name of n bytes, or NULL; numbers are written to `number`. */
static const char *
text_value(const char *name, size_t n,
    const struct text_vars *v, char number[24])
{
	const struct {
		const char *name;
		const char *text;
		long number;
	} values[] = {
		{ "id", NULL, v->chan },
		{ "n", NULL, v->number },
		{ "s", NULL, v->seq },
		{ "msg", v->message ? v->message : "", 0 },
		{ "jmsg", v->quoted ? v->quoted : "", 0 },
		{ "lastid", v->last_id ? v->last_id : "", 0 },
		{ "alt", v->alternate ? v->alternate : "", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strlen(values[i].name) != n ||
		    memcmp(values[i].name, name, n) != 0)
			continue;
		if (values[i].text)
			return values[i].text;
		(void)snprintf(number, 24, "%ld", values[i].number);
		return number;
	}
	return NULL;
}

size_t
text_expand(char *out, size_t cap, const char *template,
    const struct text_vars *vars)
{
	const char *value, *end;
	char number[24];
	size_t n = 0, len;

	while (*template) {
		value = NULL;
		end = *template == '{' ? strchr(template, '}') : NULL;
		if (end)
			value = text_value(template + 1,
			    (size_t)(end - template) - 1, vars, number);
		len = value ? strlen(value) : 1;
		if (n + len >= cap)
			fatal("a template does not fit into %zu bytes", cap);
		memcpy(out + n, value ? value : template, len);
		n += len;
		template = value ? end + 1 : template + 1;
	}
	out[n] = '\0';
	return n;
}

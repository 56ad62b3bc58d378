/* SPDX-License-Identifier: MIT */
/*
 * params - see params.h.  application/x-www-form-urlencoded as the URL
 * standard has it; a "%" without two digits stands for itself, and a NUL
 * ends its value.
 */
#include "outbox/params.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *
decode(struct arena *a, const char *p, size_t n)
{
	char *out = arena_dupn(a, p, n), *at = out;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '+') {
			*at++ = ' ';
		} else if (p[i] == '%' && n - i > 2 && hex(p[i + 1]) >= 0 &&
		    hex(p[i + 2]) >= 0) {
			*at++ = (char)(hex(p[i + 1]) * 16 + hex(p[i + 2]));
			i += 2;
		} else {
			*at++ = p[i];
		}
	}
	*at = '\0';
	return out;
}

static void
read_list(struct param_list *out, struct arena *a, const char *p, size_t n)
{
	const char *end = p + n, *next, *equal;
	struct ow_header *param;

	out->list = arena_alloc(a, PARAMS_MAX * sizeof(*out->list));
	for (; p < end && out->n < PARAMS_MAX; p = next + 1) {
		next = memchr(p, '&', (size_t)(end - p));
		if (next == NULL)
			next = end;
		if (next == p)
			continue;
		equal = memchr(p, '=', (size_t)(next - p));
		param = &out->list[out->n++];
		param->name = decode(a, p, (size_t)((equal != NULL ? equal :
		    next) - p));
		param->value = equal == NULL ? "" :
		    decode(a, equal + 1, (size_t)(next - equal - 1));
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct ow_header *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

void
params_read(struct params *out, struct hook *h)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = params_header(h, "Content-Type");
	size_t n = sizeof(form) - 1;

	memset(out, 0, sizeof(*out));
	if (h->query != NULL && h->query[0] != '\0')
		read_list(&out->query, &h->arena, h->query,
		    strlen(h->query));
	if (type == NULL || h->body.n == 0 ||
	    strncasecmp(type, form, n) != 0 || (type[n] != '\0' &&
	    strchr("; \t", type[n]) == NULL))
		return;
	read_list(&out->form, &h->arena, h->body.p, h->body.n);
	qsort(out->form.list, out->form.n, sizeof(*out->form.list), by_name);
}

const char *
params_find(const struct params *p, const char *name)
{
	const struct param_list *lists[] = { &p->query, &p->form };
	uint32_t i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < lists[i]->n; k++)
			if (strcmp(lists[i]->list[k].name, name) == 0)
				return lists[i]->list[k].value;
	return NULL;
}

size_t
params_form(const struct params *p, struct ow_header *out, size_t max)
{
	size_t n = p->form.n < max ? p->form.n : max;

	if (n > 0)
		memcpy(out, p->form.list, n * sizeof(*out));
	return p->form.n;
}

const char *
params_header(const struct hook *h, const char *name)
{
	const char *value = NULL;
	uint32_t i;

	for (i = 0; i < h->n_headers; i++) {
		if (strcasecmp(h->headers[i].name, name) != 0)
			continue;
		if (value != NULL)
			return NULL;
		value = h->headers[i].value;
	}
	return value;
}

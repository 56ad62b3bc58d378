/* SPDX-License-Identifier: MIT */
/*
 * sse - see sse.h.
 *
 * The two buffers are there while something is half received; most streams
 * are silent.
 */
#include "sse.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"

struct sse_sink {
	void (*fn)(void *, const char *, const char *, size_t);
	void *arg;
};

void
sse_init(struct sse *s)
{
	memset(s, 0, sizeof(*s));
}

static void
sse_clear_data(struct sse *s)
{
	free(s->data);
	s->data = NULL;
	s->n_data = 0;
	s->has_data = false;
	s->name[0] = '\0';
}

static void
sse_clear_line(struct sse *s)
{
	free(s->line);
	s->line = NULL;
	s->n_line = 0;
}

void
sse_done(struct sse *s)
{
	sse_clear_data(s);
	sse_clear_line(s);
}

static bool
sse_add_data(struct sse *s, const char *value, size_t n)
{
	if (s->n_data + n + 2 > SSE_DATA_MAX)
		return false;
	if (!s->data)
		s->data = mem_alloc(SSE_DATA_MAX);
	if (s->has_data)
		s->data[s->n_data++] = '\n';
	memcpy(s->data + s->n_data, value, n);
	s->n_data += n;
	s->data[s->n_data] = '\0';
	s->has_data = true;
	return true;
}

/* A whole line without its end. */
static bool
sse_line(struct sse *s, const struct sse_sink *sink)
{
	const char *colon, *value = "", *line = s->line ? s->line : "";
	size_t n_name = s->n_line, n_value = 0;

	if (!s->n_line) {
		if (s->has_data)
			sink->fn(sink->arg, s->name[0] ? s->name : "message",
			    s->data, s->n_data);
		sse_clear_data(s);
		return true;
	}
	colon = memchr(line, ':', s->n_line);
	if (colon) {
		n_name = (size_t)(colon - line);
		value = colon + 1;
		n_value = s->n_line - n_name - 1;
		if (n_value && *value == ' ') {
			value++;
			n_value--;
		}
	}
	if (n_name == 4 && !memcmp(line, "data", 4))
		return sse_add_data(s, value, n_value);
	if (n_name == 5 && !memcmp(line, "event", 5))
		(void)snprintf(s->name, sizeof(s->name), "%.*s", (int)n_value,
		    value);
	return true;
}

static bool
sse_add_line(struct sse *s, char c)
{
	if (s->n_line == SSE_LINE_MAX)
		return false;
	if (!s->line)
		s->line = mem_alloc(SSE_LINE_MAX + 1);
	s->line[s->n_line++] = c;
	return true;
}

bool
sse_feed(struct sse *s, const char *p, size_t n,
    void (*fn)(void *, const char *, const char *, size_t), void *arg)
{
	const struct sse_sink sink = { fn, arg };
	bool is_second;
	size_t i;

	for (i = 0; i < n; i++) {
		is_second = p[i] == '\n' && s->is_after_cr;
		s->is_after_cr = p[i] == '\r';
		if (is_second)
			continue;
		if (p[i] != '\n' && p[i] != '\r') {
			if (!sse_add_line(s, p[i]))
				return false;
			continue;
		}
		if (!sse_line(s, &sink))
			return false;
		sse_clear_line(s);
	}
	return true;
}

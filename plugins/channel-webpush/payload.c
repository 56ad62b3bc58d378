/* SPDX-License-Identifier: MIT */
/*
 * payload - see payload.h.
 *
 * The length of everything but body and title is known before anything is
 * written, so what is left for those two is a subtraction, and a text is cut
 * between characters while it is written.
 */
#include "payload.h"

#include <stdio.h>
#include <string.h>

static const char payload_more[] = "\xe2\x80\xa6";	/* an ellipsis */
#define PAYLOAD_MORE (sizeof(payload_more) - 1)

struct writer {
	char *to;			/* NULL: only count */
	size_t n;
};

static void
put(struct writer *w, const char *p, size_t n)
{
	if (w->to)
		memcpy(w->to + w->n, p, n);
	w->n += n;
}

/* One byte of a text as JSON has it; returns its length. */
static size_t
escape(unsigned char c, char out[8])
{
	if (c == '"' || c == '\\')
		return (size_t)snprintf(out, 8, "\\%c", c);
	if (c == '\n')
		return (size_t)snprintf(out, 8, "\\n");
	if (c < 0x20)
		return (size_t)snprintf(out, 8, "\\u%04x", c);
	out[0] = (char)c;
	return 1;
}

static size_t
escaped_len(const char *s)
{
	size_t n = 0;
	char bytes[8];

	for (; *s; s++)
		n += escape((unsigned char)*s, bytes);
	return n;
}

/* How many bytes of s fit into room, between characters, with an ellipsis. */
static size_t
fitting(const char *s, size_t room)
{
	size_t i, n = 0, last = 0;
	char bytes[8];

	room = room > PAYLOAD_MORE ? room - PAYLOAD_MORE : 0;
	for (i = 0; s[i]; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			last = i;
		n += escape((unsigned char)s[i], bytes);
		if (n > room)
			return last;
	}
	return i;
}

/* The first n bytes; is_cut: and an ellipsis. */
static void
put_text(struct writer *w, const char *s, size_t n, bool is_cut)
{
	char bytes[8];
	size_t i;

	for (i = 0; i < n; i++)
		put(w, bytes, escape((unsigned char)s[i], bytes));
	if (is_cut)
		put(w, payload_more, PAYLOAD_MORE);
}

static void
put_name(struct writer *w, const char *name)
{
	put(w, w->n ? ",\"" : "{\"", 2);
	put(w, name, strlen(name));
	put(w, "\":\"", 3);
}

static void
put_member(struct writer *w, const char *name, const char *s)
{
	if (!*s)
		return;
	put_name(w, name);
	put_text(w, s, strlen(s), false);
	put(w, "\"", 1);
}

/* All but title and body, which always stand in front of it. */
static void
put_rest(struct writer *w, const struct ow_job *job)
{
	struct ow_bytes at = payload_member(job->event, "at");

	put_member(w, "url", job->url);
	put_member(w, "tag", *job->group ? job->group : job->notice_id);
	put_member(w, "lang", job->locale);
	put_member(w, "order_id", job->order_id);
	put_member(w, "topic", job->topic);
	put_member(w, "notice_id", job->notice_id);
	if (at.n) {
		put_name(w, "at");
		put(w, at.p, at.n);
		put(w, "\"", 1);
	}
	put_member(w, "receipt", job->receipt);
	put_member(w, "receipt_url", job->receipt_url);
	put(w, "}", 1);
}

int
payload_write(const struct ow_job *job, char *out, size_t max, size_t *out_n,
    bool *out_cut)
{
	static const char frame[] = "{\"title\":\"\",\"body\":\"\"";
	size_t n_title = strlen(job->title), n_body = strlen(job->text);
	size_t title = escaped_len(job->title), body = escaped_len(job->text);
	struct writer w = { NULL, sizeof(frame) - 1 };
	size_t room, least;
	bool cut_title = false, cut_body = false;

	put_rest(&w, job);
	if (w.n + 2 * PAYLOAD_MORE > max)
		return OW_ELIMIT;
	room = max - w.n;
	least = body < PAYLOAD_MORE ? body : PAYLOAD_MORE;
	if (title > room - least) {
		cut_title = true;
		n_title = fitting(job->title, room - least);
		title = room - least;
	}
	if (body > room - title) {
		cut_body = true;
		n_body = fitting(job->text, room - title);
	}
	w = (struct writer){ out, 0 };
	put_name(&w, "title");
	put_text(&w, job->title, n_title, cut_title);
	put(&w, "\"", 1);
	put_name(&w, "body");
	put_text(&w, job->text, n_body, cut_body);
	put(&w, "\"", 1);
	put_rest(&w, job);
	*out_n = w.n;
	*out_cut = cut_title || cut_body;
	return OW_OK;
}

/* ---- The event ----------------------------------------------------------- */

/* Behind the string that begins at i. */
static size_t
skip_string(const char *p, size_t n, size_t i)
{
	for (i++; i < n && p[i] != '"'; i++)
		i += p[i] == '\\';
	return i + 1;
}

struct ow_bytes
payload_member(struct ow_bytes json, const char *name)
{
	const char *p = json.p;
	size_t i = 0, end, n_name = strlen(name), depth = 0;
	bool is_it = false;

	while (i < json.n) {
		if (p[i] != '"') {
			depth += p[i] == '{' || p[i] == '[';
			depth -= depth && (p[i] == '}' || p[i] == ']');
			is_it = is_it && (p[i] == ':' || p[i] == ' ');
			i++;
			continue;
		}
		end = skip_string(p, json.n, i);
		if (end > json.n)
			break;
		if (is_it)
			return (struct ow_bytes){ p + i + 1, end - i - 2 };
		/* A name at depth 1 is followed by a colon. */
		is_it = depth == 1 && end - i - 2 == n_name &&
		    memcmp(p + i + 1, name, n_name) == 0 && end < json.n &&
		    p[end] == ':';
		i = end;
	}
	return (struct ow_bytes){ "", 0 };
}

/* SPDX-License-Identifier: MIT */
/*
 * request - one complete, validated HTTP request and its one answer.
 *
 * The strings of a request are cut in place in the bytes that came, after the
 * guard has accepted them; what has to be decoded or joined goes into its
 * arena.  It waits for nothing and keeps no connection: gate.c does, and
 * outlives it or tells it that the peer is gone.
 *
 * Invariants: a request ends once, in request_answer or request_take; without
 * a gate the answer is dropped.  What libevhtp makes of the request is never
 * looked at.
 */
#include "http/gate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "http/problem.h"

#define ANSWER_HEAD_MAX 16384
#define REFUSAL_MAX 4096

/* ---- Making: the guard has seen the head, so nothing here can fail ------ */

/* Cut at the next `by` and step behind it. */
static char *
cut(char **rest, char by)
{
	char *s = *rest;
	char *end = strchr(s, by);

	OW_ASSERT(end != NULL);
	*end = '\0';
	*rest = end + 1;
	return s;
}

static void
trim(char **value, char *end)
{
	char *s = *value;

	while (*s == ' ' || *s == '\t')
		s++;
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	*value = s;
}

static void
read_fields(struct request *r, char *p, const char *end)
{
	struct request_field fields[GUARD_HEADERS_MAX];
	uint32_t n = 0;
	char *value;

	while (p < end && *p != '\r') {
		OW_ASSERT(n < GUARD_HEADERS_MAX);
		fields[n].name = cut(&p, ':');
		value = cut(&p, '\r');
		trim(&value, p - 1);
		fields[n++].value = value;
		p++;	/* the LF */
	}
	r->n_fields = n;
	r->fields = arena_alloc(&r->arena, n * sizeof(*fields));
	if (n)
		memcpy(r->fields, fields, n * sizeof(*fields));
}

static void
read_head(struct request *r, size_t head_n, size_t query_at)
{
	char *p = r->raw.p;
	char *version;
	size_t n;

	r->method = cut(&p, ' ');
	r->target = cut(&p, ' ');
	version = cut(&p, '\r');
	r->is_head = !strcmp(r->method, "HEAD");
	r->is_11 = !strcmp(version, "HTTP/1.1");
	n = strlen(r->target);
	r->query = r->target + query_at;
	if (query_at < n || r->target[n - 1] == '?')
		r->query[-1] = '\0';	/* the "?" */
	read_fields(r, p + 1, r->raw.p + head_n);
	r->body.p = r->raw.p + head_n;
	r->body.n = r->raw.n - head_n;
}

int
request_new(struct gates *gates, struct gate *gate, struct buf *raw,
    size_t head_n, const struct peer *peer, struct request **out)
{
	const char *target = (char *)memchr(raw->p, ' ', head_n) + 1;
	size_t n = (size_t)((char *)memchr(target, ' ', head_n) - target);
	struct request *r;
	size_t query_at;
	int status;

	r = mem_alloc(sizeof(*r));
	arena_init(&r->arena);
	r->path = arena_alloc(&r->arena, n + 1);
	status = guard_target(target, n, r->path, &query_at);
	if (status) {
		request_free(&r);
		return status;
	}
	r->loop = gates->conf->loop;
	r->gates = gates;
	r->gate = gate;
	r->peer = *peer;
	r->is_tls = gates->conf->tls != NULL;
	r->raw = *raw;
	buf_init(raw, raw->max);
	buf_init(&r->headers, ANSWER_HEAD_MAX / 2);
	read_head(r, head_n, query_at);
	*out = r;
	return 0;
}

void
request_free(struct request **out_r)
{
	struct request *r = *out_r;

	if (!r)
		return;
	/* It held a bearer token, most likely. */
	if (r->raw.p)
		mem_wipe(r->raw.p, r->raw.n);
	buf_done(&r->raw);
	buf_done(&r->headers);
	arena_done(&r->arena);
	free(r);
	*out_r = NULL;
}

void
request_lost(struct request *r)
{
	r->gate = NULL;
	if (r->gone)
		r->gone(r->gone_arg);
}

/* ---- Reading ------------------------------------------------------------ */

struct loop *
request_loop(const struct request *r)
{
	return r->loop;
}

const char *
request_method(const struct request *r)
{
	return r->method;
}

const char *
request_path(const struct request *r)
{
	return r->path;
}

const char *
request_raw_path(const struct request *r)
{
	return r->target;
}

const char *
request_query(const struct request *r)
{
	return r->query;
}

struct ow_bytes
request_body(const struct request *r)
{
	return r->body;
}

const char *
request_peer(const struct request *r)
{
	return r->peer.text;
}

bool
request_peer_is_loopback(const struct request *r)
{
	return r->peer.is_loopback;
}

bool
request_is_tls(const struct request *r)
{
	return r->is_tls;
}

static int
hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The guard has checked every "%" and that no NUL comes out. */
static char *
decode_param(struct request *r, const char *p, size_t n)
{
	char *text = arena_alloc(&r->arena, n + 1);
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (p[i] == '%') {
			text[k++] = (char)(hex_digit(p[i + 1]) << 4 |
			    hex_digit(p[i + 2]));
			i += 2;
		} else {
			text[k++] = p[i] == '+' ? ' ' : p[i];
		}
	}
	return text;
}

static void
split_query(struct request *r)
{
	struct request_param **tail = &r->params;
	const char *p = r->query;
	size_t n, name_n;

	for (; *p; p += n + (p[n] == '&')) {
		n = strcspn(p, "&");
		name_n = strcspn(p, "=&");
		*tail = arena_alloc(&r->arena, sizeof(**tail));
		(*tail)->name = decode_param(r, p, name_n);
		(*tail)->value = name_n < n ?
		    decode_param(r, p + name_n + 1, n - name_n - 1) :
		    arena_dup(&r->arena, "");
		tail = &(*tail)->next;
	}
	r->has_params = true;
}

const char *
request_param(struct request *r, const char *name)
{
	const struct request_param *p;

	if (!r->has_params)
		split_query(r);
	for (p = r->params; p; p = p->next)
		if (!strcmp(p->name, name))
			return p->value;
	return NULL;
}

const char *
request_header(struct request *r, const char *name)
{
	const char *first = NULL;
	size_t n = 1;
	char *joined;
	uint32_t i, count = 0;

	for (i = 0; i < r->n_fields; i++)
		if (!strcasecmp(r->fields[i].name, name)) {
			first = first ? first : r->fields[i].value;
			n += strlen(r->fields[i].value) + 2;
			count++;
		}
	if (count < 2)
		return first;
	joined = arena_alloc(&r->arena, n);
	for (i = 0; i < r->n_fields; i++)
		if (!strcasecmp(r->fields[i].name, name)) {
			if (*joined || first != r->fields[i].value)
				strcat(joined, ", ");
			strcat(joined, r->fields[i].value);
		}
	return joined;
}

bool
request_header_at(const struct request *r, uint32_t i, struct ow_header *out)
{
	if (i >= r->n_fields)
		return false;
	out->name = r->fields[i].name;
	out->value = r->fields[i].value;
	return true;
}

void
request_on_gone(struct request *r, void (*fn)(void *arg), void *arg)
{
	r->gone = fn;
	r->gone_arg = arg;
}

/* ---- Answering ---------------------------------------------------------- */

static bool
is_printable(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

void
request_add_header(struct request *r, const char *name,
    const char *value)
{
	/* A value may repeat what a peer said; it must not end the line. */
	if (is_printable(name) && is_printable(value))
		buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

/* RFC 9110, 6.4.1 and 8.6: these have no content, and no length of one. */
static bool
has_content(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static void
write_head(struct gates *gates, struct buf *out,
    const struct answer *a, const struct buf *headers)
{
	const char *title = problem_title(a->status);

	buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", a->status,
	    title ? title : "", gates_date(gates));
	if (headers->n)
		buf_add(out, headers->p, headers->n);
	if (!has_content(a->status))
		return;
	if (a->content_type && is_printable(a->content_type))
		buf_printf(out, "Content-Type: %s\r\n", a->content_type);
	buf_printf(out, "Content-Length: %zu\r\n", a->body.n);
}

void
request_answer(struct request **out_r, const struct answer *a)
{
	struct buf head = BUF_INIT(ANSWER_HEAD_MAX);
	struct request *r = *out_r;
	struct answer out = *a;

	if (r->gate) {
		out.close = a->close || gate_will_close(r->gate);
		write_head(r->gates, &head, a, &r->headers);
		if (out.close)
			buf_str(&head, "Connection: close\r\n");
		else if (!r->is_11)
			buf_str(&head, "Connection: keep-alive\r\n");
		buf_str(&head, "\r\n");
		OW_ASSERT(!head.full);
		if (r->is_head || !has_content(a->status))
			out.body.n = 0;
		gate_answer(r->gate,
		    (struct ow_bytes){ head.p, head.n }, &out);
		buf_done(&head);
	} else if (a->release) {
		a->release(a->arg);
	}
	request_free(out_r);
}

/* What went wrong, for who reads it in a log of theirs. */
static const char *
refusal_detail(int status)
{
	switch (status) {
	case 408:
		return "The request did not come in time.";
	case 411:
		return "A body needs a Content-Length.";
	case 413:
		return "The body is larger than this server takes.";
	case 414:
		return "The request's target is too long.";
	case 417:
		return "Only 100-continue can be expected.";
	case 429:
		return "Too many connections from this address.";
	case 431:
		return "The request's head is too large.";
	case 501:
		return "This server has no such method.";
	case 503:
		return "The server has no room for another connection.";
	case 505:
		return "This server speaks HTTP/1.0 and HTTP/1.1.";
	default:
		return "The request is not well-formed.";
	}
}

void
request_write_refusal(struct gates *gates, int status, struct buf *out)
{
	struct answer a = { .status = status,
	    .content_type = "application/problem+json" };
	struct buf body = BUF_INIT(REFUSAL_MAX);
	struct buf headers = BUF_INIT(REFUSAL_MAX);

	if (status == 429 || status == 503)
		buf_printf(&headers, "Retry-After: %d\r\n",
		    problem_retry_s(0));
	problem_write(&body, status, NULL, refusal_detail(status), NULL);
	a.body = (struct ow_bytes){ body.p, body.n };
	buf_init(out, REFUSAL_MAX);
	write_head(gates, out, &a, &headers);
	buf_str(out, "Connection: close\r\n\r\n");
	buf_add(out, body.p, body.n);
	buf_done(&headers);
	buf_done(&body);
}

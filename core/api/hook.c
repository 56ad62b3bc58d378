/* SPDX-License-Identifier: MIT */
/*
 * hook - a provider calls back: the request goes whole to the channel that it
 * is for, and the channel's answer back.
 *
 * Nothing is believed here, and no token of ours is asked for: a channel
 * authenticates its provider in the provider's own way, or answers 401.
 */
#include "api/api.h"
#include "base/mem.h"
#include "outbox/outbox.h"

static void
hook_answered(struct hook *h)
{
	struct call *c = h->arg;

	if (h->status == 401)		/* RFC 9110, 15.5.2 */
		request_add_header(c->req, "WWW-Authenticate", "Signature");
	if (h->status == 0)
		call_problem(&c, 404, "no_channel",
		    "no channel answers %s/%s", h->kind, h->name);
	else if (h->status >= 400 && h->answer.n == 0)
		call_problem(&c, h->status, NULL,
		    "the channel did not accept this");
	else
		call_answer_text(&c, h->status, h->content_type, h->answer.p,
		    h->answer.n);
	hook_free(&h);
}

static void
hook_take_headers(struct hook *h, const struct request *req)
{
	struct ow_header field;
	uint32_t i, n = 0;

	while (request_header_at(req, n, &field))
		n++;
	h->headers = arena_alloc(&h->arena, (n + 1) * sizeof(*h->headers));
	for (i = 0; i < n; i++) {
		(void)request_header_at(req, i, &field);
		h->headers[i].name = arena_dup(&h->arena, field.name);
		h->headers[i].value = arena_dup(&h->arena, field.value);
	}
	h->n_headers = n;
}

static void
hook_come(struct call *c)
{
	const struct api_conf *conf = api_conf_of(c);
	struct ow_bytes body = request_body(c->req);
	const char *query = request_query(c->req);
	struct hook *h;

	if (conf->outbox == NULL) {
		call_problem(&c, 404, "no_channel",
		    "no channel answers %s/%s", c->match.param[0],
		    c->match.param[1]);
		return;
	}
	h = hook_new(conf->loop, hook_answered, c);
	h->kind = arena_dup(&h->arena, c->match.param[0]);
	h->name = arena_dup(&h->arena, c->match.param[1]);
	h->method = arena_dup(&h->arena, request_method(c->req));
	h->query = arena_dup(&h->arena, query);
	h->url = arena_join(&h->arena, conf->public_url,
	    request_raw_path(c->req), *query != '\0' ? "?" : "", query, NULL);
	h->body.p = arena_dupn(&h->arena, body.p, body.n);
	h->body.n = body.n;
	hook_take_headers(h, c->req);
	outbox_hook(conf->outbox, h);
}

const struct api_route api_hook_routes[] = {
	{ "GET", "/hooks/{kind}/{name}", true, hook_come },
	{ "POST", "/hooks/{kind}/{name}", true, hook_come },
	{ NULL, NULL, false, NULL },
};

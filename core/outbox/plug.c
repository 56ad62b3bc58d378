/* SPDX-License-Identifier: MIT */
/*
 * plug - see plug.h.
 */
#include "outbox/plug.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "outbox/params.h"

#define CONTENT_TYPE_MAX 127

struct ow_hook_call {
	struct hook *hook;
	struct params params;
	bool is_answered, has_bad_type;
};

int
plug_check(const struct ow_channel *ops, void *self, const char *wanted,
    struct ow_address *out, struct ow_fault *fault)
{
	int err;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	fault->text[0] = '\0';
	err = ops->check(self, wanted, out, fault);
	out->text[sizeof(out->text) - 1] = '\0';
	out->identity[sizeof(out->identity) - 1] = '\0';
	out->hint[sizeof(out->hint) - 1] = '\0';
	fault->text[sizeof(fault->text) - 1] = '\0';
	if (err == OW_OK)
		return OW_OK;
	if (fault->text[0] == '\0')
		(void)snprintf(fault->text, sizeof(fault->text),
		    "it is no address of this kind");
	return err < 0 && err >= OW_EUNSUP ? err : OW_EINVAL;
}

const char *
plug_own_address(const struct ow_channel *ops, void *self)
{
	return OW_HAS(ops, own_address) && ops->own_address != NULL ?
	    ops->own_address(self) : NULL;
}

const char *
plug_public_key(const struct ow_channel *ops, void *self)
{
	return OW_HAS(ops, public_key) && ops->public_key != NULL ?
	    ops->public_key(self) : NULL;
}

const char *
plug_hook_name(const struct ow_channel *ops, void *self)
{
	return OW_HAS(ops, hook_name) && ops->hook_name != NULL ?
	    ops->hook_name(self) : NULL;
}

void
plug_hook_call(plug_hook_fn *hook, void *self, struct hook *h,
    const char *tenant, const char *name)
{
	struct ow_hook_call call = { .hook = h };
	struct ow_hook_req req = {
		.size = sizeof(req), .method = h->method, .url = h->url,
		.query = h->query, .body = h->body,
		.name = tenant,
	};

	params_read(&call.params, h);
	hook(self, &call, &req);
	if (call.has_bad_type)
		log_error("outbox", "a plugin's answer to a hook has what is"
		    " no content type", LOG_STR("instance", name));
	if (call.is_answered)
		return;
	log_error("outbox", "a plugin did not answer a hook",
	    LOG_STR("instance", name));
	h->status = 500;
}

void
plug_hook(const struct ow_channel *ops, void *self, struct hook *h,
    const char *name)
{
	if (OW_HAS(ops, hook) && ops->hook != NULL)
		plug_hook_call(ops->hook, self, h, NULL, name);
}

const char *
plug_hook_header(struct ow_ctx *ctx, struct ow_hook_call *call,
    const char *name)
{
	(void)ctx;
	return params_header(call->hook, name);
}

const char *
plug_hook_param(struct ow_ctx *ctx, struct ow_hook_call *call,
    const char *name)
{
	(void)ctx;
	return params_find(&call->params, name);
}

size_t
plug_hook_form(struct ow_ctx *ctx, struct ow_hook_call *call,
    struct ow_header *out, size_t max)
{
	(void)ctx;
	return params_form(&call->params, out, max);
}

/* What it says becomes a header, whose line it must not end. */
static bool
is_content_type(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0' && n <= CONTENT_TYPE_MAX; n++)
		if ((unsigned char)s[n] < ' ' || (unsigned char)s[n] >= 0x7f)
			return false;
	return n > 0 && n <= CONTENT_TYPE_MAX;
}

void
plug_hook_answer(struct ow_ctx *ctx, struct ow_hook_call **callp,
    int32_t status, const char *content_type, struct ow_bytes body)
{
	struct ow_hook_call *call = *callp;
	struct hook *h;

	(void)ctx;
	*callp = NULL;
	if (call == NULL || call->is_answered)
		return;
	if (content_type != NULL && !is_content_type(content_type)) {
		call->has_bad_type = true;
		status = 500;
		content_type = NULL;
		body.n = 0;
	}
	h = call->hook;
	call->is_answered = true;
	h->status = status >= 200 && status <= 599 ? status : 500;
	h->content_type = content_type != NULL ?
	    arena_dup(&h->arena, content_type) : "text/plain";
	h->answer = (struct ow_bytes){ arena_dupn(&h->arena,
	    body.n > 0 ? body.p : "", body.n), body.n };
}

void
plug_job_blank(struct ow_job *job)
{
	memset(job, 0, sizeof(*job));
	job->size = sizeof(*job);
	job->key = job->address = job->tenant = job->locale = "";
	job->order_id = job->notice_id = job->topic = job->group = "";
	job->title = job->text = job->html = job->url = "";
	job->receipt = job->receipt_url = job->unsubscribe_url = "";
	job->event.p = "";
}

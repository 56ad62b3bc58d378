/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl_ask - questions to the running server, through its admin
 * listener, with a token of a minute that is made for the purpose.
 */
#include "orderwirectl.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/fetch.h"

#define CTL_OUTPUT_MAX (64 * 1024 * 1024)

#define CTL_ADMIN_TTL_MS 60000
#define CTL_TIMEOUT_MS 10000
#define CTL_REPLY_MAX (16 * 1024 * 1024)

struct ctl_call {
	struct loop *loop;
	const char *url;
	struct buf *out;
	int status;
};

/* Which field, and what of it: one line each. */
static void
ctl_say_fields(const struct json *errors)
{
	const struct json *error;
	const char *field, *detail;
	size_t i;

	for (i = 0; i < json_count(errors); i++) {
		error = json_at(errors, i);
		field = json_get_text(error, "field");
		detail = json_get_text(error, "detail");
		if (field != NULL && detail != NULL)
			(void)ctl_say(CTL_FAILED, "%s %s", field, detail);
	}
}

/* What a refusal says: a problem document (RFC 9457). */
static int
ctl_say_refused(const struct fetch_reply *reply)
{
	struct json *problem = NULL;
	struct ow_fault fault;
	const char *detail = NULL;

	if (json_parse(reply->body.p, reply->body.n, &problem, &fault) == OW_OK)
		detail = json_get_text(problem, "detail");
	(void)ctl_say(CTL_FAILED, "the server refuses (%d): %s", reply->status,
	    detail ? detail : "it doesn't say why");
	ctl_say_fields(json_get(problem, "errors"));
	if (reply->status == 401)
		(void)ctl_say(CTL_FAILED, "does it use the same keys_file, "
		    "and is the clock right?");
	json_free(&problem);
	return CTL_FAILED;
}

static void
ctl_on_reply(void *arg, const struct fetch_reply *reply)
{
	struct ctl_call *call = arg;

	if (reply->err != OW_OK)
		call->status = ctl_say(CTL_FAILED, "can't reach %s: %s\n"
		    "orderwirectl: is orderwired running, and admin_listen "
		    "the one that it uses?", call->url, reply->detail);
	else if (reply->status < 200 || reply->status > 299)
		call->status = ctl_say_refused(reply);
	else if (buf_add(call->out, reply->body.p, reply->body.n) == OW_OK)
		call->status = CTL_DONE;
	loop_stop(call->loop);
}

/* "0.0.0.0" and "[::]" are where to listen, not where to connect. */
static char *
ctl_admin_url(const char *listen, const char *path)
{
	const char *port = strrchr(listen, ':');

	if (port && (port == listen || !strncmp(listen, "0.0.0.0:", 8) ||
	    !strncmp(listen, "*:", 2)))
		return mem_printf("http://127.0.0.1%s%s", port, path);
	if (!strncmp(listen, "[::]:", 5))
		return mem_printf("http://[::1]%s%s", port, path);
	return mem_printf("http://%s%s", listen, path);
}

static int
ctl_call_url(const char *method, const char *url, const char *token,
    struct buf *out)
{
	char *bearer = mem_printf("Bearer %s", token);
	const struct ow_header headers[] = { { "Authorization", bearer } };
	const struct fetch_request req = {
		.method = method,
		.url = url,
		.headers = headers,
		.n_headers = 1,
		.timeout_ms = CTL_TIMEOUT_MS,
		.reply_max = CTL_REPLY_MAX,
	};
	struct ctl_call call = { loop_new("ctl"), url, out, CTL_FAILED };
	struct fetcher *fetcher;
	struct fetch *fetch;

	OW_ASSERT(call.loop);
	fetcher = fetcher_new(call.loop, NULL, NULL);
	if (fetch_start(fetcher, &req, ctl_on_reply, &call, &fetch) == OW_OK)
		loop_run(call.loop);
	fetcher_free(&fetcher);
	loop_free(&call.loop);
	mem_wipe_free(&bearer);
	return call.status;
}

int
ctl_ask(struct ctl *c, const char *method, const char *path, struct buf *out)
{
	const struct ctl_claims claims = { "*", "admin", "orderwirectl",
	    CTL_ADMIN_TTL_MS };
	struct buf token = BUF_INIT(CTL_TEXT_MAX);
	char *url = NULL;
	int status;

	buf_init(out, CTL_REPLY_MAX + 1);
	if ((!c->conf && (status = ctl_open(c)) != CTL_DONE) ||
	    (status = ctl_sign(c, &claims, &token)) != CTL_DONE)
		goto out;
	url = ctl_admin_url(c->settings.server.admin_listen, path);
	status = ctl_call_url(method, url, token.p, out);
out:
	if (token.p)
		mem_wipe(token.p, token.n);
	buf_done(&token);
	free(url);
	return status;
}

/* ---- Asking and telling -------------------------------------------------- */

int
ctl_tell(struct ctl *c, const char *method, const char *path,
    bool is_json, void (*write)(struct buf *out, const struct json *))
{
	struct buf reply, text = BUF_INIT(CTL_OUTPUT_MAX);
	struct json *answer = NULL;
	struct ow_fault fault;
	int status;

	status = ctl_ask(c, method, path, &reply);
	if (status != CTL_DONE)
		goto out;
	if (is_json) {
		status = ctl_print(reply.p, reply.n);
		goto out;
	}
	if (json_parse(reply.p, reply.n, &answer, &fault) != OW_OK) {
		status = ctl_say(CTL_FAILED, "the answer is not JSON: %s",
		    fault.text);
		goto out;
	}
	write(&text, answer);
	status = ctl_print(text.n ? text.p : "", text.n);
out:
	json_free(&answer);
	buf_done(&text);
	buf_done(&reply);
	return status;
}

/* ---- Plain questions ----------------------------------------------------- */

static void
ctl_write_plugins(struct buf *out, const struct json *answer)
{
	static const struct ctl_column columns[] = {
		{ "NAME", "name" }, { "KIND", "kind" }, { "MODULE", "module" },
		{ "STATE", "state" }, { "BREAKER", "breaker" },
		{ "INFLIGHT", "inflight" }, { "WHY", "why" }, { NULL, NULL },
	};

	ctl_write_table(out, json_get(answer, "data"), columns);
}

int
ctl_plugins(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	bool is_json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j')
			return CTL_USAGE;
		is_json = true;
	}
	if (optind < argc)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[optind]);
	return ctl_tell(c, "GET", "/admin/plugins", is_json,
	    ctl_write_plugins);
}

int
ctl_drain(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct buf reply;
	int status;

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return CTL_USAGE;
	if (optind < argc)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[optind]);
	status = ctl_ask(c, "POST", "/admin/drain", &reply);
	if (status == CTL_DONE)
		status = ctl_print(reply.p, reply.n);
	buf_done(&reply);
	return status;
}

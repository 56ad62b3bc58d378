/* SPDX-License-Identifier: MIT */
/*
 * api_fixture - the calls of the API without a network, a desk or an outbox:
 * requests are made by the test, commands and what else is asked end in it.
 *
 * Included by one file of a test, whose program it is then in.
 */
#ifndef TEST_API_FIXTURE_H
#define TEST_API_FIXTURE_H

#include "../http/token.h"

#include <stdio.h>

#include "api/api.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "desk/orders.h"
#include "http/stream.h"
#include "outbox/outbox.h"

#define NOW_MS 1800000000000LL
#define HEADER "{\"alg\":\"HS256\",\"kid\":\"a\"}"
#define ID "0190b6f2-0000-7000-8000-00000000000a"
#define SECRET "0123456789abcdef0123456789abcdef"
#define ORDER "{\"customer_id\":\"ann\",\"fulfilment\":\"pickup\",\"items\":" \
	"[{\"name\":\"Tea\",\"quantity\":1}]}"

/* ---- A request, and what became of it ---------------------------------- */

struct request {
	const char *method, *path, *query, *body, *token, *key, *type, *tag;
	const char *raw_path;		/* NULL: the same */
	const char *if_match, *accept;
	const char *params[5][2];
	char bearer[16384];
	char headers[2048];		/* of the answer, a line each */
	int answers, status;
	const char *answer_type;
	char answer[8192];
};

const char *request_method(const struct request *r) { return r->method; }
const char *request_path(const struct request *r) { return r->path; }

const char *
request_raw_path(const struct request *r)
{
	return r->raw_path != NULL ? r->raw_path : r->path;
}

const char *
request_query(const struct request *r)
{
	return r->query != NULL ? r->query : "";
}

bool
request_header_at(const struct request *r, uint32_t i, struct ow_header *out)
{
	if (i > 0 || r->type == NULL)
		return false;
	*out = (struct ow_header){ "Content-Type", r->type };
	return true;
}

const char *request_peer(const struct request *r) { (void)r; return "::1"; }

bool
request_peer_is_loopback(const struct request *r)
{
	(void)r;
	return true;
}

struct ow_bytes
request_body(const struct request *r)
{
	return (struct ow_bytes){ r->body != NULL ? r->body : "",
	    r->body != NULL ? strlen(r->body) : 0 };
}

const char *
request_param(struct request *r, const char *name)
{
	int i;

	for (i = 0; i < 5 && r->params[i][0] != NULL; i++)
		if (strcmp(r->params[i][0], name) == 0)
			return r->params[i][1];
	return NULL;
}

const char *
request_header(struct request *r, const char *name)
{
	if (strcmp(name, "Authorization") == 0 && r->token != NULL) {
		(void)snprintf(r->bearer, sizeof(r->bearer), "Bearer %s",
		    r->token);
		return r->bearer;
	}
	return strcmp(name, "Content-Type") == 0 ? r->type :
	    strcmp(name, "If-Match") == 0 ? r->if_match :
	    strcmp(name, "Accept") == 0 ? r->accept :
	    strcmp(name, "Idempotency-Key") == 0 ? r->key :
	    strcmp(name, "If-None-Match") == 0 ? r->tag : NULL;
}

void
request_add_header(struct request *r, const char *name, const char *value)
{
	size_t n = strlen(r->headers);

	(void)snprintf(r->headers + n, sizeof(r->headers) - n, "%s: %s\n",
	    name, value);
}

void
request_answer(struct request **rp, const struct answer *a)
{
	struct request *r = *rp;

	*rp = NULL;
	r->answers++;
	r->status = a->status;
	r->answer_type = a->content_type;
	ck_assert_uint_lt(a->body.n, sizeof(r->answer));
	if (a->body.n > 0)
		memcpy(r->answer, a->body.p, a->body.n);
	r->answer[a->body.n] = '\0';
}

void
stream_route_run(const struct stream_route *s, struct request *r,
    const struct route_match *m)
{
	(void)s;
	(void)r;
	(void)m;
	ck_abort_msg("no stream is asked for");
}

/* ---- The desk ---------------------------------------------------------- */

static struct command *command;		/* the last; NULL: none came */

void
orders_command(struct orders *o, struct command *c)
{
	(void)o;
	ck_assert_ptr_null(command);
	command = c;
}

static void
answer(int status, const char *body, uint64_t seq)
{
	struct command *c = command;

	command = NULL;
	c->status = status;
	c->seq = seq;
	c->answer_order = ID;
	if (status >= 400)
		command_refuse(c, status, "some_code", "some detail");
	buf_str(&c->body, body);
	c->done(c);
}

/* ---- The outbox --------------------------------------------------------- */

static struct address_check *checking;	/* the last of each, or NULL */
static struct hook *hook;
static struct outbox_ask *asked;
static const char *push_key;

void
outbox_check(struct outbox *o, struct address_check *a)
{
	(void)o;
	ck_assert_ptr_null(checking);
	checking = a;
}

bool
outbox_is_push(const struct outbox *o, const char *kind, const char *tenant)
{
	(void)o;
	return strcmp(kind, "pager") == 0 && strcmp(tenant, "cafe") == 0;
}

const char *
outbox_public_key(const struct outbox *o)
{
	(void)o;
	return push_key;
}

struct hook *
hook_new(struct loop *home, void (*done)(struct hook *), void *arg)
{
	struct hook *h = mem_alloc(sizeof(*h));

	arena_init(&h->arena);
	h->home = home;
	h->done = done;
	h->arg = arg;
	return h;
}

void
hook_free(struct hook **hp)
{
	arena_done(&(*hp)->arena);
	free(*hp);
	*hp = NULL;
}

void
outbox_hook(struct outbox *o, struct hook *h)
{
	(void)o;
	ck_assert_ptr_null(hook);
	hook = h;
}

struct outbox_ask *
outbox_ask_new(enum outbox_ask_kind kind, struct loop *home,
    void (*done)(struct outbox_ask *), void *arg)
{
	struct outbox_ask *a = mem_alloc(sizeof(*a));

	arena_init(&a->arena);
	buf_init(&a->body, 65536);
	a->kind = kind;
	a->home = home;
	a->done = done;
	a->arg = arg;
	a->id = a->state = a->channel = a->tenant = a->before = "";
	return a;
}

void
outbox_ask_free(struct outbox_ask **ap)
{
	buf_done(&(*ap)->body);
	arena_done(&(*ap)->arena);
	free(*ap);
	*ap = NULL;
}

void
outbox_ask(struct outbox *o, struct outbox_ask *a)
{
	(void)o;
	ck_assert_ptr_null(asked);
	asked = a;
}

void
outbox_opted(struct opt *opt)
{
	(void)opt;
}

/* ---- The scene --------------------------------------------------------- */

static struct settings set;
static struct loop *loop;
static struct metrics *metrics;
static struct keyset *keyset;
static struct auth *auth;
static struct api *api;
static char *tokens[8];
static uint32_t n_tokens;

static void
set_up(void)
{
	static const struct api_route *const tables[] = { api_order_routes,
	    api_notification_routes, api_push_routes, api_hook_routes,
	    api_unsubscribe_routes, api_job_routes };
	static char outbox[1];		/* only ever handed through */
	struct api_conf conf = { .set = &set, .public_url = "https://t",
	    .outbox = (struct outbox *)outbox, .name = "0" };
	size_t i;
	struct ow_fault fault;

	memset(&set, 0, sizeof(set));
	set.auth = (struct set_auth){
		.keys_file = "", .keys_url = "", .keys_ca_file = "",
		.keys_refresh_ms = 30000, .issuer = "", .audience = "",
		.claim_sub = "sub", .claim_tenant = "tenant",
		.claim_role = "role", .leeway_ms = 5000, .cache_max = 16,
	};
	set.http.loopback_exempt = true;
	set.http.origins = "";
	set.server.secret = SECRET;
	log_setup(LOG_LOGFMT, OW_ERROR + 1, 2);
	loop = loop_new("test");
	loop_test_clock(loop, NOW_MS);
	metrics = metrics_new();
	keyset = token_keyset(TOKEN_OCT("a"));
	auth = auth_new(loop, &set.auth, NULL, NULL);
	auth_set_keys(auth, keyset);
	conf.loop = loop;
	conf.auth = auth;
	conf.metrics = metrics;
	api = api_new(&conf);
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		ck_assert_int_eq(api_add_routes(api, tables[i], &fault),
		    OW_OK);
}

static void
tear_down(void)
{
	ck_assert_ptr_null(command);
	ck_assert_ptr_null(checking);
	ck_assert_ptr_null(hook);
	ck_assert_ptr_null(asked);
	push_key = NULL;
	api_free(&api);
	auth_free(&auth);
	keyset_unref(&keyset);
	loop_free(&loop);
	metrics_free(&metrics);
	while (n_tokens > 0)
		free(tokens[--n_tokens]);
}

static const char *
token_of(const char *role, const char *sub, const char *tenant)
{
	char *claims = mem_printf("{\"exp\":1800000060,\"sub\":\"%s\","
	    "\"tenant\":\"%s\",\"role\":\"%s\"}", sub, tenant, role);

	tokens[n_tokens] = token_oct(HEADER, claims);
	free(claims);
	return tokens[n_tokens++];
}

/* Must be refused with this status, and no command made. */
static void
refused(struct request *r, int status, const char *part)
{
	api_request(api, r);
	ck_assert_ptr_null(command);
	ck_assert_int_eq(r->answers, 1);
	ck_assert_msg(r->status == status, "%d: %s", r->status, r->answer);
	ck_assert_ptr_nonnull(strstr(r->answer, part));
	r->answers = 0;
}

#endif

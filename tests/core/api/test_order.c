/* SPDX-License-Identifier: MIT */
/*
 * The calls about orders from a request to a command, and from an answer to
 * a response.  Requests and the desk are played by the test.
 */
#include "../http/token.h"

#include <stdio.h>

#include "api/api.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "desk/orders.h"
#include "http/stream.h"

#define NOW_MS 1800000000000LL
#define HEADER "{\"alg\":\"HS256\",\"kid\":\"a\"}"
#define ID "0190b6f2-0000-7000-8000-00000000000a"
#define ORDER "{\"customer_id\":\"ann\",\"fulfilment\":\"pickup\",\"items\":" \
	"[{\"name\":\"Tea\",\"quantity\":1}]}"

/* ---- A request, and what became of it ---------------------------------- */

struct request {
	const char *method, *path, *body, *token, *key, *type, *tag;
	const char *params[4][2];
	char bearer[16384];
	char headers[1024];		/* of the answer, a line each */
	int answers, status;
	char answer[8192];
};

const char *request_method(const struct request *r) { return r->method; }
const char *request_path(const struct request *r) { return r->path; }
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

	for (i = 0; i < 4 && r->params[i][0] != NULL; i++)
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
	ck_assert_uint_lt(a->body.n, sizeof(r->answer));
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
	struct api_conf conf = { .set = &set, .public_url = "https://t",
	    .name = "0" };
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
	ck_assert_int_eq(api_add_routes(api, api_order_routes, &fault), OW_OK);
}

static void
tear_down(void)
{
	ck_assert_ptr_null(command);
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

#define CREATE(tok) { .method = "POST", .path = "/api/v1/cafe/orders",	\
	.body = ORDER, .type = "application/json", .token = (tok) }

START_TEST(an_order_is_created_with_location_and_tag)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));

	api_request(api, &r);
	ck_assert_ptr_nonnull(command);
	ck_assert_int_eq(command->intent.kind, INTENT_CREATE);
	ck_assert_str_eq(command->tenant, "cafe");
	ck_assert_ptr_null(command->repeat_key);
	answer(201, "{}", 1);
	ck_assert_int_eq(r.status, 201);
	ck_assert_ptr_nonnull(strstr(r.headers, "Location: /api/v1/cafe/orders"
	    "/" ID "\n"));
	ck_assert_ptr_nonnull(strstr(r.headers, "ETag: \"1\"\n"));
}
END_TEST

START_TEST(bad_bodies_are_refused_before_the_desk)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));

	r.type = "text/plain";
	refused(&r, 415, "application/json");
	r.type = NULL;
	refused(&r, 415, "application/json");
	r.type = "application/json; charset=utf-8";
	r.body = "{";
	refused(&r, 400, "malformed_json");
	r.body = "{}";
	refused(&r, 422, "customer_id");
	r.body = ORDER;
	r.token = NULL;
	refused(&r, 401, "token_missing");
	r.token = token_of("kitchen", "cook", "cafe");
	refused(&r, 403, "forbidden");
	r.token = token_of("service", "svc", "pub");
	refused(&r, 403, "wrong_tenant");
	r.path = "/api/v1/cafe/nothing";
	refused(&r, 404, "404");
}
END_TEST

START_TEST(keys_of_tenants_roles_and_subjects_never_meet)
{
	static const char *const whose[][3] = {
		{ "service", "svc", "cafe" }, { "service", "other", "cafe" },
		{ "admin", "svc", "cafe" }, { "service", "svc", "pub" },
	};
	char scopes[6][80], hash[80] = "";
	char one[9000], two[9000];
	struct request r;
	int i, k;

	memset(one, 'a', sizeof(one));
	memset(two, 'a', sizeof(two));
	one[sizeof(one) - 1] = two[sizeof(two) - 1] = '\0';
	two[sizeof(two) - 2] = 'b';
	for (i = 0; i < 6; i++) {
		r = (struct request)CREATE(i < 4 ? token_of(whose[i][0],
		    whose[i][1], whose[i][2]) : i == 4 ? one : two);
		r.key = "k";
		if (i == 3)
			r.path = "/api/v1/pub/orders";
		if (i >= 4) {		/* long tracking tokens */
			r.path = "/api/v1/cafe/stream-tickets";
			r.body = "{\"path\":\"/sse/x\"}";
		}
		api_request(api, &r);
		ck_assert_msg(command != NULL, "%d: %s", r.status, r.answer);
		ck_assert_str_eq(command->repeat_key, "k");
		(void)snprintf(scopes[i], sizeof(scopes[i]), "%s",
		    command->repeat_scope);
		if (i == 0)
			(void)snprintf(hash, sizeof(hash), "%s",
			    command->repeat_hash);
		else if (i < 3)
			ck_assert_str_eq(command->repeat_hash, hash);
		for (k = 0; k < i; k++)
			ck_assert_str_ne(scopes[k], scopes[i]);
		answer(503, "", 0);
	}
}
END_TEST

START_TEST(a_key_is_of_1_to_255_characters)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));
	char key[300];

	memset(key, 'k', sizeof(key));
	key[256] = '\0';
	r.key = "";
	refused(&r, 400, "bad_idempotency_key");
	r.key = key;
	refused(&r, 400, "bad_idempotency_key");
	key[255] = '\0';
	api_request(api, &r);
	ck_assert_ptr_nonnull(command);
	answer(201, "{}", 1);
}
END_TEST

/* Whether it is a tracking token only the desk knows: 401 or 403, and never a
   word about the body. */
START_TEST(what_is_no_jwt_goes_to_the_desk_whatever_the_body)
{
	static const char *const paths[][2] = {
		{ "POST", "/api/v1/cafe/orders" },
		{ "PATCH", "/api/v1/cafe/orders/" ID "/status" },
		{ "POST", "/api/v1/cafe/orders/" ID "/tracking-links" },
	};
	struct request r;
	size_t i;

	for (i = 0; i < 3; i++) {
		r = (struct request)CREATE("made-up");
		r.method = paths[i][0];
		r.path = paths[i][1];
		r.body = "{";
		r.type = NULL;
		api_request(api, &r);
		ck_assert_ptr_nonnull(command);
		ck_assert_str_eq(command->tracking_token, "made-up");
		ck_assert_ptr_null(command->who);
		answer(401, "", 0);
		ck_assert_int_eq(r.status, 401);
	}
}
END_TEST

START_TEST(lists_check_their_parameters)
{
	static const char *const bad[][2] = {
		{ "limit", "0" }, { "limit", "201" }, { "limit", "x" },
		{ "limit", "-1" }, { "limit", "99999999999999999999" },
		{ "cursor", "x" }, { "cursor", "" }, { "status", "eaten" },
	};
	struct request r = { .method = "GET", .path = "/api/v1/cafe/orders" };
	char cursor[B64_SIZE(ID_SIZE)];
	size_t i;

	r.token = token_of("kitchen", "cook", "cafe");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.params[0][0] = bad[i][0];
		r.params[0][1] = bad[i][1];
		refused(&r, 422, bad[i][0]);
	}
	b64url_encode(ID, ID_SIZE - 1, cursor);
	r.params[0][0] = "cursor";
	r.params[0][1] = cursor;
	r.params[1][0] = "status";
	r.params[1][1] = "active";
	api_request(api, &r);
	ck_assert_str_eq(command->before, ID);
	ck_assert_int_eq(command->list, LIST_ACTIVE);
	ck_assert_int_eq(command->limit, 50);
	answer(200, "{}", 0);
	r.token = token_of("customer", "ann", "cafe");
	api_request(api, &r);
	ck_assert_str_eq(command->customer_id, "ann");
	answer(200, "{}", 0);
	r.params[0][0] = "customer_id";
	r.params[0][1] = "bob";
	r.answers = 0;
	refused(&r, 403, "forbidden");
}
END_TEST

START_TEST(a_known_tag_is_304_without_a_body)
{
	static const struct { const char *tag; int status; } tags[] = {
		{ "\"7\"", 304 }, { "W/\"6\", W/\"7\"", 304 }, { "*", 304 },
		{ "\"77\"", 200 }, { "7", 200 }, { NULL, 200 },
	};
	struct request r = { .method = "GET",
	    .path = "/api/v1/cafe/orders/" ID };
	size_t i;

	r.token = token_of("kitchen", "cook", "cafe");
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		r.tag = tags[i].tag;
		api_request(api, &r);
		answer(200, "{\"order\":1}", 7);
		ck_assert_int_eq(r.status, tags[i].status);
		ck_assert_str_eq(r.answer, r.status == 304 ? "" :
		    "{\"order\":1}");
	}
}
END_TEST

START_TEST(a_refusal_may_have_members_of_its_own)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));

	api_request(api, &r);
	answer(409, "\"order_id\":\"" ID "\"", 0);
	ck_assert_int_eq(r.status, 409);
	ck_assert_ptr_nonnull(strstr(r.answer, "some_code"));
	ck_assert_ptr_nonnull(strstr(r.answer, ",\"order_id\":\"" ID "\"}"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api");
	TCase *tc = tcase_create("order");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_order_is_created_with_location_and_tag);
	tcase_add_test(tc, bad_bodies_are_refused_before_the_desk);
	tcase_add_test(tc, keys_of_tenants_roles_and_subjects_never_meet);
	tcase_add_test(tc, a_key_is_of_1_to_255_characters);
	tcase_add_test(tc, what_is_no_jwt_goes_to_the_desk_whatever_the_body);
	tcase_add_test(tc, lists_check_their_parameters);
	tcase_add_test(tc, a_known_tag_is_304_without_a_body);
	tcase_add_test(tc, a_refusal_may_have_members_of_its_own);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

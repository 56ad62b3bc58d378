/* SPDX-License-Identifier: MIT */
/*
 * test_auth - who may come in, until when, and what happens when keys change.
 */
#include "token.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "http/auth.h"

#define NOW_MS 1800000000000LL		/* exp 1800000000 is now */
#define HEADER "{\"alg\":\"HS256\",\"kid\":\"a\"}"
#define HEADER_B "{\"alg\":\"HS256\",\"kid\":\"b\"}"
#define EXP "\"exp\":1800000060"
#define ANA "\"sub\":\"ana\",\"tenant\":\"t1\",\"role\":\"customer\""

static struct loop *loop;
static struct set_auth conf;
static struct keyset *set_a;
static struct auth *auth;
static struct keys *keys;
static char path[64];

static void
set_up(void)
{
	conf = (struct set_auth){
		.keys_file = "", .keys_url = "", .keys_ca_file = "",
		.keys_refresh_ms = 30000, .issuer = "", .audience = "",
		.claim_sub = "sub", .claim_tenant = "tenant",
		.claim_role = "role", .leeway_ms = 5000, .cache_max = 4,
	};
	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	loop = loop_new("test");
	loop_test_clock(loop, NOW_MS);
	set_a = token_keyset(TOKEN_OCT("a"));
	auth = auth_new(loop, &conf, NULL, NULL);
	auth_set_keys(auth, set_a);
}

static void
tear_down(void)
{
	auth_free(&auth);
	loop_test_advance(loop, 0);	/* what keys were asked arrives */
	keys_free(&keys);
	keyset_unref(&set_a);
	loop_free(&loop);
	if (path[0])
		(void)unlink(path);
	path[0] = '\0';
}

/* The caller's, or the test fails. */
static struct who *
admitted(const char *token)
{
	struct auth_refusal refusal = { 0 };
	struct who *who = NULL;
	int rc = auth_check(auth, token, &who, &refusal);

	ck_assert_msg(rc == OW_OK, "%d %s: %s", rc, refusal.code ?
	    refusal.code : "", refusal.detail);
	ck_assert_int_gt(who->expires_ms, loop_wall_ms(loop));
	return who;
}

static void
refused(const char *token, int status, const char *code)
{
	struct auth_refusal refusal = { 0 };
	struct who *who = NULL;

	ck_assert_int_eq(auth_check(auth, token, &who, &refusal), OW_EDENIED);
	ck_assert_ptr_null(who);
	ck_assert_msg(refusal.status == status && !strcmp(refusal.code, code),
	    "%d %s: %s", refusal.status, refusal.code, refusal.detail);
	ck_assert_str_ne(refusal.detail, "");
}

static void
claims_ok(const char *claims, enum role role)
{
	char *token = token_oct(HEADER, claims);
	struct who *who = admitted(token);

	ck_assert_int_eq(who->role, role);
	who_unref(&who);
	free(token);
}

static void
claims_bad(const char *claims, int status, const char *code)
{
	char *token = token_oct(HEADER, claims);

	refused(token, status, code);
	free(token);
}

static void
invalid(const char *claims)
{
	claims_bad(claims, 401, "token_invalid");
}

START_TEST(a_good_token_says_who)
{
	char *token = token_oct(HEADER, "{" ANA "," EXP "}");
	struct who *who = admitted(token);

	ck_assert_int_eq(who->role, ROLE_CUSTOMER);
	ck_assert_str_eq(who->sub, "ana");
	ck_assert_str_eq(who->tenant, "t1");
	ck_assert_int_eq(who->expires_ms, NOW_MS + 60000);
	who_unref(&who);
	free(token);
}
END_TEST

START_TEST(only_early_times_have_leeway)
{
	claims_ok("{" ANA ",\"exp\":1800000001}", ROLE_CUSTOMER);
	claims_ok("{" ANA ",\"exp\":1800000000.5}", ROLE_CUSTOMER);
	claims_bad("{" ANA ",\"exp\":1800000000}", 401, "token_expired");
	claims_bad("{" ANA ",\"exp\":0}", 401, "token_expired");
	claims_ok("{" ANA "," EXP ",\"nbf\":1800000005}", ROLE_CUSTOMER);
	claims_bad("{" ANA "," EXP ",\"nbf\":1800000006}", 401,
	    "token_not_yet_valid");
	claims_ok("{" ANA "," EXP ",\"iat\":1800000004.9}", ROLE_CUSTOMER);
	claims_bad("{" ANA "," EXP ",\"iat\":1800000030}", 401,
	    "token_not_yet_valid");
	/* Expired, whatever else is wrong. */
	claims_bad("{\"exp\":1}", 401, "token_expired");
}
END_TEST

START_TEST(times_that_are_none_are_refused)
{
	invalid("{" ANA "}");
	invalid("{" ANA ",\"exp\":null}");
	invalid("{" ANA ",\"exp\":\"1800000060\"}");
	invalid("{" ANA ",\"exp\":true}");
	invalid("{" ANA ",\"exp\":-1}");
	invalid("{" ANA ",\"exp\":1e300}");
	invalid("{" ANA ",\"exp\":1800000060000}");
	invalid("{" ANA "," EXP ",\"nbf\":\"x\"}");
	invalid("{" ANA "," EXP ",\"iat\":[]}");
}
END_TEST

START_TEST(issuer_and_audience_are_checked_when_configured)
{
	claims_ok("{" ANA "," EXP ",\"iss\":\"x\",\"aud\":7}", ROLE_CUSTOMER);
	conf.issuer = "https://id.example/";
	conf.audience = "orders";
#define ISS "\"iss\":\"https://id.example/\""
	claims_ok("{" ANA "," EXP "," ISS ",\"aud\":\"orders\"}",
	    ROLE_CUSTOMER);
	claims_ok("{" ANA "," EXP "," ISS ",\"aud\":[\"x\",\"orders\"]}",
	    ROLE_CUSTOMER);
	invalid("{" ANA "," EXP "," ISS "}");
	invalid("{" ANA "," EXP "," ISS ",\"aud\":[]}");
	invalid("{" ANA "," EXP "," ISS ",\"aud\":[\"order\",7]}");
	invalid("{" ANA "," EXP "," ISS ",\"aud\":{\"orders\":1}}");
	invalid("{" ANA "," EXP ",\"aud\":\"orders\"}");
	invalid("{" ANA "," EXP ",\"iss\":\"https://id.example\","
	    "\"aud\":\"orders\"}");
	invalid("{" ANA "," EXP ",\"iss\":[\"https://id.example/\"],"
	    "\"aud\":\"orders\"}");
}
END_TEST

START_TEST(roles_are_ours_or_refused)
{
#define BOB "\"sub\":\"bob\",\"tenant\":\"t1\"," EXP
	claims_ok("{" BOB ",\"role\":\"kitchen\"}", ROLE_KITCHEN);
	claims_ok("{" BOB ",\"role\":\"service\"}", ROLE_SERVICE);
	claims_ok("{" BOB ",\"role\":\"admin\"}", ROLE_ADMIN);
	claims_bad("{" BOB "}", 403, "role_unknown");
	claims_bad("{" BOB ",\"role\":\"\"}", 403, "role_unknown");
	claims_bad("{" BOB ",\"role\":\"Admin\"}", 403, "role_unknown");
	claims_bad("{" BOB ",\"role\":\"tracking\"}", 403, "role_unknown");
	claims_bad("{" BOB ",\"role\":\"none\"}", 403, "role_unknown");
	claims_bad("{" BOB ",\"role\":3}", 403, "role_unknown");
	claims_ok("{" BOB ",\"role\":[\"offline\",\"kitchen\"]}",
	    ROLE_KITCHEN);
	claims_bad("{" BOB ",\"role\":[\"kitchen\",\"admin\"]}", 403,
	    "role_unknown");
}
END_TEST

START_TEST(tenants_and_subjects_are_fit_or_refused)
{
	char *claims, *name = mem_alloc(130);

#define KIT "\"role\":\"kitchen\"," EXP
	claims_ok("{" KIT ",\"tenant\":\"t\"}", ROLE_KITCHEN);
	claims_bad("{" KIT "}", 403, "tenant_missing");
	claims_bad("{" KIT ",\"tenant\":\"\"}", 403, "tenant_missing");
	claims_bad("{" KIT ",\"tenant\":7}", 403, "tenant_missing");
	claims_bad("{" KIT ",\"tenant\":\"*\"}", 403, "tenant_denied");
	claims_ok("{\"role\":\"admin\",\"tenant\":\"*\"," EXP "}", ROLE_ADMIN);
	invalid("{" KIT ",\"tenant\":\"a\\nb\"}");
	invalid("{" KIT ",\"tenant\":\"a\\u0085b\"}");
	invalid("{" KIT ",\"tenant\":\"a\",\"sub\":\"x\\u007f\"}");
	invalid("{" KIT ",\"tenant\":\"a\",\"sub\":7}");
	claims_ok("{" KIT ",\"tenant\":\"caf\\u00e9\"}", ROLE_KITCHEN);
	memset(name, 'x', 128);
	claims = mem_printf("{" KIT ",\"tenant\":\"%s\"}", name);
	claims_ok(claims, ROLE_KITCHEN);
	free(claims);
	name[128] = 'x';
	claims = mem_printf("{" KIT ",\"tenant\":\"%s\"}", name);
	invalid(claims);
	free(claims);
	free(name);
#define CUSTOMER "\"role\":\"customer\",\"tenant\":\"t\"," EXP
	claims_bad("{" CUSTOMER "}", 403, "sub_missing");
	claims_bad("{" CUSTOMER ",\"sub\":\"\"}", 403, "sub_missing");
}
END_TEST

START_TEST(claims_can_have_other_names)
{
	conf.claim_role = "realm.access.role";
	conf.claim_tenant = "https://shop.example/tenant";
	claims_ok("{\"sub\":\"x\"," EXP ","
	    "\"https://shop.example/tenant\":\"t\","
	    "\"realm\":{\"access\":{\"role\":\"kitchen\"}}}", ROLE_KITCHEN);
	claims_ok("{\"sub\":\"x\"," EXP ","
	    "\"https://shop.example/tenant\":\"t\","
	    "\"realm.access.role\":\"kitchen\"}", ROLE_KITCHEN);
	claims_bad("{\"sub\":\"x\"," EXP ","
	    "\"https://shop.example/tenant\":\"t\","
	    "\"role\":\"admin\",\"realm\":{\"access\":\"kitchen\"}}", 403,
	    "role_unknown");
}
END_TEST

START_TEST(a_forged_token_is_401)
{
	char *token = token_hmac("0123456789", 10, HEADER,
	    "{" ANA "," EXP "}");

	refused(token, 401, "token_invalid");
	free(token);
	refused("", 401, "token_invalid");
	refused("a.b.c", 401, "token_invalid");
	token = token_oct(HEADER_B, "{" ANA "," EXP "}");
	refused(token, 401, "token_invalid");
	free(token);
}
END_TEST

START_TEST(a_jwt_is_known_by_its_look)
{
	ck_assert(auth_is_jwt("e30.e30.-_A"));
	ck_assert(!auth_is_jwt(""));
	ck_assert(!auth_is_jwt("abc"));
	ck_assert(!auth_is_jwt("a.b"));
	ck_assert(!auth_is_jwt("a.b."));
	ck_assert(!auth_is_jwt(".a.b"));
	ck_assert(!auth_is_jwt("a.b.c.d"));
	ck_assert(!auth_is_jwt("a.b.c.d.e"));
	ck_assert(!auth_is_jwt("a.b+.c"));
	ck_assert(!auth_is_jwt("a.b.c\n"));
}
END_TEST

/* The same who twice is the cache; notices a cache that outlives exp. */
START_TEST(the_cache_ends_with_the_token)
{
	char *token = token_oct(HEADER, "{" ANA "," EXP "}");
	struct who *first = admitted(token), *second = admitted(token);

	ck_assert_ptr_eq(first, second);
	who_unref(&second);
	loop_test_advance(loop, 59999);
	second = admitted(token);
	ck_assert_ptr_eq(first, second);
	who_unref(&second);
	who_unref(&first);
	loop_test_advance(loop, 1);
	refused(token, 401, "token_expired");
	refused(token, 401, "token_expired");
	free(token);
}
END_TEST

START_TEST(the_cache_evicts_the_oldest)
{
	struct who *who[5], *again;
	char *token[5], *claims;
	int i;

	for (i = 0; i < 5; i++) {
		claims = mem_printf("{\"sub\":\"%d\",\"tenant\":\"t\","
		    "\"role\":\"customer\"," EXP "}", i);
		token[i] = token_oct(HEADER, claims);
		free(claims);
		who[i] = admitted(token[i]);
	}
	for (i = 4; i >= 0; i--) {
		again = admitted(token[i]);
		ck_assert((again == who[i]) == (i > 0));
		ck_assert_str_eq(again->sub, who[i]->sub);
		who_unref(&again);
	}
	for (i = 0; i < 5; i++) {
		who_unref(&who[i]);
		free(token[i]);
	}
}
END_TEST

START_TEST(without_a_cache_it_works_too)
{
	char *token = token_oct(HEADER, "{" ANA "," EXP "}");
	struct who *first, *second;

	conf.cache_max = 0;
	first = admitted(token);
	second = admitted(token);
	ck_assert_ptr_ne(first, second);
	who_unref(&first);
	who_unref(&second);
	free(token);
}
END_TEST

/* A key that is gone takes its tokens along; the same keys again do not. */
START_TEST(new_keys_empty_the_cache)
{
	char *token = token_oct(HEADER, "{" ANA "," EXP "}");
	struct who *first = admitted(token), *second;
	struct keyset *same = token_keyset(TOKEN_OCT("a"));
	struct keyset *other = token_keyset(TOKEN_OCT("b"));

	auth_set_keys(auth, same);
	second = admitted(token);
	ck_assert_ptr_eq(first, second);
	auth_set_keys(auth, other);
	refused(token, 401, "token_invalid");
	who_unref(&first);
	who_unref(&second);
	keyset_unref(&same);
	keyset_unref(&other);
	free(token);
}
END_TEST

/* ---- With keys that can be read again ------------------------------------ */

static int n_changed;

static void
on_changed(void *arg, struct keyset *set)
{
	(void)arg;
	n_changed++;
	if (auth)
		auth_set_keys(auth, set);
}

static void
write_keys(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
with_file(const char *text)
{
	struct ow_fault fault = { "" };
	int fd;

	strcpy(path, "/tmp/test_auth.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	write_keys(text);
	auth_free(&auth);
	n_changed = 0;
	conf.keys_file = path;
	ck_assert_msg(keys_new(loop, &conf, on_changed, NULL, &keys, &fault) ==
	    OW_OK, "%s", fault.text);
	auth = auth_new(loop, &conf, keys, NULL);
	ck_assert_int_eq(n_changed, 0);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_changed, 1);
}

static void
on_ready(void *arg)
{
	++*(int *)arg;
}

static int
check_only(const char *token)
{
	struct auth_refusal refusal;
	struct who *who = NULL;
	int rc = auth_check(auth, token, &who, &refusal);

	who_unref(&who);
	return rc;
}

START_TEST(an_unknown_kid_reads_the_keys_again)
{
	char *token = token_oct(HEADER_B, "{" ANA "," EXP "}");
	char *token_a = token_oct(HEADER, "{" ANA "," EXP "}");
	int n_ready = 0;

	with_file(TOKEN_OCT("a"));
	ck_assert_int_eq(check_only(token_a), OW_OK);
	write_keys("{\"keys\":[" TOKEN_OCT("b") "]}");
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	ck_assert_int_eq(auth_wait(auth, on_ready, &n_ready), OW_OK);
	ck_assert_int_eq(n_ready, 0);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_ready, 1);
	ck_assert_int_eq(n_changed, 2);
	ck_assert_int_eq(check_only(token), OW_OK);
	ck_assert_int_eq(check_only(token_a), OW_EDENIED);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_ready, 1);
	free(token);
	free(token_a);
}
END_TEST

/* Strangers' kids cost one reading in keys_refresh_ms. */
START_TEST(unknown_kids_are_rate_limited)
{
	char *token = token_oct(HEADER_B, "{" ANA ",\"exp\":1800009999}");
	int i;

	with_file(TOKEN_OCT("a"));
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	loop_test_advance(loop, 0);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(check_only(token), OW_EDENIED);
	write_keys(TOKEN_OCT("b"));
	loop_test_advance(loop, 29999);
	ck_assert_int_eq(check_only(token), OW_EDENIED);
	ck_assert_int_eq(n_changed, 2);
	loop_test_advance(loop, 1);
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(check_only(token), OW_OK);
	free(token);
}
END_TEST

START_TEST(too_early_asks_get_the_present_set)
{
	with_file(TOKEN_OCT("a"));
	keys_refresh(keys);
	keys_refresh(keys);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_changed, 2);
	write_keys(TOKEN_OCT("b"));
	keys_refresh(keys);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_changed, 3);
	claims_ok("{" ANA "," EXP "}", ROLE_CUSTOMER);
}
END_TEST

START_TEST(a_bad_file_keeps_the_old_keys)
{
	char *token = token_oct(HEADER, "{" ANA "," EXP ",\"x\":1}");

	with_file(TOKEN_OCT("a"));
	write_keys("{\"keys\":[");
	keys_refresh(keys);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_changed, 2);
	claims_ok("{" ANA "," EXP "}", ROLE_CUSTOMER);
	/* It tries again by itself, and then hears of the good one. */
	write_keys(TOKEN_OCT("b"));
	loop_test_advance(loop, 1001);
	ck_assert_int_eq(n_changed, 3);
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	free(token);
}
END_TEST

/* A key taken out of the file goes away though nobody asks. */
START_TEST(keys_are_read_now_and_then)
{
	char *token = token_oct(HEADER, "{" ANA ",\"exp\":1800009999}");

	with_file(TOKEN_OCT("a"));
	write_keys(TOKEN_OCT("b"));
	loop_test_advance(loop, 300000);
	ck_assert_int_eq(n_changed, 2);
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	free(token);
}
END_TEST

START_TEST(waiters_are_limited_and_can_leave)
{
	int n_ready = 0, n_left = 0, i;

	for (i = 0; i < 999; i++)
		ck_assert_int_eq(auth_wait(auth, on_ready, &n_ready), OW_OK);
	ck_assert_int_eq(auth_wait(auth, on_ready, &n_left), OW_OK);
	ck_assert_int_eq(auth_wait(auth, on_ready, &n_left), OW_ELIMIT);
	auth_wait_cancel(auth, &n_left);
	auth_wait_cancel(auth, &n_left);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_ready, 999);
	ck_assert_int_eq(n_left, 0);
	/* Those that still wait at the end are forgotten. */
	ck_assert_int_eq(auth_wait(auth, on_ready, &n_left), OW_OK);
	auth_free(&auth);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n_left, 0);
}
END_TEST

/* ready() that waits again, and that sends another waiter away. */
static void
on_ready_again(void *arg)
{
	int *n = arg;

	if (++*n == 1) {
		auth_wait_cancel(auth, n + 1);
		ck_assert_int_eq(auth_wait(auth, on_ready_again, n), OW_OK);
	}
}

START_TEST(ready_may_wait_and_cancel)
{
	int n[2] = { 0, 0 };

	ck_assert_int_eq(auth_wait(auth, on_ready_again, &n[0]), OW_OK);
	ck_assert_int_eq(auth_wait(auth, on_ready, &n[1]), OW_OK);
	loop_test_advance(loop, 0);
	ck_assert_int_eq(n[0], 2);
	ck_assert_int_eq(n[1], 0);
}
END_TEST

START_TEST(keys_have_their_refusals)
{
	struct ow_fault fault = { "" };
	struct keys *none = NULL;

	ck_assert_int_eq(keys_new(loop, &conf, on_changed, NULL, &none,
	    &fault), OW_EINVAL);
	ck_assert_ptr_nonnull(strstr(fault.text, "keys_file"));
	conf.keys_file = "/nonexistent/keys.json";
	ck_assert_int_eq(keys_new(loop, &conf, on_changed, NULL, &none,
	    &fault), OW_EIO);
	ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/keys.json"));
	conf.keys_file = "/dev/zero";
	ck_assert_int_eq(keys_new(loop, &conf, on_changed, NULL, &none,
	    &fault), OW_EIO);
	conf.keys_file = "/dev/null";
	ck_assert_int_eq(keys_new(loop, &conf, on_changed, NULL, &none,
	    &fault), OW_EINVAL);
	ck_assert_ptr_null(none);
}
END_TEST

static void
on_changed_stop(void *arg, struct keyset *set)
{
	on_changed(NULL, set);
	loop_stop(arg);
}

/* A URL where nobody is: the server starts, and refuses. */
START_TEST(an_unreachable_url_gives_no_keys)
{
	char *token = token_oct(HEADER, "{" ANA "," EXP "}");
	struct loop *real = loop_new("real");
	struct ow_fault fault = { "" };

	auth_free(&auth);
	n_changed = 0;
	conf.keys_url = "http://127.0.0.1:1/keys.json";
	ck_assert_int_eq(keys_new(real, &conf, on_changed_stop, real, &keys,
	    &fault), OW_OK);
	auth = auth_new(real, &conf, keys, NULL);
	ck_assert_int_eq(check_only(token), OW_EAGAIN);
	loop_run(real);
	ck_assert_int_ge(n_changed, 1);
	ck_assert_int_eq(check_only(token), OW_EDENIED);
	auth_free(&auth);
	keys_free(&keys);
	loop_free(&real);
	free(token);
}
END_TEST

/* Answers one request with the key "a", and each later one with "b". */
static void *
serve_keys(void *arg)
{
	const int *server = arg;
	const char *text = TOKEN_OCT("a");
	char head[4096];
	int fd;

	while ((fd = accept(*server, NULL, NULL)) >= 0) {
		/* A GET this small comes in one piece. */
		(void)!read(fd, head, sizeof(head));
		dprintf(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
		    "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
		close(fd);
		text = TOKEN_OCT("b");
	}
	return NULL;
}

static int
listen_on_loopback(int *out_port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*out_port = ntohs(sin.sin_port);
	return fd;
}

/* The keys at a URL change: the first token with the new kid is the reason to
   fetch them, once, and is then good. */
START_TEST(keys_at_a_url_are_fetched_again)
{
	char *token_a = token_oct(HEADER, "{" ANA ",\"exp\":9999999999}");
	char *token_b = token_oct(HEADER_B, "{" ANA ",\"exp\":9999999999}");
	struct loop *real = loop_new("real");
	struct ow_fault fault = { "" };
	int fd, port, n_ready = 0;
	pthread_t thread;
	char *url;

	fd = listen_on_loopback(&port);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve_keys, &fd), 0);
	url = mem_printf("http://127.0.0.1:%d/keys.json", port);
	auth_free(&auth);
	n_changed = 0;
	conf.keys_url = url;
	conf.keys_refresh_ms = 0;
	ck_assert_int_eq(keys_new(real, &conf, on_changed_stop, real, &keys,
	    &fault), OW_OK);
	auth = auth_new(real, &conf, keys, NULL);
	while (!n_changed)
		loop_run(real);
	ck_assert_int_eq(check_only(token_a), OW_OK);
	ck_assert_int_eq(check_only(token_b), OW_EAGAIN);
	ck_assert_int_eq(check_only(token_b), OW_EAGAIN);
	ck_assert_int_eq(auth_wait(auth, on_ready, &n_ready), OW_OK);
	while (n_changed < 2)
		loop_run(real);
	ck_assert_int_eq(n_ready, 1);
	ck_assert_int_eq(check_only(token_b), OW_OK);
	ck_assert_int_eq(check_only(token_a), OW_EDENIED);
	auth_free(&auth);
	keys_free(&keys);
	loop_free(&real);
	(void)shutdown(fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(fd);
	free(url);
	free(token_a);
	free(token_b);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, a_good_token_says_who);
	tcase_add_test(tc, only_early_times_have_leeway);
	tcase_add_test(tc, times_that_are_none_are_refused);
	tcase_add_test(tc, issuer_and_audience_are_checked_when_configured);
	tcase_add_test(tc, roles_are_ours_or_refused);
	tcase_add_test(tc, tenants_and_subjects_are_fit_or_refused);
	tcase_add_test(tc, claims_can_have_other_names);
	tcase_add_test(tc, a_forged_token_is_401);
	tcase_add_test(tc, a_jwt_is_known_by_its_look);
	tcase_add_test(tc, the_cache_ends_with_the_token);
	tcase_add_test(tc, the_cache_evicts_the_oldest);
	tcase_add_test(tc, without_a_cache_it_works_too);
	tcase_add_test(tc, new_keys_empty_the_cache);
	tcase_add_test(tc, an_unknown_kid_reads_the_keys_again);
	tcase_add_test(tc, unknown_kids_are_rate_limited);
	tcase_add_test(tc, too_early_asks_get_the_present_set);
	tcase_add_test(tc, a_bad_file_keeps_the_old_keys);
	tcase_add_test(tc, keys_are_read_now_and_then);
	tcase_add_test(tc, waiters_are_limited_and_can_leave);
	tcase_add_test(tc, ready_may_wait_and_cancel);
	tcase_add_test(tc, keys_have_their_refusals);
	tcase_add_test(tc, an_unreachable_url_gives_no_keys);
	tcase_add_test(tc, keys_at_a_url_are_fetched_again);
}

int
main(void)
{
	Suite *suite = suite_create("auth");
	TCase *tc = tcase_create("auth");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Tracking links: tokens that are made, not kept, and a cache that never
 * forgets a revocation while it holds the link.
 */
#include <check.h>
#include <orderwire/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/link.h"

#define LINK "0190b6f2-0000-7000-8000-000000000001"
#define LINK2 "0190b6f2-0000-7000-8000-000000000002"
#define ORDER "0190b6f2-0000-7000-8000-00000000000a"

static struct links links;

static void
set_up(void)
{
	links_init(&links, "0123456789abcdef0123456789abcdef");
}

static void
tear_down(void)
{
	links_done(&links);
}

static struct link *
keep(const char *id, int64_t expires_ms, bool revoked)
{
	char hash[SHA256_HEX_SIZE];

	link_id_hash(&links, id, hash);
	return links_keep(&links, hash, id, "cafe", ORDER, expires_ms,
	    revoked);
}

START_TEST(a_token_depends_on_link_and_secret_and_is_always_the_same)
{
	char a[LINK_TOKEN_SIZE], b[LINK_TOKEN_SIZE];
	struct links other;

	link_token(&links, LINK, a);
	link_token(&links, LINK, b);
	ck_assert_uint_eq(strlen(a), LINK_TOKEN_SIZE - 1);
	ck_assert_str_eq(a, b);
	link_token(&links, LINK2, b);
	ck_assert_str_ne(a, b);
	links_init(&other, "another secret of enough characters");
	link_token(&other, LINK, b);
	ck_assert_str_ne(a, b);
	links_done(&other);
}
END_TEST

START_TEST(a_token_is_found_by_its_hash)
{
	char token[LINK_TOKEN_SIZE], hash[SHA256_HEX_SIZE];
	struct link *k = keep(LINK, 1000, false);

	link_token(&links, LINK, token);
	link_hash(token, hash);
	ck_assert_ptr_eq(links_find(&links, hash), k);
	token[0] ^= 1;
	link_hash(token, hash);
	ck_assert_ptr_null(links_find(&links, hash));
}
END_TEST

START_TEST(its_bearer_may_look_at_one_order_until_it_expires)
{
	struct link *k = keep(LINK, 1000, false);
	struct who *who = NULL;

	ck_assert_int_eq(link_admit(k, 999, &who), OW_OK);
	ck_assert_int_eq(who->role, ROLE_TRACKING);
	ck_assert_str_eq(who->sub, LINK);
	ck_assert_int_eq(who->expires_ms, 1000);
	ck_assert(who_may_read(who, ORDER, "ann"));
	ck_assert(!who_may_read(who, LINK2, "ann"));
	ck_assert(!who_may_cook(who) && !who_may_serve(who));
	who_unref(&who);
	ck_assert_int_eq(link_admit(k, 1000, &who), OW_EDENIED);
	ck_assert_ptr_null(who);
}
END_TEST

START_TEST(revoked_it_stays_so_whatever_comes_late)
{
	struct who *who = NULL;

	(void)keep(LINK, 1000, true);
	ck_assert_int_eq(link_admit(keep(LINK, 1000, false), 0, &who),
	    OW_EDENIED);
	(void)keep(LINK2, 1000, false);
	ck_assert_int_eq(link_admit(keep(LINK2, 1000, true), 0, &who),
	    OW_EDENIED);
}
END_TEST

START_TEST(the_cache_is_bounded_and_drops_the_oldest)
{
	char id[ID_SIZE], hash[SHA256_HEX_SIZE];
	int i;

	for (i = 0; i <= LINKS_CACHED_MAX; i++) {
		(void)snprintf(id, sizeof(id), "%036d", i);
		(void)snprintf(hash, sizeof(hash), "%064d", i);
		(void)links_keep(&links, hash, id, "cafe", ORDER, 1, false);
	}
	ck_assert_uint_eq(HASH_COUNT(links.by_hash), LINKS_CACHED_MAX);
	ck_assert_ptr_nonnull(links_find(&links, hash));
	(void)snprintf(hash, sizeof(hash), "%064d", 0);
	ck_assert_ptr_null(links_find(&links, hash));
}
END_TEST

START_TEST(the_url_has_the_token_where_no_server_sees_it)
{
	struct buf out = BUF_INIT(1024);
	char token[LINK_TOKEN_SIZE], text[512];

	link_token(&links, LINK, token);
	link_write(&links, "https://t.example", ORDER, LINK, &out);
	(void)snprintf(text, sizeof(text), "\"token\":\"%s\",\"url\":"
	    "\"https://t.example/orders/" ORDER "/track#%s\"", token, token);
	ck_assert_str_eq(out.p, text);
	buf_done(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("link");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
	    a_token_depends_on_link_and_secret_and_is_always_the_same);
	tcase_add_test(tc, a_token_is_found_by_its_hash);
	tcase_add_test(tc, its_bearer_may_look_at_one_order_until_it_expires);
	tcase_add_test(tc, revoked_it_stays_so_whatever_comes_late);
	tcase_add_test(tc, the_cache_is_bounded_and_drops_the_oldest);
	tcase_add_test(tc, the_url_has_the_token_where_no_server_sees_it);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

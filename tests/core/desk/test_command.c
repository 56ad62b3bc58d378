/* SPDX-License-Identifier: MIT */
/*
 * Who may give which command: every role against every kind.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "desk/command.h"

static struct command *
make(enum command_kind kind, enum intent_kind intent, enum role role)
{
	struct command *c = command_new(kind, NULL, NULL, NULL);

	c->intent.kind = intent;
	c->who = who_new(role, "cafe", "ann", "", INT64_MAX);
	return c;
}

/* Letters of the roles that may: Customer Kitchen Service Admin Tracking. */
static const struct {
	enum command_kind kind;
	enum intent_kind intent;
	const char *may;
} rights[] = {
	{ CMD_CHANGE, INTENT_CREATE, "SA" },
	{ CMD_CHANGE, INTENT_STATUS, "KSA" },
	{ CMD_CHANGE, INTENT_ITEM_STATUS, "KSA" },
	{ CMD_CHANGE, INTENT_ETA, "KSA" },
	{ CMD_CHANGE, INTENT_DELIVERY, "SA" },
	{ CMD_CHANGE, INTENT_EVENT, "SA" },
	{ CMD_GET, INTENT_CREATE, "CKSA" },
	{ CMD_TRACKING, INTENT_CREATE, "CKSAT" },
	{ CMD_EVENTS, INTENT_CREATE, "CKSAT" },
	{ CMD_LIST, INTENT_CREATE, "KSA" },
	{ CMD_LINK_NEW, INTENT_CREATE, "CSA" },
	{ CMD_LINK_REVOKE, INTENT_CREATE, "CSA" },
	{ CMD_TICKET, INTENT_CREATE, "CKSAT" },
};

START_TEST(every_role_may_what_the_contract_says)
{
	static const char letters[] = ".CKSAT";
	struct command *c;
	size_t i;
	int role;

	for (i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		for (role = ROLE_CUSTOMER; role <= ROLE_TRACKING; role++) {
			c = make(rights[i].kind, rights[i].intent,
			    (enum role)role);
			ck_assert_msg(command_is_allowed(c) ==
			    (strchr(rights[i].may, letters[role]) != NULL),
			    "kind %d, intent %d, %s", rights[i].kind,
			    rights[i].intent, role_name((enum role)role));
			command_free(&c);
		}
	}
}
END_TEST

START_TEST(customers_list_their_own_alone)
{
	struct command *c = make(CMD_LIST, INTENT_CREATE, ROLE_CUSTOMER);

	ck_assert(!command_is_allowed(c));
	c->customer_id = "bob";
	ck_assert(!command_is_allowed(c));
	c->customer_id = "ann";
	ck_assert(command_is_allowed(c));
	command_free(&c);
	c = make(CMD_LIST, INTENT_CREATE, ROLE_TRACKING);
	c->customer_id = "ann";
	ck_assert(!command_is_allowed(c));
	command_free(&c);
}
END_TEST

START_TEST(a_refusal_replaces_what_was_written)
{
	struct command *c = make(CMD_GET, INTENT_CREATE, ROLE_CUSTOMER);

	buf_str(&c->body, "{\"order\":");
	command_refuse(c, 404, "no_such_order", "no %s", "order");
	ck_assert_int_eq(c->status, 404);
	ck_assert_str_eq(c->code, "no_such_order");
	ck_assert_str_eq(c->detail, "no order");
	ck_assert_uint_eq(c->body.n, 0);
	command_free(&c);
	ck_assert_ptr_null(c);
	command_free(&c);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("command");
	TCase *tc = tcase_create("command");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, every_role_may_what_the_contract_says);
	tcase_add_test(tc, customers_list_their_own_alone);
	tcase_add_test(tc, a_refusal_replaces_what_was_written);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

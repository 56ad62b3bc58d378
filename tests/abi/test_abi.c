/* SPDX-License-Identifier: MIT */
/*
 * test_abi - the plugin interface lies where yesterday's plugins look for it.
 *
 * A breach would be a member that moved, a struct that shrank or an enum value
 * that changed: a plugin built before would read something else.  Appending
 * is allowed to structs that begin with a size, and shows here as a size that
 * is not in the table yet.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <orderwire/store.h>

#define APPEND_ONLY "within a major version structs only grow, at their end: " \
	"put it back, and append what is new"
#define NEEDS_ROW "if a member was appended, run tests/abi/rows.sh, raise " \
	"OW_ABI_MINOR and tell NEWS.md; if not, put it back"

struct row {
	const char *where;
	long long is, was;
	const char *advice;
};

#define STRUCT(name, size) \
	{ "sizeof(struct " #name ")", sizeof(struct name), size, NEEDS_ROW },
#define MEMBER(name, member, offset) \
	{ "offsetof(struct " #name ", " #member ")", \
	    offsetof(struct name, member), offset, APPEND_ONLY },
#define VALUE(name, value) \
	{ #name, name, value, "values of enums never change: put it back" },

static const struct row rows[] = {
#if defined(__x86_64__) && defined(__LP64__)
#include "rows-x86_64.def"
#endif
	{ NULL, 0, 0, NULL },
};

START_TEST(nothing_moved_since_it_was_released)
{
	const struct row *row;

	for (row = rows; row->where; row++)
		ck_assert_msg(row->is == row->was, "%s is %lld and was %lld; "
		    "%s", row->where, row->is, row->was, row->advice);
}
END_TEST

/* OW_HAS answers for a struct of any age, also a size of nothing. */
START_TEST(has_knows_the_age_of_the_other_side)
{
	struct ow_host_base base = { .size = sizeof(base) };

	ck_assert(OW_HAS(&base, watch_stop));
	base.size = offsetof(struct ow_host_base, watch_start);
	ck_assert(OW_HAS(&base, drained));
	ck_assert(!OW_HAS(&base, watch_start));
	base.size = (uint32_t)offsetof(struct ow_host_base, watch_stop) + 1;
	ck_assert(!OW_HAS(&base, watch_stop));
	base.size = 0;
	ck_assert(!OW_HAS(&base, size));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("abi");
	TCase *tcase = tcase_create("abi");
	SRunner *runner;
	int failed;

	if (sizeof(rows) == sizeof(rows[0]))
		fprintf(stderr, "no table for this machine\n");
	tcase_add_test(tcase, nothing_moved_since_it_was_released);
	tcase_add_test(tcase, has_knows_the_age_of_the_other_side);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/*
 * desk_steps - see desk_steps.h.
 */
#include "desk_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* ---- To do ------------------------------------------------------------- */

struct asked
create_with(const char *key, const char *body)
{
	return (struct asked){ .kind = CMD_CHANGE, .intent = INTENT_CREATE,
	    .key = key, .body = body };
}

void
make_order(struct desk *d, const char *extra, char out[ID_SIZE])
{
	char body[1024], id[128];
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_CREATE,
	    .body = body };
	struct result *r;

	(void)snprintf(body, sizeof(body), "{%s\"customer_id\":\"ann\","
	    "\"fulfilment\":\"pickup\",\"items\":[{\"name\":\"Tea\","
	    "\"quantity\":1}]}", extra != NULL ? extra : "");
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	memcpy(out, body_text(r, "order.id", id), ID_SIZE);
}

struct result *
set_status(struct desk *d, const char *order, const char *status)
{
	char body[128];
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_STATUS,
	    .order = order, .body = body, .role = ROLE_KITCHEN };

	(void)snprintf(body, sizeof(body),
	    "{\"status\":\"%s\",\"reason\":\"why not\"}", status);
	return desk_do(d, &a);
}

struct result *
send_status(struct desk *d, const char *order, const char *status,
    const char *key)
{
	char body[128];
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_STATUS,
	    .order = order, .body = body, .role = ROLE_KITCHEN, .key = key };

	(void)snprintf(body, sizeof(body), "{\"status\":\"%s\"}", status);
	return desk_send(d, &a);
}

void
append_behind(struct desk *d, const char *order, int seq, const char *from,
    const char *to)
{
	char sql[1024];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO events VALUES ('%s', %d,"
	    " %lld, 'order.status.changed', '{\"type\":\"order.status.changed"
	    "\",\"id\":\"0190b6f2-0000-7000-8000-00000000000%d\",\"order_id\":"
	    "\"%s\",\"seq\":%d,\"at\":\"2025-11-22T10:00:00.000Z\",\"data\":{"
	    "\"from\":\"%s\",\"to\":\"%s\",\"by\":\"kitchen\"}}')", order,
	    seq, (long long)T0, seq, order, seq, from, to);
	desk_sql(d, sql);
}

struct asked
ann_asks(enum command_kind kind)
{
	return (struct asked){ .kind = kind, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
}

struct result *
as_ann(struct desk *d, enum command_kind kind, const char *item)
{
	struct asked a = ann_asks(kind);

	a.item = item;
	return desk_do(d, &a);
}

void
assert_count(struct desk *d, int64_t unread)
{
	struct person *p = person_find(d->o, "cafe", "ann");
	int64_t last = desk_sql_int(d, "SELECT COALESCE(MAX(seq), 0) FROM"
	    " person_log WHERE sub = 'ann'");

	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " sub = 'ann' AND inbox = 1 AND read_ms = 0"), unread);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM person_log"
	    " WHERE sub = 'ann'"), last);
	ck_assert(last == 0 || desk_sql_int(d, "SELECT json_extract(message,"
	    " '$.data.unread_count') FROM person_log WHERE sub = 'ann' AND"
	    " type LIKE 'notification.%' ORDER BY seq DESC LIMIT 1") ==
	    unread);
	if (p == NULL || p->stale)
		return;
	ck_assert_int_eq(p->unread, unread);
	ck_assert_int_eq(p->told_unread, unread);
	ck_assert_int_eq((int64_t)p->seq, last);
	ck_assert_int_eq((int64_t)p->told, last);
	ck_assert_uint_eq(p->in_flight, 0);
	ck_assert_ptr_null(p->visits);
}

/* ---- To see ------------------------------------------------------------ */

const char *
body_text(const struct result *r, const char *path, char out[128])
{
	struct json *whole = NULL;
	const struct json *at;
	struct ow_fault fault;
	char *copy = mem_dup(path), *rest = copy, *name;
	int64_t number;

	ck_assert_msg(json_parse(r->body, strlen(r->body), &whole, &fault) ==
	    OW_OK, "%s: %s", fault.text, r->body);
	at = whole;
	while ((name = strsep(&rest, ".")) != NULL)
		at = json_type(at) == JSON_LIST ?
		    json_at(at, (size_t)atoi(name)) : json_get(at, name);
	number = json_int(at, -1);
	if (json_text(at) != NULL)
		(void)snprintf(out, 128, "%s", json_text(at));
	else if (number >= 0)
		(void)snprintf(out, 128, "%lld", (long long)number);
	else
		out[0] = '\0';
	json_free(&whole);
	free(copy);
	return out;
}

struct entry *
entry_of(struct desk *d, const char *id)
{
	return book_find_id(&d->o->book, id);
}

void
assert_status(struct desk *d, const char *order, const char *status)
{
	struct asked a = { .kind = CMD_GET, .order = order };
	struct result *r = desk_do(d, &a);
	char text[128];

	ck_assert_int_eq(r->status, 200);
	ck_assert_str_eq(body_text(r, "order.status", text), status);
}

void
assert_at_rest(struct desk *d)
{
	struct entry *e, *next;

	HASH_ITER(by_id, d->o->book.by_id, e, next) {
		ck_assert(!e->busy);
		ck_assert_ptr_null(e->waiting);
		ck_assert_uint_eq(e->n_waiting, 0);
	}
	ck_assert_ptr_null(d->o->fetches);
	ck_assert_ptr_null(d->o->repeats.busy);
}

/* ---- To run ------------------------------------------------------------ */

int
desk_tests(const char *name, TCase *tc)
{
	Suite *suite = suite_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

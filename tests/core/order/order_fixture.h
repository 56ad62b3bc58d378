/* SPDX-License-Identifier: MIT */
/*
 * order_fixture - orders made the way the server makes them, from bodies.
 *
 * Every change that goes through `ask` is checked for the promise of
 * core/order/change.h: its events alone, folded into the order before, give
 * the order after, byte for byte.
 */
#ifndef ORDER_FIXTURE_H
#define ORDER_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "order/change.h"

#define T0 INT64_C(1763805600000)	/* 2025-11-22T10:00:00Z */
#define DOC_MAX (4u << 20)

struct fixture {
	struct id_maker ids;
	struct order_rules rules;
	struct order *o;		/* as it is now */
	int64_t at_ms;
	enum role by;
	struct change change;		/* of the last ask */
	struct refusal refusal;		/* of the last refused ask */
	struct form_faults faults;	/* of the last malformed body */
};

static inline void
fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->at_ms = T0;
	f->by = ROLE_KITCHEN;
}

static inline void
fixture_done(struct fixture *f)
{
	change_done(&f->change);
	order_free(&f->o);
}

static inline struct json *
parse(const char *text, size_t n)
{
	struct json *v = NULL;
	struct ow_fault fault;

	ck_assert_msg(json_parse(text, n, &v, &fault) == OW_OK, "%s: %.200s",
	    fault.text, text);
	return v;
}

static inline char *
doc_of(const struct order *o)
{
	struct buf out = BUF_INIT(DOC_MAX);

	order_doc_write(&out, o);
	ck_assert(!out.full);
	return buf_take(&out);
}

static inline void
fold_fact(struct order *o, const struct fact *fact)
{
	struct json *m = parse(fact->message, fact->message_len);
	int64_t at_ms;

	ck_assert_str_eq(json_get_text(m, "type"), fact->type);
	ck_assert_str_eq(json_get_text(m, "id"), fact->id);
	ck_assert_str_eq(json_get_text(m, "order_id"), o->id[0] != '\0' ?
	    o->id : json_get_text(json_get(json_get(m, "data"), "order"),
	    "id"));
	ck_assert_uint_eq((uint64_t)json_get_int(m, "seq", 0), fact->seq);
	ck_assert_int_eq(clock_parse(json_get_text(m, "at"), &at_ms), OW_OK);
	ck_assert_int_eq(order_apply(o, fact->type, fact->seq, at_ms,
	    json_get(m, "data")), OW_OK);
	json_free(&m);
}

static inline void
assert_folds(const struct order *before,
    const struct change *c)
{
	struct order *o = before != NULL ? order_copy(before) : order_new();
	char *folded, *after;

	if (before == NULL) {
		o->tenant = c->after->tenant;
		o->contact = c->after->contact;
	}
	for (uint32_t i = 0; i < c->n_facts; i++)
		fold_fact(o, &c->facts[i]);
	if (c->after != NULL) {
		folded = doc_of(o);
		after = doc_of(c->after);
		ck_assert_str_eq(folded, after);
		free(folded);
		free(after);
	}
	order_free(&o);
}

/* OW_OK, the refusal's error, or OW_EINVAL with faults. */
static inline int
ask(struct fixture *f, enum intent_kind kind,
    const char *item_id, const char *body)
{
	struct intent in = {
		.kind = kind, .at_ms = f->at_ms, .by = f->by,
		.item_id = item_id,
	};
	struct ow_bytes raw = { body, strlen(body) };
	struct json *v = parse(body, strlen(body));
	struct arena arena;
	int err;

	arena_init(&arena);
	memset(&f->refusal, 0, sizeof(f->refusal));
	memset(&f->faults, 0, sizeof(f->faults));
	change_done(&f->change);
	err = intent_read(&in, &arena, v, raw, &f->faults);
	ck_assert((err == OW_OK) == (f->faults.n == 0));
	if (err == OW_OK)
		err = change_decide(f->o, "cafe", &in, &f->rules, &f->ids,
		    &f->change, &f->refusal);
	if (err == OW_OK) {
		assert_folds(f->o, &f->change);
		if (f->change.after != NULL) {
			order_free(&f->o);
			f->o = order_copy(f->change.after);
		} else if (f->change.n_facts > 0) {
			f->o->seq += f->change.n_facts;
		}
	}
	arena_done(&arena);
	json_free(&v);
	return err;
}

static inline void
create(struct fixture *f, const char *body)
{
	int err;

	order_free(&f->o);
	f->by = ROLE_SERVICE;
	err = ask(f, INTENT_CREATE, NULL, body);
	f->by = ROLE_KITCHEN;
	ck_assert_msg(err == OW_OK, "%s: %s", f->faults.list[0].field,
	    f->faults.list[0].detail);
}

/* The same without a body: what the server says by itself. */
static inline int
ask_own(struct fixture *f, struct intent *in)
{
	int err;

	in->at_ms = f->at_ms += 1000;
	memset(&f->refusal, 0, sizeof(f->refusal));
	change_done(&f->change);
	err = change_decide(f->o, "cafe", in, &f->rules, &f->ids, &f->change,
	    &f->refusal);
	if (err != OW_OK)
		return err;
	assert_folds(f->o, &f->change);
	if (f->change.after != NULL) {
		order_free(&f->o);
		f->o = order_copy(f->change.after);
	}
	return OW_OK;
}

#define ITEM_TEA "{\"name\":\"Tea\",\"quantity\":1}"
#define ITEM_CAKE "{\"name\":\"Cake\",\"quantity\":2,\"sku\":\"C-1\"," \
	"\"notes\":\"no\\n\\\"nuts\\\"\",\"station\":\"cold\",\"prep_s\":90}"
#define BODY(way, items)						\
	"{\"customer_id\":\"ann\",\"fulfilment\":\"" way "\",\"items\":[" \
	items "]}"

static inline int
set_status(struct fixture *f, const char *status,
    const char *reason)
{
	char body[256];

	f->at_ms += 1000;
	if (reason != NULL)
		(void)snprintf(body, sizeof(body),
		    "{\"status\":\"%s\",\"reason\":\"%s\"}", status, reason);
	else
		(void)snprintf(body, sizeof(body), "{\"status\":\"%s\"}",
		    status);
	return ask(f, INTENT_STATUS, NULL, body);
}

static inline int
set_item(struct fixture *f, uint32_t i, const char *status)
{
	char body[80], id[ID_SIZE];

	f->at_ms += 1000;
	memcpy(id, f->o->items[i].id, ID_SIZE);
	(void)snprintf(body, sizeof(body), "{\"status\":\"%s\"}", status);
	return ask(f, INTENT_ITEM_STATUS, id, body);
}

#endif

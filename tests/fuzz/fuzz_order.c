/* SPDX-License-Identifier: MIT */
/*
 * fuzz_order - documents and bodies of any kind.
 *
 * The first byte chooses: 0 reads the rest as a document, 1 to 6 as the body
 * of one of the intents (7 and up: modulo).  The second byte chooses the
 * order that the body is for, and who asks.  Never a crash; a document that
 * was read writes and reads back the same; and a change that was decided is
 * what its events alone make of the order before.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "order/change.h"

#define AT_MS INT64_C(1763805600000)
#define DOC_MAX (16u << 20)
#define ITEM_ID "018f0000-0000-7000-8000-00000000000a"

static const char *const ways[] = { "pickup", "delivery", "dine_in" };

static char *
doc_of(const struct order *o)
{
	struct buf out = BUF_INIT(DOC_MAX);

	order_doc_write(&out, o);
	OW_ASSERT(!out.full);
	return buf_take(&out);
}

/* An order in the state that the byte names. */
static struct order *
order_of(uint8_t pick)
{
	struct buf doc = BUF_INIT(4096);
	struct order *o = NULL;
	struct ow_fault fault;

	(void)buf_printf(&doc, "{\"tenant\":\"cafe\",\"order\":{\"id\":"
	    "\"018f0000-0000-7000-8000-000000000001\",\"customer_id\":\"a\","
	    "\"status\":\"%s\",\"fulfilment\":\"%s\",\"seq\":7,"
	    "\"placed_at\":\"2025-11-22T09:00:00.000Z\",\"items\":["
	    "{\"id\":\"" ITEM_ID "\",\"name\":\"Tea\",\"quantity\":1,"
	    "\"status\":\"%s\"}]},\"timeline\":[],\"delivery\":"
	    "{\"status\":\"%s\"}}",
	    order_status_name(pick % ORDER_STATUS_COUNT), ways[pick % 3],
	    item_status_name(pick % ITEM_STATUS_COUNT),
	    pick % 3 == 1 ? delivery_status_name(pick %
	    DELIVERY_STATUS_COUNT) : "none");
	OW_ASSERT(order_read(doc.p, doc.n, &o, &fault) == OW_OK);
	buf_done(&doc);
	return o;
}

static void
check_doc(const char *text, size_t n)
{
	struct order *o = NULL, *again = NULL;
	struct ow_fault fault;
	struct buf out = BUF_INIT(DOC_MAX);
	struct jw w;
	char *a, *b;

	if (order_read(text, n, &o, &fault) != OW_OK)
		return;
	jw_init(&w, &out);
	order_snapshot_write(&w, NULL, o, o->updated_at_ms);
	buf_done(&out);
	a = doc_of(o);
	OW_ASSERT(order_read(a, strlen(a), &again, &fault) == OW_OK);
	b = doc_of(again);
	OW_ASSERT(strcmp(a, b) == 0);
	free(a);
	free(b);
	order_free(&o);
	order_free(&again);
}

static void
fold(struct order *o, const struct fact *fact)
{
	struct json *m = NULL;
	struct ow_fault fault;
	int64_t at_ms;

	OW_ASSERT(json_parse(fact->message, fact->message_len, &m, &fault) ==
	    OW_OK);
	OW_ASSERT(memchr(fact->message, '\n', fact->message_len) == NULL);
	OW_ASSERT(clock_parse(json_get_text(m, "at"), &at_ms) == OW_OK);
	OW_ASSERT(order_apply(o, fact->type, fact->seq, at_ms,
	    json_get(m, "data")) == OW_OK);
	json_free(&m);
}

static void
check_folds(const struct order *before, const struct change *c)
{
	struct order *o = before != NULL ? order_copy(before) : order_new();
	char *a, *b;

	if (before == NULL) {
		o->tenant = c->after->tenant;
		o->contact = c->after->contact;
	}
	for (uint32_t i = 0; i < c->n_facts; i++)
		fold(o, &c->facts[i]);
	if (c->after != NULL) {
		a = doc_of(o);
		b = doc_of(c->after);
		OW_ASSERT(strcmp(a, b) == 0);
		check_doc(b, strlen(b));
		free(a);
		free(b);
	}
	order_free(&o);
}

static void
check_intent(enum intent_kind kind, uint8_t pick,
    const struct json *body, struct ow_bytes raw)
{
	struct intent in = {
		.kind = kind, .at_ms = AT_MS, .item_id = ITEM_ID,
		.by = (enum role)(pick % (ROLE_TRACKING + 1)),
	};
	struct order *before = kind == INTENT_CREATE ? NULL : order_of(pick);
	struct order_rules rules = { .ready_by_hand = pick >= 128 };
	struct form_faults faults = { .n = 0 };
	struct id_maker ids = { 0 };
	struct refusal refusal;
	struct change change;
	struct arena arena;

	arena_init(&arena);
	if (intent_read(&in, &arena, body, raw, &faults) != OW_OK)
		OW_ASSERT(faults.n > 0);
	else if (change_decide(before, "cafe", &in, &rules, &ids, &change,
	    &refusal) == OW_OK) {
		check_folds(before, &change);
		change_done(&change);
	}
	arena_done(&arena);
	order_free(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct json *body = NULL;
	struct ow_fault fault;
	struct ow_bytes raw;
	unsigned int kind;

	if (n < 2)
		return 0;
	raw.p = data + 2;
	raw.n = n - 2;
	kind = data[0] % (INTENT_EVENT + 2);
	if (kind == 0) {
		check_doc(raw.p, raw.n);
	} else if (json_parse(raw.p, raw.n, &body, &fault) == OW_OK) {
		check_intent((enum intent_kind)(kind - 1), data[1], body, raw);
		json_free(&body);
	}
	return 0;
}

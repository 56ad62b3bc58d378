/* SPDX-License-Identifier: MIT */
/*
 * intent - a request's body as something that can be decided.
 *
 * Tells what is wrong with the body itself (422), whatever the order is like;
 * whether the order allows it is change.c's business.  Times that a body gives
 * relative to now become absolute here, once.
 *
 * On the path: api hands in the body, desk hands the intent to change_decide.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "order/change.h"
#include "order/parts.h"

#define ETA_READY_MAX_S 86400
#define ETA_PAST_MAX_MS (60 * INT64_C(1000))
#define ETA_AHEAD_MAX_MS (30 * INT64_C(86400) * 1000)
#define EVENT_NAME_MAX 62
#define EVENT_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"			\
    "abcdefghijklmnopqrstuvwxyz0123456789_.-"
#define EVENT_DATA_MAX 4096

static const struct form_field status_fields[] = {
	{ "status", FORM_ENUM, true, false, 0, 0, order_status_names, NULL },
	{ "reason", FORM_TEXT, false, true, 0, 500, NULL, NULL },
	{ "expected_seq", FORM_INT, false, true, 0, INT64_MAX, NULL, NULL },
	FORM_END,
};

static const struct form_field item_status_fields[] = {
	{ "status", FORM_ENUM, true, false, 0, 0, item_status_names, NULL },
	{ "expected_seq", FORM_INT, false, true, 0, INT64_MAX, NULL, NULL },
	FORM_END,
};

static const struct form_field eta_fields[] = {
	{ "ready_in_s", FORM_INT, false, true, 0, ETA_READY_MAX_S, NULL,
	    NULL },
	{ "ready_at", FORM_TIME, false, true, 0, 0, NULL, NULL },
	FORM_END,
};

static const struct form_field delivery_fields[] = {
	{ "task_id", FORM_TEXT, false, true, 1, 128, NULL, NULL },
	{ "fleet_member_id", FORM_TEXT, true, false, 1, 128, NULL, NULL },
	FORM_END,
};

static const struct form_field event_fields[] = {
	{ "type", FORM_TEXT, true, false, 1, EVENT_NAME_MAX + 2, NULL, NULL },
	{ "data", FORM_ANY, true, false, 0, 0, NULL, NULL },
	FORM_END,
};

static void
read_expected_seq(struct intent *in, const struct json *body)
{
	int64_t seq = json_get_int(body, "expected_seq", -1);

	in->has_expected_seq = seq >= 0;
	in->expected_seq = seq >= 0 ? (uint64_t)seq : 0;
}

static bool
is_blank(const char *s)
{
	return s[strspn(s, " ")] == '\0';
}

static int
read_create(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	(void)arena;
	(void)raw;
	if (create_check(body, faults) != OW_OK)
		return OW_EINVAL;
	in->order = body;
	return OW_OK;
}

static int
read_status(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	(void)arena;
	(void)raw;
	if (form_check(body, status_fields, faults) != OW_OK)
		return OW_EINVAL;
	in->status = order_status_by_name(json_get_text(body, "status"));
	in->reason = json_get_text(body, "reason");
	if (in->reason != NULL && is_blank(in->reason))
		in->reason = NULL;
	read_expected_seq(in, body);
	return OW_OK;
}

static int
read_item_status(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	(void)arena;
	(void)raw;
	if (form_check(body, item_status_fields, faults) != OW_OK)
		return OW_EINVAL;
	in->status = item_status_by_name(json_get_text(body, "status"));
	read_expected_seq(in, body);
	return OW_OK;
}

static int
read_eta(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	int64_t ready_in_s, ready_at_ms;
	const char *ready_at;

	(void)arena;
	(void)raw;
	if (form_check(body, eta_fields, faults) != OW_OK)
		return OW_EINVAL;
	ready_in_s = json_get_int(body, "ready_in_s", -1);
	ready_at = json_get_text(body, "ready_at");
	if ((ready_in_s >= 0) == (ready_at != NULL)) {
		form_fault(faults, "ready_in_s",
		    "exactly one of ready_in_s and ready_at is needed");
		return OW_EINVAL;
	}
	ready_at_ms = in->at_ms + ready_in_s * 1000;
	if (ready_at != NULL) {
		if (clock_parse(ready_at, &ready_at_ms) != OW_OK ||
		    ready_at_ms < in->at_ms - ETA_PAST_MAX_MS ||
		    ready_at_ms > in->at_ms + ETA_AHEAD_MAX_MS) {
			form_fault(faults, "ready_at",
			    "must be from now on, within 30 days");
			return OW_EINVAL;
		}
	}
	in->ready_at_ms = ready_at_ms;
	return OW_OK;
}

static int
read_delivery(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	(void)arena;
	(void)raw;
	if (form_check(body, delivery_fields, faults) != OW_OK)
		return OW_EINVAL;
	in->task_id = json_get_text(body, "task_id");
	in->fleet_member_id = json_get_text(body, "fleet_member_id");
	return OW_OK;
}

static bool
is_event_name(const char *s)
{
	size_t n = strlen(s);

	return n >= 3 && n <= EVENT_NAME_MAX + 2 &&
	    s[0] == 'x' && s[1] == '.' &&
	    strspn(s + 2, EVENT_NAME_CHARS) == n - 2;
}

/* The data as it was written, blanks between its tokens aside: numbers and
   escapes pass through that a parser would change. */
static int
read_event_data(struct intent *in, struct arena *arena,
    struct ow_bytes raw, struct form_faults *faults)
{
	struct ow_bytes slice;
	struct buf data;
	int err;

	buf_init(&data, EVENT_DATA_MAX);
	err = json_slice(raw.p, raw.n, "data", &slice);
	if (err == OW_OK) {
		json_compact(&data, slice.p, slice.n);
		err = data.full || data.n == 0 ? OW_EINVAL : OW_OK;
	}
	if (err == OW_OK) {
		in->event_data.p = arena_dupn(arena, data.p, data.n);
		in->event_data.n = data.n;
	} else {
		form_fault(faults, "data", "must have at most %d bytes",
		    EVENT_DATA_MAX);
		err = OW_EINVAL;
	}
	buf_done(&data);
	return err;
}

static int
read_event(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	const char *type = json_get_text(body, "type");

	if (form_check(body, event_fields, faults) != OW_OK)
		return OW_EINVAL;
	if (!is_event_name(type)) {
		form_fault(faults, "type",
		    "must be x. and 1 to 62 of A-Z, a-z, 0-9, _, . and -");
		return OW_EINVAL;
	}
	in->event_type = type;
	return read_event_data(in, arena, raw, faults);
}

typedef int read_fn(struct intent *, struct arena *, const struct json *body,
    struct ow_bytes raw, struct form_faults *);

static read_fn *const read_fns[] = {
	[INTENT_CREATE] = read_create,
	[INTENT_STATUS] = read_status,
	[INTENT_ITEM_STATUS] = read_item_status,
	[INTENT_ETA] = read_eta,
	[INTENT_DELIVERY] = read_delivery,
	[INTENT_EVENT] = read_event,
};

int
intent_read(struct intent *in, struct arena *arena,
    const struct json *body, struct ow_bytes raw, struct form_faults *faults)
{
	return read_fns[in->kind](in, arena, body, raw, faults);
}

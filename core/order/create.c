/* SPDX-License-Identifier: MIT */
/*
 * create - the body of POST /orders: what it must look like, and the order
 * that it asks for.
 *
 * Bounds are here and only here; the order itself is written by fold.c.  That
 * an external_ref is new in its tenant is the store's to say.
 *
 * Invariant: a body that create_check let through makes an order that
 * order_read takes back.
 */
#include <string.h>

#include "base/clock.h"
#include "base/form.h"
#include "base/json.h"
#include "base/locale.h"
#include "order/parts.h"

#define PHONE_DIGITS_MIN 7
#define PHONE_DIGITS_MAX 15	/* E.164, 6.2 */

/* Optional members may be null: many clients write out all they know of. */
#define OPTION(name, type, min, max)					\
	{ name, type, false, true, min, max, NULL, NULL }
#define NEEDED(name, type, min, max)					\
	{ name, type, true, false, min, max, NULL, NULL }

static const struct form_field item_fields[] = {
	OPTION("sku", FORM_TEXT, 0, 64),
	NEEDED("name", FORM_TEXT, 1, 200),
	NEEDED("quantity", FORM_INT, 1, ITEM_QUANTITY_MAX),
	OPTION("notes", FORM_LINES, 0, 500),
	OPTION("station", FORM_TEXT, 0, 64),
	OPTION("prep_s", FORM_INT, 0, ITEM_PREP_MAX_S),
	FORM_END,
};

static const struct form_field place_fields[] = {
	OPTION("name", FORM_TEXT, 0, 200),
	OPTION("address", FORM_TEXT, 0, 500),
	OPTION("lat", FORM_REAL, -90, 90),
	OPTION("lng", FORM_REAL, -180, 180),
	FORM_END,
};

static const struct form_field contact_fields[] = {
	OPTION("name", FORM_TEXT, 0, 200),
	OPTION("email", FORM_TEXT, 3, 254),
	OPTION("phone", FORM_TEXT, 1, 16),
	OPTION("locale", FORM_TEXT, 1, 35),
	OPTION("timezone", FORM_TEXT, 1, 64),
	FORM_END,
};

static const struct form_field create_fields[] = {
	OPTION("external_ref", FORM_TEXT, 1, 128),
	OPTION("number", FORM_TEXT, 1, 32),
	NEEDED("customer_id", FORM_TEXT, 1, 128),
	{ "fulfilment", FORM_ENUM, true, false, 0, 0, fulfilment_names, NULL },
	OPTION("scheduled_for", FORM_TIME, 0, 0),
	OPTION("promised_at", FORM_TIME, 0, 0),
	{ "items", FORM_LIST, true, false, 1, ORDER_ITEMS_MAX, NULL,
	    item_fields },
	{ "pickup", FORM_OBJECT, false, true, 0, 0, NULL, place_fields },
	{ "dropoff", FORM_OBJECT, false, true, 0, 0, NULL, place_fields },
	{ "contact", FORM_OBJECT, false, true, 0, 0, NULL, contact_fields },
	FORM_END,
};

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Not what RFC 5321 allows in all: enough that no header can be broken. */
static bool
is_email(const char *s)
{
	const char *at = strchr(s, '@');

	return at != NULL && at != s && at[1] != '\0' &&
	    strchr(at + 1, '@') == NULL && strpbrk(s, " ,;:<>()[]\\\"") == NULL;
}

static bool
is_phone(const char *s)
{
	size_t n = strlen(s);

	return s[0] == '+' && strspn(s + 1, DIGITS) == n - 1 &&
	    n - 1 >= PHONE_DIGITS_MIN && n - 1 <= PHONE_DIGITS_MAX;
}

static bool
is_timezone(const char *s)
{
	return s[strspn(s, LETTERS DIGITS "_+/-")] == '\0';
}

static const struct contact_rule {
	const char *name, *field;
	bool (*is_fine)(const char *);
	const char *detail;
} contact_rules[] = {
	{ "email", "contact.email", is_email, "must be an e-mail address" },
	{ "phone", "contact.phone", is_phone,
	    "must be + and 7 to 15 digits" },
	{ "locale", "contact.locale", locale_is_valid,
	    "must be a language tag" },
	{ "timezone", "contact.timezone", is_timezone,
	    "must be the name of a time zone" },
};

static void
check_contact(const struct json *contact,
    struct form_faults *faults)
{
	const struct contact_rule *rule;
	const char *s;

	for (size_t i = 0; i < sizeof(contact_rules) / sizeof(*rule); i++) {
		rule = &contact_rules[i];
		s = json_get_text(contact, rule->name);
		if (s != NULL && !rule->is_fine(s))
			form_fault(faults, rule->field, "%s", rule->detail);
	}
}

static bool
is_given(const struct json *v)
{
	return v != NULL && json_type(v) != JSON_NULL;
}

static void
check_point(const struct json *body, const char *name,
    struct form_faults *faults)
{
	const struct json *place = json_get(body, name);

	if (is_given(json_get(place, "lat")) !=
	    is_given(json_get(place, "lng")))
		form_fault(faults, name, "needs both lat and lng, or neither");
}

int
create_check(const struct json *body, struct form_faults *faults)
{
	uint32_t n = faults->n;

	if (form_check(body, create_fields, faults) != OW_OK)
		return OW_EINVAL;
	check_point(body, "pickup", faults);
	check_point(body, "dropoff", faults);
	check_contact(json_get(body, "contact"), faults);
	return faults->n > n ? OW_EINVAL : OW_OK;
}

static int64_t
view_time(const struct json *body, const char *name)
{
	const char *s = json_get_text(body, name);
	int64_t ms;

	return s != NULL && clock_parse(s, &ms) == OW_OK ? ms : 0;
}

static void
view_items(const struct json *list, struct id_maker *ids,
    int64_t at_ms, struct arena *scratch, struct order *view)
{
	const struct json *v;
	struct item *item;

	view->n_items = (uint32_t)json_count(list);
	view->items = arena_alloc(scratch,
	    view->n_items * sizeof(*view->items));
	for (uint32_t i = 0; i < view->n_items; i++) {
		v = json_at(list, i);
		item = &view->items[i];
		id_new(ids, at_ms, item->id);
		item->sku = json_get_text(v, "sku");
		item->name = json_get_text(v, "name");
		item->notes = json_get_text(v, "notes");
		item->station = json_get_text(v, "station");
		item->quantity = json_get_int(v, "quantity", 1);
		item->prep_s = json_get_int(v, "prep_s", -1);
		item->status = ITEM_QUEUED;
	}
}

void
create_view(const struct json *body, struct id_maker *ids, int64_t at_ms,
    struct arena *scratch, struct order *view)
{
	char *number;

	memset(view, 0, sizeof(*view));
	id_new(ids, at_ms, view->id);
	view->seq = view->firm_seq = 1;
	view->driver.rating = -1;
	view->customer_id = json_get_text(body, "customer_id");
	view->external_ref = json_get_text(body, "external_ref");
	view->number = json_get_text(body, "number");
	if (view->number == NULL) {
		number = arena_alloc(scratch, NUMBER_SIZE);
		order_number(view->id, number);
		view->number = number;
	}
	view->fulfilment = (enum fulfilment)
	    fulfilment_by_name(json_get_text(body, "fulfilment"));
	view->placed_at_ms = at_ms;
	view->scheduled_for_ms = view_time(body, "scheduled_for");
	view->promised_at_ms = view_time(body, "promised_at");
	view->status = view->scheduled_for_ms > at_ms ?
	    ORDER_SCHEDULED : ORDER_PLACED;
	view_items(json_get(body, "items"), ids, at_ms, scratch, view);
	place_read(json_get(body, "pickup"), &view->pickup);
	place_read(json_get(body, "dropoff"), &view->dropoff);
	view->dropoff.name = NULL;
	contact_read(json_get(body, "contact"), &view->contact);
}

/* SPDX-License-Identifier: MIT */
/*
 * state - the tables behind state.h.
 *
 * A step that is not listed does not exist.  A busy kitchen may skip a tap
 * forwards (placed to preparing, accepted to ready); the only way back is the
 * recall, ready to preparing.  Who may take a step, and which steps follow
 * from the items by themselves, is change.c's to say: the latter need no row
 * here, because nobody asks for them.
 *
 * On the path: change.c and fold.c ask; GET /order-model prints.
 */
#include "order/state.h"

#include <stddef.h>
#include <string.h>

#include "base/json.h"

const char *const order_status_names[ORDER_STATUS_COUNT + 1] = {
	[ORDER_SCHEDULED] = "scheduled",
	[ORDER_PLACED] = "placed",
	[ORDER_ACCEPTED] = "accepted",
	[ORDER_PREPARING] = "preparing",
	[ORDER_READY] = "ready",
	[ORDER_OUT_FOR_DELIVERY] = "out_for_delivery",
	[ORDER_DELIVERED] = "delivered",
	[ORDER_PICKED_UP] = "picked_up",
	[ORDER_SERVED] = "served",
	[ORDER_REJECTED] = "rejected",
	[ORDER_CANCELLED] = "cancelled",
	[ORDER_DELIVERY_FAILED] = "delivery_failed",
	[ORDER_RETURNED] = "returned",
};

const char *const item_status_names[ITEM_STATUS_COUNT + 1] = {
	[ITEM_QUEUED] = "queued",
	[ITEM_HELD] = "held",
	[ITEM_PREPARING] = "preparing",
	[ITEM_READY] = "ready",
	[ITEM_SERVED] = "served",
	[ITEM_VOIDED] = "voided",
};

const char *const delivery_status_names[DELIVERY_STATUS_COUNT + 1] = {
	[DELIVERY_NONE] = "none",
	[DELIVERY_PENDING] = "pending",
	[DELIVERY_ASSIGNED] = "assigned",
	[DELIVERY_ACCEPTED] = "accepted",
	[DELIVERY_EN_ROUTE_PICKUP] = "en_route_pickup",
	[DELIVERY_ARRIVED_PICKUP] = "arrived_pickup",
	[DELIVERY_PICKED_UP] = "picked_up",
	[DELIVERY_EN_ROUTE_DROPOFF] = "en_route_dropoff",
	[DELIVERY_ARRIVED_DROPOFF] = "arrived_dropoff",
	[DELIVERY_DELIVERED] = "delivered",
	[DELIVERY_FAILED] = "failed",
	[DELIVERY_CANCELLED] = "cancelled",
	[DELIVERY_RETURNED] = "returned",
};

const char *const fulfilment_names[FULFIL_COUNT + 1] = {
	[FULFIL_PICKUP] = "pickup",
	[FULFIL_DELIVERY] = "delivery",
	[FULFIL_DINE_IN] = "dine_in",
};

static const char *const event_type_names[EVENT_TYPE_COUNT + 1] = {
	[EVENT_ORDER_CREATED] = "order.created",
	[EVENT_ORDER_STATUS] = "order.status.changed",
	[EVENT_ITEM_STATUS] = "order.item.status.changed",
	[EVENT_ETA] = "order.eta.updated",
	[EVENT_DELIVERY_STATUS] = "delivery.status.changed",
	[EVENT_DRIVER_ASSIGNED] = "delivery.driver.assigned",
	[EVENT_ROUTE] = "delivery.route.updated",
	[EVENT_OTHER] = "x.*",
};

/* What streams carry beside the events of an order's log. */
static const char *const stream_type_names[] = {
	"driver.location.updated", "notification.new", "notification.read",
	"preferences.updated", "stream.live", "stream.resync",
	"auth.expiring", "heartbeat", "order.snapshot", "kitchen.snapshot",
	"notifications.snapshot", NULL,
};

#define PICKUP (1u << FULFIL_PICKUP)
#define DELIVERY (1u << FULFIL_DELIVERY)
#define DINE_IN (1u << FULFIL_DINE_IN)
#define EVERY (PICKUP | DELIVERY | DINE_IN)

static const struct order_step {
	uint8_t from, to;
	uint8_t ways;		/* the fulfilments that have it, as bits */
	uint8_t flags;
} order_steps[] = {
	{ ORDER_SCHEDULED, ORDER_PLACED, EVERY, 0 },
	{ ORDER_SCHEDULED, ORDER_ACCEPTED, EVERY, 0 },
	{ ORDER_SCHEDULED, ORDER_REJECTED, EVERY, 0 },
	{ ORDER_SCHEDULED, ORDER_CANCELLED, EVERY, 0 },
	{ ORDER_PLACED, ORDER_ACCEPTED, EVERY, 0 },
	{ ORDER_PLACED, ORDER_PREPARING, EVERY, 0 },
	{ ORDER_PLACED, ORDER_REJECTED, EVERY, 0 },
	{ ORDER_PLACED, ORDER_CANCELLED, EVERY, 0 },
	{ ORDER_ACCEPTED, ORDER_PREPARING, EVERY, 0 },
	{ ORDER_ACCEPTED, ORDER_READY, EVERY, 0 },
	{ ORDER_ACCEPTED, ORDER_CANCELLED, EVERY, 0 },
	{ ORDER_PREPARING, ORDER_READY, EVERY, 0 },
	{ ORDER_PREPARING, ORDER_CANCELLED, EVERY, 0 },
	{ ORDER_READY, ORDER_PREPARING, EVERY, STEP_RECALL | STEP_REASON },
	{ ORDER_READY, ORDER_PICKED_UP, PICKUP, 0 },
	{ ORDER_READY, ORDER_SERVED, DINE_IN, 0 },
	{ ORDER_READY, ORDER_OUT_FOR_DELIVERY, DELIVERY, 0 },
	{ ORDER_READY, ORDER_CANCELLED, EVERY, 0 },
	{ ORDER_OUT_FOR_DELIVERY, ORDER_DELIVERED, DELIVERY, 0 },
	{ ORDER_OUT_FOR_DELIVERY, ORDER_DELIVERY_FAILED, DELIVERY, 0 },
	{ ORDER_DELIVERY_FAILED, ORDER_OUT_FOR_DELIVERY, DELIVERY, 0 },
	{ ORDER_DELIVERY_FAILED, ORDER_RETURNED, DELIVERY, 0 },
	{ ORDER_DELIVERY_FAILED, ORDER_CANCELLED, DELIVERY, 0 },
};

#define BIT(status) (1u << (status))

static const uint32_t item_next[ITEM_STATUS_COUNT] = {
	[ITEM_QUEUED] = BIT(ITEM_HELD) | BIT(ITEM_PREPARING) |
	    BIT(ITEM_READY) | BIT(ITEM_VOIDED),
	[ITEM_HELD] = BIT(ITEM_QUEUED) | BIT(ITEM_PREPARING) |
	    BIT(ITEM_VOIDED),
	[ITEM_PREPARING] = BIT(ITEM_QUEUED) | BIT(ITEM_HELD) |
	    BIT(ITEM_READY) | BIT(ITEM_VOIDED),
	[ITEM_READY] = BIT(ITEM_PREPARING) | BIT(ITEM_SERVED) |
	    BIT(ITEM_VOIDED),
};

/*
 * Forwards any number of steps at once: the service that tells us keeps no
 * history, so what happened while it was away is never heard.  Up to the
 * pickup another driver can take over; afterwards the goods are on the way.
 */
#define ON_THE_WAY (BIT(DELIVERY_EN_ROUTE_DROPOFF) |			\
    BIT(DELIVERY_ARRIVED_DROPOFF) | BIT(DELIVERY_DELIVERED) |		\
    BIT(DELIVERY_FAILED) | BIT(DELIVERY_RETURNED))
#define OTHER_DRIVER (BIT(DELIVERY_PENDING) | BIT(DELIVERY_ASSIGNED) |	\
    BIT(DELIVERY_CANCELLED))

static const uint32_t delivery_next[DELIVERY_STATUS_COUNT] = {
	[DELIVERY_NONE] = BIT(DELIVERY_PENDING) | BIT(DELIVERY_ASSIGNED),
	[DELIVERY_PENDING] = BIT(DELIVERY_ASSIGNED) |
	    BIT(DELIVERY_ACCEPTED) | BIT(DELIVERY_EN_ROUTE_PICKUP) |
	    BIT(DELIVERY_FAILED) | BIT(DELIVERY_CANCELLED),
	[DELIVERY_ASSIGNED] = BIT(DELIVERY_PENDING) |
	    BIT(DELIVERY_CANCELLED) | BIT(DELIVERY_ACCEPTED) |
	    BIT(DELIVERY_EN_ROUTE_PICKUP) | BIT(DELIVERY_ARRIVED_PICKUP) |
	    BIT(DELIVERY_PICKED_UP) | ON_THE_WAY,
	[DELIVERY_ACCEPTED] = OTHER_DRIVER |
	    BIT(DELIVERY_EN_ROUTE_PICKUP) | BIT(DELIVERY_ARRIVED_PICKUP) |
	    BIT(DELIVERY_PICKED_UP) | ON_THE_WAY,
	[DELIVERY_EN_ROUTE_PICKUP] = OTHER_DRIVER |
	    BIT(DELIVERY_ARRIVED_PICKUP) | BIT(DELIVERY_PICKED_UP) |
	    ON_THE_WAY,
	[DELIVERY_ARRIVED_PICKUP] = OTHER_DRIVER | BIT(DELIVERY_PICKED_UP) |
	    ON_THE_WAY,
	[DELIVERY_PICKED_UP] = ON_THE_WAY,
	[DELIVERY_EN_ROUTE_DROPOFF] = BIT(DELIVERY_ARRIVED_DROPOFF) |
	    BIT(DELIVERY_DELIVERED) | BIT(DELIVERY_FAILED) |
	    BIT(DELIVERY_RETURNED),
	[DELIVERY_ARRIVED_DROPOFF] = BIT(DELIVERY_DELIVERED) |
	    BIT(DELIVERY_FAILED) | BIT(DELIVERY_RETURNED),
	[DELIVERY_FAILED] = OTHER_DRIVER | BIT(DELIVERY_RETURNED),
	[DELIVERY_CANCELLED] = BIT(DELIVERY_PENDING) | BIT(DELIVERY_ASSIGNED),
};

#define STRAIGHT_MAX 6

static const uint8_t straight[FULFIL_COUNT][STRAIGHT_MAX] = {
	[FULFIL_PICKUP] = { ORDER_PLACED, ORDER_ACCEPTED, ORDER_PREPARING,
	    ORDER_READY, ORDER_PICKED_UP },
	[FULFIL_DELIVERY] = { ORDER_PLACED, ORDER_ACCEPTED, ORDER_PREPARING,
	    ORDER_READY, ORDER_OUT_FOR_DELIVERY, ORDER_DELIVERED },
	[FULFIL_DINE_IN] = { ORDER_PLACED, ORDER_ACCEPTED, ORDER_PREPARING,
	    ORDER_READY, ORDER_SERVED },
};

static const uint8_t straight_len[FULFIL_COUNT] = {
	[FULFIL_PICKUP] = 5,
	[FULFIL_DELIVERY] = 6,
	[FULFIL_DINE_IN] = 5,
};

static const char *
word(const char *const *words, unsigned int count, unsigned
    int i)
{
	return i < count ? words[i] : NULL;
}

static int
word_index(const char *const *words, const char *name)
{
	if (name == NULL)
		return -1;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], name) == 0)
			return i;
	return -1;
}

const char *
order_status_name(enum order_status status)
{
	return word(order_status_names, ORDER_STATUS_COUNT, status);
}

int
order_status_by_name(const char *name)
{
	return word_index(order_status_names, name);
}

const char *
item_status_name(enum item_status status)
{
	return word(item_status_names, ITEM_STATUS_COUNT, status);
}

int
item_status_by_name(const char *name)
{
	return word_index(item_status_names, name);
}

const char *
delivery_status_name(enum delivery_status status)
{
	return word(delivery_status_names, DELIVERY_STATUS_COUNT, status);
}

int
delivery_status_by_name(const char *name)
{
	return word_index(delivery_status_names, name);
}

const char *
fulfilment_name(enum fulfilment fulfilment)
{
	return word(fulfilment_names, FULFIL_COUNT, fulfilment);
}

int
fulfilment_by_name(const char *name)
{
	return word_index(fulfilment_names, name);
}

const char *
event_type_name(enum event_type type)
{
	return word(event_type_names, EVENT_TYPE_COUNT, type);
}

int
event_type_by_name(const char *name)
{
	if (name != NULL && strncmp(name, "x.", 2) == 0 && name[2] != '\0')
		return EVENT_OTHER;
	return word_index(event_type_names, name);
}

bool
order_status_is_final(enum order_status status)
{
	for (size_t i = 0; i < sizeof(order_steps) / sizeof(*order_steps); i++)
		if (order_steps[i].from == status)
			return false;
	return true;
}

bool
order_step_is_legal(enum fulfilment fulfilment, enum order_status from,
    enum order_status to, uint32_t *out_flags)
{
	const struct order_step *s;

	if ((unsigned int)fulfilment >= FULFIL_COUNT)
		return false;
	for (size_t i = 0; i < sizeof(order_steps) / sizeof(*s); i++) {
		s = &order_steps[i];
		if (s->from != from || s->to != to ||
		    (s->ways & BIT(fulfilment)) == 0)
			continue;
		if (out_flags != NULL)
			*out_flags = s->flags;
		return true;
	}
	return false;
}

bool
item_step_is_legal(enum item_status from, enum item_status to)
{
	return (unsigned int)from < ITEM_STATUS_COUNT &&
	    (unsigned int)to < ITEM_STATUS_COUNT &&
	    (item_next[from] & BIT(to)) != 0;
}

bool
delivery_step_is_legal(enum delivery_status from, enum delivery_status to)
{
	return (unsigned int)from < DELIVERY_STATUS_COUNT &&
	    (unsigned int)to < DELIVERY_STATUS_COUNT &&
	    (delivery_next[from] & BIT(to)) != 0;
}

bool
delivery_can_be_imminent(enum delivery_status status)
{
	return status == DELIVERY_PICKED_UP ||
	    status == DELIVERY_EN_ROUTE_DROPOFF ||
	    status == DELIVERY_ARRIVED_DROPOFF;
}

void
order_progress(enum fulfilment fulfilment, enum order_status status, int
    *out_step, int *out_of)
{
	int step = 0, of = 0;

	if (status == ORDER_DELIVERY_FAILED || status == ORDER_RETURNED)
		status = ORDER_OUT_FOR_DELIVERY;
	if ((unsigned int)fulfilment < FULFIL_COUNT)
		of = straight_len[fulfilment];
	for (int i = 0; i < of; i++)
		if (straight[fulfilment][i] == status)
			step = i + 1;
	*out_step = step;
	*out_of = of;
}

static void
write_word(struct jw *w, const char *name, bool final)
{
	jw_object(w, NULL);
	jw_text(w, "name", name);
	jw_bool(w, "final", final);
	jw_end(w);
}

static void
write_next(struct jw *w, const char *key, const char *const *words,
    const uint32_t *next, unsigned int count)
{
	jw_list(w, key);
	for (unsigned int from = 0; from < count; from++)
		for (unsigned int to = 0; to < count; to++) {
			if ((next[from] & BIT(to)) == 0)
				continue;
			jw_object(w, NULL);
			jw_text(w, "from", words[from]);
			jw_text(w, "to", words[to]);
			jw_end(w);
		}
	jw_end(w);
}

static void
write_words(struct jw *w)
{
	unsigned int i;

	jw_list(w, "statuses");
	for (i = 0; i < ORDER_STATUS_COUNT; i++)
		write_word(w, order_status_names[i], order_status_is_final(i));
	jw_end(w);
	jw_list(w, "item_statuses");
	for (i = 0; i < ITEM_STATUS_COUNT; i++)
		write_word(w, item_status_names[i], item_next[i] == 0);
	jw_end(w);
	jw_list(w, "delivery_statuses");
	for (i = 0; i < DELIVERY_STATUS_COUNT; i++)
		write_word(w, delivery_status_names[i],
		    delivery_next[i] == 0);
	jw_end(w);
	jw_list(w, "fulfilments");
	for (i = 0; i < FULFIL_COUNT; i++)
		jw_text(w, NULL, fulfilment_names[i]);
	jw_end(w);
}

static void
write_steps(struct jw *w, unsigned int fulfilment)
{
	const struct order_step *s;

	jw_list(w, fulfilment_names[fulfilment]);
	for (size_t i = 0; i < sizeof(order_steps) / sizeof(*s); i++) {
		s = &order_steps[i];
		if ((s->ways & BIT(fulfilment)) == 0)
			continue;
		jw_object(w, NULL);
		jw_text(w, "from", order_status_names[s->from]);
		jw_text(w, "to", order_status_names[s->to]);
		if ((s->flags & STEP_RECALL) != 0)
			jw_bool(w, "recall", true);
		if ((s->flags & STEP_REASON) != 0)
			jw_bool(w, "reason_required", true);
		jw_end(w);
	}
	jw_end(w);
}

static void
write_straight(struct jw *w, unsigned int fulfilment)
{
	jw_list(w, fulfilment_names[fulfilment]);
	for (int i = 0; i < straight_len[fulfilment]; i++)
		jw_text(w, NULL, order_status_names[straight[fulfilment][i]]);
	jw_end(w);
}

void
order_model_write(struct buf *out)
{
	struct jw w;
	unsigned int i;

	jw_init(&w, out);
	jw_object(&w, NULL);
	write_words(&w);
	jw_object(&w, "transitions");
	for (i = 0; i < FULFIL_COUNT; i++)
		write_steps(&w, i);
	jw_end(&w);
	write_next(&w, "item_transitions", item_status_names, item_next,
	    ITEM_STATUS_COUNT);
	write_next(&w, "delivery_transitions", delivery_status_names,
	    delivery_next, DELIVERY_STATUS_COUNT);
	jw_list(&w, "event_types");
	for (i = 0; i < EVENT_TYPE_COUNT; i++)
		jw_text(&w, NULL, event_type_names[i]);
	for (i = 0; stream_type_names[i] != NULL; i++)
		jw_text(&w, NULL, stream_type_names[i]);
	jw_end(&w);
	jw_object(&w, "progress");
	for (i = 0; i < FULFIL_COUNT; i++)
		write_straight(&w, i);
	jw_end(&w);
	jw_end(&w);
}

/* SPDX-License-Identifier: MIT */
/*
 * topic - what a change of an order means to people.
 *
 * One fact has one topic or none.  Its status is read from its message and
 * not from the order after, which may be further on by then.  "Delayed" is a
 * crossing: the order before was in time, the one after is late by five
 * minutes.  It is measured against the promise, which is the first estimate
 * where nobody promised anything (order/change.c); without one there is no
 * delay.  What falls back into time and is late again is told again; a rule's
 * throttle is for that.
 *
 * Stands between the order's events and the rules.
 */
#include "notify/topic.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define TOPIC_NAME_MAX 62	/* behind "x.", as order/intent.c has it */

const char *const topic_names[] = {
	"order.scheduled", "order.placed", "order.accepted",
	"order.preparing", "order.ready", "order.out_for_delivery",
	"order.delivered", "order.picked_up", "order.served",
	"order.rejected", "order.cancelled", "order.delivery_failed",
	"order.returned", "order.delayed",
	"delivery.pending", "delivery.assigned", "delivery.accepted",
	"delivery.en_route_pickup", "delivery.arrived_pickup",
	"delivery.picked_up", "delivery.en_route_dropoff",
	"delivery.arrived_dropoff", "delivery.delivered", "delivery.failed",
	"delivery.cancelled", "delivery.returned", "delivery.imminent",
	"delivery.near",
	NULL,
};

bool
topic_is_known(const char *topic)
{
	size_t i, n;

	if (topic[0] == 'x' && topic[1] == '.') {
		n = strspn(topic + 2,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz0123456789_.-");
		return n && n <= TOPIC_NAME_MAX && !topic[2 + n];
	}
	for (i = 0; topic_names[i]; i++)
		if (!strcmp(topic_names[i], topic))
			return true;
	return false;
}

/* The event's data, as written. */
static struct ow_bytes
topic_data(const struct fact *fact)
{
	struct ow_bytes data = { "", 0 };

	(void)json_slice(fact->message, fact->message_len, "data", &data);
	return data;
}

/* A member that is a word of ours (no escapes), or "". */
static void
topic_word(struct ow_bytes data, const char *member, char out[TOPIC_SIZE])
{
	struct ow_bytes word;
	const char *p;

	out[0] = '\0';
	if (!data.n || json_slice(data.p, data.n, member, &word))
		return;
	p = word.p;
	if (word.n < 2 || word.n > TOPIC_SIZE / 2 || *p != '"')
		return;
	memcpy(out, p + 1, word.n - 2);
	out[word.n - 2] = '\0';
}

static bool
topic_is_true(struct ow_bytes data, const char *member)
{
	struct ow_bytes word;

	return data.n && !json_slice(data.p, data.n, member, &word) &&
	    word.n == 4 && !memcmp(word.p, "true", 4);
}

static void
topic_of_order(const struct fact *fact, char out[TOPIC_SIZE])
{
	char to[TOPIC_SIZE];

	topic_word(topic_data(fact), "to", to);
	if (order_status_by_name(to) >= 0)
		(void)snprintf(out, TOPIC_SIZE, "order.%.60s", to);
}

static void
topic_of_delivery(const struct order *before, const struct fact *fact,
    char out[TOPIC_SIZE])
{
	struct ow_bytes data = topic_data(fact);
	char from[TOPIC_SIZE], to[TOPIC_SIZE];

	topic_word(data, "from", from);
	topic_word(data, "to", to);
	if (topic_is_true(data, "imminent") && !(before && before->imminent))
		(void)snprintf(out, TOPIC_SIZE, "delivery.imminent");
	else if (strcmp(from, to) && delivery_status_by_name(to) > 0)
		(void)snprintf(out, TOPIC_SIZE, "delivery.%.60s", to);
}

/* How far the estimate is behind what was promised. */
static int64_t
topic_slip_ms(const struct order *o)
{
	int64_t promised_at_ms;

	if (!o || !o->eta.known)
		return 0;
	promised_at_ms = o->promised_at_ms ? o->promised_at_ms :
	    o->eta.promised_at_ms;
	return promised_at_ms ? o->eta.p50_at_ms - promised_at_ms : 0;
}

static bool
topic_is_late(const struct order *o)
{
	return topic_slip_ms(o) >= TOPIC_DELAY_MS;
}

void
topic_of(const struct order *before, const struct order *after,
    const struct fact *fact, char out[TOPIC_SIZE])
{
	out[0] = '\0';
	switch (fact->kind) {
	case EVENT_ORDER_CREATED:
		(void)snprintf(out, TOPIC_SIZE, "order.%s",
		    after && after->status == ORDER_SCHEDULED ? "scheduled" :
		    "placed");
		break;
	case EVENT_ORDER_STATUS:
		topic_of_order(fact, out);
		break;
	case EVENT_ETA:
		if (topic_is_late(after) && !topic_is_late(before))
			(void)snprintf(out, TOPIC_SIZE, "order.delayed");
		else if (topic_is_true(topic_data(fact), "near"))
			(void)snprintf(out, TOPIC_SIZE, "delivery.near");
		break;
	case EVENT_DELIVERY_STATUS:
		topic_of_delivery(before, fact, out);
		break;
	case EVENT_OTHER:
		if (topic_is_known(fact->type))
			(void)snprintf(out, TOPIC_SIZE, "%.90s", fact->type);
		break;
	default:
		break;
	}
}

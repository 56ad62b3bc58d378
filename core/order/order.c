/* SPDX-License-Identifier: MIT */
/*
 * order - making, copying and ending orders.
 *
 * What a string of an order is, is said once, in the tables below; a copy is
 * two allocations whatever the order has in it, because everything it points
 * to lies in one piece.  Copies are made for each change, so this is the
 * hottest code of the folder.
 *
 * Invariant: timeline has room for timeline_room(n_timeline) entries, and the
 * words in it are constants that nobody copies.
 */
#include "order/order.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "order/parts.h"
#include "order/route.h"
#include "order/who.h"

#define TEXT(member) offsetof(struct order, member)

static const size_t order_texts[] = {
	TEXT(tenant), TEXT(customer_id), TEXT(external_ref), TEXT(number),
	TEXT(pickup.name), TEXT(pickup.address),
	TEXT(dropoff.name), TEXT(dropoff.address),
	TEXT(contact.name), TEXT(contact.email), TEXT(contact.phone),
	TEXT(contact.locale), TEXT(contact.timezone),
	TEXT(eta.confidence), TEXT(eta.basis), TEXT(task_id),
	TEXT(driver.id), TEXT(driver.name), TEXT(driver.photo_url),
	TEXT(driver.vehicle), TEXT(driver.phone),
};

static const size_t item_texts[] = {
	offsetof(struct item, sku), offsetof(struct item, name),
	offsetof(struct item, notes), offsetof(struct item, station),
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct order *
order_new(void)
{
	struct order *o = mem_alloc(sizeof(*o));

	arena_init(&o->arena);
	o->driver.rating = -1;
	return o;
}

void
order_free(struct order **order)
{
	struct order *o = *order;

	*order = NULL;
	if (o == NULL)
		return;
	route_unref(&o->route);
	arena_done(&o->arena);
	free(o);
}

uint32_t
timeline_room(uint32_t n)
{
	uint32_t room = 8;

	while (room < n)
		room *= 2;
	return room;
}

const char *
by_word(const char *by)
{
	enum role role = role_by_name(by);

	if (role != ROLE_NONE)
		return role_name(role);
	return by != NULL && strcmp(by, "logistics") == 0 ? "logistics" :
	    "system";
}

double
real_plain(double d)
{
	return d + 0.0;
}

void
order_number(const char *id, char out[NUMBER_SIZE])
{
	size_t n = strlen(id);
	const char *end = n < NUMBER_SIZE - 1 ? id : id + n - (NUMBER_SIZE - 1);
	size_t i;

	for (i = 0; end[i] != '\0'; i++)
		out[i] = (char)toupper((unsigned char)end[i]);
	out[i] = '\0';
}

static size_t
texts_size(const void *of, const size_t *texts, size_t count)
{
	const char *s;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		s = *(const char *const *)((const char *)of + texts[i]);
		n += s != NULL ? strlen(s) + 1 : 0;
	}
	return n;
}

/* Move the strings to *at, which moves on. */
static void
texts_pack(void *of, const size_t *texts, size_t count, char **at)
{
	const char **s;
	size_t n;

	for (size_t i = 0; i < count; i++) {
		s = (const char **)((char *)of + texts[i]);
		if (*s == NULL)
			continue;
		n = strlen(*s) + 1;
		memcpy(*at, *s, n);
		*s = *at;
		*at += n;
	}
}

struct order *
order_copy(const struct order *o)
{
	size_t items_n = o->n_items * sizeof(*o->items);
	size_t timeline_n =
	    timeline_room(o->n_timeline) * sizeof(*o->timeline);
	size_t n = items_n + timeline_n;
	struct order *copy = mem_alloc(sizeof(*copy));
	char *at;

	n += texts_size(o, order_texts, COUNT(order_texts));
	for (uint32_t i = 0; i < o->n_items; i++)
		n += texts_size(&o->items[i], item_texts, COUNT(item_texts));
	*copy = *o;
	(void)route_ref(copy->route);
	arena_init(&copy->arena);
	at = arena_alloc(&copy->arena, n);
	copy->items = (struct item *)(void *)at;
	if (items_n != 0)
		memcpy(copy->items, o->items, items_n);
	at += items_n;
	copy->timeline = (struct timeline_entry *)(void *)at;
	if (o->n_timeline != 0)
		memcpy(copy->timeline, o->timeline,
		    o->n_timeline * sizeof(*o->timeline));
	at += timeline_n;
	texts_pack(copy, order_texts, COUNT(order_texts), &at);
	for (uint32_t i = 0; i < copy->n_items; i++)
		texts_pack(&copy->items[i], item_texts, COUNT(item_texts),
		    &at);
	return copy;
}

bool
order_is_finished(const struct order *o)
{
	return order_status_is_final(o->status);
}

const struct item *
order_item(const struct order *o, const char *item_id)
{
	for (uint32_t i = 0; i < o->n_items; i++)
		if (strcmp(o->items[i].id, item_id) == 0)
			return &o->items[i];
	return NULL;
}

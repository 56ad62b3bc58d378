/* SPDX-License-Identifier: MIT */
/*
 * event - one block of memory for the event and all of its text.
 *
 * Nothing but the count ever changes after event_make, so any loop may read
 * what it holds a reference to.  The one who drops the last reference frees;
 * the acquire there pairs with the releases of all the others.
 */
#include "event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

/* Copy n bytes and a NUL to *at and move on. */
static const char *
event_put(char **at, const char *p, size_t n)
{
	char *start = *at;

	if (n > 0 && p != NULL)
		memcpy(start, p, n);
	start[n] = '\0';
	*at = start + n + 1;
	return start;
}

/* With room behind its texts for so many bytes more, at *out_rest. */
static struct event *
event_alloc(const char *tenant, const char *type, uint64_t seq, int64_t at_ms,
    const char *json, size_t json_len, size_t rest, char **out_rest)
{
	size_t tenant_len = strlen(tenant);
	size_t type_len = strlen(type);
	struct event *ev;
	char *at;

	ev = mem_alloc(sizeof(*ev) + tenant_len + type_len + json_len + 3 +
	    rest);
	at = ev->text;
	ev->pub.size = sizeof(ev->pub);
	ev->pub.seq = seq;
	ev->pub.at_ms = at_ms;
	ev->tenant = event_put(&at, tenant, tenant_len);
	ev->pub.type = event_put(&at, type, type_len);
	ev->pub.json.p = event_put(&at, json, json_len);
	ev->pub.json.n = json_len;
	atomic_init(&ev->refs, 1);
	*out_rest = at;
	return ev;
}

struct event *
event_make_room(const char *tenant, const char *order_id, const char *type,
    uint64_t seq, int64_t at_ms, size_t json_len, char **out_json)
{
	size_t id_len = order_id != NULL ? strlen(order_id) : 0;
	struct event *ev;
	char *rest;

	OW_ASSERT(id_len < ID_SIZE);
	ev = event_alloc(tenant, type, seq, at_ms, NULL, json_len, 0, &rest);
	if (id_len > 0)
		memcpy(ev->order_id, order_id, id_len);
	*out_json = rest - json_len - 1;
	return ev;
}

struct event *
event_make(const char *tenant, const char *order_id,
    const char *type, uint64_t seq, int64_t at_ms, const char *json,
    size_t json_len)
{
	struct event *ev;
	char *room;

	ev = event_make_room(tenant, order_id, type, seq, at_ms, json_len,
	    &room);
	memcpy(room, json, json_len);
	return ev;
}

struct event *
event_make_person(const char *tenant, const char *sub, const char *type,
    uint64_t seq, int64_t at_ms, const char *json, size_t json_len)
{
	size_t n = strlen("person/\n") + strlen(tenant) + strlen(sub) + 1;
	struct event *ev;
	char *rest;

	ev = event_alloc(tenant, type, seq, at_ms, json, json_len, n, &rest);
	(void)snprintf(rest, n, "person/%s\n%s", tenant, sub);
	ev->topic = rest;
	return ev;
}

struct event *
event_ref(struct event *ev)
{
	atomic_fetch_add_explicit(&ev->refs, 1, memory_order_relaxed);
	return ev;
}

void
event_unref(struct event **evp)
{
	struct event *ev = *evp;
	int before;

	*evp = NULL;
	if (ev == NULL)
		return;
	before = atomic_fetch_sub_explicit(&ev->refs, 1, memory_order_acq_rel);
	OW_ASSERT(before > 0);
	if (before == 1)
		free(ev);
}

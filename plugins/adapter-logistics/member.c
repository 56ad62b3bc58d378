/* SPDX-License-Identifier: MIT */
/*
 * member - who a rider is: read once, kept for member_ttl_ms.
 *
 * The service's answer has a passport's number in it, an e-mail and more.  Five
 * fields are looked at (fields.h), cut and checked; the rest is freed unread,
 * and no part of an answer gets into a log.
 */
#include <math.h>
#include <stdio.h>

#include "logistics.h"
#include "mem.h"

#define MEMBERS_MAX 20000u
#define MEMBER_RETRY_MS 5000
#define PHONE_MAX 40u

struct member {
	UT_hash_handle hh;
	struct site *site;
	struct ask *ask;
	bool is_known;			/* the service has answered */
	uint32_t n_failed;
	int64_t read_ms;		/* when it did; or not before */
	char *name, *photo, *vehicle, *phone;
	double rating;
	const char *id;			/* inside key */
	char key[];			/* tenant, line feed, id */
};

static void
member_free(struct member *m)
{
	struct logistics *l = m->site->home;

	ask_cancel(&m->ask);
	HASH_DEL(l->members, m);
	free(m->name);
	free(m->photo);
	free(m->vehicle);
	free(m->phone);
	free(m);
}

void
members_free(struct logistics *l)
{
	while (l->members)
		member_free(l->members);
}

static bool
member_is_carrying(const struct member *m)
{
	const struct rider *rider = rider_find(m->site, m->id);

	return rider && rider->carries;
}

static void
member_make_room(struct logistics *l)
{
	struct member *m, *next;

	if (HASH_COUNT(l->members) < MEMBERS_MAX)
		return;
	HASH_ITER(hh, l->members, m, next) {
		if (member_is_carrying(m))
			continue;
		member_free(m);
		return;
	}
}

static struct member *
member_make(struct site *site, const char *id)
{
	size_t n = strlen(site->tenant), size = n + strlen(id) + 2;
	struct logistics *l = site->home;
	struct member *m = mem_alloc(sizeof(*m) + size), *found;

	snprintf(m->key, size, "%s\n%s", site->tenant, id);
	HASH_FIND_STR(l->members, m->key, found);
	if (found) {
		free(m);
		return found;
	}
	member_make_room(l);
	m->site = site;
	m->id = m->key + n + 1;
	m->rating = -1;
	HASH_ADD_KEYPTR(hh, l->members, m->key, size - 1, m);
	return m;
}

static void
member_tell(const struct member *m)
{
	struct logistics *l = m->site->home;
	const struct ow_driver driver = {
		.size = sizeof(driver), .id = m->id, .name = m->name,
		.photo_url = m->photo, .vehicle = m->vehicle,
		.phone = m->phone, .rating = m->rating,
	};

	l->host->facts->driver(l->ctx, m->site->tenant, &driver);
}

/* Also when the service puts the whole name there. */
static void
member_set_name(struct member *m, const char *name)
{
	char first[64];

	if (!name)
		return;
	name += strspn(name, " ");
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(name, " "), name);
	if (first[0] && strcspn(name, " ") < sizeof(first))
		mem_set(&m->name, first);
}

static bool
member_is_url(const char *s)
{
	return s && (!strncmp(s, "https://", 8) || !strncmp(s, "http://", 7));
}

static bool
member_is_phone(const char *s)
{
	size_t n = s ? strspn(s, "+0123456789 ()-./") : 0;

	return n >= 3 && n <= PHONE_MAX && !s[n];
}

static void
member_read(struct member *m, const json_t *json)
{
	const struct fields *f = &m->site->home->fields;
	const char *text;
	double rating;

	member_set_name(m, fields_text(f, json, FIELD_NAME, 200));
	text = fields_text(f, json, FIELD_PHOTO, 2000);
	if (member_is_url(text))
		mem_set(&m->photo, text);
	text = fields_text(f, json, FIELD_VEHICLE, 80);
	if (text)
		mem_set(&m->vehicle, text);
	text = fields_text(f, json, FIELD_PHONE, PHONE_MAX);
	if (member_is_phone(text))
		mem_set(&m->phone, text);
	if (fields_number(f, json, FIELD_RATING, &rating) &&
	    isfinite(rating) && rating >= 0 && rating <= 5)
		m->rating = rating;
}

static void
member_on_read(void *arg, const json_t *answer, int32_t status,
    const char *why)
{
	struct member *m = arg;
	struct logistics *l = m->site->home;

	(void)status;
	(void)why;
	m->ask = NULL;
	answer = ask_unwrap(answer);
	if (!json_is_object(answer)) {
		m->read_ms = now_ms(l) + backoff_ms(m->n_failed++,
		    MEMBER_RETRY_MS, READ_RETRY_MAX_MS);
		return;
	}
	m->is_known = true;
	m->n_failed = 0;
	m->read_ms = now_ms(l);
	member_read(m, answer);
	member_tell(m);
}

static void
member_ask(struct member *m)
{
	struct logistics *l = m->site->home;
	const struct preset_words words = { .tenant = m->site->tenant,
	    .id = m->id };

	if (!l->paths[PATH_MEMBER] || m->ask)
		return;
	m->ask = ask_start(l, preset_url(l->conf->url, l->paths[PATH_MEMBER],
	    &words), false, member_on_read, m);
	if (!m->ask)
		m->read_ms = now_ms(l) + MEMBER_RETRY_MS;
}

static bool
member_is_due(const struct member *m, int64_t now)
{
	const struct logistics *l = m->site->home;

	return m->is_known && !m->n_failed ?
	    now - m->read_ms >= l->conf->member_ttl_ms : now >= m->read_ms;
}

void
member_want(struct site *site, const char *rider)
{
	struct member *m = member_make(site, rider);

	if (m->is_known)
		member_tell(m);
	if (member_is_due(m, now_ms(site->home)))
		member_ask(m);
}

void
member_hint(struct site *site, const char *rider, const char *name,
    const char *phone)
{
	struct member *m = member_make(site, rider);
	bool is_new = false;

	if (!m->name && name) {
		member_set_name(m, name);
		is_new |= m->name != NULL;
	}
	if (!m->phone && member_is_phone(phone)) {
		mem_set(&m->phone, phone);
		is_new = true;
	}
	if (is_new)
		member_tell(m);
}

/* Those of riders under way are kept fresh: the URL of a photo ends. */
void
members_tick(struct logistics *l)
{
	int64_t now = now_ms(l);
	struct member *m, *next;

	HASH_ITER(hh, l->members, m, next)
		if (!m->ask && member_is_due(m, now) && member_is_carrying(m))
			member_ask(m);
}

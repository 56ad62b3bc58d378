/* SPDX-License-Identifier: MIT */
/*
 * person - see person.h.
 *
 * One read is under way for a person at a time, and none while transactions
 * that assume it are: their outcome is part of what there is to read.  What a
 * read finds behind `told` was appended by another node, or by a transaction
 * whose answer was lost, and is told then.
 *
 * Invariants: told <= seq; loaded && !stale: nothing but what is in flight is
 * between memory and store.  A person that is watched, waited for, read or in
 * flight stays in memory.
 */
#include "desk/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

#define PERSONS_MAX_DEFAULT 1000
#define LEAVE_TRIES 16		/* persons looked at to make room for one */
#define NEWER_MAX 1000		/* messages in one read */
#define READS_MAX 12		/* in a row, while another node writes */
#define MESSAGE_MAX 65536

static void person_read(struct person *);

/* ---- In memory ---------------------------------------------------------- */

static void
address_done(struct person_address *a)
{
	free(a->kind);
	free(a->address);
	free(a->hint);
}

static void
addresses_done(struct person *p)
{
	uint32_t i;

	for (i = 0; i < p->n_addresses; i++)
		address_done(&p->addresses[i]);
	free(p->addresses);
	p->addresses = NULL;
	p->n_addresses = 0;
}

static void
person_free(struct persons *all, struct person *p)
{
	HASH_DEL(all->by_key, p);
	DL_DELETE(all->order, p);
	all->n--;
	addresses_done(p);
	prefs_free(&p->prefs);
	free(p);
}

static bool
is_needed(const struct person *p)
{
	return p->in_flight > 0 || p->reading || p->visits != NULL ||
	    p->watchers != 0;
}

static void
make_room(struct persons *all)
{
	struct person *p, *next;
	int i = 0;

	for (p = all->order; p != NULL && all->n >= all->max &&
	    i < LEAVE_TRIES; p = next, i++) {
		next = p->next;
		if (!is_needed(p)) {
			person_free(all, p);
			continue;
		}
		/* Others must not wait behind one that stays. */
		DL_DELETE(all->order, p);
		DL_APPEND(all->order, p);
	}
}

static char *
make_key(const char *tenant, size_t tenant_n, const char *sub, size_t *out_n)
{
	size_t n = tenant_n + 1 + strlen(sub);
	char *key = mem_alloc(n + 1);

	memcpy(key, tenant, tenant_n);
	key[tenant_n] = '\n';
	memcpy(key + tenant_n + 1, sub, n - tenant_n - 1);
	*out_n = n;
	return key;
}

static struct person *
find(struct orders *o, const char *tenant, size_t tenant_n, const char *sub)
{
	struct person *p;
	size_t n;
	char *key = make_key(tenant, tenant_n, sub, &n);

	HASH_FIND(hh, o->persons.by_key, key, n, p);
	free(key);
	return p;
}

struct person *
person_find(struct orders *o, const char *tenant, const char *sub)
{
	return find(o, tenant, strlen(tenant), sub);
}

struct person *
person_find_topic(struct orders *o, const char *rest)
{
	/* Both may have a "/" in them, and no control character. */
	const char *end = strchr(rest, '\n');

	return end == NULL ? NULL :
	    find(o, rest, (size_t)(end - rest), end + 1);
}

static struct person *
person_new(struct orders *o, const char *tenant, const char *sub)
{
	size_t t = strlen(tenant), s = strlen(sub), n = t + 1 + s;
	struct person *p = mem_alloc(sizeof(*p) + n + 1 + t + 1);
	struct persons *all = &o->persons;
	char *at = p->key + n + 1;

	if (all->max == 0)
		all->max = o->set->notify.persons_max > 0 ?
		    (uint32_t)o->set->notify.persons_max :
		    PERSONS_MAX_DEFAULT;
	make_room(all);
	p->orders = o;
	memcpy(p->key, tenant, t);
	p->key[t] = '\n';
	memcpy(p->key + t + 1, sub, s);
	p->sub = p->key + t + 1;
	memcpy(at, tenant, t);
	p->tenant = at;
	HASH_ADD(hh, all->by_key, key, n, p);
	DL_APPEND(all->order, p);
	all->n++;
	return p;
}

void
person_fetch(struct orders *o, const char *tenant, const char *sub,
    struct person_visit *v)
{
	struct person *p = person_find(o, tenant, sub);

	if (o->ending) {
		v->found(v, o, NULL, OW_EAGAIN);
		return;
	}
	if (p == NULL) {
		p = person_new(o, tenant, sub);
	} else {
		DL_DELETE(o->persons.order, p);
		DL_APPEND(o->persons.order, p);
	}
	if (p->loaded && !p->stale && p->visits == NULL) {
		v->found(v, o, p, OW_OK);
		return;
	}
	v->next = NULL;
	if (p->visits == NULL)
		p->visits = v;
	else
		p->visits_last->next = v;
	p->visits_last = v;
	person_read(p);
}

/* ---- From the store ----------------------------------------------------- */

/* Visits that come meanwhile are behind these; one that makes p stale again
   leaves the rest to the next read. */
static void
end_visits(struct person *p, int err)
{
	struct orders *o = p->orders;
	struct person_visit *v;

	while ((v = p->visits) != NULL) {
		if (err == OW_OK && p->stale)
			return;
		p->visits = v->next;
		v->found(v, o, err == OW_OK ? p : NULL, err);
	}
}

static void
take_prefs(struct person *p, const struct ow_rows *rows)
{
	struct prefs *prefs = NULL;
	const char *doc = NULL;
	int64_t version = 0;
	size_t n = 0;

	if (rows->n_rows > 0) {
		version = row_int(rows, 0, 0);
		doc = row_text(rows, 0, 1, &n);
	}
	if (doc != NULL && prefs_load(doc, n, version, &prefs) != OW_OK)
		log_error("desk", "stored preferences do not read; the"
		    " defaults apply", LOG_STR("tenant", p->tenant));
	if (prefs == NULL)
		prefs = prefs_new();
	prefs->version = version;
	prefs_free(&p->prefs);
	p->prefs = prefs;
}

static char *
cell_dup(const struct ow_rows *rows, uint32_t row, uint32_t col)
{
	const char *text = row_text(rows, row, col, NULL);

	return mem_dup(text != NULL ? text : "");
}

static void
take_addresses(struct person *p, const struct ow_rows *rows)
{
	struct person_address *a;
	uint32_t i;

	addresses_done(p);
	p->addresses = mem_alloc((rows->n_rows + 1) * sizeof(*a));
	for (i = 0; i < rows->n_rows; i++) {
		a = &p->addresses[p->n_addresses++];
		(void)snprintf(a->id, sizeof(a->id), "%s",
		    row_text(rows, i, 0, NULL));
		a->kind = cell_dup(rows, i, 1);
		a->address = cell_dup(rows, i, 2);
		(void)snprintf(a->hash, sizeof(a->hash), "%s",
		    row_text(rows, i, 3, NULL));
		a->hint = cell_dup(rows, i, 4);
	}
}

static void
tell_event(struct person *p, struct event *event)
{
	struct orders *o = p->orders;
	uint32_t f;

	for (f = 0; f < o->n_hubs; f++) {
		if ((p->watchers >> f & 1) == 0)
			continue;
		hub_tell(o->hubs[f], event);
		metric_add(o->metrics, DESK_M_TOLD, 1);
	}
}

/* What screens have not heard yet. */
static void
tell_newer(struct person *p, const struct ow_rows *rows)
{
	struct event *event;
	const char *message;
	uint32_t i;
	size_t n;

	for (i = 0; i < rows->n_rows; i++) {
		message = row_text(rows, i, 3, &n);
		event = event_make_person(p->tenant, p->sub,
		    row_text(rows, i, 2, NULL), (uint64_t)row_int(rows, i, 0),
		    row_int(rows, i, 1), message, n);
		tell_event(p, event);
		event_unref(&event);
		p->told = (uint64_t)row_int(rows, i, 0);
	}
}

static void
read_failed(struct person *p, int err)
{
	p->reads = 0;
	if (p->loaded && p->watchers != 0)
		p->orders->persons.unsure = true;
	end_visits(p, err);
}

static void
person_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct person *p = arg;

	(void)txn;
	p->reading = false;
	if (r->err != OW_OK) {
		read_failed(p, r->err);
		return;
	}
	take_prefs(p, &r->rows[1]);
	take_addresses(p, &r->rows[2]);
	p->seq = (uint64_t)row_int(&r->rows[0], 0, 0);
	(void)snprintf(p->last, sizeof(p->last), "%s", p->seq > 0 ?
	    row_text(&r->rows[0], 0, 1, NULL) : "");
	p->unread = row_int(&r->rows[0], 0, 2);
	if (p->loaded)
		tell_newer(p, &r->rows[3]);
	else
		p->told = p->seq;
	p->loaded = true;
	/* Another node appended between the questions, or very much. */
	if (p->told != p->seq || p->is_outdated) {
		p->stale = true;
		if (++p->reads > READS_MAX)
			read_failed(p, OW_EAGAIN);
		else
			person_read(p);
		return;
	}
	p->told_unread = p->unread;
	p->stale = false;
	p->reads = 0;
	end_visits(p, OW_OK);
	if (p->stale && p->visits != NULL)
		person_read(p);
}

static void
person_read(struct person *p)
{
	struct txn *txn;

	if (p->reading || p->in_flight > 0)
		return;
	p->reading = true;
	p->is_outdated = false;
	metric_add(p->orders->metrics, DESK_M_STORE_READS, 1);
	txn = txn_new(p->orders->journal);
	txn_add(txn, Q_PERSON_STATE, -1, "ss", p->tenant, p->sub);
	txn_add(txn, Q_PREFS_GET, -1, "ss", p->tenant, p->sub);
	txn_add(txn, Q_ADDRESSES_OF, -1, "ss", p->tenant, p->sub);
	if (p->loaded)
		txn_add(txn, Q_PERSON_SINCE, -1, "ssii", p->tenant, p->sub,
		    (int64_t)p->told, (int64_t)NEWER_MAX);
	txn_send(&txn, person_came, p);
}

void
person_outdated(struct person *p)
{
	p->stale = true;
	p->is_outdated = p->reading;
}

void
persons_heal(struct orders *o)
{
	struct person *p, *next;

	if (!o->persons.unsure)
		return;
	o->persons.unsure = false;
	HASH_ITER(hh, o->persons.by_key, p, next)
		if (p->stale && p->watchers != 0)
			person_read(p);
}

void
person_compare(struct orders *o, const char *tenant, const char *sub,
    uint64_t seq, int64_t unread)
{
	struct person *p = person_find(o, tenant, sub);

	if (p == NULL || p->in_flight > 0 || p->reading || seq < p->told ||
	    (seq == p->told && unread == p->told_unread))
		return;
	p->stale = true;
	if (p->watchers != 0)
		person_read(p);
}

void
persons_done(struct orders *o)
{
	struct person *p, *next;

	OW_ASSERT(o->ending);
	HASH_ITER(hh, o->persons.by_key, p, next)
		end_visits(p, OW_EAGAIN);
	HASH_ITER(hh, o->persons.by_key, p, next)
		person_free(&o->persons, p);
}

/* ---- A transaction about a person --------------------------------------- */

void
person_append(struct person *p, struct txn *txn, const char *type,
    int64_t at_ms, int64_t unread, const char *data, size_t n,
    struct person_news *out)
{
	struct buf message = BUF_INIT(MESSAGE_MAX);
	char id[ID_SIZE];
	struct jw w;

	OW_ASSERT(p->in_flight > 0 && !p->stale);
	p->seq++;
	p->unread = unread;
	id_new(&p->orders->ids, at_ms, id);
	jw_init(&w, &message);
	jw_object(&w, NULL);
	jw_text(&w, "type", type);
	jw_text(&w, "id", id);
	jw_int(&w, "seq", (int64_t)p->seq);
	jw_time(&w, "at", at_ms);
	jw_raw(&w, "data", data, n);
	jw_end(&w);
	OW_ASSERT(!message.full);
	*out = (struct person_news){ .seq = p->seq, .unread = unread,
	    .at_ms = at_ms, .type = type, .n = message.n,
	    .json = arena_dupn(txn_arena(txn), message.p, message.n) };
	txn_add(txn, Q_PERSON_APPEND, 1, "ssisisbs", p->tenant, p->sub,
	    (int64_t)p->seq, id, at_ms, type,
	    (struct ow_bytes){ message.p, message.n }, p->last);
	memcpy(p->last, id, ID_SIZE);
	buf_done(&message);
}

void
person_hold(struct person *p)
{
	p->in_flight++;
}

void
person_settled(struct person *p, bool is_done)
{
	OW_ASSERT(p->in_flight > 0);
	p->in_flight--;
	if (!is_done)
		p->stale = true;
	if (p->in_flight == 0 && !p->orders->ending &&
	    (p->visits != NULL || (p->stale && p->watchers != 0)))
		person_read(p);
}

void
person_tell(struct person *p, const struct person_news *news)
{
	struct event *event;

	if (news->seq <= p->told)
		return;			/* a read was quicker */
	p->told = news->seq;
	p->told_unread = news->unread;
	if (p->watchers == 0)
		return;
	event = event_make_person(p->tenant, p->sub, news->type, news->seq,
	    news->at_ms, news->json, news->n);
	tell_event(p, event);
	event_unref(&event);
}

/* ---- Addresses ---------------------------------------------------------- */

void
person_drop_address(struct person *p, const char *kind, const char *hash)
{
	struct person_address *a;
	uint32_t i;

	for (i = 0; i < p->n_addresses; i++) {
		a = &p->addresses[i];
		if (strcmp(a->kind, kind) != 0 || strcmp(a->hash, hash) != 0)
			continue;
		address_done(a);
		p->n_addresses--;
		memmove(a, a + 1, (p->n_addresses - i) * sizeof(*a));
		return;
	}
}

void
person_add_address(struct person *p, const struct person_address *address)
{
	struct person_address *a;

	person_drop_address(p, address->kind, address->hash);
	p->addresses = mem_grow(p->addresses,
	    (p->n_addresses + 1) * sizeof(*a));
	a = &p->addresses[p->n_addresses++];
	*a = *address;
	a->kind = mem_dup(address->kind);
	a->address = mem_dup(address->address);
	a->hint = mem_dup(address->hint);
}

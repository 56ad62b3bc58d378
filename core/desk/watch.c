/* SPDX-License-Identifier: MIT */
/*
 * watch - a stream's question answered: who are you, may you see this, and
 * what did you miss.
 *
 * The answer is put together in one step on the orders loop, and in the same
 * step the front starts to be told: between the snapshot (or the replay) and
 * the first live event nothing fits.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/carry.h"
#include "desk/room.h"

struct watch {
	struct visit visit;		/* first */
	struct ask *ask;
	char hash[SHA256_HEX_SIZE];
	bool log_read;
};

static void watch_order(struct orders *, struct watch *);

uint64_t
desk_front_bit(const struct orders *o, const struct hub *hub)
{
	uint32_t i;

	for (i = 0; i < o->n_hubs; i++)
		if (o->hubs[i] == hub)
			return (uint64_t)1 << i;
	return 0;
}

static void
refuse(struct ask *a, int err)
{
	if (((struct orders *)a->desk)->ending) {
		ask_free(&a);		/* its front may have gone */
		return;
	}
	a->err = err;
	hub_answer(a);
}

static void
asks_add(struct ask_line *line, struct ask *a)
{
	a->mail.next = NULL;
	if (line->first == NULL)
		line->first = &a->mail;
	else
		line->last->next = &a->mail;
	line->last = &a->mail;
}

static struct ask *
asks_take(struct ask_line *line)
{
	struct mail *m = line->first;

	if (m == NULL)
		return NULL;
	line->first = m->next;
	return (struct ask *)m;		/* its first member */
}

/* Takes over the reference. */
static void
give(struct ask *a, struct event *event)
{
	a->events[a->n_events++] = event;
}

/* stream.live, stream.resync: about the stream, not of the log. */
static struct event *
stream_event(struct orders *o, const char *type, const char *tenant,
    const char *order_id, uint64_t seq)
{
	int64_t now_ms = loop_wall_ms(o->loop);
	struct buf out = BUF_INIT(1024);
	struct event *event;
	char id[ID_SIZE];
	struct jw w;

	id_new(&o->ids, now_ms, id);
	jw_init(&w, &out);
	jw_object(&w, NULL);
	jw_text(&w, "type", type);
	jw_text(&w, "id", id);
	if (order_id[0] != '\0')
		jw_text(&w, "order_id", order_id);
	jw_time(&w, "at", now_ms);
	jw_object(&w, "data");
	if (seq > 0)
		jw_int(&w, "seq", (int64_t)seq);
	jw_end(&w);
	jw_end(&w);
	event = event_make(tenant, order_id, type, 0, now_ms, out.p, out.n);
	buf_done(&out);
	return event;
}

/* ---- One order ---------------------------------------------------------- */

static bool
is_over(const struct orders *o, const struct order *order)
{
	return order_is_finished(order) && order->finished_at_ms +
	    o->set->stream.finished_ms <= loop_wall_ms(o->loop);
}

static void
answer_order(struct orders *o, struct ask *a, struct entry *e)
{
	const struct order *order = e->order;
	uint64_t missing = order->seq - a->since;
	uint32_t first = 0;
	bool replay = a->has_since && a->since <= order->seq &&
	    missing <= (uint64_t)o->set->stream.replay_max &&
	    entry_has_since(e, a->since, &first);
	struct event *where;

	a->events = arena_alloc(&a->arena,
	    (e->n_recent + 4) * sizeof(*a->events));
	if (replay) {
		metric_add(o->metrics, DESK_M_REPLAYED, (int64_t)missing);
		for (; first < e->n_recent; first++)
			give(a, delivery_event(order, e->recent[first]));
	} else {
		metric_add(o->metrics, DESK_M_SNAPSHOTS, 1);
		if (a->resync)
			give(a, stream_event(o, "stream.resync",
			    order->tenant, order->id, order->seq));
		give(a, entry_snapshot(e, &o->ids, loop_wall_ms(o->loop)));
	}
	if (a->wants_live)
		give(a, stream_event(o, "stream.live", order->tenant,
		    order->id, order->seq));
	/* A place has no seq: no replay has it.  Who was here all the time had
	   it, or gets it yet. */
	a->has_place = !replay || a->wants_live;
	where = replay && a->has_place && e->carry != NULL ?
	    carry_again(o, e->carry) : NULL;
	if (where != NULL)
		give(a, where);
	a->topic = arena_dup(&a->arena, order->id);
	a->seq = order->seq;
	a->finished = is_over(o, order);
	if (!a->finished)
		e->watchers |= desk_front_bit(o, a->hub);
	a->err = OW_OK;
	hub_answer(a);
}

/* A log that is not in memory is read once, if that makes a replay. */
static bool
needs_log(const struct orders *o, const struct watch *w, const struct entry *e)
{
	const struct ask *a = w->ask;
	uint32_t first;

	return a->has_since && !w->log_read && a->since < e->order->seq &&
	    e->order->seq - a->since <= (uint64_t)o->set->stream.replay_max &&
	    !entry_has_since(e, a->since, &first);
}

static void
log_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct watch *w = (struct watch *)v;

	(void)e;
	if (o->ending) {
		refuse(w->ask, err);
		return;
	}
	/* Without the log it will be a snapshot. */
	w->log_read = true;
	watch_order(o, w);
}

/* It was good when this began, but the order had to be fetched. */
static bool
is_revoked(struct orders *o, const struct watch *w)
{
	const struct link *link = NULL;

	if (w->hash[0] != '\0')
		link = links_find(&o->links, w->hash);
	return link != NULL && link->revoked;
}

static void
order_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct watch *w = (struct watch *)v;
	struct ask *a = w->ask;

	if (err == OW_OK && is_revoked(o, w)) {
		refuse(a, OW_EINVAL);
		return;
	}
	if (err == OW_OK && !who_may_read(a->seen_as, e->order->id,
	    e->order->customer_id))
		err = a->seen_as->role == ROLE_TRACKING ? OW_EDENIED :
		    OW_ENOENT;
	if (err != OW_OK) {
		refuse(a, err == OW_ENOENT || err == OW_EDENIED ? err :
		    OW_EAGAIN);
		return;
	}
	if (needs_log(o, w, e)) {
		w->visit.found = log_found;
		fetch_log(o, e->order->id, &w->visit);
		return;
	}
	answer_order(o, a, e);
}

static void
watch_order(struct orders *o, struct watch *w)
{
	w->visit.found = order_found;
	fetch_order(o, w->ask->seen_as->tenant, w->ask->order, &w->visit);
}

/* ---- The kitchen -------------------------------------------------------- */

/* Orders written in one turn, a few milliseconds of it. */
#define KITCHEN_STEP 500u

static void cooks_look(void *arg);

static void
answer_kitchen(struct orders *o, struct ask *a, uint32_t *budget)
{
	struct book_tenant *t = book_tenant(&o->book, a->seen_as->tenant);
	int64_t now_ms = loop_wall_ms(o->loop);

	if (!tenant_kitchen_prepare(t, budget)) {
		asks_add(&o->cooks, a);
		o->cooks_turn.fn = cooks_look;
		o->cooks_turn.arg = o;
		loop_at_turn_end(o->loop, &o->cooks_turn);
		return;
	}
	a->events = arena_alloc(&a->arena, 2 * sizeof(*a->events));
	if (a->resync)
		give(a, stream_event(o, "stream.resync", t->name, "", 0));
	give(a, event_ref(tenant_kitchen(t, &o->ids, now_ms)));
	a->topic = arena_join(&a->arena, "kitchen/", t->name, NULL);
	t->watchers |= desk_front_bit(o, a->hub);
	a->err = OW_OK;
	hub_answer(a);
}

/* Their kitchens have very many orders that nobody has looked at yet. */
static void
cooks_look(void *arg)
{
	struct orders *o = arg;
	struct ask_line all = o->cooks;
	uint32_t budget = KITCHEN_STEP;
	struct ask *a;

	o->cooks = (struct ask_line){ NULL, NULL };
	while ((a = asks_take(&all)) != NULL)
		answer_kitchen(o, a, &budget);
}

static void
watch_kitchen(struct orders *o, struct ask *a)
{
	uint32_t budget = KITCHEN_STEP;

	if (!who_may_cook(a->seen_as) ||
	    strcmp(a->seen_as->tenant, "*") == 0)
		refuse(a, OW_EDENIED);
	else
		answer_kitchen(o, a, &budget);
}

/* ---- Persons ------------------------------------------------------------ */

#define MORE_MAX 4		/* reads that find more was appended */

/* A person's question: a watch whose first member is another visit. */
struct person_watch {
	struct person_visit visit;	/* first */
	struct ask *ask;
	uint32_t cap, reads;
	bool no_replay;
};

static struct event *
person_snapshot(struct orders *o, const struct person *p)
{
	int64_t now_ms = loop_wall_ms(o->loop);
	struct buf out = BUF_INIT(1024);
	struct event *event;
	char id[ID_SIZE];
	struct jw w;

	id_new(&o->ids, now_ms, id);
	jw_init(&w, &out);
	jw_object(&w, NULL);
	jw_text(&w, "type", "notifications.snapshot");
	jw_text(&w, "id", id);
	jw_int(&w, "seq", (int64_t)p->told);
	jw_time(&w, "at", now_ms);
	jw_object(&w, "data");
	jw_int(&w, "unread_count", p->told_unread);
	jw_end(&w);
	jw_end(&w);
	event = event_make(p->tenant, "", "notifications.snapshot", p->told,
	    now_ms, out.p, out.n);
	buf_done(&out);
	return event;
}

/* What was found so far is dropped for a snapshot. */
static void
person_begin_anew(struct orders *o, struct ask *a, const struct person *p)
{
	while (a->n_events > 0)
		event_unref(&a->events[--a->n_events]);
	metric_add(o->metrics, DESK_M_SNAPSHOTS, 1);
	a->events = arena_alloc(&a->arena, 3 * sizeof(*a->events));
	if (a->resync)
		give(a, stream_event(o, "stream.resync", p->tenant, "",
		    p->told));
	give(a, person_snapshot(o, p));
}

static void
person_answer(struct orders *o, struct ask *a, struct person *p)
{
	if (a->wants_live)
		give(a, stream_event(o, "stream.live", p->tenant, "",
		    p->told));
	a->topic = arena_join(&a->arena, "person/", p->tenant, "\n", p->sub,
	    NULL);
	a->seq = p->told;
	p->watchers |= desk_front_bit(o, a->hub);
	a->err = OW_OK;
	hub_answer(a);
}

/* The seq up to which the answer goes by now. */
static uint64_t
person_upto(const struct ask *a)
{
	return a->n_events > 0 ? a->events[a->n_events - 1]->pub.seq :
	    a->since;
}

static void
newer_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct person_watch *w = arg;
	struct ask *a = w->ask;
	struct orders *o = a->desk;
	const struct ow_rows *rows = r->rows;
	const char *message;
	uint64_t seq;
	uint32_t i;
	size_t n;

	(void)txn;
	w->no_replay = r->err != OW_OK;
	for (i = 0; !w->no_replay && i < rows[0].n_rows; i++) {
		seq = (uint64_t)row_int(rows, i, 0);
		if (seq != person_upto(a) + 1 || a->n_events == w->cap) {
			w->no_replay = true;	/* its beginning is purged */
			break;
		}
		message = row_text(rows, i, 3, &n);
		give(a, event_make_person(a->seen_as->tenant,
		    a->seen_as->sub, row_text(rows, i, 2, NULL), seq,
		    row_int(rows, i, 1), message, n));
	}
	person_fetch(o, a->seen_as->tenant, a->seen_as->sub, &w->visit);
}

/* What a read found beyond what screens were told will be told to them. */
static void
person_cut(struct ask *a, uint64_t told)
{
	while (a->n_events > 0 && person_upto(a) > told)
		event_unref(&a->events[--a->n_events]);
}

static void
person_found(struct person_visit *v, struct orders *o, struct person *p,
    int err)
{
	struct person_watch *w = (struct person_watch *)v;
	struct ask *a = w->ask;
	struct txn *txn;

	if (err != OW_OK) {
		refuse(a, OW_EAGAIN);
		return;
	}
	person_cut(a, p->told);
	if (!a->has_since || w->no_replay || person_upto(a) > p->told ||
	    p->told - a->since > (uint64_t)o->set->stream.replay_max ||
	    (person_upto(a) < p->told && w->reads >= MORE_MAX)) {
		person_begin_anew(o, a, p);
		person_answer(o, a, p);
	} else if (person_upto(a) == p->told) {
		metric_add(o->metrics, DESK_M_REPLAYED, a->n_events);
		person_answer(o, a, p);
	} else {
		w->reads++;
		metric_add(o->metrics, DESK_M_STORE_READS, 1);
		txn = txn_new(o->journal);
		txn_add(txn, Q_PERSON_SINCE, -1, "ssii", p->tenant, p->sub,
		    (int64_t)person_upto(a), o->set->stream.replay_max);
		txn_send(&txn, newer_came, w);
	}
}

static void
watch_person(struct orders *o, struct ask *a)
{
	const struct who *who = a->seen_as;
	struct person_watch *w;

	if (who->role == ROLE_TRACKING || who->sub[0] == '\0') {
		refuse(a, OW_EDENIED);
		return;
	}
	w = arena_alloc(&a->arena, sizeof(*w));
	w->ask = a;
	w->visit.found = person_found;
	w->cap = (uint32_t)o->set->stream.replay_max;
	a->events = arena_alloc(&a->arena, (w->cap + 2) * sizeof(*a->events));
	person_fetch(o, who->tenant, who->sub, &w->visit);
}

/* ---- Who ---------------------------------------------------------------- */

static void
watch_feed(struct orders *o, struct watch *w)
{
	struct ask *a = w->ask;

	switch (a->feed) {
	case OW_FEED_ORDER:
		watch_order(o, w);
		break;
	case OW_FEED_KITCHEN:
		watch_kitchen(o, a);
		break;
	case OW_FEED_PERSON:
		watch_person(o, a);
		break;
	default:
		refuse(a, OW_ENOENT);
	}
}

static void
link_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct watch *w = (struct watch *)v;
	const struct link *link = links_find(&o->links, w->hash);

	(void)e;
	if (err == OW_OK && link != NULL)
		err = link_admit(link, loop_wall_ms(o->loop),
		    &w->ask->seen_as);
	if (err != OW_OK) {
		refuse(w->ask, err == OW_ENOENT || err == OW_EDENIED ?
		    OW_EINVAL : OW_EAGAIN);
		return;
	}
	watch_feed(o, w);
}

static void
watch_by_link(struct orders *o, struct watch *w)
{
	w->visit.found = link_found;
	fetch_link(o, w->hash, &w->visit);
}

static void
watch_by_ticket(struct orders *o, struct watch *w)
{
	struct ask *a = w->ask;

	if (ticket_use(&o->tickets, a->ticket, a->path,
	    loop_now_ms(o->loop), &a->seen_as) != OW_OK) {
		refuse(a, OW_EINVAL);
	} else if (a->seen_as->role == ROLE_TRACKING) {
		/* Its link may have been revoked since. */
		link_id_hash(&o->links, a->seen_as->sub, w->hash);
		who_unref(&a->seen_as);
		watch_by_link(o, w);
	} else {
		watch_feed(o, w);
	}
}

void
watch_early(struct orders *o)
{
	struct ask *a;

	while ((a = asks_take(&o->early)) != NULL) {
		if (o->loaded)
			watch_ask(o, a);
		else
			refuse(a, OW_EAGAIN);
	}
}

/* Their streams have ended with the fronts. */
void
watch_done(struct orders *o)
{
	struct ask *a;

	loop_turn_cancel(o->loop, &o->cooks_turn);
	while ((a = asks_take(&o->early)) != NULL ||
	    (a = asks_take(&o->cooks)) != NULL)
		ask_free(&a);
}

void
watch_ask(struct orders *o, struct ask *a)
{
	struct watch *w;

	/* Clients that return while a restarted server reads its orders wait
	   for that: refused, all of them would come once more. */
	if (!o->loaded && o->load != NULL) {
		asks_add(&o->early, a);
		return;
	}
	metric_add(o->metrics, DESK_M_ASKS, 1);
	w = arena_alloc(&a->arena, sizeof(*w));
	w->ask = a;
	if (!o->loaded) {
		refuse(a, OW_EAGAIN);
	} else if (a->who != NULL) {
		a->seen_as = who_ref(a->who);
		watch_feed(o, w);
	} else if (a->ticket != NULL) {
		watch_by_ticket(o, w);
	} else if (a->tracking_token != NULL) {
		link_hash(a->tracking_token, w->hash);
		watch_by_link(o, w);
	} else {
		refuse(a, OW_EINVAL);
	}
}

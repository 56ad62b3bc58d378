/* SPDX-License-Identifier: MIT */
/*
 * notice - rules made notices and jobs, in the transaction of their event.
 *
 * What the change means (topic_of) finds its rules; a rule's steps find what
 * each may do now (decide), and what is not done at once is written down with
 * its reason: the journey tells it.  Everything that can be odd about a
 * template, an address or a preference ends in such a reason, never in a
 * change that fails.
 *
 * On the path: between desk/commit, which has the event, and the outbox,
 * which finds the jobs in the store.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"
#include "desk/vars.h"
#include "notify/decide.h"
#include "notify/render.h"
#include "notify/topic.h"
#include "outbox/job.h"
#include "outbox/outbox.h"

#define TITLE_MAX 1000
#define TEXT_MAX 4000
#define URL_MAX 2000
#define WHY_LIST_MAX 65536
#define GROUP_BY_ORDER "order"

struct notice {
	struct notice *next;
	const struct fact *fact;
	const struct rule *rule;
	char topic[TOPIC_SIZE];
};

struct notices {
	struct arena *arena;
	const struct order *order;	/* behind the change */
	struct notice *first;
	uint32_t n;
	bool has_sub;
	struct person *person;		/* held; or NULL */
	uint32_t n_news;
	struct person_news *news;
	uint32_t op_first, op_end;
	int64_t due_ms;			/* of the first job; INT64_MAX */
};

/* One notice while it is made. */
struct making {
	struct orders *o;
	struct notices *all;
	const struct notice *n;
	struct txn *txn;
	struct person *p;		/* NULL: the platform's */
	bool is_watching;
	int64_t at_ms;
	char id[ID_SIZE];
	const char *locale;
	struct rendered shown;
	bool inbox;
	struct jw why;
};

/* ---- Planned ------------------------------------------------------------ */

struct notices *
notice_plan(struct orders *o, const struct order *before,
    const struct order *after, const struct change *change,
    struct arena *arena)
{
	struct notice *n, **end = NULL;
	struct notices *all = NULL;
	const struct rule *rule;
	char topic[TOPIC_SIZE];
	uint32_t i, k;

	for (i = 0; o->rules != NULL && i < change->n_facts; i++) {
		topic_of(before, after, &change->facts[i], topic);
		if (topic[0] == '\0')
			continue;
		for (k = 0; (rule = rules_find(o->rules, topic, k)) != NULL;
		    k++) {
			if (all == NULL) {
				all = arena_alloc(arena, sizeof(*all));
				all->arena = arena;
				all->order = after;
				all->due_ms = INT64_MAX;
				end = &all->first;
			}
			n = arena_alloc(arena, sizeof(*n));
			n->fact = &change->facts[i];
			n->rule = rule;
			memcpy(n->topic, topic, TOPIC_SIZE);
			*end = n;
			end = &n->next;
			all->n++;
			if (rule->audience == AUDIENCE_CUSTOMER)
				all->has_sub = true;
		}
	}
	return all;
}

const char *
notice_sub(const struct notices *all)
{
	return all != NULL && all->has_sub ? all->order->customer_id : NULL;
}

/* ---- In words ----------------------------------------------------------- */

/* At most max bytes of it, whole characters. */
static const char *
cut(struct arena *a, const char *text, size_t max)
{
	size_t n = strlen(text);

	if (n <= max)
		return text;
	for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		;
	return arena_dupn(a, text, n);
}

static void
show(struct making *m, const char *vars, size_t n)
{
	struct arena *a = m->all->arena;
	struct rendered *shown = &m->shown;
	struct json *values = NULL;
	struct ow_fault fault;

	*shown = (struct rendered){ m->n->topic, "", "", "" };
	if (json_parse(vars, n, &values, &fault) != OW_OK)
		return;
	if (m->o->templates != NULL)
		render(m->o->templates, m->n->rule->template_name, m->locale,
		    MEDIUM_IN_APP, values, a, shown);
	if (shown->url[0] == '\0')
		shown->url = json_get_text(values, "url");
	shown->title = cut(a, shown->title, TITLE_MAX);
	shown->text = cut(a, shown->text, TEXT_MAX);
	shown->url = arena_dup(a, cut(a, shown->url, URL_MAX));
	json_free(&values);
}

static void
say_why(struct making *m, enum medium medium, const char *decision,
    const char *why)
{
	jw_object(&m->why, NULL);
	jw_text(&m->why, "medium", medium_name(medium));
	jw_text(&m->why, "decision", decision);
	jw_text(&m->why, "why", why);
	jw_end(&m->why);
}

/* ---- Jobs --------------------------------------------------------------- */

struct target {
	const char *kind, *address, *hint;
	char hash[SHA256_HEX_SIZE];
};

static void
add_job(struct making *m, const struct rule_step *step, int64_t due_ms,
    const struct target *to)
{
	const struct rule *rule = m->n->rule;
	const struct order *order = m->all->order;
	struct job_new j = {
		.tenant = order->tenant,
		.sub = m->p != NULL ? m->p->sub : "", .notice_id = m->id,
		.order_id = order->id, .event_id = m->n->fact->id,
		.topic = m->n->topic, .kind = to->kind,
		.medium = medium_name(step->medium), .address = to->address,
		.hint = to->hint, .locale = m->locale, .at_ms = m->at_ms,
		.due_ms = due_ms, .stale_ms = m->at_ms + rule->ttl_ms,
		.only_unseen = m->p != NULL && !step->always,
		.critical = rule->critical,
	};

	j.group = rule->group == NULL ? "" : strcmp(rule->group,
	    GROUP_BY_ORDER) == 0 ? order->id : rule->group;
	id_new(&m->o->ids, m->at_ms, j.id);
	memcpy(j.hash, to->hash, sizeof(j.hash));
	job_add(m->txn, &j);
	if (due_ms < m->all->due_ms)
		m->all->due_ms = due_ms;
	metric_add(m->o->metrics, DESK_M_JOBS, 1);
}

static uint32_t
find_subscriptions(struct making *m, struct target **out)
{
	const struct person_address *a;
	struct target *list;
	uint32_t i, n = 0;

	list = arena_alloc(m->all->arena,
	    (m->p->n_addresses + 1) * sizeof(*list));
	for (i = 0; i < m->p->n_addresses; i++) {
		a = &m->p->addresses[i];
		if (!outbox_has_kind(m->o->outbox, a->kind,
		    m->all->order->tenant))
			continue;
		list[n].kind = a->kind;
		list[n].address = a->address;
		list[n].hint = a->hint;
		memcpy(list[n++].hash, a->hash, sizeof(a->hash));
	}
	*out = list;
	return n;
}

static uint32_t
find_own(struct making *m, struct target **out)
{
	const struct own_address *const *own;
	const char *tenant = m->all->order->tenant;
	uint32_t i, n = 0, n_own = outbox_own_addresses(m->o->outbox, &own);
	struct target *list;

	list = arena_alloc(m->all->arena, (n_own + 1) * sizeof(*list));
	for (i = 0; i < n_own; i++) {
		if (strcmp(own[i]->tenant, "*") != 0 &&
		    strcmp(own[i]->tenant, tenant) != 0)
			continue;
		list[n].kind = own[i]->kind;
		list[n].address = own[i]->address.text;
		list[n].hint = own[i]->address.hint;
		job_own_hash(own[i]->kind, own[i]->instance,
		    own[i]->address.identity, list[n++].hash);
	}
	*out = list;
	return n;
}

/* One address of a person that is known by its text.  what: why it is none;
   untouched if there is nothing at all. */
static uint32_t
find_contact(struct making *m, enum medium medium, struct target **out,
    const char **what)
{
	const struct prefs *prefs = m->p->prefs;
	const struct contact *contact = &m->all->order->contact;
	bool email = medium == MEDIUM_EMAIL;
	const char *text = email ? prefs->email : prefs->phone;
	struct target *to;
	char hint[64], *at;

	if (text == NULL)
		text = email ? contact->email : contact->phone;
	if (text == NULL || text[0] == '\0')
		return 0;
	if (!(email ? email_is_valid(text) : phone_is_valid(text))) {
		*what = email ? "what is known as the e-mail address is none" :
		    "what is known as the phone number is none";
		return 0;
	}
	to = arena_alloc(m->all->arena, sizeof(*to));
	to->kind = medium_name(medium);
	to->address = arena_dup(m->all->arena, text);
	job_hint(to->kind, text, hint);
	to->hint = arena_dup(m->all->arena, hint);
	/* Names of hosts, and in practice of mailboxes, know no case. */
	at = arena_dup(m->all->arena, text);
	for (text = at; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	job_address_hash(to->kind, text, to->hash);
	*out = to;
	return 1;
}

static uint32_t
find_targets(struct making *m, enum medium medium, struct target **out,
    const char **what)
{
	if (m->o->outbox == NULL)
		return 0;
	if (m->p == NULL)
		return medium == MEDIUM_WEBHOOK ? find_own(m, out) : 0;
	if (medium == MEDIUM_PUSH)
		return find_subscriptions(m, out);
	if (medium == MEDIUM_EMAIL || medium == MEDIUM_SMS)
		return find_contact(m, medium, out, what);
	return 0;
}

static void
add_step(struct making *m, const struct rule_step *step)
{
	const struct rule *rule = m->n->rule;
	struct target *targets = NULL;
	const char *what = NULL;
	uint32_t i, n = find_targets(m, step->medium, &targets, &what);
	struct decide d = {
		.event = m->n->topic, .medium = step->medium,
		.only_unseen = m->p != NULL && !step->always,
		.critical = rule->critical, .at_ms = m->at_ms,
		.due_ms = m->at_ms + step->after_ms,
		.stale_ms = m->at_ms + rule->ttl_ms, .now_ms = m->at_ms,
		.prefs = m->p != NULL ? m->p->prefs : NULL,
		.is_watching = m->is_watching, .has_address = n > 0,
		.has_channel = m->o->outbox != NULL && outbox_has_medium(
		    m->o->outbox, step->medium, m->all->order->tenant),
	};
	struct decided decided;

	decide(&d, m->o->zones, &decided);
	if (decided.decision == DECIDE_SKIP) {
		say_why(m, step->medium, "skip", d.has_channel &&
		    what != NULL ? what : decided.why);
		return;
	}
	if (decided.decision == DECIDE_SEND)
		decided.due_ms = d.due_ms;
	else if (decided.due_ms != d.due_ms)
		say_why(m, step->medium, "later", decided.why);
	for (i = 0; i < n; i++)
		add_job(m, step, decided.due_ms, &targets[i]);
}

/* ---- The inbox ---------------------------------------------------------- */

static bool
belongs_in_inbox(struct making *m)
{
	const struct rule *rule = m->n->rule;
	char refusal[160];
	uint32_t i;

	for (i = 0; i < rule->n_steps; i++)
		if (rule->steps[i].medium == MEDIUM_IN_APP)
			break;
	if (m->p == NULL || i == rule->n_steps)
		return false;
	if (prefs_refusal(m->p->prefs, m->n->topic, MEDIUM_IN_APP,
	    refusal) == NULL)
		return true;
	say_why(m, MEDIUM_IN_APP, "skip", refusal);
	return false;
}

static void
append_new(struct making *m)
{
	struct buf data = BUF_INIT(65536);
	int64_t unread = m->p->unread + 1;
	struct jw w;

	jw_init(&w, &data);
	jw_object(&w, NULL);
	jw_object(&w, "notification");
	jw_text(&w, "id", m->id);
	jw_text(&w, "type", m->n->topic);
	jw_text(&w, "order_id", m->all->order->id);
	jw_text(&w, "title", m->shown.title);
	jw_text(&w, "text", m->shown.text);
	jw_text(&w, "url", m->shown.url);
	jw_time(&w, "at", m->at_ms);
	jw_null(&w, "read_at");
	jw_end(&w);
	jw_int(&w, "unread_count", unread);
	jw_end(&w);
	OW_ASSERT(!data.full);
	person_append(m->p, m->txn, "notification.new", m->at_ms, unread,
	    data.p, data.n, &m->all->news[m->all->n_news++]);
	buf_done(&data);
}

/* ---- Made --------------------------------------------------------------- */

static const char *
find_locale(const struct making *m)
{
	const struct prefs *prefs = m->p != NULL ? m->p->prefs : NULL;
	const char *wanted = prefs != NULL ? prefs->locale : NULL;

	if (wanted == NULL && prefs != NULL)
		wanted = m->all->order->contact.locale;
	if (m->o->templates != NULL)
		return templates_locale(m->o->templates, wanted);
	return wanted != NULL ? wanted : "";
}

static void
insert(struct making *m, const struct buf *vars, const struct buf *why)
{
	const struct order *order = m->all->order;

	txn_add(m->txn, Q_NOTICE_INSERT, 1, "ssssssiisssbbis", m->id,
	    order->tenant, m->p != NULL ? m->p->sub : "", order->id,
	    m->n->fact->id, m->n->topic, m->at_ms, (int64_t)m->inbox,
	    m->shown.title, m->shown.text, m->shown.url,
	    (struct ow_bytes){ vars->p, vars->n },
	    (struct ow_bytes){ why->p, why->n },
	    m->is_watching ? m->at_ms : (int64_t)0,
	    m->is_watching ? SEEN_LIVE : "");
	metric_add(m->o->metrics, DESK_M_NOTICES, 1);
}

static void
make(struct making *m)
{
	struct buf vars = BUF_INIT(VARS_MAX), why = BUF_INIT(WHY_LIST_MAX);
	const struct rule *rule = m->n->rule;
	struct vars v = {
		.set = m->o->set, .public_url = m->o->public_url,
		.zones = m->o->zones, .order = m->all->order,
		.fact = m->n->fact,
		.prefs = m->p != NULL ? m->p->prefs : NULL,
		.at_ms = m->at_ms,
	};
	uint32_t i;

	id_new(&m->o->ids, m->at_ms, m->id);
	m->locale = find_locale(m);
	vars_write(&v, &vars);
	show(m, vars.p, vars.n);
	jw_init(&m->why, &why);
	jw_list(&m->why, NULL);
	m->inbox = belongs_in_inbox(m);
	for (i = 0; i < rule->n_steps; i++)
		if (rule->steps[i].medium != MEDIUM_IN_APP)
			add_step(m, &rule->steps[i]);
	jw_end(&m->why);
	OW_ASSERT(!vars.full && !why.full);
	insert(m, &vars, &why);
	if (m->inbox)
		append_new(m);
	buf_done(&vars);
	buf_done(&why);
}

void
notice_add(struct orders *o, struct notices *all, struct txn *txn,
    struct entry *e, struct person *p, int64_t at_ms)
{
	struct making m = { .o = o, .all = all, .txn = txn, .at_ms = at_ms };
	const struct notice *n;

	all->person = p;
	if (p != NULL)
		person_hold(p);
	all->news = arena_alloc(all->arena, all->n * sizeof(*all->news));
	all->op_first = txn_count(txn);
	for (n = all->first; n != NULL; n = n->next) {
		m.n = n;
		m.p = n->rule->audience == AUDIENCE_CUSTOMER ? p : NULL;
		m.is_watching = m.p != NULL && e != NULL && e->present != 0;
		make(&m);
	}
	all->op_end = txn_count(txn);
}

bool
notice_is_op(const struct notices *all, uint32_t op)
{
	return all != NULL && op >= all->op_first && op < all->op_end;
}

void
notice_settled(struct orders *o, struct notices *all, int err)
{
	uint32_t i;

	if (all == NULL)
		return;
	for (i = 0; err == OW_OK && i < all->n_news; i++)
		person_tell(all->person, &all->news[i]);
	if (all->person != NULL)
		person_settled(all->person, err == OW_OK);
	all->person = NULL;
	/* In doubt there may be jobs. */
	if (o->outbox != NULL && all->due_ms != INT64_MAX &&
	    (err == OW_OK || err == OW_EIO))
		outbox_wake(o->outbox, all->due_ms);
}

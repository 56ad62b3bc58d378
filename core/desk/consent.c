/* SPDX-License-Identifier: MIT */
/*
 * consent - may these jobs go now?  Asked by the outbox before it sends.
 *
 * Who watches and what people want is only known here, and may have changed
 * since the notice was made: the same pure function decides again.
 */
#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"
#include "outbox/outbox.h"

struct asking {
	struct person_visit visit;	/* first */
	struct consent *consent;
	struct consent_job *job;
};

static void
one_answered(struct orders *o, struct consent *q)
{
	if (--q->n_open > 0)
		return;
	if (o->ending)
		consent_free(&q);
	else
		outbox_consent(q);
}

static void
answer(struct orders *o, struct consent_job *j, const struct prefs *prefs)
{
	const struct entry *e = book_find_id(&o->book, j->order_id);
	struct decide d = {
		.event = j->topic, .medium = j->medium,
		.only_unseen = j->only_unseen, .critical = j->critical,
		.at_ms = j->at_ms, .due_ms = j->due_ms,
		.stale_ms = j->stale_ms, .now_ms = loop_wall_ms(o->loop),
		.prefs = prefs, .seen_ms = j->seen_ms,
		.seen_how = j->seen_how, .off_why = j->off_why,
		.has_address = true, .has_channel = j->has_channel,
	};

	if (e != NULL && prefs != NULL) {
		d.is_watching = e->present != 0;
		if (d.seen_ms == 0 && e->seen_ms >= j->at_ms) {
			d.seen_ms = e->seen_ms;
			d.seen_how = SEEN_LIVE;
		}
	}
	metric_add(o->metrics, DESK_M_CONSENTS, 1);
	decide(&d, o->zones, &j->decided);
	j->err = OW_OK;
}

static void
person_found(struct person_visit *v, struct orders *o, struct person *p,
    int err)
{
	struct asking *a = (struct asking *)v;

	if (err == OW_OK)
		answer(o, a->job, p->prefs);
	else
		a->job->err = OW_EAGAIN;
	one_answered(o, a->consent);
}

static void
consent_take(struct orders *o, struct consent *q)
{
	struct asking *a;
	uint32_t i;

	q->n_open = q->n + 1;		/* one more: this loop */
	for (i = 0; i < q->n; i++) {
		if (!o->loaded) {
			/* Who watches what is not known yet. */
			q->jobs[i].err = OW_EAGAIN;
			q->n_open--;
		} else if (q->jobs[i].sub[0] == '\0') {
			answer(o, &q->jobs[i], NULL);
			q->n_open--;
		} else {
			a = arena_alloc(&q->arena, sizeof(*a));
			a->consent = q;
			a->job = &q->jobs[i];
			a->visit.found = person_found;
			person_fetch(o, q->jobs[i].tenant, q->jobs[i].sub,
			    &a->visit);
		}
	}
	one_answered(o, q);
}

static void
consent_come(struct mail *m)
{
	struct consent *q = (struct consent *)m;	/* its first member */

	consent_take(q->desk, q);
}

void
orders_consent(void *arg, struct consent *q)
{
	struct orders *o = arg;

	q->desk = o;
	q->mail.run = consent_come;
	loop_send(o->loop, &q->mail);
}

/* SPDX-License-Identifier: MIT */
/*
 * tell - see tell.h.
 */
#include "order/tell.h"

#include <string.h>

#include "order/order.h"
#include "order/predict.h"
#include "order/trail.h"

#define CHANGE_MS INT64_C(60000)
/* Back again: four times that, or this share of what is still to come. */
#define BACK_MS INT64_C(240000)
#define BACK_SHARE 5
/* A window that only gets narrower or wider is no news by the minute. */
#define WIDTH_MS INT64_C(180000)
#define NEAR_MS INT64_C(600000)
#define SLIP_MS INT64_C(300000)

void
told_init(struct told *t)
{
	memset(t, 0, sizeof(*t));
}

void
told_restore(struct told *t, const struct order *o)
{
	const struct eta *eta = &o->eta;

	told_init(t);
	t->imminent = o->imminent;
	if (!eta->known)
		return;
	t->near = order_is_on_the_road(o) &&
	    eta->p50_at_ms - eta->updated_at_ms <= NEAR_MS;
	t->slipped = eta->promised_at_ms != 0 &&
	    eta->p50_at_ms > eta->promised_at_ms + SLIP_MS;
}

int64_t
tell_promise(const struct order *o, const struct prediction *p)
{
	if (o->promised_at_ms != 0)
		return o->promised_at_ms;
	if (o->eta.known && o->eta.promised_at_ms != 0)
		return o->eta.promised_at_ms;
	/* A promise is what nine of ten keep; a guess promises nothing. */
	return strcmp(p->confidence, "low") == 0 ? 0 : p->p90_at_ms;
}

static int64_t
size_ms(int64_t change_ms)
{
	return change_ms < 0 ? -change_ms : change_ms;
}

/* How far it must move to be told. */
static int64_t
threshold_ms(const struct told *t, const struct eta *eta, int direction,
    int64_t now_ms)
{
	int64_t share_ms = (eta->p50_at_ms - now_ms) / BACK_SHARE;

	if (t->direction == 0 || t->direction == direction)
		return CHANGE_MS;
	return share_ms > BACK_MS ? share_ms : BACK_MS;
}

static bool
is_news(const struct told *t, const struct order *o,
    const struct prediction *p, int64_t now_ms)
{
	const struct eta *eta = &o->eta;
	int64_t moved_ms = p->p50_at_ms - eta->p50_at_ms;
	int64_t widened_ms = (p->p90_at_ms - p->p50_at_ms) -
	    (eta->p90_at_ms - eta->p50_at_ms);

	if (!eta->known)
		return true;
	if (p->stale)
		return false;
	return size_ms(moved_ms) >= threshold_ms(t, eta,
	    moved_ms < 0 ? -1 : 1, now_ms) ||
	    size_ms(widened_ms) >= WIDTH_MS;
}

/* Each threshold is passed once; whoever is imminent is near, too. */
static uint32_t
pass_thresholds(struct told *t, const struct order *o,
    const struct prediction *p, int64_t now_ms)
{
	int64_t promised_ms = tell_promise(o, p);
	uint32_t what = 0;

	if (p->imminent && !t->imminent) {
		t->imminent = t->near = true;
		what |= TELL_IMMINENT;
	}
	if (!t->near && !p->stale && order_is_on_the_road(o) &&
	    p->p50_at_ms - now_ms <= NEAR_MS) {
		t->near = true;
		what |= TELL_NEAR;
	}
	if (!t->slipped && !p->stale && promised_ms != 0 &&
	    p->p50_at_ms > promised_ms + SLIP_MS) {
		t->slipped = true;
		what |= TELL_SLIPPED;
	}
	return what;
}

uint32_t
tell(struct told *t, const struct order *o, const struct prediction *p,
    int64_t now_ms)
{
	int64_t moved_ms;
	uint32_t what;

	if (!p->known)
		return 0;
	what = pass_thresholds(t, o, p, now_ms);
	if (p->stale != t->is_stale) {
		t->is_stale = p->stale;
		what |= TELL_STALE;
	}
	/* The notice of a slip must not contradict the screen. */
	if (!is_news(t, o, p, now_ms) && (what & TELL_SLIPPED) == 0)
		return what;
	moved_ms = o->eta.known ? p->p50_at_ms - o->eta.p50_at_ms : 0;
	if (size_ms(moved_ms) >= CHANGE_MS)
		t->direction = moved_ms < 0 ? -1 : 1;
	return what | TELL_FRAME;
}

/* SPDX-License-Identifier: MIT */
/*
 * channel - see channel.h: places, tokens, breaker and slots of an instance.
 * What a plugin says about its jobs is settle.c's and news.c's.
 */
#include "outbox/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "outbox/plug.h"
#include "outbox/room.h"

#define SLOTS_SPARE 1024u	/* free ones that wait before one is reused */
#define BREAKER_WAITS 16	/* the longest wait is so many of the first */

static const struct ow_metric channel_metrics[] = {
	[CHANNEL_SENT] = { "sent_total", OW_COUNTER,
	    "Jobs that a provider took." },
	[CHANNEL_FAILED] = { "failed_total", OW_COUNTER,
	    "Attempts that did not succeed." },
	[CHANNEL_RETRY] = { "retry_total", OW_COUNTER,
	    "Attempts that may succeed later." },
	[CHANNEL_REJECTED] = { "rejected_total", OW_COUNTER,
	    "Notices that a provider refused." },
	[CHANNEL_GONE] = { "gone_total", OW_COUNTER,
	    "Addresses that do not exist any more." },
	[CHANNEL_MISCONFIGURED] = { "misconfigured_total", OW_COUNTER,
	    "Attempts that failed by our own credential or set-up." },
	[CHANNEL_PARKED] = { "parked_total", OW_COUNTER,
	    "Jobs that wait for somebody to look." },
	[CHANNEL_SKIPPED] = { "skipped_total", OW_COUNTER,
	    "Jobs that need not go." },
	[CHANNEL_LATER] = { "later_total", OW_COUNTER,
	    "Times that a job was put off." },
	[CHANNEL_OVERDUE] = { "overdue_total", OW_COUNTER,
	    "Jobs that a channel did not settle in time." },
	[CHANNEL_SETTLED_TWICE] = { "settled_twice_total", OW_COUNTER,
	    "Settlements of jobs that were settled, or never given out." },
	[CHANNEL_NONSENSE] = { "nonsense_total", OW_COUNTER,
	    "Settlements with a verdict that does not exist." },
	[CHANNEL_LOST] = { "lost_total", OW_COUNTER,
	    "Outcomes that came after their lease had ended." },
	[CHANNEL_REPORTS] = { "reports_total", OW_COUNTER,
	    "Delivery reports." },
	[CHANNEL_OPTS] = { "opts_total", OW_COUNTER,
	    "People who want no more of a medium, or do again." },
	[CHANNEL_BREAKER_OPENED] = { "breaker_opened_total", OW_COUNTER,
	    "Times that a provider was left alone." },
	[CHANNEL_BREAKER_OPEN] = { "breaker_open", OW_GAUGE,
	    "1 while a provider is left alone." },
	[CHANNEL_INFLIGHT] = { "inflight", OW_GAUGE, "Jobs in hand." },
	[CHANNEL_LATENCY] = { "latency", OW_HISTOGRAM_MS,
	    "From when a job was due to the provider's yes, without those"
	    " that were put off." },
	[CHANNEL_CRASHES] = { "crashes_total", OW_COUNTER,
	    "Times that a channel's own process ended by itself." },
	OW_METRICS_END
};

/* "a  b" as "a\0b\0\0". */
static char *
split_tenants(const char *text)
{
	char *out = mem_alloc(strlen(text) + 2), *at = out;
	size_t n;

	for (;;) {
		text += strspn(text, " \t\r\n");
		n = strcspn(text, " \t\r\n");
		if (n == 0)
			return out;
		memcpy(at, text, n);
		at += n + 1;
		text += n;
	}
}

struct channel *
channel_new(struct outbox *o, const struct plugin_entry *e)
{
	struct channel *ch = mem_alloc(sizeof(*ch));

	OW_ASSERT(e->channel != NULL);
	ch->outbox = o;
	ch->entry = e;
	ch->name = e->name;
	ch->set = e->channel;
	ch->tenants = split_tenants(ch->set->tenants);
	ch->ops = ch->set->isolate ? &channel_remote : &channel_local;
	ch->breaker_conf = (struct breaker_conf){
		.failures_max = (uint32_t)ch->set->breaker_failures,
		.wait_ms = ch->set->breaker_ms,
		.wait_max_ms = ch->set->breaker_ms * BREAKER_WAITS,
	};
	bucket_init(&ch->bucket, ch->set->rate, outbox_now(o));
	ch->free_tail = &ch->free_head;
	if (o->conf.metrics != NULL)
		ch->metrics = metric_set_new(o->conf.metrics, "outbox",
		    channel_metrics, "kind", e->desc->ops.channel->kind);
	return ch;
}

void
channel_free(struct channel **chp)
{
	struct channel *ch = *chp;
	struct slot *slot, *next;

	*chp = NULL;
	HASH_ITER(hh, ch->slots, slot, next) {
		HASH_DEL(ch->slots, slot);
		flight_unref(&slot->flight);
		free(slot);
	}
	metric_set_free(&ch->metrics);
	free(ch->tenants);
	free(ch->hook_name);
	free(ch->public_key);
	free(ch->own);
	free(ch);
}

void
channel_count(struct channel *ch, uint32_t metric, int64_t n)
{
	if (ch->metrics != NULL)
		metric_add(ch->metrics, metric, n);
}

bool
channel_serves(const struct channel *ch, const char *tenant)
{
	const char *t;

	for (t = ch->tenants; t[0] != '\0'; t += strlen(t) + 1)
		if (strcmp(t, "*") == 0 || strcmp(t, tenant) == 0)
			return true;
	return false;
}

/* ---- Places ------------------------------------------------------------- */

/* Of a provider that is left alone: the probe's. */
static uint32_t
places_max(const struct channel *ch)
{
	return ch->breaker.state == BREAKER_OPEN ? 1 :
	    (uint32_t)ch->set->max_inflight;
}

bool
channel_is_left_alone(const struct channel *ch)
{
	return ch->is_away || ch->breaker.state != BREAKER_CLOSED ||
	    ch->n_overdue >= OVERDUE_MAX;
}

uint32_t
channel_room(struct channel *ch, int64_t now_ms)
{
	uint32_t max = places_max(ch), room, tokens;

	if (ch->is_away || !breaker_may(&ch->breaker, now_ms) ||
	    ch->n_overdue >= OVERDUE_MAX)
		return 0;
	room = ch->n_inflight < max ? max - ch->n_inflight : 0;
	tokens = bucket_room(&ch->bucket, now_ms);
	return room < tokens ? room : tokens;
}

int64_t
channel_room_ms(struct channel *ch, int64_t now_ms)
{
	if (ch->is_away || ch->n_overdue >= OVERDUE_MAX)
		return INT64_MAX;
	if (ch->breaker.state == BREAKER_OPEN &&
	    ch->breaker.open_until_ms > now_ms)
		return ch->breaker.open_until_ms;
	if (ch->breaker.state == BREAKER_PROBING ||
	    ch->n_inflight >= places_max(ch))
		return INT64_MAX;
	return bucket_next_ms(&ch->bucket, now_ms);
}

void
channel_take(struct channel *ch)
{
	ch->n_inflight++;
	bucket_take(&ch->bucket);
}

void
channel_release(struct channel *ch, bool was_out)
{
	OW_ASSERT(ch->n_inflight > 0);
	ch->n_inflight--;
	if (!was_out)
		bucket_give(&ch->bucket);
	ch->kind->is_asked = true;
	outbox_turn(ch->outbox);
}

void
channel_show(struct channel *ch)
{
	struct channel_state *s = &ch->shown;
	const char *state = breaker_state_name(ch->breaker.state);

	if (s->breaker == state && s->inflight == ch->n_inflight &&
	    strcmp(s->why, ch->breaker.why) == 0)
		return;
	pthread_mutex_lock(&ch->outbox->lock);
	s->breaker = state;
	s->inflight = ch->n_inflight;
	memcpy(s->why, ch->breaker.why, sizeof(s->why));
	pthread_mutex_unlock(&ch->outbox->lock);
	if (ch->metrics == NULL)
		return;
	metric_put(ch->metrics, CHANNEL_INFLIGHT, ch->n_inflight);
	metric_put(ch->metrics, CHANNEL_BREAKER_OPEN,
	    ch->breaker.state != BREAKER_CLOSED);
}

static void
channel_failed(struct channel *ch, bool at_once, const char *why,
    const char *what)
{
	enum breaker_state before = ch->breaker.state;
	int64_t now_ms = outbox_now(ch->outbox);

	breaker_failure(&ch->breaker, &ch->breaker_conf, at_once,
	    why[0] != '\0' ? why : "no reason given", now_ms);
	if (before == BREAKER_OPEN || ch->breaker.state != BREAKER_OPEN)
		return;
	channel_count(ch, CHANNEL_BREAKER_OPENED, 1);
	log_at_(at_once ? OW_ERROR : OW_WARN, "outbox", what,
	    LOG_STR("channel", ch->name), LOG_STR("why", ch->breaker.why),
	    LOG_INT("again_in_ms", ch->breaker.open_until_ms - now_ms));
}

void
channel_judge(struct channel *ch, int32_t verdict, const char *why)
{
	enum breaker_state before = ch->breaker.state;
	bool at_once = verdict == OW_MISCONFIGURED;

	if (verdict_is_answer(verdict)) {
		breaker_success(&ch->breaker);
		if (before == BREAKER_PROBING)
			log_notice("outbox", "a channel works again",
			    LOG_STR("channel", ch->name));
		return;
	}
	channel_failed(ch, at_once, why, at_once ? "a channel is not set up"
	    " right; its jobs wait" : "a channel keeps failing; its jobs"
	    " wait");
}

void
channel_crashed(struct channel *ch, bool at_once, const char *why)
{
	channel_count(ch, CHANNEL_CRASHES, 1);
	channel_failed(ch, at_once, why, "a channel's process keeps ending;"
	    " its jobs wait");
	channel_show(ch);
}

void
channel_process(struct channel *ch, int64_t pid, int64_t n_crashes,
    const char *ended)
{
	struct channel_state *s = &ch->shown;

	pthread_mutex_lock(&ch->outbox->lock);
	s->is_isolated = true;
	s->pid = pid;
	s->crashes = n_crashes;
	(void)snprintf(s->ended, sizeof(s->ended), "%s", ended);
	pthread_mutex_unlock(&ch->outbox->lock);
}

/* ---- Slots -------------------------------------------------------------- */

struct slot *
channel_slot(struct channel *ch, struct flight *f)
{
	struct slot *slot = ch->free_head;

	if (ch->n_free > SLOTS_SPARE) {
		ch->free_head = slot->next;
		ch->n_free--;
	} else {
		slot = mem_alloc(sizeof(*slot));
		slot->key = &slot->job;
		HASH_ADD_PTR(ch->slots, key, slot);
	}
	slot->next = NULL;
	slot->state = SLOT_OUT;
	slot->flight = f;
	f->refs++;
	return slot;
}

void
slot_free(struct channel *ch, struct slot *slot)
{
	if (slot->state == SLOT_OVERDUE)
		ch->n_overdue--;
	slot->state = SLOT_FREE;
	plug_job_blank(&slot->job);
	flight_unref(&slot->flight);
	slot->next = NULL;
	*ch->free_tail = slot;
	ch->free_tail = &slot->next;
	ch->n_free++;
}

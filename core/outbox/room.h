/* SPDX-License-Identifier: MIT */
/*
 * room - what the files of this folder share; outbox.h is for everybody else.
 *
 * A job's way is a flight.  claim.c leases what is due and gives each a place
 * in a channel; content.c reads what it says; agree.c asks the orders loop;
 * words.c lets it stand for older ones of its group and fetches its event;
 * deliver.c hands it over; settle.c hears what became of it; end.c writes that
 * down.  Up to words.c those of one claim travel together, as a batch.
 *
 * Invariants: a flight is in its kind's list until its end is in the store or
 * given up; it holds a place in its channel from claim to settlement and not
 * longer; each stage either passes it on or ends it.
 */
#ifndef OUTBOX_ROOM_H
#define OUTBOX_ROOM_H

#include <pthread.h>

#include "base/arena.h"
#include "outbox/channel.h"
#include "outbox/verdict.h"

struct adapter;
struct batch;
struct json;
struct lane;
struct news;

#define CLAIM_MAX 256u		/* jobs in one claim */
#define FLIGHTS_MAX 2048u	/* of a kind, with those being written down */
#define OVERDUE_MAX 4096u	/* slots a channel never gave back */
#define OVERDUE_MS 1000		/* from cancel() to settling for it */
#define AGAIN_MS 1000		/* the store was away */
#define LEASE_SPARE_MS 5000	/* between a deadline and its lease's end */
#define DETAIL_SIZE 256
#define REF_SIZE 256

struct flight {
	struct flight *next, *prev;	/* of its kind */
	struct arena arena;		/* all strings */
	uint32_t refs;			/* the outbox', and a slot's */
	struct outbox *outbox;
	struct kind *kind;
	struct channel *channel;	/* a place in it is ours; or NULL */
	struct channel *served_by;	/* the same, never forgotten */
	/* As claimed. */
	const char *id, *key, *tenant, *sub, *notice_id, *order_id, *topic;
	const char *wanted;		/* the address as it was claimed */
	const char *address;		/* and as check() made it */
	const char *hash, *hint, *group, *locale;
	enum medium medium;
	int64_t at_ms, stale_ms, lease_ms, claimed_ms;	/* wall */
	uint32_t attempt;
	bool only_unseen, critical, was_put_off;
	/* As read. */
	struct json *vars;		/* owned; or NULL */
	const char *title, *text, *url, *seen_how, *off_why;
	int64_t seen_ms, group_last_ms, event_seq;
	const struct rule *rule;	/* or NULL */
	bool is_repeat_safe;
	bool is_going;			/* consent was given */
	uint32_t n_replaced;
	struct ow_bytes event;
	/* Out. */
	struct channel_check check;
	struct slot *slot;
	struct loop_timer *timer;
	int64_t out_ms;			/* monotonic */
	bool was_out, is_cancelled, is_overdue;
	bool is_returned;		/* its channel's process has ended */
	int32_t verdict;
	int64_t retry_after_ms;
	const char *ref, *detail;
	struct flight *settled_next;
	/* The end. */
	bool has_end;
	uint32_t n_sent;		/* to the store */
	struct verdict_out end;
	int64_t ended_ms, took_ms;
	struct flight *again_next;
};

/* Those of one claim that are still together. */
struct batch {
	struct batch *next, *prev;	/* of the outbox */
	struct outbox *outbox;
	struct kind *kind;
	struct consent *consent;	/* while it is away */
	uint32_t n;
	struct flight *flights[CLAIM_MAX];
};

struct kind {
	struct outbox *outbox;
	char *name;
	enum medium medium;
	uint32_t n_channels;
	struct channel **channels;
	uint32_t n_flights;
	struct flight *flights;
	bool is_claiming, is_asked;	/* asked: at the turn's end */
	int64_t next_ms;		/* wall: the next one is due then */
	int64_t woken_ms;		/* what came while claiming */
	int64_t lease_ms;		/* how long */
	int64_t leased_until_ms;	/* wall; of the last claim */
	int64_t stale_look_ms;		/* monotonic: not before */
	struct loop_timer *timer;
};

struct outbox {
	struct outbox_conf conf;
	char *node;
	struct token_key receipt_key, unsubscribe_key;
	uint32_t n_adapters;
	struct adapter **adapters;
	struct lane *lane;		/* of what adapters say; or NULL */
	uint32_t n_channels, n_kinds, n_own;
	struct channel **channels;
	struct kind **kinds;
	struct own_address **own;
	bool is_started, is_run_asked;
	bool is_running;		/* leases of old are released */
	bool is_ending;			/* outbox_stop */
	bool is_store_away;		/* said in the log */

	struct turn_hook turn;
	struct flight *settled, **settled_tail;
	struct flight *again;		/* ends that the store did not take */
	struct loop_timer *again_timer;	/* for them, or the release */
	struct batch *batches;
	struct news *news;
	uint32_t n_news, n_early;	/* reports before their jobs' refs */
	struct loop_timer *news_timer, *purge_timer;
	uint32_t purge_step;

	/* Draining. */
	bool is_draining, is_forced;
	uint32_t n_undrained;
	struct loop_timer *drain_timer;
	void (*drained)(void *);
	void *drained_arg;

	/* Any thread, under the lock. */
	pthread_mutex_t lock;
	struct mail wake_mail, run_mail, drain_mail;
	bool is_wake_sent, is_drain_asked;
	int64_t wake_ms, drain_ms;
};

/* outbox.c.  outbox_turn: there is something to do at its end. */
void outbox_turn(struct outbox *);
int64_t outbox_now(const struct outbox *);	/* monotonic */
int64_t outbox_wall(const struct outbox *);
struct channel *outbox_channel(const struct outbox *, const char *kind,
    const char *tenant);		/* the first one that serves; or NULL */
/* A question to the store failed; said once until one succeeds. */
void outbox_store_failed(struct outbox *, const struct ow_result *);
void outbox_store_answered(struct outbox *);

/* claim.c */
void kind_wake(struct kind *, int64_t due_ms);	/* wall */
void kind_look(struct kind *);			/* at the turn's end */
void claim_release(struct outbox *);		/* then begin */

/* flight.c */
struct flight *flight_new(struct kind *, const struct ow_rows *,
    uint32_t row);
void flight_unref(struct flight **);
struct batch *batch_new(struct kind *);
void batch_free(struct batch **);
/* f no longer travels with it. */
void batch_remove(struct batch *, uint32_t i);
/* Everything in it goes back to the store. */
void batch_return(struct batch **, const char *why);
/* May it go on with this answer of the store?  OW_OK, or why it was returned:
   there is none, or the node ends. */
int batch_take(struct batch **, const struct ow_result *);

/* The stages. */
void content_read(struct batch *);
void agree_ask(struct batch *);
void words_read(struct batch *);
void deliver_flight(struct flight *);
void settle_turn(struct outbox *);
void settle_overdue(struct flight *);
/* Somebody else's words as one line of sound UTF-8, below max bytes, without
   the address of the flight (which may be NULL). */
const char *text_line(struct arena *, const char *s, size_t max,
    const struct flight *);

/* end.c */
/* Over, without an attempt that counts; due_ms with JOB_LATER and JOB_DUE. */
void end_uncounted(struct flight *, enum job_state, int64_t due_ms,
    const char *why);
/* As f->end says. */
void end_write(struct flight *);

/* news.c */
void news_stop(struct outbox *);
void news_free_all(struct outbox *);
/* The hook has told what is fresh of its channel: how many pieces will each
   call hook_known once. */
uint32_t news_hold(struct channel *, struct hook *);
/* The job's end is in the store, and its ref: reports may wait for it. */
void news_stored(const struct flight *);

/* adapter.c */
#define ADAPTER_HOOK "logistics"	/* POST /hooks/logistics/{tenant} */
int adapter_start(struct outbox *, const struct plugin_entry *,
    struct ow_fault *);
/* False: it is not for an adapter. */
bool adapters_hook(struct outbox *, struct hook *);
void adapters_drain(struct outbox *, int64_t after_ms);
void adapters_stop(struct outbox *);
void adapters_free(struct outbox *);

/* hook.c */
void hook_end(struct hook *);
/* Something that it told is in the store, or may get lost. */
void hook_known(struct hook *, bool is_kept);

/* purge.c */
void purge_start(struct outbox *);

/* drain.c */
void drain_look(struct outbox *);
void drain_begin(struct mail *);

#define OUTBOX_OF(mail_, member)					\
	((struct outbox *)(void *)((char *)(mail_) -			\
	    offsetof(struct outbox, member)))

#endif

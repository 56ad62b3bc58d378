/* SPDX-License-Identifier: MIT */
/*
 * channel - one configured instance of a channel, as the outbox sees it: how
 * much it may be given, how it is doing, and what it has in hand.
 *
 * Where the instance runs is behind struct channel_ops: local.c has it in this
 * process, remote.c in one of its own.  All of it is the outbox' loop's, but
 * what outbox.h says of struct channel_state.
 */
#ifndef OUTBOX_CHANNEL_H
#define OUTBOX_CHANNEL_H

#include <uthash.h>

#include "notify/rule.h"
#include "outbox/breaker.h"
#include "outbox/bucket.h"
#include "outbox/job.h"
#include "outbox/outbox.h"

struct channel;
struct flight;
struct kind;
struct metric_set;

/* A question for check(); embed it.  done runs once, perhaps before check has
   returned; what it gets is valid during the call. */
struct channel_check {
	void (*done)(struct channel_check *, int err,
	    const struct ow_address *, const struct ow_fault *);
	/* Instead of done, when the outbox ends; NULL: nothing is to free. */
	void (*forget)(struct channel_check *);
};

struct channel_ops {
	int (*start)(struct channel *, const struct plugin_entry *,
	    struct outside *, struct ow_fault *);
	void (*check)(struct channel *, const char *wanted,
	    struct channel_check *);
	/* Ends in exactly one channel_settle, if the channel keeps its word. */
	void (*deliver)(struct channel *, const struct ow_job *);
	void (*cancel)(struct channel *, const struct ow_job *);
	/* Fills in the answer, then calls hook_end. */
	void (*hook)(struct channel *, struct hook *);
	void (*drain)(struct channel *, int64_t after_ms,
	    void (*done)(void *), void *arg);
	void (*stop)(struct channel *);	/* also half-started */
};
extern const struct channel_ops channel_local, channel_remote;

/* What a job looks like from inside a plugin.  A slot is never freed while
   the channel lives, and used again late, so that one that is settled twice
   is recognised and not taken for another. */
enum slot_state { SLOT_FREE, SLOT_OUT, SLOT_SETTLED, SLOT_OVERDUE };
struct slot {
	UT_hash_handle hh;
	const struct ow_job *key;	/* &job */
	struct ow_job job;
	enum slot_state state;
	struct flight *flight;		/* holds a reference; NULL: free */
	struct slot *next;		/* among the free ones */
};

struct channel {
	struct outbox *outbox;
	struct kind *kind;
	const struct plugin_entry *entry;
	const char *name;		/* the entry's */
	char *tenants;			/* "\0" between them, "\0\0" at the
					   end */
	const struct set_channel *set;
	const struct channel_ops *ops;
	void *impl;			/* the ops' own */
	char *hook_name;		/* or NULL */
	char *public_key;		/* or NULL */
	struct ow_address *own;		/* or NULL: receivers are persons */
	char own_hash[SHA256_HEX_SIZE];

	struct breaker breaker;
	struct breaker_conf breaker_conf;
	struct bucket bucket;
	uint32_t n_inflight;		/* places taken */
	uint32_t n_overdue;		/* slots the plugin may still read */
	struct slot *slots, *free_head, **free_tail;
	uint32_t n_free;
	bool told_twice, told_nonsense;	/* once in the log */
	uint32_t n_fresh;		/* news that came with no hook yet */
	uint32_t n_unsure;		/* those that may get lost */
	bool is_drained;
	bool is_away;			/* its process is not there now */
	struct metric_set *metrics;
	struct channel_state shown;	/* under the outbox' lock */
};

enum {
	CHANNEL_SENT, CHANNEL_FAILED, CHANNEL_RETRY, CHANNEL_REJECTED,
	CHANNEL_GONE, CHANNEL_MISCONFIGURED, CHANNEL_PARKED, CHANNEL_SKIPPED,
	CHANNEL_LATER, CHANNEL_OVERDUE, CHANNEL_SETTLED_TWICE,
	CHANNEL_NONSENSE, CHANNEL_LOST, CHANNEL_REPORTS, CHANNEL_OPTS,
	CHANNEL_BREAKER_OPENED, CHANNEL_BREAKER_OPEN, CHANNEL_INFLIGHT,
	CHANNEL_LATENCY, CHANNEL_CRASHES,
};
void channel_count(struct channel *, uint32_t metric, int64_t n);

struct channel *channel_new(struct outbox *, const struct plugin_entry *);
void channel_free(struct channel **);
bool channel_serves(const struct channel *, const char *tenant);
/* How many more jobs it may be given now, and when (monotonic) that changes by
   itself; INT64_MAX: only when something is settled. */
uint32_t channel_room(struct channel *, int64_t now_ms);
int64_t channel_room_ms(struct channel *, int64_t now_ms);
/* It takes nothing, or nothing but a probe, and that may last. */
bool channel_is_left_alone(const struct channel *);
void channel_take(struct channel *);	/* a place and a token */
/* was_out: the token is used up. */
void channel_release(struct channel *, bool was_out);
/* For /admin/plugins and the gauges. */
void channel_show(struct channel *);
/* An attempt is over: what does it say of the provider? */
void channel_judge(struct channel *, int32_t verdict, const char *why);
/* Its process has ended by itself: a failure, or reason enough to leave it
   alone at once. */
void channel_crashed(struct channel *, bool at_once, const char *why);
/* It comes, goes, or is no more (pid 0); shown with the rest. */
void channel_process(struct channel *, int64_t pid, int64_t n_crashes,
    const char *ended);

struct slot *channel_slot(struct channel *, struct flight *);
/* The plugin has no business with it any more; drops its reference. */
void slot_free(struct channel *, struct slot *);

/* From the plugin. */
void channel_settle(struct channel *, const struct ow_job *,
    const struct ow_outcome *);
/* Instead: the process that had the job is no more.  It was an attempt, and
   says nothing about the provider. */
void channel_return(struct channel *, const struct ow_job *,
    const char *why);
void channel_report(struct channel *, const char *ref,
    const struct ow_outcome *);
void channel_opt(struct channel *, const char *identity, bool in,
    const char *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * remote - what the files of a channel in a process of its own share.
 *
 *	errand.c	what was asked of it and is not answered
 *	hear.c		what it says
 *	remote.c	its life, and what it is told
 */
#ifndef OUTBOX_REMOTE_H
#define OUTBOX_REMOTE_H

#include "outbox/pipe.h"
#include "outbox/process.h"
#include "outbox/room.h"

#define REMOTE_METRICS_MAX 256u

/* What is over there: exactly one of job, check and hook. */
struct errand {
	UT_hash_handle hh;
	uint64_t id;
	const struct ow_job *job;	/* a slot's */
	struct channel_check *check;
	struct hook *hook;
};

enum remote_state {
	REMOTE_AWAY,		/* no process */
	REMOTE_STARTS,		/* has not said how load() and start() went */
	REMOTE_RUNS,
	REMOTE_ENDS,		/* was killed, is not gone yet */
};

struct remote {
	struct channel *channel;
	enum remote_state state;
	struct process process;
	struct event *gone;		/* of the process */
	struct pipe *pipe;
	char why[200];			/* REMOTE_ENDS, or a refusal */
	int refused;			/* what start() said: OW_OK, OW_E... */
	uint64_t last_id;
	struct errand *errands;
	struct loop_timer *timer;	/* ping, or the next process */
	uint32_t n_pings;		/* not answered */
	int64_t began_ms;
	uint32_t n_row, n_crashes;	/* in a row, and ever */
	uint32_t n_metrics;		/* the process' */
	int32_t metric_at[REMOTE_METRICS_MAX];	/* ours; -1: not known here */
	struct metric_set *metrics;
	bool is_first;			/* remote_start waits for it */
	bool is_draining;
	void (*drained)(void *);
	void *drained_arg;
	struct loop_timer *drain_timer;
};

/* errand.c: a new one with a number; of a number, or NULL. */
struct errand *errand_new(struct remote *);
struct errand *errand_find(struct remote *, uint64_t id);
void errand_free(struct remote *, struct errand *);
/* Without an answer: the process is away. */
void errand_fail_check(struct channel_check *);
void errand_fail_hook(struct hook *);
/* It will not answer any of them, for the reason in why; or: the outbox ends,
   and those who asked with it. */
void errands_end(struct remote *);
void errands_forget(struct remote *);

/* hear.c: for struct pipe_conf. */
int remote_hear(void *arg, const struct wire_msg *);

/* remote.c.  End the process; errands end when it is gone. */
void remote_end(struct remote *, const char *why);
void remote_runs(struct remote *);
void remote_drained(void *arg);

#endif

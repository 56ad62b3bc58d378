/* SPDX-License-Identifier: MIT */
/*
 * flight - the jobs that a channel has on their way: from deliver() until they
 * are settled.
 *
 * It keeps the list, and does with it what cancel(), drain() and stop() ask of
 * every channel.  Making the request and reading the answer are the channel's.
 * Each job in the list is settled once, except by flights_stop(), and no
 * flight outlives its job.
 *
 * On the path: deliver() adds one and gives it to the host as the call's arg;
 * the callback ends it and settles the job.
 */
#ifndef PLUGINS_COMMON_FLIGHT_H
#define PLUGINS_COMMON_FLIGHT_H

#include <orderwire/plugin.h>

/* One job on its way.  What else a channel knows of it goes into a struct of
   its own that begins with this one. */
struct flight {
	struct flight *next, **link;
	struct flights *flights;
	const struct ow_job *job;	/* until it is settled */
	struct ow_net_call *call;	/* the channel's to set; NULL: none */
};

/* All of one instance; inside its self, which may not move. */
struct flights {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	void *self;			/* for callbacks */
	struct flight *list;		/* the newest first */
	bool is_draining;
};

/* In load().  Everything is borrowed until flights_stop(). */
void flights_init(struct flights *, struct ow_ctx *, const struct ow_host *,
    void *self);
/* For stop(): cancels all calls and ends all flights.  Nothing is settled;
   the host knows. */
void flights_stop(struct flights *);

/* One more, size bytes long: a struct flight, or what begins with one, and
   the rest is zeros.  The list's until flight_end(); NULL: out of memory. */
struct flight *flights_add(struct flights *, size_t size,
    const struct ow_job *);
/* Takes it off the list and frees it.  Its call is over or was never made,
   and its job is still to be settled; NULL inside is fine. */
void flight_end(struct flight **);

/* Tells the host what became of a job that has no flight, or none any more;
   if it was the last one of a drain, the host hears that as well.  The job is
   gone after this. */
void flights_settle(struct flights *, const struct ow_job *,
    const struct ow_outcome *);
void flights_settle_as(struct flights *, const struct ow_job *,
    int32_t verdict, const char *detail);

/* For cancel(): the job's call is cancelled, its flight ended, and the job to
   be tried again for the reason in detail.  Without a flight: nothing. */
void flights_cancel(struct flights *, const struct ow_job *,
    const char *detail);
/* For drain(): drained() comes now, or once the last flight is settled. */
void flights_drain(struct flights *);

#endif

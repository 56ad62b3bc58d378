/* SPDX-License-Identifier: MIT */
/*
 * outbox - the loop that reaches closed screens: claims the jobs that are due,
 * asks whether they may still go, hands them to their channel and writes down
 * what became of them.
 *
 * Jobs are made by the desk in the transaction of their event.  The outbox has
 * a journal of its own to the same store; a job is leased in the database
 * before its channel hears of it, and ends its lease with one transaction that
 * also records the attempt.
 *
 * Its own loop's, except what is marked ANY THREAD.
 */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include "base/buf.h"
#include "conf/settings.h"
#include "event/journal.h"
#include "notify/render.h"
#include "notify/token.h"
#include "outbox/consent.h"
#include "outbox/tidings.h"
#include "plugin/plugin.h"

struct metrics;
struct news;
struct outbox;

/* What somebody outside wants of a person's switches; for outbox_conf.opt.  It
   stays the outbox's, and has to come home. */
struct opt {
	struct mail mail;
	struct outbox *outbox;
	struct news *news;		/* that it is of */
	struct opt *next;
	void *desk;
	const char *tenant, *sub;
	enum medium medium;
	bool in;
	const char *why;		/* "STOP by SMS" */
	/* The answer: OW_OK once it is so in the store, OW_EAGAIN when it is
	   not, OW_EDENIED when it never will be. */
	int err;
};
/* ANY THREAD.  Home, with the answer. */
void outbox_opted(struct opt *);

/* Notices that are no more and that nobody had read; for
   outbox_conf.forgotten. */
struct forgotten {
	struct mail mail;
	void *desk;
	struct arena arena;		/* all of it */
	uint32_t n;
	struct forgotten_notice {
		const char *id, *tenant, *sub;
	} *notices;
};
struct forgotten *forgotten_new(uint32_t max);
void forgotten_free(struct forgotten **);

struct outbox_conf {
	struct loop *loop;
	const struct settings *set;
	const struct rules *rules;	/* or NULL: what is stored is sent */
	const struct templates *templates;	/* or NULL, the same */
	struct journal *journal;	/* home is the same loop */
	/* For the channels, see struct plugin_tables. */
	const struct ow_host_net *net;
	struct outside *outside;
	struct metrics *metrics;
	const char *public_url;
	/* To the orders loop, each by a letter. */
	void (*consent)(void *arg, struct consent *);
	void (*opt)(void *arg, struct opt *);
	/* Taken; NULL: nobody wants to know. */
	void (*forgotten)(void *arg, struct forgotten *);
	/* Taken; NULL: nobody wants to know. */
	void (*tidings)(void *arg, struct tidings *);
	void *arg;
};

struct outbox *outbox_new(const struct outbox_conf *);
/* Start every configured channel and adapter.  Before the loop runs. */
int outbox_start(struct outbox *, struct plugins *, struct ow_fault *);
/* Begin to claim.  ANY THREAD, once the store is ready. */
void outbox_run(struct outbox *);
/* Nothing new; done when all in flight is settled or handed back.  ANY
   THREAD; done runs on the outbox' loop. */
void outbox_drain(struct outbox *, int64_t after_ms, void (*done)(void *),
    void *arg);
/* After the loops have stopped, before they are freed: ends the channels. */
void outbox_stop(struct outbox *);
/* After the loops were freed: letters in their boxes were its own. */
void outbox_free(struct outbox **);

/* ANY THREAD.  Jobs were committed; the first of them is due then (wall). */
void outbox_wake(struct outbox *, int64_t due_ms);
/* ANY THREAD.  The consent goes home. */
void outbox_consent(struct consent *);

/* ANY THREAD, immutable after outbox_start: is there a channel of this kind
   for the tenant, and is it one to devices; is there one of a medium; what
   GET /push-subscriptions/key answers, or NULL; a webhook's own addresses. */
bool outbox_has_kind(const struct outbox *, const char *kind,
    const char *tenant);
bool outbox_is_push(const struct outbox *, const char *kind,
    const char *tenant);
bool outbox_has_medium(const struct outbox *, enum medium,
    const char *tenant);
const char *outbox_public_key(const struct outbox *);
struct own_address {
	const char *tenant;		/* "*": every one */
	const char *kind;
	const char *instance;		/* whose it is */
	struct ow_address address;
};
uint32_t outbox_own_addresses(const struct outbox *,
    const struct own_address *const **out);

/* An address to be checked by its kind's channel.  Embed it; ANY THREAD; done
   runs on `home`. */
struct address_check {
	struct mail mail;
	struct outbox *outbox;
	struct loop *home;
	const char *tenant, *kind, *wanted;	/* until done */
	void (*done)(struct address_check *);
	/* The answer: OW_OK, OW_EINVAL (fault), OW_ENOENT: no such channel. */
	int err;
	struct ow_address address;
	struct ow_fault fault;
};
void outbox_check(struct outbox *, struct address_check *);

/* A provider's request; made on a front, ANY THREAD; done runs on `home` with
   the answer and frees it. */
struct hook {
	struct mail mail;
	struct arena arena;		/* all strings */
	struct outbox *outbox;
	struct channel *channel;	/* whose it is; NULL: an adapter's */
	uint32_t n_unsure;		/* its channel's, when it came */
	uint32_t n_open;		/* news that it waits for */
	bool is_lost;			/* one of them may be */
	struct loop *home;
	void (*done)(struct hook *);
	void *arg;
	const char *kind, *name;	/* /hooks/{kind}/{name} */
	const char *method, *url, *query;
	struct ow_bytes body;
	uint32_t n_headers;
	struct ow_header *headers;
	/* The answer; status 0: no such channel. */
	int status;
	const char *content_type;
	struct ow_bytes answer;
};
struct hook *hook_new(struct loop *home, void (*done)(struct hook *),
    void *arg);
void hook_free(struct hook **);
void outbox_hook(struct outbox *, struct hook *);

/* Questions of admins: run on the outbox' loop against the store.  done runs
   on `home` with status and body (JSON, or a problem's detail). */
enum outbox_ask_kind { OUTBOX_JOBS, OUTBOX_JOB, OUTBOX_RETRY };
struct outbox_ask {
	struct mail mail;
	struct arena arena;
	struct outbox *outbox;
	enum outbox_ask_kind kind;
	const char *id;			/* OUTBOX_JOB, OUTBOX_RETRY */
	const char *tenant;		/* the only one asked about; "": all */
	const char *state, *channel, *before;	/* OUTBOX_JOBS; "" */
	int64_t limit;
	struct loop *home;
	void (*done)(struct outbox_ask *);
	void *arg;
	int status;
	const char *code;
	char detail[200];
	struct buf body;
};
struct outbox_ask *outbox_ask_new(enum outbox_ask_kind, struct loop *home,
    void (*done)(struct outbox_ask *), void *arg);
void outbox_ask_free(struct outbox_ask **);
void outbox_ask(struct outbox *, struct outbox_ask *);

/* For /admin/plugins: the instance's breaker and what it last said; false: it
   is no channel.  ANY THREAD (a copy under a lock). */
struct channel_state {
	const char *breaker;		/* "closed", "open", "probing" */
	char why[200];			/* of the breaker; "" */
	int64_t inflight;
	bool is_isolated;		/* in a process of its own: */
	int64_t pid;			/* 0: it is not there now */
	int64_t crashes;		/* since the server began */
	char ended[200];		/* how it ended last; "" */
};
bool outbox_channel_state(const struct outbox *, const char *instance,
    struct channel_state *out);

#endif

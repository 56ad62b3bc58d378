/* SPDX-License-Identifier: MIT */
/*
 * orders - the loop where every order is decided: asked, decided, committed,
 * told.  The one place where order, journal and hub meet.
 *
 * Nobody is told before the commit.  One change of an order is on its way to
 * the store at a time; what comes meanwhile waits in line (bounded).
 */
#ifndef DESK_ORDERS_H
#define DESK_ORDERS_H

#include "conf/settings.h"
#include "desk/command.h"
#include "event/journal.h"
#include "hub/hub.h"

struct consent;
struct metrics;
struct forgotten;
struct opt;
struct orders;
struct outbox;
struct rules;
struct templates;
struct tidings;

struct orders_conf {
	struct loop *loop;
	const struct settings *set;
	struct metrics *metrics;
	const char *public_url;		/* "https://track.example", no slash */
	const struct rules *rules;	/* NULL: nobody is told anything */
	const struct templates *templates;	/* or NULL */
};

struct orders *orders_new(const struct orders_conf *);
void orders_free(struct orders **);
/* Before the loops run. */
void orders_attach(struct orders *, struct journal *, struct hub *const *,
    uint32_t n_hubs);
/* Before the loops run; without, no jobs are made. */
void orders_attach_outbox(struct orders *, struct outbox *);
/* For journal_conf.state. */
void orders_store_state(void *orders, bool up, const char *why);
bool orders_store_is_up(const struct orders *);

/* Bring all active orders into memory; done with OW_OK, or why not.  Before
   that, commands are answered 503. */
void orders_load(struct orders *, void (*done)(void *arg, int err,
    const char *detail), void *arg);
/* Write what is behind; done when the store has it, or can't. */
void orders_flush(struct orders *, void (*done)(void *arg), void *arg);

/* ANY THREAD.  The command comes back by its done. */
void orders_command(struct orders *, struct command *);
/* ANY THREAD.  For hub_conf. */
void orders_ask(void *orders, struct ask *);
void orders_unwatch(void *orders, struct hub *, const char *topic);
void orders_presence(void *orders, struct hub *, const char *topic,
    bool is_present);
/* ANY THREAD.  For outbox_conf: the consent goes home by outbox_consent, the
   opt by outbox_opted. */
void orders_consent(void *orders, struct consent *);
void orders_opt(void *orders, struct opt *);
void orders_forgotten(void *orders, struct forgotten *);	/* taken */
/* ANY THREAD.  For outbox_conf; taken. */
void orders_tidings(void *orders, struct tidings *);

#endif

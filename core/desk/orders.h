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

struct metrics;
struct orders;

struct orders_conf {
	struct loop *loop;
	const struct settings *set;
	struct metrics *metrics;
	const char *public_url;		/* "https://track.example", no slash */
};

struct orders *orders_new(const struct orders_conf *);
void orders_free(struct orders **);
/* Before the loops run. */
void orders_attach(struct orders *, struct journal *, struct hub *const *,
    uint32_t n_hubs);
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

#endif

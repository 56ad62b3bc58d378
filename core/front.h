/* SPDX-License-Identifier: MIT */
/*
 * front - one front loop with all that lives on it: listener, API, auth, hub,
 * and its own instance of every transport plugin.
 */
#ifndef FRONT_H
#define FRONT_H

#include <stdatomic.h>

#include "conf/settings.h"
#include "hub/hub.h"
#include "plugin/plugin.h"

struct front;
struct keys;
struct keyset;
struct orders;
struct outbox;
struct tls;

struct front_conf {
	struct loop *loop;
	const char *name;		/* "0", "1": a label of metrics */
	const char *address;
	const char *public_url;
	const struct settings *set;
	struct plugins *plugins;
	struct tls *tls;		/* NULL: plain */
	struct keys *keys;
	struct orders *orders;
	struct outbox *outbox;
	struct metrics *metrics;
	atomic_llong *connections;
};

/* Before its loop runs. */
int front_new(const struct front_conf *, struct front **out,
    struct ow_fault *);
struct hub *front_hub(struct front *);
const char *front_address(const struct front *);
struct loop *front_loop(struct front *);
/* ANY THREAD. */
void front_set_keys(struct front *, struct keyset *);
/* ANY THREAD.  done runs on the front's loop, when every stream has ended and
   the plugins have nothing in flight. */
void front_drain(struct front *, void (*done)(void *arg), void *arg);
/* Its loop has stopped. */
void front_free(struct front **);

#endif

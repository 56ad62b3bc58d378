/* SPDX-License-Identifier: MIT */
/*
 * server_room - what server.c and opening.c share; server.h is for everybody
 * else.
 */
#ifndef SERVER_ROOM_H
#define SERVER_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "front.h"
#include "server.h"

#define WORKERS_MAX 64

struct auth;
struct api;
struct event;
struct journal;
struct keys;
struct keyset;
struct listener;
struct loop;
struct loop_timer;
struct metrics;
struct orders;
struct outbox;
struct outside;
struct ow_ctx;
struct tls;

struct server {
	const struct settings *set;
	const struct server_words *words;
	struct plugins *plugins;
	struct metrics *metrics;
	struct loop *main, *store_loop, *outbox_loop;
	struct tls *tls;
	struct keys *keys;
	struct keyset *keyset;
	struct journal *journal;
	struct ow_ctx *store;
	struct orders *orders;
	struct journal *outbox_journal;
	struct outside *outside;
	struct outbox *outbox;
	uint32_t n_fronts;
	struct front *fronts[WORKERS_MAX];
	char names[WORKERS_MAX][24];
	struct auth *admin_auth;
	struct api *admin_api;
	struct listener *admin;
	struct event *signals[4];
	char *public_url;
	atomic_llong connections, admin_connections;
	bool draining, loaded;
	atomic_uint fronts_draining;
	struct loop_timer *deadline, *load_again;
	int exit_code;
	uint32_t n_threads;
	pthread_t threads[WORKERS_MAX + 2];
};

/* opening.c: everything there is, in the order in which one needs the other.
   After a fault server_free takes what there was. */
int server_open(struct server *, struct ow_fault *);
/* "https://example.org", without a slash at its end; the caller's. */
char *server_public_url(const struct settings *);
/* server.c: begin to end; arg is the server.  On its main loop. */
void server_drain(void *arg);

#endif

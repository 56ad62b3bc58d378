/* SPDX-License-Identifier: MIT */
/*
 * conn - one subscriber's connection, from connect() to its messages.
 */
#ifndef BENCH_CONN_H
#define BENCH_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "mark.h"

struct ssl_st;
struct subs;

enum conn_state {
	CONN_OFF,
	CONN_CONNECTING,
	CONN_SECURING,		/* in the handshake of TLS, if there is one */
	CONN_HEAD,		/* waiting for the answer to the request */
	CONN_DIALOGUE,
	CONN_READY,
	CONN_DEAD,		/* the server ended it, or never took it */
};

struct conn {
	int fd;
	struct ssl_st *tls;	/* NULL: plain; owned */
	enum conn_state state;
	int step;		/* of the dialogue */
	bool is_back;		/* it has been here before */
	uint32_t chan, last;	/* the last sequence number seen */
	struct mark_tail tail;
	char *held;		/* bytes of what is not whole yet; owned */
	uint32_t n_held;
	char last_id[40];
};

/* Ends up in CONN_CONNECTING, or CONN_DEAD. */
void conn_open(struct subs *, struct conn *, bool is_back);
/* Something happened on its descriptor. */
void conn_on_event(struct subs *, struct conn *);
void conn_close(struct subs *, struct conn *, enum conn_state as);

#endif

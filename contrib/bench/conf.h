/* SPDX-License-Identifier: MIT */
/*
 * conf - what one run of the load generator is told: key=value arguments.
 *
 * The texts stay the caller's (argv), or live as long as the program.
 */
#ifndef BENCH_CONF_H
#define BENCH_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_LIST_MAX 12

struct list {
	const char *text[CONF_LIST_MAX];
	int n;
};

/* One step of the dialogue after the upgrade. */
struct step {
	bool is_expect;
	const char *text;
};

struct dialogue {
	struct step step[CONF_LIST_MAX];
	int n;
};

struct conf {
	/* Subscribers. */
	const char *proto;		/* ws, sse */
	const char *path, *back_path;	/* the second one on coming back */
	const char *subprotocol;
	struct list headers, back_headers;
	struct dialogue dialogue;
	const char *ping, *pong;	/* a heartbeat of the application */
	long port, conns, chans;
	long is_tls;			/* the publisher's connections, too */
	long inflight;			/* handshakes at a time */
	long keep_id;			/* remember the last "id: " line */
	long seq_base;			/* added to {s} on coming back */
	double settle_s, idle_s, drain_s, timeout_s;

	/* Publisher. */
	const char *pub_method, *pub_path, *pub_body;
	const char *odd, *even;		/* {alt}, by the sequence number */
	struct list pub_headers;
	long pub_port, pub_conns, pubs;
	double pub_rate;		/* a second; 0: as fast as answered */
	long window;			/* one channel: not received yet */
	long size;			/* bytes of a message */
	long is_random;			/* the channel of each, else in turn */

	/* Reconnect storm. */
	long is_storm, missed;
	double storm_rate;

	const char *pids;		/* the server's, their children too */
	const char *store_thread;
};

/* Ends the program with a sentence when an argument makes no sense. */
void conf_read(struct conf *, int argc, char **argv);

__attribute__((format(printf, 1, 2), noreturn))
void fatal(const char *fmt, ...);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * gate - one HTTP connection: libevhtp's on one side, ours on the other.
 *
 * Between the two the gate waits until one whole request has come and passed
 * the guard, restates it to libevhtp in a form that has only one reading, and
 * shows it the next one when the answer is out.  For listen.c, request.c,
 * take.c and goodbye.c; nobody else includes this.
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <evhtp/evhtp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/loop.h"
#include "http/guard.h"
#include "http/listen.h"
#include "http/request.h"
#include "net/address.h"

struct gate;
struct goodbye;
struct take;

#define GATES_ROOM 16384
#define DATE_SIZE 30		/* "Sun, 22 Nov 2026 10:00:00 GMT" */

/* What the connections of one listener share; part of the listener. */
struct gates {
	struct listener *listener;
	const struct listener_conf *conf;
	struct gate *gates;
	struct goodbye *goodbyes;
	uint32_t n_strangers;	/* goodbyes to those never let in */
	struct take *takes;
	bool is_draining;
	int64_t date_s;
	char date[DATE_SIZE];
	char room[GATES_ROOM];	/* to read into; wiped after each read */
};

void gates_count(struct gates *, uint32_t metric, int64_t n);
/* The Date header's value for now. */
const char *gates_date(struct gates *);
/* No more keep-alive: idle connections end now, busy ones when answered. */
void gates_drain(struct gates *);
/* Ends everything; owners of requests get on_gone, takes get nothing. */
void gates_done(struct gates *);

/* ---- Connections -------------------------------------------------------- */

/* Whom we talk to. */
struct peer {
	char text[ADDRESS_SIZE];
	bool is_loopback;
};

/* The connection is the gate's from here on, and already counted. */
void gate_attach(struct gates *, evhtp_connection_t *, const struct peer *);
/* libevhtp's callback for every request; arg: the struct gates. */
void gate_on_evhtp_request(evhtp_request_t *, void *arg);
/* Write a head and the answer's body, and close behind it if the answer says
   so; else the gate goes on with the next request when it is out. */
void gate_answer(struct gate *, struct ow_bytes head, const struct answer *);
bool gate_will_close(const struct gate *);
/* The connection leaves HTTP: its bufferevent (reading disabled, no callbacks)
   and what came behind the request are the caller's, the gate is gone.  What
   is in the bufferevent's input until the turn ends is not the peer's. */
struct bufferevent *gate_leave(struct gate **, struct buf *out_early);

/* ---- Requests ----------------------------------------------------------- */

struct request_field {
	char *name, *value;
};

struct request_param {
	struct request_param *next;
	char *name, *value;
};

struct request {
	struct loop *loop;
	struct gates *gates;
	struct gate *gate;	/* NULL: the peer is gone */
	struct buf raw;		/* as it came; the strings are cut in it */
	struct arena arena;
	char *method, *target;	/* target: undecoded, without the query */
	char *path, *query;
	struct request_field *fields;
	uint32_t n_fields;
	struct request_param *params;
	bool has_params;	/* the query has been split */
	struct ow_bytes body;
	struct peer peer;
	bool is_tls, is_head, is_11;
	struct buf headers;	/* lines for the answer */
	void (*gone)(void *arg);
	void *gone_arg;
};

/* Takes raw: head_n bytes that the guard accepted, then the body.  0, or the
   status that refuses it (raw is then still the caller's). */
int request_new(struct gates *, struct gate *, struct buf *raw, size_t head_n,
    const struct peer *, struct request **out);
void request_free(struct request **);
/* The peer is gone: runs on_gone, in which the request may end. */
void request_lost(struct request *);
/* An answer's head and body for somebody who has no request. */
void request_write_refusal(struct gates *, int status, struct buf *out);

/* ---- Goodbyes ----------------------------------------------------------- */

/*
 * Close so that the peer can read what was written last: send it, say that
 * nothing more comes, then read and forget for a bounded while, because
 * closing with unread input makes the kernel throw our last words away.
 * Takes the bufferevent.  peer: to be counted out at the end, or NULL.
 */
void goodbye_start(struct gates *, struct bufferevent *, const struct peer *);
void goodbye_end_all(struct gates *);
void take_end_all(struct gates *);

#endif

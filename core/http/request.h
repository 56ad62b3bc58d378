/* SPDX-License-Identifier: MIT */
/*
 * request - one complete, validated HTTP request and its one answer.
 *
 * Made by listen (behind the guard), so whatever arrives here is well-formed,
 * whole and within the limits.  A request ends in exactly one of
 * request_answer and request_take; both may come later than the handler, on
 * the same loop.  When the peer goes away first, on_gone runs and the request
 * still has to be ended: the answer is then dropped.
 *
 * What is read from a request lives until it ends.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <orderwire/plugin.h>

struct bufferevent;
struct loop;
struct request;

struct loop *request_loop(const struct request *);
const char *request_method(const struct request *);	/* "GET" */
/* Percent-decoded; has no NUL, no "//", no "." or ".." segment; an encoded
   "/" is GUARD_SLASH. */
const char *request_path(const struct request *);
/* The same as it came, which is what signatures are made over. */
const char *request_raw_path(const struct request *);
const char *request_query(const struct request *);	/* raw, "" */
/* A query parameter, decoded, "+" as blank; NULL when absent.  Kept with the
   request. */
const char *request_param(struct request *, const char *name);
/* Any case; several lines of one name are joined by ", ".  NULL: absent. */
const char *request_header(struct request *, const char *name);
/* One header line after the other, as they came: false behind the last. */
bool request_header_at(const struct request *, uint32_t i,
    struct ow_header *out);
struct ow_bytes request_body(const struct request *);
const char *request_peer(const struct request *);	/* "127.0.0.1" */
bool request_peer_is_loopback(const struct request *);
bool request_is_tls(const struct request *);

void request_on_gone(struct request *, void (*fn)(void *arg), void *arg);

/* A header that whatever answer comes will have; copied. */
void request_add_header(struct request *, const char *name,
    const char *value);

struct answer {
	int status;
	const char *content_type;	/* NULL without a body */
	struct ow_bytes body;		/* copied, unless there is release */
	bool close;			/* end the connection behind it */
	/* Or NULL.  The body is lent: it goes out in pieces as the peer takes
	   them, and stays until this runs, once, also within
	   request_answer. */
	void (*release)(void *arg);
	void *arg;
};
/* Adds Content-Length, Date, and for HEAD leaves the body out. */
void request_answer(struct request **, const struct answer *);

/* A connection that has left HTTP.  Exactly one of fd and bev is there: a
   plain one gives its naked non-blocking fd, TLS keeps its bufferevent
   (callbacks unset, reading disabled). */
struct taken {
	int fd;				/* -1: none */
	struct bufferevent *bev;
	struct ow_bytes early;		/* came behind the request; during
					   the call only */
	char peer[48];
	bool loopback;
};
/*
 * Send head (it may be empty) and leave HTTP; taken runs later, once, and then
 * owns what it gets; both fd < 0 and bev NULL: the peer went away meanwhile.
 * Several takes may be under way.
 */
void request_take(struct request **, struct ow_bytes head,
    void (*taken)(void *arg, const struct taken *), void *arg);

#endif

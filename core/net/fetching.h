/* SPDX-License-Identifier: MIT */
/*
 * fetching - what fetch.c, which drives libcurl, and the files of mail know of
 * each other.  fetch.h is for everybody else.
 *
 *	fetch.c    the multi handle on the loop; HTTP
 *	going.c    an answer that goes on
 *	mail.c     one mail: what it needs, its deadline, its answer
 *	session.c  one connection to a mail server, for one mail after another
 *	wsclient.c one WebSocket
 */
#ifndef NET_FETCHING_H
#define NET_FETCHING_H

#include <curl/curl.h>
#include <event2/event.h>

#include "base/buf.h"
#include "net/fetch.h"

#define FETCHES_MAX 4000

/* What CURLOPT_PRIVATE leads to: who is told that libcurl has finished. */
struct transfer {
	void (*done)(struct transfer *, CURLcode);
};

struct fetch {
	struct transfer transfer;	/* first */
	struct fetch *prev, *next;
	struct fetcher *home;
	CURL *easy;			/* NULL: a mail */
	struct curl_slist *headers;
	struct buf body;
	size_t head_len;
	uint32_t n_denied, n_opened;	/* addresses, by allow's word */
	struct letter *letter;		/* a mail's; NULL: HTTP */
	/* Of an answer that goes on. */
	void (*data)(void *arg, struct ow_bytes);	/* or NULL */
	struct event *silence;
	struct fetch *next_fresh;
	bool is_fresh;			/* body has what data has not seen */
	char error[CURL_ERROR_SIZE];
	void (*done)(void *arg, const struct fetch_reply *);
	void *arg;
};

struct fetcher {
	CURLM *multi;
	struct event_base *base;
	struct event *timer;
	struct fetch *first;
	struct fetch *fresh;
	uint32_t n;
	bool is_calling;		/* a done() is running */
	fetch_allow *allow;
	void *allow_arg;
	struct session *sessions;	/* session.c's */
	uint32_t n_idle;		/* of them */
	struct wsclient *sockets;	/* wsclient.c's */
	uint32_t n_sockets;
};

/* One mail under way: mail.c's. */
struct letter {
	struct fetch *fetch;
	struct session *session;	/* NULL: none has it */
	struct event *deadline;
	struct fetch_letter req;	/* the strings are ours */
	struct buf message;
	bool is_repeated;		/* on a second session already */
};

/* ---- fetch.c ---- */

/* A new one, in the list; NULL: too many are there. */
struct fetch *fetch_new(struct fetcher *, size_t body_max,
    void (*done)(void *arg, const struct fetch_reply *), void *arg);
/* Calls its done() and ends it. */
void fetch_answer(struct fetch *, const struct fetch_reply *);
/* What HTTP and SMTP share; timeouts in ms from now. */
void fetch_set_limits(CURL *, int64_t timeout_ms, const char *protocols,
    const char *ca_file);
int fetch_error(CURLcode);
/* What a URL says, as libcurl itself will read it.  false: it can't be. */
bool fetch_read_url(const char *text, const char *scheme, bool *out_is_it,
    bool *out_has_user);

/* ---- going.c: answers that go on ---- */

/* Before it starts: data gets what comes. */
void going_init(struct fetch *, void (*data)(void *arg, struct ow_bytes),
    int64_t head_ms);
void going_done(struct fetch *);
/* libcurl has something for its body, from which data will get it; false: it
   is of an answer that is no good, and the reply's. */
bool going_take(struct fetch *, const char *p, size_t n, bool *out_is_full);
/* The head has ended, or more has come. */
void going_heard(struct fetch *);
/* Outside of libcurl: data() of all to whom something came. */
void going_deliver(struct fetcher *);

/* ---- mail.c ---- */

/* Its end without a word: the mail was cancelled, or has its answer. */
void letter_free(struct letter **);
/* The server said yes or no: line is its last. */
void letter_answer(struct letter *, int status, const char *line);
/* It said neither. */
void letter_fail(struct letter *, int err, const char *why);

/* ---- session.c ---- */

/* A session takes it: one that is idle and fits, or a new one.  What becomes
   of it comes later, never from inside. */
void session_take(struct fetcher *, struct letter *);
/* The letter wants nothing any more. */
void session_drop(struct session **);
void sessions_free(struct fetcher *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * fetch - HTTP requests to others, by libcurl on our loop.
 *
 * One struct fetcher a loop; it keeps connections for reuse, so who may be
 * connected to is the fetcher's property and not the request's: a connection
 * that one request was allowed to open is never used by another that was not.
 *
 * Redirects are answers like others, never followed.  Proxies from the
 * environment, cookies and .netrc are not looked at.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <orderwire/plugin.h>

struct fetch;			/* one request under way */
struct fetcher;
struct loop;
struct sockaddr;

/* May we connect to this address (resolved, the one that will be used)?  Runs
   on the loop, inside libcurl: it must not call into the fetcher. */
typedef bool fetch_allow(void *arg, const struct sockaddr *);

/* allow NULL: any address. */
struct fetcher *fetcher_new(struct loop *, fetch_allow *allow, void *arg);
/* Cancels what is under way.  Not from inside a done() of this fetcher. */
void fetcher_free(struct fetcher **);

/* All of it is copied by fetch_start. */
struct fetch_request {
	const char *method;		/* "GET", "POST", ... */
	const char *url;		/* http or https */
	const struct ow_header *headers;
	size_t n_headers;
	struct ow_bytes body;
	int64_t timeout_ms;		/* for all of it, above 0 */
	size_t reply_max;		/* bytes of the answer's body */
	const char *ca_file;		/* PEM; NULL or "": the system's */
};

/* Valid during the call of done. */
struct fetch_reply {
	/* OW_OK: an answer came, of whatever status.  OW_ETIMEOUT;
	   OW_ELIMIT: longer than reply_max; OW_EDENIED: allow said no;
	   OW_EINVAL: a URL or method that can't be; OW_EIO: all else. */
	int err;
	int status;
	struct ow_bytes body;
	char detail[160];		/* why there is none; "" with OW_OK */
	void *curl;			/* for fetch_header */
};

/* A header of the answer, any case, the last of its name; or NULL.  Valid
   until the next call. */
const char *fetch_header(const struct fetch_reply *, const char *name);

/*
 * done runs exactly once, on the loop, never before this has returned; the
 * fetch ends then (a pointer kept in *out is stale from that call on).
 * OW_ELIMIT when 1,000 are under way; OW_EINVAL for headers with line breaks
 * or no timeout: then done does not run.
 */
int fetch_start(struct fetcher *, const struct fetch_request *,
    void (*done)(void *arg, const struct fetch_reply *), void *arg,
    struct fetch **out);
/* done will not run.  NULL inside is fine, leaves NULL. */
void fetch_cancel(struct fetch **);

#endif

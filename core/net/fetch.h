/* SPDX-License-Identifier: MIT */
/*
 * fetch - HTTP requests and mails to others, by libcurl on our loop.
 *
 * One struct fetcher a loop; it keeps connections for reuse, so who may be
 * connected to is the fetcher's property and not the request's: a connection
 * that one request was allowed to open is never used by another that was not.
 *
 * Redirects are answers like others, never followed.  Proxies from the
 * environment, cookies and .netrc are not looked at.  Over TLS a server that
 * can is spoken to by HTTP/2, all requests on one connection.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <orderwire/plugin.h>

struct fetch;			/* one request, or mail, under way */
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
	/* An answer that goes on: what a 2xx brings comes here as it comes,
	   outside of libcurl, so the fetch may be cancelled from inside; done
	   is its end, without a body.  timeout_ms is then up to the end of
	   the answer's head; no byte for 90 s after that is OW_ETIMEOUT.
	   NULL: it does not.  arg is that of done. */
	void (*data)(void *arg, struct ow_bytes);
	bool is_strict;		/* https alone, and nobody's name in the URL;
				   else fetch_start is OW_EDENIED */
};

/* All of it is copied by fetch_mail. */
struct fetch_letter {
	const char *url;		/* smtp or smtps, host and port */
	bool starttls;			/* smtp: nothing is said without TLS */
	const char *user, *password;	/* NULL or "": no login */
	const char *from, *to;		/* bare, ASCII; from "": <> */
	struct ow_bytes message;	/* whole, CRLF lines; up to 25 MB */
	int64_t timeout_ms;		/* for all of it, above 0 */
	const char *ca_file;		/* PEM; NULL or "": the system's */
};

/* Valid during the call of done. */
struct fetch_reply {
	/* OW_OK: an answer came, of whatever status.  OW_ETIMEOUT;
	   OW_ELIMIT: longer than reply_max; OW_EDENIED: allow said no;
	   OW_EINVAL: a URL or method that can't be; OW_EIO: all else.
	   A mail has an answer when the server has said yes or no to it or
	   to the login; one that does not even greet, or that has no
	   STARTTLS, is OW_EIO. */
	int err;
	int status;	/* of HTTP or SMTP; as far as known also with ELIMIT */
	struct ow_bytes body;
	/* HTTP: why there is no answer, "" with OW_OK.  SMTP: the server's
	   last line with OW_OK.  One line of ASCII, without the recipient. */
	char detail[160];
	void *curl;			/* for fetch_header */
};

/* A header of HTTP's answer, any case, the last of its name; or NULL.  Valid
   until the next call. */
const char *fetch_header(const struct fetch_reply *, const char *name);

/*
 * done runs exactly once, on the loop, never before this has returned; the
 * fetch ends then (a pointer kept in *out is stale from that call on).
 * OW_ELIMIT when 4,000 are under way; OW_EINVAL for headers with line breaks
 * or no timeout: then done does not run.
 */
int fetch_start(struct fetcher *, const struct fetch_request *,
    void (*done)(void *arg, const struct fetch_reply *), void *arg,
    struct fetch **out);
/* The same for a mail, by a fetcher without an allow.  OW_EINVAL: no timeout;
   an address that is none; a URL with a user in it, or of another scheme. */
int fetch_mail(struct fetcher *, const struct fetch_letter *,
    void (*done)(void *arg, const struct fetch_reply *), void *arg,
    struct fetch **out);
/* done will not run.  NULL inside is fine, leaves NULL. */
void fetch_cancel(struct fetch **);

#endif

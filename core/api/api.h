/* SPDX-License-Identifier: MIT */
/*
 * api - from a request to the handler of its call: limits, origin, route,
 * token, in this order.
 *
 * One struct api for each listener's loop.  A handler checks the body's form,
 * makes a command and is done; the command's answer becomes the response.
 */
#ifndef API_API_H
#define API_API_H

#include "conf/settings.h"
#include "http/auth.h"
#include "http/request.h"
#include "http/route.h"

struct api;
struct metrics;
struct orders;
struct outbox;
struct buf;

/* What /admin and /metrics tell and do: the server's own. */
struct api_admin {
	bool (*is_ready)(void *arg, const char **out_why);
	void (*metrics)(void *arg, struct buf *out);
	void (*plugins)(void *arg, struct buf *out);	/* JSON */
	void (*drain)(void *arg);
	void *arg;
};

struct api_conf {
	struct loop *loop;
	const struct settings *set;
	const char *public_url;
	struct auth *auth;
	struct orders *orders;
	struct outbox *outbox;		/* NULL: there are no channels */
	struct metrics *metrics;
	struct api_admin admin;		/* of the admin's listener */
	const char *name;		/* label of the metrics */
};

struct api *api_new(const struct api_conf *);
void api_free(struct api **);
/* Where transports' routes go (stream_gate_conf.routes). */
struct routes *api_stream_routes(struct api *);

/* One call while it is worked on. */
struct call {
	struct api *api;
	struct request *req;
	struct route_match match;
	const struct api_route *route;
	struct who *who;		/* NULL: nobody, or by tracking token */
	const char *tracking_token;	/* points into the request */
	bool waited;			/* for the keys to be read again */
};

struct api_route {
	const char *method, *pattern;
	bool anyone;			/* needs no token */
	void (*run)(struct call *);
};

/* The tables, each ended by a NULL method: the public listener's... */
extern const struct api_route api_order_routes[];
extern const struct api_route api_notification_routes[];
extern const struct api_route api_push_routes[];
extern const struct api_route api_hook_routes[];
extern const struct api_route api_unsubscribe_routes[];
/* ...and the admin's, which has journeys, too. */
extern const struct api_route api_admin_routes[];
extern const struct api_route api_job_routes[];
extern const struct api_route api_journey_routes[];
int api_add_routes(struct api *, const struct api_route *, struct ow_fault *);
/* All of the public listener, all of the admin's. */
int api_add_public(struct api *, struct ow_fault *);
int api_add_admin(struct api *, struct ow_fault *);

/* For listener_conf.on_request. */
void api_request(void *api, struct request *);

/* ---- For handlers ------------------------------------------------------- */

const struct api_conf *api_conf_of(const struct call *);
/* The request has been answered already: the call ends. */
void call_done(struct call **);
/* RFC 6750, 3: what a 401 says about tokens; had_one: but no good one. */
void call_mark_unauthorized(struct call *, bool had_one);
/* Each ends the call. */
void call_answer_json(struct call **, int status, const char *p, size_t n);
void call_answer_text(struct call **, int status, const char *content_type,
    const char *p, size_t n);
void call_problem(struct call **, int status, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
struct form_faults;
void call_faults(struct call **, const struct form_faults *);
/* An admin asks; otherwise the call has ended (401, 403). */
bool call_admit_admin(struct call **);
/* The body as JSON: OW_OK; otherwise the call has ended (400, 415). */
struct json;
int call_body(struct call **, struct json **out);

#endif

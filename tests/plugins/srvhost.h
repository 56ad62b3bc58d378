/* SPDX-License-Identifier: MIT */
/*
 * srvhost - a scripted host for one transport, and what the transport did.
 *
 * The test fills in what a request says, calls a route, and looks at what was
 * answered, opened, written and closed.  Time moves only by srvhost_fire.
 */
#ifndef TESTS_SRVHOST_H
#define TESTS_SRVHOST_H

#include <orderwire/plugin.h>

#define SRVHOST_ROUTES_MAX 8
#define SRVHOST_FIELDS_MAX 8

struct ow_ctx {
	char unused;
};

struct ow_stream {
	char unused;
};

struct srvhost_field {
	const char *name, *value;
};

struct srvhost {
	struct ow_ctx ctx;
	struct ow_stream stream;
	struct ow_host host;
	const struct ow_plugin *plugin;
	void *self;

	/* The script. */
	struct srvhost_field headers[SRVHOST_FIELDS_MAX];
	struct srvhost_field params[SRVHOST_FIELDS_MAX];
	bool is_full;			/* write() gives OW_EAGAIN */
	int message_err;		/* what message() gives */
	int end_in_message;		/* message() calls end() with this */
	int route_err;
	bool keeps_loans;		/* until srvhost_release() */

	/* What happened. */
	uint32_t n_routes;
	struct {
		char path[64];
		void (*fn)(void *, struct ow_srv_call *,
		    const struct ow_srv_req *);
	} routes[SRVHOST_ROUTES_MAX];
	uint32_t n_answers, n_opens;
	int32_t status;
	char answer_headers[4096];	/* "name: value\n" each */
	char answer_type[64];		/* answer_bytes(); "" without one */
	char *answer_body;		/* a copy, ended with NUL; or NULL */
	size_t answer_n;
	void (*release)(void *);	/* NULL: nothing is lent now */
	void *release_arg;
	char detail[256];
	struct ow_open open;		/* its strings: below */
	char open_order[128], open_token[256], open_ticket[256];
	char open_head[1024];
	unsigned char *written;
	size_t written_n;
	uint32_t n_messages, n_closes, n_drained;
	char message[1024];
	void *peer;
	struct {
		void (*fire)(void *);
		void *arg;
	} timer;			/* fire NULL: none runs */
};

/* The plugin under test: its ow_plugin_query is linked in. */
void srvhost_init(struct srvhost *, const void *conf);
void srvhost_done(struct srvhost *);	/* closed(), stop() */
/* Empties the script's fields and all that happened, not the routes. */
void srvhost_reset(struct srvhost *);
void srvhost_header(struct srvhost *, const char *name, const char *value);
void srvhost_param(struct srvhost *, const char *name, const char *value);
/* False: there is no such route. */
bool srvhost_call(struct srvhost *, const char *route, const char *method,
    const char *param);
/* The same for a path that "*" serves. */
bool srvhost_call_rest(struct srvhost *, const char *method, const char *path);
void srvhost_release(struct srvhost *);
/* Bytes from the peer. */
void srvhost_data(struct srvhost *, const void *p, size_t n);
void srvhost_end(struct srvhost *, int code, const char *reason);
void srvhost_fire(struct srvhost *);
/* The whole of a message as it would go out to the stream that was opened, or
   to one of variant 0; returns its length. */
size_t srvhost_frame(struct srvhost *, const char *type, uint64_t seq,
    const char *json, char *out, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * sms - one instance of the plugin, as its gateways see it.
 *
 * A gateway knows one provider: how a request to it looks, what its answer
 * means, and what its own requests to us say.  Everything else (texts, STOP
 * words, flights) is the same for all and in sms.c.
 */
#ifndef CHANNEL_SMS_SMS_H
#define CHANNEL_SMS_SMS_H

#include <orderwire/plugin.h>

#include "../common/flight.h"
#include "gsm.h"
#include "text.h"

#define SMS_HEADERS_MAX 16
#define SMS_REF_SIZE 128

/* Indexes into the metric table. */
enum { M_SEGMENTS, M_CUT, M_STOPS, M_STARTS, M_HOOKS_REFUSED };

struct sms_conf {
	const char *gateway, *url;
	const char *user, *password, *account;
	const char *from;
	const char *hook_url, *hook_secret;
	int64_t max_segments;
	const char *method, *headers, *content_type, *body, *success, *ref;
	const char *stop_words, *start_words, *stop_reply, *start_reply;
	const char *ca_file;
	int64_t timeout_ms;
};

struct gateway;

struct sms {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct sms_conf *conf;
	const struct gateway *gateway;
	struct flights flights;
};

/* What a gateway writes; text_done'd after the call. */
struct sms_request {
	const char *method;
	struct text url, body;
	size_t n_headers;
	struct {
		const char *name;	/* a constant, or of the options */
		struct text own_name, value;
	} headers[SMS_HEADERS_MAX];
};

/* The next header's value, to be written; name is a constant. */
struct text *request_header(struct sms_request *, const char *name);

/* What an answer or a report means. */
struct reading {
	int32_t verdict;		/* 0: nothing new (reports only) */
	int64_t retry_after_ms;
	char ref[SMS_REF_SIZE];		/* "": the job's key */
	char detail[200];
	bool is_opted_out;		/* the provider heard STOP from them */
};

struct gateway {
	const char *name;
	/* What is wrong with the options; NULL: nothing. */
	const char *(*fault)(const struct sms_conf *);
	void (*request)(const struct sms *, const struct ow_job *,
	    const char *text, const struct gsm *, struct sms_request *out);
	/* usual is judge()'s; out begins with it. */
	void (*judge)(const struct sms *, const struct ow_reply *,
	    struct reading *out);
	void (*hook)(struct sms *, struct ow_hook_call **,
	    const struct ow_hook_req *);
};

extern const struct gateway gateway_kannel, gateway_twilio, gateway_http;

/* ---- For hooks ----------------------------------------------------------- */

/* hook_url with the job's key and a signature of it, so that a report can say
   which job it is about and nobody else can: "...?ref=KEY&sig=HEX". */
void sms_report_url(const struct sms *, const char *key, struct text *out);
/* The ref of a request that came to such a URL; NULL: not signed. */
const char *sms_report_ref(struct sms *, struct ow_hook_call *);
void sms_report(struct sms *, const char *ref, const struct reading *);
/* Somebody wrote to us.  What to answer, or NULL: nothing. */
const char *sms_incoming(struct sms *, const char *from, const char *message);
void sms_answer(struct sms *, struct ow_hook_call **, int32_t status,
    const char *content_type, const char *body);
/* 401, counted. */
void sms_refuse(struct sms *, struct ow_hook_call **);
const char *sms_param(struct sms *, struct ow_hook_call *, const char *name);

#endif

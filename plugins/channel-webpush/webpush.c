/* SPDX-License-Identifier: MIT */
/*
 * channel-webpush - hands a notice to a browser's push service (RFC 8030),
 * encrypted for that browser alone (RFC 8291) and signed by us (RFC 8292).
 *
 * It says what a message is made of and what an answer means.  The connection
 * is the host's (HTTP/2 where the service has it, and no way into a private
 * network); waiting and trying again are the outbox'.
 *
 * On the path: the outbox calls check() when somebody subscribes, and
 * deliver() for each job that is due; what it settles ends the job or puts it
 * off.
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <orderwire/plugin.h>

#include "../common/flight.h"
#include "address.h"
#include "answer.h"
#include "keyring.h"
#include "payload.h"
#include "pool.h"
#include "seal.h"
#include "vapid.h"

#define TTL_MAX_S 2419200	/* four weeks: what services keep at most */
#define REPLY_MAX 65536
#define TOPIC_SIZE 33		/* RFC 8030, 5.4: 32 signs */

struct webpush_conf {
	const char *keys_file, *sub, *hosts, *ca_file;
	int64_t timeout_ms;
};

static const struct ow_option options[] = {
	OW_STR(struct webpush_conf, keys_file, OW_REQUIRED,
	    "JWK set with our ES256 keys, the current one first, that nobody "
	    "else may read; orderwirectl keys new --alg ES256 makes one."),
	OW_STR(struct webpush_conf, sub, OW_REQUIRED,
	    "Whom push services may ask about our messages: mailto:... or "
	    "https://..."),
	OW_STR(struct webpush_conf, hosts,
	    "fcm.googleapis.com *.push.services.mozilla.com "
	    "*.notify.windows.com *.push.apple.com",
	    "Push services that subscriptions may name, with blanks between "
	    "them; *.x.y: any name below x.y; *: any."),
	OW_STR(struct webpush_conf, ca_file, "",
	    "PEM file of the authorities to trust; empty: the system's."),
	OW_MS(struct webpush_conf, timeout_ms, "20s", 1000, 600000,
	    "How long one message may take."),
	OW_OPTIONS_END
};

enum { M_CUT, M_LATE_PAIRS, M_SIGNED };

static const struct ow_metric metrics[] = {
	{ "texts_cut_total", OW_COUNTER,
	    "Notices that were too long for a message and lost their end." },
	{ "late_pairs_total", OW_COUNTER,
	    "Key pairs that were made while a message waited." },
	{ "tokens_signed_total", OW_COUNTER,
	    "Tokens signed for a push service." },
	OW_METRICS_END
};

struct webpush {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct webpush_conf *conf;
	struct keyring *keys;		/* since start() */
	struct flights flights;
	struct pool pool;
	struct vapid_cache tokens;
};

/* A message that is ready to go. */
struct message {
	struct address to;
	const char *authorization;	/* the cache's */
	char ttl[24], topic[TOPIC_SIZE];
	unsigned char body[SEAL_MAX];
	size_t n_body;
};

/* ---- The message --------------------------------------------------------- */

/* Messages of one group replace each other.  The service need not know which
   group that is. */
static void
topic_of(const char *group, char topic[TOPIC_SIZE])
{
	unsigned char hash[32];
	unsigned int n;

	topic[0] = '\0';
	if (*group && EVP_Digest(group, strlen(group), hash, &n, EVP_sha256(),
	    NULL) == 1)
		(void)b64_encode(hash, 24, topic);
}

static const char *
urgency_of(int32_t urgency)
{
	switch (urgency) {
	case OW_URGENCY_LOW:
		return "low";
	case OW_URGENCY_HIGH:
		return "high";
	default:
		return "normal";
	}
}

static int64_t
ttl_of(int64_t ttl_ms)
{
	int64_t ttl_s = ttl_ms > 0 ? ttl_ms / 1000 : 0;

	return ttl_s < TTL_MAX_S ? ttl_s : TTL_MAX_S;
}

static int
message_seal(struct webpush *w, const struct ow_job *job, struct message *m)
{
	char text[SEAL_TEXT_MAX];
	unsigned char salt[SEAL_SALT];
	struct p256_pair pair = { NULL, { 0 } };
	bool is_cut, is_late;
	size_t n;
	int err;

	err = payload_write(job, text, sizeof(text), &n, &is_cut);
	if (err)
		return err;
	if (RAND_bytes(salt, sizeof(salt)) != 1 ||
	    pool_take(&w->pool, &pair, &is_late) != OW_OK)
		return OW_EIO;
	pool_fill(&w->pool);
	w->host->base->add(w->ctx, M_CUT, is_cut);
	w->host->base->add(w->ctx, M_LATE_PAIRS, is_late);
	err = seal_message(&pair, salt, &m->to.peer, text, n,
	    seal_padding(n), m->body, &m->n_body);
	p256_done(&pair);
	return err;
}

/* NULL, or what is in the way, and what that means for the job. */
static const char *
message_make(struct webpush *w, const struct ow_job *job, struct message *m,
    int32_t *out_verdict)
{
	const struct keyring_key *key;
	uint64_t n_signed = w->tokens.n_signed;
	int err;

	*out_verdict = OW_REJECTED;
	if (address_read(job->address, &m->to) != OW_OK)
		return "the address is not one that this channel made";
	if (!address_is_allowed(w->conf->hosts, m->to.host))
		return "its push service is not among hosts any more";
	key = keyring_find(w->keys, m->to.kid);
	if (!key)
		return "the subscription was made with a key that is not in "
		    "keys_file any more";
	err = vapid_value(&w->tokens, key, m->to.origin, w->conf->sub,
	    (int64_t)time(NULL), &m->authorization);
	w->host->base->add(w->ctx, M_SIGNED,
	    (int64_t)(w->tokens.n_signed - n_signed));
	if (!err)
		err = message_seal(w, job, m);
	topic_of(job->group, m->topic);
	(void)snprintf(m->ttl, sizeof(m->ttl), "%lld",
	    (long long)ttl_of(job->ttl_ms));
	switch (err) {
	case OW_OK:
		return NULL;
	case OW_ELIMIT:
		return "its links alone are too long for a message";
	case OW_EINVAL:
		return "the subscription's key is no point of P-256";
	default:
		*out_verdict = OW_RETRY;
		return "OpenSSL can't encrypt or sign";
	}
}

/* ---- Delivery ------------------------------------------------------------ */

static void
webpush_on_reply(void *arg, const struct ow_reply *reply)
{
	struct flight *f = arg;
	struct webpush *w = f->flights->self;
	const struct ow_job *job = f->job;
	struct ow_outcome outcome = { .size = sizeof(outcome) };
	char detail[ANSWER_DETAIL_MAX];

	w->host->net->judge(reply, &outcome);
	answer_read(reply, &outcome, detail);
	if (outcome.verdict == OW_DELIVERED)
		outcome.ref = w->host->net->header(reply, "Location");
	flight_end(&f);
	flights_settle(&w->flights, job, &outcome);
}

static bool
message_send(struct webpush *w, const struct ow_job *job,
    const struct message *m, int64_t timeout_ms)
{
	const struct ow_header headers[] = {
		{ "Authorization", m->authorization },
		{ "Content-Encoding", "aes128gcm" },
		{ "Content-Type", "application/octet-stream" },
		{ "TTL", m->ttl },
		{ "Urgency", urgency_of(job->urgency) },
		{ "Topic", m->topic },
	};
	const struct ow_http_req req = {
		.size = sizeof(req),
		.flags = OW_HTTP_FROM_USER,
		.method = "POST",
		.url = m->to.endpoint,
		.headers = headers,
		.n_headers = *m->topic ? 6 : 5,
		.body = { m->body, m->n_body },
		.timeout_ms = timeout_ms,
		.reply_max = REPLY_MAX,
		.ca_file = w->conf->ca_file,
	};
	struct flight *f = flights_add(&w->flights, sizeof(*f), job);

	if (f)
		f->call = w->host->net->http(w->ctx, &req, webpush_on_reply,
		    f);
	if (f && f->call)
		return true;
	flight_end(&f);
	return false;
}

static void
webpush_deliver(void *self, const struct ow_job *job)
{
	struct webpush *w = self;
	int64_t left = job->deadline_ms - w->host->base->now_ms(w->ctx);
	struct message m;
	int32_t verdict;
	const char *why;

	if (left <= 0) {
		flights_settle_as(&w->flights, job, OW_RETRY,
		    "no time was left");
		return;
	}
	if (left > w->conf->timeout_ms)
		left = w->conf->timeout_ms;
	why = message_make(w, job, &m, &verdict);
	if (why)
		flights_settle_as(&w->flights, job, verdict, why);
	else if (!message_send(w, job, &m, left))
		flights_settle_as(&w->flights, job, OW_RETRY,
		    "the request could not be made");
}

static void
webpush_cancel(void *self, const struct ow_job *job)
{
	struct webpush *w = self;

	flights_cancel(&w->flights, job,
	    "given up before the push service answered");
}

static int
webpush_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	struct webpush *w = self;

	return address_check(w->keys, w->conf->hosts, wanted, out, f);
}

static const char *
webpush_public_key(void *self)
{
	const struct webpush *w = self;

	return w->keys->key[0].text;
}

/* ---- Life ---------------------------------------------------------------- */

/* It goes into a token, where nothing escapes it. */
static bool
is_contact(const char *sub)
{
	const char *p;

	for (p = sub; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\')
			return false;
	if (strlen(sub) > VAPID_SUB_MAX)
		return false;
	return strncmp(sub, "mailto:", 7) == 0 ? strchr(sub + 7, '@') != NULL :
	    strncmp(sub, "https://", 8) == 0 && sub[8] != '\0';
}

static const char *
webpush_fault(const struct webpush_conf *conf)
{
	if (conf->keys_file[0] != '/')
		return "keys_file must be an absolute path, such as "
		    "/etc/orderwire/vapid.json";
	if (!is_contact(conf->sub))
		return "sub must be such as mailto:push@cafe.example or "
		    "https://cafe.example/contact";
	return address_hosts_fault(conf->hosts);
}

static int
webpush_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *f)
{
	const char *why = webpush_fault(conf);
	struct webpush *w = why ? NULL : calloc(1, sizeof(*w));

	if (!w) {
		(void)snprintf(f->text, sizeof(f->text), "%s",
		    why ? why : "out of memory");
		return why ? OW_EINVAL : OW_EAGAIN;
	}
	w->ctx = ctx;
	w->host = host;
	w->conf = conf;
	flights_init(&w->flights, ctx, host, w);
	pool_init(&w->pool, ctx, host->base);
	*out_self = w;
	return OW_OK;
}

static int
webpush_start(void *self, struct ow_fault *f)
{
	struct webpush *w = self;
	int err;

	err = keyring_read(w->conf->keys_file, &w->keys, f);
	if (err)
		return err;
	pool_fill(&w->pool);
	return OW_OK;
}

static void
webpush_drain(void *self)
{
	struct webpush *w = self;

	flights_drain(&w->flights);
}

static void
webpush_stop(void *self)
{
	struct webpush *w = self;

	flights_stop(&w->flights);
	pool_done(&w->pool);
	keyring_free(&w->keys);
	free(w);
}

static const struct ow_channel channel = {
	.size = sizeof(channel),
	.medium = "push",
	.kind = "webpush",
	.check = webpush_check,
	.deliver = webpush_deliver,
	.cancel = webpush_cancel,
	.public_key = webpush_public_key,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "channel-webpush",
	.version = "1.0",
	.summary = "notices to browsers, by web push",
	.options = options,
	.conf_size = sizeof(struct webpush_conf),
	.metrics = metrics,
	.load = webpush_load,
	.start = webpush_start,
	.drain = webpush_drain,
	.stop = webpush_stop,
	.ops.channel = &channel,
};

OW_EXPORT_PLUGIN(plugin);

/* SPDX-License-Identifier: MIT */
/*
 * rude-channel - a channel for e-mail that keeps its word only in the manner
 * "good"; every other one breaks one rule of orderwire/plugin.h.
 *
 *	hang	never settles, not even when it is told to give up
 *	late	settles long after its deadline, as if nothing was
 *	nonsense settles with verdicts and words that cannot be
 *	twice	settles twice at once, and once more later
 *	stranger settles jobs that it never got
 *	wrong	says that it is misconfigured
 *
 * Built by rude-channel.test.mjs against the installed header alone, as a third
 * party would.
 */
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#define LATE_MS 1500

struct rude_conf {
	const char *manner;
};

static const char *const manners[] = { "good", "hang", "late", "nonsense",
	"twice", "stranger", "wrong", NULL };

static const struct ow_option options[] = {
	OW_CHOICE(struct rude_conf, manner, "good", manners, "How it behaves."),
	OW_OPTIONS_END
};

struct rude {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct rude_conf *conf;
	uint32_t count;
	struct memory *memories;
};

/* A job that is spoken of later; kept to the end. */
struct memory {
	struct memory *next;
	struct rude *rude;
	const struct ow_job *job;
};

static int
rude_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *fault)
{
	struct rude *r = calloc(1, sizeof(*r));

	(void)fault;
	if (!r)
		return OW_EIO;
	r->ctx = ctx;
	r->host = host;
	r->conf = conf;
	*out_self = r;
	return OW_OK;
}

static int
rude_start(void *self, struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static bool
rude_is(const struct rude *r, const char *manner)
{
	return strcmp(r->conf->manner, manner) == 0;
}

/* One that hangs does so to the end. */
static void
rude_drain(void *self)
{
	struct rude *r = self;

	if (!rude_is(r, "hang"))
		r->host->base->drained(r->ctx);
}

static void
rude_stop(void *self)
{
	struct rude *r = self;
	struct memory *m;

	while ((m = r->memories)) {
		r->memories = m->next;
		free(m);
	}
	free(r);
}

static int
rude_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *fault)
{
	size_t n = strlen(wanted);

	(void)self;
	(void)fault;
	if (n >= sizeof(out->identity))
		return OW_EINVAL;
	memcpy(out->text, wanted, n + 1);
	memcpy(out->identity, wanted, n + 1);
	strcpy(out->hint, "somebody");
	return OW_OK;
}

static void
settle(struct rude *r, const struct ow_job *job, int32_t verdict,
    const char *detail)
{
	const struct ow_outcome out = {
		.size = sizeof(out),
		.verdict = verdict,
		.detail = detail,
	};

	r->host->outbox->settle(r->ctx, job, &out);
}

static void
speak_later(void *arg)
{
	struct memory *m = arg;

	settle(m->rude, m->job, OW_DELIVERED, "better late than never");
}

static void
remember(struct rude *r, const struct ow_job *job, int64_t after_ms)
{
	struct memory *m = malloc(sizeof(*m));

	if (!m)
		return;
	*m = (struct memory){ r->memories, r, job };
	r->memories = m;
	(void)r->host->base->timer_start(r->ctx, after_ms, speak_later, m);
}

/* Each time another kind. */
static void
speak_nonsense(struct rude *r, const struct ow_job *job)
{
	static const int32_t verdicts[] = { 0, -1, 6, 77, INT32_MAX,
		INT32_MIN };
	const struct ow_outcome out = {
		.size = r->count % 3 ? (uint32_t)sizeof(out) : 0,
		.verdict = verdicts[r->count % 6],
		.retry_after_ms = r->count % 2 ? -1 : 1,
		.ref = "\x01\xff\xfe\r\nX: y",
		.detail = "\xc3\x28 \r\n\tnonsense \x1b[31m",
	};

	r->host->outbox->settle(r->ctx, job, r->count % 5 ? &out : NULL);
}

static void
speak_twice(struct rude *r, const struct ow_job *job)
{
	settle(r, job, OW_DELIVERED, "once");
	settle(r, job, OW_REJECTED, "twice");
	remember(r, job, 50);
}

static void
rude_deliver(void *self, const struct ow_job *job)
{
	const struct ow_job nobodys = { .size = sizeof(nobodys) };
	struct rude *r = self;

	r->count++;
	if (rude_is(r, "hang"))
		return;
	if (rude_is(r, "late")) {
		remember(r, job, LATE_MS);
	} else if (rude_is(r, "nonsense")) {
		speak_nonsense(r, job);
	} else if (rude_is(r, "twice")) {
		speak_twice(r, job);
	} else if (rude_is(r, "stranger")) {
		settle(r, &nobodys, OW_DELIVERED, "whose is it?");
		settle(r, NULL, OW_GONE, "nobody's");
		settle(r, job, OW_DELIVERED, "mine");
	} else if (rude_is(r, "wrong")) {
		settle(r, job, OW_MISCONFIGURED, "the password was changed");
	} else {
		settle(r, job, OW_DELIVERED, "");
	}
}

static const struct ow_channel ops = {
	.size = sizeof(ops),
	.medium = "email",
	.kind = "email",
	.check = rude_check,
	.deliver = rude_deliver,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "rude-channel",
	.version = "1",
	.summary = "A channel without manners",
	.options = options,
	.conf_size = sizeof(struct rude_conf),
	.load = rude_load,
	.start = rude_start,
	.drain = rude_drain,
	.stop = rude_stop,
	.ops.channel = &ops,
};

OW_EXPORT_PLUGIN(plugin);

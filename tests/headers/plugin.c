/* SPDX-License-Identifier: MIT */
/*
 * plugin - orderwire/plugin.h compiles alone as C11, and its macros do, too.
 */
#include <orderwire/plugin.h>

struct sample {
	const char *text;
	int64_t number;
	bool is_on;
};

static const char *const choices[] = { "a", "b", NULL };

static const struct ow_option options[] = {
	OW_STR(struct sample, text, "", "A text."),
	OW_URL(struct sample, text, "", "A URL."),
	OW_SECRET(struct sample, text, OW_REQUIRED, "A secret."),
	OW_CHOICE(struct sample, text, "a", choices, "A choice."),
	OW_BOOL(struct sample, is_on, "no", "Yes or no."),
	OW_INT(struct sample, number, "1", 0, 2, "A number."),
	OW_MS(struct sample, number, "1s", 0, 2000, "A time."),
	OW_BYTES(struct sample, number, "1k", 0, 2000, "A size."),
	OW_OPTIONS_END
};

static const struct ow_metric metrics[] = {
	{ "calls", OW_COUNTER, "Calls." },
	OW_METRICS_END
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_TRANSPORT),
	.name = "sample",
	.options = options,
	.conf_size = sizeof(struct sample),
	.metrics = metrics,
};

OW_EXPORT_PLUGIN(plugin);

static int
sample_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *fault)
{
	(void)self;
	(void)wanted;
	(void)fault;
	return sizeof(out->text) > sizeof(out->hint) ? OW_OK : OW_EINVAL;
}

static void
sample_deliver(void *self, const struct ow_job *job)
{
	(void)self;
	(void)job;
}

const struct ow_channel *sample_channel(void);

const struct ow_channel *
sample_channel(void)
{
	static const struct ow_channel channel = {
		.size = sizeof(channel),
		.medium = "sms",
		.kind = "sample",
		.check = sample_check,
		.deliver = sample_deliver,
	};

	return OW_HAS(&channel, hook) ? &channel : NULL;
}

int sample_has_watch(const struct ow_host_base *base);

int
sample_has_watch(const struct ow_host_base *base)
{
	return OW_HAS(base, watch_stop);
}

int header_plugin_c(void);

int
header_plugin_c(void)
{
	return (int)sizeof(struct ow_plugin);
}

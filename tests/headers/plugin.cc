/* SPDX-License-Identifier: MIT */
/*
 * plugin - orderwire/plugin.h compiles alone as C++17.
 */
#include <orderwire/plugin.h>

struct sample {
	const char *text;
	int64_t number;
};

static const struct ow_option options[] = {
	OW_STR(struct sample, text, "", "A text."),
	OW_INT(struct sample, number, "1", 0, 2, "A number."),
	OW_OPTIONS_END
};

bool sample_has_watch(const struct ow_host_base *base);

bool sample_has_watch(const struct ow_host_base *base)
{
	return options[0].name && OW_HAS(base, watch_stop);
}

bool sample_has_judge(const struct ow_host *host);

bool sample_has_judge(const struct ow_host *host)
{
	return OW_HAS(host, outbox) && OW_HAS(host->net, judge) &&
	    OW_HAS(host->outbox, hook_answer);
}

int header_plugin_cc(void);

int header_plugin_cc(void)
{
	return (int)sizeof(struct ow_plugin);
}

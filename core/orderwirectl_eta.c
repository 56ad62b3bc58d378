/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl_eta - how good a tenant's estimates are: a line for each stage
 * at which an order can be when it is estimated, and how much was learnt.
 */
#include "orderwirectl.h"

#include <getopt.h>

#include "base/json.h"

static void
ctl_write_eta(struct buf *out, const struct json *answer)
{
	static const struct ctl_column columns[] = {
		{ "STAGE", "stage" }, { "ORDERS", "orders" },
		{ "BEFORE P50 %", "before_p50_percent" },
		{ "BEFORE P90 %", "before_p90_percent" },
		{ "MEAN ERROR s", "mean_error_s" }, { "BIAS s", "bias_s" },
		{ "P50 TO P90 s", "width_s" }, { NULL, NULL },
	};

	ctl_write_table(out, json_get(answer, "data"), columns);
	(void)buf_str(out, "\nrecent samples\n");
	ctl_write_record(out, json_get(answer, "samples"));
}

int
ctl_eta(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct buf path = BUF_INIT(CTL_TEXT_MAX);
	bool is_json = false;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) == 'j')
		is_json = true;
	if (opt != -1)
		return CTL_USAGE;
	if (optind + 1 != argc)
		return ctl_say(CTL_USAGE, "of which tenant?");
	(void)buf_str(&path, "/admin/eta");
	ctl_add_param(&path, "tenant", argv[optind]);
	status = ctl_tell(c, "GET", path.p, is_json, ctl_write_eta);
	buf_done(&path);
	return status;
}

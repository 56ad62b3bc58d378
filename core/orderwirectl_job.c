/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl_job - what became of notices: jobs, one job, and an order's
 * journey, for people or (--json) as the server tells it.
 */
#include "orderwirectl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ---- Paths --------------------------------------------------------------- */

/* RFC 3986, 2.3: all else is percent-encoded. */
static void
ctl_add_encoded(struct buf *out, const char *s)
{
	for (; *s; s++)
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~:", *s))
			(void)buf_char(out, *s);
		else
			(void)buf_printf(out, "%%%02X", (unsigned char)*s);
}

void
ctl_add_param(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	(void)buf_printf(out, "%c%s=", strchr(out->p, '?') ? '&' : '?', name);
	ctl_add_encoded(out, value);
}

/* ---- jobs ---------------------------------------------------------------- */

static void
ctl_write_jobs(struct buf *out, const struct json *answer)
{
	static const struct ctl_column columns[] = {
		{ "JOB", "id" }, { "STATE", "state" }, { "CHANNEL", "kind" },
		{ "TO", "to" }, { "TOPIC", "topic" }, { "TRIES", "attempt" },
		{ "DUE", "due_at" }, { "WHY", "why" }, { NULL, NULL },
	};
	const char *next = json_get_text(answer, "next_cursor");

	ctl_write_table(out, json_get(answer, "data"), columns);
	if (next)
		fprintf(stderr, "orderwirectl: there are more: --cursor %s\n",
		    next);
}

int
ctl_jobs(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "state", required_argument, NULL, 's' },
		{ "channel", required_argument, NULL, 'c' },
		{ "tenant", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'l' },
		{ "cursor", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct buf path = BUF_INIT(CTL_TEXT_MAX);
	bool is_json = false;
	int opt, status;

	(void)buf_str(&path, "/admin/jobs");
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			ctl_add_param(&path, "state", optarg);
		else if (opt == 'c')
			ctl_add_param(&path, "channel", optarg);
		else if (opt == 't')
			ctl_add_param(&path, "tenant", optarg);
		else if (opt == 'l')
			ctl_add_param(&path, "limit", optarg);
		else if (opt == 'n')
			ctl_add_param(&path, "cursor", optarg);
		else if (opt == 'j')
			is_json = true;
		else
			break;
	}
	if (opt != -1)
		status = CTL_USAGE;
	else if (optind < argc)
		status = ctl_say(CTL_USAGE, "what is '%s'?", argv[optind]);
	else
		status = ctl_tell(c, "GET", path.p, is_json, ctl_write_jobs);
	buf_done(&path);
	return status;
}

/* ---- job ----------------------------------------------------------------- */

static void
ctl_write_job(struct buf *out, const struct json *answer)
{
	static const struct ctl_column columns[] = {
		{ "TRY", "attempt" }, { "AT", "at" }, { "TOOK_MS", "took_ms" },
		{ "VERDICT", "verdict" }, { "REF", "ref" },
		{ "DETAIL", "detail" }, { NULL, NULL },
	};
	const struct json *job = json_get(answer, "job");
	const struct json *attempts = json_get(job, "attempts");

	ctl_write_record(out, job);
	if (json_count(attempts) > 0) {
		(void)buf_char(out, '\n');
		ctl_write_table(out, attempts, columns);
	}
}

int
ctl_job(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "retry", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	struct buf path = BUF_INIT(CTL_TEXT_MAX);
	bool is_retry = false, is_json = false;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r')
			is_retry = true;
		else if (opt == 'j')
			is_json = true;
		else
			return CTL_USAGE;
	}
	if (optind != argc - 1 || !argv[optind][0])
		return ctl_say(CTL_USAGE, "job needs one job's id");
	(void)buf_str(&path, "/admin/jobs/");
	ctl_add_encoded(&path, argv[optind]);
	if (is_retry)
		(void)buf_str(&path, "/retry");
	status = ctl_tell(c, is_retry ? "POST" : "GET", path.p, is_json,
	    ctl_write_job);
	buf_done(&path);
	return status;
}

/* ---- journey ------------------------------------------------------------- */

static void
ctl_write_journey(struct buf *out, const struct json *answer)
{
	static const struct ctl_column columns[] = {
		{ "AT", "at" }, { "KIND", "kind" }, { "WHAT", "text" },
		{ NULL, NULL },
	};

	ctl_write_record(out, json_get(answer, "order"));
	(void)buf_char(out, '\n');
	ctl_write_table(out, json_get(answer, "entries"), columns);
}

/* The only one that is configured, or NULL. */
static const char *
ctl_only_tenant(const struct settings *set)
{
	return set->n_tenants == 1 ? set->tenants[0].name : NULL;
}

static int
ctl_journey_of(struct ctl *c, const char *order, const char *tenant,
    bool is_json)
{
	struct buf path = BUF_INIT(CTL_TEXT_MAX);
	int status = ctl_open(c);

	if (status != CTL_DONE)
		return status;
	if (!tenant)
		tenant = ctl_only_tenant(&c->settings);
	/* An id is one order's in all of them. */
	if (!tenant && strncmp(order, "ref:", 4) != 0)
		tenant = "*";
	if (!tenant)
		return ctl_say(CTL_USAGE, "whose order? --tenant T (the "
		    "configuration doesn't name exactly one)");
	(void)buf_str(&path, "/api/v1/");
	ctl_add_encoded(&path, tenant);
	(void)buf_str(&path, "/orders/");
	ctl_add_encoded(&path, order);
	(void)buf_str(&path, "/journey");
	status = ctl_tell(c, "GET", path.p, is_json, ctl_write_journey);
	buf_done(&path);
	return status;
}

int
ctl_journey(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "tenant", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	const char *tenant = NULL;
	bool is_json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 't')
			tenant = optarg;
		else if (opt == 'j')
			is_json = true;
		else
			return CTL_USAGE;
	}
	if (optind != argc - 1 || !argv[optind][0])
		return ctl_say(CTL_USAGE, "journey needs one order: an id, or "
		    "ref: and its external_ref");
	return ctl_journey_of(c, argv[optind], tenant, is_json);
}

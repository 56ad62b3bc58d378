/* SPDX-License-Identifier: MIT */
/*
 * job_json - a job's row for an admin: its hint, never its address.
 */
#include "base/json.h"
#include "outbox/job.h"

enum {
	COL_ID, COL_TENANT, COL_SUB, COL_NOTICE, COL_ORDER, COL_TOPIC,
	COL_KIND, COL_MEDIUM, COL_HINT, COL_STATE, COL_DUE, COL_STALE,
	COL_ATTEMPT, COL_NODE, COL_REF, COL_WHY, COL_AT, COL_ENDED,
	COL_ONLY_UNSEEN, COL_KEY,
};

static const struct {
	const char *name;
	uint32_t col;
	enum { AS_TEXT, AS_INT, AS_TIME, AS_BOOL } as;
} job_members[] = {
	{ "id", COL_ID, AS_TEXT },
	{ "state", COL_STATE, AS_TEXT },
	{ "kind", COL_KIND, AS_TEXT },
	{ "medium", COL_MEDIUM, AS_TEXT },
	{ "to", COL_HINT, AS_TEXT },
	{ "tenant", COL_TENANT, AS_TEXT },
	{ "sub", COL_SUB, AS_TEXT },
	{ "order_id", COL_ORDER, AS_TEXT },
	{ "notice_id", COL_NOTICE, AS_TEXT },
	{ "topic", COL_TOPIC, AS_TEXT },
	{ "at", COL_AT, AS_TIME },
	{ "due_at", COL_DUE, AS_TIME },
	{ "stale_at", COL_STALE, AS_TIME },
	{ "only_unseen", COL_ONLY_UNSEEN, AS_BOOL },
	{ "attempt", COL_ATTEMPT, AS_INT },
	{ "node", COL_NODE, AS_TEXT },
	{ "ref", COL_REF, AS_TEXT },
	{ "why", COL_WHY, AS_TEXT },
	{ "ended_at", COL_ENDED, AS_TIME },
	{ "key", COL_KEY, AS_TEXT },
};

void
job_write(struct jw *w, const char *key, const struct ow_rows *rows,
    uint32_t row)
{
	const char *name;
	uint32_t col;
	size_t i;

	jw_object(w, key);
	for (i = 0; i < sizeof(job_members) / sizeof(job_members[0]); i++) {
		name = job_members[i].name;
		col = job_members[i].col;
		switch (job_members[i].as) {
		case AS_TEXT:
			jw_text(w, name, row_text(rows, row, col, NULL));
			break;
		case AS_INT:
			jw_int(w, name, row_int(rows, row, col));
			break;
		case AS_BOOL:
			jw_bool(w, name, row_int(rows, row, col) != 0);
			break;
		case AS_TIME:
			if (row_int(rows, row, col) == 0)
				jw_null(w, name);
			else
				jw_time(w, name, row_int(rows, row, col));
			break;
		}
	}
}

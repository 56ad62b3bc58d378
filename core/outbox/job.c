/* SPDX-License-Identifier: MIT */
/*
 * job - what a job is called, and how it comes into the store.  Its way out
 * is claim.c's and the following.
 */
#include "outbox/job.h"

#include <string.h>

#include "base/buf.h"

#define KEY_MAX (1u << 20)

const char *const job_state_names[JOB_STATE_COUNT + 1] = {
	[JOB_DUE] = "due", [JOB_LEASED] = "leased", [JOB_LATER] = "later",
	[JOB_SENT] = "sent", [JOB_DELIVERED] = "delivered",
	[JOB_PARKED] = "parked", [JOB_SKIPPED] = "skipped",
};

bool
job_is_state(const char *name)
{
	int i;

	for (i = 0; i < JOB_STATE_COUNT; i++)
		if (strcmp(name, job_state_names[i]) == 0)
			return true;
	return false;
}

/* With its length in front: what is in one part cannot pass for another. */
static void
key_part(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	buf_int(b, (int64_t)n);
	buf_char(b, ':');
	buf_add(b, s, n);
}

void
job_key(const struct job_new *j, char out[SHA256_HEX_SIZE])
{
	struct buf b = BUF_INIT(KEY_MAX);

	key_part(&b, j->event_id);
	key_part(&b, j->tenant);
	key_part(&b, j->sub);
	key_part(&b, j->kind);
	key_part(&b, j->hash);
	crypto_sha256_hex(b.p, b.n, out);
	buf_done(&b);
}

void
job_address_hash(const char *kind, const char *identity,
    char out[SHA256_HEX_SIZE])
{
	struct buf b = BUF_INIT(KEY_MAX);

	key_part(&b, kind);
	key_part(&b, identity);
	crypto_sha256_hex(b.p, b.n, out);
	buf_done(&b);
}

void
job_own_hash(const char *kind, const char *instance, const char *identity,
    char out[SHA256_HEX_SIZE])
{
	struct buf b = BUF_INIT(KEY_MAX);

	key_part(&b, kind);
	key_part(&b, instance);
	key_part(&b, identity);
	crypto_sha256_hex(b.p, b.n, out);
	buf_done(&b);
}

void
job_add(struct txn *txn, const struct job_new *j)
{
	char key[SHA256_HEX_SIZE];

	job_key(j, key);
	txn_add(txn, Q_JOB_INSERT, -1, "ssssssssssssiisiisi", j->id, key,
	    j->tenant, j->sub, j->notice_id, j->order_id, j->topic, j->kind,
	    j->medium, j->address, j->hash, j->hint, j->due_ms, j->stale_ms,
	    j->group, (int64_t)j->only_unseen, (int64_t)j->critical,
	    j->locale, j->at_ms);
}

/* SPDX-License-Identifier: MIT */
/*
 * job - one notice on its way to one address.
 *
 *	due		to be sent at due_ms
 *	leased		a node has it until due_ms; then it is due again
 *	later		put off, with a reason: a retry, quiet hours, a breaker
 *	sent		the provider took it
 *	delivered	it is known to have arrived (a report, a receipt)
 *	parked		it did not go and will not by itself; an admin is asked
 *	skipped		it need not go: seen, stale, switched off, replaced
 *
 * due, leased and later are open.  The key is event, recipient, channel and
 * address, unique in the database: a replay cannot send twice.  A job may be
 * sent more than once after a crash, always with the same key.
 */
#ifndef OUTBOX_JOB_H
#define OUTBOX_JOB_H

#include "base/crypto.h"
#include "base/id.h"
#include "event/journal.h"

enum job_state { JOB_DUE, JOB_LEASED, JOB_LATER, JOB_SENT, JOB_DELIVERED,
    JOB_PARKED, JOB_SKIPPED, JOB_STATE_COUNT };
extern const char *const job_state_names[JOB_STATE_COUNT + 1];
bool job_is_state(const char *name);

/* What the desk adds in the event's transaction. */
struct job_new {
	char id[ID_SIZE];
	const char *tenant, *sub, *notice_id, *order_id, *event_id;
	const char *topic, *kind, *medium;
	const char *address, *hint;
	char hash[SHA256_HEX_SIZE];	/* of the address' identity */
	const char *group, *locale;
	int64_t at_ms, due_ms, stale_ms;
	bool only_unseen, critical;
};

/* "sha256 hex": event, recipient, kind, address. */
void job_key(const struct job_new *, char out[SHA256_HEX_SIZE]);
/* The hash under which an address of this kind is known. */
void job_address_hash(const char *kind, const char *identity,
    char out[SHA256_HEX_SIZE]);
/* The same for a channel's own address: two of a kind may have the same one,
   and are two receivers. */
void job_own_hash(const char *kind, const char *instance,
    const char *identity, char out[SHA256_HEX_SIZE]);
/* Q_JOB_INSERT. */
void job_add(struct txn *, const struct job_new *);
/* "j...@example.org", "+49...345", a push endpoint's host. */
void job_hint(const char *kind, const char *address, char out[64]);

/* One row of Q_JOB_GET, Q_JOBS_LIST or Q_JOBS_OF_ORDER as a JSON object, still
   open: {id, state, kind, medium, to (the hint), order_id, notice_id, topic,
   due_at, stale_at, attempt, node, ref, why, at, ended_at, ...}. */
struct jw;
void job_write(struct jw *, const char *key, const struct ow_rows *,
    uint32_t row);

#endif

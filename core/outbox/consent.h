/* SPDX-License-Identifier: MIT */
/*
 * consent - before it is sent: the outbox asks the orders loop whether these
 * jobs may go now, since only there is it known who watches, and what their
 * person's preferences are at this moment.
 *
 * Made by the outbox, filled in on the orders loop, sent home by
 * outbox_consent.
 */
#ifndef OUTBOX_CONSENT_H
#define OUTBOX_CONSENT_H

#include "base/arena.h"
#include "base/loop.h"
#include "notify/decide.h"

struct outbox;

struct consent_job {
	/* The question. */
	const char *tenant, *sub, *order_id, *topic;	/* sub "": nobody's */
	enum medium medium;
	bool only_unseen, critical, has_channel;
	int64_t at_ms, due_ms, stale_ms, seen_ms;
	const char *seen_how, *off_why;
	/* The answer. */
	int err;		/* OW_OK, or OW_EAGAIN: ask again later */
	struct decided decided;
	void *job;		/* the outbox' own */
};

struct consent {
	struct mail mail;		/* for the way there */
	struct arena arena;
	struct outbox *outbox;
	void *desk;
	uint32_t n, n_open;	/* n_open: the answering side's own count */
	struct consent_job *jobs;
};

void consent_free(struct consent **);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ticket - a stream ticket: 192 random bits that open one stream on one path
 * within 30 seconds, so that no long-lived token is ever in a URL.
 *
 * In memory only: a ticket that a restart forgot is asked for again.
 */
#ifndef DESK_TICKET_H
#define DESK_TICKET_H

#include <uthash.h>

#include "base/crypto.h"
#include "order/who.h"

#define TICKET_RANDOM 24
#define TICKET_SIZE B64_SIZE(TICKET_RANDOM)
#define TICKET_TTL_MS 30000
#define TICKETS_MAX 100000

struct ticket {
	UT_hash_handle hh, by_repeat;
	struct who *who;
	int64_t expires_ms;		/* loop clock */
	char *repeat;			/* scope and key; or NULL */
	char *hash;			/* of its whole request; or NULL */
	char text[TICKET_SIZE];
	char path[];
};

struct tickets {
	struct ticket *all;		/* oldest first */
	struct ticket *by_repeat;
};

void tickets_done(struct tickets *);
/* repeat: the same once more gives the same ticket; NULL: none.
   OW_ECONFLICT: that one came with another hash, which is of no interest
   otherwise.  OW_ELIMIT: too many are open. */
int ticket_new(struct tickets *, const struct who *, const char *path,
    const char *repeat, const char *hash, int64_t now_ms,
    const struct ticket **out);
/* OW_OK and a reference: the ticket is used up.  OW_EDENIED. */
int ticket_use(struct tickets *, const char *text, const char *path,
    int64_t now_ms, struct who **out);
void tickets_sweep(struct tickets *, int64_t now_ms);

#endif

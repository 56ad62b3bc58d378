/* SPDX-License-Identifier: MIT */
/*
 * person - what the desk remembers of one person: preferences, addresses,
 * unread notices, and how far their own stream has come.
 *
 * Read from the store when first needed, kept while there is room.  seq and
 * unread run ahead of the store by what is on its way there, so that changes
 * need not wait for each other; told and told_unread are what screens know.
 * Each message of the log names the one before, or fails with its transaction
 * (query.h, PERSON_APPEND).  So when one fails, those behind it that counted
 * on it fail too, the person is read again, and all are made anew: no count
 * of unread notices is ever told that did not become true.  The same finds
 * what another node appended.  The orders loop's own.
 */
#ifndef DESK_PERSON_H
#define DESK_PERSON_H

#include <uthash.h>

#include "event/event.h"
#include "notify/prefs.h"

struct jw;
struct orders;
struct person;
struct person_visit;
struct txn;

struct person_address {
	char id[ID_SIZE];
	char *kind, *address, *hint;
	char hash[65];
};

struct person {
	UT_hash_handle hh;
	struct person *prev, *next;	/* least recently needed first */
	struct orders *orders;
	bool loaded;			/* was read at least once */
	bool stale;			/* to be read before it is used */
	bool reading;			/* that is under way */
	bool is_outdated;		/* and perhaps began too early */
	uint32_t reads;			/* in a row, for one answer */
	uint32_t in_flight;		/* transactions that assume it */
	uint64_t seq, told;	/* the last one given out; told to screens */
	char last[ID_SIZE];		/* id of the message with seq; "" */
	int64_t unread, told_unread;
	struct prefs *prefs;
	uint32_t n_addresses;
	struct person_address *addresses;	/* owned; oldest first */
	uint64_t watchers;		/* a bit for each front */
	struct person_visit *visits, *visits_last;	/* who waits for it */
	const char *tenant, *sub;
	char key[];			/* "tenant\nsub" */
};

struct persons {
	struct person *by_key;
	struct person *order;		/* of last need */
	uint32_t n, max;
	bool unsure;		/* one that is watched could not be read */
};

/* Embed it.  found runs once, perhaps before person_fetch returns; p is NULL
   with an error (OW_EAGAIN...). */
struct person_visit {
	struct person_visit *next;
	void (*found)(struct person_visit *, struct orders *,
	    struct person *p, int err);
};
void person_fetch(struct orders *, const char *tenant, const char *sub,
    struct person_visit *);
/* In memory, or NULL. */
struct person *person_find(struct orders *, const char *tenant,
    const char *sub);
/* By the rest of a topic "person/TENANT\nSUB". */
struct person *person_find_topic(struct orders *, const char *rest);
/* Read those again that are watched and could not be. */
void persons_heal(struct orders *);
/* So it is in the store: read the person again if that is not what memory
   says (another node wrote). */
void person_compare(struct orders *, const char *tenant, const char *sub,
    uint64_t seq, int64_t unread);
/* Something of it has changed in the store just now. */
void person_outdated(struct person *);
/* All visits end with OW_EAGAIN. */
void persons_done(struct orders *);

/* ---- A transaction about a person ---------------------------------------- */

/* A message on its way into their log. */
struct person_news {
	uint64_t seq;
	int64_t unread, at_ms;
	const char *type;		/* a constant */
	const char *json;		/* in the transaction's arena */
	size_t n;
};
/* Append one: data is a JSON object, unread what it says.  The person must
   have been held for this transaction. */
void person_append(struct person *, struct txn *, const char *type,
    int64_t at_ms, int64_t unread, const char *data, size_t n,
    struct person_news *out);
/* From the building of a transaction that rests on what p says now, until it
   is settled; is_done: all it said is so.  If not, p is read again. */
void person_hold(struct person *);
void person_settled(struct person *, bool is_done);
/* It is committed: all screens hear it, in the order of seq. */
void person_tell(struct person *, const struct person_news *);

/* Takes the address over, also from who had it before. */
void person_add_address(struct person *, const struct person_address *);
void person_drop_address(struct person *, const char *kind, const char *hash);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * words - see words.h.
 *
 * The ranks are the order of an undisturbed delivery.  A word with RANK_OUT
 * leaves it at any point; so does another driver, who begins anew.  Whether a
 * step is legal for the order is not decided here.
 */
#include "words.h"

#include <stddef.h>
#include <string.h>

enum {
	RANK_NONE,
	RANK_OPEN,
	RANK_ASSIGNED,
	RANK_ACCEPTED,
	RANK_TO_PICKUP,
	RANK_AT_PICKUP,
	RANK_PICKED_UP,
	RANK_TO_DROPOFF,
	RANK_AT_DROPOFF,
	RANK_DELIVERED,
	RANK_OUT,
};

struct word {
	const char *theirs, *ours;
	int rank;
};

static const struct word words[] = {
	{ "created", "pending", RANK_OPEN },
	{ "pending", "pending", RANK_OPEN },
	{ "assigned", "assigned", RANK_ASSIGNED },
	{ "accepted", "accepted", RANK_ACCEPTED },
	{ "en_route", "en_route_pickup", RANK_TO_PICKUP },
	{ "en_route_pickup", "en_route_pickup", RANK_TO_PICKUP },
	{ "arrived_pickup", "arrived_pickup", RANK_AT_PICKUP },
	{ "picked_up", "picked_up", RANK_PICKED_UP },
	{ "en_route_dropoff", "en_route_dropoff", RANK_TO_DROPOFF },
	{ "arrived_dropoff", "arrived_dropoff", RANK_AT_DROPOFF },
	{ "delivered", "delivered", RANK_DELIVERED },
	{ "completed", "delivered", RANK_DELIVERED },
	/* The driver said no: the task waits for another one. */
	{ "rejected", "pending", RANK_OUT },
	{ "cancelled", "cancelled", RANK_OUT },
	{ "canceled", "cancelled", RANK_OUT },
	{ "failed", "failed", RANK_OUT },
	{ "returned", "returned", RANK_OUT },
};

static bool
word_find(const char *theirs, int before, struct word *out)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].theirs, theirs) != 0)
			continue;
		*out = words[i];
		/* The old word for both ways. */
		if (!strcmp(theirs, "en_route") && before >= RANK_PICKED_UP &&
		    before < RANK_OUT) {
			out->ours = "en_route_dropoff";
			out->rank = RANK_TO_DROPOFF;
		}
		return true;
	}
	return false;
}

enum word_verdict
word_judge(struct word_told *told, const char *theirs, bool is_other_driver,
    int64_t at_ms)
{
	struct word word;
	bool is_back;

	if (!theirs || !word_find(theirs, is_other_driver ? RANK_NONE :
	    told->rank, &word))
		return WORD_UNKNOWN;
	if (told->ours && !is_other_driver && !strcmp(told->ours, word.ours))
		return WORD_REPEAT;
	/* After the end the same driver does not begin again unless it is
	   said later; nor does anybody step back. */
	is_back = told->rank == RANK_OUT ? word.rank < RANK_OUT :
	    word.rank < told->rank;
	if (told->ours && !is_other_driver && is_back &&
	    at_ms <= told->at_ms)
		return WORD_LATE;
	if (told->rank == RANK_DELIVERED && word.rank < RANK_DELIVERED)
		return WORD_LATE;
	told->ours = word.ours;
	told->rank = word.rank;
	told->at_ms = at_ms;
	return WORD_TELL;
}

/* SPDX-License-Identifier: MIT */
/*
 * words - the service's words for how far a task is, and ours.
 *
 * Also what is worth telling: a repeat is not, a word that comes after a
 * later one is not, and "completed" after "delivered" says nothing new.  Pure.
 */
#ifndef ADAPTER_LOGISTICS_WORDS_H
#define ADAPTER_LOGISTICS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum word_verdict {
	WORD_TELL,
	WORD_REPEAT,
	WORD_LATE,
	WORD_UNKNOWN,
};

/* What was told of a task last; zeroed: nothing. */
struct word_told {
	const char *ours;	/* of the table; NULL: nothing */
	int rank;
	int64_t at_ms;
};

/* is_other_driver: somebody else than last time has the task.  With
   WORD_TELL *told is the new one; else it is as before. */
enum word_verdict word_judge(struct word_told *told, const char *theirs,
    bool is_other_driver, int64_t at_ms);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * words - STOP and START in the languages of those who may write them, and
 * what is answered.  Pure.
 */
#ifndef CHANNEL_SMS_WORDS_H
#define CHANNEL_SMS_WORDS_H

#include <stdbool.h>

struct words {
	const char *stop, *start;	/* more words, blank-separated */
	const char *stop_reply, *start_reply;	/* "": the language's own */
};

enum words_meaning { WORDS_OTHER, WORDS_STOP, WORDS_START };

/* What the message means: only a word alone counts, in any case, with blanks
   and punctuation around it.  *out_reply is set for STOP and START. */
enum words_meaning words_read(const struct words *, const char *message,
    const char **out_reply);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * phone - telephone numbers: E.164 and nothing else.  Pure.
 */
#ifndef CHANNEL_SMS_PHONE_H
#define CHANNEL_SMS_PHONE_H

#include <orderwire/plugin.h>

#define PHONE_SIZE 17		/* "+", 15 digits, NUL */

/* "+" and 8 to 15 digits, the first not 0: OW_OK, or OW_EINVAL with what is
   wrong; the number is not in the text. */
int phone_check(const char *wanted, struct ow_address *out, struct ow_fault *);
/* As a gateway writes a sender: "+49...", "0049...", "49...", "49 ...".
   False: no number that could be answered (a short code, a name). */
bool phone_read(const char *text, char out[PHONE_SIZE]);
/* A log's line: a run of 7 digits or more becomes "(number)". */
void phone_scrub(const char *line, char *out, size_t size);

#endif

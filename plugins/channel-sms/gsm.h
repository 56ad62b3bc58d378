/* SPDX-License-Identifier: MIT */
/*
 * gsm - how a text travels as short messages: in the 7-bit alphabet of 3GPP
 * TS 23.038 if all of it is there, else in UCS-2; in how many segments; and
 * cut where too many would be needed.  Pure.
 */
#ifndef CHANNEL_SMS_GSM_H
#define CHANNEL_SMS_GSM_H

#include "text.h"

struct gsm {
	bool is_ucs2;
	uint32_t segments;	/* 0: an empty text */
	bool was_cut;
};

/* How text would travel, uncut. */
struct gsm gsm_measure(const char *text);
/* text as it is to be sent, added to out: typographic signs are written plain
   if that is all that keeps it from the 7-bit alphabet, and what needs more
   than segments_max is cut and ends with an ellipsis. */
struct gsm gsm_fit(const char *text, uint32_t segments_max, struct text *out);

#endif

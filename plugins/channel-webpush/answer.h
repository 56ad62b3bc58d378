/* SPDX-License-Identifier: MIT */
/*
 * answer - what a push service's answer means (RFC 8030, 5 and 7.3; RFC 8292,
 * 4.2; and what the services say of themselves).
 *
 * Pure.
 */
#ifndef WEBPUSH_ANSWER_H
#define WEBPUSH_ANSWER_H

#include <orderwire/plugin.h>

#define ANSWER_DETAIL_MAX 240

/* outcome has the usual reading of the reply (judge); verdict and detail are
   put right.  detail is one line, without anything that looks like an
   address. */
void answer_read(const struct ow_reply *, struct ow_outcome *outcome,
    char detail[ANSWER_DETAIL_MAX]);

#endif

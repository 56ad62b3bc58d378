/* SPDX-License-Identifier: MIT */
/*
 * verdict - what a mail server's last word means for the job.  Pure.
 *
 * The host's judge() knows the classes (2yz, 4yz, 5yz); this knows the
 * enhanced codes of RFC 3463 and the servers that have none.
 */
#ifndef CHANNEL_EMAIL_VERDICT_H
#define CHANNEL_EMAIL_VERDICT_H

#include <orderwire/plugin.h>

/* status is 500 to 599, line the server's last one.  usual is the verdict of
   judge(), kept where nothing here knows better. */
int32_t verdict_of_refusal(int32_t status, const char *line, int32_t usual);

#endif

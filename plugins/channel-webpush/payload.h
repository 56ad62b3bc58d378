/* SPDX-License-Identifier: MIT */
/*
 * payload - what the service worker gets: one JSON object.
 *
 *	title, body, url, tag, lang, order_id, topic, notice_id, at, receipt,
 *	receipt_url
 *
 * All are strings, and those that are empty are left out.  Pure.
 */
#ifndef WEBPUSH_PAYLOAD_H
#define WEBPUSH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <orderwire/plugin.h>

/*
 * Write the job's notice into at most max bytes.  What is too long loses the
 * end of its body, then of its title, never a member: out_cut says so.  OW_OK,
 * or OW_ELIMIT when the rest alone is too long.
 */
int payload_write(const struct ow_job *, char *out, size_t max,
    size_t *out_n, bool *out_cut);

/* The text of a top-level member of a JSON object, as it is written there
   (with its escapes, without its quotes); n is 0 when there is none. */
struct ow_bytes payload_member(struct ow_bytes json, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * address - what may stand in an envelope: user@domain, as RFC 5321 carries it
 * without extensions.
 *
 * Quoted local parts, address literals and anything beyond ASCII are refused,
 * as are control characters, so that no address can end its line.  Pure.
 */
#ifndef CHANNEL_EMAIL_ADDRESS_H
#define CHANNEL_EMAIL_ADDRESS_H

#include <orderwire/plugin.h>

#define ADDRESS_MAX 254		/* RFC 3696, erratum 1690 */

/* OW_OK, or OW_EINVAL with what is wrong; the address is not in the text. */
int address_check(const char *wanted, struct ow_address *out,
    struct ow_fault *);
/* A log's line: whatever looks like an address becomes "(address)". */
void address_scrub(const char *line, char *out, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * message - one notice as a mail: headers and a text and an HTML part, ready
 * for the wire but for the dots, which are the carrier's.
 *
 * Pure, but for GMime's tables: message_setup before the first one.
 */
#ifndef CHANNEL_EMAIL_MESSAGE_H
#define CHANNEL_EMAIL_MESSAGE_H

#include <orderwire/plugin.h>

/* Caller's, for the call. */
struct message {
	const char *from;		/* "Name <user@domain>" */
	const char *reply_to;		/* the same, or "" */
	const char *to;			/* user@domain */
	const char *subject;		/* UTF-8, anything */
	const char *text, *html;	/* UTF-8; html may be "" */
	const char *key;		/* of the job, for Message-ID */
	const char *unsubscribe_url;	/* or "" */
	const char *unsubscribe_mailto;	/* an address, or "" */
	int64_t at_s;			/* since 1970, for Date */
};

/* As often as one likes. */
void message_setup(void);

/* The user@domain of "Name <user@domain>"; allocated.  NULL: it is not
   exactly one such address. */
char *message_mailbox(const char *from);
/* The whole mail, CRLF lines; allocated.  NULL: from is no address. */
char *message_write(const struct message *, size_t *out_n);

#endif

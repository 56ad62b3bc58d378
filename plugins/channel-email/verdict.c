/* SPDX-License-Identifier: MIT */
/*
 * verdict - see verdict.h.
 *
 * Three questions in this order: is it our credential (the basic code says
 * so), what does the enhanced code say, and without one, do the words speak
 * of the mailbox.  In doubt only the notice is refused, never the address: a
 * mailbox that is taken for gone gets nothing any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verdict.h"

struct enhanced {
	int subject, detail;
};

static const struct {
	struct enhanced code;		/* detail -1: any */
	int32_t verdict;
} enhanced_rows[] = {
	/* RFC 3463, 3.2: addressing. */
	{ { 1, 1 }, OW_GONE },		/* bad mailbox */
	{ { 1, 2 }, OW_GONE },		/* bad system: no such domain */
	{ { 1, 3 }, OW_GONE },		/* bad syntax of the mailbox */
	{ { 1, 6 }, OW_GONE },		/* moved, no forwarding address */
	{ { 1, 7 }, OW_MISCONFIGURED },	/* bad syntax of our From */
	{ { 1, 8 }, OW_MISCONFIGURED },	/* bad system of our From */
	{ { 1, 10 }, OW_GONE },		/* null MX (RFC 7505) */
	/* 3.3: the mailbox' state. */
	{ { 2, 1 }, OW_GONE },		/* disabled */
	{ { 2, 2 }, OW_RETRY },		/* full: that passes */
	{ { 2, -1 }, OW_REJECTED },
	/* 3.4 to 3.8: system, routing, protocol, content, policy. */
	{ { 3, -1 }, OW_REJECTED },
	{ { 4, -1 }, OW_REJECTED },
	{ { 5, -1 }, OW_REJECTED },
	{ { 6, -1 }, OW_REJECTED },
	{ { 7, 8 }, OW_MISCONFIGURED },	/* credentials (RFC 4954, 6) */
	{ { 7, 9 }, OW_MISCONFIGURED },	/* mechanism too weak */
	{ { 7, -1 }, OW_REJECTED },
};

static bool
enhanced_read(const char *line, struct enhanced *out)
{
	char *end;
	long subject, detail;

	if (strlen(line) < 4)
		return false;
	line += 3;
	line += strspn(line, " -");
	if (line[0] != '5' || line[1] != '.')
		return false;
	subject = strtol(line + 2, &end, 10);
	if (end == line + 2 || *end != '.' || subject < 0 || subject > 999)
		return false;
	line = end + 1;
	detail = strtol(line, &end, 10);
	if (end == line || detail < 0 || detail > 999)
		return false;
	out->subject = (int)subject;
	out->detail = (int)detail;
	return true;
}

static bool
has_word(const char *line, const char *const *words)
{
	for (; *words; words++) {
		for (const char *p = line; *p; p++) {
			if (strncasecmp(p, *words, strlen(*words)) == 0)
				return true;
		}
	}
	return false;
}

/* A server without enhanced codes: 550 and its kin are said of mailboxes and
   of policy alike (RFC 5321, 4.2.2). */
static bool
is_about_mailbox(const char *line)
{
	static const char *const mailbox[] = { "mailbox", "user", "recipient",
		"account", "no such", "address", NULL };
	static const char *const policy[] = { "spam", "block", "black",
		"policy", "spf", "dkim", "dmarc", "reputation", "relay",
		"sender", "listed", "virus", "content", "authenticat", NULL };

	return has_word(line, mailbox) && !has_word(line, policy);
}

static int32_t
verdict_by_words(int32_t status, const char *line, int32_t usual)
{
	switch (status) {
	case 550:
	case 551:
	case 553:
		return is_about_mailbox(line) ? OW_GONE : OW_REJECTED;
	case 552:	/* storage allocation exceeded */
		return OW_RETRY;
	default:
		return usual;
	}
}

int32_t
verdict_of_refusal(int32_t status, const char *line, int32_t usual)
{
	struct enhanced e;

	switch (status) {
	case 530:	/* RFC 4954, 4 and 6 */
	case 534:
	case 535:
	case 538:
		return OW_MISCONFIGURED;
	}
	if (!enhanced_read(line, &e))
		return verdict_by_words(status, line, usual);
	for (size_t i = 0; i < sizeof(enhanced_rows) /
	    sizeof(enhanced_rows[0]); i++) {
		if (enhanced_rows[i].code.subject == e.subject &&
		    (enhanced_rows[i].code.detail == e.detail ||
		    enhanced_rows[i].code.detail == -1))
			return enhanced_rows[i].verdict;
	}
	/* 5.0.0 and the like say no more than the basic code. */
	return verdict_by_words(status, line, usual);
}

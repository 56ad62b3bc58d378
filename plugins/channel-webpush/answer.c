/* SPDX-License-Identifier: MIT */
/*
 * answer - see answer.h.
 *
 * A row for each status that is read otherwise than usual, or that deserves
 * words.  What the service itself says stands behind them, as far as it can be
 * shown: services like to repeat the endpoint, which is as good as a key.
 */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_WORD_MAX 40	/* longer words are tokens or addresses */
#define ANSWER_BODY_MAX 140

struct row {
	int32_t status;
	int32_t verdict;		/* 0: the usual one */
	const char *words;
};

static const struct row rows[] = {
	{ 400, 0, "the push service finds the request malformed" },
	{ 401, 0, "the push service does not accept our key (VAPID)" },
	{ 403, 0, "the push service does not accept our key (VAPID)" },
	/* RFC 8030, 7.3; Mozilla's errno 102 to 105; FCM's 404. */
	{ 404, OW_GONE, "the subscription is not there any more" },
	{ 408, 0, "the push service did not wait for the whole message" },
	{ 410, OW_GONE, "the subscription has expired or was taken back" },
	{ 413, 0, "the push service finds the message too large" },
	{ 429, 0, "the push service asks for patience" },
	{ 0, 0, NULL },
};

static const struct row mismatch = { 0, OW_REJECTED,
    "the subscription was made with another key than the one that is kept "
    "with it" };

/* One that was too long has a status all the same. */
static bool
answer_is_missing(const struct ow_reply *reply)
{
	return reply->err && !(reply->err == OW_ELIMIT && reply->status);
}

/*
 * A subscription that was made with somebody else's key tells nothing about
 * ours, so it must not stop the channel for everybody.  FCM: 403, "the VAPID
 * credentials in the authorization header do not correspond to the credentials
 * used to create the subscriptions."  Mozilla: 401, "VAPID public key
 * mismatch".  Apple: 400, "VapidPkHashMismatch".
 */
static bool
answer_is_mismatch(const struct ow_reply *reply)
{
	static const char *const signs[] = { "mismatch", "Mismatch",
	    "do not correspond to the credentials",
	    "does not correspond to the sender" };
	size_t i;

	if (reply->status != 400 && reply->status != 401 &&
	    reply->status != 403)
		return false;
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (memmem(reply->body.p, reply->body.n, signs[i],
		    strlen(signs[i])))
			return true;
	return false;
}

static const char *
answer_words(const struct ow_reply *reply, const struct row **out_row)
{
	const struct row *row = rows;

	*out_row = NULL;
	if (reply->err == OW_EDENIED)
		return "the endpoint lies in a network that is not public";
	if (answer_is_missing(reply))
		return "no answer";
	if (answer_is_mismatch(reply)) {
		*out_row = &mismatch;
		return mismatch.words;
	}
	while (row->words && row->status != reply->status)
		row++;
	if (row->words) {
		*out_row = row;
		return row->words;
	}
	if (reply->status >= 300 && reply->status < 400)
		return "the push service points elsewhere, where we don't go";
	if (reply->status >= 500)
		return "the push service has trouble";
	return reply->status >= 300 ? "the push service refuses the message" :
	    "";
}

static bool
answer_is_plain(const char *word, size_t n)
{
	size_t i;

	if (n > ANSWER_WORD_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (word[i] <= ' ' || word[i] > '~' ||
		    (word[i] == '/' && i + 1 < n && word[i + 1] == '/'))
			return false;
	return true;
}

/* The words of the body that can be shown. */
static void
answer_quote(struct ow_bytes body, char out[ANSWER_BODY_MAX])
{
	const char *p = body.p;
	size_t i = 0, len, n = 0;

	while (i < body.n && n + ANSWER_WORD_MAX + 2 < ANSWER_BODY_MAX) {
		for (len = 0; i + len < body.n &&
		    (unsigned char)p[i + len] > ' '; len++)
			;
		if (len && answer_is_plain(p + i, len)) {
			if (n)
				out[n++] = ' ';
			memcpy(out + n, p + i, len);
			n += len;
		}
		i += len + 1;
	}
	out[n] = '\0';
}

void
answer_read(const struct ow_reply *reply, struct ow_outcome *outcome,
    char detail[ANSWER_DETAIL_MAX])
{
	char quote[ANSWER_BODY_MAX] = "";
	const struct row *row;
	const char *words = answer_words(reply, &row);
	struct ow_bytes said = reply->body;

	if (row && row->verdict)
		outcome->verdict = row->verdict;
	if (answer_is_missing(reply))
		said = (struct ow_bytes){ reply->detail,
		    strlen(reply->detail) };
	if (outcome->verdict != OW_DELIVERED)
		answer_quote(said, quote);
	if (answer_is_missing(reply))
		(void)snprintf(detail, ANSWER_DETAIL_MAX, "%s%s%s", words,
		    *quote ? ": " : "", quote);
	else
		(void)snprintf(detail, ANSWER_DETAIL_MAX, "HTTP %d%s%s%s%s",
		    (int)reply->status, *words ? ", " : "", words,
		    *quote ? ": " : "", quote);
	outcome->detail = detail;
}

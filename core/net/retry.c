/* SPDX-License-Identifier: MIT */
/*
 * retry - what a Retry-After header asks for.
 *
 * Pure.  libcurl reads the dates: it knows all three forms that a recipient
 * must accept (RFC 9110, 5.6.7).
 */
#include "net/retry.h"

#include <curl/curl.h>
#include <string.h>

static int64_t
retry_seconds(const char *digits)
{
	int64_t s = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++) {
		s = s * 10 + (*digits - '0');
		if (s > RETRY_AFTER_MAX_MS / 1000)
			return RETRY_AFTER_MAX_MS / 1000;
	}
	return s;
}

int64_t
retry_after_ms(const char *value, const char *date, int64_t now_s)
{
	int64_t s, then_s, sent_s;
	size_t n;

	if (!value)
		return 0;
	n = strspn(value, "0123456789");
	if (n && !value[n + strspn(value + n, " \t")])
		return retry_seconds(value) * 1000;
	then_s = curl_getdate(value, NULL);
	sent_s = date ? curl_getdate(date, NULL) : -1;
	if (n || then_s < 0)
		return 0;
	s = then_s - (sent_s >= 0 ? sent_s : now_s);
	if (s <= 0)
		return 0;
	return s > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : s * 1000;
}

/* SPDX-License-Identifier: MIT */
/*
 * phone - see phone.h.
 */
#include <stdio.h>
#include <string.h>

#include "../common/scrub.h"
#include "phone.h"

#define DIGITS "0123456789"
#define DIGITS_MIN 8
#define DIGITS_MAX 15		/* E.164, 6 */
#define SCRUB_MIN 7		/* a status or an error has fewer digits */

int
phone_check(const char *wanted, struct ow_address *out, struct ow_fault *f)
{
	size_t n = strlen(wanted);
	const char *why = NULL;

	if (wanted[0] != '+')
		why = "a phone number begins with + and the country's code";
	else if (strspn(wanted + 1, DIGITS) != n - 1)
		why = "a phone number has only digits after its +";
	else if (n - 1 < DIGITS_MIN || n - 1 > DIGITS_MAX)
		why = "a phone number has 8 to 15 digits";
	else if (wanted[1] == '0')
		why = "no country's code begins with 0";
	if (why) {
		snprintf(f->text, sizeof(f->text), "%s", why);
		return OW_EINVAL;
	}
	memcpy(out->text, wanted, n + 1);
	memcpy(out->identity, wanted, n + 1);
	snprintf(out->hint, sizeof(out->hint), "%.3s...%s", wanted,
	    wanted + n - 3);
	return OW_OK;
}

bool
phone_read(const char *text, char out[PHONE_SIZE])
{
	struct ow_address address;
	struct ow_fault f;
	size_t n = 1;

	text += strspn(text, " +");
	if (strncmp(text, "00", 2) == 0)
		text += 2;
	out[0] = '+';
	for (; *text; text++) {
		if (strchr(" -()./", *text))
			continue;
		if (!strchr(DIGITS, *text) || n > DIGITS_MAX)
			return false;
		out[n++] = *text;
	}
	out[n] = '\0';
	return phone_check(out, &address, &f) == OW_OK;
}

static bool
is_number(const char *text, size_t *out_n)
{
	size_t n = strspn(text, DIGITS);

	*out_n = n > 0 ? n : 1;
	return n >= SCRUB_MIN;
}

void
phone_scrub(const char *line, char *out, size_t size)
{
	scrub(line, is_number, "(number)", out, size);
}

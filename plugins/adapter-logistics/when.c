/* SPDX-License-Identifier: MIT */
/*
 * when - see when.h.
 */
#include "when.h"

#include <stddef.h>
#include <string.h>

#define DAY_S 86400

/* Days since 1970-01-01 of a day of the Gregorian calendar. */
static int64_t
when_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
	    day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

static int
when_last_day(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap);
}

/* So many digits, then a character of `behind` (NULL: any). */
static bool
when_number(const char **s, int n, const char *behind, int *out)
{
	int value = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		value = value * 10 + (**s - '0');
	}
	if (behind) {
		if (!**s || !strchr(behind, **s))
			return false;
		(*s)++;
	}
	*out = value;
	return true;
}

static int64_t
when_fraction_ms(const char **s)
{
	int64_t ms = 0, unit = 100;

	if (**s != '.' && **s != ',')
		return 0;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		ms += (**s - '0') * unit;
	return ms;
}

/* "Z", "+02:00"; in seconds. */
static bool
when_offset(const char *s, int64_t *out)
{
	int hours, minutes, sign = *s == '-' ? -1 : 1;

	*out = 0;
	if (*s == 'Z' || *s == 'z')
		return !s[1];
	if (*s++ == '\0' || !strchr("+-", s[-1]) ||
	    !when_number(&s, 2, ":", &hours) ||
	    !when_number(&s, 2, NULL, &minutes) || *s || hours > 23 ||
	    minutes > 59)
		return false;
	*out = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool
when_read(const char *s, int64_t *out_ms)
{
	int year, month, day, hour, minute, second;
	int64_t offset, ms;

	if (!s || !when_number(&s, 4, "-", &year) ||
	    !when_number(&s, 2, "-", &month) ||
	    !when_number(&s, 2, "Tt ", &day) ||
	    !when_number(&s, 2, ":", &hour) ||
	    !when_number(&s, 2, ":", &minute) ||
	    !when_number(&s, 2, NULL, &second))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > when_last_day(year, month) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	ms = when_fraction_ms(&s);
	if (!when_offset(s, &offset))
		return false;
	ms += (when_days(year, month, day) * DAY_S + hour * 3600 +
	    minute * 60 + second - offset) * 1000;
	if (ms < 0)
		return false;
	*out_ms = ms;
	return true;
}

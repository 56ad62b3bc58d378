/* SPDX-License-Identifier: MIT */
/*
 * clock - RFC 3339 times with milliseconds, and spans as admins write them.
 *
 * Pure: no time zone files, no locale, and never the question what time it is
 * (that is loop.h's).  Times are ms since 1970 in UTC; a leap second is taken
 * for the second behind it, as POSIX does.
 */
#include "base/clock.h"

#include <stdbool.h>
#include <string.h>

#include <orderwire/plugin.h>

#define CLOCK_DAY_MS 86400000LL
#define CLOCK_MAX_MS 253402300799999LL	/* the end of 9999 */

struct clock_date {
	int64_t year;
	int64_t month, day;	/* from 1 */
};

/*
 * Both ways count in years that begin in March, so that the leap day is the
 * last one; 719468 days lie between 0000-03-01 and 1970-01-01.
 */
static int64_t
clock_days(const struct clock_date *d)
{
	int64_t year = d->month > 2 ? d->year : d->year - 1;
	int64_t month = d->month > 2 ? d->month - 3 : d->month + 9;

	return year * 365 + year / 4 - year / 100 + year / 400 +
	    (153 * month + 2) / 5 + d->day - 1 - 719468;
}

static void
clock_date(int64_t days, struct clock_date *out)
{
	int64_t n = days + 719468;
	int64_t century = (4 * n + 3) / 146097;
	int64_t year, month;

	n -= 146097 * century / 4;
	year = (4 * n + 3) / 1461;
	n -= 1461 * year / 4;
	month = (5 * n + 2) / 153;
	out->day = n - (153 * month + 2) / 5 + 1;
	out->month = month < 10 ? month + 3 : month - 9;
	out->year = 100 * century + year + (month >= 10);
}

static char *
clock_put(char *p, int64_t value, int digits, char behind)
{
	int i;

	for (i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	p[digits] = behind;
	return p + digits + 1;
}

void
clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
	struct clock_date d;
	int64_t ms;
	char *p = out;

	if (wall_ms < 0)
		wall_ms = 0;
	if (wall_ms > CLOCK_MAX_MS)
		wall_ms = CLOCK_MAX_MS;
	clock_date(wall_ms / CLOCK_DAY_MS, &d);
	ms = wall_ms % CLOCK_DAY_MS;
	p = clock_put(p, d.year, 4, '-');
	p = clock_put(p, d.month, 2, '-');
	p = clock_put(p, d.day, 2, 'T');
	p = clock_put(p, ms / 3600000, 2, ':');
	p = clock_put(p, ms / 60000 % 60, 2, ':');
	p = clock_put(p, ms / 1000 % 60, 2, '.');
	p = clock_put(p, ms % 1000, 3, 'Z');
	*p = '\0';
}

/* Exactly so many digits, and their value within bounds. */
static bool
clock_take(const char **p, int digits, int64_t min, int64_t max,
    int64_t *out)
{
	int64_t value = 0;
	int i;

	for (i = 0; i < digits; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*out = value;
	return value >= min && value <= max;
}

static bool
clock_take_char(const char **p, const char *choices)
{
	if (!**p || !strchr(choices, **p))
		return false;
	(*p)++;
	return true;
}

static int64_t
clock_month_days(int64_t year, int64_t month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

static bool
clock_take_date(const char **p, int64_t *out_ms)
{
	struct clock_date d;

	/* 1969 for an evening west of Greenwich that is 1970 in UTC. */
	if (!clock_take(p, 4, 1969, 9999, &d.year) ||
	    !clock_take_char(p, "-") ||
	    !clock_take(p, 2, 1, 12, &d.month) || !clock_take_char(p, "-") ||
	    !clock_take(p, 2, 1, clock_month_days(d.year, d.month), &d.day))
		return false;
	*out_ms = clock_days(&d) * CLOCK_DAY_MS;
	return true;
}

/* Leap seconds come only as the last one of a day in UTC. */
static bool
clock_take_time(const char **p, int64_t *out_ms, bool *out_leap)
{
	int64_t hour, minute, second, fraction_ms = 0, digit, scale = 100;

	if (!clock_take(p, 2, 0, 23, &hour) || !clock_take_char(p, ":") ||
	    !clock_take(p, 2, 0, 59, &minute) || !clock_take_char(p, ":") ||
	    !clock_take(p, 2, 0, 60, &second))
		return false;
	if (clock_take_char(p, ".")) {
		if (!clock_take(p, 1, 0, 9, &digit))
			return false;
		do {
			fraction_ms += digit * scale;
			scale /= 10;
		} while (clock_take(p, 1, 0, 9, &digit));
	}
	*out_leap = second == 60;
	*out_ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms;
	return true;
}

static bool
clock_take_offset(const char **p, int64_t *out_ms)
{
	int64_t hour, minute;
	bool is_west = **p == '-';

	*out_ms = 0;
	if (clock_take_char(p, "Zz"))
		return true;
	if (!clock_take_char(p, "+-") || !clock_take(p, 2, 0, 23, &hour) ||
	    !clock_take_char(p, ":") || !clock_take(p, 2, 0, 59, &minute))
		return false;
	*out_ms = (hour * 60 + minute) * 60000 * (is_west ? -1 : 1);
	return true;
}

int
clock_parse(const char *text, int64_t *out_wall_ms)
{
	int64_t date_ms, time_ms, offset_ms, wall_ms;
	const char *p = text;
	bool is_leap;

	if (!clock_take_date(&p, &date_ms) || !clock_take_char(&p, "Tt") ||
	    !clock_take_time(&p, &time_ms, &is_leap) ||
	    !clock_take_offset(&p, &offset_ms) || *p)
		return OW_EINVAL;
	wall_ms = date_ms + time_ms - offset_ms;
	if (wall_ms < 0 || wall_ms > CLOCK_MAX_MS)
		return OW_EINVAL;
	if (is_leap && wall_ms % CLOCK_DAY_MS >= 1000)
		return OW_EINVAL;
	*out_wall_ms = wall_ms;
	return OW_OK;
}

int
clock_parse_span(const char *text, int64_t *out_ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60000 },
		{ "h", 3600000 },
		{ "d", CLOCK_DAY_MS },
	};
	const char *p = text;
	int64_t value = 0;
	size_t i;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > (INT64_MAX - 9) / 10)
			return OW_EINVAL;
		value = value * 10 + (*p - '0');
	}
	if (p == text)
		return OW_EINVAL;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(p, units[i].name)) {
			if (value > INT64_MAX / units[i].ms)
				return OW_EINVAL;
			*out_ms = value * units[i].ms;
			return OW_OK;
		}
	return OW_EINVAL;
}

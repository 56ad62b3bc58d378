/* SPDX-License-Identifier: MIT */
/*
 * zone - time zones by their IANA names, over GLib's GTimeZone.
 *
 * GLib also takes offsets, POSIX rules and paths for names; people send them,
 * so only what looks like an IANA name and is a compiled file of the zone
 * folder gets that far.  Local times are seconds since 1970 by the local
 * clock, as GLib counts them.
 *
 * Stands below preferences: when are somebody's quiet hours over?
 */
#include "base/zone.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "base/mem.h"

#define ZONE_NAME_SIZE 64
#define ZONES_MAX 1000u		/* there are about 600 */
#define DAY_S 86400

struct zone {
	UT_hash_handle hh;
	GTimeZone *tz;
	char name[ZONE_NAME_SIZE];
};

struct zones {
	struct zone *by_name;
};

struct zones *
zones_new(void)
{
	return mem_alloc(sizeof(struct zones));
}

static void
zones_clear(struct zones *zones)
{
	struct zone *zone, *next;

	HASH_ITER(hh, zones->by_name, zone, next) {
		HASH_DEL(zones->by_name, zone);
		g_time_zone_unref(zone->tz);
		free(zone);
	}
}

void
zones_free(struct zones **p)
{
	if (!*p)
		return;
	zones_clear(*p);
	free(*p);
	*p = NULL;
}

/* ---- Names ------------------------------------------------------------- */

/* Every IANA name begins with a capital, and none has a dot: "posix/..." and
   "../..." are out. */
static bool
zone_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/");

	return *s >= 'A' && *s <= 'Z' && !s[n] && n < ZONE_NAME_SIZE;
}

/* Where GLib looks, too. */
static bool
zone_is_file(const char *name)
{
	const char *folder = getenv("TZDIR");
	char path[512], magic[4];
	bool is = false;
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/%s",
	    folder ? folder : "/usr/share/zoneinfo", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	/* RFC 8536, 3.1. */
	is = read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
	    !memcmp(magic, "TZif", sizeof(magic));
	close(fd);
	return is;
}

static GTimeZone *
zone_open(const char *name)
{
	if (!zone_is_name(name))
		return NULL;
	if (strcmp(name, "UTC") && !zone_is_file(name))
		return NULL;
	return g_time_zone_new_identifier(name);
}

bool
zone_exists(const char *name)
{
	GTimeZone *tz = zone_open(name);

	if (!tz)
		return false;
	g_time_zone_unref(tz);
	return true;
}

static GTimeZone *
zone_get(struct zones *zones, const char *name)
{
	struct zone *zone;

	if (!zone_is_name(name))
		name = "UTC";
	HASH_FIND_STR(zones->by_name, name, zone);
	if (zone)
		return zone->tz;
	if (HASH_COUNT(zones->by_name) >= ZONES_MAX)
		zones_clear(zones);
	zone = mem_alloc(sizeof(*zone));
	memcpy(zone->name, name, strlen(name) + 1);
	zone->tz = zone_open(name);
	if (!zone->tz)
		zone->tz = g_time_zone_new_utc();
	HASH_ADD_STR(zones->by_name, name, zone);
	return zone->tz;
}

/* ---- Clocks ------------------------------------------------------------ */

static int64_t
zone_floor(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
zone_local(GTimeZone *tz, int64_t utc_s)
{
	gint interval = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL,
	    utc_s);

	return utc_s + g_time_zone_get_offset(tz, interval);
}

/* When the local clock shows this; where it shows it twice, type picks one;
   where never, the end of the gap. */
static int64_t
zone_utc(GTimeZone *tz, int64_t local_s, GTimeType type)
{
	gint64 at = local_s;
	gint interval = g_time_zone_adjust_time(tz, type, &at);

	return at - g_time_zone_get_offset(tz, interval);
}

int
zone_minute(struct zones *zones, const char *name, int64_t wall_ms)
{
	int64_t local_s = zone_local(zone_get(zones, name),
	    zone_floor(wall_ms, 1000));

	return (int)((local_s - zone_floor(local_s, DAY_S) * DAY_S) / 60);
}

int64_t
zone_next(struct zones *zones, const char *name, int64_t wall_ms,
    int minute_of_day)
{
	static const GTimeType types[] = { G_TIME_TYPE_STANDARD,
		G_TIME_TYPE_DAYLIGHT };
	GTimeZone *tz = zone_get(zones, name);
	int64_t today = zone_floor(zone_local(tz, zone_floor(wall_ms, 1000)),
	    DAY_S);
	int64_t best = 0, at;
	size_t i;
	int day;

	/* From yesterday on: a clock can be set back over midnight.  Of three
	   days ahead one may be left out (Samoa, 2011-12-30). */
	for (day = -1; day <= 3; day++) {
		for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			at = zone_utc(tz, (today + day) * DAY_S +
			    minute_of_day * 60, types[i]) * 1000;
			if (at > wall_ms && (!best || at < best))
				best = at;
		}
	}
	return best ? best : wall_ms + (int64_t)DAY_S * 1000;
}

/* SPDX-License-Identifier: MIT */
/*
 * zone - time zones by their IANA names ("Europe/Berlin"), over GLib.
 *
 * Only here does anybody know of daylight saving time.  Reads the zone's file
 * the first time and keeps it; not for several threads at once.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct zones;			/* a cache, one for each loop */

struct zones *zones_new(void);
void zones_free(struct zones **);
/* Is there such a zone?  ANY THREAD (reads the file anew). */
bool zone_exists(const char *name);
/* Minutes after local midnight at this moment, and the next moment after it at
   which the local clock shows minute_of_day (where a clock change leaves that
   minute out, the first moment behind it).  An unknown name is UTC. */
int zone_minute(struct zones *, const char *name, int64_t wall_ms);
int64_t zone_next(struct zones *, const char *name, int64_t wall_ms,
    int minute_of_day);

#endif

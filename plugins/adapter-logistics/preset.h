/* SPDX-License-Identifier: MIT */
/*
 * preset - the three ways in which the logistics-service is addressed.
 *
 * Its documents, the backend that calls it, and what it answers itself
 * disagree.  Each is a row of a table here; whatever an option says goes
 * before it.
 */
#ifndef ADAPTER_LOGISTICS_PRESET_H
#define ADAPTER_LOGISTICS_PRESET_H

#include "fields.h"

enum path {
	PATH_MEMBER, PATH_TASK, PATH_TASK_FIND, PATH_TRACKING, PATH_STREAM,
	PATH_LOCATIONS, PATH_TASK_STREAM, PATH_ROUTE, PATH_COUNT,
};

struct preset {
	const char *name;
	const char *auth;		/* "Name: value with {token}" */
	const char *paths[PATH_COUNT];	/* NULL: there is none */
	double speed_unit;		/* of its speeds, in m/s */
	const char *fields[FIELD_COUNT];
};

/* NULL: there is none of that name. */
const struct preset *preset_find(const char *name);

/* What stands for {tenant}, {id}, {ref} and the coordinates; NULL: not
   known. */
struct preset_words {
	const char *tenant, *id, *ref;
	const double *from, *to;	/* a latitude and a longitude */
};

/* base and path, the words escaped.  The caller frees it.  NULL: a word is
   unknown or missing, or the whole is longer than 4,000 characters. */
char *preset_url(const char *base, const char *path,
    const struct preset_words *);
/* Whether all its {words} are known ones. */
bool preset_path_is_good(const char *path);

#endif

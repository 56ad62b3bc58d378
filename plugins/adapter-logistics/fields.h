/* SPDX-License-Identifier: MIT */
/*
 * fields - under which names the service says what we want to know.
 *
 * A name is a path through objects and lists ("edges.vehicles.0.model");
 * several, with '|' between them, are tried from the left, until one is there
 * and of the wanted type.
 */
#ifndef ADAPTER_LOGISTICS_FIELDS_H
#define ADAPTER_LOGISTICS_FIELDS_H

#include <jansson.h>
#include <orderwire/plugin.h>

enum field {
	/* Of a location. */
	FIELD_RIDER, FIELD_LAT, FIELD_LNG, FIELD_HEADING, FIELD_SPEED,
	FIELD_ACCURACY, FIELD_AT,
	/* Of a task. */
	FIELD_TASK, FIELD_REF, FIELD_STATUS, FIELD_TASK_RIDER, FIELD_REASON,
	/* Of a fleet member: these and no others are ever looked at. */
	FIELD_NAME, FIELD_PHOTO, FIELD_VEHICLE, FIELD_RATING, FIELD_PHONE,
	FIELD_COUNT,
};

struct fields {
	const char *names[FIELD_COUNT];	/* into own, or constants */
	char *own;
};

/* "lat=position.lat lng=position.lng": what differs from names.  OW_EINVAL
   with what is wrong. */
int fields_init(struct fields *, const char *const names[FIELD_COUNT],
    const char *changes, struct ow_fault *);
void fields_done(struct fields *);

/* NULL: not there, not a string, empty, longer than max, or not one line. */
const char *fields_text(const struct fields *, const json_t *, enum field,
    size_t max);
/* A string as an id; a whole number is one, too, written to out.  NULL: as
   above; an id has at most 127 characters, without blanks. */
#define FIELDS_ID_SIZE 128
const char *fields_id(const struct fields *, const json_t *, enum field,
    char out[FIELDS_ID_SIZE]);
/* false: not there, or not a number. */
bool fields_number(const struct fields *, const json_t *, enum field,
    double *out);

#endif

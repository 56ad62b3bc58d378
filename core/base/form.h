/* SPDX-License-Identifier: MIT */
/*
 * form - is this JSON object of the shape we asked for?
 *
 * A request body is checked against a table of fields before anything else
 * looks at it; all faults are told at once, each with the path of its field
 * ("items[2].quantity").  Unknown members are ignored, as JSON APIs do.
 */
#ifndef BASE_FORM_H
#define BASE_FORM_H

#include <orderwire/plugin.h>

struct json;

enum {
	FORM_TEXT = 1,		/* min, max: length in bytes; no control */
				/* characters */
	FORM_INT,		/* min, max: value */
	FORM_REAL,		/* min, max: value */
	FORM_BOOL,
	FORM_TIME,		/* RFC 3339 */
	FORM_ENUM,		/* one of choices */
	FORM_OBJECT,		/* its members by `fields` */
	FORM_LIST,		/* of objects by `fields`; min, max: how many */
	FORM_ANY,	/* any value; max: bytes when written compactly */
	FORM_LINES,		/* as FORM_TEXT, but tab and newline are fine */
};

struct form_field {
	const char *name;	/* NULL ends the table */
	int type;
	bool required;
	bool nullable;		/* null counts as absent */
	int64_t min, max;	/* both 0: any */
	const char *const *choices;
	const struct form_field *fields;
};

#define FORM_END { NULL, 0, false, false, 0, 0, NULL, NULL }
#define FORM_FAULTS_MAX 16

struct form_fault {
	char field[96];
	char detail[128];
};

struct form_faults {
	uint32_t n;		/* at most FORM_FAULTS_MAX are kept */
	struct form_fault list[FORM_FAULTS_MAX];
};

void form_fault(struct form_faults *, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* OW_OK, or OW_EINVAL with faults added. */
int form_check(const struct json *, const struct form_field *,
    struct form_faults *);

#endif

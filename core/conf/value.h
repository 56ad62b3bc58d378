/* SPDX-License-Identifier: MIT */
/*
 * value - one value as it was written, checked against its option.
 *
 * Pure: no files, no libconfig; secrets are not read from their "@file" here.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <orderwire/plugin.h>

struct buf;

enum { VALUE_TEXT = 1, VALUE_INT, VALUE_BOOL, VALUE_REAL, VALUE_GROUP,
    VALUE_LIST };

/* As it was written. */
struct value_raw {
	int kind;
	const char *s;		/* VALUE_TEXT */
	int64_t i;		/* VALUE_INT */
	bool b;			/* VALUE_BOOL */
};

/* As the option's field gets it; which member counts, its type says. */
struct value {
	const char *s;		/* the raw's, or the choices' */
	int64_t i;
	bool b;
};

/* OW_OK, or OW_EINVAL with a sentence: what was expected, with an example, and
   what was there.  No secret's text is in it. */
int value_read(const struct ow_option *, const struct value_raw *,
    struct value *out, struct ow_fault *);
/* From text as in a table's dflt. */
int value_read_default(const struct ow_option *, const char *text,
    struct value *out, struct ow_fault *);
/* A number in the unit of its option: "30s", "64k", "7". */
void value_format(const struct ow_option *, int64_t, struct buf *out);
/* "between 1s and 5m", "at least 1"; nothing when any number will do. */
void value_format_range(const struct ow_option *, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * fields - see fields.h.
 */
#include "fields.h"

#include <stdio.h>

#include "mem.h"

#define PATH_MAX_LEN 200

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_RIDER] = "rider",
	[FIELD_LAT] = "lat",
	[FIELD_LNG] = "lng",
	[FIELD_HEADING] = "heading",
	[FIELD_SPEED] = "speed",
	[FIELD_ACCURACY] = "accuracy",
	[FIELD_AT] = "at",
	[FIELD_TASK] = "task",
	[FIELD_REF] = "ref",
	[FIELD_STATUS] = "status",
	[FIELD_TASK_RIDER] = "task_rider",
	[FIELD_REASON] = "reason",
	[FIELD_NAME] = "name",
	[FIELD_PHOTO] = "photo",
	[FIELD_VEHICLE] = "vehicle",
	[FIELD_RATING] = "rating",
	[FIELD_PHONE] = "phone",
};

/* ---- The table --------------------------------------------------------- */

static int
fields_change(struct fields *f, char *word, struct ow_fault *fault)
{
	char *equal = strchr(word, '=');
	size_t i;

	if (equal)
		*equal = '\0';
	for (i = 0; i < FIELD_COUNT; i++)
		if (!strcmp(field_names[i], word))
			break;
	if (i == FIELD_COUNT || !equal || !equal[1]) {
		snprintf(fault->text, sizeof(fault->text), i == FIELD_COUNT ?
		    "fields: there is no field '%.40s'" :
		    "fields: '%.40s' needs =NAME", word);
		return OW_EINVAL;
	}
	f->names[i] = equal + 1;
	return OW_OK;
}

int
fields_init(struct fields *f, const char *const names[FIELD_COUNT],
    const char *changes, struct ow_fault *fault)
{
	char *rest, *word;
	int err = OW_OK;
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		f->names[i] = names[i];
	f->own = rest = mem_dup(changes);
	while (!err && (word = strsep(&rest, " \t\n")))
		if (*word)
			err = fields_change(f, word, fault);
	if (err)
		fields_done(f);
	return err;
}

void
fields_done(struct fields *f)
{
	free(f->own);
	f->own = NULL;
}

/* ---- Looking ----------------------------------------------------------- */

static const json_t *
fields_step(const json_t *at, const char *name)
{
	if (json_is_array(at) && name[strspn(name, "0123456789")] == '\0')
		return json_array_get(at, (size_t)strtoul(name, NULL, 10));
	return json_object_get(at, name);
}

/* Where the first of the paths leads, or NULL; *names goes behind it. */
static const json_t *
fields_next(const json_t *object, const char **names)
{
	char path[PATH_MAX_LEN], *rest = path, *name;
	size_t n = strcspn(*names, "|");
	const json_t *at = object;

	(void)snprintf(path, sizeof(path), "%.*s", (int)n, *names);
	*names += n + ((*names)[n] == '|');
	while (at && (name = strsep(&rest, ".")))
		at = fields_step(at, name);
	return at;
}

static bool
fields_is_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

const char *
fields_text(const struct fields *f, const json_t *object, enum field field,
    size_t max)
{
	const char *names = f->names[field], *text;

	while (*names) {
		text = json_string_value(fields_next(object, &names));
		if (text && *text && strlen(text) <= max &&
		    fields_is_line(text))
			return text;
	}
	return NULL;
}

const char *
fields_id(const struct fields *f, const json_t *object, enum field field,
    char out[FIELDS_ID_SIZE])
{
	const char *names = f->names[field], *text;
	const json_t *value;

	while (*names) {
		value = fields_next(object, &names);
		text = json_string_value(value);
		if (text && *text && strlen(text) < FIELDS_ID_SIZE &&
		    fields_is_line(text) && !strchr(text, ' '))
			return text;
		if (json_is_integer(value)) {
			snprintf(out, FIELDS_ID_SIZE, "%lld",
			    (long long)json_integer_value(value));
			return out;
		}
	}
	return NULL;
}

bool
fields_number(const struct fields *f, const json_t *object, enum field field,
    double *out)
{
	const char *names = f->names[field];
	const json_t *value;

	while (*names) {
		value = fields_next(object, &names);
		if (json_is_number(value)) {
			*out = json_number_value(value);
			return true;
		}
	}
	return false;
}

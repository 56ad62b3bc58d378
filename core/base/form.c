/* SPDX-License-Identifier: MIT */
/*
 * form - walks a JSON object along a table of fields.
 *
 * It knows shapes and bounds; what two fields mean together (lat and lng both
 * or neither) is asked by the caller, who adds faults with form_fault.  The
 * value itself is never put into a fault: it may be a person's address.
 *
 * Stands between http's body and everything that decides.
 */
#include "base/form.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#define PATH_SIZE sizeof(((struct form_fault *)0)->field)

typedef void check_fn(const struct form_field *, const struct json *,
    const char *path, struct form_faults *);

static void check_members(const struct json *, const struct form_field *,
    const char *path, struct form_faults *);

void
form_fault(struct form_faults *faults, const char *field, const char *fmt,
    ...)
{
	struct form_fault *fault;
	va_list ap;

	if (faults->n >= FORM_FAULTS_MAX)
		return;
	fault = &faults->list[faults->n++];
	(void)snprintf(fault->field, sizeof(fault->field), "%s", field);
	va_start(ap, fmt);
	(void)vsnprintf(fault->detail, sizeof(fault->detail), fmt, ap);
	va_end(ap);
}

static bool
has_bounds(const struct form_field *f)
{
	return f->min != 0 || f->max != 0;
}

/* C0, DEL and, in UTF-8, C1: none of them belongs into what people read. */
static bool
has_control(const char *s, bool lines)
{
	const unsigned char *p = (const unsigned char *)s;

	for (; *p != '\0'; p++) {
		if (lines && (*p == '\n' || *p == '\t'))
			continue;
		if (*p < 0x20 || *p == 0x7f)
			return true;
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			return true;
	}
	return false;
}

static void
check_text(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	const char *s = json_text(v);
	size_t n;

	if (s == NULL) {
		form_fault(faults, path, "must be a text");
		return;
	}
	n = strlen(s);
	if (has_bounds(f) &&
	    (n < (uint64_t)f->min || n > (uint64_t)f->max)) {
		form_fault(faults, path,
		    "must have %" PRId64 " to %" PRId64 " bytes",
		    f->min, f->max);
		return;
	}
	if (has_control(s, f->type == FORM_LINES))
		form_fault(faults, path, "must not have control characters");
}

static void
check_int(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	int64_t i;

	if (json_type(v) != JSON_INT) {
		form_fault(faults, path, "must be a whole number");
		return;
	}
	i = json_int(v, 0);
	if (has_bounds(f) && (i < f->min || i > f->max))
		form_fault(faults, path,
		    "must be from %" PRId64 " to %" PRId64, f->min, f->max);
}

static void
check_real(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	double d;

	if (json_type(v) != JSON_INT && json_type(v) != JSON_REAL) {
		form_fault(faults, path, "must be a number");
		return;
	}
	d = json_number(v, 0);
	/* Asked this way round, so that a NaN is outside, too. */
	if (has_bounds(f) && !(d >= (double)f->min && d <= (double)f->max))
		form_fault(faults, path,
		    "must be from %" PRId64 " to %" PRId64, f->min, f->max);
}

static void
check_bool(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	(void)f;		/* a bool has no bounds */
	if (json_type(v) != JSON_BOOL)
		form_fault(faults, path, "must be true or false");
}

static void
check_time(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	const char *s = json_text(v);
	int64_t ms;

	(void)f;		/* what is too late is the caller's to say */
	if (s == NULL || clock_parse(s, &ms) != OW_OK)
		form_fault(faults, path, "must be a time as of RFC 3339");
}

static void
check_enum(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	const char *s = json_text(v);
	char words[sizeof(((struct form_fault *)0)->detail)];
	size_t n = 0;
	int len;

	words[0] = '\0';
	for (size_t i = 0; f->choices[i] != NULL; i++) {
		if (s != NULL && strcmp(s, f->choices[i]) == 0)
			return;
		if (n >= sizeof(words))
			continue;
		len = snprintf(words + n, sizeof(words) - n, "%s%s",
		    i == 0 ? "" : ", ", f->choices[i]);
		n += (size_t)len;
	}
	if (n + sizeof("must be one of: ") > sizeof(words))
		form_fault(faults, path, "is none of the words known here");
	else
		form_fault(faults, path, "must be one of: %.100s", words);
}

static void
check_object(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	if (json_type(v) != JSON_OBJECT)
		form_fault(faults, path, "must be an object");
	else
		check_members(v, f->fields, path, faults);
}

static void
check_list(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	size_t n = json_count(v);
	char at[PATH_SIZE];

	if (json_type(v) != JSON_LIST) {
		form_fault(faults, path, "must be a list");
		return;
	}
	if (has_bounds(f) &&
	    (n < (uint64_t)f->min || n > (uint64_t)f->max)) {
		form_fault(faults, path,
		    "must have %" PRId64 " to %" PRId64 " entries",
		    f->min, f->max);
		return;
	}
	for (size_t i = 0; i < n && faults->n < FORM_FAULTS_MAX; i++) {
		(void)snprintf(at, sizeof(at), "%.70s[%zu]", path, i);
		check_object(f, json_at(v, i), at, faults);
	}
}

static void
check_any(const struct form_field *f, const struct json *v,
    const char *path, struct form_faults *faults)
{
	struct buf out;

	if (f->max <= 0)
		return;
	buf_init(&out, (size_t)f->max);
	json_dump(v, &out);
	if (out.full)
		form_fault(faults, path,
		    "must have at most %" PRId64 " bytes", f->max);
	buf_done(&out);
}

static check_fn *const checks[] = {
	[FORM_TEXT] = check_text,
	[FORM_INT] = check_int,
	[FORM_REAL] = check_real,
	[FORM_BOOL] = check_bool,
	[FORM_TIME] = check_time,
	[FORM_ENUM] = check_enum,
	[FORM_OBJECT] = check_object,
	[FORM_LIST] = check_list,
	[FORM_ANY] = check_any,
	[FORM_LINES] = check_text,
};

static bool
is_absent(const struct form_field *f, const struct json *v)
{
	return v == NULL || (f->nullable && json_type(v) == JSON_NULL);
}

static void
check_members(const struct json *obj,
    const struct form_field *fields, const char *path,
    struct form_faults *faults)
{
	const struct json *v;
	char at[PATH_SIZE];

	for (const struct form_field *f = fields; f->name != NULL; f++) {
		(void)snprintf(at, sizeof(at), "%.60s%s%.30s", path,
		    path[0] == '\0' ? "" : ".", f->name);
		v = json_get(obj, f->name);
		if (!is_absent(f, v))
			checks[f->type](f, v, at, faults);
		else if (f->required)
			form_fault(faults, at, "is required");
	}
}

int
form_check(const struct json *body, const struct form_field *fields, struct
    form_faults *faults)
{
	uint32_t n = faults->n;

	if (n >= FORM_FAULTS_MAX)
		return OW_EINVAL;	/* no room to say what is wrong */
	if (json_type(body) != JSON_OBJECT)
		form_fault(faults, "", "must be an object");
	else
		check_members(body, fields, "", faults);
	return faults->n > n ? OW_EINVAL : OW_OK;
}

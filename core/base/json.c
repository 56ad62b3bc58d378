/* SPDX-License-Identifier: MIT */
/*
 * json - reading: jansson's parser and tree behind names of our own.
 *
 * What a peer sends gets here already capped in size; depth is capped here,
 * before jansson recurses (its own limit is a constant of 2048).  Nothing of
 * the text goes into a fault but the place: it may be an order's content.
 *
 * Invariant: a struct json is a json_t that json_parse made, so it is at most
 * JSON_DEPTH_MAX deep, and its strings are UTF-8 without NUL.
 */

/* jansson has these names, too; ours are the ones used below. */
#define json_type jansson_type
#define JSON_NULL JANSSON_NULL
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_REAL JANSSON_REAL
#include <jansson.h>
#undef json_type
#undef JSON_NULL
#undef JSON_OBJECT
#undef JSON_REAL

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static const json_t *
json_tree(const struct json *j)
{
	return (const json_t *)j;
}

static bool
json_is(const struct json *j, int type)
{
	return j && (int)json_tree(j)->type == type;
}

/* ---- Parsing ----------------------------------------------------------- */

/* The offset of the first bracket that is too deep, or n.  Up to the first
   error in the text, this sees it as a parser does. */
static size_t
json_find_too_deep(const char *p, size_t n)
{
	uint32_t depth = 0;
	bool in_text = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '"')
			in_text = !in_text;
		else if (in_text && p[i] == '\\')
			i++;
		else if (in_text)
			continue;
		else if (p[i] == '[' || p[i] == '{')
			depth++;
		else if ((p[i] == ']' || p[i] == '}') && depth)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return i;
	}
	return n;
}

static void
json_fault(struct ow_fault *f, int line, int column,
    const char *why)
{
	/* Behind "near" jansson quotes the text. */
	const char *near = strstr(why, " near ");
	int len = near ? (int)(near - why) : (int)strlen(why);

	if (f)
		snprintf(f->text, sizeof(f->text), "line %d, column %d: %.*s",
		    line, column, len, why);
}

static void
json_fault_at(struct ow_fault *f, const char *p, size_t at,
    const char *why)
{
	int line = 1, column = 1;
	size_t i;

	for (i = 0; i < at; i++) {
		column++;
		if (p[i] == '\n') {
			line++;
			column = 1;
		}
	}
	json_fault(f, line, column, why);
}

#define WHOLE_MAX 9007199254740992.0	/* 2^53 */

static json_t *
json_to_integer(json_t *v)
{
	double d = json_real_value(v);

	if (json_typeof(v) != JANSSON_REAL || d < -WHOLE_MAX || d > WHOLE_MAX ||
	    d != (double)(int64_t)d)
		return NULL;
	return json_integer((json_int_t)d);
}

/* Depth is capped before. */
static void
json_restore_integers(json_t *tree)
{
	const char *name;
	json_t *v, *i;
	size_t at;

	json_array_foreach(tree, at, v) {
		if ((i = json_to_integer(v)))
			json_array_set_new(tree, at, i);
		else
			json_restore_integers(v);
	}
	json_object_foreach(tree, name, v) {
		if ((i = json_to_integer(v)))
			json_object_set_new(tree, name, i);
		else
			json_restore_integers(v);
	}
}

/*
 * jansson refuses a whole text for one integer beyond 64 bits, which JSON
 * allows and which may stand in data that only passes through.  Such a text
 * is read again with every integer as a real, and those that a double can
 * tell apart are made integers again.
 */
static json_t *
json_load_text(const char *p, size_t n, json_error_t *err)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_t *tree;

	tree = json_loadb(n ? p : "", n, flags, err);
	if (!tree && json_error_code(err) == json_error_numeric_overflow) {
		tree = json_loadb(p, n, flags | JSON_DECODE_INT_AS_REAL, err);
		json_restore_integers(tree);
	}
	return tree;
}

int
json_parse(const char *p, size_t n, struct json **out, struct ow_fault *f)
{
	const char *nul = n ? memchr(p, '\0', n) : NULL;
	json_error_t err;
	json_t *tree;
	size_t deep;

	/* jansson takes a NUL behind the value for the end of the text, and
	   ignores what comes then. */
	if (nul) {
		json_fault_at(f, p, (size_t)(nul - p), "NUL byte");
		return OW_EINVAL;
	}
	deep = json_find_too_deep(p, n);
	if (deep < n) {
		json_fault_at(f, p, deep, "nested too deeply");
		return OW_ELIMIT;
	}
	tree = json_load_text(p, n, &err);
	if (!tree) {
		json_fault(f, err.line, err.column, err.text);
		return OW_EINVAL;
	}
	*out = (struct json *)tree;
	return OW_OK;
}

void
json_free(struct json **j)
{
	json_decref((json_t *)*j);
	*j = NULL;
}

/* ---- Asking ------------------------------------------------------------ */

int
json_type(const struct json *j)
{
	if (!j)
		return JSON_NULL;
	switch (json_tree(j)->type) {
	case JANSSON_OBJECT:
		return JSON_OBJECT;
	case JSON_ARRAY:
		return JSON_LIST;
	case JSON_STRING:
		return JSON_TEXT;
	case JSON_INTEGER:
		return JSON_INT;
	case JANSSON_REAL:
		return JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_BOOL;
	case JANSSON_NULL:
		break;
	}
	return JSON_NULL;
}

const struct json *
json_get(const struct json *obj, const char *name)
{
	return (const struct json *)json_object_get(json_tree(obj), name);
}

size_t
json_count(const struct json *j)
{
	return json_is(j, JANSSON_OBJECT) ? json_object_size(json_tree(j)) :
	    json_array_size(json_tree(j));
}

const struct json *
json_at(const struct json *list, size_t i)
{
	return (const struct json *)json_array_get(json_tree(list), i);
}

const char *
json_text(const struct json *j)
{
	return json_string_value(json_tree(j));
}

int64_t
json_int(const struct json *j, int64_t dflt)
{
	return json_is(j, JSON_INTEGER) ? json_integer_value(json_tree(j)) :
	    dflt;
}

double
json_number(const struct json *j, double dflt)
{
	if (json_is(j, JSON_INTEGER))
		return (double)json_integer_value(json_tree(j));
	return json_is(j, JANSSON_REAL) ? json_real_value(json_tree(j)) :
	    dflt;
}

bool
json_bool(const struct json *j, bool dflt)
{
	return json_is(j, JSON_TRUE) || (dflt && !json_is(j, JSON_FALSE));
}

const char *
json_get_text(const struct json *obj, const char *name)
{
	return json_text(json_get(obj, name));
}

int64_t
json_get_int(const struct json *obj, const char *name, int64_t dflt)
{
	return json_int(json_get(obj, name), dflt);
}

int
json_each(const struct json *obj,
    int (*fn)(void *arg, const char *name, const struct json *), void *arg)
{
	json_t *tree = (json_t *)json_tree(obj);	/* is not changed */
	void *at;
	int err = OW_OK;

	for (at = json_object_iter(tree); at && !err;
	    at = json_object_iter_next(tree, at))
		err = fn(arg, json_object_iter_key(at),
		    (const struct json *)json_object_iter_value(at));
	return err;
}

/* ---- Writing what was read --------------------------------------------- */

static void json_write(struct jw *w, const char *key, const struct json *j);

static int
json_write_member(void *arg, const char *name,
    const struct json *j)
{
	json_write(arg, name, j);
	return OW_OK;
}

/* Not jw_real alone: what was a real comes back as one. */
static void
json_write_real(struct jw *w, const char *key, double d)
{
	struct buf text = BUF_INIT(64);
	struct jw one;

	jw_init(&one, &text);
	jw_real(&one, NULL, d);
	if (!strpbrk(text.p, ".e"))
		(void)buf_str(&text, ".0");
	jw_raw(w, key, text.p, text.n);
	buf_done(&text);
}

/* Recurses JSON_DEPTH_MAX deep at most. */
static void
json_write(struct jw *w, const char *key, const struct json *j)
{
	size_t i;

	switch (json_type(j)) {
	case JSON_NULL:
		jw_null(w, key);
		break;
	case JSON_BOOL:
		jw_bool(w, key, json_bool(j, false));
		break;
	case JSON_INT:
		jw_int(w, key, json_int(j, 0));
		break;
	case JSON_REAL:
		json_write_real(w, key, json_number(j, 0));
		break;
	case JSON_TEXT:
		jw_text(w, key, json_text(j));
		break;
	case JSON_LIST:
		jw_list(w, key);
		for (i = 0; i < json_count(j); i++)
			json_write(w, NULL, json_at(j, i));
		jw_end(w);
		break;
	case JSON_OBJECT:
		jw_object(w, key);
		(void)json_each(j, json_write_member, w);
		jw_end(w);
		break;
	}
}

void
json_dump(const struct json *j, struct buf *out)
{
	struct jw w;

	jw_init(&w, out);
	json_write(&w, NULL, j);
}

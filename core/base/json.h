/* SPDX-License-Identifier: MIT */
/*
 * json - reading with jansson (depth and size capped), writing straight into
 * a buf.
 *
 * jansson's types stop here: other rooms see struct json as opaque and ask for
 * members.  Writing is our own because every event is encoded once, on the
 * hot path, without a tree in between.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <orderwire/plugin.h>
#include "base/buf.h"

struct json;			/* a parsed value; in fact jansson's json_t */

#define JSON_DEPTH_MAX 32

/* One text, UTF-8, nothing behind it, no member twice, depth at most 32, no
   NUL inside strings.  fault says where ("line 3, column 7: ...").  The
   caller owns the result.  OW_OK, OW_EINVAL, OW_ELIMIT (too deep). */
int json_parse(const char *p, size_t n, struct json **out,
    struct ow_fault *);
void json_free(struct json **);

enum { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_TEXT, JSON_LIST,
    JSON_OBJECT };
int json_type(const struct json *);
/* All below accept NULL and values of another type: they then give NULL, 0 or
   the default.  What they return lives as long as the parsed whole. */
const struct json *json_get(const struct json *obj, const char *name);
size_t json_count(const struct json *list_or_object);
const struct json *json_at(const struct json *list, size_t i);
const char *json_text(const struct json *);
int64_t json_int(const struct json *, int64_t dflt);
double json_number(const struct json *, double dflt);	/* ints, too */
bool json_bool(const struct json *, bool dflt);
const char *json_get_text(const struct json *obj, const char *name);
int64_t json_get_int(const struct json *obj, const char *name, int64_t dflt);
/* Members in the order of the text; stops when fn is not OW_OK. */
int json_each(const struct json *obj,
    int (*fn)(void *arg, const char *name, const struct json *), void *arg);
/* Append the value as compact JSON. */
void json_dump(const struct json *, struct buf *out);

/* In text that json_parse accepted and that is an object: the value of a
   top-level member, as written.  OW_ENOENT when there is none. */
int json_slice(const char *p, size_t n, const char *member,
    struct ow_bytes *out);
/* Append JSON text with the white space between its tokens taken out. */
void json_compact(struct buf *out, const char *p, size_t n);

/*
 * Writing.  Commas are put by the writer; "key" may be NULL inside lists.
 *
 *	jw_object(&w, NULL); jw_text(&w, "type", "ping"); jw_end(&w);
 */
struct jw {
	struct buf *out;
	uint32_t depth;
	bool comma;		/* the next value needs one in front */
	char close[JSON_DEPTH_MAX];
};
void jw_init(struct jw *, struct buf *out);
void jw_object(struct jw *, const char *key);
void jw_list(struct jw *, const char *key);
void jw_end(struct jw *);
void jw_text(struct jw *, const char *key, const char *s);	/* NULL: null */
void jw_textn(struct jw *, const char *key, const char *s, size_t n);
void jw_int(struct jw *, const char *key, int64_t);
void jw_real(struct jw *, const char *key, double);	/* shortest exact */
/* At most so many decimals, of 6; none of them is a 0 at the end. */
void jw_rounded(struct jw *, const char *key, double, int decimals);
void jw_bool(struct jw *, const char *key, bool);
void jw_null(struct jw *, const char *key);
void jw_time(struct jw *, const char *key, int64_t wall_ms);	/* RFC 3339 */
void jw_raw(struct jw *, const char *key, const char *json, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * prefs - one person's preferences: a document, and the questions to it.
 *
 * The same reader takes a body of PUT and a stored document.  For a body every
 * fault is told and nothing is kept; a stored one was checked when it came, so
 * what has become unknown since then (a topic, a zone) does not cost the
 * person the rest.  No value is put into a fault, and no name that is not
 * plain letters.
 */
#include "notify/prefs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/locale.h"
#include "base/mem.h"
#include "base/zone.h"
#include "notify/topic.h"

#define VERSION_MAX INT64_C(9007199254740991)	/* 2^53 - 1, JSON's */
#define NAME_SHOWN_MAX 40

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LETTERS SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* In the order of the document. */
static const enum medium person_media[] = {
	MEDIUM_PUSH, MEDIUM_EMAIL, MEDIUM_SMS, MEDIUM_IN_APP,
};
#define PERSON_MEDIA (sizeof(person_media) / sizeof(person_media[0]))

#define FIELD(name, type, required, lo, hi, fields)			\
	{ name, type, required, !(required), lo, hi, NULL, fields }

static const struct form_field quiet_fields[] = {
	FIELD("from", FORM_TEXT, true, 5, 5, NULL),
	FIELD("to", FORM_TEXT, true, 5, 5, NULL),
	FIELD("timezone", FORM_TEXT, true, 1, 63, NULL),
	FORM_END,
};

static const struct form_field contact_fields[] = {
	FIELD("email", FORM_TEXT, false, 3, 254, NULL),
	FIELD("phone", FORM_TEXT, false, 9, 16, NULL),
	FORM_END,
};

static const struct form_field prefs_fields[] = {
	FIELD("channels", FORM_ANY, false, 0, 0, NULL),
	FIELD("events", FORM_ANY, false, 0, 0, NULL),
	FIELD("quiet_hours", FORM_OBJECT, false, 0, 0, quiet_fields),
	FIELD("locale", FORM_TEXT, false, 2, 35, NULL),
	FIELD("contact", FORM_OBJECT, false, 0, 0, contact_fields),
	FIELD("version", FORM_INT, false, 0, VERSION_MAX, NULL),
	FORM_END,
};

struct reading {
	struct prefs *prefs;
	bool is_stored;			/* else: a body */
	struct form_faults *faults;
	const char *path;		/* of the object being walked */
	int8_t *switches;		/* what its members set */
};

struct prefs *
prefs_new(void)
{
	struct prefs *prefs = mem_alloc(sizeof(*prefs));
	size_t i;

	arena_init(&prefs->arena);
	for (i = 0; i < MEDIUM_COUNT; i++)
		prefs->media[i] = true;
	return prefs;
}

void
prefs_free(struct prefs **p)
{
	if (!*p)
		return;
	arena_done(&(*p)->arena);
	free(*p);
	*p = NULL;
}

/* ---- Words ------------------------------------------------------------- */

bool
phone_is_valid(const char *s)
{
	size_t n;

	if (s[0] != '+' || s[1] < '1' || s[1] > '9')
		return false;
	n = strspn(s + 1, DIGITS);
	return n >= 8 && n <= 15 && !s[1 + n];
}

/* RFC 5321, 4.1.2: Dot-string. */
static bool
email_is_local(const char *s, size_t n)
{
	size_t i;

	if (!n || n > 64 || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (i = 0; i < n; i++)
		if (!strchr(LETTERS DIGITS "!#$%&'*+/=?^_`{|}~-.", s[i]) ||
		    (s[i] == '.' && s[i + 1] == '.'))
			return false;
	return true;
}

bool
email_is_valid(const char *s)
{
	const char *at = strchr(s, '@');
	size_t n;

	if (!at || strlen(s) > 254 || !email_is_local(s, (size_t)(at - s)))
		return false;
	do {
		s = at + 1;
		n = strspn(s, LETTERS DIGITS "-");
		if (!n || n > 63 || s[0] == '-' || s[n - 1] == '-')
			return false;
		at = s + n;
	} while (*at == '.');
	return !*at;
}

/* "HH:MM" as minutes, or -1. */
static int
minute_read(const char *s)
{
	int hour, minute;

	if (strlen(s) != 5 || s[2] != ':' || strspn(s, DIGITS) != 2 ||
	    strspn(s + 3, DIGITS) != 2)
		return -1;
	hour = (s[0] - '0') * 10 + (s[1] - '0');
	minute = (s[3] - '0') * 10 + (s[4] - '0');
	return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

static int
person_medium(const char *name)
{
	size_t i;

	for (i = 0; i < PERSON_MEDIA; i++)
		if (!strcmp(medium_name(person_media[i]), name))
			return (int)person_media[i];
	return -1;
}

/* ---- Reading ----------------------------------------------------------- */

/* A member's name came from outside, and may be long or no text at all. */
static void
reading_path(const char *path, const char *name, char out[96])
{
	size_t n = strspn(name, LETTERS DIGITS "_.-");

	if (!name[n] && n && n <= NAME_SHOWN_MAX)
		(void)snprintf(out, 96, "%.50s.%s", path, name);
	else
		(void)snprintf(out, 96, "%.50s", path);
}

static int
reading_switch(void *arg, const char *name, const struct json *value)
{
	struct reading *r = arg;
	int medium = person_medium(name);
	char path[96];

	reading_path(r->path, name, path);
	if (medium < 0)
		form_fault(r->faults, path,
		    "is none of push, email, sms, in_app");
	else if (json_type(value) != JSON_BOOL)
		form_fault(r->faults, path, "must be true or false");
	else
		r->switches[medium] = json_bool(value, false);
	return OW_OK;
}

static void
reading_switches(struct reading *r, const char *path,
    const struct json *value, int8_t out[MEDIUM_COUNT])
{
	memset(out, -1, MEDIUM_COUNT);
	if (json_type(value) == JSON_NULL)
		return;
	if (json_type(value) != JSON_OBJECT) {
		form_fault(r->faults, path, "must be an object");
		return;
	}
	r->path = path;
	r->switches = out;
	(void)json_each(value, reading_switch, r);	/* always goes on */
}

static int
reading_event(void *arg, const char *name, const struct json *value)
{
	struct reading *r = arg;
	struct prefs *prefs = r->prefs;
	struct prefs_event *event = &prefs->events[prefs->n_events];
	size_t i;
	char path[96];

	reading_path("events", name, path);
	if (!topic_is_known(name)) {
		form_fault(r->faults, path, "is no event that anybody is told");
		return OW_OK;
	}
	reading_switches(r, path, value, event->media);
	for (i = 0; i < MEDIUM_COUNT && event->media[i] < 0; i++)
		;
	if (i < MEDIUM_COUNT) {
		event->event = arena_dup(&prefs->arena, name);
		prefs->n_events++;
	}
	return OW_OK;
}

static void
reading_events(struct reading *r, const struct json *events)
{
	size_t n = json_count(events);

	if (json_type(events) == JSON_NULL)
		return;
	if (json_type(events) != JSON_OBJECT) {
		form_fault(r->faults, "events", "must be an object");
		return;
	}
	if (n > PREFS_EVENTS_MAX) {
		form_fault(r->faults, "events", "must have at most %d entries",
		    PREFS_EVENTS_MAX);
		return;
	}
	r->prefs->events = arena_alloc(&r->prefs->arena,
	    (n + 1) * sizeof(*r->prefs->events));
	(void)json_each(events, reading_event, r);	/* always goes on */
}

static void
reading_quiet(struct reading *r, const struct json *quiet)
{
	const char *zone = json_get_text(quiet, "timezone");
	struct prefs *prefs = r->prefs;
	int from, to;

	if (json_type(quiet) != JSON_OBJECT)
		return;
	from = minute_read(json_get_text(quiet, "from"));
	to = minute_read(json_get_text(quiet, "to"));
	if (from < 0)
		form_fault(r->faults, "quiet_hours.from",
		    "must be a time from 00:00 to 23:59");
	if (to < 0)
		form_fault(r->faults, "quiet_hours.to",
		    "must be a time from 00:00 to 23:59");
	if (!r->is_stored && !zone_exists(zone))
		form_fault(r->faults, "quiet_hours.timezone",
		    "is no time zone such as Europe/Berlin");
	prefs->has_quiet = from >= 0 && to >= 0;
	if (!prefs->has_quiet)
		return;
	prefs->quiet_from = from;
	prefs->quiet_to = to;
	prefs->timezone = arena_dup(&prefs->arena, zone);
}

/* A text that is said and valid, the prefs' own; else NULL. */
static const char *
reading_word(struct reading *r, const struct json *value,
    const char *path, bool (*is_valid)(const char *), const char *detail)
{
	const char *text = json_text(value);

	if (!text)
		return NULL;
	if (is_valid(text))
		return arena_dup(&r->prefs->arena, text);
	form_fault(r->faults, path, "%s", detail);
	return NULL;
}

/* OW_EINVAL when the document has not even the shape of one. */
static int
reading_run(struct reading *r, const struct json *body)
{
	const struct json *contact = json_get(body, "contact");
	int8_t switches[MEDIUM_COUNT];
	size_t i;
	int err;

	err = form_check(body, prefs_fields, r->faults);
	if (err)
		return err;
	reading_switches(r, "channels", json_get(body, "channels"), switches);
	for (i = 0; i < MEDIUM_COUNT; i++)
		if (switches[i] >= 0)
			r->prefs->media[i] = switches[i];
	reading_events(r, json_get(body, "events"));
	reading_quiet(r, json_get(body, "quiet_hours"));
	r->prefs->locale = reading_word(r, json_get(body, "locale"), "locale",
	    locale_is_valid, "must be a language tag such as de or en-GB");
	r->prefs->email = reading_word(r, json_get(contact, "email"),
	    "contact.email", email_is_valid, "must be an e-mail address");
	r->prefs->phone = reading_word(r, json_get(contact, "phone"),
	    "contact.phone", phone_is_valid,
	    "must be + and 8 to 15 digits (E.164)");
	return OW_OK;
}

int
prefs_read(const struct json *body, struct prefs **out,
    int64_t *out_version, struct form_faults *faults)
{
	struct reading r = { prefs_new(), false, faults, NULL, NULL };
	uint32_t before = faults->n;
	int err = reading_run(&r, body);

	if (err || faults->n > before) {
		prefs_free(&r.prefs);
		return OW_EINVAL;
	}
	*out = r.prefs;
	*out_version = json_get_int(body, "version", -1);
	return OW_OK;
}

int
prefs_load(const char *doc, size_t n, int64_t version,
    struct prefs **out)
{
	struct form_faults faults = { 0 };
	struct reading r = { prefs_new(), true, &faults, NULL, NULL };
	struct json *body = NULL;
	struct ow_fault fault;
	int err;

	err = n > PREFS_DOC_MAX || json_parse(doc, n, &body, &fault) ?
	    OW_EINVAL : reading_run(&r, body);
	if (err) {
		prefs_free(&r.prefs);
		r.prefs = prefs_new();
	}
	json_free(&body);
	r.prefs->version = version;
	*out = r.prefs;
	return err;
}

/* ---- Writing ----------------------------------------------------------- */

static void
write_minute(struct jw *w, const char *key, int minute)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%02d:%02d", minute / 60,
	    minute % 60);
	jw_text(w, key, text);
}

static void
write_event(struct jw *w, const struct prefs_event *event)
{
	size_t i;

	jw_object(w, event->event);
	for (i = 0; i < PERSON_MEDIA; i++)
		if (event->media[person_media[i]] >= 0)
			jw_bool(w, medium_name(person_media[i]),
			    event->media[person_media[i]] > 0);
	jw_end(w);
}

void
prefs_write(struct jw *w, const char *key, const struct prefs *prefs)
{
	uint32_t i;

	jw_object(w, key);
	jw_object(w, "channels");
	for (i = 0; i < PERSON_MEDIA; i++)
		jw_bool(w, medium_name(person_media[i]),
		    prefs->media[person_media[i]]);
	jw_end(w);
	jw_object(w, "events");
	for (i = 0; i < prefs->n_events; i++)
		write_event(w, &prefs->events[i]);
	jw_end(w);
	if (prefs->has_quiet) {
		jw_object(w, "quiet_hours");
		write_minute(w, "from", prefs->quiet_from);
		write_minute(w, "to", prefs->quiet_to);
		jw_text(w, "timezone", prefs->timezone);
		jw_end(w);
	} else {
		jw_null(w, "quiet_hours");
	}
	jw_text(w, "locale", prefs->locale);
	jw_object(w, "contact");
	jw_text(w, "email", prefs->email);
	jw_text(w, "phone", prefs->phone);
	jw_end(w);
	jw_int(w, "version", prefs->version);
	jw_end(w);
}

struct prefs *
prefs_copy(const struct prefs *from)
{
	struct prefs *prefs = prefs_new();
	struct arena arena = prefs->arena;
	uint32_t i;

	*prefs = *from;
	prefs->arena = arena;
	prefs->events = arena_alloc(&prefs->arena,
	    (from->n_events + 1) * sizeof(*prefs->events));
	for (i = 0; i < from->n_events; i++) {
		prefs->events[i] = from->events[i];
		prefs->events[i].event = arena_dup(&prefs->arena,
		    from->events[i].event);
	}
	prefs->timezone = arena_dup(&prefs->arena, from->timezone);
	prefs->locale = arena_dup(&prefs->arena, from->locale);
	prefs->email = arena_dup(&prefs->arena, from->email);
	prefs->phone = arena_dup(&prefs->arena, from->phone);
	return prefs;
}

/* ---- Questions --------------------------------------------------------- */

void
prefs_set_medium(struct prefs *prefs, enum medium medium, bool on)
{
	prefs->media[medium] = on;
}

const char *
prefs_refusal(const struct prefs *prefs, const char *event,
    enum medium medium, char why[160])
{
	uint32_t i;

	if (!prefs->media[medium]) {
		(void)snprintf(why, 160, "%s is off in the preferences",
		    medium_name(medium));
		return why;
	}
	for (i = 0; i < prefs->n_events; i++) {
		if (prefs->events[i].media[medium] ||
		    strcmp(prefs->events[i].event, event))
			continue;
		(void)snprintf(why, 160, "%.96s by %s is off in the "
		    "preferences", event, medium_name(medium));
		return why;
	}
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * prefs - one person's preferences: a document, and the questions to it.
 *
 *	{ "channels": { "push": true, "email": true, "sms": false,
 *	      "in_app": true },
 *	  "events": { "order.ready": { "push": true, "sms": false }, ... },
 *	  "quiet_hours": { "from": "22:00", "to": "07:00",
 *	      "timezone": "Europe/Berlin" } | null,
 *	  "locale": "de", "contact": { "email": ..., "phone": ... },
 *	  "version": 3 }
 *
 * A medium that is off in channels is off; an event's own switch narrows it
 * further.  What is not said is the default.  A value: no I/O, no clock.
 */
#ifndef NOTIFY_PREFS_H
#define NOTIFY_PREFS_H

#include "base/arena.h"
#include "base/form.h"
#include "notify/rule.h"

struct buf;
struct jw;

#define PREFS_EVENTS_MAX 64
#define PREFS_DOC_MAX 16384

struct prefs_event {
	const char *event;
	int8_t media[MEDIUM_COUNT];	/* 1, 0; -1: not said */
};

struct prefs {
	struct arena arena;
	int64_t version;		/* 0: never saved */
	bool media[MEDIUM_COUNT];
	uint32_t n_events;
	struct prefs_event *events;
	bool has_quiet;
	int quiet_from, quiet_to;	/* minutes after midnight */
	const char *timezone;		/* IANA; NULL without quiet hours */
	const char *locale;		/* NULL: not said */
	const char *email, *phone;	/* NULL: not said */
};

/* All defaults: every person medium on. */
struct prefs *prefs_new(void);
void prefs_free(struct prefs **);
/* A body of PUT: checked, unknown members ignored, version as said (or -1).
   OW_OK, or OW_EINVAL with faults: an unknown zone, a phone number that is
   not E.164, an e-mail address that can't be, a medium that is none, an event
   that no topic names.  Looks for the zone's file. */
int prefs_read(const struct json *body, struct prefs **out,
    int64_t *out_version, struct form_faults *);
/* A stored document: what has become unknown since then is left out.  One that
   is broken is the defaults and OW_EINVAL. */
int prefs_load(const char *doc, size_t n, int64_t version,
    struct prefs **out);
/* The public document, with version; also what is stored. */
void prefs_write(struct jw *, const char *key, const struct prefs *);
struct prefs *prefs_copy(const struct prefs *);
void prefs_set_medium(struct prefs *, enum medium, bool on);

/* NULL: yes; else why not, in words: "sms is off in the preferences",
   "order.ready by sms is off in the preferences". */
const char *prefs_refusal(const struct prefs *, const char *event,
    enum medium, char why[160]);

/* E.164, "+" and 8 to 15 digits; and user@domain as RFC 5321 can carry it,
   without quoted local parts, no control characters, at most 254. */
bool phone_is_valid(const char *);
bool email_is_valid(const char *);

#endif

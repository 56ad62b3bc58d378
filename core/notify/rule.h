/* SPDX-License-Identifier: MIT */
/*
 * rule - who is told of what, by which media, and how long it stays news: the
 * table of notifications.conf.
 *
 *	rules = (
 *		{ event = "order.ready"; template = "order-ready";
 *		  channels = [ "in_app", "push", "sms after 2m" ];
 *		  urgency = "high"; ttl = "30m"; },
 *		...
 *	);
 *
 * A step is a medium, "after SPAN" (it then runs only if nobody saw the notice
 * by then) and "always" (also for who has seen it).  An event without a rule
 * makes no notice.
 */
#ifndef NOTIFY_RULE_H
#define NOTIFY_RULE_H

#include <orderwire/plugin.h>

struct buf;
struct conf_faults;
struct rules;

/* What people switch on and off; a notice "in_app" is its place in the
   inbox. */
enum medium {
	MEDIUM_IN_APP, MEDIUM_PUSH, MEDIUM_EMAIL, MEDIUM_SMS, MEDIUM_WEBHOOK,
	MEDIUM_COUNT,
};
extern const char *const medium_names[MEDIUM_COUNT + 1];
const char *medium_name(enum medium);
int medium_by_name(const char *);	/* -1 */

enum audience {
	AUDIENCE_CUSTOMER,	/* the order's customer */
	AUDIENCE_PLATFORM,	/* the tenant's own systems: webhooks */
};

#define RULE_STEPS_MAX 8

struct rule_step {
	enum medium medium;
	int64_t after_ms;		/* 0: at once */
	bool always;			/* also if the notice was seen */
};

struct rule {
	const char *event;		/* "order.ready", "x.loyalty" */
	enum audience audience;
	const char *template_name;	/* "order-ready" */
	uint32_t n_steps;
	struct rule_step steps[RULE_STEPS_MAX];
	int32_t urgency;		/* OW_URGENCY_... */
	int64_t ttl_ms;			/* later than this it is no news */
	bool critical;			/* passes quiet hours */
	const char *group;	/* "": none; "order": newer notices of the
				   same order replace older ones */
	int64_t throttle_ms;	/* at most one message a group and medium */
	int line;
};

/* Reads the file; every fault is added with its line.  NULL only when it
   can't be read or parsed. */
struct rules *rules_open(const char *path, struct conf_faults *);
struct rules *rules_parse(const char *text, const char *name,
    struct conf_faults *);
void rules_free(struct rules **);
/* The n-th rule (from 0) for an event, or NULL: one for each audience. */
const struct rule *rules_find(const struct rules *, const char *event,
    uint32_t n);
uint32_t rules_count(const struct rules *);
const struct rule *rules_at(const struct rules *, uint32_t i);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * rule - the table of notifications.conf.
 *
 * A rule's plain options go through an option table like those of any section;
 * its steps are taken out of the tree first, since a table has no lists.  All
 * faults are told.  A rule at fault is in the result only if its event is
 * known and it has a step, so that a caller can go on looking for more; who
 * means to run with it asks the faults.
 *
 * Read once at start, immutable then.
 */
#include "notify/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/near.h"
#include "conf/tree.h"
#include "notify/topic.h"

#define RULES_MAX 500u
#define STEP_TEXT_MAX 64u
#define DAY_MS INT64_C(86400000)

const char *const medium_names[MEDIUM_COUNT + 1] = {
	[MEDIUM_IN_APP] = "in_app",
	[MEDIUM_PUSH] = "push",
	[MEDIUM_EMAIL] = "email",
	[MEDIUM_SMS] = "sms",
	[MEDIUM_WEBHOOK] = "webhook",
};

struct rules {
	struct arena arena;
	uint32_t n;
	struct rule *list;
};

/* As the file has it. */
struct rule_conf {
	const char *event, *audience, *template, *urgency, *group;
	int64_t ttl, throttle;
	bool critical;
};

static const char *const audiences[] = { "customer", "platform", NULL };
static const char *const urgencies[] = { "low", "normal", "high", NULL };
static const char *const groups[] = { "none", "order", NULL };

static const struct ow_option rule_options[] = {
	OW_STR(struct rule_conf, event, OW_REQUIRED,
	    "What has happened, such as \"order.ready\" or \"x.loyalty\"."),
	OW_CHOICE(struct rule_conf, audience, "customer", audiences,
	    "Who is told: the order's customer, or the platform's own "
	    "systems."),
	OW_STR(struct rule_conf, template, "",
	    "The template's name; made from the event's when empty."),
	OW_CHOICE(struct rule_conf, urgency, "normal", urgencies,
	    "How much a device may be disturbed."),
	OW_MS(struct rule_conf, ttl, "1h", 1000, 30 * DAY_MS,
	    "Later than this it is no news any more."),
	OW_BOOL(struct rule_conf, critical, "no",
	    "Passes quiet hours."),
	OW_CHOICE(struct rule_conf, group, "none", groups,
	    "Newer notices of a group replace older ones."),
	OW_MS(struct rule_conf, throttle, "0", 0, DAY_MS,
	    "At most one message a group and medium in this time."),
	OW_OPTIONS_END
};

/* One rule being read. */
struct draft {
	struct conf *conf;
	const char *file;
	struct rules *rules;
	struct rule rule;
	struct conf_faults *faults;
	bool is_usable;
};

const char *
medium_name(enum medium medium)
{
	return (unsigned int)medium < MEDIUM_COUNT ? medium_names[medium] :
	    NULL;
}

int
medium_by_name(const char *name)
{
	int i;

	for (i = 0; i < MEDIUM_COUNT; i++)
		if (!strcmp(medium_names[i], name))
			return i;
	return -1;
}

/* ---- Steps ------------------------------------------------------------- */

static void
step_unknown(struct draft *d, const char *word, int line)
{
	struct near near = { word, NULL, 0 };
	char hint[128];
	size_t i;

	for (i = 0; i < MEDIUM_COUNT; i++)
		near_try(&near, medium_names[i]);
	near_hint(&near, hint, sizeof(hint));
	conf_fault(d->faults, d->file, line,
	    "'%s' is none of in_app, push, email, sms, webhook%s", word, hint);
}

/* "sms after 2m always"; the medium first, then each of the others once. */
static int
step_read(struct draft *d, const char *text, int line,
    struct rule_step *out)
{
	char words[STEP_TEXT_MAX + 1], *at = NULL, *word, *span;
	struct rule_step step = { 0 };
	int medium;

	(void)snprintf(words, sizeof(words), "%s", text);
	word = strtok_r(words, " \t", &at);
	medium = word ? medium_by_name(word) : -1;
	if (medium < 0 || strlen(text) > STEP_TEXT_MAX) {
		step_unknown(d, word ? word : "", line);
		return OW_EINVAL;
	}
	step.medium = (enum medium)medium;
	while ((word = strtok_r(NULL, " \t", &at))) {
		if (!strcmp(word, "always") && !step.always) {
			step.always = true;
			continue;
		}
		span = !strcmp(word, "after") && !step.after_ms ?
		    strtok_r(NULL, " \t", &at) : NULL;
		if (!span || clock_parse_span(span, &step.after_ms) ||
		    step.after_ms <= 0 || step.after_ms > 30 * DAY_MS) {
			conf_fault(d->faults, d->file, line, "a step is a "
			    "medium, then perhaps \"after SPAN\" and "
			    "\"always\": \"sms after 2m\", not \"%s\"", text);
			return OW_EINVAL;
		}
	}
	*out = step;
	return OW_OK;
}

static void
step_add(struct draft *d, const struct rule_step *step, int line)
{
	struct rule *rule = &d->rule;
	uint32_t i;

	for (i = 0; i < rule->n_steps; i++) {
		/* A job's key has the medium's address, not the step. */
		if (rule->steps[i].medium != step->medium)
			continue;
		conf_fault(d->faults, d->file, line,
		    "there is a step '%s' already in this rule",
		    medium_name(step->medium));
		return;
	}
	if (step->medium == MEDIUM_IN_APP && step->after_ms) {
		conf_fault(d->faults, d->file, line,
		    "'in_app' has no \"after\": the inbox comes first");
		return;
	}
	OW_ASSERT(rule->n_steps < RULE_STEPS_MAX);
	rule->steps[rule->n_steps++] = *step;
}

static void
steps_read(struct draft *d, const config_setting_t *channels)
{
	struct rule_step step;
	config_setting_t *text;
	const char *s;
	int i, n, line;

	if (!config_setting_is_array(channels) &&
	    !config_setting_is_list(channels)) {
		conf_fault(d->faults, d->file, tree_line(channels),
		    "'channels' must be a list such as "
		    "[ \"push\", \"sms after 2m\" ]");
		return;
	}
	n = config_setting_length(channels);
	if (!n)
		conf_fault(d->faults, d->file, tree_line(channels),
		    "a rule without a step tells nobody; leave it out");
	if (n > RULE_STEPS_MAX)
		conf_fault(d->faults, d->file, tree_line(channels),
		    "more than %d steps", RULE_STEPS_MAX);
	for (i = 0; i < n && n <= RULE_STEPS_MAX; i++) {
		text = config_setting_get_elem(channels, (unsigned int)i);
		line = tree_line(text) ? tree_line(text) : tree_line(channels);
		s = config_setting_get_string(text);
		if (!s)
			conf_fault(d->faults, d->file, line, "a step must be "
			    "a text such as \"push\"");
		else if (!step_read(d, s, line, &step))
			step_add(d, &step, line);
	}
}

/* ---- Rules ------------------------------------------------------------- */

/* "order.out_for_delivery": "order-out-for-delivery". */
static const char *
template_of(struct arena *arena, const char *event)
{
	char *name = arena_dup(arena, event), *p;

	for (p = name; *p; p++)
		if (*p == '.' || *p == '_')
			*p = '-';
	return name;
}

static bool
template_is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n && !s[n] && n <= 80 && *s != '-';
}

static int
word_index(const char *const *words, const char *word)
{
	int i = 0;

	while (words[i] && strcmp(words[i], word))
		i++;
	return i;
}

static void
event_unknown(struct draft *d, const char *event, int line)
{
	struct near near = { event, NULL, 0 };
	char hint[128];
	size_t i;

	for (i = 0; topic_names[i]; i++)
		near_try(&near, topic_names[i]);
	near_hint(&near, hint, sizeof(hint));
	conf_fault(d->faults, d->file, line, "nothing is called '%.100s' "
	    "here%s", event, near.best ? hint : "; the platform's own events "
	    "are \"x.NAME\"");
}

/* What more than one option says together. */
static void
draft_check(struct draft *d)
{
	const struct rule *rule = &d->rule, *other;
	bool is_platform = rule->audience == AUDIENCE_PLATFORM;
	uint32_t i;

	for (i = 0; i < rule->n_steps; i++) {
		if ((rule->steps[i].medium == MEDIUM_WEBHOOK) != is_platform)
			conf_fault(d->faults, d->file, rule->line, "the %s is "
			    "not told by '%s'", audiences[rule->audience],
			    medium_name(rule->steps[i].medium));
		if (rule->steps[i].after_ms >= rule->ttl_ms)
			conf_fault(d->faults, d->file, rule->line, "the step "
			    "'%s' comes when its ttl is over",
			    medium_name(rule->steps[i].medium));
	}
	for (i = 0; i < d->rules->n; i++) {
		other = &d->rules->list[i];
		if (strcmp(other->event, rule->event) ||
		    other->audience != rule->audience)
			continue;
		conf_fault(d->faults, d->file, rule->line,
		    "there is a rule for %s and the %s already, in line %d",
		    rule->event, audiences[rule->audience], other->line);
		d->is_usable = false;
	}
	if (rule->throttle_ms && !*rule->group)
		conf_fault(d->faults, d->file, rule->line,
		    "'throttle' needs a 'group'");
}

static void
draft_fill(struct draft *d, uint32_t i)
{
	struct arena *arena = &d->rules->arena;
	struct rule *rule = &d->rule;
	struct rule_conf said = { 0 };
	const char *file;
	int line;

	/* What is at fault has its default now. */
	(void)conf_fill_entry(d->conf, "rules", i, rule_options, &said,
	    d->faults);
	rule->event = arena_dup(arena, said.event);
	rule->audience = (enum audience)word_index(audiences, said.audience);
	rule->template_name = *said.template ?
	    arena_dup(arena, said.template) : template_of(arena, said.event);
	rule->urgency = OW_URGENCY_LOW + word_index(urgencies, said.urgency);
	rule->ttl_ms = said.ttl;
	rule->critical = said.critical;
	rule->group = strcmp(said.group, "none") ?
	    arena_dup(arena, said.group) : "";
	rule->throttle_ms = said.throttle;
	d->is_usable = topic_is_known(rule->event) && rule->n_steps;
	if (*rule->event && !topic_is_known(rule->event)) {
		conf_where_entry(d->conf, "rules", i, "event", &file, &line);
		event_unknown(d, rule->event, line);
	}
	if (*said.template && !template_is_name(said.template)) {
		conf_where_entry(d->conf, "rules", i, "template", &file,
		    &line);
		conf_fault(d->faults, file, line, "a template's name is made "
		    "of A-Z, a-z, 0-9 and -");
		d->is_usable = false;
	}
}

static void
draft_read(struct draft *d, uint32_t i)
{
	config_setting_t *group = config_setting_get_elem(
	    tree_section(d->conf, "rules"), i);
	config_setting_t *channels;

	d->rule = (struct rule){ .line = tree_line(group) };
	if (!config_setting_is_group(group)) {
		conf_fault(d->faults, d->file, d->rule.line,
		    "a rule must be a group: { ... }");
		return;
	}
	channels = config_setting_get_member(group, "channels");
	if (channels) {
		steps_read(d, channels);
		(void)config_setting_remove(group, "channels");
	} else {
		conf_fault(d->faults, d->file, d->rule.line,
		    "missing required option 'channels' of 'rules'");
	}
	draft_fill(d, i);
	if (d->is_usable)
		draft_check(d);
	if (d->is_usable)
		d->rules->list[d->rules->n++] = d->rule;
}

/* Ends conf. */
static struct rules *
rules_read(struct conf *conf, struct conf_faults *faults)
{
	struct draft d = { .conf = conf, .faults = faults };
	struct rules *rules = mem_alloc(sizeof(*rules));
	uint32_t i, n = conf_list_count(conf, "rules");
	int line;

	arena_init(&rules->arena);
	conf_where(conf, "rules", "", &d.file, &line);
	if (n > RULES_MAX) {
		conf_fault(faults, d.file, line, "more than %u rules",
		    RULES_MAX);
		n = RULES_MAX;
	}
	rules->list = arena_alloc(&rules->arena,
	    (n + 1) * sizeof(*rules->list));
	d.rules = rules;
	for (i = 0; i < n; i++)
		draft_read(&d, i);
	conf_check_unknown(conf, faults);
	conf_close(&conf);
	return rules;
}

struct rules *
rules_open(const char *path, struct conf_faults *faults)
{
	struct conf *conf = conf_open_file(path, faults);

	return conf ? rules_read(conf, faults) : NULL;
}

struct rules *
rules_parse(const char *text, const char *name, struct conf_faults *faults)
{
	struct conf *conf = conf_parse(text, name, faults);

	return conf ? rules_read(conf, faults) : NULL;
}

void
rules_free(struct rules **p)
{
	if (!*p)
		return;
	arena_done(&(*p)->arena);
	free(*p);
	*p = NULL;
}

const struct rule *
rules_find(const struct rules *rules, const char *event, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < rules->n; i++)
		if (!strcmp(rules->list[i].event, event) && !n--)
			return &rules->list[i];
	return NULL;
}

uint32_t
rules_count(const struct rules *rules)
{
	return rules->n;
}

const struct rule *
rules_at(const struct rules *rules, uint32_t i)
{
	OW_ASSERT(i < rules->n);
	return &rules->list[i];
}

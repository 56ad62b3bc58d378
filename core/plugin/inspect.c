/* SPDX-License-Identifier: MIT */
/*
 * inspect - is this descriptor one that can be run?
 *
 * Looks and never calls.  First the head, since with another major nothing
 * behind it means what we think; then all the rest, so that an author sees
 * every fault at once.  What a kind must bring is a table; a call that is new
 * in a later minor gets a row that is not required, and whoever calls it asks
 * OW_HAS.
 */
#include "plugin/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <orderwire/store.h>

#include "conf/settings.h"

#define INSPECT_METRICS_MAX 200u	/* more: the end is missing */
#define INSPECT_NAME_MAX 63u

/* A pointer to a function, by its place in a struct of them. */
struct call {
	const char *name;
	size_t offset;
	bool is_required;
};

static const struct call inspect_life[] = {
	{ "load", offsetof(struct ow_plugin, load), true },
	{ "start", offsetof(struct ow_plugin, start), true },
	{ "drain", offsetof(struct ow_plugin, drain), true },
	{ "stop", offsetof(struct ow_plugin, stop), true },
	{ NULL, 0, false },
};

static const struct call inspect_transport[] = {
	{ "frame", offsetof(struct ow_transport, frame), true },
	{ "data", offsetof(struct ow_transport, data), true },
	{ "end", offsetof(struct ow_transport, end), true },
	{ "closed", offsetof(struct ow_transport, closed), true },
	{ NULL, 0, false },
};

static const struct call inspect_store[] = {
	{ "migrate", offsetof(struct ow_store, migrate), true },
	{ "run", offsetof(struct ow_store, run), true },
	{ NULL, 0, false },
};

static const struct call inspect_channel[] = {
	{ "check", offsetof(struct ow_channel, check), true },
	{ "deliver", offsetof(struct ow_channel, deliver), true },
	{ NULL, 0, false },
};

static const struct call inspect_adapter[] = {
	{ "follow", offsetof(struct ow_adapter, follow), true },
	{ "unfollow", offsetof(struct ow_adapter, unfollow), true },
	{ NULL, 0, false },
};

struct kind {
	int32_t kind;
	const char *name;
	const struct call *calls;
	/* What every instance's section has besides; or NULL. */
	const struct ow_option *common;
};

static const struct kind inspect_kinds[] = {
	{ OW_TRANSPORT, "transport", inspect_transport, NULL },
	{ OW_STORE, "store", inspect_store, NULL },
	{ OW_CHANNEL, "channel", inspect_channel, set_channel_options },
	{ OW_ADAPTER, "adapter", inspect_adapter, NULL },
	{ 0, NULL, NULL, NULL },
};

/* What people switch on and off, and a notice can be rendered for. */
static const char *const inspect_media[] = { "push", "email", "sms",
    "webhook", NULL };

struct inspect {
	const struct ow_plugin *desc;
	const char *module;
	const char *file;
	int line;
	struct conf_faults *faults;
};

static void inspect_fault(const struct inspect *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
inspect_fault(const struct inspect *in, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	conf_fault(in->faults, in->file, in->line, "plugin '%.40s': %s",
	    in->module, text);
}

static const struct kind *
inspect_kind(int32_t kind)
{
	const struct kind *k;

	for (k = inspect_kinds; k->name; k++)
		if (k->kind == kind)
			return k;
	return NULL;
}

const char *
inspect_kind_name(int32_t kind)
{
	const struct kind *k = inspect_kind(kind);

	return k ? k->name : "?";
}

const struct ow_option *
inspect_kind_options(int32_t kind)
{
	const struct kind *k = inspect_kind(kind);

	return k ? k->common : NULL;
}

/* Within one major these three are where they always were. */
static bool
inspect_head(const struct inspect *in)
{
	const struct ow_plugin *desc = in->desc;

	if (!desc) {
		inspect_fault(in, "it does not serve version %u of the plugin "
		    "interface", OW_ABI_MAJOR);
		return false;
	}
	if (desc->abi >> 16 != OW_ABI_MAJOR) {
		inspect_fault(in, "it is made for version %u of the plugin "
		    "interface, this program has version %u",
		    desc->abi >> 16, OW_ABI_MAJOR);
		return false;
	}
	if (desc->size < sizeof(struct ow_plugin)) {
		inspect_fault(in, "its descriptor has %u bytes, %zu are "
		    "needed; does it begin with OW_PLUGIN_HEAD()?",
		    desc->size, sizeof(struct ow_plugin));
		return false;
	}
	return true;
}

static bool
inspect_is_name(const char *s, const char *set)
{
	size_t n = strspn(s, set);

	return n && !s[n] && n <= INSPECT_NAME_MAX;
}

static void
inspect_names(const struct inspect *in)
{
	const struct ow_plugin *desc = in->desc;

	if (!desc->name || !inspect_is_name(desc->name,
	    "abcdefghijklmnopqrstuvwxyz0123456789-"))
		inspect_fault(in, "its name must be made of a-z, 0-9 and -");
	else if (strcmp(desc->name, in->module) != 0)
		inspect_fault(in, "it calls itself '%s', its file must be "
		    "called %s.so", desc->name, desc->name);
	if (!desc->version)
		inspect_fault(in, "it has no version");
	if (!desc->summary)
		inspect_fault(in, "it has no summary");
}

/* size: how much of base there is. */
static void
inspect_calls(const struct inspect *in, const char *what,
    const void *base, size_t size, const struct call *calls)
{
	void (*fn)(void);

	for (; calls->name; calls++) {
		fn = NULL;
		if (calls->offset + sizeof(fn) <= size)
			memcpy(&fn, (const char *)base + calls->offset,
			    sizeof(fn));
		if (!fn && calls->is_required)
			inspect_fault(in, "the call %s() of its %s is missing",
			    calls->name, what);
	}
}

/* A channel's own words stand in paths, preferences and the database. */
static void
inspect_words(const struct inspect *in, const struct ow_channel *ops,
    uint32_t size)
{
	const char *const *medium;

	if (size < offsetof(struct ow_channel, check)) {
		inspect_fault(in, "its channel names no medium and no kind");
		return;
	}
	for (medium = inspect_media; *medium; medium++)
		if (ops->medium && !strcmp(ops->medium, *medium))
			break;
	if (!*medium)
		inspect_fault(in, "its medium must be push, email, sms or "
		    "webhook, not '%.40s'", ops->medium ? ops->medium : "");
	if (!ops->kind || !inspect_is_name(ops->kind,
	    "abcdefghijklmnopqrstuvwxyz0123456789-"))
		inspect_fault(in, "the kind of its addresses must be made of "
		    "a-z, 0-9 and -");
	if (size >= offsetof(struct ow_channel, hook) + sizeof(ops->hook) &&
	    ops->hook_name && !ops->hook)
		inspect_fault(in, "its channel has hook_name() without hook()");
}

static void
inspect_ops(const struct inspect *in)
{
	const struct kind *kind = inspect_kind(in->desc->kind);
	const void *ops = in->desc->ops.store;	/* either: a pointer */
	uint32_t size;

	if (!kind) {
		inspect_fault(in, "kind %d is unknown", (int)in->desc->kind);
		return;
	}
	if (!ops) {
		inspect_fault(in, "ops.%s is missing", kind->name);
		return;
	}
	memcpy(&size, ops, sizeof(size));	/* each begins with it */
	inspect_calls(in, kind->name, ops, size, kind->calls);
	if (kind->kind == OW_CHANNEL)
		inspect_words(in, ops, size);
}

/* Options that a kind has whatever the plugin says. */
static void
inspect_reserved(const struct inspect *in)
{
	const struct ow_option *common =
	    inspect_kind_options(in->desc->kind), *o, *c;

	if (!common)
		return;
	for (o = in->desc->options; o->name; o++)
		for (c = common; c->name; c++)
			if (!strcmp(o->name, c->name))
				inspect_fault(in, "option '%s' is taken: every"
				    " %s has it", o->name,
				    inspect_kind_name(in->desc->kind));
}

static bool
inspect_metric(const struct inspect *in,
    const struct ow_metric *table, uint32_t i)
{
	const struct ow_metric *m = &table[i];
	uint32_t j;

	if (!inspect_is_name(m->name, "abcdefghijklmnopqrstuvwxyz0123456789_"))
		inspect_fault(in, "metric %u: a name is made of a-z, 0-9 and "
		    "_", i + 1);
	else if (m->type < OW_COUNTER || m->type > OW_HISTOGRAM_MS)
		inspect_fault(in, "metric '%s' has the unknown type %d",
		    m->name, (int)m->type);
	else if (!m->help)
		inspect_fault(in, "metric '%s' has no help", m->name);
	for (j = 0; j < i; j++)
		if (!strcmp(table[j].name, m->name)) {
			inspect_fault(in, "metric '%.63s' is there twice",
			    m->name);
			return false;
		}
	return true;
}

static void
inspect_metrics(const struct inspect *in)
{
	const struct ow_metric *table = in->desc->metrics;
	uint32_t i;

	for (i = 0; table && table[i].name; i++) {
		if (i == INSPECT_METRICS_MAX) {
			inspect_fault(in, "the metric table has no end within "
			    "%u metrics", INSPECT_METRICS_MAX);
			return;
		}
		if (!inspect_metric(in, table, i))
			return;
	}
}

int
inspect_plugin(const struct ow_plugin *desc, const char *module,
    const char *file, int line, struct conf_faults *faults)
{
	const struct inspect in = { desc, module, file, line, faults };
	uint32_t before = faults->n;
	struct ow_fault why;

	if (!inspect_head(&in))
		return OW_EINVAL;
	inspect_names(&in);
	inspect_calls(&in, "life", desc, desc->size, inspect_life);
	inspect_ops(&in);
	inspect_metrics(&in);
	if (conf_table_check(desc->options, desc->conf_size, &why))
		inspect_fault(&in, "%s", why.text);
	else
		inspect_reserved(&in);
	return faults->n == before ? OW_OK : OW_EINVAL;
}

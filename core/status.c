/* SPDX-License-Identifier: MIT */
/*
 * status - see status.h.
 */
#include "status.h"

#include <string.h>

#include "base/json.h"
#include "desk/orders.h"
#include "outbox/outbox.h"
#include "plugin/plugin.h"

static const char *
kind_name(int32_t kind)
{
	return kind == OW_TRANSPORT ? "transport" : kind == OW_STORE ?
	    "store" : kind == OW_CHANNEL ? "channel" :
	    kind == OW_ADAPTER ? "adapter" : "?";
}

/* A channel that its breaker has left alone is not away for ever. */
static void
write_state(const struct status *s, const struct plugin_entry *e,
    struct jw *w)
{
	struct channel_state channel;

	if (!outbox_channel_state(s->outbox, e->name, &channel)) {
		jw_text(w, "state", e->desc->kind == OW_STORE &&
		    !orders_store_is_up(s->orders) ? "away" : "running");
		return;
	}
	jw_text(w, "state", strcmp(channel.breaker, "closed") != 0 ?
	    "left alone" : channel.is_isolated && channel.pid == 0 ?
	    "away" : "running");
	jw_text(w, "breaker", channel.breaker);
	jw_text(w, "why", channel.why);
	jw_int(w, "inflight", channel.inflight);
	jw_bool(w, "isolated", channel.is_isolated);
	if (!channel.is_isolated)
		return;
	jw_int(w, "pid", channel.pid);
	jw_int(w, "crashes", channel.crashes);
	jw_text(w, "ended", channel.ended);
}

void
status_write_plugins(const struct status *s, struct buf *out)
{
	const struct plugin_entry *e;
	struct jw w;
	uint32_t i;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_list(&w, "data");
	for (i = 0; i < plugins_count(s->plugins); i++) {
		e = plugins_at(s->plugins, i);
		jw_object(&w, NULL);
		jw_text(&w, "name", e->name);
		jw_text(&w, "kind", kind_name(e->desc->kind));
		jw_text(&w, "module", e->desc->name);
		jw_text(&w, "version", e->desc->version);
		jw_text(&w, "summary", e->desc->summary);
		jw_int(&w, "instances", e->desc->kind == OW_TRANSPORT ?
		    (int64_t)s->n_fronts : 1);
		write_state(s, e, &w);
		jw_end(&w);
	}
	jw_end(&w);
	jw_end(&w);
}

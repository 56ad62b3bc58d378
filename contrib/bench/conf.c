/* SPDX-License-Identifier: MIT */
/*
 * conf - the arguments, by a table.
 *
 * The bounds keep a slip of the finger from becoming an attack; targets are
 * on this machine always, which is why there is no option for a host.
 */
#include "conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum kind { TEXT, NUMBER, REAL, LIST, SEND, EXPECT, HEARTBEAT, ALTERNATE };

struct option {
	const char *name;
	enum kind kind;
	size_t at;
};

#define AT(member) offsetof(struct conf, member)

static const struct option options[] = {
	{ "proto", TEXT, AT(proto) },
	{ "port", NUMBER, AT(port) },
	{ "tls", NUMBER, AT(is_tls) },
	{ "path", TEXT, AT(path) },
	{ "rpath", TEXT, AT(back_path) },
	{ "subproto", TEXT, AT(subprotocol) },
	{ "hdr", LIST, AT(headers) },
	{ "rhdr", LIST, AT(back_headers) },
	{ "send", SEND, 0 },
	{ "expect", EXPECT, 0 },
	{ "autoreply", HEARTBEAT, 0 },
	{ "conns", NUMBER, AT(conns) },
	{ "chans", NUMBER, AT(chans) },
	{ "inflight", NUMBER, AT(inflight) },
	{ "lastid", NUMBER, AT(keep_id) },
	{ "seqbase", NUMBER, AT(seq_base) },
	{ "settle", REAL, AT(settle_s) },
	{ "idle", REAL, AT(idle_s) },
	{ "drain", REAL, AT(drain_s) },
	{ "timeout", REAL, AT(timeout_s) },
	{ "pport", NUMBER, AT(pub_port) },
	{ "pmethod", TEXT, AT(pub_method) },
	{ "ppath", TEXT, AT(pub_path) },
	{ "pbody", TEXT, AT(pub_body) },
	{ "alt", ALTERNATE, 0 },
	{ "phdr", LIST, AT(pub_headers) },
	{ "pconns", NUMBER, AT(pub_conns) },
	{ "npub", NUMBER, AT(pubs) },
	{ "rate", REAL, AT(pub_rate) },
	{ "window", NUMBER, AT(window) },
	{ "size", NUMBER, AT(size) },
	{ "rand", NUMBER, AT(is_random) },
	{ "storm", NUMBER, AT(is_storm) },
	{ "missed", NUMBER, AT(missed) },
	{ "stormrate", REAL, AT(storm_rate) },
	{ "pids", TEXT, AT(pids) },
	{ "thread", TEXT, AT(store_thread) },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* What a number may be; the same for all that are not listed. */
#define CONNS_MAX 200000
#define PUBS_MAX 10000000
#define NUMBER_MAX 1000000

void
fatal(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("load: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(2);
}

static double
real_read(const char *name, const char *value)
{
	char *end;
	double v;

	v = strtod(value, &end);
	if (end == value || *end != '\0' || !(v >= 0) || v > PUBS_MAX)
		fatal("%s: \"%s\" is not a number in range", name, value);
	return v;
}

static void
list_add(struct list *l, const char *name, const char *value)
{
	if (l->n == CONF_LIST_MAX)
		fatal("%s: more than %d of them", name, CONF_LIST_MAX);
	l->text[l->n++] = value;
}

static void
dialogue_add(struct dialogue *d, bool is_expect, const char *value)
{
	if (d->n == CONF_LIST_MAX)
		fatal("a dialogue of more than %d steps", CONF_LIST_MAX);
	d->step[d->n++] = (struct step){ is_expect, text_unescape(value) };
}

/* "A>B" as two texts. */
static void
pair_read(const char *name, const char *value, const char **out_a,
    const char **out_b)
{
	char *a = text_unescape(value);
	char *cut = strchr(a, '>');

	if (!cut)
		fatal("%s: \"%s\" is not of the form A>B", name, value);
	*cut = '\0';
	*out_a = a;
	*out_b = cut + 1;
}

static void
option_read(struct conf *c, const struct option *o,
    const char *value)
{
	void *at = (char *)c + o->at;

	switch (o->kind) {
	case TEXT:
		*(const char **)at = value;
		break;
	case NUMBER:
		*(long *)at = (long)real_read(o->name, value);
		break;
	case REAL:
		*(double *)at = real_read(o->name, value);
		break;
	case LIST:
		list_add(at, o->name, value);
		break;
	case SEND:
	case EXPECT:
		dialogue_add(&c->dialogue, o->kind == EXPECT, value);
		break;
	case HEARTBEAT:
		pair_read(o->name, value, &c->ping, &c->pong);
		break;
	case ALTERNATE:
		pair_read(o->name, value, &c->odd, &c->even);
		break;
	}
}

static void
argument_read(struct conf *c, const char *arg)
{
	const char *value = strchr(arg, '=');
	size_t i, n;

	if (!value)
		fatal("\"%s\" is not of the form key=value", arg);
	n = (size_t)(value - arg);
	for (i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == n &&
		    memcmp(options[i].name, arg, n) == 0)
			break;
	if (i == OPTION_COUNT)
		fatal("unknown key in \"%s\"", arg);
	option_read(c, &options[i], value + 1);
}

static void
conf_check(const struct conf *c)
{
	if (c->conns > CONNS_MAX)
		fatal("conns: at most %d", CONNS_MAX);
	if (c->chans < 1 || c->chans > NUMBER_MAX)
		fatal("chans: 1 to %d", NUMBER_MAX);
	if (c->pubs > PUBS_MAX)
		fatal("npub: at most %d", PUBS_MAX);
	if (c->pub_conns < 1 || c->pub_conns > 1024)
		fatal("pconns: 1 to 1024");
	if (c->size > 4000)
		fatal("size: at most 4000");
	if (strcmp(c->proto, "ws") != 0 && strcmp(c->proto, "sse") != 0)
		fatal("proto: ws or sse");
	if (c->window > 0 && c->chans != 1)
		fatal("window: with one channel only");
}

void
conf_read(struct conf *c, int argc, char **argv)
{
	int i;

	*c = (struct conf){
		.proto = "ws", .path = "/", .port = 8080, .chans = 1,
		.inflight = 128, .settle_s = 0.5, .drain_s = 5,
		.timeout_s = 60, .pub_method = "POST", .pub_path = "/",
		.pub_body = "{msg}", .odd = "", .even = "", .pub_conns = 16,
		.size = 200, .missed = 3, .storm_rate = 4000, .pids = "",
		.store_thread = "ow-store",
	};
	for (i = 1; i < argc; i++)
		argument_read(c, argv[i]);
	if (c->pub_port == 0)
		c->pub_port = c->port;
	conf_check(c);
}

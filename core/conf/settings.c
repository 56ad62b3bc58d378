/* SPDX-License-Identifier: MIT */
/*
 * settings - reads the core's own sections, and checks what concerns more than
 * one option.
 *
 * The options themselves are in sections.c.  Rules between them are told at
 * the line of the option to change.  Nothing here looks at the system (whether
 * a file is there, a port is free): who opens it finds out.
 */
#include "conf/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/zone.h"
#include "conf/sections.h"
#include "conf/url.h"

#define SETTINGS_SECRET_MIN 32u
#define SETTINGS_TENANTS_MAX 10000u

/* ---- Rules between options --------------------------------------------- */

struct check {
	struct conf *conf;
	struct settings *s;
	struct conf_faults *faults;
	const char *section;
};

static void check_fault(const struct check *check, const char *option,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
check_fault(const struct check *check, const char *option,
    const char *fmt, ...)
{
	char text[256];
	const char *file;
	va_list args;
	int line;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	conf_where(check->conf, check->section, option, &file, &line);
	conf_fault(check->faults, file, line, "%s", text);
}

/* Of tenants and of nodes. */
static bool
settings_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return n && !s[n] && n <= 64;
}

static void
check_listen(const struct check *check, const char *option,
    const char *address)
{
	struct ow_fault why;

	if (url_check_listen(address, &why))
		check_fault(check, option, "'%s' must be host:port such as "
		    "\"127.0.0.1:8080\": %.120s", option, why.text);
}

static void
check_server(struct check *check)
{
	struct set_server *server = &check->s->server;
	size_t n = strlen(server->listen), secret_len = strlen(server->secret);

	check->section = "server";
	check_listen(check, "listen", server->listen);
	check_listen(check, "admin_listen", server->admin_listen);
	if (!strcmp(server->listen, server->admin_listen) &&
	    !(n > 2 && !strcmp(server->listen + n - 2, ":0")))
		check_fault(check, "admin_listen", "'listen' and "
		    "'admin_listen' must differ");
	if (*server->public_url && strncmp(server->public_url, "http://", 7) &&
	    strncmp(server->public_url, "https://", 8))
		check_fault(check, "public_url", "'public_url' must start "
		    "with http:// or https://");
	/* An empty one is reported as missing already. */
	if (secret_len && secret_len < SETTINGS_SECRET_MIN)
		check_fault(check, "secret", "'secret' must have at least %u "
		    "characters; 'openssl rand -hex 32' makes a good one",
		    SETTINGS_SECRET_MIN);
	server->plugin_dir = conf_path(check->conf, server->plugin_dir);
}

static void
check_tls(struct check *check)
{
	struct set_tls *tls = &check->s->tls;

	check->section = "tls";
	if (*tls->key && !*tls->certificate)
		check_fault(check, "key", "'key' without 'certificate'");
	if (*tls->certificate && !*tls->key)
		check_fault(check, "certificate", "'certificate' without "
		    "'key'");
	tls->certificate = conf_path(check->conf, tls->certificate);
	tls->key = conf_path(check->conf, tls->key);
}

static void
check_claims(const struct check *check)
{
	const struct set_auth *auth = &check->s->auth;
	const char *const names[] = { auth->claim_sub, auth->claim_tenant,
	    auth->claim_role };
	static const char *const options[] = { "claim_sub", "claim_tenant",
	    "claim_role" };
	size_t i, j;

	for (i = 0; i < 3; i++) {
		if (!*names[i])
			check_fault(check, options[i], "'%s' must not be "
			    "empty", options[i]);
		for (j = 0; j < i; j++)
			if (*names[i] && !strcmp(names[i], names[j]))
				check_fault(check, options[i], "'%s' and '%s' "
				    "must differ", options[j], options[i]);
	}
}

static void
check_auth(struct check *check)
{
	struct set_auth *auth = &check->s->auth;
	const char *url = auth->keys_url;

	check->section = "auth";
	if (!*auth->keys_file && !*url)
		check_fault(check, "keys_file", "one of 'keys_file' and "
		    "'keys_url' is required: without keys no token can be "
		    "checked");
	if (*auth->keys_file && *url)
		check_fault(check, "keys_url", "'keys_file' and 'keys_url' "
		    "are alternatives: leave one out");
	/* Whoever can change the keys on their way can make tokens. */
	if (*url && strncmp(url, "https://", 8) &&
	    !(!strncmp(url, "http://", 7) && url_is_loopback(url)))
		check_fault(check, "keys_url", "'keys_url' must start with "
		    "https:// (http:// only to this machine)");
	check_claims(check);
	auth->keys_file = conf_path(check->conf, auth->keys_file);
	auth->keys_ca_file = conf_path(check->conf, auth->keys_ca_file);
}

/* scheme://host[:port] and nothing behind it (RFC 6454, 7). */
static bool
check_is_origin(const char *origin)
{
	const char *host = strstr(origin, "://");
	struct ow_fault why;

	return !strcmp(origin, "*") ||
	    (host && !strpbrk(host + 3, "/?#@") && !url_check(origin, &why));
}

static void
check_http(struct check *check)
{
	const struct set_http *http = &check->s->http;
	char *copy = mem_dup(http->origins), *rest = copy, *origin;

	check->section = "http";
	while ((origin = strsep(&rest, " \t\n")))
		if (*origin && !check_is_origin(origin))
			check_fault(check, "origins", "'%.80s' is not an "
			    "origin such as \"https://shop.example\", without "
			    "a path", origin);
	free(copy);
	if (http->connections_per_address > http->connections_max)
		check_fault(check, "connections_per_address",
		    "'connections_per_address' must not be above "
		    "'connections_max'");
}

static void
check_stream(struct check *check)
{
	const struct set_stream *stream = &check->s->stream;

	check->section = "stream";
	if (stream->silence_ms <= stream->heartbeat_ms)
		check_fault(check, "silence_ms", "'silence_ms' must be above "
		    "'heartbeat_ms', or every idle stream is cut");
}

/* [scheme]://host/path with "{id}" in it once; nothing else in braces. */
static void
check_order_url(const struct check *check, const char *url)
{
	const char *id = strstr(url, "{id}");
	struct ow_fault why;
	char *plain;
	bool is_good;

	if (!*url)
		return;
	is_good = id && !strncmp(url, "https://", 8);
	is_good |= id && !strncmp(url, "http://", 7);
	if (is_good) {
		plain = mem_printf("%.*s1%s", (int)(id - url), url, id + 4);
		is_good = !strpbrk(plain, "{}") && !url_check(plain, &why);
		free(plain);
	}
	if (!is_good)
		check_fault(check, "order_url", "'order_url' must be such as "
		    "https://shop.example/orders/{id}");
}

static void
check_notify(struct check *check)
{
	struct set_notify *notify = &check->s->notify;
	size_t n = strspn(notify->locale, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	check->section = "notify";
	check_order_url(check, notify->order_url);
	if (!n || n > 35 || notify->locale[n])	/* RFC 5646, 4.4.1 */
		check_fault(check, "locale", "'locale' must be a language "
		    "such as \"en\" or \"de-AT\"");
	if (!zone_exists(notify->timezone))
		check_fault(check, "timezone", "'timezone' must be a time zone "
		    "of this machine's, such as \"Europe/Berlin\"");
	notify->share_dir = conf_path(check->conf, notify->share_dir);
}

static void
check_outbox(struct check *check)
{
	const struct set_outbox *outbox = &check->s->outbox;

	check->section = "outbox";
	if (*outbox->node && !settings_is_name(outbox->node))
		check_fault(check, "node", "a node's name is made of letters, "
		    "digits, '-', '_' and '.', at most 64");
	if (outbox->backoff_max_ms < outbox->backoff_ms)
		check_fault(check, "backoff_max_ms", "'backoff_max_ms' must "
		    "not be below 'backoff_ms'");
}

/* ---- Tenants ----------------------------------------------------------- */

static void
tenant_read(struct check *check, uint32_t i)
{
	struct set_tenant *tenant = &check->s->tenants[i];
	const struct set_tenant *other;
	const char *file;
	int line;

	/* Its faults are counted with all others. */
	(void)conf_fill_entry(check->conf, "tenants", i,
	    settings_tenant_options, tenant, check->faults);
	if (!*tenant->name)
		return;
	conf_where_entry(check->conf, "tenants", i, "name", &file, &line);
	if (!settings_is_name(tenant->name))
		conf_fault(check->faults, file, line, "a tenant's name is made "
		    "of letters, digits, '-', '_' and '.', at most 64");
	for (other = check->s->tenants; other < tenant; other++)
		if (!strcmp(other->name, tenant->name))
			conf_fault(check->faults, file, line, "there is a "
			    "tenant '%.64s' already", tenant->name);
}

static void
tenants_read(struct check *check)
{
	uint32_t i, n = conf_list_count(check->conf, "tenants");
	const char *file;
	int line;

	if (n > SETTINGS_TENANTS_MAX) {
		conf_where(check->conf, "tenants", "", &file, &line);
		conf_fault(check->faults, file, line, "more than %u tenants",
		    SETTINGS_TENANTS_MAX);
		n = SETTINGS_TENANTS_MAX;
	}
	check->s->tenants = mem_alloc(n * sizeof(*check->s->tenants));
	check->s->n_tenants = n;
	for (i = 0; i < n; i++)
		tenant_read(check, i);
}

const struct set_tenant *
settings_tenant(const struct settings *s,
    const char *name)
{
	static const struct set_tenant other = { "", false,
	    SETTINGS_LINK_TTL_MS, true, SETTINGS_PREP_MS };
	uint32_t i;

	for (i = 0; i < s->n_tenants; i++)
		if (!strcmp(s->tenants[i].name, name))
			return &s->tenants[i];
	return &other;
}

/* ---- The whole --------------------------------------------------------- */

int
settings_read(struct conf *conf, struct settings *s,
    struct conf_faults *faults)
{
	struct check check = { conf, s, faults, "" };
	const struct settings_section *section;
	uint32_t before = faults->n;

	memset(s, 0, sizeof(*s));
	for (section = settings_sections; section->name; section++)
		(void)conf_fill(conf, section->name, section->options,
		    (char *)s + section->offset, faults);
	check_server(&check);
	check_tls(&check);
	check_auth(&check);
	check_http(&check);
	check_stream(&check);
	check_notify(&check);
	check_outbox(&check);
	tenants_read(&check);
	return faults->n == before ? OW_OK : OW_EINVAL;
}

void
settings_done(struct settings *s)
{
	free(s->tenants);
	s->tenants = NULL;
	s->n_tenants = 0;
}

static void
settings_explain_tenants(struct buf *out)
{
	struct buf entry = BUF_INIT(8192);
	char *line, *rest, *copy;

	(void)buf_str(out, "# Tenants that differ from the defaults; the others"
	    " need no entry.  Entries\n# are separated by commas.\n"
	    "tenants: (\n");
	conf_explain(&entry, "tenant", settings_tenant_options, NULL, 0);
	copy = rest = buf_take(&entry);
	while ((line = strsep(&rest, "\n"))) {
		if (!strcmp(line, "tenant: {"))
			line = "{";
		else if (!strcmp(line, "};"))
			line = "}";
		if (*line || (rest && *rest))
			(void)buf_printf(out, "#%s%s\n", *line ? "\t" : "",
			    line);
	}
	(void)buf_str(out, ");\n");
	free(copy);
	buf_done(&entry);
}

void
settings_explain(struct buf *out)
{
	const struct settings_section *section;

	(void)buf_str(out, "# Orderwire's configuration.  What is commented out"
	    " shows the default.\n# Times: 250ms, 30s, 5m, 12h, 7d.  Sizes: "
	    "64k, 2m, 1g.  'orderwired --check'\n# reads it without "
	    "starting.\n\n");
	for (section = settings_sections; section->name; section++) {
		(void)buf_printf(out, "# %s\n", section->about);
		conf_explain(out, section->name, section->options, NULL,
		    0);
		(void)buf_char(out, '\n');
	}
	settings_explain_tenants(out);
	(void)buf_str(out, "\n# Instances of plugins; each can as well stand in"
	    " a file of conf.d/.\n# 'orderwired --explain PLUGIN' shows what "
	    "one understands.\nplugins: {\n};\n");
}

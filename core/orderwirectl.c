/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl - the command line beside the server.
 *
 * It makes keys and tokens, asks a running server through its admin listener,
 * and brings a store up to date.  It reads the server's configuration, so
 * that nothing has to be said twice, and never changes it.
 *
 * Exit status: 0 done, 1 it failed, 2 it was called wrongly.  A token or a key
 * is all that stdout gets; words go to stderr.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metric.h"
#include "conf/settings.h"
#include "event/journal.h"
#include "http/auth.h"
#include "net/fetch.h"
#include "order/who.h"
#include "plugin/plugin.h"

#ifndef OW_CONF_FILE
#define OW_CONF_FILE "/etc/orderwire/orderwire.conf"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#define CTL_TTL "1h"
#define CTL_TTL_MS_MAX (366 * 86400000LL)
#define CTL_ADMIN_TTL_MS 60000	/* of the tokens it makes for itself */
#define CTL_TIMEOUT_MS 10000
#define CTL_REPLY_MAX (1024 * 1024)
#define CTL_TEXT_MAX 16384

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl {
	const char *path;		/* of the configuration */
	struct conf *conf;		/* NULL until somebody needs it */
	struct settings settings;
};

/* What a token will say. */
struct ctl_claims {
	const char *tenant, *role, *sub;
	int64_t ttl_ms;
};

static const char ctl_help[] =
    "usage: orderwirectl [-c FILE] COMMAND\n"
    "\n"
    "  token --tenant T --role R [--sub S] [--ttl 1h]\n"
    "          print a token signed with the configured keys_file;\n"
    "          R is customer, kitchen, service or admin, an admin's T may "
    "be *\n"
    "  keys new [--alg HS256|RS256|ES256|EdDSA] [--out FILE]\n"
    "          make a private key (ES256 unless said) and print it as a JWK\n"
    "          set, or write it to a new FILE that only you can read\n"
    "  plugins\n"
    "          print what plugins the running server has, as JSON\n"
    "  drain\n"
    "          tell the running server to finish and stop\n"
    "  migrate\n"
    "          bring the tables of the configured store up to date\n"
    "\n"
    "  -c, --config FILE   the server's configuration\n"
    "                      (" OW_CONF_FILE ")\n"
    "  -h, --help          this text\n"
    "  -V, --version       the version\n";

/* ---- Words --------------------------------------------------------------- */

/* Says it and gives status back. */
__attribute__((format(printf, 2, 3)))
static int
ctl_say(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("orderwirectl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (status == CTL_USAGE)
		fputs("orderwirectl: try 'orderwirectl --help'\n", stderr);
	return status;
}

/* All of it, or it failed: a full disk shows at the latest when flushed. */
static int
ctl_print(const char *p, size_t n)
{
	if (fwrite(p, 1, n, stdout) != n ||
	    (n && p[n - 1] != '\n' && fputc('\n', stdout) == EOF) ||
	    fflush(stdout) == EOF)
		return ctl_say(CTL_FAILED, "can't write the output: %s",
		    strerror(errno));
	return CTL_DONE;
}

static int64_t
ctl_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
ctl_open(struct ctl *c)
{
	struct conf_faults faults = { 0 };
	struct buf text = BUF_INIT(65536);
	int status = CTL_DONE;

	c->conf = conf_open(c->path, &faults);
	if (!c->conf || settings_read(c->conf, &c->settings, &faults) != OW_OK)
		status = CTL_FAILED;
	if (status != CTL_DONE) {
		conf_faults_print(&faults, &text);
		if (text.n)
			fputs(text.p, stderr);
		(void)ctl_say(status, "correct this, or name another "
		    "configuration with -c FILE");
	}
	buf_done(&text);
	conf_faults_done(&faults);
	return status;
}

/* ---- Tokens -------------------------------------------------------------- */

static void
ctl_write_claims(const struct set_auth *auth,
    const struct ctl_claims *claims, struct buf *out)
{
	int64_t now_s = ctl_now_ms() / 1000;
	struct jw w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	/* A name with dots is looked for as it stands first. */
	if (claims->sub)
		jw_text(&w, auth->claim_sub, claims->sub);
	jw_text(&w, auth->claim_tenant, claims->tenant);
	jw_text(&w, auth->claim_role, claims->role);
	if (auth->issuer[0])
		jw_text(&w, "iss", auth->issuer);
	if (auth->audience[0])
		jw_text(&w, "aud", auth->audience);
	jw_int(&w, "iat", now_s);
	jw_int(&w, "exp", now_s + claims->ttl_ms / 1000);
	jw_end(&w);
}

static int
ctl_sign(struct ctl *c, const struct ctl_claims *claims,
    struct buf *out)
{
	const struct set_auth *auth = &c->settings.auth;
	struct buf text = BUF_INIT(CTL_TEXT_MAX);
	struct keyset *set = NULL;
	struct ow_fault fault = { "" };
	int rc, status = CTL_DONE;

	if (!auth->keys_file[0])
		return ctl_say(CTL_FAILED, "no keys_file is configured: "
		    "tokens come from whoever has the keys of %s",
		    auth->keys_url);
	if (keys_read_file(auth->keys_file, &set, &fault) != OW_OK)
		return ctl_say(CTL_FAILED, "%s\norderwirectl: 'orderwirectl "
		    "keys new --out FILE' makes a key", fault.text);
	ctl_write_claims(auth, claims, &text);
	rc = jwt_sign(set, text.p, text.n, out, &fault);
	if (rc == OW_ENOENT)
		status = ctl_say(CTL_FAILED, "%s has public keys only: make "
		    "the token where the private one is", auth->keys_file);
	else if (rc != OW_OK)
		status = ctl_say(CTL_FAILED, "%s", fault.text);
	buf_done(&text);
	keyset_unref(&set);
	return status;
}

static int
ctl_check_claims(const struct ctl_claims *claims)
{
	enum role role;

	if (!claims->tenant || !claims->tenant[0])
		return ctl_say(CTL_USAGE, "token needs --tenant T");
	if (!claims->role)
		return ctl_say(CTL_USAGE, "token needs --role R");
	role = role_by_name(claims->role);
	if (role == ROLE_NONE || role == ROLE_TRACKING)
		return ctl_say(CTL_USAGE, "the role '%s' is none of customer, "
		    "kitchen, service and admin", claims->role);
	if (!strcmp(claims->tenant, "*") && role != ROLE_ADMIN)
		return ctl_say(CTL_USAGE, "only an admin's tenant may be *");
	if (role == ROLE_CUSTOMER && (!claims->sub || !claims->sub[0]))
		return ctl_say(CTL_USAGE, "a customer's token needs --sub S, "
		    "the customer's id");
	return CTL_DONE;
}

static int
ctl_token(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "tenant", required_argument, NULL, 't' },
		{ "role", required_argument, NULL, 'r' },
		{ "sub", required_argument, NULL, 's' },
		{ "ttl", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 }
	};
	struct ctl_claims claims = { NULL, NULL, NULL, 0 };
	struct buf token = BUF_INIT(CTL_TEXT_MAX);
	const char *ttl = CTL_TTL;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 't')
			claims.tenant = optarg;
		else if (opt == 'r')
			claims.role = optarg;
		else if (opt == 's')
			claims.sub = optarg;
		else if (opt == 'l')
			ttl = optarg;
		else
			return CTL_USAGE;
	}
	if (optind < argc)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[optind]);
	if (clock_parse_span(ttl, &claims.ttl_ms) != OW_OK ||
	    claims.ttl_ms < 1000 || claims.ttl_ms > CTL_TTL_MS_MAX)
		return ctl_say(CTL_USAGE, "--ttl is a time from 1s to 366d, "
		    "like 30m or 12h");
	if ((status = ctl_check_claims(&claims)) != CTL_DONE ||
	    (status = ctl_open(c)) != CTL_DONE ||
	    (status = ctl_sign(c, &claims, &token)) != CTL_DONE)
		goto out;
	status = ctl_print(token.p, token.n);
out:
	buf_done(&token);
	return status;
}

/* ---- Keys ---------------------------------------------------------------- */

/* Never over an old one: tokens that it signed would be worth nothing. */
static int
ctl_write_new(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_written;

	if (fd < 0 && errno == EEXIST)
		return ctl_say(CTL_FAILED, "%s exists and stays as it is; "
		    "name another file, or move it away first", path);
	if (fd < 0)
		return ctl_say(CTL_FAILED, "can't make %s: %s", path,
		    strerror(errno));
	is_written = write(fd, p, n) == (ssize_t)n && fsync(fd) == 0;
	if (close(fd) != 0 || !is_written) {
		(void)ctl_say(CTL_FAILED, "can't write %s: %s", path,
		    strerror(errno));
		(void)unlink(path);	/* half a key is none */
		return CTL_FAILED;
	}
	fprintf(stderr, "orderwirectl: wrote a private key to %s; keep it "
	    "secret, and let the server's user read it\n", path);
	return CTL_DONE;
}

static int
ctl_keys(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "alg", required_argument, NULL, 'a' },
		{ "out", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 }
	};
	const char *alg = jwa_name(JWA_ES256), *path = NULL;
	struct buf text = BUF_INIT(CTL_TEXT_MAX);
	struct ow_fault fault = { "" };
	int opt, status;

	(void)c;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'a')
			alg = optarg;
		else if (opt == 'o')
			path = optarg;
		else
			return CTL_USAGE;
	}
	if (optind != argc - 1 || strcmp(argv[optind], "new") != 0)
		return ctl_say(CTL_USAGE, "keys can only be made: 'keys new'");
	if (!jwa_by_name(alg))
		return ctl_say(CTL_USAGE, "the algorithm '%s' is none of "
		    "HS256, RS256, ES256 and EdDSA", alg);
	/* At once: what grows leaves copies behind that nobody wipes. */
	(void)buf_room(&text, CTL_TEXT_MAX - 1);
	if (jwk_generate((enum jwa)jwa_by_name(alg), &text, &fault) != OW_OK ||
	    buf_char(&text, '\n') != OW_OK)
		status = ctl_say(CTL_FAILED, "%s", fault.text);
	else if (path)
		status = ctl_write_new(path, text.p, text.n);
	else
		status = ctl_print(text.p, text.n);
	mem_wipe(text.p, text.n);
	buf_done(&text);
	return status;
}

/* ---- Asking the server --------------------------------------------------- */

struct ctl_call {
	struct loop *loop;
	const char *url;
	int status;
};

/* What a refusal says: a problem document (RFC 9457). */
static int
ctl_say_refused(const struct fetch_reply *reply)
{
	struct json *problem = NULL;
	struct ow_fault fault;
	const char *detail = NULL;

	if (json_parse(reply->body.p, reply->body.n, &problem, &fault) == OW_OK)
		detail = json_get_text(problem, "detail");
	(void)ctl_say(CTL_FAILED, "the server refuses (%d): %s", reply->status,
	    detail ? detail : "it doesn't say why");
	if (reply->status == 401)
		(void)ctl_say(CTL_FAILED, "does it use the same keys_file, "
		    "and is the clock right?");
	json_free(&problem);
	return CTL_FAILED;
}

static void
ctl_on_reply(void *arg, const struct fetch_reply *reply)
{
	struct ctl_call *call = arg;

	if (reply->err != OW_OK)
		call->status = ctl_say(CTL_FAILED, "can't reach %s: %s\n"
		    "orderwirectl: is orderwired running, and admin_listen "
		    "the one that it uses?", call->url, reply->detail);
	else if (reply->status < 200 || reply->status > 299)
		call->status = ctl_say_refused(reply);
	else
		call->status = ctl_print(reply->body.p, reply->body.n);
	loop_stop(call->loop);
}

/* "0.0.0.0" and "[::]" are where to listen, not where to connect. */
static char *
ctl_admin_url(const char *listen, const char *path)
{
	const char *port = strrchr(listen, ':');

	if (port && (port == listen || !strncmp(listen, "0.0.0.0:", 8) ||
	    !strncmp(listen, "*:", 2)))
		return mem_printf("http://127.0.0.1%s%s", port, path);
	if (!strncmp(listen, "[::]:", 5))
		return mem_printf("http://[::1]%s%s", port, path);
	return mem_printf("http://%s%s", listen, path);
}

static int
ctl_call_url(const char *method, const char *url, const char *token)
{
	char *bearer = mem_printf("Bearer %s", token);
	const struct ow_header headers[] = { { "Authorization", bearer } };
	const struct fetch_request req = {
		.method = method,
		.url = url,
		.headers = headers,
		.n_headers = 1,
		.timeout_ms = CTL_TIMEOUT_MS,
		.reply_max = CTL_REPLY_MAX,
	};
	struct ctl_call call = { loop_new("ctl"), url, CTL_FAILED };
	struct fetcher *fetcher;
	struct fetch *fetch;

	OW_ASSERT(call.loop);
	fetcher = fetcher_new(call.loop, NULL, NULL);
	if (fetch_start(fetcher, &req, ctl_on_reply, &call, &fetch) == OW_OK)
		loop_run(call.loop);
	fetcher_free(&fetcher);
	loop_free(&call.loop);
	mem_wipe_free(&bearer);
	return call.status;
}

static int
ctl_admin(struct ctl *c, int argc, char **argv, const char *method,
    const char *path)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	const struct ctl_claims claims = { "*", "admin", "orderwirectl",
	    CTL_ADMIN_TTL_MS };
	struct buf token = BUF_INIT(CTL_TEXT_MAX);
	char *url = NULL;
	int status;

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return CTL_USAGE;
	if (optind < argc)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[optind]);
	if ((status = ctl_open(c)) != CTL_DONE ||
	    (status = ctl_sign(c, &claims, &token)) != CTL_DONE)
		goto out;
	url = ctl_admin_url(c->settings.server.admin_listen, path);
	status = ctl_call_url(method, url, token.p);
out:
	if (token.p)
		mem_wipe(token.p, token.n);
	buf_done(&token);
	free(url);
	return status;
}

static int
ctl_plugins(struct ctl *c, int argc, char **argv)
{
	return ctl_admin(c, argc, argv, "GET", "/admin/plugins");
}

static int
ctl_drain(struct ctl *c, int argc, char **argv)
{
	return ctl_admin(c, argc, argv, "POST", "/admin/drain");
}

/* ---- The store ----------------------------------------------------------- */

static int
ctl_migrate_store(const struct plugin_entry *entry)
{
	struct loop *loop = loop_new("ctl");
	struct metrics *metrics = metrics_new();
	struct journal_conf conf = {
		.store_loop = loop,
		.home = loop,
		.queue_max = 1,
		.metrics = metrics,
	};
	struct journal *journal = journal_new(&conf);
	struct ow_fault fault = { "" };
	struct ow_ctx *ctx = NULL;
	int rc;

	OW_ASSERT(loop);
	rc = plugin_start(entry, loop, metrics, NULL, journal_host(), journal,
	    &ctx, &fault);
	if (rc == OW_OK)
		rc = entry->desc->ops.store->migrate(plugin_ctx_self(ctx),
		    &fault);
	if (ctx)
		plugin_stop(&ctx);
	journal_free(&journal);
	metrics_free(&metrics);
	loop_free(&loop);
	if (rc != OW_OK)
		return ctl_say(CTL_FAILED, "%s: %s", entry->name, fault.text);
	fprintf(stderr, "orderwirectl: the tables of %s are up to date\n",
	    entry->name);
	return CTL_DONE;
}

static int
ctl_migrate_with(struct ctl *c, struct plugins *plugins)
{
	const struct plugin_entry *entry;
	uint32_t i;

	for (i = 0; i < plugins_count(plugins); i++) {
		entry = plugins_at(plugins, i);
		if (entry->desc->kind == OW_STORE)
			return ctl_migrate_store(entry);
	}
	return ctl_say(CTL_FAILED, "%s configures no store, like store-sqlite",
	    c->path);
}

static int
ctl_migrate(struct ctl *c, int argc, char **argv)
{
	struct conf_faults faults = { 0 };
	struct buf text = BUF_INIT(65536);
	struct plugins *plugins;
	int status;

	if (argc > 1)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[1]);
	if ((status = ctl_open(c)) != CTL_DONE)
		return status;
	plugins = plugins_open(c->conf,
	    plugins_dir(c->settings.server.plugin_dir), &faults);
	if (faults.n) {
		conf_faults_print(&faults, &text);
		fputs(text.p, stderr);
		status = ctl_say(CTL_FAILED, "correct this first");
	} else {
		status = ctl_migrate_with(c, plugins);
	}
	plugins_close(&plugins);
	buf_done(&text);
	conf_faults_done(&faults);
	return status;
}

/* ---- Which one ----------------------------------------------------------- */

static const struct ctl_command {
	const char *name;
	int (*run)(struct ctl *, int argc, char **argv);
} ctl_commands[] = {
	{ "token", ctl_token },
	{ "keys", ctl_keys },
	{ "plugins", ctl_plugins },
	{ "drain", ctl_drain },
	{ "migrate", ctl_migrate },
};

static int
ctl_run(struct ctl *c, int argc, char **argv)
{
	size_t i;
	int at;

	if (argc < 1)
		return ctl_say(CTL_USAGE, "which command?");
	for (at = 0; at < argc; at++)
		if (!strcmp(argv[at], "--help"))
			return ctl_print(ctl_help, strlen(ctl_help));
	for (i = 0; i < sizeof(ctl_commands) / sizeof(ctl_commands[0]); i++)
		if (!strcmp(argv[0], ctl_commands[i].name)) {
			optind = 0;	/* getopt starts anew */
			return ctl_commands[i].run(c, argc, argv);
		}
	return ctl_say(CTL_USAGE, "there is no command '%s'", argv[0]);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	struct ctl c = { .path = OW_CONF_FILE };
	int opt, status;

	log_setup(LOG_LOGFMT, OW_WARN, STDERR_FILENO);
	while ((opt = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		if (opt == 'c')
			c.path = optarg;
		else if (opt == 'h')
			return ctl_print(ctl_help, strlen(ctl_help));
		else if (opt == 'V')
			return ctl_print("orderwirectl " PACKAGE_VERSION "\n",
			    strlen("orderwirectl " PACKAGE_VERSION "\n"));
		else
			return ctl_say(CTL_USAGE, "that was no option");
	}
	status = ctl_run(&c, argc - optind, argv + optind);
	if (c.conf) {
		settings_done(&c.settings);
		conf_close(&c.conf);
	}
	return status;
}

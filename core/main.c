/* SPDX-License-Identifier: MIT */
/*
 * main - orderwired's command line, and nothing that a function elsewhere
 * could do.
 */
#include <errno.h>
#include <evhtp/evhtp.h>
#include <getopt.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/settings.h"
#include "notify/render.h"
#include "plugin/plugin.h"
#include "server.h"

#ifndef OW_CONF_FILE
#define OW_CONF_FILE "/etc/orderwire/orderwire.conf"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

#define TEXT_MAX (4u << 20)
#define RULES_FILE "notifications.conf"

static const char usage[] =
    "usage: orderwired [-c FILE] [--check] [--explain [PLUGIN]]\n"
    "                  [--list-plugins] [--version] [--help]\n"
    "\n"
    "  -c, --config FILE    the configuration (default: " OW_CONF_FILE ")\n"
    "      --check          read it, load every plugin, say what is wrong\n"
    "      --explain        print a complete sample with every option\n"
    "      --explain PLUGIN the same for one plugin's section\n"
    "      --explain notifications\n"
    "                       who is told what: the rules as installed\n"
    "      --list-plugins   what is installed\n"
    "\n"
    "SIGHUP reads certificate and keys again; SIGTERM drains and ends.\n";

enum mode { MODE_RUN, MODE_CHECK, MODE_EXPLAIN, MODE_LIST };

struct args {
	enum mode mode;
	const char *config, *plugin;
	bool has_config;		/* said, not the default */
	int exit_code;			/* >= 0: end with it */
};

static void
read_args(int argc, char **argv, struct args *a)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "explain", no_argument, NULL, 'e' },
		{ "list-plugins", no_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a->config = optarg;
			a->has_config = true;
			break;
		case 'k':
			a->mode = MODE_CHECK;
			break;
		case 'e':
			a->mode = MODE_EXPLAIN;
			break;
		case 'l':
			a->mode = MODE_LIST;
			break;
		case 'V':
			printf("orderwired %s (plugin ABI %u.%u)\n",
			    PACKAGE_VERSION, OW_ABI_MAJOR, OW_ABI_MINOR);
			a->exit_code = 0;
			return;
		case 'h':
			fputs(usage, stdout);
			a->exit_code = 0;
			return;
		default:
			fputs("orderwired --help tells more\n", stderr);
			a->exit_code = 2;
			return;
		}
	}
	if (a->mode == MODE_EXPLAIN && optind < argc)
		a->plugin = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "orderwired: what is '%s'?\n%s", argv[optind],
		    usage);
		a->exit_code = 2;
	}
}

static void
print_out(struct buf *out, FILE *to)
{
	if (out->n > 0)
		(void)fwrite(out->p, 1, out->n, to);
	buf_done(out);
}

/* The rules as installed, which are a sample. */
static int
explain_notifications(void)
{
	char *path = mem_printf("%s/" RULES_FILE, notify_share_dir(""));
	FILE *file = fopen(path, "r");
	char part[4096];
	size_t n;

	if (file == NULL)
		fprintf(stderr, "orderwired: can't read %s: %s\n", path,
		    strerror(errno));
	free(path);
	if (file == NULL)
		return 1;
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		(void)fwrite(part, 1, n, stdout);
	(void)fclose(file);
	return 0;
}

/* Where the named configuration, if any, has its plugins; its faults are for
   --check.  To be freed. */
static char *
find_plugins(const struct args *a)
{
	struct conf_faults faults = { 0 };
	struct settings set = { 0 };
	struct conf *conf = a->has_config ? conf_open(a->config, &faults) :
	    NULL;
	char *dir;

	if (conf != NULL)
		(void)settings_read(conf, &set, &faults);
	dir = mem_printf("%s", plugins_dir(conf != NULL ?
	    set.server.plugin_dir : ""));
	settings_done(&set);
	conf_close(&conf);
	conf_faults_done(&faults);
	return dir;
}

static int
explain(const char *plugin, const char *dir)
{
	struct buf out = BUF_INIT(TEXT_MAX);
	const struct ow_plugin *desc;
	struct ow_fault fault;
	char path[512];

	if (plugin == NULL) {
		settings_explain(&out);
		print_out(&out, stdout);
		return 0;
	}
	if (strcmp(plugin, "notifications") == 0)
		return explain_notifications();
	desc = plugin_probe(dir, plugin, path, &fault);
	if (desc == NULL) {
		fprintf(stderr, "orderwired: %s\n", fault.text);
		return 1;
	}
	plugin_explain(desc, &out);
	print_out(&out, stdout);
	return 0;
}

static int
list_plugins(const char *dir)
{
	struct buf out = BUF_INIT(TEXT_MAX);
	int err = plugin_list(dir, &out);

	print_out(&out, stdout);
	if (err != OW_OK)
		fprintf(stderr, "orderwired: can't read the plugin directory"
		    " %s\n", dir);
	return err == OW_OK ? 0 : 1;
}

static bool
has_faults(struct conf_faults *faults)
{
	struct buf out = BUF_INIT(TEXT_MAX);

	if (faults->n == 0)
		return false;
	conf_faults_print(faults, &out);
	print_out(&out, stderr);
	return true;
}

/* Memory that comes and goes with every request is not given back to the
   kernel each time: measured at 5 to 10 % of a change's cost. */
static void
keep_memory(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
	(void)mallopt(M_TOP_PAD, 1 << 20);
	/* Theirs to choose from otherwise is calloc: see mem_alloc. */
	evhtp_set_mem_functions(malloc, realloc, free);
}

/* As many descriptors as we may have: each screen is one. */
static void
raise_limits(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur <
	    lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
	(void)signal(SIGPIPE, SIG_IGN);
}

static int
drop_to(const char *user)
{
	const struct passwd *pw;

	if (user[0] == '\0' || geteuid() != 0)
		return 0;
	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL || initgroups(user, pw->pw_gid) != 0 ||
	    setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0) {
		fprintf(stderr, "orderwired: can't become user '%s'"
		    " (server.user): %s\n", user, errno != 0 ?
		    strerror(errno) : "no such user");
		return 1;
	}
	/* Becoming another user forbids core dumps and ptrace; keep it so. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

static void
setup_log(const struct settings *set)
{
	static const char *const levels[] = { "debug", "info", "notice",
	    "warn", "error" };
	int32_t level = OW_INFO, i;

	for (i = OW_DEBUG; i <= OW_ERROR; i++)
		if (strcmp(set->log.level, levels[i]) == 0)
			level = i;
	log_setup(strcmp(set->log.format, "json") == 0 ? LOG_JSON :
	    LOG_LOGFMT, level, STDERR_FILENO);
}

static int
check(struct plugins *plugins, struct conf_faults *faults, const char *path)
{
	struct loop *loop = loop_new("check");

	plugins_check(plugins, loop, faults);
	loop_free(&loop);
	if (has_faults(faults))
		return 1;
	printf("%s is fine\n", path);
	return 0;
}

static int
run(const struct settings *set, const struct server_words *words,
    struct plugins *plugins)
{
	struct server *server;
	struct ow_fault fault;
	int code = 1;

	keep_memory();
	raise_limits();
	if (server_new(set, words, plugins, &server, &fault) != OW_OK) {
		fprintf(stderr, "orderwired: %s\n", fault.text);
		return 1;
	}
	if (drop_to(set->server.user) == 0)
		code = server_run(server);
	server_free(&server);
	return code;
}

/* Neither is ever NULL without a fault. */
static void
open_words(const struct set_notify *set, struct server_words *out,
    struct conf_faults *faults)
{
	const char *dir = notify_share_dir(set->share_dir);
	char *rules = mem_printf("%s/" RULES_FILE, dir);
	char *templates = mem_printf("%s/templates", dir);

	out->rules = rules_open(rules, faults);
	out->templates = templates_open(templates, set->locale, out->rules,
	    faults);
	free(rules);
	free(templates);
}

static int
with_config(const struct args *a)
{
	struct conf_faults faults = { 0 };
	struct server_words words = { NULL, NULL };
	struct settings set = { 0 };
	struct plugins *plugins = NULL;
	struct conf *conf;
	int code = 1;

	conf = conf_open(a->config, &faults);
	if (conf == NULL) {
		(void)has_faults(&faults);
		goto out;
	}
	(void)settings_read(conf, &set, &faults);
	plugins = plugins_open(conf, plugins_dir(set.server.plugin_dir),
	    &faults);
	plugins_check_settings(plugins, conf, &set, &faults);
	open_words(&set.notify, &words, &faults);
	conf_check_unknown(conf, &faults);
	if (a->mode == MODE_CHECK) {
		code = check(plugins, &faults, a->config);
		goto out;
	}
	if (has_faults(&faults))
		goto out;
	setup_log(&set);
	code = run(&set, &words, plugins);
out:
	templates_free(&words.templates);
	rules_free(&words.rules);
	plugins_close(&plugins);
	settings_done(&set);
	conf_close(&conf);
	conf_faults_done(&faults);
	return code;
}

int
main(int argc, char **argv)
{
	struct args a = { .config = OW_CONF_FILE, .exit_code = -1 };
	char *dir;

	read_args(argc, argv, &a);
	if (a.exit_code >= 0)
		return a.exit_code;
	if (a.mode != MODE_EXPLAIN && a.mode != MODE_LIST)
		return with_config(&a);
	dir = find_plugins(&a);
	a.exit_code = a.mode == MODE_LIST ? list_plugins(dir) :
	    explain(a.plugin, dir);
	free(dir);
	return a.exit_code;
}

/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl - the command line beside the server.
 *
 * It makes keys and tokens (orderwirectl_token.c), asks a running server
 * through its admin listener (orderwirectl_ask.c, orderwirectl_job.c for
 * what became of notices, orderwirectl_eta.c for estimates), and brings a
 * store up to date (orderwirectl_store.c).  It reads the server's
 * configuration, so that nothing has to be said twice, and never changes it.
 *
 * Exit status: 0 done, 1 it failed, 2 it was called wrongly.  What was asked
 * for is all that stdout gets; words go to stderr.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "orderwirectl.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#ifndef OW_CONF_FILE
#define OW_CONF_FILE "/etc/orderwire/orderwire.conf"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

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
    "  plugins [--json]\n"
    "          print what plugins the running server has, and how they are\n"
    "  jobs [--state S] [--channel C] [--tenant T] [--limit N] "
    "[--cursor C]\n"
    "          print notices on their way, newest first; S is due, leased,\n"
    "          later, sent, delivered, parked or skipped\n"
    "  job ID [--retry]\n"
    "          print one of them with its attempts, or send it again\n"
    "  journey ORDER [--tenant T]\n"
    "          print what happened to an order (an id, or ref:...), who was\n"
    "          told of it, and who was not and why\n"
    "  eta TENANT\n"
    "          print how good the estimates of the last week were: of the\n"
    "          orders at each stage, how many came in time\n"
    "          (jobs, job, journey and eta print JSON with --json)\n"
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

int
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

int
ctl_print(const char *p, size_t n)
{
	if (fwrite(p, 1, n, stdout) != n ||
	    (n && p[n - 1] != '\n' && fputc('\n', stdout) == EOF) ||
	    fflush(stdout) == EOF)
		return ctl_say(CTL_FAILED, "can't write the output: %s",
		    strerror(errno));
	return CTL_DONE;
}

int
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

/* ---- Which one ----------------------------------------------------------- */

static const struct ctl_command {
	const char *name;
	int (*run)(struct ctl *, int argc, char **argv);
} ctl_commands[] = {
	{ "token", ctl_token },
	{ "keys", ctl_keys },
	{ "plugins", ctl_plugins },
	{ "drain", ctl_drain },
	{ "jobs", ctl_jobs },
	{ "job", ctl_job },
	{ "journey", ctl_journey },
	{ "eta", ctl_eta },
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

/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl - what the files of the command line beside the server share.
 */
#ifndef ORDERWIRECTL_H
#define ORDERWIRECTL_H

#include "base/buf.h"
#include "conf/settings.h"

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

/* Says it and gives status back. */
int ctl_say(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* All of it, or it failed: a full disk shows at the latest when flushed. */
int ctl_print(const char *p, size_t n);
/* Reads the configuration. */
int ctl_open(struct ctl *);

/* Appends the token. */
int ctl_sign(struct ctl *, const struct ctl_claims *, struct buf *out);

/* Asks the running server through its admin listener, as an admin of all
   tenants; a refusal is said. */
int ctl_ask(struct ctl *, const char *method, const char *path,
    struct buf *out);

struct json;

/* Asks, and prints what write makes of the answer, or (is_json) the answer. */
int ctl_tell(struct ctl *, const char *method, const char *path, bool is_json,
    void (*write)(struct buf *out, const struct json *));

/* "?name=value", encoded, or "&..." behind another one; NULL: nothing. */
void ctl_add_param(struct buf *out, const char *name, const char *value);

/* ---- JSON as aligned text ----------------------------------------------- */

struct ctl_column {
	const char *head;		/* NULL ends the table */
	const char *member;
};

/* A line for each object of the list, under a line of headings. */
void ctl_write_table(struct buf *out, const struct json *list,
    const struct ctl_column *);
/* A line for each member that is neither list nor object. */
void ctl_write_record(struct buf *out, const struct json *object);

/* ---- The commands: argv[0] is the command's name ------------------------ */

int ctl_token(struct ctl *, int argc, char **argv);
int ctl_keys(struct ctl *, int argc, char **argv);
int ctl_plugins(struct ctl *, int argc, char **argv);
int ctl_drain(struct ctl *, int argc, char **argv);
int ctl_jobs(struct ctl *, int argc, char **argv);
int ctl_job(struct ctl *, int argc, char **argv);
int ctl_journey(struct ctl *, int argc, char **argv);
int ctl_eta(struct ctl *, int argc, char **argv);
int ctl_migrate(struct ctl *, int argc, char **argv);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * boot - see boot.h.
 *
 * The file may have changed since the server read it: what does not fit what
 * the server said is refused.
 */
#include "outbox/boot.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/value.h"

/* Root does so in the server only after its plugins have started. */
static int
become(const char *user, struct ow_fault *fault)
{
	const struct passwd *pw;

	if (user[0] == '\0' || geteuid() != 0)
		return OW_OK;
	errno = 0;
	pw = getpwnam(user);
	if (pw != NULL && initgroups(user, pw->pw_gid) == 0 &&
	    setgid(pw->pw_gid) == 0 && setuid(pw->pw_uid) == 0) {
		/* Becoming another user has cleared it: prctl(2). */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		return OW_OK;
	}
	(void)snprintf(fault->text, sizeof(fault->text),
	    "its process can't become user '%.60s': %.60s", user,
	    errno != 0 ? strerror(errno) : "no such user");
	return OW_EDENIED;
}

void
boot_log(const struct wire_start *s)
{
	static const char *const levels[] = { "debug", "info", "notice",
	    "warn", "error" };
	int32_t level = OW_ERROR + 1, i;	/* "": nothing */

	for (i = OW_DEBUG; i <= OW_ERROR; i++)
		if (strcmp(s->log_level, levels[i]) == 0)
			level = i;
	log_setup(strcmp(s->log_format, "json") == 0 ? LOG_JSON : LOG_LOGFMT,
	    level, STDERR_FILENO);
}

static const char *
keep(struct boot_text **texts, const char *s)
{
	struct boot_text *t = mem_alloc(sizeof(*t));

	t->s = mem_dup(s);
	t->next = *texts;
	*texts = t;
	return t->s;
}

static int
fill_option(struct plugin_entry *e, struct boot_text **texts,
    const struct ow_option *o, const struct wire_pairs *told,
    struct ow_fault *fault)
{
	char *at = (char *)e->conf + o->offset;
	struct value value = { "", 0, false };
	const char *text = NULL, *s;
	uint32_t i;
	int err;

	for (i = 0; i < told->n; i++)
		if (strcmp(told->list[i].name, o->name) == 0)
			text = told->list[i].value;
	if (text == NULL && o->dflt == NULL) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "its file has changed: option '%.60s' is required now",
		    o->name);
		return OW_EINVAL;
	}
	if (text == NULL) {
		err = value_read_default(o, o->dflt, &value, fault);
		if (err != OW_OK)
			return err;
	} else {
		value.i = strtoll(text, NULL, 10);
		value.b = value.i != 0;
		value.s = text;
	}
	switch (o->type) {
	case OW_T_BOOL:
		memcpy(at, &value.b, sizeof(value.b));
		break;
	case OW_T_INT:
	case OW_T_MS:
	case OW_T_BYTES:
		memcpy(at, &value.i, sizeof(value.i));
		break;
	default:
		s = keep(texts, value.s);
		memcpy(at, &s, sizeof(s));
	}
	return OW_OK;
}

/* dir/module.so */
static int
probe(struct plugin_entry *e, const char *path, struct ow_fault *fault)
{
	const char *slash = strrchr(path, '/');
	size_t n = strlen(path);
	char *dir, *module;

	if (slash == NULL || n < 4 || strcmp(path + n - 3, ".so") != 0) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "'%.100s' is no plugin's file", path);
		return OW_EINVAL;
	}
	dir = mem_dupn(path, (size_t)(slash - path));
	module = mem_dupn(slash + 1, n - 4 - (size_t)(slash - path));
	e->desc = plugin_probe(dir, module, e->path, fault);
	free(dir);
	free(module);
	if (e->desc == NULL)
		return OW_EINVAL;
	if (e->desc->kind == OW_CHANNEL)
		return OW_OK;
	(void)snprintf(fault->text, sizeof(fault->text),
	    "its file has changed: it is no channel any more");
	return OW_EINVAL;
}

int
boot_entry(struct plugin_entry *e, struct boot_text **texts,
    const struct wire_start *s, struct ow_fault *fault)
{
	const struct ow_option *o;
	int err;

	err = become(s->user, fault);
	if (err == OW_OK)
		err = probe(e, s->path, fault);
	if (err != OW_OK)
		return err;
	e->conf = mem_alloc(e->desc->conf_size);
	for (o = e->desc->options; err == OW_OK && o->name != NULL; o++)
		err = fill_option(e, texts, o, &s->options, fault);
	return err;
}

void
boot_wipe(struct boot_text **texts)
{
	struct boot_text *t;

	while ((t = *texts) != NULL) {
		*texts = t->next;
		mem_wipe_free(&t->s);
		free(t);
	}
}

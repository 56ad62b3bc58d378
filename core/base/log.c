/* SPDX-License-Identifier: MIT */
/*
 * log - one line an event, as logfmt or JSON.
 *
 * A line is built whole and written by one write(), so lines of several
 * threads do not mix.  There is no buffer, no file to rotate and no rate
 * limit: stderr belongs to the service manager.
 *
 * Invariant: a line has no control character but its end, is valid UTF-8, and
 * is at most LOG_LINE_MAX long; fields that do not fit are left out whole, and
 * a last field "cut" says so, so that a JSON line always parses.
 */
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#define LOG_LINE_MAX 4096
#define LOG_TAIL_MAX 16		/* "cut", brackets and the end of the line */
#define LOG_MSG_MAX 1024
#define LOG_VALUE_MAX 2048

/*
 * The one thing of the process that is at file scope: every thread and every
 * room writes to the same stderr, also before there is anything to hand
 * around.  Written before the first thread starts, only read afterwards.
 */
static struct {
	int format;
	int32_t min_level;
	int fd;
} log_conf = { LOG_LOGFMT, OW_INFO, STDERR_FILENO };

struct log_line {
	struct buf text;
	struct jw w;		/* over text, for JSON */
	bool is_cut;
};

void
log_setup(int format, int32_t min_level, int fd)
{
	log_conf.format = format;
	log_conf.min_level = min_level;
	log_conf.fd = fd;
}

bool
log_is_on(int32_t level)
{
	return level >= log_conf.min_level;
}

static const char *
log_level_name(int32_t level)
{
	static const char *const names[] = {
		[OW_DEBUG] = "debug",
		[OW_INFO] = "info",
		[OW_NOTICE] = "notice",
		[OW_WARN] = "warn",
		[OW_ERROR] = "error",
	};

	/* Plugins choose levels, too. */
	return level < OW_DEBUG || level > OW_ERROR ? "error" : names[level];
}

/* Values that a reader of logfmt would take apart are quoted. */
static bool
log_is_plain(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr("\"\\=", s[i]))
			return false;
	return n > 0;
}

static void
log_put_logfmt(struct buf *out, const struct log_field *f,
    size_t n)
{
	struct jw quoted;

	if (out->n)
		(void)buf_char(out, ' ');
	(void)buf_str(out, f->key);
	(void)buf_char(out, '=');
	if (!f->s) {
		(void)buf_int(out, f->i);
	} else if (log_is_plain(f->s, n)) {
		(void)buf_add(out, f->s, n);
	} else {
		jw_init(&quoted, out);
		jw_textn(&quoted, NULL, f->s, n);
	}
}

/* The whole field, or none of it. */
static void
log_put(struct log_line *l, const struct log_field *f, size_t max)
{
	size_t before = l->text.n, n = f->s ? strnlen(f->s, max + 1) : 0;

	if (l->is_cut)
		return;
	if (n > max) {
		/* Not in the middle of a character. */
		for (n = max; n && ((unsigned char)f->s[n] & 0xc0) == 0x80;)
			n--;
	}
	if (log_conf.format == LOG_LOGFMT)
		log_put_logfmt(&l->text, f, n);
	else if (f->s)
		jw_textn(&l->w, f->key, f->s, n);
	else
		jw_int(&l->w, f->key, f->i);
	if (!l->text.full)
		return;
	l->is_cut = true;
	l->text.full = false;
	l->text.n = before;
}

static void
log_put_head(struct log_line *l, int32_t level, const char *area,
    const char *msg)
{
	char at[CLOCK_TEXT_SIZE];
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	clock_format((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000, at);
	log_put(l, &(struct log_field)LOG_STR("ts", at), sizeof(at));
	log_put(l, &(struct log_field)LOG_STR("level", log_level_name(level)),
	    sizeof(at));
	log_put(l, &(struct log_field)LOG_STR("area", area), 64);
	log_put(l, &(struct log_field)LOG_STR("msg", msg), LOG_MSG_MAX);
}

static void
log_send(const struct buf *text)
{
	/* Nobody could be told of a failure; a part is better than none. */
	while (write(log_conf.fd, text->p, text->n) < 0 && errno == EINTR)
		;
}

void
log_write(int32_t level, const char *area, const char *msg,
    const struct log_field *fields)
{
	struct log_line l = { .is_cut = false };
	int saved_errno = errno;

	if (!log_is_on(level))
		return;
	buf_init(&l.text, LOG_LINE_MAX - LOG_TAIL_MAX);
	jw_init(&l.w, &l.text);
	if (log_conf.format == LOG_JSON)
		jw_object(&l.w, NULL);
	log_put_head(&l, level, area, msg);
	for (; fields && fields->key; fields++)
		log_put(&l, fields, LOG_VALUE_MAX);
	l.text.max = LOG_LINE_MAX;
	if (log_conf.format == LOG_JSON) {
		if (l.is_cut)
			jw_bool(&l.w, "cut", true);
		jw_end(&l.w);
	} else if (l.is_cut) {
		(void)buf_str(&l.text, " cut=true");
	}
	(void)buf_char(&l.text, '\n');
	log_send(&l.text);
	buf_done(&l.text);
	errno = saved_errno;
}

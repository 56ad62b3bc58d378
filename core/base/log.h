/* SPDX-License-Identifier: MIT */
/*
 * log - one line an event, as logfmt or JSON, on stderr.
 *
 *	log_warn("http", "accept failed", LOG_STR("listener", addr),
 *	    LOG_INT("errno", errno));
 *	ts=2026-11-22T10:00:00.000Z level=warn area=http msg="accept failed" ...
 *
 * ANY THREAD; a line is one write().  Values are escaped; a line is cut at
 * 4 kB.  Never pass a token, an address of a person or an order's content.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <orderwire/plugin.h>

struct log_field {
	const char *key;	/* NULL ends the list */
	const char *s;		/* NULL: the number counts */
	int64_t i;
};

static inline const char *
log_str_(const char *s)
{
	return s ? s : "";
}

#define LOG_STR(k, v) { (k), log_str_(v), 0 }
#define LOG_INT(k, v) { (k), NULL, (v) }

enum { LOG_LOGFMT, LOG_JSON };

/* Before the first thread starts. */
void log_setup(int format, int32_t min_level, int fd);
bool log_is_on(int32_t level);
void log_write(int32_t level, const char *area, const char *msg,
    const struct log_field *fields);

#define log_at_(level, area, msg, ...)					\
	log_write(level, area, msg,					\
	    (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } })
#define log_debug(area, ...) log_at_(OW_DEBUG, area, __VA_ARGS__)
#define log_info(area, ...) log_at_(OW_INFO, area, __VA_ARGS__)
#define log_notice(area, ...) log_at_(OW_NOTICE, area, __VA_ARGS__)
#define log_warn(area, ...) log_at_(OW_WARN, area, __VA_ARGS__)
#define log_error(area, ...) log_at_(OW_ERROR, area, __VA_ARGS__)

#endif

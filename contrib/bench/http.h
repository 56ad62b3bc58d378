/* SPDX-License-Identifier: MIT */
/*
 * http - a publication as a request, and what was answered.  Pure.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "text.h"

struct http_reply {
	int status;
	bool is_last;		/* the server closes after it */
};

/* Length; ends the program if it does not fit. */
size_t http_request(char *out, size_t cap, const struct conf *,
    const struct text_vars *);

/* Bytes of the first whole reply, 0: there is none yet. */
size_t http_reply_read(const char *p, size_t n, struct http_reply *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * sse - takes a stream of server-sent events apart (HTML Standard, 9.2): names
 * and data; ids and retry are of no use without replay.
 */
#ifndef ADAPTER_LOGISTICS_SSE_H
#define ADAPTER_LOGISTICS_SSE_H

#include <stdbool.h>
#include <stddef.h>

#define SSE_NAME_SIZE 64
#define SSE_LINE_MAX 16384	/* a longer line ends the stream */
#define SSE_DATA_MAX 65536

struct sse {
	char name[SSE_NAME_SIZE];
	char *line, *data;
	size_t n_line, n_data;
	bool is_after_cr, has_data;
};

void sse_init(struct sse *);
void sse_done(struct sse *);
/* fn is called for each event that has data, which ends with a NUL; it must
   not end the sse.  false: too long; feed it no more. */
bool sse_feed(struct sse *, const char *p, size_t n,
    void (*fn)(void *arg, const char *name, const char *data, size_t n_data),
    void *arg);

#endif

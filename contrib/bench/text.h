/* SPDX-License-Identifier: MIT */
/*
 * text - templates, escapes, and the clock readings that go into them.
 */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What a template's names stand for. */
struct text_vars {
	long chan;		/* {id} */
	long number;		/* {n}: of the connection or publication */
	long seq;		/* {s} */
	const char *message;	/* {msg} */
	const char *quoted;	/* {jmsg}: the message inside a JSON string */
	const char *last_id;	/* {lastid} */
	const char *alternate;	/* {alt} */
};

/* Length written, NUL-terminated; ends the program if it does not fit. */
size_t text_expand(char *out, size_t cap, const char *template,
    const struct text_vars *);

/* \r \n \t \\ as in C; allocated, for the life of the program. */
char *text_unescape(const char *);

/* Quotes and backslashes escaped; out needs twice the room. */
void text_quote(char *out, const char *);

uint64_t wall_ns(void);
uint64_t steady_ns(void);

#endif

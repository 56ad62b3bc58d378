/* SPDX-License-Identifier: MIT */
/*
 * offload - the helper threads of a loop; for loop.c alone.
 */
#ifndef BASE_OFFLOAD_H
#define BASE_OFFLOAD_H

struct loop;
struct offload;

/* The threads start here and end with offload_free, which waits for work that
   has begun and forgets work that has not: neither work() nor done() of it is
   called then. */
struct offload *offload_new(struct loop *);
void offload_free(struct offload **);
void offload_add(struct offload *, void (*work)(void *), void (*done)(void *),
    void *arg);

#endif

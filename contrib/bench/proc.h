/* SPDX-License-Identifier: MIT */
/*
 * proc - CPU time and memory of processes, from /proc.
 */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <stdbool.h>

struct usage {
	double cpu_s, user_s;
	double thread_s;	/* of the threads with the name asked for */
	double pss_kb, rss_kb;
	int processes;
};

/*
 * Of the processes in the list ("12,34") and all their descendants.  Memory
 * costs the server page table walks, so it is read only if asked for.
 */
void usage_read(const char *pids, const char *thread, bool with_memory,
    struct usage *out);

/* CPU time of this program. */
double usage_own_s(void);

#endif

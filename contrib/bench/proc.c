/* SPDX-License-Identifier: MIT */
/*
 * proc - CPU time and memory of processes, from /proc (proc(5)).
 *
 * A process's time has ticks of 10 ms, a thread's (schedstat) nanoseconds.
 * PSS is the process's share of its memory without that of files: how a
 * library's pages are shared changes with whatever else runs.  Where the
 * kernel does not let us see it (another user's process, or one that made
 * itself undumpable) the resident size takes its place.  Kernel memory of
 * sockets is in neither.
 */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEPTH_MAX 8
#define PROCESSES_MAX 256

struct question {
	const char *thread;
	bool with_memory;
	struct usage *out;
};

/* The beginning of a small file; false if it cannot be read. */
static bool
file_read(const char *path, char *out, size_t cap)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(out, 1, cap - 1, f);
	(void)fclose(f);
	out[n] = '\0';
	return n > 0;
}

static bool
time_read(int pid, struct usage *out)
{
	unsigned long user, sys;
	long child_user, child_sys;
	char path[64], text[1024];
	const char *p;
	double hz = (double)sysconf(_SC_CLK_TCK);

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!file_read(path, text, sizeof(text)))
		return false;
	p = strrchr(text, ')');		/* a name may hold anything */
	if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u"
	    " %*u %lu %lu %ld %ld", &user, &sys, &child_user,
	    &child_sys) != 4)
		return false;
	out->user_s += (double)(user + (unsigned long)child_user) / hz;
	out->cpu_s += (double)(user + sys + (unsigned long)child_user +
	    (unsigned long)child_sys) / hz;
	out->processes++;
	return true;
}

static void
memory_read(int pid, struct usage *out)
{
	char path[64], line[256];
	double kb, rss_kb = 0, pss_kb = 0, file_kb = 0;
	unsigned long pages;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Pss: %lf", &kb) == 1)
			pss_kb = kb;
		else if (sscanf(line, "Pss_File: %lf", &kb) == 1)
			file_kb = kb;
		else if (sscanf(line, "Rss: %lf", &kb) == 1)
			rss_kb = kb;
	}
	if (f)
		(void)fclose(f);
	(void)snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (rss_kb == 0 && file_read(path, line, sizeof(line)) &&
	    sscanf(line, "%*u %lu", &pages) == 1)
		pss_kb = rss_kb = (double)pages *
		    (double)sysconf(_SC_PAGESIZE) / 1024;
	out->pss_kb += pss_kb - file_kb;
	out->rss_kb += rss_kb;
}

static void
thread_read(int pid, const char *tid, const char *name,
    struct usage *out)
{
	char path[96], text[256];
	double ns;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.20s/comm", pid,
	    tid);
	if (!file_read(path, text, sizeof(text)))
		return;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, name) != 0)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat",
	    pid, tid);
	if (file_read(path, text, sizeof(text)) &&
	    sscanf(text, "%lf", &ns) == 1)
		out->thread_s += ns / 1e9;
}

static void process_read(const struct question *, int pid, int depth);

static void
children_read(const struct question *q, int pid, const char *tid,
    int depth)
{
	char path[96], text[4096], *p = text;
	long child;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children",
	    pid, tid);
	if (!file_read(path, text, sizeof(text)))
		return;
	while ((child = strtol(p, &p, 10)) > 0)
		process_read(q, (int)child, depth + 1);
}

static void
process_read(const struct question *q, int pid, int depth)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	if (depth > DEPTH_MAX || q->out->processes >= PROCESSES_MAX ||
	    !time_read(pid, q->out))
		return;
	if (q->with_memory)
		memory_read(pid, q->out);
	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		thread_read(pid, e->d_name, q->thread, q->out);
		children_read(q, pid, e->d_name, depth);
	}
	if (d)
		(void)closedir(d);
}

void
usage_read(const char *pids, const char *thread, bool with_memory,
    struct usage *out)
{
	struct question q = { thread, with_memory, out };
	char *end;
	long pid;

	*out = (struct usage){ .processes = 0 };
	for (; *pids; pids = *end ? end + 1 : end) {
		pid = strtol(pids, &end, 10);
		if (pid > 0)
			process_read(&q, (int)pid, 0);
	}
}

double
usage_own_s(void)
{
	struct rusage r;

	(void)getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	    (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

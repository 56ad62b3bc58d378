/* SPDX-License-Identifier: MIT */
/*
 * process - one orderwire-plugin-host: begun, ended, and how it went.
 *
 * What it is told and what it says is not here.
 */
#ifndef OUTBOX_PROCESS_H
#define OUTBOX_PROCESS_H

#include <orderwire/plugin.h>
#include <sys/types.h>

#define PROCESS_WHY 120
#define PROCESS_SOCKET 3		/* its end of the socket, in it */

struct process {
	pid_t pid;			/* 0: none */
	int pidfd;			/* can be read once it has ended */
	int fd;			/* our end of the socket; the caller's */
};

/*
 * name and plugin only tell people who look at the list of processes.  Of the
 * environment it gets the few variables that concern libraries.  OW_EIO: there
 * is no such program, or no descriptor or process left.
 */
int process_spawn(const char *name, const char *plugin, struct process *out,
    struct ow_fault *);
/* Now; process_reap tells when. */
void process_kill(const struct process *);
/* Has it ended?  Then why ("ended by signal 11 (Segmentation fault)"), and
   there is none any more. */
bool process_reap(struct process *, char why[PROCESS_WHY]);
/* The same without taking note of it. */
bool process_has_ended(const struct process *);
/* Waits until it has ended; after ms it is killed. */
void process_wait(const struct process *, int64_t ms);
/* Waits, and takes note. */
void process_end(struct process *, int64_t ms);

/* Monotonic, by the system's clock: for before a loop runs. */
int64_t process_now_ms(void);

#endif

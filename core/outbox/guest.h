/* SPDX-License-Identifier: MIT */
/*
 * guest - the other side of remote.c: one plugin and one instance in a process
 * of its own, told what to do through a socket.
 */
#ifndef OUTBOX_GUEST_H
#define OUTBOX_GUEST_H

/* Until the server says stop, or is no more.  fd is taken.  The process's exit
   code. */
int guest_run(int fd);

#endif

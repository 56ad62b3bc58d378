/* SPDX-License-Identifier: MIT */
/*
 * pipe - the socket between the server and the process of an isolated channel,
 * for both of them.
 *
 * What is sent during a turn of the loop goes out at its end, as few datagrams
 * (wire.h).  What the socket has no room for waits, up to PIPE_QUEUE bytes: a
 * peer that lets so much wait does not read any more.
 *
 * Only the loop's own thread may call.
 */
#ifndef OUTBOX_PIPE_H
#define OUTBOX_PIPE_H

#include "base/loop.h"
#include "outbox/wire.h"

#define PIPE_QUEUE ((size_t)128 << 20)

struct pipe;

struct pipe_conf {
	struct loop *loop;
	int fd;				/* SOCK_SEQPACKET; taken */
	bool is_channel;		/* this end is the channel's process */
	/* A record has come.  Not OW_OK: no more of them. */
	int (*take)(void *arg, const struct wire_msg *);
	/* Once: nothing comes or goes any more.  why in words; NULL: the peer
	   has closed it, or is no more. */
	void (*broken)(void *arg, const char *why);
	void *arg;
};

/* Neither take nor broken may free the pipe, pipe_free closes the socket. */
struct pipe *pipe_new(const struct pipe_conf *);
void pipe_free(struct pipe **);

/* At the end of the turn.  OW_OK, also when it is broken; OW_ELIMIT: too long,
   or too much waits. */
int pipe_send(struct pipe *, const struct wire_msg *);
/* Bytes that wait for room. */
size_t pipe_queued(const struct pipe *);
/* Now, as far as there is room. */
void pipe_flush(struct pipe *);
/* All that is there already, however much; for a peer that has ended. */
void pipe_read_rest(struct pipe *);
/* Outside of the loop's run: waits up to ms (of the system's clock) until
   something can be read, and reads it. */
void pipe_wait(struct pipe *, int64_t ms);

#endif

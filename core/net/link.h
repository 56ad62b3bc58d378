/* SPDX-License-Identifier: MIT */
/*
 * link - a connection that has left HTTP, as bytes.
 *
 * A plain one is a naked descriptor in the front's own epoll set, and costs
 * 16 bytes; the set itself is one event of the loop.  A TLS one keeps its
 * bufferevent.  Nothing is buffered for a plain link: what does not fit into
 * its socket stays with the caller, who wants to write and is told when there
 * is room.
 *
 * Only the loop's own thread may call.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <orderwire/plugin.h>

struct bufferevent;
struct link_set;
struct loop;

enum {
	LINK_READABLE = 1,
	LINK_WRITABLE = 2,
	LINK_GONE = 4,		/* failed, or closed while nobody reads */
};

struct link {
	struct bufferevent *bev;	/* NULL: plain */
	int fd;				/* of bev, too; -1: not open */
	bool is_reading, is_writing;	/* wants to */
	bool is_eof, is_broken;		/* what TLS said already */
};

#define LINK_INIT { NULL, -1, false, false, false, false }
#define LINK_TLS_MAX (256 * 1024)	/* waits in a bufferevent */

/* ready: LINK_ bits.  It may close that link and any other, but their memory
   must stay until the end of the loop's turn. */
struct link_set *link_set_new(struct loop *,
    void (*ready)(struct link *, unsigned int what));
void link_set_free(struct link_set **);		/* all links are closed */

/* Exactly one of fd (>= 0) and bev; taken, also when it fails.  Reading is
   wanted at first.  quiet_ms: how long what was sent may stay without any
   acknowledgement; 0: as long as the system likes.  OW_OK or OW_EIO. */
int link_open(struct link *, struct link_set *, int fd,
    struct bufferevent *bev, int64_t quiet_ms);
void link_close(struct link *, struct link_set *);	/* or not open */
bool link_is_open(const struct link *);

/* How many bytes were taken, 0 when there is no room, OW_EIO. */
ssize_t link_send(struct link *, const struct iovec *, int n);
/* Bytes that were taken and have not gone to the socket (TLS). */
size_t link_unsent(const struct link *);
/* How many bytes were read; 0: none for now; OW_ENOENT: the peer has ended;
   OW_EIO.  out is good until the next read of the set. */
ssize_t link_read(struct link *, struct link_set *, const void **out);
void link_want(struct link *, struct link_set *, bool rd, bool wr);
/* Nothing more will be sent. */
void link_shut(struct link *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * pipe - see pipe.h.
 *
 * Invariants: records leave in the order of pipe_send; a datagram is sent
 * whole or not at all; after broken() nothing is read or sent.  A peer that
 * sends without an end gets PIPE_READS datagrams a turn, like any other
 * socket, so that it delays nobody else on the loop.
 */
#include "outbox/pipe.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define PIPE_READS 8
#define PIPE_REST_READS 4096
#define HEAD 2u

struct parcel {
	struct parcel *next;
	bool is_secret;
	size_t n;
	char p[];
};

struct pipe {
	struct pipe_conf conf;
	struct event *rd, *wr;
	struct turn_hook turn;
	struct buf record;		/* the one being written */
	struct buf batch;		/* records that gather */
	uint32_t n_batch;
	bool has_secret;		/* one of them */
	struct parcel *head, **tail;
	size_t n_queued;
	struct wire_reader reader;
	bool is_broken;
	char in[WIRE_DATAGRAM];
};

static void
pipe_break(struct pipe *p, const char *why)
{
	if (p->is_broken)
		return;
	p->is_broken = true;
	(void)event_del(p->rd);
	(void)event_del(p->wr);
	p->conf.broken(p->conf.arg, why);
}

/* ---- There -------------------------------------------------------------- */

static void
parcel_free(struct parcel *parcel)
{
	if (parcel->is_secret)
		mem_wipe(parcel->p, parcel->n);
	free(parcel);
}

static void
pipe_add(struct pipe *p, enum wire_piece piece, const char *bytes, size_t n,
    bool is_secret)
{
	struct parcel *parcel = mem_alloc(sizeof(*parcel) + HEAD + n);

	parcel->is_secret = is_secret;
	parcel->n = HEAD + n;
	wire_head((unsigned char *)parcel->p, piece);
	memcpy(parcel->p + HEAD, bytes, n);
	*p->tail = parcel;
	p->tail = &parcel->next;
	p->n_queued += parcel->n;
}

static void
pipe_seal(struct pipe *p)
{
	if (p->n_batch == 0)
		return;
	pipe_add(p, WIRE_WHOLE, p->batch.p, p->batch.n, p->has_secret);
	if (p->has_secret)
		mem_wipe(p->batch.p, p->batch.n);
	buf_clear(&p->batch);
	p->n_batch = 0;
	p->has_secret = false;
}

/* A record that fits into no datagram. */
static void
pipe_cut(struct pipe *p, bool is_secret)
{
	size_t at = 0, n, max = WIRE_DATAGRAM - HEAD;

	for (; at < p->record.n; at += n) {
		n = p->record.n - at < max ? p->record.n - at : max;
		pipe_add(p, at + n == p->record.n ? WIRE_LAST : WIRE_PIECE,
		    p->record.p + at, n, is_secret);
	}
}

int
pipe_send(struct pipe *p, const struct wire_msg *msg)
{
	bool is_secret = msg->type == WIRE_START;
	int err;

	if (p->is_broken)
		return OW_OK;
	if (p->n_queued > PIPE_QUEUE)
		return OW_ELIMIT;
	buf_clear(&p->record);
	err = wire_write(&p->record, msg);
	if (err != OW_OK)
		return err;
	if (p->n_batch == WIRE_BATCH ||
	    p->batch.n + p->record.n > WIRE_DATAGRAM - HEAD)
		pipe_seal(p);
	if (p->record.n > WIRE_DATAGRAM - HEAD) {
		pipe_cut(p, is_secret);
	} else {
		(void)buf_add(&p->batch, p->record.p, p->record.n);
		p->n_batch++;
		p->has_secret = p->has_secret || is_secret;
	}
	if (is_secret)
		mem_wipe(p->record.p, p->record.n);
	loop_at_turn_end(p->conf.loop, &p->turn);
	return OW_OK;
}

size_t
pipe_queued(const struct pipe *p)
{
	return p->n_queued;
}

void
pipe_flush(struct pipe *p)
{
	struct parcel *parcel;
	ssize_t n;

	pipe_seal(p);
	while (!p->is_broken && (parcel = p->head) != NULL) {
		do
			n = send(p->conf.fd, parcel->p, parcel->n,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		while (n < 0 && errno == EINTR);
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
			(void)event_add(p->wr, NULL);
			return;
		}
		if (n < 0) {
			pipe_break(p, NULL);
			return;
		}
		p->head = parcel->next;
		if (p->head == NULL)
			p->tail = &p->head;
		p->n_queued -= parcel->n;
		parcel_free(parcel);
	}
	(void)event_del(p->wr);
}

static void
pipe_turn(void *arg)
{
	pipe_flush(arg);
}

static void
pipe_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pipe_flush(arg);
}

/* ---- Back --------------------------------------------------------------- */

/* false: nothing more for now, or ever. */
static bool
pipe_read_one(struct pipe *p)
{
	struct ow_fault why;
	ssize_t n;

	do
		n = recv(p->conf.fd, p->in, sizeof(p->in), MSG_DONTWAIT |
		    MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		pipe_break(p, NULL);
		return false;
	}
	if ((size_t)n > sizeof(p->in)) {
		pipe_break(p, "it sent more at once than there can be");
		return false;
	}
	if (wire_read(&p->reader, p->in, (size_t)n, p->conf.take, p->conf.arg,
	    &why) != OW_OK) {
		pipe_break(p, why.text[0] != '\0' ? why.text : "enough");
		return false;
	}
	return !p->is_broken;
}

static void
pipe_readable(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *p = arg;
	int i;

	(void)fd;
	(void)what;
	for (i = 0; i < PIPE_READS && !p->is_broken; i++)
		if (!pipe_read_one(p))
			return;
}

void
pipe_read_rest(struct pipe *p)
{
	int i;

	for (i = 0; i < PIPE_REST_READS && !p->is_broken; i++)
		if (!pipe_read_one(p))
			return;
}

void
pipe_wait(struct pipe *p, int64_t ms)
{
	struct pollfd fd = { .fd = p->conf.fd, .events = POLLIN };

	pipe_flush(p);
	if (p->head != NULL)
		fd.events |= POLLOUT;
	if (!p->is_broken && poll(&fd, 1, (int)ms) > 0 &&
	    (fd.revents & ~POLLOUT) != 0)
		(void)pipe_read_one(p);
}

/* ---- Beginning and end -------------------------------------------------- */

struct pipe *
pipe_new(const struct pipe_conf *conf)
{
	struct event_base *base = loop_base(conf->loop);
	struct pipe *p = mem_alloc(sizeof(*p));

	p->conf = *conf;
	p->tail = &p->head;
	p->turn.fn = pipe_turn;
	p->turn.arg = p;
	buf_init(&p->record, WIRE_RECORD + WIRE_DATAGRAM);
	buf_init(&p->batch, WIRE_DATAGRAM);
	/* So that no secret is left behind by a buffer that grew. */
	(void)buf_room(&p->record, WIRE_DATAGRAM);
	(void)buf_room(&p->batch, WIRE_DATAGRAM);
	wire_reader_init(&p->reader, conf->is_channel);
	p->rd = event_new(base, conf->fd, EV_READ | EV_PERSIST, pipe_readable,
	    p);
	p->wr = event_new(base, conf->fd, EV_WRITE | EV_PERSIST,
	    pipe_writable, p);
	OW_ASSERT(p->rd != NULL && p->wr != NULL);
	if (event_add(p->rd, NULL) != 0)
		pipe_break(p, "its socket can't be watched");
	return p;
}

void
pipe_free(struct pipe **pp)
{
	struct pipe *p = *pp;
	struct parcel *parcel;

	*pp = NULL;
	if (p == NULL)
		return;
	loop_turn_cancel(p->conf.loop, &p->turn);
	event_free(p->rd);
	event_free(p->wr);
	while ((parcel = p->head) != NULL) {
		p->head = parcel->next;
		parcel_free(parcel);
	}
	if (p->batch.p != NULL)
		mem_wipe(p->batch.p, p->batch.n);
	buf_done(&p->record);
	buf_done(&p->batch);
	wire_reader_done(&p->reader);
	mem_wipe(p->in, sizeof(p->in));
	(void)close(p->conf.fd);	/* nothing can be done about it */
	free(p);
}

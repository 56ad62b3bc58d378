/* SPDX-License-Identifier: MIT */
/*
 * goodbye - connections that are over, but whose peer has not read it yet.
 *
 * It sends what is in the bufferevent, shuts the sending side down, and reads
 * and forgets.  It does not look at what it reads.
 *
 * Invariants: at most GOODBYE_MS and GOODBYE_BYTES for each; a connection stays
 * counted against its limits until it has really closed.
 */
#include "http/gate.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"

#define GOODBYE_MS 3000
#define GOODBYE_BYTES (32u << 20)

struct goodbye {
	struct goodbye *next, **at;
	struct gates *gates;
	struct bufferevent *bev;
	struct loop_timer *timer;
	struct peer peer;
	bool is_counted, is_eof;
	size_t n_read;
};

static void
goodbye_end(struct goodbye *l)
{
	struct gates *gates = l->gates;

	*l->at = l->next;
	if (l->next)
		l->next->at = l->at;
	loop_timer_cancel(&l->timer);
	bufferevent_free(l->bev);
	if (l->is_counted)
		listener_released(gates->listener, l->peer.text);
	else
		gates->n_strangers--;
	free(l);
}

static void
goodbye_on_time(void *arg)
{
	struct goodbye *l = arg;

	l->timer = NULL;
	goodbye_end(l);
}

static void
goodbye_on_read(struct bufferevent *bev, void *arg)
{
	struct goodbye *l = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in);

	evbuffer_drain(in, n);
	l->n_read += n;
	if (l->n_read > GOODBYE_BYTES)
		goodbye_end(l);
}

/* All is with the kernel: nothing more comes from us. */
static void
goodbye_on_write(struct bufferevent *bev, void *arg)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	struct goodbye *l = arg;

	if (l->is_eof) {
		goodbye_end(l);
		return;
	}
	if (ssl) {
		(void)SSL_shutdown(ssl);	/* as far as it goes */
		ERR_clear_error();
	}
	(void)shutdown(bufferevent_getfd(bev), SHUT_WR);	/* or gone */
}

static void
goodbye_on_event(struct bufferevent *bev, short what, void *arg)
{
	struct goodbye *l = arg;

	if (what & BEV_EVENT_CONNECTED)
		return;
	/* Half-closed: it still waits for our words. */
	l->is_eof = (what & BEV_EVENT_EOF) &&
	    evbuffer_get_length(bufferevent_get_output(bev));
	if (!l->is_eof)
		goodbye_end(l);
}

void
goodbye_start(struct gates *gates, struct bufferevent *bev,
    const struct peer *peer)
{
	struct goodbye *l;

	l = mem_alloc(sizeof(*l));
	l->gates = gates;
	l->bev = bev;
	l->is_counted = peer != NULL;
	if (peer)
		l->peer = *peer;
	else
		gates->n_strangers++;
	l->next = gates->goodbyes;
	l->at = &gates->goodbyes;
	if (l->next)
		l->next->at = &l->next;
	gates->goodbyes = l;
	l->timer = loop_timer_start(gates->conf->loop, GOODBYE_MS,
	    goodbye_on_time, l);
	bufferevent_setcb(bev, goodbye_on_read, goodbye_on_write,
	    goodbye_on_event, l);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	if (!evbuffer_get_length(bufferevent_get_output(bev)))
		goodbye_on_write(bev, l);
}

void
goodbye_end_all(struct gates *gates)
{
	while (gates->goodbyes)
		goodbye_end(gates->goodbyes);
}

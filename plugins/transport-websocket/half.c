/* SPDX-License-Identifier: MIT */
/*
 * half - what a peer sends, and what is kept of it.
 *
 * Answers pings and closes, hands messages to the host or back to the peer
 * (echo), and ends a stream whose peer breaks the protocol.  A stream at rest
 * costs nothing here.
 *
 * Invariants: a stream's word (*peer) is its kind (NULL for the first), the
 * over mark, or a struct half that lives exactly while something is
 * half-received or an echo waits for room; while data() works on it, the word
 * is NULL, and end(), when the host calls it from inside message(), leaves the
 * over mark there; once the close frame is out nothing more is written.
 */
#include "half.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "codec.h"
#include "deflate.h"
#include "websocket.h"

#define TEXT_MAX 65536		/* of a peer that only says ping and auth */
#define ECHO_MAX (INT64_C(16) << 20)
#define ECHO_RETRY_MS 5
#define BUFFER_AHEAD 4096	/* for a frame that was only announced */

/* What is known of a stream that is not idle. */
struct half {
	struct websocket *w;
	struct ow_stream *stream;
	const struct websocket_kind *kind;
	bool over;		/* we have said goodbye */
	struct codec codec;
	struct bytes message;	/* as far as it has come */
	struct bytes waiting;	/* echoed frames that found no room */
	bool waiting_is_last;	/* close behind them */
	struct ow_timer *retry;
};

/* ---- Memory ------------------------------------------------------------- */

/* What a peer said may be a token; what it has echoed is none. */
static void
half_forget(const struct half *h, struct bytes *b)
{
	if (h->kind->echo)
		bytes_done(b);
	else
		bytes_wipe(b);
}

static void
half_done(struct half *h)
{
	if (h->retry)
		h->w->base->timer_cancel(h->w->ctx, &h->retry);
	half_forget(h, &h->message);
	bytes_done(&h->waiting);
}

static void
half_free(struct half **half)
{
	if (*half)
		half_done(*half);
	free(*half);
	*half = NULL;
}

static uint64_t
half_message_max(const struct websocket *w, bool echo)
{
	int64_t max = w->conf->message_max;

	if (echo)
		return (uint64_t)(max ? max : ECHO_MAX);
	return (uint64_t)(max && max < TEXT_MAX ? max : TEXT_MAX);
}

static void
half_init(struct half *h, struct websocket *w,
    struct ow_stream *stream, const struct websocket_kind *kind)
{
	memset(h, 0, sizeof(*h));
	h->w = w;
	h->stream = stream;
	h->kind = kind;
	codec_init(&h->codec, half_message_max(w, kind->echo),
	    kind->variant != 0);
}

/* ---- From the peer ------------------------------------------------------ */

static int
half_write(struct half *h, const void *head, size_t head_n,
    const void *body, size_t body_n)
{
	const struct ow_bytes parts[] = { { head, head_n }, { body, body_n } };

	return h->w->srv->write(h->w->ctx, h->stream, parts, body_n ? 2 : 1);
}

static void
half_cut(struct half *h)
{
	h->over = true;
	h->w->srv->close(h->w->ctx, h->stream);
}

static void
half_bye(struct half *h, int code, const char *reason, size_t n)
{
	unsigned char frame[CODEC_CLOSE_MAX];
	size_t len = codec_put_close(frame, code, reason, n);

	if (h->waiting.n && bytes_grow(&h->waiting, len)) {
		memcpy(h->waiting.p + h->waiting.n, frame, len);
		h->waiting.n += len;
		h->waiting_is_last = true;
		h->over = true;
		return;
	}
	/* When there is no room the peer isn't reading: it gets no goodbye. */
	(void)half_write(h, frame, len, NULL, 0);
	half_cut(h);
}

static void
half_fault(struct half *h, int code, const char *why)
{
	h->w->base->add(h->w->ctx, M_FAULTS, 1);
	half_bye(h, code, why, strlen(why));
}

/* The peer reads its echoes too slowly: keep as much as one message may be
   long, then give it up. */
static void
half_wait(struct half *h, const unsigned char *head,
    size_t head_n, struct ow_bytes body)
{
	struct bytes *b = &h->waiting;
	size_t n = head_n + body.n;

	if (b->n + n > half_message_max(h->w, true) + CODEC_HEAD_MAX ||
	    !bytes_grow(b, n)) {
		half_cut(h);
		return;
	}
	memcpy(b->p + b->n, head, head_n);
	if (body.n)
		memcpy(b->p + b->n + head_n, body.p, body.n);
	b->n += n;
}

static void
half_echo(struct half *h, int op, struct ow_bytes body)
{
	unsigned char head[CODEC_HEAD_MAX];
	size_t head_n = websocket_pack(h->w, h->kind->variant, op, &body,
	    head);

	if (h->waiting.n || half_write(h, head, head_n, body.p, body.n) ==
	    OW_EAGAIN)
		half_wait(h, head, head_n, body);
}

static void
half_give(struct half *h, int op, struct ow_bytes body)
{
	int err;

	h->w->base->add(h->w->ctx, M_MESSAGES, 1);
	if (h->kind->echo) {
		half_echo(h, op, body);
		return;
	}
	err = h->w->srv->message(h->w->ctx, h->stream, body);
	if (err == OW_EINVAL)
		half_fault(h, OW_END_BAD_MESSAGE, "not understood");
}

/* A message that the peer has packed. */
static void
half_unpack(struct half *h, int op)
{
	struct ow_bytes packed = { h->message.p, h->message.n };
	struct bytes plain = { NULL, 0, 0 };
	struct codec_utf8 u = { 0 };
	int err = deflate_unpack(packed,
	    (size_t)half_message_max(h->w, h->kind->echo), &plain);

	if (err == OW_ELIMIT)
		half_fault(h, CODEC_CODE_TOO_BIG, "the message is too long");
	else if (err == OW_EINVAL)
		half_fault(h, CODEC_CODE_BAD_TEXT, "no deflated message");
	else if (err)
		half_bye(h, CODEC_CODE_INTERNAL, NULL, 0);
	else if (op == CODEC_OP_TEXT &&
	    (!codec_utf8_check(&u, plain.p, plain.n) || u.need))
		half_fault(h, CODEC_CODE_BAD_TEXT, "the text is not UTF-8");
	else
		half_give(h, op, (struct ow_bytes){ plain.p, plain.n });
	half_forget(h, &plain);
}

static void
half_on_message(struct half *h, const struct codec_got *got)
{
	struct ow_bytes body = { h->message.p, h->message.n };

	if (got->rsv1)
		half_unpack(h, got->op);
	else
		half_give(h, got->op, body);
	h->message.n = 0;
}

static void
half_pong(struct half *h, const struct codec_got *got)
{
	unsigned char head[CODEC_HEAD_MAX];
	size_t n = codec_put_head(head, CODEC_OP_PONG, got->n);

	/* Without room it is left out; the peer may ask again.  Behind
	   waiting echoes it would be out of order, which is allowed. */
	(void)half_write(h, head, n, got->p, (size_t)got->n);
}

static void
half_on_frame(struct half *h, const struct codec_got *got)
{
	size_t ahead = BUFFER_AHEAD;

	if (got->op == CODEC_OP_BINARY && !h->kind->echo) {
		half_fault(h, CODEC_CODE_UNSUPPORTED, "only text is read");
		return;
	}
	/* A message with a token then never moves, leaving copies behind. */
	if (got->n < ahead)
		ahead = (size_t)got->n;
	(void)bytes_grow(&h->message, ahead);	/* half_read sees to it */
}

static void
half_act(struct half *h, enum codec_what what,
    const struct codec_got *got)
{
	switch (what) {
	case CODEC_FRAME:
		half_on_frame(h, got);
		break;
	case CODEC_DATA:
		h->message.n += (size_t)got->n;
		break;
	case CODEC_MESSAGE:
		half_on_message(h, got);
		break;
	case CODEC_PING:
		half_pong(h, got);
		break;
	case CODEC_CLOSE:
		half_bye(h, got->code, NULL, 0);
		break;
	case CODEC_FAULT:
		half_fault(h, got->code, got->why);
		break;
	case CODEC_PONG:
	case CODEC_MORE:
		break;
	}
}

/* peer: while the message goes to the host it may call end(), which leaves
   the over mark there. */
static void
half_read(struct half *h, void *const *peer, struct ow_bytes in)
{
	enum codec_what what;
	struct codec_got got;

	do {
		if (!bytes_grow(&h->message, codec_room(&h->codec, in.n))) {
			half_bye(h, CODEC_CODE_INTERNAL, NULL, 0);
			return;
		}
		what = codec_next(&h->codec, &in,
		    h->message.p ? h->message.p + h->message.n : NULL, &got);
		half_act(h, what, &got);
		if (*peer == &h->w->over_mark)
			h->over = true;
	} while (what != CODEC_MORE && !h->over);
}

static void half_retry(void *arg);

static void
half_retry_start(struct half *h)
{
	h->retry = h->w->base->timer_start(h->w->ctx, ECHO_RETRY_MS,
	    half_retry, h);
}

static void
half_retry(void *arg)
{
	struct half *h = arg;

	h->retry = NULL;
	if (half_write(h, h->waiting.p, h->waiting.n, NULL, 0) ==
	    OW_EAGAIN) {
		half_retry_start(h);
		return;
	}
	bytes_done(&h->waiting);
	if (h->waiting_is_last)
		h->w->srv->close(h->w->ctx, h->stream);
}

/* Keep what must be kept until the next call, and nothing else. */
static void
half_keep(struct half *h, struct half *on_heap, void **peer)
{
	struct websocket *w = h->w;
	bool is_last_to_go = h->waiting.n && h->waiting_is_last;

	if (h->over && !is_last_to_go) {
		*peer = &w->over_mark;
	} else if (h->waiting.n || !codec_is_idle(&h->codec)) {
		if (!on_heap)
			on_heap = malloc(sizeof(*on_heap));
		if (on_heap) {
			if (on_heap != h)
				*on_heap = *h;
			*peer = on_heap;
			if (on_heap->waiting.n && !on_heap->retry)
				half_retry_start(on_heap);
			return;
		}
		half_cut(h);
		*peer = &w->over_mark;
	} else {
		*peer = websocket_mark(w, h->kind);
	}
	half_done(h);
	free(on_heap);
}

/* NULL: that is no kind. */
static const struct websocket_kind *
half_kind(const struct websocket *w,
    const void *peer)
{
	uintptr_t at = (uintptr_t)peer - (uintptr_t)w->kinds;

	if (!peer)
		return &w->kinds[0][0];
	return at < sizeof(w->kinds) ? peer : NULL;
}

void
half_data(void *self, struct ow_stream *stream, void **peer,
    struct ow_bytes in)
{
	struct websocket *w = self;
	const struct websocket_kind *kind = half_kind(w, *peer);
	struct half fresh, *h = &fresh, *on_heap = NULL;

	if (*peer == &w->over_mark)
		return;
	if (kind) {
		half_init(h, w, stream, kind);
	} else {
		h = on_heap = *peer;
		if (h->over)
			return;
	}
	*peer = NULL;
	half_read(h, peer, in);
	half_keep(h, on_heap, peer);
}

void
half_end(void *self, struct ow_stream *stream, void **peer,
    int32_t code, const char *reason)
{
	struct websocket *w = self;
	const struct websocket_kind *kind = half_kind(w, *peer);
	struct half fresh, *h = &fresh, *on_heap = NULL;

	if (*peer == &w->over_mark)
		return;
	if (kind)
		half_init(h, w, stream, kind);
	else
		h = on_heap = *peer;
	if (h->over)
		return;
	half_bye(h, code, reason, strlen(reason));
	half_keep(h, on_heap, peer);
}

void
half_closed(void *self, void **peer)
{
	struct websocket *w = self;
	struct half *h;

	if (*peer != &w->over_mark && !half_kind(w, *peer)) {
		h = *peer;
		half_free(&h);
	}
	*peer = NULL;
}


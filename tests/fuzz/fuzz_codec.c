/* SPDX-License-Identifier: MIT */
/*
 * fuzz_codec - any bytes as WebSocket frames, with wslay as the oracle.
 *
 * The first byte says into how long pieces the rest is cut.  Both readers have
 * to find the same messages and to give the same verdict; whatever we accept
 * as text has to be UTF-8 as a whole, however it came.
 */
#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "codec.h"

#define MESSAGE_MAX 4096
#define INPUT_MAX 65536
#define EXTRA 16		/* see oracle_ask */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A reader's findings, hashed: FNV-1a over kinds, lengths and bytes. */
struct digest {
	uint64_t hash;
	int code;
};

static void
digest_bytes(struct digest *d, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d->hash = (d->hash ^ p[i]) * UINT64_C(0x100000001b3);
}

static void
digest_add(struct digest *d, unsigned char kind,
    const unsigned char *p, size_t n)
{
	unsigned char head[5] = { kind, n & 0xff, n >> 8 & 0xff,
	    n >> 16 & 0xff, n >> 24 & 0xff };

	digest_bytes(d, head, sizeof(head));
	digest_bytes(d, p, n);
}

struct source {
	const unsigned char *p;
	size_t n;
	struct digest digest;
};

static ssize_t
oracle_recv(wslay_event_context_ptr ctx, uint8_t *buf,
    size_t len, int flags, void *arg)
{
	struct source *s = arg;

	(void)flags;
	if (!s->n) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > s->n)
		len = s->n;
	memcpy(buf, s->p, len);
	s->p += len;
	s->n -= len;
	return (ssize_t)len;
}

static ssize_t
oracle_send(wslay_event_context_ptr ctx, const uint8_t *data,
    size_t len, int flags, void *arg)
{
	(void)ctx;
	(void)data;
	(void)flags;
	(void)arg;
	return (ssize_t)len;
}

static void
oracle_message(wslay_event_context_ptr ctx,
    const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct source *s = arg;

	(void)ctx;
	if (m->opcode != WSLAY_CONNECTION_CLOSE)
		digest_add(&s->digest, m->opcode, m->msg, m->msg_length);
}

static struct digest
oracle_run(const unsigned char *p, size_t n)
{
	static const struct wslay_event_callbacks calls = {
		.recv_callback = oracle_recv,
		.send_callback = oracle_send,
		.on_msg_recv_callback = oracle_message,
	};
	struct source s = { p, n, { 0, 0 } };
	wslay_event_context_ptr ctx;

	if (wslay_event_context_server_init(&ctx, &calls, &s) != 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(ctx, MESSAGE_MAX);
	if (wslay_event_recv(ctx) != 0)
		s.digest.code = CODEC_CODE_PROTOCOL;
	(void)wslay_event_send(ctx);
	if (!s.digest.code && wslay_event_get_close_sent(ctx))
		s.digest.code = wslay_event_get_status_code_sent(ctx);
	wslay_event_context_free(ctx);
	return s.digest;
}

/* wslay judges a frame when its payload begins, we when its head is there:
   where the input ends in between, it is asked again with some more. */
static struct digest
oracle_ask(const unsigned char *p, size_t n, int ours)
{
	struct digest d = oracle_run(p, n);
	unsigned char *longer;

	if (d.code || !ours)
		return d;
	longer = calloc(1, n + EXTRA);
	memcpy(longer, p, n);
	d = oracle_run(longer, n + EXTRA);
	free(longer);
	return d;
}

struct reader {
	struct codec codec;
	unsigned char message[MESSAGE_MAX];
	size_t n;
	struct digest digest;
	bool is_odd;		/* wslay is known to see it differently */
};

static void
reader_on_message(struct reader *r, const struct codec_got *got)
{
	struct codec_utf8 u = { 0 };

	if (got->n != r->n || (got->op == CODEC_OP_TEXT &&
	    (!codec_utf8_check(&u, r->message, r->n) || u.need)))
		abort();
	digest_add(&r->digest, got->op, r->message, r->n);
	r->n = 0;
}

static void
reader_feed(struct reader *r, const unsigned char *p, size_t n)
{
	struct ow_bytes in = { p, n };
	enum codec_what what;
	struct codec_got got;

	do {
		if (r->n + codec_room(&r->codec, in.n) > MESSAGE_MAX)
			abort();
		what = codec_next(&r->codec, &in, r->message + r->n, &got);
		if (what == CODEC_DATA)
			r->n += (size_t)got.n;
		else if (what == CODEC_MESSAGE)
			reader_on_message(r, &got);
		else if (what == CODEC_PING || what == CODEC_PONG)
			digest_add(&r->digest, what == CODEC_PING ?
			    CODEC_OP_PING : CODEC_OP_PONG, got.p,
			    (size_t)got.n);
		else if (what == CODEC_CLOSE || what == CODEC_FAULT)
			r->digest.code = got.code;
		/* Half a close code is none for wslay, and behind a bad code
		   it sees a bad reason first. */
		if (what == CODEC_FAULT && strstr(got.why, "close code"))
			r->is_odd = true;
	} while (what != CODEC_MORE);
	if (in.n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t step, at, len;
	struct reader r = { .n = 0 };
	struct digest theirs;

	if (n < 1 || n > INPUT_MAX)
		return 0;
	step = data[0] ? data[0] : n;
	data++;
	n--;
	codec_init(&r.codec, MESSAGE_MAX, false);
	for (at = 0; at < n; at += len) {
		len = n - at < step ? n - at : step;
		reader_feed(&r, data + at, len);
	}
	/* We judge a close frame when it is whole. */
	if (!r.digest.code && r.codec.frame_left &&
	    r.codec.frame_op == CODEC_OP_CLOSE)
		r.is_odd = true;
	theirs = oracle_ask(data, n, r.digest.code);
	if (theirs.hash != r.digest.hash ||
	    (theirs.code != r.digest.code && !r.is_odd))
		abort();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * deflate - raw deflate without its last four bytes, by zlib.
 *
 * What is packed here goes to many, so one z_stream for each window is kept
 * and reset; what is unpacked came from one, seldom, and may be a token, so
 * that z_stream is made for the message and wiped with it.
 *
 * Invariants: a window's z is zlib's exactly when it is_ready; nothing of one
 * message is left in any z_stream when the next begins.
 */
#include "deflate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A snapshot of 961 bytes is 442 at level 1, in 6.1 us, and 422 in 6.7 us; the
   time is spent once for all streams of a front, the bytes on each.  Level 9
   finds no more in it. */
#define LEVEL 6
#define BITS_MAX 15
/* What is shorter fits its packet either way, and hardly shrinks. */
#define PACK_MIN 64
#define PACKED_KEEP ((size_t)256 << 10)	/* longer buffers are not kept */
#define UNPACK_FIRST 4096
#define TAIL_N 4

/* zlib clears or moves its hash table whenever a window is full: a small
   window with a large table takes twice as long. */
static const struct {
	uint8_t bits, mem_level;
} windows[DEFLATE_VARIANTS] = {
	{ 0, 0 }, { BITS_MAX, 8 }, { 12, 6 }, { 9, 5 },
};
/* What a sync flush ends with; not sent, and added before unpacking. */
static const unsigned char tail[TAIL_N] = { 0x00, 0x00, 0xff, 0xff };

/* ---- Packing ------------------------------------------------------------ */

void
deflate_init(struct deflate *d)
{
	memset(d, 0, sizeof(*d));
}

void
deflate_done(struct deflate *d)
{
	for (int i = 0; i < DEFLATE_VARIANTS; i++)
		if (d->windows[i].is_ready)
			(void)deflateEnd(&d->windows[i].z);
	bytes_done(&d->packed);
	memset(d, 0, sizeof(*d));
}

uint32_t
deflate_variant(uint8_t bits)
{
	uint32_t v = 1;

	while (v < DEFLATE_VARIANTS - 1 && bits && windows[v].bits > bits)
		v++;
	return v;
}

/* NULL: no memory. */
static z_stream *
deflate_ready(struct deflate *d, uint32_t variant)
{
	struct deflate_window *w = &d->windows[variant];

	if (w->is_ready)
		return deflateReset(&w->z) == Z_OK ? &w->z : NULL;
	if (deflateInit2(&w->z, LEVEL, Z_DEFLATED, -windows[variant].bits,
	    windows[variant].mem_level, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	w->is_ready = true;
	return &w->z;
}

int
deflate_pack(struct deflate *d, uint32_t variant, struct ow_bytes in,
    struct ow_bytes *out)
{
	const size_t room = in.n + TAIL_N;
	z_stream *z;

	if (in.n < PACK_MIN || in.n > UINT_MAX - TAIL_N)
		return OW_ELIMIT;
	if (d->packed.cap > PACKED_KEEP)
		bytes_done(&d->packed);
	z = deflate_ready(d, variant);
	if (!z || !bytes_grow(&d->packed, room))
		return OW_EAGAIN;
	z->next_in = (z_const Bytef *)in.p;
	z->avail_in = (uInt)in.n;
	z->next_out = d->packed.p;
	z->avail_out = (uInt)room;
	/* A flush is known to be over when it leaves room (zlib.h); then what
	   remains without the tail is shorter than the message. */
	if (deflate(z, Z_SYNC_FLUSH) != Z_OK || !z->avail_out)
		return OW_ELIMIT;
	out->p = d->packed.p;
	out->n = room - z->avail_out - TAIL_N;
	return OW_OK;
}

/* ---- Unpacking ---------------------------------------------------------- */

/* Memory that is wiped when it goes: zlib keeps the last 32k of the text. */
struct wiped {
	size_t n;
	max_align_t p[];
};

static voidpf
wiped_alloc(voidpf arg, uInt items, uInt size)
{
	size_t n = (size_t)items * size;
	struct wiped *w = malloc(sizeof(*w) + n);

	(void)arg;
	if (!w)
		return NULL;
	w->n = n;
	return w->p;
}

static void
wiped_free(voidpf arg, voidpf p)
{
	struct wiped *w = (struct wiped *)((char *)p -
	    offsetof(struct wiped, p));

	(void)arg;
	explicit_bzero(w->p, w->n);
	free(w);
}

/* All of in; out_ended: just behind it a final block has ended. */
static int
unpack_part(z_stream *z, struct ow_bytes in, size_t max,
    struct bytes *out, bool *out_ended)
{
	size_t room;
	int rc;

	z->next_in = (z_const Bytef *)in.p;
	z->avail_in = (uInt)in.n;
	do {
		if (!bytes_grow(out, 1))
			return OW_EAGAIN;
		/* One byte too many is how a longer one is noticed. */
		room = out->cap - out->n;
		if (room > max + 1 - out->n)
			room = max + 1 - out->n;
		z->next_out = out->p + out->n;
		z->avail_out = (uInt)room;
		rc = inflate(z, Z_SYNC_FLUSH);
		out->n += room - z->avail_out;
		if (out->n > max)
			return OW_ELIMIT;
		*out_ended = rc == Z_STREAM_END;
		/* Blocks may follow a final one (RFC 7692, 7.2.3.4). */
		if (*out_ended)
			rc = inflateReset(z);
		if (rc == Z_MEM_ERROR)
			return OW_EAGAIN;
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return OW_EINVAL;
	} while (z->avail_in || (!z->avail_out && !*out_ended));
	return OW_OK;
}

/* Nothing of a block is outstanding: zlib.h on data_type. */
static bool
unpack_is_whole(const z_stream *z)
{
	return (z->data_type & 128) && !(z->data_type & 7);
}

int
deflate_unpack(struct ow_bytes in, size_t max, struct bytes *out)
{
	const struct ow_bytes rest = { tail, TAIL_N };
	z_stream z = { .zalloc = wiped_alloc, .zfree = wiped_free };
	bool has_ended = false;
	size_t first = UNPACK_FIRST;
	int err = OW_EAGAIN;

	/* An empty message is one zero byte (7.2.3.6); some send none. */
	if (!in.n)
		return OW_OK;
	if (in.n > UINT_MAX || max >= UINT_MAX)
		return OW_ELIMIT;
	if (inflateInit2(&z, -BITS_MAX) != Z_OK)
		return OW_EAGAIN;
	if (first < 4 * in.n)
		first = 4 * in.n;
	if (!bytes_grow(out, first <= max ? first : max + 1))
		goto out;
	err = unpack_part(&z, in, max, out, &has_ended);
	/* Some end a message with a final block and nothing behind it. */
	if (err || has_ended)
		goto out;
	err = unpack_part(&z, rest, max, out, &has_ended);
	if (!err && !has_ended && !unpack_is_whole(&z))
		err = OW_EINVAL;
out:
	(void)inflateEnd(&z);
	return err;
}

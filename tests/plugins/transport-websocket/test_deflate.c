/* SPDX-License-Identifier: MIT */
/*
 * test_deflate - permessage-deflate: what is agreed to, and every message with
 * zlib as the peer.
 *
 * The peer packs and unpacks with its own z_stream, of the window that was
 * agreed on: a message that needs more of a window, or of an earlier message,
 * does not come out whole.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "../srvhost.h"
#include "deflate.h"
#include "extension.h"
#include "websocket.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define PD "permessage-deflate"
#define NO_CONTEXT "; server_no_context_takeover; client_no_context_takeover"
#define BIG (1u << 20)
#define SCRATCH (BIG + BIG / 64)

static const struct websocket_conf off_conf = { .echo = true };
static const struct websocket_conf on_conf = { .echo = true,
	.compress = true };
static const struct websocket_conf small_conf = { .echo = true,
	.compress = true, .message_max = 10000 };

/* ---- The peer ----------------------------------------------------------- */

/* Packs with a flush (and without its tail) or with a final block. */
static size_t
peer_pack(const void *p, size_t n, int bits, bool is_final,
    unsigned char *out)
{
	z_stream z = { 0 };
	size_t made;

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, -bits, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (z_const Bytef *)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = SCRATCH;
	(void)deflate(&z, is_final ? Z_FINISH : Z_SYNC_FLUSH);
	ck_assert_uint_gt(z.avail_out, 0);
	made = SCRATCH - z.avail_out - (is_final ? 0 : 4);
	(void)deflateEnd(&z);
	return made;
}

/* In small steps: zlib only looks into its window for what is no longer in the
   output, so that only then too large a distance is found. */
static void
peer_inflate(z_stream *z, const void *p, size_t n)
{
	int rc;

	z->next_in = (z_const Bytef *)p;
	z->avail_in = (uInt)n;
	do {
		z->avail_out = 16;
		rc = inflate(z, Z_SYNC_FLUSH);
		/* The latter: the step before had made everything. */
		ck_assert(rc == Z_OK || rc == Z_BUF_ERROR);
	} while (z->avail_in || !z->avail_out);
}

static size_t
peer_unpack(const unsigned char *p, size_t n, int bits,
    unsigned char *out)
{
	z_stream z = { 0 };

	ck_assert_int_eq(inflateInit2(&z, -bits), Z_OK);
	z.next_out = out;
	peer_inflate(&z, p, n);
	peer_inflate(&z, "\0\0\xff\xff", 4);
	(void)inflateEnd(&z);
	return z.total_out;
}

/* Text that shrinks, with repetitions at every distance. */
static void
make_text(char *out, size_t n)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		if (i > 40 && seed >> 31)
			out[i] = out[i - 1 - (seed >> 8) % (i / 2)];
		else
			out[i] = "etaoinshrdlu \"{}:,"[(seed >> 16) % 18];
	}
}

static void
make_noise(unsigned char *out, size_t n)
{
	uint32_t seed = 7;

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		out[i] = (unsigned char)(seed >> 24);
	}
}

/* One whole frame of the peer's, masked with zeros. */
static void
send_frame(struct srvhost *h, int first, const void *p, size_t n)
{
	unsigned char *frame = calloc(1, n + 14);
	size_t head = 2, more = n < 126 ? 0 : n < 65536 ? 2 : 8;

	frame[0] = (unsigned char)first;
	frame[1] = (unsigned char)(0x80 | (!more ? n : more == 2 ? 126 : 127));
	for (size_t i = 0; i < more; i++)
		frame[head++] = (unsigned char)(n >> 8 * (more - 1 - i));
	head += 4;
	if (n)
		memcpy(frame + head, p, n);
	srvhost_data(h, frame, head + n);
	free(frame);
}

/* The payload of the one frame that was written. */
static size_t
frame_body(const unsigned char *p, size_t n,
    const unsigned char **out)
{
	size_t len = p[1], head = 2, more;

	ck_assert_uint_lt(len, 128);
	more = len < 126 ? 0 : len == 126 ? 2 : 8;
	if (more)
		len = 0;
	for (size_t i = 0; i < more; i++)
		len = len << 8 | p[head++];
	ck_assert_uint_eq(head + len, n);
	*out = p + head;
	return len;
}

static void
say_hello(struct srvhost *h, const char *offer)
{
	srvhost_reset(h);
	srvhost_header(h, "Upgrade", "websocket");
	srvhost_header(h, "Connection", "Upgrade");
	srvhost_header(h, "Sec-WebSocket-Version", "13");
	srvhost_header(h, "Sec-WebSocket-Key", KEY);
	srvhost_header(h, "Sec-WebSocket-Extensions", offer);
}

static void
open_stream(struct srvhost *h, const char *route,
    const char *offer)
{
	say_hello(h, offer);
	ck_assert(srvhost_call(h, route, "GET", ""));
	ck_assert_uint_eq(h->n_opens, 1);
}

static void
assert_closed_with(const struct srvhost *h, int code)
{
	ck_assert_uint_eq(h->n_closes, 1);
	ck_assert_uint_ge(h->written_n, 4);
	ck_assert_int_eq(h->written[0], 0x88);
	ck_assert_int_eq(h->written[2] << 8 | h->written[3], code);
}

/* ---- Offers ------------------------------------------------------------- */

/* ours 0: declined, -1: malformed; theirs is not looked at then. */
static const struct {
	const char *list;
	int ours, theirs;
} offers[] = {
	{ PD, 1, 0 },
	{ PD "; client_max_window_bits", 1, 0 },
	{ PD "; client_max_window_bits=8", 1, 8 },
	{ PD "; client_max_window_bits=15", 1, 15 },
	{ PD "; server_max_window_bits=15", 15, 0 },
	{ PD "; server_max_window_bits=9;client_max_window_bits=9", 9, 9 },
	{ PD NO_CONTEXT, 1, 0 },
	{ PD " ;\tserver_max_window_bits = \"1\\0\"\t", 10, 0 },
	{ ", ," PD ",", 1, 0 },
	{ "x-other; a=1; b=\"2\"; c, " PD, 1, 0 },
	{ "x-other; server_max_window_bits=99", 0, 0 },
	/* The next one is taken when the first is declined. */
	{ PD "; server_max_window_bits=8, " PD, 1, 0 },
	{ PD "; what, " PD "; server_max_window_bits=12", 12, 0 },
	{ PD "; server_max_window_bits=11, " PD, 11, 0 },
	/* Declined. */
	{ NULL, 0, 0 },
	{ "", 0, 0 },
	{ " , ", 0, 0 },
	{ "permessage-deflat", 0, 0 },
	{ "permessage-deflate2", 0, 0 },
	{ "x-webkit-deflate-frame", 0, 0 },
	{ PD "; server_max_window_bits=8", 0, 0 },
	{ PD "; server_max_window_bits", 0, 0 },
	{ PD "; server_max_window_bits=7", 0, 0 },
	{ PD "; server_max_window_bits=16", 0, 0 },
	{ PD "; server_max_window_bits=010", 0, 0 },
	{ PD "; server_max_window_bits=1", 0, 0 },
	{ PD "; server_max_window_bits=150", 0, 0 },
	{ PD "; server_max_window_bits=1000000000010", 0, 0 },
	{ PD "; server_max_window_bits=-9", 0, 0 },
	{ PD "; client_max_window_bits=7", 0, 0 },
	{ PD "; client_max_window_bits=16", 0, 0 },
	{ PD "; client_max_window_bits=1x", 0, 0 },
	{ PD "; server_no_context_takeover=1", 0, 0 },
	{ PD "; client_no_context_takeover=\"true\"", 0, 0 },
	{ PD "; client_max_window_bits; client_max_window_bits", 0, 0 },
	{ PD "; server_max_window_bits=9; server_max_window_bits=9", 0, 0 },
	{ PD "; server_no_context_takeover; server_no_context_takeover", 0,
	    0 },
	{ PD "; unknown", 0, 0 },
	{ PD "; unknown=10", 0, 0 },
	{ PD "; Server_Max_Window_Bits=10", 0, 0 },
	/* Malformed, wherever it is. */
	{ PD ";", -1, 0 },
	{ PD "; ;client_max_window_bits", -1, 0 },
	{ PD "; client_max_window_bits=", -1, 0 },
	{ PD "; client_max_window_bits=\"\"", -1, 0 },
	{ PD "; client_max_window_bits=\"10", -1, 0 },
	{ PD "; client_max_window_bits=\"10\\", -1, 0 },
	{ PD "; client_max_window_bits=\"10\\\"", -1, 0 },
	{ PD "; client_max_window_bits=\"1 0\"", -1, 0 },
	{ PD "; client_max_window_bits=10 11", -1, 0 },
	{ PD "; client_max_window_bits=10=11", -1, 0 },
	{ PD " x", -1, 0 },
	{ PD ", =", -1, 0 },
	{ "\"" PD "\"", -1, 0 },
	{ PD ", x-\xc3\xa9", -1, 0 },
	{ "; " PD, -1, 0 },
};

#define N_OFFERS (sizeof(offers) / sizeof(offers[0]))

START_TEST(offers_are_taken_declined_or_refused)
{
	struct extension_deflate d;
	int got;

	for (size_t i = 0; i < N_OFFERS; i++) {
		memset(&d, 0xee, sizeof(d));
		got = extension_find(offers[i].list, &d);
		ck_assert_msg(got == (offers[i].ours < 0 ? OW_EINVAL :
		    offers[i].ours > 0), "%s: %d", offers[i].list, got);
		if (got != 1) {
			ck_assert_int_eq(d.server_bits, 0xee);
			continue;
		}
		ck_assert_msg(d.server_bits == (offers[i].ours == 1 ? 0 :
		    offers[i].ours) && d.client_bits == offers[i].theirs,
		    "%s: %d %d", offers[i].list, d.server_bits, d.client_bits);
	}
}
END_TEST

/* An answer to what was not offered would make a client fail. */
START_TEST(the_answer_names_what_was_offered_and_no_context)
{
	static const struct {
		const char *offer, *answer;
	} rows[] = {
		{ PD, "" },
		{ PD "; client_max_window_bits", "" },
		{ PD "; client_max_window_bits=10",
		    "; client_max_window_bits=10" },
		{ PD "; client_max_window_bits=15; server_max_window_bits=15",
		    "; server_max_window_bits=15; client_max_window_bits=15" },
		{ PD "; server_max_window_bits=13",
		    "; server_max_window_bits=13" },
	};
	char line[256];
	struct srvhost h;

	srvhost_init(&h, &on_conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_stream(&h, "/ws/kitchen", rows[i].offer);
		ck_assert_uint_gt(h.open.variant, 0);
		ck_assert_uint_le(h.open.variant, 3);
		(void)snprintf(line, sizeof(line),
		    "\r\nSec-WebSocket-Extensions: " PD NO_CONTEXT
		    "%s\r\n\r\n", rows[i].answer);
		ck_assert_msg(strstr(h.open_head, line) != NULL, "%s",
		    h.open_head);
	}
	srvhost_done(&h);
}
END_TEST

START_TEST(without_an_agreement_nothing_is_packed)
{
	struct srvhost h;
	char out[1024], text[600];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int on = 0; on < 2; on++) {
		srvhost_init(&h, on ? &on_conf : &off_conf);
		/* What a server does not speak it need not understand. */
		open_stream(&h, "/ws/kitchen", on ? "x-other" : PD " ;=");
		ck_assert_uint_eq(h.open.variant, 0);
		ck_assert_ptr_null(h.open.peer);
		ck_assert_ptr_null(strstr(h.open_head, "Extensions"));
		ck_assert_uint_eq(srvhost_frame(&h, "order.snapshot", 1, text,
		    out, sizeof(out)), 4 + 599);
		ck_assert_int_eq((unsigned char)out[0], 0x81);
		send_frame(&h, 0xc1, "\x00", 1);
		assert_closed_with(&h, 1002);
		srvhost_done(&h);
	}
	srvhost_init(&h, &on_conf);
	say_hello(&h, PD " ;=");
	ck_assert(srvhost_call(&h, "/ws/kitchen", "GET", ""));
	ck_assert_int_eq(h.status, 400);
	srvhost_done(&h);
}
END_TEST

/* ---- To the peer -------------------------------------------------------- */

/* Each with the window that was offered: one byte of distance too much is
   an error of the peer's zlib. */
START_TEST(what_is_packed_fits_the_offered_window)
{
	static const size_t sizes[] = { 64, 200, 511, 513, 2000, 5000, 40000 };
	unsigned char *back = malloc(SCRATCH);
	const unsigned char *body;
	char offer[64], *text = calloc(1, 40001), *out = malloc(65536);
	struct srvhost h;
	size_t n;

	srvhost_init(&h, &on_conf);
	for (int bits = 9; bits <= 15; bits++) {
		(void)snprintf(offer, sizeof(offer),
		    PD "; server_max_window_bits=%d", bits);
		open_stream(&h, "/ws/kitchen", offer);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			make_text(text, sizes[i]);
			text[sizes[i]] = '\0';
			n = srvhost_frame(&h, "order.snapshot", 1, text, out,
			    65536);
			if ((unsigned char)out[0] == 0x81 && sizes[i] < 200)
				continue;
			ck_assert_int_eq((unsigned char)out[0], 0xc1);
			n = frame_body((unsigned char *)out, n, &body);
			ck_assert_uint_lt(n, sizes[i]);
			ck_assert_uint_eq(peer_unpack(body, n, bits, back),
			    sizes[i]);
			ck_assert_mem_eq(back, text, sizes[i]);
		}
	}
	srvhost_done(&h);
	free(back);
	free(text);
	free(out);
}
END_TEST

START_TEST(what_is_short_or_does_not_shrink_goes_out_plain)
{
	char text[201], out[512];
	struct srvhost h;
	size_t n;

	srvhost_init(&h, &on_conf);
	open_stream(&h, "/ws/kitchen", PD);
	n = srvhost_frame(&h, "heartbeat", 0, "{}", out, sizeof(out));
	ck_assert_uint_eq(n, 6);
	ck_assert_mem_eq(out, "\x81\x02{}\x89\x00", 6);
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	(void)srvhost_frame(&h, "x", 1, text, out, sizeof(out));
	ck_assert_int_eq((unsigned char)out[0], 0x81);
	text[63] = 'a';
	text[64] = '\0';
	(void)srvhost_frame(&h, "x", 1, text, out, sizeof(out));
	ck_assert_int_eq((unsigned char)out[0], 0xc1);
	make_noise((unsigned char *)text, 200);
	for (int i = 0; i < 200; i++)
		text[i] = text[i] ? text[i] : 1;
	text[200] = '\0';
	n = srvhost_frame(&h, "x", 1, text, out, sizeof(out));
	ck_assert_int_eq((unsigned char)out[0], 0x81);
	ck_assert_uint_eq(n, 4 + 200);
	ck_assert_mem_eq(out + 4, text, 200);
	srvhost_done(&h);
}
END_TEST

/* ---- From the peer ------------------------------------------------------ */

static void
echo_one(struct srvhost *h, int op, const void *p, size_t n,
    int bits, size_t piece)
{
	unsigned char *packed = malloc(SCRATCH), *back = malloc(SCRATCH);
	const unsigned char *body;
	size_t len = peer_pack(p, n, bits, false, packed), at = 0, step;

	free(h->written);
	h->written = NULL;
	h->written_n = 0;
	do {
		step = len - at < piece ? len - at : piece;
		send_frame(h, (at ? 0 : 0x40 | op) |
		    (at + step == len ? 0x80 : 0), packed + at, step);
		at += step;
	} while (at < len);
	ck_assert_uint_eq(h->n_closes, 0);
	len = frame_body(h->written, h->written_n, &body);
	ck_assert_int_eq(h->written[0] & 0x8f, 0x80 | op);
	if (h->written[0] & 0x40) {
		ck_assert_uint_lt(len, n);
		len = peer_unpack(body, len, 15, back);
		body = back;
	}
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(body, p, n);
	free(packed);
	free(back);
}

START_TEST(echo_unpacks_and_packs_every_size)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 125, 126, 127, 4095,
		4096, 65535, 65536, BIG };
	char *text = malloc(BIG);
	struct srvhost h;

	srvhost_init(&h, &on_conf);
	open_stream(&h, "/ws/echo", PD "; client_max_window_bits");
	make_text(text, BIG);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int bits = 9; bits <= 15; bits += 3)
			echo_one(&h, 1, text, sizes[i], bits, SIZE_MAX);
		echo_one(&h, 1, text, sizes[i], 15, sizes[i] / 7 + 1);
	}
	make_noise((unsigned char *)text, BIG);
	echo_one(&h, 2, text, BIG, 15, 1000);
	/* Nothing is kept of it: the mark is back. */
	ck_assert_ptr_eq(h.peer, h.open.peer);
	srvhost_done(&h);
	free(text);
}
END_TEST

START_TEST(packed_and_plain_messages_may_alternate)
{
	struct srvhost h;

	srvhost_init(&h, &on_conf);
	open_stream(&h, "/ws/kitchen", PD);
	/* "Hello" in a fixed block, stored, and final (RFC 7692, 7.2.3). */
	send_frame(&h, 0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
	ck_assert_str_eq(h.message, "Hello");
	send_frame(&h, 0x81, "plain", 5);
	ck_assert_str_eq(h.message, "plain");
	send_frame(&h, 0xc1, "\x00\x05\x00\xfa\xffHello\x00", 11);
	ck_assert_str_eq(h.message, "Hello");
	send_frame(&h, 0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8);
	ck_assert_str_eq(h.message, "Hello");
	send_frame(&h, 0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00", 7);
	ck_assert_str_eq(h.message, "Hello");
	send_frame(&h, 0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9"
	    "\x07\x00", 13);
	ck_assert_str_eq(h.message, "Hello");
	send_frame(&h, 0xc1, "\x00", 1);
	ck_assert_str_eq(h.message, "");
	send_frame(&h, 0xc1, "", 0);
	ck_assert_str_eq(h.message, "");
	/* A ping stands between fragments, never packed. */
	send_frame(&h, 0x41, "\xf2\x48", 2);
	send_frame(&h, 0x89, "hi", 2);
	send_frame(&h, 0x80, "\xcd\xc9\xc9\x07\x00", 5);
	ck_assert_str_eq(h.message, "Hello");
	ck_assert_uint_eq(h.written_n, 4);
	ck_assert_mem_eq(h.written, "\x8a\x02hi", 4);
	ck_assert_uint_eq(h.n_messages, 9);
	ck_assert_uint_eq(h.n_closes, 0);
	ck_assert_ptr_eq(h.peer, h.open.peer);
	srvhost_done(&h);
}
END_TEST

/* The message before is no context for the next, whatever the peer thinks. */
START_TEST(no_context_is_taken_over)
{
	unsigned char first[512], both[512];
	z_stream z = { 0 };
	struct srvhost h;
	size_t n;

	srvhost_init(&h, &on_conf);
	open_stream(&h, "/ws/kitchen", PD);
	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, 0), Z_OK);
	z.next_in = (z_const Bytef *)"abcdefghijklmnopqrstuvwxyz";
	z.avail_in = 26;
	z.next_out = first;
	z.avail_out = sizeof(first);
	(void)deflate(&z, Z_SYNC_FLUSH);
	send_frame(&h, 0xc1, first, sizeof(first) - z.avail_out - 4);
	ck_assert_uint_eq(h.n_messages, 1);
	z.next_in = (z_const Bytef *)"abcdefghijklmnopqrstuvwxyz";
	z.avail_in = 26;
	z.next_out = both;
	z.avail_out = sizeof(both);
	(void)deflate(&z, Z_SYNC_FLUSH);
	n = sizeof(both) - z.avail_out - 4;
	ck_assert_uint_lt(n, 10);
	send_frame(&h, 0xc1, both, n);
	ck_assert_uint_eq(h.n_messages, 1);
	assert_closed_with(&h, 1007);
	(void)deflateEnd(&z);
	srvhost_done(&h);
}
END_TEST

START_TEST(a_peer_that_packs_badly_is_told_why)
{
	static const struct {
		int first;
		const char *bytes;
		size_t n;
		int code;
	} rows[] = {
		{ 0xc1, "\xff\xff\xff", 3, 1007 },	/* no such block */
		{ 0xc1, "\x06", 1, 1007 },
		{ 0xc1, "\xf2\x48\xcd\xc9", 4, 1007 },	/* cut off */
		{ 0xc1, "\xf2\x48\xcd\xc9\xc9\x07", 6, 1007 },
		{ 0xc1, "\x00\x05\x00\xfa\xffHel", 8, 1007 },
		{ 0xc1, "\x00\x05\x00\xfb\xffHello\x00", 11, 1007 },
		{ 0xc1, "\x4b\x04\x83\x00", 4, 1007 },	/* before the text */
		{ 0xc1, "\x00\x00\x00\xff\xff\x00\x00\xff\xff", 9, 1007 },
		{ 0xc1, "\x00\x01\x00\xfe\xff\xff\x00", 7, 1007 },  /* UTF-8 */
		{ 0xc1, "\x00\x01\x00\xfe\xff\xc3\x00", 7, 1007 },
		{ 0xc2, "\x00", 1, 1003 },
		{ 0xc0, "\x00", 1, 1002 },
		{ 0xc9, "", 0, 1002 },
		{ 0xc8, "", 0, 1002 },
		{ 0xa1, "", 0, 1002 },
		{ 0x91, "", 0, 1002 },
	};
	struct srvhost h;

	srvhost_init(&h, &on_conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_stream(&h, "/ws/kitchen", PD);
		send_frame(&h, rows[i].first, rows[i].bytes, rows[i].n);
		ck_assert_msg(h.n_messages == 0 && h.n_closes == 1, "%zu", i);
		assert_closed_with(&h, rows[i].code);
		send_frame(&h, 0xc1, "\x00", 1);
		ck_assert_uint_eq(h.n_messages, 0);
	}
	open_stream(&h, "/ws/kitchen", PD);	/* the bit in a continuation */
	send_frame(&h, 0x41, "\xf2\x48", 2);
	send_frame(&h, 0xc0, "\xcd\xc9\xc9\x07\x00", 5);
	assert_closed_with(&h, 1002);
	srvhost_done(&h);
}
END_TEST

/* A bomb would show as memory beyond the limit; the limit itself is fine. */
START_TEST(a_message_may_not_grow_above_message_max)
{
	unsigned char *packed = malloc(SCRATCH);
	char *text = calloc(1, BIG);
	struct srvhost h;
	size_t n;

	srvhost_init(&h, &small_conf);
	memset(text, 'a', BIG);
	for (size_t len = 9990; len < 10010; len++) {
		open_stream(&h, "/ws/echo", PD);
		n = peer_pack(text, len, 15, len & 1, packed);
		send_frame(&h, 0xc1, packed, n);
		if (len <= 10000)
			ck_assert_uint_eq(h.n_closes, 0);
		else
			assert_closed_with(&h, 1009);
	}
	open_stream(&h, "/ws/echo", PD);
	n = peer_pack(text, BIG, 15, false, packed);
	ck_assert_uint_lt(n, 10000);
	send_frame(&h, 0xc1, packed, n);
	assert_closed_with(&h, 1009);
	/* What cannot be packed is longer than its text. */
	open_stream(&h, "/ws/echo", PD);
	make_noise((unsigned char *)text, BIG);
	n = peer_pack(text, 10000, 15, false, packed);
	ck_assert_uint_gt(n, 10000);
	send_frame(&h, 0xc2, packed, n);
	ck_assert_uint_eq(h.n_closes, 0);
	open_stream(&h, "/ws/echo", PD);
	send_frame(&h, 0xc2, text, 10200);
	assert_closed_with(&h, 1009);
	open_stream(&h, "/ws/echo", PD);
	send_frame(&h, 0x82, text, 10001);
	assert_closed_with(&h, 1009);
	srvhost_done(&h);
	free(packed);
	free(text);
}
END_TEST

/* The host's own word must not get lost between struct and mark. */
START_TEST(packed_streams_end_like_others)
{
	struct srvhost h;

	srvhost_init(&h, &on_conf);
	open_stream(&h, "/ws/kitchen", PD);
	h.end_in_message = 4003;
	send_frame(&h, 0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
	assert_closed_with(&h, 4003);
	open_stream(&h, "/ws/kitchen", PD);
	srvhost_end(&h, 1001, "bye");
	assert_closed_with(&h, 1001);
	open_stream(&h, "/ws/kitchen", PD);
	send_frame(&h, 0x41, "\xf2\x48", 2);
	ck_assert_ptr_ne(h.peer, h.open.peer);
	srvhost_end(&h, 1001, "bye");
	assert_closed_with(&h, 1001);
	open_stream(&h, "/ws/kitchen", PD);
	h.message_err = OW_EINVAL;
	send_frame(&h, 0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
	assert_closed_with(&h, 4400);
	srvhost_done(&h);
}
END_TEST

START_TEST(packed_echoes_wait_for_room_in_order)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	struct srvhost h;
	size_t n;

	srvhost_init(&h, &on_conf);
	open_stream(&h, "/ws/echo", PD);
	h.is_full = true;
	send_frame(&h, 0x81, text, sizeof(text) - 1);
	send_frame(&h, 0x81, "b", 1);
	h.is_full = false;
	srvhost_fire(&h);
	ck_assert_int_eq(h.written[0], 0xc1);
	n = h.written[1];
	ck_assert_uint_eq(h.written_n, 2 + n + 3);
	ck_assert_mem_eq(h.written + 2 + n, "\x81\x01" "b", 3);
	srvhost_done(&h);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deflate");
	TCase *tc = tcase_create("deflate");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, offers_are_taken_declined_or_refused);
	tcase_add_test(tc, the_answer_names_what_was_offered_and_no_context);
	tcase_add_test(tc, without_an_agreement_nothing_is_packed);
	tcase_add_test(tc, what_is_packed_fits_the_offered_window);
	tcase_add_test(tc, what_is_short_or_does_not_shrink_goes_out_plain);
	tcase_add_test(tc, echo_unpacks_and_packs_every_size);
	tcase_add_test(tc, packed_and_plain_messages_may_alternate);
	tcase_add_test(tc, no_context_is_taken_over);
	tcase_add_test(tc, a_peer_that_packs_badly_is_told_why);
	tcase_add_test(tc, a_message_may_not_grow_above_message_max);
	tcase_add_test(tc, packed_streams_end_like_others);
	tcase_add_test(tc, packed_echoes_wait_for_room_in_order);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * test_codec - frames, as RFC 6455 has them and as wslay reads them.
 *
 * Tables pin every refusal and its close code; then random streams, valid and
 * damaged, cut at random places, have to give the same messages and the same
 * verdict as wslay gives.  The random numbers are the same in each run.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "codec.h"

#define NOTES_MAX (1u << 20)

/* What a reader made of a stream, as text: two readers agree when equal. */
struct notes {
	unsigned char *p;
	size_t n;
	int code;		/* of the fault or close, 0: still reading */
};

static void
note(struct notes *t, int kind, const void *p, size_t n)
{
	ck_assert_uint_lt(t->n + n + 6, NOTES_MAX);
	t->p[t->n++] = (unsigned char)kind;
	for (int i = 0; i < 4; i++)
		t->p[t->n++] = (unsigned char)(n >> 8 * i);
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
}

static void
notes_init(struct notes *t)
{
	t->p = malloc(NOTES_MAX);
	t->n = 0;
	t->code = 0;
}

/* ---- Our reader --------------------------------------------------------- */

struct reader {
	struct codec codec;
	unsigned char *message;
	size_t n;
	struct notes notes;
	const char *why;
};

static void
reader_init(struct reader *r, uint64_t max, bool rsv1_ok)
{
	codec_init(&r->codec, max, rsv1_ok);
	r->message = malloc(NOTES_MAX);
	r->n = 0;
	r->why = NULL;
	notes_init(&r->notes);
}

static void
reader_done(struct reader *r)
{
	free(r->message);
	free(r->notes.p);
}

static void
reader_feed(struct reader *r, const void *p, size_t n)
{
	struct ow_bytes in = { p, n };
	enum codec_what what;
	struct codec_got got;

	do {
		ck_assert_uint_le(r->n + codec_room(&r->codec, in.n),
		    NOTES_MAX);
		what = codec_next(&r->codec, &in, r->message + r->n, &got);
		if (what == CODEC_DATA)
			r->n += got.n;
		if (what == CODEC_MESSAGE) {
			ck_assert_uint_eq(got.n, r->n);
			note(&r->notes, got.op, r->message, r->n);
			r->n = 0;
		}
		if (what == CODEC_PING)
			note(&r->notes, CODEC_OP_PING, got.p, got.n);
		if (what == CODEC_PONG)
			note(&r->notes, CODEC_OP_PONG, got.p, got.n);
		if (what == CODEC_CLOSE || what == CODEC_FAULT) {
			ck_assert_int_eq(r->notes.code, 0);
			r->notes.code = got.code;
			r->why = got.why;
		}
	} while (what != CODEC_MORE);
	ck_assert_uint_eq(in.n, 0);
}

/* ---- Making frames ------------------------------------------------------ */

struct wire {
	unsigned char *p;
	size_t n;
};

static void
put_frame(struct wire *w, int first, const void *payload, size_t n,
    uint32_t mask)
{
	unsigned char *p = w->p + w->n;
	unsigned char key[4];
	size_t at = 2;

	memcpy(key, &mask, 4);
	p[0] = (unsigned char)first;
	if (n < 126) {
		p[1] = (unsigned char)(0x80 | n);
	} else if (n < 65536) {
		p[1] = 0x80 | 126;
		p[at++] = (unsigned char)(n >> 8);
		p[at++] = (unsigned char)n;
	} else {
		p[1] = 0x80 | 127;
		for (int i = 7; i >= 0; i--)
			p[at++] = (unsigned char)((uint64_t)n >> 8 * i);
	}
	memcpy(p + at, key, 4);
	at += 4;
	for (size_t i = 0; i < n; i++)
		p[at + i] = ((const unsigned char *)payload)[i] ^ key[i & 3];
	w->n += at + n;
}

/* ---- Tables ------------------------------------------------------------- */

struct row {
	const char *what;
	const char *bytes;
	size_t n;
	int code;
};

#define ROW(what, bytes, code) { what, bytes, sizeof(bytes) - 1, code }
#define MASK "\0\0\0\0"		/* a mask that changes nothing */

static const struct row faults[] = {
	ROW("RSV1", "\xc1\x80" MASK, 1002),
	ROW("RSV2", "\xa1\x80" MASK, 1002),
	ROW("RSV3", "\x91\x80" MASK, 1002),
	ROW("RSV1 of a ping", "\xc9\x80" MASK, 1002),
	ROW("opcode 3", "\x83\x80" MASK, 1002),
	ROW("opcode 4", "\x84\x80" MASK, 1002),
	ROW("opcode 5", "\x85\x80" MASK, 1002),
	ROW("opcode 6", "\x86\x80" MASK, 1002),
	ROW("opcode 7", "\x87\x80" MASK, 1002),
	ROW("opcode 11", "\x8b\x80" MASK, 1002),
	ROW("opcode 12", "\x8c\x80" MASK, 1002),
	ROW("opcode 13", "\x8d\x80" MASK, 1002),
	ROW("opcode 14", "\x8e\x80" MASK, 1002),
	ROW("opcode 15", "\x8f\x80" MASK, 1002),
	ROW("no mask", "\x81\x01" "a", 1002),
	ROW("no mask, by two bytes alone", "\x81\x01", 1002),
	ROW("fragmented ping", "\x09\x80" MASK, 1002),
	ROW("fragmented pong", "\x0a\x80" MASK, 1002),
	ROW("fragmented close", "\x08\x80" MASK, 1002),
	ROW("ping of 126", "\x89\xfe\x00\x7e" MASK, 1002),
	ROW("close of 126", "\x88\xfe\x00\x7e" MASK, 1002),
	ROW("ping with a 64-bit length", "\x89\xff", 1002),
	ROW("125 in 16 bits", "\x81\xfe\x00\x7d" MASK, 1002),
	ROW("0 in 16 bits", "\x81\xfe\x00\x00" MASK, 1002),
	ROW("65535 in 64 bits", "\x82\xff\0\0\0\0\0\0\xff\xff" MASK, 1002),
	ROW("2^63", "\x82\xff\x80\0\0\0\0\0\0\0" MASK, 1002),
	ROW("2^63, before its mask", "\x82\xff\x80\0\0\0\0\0\0\0", 1002),
	ROW("2^64 - 1",
	    "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" MASK, 1002),
	ROW("continuation of nothing", "\x80\x80" MASK, 1002),
	ROW("continuation of nothing, not final", "\x00\x80" MASK, 1002),
	ROW("continuation after the end",
	    "\x81\x80" MASK "\x80\x80" MASK, 1002),
	ROW("text in a text", "\x01\x80" MASK "\x81\x80" MASK, 1002),
	ROW("binary in a text", "\x01\x80" MASK "\x82\x80" MASK, 1002),
	ROW("half a close code", "\x88\x81" MASK "\x03", 1002),
	ROW("close reason not UTF-8",
	    "\x88\x83" MASK "\x03\xe8\xff", 1007),
	ROW("close reason cut in a character",
	    "\x88\x83" MASK "\x03\xe8\xc3", 1007),
	ROW("text not UTF-8", "\x81\x81" MASK "\xff", 1007),
	ROW("text cut in a character", "\x81\x81" MASK "\xc3", 1007),
	ROW("text cut in a character, by fragments",
	    "\x01\x81" MASK "\xc3" "\x80\x80" MASK, 1007),
	ROW("too long at once", "\x81\xfe\x01\x01" MASK, 1009),
	ROW("too long by its second frame",
	    "\x02\x81" MASK "a" "\x80\xfe\x01\x00" MASK, 1009),
	ROW("2^62", "\x82\xff\x40\0\0\0\0\0\0\0" MASK, 1009),
};

START_TEST(every_breach_has_its_close_code)
{
	/* Whole, and byte by byte: a breach that only shows in one of the
	   two ways would give another code, or none. */
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (int cut = 0; cut < 2; cut++) {
			struct reader r;
			size_t step = cut ? 1 : faults[i].n;

			reader_init(&r, 256, false);
			for (size_t at = 0; at < faults[i].n; at += step)
				reader_feed(&r, faults[i].bytes + at, step);
			ck_assert_msg(r.notes.code == faults[i].code,
			    "%s: %d instead of %d", faults[i].what,
			    r.notes.code, faults[i].code);
			reader_done(&r);
		}
	}
}
END_TEST

START_TEST(close_codes_that_may_not_be_sent_are_refused)
{
	for (unsigned int code = 0; code < 65536; code++) {
		bool is_good = (code >= 1000 && code <= 1003) ||
		    (code >= 1007 && code <= 1011) ||
		    (code >= 3000 && code <= 4999);
		unsigned char payload[2] = { code >> 8, code & 0xff };
		unsigned char space[16];
		struct ow_bytes in;
		struct wire w = { space, 0 };
		struct codec_got got;
		struct codec c;

		put_frame(&w, 0x88, payload, 2, 0x12345678);
		codec_init(&c, 100, false);
		in = (struct ow_bytes){ w.p, w.n };
		ck_assert_int_eq(codec_next(&c, &in, NULL, &got),
		    is_good ? CODEC_CLOSE : CODEC_FAULT);
		ck_assert_uint_eq(got.code, is_good ? code : 1002);
	}
}
END_TEST

START_TEST(nothing_is_read_behind_a_close_or_a_fault)
{
	static const char *const ends[] = { "\x88\x80" MASK, "\x83\x80" MASK };

	for (int i = 0; i < 2; i++) {
		struct reader r;

		reader_init(&r, 256, false);
		reader_feed(&r, ends[i], 6);
		reader_feed(&r, "\x89\x80" MASK, 6);
		ck_assert_int_eq(r.notes.code, i ? 1002 : 1005);
		ck_assert_uint_eq(r.notes.n, 0);
		ck_assert(!codec_is_idle(&r.codec));
		reader_done(&r);
	}
}
END_TEST

START_TEST(bad_text_is_told_at_its_first_bad_byte)
{
	/* A message announced with 9 bytes: the verdict may not wait for the
	   end, nor come a byte early. */
	static const struct {
		const char *text;
		size_t bad_at;
	} rows[] = {
		{ "\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80", 6 },
		{ "abcdefgh\x80", 8 },
		{ "\xc0\x80zzzzzzz", 0 },
		{ "\xe0\x9fzzzzzzz", 1 },
		{ "\xed\xa0zzzzzzz", 1 },
		{ "\xf0\x8fzzzzzzz", 1 },
		{ "\xf5zzzzzzzz", 0 },
		{ "a\xe2\x82zzzzzz", 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader r;

		reader_init(&r, 256, false);
		reader_feed(&r, "\x81\x89" MASK, 6);
		for (size_t at = 0; at <= rows[i].bad_at; at++) {
			ck_assert_int_eq(r.notes.code, 0);
			reader_feed(&r, rows[i].text + at, 1);
		}
		ck_assert_int_eq(r.notes.code, 1007);
		reader_done(&r);
	}
}
END_TEST

/* Every code point written as UTF-8, and only those. */
START_TEST(utf8_is_what_unicode_says)
{
	for (uint32_t cp = 0; cp < 0x200000; cp++) {
		unsigned char t[4];
		size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 :
		    cp < 0x10000 ? 3 : 4;
		bool is_good = cp < 0x110000 && (cp < 0xd800 || cp > 0xdfff);
		static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
		struct codec_utf8 u = { 0 };
		uint32_t rest = cp;

		for (size_t i = n; i-- > 1; rest >>= 6)
			t[i] = 0x80 | (rest & 0x3f);
		t[0] = (unsigned char)(lead[n] | rest);
		ck_assert_msg((codec_utf8_check(&u, t, n) && !u.need) ==
		    is_good, "U+%X", cp);
	}
}
END_TEST

START_TEST(rsv1_is_free_only_where_it_was_agreed)
{
	struct reader r;

	reader_init(&r, 256, true);
	reader_feed(&r, "\xc1\x81" MASK "\xff", 7); /* not checked as text */
	ck_assert_int_eq(r.notes.code, 0);
	reader_feed(&r, "\x41\x80" MASK "\xc0\x80" MASK, 12);
	ck_assert_int_eq(r.notes.code, 1002);		/* a continuation */
	reader_done(&r);
}
END_TEST

START_TEST(a_message_may_be_as_long_as_allowed)
{
	static const unsigned char text[256];
	unsigned char space[600];
	struct wire w = { space, 0 };
	struct reader r;

	reader_init(&r, 256, false);
	put_frame(&w, 0x01, text, 200, 7);
	put_frame(&w, 0x89, "now", 3, 9);
	put_frame(&w, 0x00, text, 56, 8);
	put_frame(&w, 0x80, text, 0, 8);
	put_frame(&w, 0x82, text, 256, 8);	/* counts anew */
	reader_feed(&r, w.p, w.n);
	ck_assert_int_eq(r.notes.code, 0);
	ck_assert_uint_eq(r.notes.n, 5 * 3 + 256 + 256 + 3);
	ck_assert(codec_is_idle(&r.codec));
	reader_done(&r);
}
END_TEST

START_TEST(unmasking_is_the_same_at_any_offset_and_length)
{
	static const unsigned char mask[4] = { 0x11, 0xa2, 0x33, 0xc4 };
	unsigned char in[64], out[64];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 37);
	for (unsigned int at = 0; at < 4; at++)
		for (size_t n = 0; n <= sizeof(in); n++) {
			codec_unmask(out, in, n, mask, at);
			for (size_t i = 0; i < n; i++)
				ck_assert_int_eq(out[i],
				    in[i] ^ mask[(at + i) & 3]);
		}
}
END_TEST

START_TEST(heads_are_as_short_as_can_be)
{
	static const struct {
		uint64_t n;
		const char *bytes;
		size_t len;
	} rows[] = {
		{ 0, "\x81\x00", 2 }, { 125, "\x81\x7d", 2 },
		{ 126, "\x81\x7e\x00\x7e", 4 },
		{ 65535, "\x81\x7e\xff\xff", 4 },
		{ 65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10 },
		{ UINT64_C(1) << 40, "\x81\x7f\0\0\x01\0\0\0\0\0", 10 },
	};
	unsigned char out[CODEC_HEAD_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_uint_eq(codec_put_head(out, CODEC_OP_TEXT,
		    rows[i].n), rows[i].len);
		ck_assert_mem_eq(out, rows[i].bytes, rows[i].len);
	}
}
END_TEST

START_TEST(a_close_reason_is_cut_between_characters)
{
	unsigned char out[CODEC_CLOSE_MAX];
	struct codec_utf8 u = { 0 };
	char reason[200];
	size_t n;

	for (size_t i = 0; i + 2 < sizeof(reason); i += 3)
		memcpy(reason + i, "\xe2\x82\xac", 3);
	for (size_t len = 0; len <= 198; len += 3) {
		n = codec_put_close(out, 4001, reason, len);
		ck_assert_uint_le(n, 2 + 125);
		ck_assert_uint_eq(n, 2u + out[1]);
		ck_assert_int_eq(out[0], 0x88);
		ck_assert_int_eq(out[2] << 8 | out[3], 4001);
		ck_assert(codec_utf8_check(&u, out + 4, n - 4));
		ck_assert_int_eq(u.need, 0);
	}
	ck_assert_uint_eq(codec_put_close(out, CODEC_CODE_NONE, NULL, 0), 2);
	ck_assert_mem_eq(out, "\x88\x00", 2);
}
END_TEST

/* ---- wslay as the oracle ------------------------------------------------ */

struct oracle {
	struct notes notes;
	const unsigned char *p;
	size_t n;
};

static ssize_t
oracle_recv(wslay_event_context_ptr ctx, uint8_t *buf,
    size_t len, int flags, void *arg)
{
	struct oracle *o = arg;

	(void)flags;
	if (!o->n) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > o->n)
		len = o->n;
	memcpy(buf, o->p, len);
	o->p += len;
	o->n -= len;
	return (ssize_t)len;
}

/* The close frame it would send tells what it thinks. */
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
	struct oracle *o = arg;

	(void)ctx;
	if (m->opcode != WSLAY_CONNECTION_CLOSE)
		note(&o->notes, m->opcode, m->msg, m->msg_length);
}

static void
oracle_run(struct oracle *o, const unsigned char *p, size_t n)
{
	static const struct wslay_event_callbacks calls = {
		.recv_callback = oracle_recv,
		.send_callback = oracle_send,
		.on_msg_recv_callback = oracle_message,
	};
	wslay_event_context_ptr ctx;

	notes_init(&o->notes);
	o->p = p;
	o->n = n;
	ck_assert_int_eq(wslay_event_context_server_init(&ctx, &calls, o), 0);
	wslay_event_config_set_max_recv_msg_length(ctx, NOTES_MAX / 2);
	/* For some breaches it has an error and no close code. */
	if (wslay_event_recv(ctx) != 0)
		o->notes.code = 1002;
	(void)wslay_event_send(ctx);
	if (!o->notes.code && wslay_event_get_close_sent(ctx))
		o->notes.code = wslay_event_get_status_code_sent(ctx);
	wslay_event_context_free(ctx);
}

/* wslay judges a frame when its payload begins, we when its head is there:
   where the input ends in between, it is asked again with some more. */
static void
oracle_ask(struct oracle *o, unsigned char *p, size_t n, int ours)
{
	oracle_run(o, p, n);
	if (o->notes.code || !ours)
		return;
	free(o->notes.p);
	memset(p + n, 0, 16);
	oracle_run(o, p, n + 16);
}

static uint32_t
roll(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static size_t
random_text(uint32_t *seed, unsigned char *out, size_t max)
{
	static const char *const pieces[] = { "a", "bc", "\xc3\xa9",
	    "\xe2\x82\xac", "\xf0\x9f\x8d\x95", "{\"type\":\"ping\"}",
	    "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf" };
	size_t want = roll(seed) % (roll(seed) % 8 ? 40 : max), n = 0, len;

	while (n < want) {
		const char *s = pieces[roll(seed) % 8];

		len = strlen(s);
		if (n + len > max)
			break;
		memcpy(out + n, s, len);
		n += len;
	}
	return n;
}

static void
random_control(uint32_t *seed, struct wire *w)
{
	unsigned char payload[125];
	size_t n = random_text(seed, payload, 100);

	put_frame(w, roll(seed) & 1 ? 0x89 : 0x8a, payload, n, roll(seed));
}

/* A message in one frame or some, with control frames in between. */
static void
random_message(uint32_t *seed, struct wire *w)
{
	static unsigned char payload[70000];
	size_t n = random_text(seed, payload, sizeof(payload)), at = 0, step;
	int first = roll(seed) % 4 ? 0x01 : 0x02;

	while (roll(seed) % 3 == 0) {
		step = n > at ? roll(seed) % (n - at + 1) : 0;
		put_frame(w, first, payload + at, step, roll(seed));
		at += step;
		first = 0;
		if (roll(seed) % 2)
			random_control(seed, w);
	}
	put_frame(w, 0x80 | first, payload + at, n - at, roll(seed));
}

static void
random_wire(uint32_t *seed, struct wire *w)
{
	uint32_t n = roll(seed) % 6, hits;

	w->n = 0;
	for (uint32_t i = 0; i <= n; i++)
		random_message(seed, w);
	if (roll(seed) % 3 == 0)
		put_frame(w, 0x88, "\x03\xe8" "bye", 5, roll(seed));
	hits = roll(seed) % 3 ? roll(seed) % 3 : 0;
	for (uint32_t i = 0; i < hits; i++)
		w->p[roll(seed) % w->n] ^= (unsigned char)(1 << roll(seed) % 8);
	/* Where small frames are, damage hits heads. */
	if (hits && w->n > 64)
		w->p[roll(seed) % 64] = (unsigned char)roll(seed);
}

START_TEST(reads_as_wslay_does)
{
	uint32_t seed = 20261122;
	struct wire w = { malloc(NOTES_MAX), 0 };

	for (int round = 0; round < 1500; round++) {
		struct oracle o;
		struct reader r;
		size_t at = 0, step;

		random_wire(&seed, &w);
		reader_init(&r, NOTES_MAX / 2, false);
		while (at < w.n) {
			step = roll(&seed) % (roll(&seed) % 4 ? 20 : 9000) + 1;
			if (step > w.n - at)
				step = w.n - at;
			reader_feed(&r, w.p + at, step);
			at += step;
		}
		oracle_ask(&o, w.p, w.n, r.notes.code);
		/* wslay takes half a close code for none (RFC 6455, 5.5.1
		   wants two bytes), and behind a bad code it sees a bad
		   reason first. */
		if (r.why && strstr(r.why, "close code"))
			o.notes.code = 1002;
		/* We judge a close frame when it is whole. */
		if (!r.notes.code && r.codec.frame_left &&
		    r.codec.frame_op == CODEC_OP_CLOSE)
			o.notes.code = 0;
		ck_assert_msg(r.notes.code == o.notes.code,
		    "round %d: we say %d (%s), wslay %d", round, r.notes.code,
		    r.why ? r.why : "", o.notes.code);
		ck_assert_uint_eq(r.notes.n, o.notes.n);
		ck_assert_mem_eq(r.notes.p, o.notes.p, o.notes.n);
		reader_done(&r);
		free(o.notes.p);
	}
	free(w.p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("codec");
	TCase *tc = tcase_create("codec");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, every_breach_has_its_close_code);
	tcase_add_test(tc, close_codes_that_may_not_be_sent_are_refused);
	tcase_add_test(tc, nothing_is_read_behind_a_close_or_a_fault);
	tcase_add_test(tc, bad_text_is_told_at_its_first_bad_byte);
	tcase_add_test(tc, utf8_is_what_unicode_says);
	tcase_add_test(tc, rsv1_is_free_only_where_it_was_agreed);
	tcase_add_test(tc, a_message_may_be_as_long_as_allowed);
	tcase_add_test(tc, unmasking_is_the_same_at_any_offset_and_length);
	tcase_add_test(tc, heads_are_as_short_as_can_be);
	tcase_add_test(tc, a_close_reason_is_cut_between_characters);
	tcase_add_test(tc, reads_as_wslay_does);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

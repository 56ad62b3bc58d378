/* SPDX-License-Identifier: MIT */
/*
 * codec - WebSocket frames (RFC 6455, section 5), read and written.
 *
 * Judges each frame by its first two bytes, then by its length, then by its
 * payload, and says no at the first byte that allows it.  It keeps no data
 * payload; only a control frame's 125 bytes are gathered here, because a
 * control frame may stand in the middle of a message.
 *
 * Invariants: message_op is the op of the open message or 0; phase is
 * PHASE_OVER once a close or a fault was told; control_len and head_len are 0
 * whenever a frame begins.
 */
#include "codec.h"

#include <string.h>

enum { PHASE_HEAD, PHASE_DATA, PHASE_CONTROL, PHASE_OVER };

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* ---- Payload ------------------------------------------------------------ */

void
codec_unmask(unsigned char *out, const unsigned char *in, size_t n,
    const unsigned char mask[4], unsigned int at)
{
	unsigned char turned[8];
	uint64_t wide, word;
	size_t i;

	for (i = 0; i < sizeof(turned); i++)
		turned[i] = mask[(at + i) & 3];
	memcpy(&wide, turned, sizeof(wide));
	for (i = 0; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, in + i, sizeof(word));
		word ^= wide;
		memcpy(out + i, &word, sizeof(word));
	}
	for (; i < n; i++)
		out[i] = in[i] ^ turned[i & 7];
}

/* How many of the bytes are ASCII, in steps of eight. */
static size_t
codec_ascii_run(const unsigned char *p, size_t n)
{
	uint64_t word;
	size_t i;

	for (i = 0; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & HIGH_BITS)
			break;
	}
	return i;
}

/* The well-formed sequences of the Unicode standard, table 3-7. */
static bool
codec_utf8_begin(struct codec_utf8 *u, unsigned char b)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (b >= 0xc2 && b <= 0xdf) {
		u->need = 1;
	} else if ((b & 0xf0) == 0xe0) {
		u->need = 2;
		if (b == 0xe0)
			u->low = 0xa0;		/* shorter forms exist */
		else if (b == 0xed)
			u->high = 0x9f;		/* surrogates */
	} else if (b >= 0xf0 && b <= 0xf4) {
		u->need = 3;
		if (b == 0xf0)
			u->low = 0x90;
		else if (b == 0xf4)
			u->high = 0x8f;		/* above U+10FFFF */
	} else {
		return b < 0x80;
	}
	return true;
}

bool
codec_utf8_check(struct codec_utf8 *u, const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		if (!u->need) {
			i += codec_ascii_run(p + i, n - i);
			if (i == n)
				break;
			if (!codec_utf8_begin(u, p[i++]))
				return false;
			continue;
		}
		if (p[i] < u->low || p[i] > u->high)
			return false;
		u->low = 0x80;
		u->high = 0xbf;
		u->need--;
		i++;
	}
	return true;
}

/* ---- Reading: the head of a frame --------------------------------------- */

void
codec_init(struct codec *c, uint64_t message_max, bool rsv1_ok)
{
	memset(c, 0, sizeof(*c));
	c->message_max = message_max;
	c->rsv1_ok = rsv1_ok;
}

static bool
codec_op_is_control(int op)
{
	return (op & 0x8) != 0;
}

/* What the first two bytes of a frame alone make wrong, or NULL. */
static const char *
codec_judge_start(const struct codec *c)
{
	int op = c->head[0] & 0x0f;
	int length = c->head[1] & 0x7f;
	bool is_first = op == CODEC_OP_TEXT || op == CODEC_OP_BINARY;

	if (c->head[0] & 0x30)
		return "a reserved bit is set";
	if ((c->head[0] & 0x40) && !(c->rsv1_ok && is_first))
		return "a reserved bit is set";
	if ((op > CODEC_OP_BINARY && op < CODEC_OP_CLOSE) ||
	    op > CODEC_OP_PONG)
		return "a reserved opcode";
	if (!(c->head[1] & 0x80))
		return "a frame is not masked";
	if (codec_op_is_control(op)) {
		if (!(c->head[0] & 0x80))
			return "a control frame is fragmented";
		if (length > CODEC_CONTROL_MAX)
			return "a control frame is too long";
		return NULL;
	}
	if (is_first && c->message_op)
		return "a message begins inside another";
	if (!is_first && !c->message_op)
		return "a continuation of nothing";
	return NULL;
}

/* How many bytes the head has, as far as that is known. */
static size_t
codec_head_need(const struct codec *c)
{
	if (c->head_len < 2)
		return 2;
	switch (c->head[1] & 0x7f) {
	case 126:
		return 2 + 2 + 4;
	case 127:
		return 2 + 8 + 4;
	default:
		return 2 + 4;
	}
}

static uint64_t
codec_length(const struct codec *c)
{
	size_t bytes = codec_head_need(c) - 2 - 4;
	uint64_t n = 0;

	if (!bytes)
		return c->head[1] & 0x7f;
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | c->head[2 + i];
	return n;
}

static const char *
codec_judge_length(const struct codec *c)
{
	uint64_t n = codec_length(c);
	int form = c->head[1] & 0x7f;

	if ((form == 126 && n < 126) || (form == 127 && n < 65536))
		return "a length is not in its shortest form";
	return n >> 63 ? "no length has 64 bits" : NULL;
}

static enum codec_what
codec_fail(struct codec *c, struct codec_got *got,
    int code, const char *why)
{
	c->phase = PHASE_OVER;
	got->code = (uint16_t)code;
	got->why = why;
	return CODEC_FAULT;
}

/* What cannot be packed is stored, with 5 bytes for each block; a peer that
   stores pieces of less than 5k pays for it itself. */
static uint64_t
codec_max(const struct codec *c)
{
	uint64_t more = c->rsv1 ? c->message_max / 1024 + 64 : 0;

	return c->message_max > UINT64_MAX - more ? UINT64_MAX :
	    c->message_max + more;
}

/* The head is whole. */
static enum codec_what
codec_begin_frame(struct codec *c,
    struct codec_got *got)
{
	int op = c->head[0] & 0x0f;
	uint64_t n = codec_length(c);

	memcpy(c->mask, c->head + c->head_len - 4, sizeof(c->mask));
	c->mask_at = 0;
	c->head_len = 0;
	c->frame_left = n;
	c->frame_op = (uint8_t)op;
	if (codec_op_is_control(op)) {
		c->phase = PHASE_CONTROL;
		c->control_len = 0;
		return CODEC_MORE;
	}
	c->phase = PHASE_DATA;
	c->fin = c->head[0] & 0x80;
	if (op != CODEC_OP_CONTINUATION) {
		c->message_op = (uint8_t)op;
		c->message_len = 0;
		c->rsv1 = c->head[0] & 0x40;
		memset(&c->utf8, 0, sizeof(c->utf8));
	}
	if (n > codec_max(c) - c->message_len)
		return codec_fail(c, got, CODEC_CODE_TOO_BIG,
		    "the message is too long");
	c->message_len += n;
	got->op = c->message_op;
	got->rsv1 = c->rsv1;
	got->n = n;
	return CODEC_FRAME;
}

static enum codec_what
codec_read_head(struct codec *c, struct ow_bytes *in,
    struct codec_got *got)
{
	const unsigned char *p = in->p;
	const char *why = NULL;
	size_t used = 0;

	while (c->head_len < codec_head_need(c) && used < in->n) {
		c->head[c->head_len++] = p[used++];
		if (c->head_len == 2)
			why = codec_judge_start(c);
		if (!why && c->head_len == codec_head_need(c) - 4)
			why = codec_judge_length(c);
		if (why)
			return codec_fail(c, got, CODEC_CODE_PROTOCOL, why);
	}
	in->p = p + used;
	in->n -= used;
	if (c->head_len < codec_head_need(c))
		return CODEC_MORE;
	return codec_begin_frame(c, got);
}

/* ---- Reading: payload --------------------------------------------------- */

static size_t
codec_take(struct codec *c, struct ow_bytes *in,
    unsigned char *out)
{
	size_t n = in->n;

	if (n > c->frame_left)
		n = (size_t)c->frame_left;
	if (!n)
		return 0;
	codec_unmask(out, in->p, n, c->mask, c->mask_at);
	c->mask_at = (c->mask_at + n) & 3;
	c->frame_left -= n;
	in->p = (const unsigned char *)in->p + n;
	in->n -= n;
	return n;
}

static bool
codec_checks_text(const struct codec *c)
{
	return c->message_op == CODEC_OP_TEXT && !c->rsv1;
}

static enum codec_what
codec_end_frame(struct codec *c, struct codec_got *got)
{
	c->phase = PHASE_HEAD;
	if (!c->fin)
		return CODEC_MORE;
	if (codec_checks_text(c) && c->utf8.need)
		return codec_fail(c, got, CODEC_CODE_BAD_TEXT,
		    "the text ends inside a character");
	got->op = c->message_op;
	got->rsv1 = c->rsv1;
	got->n = c->message_len;
	c->message_op = 0;
	return CODEC_MESSAGE;
}

static enum codec_what
codec_read_data(struct codec *c, struct ow_bytes *in,
    unsigned char *out, struct codec_got *got)
{
	if (!c->frame_left)
		return codec_end_frame(c, got);
	got->n = codec_take(c, in, out);
	if (!got->n)
		return CODEC_MORE;
	if (codec_checks_text(c) &&
	    !codec_utf8_check(&c->utf8, out, (size_t)got->n))
		return codec_fail(c, got, CODEC_CODE_BAD_TEXT,
		    "the text is not UTF-8");
	got->op = c->message_op;
	return CODEC_DATA;
}

bool
codec_code_is_valid(unsigned int code)
{
	/* 1012 to 1014 are registered with IANA, but were not when RFC 6455
	   set this rule, and the usual conformance suites want them refused. */
	if (code >= 1000 && code <= 1011)
		return code != 1004 && code != CODEC_CODE_NONE && code != 1006;
	return code >= 3000 && code <= 4999;
}

static enum codec_what
codec_end_close(struct codec *c, struct codec_got *got)
{
	struct codec_utf8 u = { 0 };

	c->phase = PHASE_OVER;
	got->code = CODEC_CODE_NONE;
	got->p = c->control;
	got->n = 0;
	if (!c->control_len)
		return CODEC_CLOSE;
	if (c->control_len == 1)
		return codec_fail(c, got, CODEC_CODE_PROTOCOL,
		    "half a close code");
	got->code = (uint16_t)(c->control[0] << 8 | c->control[1]);
	if (!codec_code_is_valid(got->code))
		return codec_fail(c, got, CODEC_CODE_PROTOCOL,
		    "no close code to be sent");
	got->p = c->control + 2;
	got->n = c->control_len - 2u;
	if (!codec_utf8_check(&u, got->p, (size_t)got->n) || u.need)
		return codec_fail(c, got, CODEC_CODE_BAD_TEXT,
		    "the close reason is not UTF-8");
	return CODEC_CLOSE;
}

static enum codec_what
codec_read_control(struct codec *c,
    struct ow_bytes *in, struct codec_got *got)
{
	c->control_len += (uint8_t)codec_take(c, in,
	    c->control + c->control_len);
	if (c->frame_left)
		return CODEC_MORE;
	if (c->frame_op == CODEC_OP_CLOSE)
		return codec_end_close(c, got);
	c->phase = PHASE_HEAD;
	got->p = c->control;
	got->n = c->control_len;
	return c->frame_op == CODEC_OP_PING ? CODEC_PING : CODEC_PONG;
}

enum codec_what
codec_next(struct codec *c, struct ow_bytes *in,
    unsigned char *out, struct codec_got *got)
{
	enum codec_what what = CODEC_MORE;
	uint8_t phase;

	memset(got, 0, sizeof(*got));
	/* A step that finds nothing but changes the phase leads to another;
	   one that finds nothing and stays has run out of input. */
	do {
		phase = c->phase;
		switch (phase) {
		case PHASE_HEAD:
			what = codec_read_head(c, in, got);
			break;
		case PHASE_DATA:
			what = codec_read_data(c, in, out, got);
			break;
		case PHASE_CONTROL:
			what = codec_read_control(c, in, got);
			break;
		default:
			in->n = 0;
			return CODEC_MORE;
		}
	} while (what == CODEC_MORE && c->phase != phase);
	return what;
}

size_t
codec_room(const struct codec *c, size_t n)
{
	if (c->phase != PHASE_DATA)
		return 0;
	return n < c->frame_left ? n : (size_t)c->frame_left;
}

bool
codec_is_idle(const struct codec *c)
{
	return c->phase == PHASE_HEAD && !c->head_len && !c->message_op;
}

/* ---- Writing ------------------------------------------------------------ */

size_t
codec_put_head(unsigned char out[CODEC_HEAD_MAX], int op, uint64_t n)
{
	int bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;

	out[0] = (unsigned char)(0x80 | op);
	out[1] = (unsigned char)(!bytes ? n : bytes == 2 ? 126 : 127);
	for (int i = 0; i < bytes; i++)
		out[2 + i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
	return 2 + (size_t)bytes;
}

size_t
codec_put_close(unsigned char out[CODEC_CLOSE_MAX], int code,
    const char *reason, size_t n)
{
	if (code == CODEC_CODE_NONE)
		return codec_put_head(out, CODEC_OP_CLOSE, 0);
	if (n > CODEC_REASON_MAX) {
		n = CODEC_REASON_MAX;
		while (n && ((unsigned char)reason[n] & 0xc0) == 0x80)
			n--;
	}
	(void)codec_put_head(out, CODEC_OP_CLOSE, 2 + n);
	out[2] = (unsigned char)(code >> 8);
	out[3] = (unsigned char)code;
	if (n)
		memcpy(out + 4, reason, n);
	return 4 + n;
}

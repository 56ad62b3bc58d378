/* SPDX-License-Identifier: MIT */
/*
 * codec - WebSocket frames (RFC 6455, section 5), seen from the server.
 *
 * Reading is incremental: bytes go in as they come, cut anywhere, and one
 * finding at a time comes out.  A breach of the protocol is found as soon as
 * its first byte is there (inside a close frame: when that is whole), and ends
 * the reading for good.  Pure: no I/O, no memory but the caller's, no clock.
 *
 * It does not collect messages, answer pings or know what a message means;
 * websocket.c does.
 */
#ifndef TRANSPORT_WEBSOCKET_CODEC_H
#define TRANSPORT_WEBSOCKET_CODEC_H

#include <orderwire/plugin.h>

enum {
	CODEC_OP_CONTINUATION = 0x0,
	CODEC_OP_TEXT = 0x1,
	CODEC_OP_BINARY = 0x2,
	CODEC_OP_CLOSE = 0x8,
	CODEC_OP_PING = 0x9,
	CODEC_OP_PONG = 0xa,
};

/* Close codes that the protocol itself knows (7.4.1). */
enum {
	CODEC_CODE_NORMAL = 1000,
	CODEC_CODE_PROTOCOL = 1002,
	CODEC_CODE_UNSUPPORTED = 1003,
	CODEC_CODE_NONE = 1005,		/* never on the wire */
	CODEC_CODE_BAD_TEXT = 1007,
	CODEC_CODE_TOO_BIG = 1009,
	CODEC_CODE_INTERNAL = 1011,
};

#define CODEC_HEAD_MAX 10		/* of a frame that we send */
#define CODEC_CONTROL_MAX 125		/* payload of a control frame */
#define CODEC_REASON_MAX (CODEC_CONTROL_MAX - 2)
#define CODEC_CLOSE_MAX (2 + CODEC_CONTROL_MAX)

/* A UTF-8 sequence that is still open: all zero between characters. */
struct codec_utf8 {
	uint8_t need;			/* bytes that have to follow */
	uint8_t low, high;		/* what the next one may be */
};

struct codec {
	uint64_t frame_left;		/* payload that has not come yet */
	uint64_t message_len;		/* announced by its frames so far */
	uint64_t message_max;
	unsigned char head[14];
	unsigned char mask[4];
	uint8_t head_len;
	uint8_t mask_at;
	uint8_t phase;
	uint8_t frame_op, message_op;	/* message_op 0: none is open */
	uint8_t control_len;
	bool fin;
	bool rsv1_ok, rsv1;		/* may be, and is, in this message */
	struct codec_utf8 utf8;
	unsigned char control[CODEC_CONTROL_MAX];
};

enum codec_what {
	CODEC_MORE,		/* the input is used up */
	CODEC_FRAME,		/* a data frame begins: op, n (announced) */
	CODEC_DATA,		/* n bytes of payload are in out */
	CODEC_MESSAGE,		/* a message is whole: op */
	CODEC_PING,		/* p, n: its payload */
	CODEC_PONG,		/* p, n */
	CODEC_CLOSE,		/* code (1005: none was given), p, n: reason */
	CODEC_FAULT,		/* code, why: close with it */
};

struct codec_got {
	uint8_t op;		/* TEXT or BINARY, that of the message */
	bool rsv1;
	uint16_t code;
	uint64_t n;
	const unsigned char *p;	/* until the next call */
	const char *why;	/* static */
};

/* message_max: a longer message is a fault with 1009, told at the head of
   the frame that makes it so.  rsv1_ok: the first frame of a message may have
   RSV1; such a message is not checked to be UTF-8, and may be longer by what
   packing adds at worst. */
void codec_init(struct codec *, uint64_t message_max, bool rsv1_ok);
/*
 * The next finding; bytes it used are taken from `in`.  Call it until
 * CODEC_MORE.  out has room for codec_room() bytes and does not overlap `in`.
 * After CODEC_CLOSE and CODEC_FAULT all input is swallowed.
 */
enum codec_what codec_next(struct codec *, struct ow_bytes *in,
    unsigned char *out, struct codec_got *);
/* How much payload the next call would put into out, of n bytes of input. */
size_t codec_room(const struct codec *, size_t n);
/* Nothing is half-received: a fresh codec could go on in its place. */
bool codec_is_idle(const struct codec *);

/* Added to the op of a message's first frame. */
#define CODEC_RSV1 0x40

/* The head of an unmasked, final frame; returns its length. */
size_t codec_put_head(unsigned char out[CODEC_HEAD_MAX], int op, uint64_t n);
/* A whole close frame.  CODEC_CODE_NONE: without a payload.  A reason that is
   too long is cut between characters. */
size_t codec_put_close(unsigned char out[CODEC_CLOSE_MAX], int code,
    const char *reason, size_t n);

/* May this code be sent in a close frame?  (7.4; what is reserved may not.) */
bool codec_code_is_valid(unsigned int code);
/* False at the first byte that can't be right; zero the state to begin. */
bool codec_utf8_check(struct codec_utf8 *, const unsigned char *, size_t n);
/* out = in ^ mask; at is the place in the mask where the slice begins. */
void codec_unmask(unsigned char *out, const unsigned char *in, size_t n,
    const unsigned char mask[4], unsigned int at);

#endif

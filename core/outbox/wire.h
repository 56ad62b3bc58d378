/* SPDX-License-Identifier: MIT */
/*
 * wire - what the server and the process of an isolated channel say to each
 * other, as bytes.
 *
 * A datagram is a mark, flags, and up to WIRE_BATCH records; a record that is
 * longer than a datagram goes as several that hold nothing else.  A record is
 * its length, its type, the id of what it is about, and the fields of its
 * type.  Each type has one direction.
 *
 * Pure.  The reader takes nothing for granted: the other side may be a plugin
 * that has overwritten its own process.
 */
#ifndef OUTBOX_WIRE_H
#define OUTBOX_WIRE_H

#include <orderwire/plugin.h>

#include "base/arena.h"
#include "base/buf.h"

#define WIRE_VERSION 1
#define WIRE_BATCH 128u			/* records in a datagram */
#define WIRE_DATAGRAM ((size_t)64 << 10)
#define WIRE_RECORD ((size_t)20 << 20)	/* towards a channel: a body's limit
					   is 16 MB */
#define WIRE_REPLY ((size_t)1 << 20)	/* from a channel */
#define WIRE_PAIRS 1024u		/* headers, options, metrics */

enum wire_type {
	/* To the channel's process. */
	WIRE_START = 1, WIRE_CHECK, WIRE_DELIVER, WIRE_CANCEL, WIRE_HOOK,
	WIRE_DRAIN, WIRE_STOP, WIRE_PING,
	/* From it. */
	WIRE_STARTED, WIRE_CHECKED, WIRE_SETTLE, WIRE_REPORT, WIRE_OPT,
	WIRE_ADD, WIRE_ANSWER, WIRE_DRAINED, WIRE_PONG,
	WIRE_TYPES
};

struct wire_pairs {
	uint32_t n;
	struct ow_header *list;
};

struct wire_start {
	int32_t version;
	const char *name, *path;	/* the instance, the plugin's file */
	const char *user;		/* to become; "" */
	const char *log_format, *log_level;
	const char *private_allow;
	struct wire_pairs options;	/* numbers in decimal */
};

/* What it says of itself; own, own_identity and own_hint: as check() made
   them. */
struct wire_started {
	int32_t err;
	const char *fault;
	const char *hook_name, *public_key;	/* or NULL */
	const char *own;			/* or NULL */
	const char *own_identity, *own_hint;
	struct wire_pairs metrics;	/* names and types, in their order */
};

struct wire_checked {
	int32_t err;
	const char *text, *identity, *hint, *fault;
};

struct wire_report {
	const char *about;		/* the ref given then */
	struct ow_outcome outcome;
};

struct wire_opt {
	const char *identity;
	bool in;
	const char *why;
};

struct wire_add {
	int32_t metric;
	int64_t n;
};

struct wire_hook {
	const char *method, *url, *query;
	struct ow_bytes body;
	struct wire_pairs headers;
};

struct wire_answer {
	int32_t status;
	const char *content_type;
	struct ow_bytes body;
};

struct wire_msg {
	enum wire_type type;
	uint64_t id;			/* of the job, check, hook or ping */
	union {
		struct wire_start start;
		const char *wanted;		/* CHECK */
		struct ow_job job;		/* deadline_ms: from now */
		struct wire_hook hook;
		int64_t after_ms;		/* DRAIN */
		struct wire_started started;
		struct wire_checked checked;
		struct ow_outcome outcome;	/* SETTLE */
		struct wire_report report;
		struct wire_opt opt;
		struct wire_add add;
		struct wire_answer answer;
	};
};

/* Appends a record.  OW_OK; OW_ELIMIT: it is too long, nothing was added. */
int wire_write(struct buf *, const struct wire_msg *);
/* The two bytes before a datagram's records, or before a piece of a record. */
enum wire_piece { WIRE_WHOLE, WIRE_PIECE, WIRE_LAST };
void wire_head(unsigned char out[2], enum wire_piece);

struct wire_reader {
	bool is_channel;		/* reads what goes to a channel */
	struct buf piece;		/* a record that is not whole yet */
};

void wire_reader_init(struct wire_reader *, bool is_channel);
void wire_reader_done(struct wire_reader *);	/* wipes */
/*
 * One datagram.  take gets each record; what is in it is good during the call.
 * It stops when take is not OW_OK, and returns that.  OW_EINVAL, with a reason:
 * the bytes are no datagram for this side.
 */
int wire_read(struct wire_reader *, const void *p, size_t n,
    int (*take)(void *arg, const struct wire_msg *), void *arg,
    struct ow_fault *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * wire - see wire.h: one table of fields for each type of record, and one
 * interpreter each way.
 *
 *	datagram	mark, piece, records
 *	record		u32 length of what follows, u8 type, u64 id, fields
 *	number		i32, i64; a bool is one byte, 0 or 1
 *	text		u32 length, bytes, NUL; length 0xffffffff: NULL
 *	bytes		u32 length, bytes, NUL
 *	pairs		u32 count, twice as many texts
 *
 * Numbers as this machine has them: the other side is the same machine.
 * Texts are handed out where they lie; only the lists of pairs need memory.
 */
#include "outbox/wire.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define WIRE_MARK 0x57u
#define WIRE_NULL UINT32_MAX
#define RECORD_HEAD (1 + sizeof(uint64_t))

enum field_kind {
	FIELD_END, FIELD_BOOL, FIELD_I32, FIELD_I64, FIELD_TEXT, FIELD_MAYBE,
	FIELD_BYTES, FIELD_PAIRS,
};

struct field {
	enum field_kind kind;
	size_t offset;			/* in struct wire_msg */
	size_t max;			/* of a text or bytes */
};

#define AT(member) offsetof(struct wire_msg, member)
#define END { FIELD_END, 0, 0 }
#define NUMBER32(member) { FIELD_I32, AT(member), 0 }
#define NUMBER64(member) { FIELD_I64, AT(member), 0 }
#define YES_NO(member) { FIELD_BOOL, AT(member), 0 }
#define TEXT(member, max) { FIELD_TEXT, AT(member), (max) }
#define MAYBE(member, max) { FIELD_MAYBE, AT(member), (max) }
#define BYTES(member) { FIELD_BYTES, AT(member), WIRE_RECORD }
#define PAIRS(member) { FIELD_PAIRS, AT(member), WIRE_RECORD }
#define LINE 4095u
#define FAULT (sizeof(((struct ow_fault *)0)->text) - 1)
#define ADDRESS(member) (sizeof(((struct ow_address *)0)->member) - 1)

static const struct field start_fields[] = {
	NUMBER32(start.version), TEXT(start.name, WIRE_RECORD),
	TEXT(start.path, WIRE_RECORD), TEXT(start.user, WIRE_RECORD),
	TEXT(start.log_format, WIRE_RECORD),
	TEXT(start.log_level, WIRE_RECORD),
	TEXT(start.private_allow, WIRE_RECORD), PAIRS(start.options), END
};
static const struct field check_fields[] = {
	TEXT(wanted, WIRE_RECORD), END
};
static const struct field job_fields[] = {
	NUMBER32(job.attempt), TEXT(job.key, WIRE_RECORD),
	NUMBER64(job.deadline_ms), NUMBER64(job.ttl_ms),
	NUMBER32(job.urgency), YES_NO(job.is_repeat_safe),
	TEXT(job.address, WIRE_RECORD), TEXT(job.tenant, WIRE_RECORD),
	TEXT(job.locale, WIRE_RECORD), TEXT(job.order_id, WIRE_RECORD),
	TEXT(job.notice_id, WIRE_RECORD), TEXT(job.topic, WIRE_RECORD),
	TEXT(job.group, WIRE_RECORD), TEXT(job.title, WIRE_RECORD),
	TEXT(job.text, WIRE_RECORD), TEXT(job.html, WIRE_RECORD),
	TEXT(job.url, WIRE_RECORD), TEXT(job.receipt, WIRE_RECORD),
	TEXT(job.receipt_url, WIRE_RECORD),
	TEXT(job.unsubscribe_url, WIRE_RECORD), BYTES(job.event), END
};
static const struct field hook_fields[] = {
	TEXT(hook.method, WIRE_RECORD), TEXT(hook.url, WIRE_RECORD),
	TEXT(hook.query, WIRE_RECORD), BYTES(hook.body), PAIRS(hook.headers),
	END
};
static const struct field drain_fields[] = {
	NUMBER64(after_ms), END
};
static const struct field started_fields[] = {
	NUMBER32(started.err), TEXT(started.fault, FAULT),
	MAYBE(started.hook_name, 255), MAYBE(started.public_key, LINE),
	MAYBE(started.own, ADDRESS(text)),
	TEXT(started.own_identity, ADDRESS(identity)),
	TEXT(started.own_hint, ADDRESS(hint)), PAIRS(started.metrics), END
};
static const struct field checked_fields[] = {
	NUMBER32(checked.err), TEXT(checked.text, ADDRESS(text)),
	TEXT(checked.identity, ADDRESS(identity)),
	TEXT(checked.hint, ADDRESS(hint)), TEXT(checked.fault, FAULT), END
};
static const struct field settle_fields[] = {
	NUMBER32(outcome.verdict), NUMBER64(outcome.retry_after_ms),
	MAYBE(outcome.ref, LINE), MAYBE(outcome.detail, LINE), END
};
static const struct field report_fields[] = {
	TEXT(report.about, LINE), NUMBER32(report.outcome.verdict),
	NUMBER64(report.outcome.retry_after_ms),
	MAYBE(report.outcome.ref, LINE), MAYBE(report.outcome.detail, LINE),
	END
};
static const struct field opt_fields[] = {
	TEXT(opt.identity, ADDRESS(identity)), YES_NO(opt.in),
	TEXT(opt.why, LINE), END
};
static const struct field add_fields[] = {
	NUMBER32(add.metric), NUMBER64(add.n), END
};
static const struct field answer_fields[] = {
	NUMBER32(answer.status), TEXT(answer.content_type, 255),
	BYTES(answer.body), END
};
static const struct field no_fields[] = { END };

static const struct field *const forms[WIRE_TYPES] = {
	[WIRE_START] = start_fields, [WIRE_CHECK] = check_fields,
	[WIRE_DELIVER] = job_fields, [WIRE_CANCEL] = no_fields,
	[WIRE_HOOK] = hook_fields, [WIRE_DRAIN] = drain_fields,
	[WIRE_STOP] = no_fields, [WIRE_PING] = no_fields,
	[WIRE_STARTED] = started_fields, [WIRE_CHECKED] = checked_fields,
	[WIRE_SETTLE] = settle_fields, [WIRE_REPORT] = report_fields,
	[WIRE_OPT] = opt_fields, [WIRE_ADD] = add_fields,
	[WIRE_ANSWER] = answer_fields, [WIRE_DRAINED] = no_fields,
	[WIRE_PONG] = no_fields,
};

static bool
is_for_channel(enum wire_type type)
{
	return type < WIRE_STARTED;
}

/* ---- Writing ------------------------------------------------------------ */

static void
put_number(struct buf *out, const void *p, size_t n)
{
	(void)buf_add(out, p, n);	/* full: asked once at the end */
}

static void
put_bytes(struct buf *out, const void *p, size_t n)
{
	uint32_t len = (uint32_t)n;

	if (n >= WIRE_RECORD) {
		out->full = true;
		return;
	}
	put_number(out, &len, sizeof(len));
	if (n > 0)
		(void)buf_add(out, p, n);
	(void)buf_char(out, '\0');
}

/* What is longer than the other side will read is cut: a channel's lines for
   people, and what has no room in struct ow_address either. */
static void
put_text(struct buf *out, const char *s, size_t max, bool may_be_null)
{
	uint32_t none = WIRE_NULL;

	if (s == NULL && may_be_null)
		put_number(out, &none, sizeof(none));
	else
		put_bytes(out, s != NULL ? s : "", s != NULL ?
		    strnlen(s, max) : 0);
}

static void
put_pairs(struct buf *out, const struct wire_pairs *pairs)
{
	uint32_t i;

	if (pairs->n > WIRE_PAIRS) {
		out->full = true;
		return;
	}
	put_number(out, &pairs->n, sizeof(pairs->n));
	for (i = 0; i < pairs->n; i++) {
		put_text(out, pairs->list[i].name, WIRE_RECORD, false);
		put_text(out, pairs->list[i].value, WIRE_RECORD, false);
	}
}

static void
put_field(struct buf *out, const struct field *f, const void *p)
{
	const struct ow_bytes *bytes = p;
	const char *const *text = p;
	const bool *yes = p;

	switch (f->kind) {
	case FIELD_BOOL:
		(void)buf_char(out, *yes ? 1 : 0);
		break;
	case FIELD_I32:
		put_number(out, p, sizeof(int32_t));
		break;
	case FIELD_I64:
		put_number(out, p, sizeof(int64_t));
		break;
	case FIELD_BYTES:
		put_bytes(out, bytes->p, bytes->n);
		break;
	case FIELD_PAIRS:
		put_pairs(out, p);
		break;
	default:
		put_text(out, *text, f->max, f->kind == FIELD_MAYBE);
	}
}

int
wire_write(struct buf *out, const struct wire_msg *msg)
{
	const struct field *f;
	size_t begin = out->n;
	uint32_t len = 0;

	put_number(out, &len, sizeof(len));
	(void)buf_char(out, (char)msg->type);
	put_number(out, &msg->id, sizeof(msg->id));
	for (f = forms[msg->type]; f->kind != FIELD_END; f++)
		put_field(out, f, (const char *)msg + f->offset);
	if (out->full || out->n - begin > WIRE_RECORD ||
	    (!is_for_channel(msg->type) && out->n - begin > WIRE_REPLY)) {
		out->full = false;
		if (out->n > begin)
			out->n = begin;
		return OW_ELIMIT;
	}
	len = (uint32_t)(out->n - begin - sizeof(len));
	memcpy(out->p + begin, &len, sizeof(len));
	return OW_OK;
}

void
wire_head(unsigned char out[2], enum wire_piece piece)
{
	out[0] = WIRE_MARK;
	out[1] = (unsigned char)piece;
}

/* ---- Reading ------------------------------------------------------------ */

struct in {
	const char *p;
	size_t n;
	struct arena *arena;
};

static bool
get_number(struct in *in, void *out, size_t n)
{
	if (in->n < n)
		return false;
	memcpy(out, in->p, n);
	in->p += n;
	in->n -= n;
	return true;
}

static bool
get_bytes(struct in *in, size_t max, struct ow_bytes *out)
{
	uint32_t len;

	if (!get_number(in, &len, sizeof(len)) || len > max ||
	    len >= in->n || in->p[len] != '\0')
		return false;
	out->p = in->p;
	out->n = len;
	in->p += len + 1;
	in->n -= len + 1;
	return true;
}

static bool
get_text(struct in *in, size_t max, bool may_be_null, const char **out)
{
	struct ow_bytes bytes;
	uint32_t len;

	if (may_be_null && in->n >= sizeof(len)) {
		memcpy(&len, in->p, sizeof(len));
		if (len == WIRE_NULL) {
			*out = NULL;
			return get_number(in, &len, sizeof(len));
		}
	}
	if (!get_bytes(in, max, &bytes) || strlen(bytes.p) != bytes.n)
		return false;
	*out = bytes.p;
	return true;
}

static bool
get_pairs(struct in *in, size_t max, struct wire_pairs *out)
{
	uint32_t i, n;

	if (!get_number(in, &n, sizeof(n)) || n > WIRE_PAIRS)
		return false;
	out->list = arena_alloc(in->arena, (n + 1) * sizeof(*out->list));
	for (i = 0; i < n; i++)
		if (!get_text(in, max, false, &out->list[i].name) ||
		    !get_text(in, max, false, &out->list[i].value))
			return false;
	out->n = n;
	return true;
}

static bool
get_field(struct in *in, const struct field *f, void *out)
{
	char yes;

	switch (f->kind) {
	case FIELD_BOOL:
		if (!get_number(in, &yes, 1) || (yes != 0 && yes != 1))
			return false;
		*(bool *)out = yes != 0;
		return true;
	case FIELD_I32:
		return get_number(in, out, sizeof(int32_t));
	case FIELD_I64:
		return get_number(in, out, sizeof(int64_t));
	case FIELD_BYTES:
		return get_bytes(in, f->max, out);
	case FIELD_PAIRS:
		return get_pairs(in, f->max, out);
	default:
		return get_text(in, f->max, f->kind == FIELD_MAYBE, out);
	}
}

/* The sizes that plugin.h's structs carry are ours, and not on the wire. */
static void
set_sizes(struct wire_msg *msg)
{
	if (msg->type == WIRE_DELIVER)
		msg->job.size = sizeof(msg->job);
	else if (msg->type == WIRE_SETTLE)
		msg->outcome.size = sizeof(msg->outcome);
	else if (msg->type == WIRE_REPORT)
		msg->report.outcome.size = sizeof(msg->report.outcome);
}

/* in: exactly one record's, without its length. */
static bool
get_record(struct in *in, bool is_channel, struct wire_msg *msg)
{
	const struct field *f;
	unsigned char type;

	memset(msg, 0, sizeof(*msg));
	if (!get_number(in, &type, 1) || type == 0 || type >= WIRE_TYPES ||
	    is_for_channel((enum wire_type)type) != is_channel ||
	    !get_number(in, &msg->id, sizeof(msg->id)))
		return false;
	msg->type = (enum wire_type)type;
	for (f = forms[type]; f->kind != FIELD_END; f++)
		if (!get_field(in, f, (char *)msg + f->offset))
			return false;
	set_sizes(msg);
	return in->n == 0;
}

void
wire_reader_init(struct wire_reader *r, bool is_channel)
{
	r->is_channel = is_channel;
	buf_init(&r->piece, is_channel ? WIRE_RECORD : WIRE_REPLY);
}

void
wire_reader_done(struct wire_reader *r)
{
	if (r->piece.p != NULL)
		mem_wipe(r->piece.p, r->piece.cap);
	buf_done(&r->piece);
}

static int
refuse(struct ow_fault *fault, const char *what)
{
	(void)snprintf(fault->text, sizeof(fault->text), "%s", what);
	return OW_EINVAL;
}

static int
read_records(struct wire_reader *r, struct in *in,
    int (*take)(void *, const struct wire_msg *), void *arg,
    struct ow_fault *fault)
{
	struct wire_msg msg;
	struct in one;
	uint32_t len, i;
	int err;

	for (i = 0; in->n > 0; i++) {
		if (i == WIRE_BATCH)
			return refuse(fault, "too many records at once");
		if (!get_number(in, &len, sizeof(len)) ||
		    len < RECORD_HEAD || len > in->n)
			return refuse(fault, "a record that is cut off");
		one = (struct in){ in->p, len, in->arena };
		in->p += len;
		in->n -= len;
		if (!get_record(&one, r->is_channel, &msg))
			return refuse(fault, "a record that makes no sense");
		err = take(arg, &msg);
		if (err != OW_OK)
			return err;
	}
	return OW_OK;
}

int
wire_read(struct wire_reader *r, const void *p, size_t n,
    int (*take)(void *, const struct wire_msg *), void *arg,
    struct ow_fault *fault)
{
	const unsigned char *head = p;
	struct arena arena;
	struct in in;
	int err;

	fault->text[0] = '\0';
	if (n < 2 || head[0] != WIRE_MARK || head[1] > WIRE_LAST)
		return refuse(fault, "bytes that are no message");
	in = (struct in){ (const char *)p + 2, n - 2, &arena };
	if (head[1] == WIRE_WHOLE && r->piece.n > 0)
		return refuse(fault, "a record without its end");
	if (head[1] != WIRE_WHOLE) {
		if (buf_add(&r->piece, in.p, in.n) != OW_OK)
			return refuse(fault, "a record that is too long");
		if (head[1] == WIRE_PIECE)
			return OW_OK;
		in.p = r->piece.p != NULL ? r->piece.p : "";
		in.n = r->piece.n;
	}
	arena_init(&arena);
	err = read_records(r, &in, take, arg, fault);
	arena_done(&arena);
	if (head[1] == WIRE_LAST)
		buf_clear(&r->piece);
	return err;
}

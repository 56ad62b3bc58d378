/* SPDX-License-Identifier: MIT */
/*
 * orderwire/plugin.h - everything a plugin author needs, and nothing else.
 *
 * A plugin is one shared object with one exported function, which returns one
 * constant descriptor.  The descriptor says what the plugin is (its kind), how
 * it is configured (an option table), what it counts (a metric table) and how
 * it runs (four lifecycle calls plus the operations of its kind).  In return
 * the plugin gets a table of host functions.  It links against nothing of
 * Orderwire's, so a missing symbol is found by the linker, not by an admin.
 *
 *	kind       what it does                               examples
 *	transport  carries live streams to screens            websocket, sse
 *	store      keeps orders, their logs and the outbox    sqlite, pgsql
 *
 * THREADS.  There is one rule.  An instance lives on one loop: the host calls
 * it, and it calls the host, only there, and nothing on a loop may block.  A
 * transport gets one instance for each front loop, every other kind exactly
 * one, so no instance ever needs a lock.  The exceptions are the calls marked
 * ANY THREAD (log, post, add).  Code that must block goes through offload(),
 * so a plugin never has to create a thread of its own.
 *
 * MEMORY.  Whoever makes a thing frees it.  What the host passes to a call is
 * the host's, and stays valid until that call returns; the exceptions say so
 * where they are declared (a transaction until it is settled).  What a plugin
 * passes to the host is copied before the host call returns.  Calls that end
 * a thing take a pointer to your pointer and set it to NULL.
 *
 * ERRORS.  An int result is OW_OK or one of the negative OW_E values.  An out
 * parameter is written only on success.  Text for people goes into ow_fault.
 *
 * GROWTH.  Within one major version, structs grow only at the end, and begin
 * with a size filled in by the side that made them.  Ask OW_HAS() before you
 * use a member that is newer than the oldest minor version you support.  No
 * type from another library appears here, and no layout depends on how either
 * side was configured; enum values travel as int32_t for the same reason.
 */
#ifndef ORDERWIRE_PLUGIN_H
#define ORDERWIRE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define OW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define OW_EXPORT __attribute__((visibility("default")))
#else
#define OW_PRINTF(fmt, args)
#define OW_EXPORT
#endif

/* ---- Version ----------------------------------------------------------- */

#define OW_ABI_MAJOR 1u		/* raised when an old plugin would break */
#define OW_ABI_MINOR 0u		/* raised when something is added at an end */
#define OW_ABI ((OW_ABI_MAJOR << 16) | OW_ABI_MINOR)

/* True if the other side's struct is new enough to contain this member. */
#define OW_HAS(ptr, member)						\
	((size_t)((const char *)(&(ptr)->member + 1) -			\
	    (const char *)(ptr)) <= (ptr)->size)

/* ---- Words both sides use ---------------------------------------------- */

/* The same few words from the store up to the HTTP answer (in brackets). */
enum {
	OW_OK = 0,
	OW_EINVAL = -1,		/* the request makes no sense [400] */
	OW_EDENIED = -2,	/* not allowed to do this [403] */
	OW_ENOENT = -3,		/* no such thing [404] */
	OW_ECONFLICT = -4,	/* not from the present state [409] */
	OW_ELIMIT = -5,		/* a configured limit is reached [429] */
	OW_EAGAIN = -6,	/* not now; the same call may work later [503] */
	OW_ETIMEOUT = -7,	/* the other side did not answer [504] */
	OW_EIO = -8,		/* the other side or the system failed [502] */
	OW_EUNSUP = -9,		/* this build or version cannot [501] */
};

/* Why a call failed, as one line that an admin can act on. */
struct ow_fault {
	char text[256];
};

struct ow_bytes {
	const void *p;
	size_t n;
};

struct ow_ctx;			/* one loaded instance of a plugin */
struct ow_timer;
struct ow_watch;		/* interest in one file descriptor */
struct ow_srv_call;		/* one HTTP request that waits for its answer */
struct ow_stream;		/* one open connection that gets messages */

/* ---- Options: one table is parser, default, check and manual ----------- */

enum {
	OW_T_STR = 1,		/* const char * */
	OW_T_BOOL,		/* bool: yes, no */
	OW_T_INT,		/* int64_t */
	OW_T_MS,		/* int64_t, in milliseconds: 250ms, 30s, 5m */
	OW_T_BYTES,		/* int64_t: 64k, 2m */
	OW_T_URL,		/* const char *, checked to be one */
	OW_T_SECRET,		/* const char *; "@file" reads it from there; */
				/* never shown, wiped when the plugin stops */
	OW_T_CHOICE,		/* const char *, one of choices */
};

struct ow_option {
	const char *name;	/* as written in the config file */
	int32_t type;
	uint32_t offset;	/* of the field in the plugin's conf struct */
	const char *dflt; /* as the admin would write it, or OW_REQUIRED */
	int64_t min, max;	/* for numbers; both 0: any */
	const char *const *choices;
	const char *help; /* one sentence, used in --explain and man page */
};

#define OW_REQUIRED ((const char *)0)

/*
 * Entries name the conf field itself: a misspelt field does not compile, and
 * a field of the wrong C type is diagnosed as a comparison of two different
 * pointer types.
 */
#define OW_OPT_(t, ctype, conf, field, d, lo, hi, ch, h)		\
	{ #field, t,							\
	  (uint32_t)(offsetof(conf, field) +				\
	    0 * sizeof((ctype *)0 == &((conf *)0)->field)),		\
	  d, lo, hi, ch, h }
#define OW_STR(conf, field, dflt, help)					\
	OW_OPT_(OW_T_STR, const char *, conf, field, dflt, 0, 0, NULL, help)
#define OW_URL(conf, field, dflt, help)					\
	OW_OPT_(OW_T_URL, const char *, conf, field, dflt, 0, 0, NULL, help)
#define OW_SECRET(conf, field, dflt, help)				\
	OW_OPT_(OW_T_SECRET, const char *, conf, field, dflt, 0, 0, NULL, help)
#define OW_CHOICE(conf, field, dflt, choices, help)			\
	OW_OPT_(OW_T_CHOICE, const char *, conf, field, dflt, 0, 0, choices, \
	    help)
#define OW_BOOL(conf, field, dflt, help)				\
	OW_OPT_(OW_T_BOOL, bool, conf, field, dflt, 0, 0, NULL, help)
#define OW_INT(conf, field, dflt, min, max, help)			\
	OW_OPT_(OW_T_INT, int64_t, conf, field, dflt, min, max, NULL, help)
#define OW_MS(conf, field, dflt, min, max, help)			\
	OW_OPT_(OW_T_MS, int64_t, conf, field, dflt, min, max, NULL, help)
#define OW_BYTES(conf, field, dflt, min, max, help)			\
	OW_OPT_(OW_T_BYTES, int64_t, conf, field, dflt, min, max, NULL, help)
#define OW_OPTIONS_END { NULL, 0, 0, NULL, 0, 0, NULL, NULL }

/* ---- Metrics: declared once, then added to by index -------------------- */

enum { OW_COUNTER = 1, OW_GAUGE, OW_HISTOGRAM_MS };

struct ow_metric {
	const char *name;	/* host adds the prefix and instance label */
	int32_t type;
	const char *help;
};

#define OW_METRICS_END { NULL, 0, NULL }

/* ---- Host: every plugin ------------------------------------------------ */

enum { OW_DEBUG, OW_INFO, OW_NOTICE, OW_WARN, OW_ERROR };

struct ow_host_base {
	uint32_t size;
	/* ANY THREAD.  One line, no newline; the host adds who and when.
	   Never put an address, a token or an order's content in it. */
	void (*log)(struct ow_ctx *, int32_t level, const char *fmt, ...)
	    OW_PRINTF(3, 4);
	/* ANY THREAD.  The metric is an index into the plugin's own table. */
	void (*add)(struct ow_ctx *, uint32_t metric, int64_t n);
	/* ANY THREAD.  Run fn(arg) on the loop, soon and in order. */
	void (*post)(struct ow_ctx *, void (*fn)(void *), void *arg);
	/* Run work(arg) on a host thread, then done(arg) on the loop. */
	void (*offload)(struct ow_ctx *, void (*work)(void *),
	    void (*done)(void *), void *arg);
	/* Monotonic; the tests move it by hand, so never ask the system. */
	int64_t (*now_ms)(struct ow_ctx *);
	/* Fires once.  The handle ends when it fires or is cancelled. */
	struct ow_timer *(*timer_start)(struct ow_ctx *, int64_t after_ms,
	    void (*fire)(void *), void *arg);
	void (*timer_cancel)(struct ow_ctx *, struct ow_timer **);
	/* The answer to drain(): nothing is in flight any more. */
	void (*drained)(struct ow_ctx *);
	/* Call ready(arg) on the loop, again and again, while fd (the
	   plugin's) can be read or written, whichever is asked for.  Stop
	   before fd is closed; all three are safe from inside ready(). */
	struct ow_watch *(*watch_start)(struct ow_ctx *, int fd, bool rd,
	    bool wr, void (*ready)(void *), void *arg);
	void (*watch_set)(struct ow_ctx *, struct ow_watch *, bool rd, bool wr);
	void (*watch_stop)(struct ow_ctx *, struct ow_watch **);
};

/* ---- Words of the transport kind ---------------------------------------- */

struct ow_header {
	const char *name, *value;
};

/*
 * One message for screens, immutable and shared by all of them: an event of
 * an order's log, or something only this stream is told (a snapshot, a
 * heartbeat).  json is one object on one line, without a line break.
 */
struct ow_event {
	uint32_t size;
	uint64_t seq;		/* in its order's log, from 1; 0: has none */
	int64_t at_ms;		/* since 1970 */
	const char *type;	/* "order.status.changed" */
	struct ow_bytes json;	/* the whole message */
};

/*
 * How one message looks on the wire: head, body, tail, in this order.  body
 * starts as the event's json; a transport may point it at bytes of its own,
 * which must stay until the next call into the plugin.
 */
struct ow_frame {
	uint32_t size;
	uint32_t head_len, tail_len;
	struct ow_bytes body;
	unsigned char head[160];
	unsigned char tail[32];
};

/* What a stream carries. */
enum {
	OW_FEED_NONE = 0,	/* nothing: only what the transport writes */
	OW_FEED_ORDER,		/* one order: snapshot, then its events */
	OW_FEED_KITCHEN,	/* all active orders of the caller's tenant */
	OW_FEED_PERSON,		/* the caller's own notices */
};

/* One HTTP request to a route of the plugin's.  Valid during the call. */
struct ow_srv_req {
	uint32_t size;
	const char *method, *path;	/* path: decoded, no query */
	const char *query;		/* raw, without '?', or "" */
	const char *param;		/* what "{id}" of the route matched, */
					/* decoded, or "" */
	struct ow_bytes body;
};

/*
 * How a call becomes a stream.  Who asks is settled by the host: the bearer
 * token of the Authorization header, token, or ticket, in this order.  With
 * none of them and auth_later, the peer has 5 s to say who it is through
 * message(); without auth_later it gets 401.
 */
struct ow_open {
	uint32_t size;
	int32_t feed;		/* OW_FEED_... */
	uint32_t variant; /* 0..3, given back in frame(): streams of one */
				/* variant share their frames */
	bool head_first;	/* true: the head goes out at once, a refusal */
				/* comes as end(); false: a refusal is an */
				/* HTTP answer and the head follows consent */
	bool two_way;		/* the peer answers heartbeats: silence of */
				/* 60 s ends the stream */
	bool auth_later;
	bool has_since;
	uint64_t since;		/* the last seq that the peer has seen */
	const char *order;	/* OW_FEED_ORDER: an id, or "ref:" and an */
				/* external_ref; else NULL */
	const char *token;	/* a bearer token from elsewhere, or NULL */
	const char *ticket;	/* from POST /stream-tickets, or NULL */
	struct ow_bytes head;	/* the HTTP head that starts the stream */
	void *peer;		/* what *peer is at first: a mark, no memory, */
				/* since a refused call sees no closed() */
};

struct ow_host_srv {
	uint32_t size;
	/* In start() only.  A path's last segment but one may be "{id}".
	   A clash with another route is OW_ECONFLICT. */
	int (*route)(struct ow_ctx *, const char *method, const char *path,
	    void (*fn)(void *self, struct ow_srv_call *,
		const struct ow_srv_req *), struct ow_fault *);
	/* A header of the call's request, or NULL.  Several lines of one
	   name come joined by ", ".  Valid during the call of fn. */
	const char *(*header)(struct ow_ctx *, struct ow_srv_call *,
	    const char *name);
	/* Each call ends in exactly one of answer() and open(), before fn
	   returns.  answer() with a status of 400 or more sends a problem
	   document (RFC 9457) with detail as its text. */
	void (*answer)(struct ow_ctx *, struct ow_srv_call **, int32_t status,
	    const struct ow_header *headers, size_t n_headers,
	    const char *detail);
	void (*open)(struct ow_ctx *, struct ow_srv_call **,
	    const struct ow_open *);
	/* Bytes for this stream alone, in order with its messages and never
	   inside one.  All or nothing; OW_EAGAIN when 256 KiB wait already. */
	int (*write)(struct ow_ctx *, struct ow_stream *,
	    const struct ow_bytes *parts, size_t n_parts);
	/* The peer said this: one JSON text ("ping", "auth").  OW_EINVAL
	   when it is none that the contract knows. */
	int (*message)(struct ow_ctx *, struct ow_stream *, struct ow_bytes);
	/* What is written already still goes out, then the stream is gone;
	   closed() follows, never before data() or end() has returned.  Safe
	   from inside both, and twice. */
	void (*close)(struct ow_ctx *, struct ow_stream *);
	/* A query parameter of the call's request, decoded, or NULL.  Valid
	   during the call of fn. */
	const char *(*param)(struct ow_ctx *, struct ow_srv_call *,
	    const char *name);
};

/* Why the host ends a stream: also WebSocket close codes (RFC 6455, 7.4). */
enum {
	OW_END_GOING_AWAY = 1001,
	OW_END_EXPIRED = 4001,
	OW_END_FORBIDDEN = 4003,
	OW_END_NO_ORDER = 4004,
	OW_END_FINISHED = 4010,
	OW_END_TOO_MANY = 4029,
	OW_END_BAD_MESSAGE = 4400,
};

/*
 * A transport turns messages into bytes and back.  It is not asked for each
 * delivery: frame() runs once for a message, a variant and a front loop, and
 * the host sends the same bytes to every stream.
 */
struct ow_transport {
	uint32_t size;
	/* How this message looks on the wire.  The host sends a message of
	   type "heartbeat" when a stream was silent for 25 s. */
	void (*frame)(void *self, uint32_t variant, const struct ow_event *,
	    struct ow_frame *out);
	/* Bytes from the peer.  *peer is the transport's own word for this
	   stream, at first that of open(); keep no memory there while nothing
	   is half-received, since most streams are idle.  end() may be called
	   from inside data(), when it calls message(). */
	void (*data)(void *self, struct ow_stream *, void **peer,
	    struct ow_bytes);
	/* Say goodbye with this code and reason, then close().  reason is a
	   short text, or {"retry_ms":N} with OW_END_GOING_AWAY. */
	void (*end)(void *self, struct ow_stream *, void **peer,
	    int32_t code, const char *reason);
	/* The stream is gone: free what *peer has. */
	void (*closed)(void *self, void **peer);
};

/* ---- Kind: store: see orderwire/store.h ---------------------------------- */

struct ow_store;
struct ow_host_store;


/* ---- Host: the whole of it --------------------------------------------- */

/* A kind sees only the tables it has business with; the others are NULL. */
struct ow_host {
	uint32_t size;
	uint32_t abi;
	const struct ow_host_base *base;	/* all kinds */
	const struct ow_host_srv *srv;		/* transport */
	const struct ow_host_store *store;	/* store */
};

/* ---- The descriptor ---------------------------------------------------- */

enum { OW_TRANSPORT = 1, OW_STORE };

struct ow_plugin {
	uint32_t size;		/* these three: OW_PLUGIN_HEAD(kind) */
	uint32_t abi;
	int32_t kind;

	const char *name;	/* a-z 0-9 -, the name admins write */
	const char *version;	/* the plugin's own */
	const char *summary;	/* one line for --list-plugins */

	const struct ow_option *options;	/* ends with OW_OPTIONS_END */
	size_t conf_size;	/* of the struct the options fill */
	const struct ow_metric *metrics;	/* or NULL */

	/*
	 * The life of one instance; a config may hold several of a plugin,
	 * so keep all state in *out_self and none in static variables.
	 *
	 * load	  Look at conf, which lives until stop(), and say what is
	 *	  wrong with it.  No sockets, no files: --check runs this too.
	 * start  Begin to work.  If it fails, stop() comes next.
	 * drain  Take nothing new; call drained() when all is finished.
	 *	  The host waits for it, but not for ever.
	 * stop	  Free everything, also after a start that failed half-way.
	 *	  No call into the plugin and none into the host comes after.
	 *
	 * A reload with changed options loads and starts a second instance,
	 * then drains and stops the first: no option changes under you.
	 */
	int (*load)(struct ow_ctx *, const struct ow_host *, const void *conf,
	    void **out_self, struct ow_fault *);
	int (*start)(void *self, struct ow_fault *);
	void (*drain)(void *self);
	void (*stop)(void *self);

	union {
		const struct ow_transport *transport;
		const struct ow_store *store;
	} ops;
};

#define OW_PLUGIN_HEAD(kind_)						\
	.size = (uint32_t)sizeof(struct ow_plugin),			\
	.abi = OW_ABI,							\
	.kind = (kind_)

/*
 * The one exported symbol.  It gets the host's version and may return NULL or,
 * in a plugin that serves two majors, a different descriptor.  The host checks
 * the rest (name, required calls of the kind, option table) before any other
 * code of the plugin runs, and reports all that is wrong at once.
 */
const struct ow_plugin *ow_plugin_query(uint32_t host_abi);

#define OW_EXPORT_PLUGIN(desc)						\
	OW_EXPORT const struct ow_plugin *				\
	ow_plugin_query(uint32_t host_abi)				\
	{								\
		return (host_abi >> 16) == OW_ABI_MAJOR ? &(desc) : NULL; \
	}								\
	struct ow_plugin_needs_semicolon

#ifdef __cplusplus
}
#endif

#endif

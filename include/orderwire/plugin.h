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
 *	channel    hands one notice to one outside provider   webpush, sms
 *	adapter    brings in facts from an outside service    logistics
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
 * where they are declared (a transaction or a job until it is settled).  What
 * a plugin passes to the host is copied before the host call returns.  Calls
 * that end a thing take a pointer to your pointer and set it to NULL.
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
struct ow_net_call;		/* one request of ours to somebody else */
struct ow_hook_call;		/* one provider's request to us */
struct ow_socket;		/* a WebSocket of ours to somebody else */
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
	const char *method, *path;	/* path: decoded, no query; an */
					/* encoded "/" is \x1f, and no */
					/* other control is in it */
	const char *query;		/* raw, without '?', or "" */
	const char *param;		/* what "{id}" of the route matched, */
					/* decoded, or "" */
	struct ow_bytes body;
};

/* A whole answer of the plugin's own, of any status and type. */
struct ow_answer {
	uint32_t size;
	int32_t status;
	const struct ow_header *headers;	/* besides the next two, and */
	size_t n_headers;			/* Date */
	const char *content_type;	/* NULL without a body */
	struct ow_bytes body;		/* HEAD: its length alone goes out */
	/* NULL: body is copied.  Else it stays as it is until this was
	   called, once: in answer_bytes() or later, never after stop(). */
	void (*release)(void *arg);
	void *arg;
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
	   The path "*" is every path that no route has, by whatever method,
	   but none below /admin, /api, /hooks, /sse, /unsubscribe and /ws.
	   A clash with another route is OW_ECONFLICT. */
	int (*route)(struct ow_ctx *, const char *method, const char *path,
	    void (*fn)(void *self, struct ow_srv_call *,
		const struct ow_srv_req *), struct ow_fault *);
	/* A header of the call's request, or NULL.  Several lines of one
	   name come joined by ", ".  Valid during the call of fn. */
	const char *(*header)(struct ow_ctx *, struct ow_srv_call *,
	    const char *name);
	/* Each call ends in exactly one of answer(), open() and
	   answer_bytes(), before fn returns.  answer() with a status of 400
	   or more sends a problem document (RFC 9457) with detail as its
	   text. */
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
	/* The third way in which a call may end. */
	void (*answer_bytes)(struct ow_ctx *, struct ow_srv_call **,
	    const struct ow_answer *);
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

/* ---- Host: calling out over HTTP and SMTP -------------------------------- */

enum {
	/* The URL came from a user (a push endpoint, a webhook): https only,
	   the host's address must be a public one, or one that
	   outbox.private_allow names, at the moment of connecting.  A refusal
	   is OW_EDENIED. */
	OW_HTTP_FROM_USER = 1,
};

struct ow_http_req {
	uint32_t size;
	uint32_t flags;		/* OW_HTTP_... */
	const char *method, *url;
	const struct ow_header *headers;
	size_t n_headers;
	struct ow_bytes body;
	int64_t timeout_ms;	/* for all of it, from lookup to last byte */
	size_t reply_max;	/* a longer reply is OW_ELIMIT */
	const char *ca_file;	/* PEM; NULL or "": the system's */
};

struct ow_mail_req {
	uint32_t size;
	const char *url;	/* smtp://host:port or smtps://host:port */
	bool starttls;		/* smtp: only over TLS, or not at all */
	const char *user, *password;	/* or NULL */
	const char *from, *to;	/* the envelope's */
	struct ow_bytes message;	/* complete, with headers, CRLF lines */
	int64_t timeout_ms;
	const char *ca_file;	/* PEM; NULL or "": the system's */
};

/* Valid during the call.  Redirects are answers, never followed. */
struct ow_reply {
	uint32_t size;
	int32_t err;		/* OW_OK: an answer came, see status */
	int32_t status;		/* HTTP or SMTP status, 0 without an answer */
	const char *detail;	/* one line for a log, never NULL; SMTP: the */
				/* server's last line, "550 5.1.1 No...", */
				/* with * for the recipient's address */
	struct ow_bytes body;	/* HTTP */
	void *impl;		/* for header() */
};

/* A WebSocket to open.  All of it is copied. */
struct ow_ws_req {
	uint32_t size;
	const char *url;		/* ws:// or wss:// */
	const struct ow_header *headers;
	size_t n_headers;
	const char *ca_file;	/* PEM; NULL or "": the system's */
	int64_t open_ms;	/* for lookup, TLS and the whole handshake */
	size_t message_max;	/* a longer message is OW_ELIMIT */
};

/* What a WebSocket calls; none before ws_open() has returned. */
struct ow_ws_fns {
	uint32_t size;
	void (*on_open)(void *arg);
	/* One whole message; a binary one is dropped. */
	void (*on_text)(void *arg, struct ow_bytes);
	/* Exactly once, opened or not, unless ws_close() came first; the
	   socket ends with it.  err is never OW_OK: OW_EDENIED (401, 403),
	   OW_ENOENT (404), OW_ETIMEOUT, OW_ELIMIT, OW_EIO.  detail is one
	   line for a log. */
	void (*on_closed)(void *arg, int32_t err, const char *detail);
};

struct ow_outcome;

struct ow_host_net {
	uint32_t size;
	/* on_reply runs exactly once, never before this has returned, and not
	   at all after cancel().  NULL (never called back) when the request
	   itself is impossible: no timeout, a line break in a header. */
	struct ow_net_call *(*http)(struct ow_ctx *, const struct ow_http_req *,
	    void (*on_reply)(void *arg, const struct ow_reply *), void *arg);
	struct ow_net_call *(*mail)(struct ow_ctx *, const struct ow_mail_req *,
	    void (*on_reply)(void *arg, const struct ow_reply *), void *arg);
	void (*cancel)(struct ow_ctx *, struct ow_net_call **);
	/* A header of the reply, any case, the last of its name; or NULL. */
	const char *(*header)(const struct ow_reply *, const char *name);
	/* The usual reading of a reply.  HTTP: 2xx delivered; no answer, 408,
	   429 and 5xx retry, honouring Retry-After; 401 and 403
	   misconfigured; the rest rejected.  SMTP: 2yz delivered, 4yz retry,
	   530 to 535 and 538 misconfigured, the rest of 5yz rejected.  A
	   request that was refused or can't be (OW_EDENIED, OW_EINVAL) is
	   rejected; one whose reply was too long is read by its status.
	   Start from this and change only what your provider does
	   otherwise.  detail points into the reply. */
	void (*judge)(const struct ow_reply *, struct ow_outcome *);
	/* Adapters only.  NULL when the request itself is impossible.  The
	   host pings every 20 s and closes with OW_ETIMEOUT when no byte came
	   for 60 s.  fns is copied. */
	struct ow_socket *(*ws_open)(struct ow_ctx *, const struct ow_ws_req *,
	    const struct ow_ws_fns *fns, void *arg);
	/* OW_EAGAIN: not open, or 256 KiB wait already. */
	int (*ws_send)(struct ow_ctx *, struct ow_socket *,
	    struct ow_bytes text);
	/* Nothing is called any more.  Safe from inside the three. */
	void (*ws_close)(struct ow_ctx *, struct ow_socket **);
	/* Adapters only.  An answer that goes on (server-sent events): what a
	   2xx brings goes to on_data as it comes, and on_reply is its end.
	   The body of another status is the reply's.  timeout_ms is up to the
	   end of the answer's head; later no byte for 90 s is OW_ETIMEOUT.
	   Ended by cancel(), also from inside on_data. */
	struct ow_net_call *(*http_stream)(struct ow_ctx *,
	    const struct ow_http_req *,
	    void (*on_data)(void *arg, struct ow_bytes),
	    void (*on_reply)(void *arg, const struct ow_reply *), void *arg);
};

/* ---- Kind: channel ------------------------------------------------------- */

enum {
	OW_DELIVERED = 1,	/* the provider took responsibility */
	OW_RETRY,		/* may work later: the outbox backs off */
	OW_REJECTED,		/* this notice never will: it is parked */
	OW_GONE,		/* this address never will: it is turned off */
	OW_MISCONFIGURED,	/* our own credential or set-up is wrong: the */
				/* breaker opens, jobs wait, nothing is lost */
};

struct ow_outcome {
	uint32_t size;
	int32_t verdict;
	int64_t retry_after_ms;	/* the provider's wish; 0: outbox decides */
	const char *ref;	/* the provider's own id for it, or NULL */
	const char *detail;	/* a line for the admin, or NULL; no address */
};

enum { OW_URGENCY_LOW = 1, OW_URGENCY_NORMAL, OW_URGENCY_HIGH };

/* One notice for one address.  Valid from deliver() until it is settled. */
struct ow_job {
	uint32_t size;
	uint32_t attempt;	/* 1 the first time */
	const char *key;	/* equal on all attempts: pass it on, so that */
				/* the provider can drop a repeat */
	int64_t deadline_ms;	/* now_ms() after which cancel() comes */
	int64_t ttl_ms;		/* from now: later than that it is stale */
	int32_t urgency;
	bool is_repeat_safe;	/* false: an attempt before may have arrived */
	const char *address;	/* as address() made it */
	const char *tenant;
	const char *locale;	/* "en", "de-AT" */
	const char *order_id;
	const char *notice_id;
	const char *topic;	/* "order.ready" */
	const char *group;	/* newer notices of a group replace older */
				/* ones where the medium can; or "" */
	/* Rendered for the channel's medium, UTF-8. */
	const char *title;	/* one line: a push's title, a subject */
	const char *text;
	const char *html;	/* medium "email": a whole page; else "" */
	const char *url;	/* where the notice leads, absolute; or "" */
	const char *receipt;	/* medium "push": for POST /receipts, or "" */
	const char *receipt_url;	/* where that is, absolute; or "" */
	const char *unsubscribe_url;	/* medium "email"; else "" */
	struct ow_bytes event;	/* the whole event, as JSON */
};

/* What check() makes of an address. */
struct ow_address {
	uint32_t size;
	char text[4096];	/* as deliver() wants it */
	char identity[2048];	/* equal for equal receivers: "+493012345" */
	char hint[64];		/* what an admin may see: "j...@example.org" */
};

/* A provider's request to /hooks/{kind}/{name}.  Valid during hook(). */
struct ow_hook_req {
	uint32_t size;
	const char *method;	/* "GET", "POST" */
	const char *url;	/* as the provider called it: public_url, */
				/* path, query; signatures are made over it */
	const char *query;	/* raw, without '?', or "" */
	struct ow_bytes body;
	const char *name;	/* adapters: the tenant; channels: NULL */
};

struct ow_host_outbox {
	uint32_t size;
	/* Exactly once for each job, also after cancel(); from inside
	   deliver() or any time later.  There is no other way to report. */
	void (*settle)(struct ow_ctx *, const struct ow_job *,
	    const struct ow_outcome *);
	/* News of a job that was settled as delivered, by the ref given then:
	   a delivery report.  OW_DELIVERED: it arrived. */
	void (*report)(struct ow_ctx *, const char *ref,
	    const struct ow_outcome *);
	/* Whoever has this identity wants no more of the medium (in false), or
	   does again.  why is a short text for the journey. */
	void (*opt)(struct ow_ctx *, const char *identity, bool in,
	    const char *why);
	/* A header, or a parameter of the query or of a form body, decoded;
	   NULL: not there.  Valid during hook(). */
	const char *(*hook_header)(struct ow_ctx *, struct ow_hook_call *,
	    const char *name);
	const char *(*hook_param)(struct ow_ctx *, struct ow_hook_call *,
	    const char *name);
	/* All parameters of a form body, sorted by name: Twilio signs that.
	   Returns how many there are; fills in at most max. */
	size_t (*hook_form)(struct ow_ctx *, struct ow_hook_call *,
	    struct ow_header *out, size_t max);
	/* Each hook() ends in exactly one answer(), before it returns.  A
	   success goes out when what was told by report() or opt() meanwhile
	   is in the store, and becomes a 503 when that can't be now: the
	   provider has to say it again. */
	void (*hook_answer)(struct ow_ctx *, struct ow_hook_call **,
	    int32_t status, const char *content_type, struct ow_bytes body);
};

struct ow_channel {
	uint32_t size;
	const char *medium;	/* "push", "email", "sms", "webhook": what */
				/* people switch on and off */
	const char *kind;	/* of address: "webpush", "fcm", "email", ... */
	/* Asked when someone subscribes, and before a first delivery, so that
	   a bad address fails early.  wanted is JSON (a PushSubscription) or
	   a plain address, as the kind has it. */
	int (*check)(void *self, const char *wanted, struct ow_address *out,
	    struct ow_fault *);
	/* Begin.  The host keeps to the limits that every channel section
	   has (max_inflight, rate), so a channel needs no queue. */
	void (*deliver)(void *self, const struct ow_job *);
	/* Optional.  Give up on the job now, then settle it. */
	void (*cancel)(void *self, const struct ow_job *);
	/* Optional.  The one address of a channel whose receivers are not
	   persons (a webhook), in check()'s form; after start(). */
	const char *(*own_address)(void *self);
	/* Optional.  What GET /push-subscriptions/key answers. */
	const char *(*public_key)(void *self);
	/* Optional, both.  The {name} of /hooks/{kind}/{name} besides the
	   instance's own, and who answers there.  Authenticate first: a bad
	   signature is 401 and changes nothing. */
	const char *(*hook_name)(void *self);
	void (*hook)(void *self, struct ow_hook_call *,
	    const struct ow_hook_req *);
};

/* ---- Kind: adapter ------------------------------------------------------- */

/* The calls of the same names in ow_host_outbox, for adapters. */
struct ow_host_hook {
	uint32_t size;
	const char *(*hook_header)(struct ow_ctx *, struct ow_hook_call *,
	    const char *name);
	const char *(*hook_param)(struct ow_ctx *, struct ow_hook_call *,
	    const char *name);
	size_t (*hook_form)(struct ow_ctx *, struct ow_hook_call *,
	    struct ow_header *out, size_t max);
	void (*hook_answer)(struct ow_ctx *, struct ow_hook_call **,
	    int32_t status, const char *content_type, struct ow_bytes body);
};

/* Where a driver was.  Sound already: in range, not (0,0). */
struct ow_point {
	uint32_t size;
	const char *driver;
	double lat, lng;
	double heading;		/* degrees, 0 to 360; -1: unknown */
	double speed_mps;	/* -1: unknown */
	double accuracy_m;	/* -1: unknown */
	int64_t at_ms;		/* wall, by the driver's own clock */
};

/* How far somebody's task with an order is. */
struct ow_task {
	uint32_t size;
	const char *task_id;	/* or NULL */
	const char *order;	/* its id or its external_ref */
	const char *status;	/* a delivery status: "pending", "assigned" */
	const char *driver;	/* an id; NULL: nobody, or not said */
	const char *reason;	/* of a failure; or NULL */
	int64_t at_ms;		/* wall */
};

/* What screens may know of a driver, and nothing else.  Each but id may be
   NULL. */
struct ow_driver {
	uint32_t size;
	const char *id;
	const char *name;	/* the first name */
	const char *photo_url;
	const char *vehicle;
	const char *phone;
	double rating;		/* 0 to 5; below 0: unknown */
};

struct ow_route {
	uint32_t size;
	const char *order;	/* its id */
	size_t n;		/* points, at most 500; 0: none is known */
	const double *lnglat;	/* n pairs, the longitude first */
	double distance_m, duration_s;	/* below 0: unknown */
};

/* All of it is copied; what an order makes of it is the host's.  None of them
   calls back into the adapter. */
struct ow_host_facts {
	uint32_t size;
	void (*location)(struct ow_ctx *, const char *tenant,
	    const struct ow_point *);
	void (*task)(struct ow_ctx *, const char *tenant,
	    const struct ow_task *);
	void (*driver)(struct ow_ctx *, const char *tenant,
	    const struct ow_driver *);
	void (*route)(struct ow_ctx *, const char *tenant,
	    const struct ow_route *);
	/* Locations don't come in any more, or do again.  Told when it
	   changes; at first they are taken to come.  why is a short text. */
	void (*stale)(struct ow_ctx *, bool is_stale, const char *why);
};

/* An order whose delivery is of interest.  Valid during the call. */
struct ow_follow {
	uint32_t size;
	const char *tenant, *order_id;
	const char *external_ref;	/* or NULL, as the next two */
	const char *task_id;
	const char *driver;
	bool has_pickup, has_dropoff;
	double pickup_lat, pickup_lng;
	double dropoff_lat, dropoff_lng;
};

/*
 * An adapter brings facts from another service into orders.  It lives on the
 * outbox loop and decides nothing: which step is legal, and who may see what,
 * is the host's business.
 */
struct ow_adapter {
	uint32_t size;
	/* Say what becomes of this order from now on.  Again for the same
	   order: something of it has changed. */
	void (*follow)(void *self, const struct ow_follow *);
	/* Also for an order that is not followed. */
	void (*unfollow)(void *self, const char *tenant, const char *order_id);
	/* Optional.  Find a way from here to there; facts->route() says it,
	   if there is one.  It need not be followed. */
	void (*ask_route)(void *self, const struct ow_follow *,
	    double from_lat, double from_lng, double to_lat, double to_lng);
	/* Optional.  POST /hooks/logistics/{tenant}.  Authenticate first: a
	   bad signature is 401 and changes nothing. */
	void (*hook)(void *self, struct ow_hook_call *,
	    const struct ow_hook_req *);
};

/* ---- Host: the whole of it --------------------------------------------- */

/* A kind sees only the tables it has business with; the others are NULL. */
struct ow_host {
	uint32_t size;
	uint32_t abi;
	const struct ow_host_base *base;	/* all kinds */
	const struct ow_host_srv *srv;		/* transport */
	const struct ow_host_store *store;	/* store */
	const struct ow_host_net *net;		/* channel, adapter */
	const struct ow_host_outbox *outbox;	/* channel */
	const struct ow_host_facts *facts;	/* adapter */
	const struct ow_host_hook *hook;	/* adapter */
};

/* ---- The descriptor ---------------------------------------------------- */

enum { OW_TRANSPORT = 1, OW_STORE, OW_CHANNEL, OW_ADAPTER };

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
		const struct ow_channel *channel;
		const struct ow_adapter *adapter;
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

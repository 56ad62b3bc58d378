/* SPDX-License-Identifier: MIT */
/*
 * parts - what the files of this folder know of each other's insides.
 *
 *	hub.c     made, told, drained, ended; the turn
 *	answer.c  asks and what comes of them
 *	send.c    bytes to sockets
 *	stream.c  the life of a stream
 *	beat.c    what comes with time: heartbeats, expiry, silence
 *	latest.c  locations
 *
 * A stream that fails is only marked; its memory goes at the end of the turn
 * (hub_reap), so every caller may go on using what it holds.
 */
#ifndef HUB_PARTS_H
#define HUB_PARTS_H

#include <pthread.h>
#include "base/buf.h"
#include "base/metric.h"
#include "hub/ask.h"
#include "hub/frame.h"
#include "hub/hub.h"
#include "hub/stream.h"
#include "hub/subject.h"
#include "hub/topic.h"
#include "net/link.h"
#include "net/wheel.h"

#define HUB_TRANSPORTS_MAX 8
#define HUB_VARIANTS 4
#define HUB_KEYS (HUB_TRANSPORTS_MAX * HUB_VARIANTS)
#define HUB_LINGER_MS 2000
#define HUB_SEND_MAX 65536		/* bytes of a topic in one send */
#define HUB_PENDING_MAX (TOPIC_RING_MAX / 2)

enum {
	S_TWO_WAY = 1 << 0,
	S_FULL = 1 << 1,	/* no room, or no connection yet */
	S_FELL = 1 << 2,	/* what it needs is no longer in the ring */
	S_ASKING = 1 << 3,
	S_ASKED = 1 << 4,	/* has ever asked */
	S_LIVE = 1 << 5,	/* has been let in */
	S_AWAIT = 1 << 6,	/* must say who it is */
	S_WARNED = 1 << 7,	/* auth.expiring was said */
	S_DRAINING = 1 << 8,
	S_ENDED = 1 << 9,	/* the transport was told to end it */
	S_CLOSING = 1 << 10,	/* nothing more may be written */
	S_SHUT = 1 << 11,	/* all was sent; the peer may close */
	S_GONE = 1 << 12,
	S_QUEUED = 1 << 13,	/* is in the hub's work list */
	S_PAUSED = 1 << 14,	/* is not read, because it reads too little */
	S_CONNECTED = 1 << 15,	/* has or had a connection */
	S_HOLDS = 1 << 16,	/* is counted in its topic's n_behind */
	S_PRESENT = 1 << 17,	/* is counted in its topic's n_present */
	S_LIVE_DUE = 1 << 18,	/* its replay has not come to stream.live */
};
/* Gets nothing from its topic now. */
#define S_DEAF (S_FULL | S_FELL | S_ASKING | S_ENDED | S_CLOSING | S_GONE)

/* What is needed until the first answer, and no longer. */
struct opening {
	const char *tenant, *order, *path;
	void (*answered)(void *arg, struct ow_stream *, int err);
	void *arg;
	bool has_since;
	char text[];
};

struct ow_stream {
	struct link link;		/* first: a link is its stream */
	struct hub *hub;
	struct topic *topic;
	uint64_t cursor;	/* position in the topic: next to send */
	uint32_t topic_at, all_at;	/* places in topic and hub */
	uint32_t flags;
	uint32_t half_at;		/* bytes of half that are sent */
	struct frame *half;		/* a frame that is sent in part */
	struct out *out;		/* for it alone, before the topic's */
	uint32_t waiting;		/* bytes in out */
	uint32_t latest;		/* number of the last location sent */
	uint64_t seq;			/* of the last event sent */
	struct ow_stream *work;		/* next in the hub's work list */
	void *peer;			/* the transport's */
	struct who *who;
	struct subject *subject;
	struct ask *ask;
	struct opening *opening;	/* NULL after the first answer */
	char *address;
	struct wheel_node node;
	uint32_t beat, heard;		/* ticks */
	uint32_t limit;			/* tick: to say who, to linger */
	uint8_t feed, transport, variant;
};

/* The frames of a topic from one position on, merged: most streams are at the
   same one. */
struct plan {
	uint64_t from, to, seq;
	const struct topic *topic;
	uint64_t turn;			/* good for this one only */
	const char *p;
	size_t n;
	struct buf merged;
};

enum { INBOX_TELL, INBOX_ANSWER, INBOX_END };

struct inbox_item {
	int kind;
	void *p;
};

struct inbox {
	struct inbox_item *v;
	uint32_t n, cap;
};

struct hub {
	struct loop *loop;
	const struct set_stream *set;
	struct hub_conf conf;
	struct metric_set *metrics;
	struct link_set *links;
	struct wheel wheel;

	const struct ow_transport *transports[HUB_TRANSPORTS_MAX];
	void *selves[HUB_TRANSPORTS_MAX];
	uint32_t n_transports;

	struct ow_stream **all;
	uint32_t n_all, all_cap;
	struct topic *topics;		/* by key */
	struct subject *subjects;
	struct topic *left;		/* see answer.c; oldest first */
	struct ask *asks;		/* under way, oldest first */
	uint64_t ask_number;

	struct topic *dirty;
	struct ow_stream *work;
	struct turn_hook hook;
	struct loop_timer *pacing;
	struct plan *plans[HUB_KEYS];
	uint64_t turn;

	struct slot beat;		/* the heartbeat of this tick */
	uint32_t beat_tick;
	uint64_t random;
	struct id_maker ids;

	bool is_draining, is_ending;
	int64_t drain_ms;
	void (*drained)(void *);
	void *drained_arg;

	pthread_mutex_t lock;		/* of the inbox */
	struct inbox inbox, spare;
};

enum {
	M_STREAMS, M_TOPICS, M_ASKS, M_DELIVERIES, M_BYTES, M_SENDS, M_FULL,
	M_FALLS, M_RESYNCS, M_LOCATION_DROPS, M_SILENT, M_EXPIRED, M_REFUSED,
	M_TOO_MANY, M_SEND_MS, M_LAG_MS,
};

/* hub.c */
void hub_count(struct hub *, uint32_t metric, int64_t n);
void hub_touch(struct hub *);			/* a turn's end is wanted */
uint64_t hub_random(struct hub *);
void hub_add_stream(struct hub *, struct ow_stream *);
void hub_remove_stream(struct hub *, struct ow_stream *);
struct framer hub_framer(const struct hub *, uint32_t key);

/* answer.c */
void hub_send_ask(struct hub *, struct ask *);
void hub_ask_home(struct hub *, struct ask *);
void hub_forget_ask(struct ow_stream *);	/* its answer finds nobody */
void hub_leave(struct ow_stream *);		/* its topic, if any */
void hub_retire(struct hub *, struct topic *);	/* frees it, if unused */
void hub_ask_again(struct ow_stream *);
/* Calls what waits for the first answer; false: nothing does.  Afterwards the
   stream may be lost, but not freed. */
bool hub_answer_first(struct ow_stream *, int err);

/* send.c */
void send_topic(struct hub *, struct topic *);	/* to all on it */
void send_stream(struct ow_stream *);		/* what is due, if it can */
/* What it needs next has to come from the log. */
bool send_has_fallen(struct ow_stream *);
/* It needs its topic's ring no more. */
void send_release(struct ow_stream *);
/* Make what is left of the topic its own. */
void send_keep_rest(struct ow_stream *);
void send_add(struct ow_stream *, struct frame *);	/* taken */

/* stream.c */
uint32_t stream_key(const struct ow_stream *);
void stream_lose(struct ow_stream *);		/* the connection is no more */
void stream_queue(struct ow_stream *);		/* work at the turn's end */
void stream_reap(struct ow_stream *);		/* frees a lost one */
void stream_on_link(struct link *, unsigned int what);
void stream_check_pause(struct ow_stream *);

/* beat.c */
void beat_set(struct ow_stream *);		/* the next of its deadlines */
void beat_begin(struct ow_stream *);		/* it is connected */
/* End it with 1001 and a retry_ms of up to spread_ms. */
void beat_end_for_now(struct ow_stream *, int64_t spread_ms);
void beat_on_wheel(void *hub, struct wheel_node *);

/* latest.c */
void latest_tell(struct hub *, struct topic *, struct event *);
/* If it has not the newest and nothing is before it; false: later. */
bool latest_send(struct ow_stream *);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * desk_host - the desk over a real SQLite file, with a store that can be told
 * to misbehave, fronts that only take notes, and a clock that tests move.
 *
 * All roles share one loop unless a test says otherwise.
 */
#ifndef TEST_DESK_HOST_H
#define TEST_DESK_HOST_H

#include <check.h>
#include <pthread.h>

#include "base/metric.h"
#include "desk/room.h"
#include "notify/render.h"
#include "outbox/outbox.h"

#define T0 INT64_C(1763805600000)	/* 2025-11-22T10:00:00Z */
#define FRONTS 2
#define NOTES_MAX 4096
#define RULES_MAX 8
#define HELD_MAX 4096
#define WANTED_MAX 64

/* ---- A store that can be told to misbehave ----------------------------- */

enum fault_kind {
	FAULT_FAIL = 1,		/* not executed; err is the answer */
	FAULT_LIE,		/* executed; err is the answer all the same */
	FAULT_HOLD,		/* executed when released */
};

struct fault {
	enum fault_kind kind;
	int stmt;		/* a query in it; -1: any */
	int32_t err;
	uint32_t op;
	int skip, count;	/* after so many, for so many */
};

/* ---- What a front was told --------------------------------------------- */

enum note_kind { NOTE_TELL, NOTE_END, NOTE_ANSWER };

struct note {
	enum note_kind kind;
	struct event *event;
	struct ask *ask;
	char topic[64], sub[64];
	int code;
};

struct hub {
	pthread_mutex_t lock;
	uint32_t n;
	struct note notes[NOTES_MAX];
};

/* ---- An outbox that only takes notes ----------------------------------- */

struct outbox {
	const char *kinds;		/* "webpush email sms webhook" */
	uint32_t n_own;
	struct own_address own_texts[2];
	const struct own_address *own[2];
	uint32_t n_woken;
	int64_t woken_ms;		/* the last */
	bool has_adapter;
	uint32_t n_wanted;
	struct wanted *wanted[WANTED_MAX];	/* the test's to free */
	uint32_t n_opted;
	struct opt *opted;		/* the last, the test's to free */
	uint32_t n_consents;
	struct consent *consent;	/* the last, the test's to free */
};

/* ---- The scene --------------------------------------------------------- */

struct desk {
	bool is_threaded;
	char dir[64], path[128];
	struct settings set;
	struct set_tenant tenants[2];	/* "cafe", "pub": no estimates */
	struct loop *loop, *store_loop;
	struct metrics *metrics;
	struct journal *journal;
	struct ow_ctx *store;
	struct orders *o;
	struct rules *rules;
	struct templates *templates;
	struct outbox outbox;
	struct store_parts *parts;
	bool is_second;
	struct hub fronts[FRONTS];
	struct fault faults[RULES_MAX];
	uint32_t n_faults;
	const struct ow_txn *held[HELD_MAX];
	uint32_t n_held;
	uint32_t executed[Q_COUNT];	/* by query */
	bool loaded;
	int load_err;
	struct result *results;
	struct ask *asks;
};

struct result {
	struct result *next;
	struct desk *desk;
	int n;			/* how many answers: 1 in the end */
	int status;
	char code[48], detail[320];
	char *body;
	uint64_t seq;
	int64_t wait_ms;
};

/* What is asked; what is left out gets a sensible default. */
struct asked {
	enum command_kind kind;
	enum intent_kind intent;
	enum role role;			/* NONE: service */
	const char *sub, *tenant;	/* "svc", "cafe" */
	const char *token;		/* instead of a role */
	const char *order, *item, *body;
	const char *key, *hash;		/* hash: of the body unless said */
	uint64_t since;
	int64_t limit;
	enum list_status list;
	enum order_status status;
	const char *customer, *before;
	const char *link, *path;
	int64_t expires_in_ms;
	bool unread;
	const char *prefs;		/* CMD_PREFS_PUT: the body */
	const char *if_match;		/* a number */
	const char *address;		/* CMD_PUSH_ADD: text and identity */
	const char *receipt;
};

/* Everything new, on an empty file; loaded. */
struct desk *desk_open(void);
/* With these rules, all by one template, and an outbox with every channel. */
struct desk *desk_open_rules(const char *rules);
/* Another node on the same file, with the same rules; closed before it. */
struct desk *desk_open_node(struct desk *);
/* The same without loading, in threads of its own: for the sanitizer. */
struct desk *desk_open_threaded(const char *rules);
void desk_load(struct desk *);
/* Ends as after a loss of power: nothing is flushed, nothing waits. */
void desk_crash(struct desk *);
/* And begins again on the same file. */
void desk_begin(struct desk *);
void desk_restart(struct desk *);	/* both, and loads */
void desk_close(struct desk **);
void desk_run(struct desk *, int64_t ms);
void desk_sql(struct desk *, const char *sql);
int64_t desk_sql_int(struct desk *, const char *sql);

struct command *desk_command_of(struct desk *, const struct asked *,
    struct loop *home, void (*done)(struct command *), void *arg);
/* Sent, and not waited for. */
struct result *desk_send(struct desk *, const struct asked *);
/* Sent, and answered exactly once. */
struct result *desk_do(struct desk *, const struct asked *);

void desk_fault(struct desk *, enum fault_kind, int stmt, int32_t err,
    uint32_t op, int skip, int count);
void desk_heal(struct desk *);		/* no faults any more */
void desk_release(struct desk *);	/* what is held back is executed */
void desk_store_state(struct desk *, bool up, const char *why);

/* Ask as a stream does; the answer is a note of the front and lives until
   the end.  how may be NULL. */
struct asking {
	uint32_t front;
	int32_t feed;			/* 0: an order's */
	enum role role;
	const char *sub, *tenant, *order, *token, *ticket, *path;
	bool has_since, resync;
	uint64_t since;
};
struct ask *desk_ask(struct desk *, const struct asking *);
struct ask *desk_ask_only(struct desk *, const struct asking *);
/* The answer of that one, or NULL. */
bool desk_is_answered(struct desk *, const struct ask *);

/* The data of the n-th event of this type the front was told, from 0; NULL:
   there were not so many. */
const char *desk_told_json(const struct desk *, uint32_t front,
    const char *type, uint32_t n);
/* How many events of this order (NULL: of any) the front was told. */
uint32_t desk_told(const struct desk *, uint32_t front, const char *order_id);
/* The code of the last end of this topic, or 0. */
int desk_ended(const struct desk *, uint32_t front, const char *topic);
void desk_forget(struct desk *);	/* all notes */

#endif

/* SPDX-License-Identifier: MIT */
/*
 * auth - checks bearer tokens for one front.
 *
 * A token that was good is remembered by its SHA-256 until it expires, so a
 * client that reconnects costs a hash; one that was bad is checked anew each
 * time.  The signature is jwt.c's, the meaning of claims claims.c's business.
 * Tracking tokens and tickets are unknown here.
 *
 * Invariants: a who that has expired is never given out; a set of keys that
 * differs empties the cache, so a key taken back takes its tokens along; at
 * most one question for new keys is open, and the next one comes no sooner
 * than keys_refresh_ms after its answer.
 */
#include "http/auth.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metric.h"
#include "http/claims.h"

#define AUTH_WAITERS_MAX 1000
#define AUTH_WAIT_MS 15000	/* somebody has to answer by then */
#define AUTH_REFRESH_MS_MIN 1000

struct auth_entry {
	unsigned char sha[SHA256_SIZE];
	struct who *who;
	UT_hash_handle hh;
};

struct auth_waiter {
	struct auth_waiter *prev, *next;
	void (*ready)(void *arg);
	void *arg;
};

struct auth {
	struct loop *loop;
	const struct set_auth *conf;
	struct keys *keys;
	struct keyset *set;		/* NULL: none was given yet */
	struct auth_entry *cache;	/* oldest first */
	struct metric_set *metrics;	/* may be NULL */

	bool is_asking;			/* keys have not answered yet */
	bool was_asked;
	int64_t answered_ms;		/* when they last did */
	struct loop_timer *timer;	/* only while asking */
	struct auth_waiter *waiting, *waking;
	uint32_t n_waiters;		/* in both */
	struct turn_hook wake;
};

enum { AUTH_M_CACHED, AUTH_M_VERIFIED, AUTH_M_REFUSED, AUTH_M_ASKED };

static const struct ow_metric auth_metrics[] = {
	{ "tokens_cached", OW_COUNTER, "Tokens that were known as good." },
	{ "tokens_verified", OW_COUNTER, "Tokens whose check was passed." },
	{ "tokens_refused", OW_COUNTER, "Tokens whose check was failed." },
	{ "keys_asked", OW_COUNTER, "Times an unknown kid made us ask." },
	OW_METRICS_END
};

static void
auth_count(struct auth *a, uint32_t metric)
{
	if (a->metrics)
		metric_add(a->metrics, metric, 1);
}

/* ---- The cache --------------------------------------------------------- */

static void
auth_forget(struct auth *a, struct auth_entry *e)
{
	HASH_DEL(a->cache, e);
	who_unref(&e->who);
	free(e);
}

static void
auth_forget_all(struct auth *a)
{
	while (a->cache)
		auth_forget(a, a->cache);
}

static struct who *
auth_recall(struct auth *a, const unsigned char *sha)
{
	struct auth_entry *e;

	HASH_FIND(hh, a->cache, sha, SHA256_SIZE, e);
	if (!e)
		return NULL;
	if (e->who->expires_ms > loop_wall_ms(a->loop))
		return who_ref(e->who);
	auth_forget(a, e);
	return NULL;
}

static void
auth_remember(struct auth *a, const unsigned char *sha,
    struct who *who)
{
	struct auth_entry *e;

	if (a->conf->cache_max <= 0)
		return;
	/* uthash keeps the order of arrival. */
	if ((int64_t)HASH_COUNT(a->cache) >= a->conf->cache_max)
		auth_forget(a, a->cache);
	e = mem_alloc(sizeof(*e));
	memcpy(e->sha, sha, SHA256_SIZE);
	e->who = who_ref(who);
	HASH_ADD(hh, a->cache, sha, SHA256_SIZE, e);
}

/* ---- Waiting for keys -------------------------------------------------- */

static void
auth_wake(void *arg)
{
	struct auth *a = arg;
	struct auth_waiter *w;

	/* Those that come meanwhile wait for the next time. */
	a->waking = a->waiting;
	a->waiting = NULL;
	while ((w = a->waking)) {
		DL_DELETE(a->waking, w);
		a->n_waiters--;
		w->ready(w->arg);
		free(w);
	}
}

static void
auth_answered(struct auth *a)
{
	loop_timer_cancel(&a->timer);
	if (a->is_asking)
		a->answered_ms = loop_now_ms(a->loop);
	a->is_asking = false;
	if (a->waiting)
		loop_at_turn_end(a->loop, &a->wake);
}

static void
auth_on_timer(void *arg)
{
	struct auth *a = arg;

	a->timer = NULL;
	auth_answered(a);
}

/* Whether there is hope for new keys. */
static bool
auth_ask(struct auth *a)
{
	int64_t wait_ms = a->conf->keys_refresh_ms;

	if (a->is_asking)
		return true;
	if (wait_ms < AUTH_REFRESH_MS_MIN)
		wait_ms = AUTH_REFRESH_MS_MIN;
	if (!a->keys || (a->was_asked &&
	    loop_now_ms(a->loop) - a->answered_ms < wait_ms))
		return false;
	a->is_asking = a->was_asked = true;
	a->timer = loop_timer_start(a->loop, AUTH_WAIT_MS, auth_on_timer, a);
	auth_count(a, AUTH_M_ASKED);
	keys_refresh(a->keys);
	return true;
}

int
auth_wait(struct auth *a, void (*ready)(void *arg), void *arg)
{
	struct auth_waiter *w;

	if (a->n_waiters >= AUTH_WAITERS_MAX)
		return OW_ELIMIT;
	w = mem_alloc(sizeof(*w));
	w->ready = ready;
	w->arg = arg;
	DL_APPEND(a->waiting, w);
	a->n_waiters++;
	if (!a->is_asking)
		loop_at_turn_end(a->loop, &a->wake);
	return OW_OK;
}

static void
auth_cancel_in(struct auth *a, struct auth_waiter **list,
    const void *arg)
{
	struct auth_waiter *w, *next;

	DL_FOREACH_SAFE(*list, w, next) {
		if (w->arg != arg)
			continue;
		DL_DELETE(*list, w);
		a->n_waiters--;
		free(w);
	}
}

void
auth_wait_cancel(struct auth *a, void *arg)
{
	auth_cancel_in(a, &a->waiting, arg);
	auth_cancel_in(a, &a->waking, arg);
}

/* ---- The whole --------------------------------------------------------- */

struct auth *
auth_new(struct loop *loop, const struct set_auth *conf,
    struct keys *keys, struct metrics *metrics)
{
	struct auth *a = mem_alloc(sizeof(*a));

	a->loop = loop;
	a->conf = conf;
	a->keys = keys;
	a->wake.fn = auth_wake;
	a->wake.arg = a;
	if (metrics)
		a->metrics = metric_set_new(metrics, "auth", auth_metrics,
		    "loop", loop_name(loop));
	return a;
}

static void
auth_drop_waiters(struct auth_waiter **list)
{
	struct auth_waiter *w, *next;

	DL_FOREACH_SAFE(*list, w, next)
		free(w);
	*list = NULL;
}

void
auth_free(struct auth **auth)
{
	struct auth *a = *auth;

	*auth = NULL;
	if (!a)
		return;
	loop_timer_cancel(&a->timer);
	loop_turn_cancel(a->loop, &a->wake);
	auth_drop_waiters(&a->waiting);
	auth_drop_waiters(&a->waking);
	auth_forget_all(a);
	keyset_unref(&a->set);
	metric_set_free(&a->metrics);
	free(a);
}

void
auth_set_keys(struct auth *a, struct keyset *set)
{
	struct keyset *old = a->set;

	if (!keyset_is_equal(old, set))
		auth_forget_all(a);
	a->set = keyset_ref(set);
	keyset_unref(&old);
	auth_answered(a);
}

bool
auth_is_jwt(const char *token)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	int part;
	size_t n;

	for (part = 0; part < 3; part++) {
		n = strspn(token, alphabet);
		if (!n || token[n] != (part < 2 ? '.' : '\0'))
			return false;
		token += n + 1;
	}
	return true;
}

/* The signature, then the claims. */
static int
auth_verify(struct auth *a, const char *token, struct who **out,
    struct auth_refusal *refusal)
{
	struct json *claims = NULL;
	struct ow_fault fault = { "there are no keys yet" };
	int rc = OW_ENOENT;

	if (a->set)
		rc = jwt_verify(a->set, token, &claims, &fault);
	if (rc == OW_ENOENT && auth_ask(a))
		return OW_EAGAIN;
	if (rc != OW_OK)
		return auth_refuse(refusal, 401, "token_invalid", "%.150s",
		    fault.text);
	rc = claims_read(claims, a->conf, loop_wall_ms(a->loop), out, refusal);
	json_free(&claims);
	return rc;
}

int
auth_check(struct auth *a, const char *token, struct who **out,
    struct auth_refusal *refusal)
{
	unsigned char sha[SHA256_SIZE];
	struct who *who;
	int rc;

	crypto_sha256(token, strlen(token), sha);
	who = auth_recall(a, sha);
	if (who) {
		auth_count(a, AUTH_M_CACHED);
		*out = who;
		return OW_OK;
	}
	rc = auth_verify(a, token, &who, refusal);
	if (rc == OW_OK) {
		auth_count(a, AUTH_M_VERIFIED);
		auth_remember(a, sha, who);
		*out = who;
	} else if (rc != OW_EAGAIN) {
		auth_count(a, AUTH_M_REFUSED);
	}
	return rc;
}

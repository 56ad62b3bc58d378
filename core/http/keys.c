/* SPDX-License-Identifier: MIT */
/*
 * keys - where the keys that sign tokens come from: a file, or a URL.
 *
 * It reads them at the start, when a front meets an unknown kid, and now and
 * then by itself, so that a key that was taken back goes away.  What a front
 * does with them is auth.c's business.
 *
 * Invariants: one reading at a time; a reading that fails keeps the set there
 * was and is said once, until one succeeds; `changed` runs once after each
 * reading and after each question that came too soon for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "http/auth.h"
#include "http/keyset.h"
#include "net/fetch.h"

#define KEYS_TEXT_MAX (256 * 1024)
#define KEYS_TIMEOUT_MS 10000
#define KEYS_RECHECK_MS 300000	/* by itself, after a success */
#define KEYS_RETRY_MS 1000	/* after a failure, doubled each time */
#define KEYS_RETRY_MS_MAX 60000

struct keys {
	struct mail ask;		/* first: it is what travels */
	atomic_bool is_asked;		/* ask is under way */
	bool is_dead;			/* ...and frees all when it arrives */
	struct loop *loop;
	const struct set_auth *conf;
	void (*changed)(void *arg, struct keyset *);
	void *arg;

	struct keyset *set;		/* never NULL once made */
	struct fetcher *fetcher;	/* NULL with a file */
	struct fetch *fetch;		/* under way */
	struct loop_timer *timer;	/* the next reading by itself */
	bool was_read;			/* at least once, well or badly */
	int64_t read_ms;		/* when it was begun */
	uint32_t failures;		/* in a row */
};

static int
keys_read_fd(int fd, struct buf *out)
{
	ssize_t n;
	char *room;

	/* At once: what grows leaves copies behind that nobody wipes. */
	while ((room = buf_room(out, KEYS_TEXT_MAX + 1 - out->n))) {
		n = read(fd, room, KEYS_TEXT_MAX + 1 - out->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return OW_EIO;
		buf_used(out, (size_t)n);
		if (!n)
			return OW_OK;
		if (out->n > KEYS_TEXT_MAX)
			break;
	}
	errno = EFBIG;
	return OW_EIO;
}

int
keys_read_file(const char *path, struct keyset **out,
    struct ow_fault *fault)
{
	struct buf text = BUF_INIT(KEYS_TEXT_MAX + 1);
	struct ow_fault why;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || keys_read_fd(fd, &text) != OW_OK)
		rc = jose_fault(fault, OW_EIO, "can't read the keys %.100s: %s",
		    path, strerror(errno));
	else if ((rc = keyset_parse(text.p, text.n, out, &why)) != OW_OK)
		(void)jose_fault(fault, rc, "%.90s: %.150s", path, why.text);
	if (fd >= 0)
		(void)close(fd);	/* was only read */
	if (text.p)
		mem_wipe(text.p, text.n);
	buf_done(&text);
	return rc;
}

/* ---- One reading ------------------------------------------------------- */

static void keys_read(struct keys *);

static void
keys_on_timer(void *arg)
{
	struct keys *k = arg;

	k->timer = NULL;
	if (!k->fetch)
		keys_read(k);
}

/* 1 s, 2 s, 4 s, ... of which half is by chance. */
static int64_t
keys_retry_ms(uint32_t failures)
{
	int64_t ms = KEYS_RETRY_MS;

	while (--failures && ms < KEYS_RETRY_MS_MAX)
		ms *= 2;
	if (ms > KEYS_RETRY_MS_MAX)
		ms = KEYS_RETRY_MS_MAX;
	return ms / 2 + (int64_t)crypto_random_below((uint64_t)ms / 2 + 1);
}

/* set NULL: it failed, fault says why. */
static void
keys_finish(struct keys *k, struct keyset *set,
    const struct ow_fault *fault)
{
	int64_t next_ms = KEYS_RECHECK_MS;

	if (set) {
		if (k->failures)
			log_notice("auth", "the keys can be read again");
		k->failures = 0;
		keyset_unref(&k->set);
		k->set = set;
	} else {
		if (!k->failures++)
			log_warn("auth", "the keys can't be read, those from "
			    "before stay", LOG_STR("why", fault->text));
		next_ms = keys_retry_ms(k->failures);
	}
	loop_timer_cancel(&k->timer);
	k->timer = loop_timer_start(k->loop, next_ms, keys_on_timer, k);
	k->changed(k->arg, k->set);
}

static void
keys_fetched(void *arg, const struct fetch_reply *reply)
{
	struct keys *k = arg;
	struct keyset *set = NULL;
	struct ow_fault fault;

	k->fetch = NULL;
	if (reply->err != OW_OK)
		(void)jose_fault(&fault, reply->err, "%s", reply->detail);
	else if (reply->status != 200)
		(void)jose_fault(&fault, OW_EIO, "the server answered %d",
		    reply->status);
	else if (keyset_parse(reply->body.p, reply->body.n, &set,
	    &fault) != OW_OK)
		set = NULL;
	keys_finish(k, set, &fault);
}

static void
keys_read(struct keys *k)
{
	static const struct ow_header headers[] = {
		{ "Accept", "application/jwk-set+json, application/json" },
	};
	const struct fetch_request req = {
		.method = "GET",
		.url = k->conf->keys_url,
		.headers = headers,
		.n_headers = 1,
		.timeout_ms = KEYS_TIMEOUT_MS,
		.reply_max = KEYS_TEXT_MAX,
		.ca_file = k->conf->keys_ca_file,
	};
	struct keyset *set = NULL;
	struct ow_fault fault;

	k->was_read = true;
	k->read_ms = loop_now_ms(k->loop);
	loop_timer_cancel(&k->timer);
	if (k->fetcher) {
		/* Alone on its fetcher, and nothing in it is a peer's. */
		OW_ASSERT(fetch_start(k->fetcher, &req, keys_fetched, k,
		    &k->fetch) == OW_OK);
		return;
	}
	/* A small local file, seldom: not worth a helper thread. */
	if (keys_read_file(k->conf->keys_file, &set, &fault) != OW_OK)
		set = NULL;
	keys_finish(k, set, &fault);
}

/* ---- Being asked ------------------------------------------------------- */

static void
keys_on_ask(struct mail *mail)
{
	struct keys *k = (struct keys *)mail;

	if (k->is_dead) {
		free(k);
		return;
	}
	atomic_store(&k->is_asked, false);
	if (k->fetch)
		return;		/* its end is the answer */
	if (k->was_read && loop_now_ms(k->loop) - k->read_ms <
	    k->conf->keys_refresh_ms)
		k->changed(k->arg, k->set);
	else
		keys_read(k);
}

void
keys_refresh(struct keys *k)
{
	if (!atomic_exchange(&k->is_asked, true))
		loop_send(k->loop, &k->ask);
}

/* ---- Life -------------------------------------------------------------- */

/* The set that keys_new has read. */
static void
keys_on_start(void *arg)
{
	struct keys *k = arg;

	k->timer = loop_timer_start(k->loop, KEYS_RECHECK_MS, keys_on_timer, k);
	k->changed(k->arg, k->set);
}

int
keys_new(struct loop *loop, const struct set_auth *conf,
    void (*changed)(void *arg, struct keyset *), void *arg,
    struct keys **out, struct ow_fault *fault)
{
	struct keyset *set = NULL;
	struct keys *k;
	int rc;

	if (!conf->keys_file[0] == !conf->keys_url[0])
		return jose_fault(fault, OW_EINVAL, "auth needs keys_file or "
		    "keys_url, and not both; \"orderwirectl keys new --out "
		    "FILE\" makes a key");
	if (conf->keys_file[0]) {
		rc = keys_read_file(conf->keys_file, &set, fault);
		if (rc != OW_OK)
			return rc;
	}
	k = mem_alloc(sizeof(*k));
	k->ask.run = keys_on_ask;
	k->loop = loop;
	k->conf = conf;
	k->changed = changed;
	k->arg = arg;
	k->set = set ? set : keyset_empty();
	if (!set)
		k->fetcher = fetcher_new(loop, NULL, NULL);
	/* A file's set is not "read" yet for keys_refresh_ms: whoever asks
	   first may see a newer one. */
	k->timer = loop_timer_start(loop, 0,
	    set ? keys_on_start : keys_on_timer, k);
	*out = k;
	return OW_OK;
}

void
keys_free(struct keys **keys)
{
	struct keys *k = *keys;

	*keys = NULL;
	if (!k)
		return;
	loop_timer_cancel(&k->timer);
	fetch_cancel(&k->fetch);
	fetcher_free(&k->fetcher);
	keyset_unref(&k->set);
	/* A letter that is under way still needs its memory. */
	if (atomic_load(&k->is_asked))
		k->is_dead = true;
	else
		free(k);
}

/* SPDX-License-Identifier: MIT */
/*
 * going - answers that go on: server-sent events.
 *
 * libcurl calls for every piece it has read, and must not be called from
 * there.  So pieces gather in the fetch's body until libcurl has returned, and
 * data() gets them then.  The deadline is ours as well: libcurl knows one for
 * all of an answer, and none for its head alone.
 *
 * Invariant: a fetch is in the fetcher's fresh list exactly as long as its
 * body holds what data() has not seen.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/fetching.h"

#define GOING_TURN_MAX ((size_t)1 << 20)	/* between two deliveries */
#define GOING_SILENCE_MS 90000

static void
going_set_timer(struct fetch *f, int64_t ms)
{
	const struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	OW_ASSERT(f->silence && !event_add(f->silence, &tv));
}

static void
going_on_silence(evutil_socket_t fd, short what, void *arg)
{
	struct fetch_reply reply = { .err = OW_ETIMEOUT };
	struct fetch *f = arg;

	(void)fd;
	(void)what;
	reply.curl = f->easy;
	(void)snprintf(reply.detail, sizeof(reply.detail), f->head_len ?
	    "nothing more comes" : "no answer comes");
	fetch_answer(f, &reply);
}

void
going_init(struct fetch *f, void (*data)(void *, struct ow_bytes),
    int64_t head_ms)
{
	f->data = data;
	f->silence = evtimer_new(f->home->base, going_on_silence, f);
	going_set_timer(f, head_ms);
	/* It has no end that could be too late. */
	(void)curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, 0L);
}

void
going_done(struct fetch *f)
{
	struct fetch **at;

	if (f->silence)
		event_free(f->silence);
	if (!f->is_fresh)
		return;
	for (at = &f->home->fresh; *at != f; at = &(*at)->next_fresh)
		;
	*at = f->next_fresh;
}

void
going_heard(struct fetch *f)
{
	long status = 0;

	(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200)	/* not 100 Continue, nor 103 Early Hints */
		going_set_timer(f, GOING_SILENCE_MS);
}

bool
going_take(struct fetch *f, const char *p, size_t n, bool *out_is_full)
{
	long status = 0;

	(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	going_heard(f);
	if (status < 200 || status > 299)
		return false;
	f->body.max = GOING_TURN_MAX;
	*out_is_full = buf_add(&f->body, p, n) != OW_OK;
	if (f->is_fresh)
		return true;
	f->is_fresh = true;
	f->next_fresh = f->home->fresh;
	f->home->fresh = f;
	return true;
}

void
going_deliver(struct fetcher *fr)
{
	struct fetch *f;
	struct buf body;

	/* A data() may start and cancel: ask anew each time. */
	while ((f = fr->fresh)) {
		fr->fresh = f->next_fresh;
		f->is_fresh = false;
		body = f->body;
		buf_init(&f->body, body.max);
		if (body.n)
			f->data(f->arg, (struct ow_bytes){ body.p, body.n });
		if (body.p)
			mem_wipe(body.p, body.n);
		buf_done(&body);
	}
}

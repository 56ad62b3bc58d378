/* SPDX-License-Identifier: MIT */
/*
 * ask - one GET to the service.
 *
 * A storm of reads (a reconnect with thousands of orders) waits in line here:
 * the service is asked so many things at once and not more.  Answers are
 * capped, parsed, and freed when done() returns.  Nothing is asked twice here;
 * when to try again is the asker's business.
 */
#include <stdio.h>

#include "logistics.h"
#include "mem.h"

#define ASKS_WAITING_MAX 20000u

struct ask {
	struct ask *next, **at;
	struct logistics *home;
	char *url;
	bool is_router;
	struct ow_net_call *call;	/* NULL: it waits */
	ask_done *done;
	void *arg;
};

static void asks_go(struct logistics *);

static void
ask_unlink(struct ask *a)
{
	struct asks *all = &a->home->asks;

	*a->at = a->next;
	if (a->next)
		a->next->at = a->at;
	else if (all->last == &a->next)
		all->last = a->at;
	if (a->call)
		all->n_under_way--;
	else
		all->n_waiting--;
}

static void
ask_free(struct ask *a)
{
	free(a->url);
	free(a);
}

void
ask_cancel(struct ask **p)
{
	struct ask *a = *p;
	struct logistics *l;

	if (!a)
		return;
	*p = NULL;
	l = a->home;
	ask_unlink(a);
	if (a->call)
		l->host->net->cancel(l->ctx, &a->call);
	ask_free(a);
	asks_go(l);
}

json_t *
ask_read(struct ow_bytes text)
{
	return json_loadb(text.n ? text.p : "", text.n,
	    JSON_REJECT_DUPLICATES, NULL);
}

const json_t *
ask_unwrap(const json_t *answer)
{
	const json_t *inside = json_object_get(answer, "data");

	return json_is_object(inside) || json_is_array(inside) ? inside :
	    answer;
}

static void
ask_answer(struct ask *a, const struct ow_reply *reply)
{
	char why[160];
	json_t *answer = NULL;

	if (reply->err)
		snprintf(why, sizeof(why), "%s", reply->detail);
	else if (reply->status < 200 || reply->status > 299)
		snprintf(why, sizeof(why), "HTTP %d", (int)reply->status);
	else
		answer = ask_read(reply->body);
	if (!answer && !reply->err && reply->status / 100 == 2)
		snprintf(why, sizeof(why), "the answer is not JSON");
	count(a->home, M_READS);
	if (!answer)
		count(a->home, M_READS_FAILED);
	a->done(a->arg, answer, reply->err ? 0 : reply->status,
	    answer ? "" : why);
	json_decref(answer);
}

static void
ask_on_reply(void *arg, const struct ow_reply *reply)
{
	struct ask *a = arg;
	struct logistics *l = a->home;

	ask_unlink(a);
	ask_answer(a, reply);
	ask_free(a);
	asks_go(l);
}

static bool
ask_go(struct ask *a)
{
	struct logistics *l = a->home;
	const struct ow_header headers[] = {
		{ "Accept", "application/json" },
		{ a->is_router ? l->router_name : l->auth_name,
		    a->is_router ? l->router_value : l->auth_value },
	};
	const struct ow_http_req req = {
		.size = sizeof(req), .method = "GET", .url = a->url,
		.headers = headers, .n_headers = headers[1].name ? 2 : 1,
		.timeout_ms = l->conf->timeout_ms, .reply_max = REPLY_MAX,
		.ca_file = l->conf->ca_file,
	};

	a->call = l->host->net->http(l->ctx, &req, ask_on_reply, a);
	return a->call != NULL;
}

/* Those that wait, while there is room. */
static void
asks_go(struct logistics *l)
{
	const struct ow_reply none = { .size = sizeof(none),
	    .err = OW_EINVAL, .detail = "the request is impossible" };
	struct asks *all = &l->asks;
	struct ask *a;

	while (!l->is_draining && all->first &&
	    all->n_under_way < l->conf->reads_max) {
		a = all->first;
		ask_unlink(a);
		if (!ask_go(a)) {
			ask_answer(a, &none);
			ask_free(a);
			continue;
		}
		a->next = all->under_way;
		a->at = &all->under_way;
		if (a->next)
			a->next->at = &a->next;
		all->under_way = a;
		all->n_under_way++;
	}
}

static void
asks_go_later(void *arg)
{
	asks_go(arg);
}

struct ask *
ask_start(struct logistics *l, char *url, bool is_router, ask_done *done,
    void *arg)
{
	struct asks *all = &l->asks;
	struct ask *a;

	if (!url)
		return NULL;
	if (all->n_waiting >= ASKS_WAITING_MAX || l->is_draining) {
		count(l, M_READS_REFUSED);
		free(url);
		return NULL;
	}
	a = mem_alloc(sizeof(*a));
	a->home = l;
	a->url = url;
	a->is_router = is_router;
	a->done = done;
	a->arg = arg;
	if (!all->last)
		all->last = &all->first;
	a->at = all->last;
	*all->last = a;
	all->last = &a->next;
	all->n_waiting++;
	/* A done() may have started this one; never from inside. */
	l->host->base->post(l->ctx, asks_go_later, l);
	return a;
}

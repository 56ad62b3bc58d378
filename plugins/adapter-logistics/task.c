/* SPDX-License-Identifier: MIT */
/*
 * task - how far the task of a followed order is.
 *
 * Where the service has a stream of a task's changes it is listened to; it has
 * no ids and no replay, so the task is read after each connection.  Where it
 * has none, and while the stream is away, the task is read every poll_ms.
 * Whatever says a status (a stream, a read, a webhook) ends in task_take,
 * which tells what is new and nothing else.
 */
#include <stdio.h>

#include "logistics.h"
#include "mem.h"

/* A read besides a stream that works, in case it missed something. */
#define READ_SPARE 20
/* So many names a task is looked for under. */
#define FIND_NAMES 4u

/* ---- News -------------------------------------------------------------- */

static void
task_tell(struct site *site, const struct followed *f,
    const struct task_news *news, const char *ours)
{
	struct ow_task task = {
		.size = sizeof(task), .status = ours,
		.task_id = f && f->task_id ? f->task_id : news->task_id,
		.order = f ? f->order_id : ref_strip(news->ref),
		.driver = f && f->rider ? f->rider->id : NULL,
		.reason = news->reason, .at_ms = news->at_ms,
	};

	if (!f)
		task.driver = news->rider;
	count(site->home, M_TASKS);
	site->home->host->facts->task(site->home->ctx, site->tenant, &task);
}

/* After this word the order needs another rider, or none. */
static void
task_settle_rider(struct followed *f, const struct task_news *news)
{
	const char *ours = f->told.ours;

	if (!strcmp(ours, "delivered") || !strcmp(ours, "returned")) {
		f->is_over = true;
		follow_set_rider(f, NULL, LEFT_FINISHED);
	} else if (!strcmp(ours, "failed")) {
		follow_set_rider(f, NULL, LEFT_FINISHED);
	} else if (!strcmp(ours, "cancelled") || !strcmp(ours, "pending")) {
		follow_set_rider(f, NULL, LEFT_UNASSIGNED);
	} else if (news->rider) {
		follow_set_rider(f, news->rider, LEFT_UNASSIGNED);
	}
}

static void
task_take_unknown(struct site *site, const struct task_news *news)
{
	struct word_told told = { .ours = NULL };

	if (!news->ref)
		return;
	if (word_judge(&told, news->status, false, news->at_ms) == WORD_TELL)
		task_tell(site, NULL, news, told.ours);
	else
		count(site->home, M_TASKS_UNKNOWN);
}

void
task_take(struct site *site, struct followed *f,
    const struct task_news *news)
{
	bool is_other, is_first;

	if (!f) {
		task_take_unknown(site, news);
		return;
	}
	is_first = news->rider && !f->rider && !f->is_over;
	is_other = news->rider && f->rider &&
	    strcmp(news->rider, f->rider->id) != 0;
	switch (word_judge(&f->told, news->status, is_other, news->at_ms)) {
	case WORD_TELL:
		task_settle_rider(f, news);
		task_tell(site, f, news, f->told.ours);
		break;
	case WORD_REPEAT:
		count(site->home, M_TASKS_REPEATED);
		if (!is_first)
			break;
		/* The word was known, whose it is was not. */
		task_settle_rider(f, news);
		if (f->rider)
			task_tell(site, f, news, f->told.ours);
		break;
	case WORD_LATE:
		count(site->home, M_TASKS_LATE);
		break;
	case WORD_UNKNOWN:
		count(site->home, M_TASKS_UNKNOWN);
		break;
	}
}

/* ---- Reads ------------------------------------------------------------- */

void
task_read_soon(struct followed *f)
{
	f->read_ms = 0;
	f->n_failed = 0;
}

static void
task_read_json(struct followed *f, const json_t *task)
{
	const struct fields *fields = &f->site->home->fields;
	const json_t *place = json_object_get(task, "rider_location");
	char id[FIELDS_ID_SIZE], rider[FIELDS_ID_SIZE];
	const struct task_news news = {
		.task_id = fields_id(fields, task, FIELD_TASK, id),
		.status = fields_text(fields, task, FIELD_STATUS, ID_MAX),
		.rider = fields_id(fields, task, FIELD_TASK_RIDER, rider),
		.reason = fields_text(fields, task, FIELD_REASON, 500),
		.at_ms = f->asked_wall_ms,
	};

	if (f->is_find && news.task_id)
		follow_set_task(f, news.task_id);
	if (f->is_find && !f->task_id)
		return;
	if (news.task_id && f->task_id && strcmp(news.task_id, f->task_id) != 0)
		return;
	task_take(f->site, f, &news);
	if (json_is_object(place))
		live_take_point(f->site, place, f);
}

static void
task_on_read(void *arg, const json_t *answer, int32_t status,
    const char *why)
{
	struct followed *f = arg;
	struct logistics *l = f->site->home;
	bool has_stream = f->stream && f->is_heard;

	(void)why;
	f->read = NULL;
	if (f->is_find)
		f->n_finds++;
	/* Nobody has heard of it (yet): that is an answer, too. */
	if (!answer && status != 404) {
		f->read_ms = now_ms(l) + backoff_ms(f->n_failed++,
		    l->conf->poll_ms, READ_RETRY_MAX_MS);
		return;
	}
	f->n_failed = 0;
	f->read_ms = now_ms(l) + l->conf->poll_ms * (has_stream ? READ_SPARE :
	    1);
	live_prove(f->site);
	answer = ask_unwrap(answer);
	if (json_is_array(answer))
		answer = json_array_get(answer, 0);
	if (json_is_object(answer))
		task_read_json(f, answer);
}

/* The names that the task may have been made for. */
static void
task_find_name(const struct followed *f, char *out, size_t size)
{
	bool is_ref = f->ref && f->n_finds % FIND_NAMES >= FIND_NAMES / 2;

	snprintf(out, size, "%s%s", f->n_finds % 2 ? "order:" : "",
	    is_ref ? f->ref : f->order_id);
}

static void
task_read(struct followed *f)
{
	struct logistics *l = f->site->home;
	char name[ID_MAX + sizeof("order:")];
	const struct preset_words words = {
		.tenant = f->site->tenant, .id = f->task_id, .ref = name,
	};
	const char *path = l->paths[PATH_TASK];

	f->is_find = !f->task_id;
	task_find_name(f, name, sizeof(name));
	if (f->is_find)
		path = l->paths[PATH_TASK_FIND];
	else if ((f->rider || !path) && l->paths[PATH_TRACKING])
		path = l->paths[PATH_TRACKING];
	if (!path)
		return;
	f->asked_wall_ms = wall_ms();
	f->read = ask_start(l, preset_url(l->conf->url, path, &words), false,
	    task_on_read, f);
	if (!f->read)
		f->read_ms = now_ms(l) + l->conf->poll_ms;
}

/* ---- The stream of one task -------------------------------------------- */

static void
task_drop_stream(struct followed *f)
{
	struct logistics *l = f->site->home;

	if (f->stream) {
		l->host->net->cancel(l->ctx, &f->stream);
		l->n_streams--;
	}
	sse_done(&f->sse);
	sse_init(&f->sse);
	f->is_heard = false;
}

static void
task_stream_later(struct followed *f)
{
	struct logistics *l = f->site->home;

	f->stream_ms = now_ms(l) + backoff_ms(f->n_lost++, 1000,
	    l->conf->retry_max_ms);
	task_read_soon(f);
}

static void
task_on_event(void *arg, const char *name, const char *text, size_t n)
{
	struct followed *f = arg;
	struct logistics *l = f->site->home;
	char number[FIELDS_ID_SIZE], rider[FIELDS_ID_SIZE];
	struct task_news news = { .at_ms = wall_ms() };
	json_t *data;

	if (!strcmp(name, "connected")) {
		f->is_heard = true;
		f->n_lost = 0;
		task_read_soon(f);
	}
	if (strcmp(name, "status_changed") != 0)
		return;
	data = ask_read((struct ow_bytes){ text, n });
	news.task_id = fields_id(&l->fields, data, FIELD_TASK, number);
	news.status = fields_text(&l->fields, data, FIELD_STATUS, ID_MAX);
	news.rider = fields_id(&l->fields, data, FIELD_TASK_RIDER, rider);
	if (!news.status)
		count(l, M_TASKS_UNKNOWN);
	else if (!news.task_id || !strcmp(news.task_id, f->task_id))
		task_take(f->site, f, &news);
	/* It does not say who has it now. */
	if (!f->rider && !f->is_over)
		task_read_soon(f);
	json_decref(data);
}

static void
task_on_data(void *arg, struct ow_bytes data)
{
	struct followed *f = arg;

	if (sse_feed(&f->sse, data.p, data.n, task_on_event, f))
		return;
	task_drop_stream(f);
	task_stream_later(f);
}

static void
task_on_end(void *arg, const struct ow_reply *reply)
{
	struct followed *f = arg;

	(void)reply;
	f->stream = NULL;		/* it ended by itself */
	f->site->home->n_streams--;
	task_drop_stream(f);
	task_stream_later(f);
}

static void
task_open_stream(struct followed *f)
{
	struct logistics *l = f->site->home;
	const struct preset_words words = { .tenant = f->site->tenant,
	    .id = f->task_id };
	const struct ow_header headers[] = {
		{ "Accept", "text/event-stream" },
		{ l->auth_name, l->auth_value },
	};
	char *url = preset_url(l->conf->url, l->paths[PATH_TASK_STREAM],
	    &words);
	const struct ow_http_req req = {
		.size = sizeof(req), .method = "GET", .url = url,
		.headers = headers, .n_headers = l->auth_name ? 2 : 1,
		.timeout_ms = l->conf->timeout_ms, .reply_max = 4096,
		.ca_file = l->conf->ca_file,
	};

	if (url)
		f->stream = l->host->net->http_stream(l->ctx, &req,
		    task_on_data, task_on_end, f);
	free(url);
	if (f->stream)
		l->n_streams++;
	else
		task_stream_later(f);
}

/* ---- Time passes ------------------------------------------------------- */

void
task_tick(struct followed *f)
{
	struct logistics *l = f->site->home;
	int64_t now = now_ms(l);

	if (f->is_over) {
		task_stop(f);
		return;
	}
	if (l->is_draining)
		return;
	if (f->task_id && l->paths[PATH_TASK_STREAM] && !f->stream &&
	    now >= f->stream_ms && l->n_streams < l->conf->task_streams_max)
		task_open_stream(f);
	if (!f->read && now >= f->read_ms)
		task_read(f);
}

void
task_stop(struct followed *f)
{
	ask_cancel(&f->read);
	task_drop_stream(f);
}

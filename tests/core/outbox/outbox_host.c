/* SPDX-License-Identifier: MIT */
/*
 * outbox_host - see outbox_host.h.
 */
#include "outbox_host.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "notify/rule.h"
#include "../../../plugins/store-sqlite/sqlite.h"

const struct ow_plugin *ow_plugin_query(uint32_t);

#define STORE_OPS (ow_plugin_query(OW_ABI)->ops.store)

static struct scene *the_scene;

/* ---- Instead of the loader ---------------------------------------------- */

uint32_t
plugins_count(const struct plugins *p)
{
	(void)p;
	return the_scene->n_fakes;
}

const struct plugin_entry *
plugins_at(const struct plugins *p, uint32_t i)
{
	(void)p;
	return &the_scene->fakes[i]->entry;
}

/* ---- A channel ---------------------------------------------------------- */

static int
fake_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *fault)
{
	struct fake *f = *(struct fake *const *)conf;

	(void)fault;
	f->ctx = ctx;
	f->host = host;
	*out_self = f;
	return OW_OK;
}

static int
fake_start(void *self, struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static void
fake_drain(void *self)
{
	struct fake *f = self;

	f->host->base->drained(f->ctx);
}

static void
fake_stop(void *self)
{
	(void)self;
}

static int
fake_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *fault)
{
	struct fake *f = self;

	f->n_checked++;
	if (f->refuses != NULL && strcmp(f->refuses, wanted) == 0) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "'%s' cannot be", wanted);
		return OW_EINVAL;
	}
	(void)snprintf(out->text, sizeof(out->text), "<%s>", wanted);
	(void)snprintf(out->identity, sizeof(out->identity), "%s", wanted);
	(void)snprintf(out->hint, sizeof(out->hint), "hint");
	return OW_OK;
}

static void
say(struct fake *f, const struct ow_job *job, int32_t verdict)
{
	struct ow_outcome out = {
		.size = sizeof(out), .verdict = verdict, .ref = f->ref,
		.retry_after_ms = f->retry_after_ms, .detail = f->detail,
	};

	f->host->outbox->settle(f->ctx, job, &out);
}

#define COPY(to, from) (void)snprintf(to, sizeof(to), "%s", from)

static struct seen *
remember(struct fake *f, const struct ow_job *job)
{
	struct seen *s = &f->seen[f->n_seen % SEEN_MAX];

	f->n_seen++;
	memset(s, 0, sizeof(*s));
	COPY(s->key, job->key);
	COPY(s->address, job->address);
	COPY(s->title, job->title);
	COPY(s->text, job->text);
	COPY(s->html, job->html);
	COPY(s->url, job->url);
	COPY(s->receipt, job->receipt);
	COPY(s->receipt_url, job->receipt_url);
	COPY(s->unsubscribe, job->unsubscribe_url);
	COPY(s->event, (const char *)job->event.p);
	COPY(s->group, job->group);
	COPY(s->topic, job->topic);
	COPY(s->locale, job->locale);
	s->attempt = job->attempt;
	s->ttl_ms = job->ttl_ms;
	s->deadline_ms = job->deadline_ms;
	s->urgency = job->urgency;
	s->is_repeat_safe = job->is_repeat_safe;
	return s;
}

static void
fake_deliver(void *self, const struct ow_job *job)
{
	struct ow_job strange = { .size = sizeof(strange) };
	struct fake *f = self;
	struct seen *s = remember(f, job);

	f->last = job;
	switch (f->way) {
	case FAKE_HOLDS:
	case FAKE_HANGS:
		s->job = job;
		break;
	case FAKE_TWICE:
		say(f, job, f->verdict);
		say(f, job, OW_REJECTED);
		break;
	case FAKE_STRANGE:
		say(f, &strange, OW_GONE);
		say(f, NULL, OW_GONE);
		say(f, job, f->verdict);
		break;
	case FAKE_NULL:
		f->host->outbox->settle(f->ctx, job, NULL);
		break;
	default:
		say(f, job, f->verdict);
	}
}

static void
fake_cancel(void *self, const struct ow_job *job)
{
	struct fake *f = self;
	uint32_t i;

	f->n_cancelled++;
	if (f->way == FAKE_HANGS)
		return;
	for (i = 0; i < f->n_seen && i < SEEN_MAX; i++)
		if (f->seen[i].job == job)
			f->seen[i].job = NULL;
	say(f, job, OW_RETRY);
}

void
fake_settle(struct fake *f, uint32_t i, int32_t verdict)
{
	const struct ow_job *job = f->seen[i].job;

	f->seen[i].job = NULL;
	say(f, job, verdict);
}

static const char *
fake_own(void *self)
{
	return ((struct fake *)self)->own;
}

static const char *
fake_key(void *self)
{
	(void)self;
	return "BKey";
}

static const char *
fake_hook_name(void *self)
{
	(void)self;
	return "acme";
}

static void
fake_hook(void *self, struct ow_hook_call *call,
    const struct ow_hook_req *req)
{
	struct ow_header form[4] = { { NULL, NULL } };
	struct fake *f = self;
	const struct ow_host_outbox *host = f->host->outbox;
	const char *what = host->hook_param(f->ctx, call, "what");
	const char *sign = host->hook_header(f->ctx, call, "x-sign");
	struct ow_outcome out = { .size = sizeof(out),
	    .verdict = OW_DELIVERED };
	char body[256];
	size_t n;

	if (sign == NULL || strcmp(sign, "good") != 0) {
		host->hook_answer(f->ctx, &call, 401, NULL,
		    (struct ow_bytes){ NULL, 0 });
		return;
	}
	if (what != NULL && strcmp(what, "silence") == 0)
		return;
	if (what != NULL && strcmp(what, "report") == 0)
		host->report(f->ctx, host->hook_param(f->ctx, call, "ref"),
		    &out);
	if (what != NULL && strcmp(what, "stop") == 0)
		host->opt(f->ctx, host->hook_param(f->ctx, call, "from"),
		    false, "STOP by SMS");
	if (what != NULL && strcmp(what, "type") == 0) {
		host->hook_answer(f->ctx, &call, 200,
		    host->hook_param(f->ctx, call, "type"),
		    (struct ow_bytes){ "body", 4 });
		return;
	}
	n = host->hook_form(f->ctx, call, form, 4);
	(void)snprintf(body, sizeof(body), "%s %zu %s=%s %s=%s", req->method,
	    n, n > 0 ? form[0].name : "", n > 0 ? form[0].value : "",
	    n > 1 ? form[1].name : "", n > 1 ? form[1].value : "");
	host->hook_answer(f->ctx, &call, 200, "text/x-test",
	    (struct ow_bytes){ body, strlen(body) });
	/* Once more changes nothing: it has left NULL behind. */
	host->hook_answer(f->ctx, &call, 500, NULL,
	    (struct ow_bytes){ NULL, 0 });
}

struct fake *
scene_channel(struct scene *s, const char *name, const char *medium,
    const char *kind)
{
	struct fake *f = calloc(1, sizeof(*f));
	static const struct ow_option no_options[] = { OW_OPTIONS_END };

	ck_assert_uint_lt(s->n_fakes, FAKES_MAX);
	s->fakes[s->n_fakes++] = f;
	f->scene = s;
	f->verdict = OW_DELIVERED;
	f->ops = (struct ow_channel){
		.size = sizeof(f->ops), .medium = medium, .kind = kind,
		.check = fake_check, .deliver = fake_deliver,
		.cancel = fake_cancel, .own_address = fake_own,
		.public_key = strcmp(medium, "push") == 0 ? fake_key : NULL,
		.hook_name = fake_hook_name, .hook = fake_hook,
	};
	f->desc = (struct ow_plugin){
		OW_PLUGIN_HEAD(OW_CHANNEL), .name = "channel-fake",
		.version = "1", .summary = "A fake", .options = no_options,
		.conf_size = sizeof(f), .load = fake_load,
		.start = fake_start, .drain = fake_drain, .stop = fake_stop,
		.ops.channel = &f->ops,
	};
	f->set = (struct set_channel){
		.tenants = "*", .max_inflight = 16, .deadline_ms = 10000,
		.breaker_failures = 5, .breaker_ms = 30000,
	};
	f->entry = (struct plugin_entry){ .name = name, .desc = &f->desc,
	    .channel = &f->set };
	f->entry.conf = calloc(1, sizeof(f));
	*(struct fake **)f->entry.conf = f;
	return f;
}

/* ---- The orders loop ---------------------------------------------------- */

static void
answer(struct scene *s, struct consent *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		c->jobs[i].err = s->consent_err;
		c->jobs[i].decided = s->decided;
	}
	outbox_consent(c);
}

static void
consent_arrive(struct mail *mail)
{
	struct consent *c = (struct consent *)(void *)((char *)mail -
	    offsetof(struct consent, mail));
	struct scene *s = c->desk;

	s->n_consents++;
	s->n_asked += c->n;
	s->last_asked = c->jobs[0];
	if (!s->is_silent) {
		answer(s, c);
		return;
	}
	ck_assert_ptr_null(s->asked);
	s->asked = c;
}

static void
on_consent(void *arg, struct consent *c)
{
	struct scene *s = arg;

	c->desk = s;
	c->mail.run = consent_arrive;
	loop_send(s->loop, &c->mail);
}

void
scene_answer(struct scene *s)
{
	struct consent *c = s->asked;

	ck_assert_ptr_nonnull(c);
	s->asked = NULL;
	answer(s, c);
}

static void
on_opt(void *arg, struct opt *opt)
{
	struct scene *s = arg;

	s->n_opts++;
	(void)snprintf(s->opt, sizeof(s->opt), "%s %s %s %d %s", opt->tenant,
	    opt->sub, medium_name(opt->medium), opt->in, opt->why);
	opt->err = s->opt_err;
	if (s->keeps_opts)
		s->opt_kept = opt;
	else
		outbox_opted(opt);
}

void
scene_answer_opt(struct scene *s, int err)
{
	struct opt *opt = s->opt_kept;

	ck_assert_ptr_nonnull(opt);
	s->opt_kept = NULL;
	opt->err = err;
	outbox_opted(opt);
}

static void
on_forgotten(void *arg, struct forgotten *f)
{
	struct scene *s = arg;

	ck_assert_uint_gt(f->n, 0);
	s->n_forgotten += f->n;
	(void)snprintf(s->forgotten, sizeof(s->forgotten), "%s %s",
	    f->notices[f->n - 1].tenant, f->notices[f->n - 1].sub);
	forgotten_free(&f);
}

/* ---- The store ---------------------------------------------------------- */

static bool
is_failing(struct scene *s, const struct ow_txn *txn)
{
	uint32_t k;

	if (s->fail_count == 0)
		return false;
	for (k = 0; k < txn->n_ops; k++)
		if (s->fail_query < 0 || txn->ops[k].stmt ==
		    (uint32_t)s->fail_query)
			return true;
	return false;
}

static void
mood_run(void *self, const struct ow_txn *const *txns, uint32_t n)
{
	struct ow_result bad = { .size = sizeof(bad),
	    .detail = "so the test wants it" };
	struct scene *s = self;
	uint32_t i, k;

	bad.err = s->fail_err;
	for (i = 0; i < n; i++)
		for (k = 0; k < txns[i]->n_ops; k++)
			s->executed[txns[i]->ops[k].stmt]++;
	if (s->fail_count == 0) {
		STORE_OPS->run(plugin_ctx_self(s->store), txns, n);
		return;
	}
	for (i = 0; i < n; i++) {
		if (!is_failing(s, txns[i]) || s->fail_lies) {
			STORE_OPS->run(plugin_ctx_self(s->store), &txns[i],
			    1);
			continue;
		}
		s->fail_count--;
		journal_host()->settle(s->store, txns[i], &bad);
	}
}

static void
mood_settle(struct ow_ctx *ctx, const struct ow_txn *txn,
    const struct ow_result *r)
{
	struct ow_result lie = { .size = sizeof(lie),
	    .detail = "the connection broke" };

	if (the_scene->fail_lies && is_failing(the_scene, txn)) {
		the_scene->fail_count--;
		lie.err = the_scene->fail_err;
		r = &lie;
	}
	journal_host()->settle(ctx, txn, r);
}

static const struct ow_store mood_ops = {
	.size = sizeof(struct ow_store), .run = mood_run,
};

static void
start_store(struct scene *s)
{
	static struct sqlite_conf conf;
	static struct ow_host_store host;
	static struct plugin_entry entry;
	struct plugin_tables tables = { .store = &host };
	struct journal_conf jc = {
		.home = s->loop, .store_loop = s->store_loop,
		.name = "orders", .queue_max = 100000,
		.metrics = s->metrics,
	};
	struct ow_fault fault;

	conf = (struct sqlite_conf){ s->path, 2000, 8 << 20, 2000 };
	host = *journal_host();
	host.settle = mood_settle;
	entry.name = "store";
	entry.desc = ow_plugin_query(OW_ABI);
	entry.conf = &conf;
	s->journal = journal_new(&jc);
	ck_assert_msg(plugin_start(&entry, s->store_loop, NULL, &tables,
	    s->journal, &s->store, &fault) == OW_OK, "%s", fault.text);
	ck_assert_msg(STORE_OPS->migrate(plugin_ctx_self(s->store), &fault) ==
	    OW_OK, "%s", fault.text);
	journal_attach(s->journal, s->store, &mood_ops, s);
	jc.home = s->outbox_loop;
	jc.name = "outbox";
	s->outbox_journal = journal_new(&jc);
	journal_attach(s->outbox_journal, s->store, &mood_ops, s);
}

/* ---- Life --------------------------------------------------------------- */

struct scene *
scene_open(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	the_scene = s;
	s->set.server.secret = "0123456789abcdef0123456789abcdef";
	s->set.server.listen = "127.0.0.1:8080";
	s->set.outbox = (struct set_outbox){
		.node = "node-a", .private_allow = "", .lease_ms = 120000,
		.poll_ms = 5000, .backoff_ms = 5000,
		.backoff_max_ms = 900000, .attempts_max = 4,
	};
	s->set.notify.keep_ms = 90 * 24 * 60 * MINUTE;
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/test_outbox.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	s->start_ms = T0;
	(void)snprintf(s->path, sizeof(s->path), "%s/ow.db", s->dir);
	s->loop = loop_new("test");
	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	return s;
}

void
scene_rules(struct scene *s, const char *text)
{
	struct conf_faults faults = { 0 };

	s->rules = rules_parse(text, "test.conf", &faults);
	ck_assert_msg(faults.n == 0, "%s", faults.n > 0 ?
	    faults.list[0].text : "");
	conf_faults_done(&faults);
}

void
scene_begin(struct scene *s)
{
	struct outbox_conf conf = {
		.set = &s->set, .rules = s->rules,
		.templates = s->templates, .public_url = "https://t.example",
		.consent = on_consent, .opt = on_opt,
		.forgotten = on_forgotten, .arg = s,
	};
	struct ow_fault fault;

	if (!s->is_threaded)
		loop_test_clock(s->loop, s->start_ms);
	s->metrics = metrics_new();
	s->store_loop = s->is_threaded ? loop_new("store") : s->loop;
	s->outbox_loop = s->is_threaded ? loop_new("outbox") : s->loop;
	start_store(s);
	conf.loop = s->outbox_loop;
	conf.metrics = s->metrics;
	conf.journal = s->outbox_journal;
	s->outbox = outbox_new(&conf);
	ck_assert_msg(outbox_start(s->outbox, NULL, &fault) == OW_OK, "%s",
	    fault.text);
	outbox_run(s->outbox);
	if (!s->is_threaded)
		scene_run(s, 1);
}

static void *
thread_main(void *arg)
{
	loop_run(arg);
	return NULL;
}

void
scene_run_threads(struct scene *s)
{
	struct loop *loops[] = { s->store_loop, s->outbox_loop };
	int i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&s->threads[i], NULL,
		    thread_main, loops[i]), 0);
	loop_run(s->loop);
	for (i = 0; i < 2; i++) {
		loop_stop(loops[i]);
		(void)pthread_join(s->threads[i], NULL);
	}
}

void
scene_crash(struct scene *s)
{
	int64_t wall_ms = loop_wall_ms(s->loop);
	uint32_t i, k;

	for (i = 0; i < s->n_fakes; i++)
		for (k = 0; k < SEEN_MAX; k++)
			s->fakes[i]->seen[k].job = NULL;
	s->asked = NULL;
	outbox_stop(s->outbox);
	plugin_stop(&s->store);
	if (s->is_threaded) {
		loop_free(&s->store_loop);
		loop_free(&s->outbox_loop);
	}
	loop_free(&s->loop);
	outbox_free(&s->outbox);
	journal_free(&s->outbox_journal);
	journal_free(&s->journal);
	metrics_free(&s->metrics);
	s->loop = loop_new("test");
	s->start_ms = wall_ms;
}

void
scene_close(struct scene **sp)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct scene *s = *sp;
	char name[160];
	uint32_t i;

	if (s->outbox != NULL)
		scene_crash(s);
	loop_free(&s->loop);
	rules_free(&s->rules);
	for (i = 0; i < s->n_fakes; i++) {
		free(s->fakes[i]->entry.conf);
		free(s->fakes[i]);
	}
	for (i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", s->path, ends[i]);
		(void)unlink(name);	/* need not be there */
	}
	ck_assert_int_eq(rmdir(s->dir), 0);
	free(s);
	*sp = NULL;
}

void
scene_run(struct scene *s, int64_t ms)
{
	loop_test_advance(s->loop, ms);
}

/* ---- Jobs --------------------------------------------------------------- */

static void
added(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct scene *s = arg;

	(void)txn;
	ck_assert_msg(r->err == OW_OK, "%s", r->detail);
	s->n_added++;
}

static const char *
or(const char *s, const char *other)
{
	return s != NULL ? s : other;
}

const char *
scene_add(struct scene *s, const struct wish *w)
{
	static char ids[8][ID_SIZE];
	static uint32_t at;
	const char *sub = or(w->sub, "ada"), *topic = or(w->topic,
	    "order.ready");
	char notice[ID_SIZE], *id = ids[at++ % 8];
	struct txn *txn = txn_new(s->journal);
	int64_t wall_ms = loop_wall_ms(s->loop);
	struct job_new j = {
		.tenant = "cafe", .sub = sub, .order_id = "order-1",
		.topic = topic, .kind = or(w->kind, "sms"),
		.medium = or(w->medium, "sms"),
		.address = or(w->address, "+4915112345678"),
		.group = or(w->group, ""), .locale = "en",
		.at_ms = w->at_ms != 0 ? w->at_ms : wall_ms,
		.only_unseen = w->only_unseen, .critical = w->critical,
	};

	id_new(&s->ids, wall_ms, j.id);
	id_new(&s->ids, wall_ms, notice);
	memcpy(id, j.id, ID_SIZE);
	j.event_id = or(w->event, notice);
	j.notice_id = or(w->notice, notice);
	j.due_ms = w->due_ms != 0 ? w->due_ms : j.at_ms;
	j.stale_ms = w->stale_ms != 0 ? w->stale_ms : j.at_ms + 60 * MINUTE;
	if (w->instance != NULL)
		job_own_hash(j.kind, w->instance, j.address, j.hash);
	else
		job_address_hash(j.kind, j.address, j.hash);
	j.hint = "+49...678";
	if (w->notice == NULL)
		txn_add(txn, Q_NOTICE_INSERT, -1, "ssssssiisssssis", notice,
		    "cafe", sub, "order-1", j.event_id, topic, j.at_ms,
		    INT64_C(1), "A title", "A text", "https://t.example/o",
		    "{\"number\":\"7\",\"seq\":\"3\"}", "[]", INT64_C(0),
		    "");
	job_add(txn, &j);
	txn_send(&txn, added, s);
	outbox_wake(s->outbox, j.due_ms);
	return id;
}

/* ---- Behind its back ---------------------------------------------------- */

const char *
scene_text(struct scene *s, const char *sql)
{
	static char out[8][400];
	static uint32_t at;
	char *text = out[at++ % 8];
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int rc;

	ck_assert_int_eq(sqlite3_open(s->path, &db), SQLITE_OK);
	rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
	rc = sqlite3_step(stmt);
	ck_assert_msg(rc == SQLITE_ROW || rc == SQLITE_DONE, "%s: %s", sql,
	    sqlite3_errmsg(db));
	(void)snprintf(text, 400, "%s", rc == SQLITE_ROW &&
	    sqlite3_column_text(stmt, 0) != NULL ?
	    (const char *)sqlite3_column_text(stmt, 0) : "");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

int64_t
scene_int(struct scene *s, const char *sql)
{
	return strtoll(scene_text(s, sql), NULL, 10);
}

void
scene_sql(struct scene *s, const char *sql)
{
	(void)scene_text(s, sql);
}

static const char *
job_cell(struct scene *s, const char *id, const char *col)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM jobs WHERE id = '%s'", col, id);
	return scene_text(s, sql);
}

const char *
job_state(struct scene *s, const char *id)
{
	return job_cell(s, id, "state");
}

const char *
job_why(struct scene *s, const char *id)
{
	return job_cell(s, id, "why");
}

int64_t
scene_metric(struct scene *s, const char *name, const char *kind)
{
	struct buf out = BUF_INIT(4u << 20);
	int64_t value = 0;
	char line[160];
	const char *at;

	metrics_render(s->metrics, &out);
	(void)snprintf(line, sizeof(line), "\norderwire_outbox_%s{kind=\"%s\"}",
	    name, kind);
	at = strstr(out.p, line);
	if (at != NULL)
		value = strtoll(at + strlen(line), NULL, 10);
	buf_done(&out);
	return value;
}

/* SPDX-License-Identifier: MIT */
/*
 * host - see host.h.  Everything happens in the thread that calls.
 */
#include "host.h"

#include <check.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ow_timer {
	struct ow_timer *next;
	int64_t due_ms;
	void (*fire)(void *);
	void *arg;
};

struct ow_watch {
	int fd;
	bool rd, wr;
	void (*ready)(void *);
	void *arg;
};

struct host {
	struct ow_host table;
	struct ow_host_base base;
	struct ow_host_store store;
	const struct ow_plugin *plugin;
	unsigned char *conf;
	void *self;
	int64_t now_ms;
	struct ow_timer *timers;
	struct ow_watch *watch;		/* stores have at most one */
	bool is_up, is_drained;
	char why[256];
	char log[8192];
	void (*on_settle)(void *, struct job *);
	void *on_settle_arg;
};

static struct host *
host_of(struct ow_ctx *ctx)
{
	return (struct host *)(void *)ctx;
}

static int64_t
real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- The table ---------------------------------------------------------- */

__attribute__((format(printf, 3, 4)))
static void
on_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
{
	struct host *h = host_of(ctx);
	size_t n = strlen(h->log);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	(void)vsnprintf(h->log + n, sizeof(h->log) - n, fmt, ap);
	va_end(ap);
	n = strlen(h->log);
	(void)snprintf(h->log + n, sizeof(h->log) - n, "\n");
}

static void
on_add(struct ow_ctx *ctx, uint32_t metric, int64_t n)
{
	const struct ow_metric *m = host_of(ctx)->plugin->metrics;
	uint32_t i;

	(void)n;
	for (i = 0; i <= metric; i++)
		ck_assert_ptr_nonnull(m[i].name);
}

static int64_t
on_now(struct ow_ctx *ctx)
{
	return host_of(ctx)->now_ms;
}

static struct ow_timer *
on_timer(struct ow_ctx *ctx, int64_t after_ms,
    void (*fire)(void *), void *arg)
{
	struct host *h = host_of(ctx);
	struct ow_timer *t = calloc(1, sizeof(*t));

	t->due_ms = h->now_ms + after_ms;
	t->fire = fire;
	t->arg = arg;
	t->next = h->timers;
	h->timers = t;
	return t;
}

static void
on_cancel(struct ow_ctx *ctx, struct ow_timer **tp)
{
	struct ow_timer **at = &host_of(ctx)->timers;

	if (!*tp)
		return;
	while (*at != *tp) {
		ck_assert_ptr_nonnull(*at);
		at = &(*at)->next;
	}
	*at = (*tp)->next;
	free(*tp);
	*tp = NULL;
}

static void
on_drained(struct ow_ctx *ctx)
{
	host_of(ctx)->is_drained = true;
}

static struct ow_watch *
on_watch(struct ow_ctx *ctx, int fd, bool rd, bool wr,
    void (*ready)(void *), void *arg)
{
	struct host *h = host_of(ctx);

	ck_assert_ptr_null(h->watch);
	ck_assert_int_ge(fd, 0);
	h->watch = calloc(1, sizeof(*h->watch));
	*h->watch = (struct ow_watch){ fd, rd, wr, ready, arg };
	return h->watch;
}

static void
on_watch_set(struct ow_ctx *ctx, struct ow_watch *w, bool rd,
    bool wr)
{
	ck_assert_ptr_eq(host_of(ctx)->watch, w);
	w->rd = rd;
	w->wr = wr;
}

static void
on_watch_stop(struct ow_ctx *ctx, struct ow_watch **wp)
{
	if (!*wp)
		return;
	ck_assert_ptr_eq(host_of(ctx)->watch, *wp);
	free(*wp);
	host_of(ctx)->watch = NULL;
	*wp = NULL;
}

static char *
cell_text(const struct ow_value *v)
{
	char *s;

	if (v->type == OW_V_NULL)
		return NULL;
	s = calloc(1, v->type == OW_V_TEXT ? v->text.n + 1 : 32);
	if (v->type == OW_V_INT)
		snprintf(s, 32, "%lld", (long long)v->i);
	else if (v->text.n > 0)
		memcpy(s, v->text.p, v->text.n);
	return s;
}

static void
job_keep(struct job *j, const struct ow_result *r)
{
	uint32_t i, k, n;

	for (i = 0; i < j->txn.n_ops; i++) {
		j->n_rows[i] = r->rows[i].n_rows;
		j->n_cols[i] = r->rows[i].n_cols;
		n = j->n_rows[i] * j->n_cols[i];
		for (k = 0; k < n && k < 512; k++)
			j->cells[i][k] = cell_text(&r->rows[i].cells[k]);
	}
}

static void
on_settle(struct ow_ctx *ctx, const struct ow_txn *txn,
    const struct ow_result *r)
{
	struct host *h = host_of(ctx);
	struct job *j = (struct job *)(void *)(uintptr_t)txn;

	if (h->on_settle) {
		j->err = r->err;
		h->on_settle(h->on_settle_arg, j);
	}
	j->settled++;
	ck_assert_int_eq(j->settled, 1);
	j->err = r->err;
	j->op = r->op;
	snprintf(j->detail, sizeof(j->detail), "%s",
	    r->detail ? r->detail : "");
	if (r->err == OW_OK)
		job_keep(j, r);
	else
		ck_assert_ptr_null(r->rows);
}

static void
on_state(struct ow_ctx *ctx, bool up, const char *why)
{
	struct host *h = host_of(ctx);

	ck_assert_int_ne(h->is_up, up);		/* only news */
	h->is_up = up;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

/* ---- Options ------------------------------------------------------------ */

static int64_t
number_of(const char *s)
{
	static const struct { const char *unit; int64_t by; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "k", 1024 }, { "m", 1 << 20 },
		{ "", 1 },
	};
	char *end;
	int64_t n = strtoll(s, &end, 10);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].unit))
			return n * units[i].by;
	ck_abort_msg("number %s", s);
	return 0;
}

static void
conf_fill(struct host *h, const struct host_conf *c)
{
	const struct ow_option *o;
	const char *value;
	int i;

	h->conf = calloc(1, h->plugin->conf_size);
	for (o = h->plugin->options; o->name; o++) {
		value = o->dflt;
		for (i = 0; c->options[i][0]; i++)
			if (!strcmp(c->options[i][0], o->name))
				value = c->options[i][1];
		ck_assert_ptr_nonnull(value);
		if (o->type == OW_T_STR || o->type == OW_T_SECRET)
			*(const char **)(void *)(h->conf + o->offset) = value;
		else
			*(int64_t *)(void *)(h->conf + o->offset) =
			    number_of(value);
	}
}

/* ---- Life --------------------------------------------------------------- */

static struct host *
host_make(const struct host_conf *c)
{
	struct host *h = calloc(1, sizeof(*h));

	h->plugin = c->plugin;
	h->base = (struct ow_host_base){
		.size = sizeof(h->base), .log = on_log, .add = on_add,
		.now_ms = on_now, .timer_start = on_timer,
		.timer_cancel = on_cancel, .drained = on_drained,
		.watch_start = on_watch, .watch_set = on_watch_set,
		.watch_stop = on_watch_stop,
	};
	h->store = (struct ow_host_store){
		sizeof(h->store), c->stmts, c->n_stmts, c->migrations,
		c->n_migrations, on_settle, on_state,
	};
	h->table.size = sizeof(h->table);
	h->table.abi = OW_ABI;
	h->table.base = &h->base;
	h->table.store = &h->store;
	h->is_up = true;
	h->now_ms = 1000;
	conf_fill(h, c);
	return h;
}

static void
host_free(struct host **hp)
{
	ck_assert_ptr_null((*hp)->timers);
	ck_assert_ptr_null((*hp)->watch);
	free((*hp)->conf);
	free(*hp);
	*hp = NULL;
}

int
host_load_only(const struct host_conf *c, struct ow_fault *f)
{
	struct host *h = host_make(c);
	int err;

	err = h->plugin->load((struct ow_ctx *)(void *)h, &h->table, h->conf,
	    &h->self, f);
	if (!err)
		h->plugin->stop(h->self);
	host_free(&h);
	return err;
}

struct host *
host_open(const struct host_conf *c, int *err,
    struct ow_fault *f)
{
	struct host *h = host_make(c);

	f->text[0] = '\0';
	*err = h->plugin->load((struct ow_ctx *)(void *)h, &h->table, h->conf,
	    &h->self, f);
	if (!*err) {
		*err = h->plugin->start(h->self, f);
		if (!*err)
			*err = h->plugin->ops.store->migrate(h->self, f);
		if (!*err)
			return h;
		h->plugin->stop(h->self);
	}
	ck_assert_str_ne(f->text, "");
	host_free(&h);
	return NULL;
}

int
host_migrate(struct host *h, struct ow_fault *f)
{
	return h->plugin->ops.store->migrate(h->self, f);
}

void
host_close(struct host **hp)
{
	struct host *h = *hp;
	int64_t end = real_ms() + 20000;

	if (!h)
		return;
	h->plugin->drain(h->self);
	while (!h->is_drained && real_ms() < end)
		host_turn(h, 10, 0);
	ck_assert(h->is_drained);
	h->plugin->stop(h->self);
	host_free(hp);
}

/* ---- Jobs --------------------------------------------------------------- */

void
job_init(struct job *j)
{
	memset(j, 0, sizeof(*j));
	j->txn.size = sizeof(j->txn);
	j->txn.reads = true;
	j->txn.ops = j->ops;
}

void
job_done(struct job *j)
{
	uint32_t i, k;

	for (i = 0; i < JOB_OPS; i++) {
		for (k = 0; k < JOB_ARGS; k++)
			free(j->texts[i][k]);
		for (k = 0; k < 512; k++)
			free(j->cells[i][k]);
	}
	job_init(j);
}

void
job_add(struct job *j, const struct ow_stmt *stmts, uint32_t stmt,
    int64_t expect, const char *kinds, ...)
{
	uint32_t at = j->txn.n_ops++, i, n = (uint32_t)strlen(kinds);
	struct ow_value *v;
	const char *s;
	va_list ap;

	ck_assert_uint_lt(at, JOB_OPS);
	ck_assert_uint_le(n, JOB_ARGS);
	va_start(ap, kinds);
	for (i = 0; i < n; i++) {
		v = &j->args[at][i];
		if (kinds[i] == 'i') {
			v->type = OW_V_INT;
			v->i = va_arg(ap, int64_t);
		} else if (kinds[i] == 's') {
			s = va_arg(ap, const char *);
			v->type = OW_V_TEXT;
			v->text.n = strlen(s);
			/* No NUL behind it: nobody may count on one. */
			j->texts[at][i] = malloc(v->text.n + 1);
			memcpy(j->texts[at][i], s, v->text.n);
			j->texts[at][i][v->text.n] = '!';
			v->text.p = j->texts[at][i];
		}
	}
	va_end(ap);
	j->ops[at] = (struct ow_op){ stmt, n, j->args[at], expect };
	if (strchr("IUD", stmts[stmt].sql[0]))	/* INSERT... */
		j->txn.reads = false;
}

/* ---- Turning ------------------------------------------------------------ */

static void
host_fire_due(struct host *h)
{
	struct ow_timer **at, *t;

	for (at = &h->timers; *at;) {
		t = *at;
		if (t->due_ms > h->now_ms) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		t->fire(t->arg);
		free(t);
		at = &h->timers;
	}
}

void
host_turn(struct host *h, int wait_ms, int64_t ms)
{
	struct pollfd p = { -1, 0, 0 };
	int n;

	if (h->watch) {
		p.fd = h->watch->fd;
		p.events = (short)((h->watch->rd ? POLLIN : 0) |
		    (h->watch->wr ? POLLOUT : 0));
	}
	n = poll(&p, 1, wait_ms);
	if (n > 0 && h->watch)
		h->watch->ready(h->watch->arg);
	if (n == 0) {
		h->now_ms += ms;
		host_fire_due(h);
	}
}

void
host_run(struct host *h, struct job **jobs, uint32_t n)
{
	const struct ow_txn **txns = calloc(n, sizeof(*txns));
	uint32_t i;

	for (i = 0; i < n; i++)
		txns[i] = &jobs[i]->txn;
	h->plugin->ops.store->run(h->self, txns, n);
	free(txns);
}

bool
host_settled(struct host *h, struct job **jobs, uint32_t n)
{
	int64_t end = real_ms() + 20000;
	uint32_t i = 0;

	for (;;) {
		while (i < n && jobs[i]->settled)
			i++;
		if (i == n)
			return true;
		if (real_ms() > end)
			return false;
		host_turn(h, 10, 10);
	}
}

int32_t
host_do(struct host *h, struct job *j)
{
	host_run(h, &j, 1);
	ck_assert(host_settled(h, &j, 1));
	return j->err;
}

bool
host_state_becomes(struct host *h, bool up)
{
	int64_t end = real_ms() + 20000;

	while (h->is_up != up && real_ms() < end)
		host_turn(h, 10, 50);
	return h->is_up == up;
}

bool
host_is_up(const struct host *h)
{
	return h->is_up;
}

const char *
host_why(const struct host *h)
{
	return h->why;
}

const char *
host_logged(const struct host *h)
{
	return h->log;
}

void
host_on_settle(struct host *h, void (*fn)(void *, struct job *),
    void *arg)
{
	h->on_settle = fn;
	h->on_settle_arg = arg;
}

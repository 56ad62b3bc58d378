/* SPDX-License-Identifier: MIT */
/*
 * The journal between a home and a scripted store: what is batched, when it
 * goes, what comes home.  One loop with a clock that stands still plays both
 * sides; only the last tests use threads, for the thread sanitizer.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/metric.h"
#include "event/event.h"
#include "event/group.h"
#include "event/journal.h"
#include "plugin/plugin.h"

#define BATCHES_MAX 64
#define HELD_MAX 2048

/* The store of the script; as struct ow_ctx it leads to the journal. */
struct fake {
	struct journal *journal;
	const struct ow_host_store *host;
	bool is_holding;		/* settle later, by fake_release */
	int32_t err;			/* for all */
	uint32_t n_batches, batches[BATCHES_MAX];	/* their sizes */
	bool batch_reads[BATCHES_MAX];
	const struct ow_txn *held[HELD_MAX];
	uint32_t n_held;
};

void *
plugin_ctx_user(struct ow_ctx *ctx)
{
	return ((struct fake *)(void *)ctx)->journal;
}

static void
fake_settle(struct fake *f, const struct ow_txn *txn)
{
	/* Gone when settle() returns, so a pointer that is kept shows. */
	char *text = strdup("answer");
	struct ow_value *cells = calloc(2, sizeof(*cells));
	struct ow_rows *rows = calloc(txn->n_ops, sizeof(*rows));
	struct ow_result r = { .size = sizeof(r), .err = f->err };

	cells[0] = (struct ow_value){ .type = OW_V_TEXT,
	    .text = { text, 6 } };
	cells[1] = (struct ow_value){ .type = OW_V_INT, .i = 42 };
	rows[0] = (struct ow_rows){ 2, 1, cells };
	if (f->err) {
		r.op = 1;
		r.detail = text;
	} else {
		r.rows = rows;
	}
	f->host->settle((struct ow_ctx *)(void *)f, txn, &r);
	memset(text, 'x', 6);
	free(text);
	free(cells);
	free(rows);
}

static void
fake_run(void *self, const struct ow_txn *const *txns, uint32_t n)
{
	bool reads = txns[0]->reads;	/* it is gone once it is settled */
	struct fake *f = self;
	uint32_t i;

	if (f->n_batches < BATCHES_MAX) {
		f->batches[f->n_batches] = n;
		f->batch_reads[f->n_batches++] = reads;
	}
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(txns[i]->reads, reads);
		if (f->is_holding)
			f->held[f->n_held++] = txns[i];
		else
			fake_settle(f, txns[i]);
	}
}

static void
fake_release(struct fake *f)
{
	uint32_t i;

	for (i = 0; i < f->n_held; i++)
		fake_settle(f, f->held[i]);
	f->n_held = 0;
}

static const struct ow_store fake_ops = {
	.size = sizeof(struct ow_store), .run = fake_run,
};

/* ---- The scene ---------------------------------------------------------- */

static struct loop *loop;
static struct metrics *metrics;
static struct journal *journal;
static struct fake fake;
static int n_done, n_states;
static int32_t last_err;
static char order_done[4096];		/* letters of who came home */
static char why[256];
static bool is_up;

static void
on_state(void *arg, bool up, const char *text)
{
	(void)arg;
	is_up = up;
	n_states++;
	strcpy(why, text);
}

static void
set_up(void)
{
	struct journal_conf c = { .group_ms = 4, .queue_max = 1000,
	    .state = on_state };

	loop = loop_new("both");
	loop_test_clock(loop, 1000);
	metrics = metrics_new();
	c.store_loop = loop;
	c.home = loop;
	c.metrics = metrics;
	journal = journal_new(&c);
	memset(&fake, 0, sizeof(fake));
	fake.journal = journal;
	fake.host = journal_host();
	journal_attach(journal, (struct ow_ctx *)(void *)&fake, &fake_ops,
	    &fake);
	n_done = 0;
	n_states = 0;
	memset(order_done, 0, sizeof(order_done));
}

static void
tear_down(void)
{
	loop_free(&loop);
	journal_free(&journal);
	ck_assert_ptr_null(journal);
	journal_free(&journal);
	metrics_free(&metrics);
}

static void
on_done(void *arg, struct txn *t, const struct ow_result *r)
{
	(void)t;
	last_err = r->err;
	if (arg && n_done < (int)sizeof(order_done) - 1)
		order_done[n_done] = *(const char *)arg;
	n_done++;
}

static void
send_change_as(const char *letter)
{
	struct txn *t = txn_new(journal);

	txn_add(t, Q_EVENT_APPEND, 1, "siiss", "o-1", INT64_C(1), INT64_C(2),
	    "type", "{}");
	txn_send(&t, on_done, (void *)(uintptr_t)letter);
	ck_assert_ptr_null(t);
}

static void
send_changes(int n)
{
	while (n-- > 0)
		send_change_as(NULL);
}

static void
send_read(void)
{
	struct txn *t = txn_new(journal);

	txn_add(t, Q_ORDER_BY_ID, -1, "ss", "t", "o-1");
	txn_send(&t, on_done, "r");
}

/* One of the store's answers, the oldest. */
static void
fake_release_one(struct fake *f)
{
	fake_settle(f, f->held[0]);
	f->n_held--;
	memmove(f->held, f->held + 1, f->n_held * sizeof(f->held[0]));
}

static void
turn(void)
{
	loop_test_advance(loop, 0);
}

/* ---- The decision ------------------------------------------------------- */

START_TEST(waits_only_while_busy)
{
	static const struct {
		struct group group;
		struct group_now now;
		int64_t wait_ms;
	} table[] = {
		/* Nothing happened yet; one alone before; two before. */
		{ { 0, 0, 0 }, { 1, 0, 0, 0, 5 }, 0 },
		{ { 1, 1, 0 }, { 1, 0, 0, 0, 5 }, 0 },
		{ { 1, 1, 0 }, { 9, 0, 0, 0, 5 }, 0 },
		{ { 2, 2, 0 }, { 1, 0, 0, 0, 5 }, 5 },
		/* Idle for longer than the window, or exactly as long. */
		{ { 9, 9, 0 }, { 1, 0, 6, 0, 5 }, 0 },
		{ { 9, 9, 0 }, { 1, 0, 5, 0, 5 }, 5 },
		/* A batch is with the store. */
		{ { 1, 1, 0 }, { 1, 1, 0, 0, 5 }, 5 },
		{ { 1, 1, 0 }, { 1, 1, 99, 0, 5 }, 5 },
		/* The window goes by. */
		{ { 2, 2, 0 }, { 1, 0, 0, 2, 5 }, 3 },
		{ { 2, 2, 0 }, { 1, 0, 0, 5, 5 }, 0 },
		{ { 2, 2, 0 }, { 1, 0, 0, 9, 5 }, 0 },
		{ { 2, 2, 0 }, { 1, 0, 0, 0, 0 }, 0 },
		/* As many as last time, but in a window to wait out. */
		{ { 8, 8, 3 }, { 7, 0, 0, 0, 5 }, 5 },
		{ { 8, 8, 3 }, { 8, 0, 0, 0, 5 }, 0 },
		{ { 8, 8, 0 }, { 8, 0, 0, 0, 5 }, 5 },
		/* A full batch never waits. */
		{ { 8, 8, 0 }, { GROUP_MAX, 9, 0, 0, 5 }, 0 },
		{ { 8, 8, 0 }, { GROUP_MAX - 1, 9, 0, 0, 5 }, 5 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ck_assert_msg(group_wait(&table[i].group, &table[i].now) ==
		    table[i].wait_ms, "row %zu", i);
}
END_TEST

/* A breach shows as a target that only ever shrinks. */
START_TEST(target_is_learnt_each_eighth_time)
{
	struct group g = { 0, 0, 0 };
	int i;

	g = group_after(g, 10);
	ck_assert_uint_eq(g.target, 10);
	for (i = 0; i < GROUP_PROBE - 1; i++) {
		ck_assert_uint_gt(g.until_probe, 0);
		g = group_after(g, i == 3 ? 12 : 5);
	}
	ck_assert_uint_eq(g.target, 12);
	ck_assert_uint_eq(g.until_probe, 0);
	g = group_after(g, 7);
	ck_assert_uint_eq(g.target, 7);
}
END_TEST

/* ---- Batches ------------------------------------------------------------ */

START_TEST(idle_store_gets_a_change_at_once)
{
	send_changes(1);
	ck_assert_int_eq(n_done, 0);	/* never before send has returned */
	turn();
	ck_assert_int_eq(n_done, 1);
	send_changes(1);
	turn();
	ck_assert_int_eq(n_done, 2);
	ck_assert_uint_eq(fake.n_batches, 2);
}
END_TEST

START_TEST(busy_store_gets_what_gathered)
{
	send_changes(4);
	turn();
	ck_assert_uint_eq(fake.batches[0], 4);
	send_changes(1);
	loop_test_advance(loop, 2);
	send_changes(2);
	loop_test_advance(loop, 1);
	ck_assert_uint_eq(fake.n_batches, 1);
	loop_test_advance(loop, 1);
	ck_assert_uint_eq(fake.n_batches, 2);
	ck_assert_uint_eq(fake.batches[1], 3);
	ck_assert_int_eq(n_done, 7);
	/* As many as the last full window brought: no need to wait. */
	send_changes(4);
	turn();
	ck_assert_uint_eq(fake.batches[2], 4);
	/* Long after: idle again. */
	loop_test_advance(loop, 100);
	send_changes(1);
	turn();
	ck_assert_uint_eq(fake.n_batches, 4);
}
END_TEST

START_TEST(changes_wait_while_a_batch_is_out)
{
	fake.is_holding = true;
	send_changes(2);
	turn();
	send_changes(1);
	turn();
	ck_assert_uint_eq(fake.n_batches, 1);
	loop_test_advance(loop, 4);
	ck_assert_uint_eq(fake.n_batches, 2);
	fake_release(&fake);
	turn();
	ck_assert_int_eq(n_done, 3);
}
END_TEST

/* Two are with the store; a third one goes when one has come home whole, and
   brings all that gathered. */
START_TEST(changes_gather_while_the_store_has_enough)
{
	fake.is_holding = true;
	send_changes(2);
	turn();
	send_changes(1);
	loop_test_advance(loop, 4);
	ck_assert_uint_eq(fake.n_batches, 2);
	send_changes(3);
	loop_test_advance(loop, 50);
	send_changes(4);
	loop_test_advance(loop, 50);
	ck_assert_uint_eq(fake.n_batches, 2);
	fake_release_one(&fake);
	turn();
	ck_assert_int_eq(n_done, 1);
	ck_assert_uint_eq(fake.n_batches, 2);
	fake_release_one(&fake);
	turn();
	ck_assert_int_eq(n_done, 2);
	ck_assert_uint_eq(fake.n_batches, 3);
	ck_assert_uint_eq(fake.batches[2], 7);
	fake_release(&fake);
	turn();
	ck_assert_int_eq(n_done, 10);
}
END_TEST

START_TEST(reads_go_although_the_store_has_enough)
{
	fake.is_holding = true;
	send_changes(2);
	turn();
	send_changes(1);
	loop_test_advance(loop, 4);
	send_changes(1);
	loop_test_advance(loop, 9);
	ck_assert_uint_eq(fake.n_batches, 2);
	send_read();
	send_read();
	turn();
	ck_assert_uint_eq(fake.n_batches, 3);
	ck_assert(fake.batch_reads[2]);
	ck_assert_uint_eq(fake.batches[2], 2);
}
END_TEST

START_TEST(many_reads_are_handed_over_in_parts)
{
	int i;

	for (i = 0; i < GROUP_MAX + 1; i++)
		send_read();
	turn();
	ck_assert_uint_eq(fake.n_batches, 2);
	ck_assert_uint_eq(fake.batches[0], GROUP_MAX);
	ck_assert_uint_eq(fake.batches[1], 1);
	ck_assert_int_eq(n_done, GROUP_MAX + 1);
}
END_TEST

START_TEST(batch_has_a_limit)
{
	send_changes(GROUP_MAX + 10);
	turn();
	ck_assert_uint_eq(fake.batches[0], GROUP_MAX);
	loop_test_advance(loop, 4);
	ck_assert_uint_eq(fake.batches[1], 10);
	ck_assert_int_eq(n_done, GROUP_MAX + 10);
}
END_TEST

START_TEST(reads_do_not_wait_for_changes)
{
	send_changes(2);
	turn();
	send_changes(1);
	send_read();
	turn();
	ck_assert_uint_eq(fake.n_batches, 2);
	ck_assert(fake.batch_reads[1]);
	ck_assert_int_eq(n_done, 3);
	loop_test_advance(loop, 4);
	ck_assert_int_eq(n_done, 4);
}
END_TEST

START_TEST(answers_come_home_in_order)
{
	send_change_as("a");
	send_change_as("b");
	turn();
	send_change_as("c");
	send_change_as("d");
	loop_test_advance(loop, 4);
	ck_assert_str_eq(order_done, "abcd");
}
END_TEST

/* ---- Results ------------------------------------------------------------ */

static void
on_rows(void *arg, struct txn *t, const struct ow_result *r)
{
	size_t len;

	(void)arg;
	ck_assert_ptr_nonnull(txn_arena(t));
	ck_assert_int_eq(r->err, OW_OK);
	ck_assert_str_eq(row_text(&r->rows[0], 0, 0, &len), "answer");
	ck_assert_uint_eq(len, 6);
	ck_assert_int_eq(row_int(&r->rows[0], 0, 1), 42);
	ck_assert_ptr_null(row_text(&r->rows[0], 0, 1, NULL));
	ck_assert_int_eq(row_int(&r->rows[0], 0, 0), 0);
	n_done++;
}

/* The store's memory is overwritten and gone; a breach shows as other text. */
START_TEST(rows_are_copied)
{
	struct txn *t = txn_new(journal);

	txn_add(t, Q_ORDER_BY_ID, -1, "ss", "t", "o-1");
	txn_send(&t, on_rows, NULL);
	turn();
	ck_assert_int_eq(n_done, 1);
}
END_TEST

static void
on_conflict(void *arg, struct txn *t, const struct ow_result *r)
{
	(void)arg;
	(void)t;
	ck_assert_int_eq(r->err, OW_ECONFLICT);
	ck_assert_uint_eq(r->op, 1);
	ck_assert_str_eq(r->detail, "answer");
	ck_assert_ptr_null(r->rows);
	n_done++;
}

START_TEST(failure_comes_home_with_its_detail)
{
	struct txn *t = txn_new(journal);

	fake.err = OW_ECONFLICT;
	txn_add(t, Q_IDEM_PURGE, -1, "i", INT64_C(1));
	txn_add(t, Q_IDEM_PURGE, 1, "i", INT64_C(1));
	txn_send(&t, on_conflict, NULL);
	turn();
	ck_assert_int_eq(n_done, 1);
}
END_TEST

START_TEST(arguments_are_copied_and_kept_in_order)
{
	struct txn *t = txn_new(journal);
	char id[8] = "o-7", type[] = "type";
	struct ow_bytes message = { "{\"a\":1}", 7 };
	const struct ow_txn *pub;
	int i;

	fake.is_holding = true;
	for (i = 0; i < 9; i++)		/* more than there is room at first */
		txn_add(t, Q_EVENT_APPEND, 1, "siisb", id, (int64_t)i,
		    INT64_C(2), type, message);
	txn_add(t, Q_ORDER_BY_REF, -1, "ss", "t", NULL);
	txn_send(&t, on_done, NULL);
	strcpy(id, "gone");
	strcpy(type, "none");
	turn();
	pub = fake.held[0];
	ck_assert(!pub->reads);
	ck_assert_uint_eq(pub->n_ops, 10);
	for (i = 0; i < 9; i++) {
		ck_assert_uint_eq(pub->ops[i].stmt, Q_EVENT_APPEND);
		ck_assert_int_eq(pub->ops[i].expect, 1);
		ck_assert_mem_eq(pub->ops[i].args[0].text.p, "o-7", 3);
		ck_assert_int_eq(pub->ops[i].args[1].i, i);
		ck_assert_mem_eq(pub->ops[i].args[3].text.p, "type", 4);
		ck_assert_uint_eq(pub->ops[i].args[4].text.n, 7);
	}
	ck_assert_int_eq(pub->ops[9].args[1].type, OW_V_NULL);
	fake_release(&fake);
	turn();
}
END_TEST

START_TEST(unsent_transaction_can_be_freed)
{
	struct txn *t = txn_new(journal);

	txn_add(t, Q_PING, -1, "");
	txn_free(&t);
	ck_assert_ptr_null(t);
	txn_free(&t);
}
END_TEST

/* ---- Limits and trouble ------------------------------------------------- */

START_TEST(one_too_many_is_refused_and_room_comes_back)
{
	fake.is_holding = true;
	send_changes(1000);
	loop_test_advance(loop, 10);
	send_changes(1);
	ck_assert_int_eq(n_done, 0);
	turn();
	ck_assert_int_eq(n_done, 1);
	ck_assert_int_eq(last_err, OW_EAGAIN);
	fake.is_holding = false;
	fake_release(&fake);
	loop_test_advance(loop, 10);
	ck_assert_int_eq(n_done, 1001);
	send_changes(1);
	loop_test_advance(loop, 10);
	ck_assert_int_eq(n_done, 1002);
	ck_assert_int_eq(last_err, OW_OK);
}
END_TEST

static void
on_refused_again(void *arg, struct txn *t,
    const struct ow_result *r)
{
	int *left = arg;

	(void)t;
	ck_assert_int_eq(r->err, OW_EAGAIN);
	n_done++;
	if ((*left)-- == 0)
		return;
	t = txn_new(journal);
	txn_add(t, Q_PING, -1, "");
	txn_send(&t, on_refused_again, arg);
	/* Never from inside of txn_send: this one is not counted yet. */
	ck_assert_int_eq(n_done, 3 - *left);
}

START_TEST(who_is_refused_may_ask_again_from_done)
{
	struct txn *t = txn_new(journal);
	int left = 3;

	fake.is_holding = true;
	send_changes(1000);
	loop_test_advance(loop, 10);
	txn_add(t, Q_PING, -1, "");
	txn_send(&t, on_refused_again, &left);
	ck_assert_int_eq(n_done, 0);
	turn();
	ck_assert_int_eq(n_done, 4);
}
END_TEST

START_TEST(without_a_store_it_is_not_now)
{
	struct journal_conf c = { .store_loop = loop, .home = loop,
	    .queue_max = 1 };
	struct journal *bare = journal_new(&c);
	struct txn *t = txn_new(bare);

	txn_add(t, Q_PING, -1, "");
	txn_send(&t, on_done, NULL);
	turn();
	ck_assert_int_eq(last_err, OW_EAGAIN);
	journal_free(&bare);
}
END_TEST

START_TEST(state_is_told_at_home_newest_only)
{
	struct ow_ctx *ctx = (struct ow_ctx *)(void *)&fake;

	fake.host->state(ctx, false, "disk full");
	ck_assert_int_eq(n_states, 0);
	turn();
	ck_assert_int_eq(n_states, 1);
	ck_assert(!is_up);
	ck_assert_str_eq(why, "disk full");
	fake.host->state(ctx, true, "there");
	fake.host->state(ctx, false, "gone");
	turn();
	ck_assert_int_eq(n_states, 2);
	ck_assert(!is_up);
	ck_assert_str_eq(why, "gone");
}
END_TEST

/* ---- Several homes ------------------------------------------------------ */

static struct journal *second;
static int n_second_states;

static void
on_second_state(void *arg, bool up, const char *text)
{
	(void)arg;
	(void)up;
	ck_assert_str_ne(text, "");
	n_second_states++;
}

static void
open_second(void)
{
	struct journal_conf c = { .group_ms = 4, .queue_max = 1000,
	    .state = on_second_state, .store_loop = loop, .home = loop,
	    .metrics = metrics, .name = "outbox" };

	n_second_states = 0;
	second = journal_new(&c);
	journal_attach(second, (struct ow_ctx *)(void *)&fake, &fake_ops,
	    &fake);
}

static void
send_to(struct journal *j, const char *letter)
{
	struct txn *t = txn_new(j);

	txn_add(t, Q_LINKS_PURGE, -1, "i", INT64_C(1));
	txn_send(&t, on_done, (void *)(uintptr_t)letter);
}

/* A breach shows as an assertion, or an answer that comes to nobody. */
START_TEST(each_journal_gets_its_own_answers)
{
	open_second();
	fake.is_holding = true;
	send_to(journal, "a");
	send_to(second, "b");
	turn();
	ck_assert_uint_eq(fake.n_held, 2);
	ck_assert_int_eq(n_done, 0);
	fake_release(&fake);
	turn();
	ck_assert_int_eq(n_done, 2);
	ck_assert(strchr(order_done, 'a') && strchr(order_done, 'b'));
	journal_free(&second);
}
END_TEST

START_TEST(the_state_reaches_every_journal)
{
	struct ow_ctx *ctx = (struct ow_ctx *)(void *)&fake;

	open_second();
	turn();
	ck_assert_int_eq(n_second_states, 0);
	fake.host->state(ctx, false, "disk full");
	turn();
	ck_assert_int_eq(n_states, 1);
	ck_assert_int_eq(n_second_states, 1);
	loop_free(&loop);
	journal_free(&second);
	loop = loop_new("both");	/* for tear_down */
}
END_TEST

/* What the store said before there was a second home is no secret to it. */
START_TEST(who_joins_late_is_told_the_state)
{
	fake.host->state((struct ow_ctx *)(void *)&fake, false, "away");
	turn();
	open_second();
	turn();
	ck_assert_int_eq(n_states, 1);
	ck_assert_int_eq(n_second_states, 1);
	journal_free(&second);
}
END_TEST

/* A change that answers with rows is a change: a breach is one among the
   questions, outside of every commit. */
START_TEST(a_change_with_rows_goes_with_the_changes)
{
	struct txn *t = txn_new(journal);

	txn_add(t, Q_JOBS_CLAIM, -1, "siisi", "sms", INT64_C(1), INT64_C(9),
	    "a", INT64_C(2));
	txn_send(&t, on_done, NULL);
	send_read();
	turn();
	ck_assert_int_eq(n_done, 2);
	ck_assert_uint_eq(fake.n_batches, 2);
	ck_assert(fake.batch_reads[0] != fake.batch_reads[1]);
}
END_TEST

static void
check_metric(const char *line)
{
	struct buf out = BUF_INIT(1 << 20);

	metrics_render(metrics, &out);
	ck_assert_msg(strstr(out.p, line) != NULL, "%s in\n%s", line, out.p);
	buf_done(&out);
}

START_TEST(everything_is_counted)
{
	fake.is_holding = true;
	send_changes(3);
	send_read();
	turn();
	check_metric("orderwire_journal_queue 4\n");
	fake_release(&fake);
	turn();
	fake.is_holding = false;
	fake.err = OW_ECONFLICT;
	send_changes(1);
	loop_test_advance(loop, 9);
	fake.err = OW_ELIMIT;
	send_changes(1);
	loop_test_advance(loop, 9);
	check_metric("orderwire_journal_queue 0\n");
	check_metric("orderwire_journal_changes_total 3\n");
	check_metric("orderwire_journal_reads_total 1\n");
	check_metric("orderwire_journal_commits_total 3\n");
	check_metric("orderwire_journal_conflicts_total 1\n");
	check_metric("orderwire_journal_no_room_total 1\n");
	open_second();
	check_metric("orderwire_journal_reads_total{home=\"outbox\"} 0\n");
	journal_free(&second);
}
END_TEST

/* tear_down frees the journal; a breach shows as a leak, or a use after it.
   At home, in the window, in the store, behind it, partly answered, with all
   of it answered, refused. */
START_TEST(free_in_flight_leaks_nothing)
{
	switch (_i) {
	case 0:
		send_changes(3);
		break;
	case 1:
		send_changes(2);
		turn();
		send_changes(1);
		turn();
		break;
	case 2:
		fake.is_holding = true;
		send_changes(3);
		turn();
		break;
	case 3:
		fake.is_holding = true;
		send_changes(2);
		turn();
		send_changes(1);
		loop_test_advance(loop, 9);
		send_changes(1);
		loop_test_advance(loop, 9);
		break;
	case 4:
		fake.is_holding = true;
		send_changes(3);
		send_read();
		turn();
		fake_release_one(&fake);
		fake_release_one(&fake);
		break;
	case 5:
		fake.is_holding = true;
		send_changes(3);
		turn();
		fake_release(&fake);
		break;
	case 6:
		fake.is_holding = true;
		send_changes(1000);
		turn();
		send_changes(1);
		break;
	}
}
END_TEST

/* ---- With threads ------------------------------------------------------- */

#define EACH 6000
#define AT_ONCE 96

struct home {
	struct loop *loop;
	struct journal *journal;
	int sent, done;
};

static void home_send(struct home *h);

static void
home_on_done(void *arg, struct txn *t, const struct ow_result *r)
{
	struct home *h = arg;

	(void)t;
	ck_assert_int_eq(r->err, OW_OK);
	ck_assert(loop_is_here(h->loop));
	if (++h->done == EACH)
		loop_stop(h->loop);
	home_send(h);
}

static void
home_send(struct home *h)
{
	struct txn *t;

	if (h->sent == EACH)
		return;
	t = txn_new(h->journal);
	if (h->sent % 8 == 0)
		txn_add(t, Q_ORDER_BY_ID, -1, "ss", "t", "o-1");
	else
		txn_add(t, Q_LINKS_PURGE, -1, "i", INT64_C(1));
	h->sent++;
	txn_send(&t, home_on_done, h);
}

static void
home_begin(void *arg)
{
	int i;

	for (i = 0; i < AT_ONCE; i++)
		home_send(arg);
}

static void *
loop_main(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void
home_open(struct home *h, struct loop *store_loop, struct fake *f)
{
	struct journal_conf c = { .group_ms = 1, .queue_max = AT_ONCE,
	    .metrics = metrics, .store_loop = store_loop };

	h->loop = loop_new("home");
	c.home = h->loop;
	h->journal = journal_new(&c);
	if (!f->journal)
		f->journal = h->journal;
	journal_attach(h->journal, (struct ow_ctx *)(void *)f, &fake_ops, f);
	loop_post(h->loop, home_begin, h);
}

/* Two homes, each on a thread of its own, and the store on a third.  A breach
   shows under the thread sanitizer, or as a missing answer. */
START_TEST(homes_and_store_are_threads)
{
	struct fake *own = calloc(1, sizeof(*own));
	struct loop *store_loop = loop_new("store");
	struct home home = { 0 }, away = { 0 };
	pthread_t store, other;

	own->host = journal_host();
	home_open(&home, store_loop, own);
	home_open(&away, store_loop, own);
	ck_assert_int_eq(pthread_create(&store, NULL, loop_main, store_loop),
	    0);
	ck_assert_int_eq(pthread_create(&other, NULL, loop_main, away.loop),
	    0);
	loop_run(home.loop);
	pthread_join(other, NULL);
	ck_assert_int_eq(home.done, EACH);
	ck_assert_int_eq(away.done, EACH);
	loop_stop(store_loop);
	pthread_join(store, NULL);
	loop_free(&home.loop);
	loop_free(&away.loop);
	loop_free(&store_loop);
	journal_free(&home.journal);
	journal_free(&away.journal);
	free(own);
}
END_TEST

/* ---- Events ------------------------------------------------------------- */

START_TEST(event_is_a_copy_that_ends_with_its_last_reference)
{
	char json[] = "{\"a\":1}", id[] = "o-1";
	struct event *ev = event_make("cafe", id, "order.created", 7, 9,
	    json, strlen(json)), *other;

	memset(json, 'x', strlen(json));
	id[0] = 'x';
	other = event_ref(ev);
	event_unref(&ev);
	ck_assert_ptr_null(ev);
	event_unref(&ev);
	ck_assert_str_eq(other->tenant, "cafe");
	ck_assert_str_eq(other->order_id, "o-1");
	ck_assert_str_eq(other->pub.type, "order.created");
	ck_assert_uint_eq(other->pub.json.n, 7);
	ck_assert_str_eq(other->pub.json.p, "{\"a\":1}");
	ck_assert_uint_eq(other->pub.seq, 7);
	ck_assert_int_eq(other->pub.at_ms, 9);
	event_unref(&other);
	ev = event_make("", NULL, "", 0, 0, "", 0);
	ck_assert_str_eq(ev->order_id, "");
	event_unref(&ev);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, waits_only_while_busy);
	tcase_add_test(tc, target_is_learnt_each_eighth_time);
	tcase_add_test(tc, idle_store_gets_a_change_at_once);
	tcase_add_test(tc, busy_store_gets_what_gathered);
	tcase_add_test(tc, changes_wait_while_a_batch_is_out);
	tcase_add_test(tc, changes_gather_while_the_store_has_enough);
	tcase_add_test(tc, batch_has_a_limit);
	tcase_add_test(tc, reads_do_not_wait_for_changes);
	tcase_add_test(tc, reads_go_although_the_store_has_enough);
	tcase_add_test(tc, many_reads_are_handed_over_in_parts);
	tcase_add_test(tc, answers_come_home_in_order);
	tcase_add_test(tc, rows_are_copied);
	tcase_add_test(tc, failure_comes_home_with_its_detail);
	tcase_add_test(tc, arguments_are_copied_and_kept_in_order);
	tcase_add_test(tc, unsent_transaction_can_be_freed);
	tcase_add_test(tc, one_too_many_is_refused_and_room_comes_back);
	tcase_add_test(tc, who_is_refused_may_ask_again_from_done);
	tcase_add_test(tc, without_a_store_it_is_not_now);
	tcase_add_test(tc, state_is_told_at_home_newest_only);
	tcase_add_test(tc, each_journal_gets_its_own_answers);
	tcase_add_test(tc, the_state_reaches_every_journal);
	tcase_add_test(tc, who_joins_late_is_told_the_state);
	tcase_add_test(tc, a_change_with_rows_goes_with_the_changes);
	tcase_add_test(tc, everything_is_counted);
	tcase_add_loop_test(tc, free_in_flight_leaks_nothing, 0, 7);
	tcase_add_test(tc, homes_and_store_are_threads);
	tcase_add_test(tc, event_is_a_copy_that_ends_with_its_last_reference);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

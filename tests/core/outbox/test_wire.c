/* SPDX-License-Identifier: MIT */
/*
 * What the server and the process of an isolated channel say to each other:
 * what is written reads back the same, and bytes that are anything else are
 * refused with a reason.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "outbox/pipe.h"
#include "outbox/wire.h"

static struct buf out = BUF_INIT(WIRE_RECORD + WIRE_DATAGRAM);
static struct wire_reader reader;
static struct ow_fault fault;
static uint32_t n_taken;

static void
setup(void)
{
	buf_clear(&out);
	n_taken = 0;
}

static void
begin(enum wire_piece piece)
{
	unsigned char head[2];

	buf_clear(&out);
	wire_head(head, piece);
	ck_assert_int_eq(buf_add(&out, head, 2), OW_OK);
}

static int
count(void *arg, const struct wire_msg *m)
{
	(void)arg;
	(void)m;
	n_taken++;
	return OW_OK;
}

static int
read_all(bool is_channel, int (*take)(void *, const struct wire_msg *),
    void *arg)
{
	int err;

	wire_reader_init(&reader, is_channel);
	err = wire_read(&reader, out.p, out.n, take, arg, &fault);
	wire_reader_done(&reader);
	return err;
}

/* ---- There and back ----------------------------------------------------- */

static int
take_job(void *arg, const struct wire_msg *m)
{
	const struct ow_job *job = &m->job;

	count(arg, m);
	ck_assert_int_eq(m->type, WIRE_DELIVER);
	ck_assert_uint_eq(m->id, UINT64_C(0x123456789a));
	ck_assert_uint_eq(job->size, sizeof(*job));
	ck_assert_uint_eq(job->attempt, 3);
	ck_assert_str_eq(job->key, "key");
	ck_assert_int_eq(job->deadline_ms, -5);
	ck_assert_int_eq(job->ttl_ms, INT64_MAX);
	ck_assert_int_eq(job->urgency, OW_URGENCY_HIGH);
	ck_assert(job->is_repeat_safe);
	ck_assert_str_eq(job->address, "address");
	ck_assert_str_eq(job->locale, "");
	ck_assert_str_eq(job->html, "<p>\xc3\xa9</p>");
	ck_assert_str_eq(job->unsubscribe_url, "last");
	ck_assert_uint_eq(job->event.n, 3);
	ck_assert_mem_eq(job->event.p, "a\0b", 3);
	return OW_OK;
}

static const struct wire_msg a_job = {
	.type = WIRE_DELIVER, .id = UINT64_C(0x123456789a), .job = {
		.attempt = 3, .key = "key", .deadline_ms = -5,
		.ttl_ms = INT64_MAX, .urgency = OW_URGENCY_HIGH,
		.is_repeat_safe = true, .address = "address", .tenant = "t",
		.locale = "", .order_id = "o", .notice_id = "n", .topic = "p",
		.group = "g", .title = "ti", .text = "te",
		.html = "<p>\xc3\xa9</p>", .url = "u", .receipt = "r",
		.receipt_url = "ru", .unsubscribe_url = "last",
		.event = { "a\0b", 3 },
	},
};

START_TEST(a_job_arrives_whole)
{
	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &a_job), OW_OK);
	ck_assert_int_eq(wire_write(&out, &a_job), OW_OK);
	ck_assert_int_eq(read_all(true, take_job, NULL), OW_OK);
	ck_assert_uint_eq(n_taken, 2);
}
END_TEST

static int
take_start(void *arg, const struct wire_msg *m)
{
	const struct wire_pairs *options = &m->start.options;

	count(arg, m);
	ck_assert_int_eq(m->start.version, WIRE_VERSION);
	ck_assert_str_eq(m->start.name, "name");
	ck_assert_str_eq(m->start.private_allow, "10.0.0.0/8");
	ck_assert_uint_eq(options->n, 2);
	ck_assert_str_eq(options->list[0].name, "a");
	ck_assert_str_eq(options->list[1].value, "");
	return OW_OK;
}

START_TEST(options_arrive)
{
	struct ow_header list[] = { { "a", "1" }, { "b", "" } };

	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &(struct wire_msg){
	    .type = WIRE_START, .start = { .version = WIRE_VERSION,
	    .name = "name", .path = "p", .user = "", .log_format = "",
	    .log_level = "", .private_allow = "10.0.0.0/8",
	    .options = { 2, list } } }), OW_OK);
	ck_assert_int_eq(read_all(true, take_start, NULL), OW_OK);
	ck_assert_uint_eq(n_taken, 1);
}
END_TEST

static int
take_outcome(void *arg, const struct wire_msg *m)
{
	count(arg, m);
	ck_assert_uint_eq(m->outcome.size, sizeof(m->outcome));
	ck_assert_int_eq(m->outcome.verdict, OW_GONE);
	ck_assert_ptr_null(m->outcome.ref);
	ck_assert_uint_eq(strlen(m->outcome.detail), 4095);
	return OW_OK;
}

START_TEST(an_outcome_may_lack_texts_and_long_ones_are_cut)
{
	static char text[10000];

	memset(text, 'x', sizeof(text) - 1);
	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &(struct wire_msg){
	    .type = WIRE_SETTLE, .id = 1, .outcome = { .verdict = OW_GONE,
	    .detail = text } }), OW_OK);
	ck_assert_int_eq(read_all(false, take_outcome, NULL), OW_OK);
	ck_assert_uint_eq(n_taken, 1);
}
END_TEST

/* ---- Refusals ----------------------------------------------------------- */

static void
check_refused(bool is_channel, const char *why)
{
	ck_assert_int_eq(read_all(is_channel, count, NULL), OW_EINVAL);
	ck_assert_str_eq(fault.text, why);
}

START_TEST(noise_is_refused)
{
	buf_clear(&out);
	(void)buf_str(&out, "GET / HTTP/1.1");
	check_refused(false, "bytes that are no message");
	buf_clear(&out);
	(void)buf_char(&out, 0x57);
	check_refused(false, "bytes that are no message");
	(void)buf_char(&out, 3);
	check_refused(false, "bytes that are no message");
}
END_TEST

START_TEST(each_cut_is_refused)
{
	size_t n, whole;

	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &a_job), OW_OK);
	whole = out.n;
	for (n = 3; n < whole; n++) {
		out.n = n;
		check_refused(true, "a record that is cut off");
	}
	ck_assert_uint_eq(n_taken, 0);
}
END_TEST

/* A breach: the process tells the server to deliver, or the other way round. */
START_TEST(records_have_one_direction)
{
	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &a_job), OW_OK);
	check_refused(false, "a record that makes no sense");
	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &(struct wire_msg){
	    .type = WIRE_PONG }), OW_OK);
	check_refused(true, "a record that makes no sense");
}
END_TEST

static void
begin_opt(void)
{
	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &(struct wire_msg){
	    .type = WIRE_OPT, .opt = { "abc", true, "why" } }), OW_OK);
}

/* The identity's length, its bytes, its NUL; then the bool. */
#define IDENTITY_AT (2 + 4 + 9)

START_TEST(fields_are_held_to_their_form)
{
	uint32_t len;

	begin_opt();
	out.p[IDENTITY_AT + 4 + 3] = 'x';	/* no NUL behind it */
	check_refused(false, "a record that makes no sense");
	begin_opt();
	out.p[IDENTITY_AT + 4 + 1] = '\0';	/* one inside */
	check_refused(false, "a record that makes no sense");
	begin_opt();
	out.p[IDENTITY_AT + 4 + 4] = 2;		/* neither yes nor no */
	check_refused(false, "a record that makes no sense");
	begin_opt();
	len = UINT32_MAX;			/* NULL where none may be */
	memcpy(out.p + IDENTITY_AT, &len, sizeof(len));
	check_refused(false, "a record that makes no sense");
	begin_opt();
	out.p[2 + 4] = WIRE_TYPES;
	check_refused(false, "a record that makes no sense");
	begin_opt();
	out.p[2 + 4] = 0;
	check_refused(false, "a record that makes no sense");
	begin_opt();
	memcpy(&len, out.p + 2, sizeof(len));
	len++;					/* a byte too many */
	memcpy(out.p + 2, &len, sizeof(len));
	(void)buf_char(&out, '\0');
	check_refused(false, "a record that makes no sense");
}
END_TEST

START_TEST(too_many_records_are_refused)
{
	uint32_t i;

	begin(WIRE_WHOLE);
	for (i = 0; i < WIRE_BATCH + 1; i++)
		ck_assert_int_eq(wire_write(&out, &(struct wire_msg){
		    .type = WIRE_PONG }), OW_OK);
	check_refused(false, "too many records at once");
	ck_assert_uint_eq(n_taken, WIRE_BATCH);
}
END_TEST

/* A breach: the server keeps whatever the process likes to send. */
START_TEST(pieces_have_an_end)
{
	char part[60000] = { 0 };
	size_t n;
	int err = OW_OK;

	begin(WIRE_PIECE);
	(void)buf_add(&out, part, sizeof(part));
	wire_reader_init(&reader, false);
	for (n = 0; n < WIRE_REPLY && err == OW_OK; n += sizeof(part))
		err = wire_read(&reader, out.p, out.n, count, NULL, &fault);
	ck_assert_int_eq(err, OW_EINVAL);
	ck_assert_str_eq(fault.text, "a record that is too long");
	wire_reader_done(&reader);
	wire_reader_init(&reader, false);
	ck_assert_int_eq(wire_read(&reader, out.p, out.n, count, NULL,
	    &fault), OW_OK);
	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_read(&reader, out.p, out.n, count, NULL,
	    &fault), OW_EINVAL);
	ck_assert_str_eq(fault.text, "a record without its end");
	wire_reader_done(&reader);
}
END_TEST

START_TEST(what_is_too_long_is_not_written)
{
	static char body[2 << 20];
	struct wire_msg m = { .type = WIRE_ANSWER, .answer = { .status = 200,
	    .content_type = "", .body = { body, sizeof(body) } } };

	begin(WIRE_WHOLE);
	ck_assert_int_eq(wire_write(&out, &m), OW_ELIMIT);
	ck_assert_uint_eq(out.n, 2);
	m.answer.body.n = 10;
	ck_assert_int_eq(wire_write(&out, &m), OW_OK);
}
END_TEST

/* ---- Over a socket ------------------------------------------------------ */

struct end {
	struct pipe *pipe;
	uint32_t n, n_broken;
	uint64_t last_id;
	size_t bytes;
	bool is_closed;
};

static struct loop *loop;
static struct end server, channel;

static int
take(void *arg, const struct wire_msg *m)
{
	struct end *end = arg;

	ck_assert_uint_eq(m->id, end->last_id + 1);
	end->last_id = m->id;
	end->n++;
	if (m->type == WIRE_DELIVER)
		end->bytes += m->job.event.n;
	return OW_OK;
}

static void
broken(void *arg, const char *why)
{
	struct end *end = arg;

	end->n_broken++;
	end->is_closed = why == NULL;
}

static void
open_pipes(int fds[2], bool has_both)
{
	struct pipe_conf conf = { .take = take, .broken = broken };

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    fds), 0);
	loop = loop_new("test");
	loop_test_clock(loop, 0);
	memset(&server, 0, sizeof(server));
	memset(&channel, 0, sizeof(channel));
	conf.loop = loop;
	conf.fd = fds[0];
	conf.arg = &server;
	server.pipe = pipe_new(&conf);
	if (!has_both)
		return;
	conf.fd = fds[1];
	conf.arg = &channel;
	conf.is_channel = true;
	channel.pipe = pipe_new(&conf);
}

static void
close_pipes(void)
{
	pipe_free(&server.pipe);
	pipe_free(&channel.pipe);
	loop_free(&loop);
}

/* A breach: a record is lost, comes twice or out of order. */
START_TEST(small_and_large_records_keep_their_order)
{
	static char event[300000];
	struct wire_msg m = a_job;
	int fds[2];

	open_pipes(fds, true);
	for (m.id = 1; m.id <= 1000; m.id++) {
		m.job.event = (struct ow_bytes){ event, m.id % 50 == 0 ?
		    sizeof(event) : (size_t)m.id };
		channel.bytes -= m.job.event.n;
		ck_assert_int_eq(pipe_send(server.pipe, &m), OW_OK);
	}
	while (channel.n < 1000)
		loop_test_advance(loop, 0);
	ck_assert_uint_eq(channel.n, 1000);
	ck_assert_uint_eq(channel.bytes, 0);
	ck_assert_uint_eq(channel.n_broken, 0);
	ck_assert_uint_eq(pipe_queued(server.pipe), 0);
	close_pipes();
}
END_TEST

START_TEST(a_turn_is_few_datagrams)
{
	struct wire_msg m = { .type = WIRE_PING };
	char bytes[WIRE_DATAGRAM];
	int fds[2], n = 0;

	open_pipes(fds, false);
	for (m.id = 1; m.id <= 2 * WIRE_BATCH; m.id++)
		(void)pipe_send(server.pipe, &m);
	ck_assert_int_lt(recv(fds[1], bytes, sizeof(bytes), MSG_DONTWAIT), 0);
	loop_test_advance(loop, 0);
	while (recv(fds[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		n++;
	ck_assert_int_eq(n, 2);
	close_pipes();
	close(fds[1]);
}
END_TEST

START_TEST(a_peer_that_does_not_read_has_a_limit)
{
	static char event[1 << 20];
	struct wire_msg m = a_job;
	int fds[2], err = OW_OK, i;

	open_pipes(fds, false);
	m.job.event = (struct ow_bytes){ event, sizeof(event) };
	for (i = 0; i < 1000 && err == OW_OK; i++)
		err = pipe_send(server.pipe, &m);
	ck_assert_int_eq(err, OW_ELIMIT);
	ck_assert_uint_le(pipe_queued(server.pipe), PIPE_QUEUE +
	    2 * sizeof(event));
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(server.n_broken, 0);
	close_pipes();
	close(fds[1]);
}
END_TEST

START_TEST(noise_and_an_end_are_told_once)
{
	static char noise[WIRE_DATAGRAM + 1];
	int fds[2];

	open_pipes(fds, false);
	ck_assert_int_gt(send(fds[1], "noise", 5, 0), 0);
	ck_assert_int_gt(send(fds[1], "noise", 5, 0), 0);
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(server.n_broken, 1);
	ck_assert(!server.is_closed);
	close_pipes();
	close(fds[1]);

	open_pipes(fds, false);
	ck_assert_int_gt(send(fds[1], noise, sizeof(noise), 0), 0);
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(server.n_broken, 1);
	ck_assert(!server.is_closed);
	close_pipes();
	close(fds[1]);

	open_pipes(fds, false);
	close(fds[1]);
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(server.n_broken, 1);
	ck_assert(server.is_closed);
	ck_assert_int_eq(pipe_send(server.pipe, &a_job), OW_OK);
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(server.n_broken, 1);
	close_pipes();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wire");
	TCase *tc = tcase_create("wire");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_job_arrives_whole);
	tcase_add_test(tc, options_arrive);
	tcase_add_test(tc, an_outcome_may_lack_texts_and_long_ones_are_cut);
	tcase_add_test(tc, noise_is_refused);
	tcase_add_test(tc, each_cut_is_refused);
	tcase_add_test(tc, records_have_one_direction);
	tcase_add_test(tc, fields_are_held_to_their_form);
	tcase_add_test(tc, too_many_records_are_refused);
	tcase_add_test(tc, pieces_have_an_end);
	tcase_add_test(tc, what_is_too_long_is_not_written);
	tcase_add_test(tc, small_and_large_records_keep_their_order);
	tcase_add_test(tc, a_turn_is_few_datagrams);
	tcase_add_test(tc, a_peer_that_does_not_read_has_a_limit);
	tcase_add_test(tc, noise_and_an_end_are_told_once);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	buf_done(&out);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

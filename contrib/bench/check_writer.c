/* SPDX-License-Identifier: MIT */
/*
 * check_writer - the requests: orders made, events published, logs read.
 *
 * A request is a job that is kept until a 2xx has come for it, and sent again
 * as it was, under the same Idempotency-Key, whatever happened in between: a
 * refused or broken connection, silence, 503, 409 while the first is still in
 * flight.  Any other answer ends the program.
 *
 * Publications are due at a steady rate (open loop); what was due during an
 * outage goes out after it.
 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf.h"
#include "http.h"
#include "text.h"

#define AGAIN_MS 50
#define SILENCE_NS (10000 * CHECK_MS)
#define PAGE 50
#define READ_BYTES 65536

/* ---- Jobs ---------------------------------------------------------------- */

static void
job_queue(struct check *k, struct job *job, uint64_t due_ns)
{
	job->due_ns = due_ns;
	job->next = NULL;
	*k->waiting.end = job;
	k->waiting.end = &job->next;
}

void
job_add(struct check *k, enum job_kind kind, uint32_t order,
    uint32_t since)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		fatal("out of memory");
	job->kind = kind;
	job->order = order;
	job->since = since;
	if (kind == JOB_PUBLISH)
		job->number = ++k->n_published;
	if (k->n_published >= k->n_numbers)
		fatal("more publications than were announced");
	k->n_jobs++;
	job_queue(k, job, 0);
}

static struct job *
job_take(struct check *k, uint64_t now_ns)
{
	struct job **at, *job;

	for (at = &k->waiting.first; *at; at = &(*at)->next)
		if ((*at)->due_ns <= now_ns)
			break;
	job = *at;
	if (job) {
		*at = job->next;
		if (!*at)
			k->waiting.end = at;
	}
	return job;
}

static void
job_again(struct check *k, struct job *job)
{
	k->tally.jobs_repeated++;
	job_queue(k, job, steady_ns() +
	    (AGAIN_MS + check_random(k, AGAIN_MS)) * CHECK_MS);
}

/* ---- As requests --------------------------------------------------------- */

static size_t
job_body(const struct check *k, const struct job *job, char *out,
    size_t cap)
{
	if (job->kind == JOB_CREATE)
		return (size_t)snprintf(out, cap, "{\"external_ref\":\"%s-%u\","
		    "\"customer_id\":\"check\",\"fulfilment\":\"pickup\","
		    "\"items\":[{\"name\":\"Tea\",\"quantity\":1}]}",
		    k->conf.prefix, job->order);
	if (job->kind == JOB_PUBLISH)
		return (size_t)snprintf(out, cap, "{\"type\":\"x.check\","
		    "\"data\":{\"k\":%u,\"t\":%llu,\"pad\":\"%0*d\"}}",
		    job->number, (unsigned long long)job->wall_ns,
		    (int)k->conf.size, 0);
	return 0;
}

static size_t
job_request(const struct check *k, const struct job *job,
    char *out, size_t cap)
{
	const struct check_conf *conf = &k->conf;
	char path[160], body[CHECK_SIZE_MAX + 256];
	size_t n = job_body(k, job, body, sizeof(body));

	if (job->kind == JOB_CREATE)
		(void)snprintf(path, sizeof(path), "orders");
	else if (job->kind == JOB_PUBLISH)
		(void)snprintf(path, sizeof(path), "orders/ref:%s-%u/events",
		    conf->prefix, job->order);
	else
		(void)snprintf(path, sizeof(path), "orders/ref:%s-%u/events"
		    "?since=%u&limit=%d", conf->prefix, job->order,
		    job->since, PAGE);
	if (job->kind == JOB_LOG)
		return (size_t)snprintf(out, cap, "GET /api/v1/%s/%s HTTP/1.1"
		    "\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n",
		    conf->tenant, path, conf->token);
	return (size_t)snprintf(out, cap, "POST /api/v1/%s/%s HTTP/1.1\r\n"
	    "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
	    "Content-Type: application/json\r\n"
	    "Idempotency-Key: %s-%d-%u-%u\r\nContent-Length: %zu\r\n\r\n%s",
	    conf->tenant, path, conf->token, conf->prefix, (int)job->kind,
	    job->order, job->number, n, body);
}

/* ---- The log ------------------------------------------------------------- */

static uint32_t
log_take_event(struct check *k, const struct job *job,
    uint32_t last, const char *p, size_t n)
{
	struct history *h = &k->orders[job->order];
	uint64_t seq = 0, number = 0;

	(void)check_number(p, n, "\"seq\":", &seq);
	if (seq != last + 1)
		k->tally.log_gaps++;
	if (!check_number(p, n, "\"k\":", &number))
		return (uint32_t)seq;		/* the order's creation */
	if (number >= k->n_numbers || !history_agrees(h, (uint32_t)seq,
	    (uint32_t)number))
		k->tally.log_wrong++;
	else if (k->logged[number] < UINT8_MAX)
		k->logged[number]++;
	return (uint32_t)seq;
}

/* A page; the next one is asked for, until there is an empty one. */
static void
log_take(struct check *k, const struct job *job, const char *p,
    size_t n)
{
	static const char begin[] = "{\"type\":\"";
	const char *end = p + n, *next;
	uint32_t last = job->since;

	p = memmem(p, n, begin, strlen(begin));
	if (!p) {
		k->orders[job->order].final = last;
		return;
	}
	for (; p; p = next) {
		next = memmem(p + 1, (size_t)(end - p) - 1, begin,
		    strlen(begin));
		last = log_take_event(k, job, last, p,
		    (size_t)((next ? next : end) - p));
	}
	job_add(k, JOB_LOG, job->order, last);
}

/* ---- Writers ------------------------------------------------------------- */

static void
writer_watch(struct check *k, struct writer *w, int op,
    uint32_t events)
{
	struct epoll_event ev = { .events = events };

	ev.data.u64 = CHECK_WRITER | (uint64_t)(w - k->writers);
	if (epoll_ctl(k->epoll_fd, op, w->fd, &ev) < 0)
		fatal("epoll_ctl: %s", strerror(errno));
}

static void
writer_close(struct check *k, struct writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->state = WRITER_OFF;
	w->n_in = 0;
	if (w->job)
		job_again(k, w->job);
	w->job = NULL;
}

static void
writer_open(struct check *k, struct writer *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)k->conf.port);
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		fatal("socket: %s (ulimit -n)", strerror(errno));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	w->state = WRITER_CONNECTING;
	w->since_ns = steady_ns();
	if (connect(w->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		writer_close(k, w);
	else
		writer_watch(k, w, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
writer_send(struct check *k, struct writer *w)
{
	char out[CHECK_SIZE_MAX + 2048];
	size_t n;

	if (w->job->wall_ns == 0)
		w->job->wall_ns = wall_ns();
	n = job_request(k, w->job, out, sizeof(out));
	if (n >= sizeof(out))
		fatal("the token is too long");
	w->state = WRITER_BUSY;
	w->since_ns = steady_ns();
	if (send(w->fd, out, n, MSG_NOSIGNAL) != (ssize_t)n)
		writer_close(k, w);
}

/* The answer is in w->in, n bytes. */
static void
writer_take(struct check *k, struct writer *w, int status,
    size_t n)
{
	struct job *job = w->job;

	if (!job)
		fatal("an answer to no request: %.*s", (int)n, w->in);
	w->job = NULL;
	w->state = WRITER_FREE;
	if (status == 503 || status == 409 || status == 429) {
		job_again(k, job);
		return;
	}
	if (status / 100 != 2)
		fatal("a request was answered: %.*s",
		    (int)(n < 600 ? n : 600), w->in);
	if (job->kind == JOB_PUBLISH)
		k->acked[job->number]++;
	if (job->kind == JOB_LOG)
		log_take(k, job, w->in, n);
	k->n_jobs--;
	free(job);
}

static void
writer_on_readable(struct check *k, struct writer *w)
{
	struct http_reply reply;
	size_t used;
	ssize_t got;

	if (w->n_room - w->n_in < READ_BYTES) {
		w->n_room = w->n_room * 2 + READ_BYTES;
		w->in = realloc(w->in, w->n_room);
		if (!w->in)
			fatal("out of memory");
	}
	got = recv(w->fd, w->in + w->n_in, w->n_room - w->n_in, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		writer_close(k, w);
		return;
	}
	w->n_in += (size_t)got;
	used = http_reply_read(w->in, w->n_in, &reply);
	if (used == 0)
		return;
	if (w->state != WRITER_BUSY) {	/* "too late": it closes after it */
		writer_close(k, w);
		return;
	}
	writer_take(k, w, reply.status, used);
	w->n_in -= used;
	memmove(w->in, w->in + used, w->n_in);
	if (reply.is_last)
		writer_close(k, w);
}

void
writer_on_event(struct check *k, struct writer *w, uint32_t events)
{
	socklen_t len = sizeof(int);
	int err = 0;

	(void)events;
	if (w->fd < 0)
		return;
	if (w->state != WRITER_CONNECTING) {
		writer_on_readable(k, w);
		return;
	}
	(void)getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err) {
		writer_close(k, w);
		return;
	}
	w->state = WRITER_FREE;
	writer_watch(k, w, EPOLL_CTL_MOD, EPOLLIN);
}

void
writers_init(struct check *k)
{
	long i;

	k->writers = calloc((size_t)k->conf.writers, sizeof(*k->writers));
	if (!k->writers)
		fatal("out of memory");
	for (i = 0; i < k->conf.writers; i++)
		k->writers[i].fd = -1;
	k->waiting.end = &k->waiting.first;
}

/* ---- What is due --------------------------------------------------------- */

static void
publish_due(struct check *k, uint64_t now_ns)
{
	double due;

	if (k->rate <= 0)
		return;
	due = (double)(now_ns - k->rate_from_ns) / 1e9 * k->rate;
	while (k->n_published - k->rate_before < (uint32_t)due)
		job_add(k, JOB_PUBLISH,
		    check_random(k, (uint32_t)k->conf.orders), 0);
}

void
writers_tick(struct check *k, uint64_t now_ns)
{
	struct writer *w, *end = k->writers + k->conf.writers;

	publish_due(k, now_ns);
	for (w = k->writers; w < end; w++) {
		if (w->state == WRITER_OFF && k->waiting.first &&
		    now_ns > w->since_ns + AGAIN_MS * CHECK_MS)
			writer_open(k, w);
		if (w->state == WRITER_FREE &&
		    (w->job = job_take(k, now_ns)) != NULL)
			writer_send(k, w);
		if (w->state == WRITER_BUSY &&
		    now_ns > w->since_ns + SILENCE_NS)
			writer_close(k, w);
	}
}

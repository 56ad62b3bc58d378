/* SPDX-License-Identifier: MIT */
/*
 * link - the one connection: made without blocking, set up, lost, made again.
 *
 * Set-up asks whether this server may be trusted with changes (it is no
 * standby, synchronous_commit is not off) and prepares every statement.
 * Writes are possible from its answer on until link_lost(), and both are
 * told to the host.
 *
 * The address is looked up by libpq, which blocks; the store's loop may.
 *
 * Invariants: conn and watch are NULL in LINK_OFF; the watch is stopped
 * before libpq may close its socket.
 */
#include "pgsql.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define RETRY_FIRST_MS 100
#define TICK_MS 5000
#define SILENCE_MS 30000	/* no answer for so long: it is gone */

static void link_on_ready(void *arg);

/* libpq's messages may have several lines; the first says it. */
void
link_error(PGconn *conn, char *out, size_t n)
{
	const char *text = PQerrorMessage(conn);

	(void)snprintf(out, n, "%.*s", (int)strcspn(text, "\n"), text);
}

int
link_params(const struct pgsql_conf *c, const char *keys[8],
    const char *values[8])
{
	int n = 0;

	keys[n] = "dbname";		/* expanded: may be a conninfo */
	values[n++] = c->conninfo;
	keys[n] = "fallback_application_name";
	values[n++] = "orderwire";
	keys[n] = "client_encoding";
	values[n++] = "UTF8";
	keys[n] = NULL;
	values[n] = NULL;
	return n;
}

/* libpq would write them to stderr. */
void
link_on_notice(void *arg, const char *text)
{
	struct pgsql *p = arg;

	p->host->base->log(p->ctx, OW_DEBUG, "the database server says: %.*s",
	    (int)strcspn(text, "\n"), text);
}

static void
link_watch(struct pgsql *p, bool rd, bool wr)
{
	const struct ow_host_base *base = p->host->base;

	if (!p->watch)
		p->watch = base->watch_start(p->ctx, PQsocket(p->conn), rd,
		    wr, link_on_ready, p);
	else if (rd != p->watch_rd || wr != p->watch_wr)
		base->watch_set(p->ctx, p->watch, rd, wr);
	p->watch_rd = rd;
	p->watch_wr = wr;
}

static void
link_close(struct pgsql *p)
{
	p->host->base->timer_cancel(p->ctx, &p->timer);
	p->host->base->watch_stop(p->ctx, &p->watch);
	PQfinish(p->conn);
	p->conn = NULL;
	p->state = LINK_OFF;
}

/* ---- Trying again ------------------------------------------------------- */

static void
link_on_retry(void *arg)
{
	struct pgsql *p = arg;

	p->timer = NULL;
	link_start(p);
}

/* Full jitter, so that many nodes do not come back at one moment. */
static int64_t
link_delay_ms(const struct pgsql *p)
{
	int64_t most = RETRY_FIRST_MS;
	uint32_t dice = 0, i;

	for (i = 0; i < p->failures && most < p->conf->retry_max_ms; i++)
		most *= 2;
	if (most > p->conf->retry_max_ms)
		most = p->conf->retry_max_ms;
	/* Without entropy there is no jitter, which is no harm. */
	(void)!getrandom(&dice, sizeof(dice), GRND_NONBLOCK);
	return 1 + (int64_t)dice % most;
}

void
link_lost(struct pgsql *p, const char *why)
{
	char kept[sizeof(p->why)];

	(void)snprintf(kept, sizeof(kept), "the database server is away: %s",
	    why);
	memcpy(p->why, kept, sizeof(kept));
	p->host->base->add(p->ctx, PGSQL_M_LOST, 1);
	link_close(p);
	pgsql_say(p, false, p->why);
	pipe_give_up(p, p->why);
	p->timer = p->host->base->timer_start(p->ctx, link_delay_ms(p),
	    link_on_retry, p);
	if (p->failures < 32)
		p->failures++;
}

static void
link_lost_by_libpq(struct pgsql *p)
{
	char why[160];

	link_error(p->conn, why, sizeof(why));
	link_lost(p, why);
}

static void
link_on_timeout(void *arg)
{
	struct pgsql *p = arg;

	p->timer = NULL;
	link_lost(p, "it did not answer in time");
}

static void
link_on_tick(void *arg)
{
	struct pgsql *p = arg;

	p->timer = NULL;
	if (p->sent.head &&
	    p->host->base->now_ms(p->ctx) - p->heard_ms > SILENCE_MS) {
		link_lost(p, "it has not answered for 30 seconds");
		return;
	}
	p->timer = p->host->base->timer_start(p->ctx, TICK_MS, link_on_tick,
	    p);
}

/* ---- Set-up ------------------------------------------------------------- */

static const char setup_sql[] =
    "SELECT set_config('statement_timeout', '15s', false),"
    " set_config('idle_in_transaction_session_timeout', '15s', false),"
    " set_config('synchronous_commit', CASE"
    " current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
    " ELSE current_setting('synchronous_commit') END, false),"
    " current_setting('transaction_read_only'), current_setting('fsync'),"
    " current_setting('full_page_writes')";

enum { SETUP_READ_ONLY = 3, SETUP_FSYNC, SETUP_COLS = 6 };

static bool
setup_send_stmt(struct pgsql *p, uint32_t number)
{
	const struct ow_stmt *stmt = &p->host->store->stmts[number];
	char name[16], *sql;
	size_t size = strlen(stmt->sql) + 160;
	bool is_sent;

	(void)snprintf(name, sizeof(name), "s%u", number);
	if (!PQsendPrepare(p->conn, name, stmt->sql, 0, NULL))
		return false;
	if (stmt->n_cols > 0)
		return true;
	sql = malloc(size);
	if (!sql)
		return false;
	(void)snprintf(sql, size, "WITH w AS (%s RETURNING 1) SELECT 1 /"
	    " (CASE WHEN count(*) = $%u THEN 1 ELSE 0 END) FROM w",
	    stmt->sql, stmt->n_params + 1);
	name[0] = 'e';
	is_sent = PQsendPrepare(p->conn, name, sql, 0, NULL);
	free(sql);
	return is_sent;
}

static bool
setup_send(struct pgsql *p)
{
	struct group *g;
	uint32_t i;

	if (!PQenterPipelineMode(p->conn) ||
	    PQsetnonblocking(p->conn, 1) ||
	    !PQsendQueryParams(p->conn, setup_sql, 0, NULL, NULL, NULL, NULL,
	    0))
		return false;
	for (i = 0; i < p->host->store->n_stmts; i++)
		if (!setup_send_stmt(p, i))
			return false;
	if (!PQpipelineSync(p->conn))
		return false;
	g = group_make(GROUP_SETUP, NULL, 0);
	if (!g)
		return false;
	g->n_ops = 1;			/* the one whose rows are looked at */
	g->next = NULL;
	p->sent = (struct group_list){ g, &g->next, 1 };
	p->state = LINK_SETUP;
	link_flush(p);
	return true;
}

void
link_set_up(struct pgsql *p, const struct group *g)
{
	const PGresult *r = g->results[0];

	if (g->err || !r || PQntuples(r) != 1 || PQnfields(r) != SETUP_COLS) {
		link_lost(p, g->err ? g->why : "it answered nonsense");
		return;
	}
	if (!strcmp(PQgetvalue(r, 0, SETUP_READ_ONLY), "on")) {
		link_lost(p, "it is read-only (a standby?)");
		return;
	}
	if (strcmp(PQgetvalue(r, 0, SETUP_FSYNC), "on"))
		p->host->base->log(p->ctx, OW_WARN, "fsync is off at the "
		    "server: acknowledged changes can be lost");
	p->host->base->timer_cancel(p->ctx, &p->timer);
	p->timer = p->host->base->timer_start(p->ctx, TICK_MS, link_on_tick,
	    p);
	p->state = LINK_UP;
	p->failures = 0;
	p->is_full = false;
	pgsql_say(p, true, "the database server is there");
}

/* ---- Driving it --------------------------------------------------------- */

static void
link_connect_step(struct pgsql *p)
{
	PostgresPollingStatusType polled;

	/* It may close its socket and open another of the same number. */
	p->host->base->watch_stop(p->ctx, &p->watch);
	polled = PQconnectPoll(p->conn);
	switch (polled) {
	case PGRES_POLLING_READING:
		link_watch(p, true, false);
		break;
	case PGRES_POLLING_WRITING:
		link_watch(p, false, true);
		break;
	case PGRES_POLLING_OK:
		if (!setup_send(p))
			link_lost_by_libpq(p);
		break;
	default:
		link_lost_by_libpq(p);
	}
}

void
link_flush(struct pgsql *p)
{
	int left = PQflush(p->conn);

	if (left < 0)
		link_lost_by_libpq(p);
	else
		link_watch(p, true, left > 0);
}

static void
link_on_ready(void *arg)
{
	struct pgsql *p = arg;

	if (p->state == LINK_CONNECTING) {
		link_connect_step(p);
		return;
	}
	/* What had arrived before the end is worth reading. */
	if (!PQconsumeInput(p->conn)) {
		pipe_read(p);
		if (p->conn)
			link_lost_by_libpq(p);
		return;
	}
	pipe_read(p);
	if (p->conn)
		link_flush(p);
}

void
link_start(struct pgsql *p)
{
	const char *keys[8], *values[8];

	(void)link_params(p->conf, keys, values);
	p->conn = PQconnectStartParams(keys, values, 1);
	if (!p->conn) {
		link_lost(p, "out of memory");
		return;
	}
	if (PQstatus(p->conn) == CONNECTION_BAD) {
		link_lost_by_libpq(p);
		return;
	}
	(void)PQsetNoticeProcessor(p->conn, link_on_notice, p);
	p->state = LINK_CONNECTING;
	p->timer = p->host->base->timer_start(p->ctx,
	    p->conf->connect_timeout_ms, link_on_timeout, p);
	link_watch(p, false, true);
}

void
link_stop(struct pgsql *p)
{
	link_close(p);
}

int
link_wait(struct pgsql *p, struct ow_fault *f)
{
	struct pollfd pfd;
	int n = 1;

	while (n > 0 && (p->state == LINK_CONNECTING ||
	    p->state == LINK_SETUP)) {
		pfd.fd = PQsocket(p->conn);
		pfd.events = (short)((p->watch_rd ? POLLIN : 0) |
		    (p->watch_wr ? POLLOUT : 0));
		n = poll(&pfd, 1, (int)p->conf->connect_timeout_ms);
		if (n > 0)
			link_on_ready(p);
	}
	if (p->state == LINK_UP)
		return OW_OK;
	if (p->state != LINK_OFF)
		link_lost(p, "it did not answer in time");
	(void)snprintf(f->text, sizeof(f->text), "%s", p->why);
	return OW_EAGAIN;
}

/* SPDX-License-Identifier: MIT */
/*
 * session - one connection to a mail server, for one mail after another.
 *
 * libcurl makes it: name, connection, TLS, EHLO, STARTTLS, login.  From then
 * on the few commands of a mail are said here, because libcurl would wait for
 * the answer to a message inside of a call (libcurl-multi(3), "BLOCKING"),
 * and nothing on a loop may block.
 *
 *	joining -> idle <-> reset, mail, rcpt, data, body
 *
 * A kept connection that is found dead before the server has said a word on
 * the mail is replaced by a new one, once.
 *
 * Invariants: a session has a letter unless it is idle, and the letter has it.
 * An answer is given last of all: it may end the session, or give it the next
 * letter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/fetching.h"

#define SESSION_LINE_MAX 4096u		/* of a reply; RFC 5321: 512 */
#define SESSION_IDLE_MAX 16u		/* kept for later, of a fetcher */
#define SESSION_IDLE_S 20
#define SESSION_OUT_MAX ((size_t)64 << 20)

enum session_state {
	SESSION_JOINING,	/* libcurl's */
	SESSION_IDLE,
	SESSION_RESET,		/* after a mail that went wrong */
	SESSION_MAIL, SESSION_RCPT, SESSION_DATA, SESSION_BODY,
};

struct session {
	struct transfer transfer;	/* first */
	struct session *next, **at;	/* in the fetcher's list */
	struct fetcher *home;
	enum session_state state;
	struct letter *letter;
	char *key;			/* whom it may serve; has a password */
	CURL *easy;
	struct event *event;		/* NULL: joining */
	struct event *idle;
	struct buf in, out;
	size_t n_out;			/* of out, written already */
	bool is_kept;			/* it has served a mail */
	bool is_dirty;			/* RSET has to come first */
	uint32_t n_lines;
	bool is_turned_away;		/* instead of a greeting */
	char last[256];			/* the server's last line */
	char error[CURL_ERROR_SIZE];
};

/* ---- Its end ----------------------------------------------------------- */

/* The letter, if any, is the caller's again. */
static void
session_free(struct session *s)
{
	struct fetcher *home = s->home;

	if (s->letter)
		s->letter->session = NULL;
	if (s->state == SESSION_IDLE)
		home->n_idle--;
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	if (s->event)
		event_free(s->event);
	if (s->idle)
		event_free(s->idle);
	/* Closes the connection without a word (lib/multi.c). */
	(void)curl_multi_remove_handle(home->multi, s->easy);
	curl_easy_cleanup(s->easy);
	if (s->out.p)
		mem_wipe(s->out.p, s->out.n);
	buf_done(&s->in);
	buf_done(&s->out);
	mem_wipe_free(&s->key);
	free(s);
}

/* A server that waits for it is told; one that does not listen is not waited
   for. */
static void
session_quit(struct session *s)
{
	size_t n;

	if (s->state == SESSION_IDLE)
		(void)curl_easy_send(s->easy, "QUIT\r\n", 6, &n);
	session_free(s);
}

void
session_drop(struct session **p)
{
	struct session *s = *p;

	*p = NULL;
	/* In the middle of a mail nothing else can be said. */
	session_free(s);
}

void
sessions_free(struct fetcher *fr)
{
	while (fr->sessions)
		session_quit(fr->sessions);
}

static void session_open(struct fetcher *, struct letter *);

/* The connection is of no use any more; `why` if it was never any. */
static void
session_lose(struct session *s, int err, const char *why)
{
	bool is_old = s->is_kept && (s->state == SESSION_RESET ||
	    s->state == SESSION_MAIL);
	struct letter *letter = s->letter;
	struct fetcher *home = s->home;
	char text[256];

	(void)snprintf(text, sizeof(text), "%s", why);
	session_free(s);
	if (!letter)
		return;
	if (is_old && !letter->is_repeated) {
		letter->is_repeated = true;
		session_open(home, letter);
		return;
	}
	letter_fail(letter, err, text);
}

/* ---- What is said ------------------------------------------------------ */

static void session_on_ready(evutil_socket_t fd, short what, void *arg);

static void
session_watch(struct session *s)
{
	evutil_socket_t fd = event_get_fd(s->event);
	short what = EV_PERSIST | EV_READ;

	if (s->n_out < s->out.n)
		what |= EV_WRITE;
	if (event_get_events(s->event) == what)
		return;
	(void)event_del(s->event);	/* may not be added: that is fine */
	OW_ASSERT(!event_assign(s->event, s->home->base, fd, what,
	    session_on_ready, s) && !event_add(s->event, NULL));
}

static void
session_say(struct session *s, enum session_state next)
{
	static const char *const words[] = {
		[SESSION_RESET] = "RSET\r\n",
		[SESSION_DATA] = "DATA\r\n",
	};
	const struct letter *letter = s->letter;

	s->state = next;
	if (s->out.p)
		mem_wipe(s->out.p, s->out.n);
	buf_clear(&s->out);
	s->n_out = 0;
	switch (next) {
	case SESSION_MAIL:
		(void)buf_printf(&s->out, "MAIL FROM:<%s>\r\n",
		    letter->req.from);
		break;
	case SESSION_RCPT:
		(void)buf_printf(&s->out, "RCPT TO:<%s>\r\n", letter->req.to);
		break;
	case SESSION_BODY:
		(void)buf_add(&s->out, letter->message.p, letter->message.n);
		break;
	default:
		(void)buf_str(&s->out, words[next]);
	}
	session_watch(s);	/* it is said when the loop comes round */
}

/* ---- What is heard ----------------------------------------------------- */

static void session_on_idle(evutil_socket_t fd, short what, void *arg);

static void
session_rest(struct session *s, bool is_dirty)
{
	const struct timeval tv = { SESSION_IDLE_S, 0 };

	s->letter->session = NULL;
	s->letter = NULL;
	s->state = SESSION_IDLE;
	s->is_kept = true;
	s->is_dirty = is_dirty;
	s->home->n_idle++;
	s->n_out = s->out.n;
	session_watch(s);
	if (!s->idle)
		s->idle = evtimer_new(s->home->base, session_on_idle, s);
	OW_ASSERT(s->idle && !event_add(s->idle, &tv));
	if (s->home->n_idle > SESSION_IDLE_MAX)
		session_quit(s);
}

/* The mail has its answer; the session may go on. */
static void
session_answer(struct session *s, int status)
{
	struct letter *letter = s->letter;
	/* 421 is a goodbye (RFC 5321, 3.8); and who answers a message before
	   its end is not in step with us. */
	bool is_over = status == 421 || s->n_out < s->out.n;
	char line[sizeof(s->last)];

	memcpy(line, s->last, sizeof(line));
	if (is_over)
		session_free(s);
	else
		session_rest(s, status >= 400);
	letter_answer(letter, status, line);
}

/* One whole reply.  false: the session, or its mail, has ended. */
static bool
session_hear(struct session *s, int status)
{
	bool is_yes = s->state == SESSION_DATA ? status == 354 :
	    status >= 200 && status < 300;

	if (s->state == SESSION_IDLE) {
		session_free(s);
		return false;
	}
	if (!is_yes && (status < 400 || s->state == SESSION_RESET ||
	    (status == 421 && s->is_kept && s->state == SESSION_MAIL))) {
		session_lose(s, OW_EIO, s->last);
		return false;
	}
	if (!is_yes || s->state == SESSION_BODY) {
		session_answer(s, status);
		return false;
	}
	session_say(s, s->state + 1);
	return true;
}

/* A line without its end.  false: the session, or its mail, has ended. */
static bool
session_take_line(struct session *s, const char *line, size_t n)
{
	if (n && line[n - 1] == '\r')
		n--;
	(void)snprintf(s->last, sizeof(s->last), "%.*s", (int)n, line);
	if (n < 3 || strspn(s->last, "0123456789") != 3 || s->last[0] < '2' ||
	    s->last[0] > '5') {
		session_lose(s, OW_EIO, "the mail server says what is no "
		    "reply");
		return false;
	}
	if (s->last[3] == '-')
		return true;		/* more lines follow */
	return session_hear(s, atoi(s->last));
}

/* false: as above. */
static bool
session_take_bytes(struct session *s, const char *p, size_t n)
{
	char line[SESSION_LINE_MAX];
	const char *end;
	size_t len;

	if (buf_add(&s->in, p, n)) {
		session_lose(s, OW_EIO, "the mail server says too much");
		return false;
	}
	while (s->in.n && (end = memchr(s->in.p, '\n', s->in.n))) {
		len = (size_t)(end - s->in.p);
		memcpy(line, s->in.p, len);
		buf_drop(&s->in, len + 1);
		if (!session_take_line(s, line, len))
			return false;
	}
	return true;
}

/* ---- The connection ---------------------------------------------------- */

/* false: as above. */
static bool
session_read(struct session *s)
{
	char bytes[SESSION_LINE_MAX / 2];
	CURLcode code;
	size_t n;

	for (;;) {
		n = 0;
		code = curl_easy_recv(s->easy, bytes, sizeof(bytes), &n);
		if (code == CURLE_AGAIN)
			return true;
		if (code || !n) {
			session_lose(s, OW_EIO, code ? curl_easy_strerror(code)
			    : "the mail server closed the connection");
			return false;
		}
		if (!session_take_bytes(s, bytes, n))
			return false;
	}
}

static void
session_write(struct session *s)
{
	CURLcode code;
	size_t n;

	while (s->n_out < s->out.n) {
		n = 0;
		code = curl_easy_send(s->easy, s->out.p + s->n_out,
		    s->out.n - s->n_out, &n);
		if (code == CURLE_AGAIN)
			break;
		if (code) {
			session_lose(s, OW_EIO, curl_easy_strerror(code));
			return;
		}
		s->n_out += n;
	}
	session_watch(s);
}

static void
session_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (session_read(s))
		session_write(s);
}

static void
session_on_idle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_quit(arg);
}

static void
session_begin(struct session *s, struct letter *letter)
{
	s->letter = letter;
	letter->session = s;
	session_say(s, s->is_dirty ? SESSION_RESET : SESSION_MAIL);
	s->is_dirty = false;
}

/* ---- Its beginning ----------------------------------------------------- */

/* libcurl hands over a server's lines as headers. */
static size_t
session_take_greeting(char *p, size_t size, size_t n, void *arg)
{
	struct session *s = arg;
	size_t len = size * n;

	while (len && (p[len - 1] == '\r' || p[len - 1] == '\n'))
		len--;
	(void)snprintf(s->last, sizeof(s->last), "%.*s", (int)len, p);
	if (s->n_lines++ == 0)
		s->is_turned_away = len && p[0] != '2';
	return size * n;
}

/* The server's no to our login is an answer; all else is none. */
static void
session_refuse(struct session *s, CURLcode code)
{
	struct letter *letter = s->letter;
	char line[sizeof(s->last)];
	long status = 0;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_LOGIN_DENIED || status < 400) {
		session_lose(s, fetch_error(code), s->is_turned_away ?
		    s->last : s->error[0] ? s->error :
		    curl_easy_strerror(code));
		return;
	}
	memcpy(line, s->last, sizeof(line));
	session_free(s);
	letter_answer(letter, (int)status, line);
}

static void
session_joined(struct transfer *transfer, CURLcode code)
{
	struct session *s = (struct session *)transfer;
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (code) {
		session_refuse(s, code);
		return;
	}
	(void)curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD) {
		session_lose(s, OW_EIO, "the connection is lost");
		return;
	}
	s->event = event_new(s->home->base, fd, EV_PERSIST, session_on_ready,
	    s);
	OW_ASSERT(s->event);
	session_begin(s, s->letter);
}

static void
session_set_out(struct session *s, const struct fetch_letter *req)
{
	(void)curl_easy_setopt(s->easy, CURLOPT_URL, req->url);
	fetch_set_limits(s->easy, req->timeout_ms, "smtp,smtps",
	    req->ca_file);
	(void)curl_easy_setopt(s->easy, CURLOPT_PRIVATE, &s->transfer);
	(void)curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->error);
	(void)curl_easy_setopt(s->easy, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_FRESH_CONNECT, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_SASL_IR, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_USE_SSL, req->starttls ?
	    (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	if (req->user[0]) {
		(void)curl_easy_setopt(s->easy, CURLOPT_USERNAME, req->user);
		(void)curl_easy_setopt(s->easy, CURLOPT_PASSWORD,
		    req->password);
	}
	(void)curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION,
	    session_take_greeting);
	(void)curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
}

static char *
session_key(const struct fetch_letter *req)
{
	return mem_printf("%s\n%d\n%s\n%s\n%s", req->url, req->starttls,
	    req->ca_file, req->user, req->password);
}

static void
session_open(struct fetcher *fr, struct letter *letter)
{
	struct session *s = mem_alloc(sizeof(*s));

	s->transfer.done = session_joined;
	s->home = fr;
	s->key = session_key(&letter->req);
	s->letter = letter;
	letter->session = s;
	buf_init(&s->in, SESSION_LINE_MAX);
	buf_init(&s->out, SESSION_OUT_MAX);
	s->next = fr->sessions;
	s->at = &fr->sessions;
	if (s->next)
		s->next->at = &s->next;
	fr->sessions = s;
	s->easy = curl_easy_init();
	OW_ASSERT(s->easy);
	session_set_out(s, &letter->req);
	OW_ASSERT(curl_multi_add_handle(fr->multi, s->easy) == CURLM_OK);
}

void
session_take(struct fetcher *fr, struct letter *letter)
{
	char *key = session_key(&letter->req);
	struct session *s;

	for (s = fr->sessions; s; s = s->next)
		if (s->state == SESSION_IDLE && !strcmp(s->key, key))
			break;
	mem_wipe_free(&key);
	if (!s) {
		session_open(fr, letter);
		return;
	}
	fr->n_idle--;
	(void)event_del(s->idle);
	session_begin(s, letter);
}

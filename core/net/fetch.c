/* SPDX-License-Identifier: MIT */
/*
 * fetch - drives a libcurl multi handle by libevent.
 *
 * libcurl tells which sockets and which timeout it waits for; we tell it what
 * happened and collect what is finished.  Its time is the real one, not the
 * loop's, because the network's is.  It knows nothing of retries, of keys or
 * of providers.
 *
 * Mails are mail.c's and session.c's, on the same multi handle.
 *
 * Invariants: a fetch is in the fetcher's list until it is answered or
 * cancelled; whoever calls fetch_answer holds no pointer to another fetch.
 */
#include <event2/event.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/fetching.h"
#include "net/wsclient.h"

#define FETCH_HEADERS_MAX 65536	/* bytes of an answer's head */
#define FETCH_CONNECTIONS_KEPT 64
/* A connection that many requests share is given up when what we sent was not
   even acknowledged for so long: libcurl would go on using it. */
#define FETCH_DEAD_MS 20000

static void
fetch_free(struct fetch *f)
{
	struct fetcher *home = f->home;

	if (f->prev)
		f->prev->next = f->next;
	else
		home->first = f->next;
	if (f->next)
		f->next->prev = f->prev;
	home->n--;
	if (f->easy) {
		(void)curl_multi_remove_handle(home->multi, f->easy);
		curl_easy_cleanup(f->easy);
	}
	curl_slist_free_all(f->headers);
	/* Answers may hold tokens. */
	if (f->body.p)
		mem_wipe(f->body.p, f->body.n);
	buf_done(&f->body);
	letter_free(&f->letter);
	going_done(f);
	free(f);
}

/* ---- What happened ----------------------------------------------------- */

int
fetch_error(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return OW_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return OW_ETIMEOUT;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return OW_EINVAL;
	case CURLE_WRITE_ERROR:
		return OW_ELIMIT;
	default:
		return OW_EIO;
	}
}

static void
fetch_reply_fill(struct fetch *f, CURLcode code,
    struct fetch_reply *out)
{
	long status = 0;

	memset(out, 0, sizeof(*out));
	out->err = fetch_error(code);
	if (code == CURLE_COULDNT_CONNECT && f->n_denied && !f->n_opened)
		out->err = OW_EDENIED;
	out->curl = f->easy;
	if (out->err == OW_OK || out->err == OW_ELIMIT) {
		(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE,
		    &status);
		out->status = (int)status;
	}
	if (out->err == OW_OK) {
		out->body.p = f->body.n ? f->body.p : "";
		out->body.n = f->body.n;
	} else if (out->err == OW_EDENIED) {
		(void)snprintf(out->detail, sizeof(out->detail),
		    "connecting to this address is not allowed");
	} else if (out->err == OW_ELIMIT) {
		(void)snprintf(out->detail, sizeof(out->detail),
		    "the answer is longer than %zu bytes", f->body.max);
	} else {
		(void)snprintf(out->detail, sizeof(out->detail), "%.150s",
		    f->error[0] ? f->error : curl_easy_strerror(code));
	}
}

void
fetch_answer(struct fetch *f, const struct fetch_reply *reply)
{
	struct fetcher *home = f->home;

	home->is_calling = true;
	f->done(f->arg, reply);
	home->is_calling = false;
	fetch_free(f);
}

static void
fetch_on_done(struct transfer *transfer, CURLcode code)
{
	struct fetch *f = (struct fetch *)transfer;
	struct fetch_reply reply;

	fetch_reply_fill(f, code, &reply);
	fetch_answer(f, &reply);
}

static void
fetcher_collect(struct fetcher *fr)
{
	struct transfer *transfer;
	CURLMsg *msg;
	void *self;
	int left;

	going_deliver(fr);
	/* A done() may start and cancel: ask anew each time. */
	while ((msg = curl_multi_info_read(fr->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		OW_ASSERT(curl_easy_getinfo(msg->easy_handle,
		    CURLINFO_PRIVATE, &self) == CURLE_OK);
		transfer = self;
		transfer->done(transfer, msg->data.result);
	}
}

const char *
fetch_header(const struct fetch_reply *reply, const char *name)
{
	struct curl_header *header;
	size_t n = 0;

	if (curl_easy_header(reply->curl, name, 0, CURLH_HEADER, -1,
	    &header) != CURLHE_OK)
		return NULL;
	n = header->amount;
	if (n > 1 && curl_easy_header(reply->curl, name, n - 1, CURLH_HEADER,
	    -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

/* ---- libevent to libcurl and back -------------------------------------- */

static void
fetcher_act(struct fetcher *fr, curl_socket_t fd, int what)
{
	int running;

	(void)curl_multi_socket_action(fr->multi, fd, what, &running);
	fetcher_collect(fr);
}

static void
fetcher_on_socket(evutil_socket_t fd, short what, void *arg)
{
	fetcher_act(arg, fd, ((what & EV_READ) ? CURL_CSELECT_IN : 0) |
	    ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void
fetcher_on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fetcher_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants to hear about this socket; what it keeps for it is our
   event. */
static int
fetcher_watch(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *socket_arg)
{
	struct fetcher *fr = arg;
	struct event *ev = socket_arg;
	short events = EV_PERSIST;

	(void)easy;
	if (ev)
		event_free(ev);
	ev = NULL;
	if (what != CURL_POLL_REMOVE) {
		if (what & CURL_POLL_IN)
			events |= EV_READ;
		if (what & CURL_POLL_OUT)
			events |= EV_WRITE;
		ev = event_new(fr->base, fd, events, fetcher_on_socket, fr);
		OW_ASSERT(ev && event_add(ev, NULL) == 0);
	}
	(void)curl_multi_assign(fr->multi, fd, ev);
	return 0;
}

static int
fetcher_set_timer(CURLM *multi, long after_ms, void *arg)
{
	struct fetcher *fr = arg;
	struct timeval tv;

	(void)multi;
	if (after_ms < 0) {
		(void)event_del(fr->timer);
		return 0;
	}
	/* Also 0 is a later turn: done() never runs inside fetch_start. */
	tv.tv_sec = after_ms / 1000;
	tv.tv_usec = (after_ms % 1000) * 1000;
	(void)event_add(fr->timer, &tv);
	return 0;
}

struct fetcher *
fetcher_new(struct loop *loop, fetch_allow *allow, void *arg)
{
	struct fetcher *fr = mem_alloc(sizeof(*fr));

	OW_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	fr->base = loop_base(loop);
	fr->allow = allow;
	fr->allow_arg = arg;
	fr->multi = curl_multi_init();
	fr->timer = evtimer_new(fr->base, fetcher_on_timer, fr);
	OW_ASSERT(fr->multi && fr->timer);
	(void)curl_multi_setopt(fr->multi, CURLMOPT_SOCKETFUNCTION,
	    fetcher_watch);
	(void)curl_multi_setopt(fr->multi, CURLMOPT_SOCKETDATA, fr);
	(void)curl_multi_setopt(fr->multi, CURLMOPT_TIMERFUNCTION,
	    fetcher_set_timer);
	(void)curl_multi_setopt(fr->multi, CURLMOPT_TIMERDATA, fr);
	(void)curl_multi_setopt(fr->multi, CURLMOPT_PIPELINING,
	    CURLPIPE_MULTIPLEX);
	(void)curl_multi_setopt(fr->multi, CURLMOPT_MAXCONNECTS,
	    (long)FETCH_CONNECTIONS_KEPT);
	return fr;
}

void
fetcher_free(struct fetcher **fetcher)
{
	struct fetcher *fr = *fetcher;

	*fetcher = NULL;
	if (!fr)
		return;
	OW_ASSERT(!fr->is_calling);
	while (fr->first)
		fetch_free(fr->first);
	sessions_free(fr);
	wsclients_free(fr);
	(void)curl_multi_cleanup(fr->multi);
	event_free(fr->timer);
	free(fr);
	curl_global_cleanup();
}

/* ---- One request ------------------------------------------------------- */

static size_t
fetch_take_body(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	bool is_full;

	/* Less than came is CURLE_WRITE_ERROR. */
	if (f->data && going_take(f, p, size * n, &is_full))
		return is_full ? 0 : size * n;
	return buf_add(&f->body, p, size * n) == OW_OK ? size * n : 0;
}

static size_t
fetch_take_head(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	f->head_len += size * n;
	if (f->data && size * n == 2 && p[0] == '\r')
		going_heard(f);
	return f->head_len <= FETCH_HEADERS_MAX ? size * n : 0;
}

/* The address was resolved just now and is the one connected to: what a name
   resolves to later (DNS rebinding) doesn't matter. */
static curl_socket_t
fetch_open_socket(void *arg, curlsocktype purpose,
    struct curl_sockaddr *address)
{
	const unsigned int dead_ms = FETCH_DEAD_MS;
	struct fetch *f = arg;
	struct fetcher *home = f->home;
	curl_socket_t fd;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (home->allow && !home->allow(home->allow_arg, &address->addr))) {
		f->n_denied++;
		return CURL_SOCKET_BAD;
	}
	f->n_opened++;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
	if (fd >= 0)	/* without it the kernel waits longer: no harm */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms,
		    sizeof(dead_ms));
	return fd;
}

static bool
fetch_has_break(const char *s)
{
	return strpbrk(s, "\r\n") != NULL;
}

static bool
fetch_add_headers(struct fetch *f, const struct fetch_request *req)
{
	struct curl_slist *list;
	char *line;
	size_t i;

	/* Not what libcurl adds by itself: waiting for 100 Continue costs a
	   round trip, and no body of ours is a web form unless it says so. */
	f->headers = curl_slist_append(NULL, "Expect:");
	list = curl_slist_append(f->headers, "Content-Type:");
	OW_ASSERT(f->headers && list);
	for (i = 0; i < req->n_headers; i++) {
		const struct ow_header *h = &req->headers[i];

		if (!h->name[0] || strchr(h->name, ':') ||
		    fetch_has_break(h->name) || fetch_has_break(h->value))
			return false;
		/* A ';' sends an empty one: curl's CURLOPT_HTTPHEADER. */
		line = h->value[0] ? mem_printf("%s: %s", h->name, h->value) :
		    mem_printf("%s;", h->name);
		list = curl_slist_append(f->headers, line);
		mem_wipe_free(&line);
		OW_ASSERT(list);
		f->headers = list;
	}
	return true;
}

static void
fetch_set_method(struct fetch *f, const struct fetch_request *req)
{
	if (!strcmp(req->method, "HEAD")) {
		(void)curl_easy_setopt(f->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (req->body.n || !strcmp(req->method, "POST")) {
		(void)curl_easy_setopt(f->easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)req->body.n);
		(void)curl_easy_setopt(f->easy, CURLOPT_COPYPOSTFIELDS,
		    req->body.n ? req->body.p : "");
	}
	(void)curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, req->method);
}

void
fetch_set_limits(CURL *easy, int64_t timeout_ms, const char *protocols,
    const char *ca_file)
{
	long ms = timeout_ms > INT_MAX ? INT_MAX : (long)timeout_ms;

	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Don't wait for a resolver's thread that hangs. */
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	if (ca_file && ca_file[0]) {
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		/* This one instead of the system's, not beside them. */
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static void
fetch_set_http(struct fetch *f, const struct fetch_request *req)
{
	bool is_tls = !strncasecmp(req->url, "https:", 6);

	fetch_set_limits(f->easy, req->timeout_ms, req->is_strict ? "https" :
	    "http,https", req->ca_file);
	(void)curl_easy_setopt(f->easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, is_tls ?
	    (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	/* The second request to a server waits until it is known whether it
	   can share the first one's connection. */
	(void)curl_easy_setopt(f->easy, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L);
	(void)curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
}

static void
fetch_set_callbacks(struct fetch *f)
{
	f->transfer.done = fetch_on_done;
	(void)curl_easy_setopt(f->easy, CURLOPT_PRIVATE, &f->transfer);
	(void)curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error);
	(void)curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION,
	    fetch_take_body);
	(void)curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	(void)curl_easy_setopt(f->easy, CURLOPT_HEADERFUNCTION,
	    fetch_take_head);
	(void)curl_easy_setopt(f->easy, CURLOPT_HEADERDATA, f);
	(void)curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETFUNCTION,
	    fetch_open_socket);
	(void)curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, f);
}

struct fetch *
fetch_new(struct fetcher *fr, size_t body_max,
    void (*done)(void *arg, const struct fetch_reply *), void *arg)
{
	struct fetch *f;

	if (fr->n >= FETCHES_MAX)
		return NULL;
	f = mem_alloc(sizeof(*f));
	f->home = fr;
	f->done = done;
	f->arg = arg;
	buf_init(&f->body, body_max);
	f->next = fr->first;
	if (fr->first)
		fr->first->prev = f;
	fr->first = f;
	fr->n++;
	return f;
}

bool
fetch_read_url(const char *text, const char *scheme, bool *out_is_it,
    bool *out_has_user)
{
	char *its = NULL, *user = NULL, *password = NULL;
	CURLU *url = curl_url();
	bool is_url;

	OW_ASSERT(url);
	is_url = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
	if (is_url) {
		(void)curl_url_get(url, CURLUPART_SCHEME, &its, 0);
		(void)curl_url_get(url, CURLUPART_USER, &user, 0);
		(void)curl_url_get(url, CURLUPART_PASSWORD, &password, 0);
		*out_is_it = its && !strcasecmp(its, scheme);
		*out_has_user = user || password;
	}
	curl_free(its);
	curl_free(user);
	curl_free(password);
	curl_url_cleanup(url);
	return is_url;
}

int
fetch_start(struct fetcher *fr, const struct fetch_request *req,
    void (*done)(void *arg, const struct fetch_reply *), void *arg,
    struct fetch **out)
{
	bool is_https = false, has_user = false;
	struct fetch *f;

	if (req->timeout_ms <= 0 || !req->method[0] ||
	    strpbrk(req->method, " \t\r\n"))
		return OW_EINVAL;
	if (req->is_strict && fetch_read_url(req->url, "https", &is_https,
	    &has_user) && (!is_https || has_user))
		return OW_EDENIED;
	f = fetch_new(fr, req->reply_max, done, arg);
	if (!f)
		return OW_ELIMIT;
	if (!fetch_add_headers(f, req)) {
		fetch_free(f);
		return OW_EINVAL;
	}
	f->easy = curl_easy_init();
	OW_ASSERT(f->easy);
	(void)curl_easy_setopt(f->easy, CURLOPT_URL, req->url);
	fetch_set_http(f, req);
	if (req->data)
		going_init(f, req->data, req->timeout_ms);
	fetch_set_method(f, req);
	fetch_set_callbacks(f);
	*out = f;
	OW_ASSERT(curl_multi_add_handle(fr->multi, f->easy) == CURLM_OK);
	return OW_OK;
}

void
fetch_cancel(struct fetch **fetch)
{
	struct fetch *f = *fetch;

	*fetch = NULL;
	if (f)
		fetch_free(f);
}

/* SPDX-License-Identifier: MIT */
/*
 * fetch - drives a libcurl multi handle by libevent.
 *
 * libcurl tells which sockets and which timeout it waits for; we tell it what
 * happened and collect what is finished.  Its time is the real one, not the
 * loop's, because the network's is.  It knows nothing of retries, of keys or
 * of providers.
 *
 * Invariants: a fetch is in the fetcher's list exactly as long as its easy
 * handle is in the multi handle; done() runs only from fetcher_collect, which
 * holds no pointer to another fetch while it does.
 */
#include "net/fetch.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"

#define FETCHES_MAX 1000
#define FETCH_HEADERS_MAX 65536	/* bytes of an answer's head */
#define FETCH_CONNECTIONS_KEPT 64

struct fetch {
	struct fetch *prev, *next;
	struct fetcher *home;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	size_t head_len;
	bool is_denied;			/* by allow, at least one address */
	char error[CURL_ERROR_SIZE];
	void (*done)(void *arg, const struct fetch_reply *);
	void *arg;
};

struct fetcher {
	CURLM *multi;
	struct event_base *base;
	struct event *timer;
	struct fetch *first;
	uint32_t n;
	bool is_calling;		/* a done() is running */
	fetch_allow *allow;
	void *allow_arg;
};

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
	(void)curl_multi_remove_handle(home->multi, f->easy);
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	/* Answers may hold tokens. */
	if (f->body.p)
		mem_wipe(f->body.p, f->body.n);
	buf_done(&f->body);
	free(f);
}

/* ---- What happened ----------------------------------------------------- */

static int
fetch_error(const struct fetch *f, CURLcode code)
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
	case CURLE_COULDNT_CONNECT:
		return f->is_denied ? OW_EDENIED : OW_EIO;
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
	out->err = fetch_error(f, code);
	out->curl = f->easy;
	if (out->err == OW_OK) {
		(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE,
		    &status);
		out->status = (int)status;
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

static void
fetcher_collect(struct fetcher *fr)
{
	struct fetch_reply reply;
	struct fetch *f;
	CURLMsg *msg;
	void *self;
	int left;

	/* A done() may start and cancel: ask anew each time. */
	while ((msg = curl_multi_info_read(fr->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		OW_ASSERT(curl_easy_getinfo(msg->easy_handle,
		    CURLINFO_PRIVATE, &self) == CURLE_OK);
		f = self;
		fetch_reply_fill(f, msg->data.result, &reply);
		fr->is_calling = true;
		f->done(f->arg, &reply);
		fr->is_calling = false;
		fetch_free(f);
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

	/* Less than came is CURLE_WRITE_ERROR. */
	return buf_add(&f->body, p, size * n) == OW_OK ? size * n : 0;
}

static size_t
fetch_take_head(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	(void)p;
	f->head_len += size * n;
	return f->head_len <= FETCH_HEADERS_MAX ? size * n : 0;
}

/* The address was resolved just now and is the one connected to: what a name
   resolves to later (DNS rebinding) doesn't matter. */
static curl_socket_t
fetch_open_socket(void *arg, curlsocktype purpose,
    struct curl_sockaddr *address)
{
	struct fetch *f = arg;
	struct fetcher *home = f->home;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (home->allow && !home->allow(home->allow_arg, &address->addr))) {
		f->is_denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
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

static void
fetch_set_limits(struct fetch *f, const struct fetch_request *req)
{
	long ms = req->timeout_ms > INT_MAX ? INT_MAX : (long)req->timeout_ms;

	(void)curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, ms);
	(void)curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, ms);
	(void)curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
	/* Don't wait for a resolver's thread that hangs. */
	(void)curl_easy_setopt(f->easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(f->easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(f->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2TLS);
	if (req->ca_file && req->ca_file[0]) {
		(void)curl_easy_setopt(f->easy, CURLOPT_CAINFO, req->ca_file);
		/* This one instead of the system's, not beside them. */
		(void)curl_easy_setopt(f->easy, CURLOPT_CAPATH, NULL);
	}
}

static void
fetch_set_callbacks(struct fetch *f)
{
	(void)curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
	(void)curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error);
	(void)curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
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

int
fetch_start(struct fetcher *fr, const struct fetch_request *req,
    void (*done)(void *arg, const struct fetch_reply *), void *arg,
    struct fetch **out)
{
	struct fetch *f;

	if (req->timeout_ms <= 0 || !req->method[0] ||
	    strpbrk(req->method, " \t\r\n"))
		return OW_EINVAL;
	if (fr->n >= FETCHES_MAX)
		return OW_ELIMIT;
	f = mem_alloc(sizeof(*f));
	f->home = fr;
	f->done = done;
	f->arg = arg;
	buf_init(&f->body, req->reply_max);
	if (!fetch_add_headers(f, req)) {
		curl_slist_free_all(f->headers);
		free(f);
		return OW_EINVAL;
	}
	f->easy = curl_easy_init();
	OW_ASSERT(f->easy);
	(void)curl_easy_setopt(f->easy, CURLOPT_URL, req->url);
	fetch_set_limits(f, req);
	fetch_set_method(f, req);
	fetch_set_callbacks(f);
	f->next = fr->first;
	if (fr->first)
		fr->first->prev = f;
	fr->first = f;
	fr->n++;
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

/* SPDX-License-Identifier: MIT */
/*
 * wsclient - see wsclient.h.
 *
 * libcurl brings the connection up to TLS and then only moves bytes, as for
 * session.c; wshand.c shakes hands; wslay makes and reads frames, answers
 * pings, and refuses what is too long before it is received.
 *
 *	joining -> shaking -> open
 *
 * Invariants: a callback of ours may close the socket, which then is freed by
 * whoever is outermost (is_busy), never below wslay's feet; on_closed is called
 * last of all, when the socket is in no list any more.
 */
#include "net/wsclient.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "net/fetching.h"
#include "net/wshand.h"

#define WSCLIENTS_MAX 1000u
#define WSCLIENT_UNSENT_MAX ((size_t)256 << 10)
#define WSCLIENT_TURN_MAX ((size_t)1 << 20)	/* bytes read in one turn */
#define WS_HEAD_PIECE 2048
#define WSCLIENT_PING_MS 20000
#define WSCLIENT_SILENCE_MS 60000

enum wsclient_state { WS_JOINING, WS_SHAKING, WS_OPEN };

struct wsclient {
	struct transfer transfer;	/* first */
	struct wsclient *next, **at;	/* in the fetcher's list */
	struct fetcher *home;
	enum wsclient_state state;
	struct wshand_url url;
	char key[WSHAND_KEY_SIZE];
	CURL *easy;
	struct event *event;		/* NULL: joining */
	struct event *ping, *silence;	/* silence: also the handshake's end */
	int64_t ping_ms, silence_ms;
	struct buf in, out;		/* of the handshake */
	size_t n_in, n_out;		/* used of them */
	wslay_event_context_ptr frames;
	size_t n_read;			/* in this turn */
	size_t message_max;
	bool is_busy, is_closed;	/* closed: by its owner */
	bool is_eof;
	int err;			/* why it ends, once it does */
	char why[160];
	char error[CURL_ERROR_SIZE];
	struct ow_ws_fns fns;
	void *arg;
};

/* ---- Its end ----------------------------------------------------------- */

static void
ws_free(struct wsclient *ws)
{
	struct fetcher *home = ws->home;

	*ws->at = ws->next;
	if (ws->next)
		ws->next->at = ws->at;
	home->n_sockets--;
	if (ws->event)
		event_free(ws->event);
	if (ws->ping)
		event_free(ws->ping);
	event_free(ws->silence);
	wslay_event_context_free(ws->frames);	/* takes NULL */
	(void)curl_multi_remove_handle(home->multi, ws->easy);
	curl_easy_cleanup(ws->easy);
	wshand_url_done(&ws->url);
	if (ws->out.p)			/* it has a token in it */
		mem_wipe(ws->out.p, ws->out.n);
	buf_done(&ws->in);
	buf_done(&ws->out);
	free(ws);
}

static void ws_fail(struct wsclient *, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* It ends when whoever is busy with it is done; the first reason counts. */
static void
ws_fail(struct wsclient *ws, int err, const char *fmt, ...)
{
	va_list args;

	if (ws->err)
		return;
	ws->err = err;
	va_start(args, fmt);
	(void)vsnprintf(ws->why, sizeof(ws->why), fmt, args);
	va_end(args);
}

/* With what waits and a word of farewell, if there is room for it. */
static void
ws_part(struct wsclient *ws)
{
	if (ws->frames && !ws->err) {
		/* A close would overtake what waits. */
		(void)wslay_event_send(ws->frames);
		(void)wslay_event_queue_close(ws->frames,
		    WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
		(void)wslay_event_send(ws->frames);
	}
	ws_free(ws);
}

/* Everything that happens to a socket stands between these two. */
static void
ws_enter(struct wsclient *ws)
{
	OW_ASSERT(!ws->is_busy);
	ws->is_busy = true;
}

static void
ws_leave(struct wsclient *ws)
{
	void (*on_closed)(void *, int32_t, const char *) = ws->fns.on_closed;
	bool is_closed = ws->is_closed;
	void *arg = ws->arg;
	int err = ws->err;
	char why[sizeof(ws->why)];

	ws->is_busy = false;
	if (!is_closed && !err)
		return;
	if (is_closed) {
		ws_part(ws);
		return;
	}
	memcpy(why, ws->why, sizeof(why));
	ws_free(ws);
	on_closed(arg, err, why);
}

void
wsclient_close(struct wsclient **p)
{
	struct wsclient *ws = *p;

	*p = NULL;
	if (!ws)
		return;
	ws->is_closed = true;
	if (ws->is_busy)
		return;
	ws_part(ws);
}

void
wsclients_free(struct fetcher *fr)
{
	while (fr->sockets)
		ws_free(fr->sockets);
}

/* ---- Bytes ------------------------------------------------------------- */

/* How many; 0: none for now, or the end (is_eof, err). */
static size_t
ws_recv(struct wsclient *ws, void *p, size_t max)
{
	CURLcode code;
	size_t n = 0;

	if (ws->is_eof || ws->n_read >= WSCLIENT_TURN_MAX)
		return 0;
	code = curl_easy_recv(ws->easy, p, max, &n);
	if (code == CURLE_AGAIN)
		return 0;
	if (code || !n) {
		ws->is_eof = true;
		ws_fail(ws, OW_EIO, "%s", code ? curl_easy_strerror(code) :
		    "the peer closed the connection");
		return 0;
	}
	ws->n_read += n;
	return n;
}

static size_t
ws_write(struct wsclient *ws, const void *p, size_t n)
{
	CURLcode code;
	size_t sent = 0;

	code = curl_easy_send(ws->easy, p, n, &sent);
	if (!code || code == CURLE_AGAIN)
		return sent;
	ws->is_eof = true;
	ws_fail(ws, OW_EIO, "%s", curl_easy_strerror(code));
	return 0;
}

static ssize_t
frames_recv(wslay_event_context_ptr frames, uint8_t *p, size_t max,
    int flags, void *arg)
{
	struct wsclient *ws = arg;
	size_t n = ws->in.n - ws->n_in;

	(void)flags;
	/* What came behind the handshake. */
	if (n > 0) {
		n = n < max ? n : max;
		memcpy(p, ws->in.p + ws->n_in, n);
		ws->n_in += n;
		return (ssize_t)n;
	}
	n = ws->is_closed || ws->err ? 0 : ws_recv(ws, p, max);
	if (n == 0) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	return (ssize_t)n;
}

static ssize_t
frames_send(wslay_event_context_ptr frames, const uint8_t *p, size_t len,
    int flags, void *arg)
{
	struct wsclient *ws = arg;
	size_t n = ws->is_eof ? 0 : ws_write(ws, p, len);

	(void)flags;
	if (n == 0) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	return (ssize_t)n;
}

static int
frames_mask(wslay_event_context_ptr frames, uint8_t *out, size_t n, void *arg)
{
	(void)frames;
	(void)arg;
	crypto_random(out, n);
	return 0;
}

static void
frames_message(wslay_event_context_ptr frames,
    const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
	const struct ow_bytes text = { message->msg, message->msg_length };
	struct wsclient *ws = arg;

	(void)frames;
	if (message->opcode == WSLAY_CONNECTION_CLOSE)
		ws_fail(ws, OW_EIO, "the peer closed the stream with %u",
		    (unsigned int)message->status_code);
	if (message->opcode == WSLAY_TEXT_FRAME && !ws->is_closed && !ws->err)
		ws->fns.on_text(ws->arg, text);
}

/* ---- What to wait for -------------------------------------------------- */

static void ws_on_ready(evutil_socket_t fd, short what, void *arg);

static void
ws_watch(struct wsclient *ws)
{
	evutil_socket_t fd = event_get_fd(ws->event);
	bool wants = ws->state == WS_OPEN ?
	    wslay_event_want_write(ws->frames) : ws->n_out < ws->out.n;
	short what = EV_PERSIST | EV_READ;

	if (wants)
		what |= EV_WRITE;
	if (event_get_events(ws->event) != what ||
	    !event_pending(ws->event, EV_READ, NULL)) {
		/* It may not be added: that is fine. */
		(void)event_del(ws->event);
		OW_ASSERT(!event_assign(ws->event, ws->home->base, fd, what,
		    ws_on_ready, ws) && !event_add(ws->event, NULL));
	}
	/* TLS may hold what the descriptor does not show. */
	if (ws->n_read >= WSCLIENT_TURN_MAX)
		event_active(ws->event, EV_READ, 0);
	ws->n_read = 0;
}

static void
ws_set_timer(struct event *timer, int64_t ms)
{
	const struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	OW_ASSERT(timer && !event_add(timer, &tv));
}

static void
ws_on_ping(evutil_socket_t fd, short what, void *arg)
{
	const struct wslay_event_msg ping = { .opcode = WSLAY_PING };
	struct wsclient *ws = arg;

	(void)fd;
	(void)what;
	ws_enter(ws);
	ws_set_timer(ws->ping, ws->ping_ms);
	if (wslay_event_queue_msg(ws->frames, &ping) == 0)
		(void)wslay_event_send(ws->frames);
	if (!ws->err)
		ws_watch(ws);
	ws_leave(ws);
}

static void
ws_on_silence(evutil_socket_t fd, short what, void *arg)
{
	struct wsclient *ws = arg;

	(void)fd;
	(void)what;
	ws_enter(ws);
	ws_fail(ws, OW_ETIMEOUT, ws->state == WS_OPEN ?
	    "the peer says nothing" : "the handshake takes too long");
	ws_leave(ws);
}

/* ---- Open -------------------------------------------------------------- */

/* wslay itself closes for what is against the rules; it says which. */
static void
ws_judge_frames(struct wsclient *ws)
{
	uint16_t code = wslay_event_get_status_code_sent(ws->frames);

	if (wslay_event_get_read_enabled(ws->frames))
		return;
	if (code == WSLAY_CODE_MESSAGE_TOO_BIG)
		ws_fail(ws, OW_ELIMIT, "a message is longer than %zu bytes",
		    ws->message_max);
	else
		ws_fail(ws, OW_EIO, "what it says is not WebSocket");
}

static void
ws_turn(struct wsclient *ws)
{
	int err;

	if (wslay_event_recv(ws->frames))
		ws_fail(ws, OW_EIO, "what it says can't be read");
	if (ws->is_closed)
		return;
	err = wslay_event_send(ws->frames);
	if (err)
		ws_fail(ws, OW_EIO, "it can't be written to");
	ws_judge_frames(ws);
}

static void
ws_begin(struct wsclient *ws, size_t head_len)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = frames_recv,
		.send_callback = frames_send,
		.genmask_callback = frames_mask,
		.on_msg_recv_callback = frames_message,
	};

	OW_ASSERT(!wslay_event_context_client_init(&ws->frames, &callbacks,
	    ws));
	wslay_event_config_set_max_recv_msg_length(ws->frames,
	    ws->message_max);
	ws->state = WS_OPEN;
	ws->n_in = head_len;
	mem_wipe(ws->out.p, ws->out.n);
	ws->ping = evtimer_new(ws->home->base, ws_on_ping, ws);
	ws_set_timer(ws->ping, ws->ping_ms);
	ws_set_timer(ws->silence, ws->silence_ms);
	ws->fns.on_open(ws->arg);
}

/* ---- The handshake ----------------------------------------------------- */

static void
ws_shake(struct wsclient *ws)
{
	size_t n, len = 0;
	struct ow_fault why;
	char *room;
	int err;

	if (ws->n_out < ws->out.n)
		ws->n_out += ws_write(ws, ws->out.p + ws->n_out, ws->out.n -
		    ws->n_out);
	do {
		/* There is always room: a head of so much is refused. */
		room = buf_room(&ws->in, WS_HEAD_PIECE);
		OW_ASSERT(room);
		n = ws_recv(ws, room, WS_HEAD_PIECE);
		buf_used(&ws->in, n);
		err = wshand_read(ws->in.p, ws->in.n, ws->key, &len, &why);
	} while (err == OW_EAGAIN && n > 0);
	if (!err)
		ws_begin(ws, len);
	else if (err != OW_EAGAIN)
		ws_fail(ws, err, "%s", why.text);
}

static void
ws_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct wsclient *ws = arg;

	(void)fd;
	ws_enter(ws);
	if ((what & EV_READ) && ws->state == WS_OPEN)
		ws_set_timer(ws->silence, ws->silence_ms);
	if (ws->state == WS_SHAKING)
		ws_shake(ws);
	if (ws->state == WS_OPEN && !ws->is_closed)
		ws_turn(ws);
	if (!ws->err && !ws->is_closed)
		ws_watch(ws);
	ws_leave(ws);
}

static void
ws_joined(struct transfer *transfer, CURLcode code)
{
	struct wsclient *ws = (struct wsclient *)transfer;
	curl_socket_t fd = CURL_SOCKET_BAD;

	ws_enter(ws);
	if (!code)
		(void)curl_easy_getinfo(ws->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD) {
		ws_fail(ws, code ? fetch_error(code) : OW_EIO, "%.150s",
		    ws->error[0] ? ws->error : curl_easy_strerror(code));
	} else {
		ws->state = WS_SHAKING;
		ws->event = event_new(ws->home->base, fd, EV_PERSIST,
		    ws_on_ready, ws);
		OW_ASSERT(ws->event);
		ws_watch(ws);
	}
	ws_leave(ws);
}

/* ---- Its beginning ----------------------------------------------------- */

static curl_socket_t
ws_open_socket(void *arg, curlsocktype purpose,
    struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

static void
ws_set_out(struct wsclient *ws, const struct ow_ws_req *req)
{
	/* The handshake's end is the silence timer's; this is a little more,
	   so that it is that one which says so. */
	fetch_set_limits(ws->easy, req->open_ms + 5000, "http,https",
	    req->ca_file);
	(void)curl_easy_setopt(ws->easy, CURLOPT_URL, ws->url.http);
	(void)curl_easy_setopt(ws->easy, CURLOPT_PRIVATE, &ws->transfer);
	(void)curl_easy_setopt(ws->easy, CURLOPT_ERRORBUFFER, ws->error);
	(void)curl_easy_setopt(ws->easy, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(ws->easy, CURLOPT_FRESH_CONNECT, 1L);
	/* No HTTP/2 is offered: it has no handshake of this kind. */
	(void)curl_easy_setopt(ws->easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(ws->easy, CURLOPT_OPENSOCKETFUNCTION,
	    ws_open_socket);
}

static struct wsclient *
ws_new(struct fetcher *fr, const struct ow_ws_req *req,
    const struct ow_ws_fns *fns, void *arg)
{
	struct wsclient *ws = mem_alloc(sizeof(*ws));
	unsigned char random[16];

	ws->transfer.done = ws_joined;
	ws->home = fr;
	ws->fns = *fns;
	ws->arg = arg;
	ws->message_max = req->message_max;
	ws->ping_ms = WSCLIENT_PING_MS;
	ws->silence_ms = WSCLIENT_SILENCE_MS;
	crypto_random(random, sizeof(random));
	wshand_key(random, ws->key);
	buf_init(&ws->in, WSHAND_HEAD_MAX + WS_HEAD_PIECE);
	buf_init(&ws->out, WSHAND_HEAD_MAX);
	ws->silence = evtimer_new(fr->base, ws_on_silence, ws);
	OW_ASSERT(ws->silence);
	ws->easy = curl_easy_init();
	OW_ASSERT(ws->easy);
	ws->next = fr->sockets;
	ws->at = &fr->sockets;
	if (ws->next)
		ws->next->at = &ws->next;
	fr->sockets = ws;
	fr->n_sockets++;
	return ws;
}

int
wsclient_open(struct fetcher *fr, const struct ow_ws_req *req,
    const struct ow_ws_fns *fns, void *arg, struct wsclient **out)
{
	struct wsclient *ws;
	int err;

	OW_ASSERT(!fr->allow);		/* ws_open_socket does not ask it */
	if (!req->url || req->open_ms <= 0 || !req->message_max)
		return OW_EINVAL;
	if (fr->n_sockets >= WSCLIENTS_MAX)
		return OW_ELIMIT;
	ws = ws_new(fr, req, fns, arg);
	err = wshand_url_read(req->url, &ws->url);
	if (!err)
		err = wshand_request(&ws->url, ws->key, req->headers,
		    req->n_headers, &ws->out);
	if (err) {
		ws_free(ws);
		return err;
	}
	ws_set_out(ws, req);
	ws_set_timer(ws->silence, req->open_ms);
	*out = ws;
	OW_ASSERT(curl_multi_add_handle(fr->multi, ws->easy) == CURLM_OK);
	return OW_OK;
}

void
wsclient_set_pace(struct wsclient *ws, int64_t ping_ms, int64_t silence_ms)
{
	ws->ping_ms = ping_ms;
	ws->silence_ms = silence_ms;
}

int
wsclient_send(struct wsclient *ws, struct ow_bytes text)
{
	const struct wslay_event_msg message = { WSLAY_TEXT_FRAME, text.p,
	    text.n };

	if (ws->state != WS_OPEN || ws->err || ws->is_closed ||
	    wslay_event_get_queued_msg_length(ws->frames) + text.n >
	    WSCLIENT_UNSENT_MAX ||
	    wslay_event_queue_msg(ws->frames, &message))
		return OW_EAGAIN;
	/* It goes out when the loop comes round. */
	if (!ws->is_busy)
		ws_watch(ws);
	return OW_OK;
}

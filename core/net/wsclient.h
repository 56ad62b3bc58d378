/* SPDX-License-Identifier: MIT */
/*
 * wsclient - WebSockets of ours to somebody else (RFC 6455, the client's side).
 *
 * A socket is of a fetcher, which looks up its name, connects and does TLS with
 * the server's name checked, as for any request, without a wait on the loop.
 * Pings go out every 20 s; a peer that says nothing for 60 s is gone.
 *
 * Time is the real one, as in fetch.h.
 */
#ifndef NET_WSCLIENT_H
#define NET_WSCLIENT_H

#include <orderwire/plugin.h>

struct fetcher;
struct wsclient;

/*
 * The fetcher has no allow.  req and fns are copied.  Then as ow_ws_fns has
 * it: nothing is called before this has returned, and nothing after on_closed,
 * with which the socket ends (a pointer kept in *out is stale from that call
 * on).  OW_EINVAL: the URL, a header or a limit is impossible; OW_ELIMIT: 1,000
 * are there.
 */
int wsclient_open(struct fetcher *, const struct ow_ws_req *,
    const struct ow_ws_fns *, void *arg, struct wsclient **out);
/* OW_EAGAIN: not open, or 256 KiB wait. */
int wsclient_send(struct wsclient *, struct ow_bytes text);
/* Nothing is called any more; also from inside the three.  NULL inside is
   fine, leaves NULL. */
void wsclient_close(struct wsclient **);
/* For tests: instead of 20 s and 60 s.  Before it is open. */
void wsclient_set_pace(struct wsclient *, int64_t ping_ms, int64_t silence_ms);

/* fetch.c: the fetcher ends. */
void wsclients_free(struct fetcher *);

#endif

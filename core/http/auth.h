/* SPDX-License-Identifier: MIT */
/*
 * auth - from a bearer token to a struct who.
 *
 * One struct auth a front, with its own cache of verified tokens (keyed by
 * the token's SHA-256, until exp), one immutable counted keyset for all.  A
 * token that is not a JWT may be a tracking token: auth does not know those,
 * the desk does.
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include "conf/settings.h"
#include "http/jwk.h"
#include "order/who.h"

struct auth;
struct keys;
struct loop;
struct metrics;

/* Why a token is none, as the problem's code: "token_expired". */
struct auth_refusal {
	int status;			/* 401 or 403 */
	const char *code;
	char detail[160];
};

/* ---- The keys: one a process, on the outbox's loop --------------------- */

/* Reads the file or fetches the URL; changed runs on the loop whenever there
   is a keyset to hand to the fronts, also after a refresh that changed
   nothing (so that waiters go on).  A file must be readable at once. */
int keys_new(struct loop *, const struct set_auth *,
    void (*changed)(void *arg, struct keyset *), void *arg,
    struct keys **out, struct ow_fault *);
/* On the loop or when it has stopped.  Nobody asks any more, and what was
   asked should have arrived: a letter under way keeps its few bytes. */
void keys_free(struct keys **);
/* A JWK set from a file, private keys too; the fault names it. */
int keys_read_file(const char *path, struct keyset **out, struct ow_fault *);
/* ANY THREAD.  At most once in keys_refresh_ms; sooner asks are answered by
   `changed` with the present set. */
void keys_refresh(struct keys *);

/* ---- Checking: one a front --------------------------------------------- */

/* keys NULL: an unknown kid is refused at once.  metrics may be NULL. */
struct auth *auth_new(struct loop *, const struct set_auth *, struct keys *,
    struct metrics *);
void auth_free(struct auth **);
/* On the front's loop; a reference is taken.  Empties the cache when the set
   differs, and lets waiters go on. */
void auth_set_keys(struct auth *, struct keyset *);

/* Three base64url parts: then it is ours to check. */
bool auth_is_jwt(const char *token);
/*
 * OW_OK: *out is the caller's.  OW_EDENIED: see the refusal.  OW_EAGAIN: its
 * kid is unknown and the keys are being read again: auth_wait, then ask again
 * (the second time it is OW_EDENIED at the latest).
 */
int auth_check(struct auth *, const char *token, struct who **out,
    struct auth_refusal *);
/* ready runs once, later; at most 1,000 wait (OW_ELIMIT). */
int auth_wait(struct auth *, void (*ready)(void *arg), void *arg);
/* The waiter is going away. */
void auth_wait_cancel(struct auth *, void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * mail - one mail to one recipient: what can be sent at all, until when, and
 * its one answer.
 *
 * The message is sent as it is: who made it knows about headers and lines.
 * How it is said to a server is session.c's business.
 *
 * Invariant: the recipient's address is not in what is told of the server's
 * words, since those go into logs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/fetching.h"

#define MAIL_ADDRESS_MAX 320u	/* RFC 5321, 4.5.3.1 */
#define MAIL_MESSAGE_MAX ((size_t)25 << 20)

void
letter_free(struct letter **p)
{
	struct letter *letter = *p;

	*p = NULL;
	if (!letter)
		return;
	if (letter->session)
		session_drop(&letter->session);
	if (letter->deadline)
		event_free(letter->deadline);
	if (letter->message.p)
		mem_wipe(letter->message.p, letter->message.n);
	buf_done(&letter->message);
	mem_wipe_free((char **)(uintptr_t)&letter->req.password);
	free((char *)(uintptr_t)letter->req.url);
	free((char *)(uintptr_t)letter->req.user);
	free((char *)(uintptr_t)letter->req.from);
	free((char *)(uintptr_t)letter->req.to);
	free((char *)(uintptr_t)letter->req.ca_file);
	free(letter);
}

/* ---- Its answer -------------------------------------------------------- */

/* Servers like to repeat whom they refuse. */
static void
mail_hide(char *line, const char *address)
{
	size_t n = strlen(address);
	char *at;

	for (at = line; (at = strcasestr(at, address)); at++) {
		*at = '*';
		memmove(at + 1, at + n, strlen(at + n) + 1);
	}
}

static void
letter_end(struct letter *letter, struct fetch_reply *reply,
    const char *text)
{
	char line[1024], *p;

	(void)snprintf(line, sizeof(line), "%s", text);
	for (p = line; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = *p == '\t' ? ' ' : '?';
	mail_hide(line, letter->req.to);
	(void)snprintf(reply->detail, sizeof(reply->detail), "%.150s", line);
	fetch_answer(letter->fetch, reply);
}

void
letter_answer(struct letter *letter, int status, const char *line)
{
	struct fetch_reply reply = { .err = OW_OK, .status = status,
	    .body = { "", 0 } };

	letter_end(letter, &reply, line);
}

void
letter_fail(struct letter *letter, int err, const char *why)
{
	struct fetch_reply reply = { .err = err };

	letter_end(letter, &reply, why);
}

static void
letter_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	letter_fail(arg, OW_ETIMEOUT, "the mail server did not answer in "
	    "time");
}

/* ---- Its beginning ----------------------------------------------------- */

/* It stands in a command: nothing may end that early, and only servers that
   say so take more than ASCII (RFC 6531). */
static bool
mail_is_address(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '<' || s[i] == '>')
			return false;
	return i <= MAIL_ADDRESS_MAX;
}

static bool
mail_is_sound(const struct fetch_letter *req)
{
	bool is_smtp = false, is_smtps = false, has_user = false;

	return req->timeout_ms > 0 && req->message.n <= MAIL_MESSAGE_MAX &&
	    req->to[0] &&
	    mail_is_address(req->to) && mail_is_address(req->from) &&
	    fetch_read_url(req->url, "smtp", &is_smtp, &has_user) &&
	    fetch_read_url(req->url, "smtps", &is_smtps, &has_user) &&
	    (is_smtp || is_smtps) && !has_user;
}

static const char *
mail_dup(const char *s)
{
	return mem_dup(s ? s : "");
}

/* As it goes over the line: dots doubled, the end marked (RFC 5321, 4.5.2). */
static void
mail_encode(struct buf *out, const struct ow_bytes *message)
{
	const char *p = message->p;
	bool is_begin = true;
	size_t i, from = 0;

	buf_init(out, message->n * 2 + 8);
	for (i = 0; i < message->n; i++) {
		if (is_begin && p[i] == '.') {
			(void)buf_add(out, p + from, i - from);
			(void)buf_char(out, '.');
			from = i;
		}
		is_begin = p[i] == '\n';
	}
	if (message->n > from)
		(void)buf_add(out, p + from, message->n - from);
	(void)buf_str(out, is_begin ? ".\r\n" : "\r\n.\r\n");
}

static struct letter *
letter_new(struct fetch *f, const struct fetch_letter *req)
{
	struct letter *letter = mem_alloc(sizeof(*letter));
	const struct timeval tv = { (time_t)(req->timeout_ms / 1000),
	    (suseconds_t)(req->timeout_ms % 1000 * 1000) };

	letter->fetch = f;
	letter->req.url = mem_dup(req->url);
	letter->req.starttls = req->starttls;
	letter->req.user = mail_dup(req->user);
	letter->req.password = mail_dup(req->password);
	letter->req.from = mem_dup(req->from);
	letter->req.to = mem_dup(req->to);
	letter->req.ca_file = mail_dup(req->ca_file);
	letter->req.timeout_ms = req->timeout_ms;
	mail_encode(&letter->message, &req->message);
	letter->deadline = evtimer_new(f->home->base, letter_on_deadline,
	    letter);
	OW_ASSERT(letter->deadline && !event_add(letter->deadline, &tv));
	return letter;
}

int
fetch_mail(struct fetcher *fr, const struct fetch_letter *req,
    void (*done)(void *arg, const struct fetch_reply *), void *arg,
    struct fetch **out)
{
	struct fetch *f;

	OW_ASSERT(!fr->allow);		/* session.c does not ask it */
	if (!mail_is_sound(req))
		return OW_EINVAL;
	f = fetch_new(fr, 0, done, arg);
	if (!f)
		return OW_ELIMIT;
	f->letter = letter_new(f, req);
	session_take(fr, f->letter);
	*out = f;
	return OW_OK;
}

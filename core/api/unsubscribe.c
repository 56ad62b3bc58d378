/* SPDX-License-Identifier: MIT */
/*
 * unsubscribe - the way out that every mail carries, for people and for mail
 * programs (RFC 8058).
 *
 * Looking changes nothing: mail scanners follow links.  GET is a page with one
 * button; only POST, from that button or from a mail program, unsubscribes.
 * The token in the path says who and from what, so the body does not matter.
 */
#include <stdio.h>
#include <string.h>

#include "api/call.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "http/problem.h"
#include "notify/unsubscribe.h"

#define PAGE_SIZE_MAX 8192
#define NONCE_RANDOM 12

/* What the page says; the rest of it is the same for all. */
struct unsubscribe_page {
	int status;
	const char *title, *text;
	bool has_button;
};

static const struct unsubscribe_page page_bad = {
	401, "This link is not valid",
	"It may have been cut off. Please open it from the message again, or"
	" change your notifications where you order.", false,
};

static const struct unsubscribe_page page_failed = {
	503, "That did not work",
	"Nothing was changed. Please try again in a minute.", true,
};

static const char page_style[] =
    ":root{color-scheme:light dark}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "font:1.0625rem/1.5 system-ui,sans-serif;background:#f4f4f1;color:#1b1b18}"
    "main{max-width:32rem;margin:1rem;padding:2rem;border-radius:.75rem;"
    "background:#fff;border:1px solid #d9d9d2}"
    "h1{font-size:1.375rem;line-height:1.3;margin:0 0 .75rem}"
    "p{margin:0 0 1.25rem}p:last-child{margin:0}"
    "button{font:inherit;font-weight:600;min-height:2.75rem;"
    "padding:.5rem 1.25rem;border:0;border-radius:.5rem;background:#1d4ed8;"
    "color:#fff;cursor:pointer}"
    "button:hover{background:#1e40af}"
    "button:focus-visible{outline:3px solid #f59e0b;outline-offset:3px}"
    "@media(prefers-color-scheme:dark){body{background:#161614;color:#ecece6}"
    "main{background:#20201d;border-color:#3c3c37}"
    "button{background:#93b4ff;color:#0b1533}"
    "button:hover{background:#b7cdff}}";

/* No script, nothing from elsewhere, no frame around it. */
static void
page_guard(struct request *req, const char *nonce)
{
	char policy[256];

	(void)snprintf(policy, sizeof(policy), "default-src 'none'; style-src"
	    " 'nonce-%s'; form-action 'self'; frame-ancestors 'none';"
	    " base-uri 'none'", nonce);
	request_add_header(req, "Content-Security-Policy", policy);
	request_add_header(req, "X-Content-Type-Options", "nosniff");
	/* The address is the token. */
	request_add_header(req, "Referrer-Policy", "no-referrer");
	request_add_header(req, "Cache-Control", "no-store");
	request_add_header(req, "X-Robots-Tag", "noindex");
}

static void
page_answer(struct call **cp, const struct unsubscribe_page *page)
{
	struct buf out = BUF_INIT(PAGE_SIZE_MAX);
	unsigned char random[NONCE_RANDOM];
	char nonce[B64_SIZE(NONCE_RANDOM)], wait[16];

	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), nonce);
	buf_printf(&out, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\""
	    "width=device-width, initial-scale=1\">\n<meta name=\"color-scheme"
	    "\" content=\"light dark\">\n<title>%s</title>\n"
	    "<style nonce=\"%s\">", page->title, nonce);
	buf_str(&out, page_style);
	buf_printf(&out, "</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n"
	    "<p role=\"status\">%s</p>\n", page->title, page->text);
	if (page->has_button)
		buf_str(&out, "<form method=\"post\">\n<input type=\"hidden\""
		    " name=\"List-Unsubscribe\" value=\"One-Click\">\n"
		    "<p><button type=\"submit\">Unsubscribe</button></p>\n"
		    "</form>\n");
	buf_str(&out, "</main>\n</body>\n</html>\n");
	OW_ASSERT(!out.full);
	page_guard((*cp)->req, nonce);
	if (page->status == 503) {
		(void)snprintf(wait, sizeof(wait), "%d", problem_retry_s(0));
		request_add_header((*cp)->req, "Retry-After", wait);
	}
	if (page->status == 401)
		call_mark_unauthorized(*cp, true);
	call_answer_text(cp, page->status, "text/html; charset=utf-8", out.p,
	    out.n);
	buf_done(&out);
}

/* ---- Which medium it is about ------------------------------------------- */

static const struct unsubscribe_page pages_ask[MEDIUM_COUNT] = {
	[MEDIUM_IN_APP] = { 200, "Unsubscribe from notices in the app?",
	    "You will get no more notices about your orders there.", true },
	[MEDIUM_PUSH] = { 200, "Unsubscribe from push notifications?",
	    "You will get no more push notifications about your orders.",
	    true },
	[MEDIUM_EMAIL] = { 200, "Unsubscribe from e-mails?",
	    "You will get no more e-mails about your orders.", true },
	[MEDIUM_SMS] = { 200, "Unsubscribe from text messages?",
	    "You will get no more text messages about your orders.", true },
};

static const struct unsubscribe_page pages_done[MEDIUM_COUNT] = {
	[MEDIUM_IN_APP] = { 200, "You are unsubscribed",
	    "There will be no more notices about your orders in the app.",
	    false },
	[MEDIUM_PUSH] = { 200, "You are unsubscribed",
	    "You will get no more push notifications about your orders.",
	    false },
	[MEDIUM_EMAIL] = { 200, "You are unsubscribed",
	    "You will get no more e-mails about your orders.", false },
	[MEDIUM_SMS] = { 200, "You are unsubscribed",
	    "You will get no more text messages about your orders.", false },
};

/* The medium of a good token, or -1. */
static int
token_medium(const struct call *c)
{
	char text[TOKEN_PAYLOAD_MAX + 1];
	struct token_key key;
	struct unsubscribe u;

	token_key_init(&key, api_conf_of(c)->set->server.secret,
	    "unsubscribe");
	if (unsubscribe_open(&key, c->match.param[0], text, &u) != OW_OK)
		return -1;
	return pages_ask[u.medium].title != NULL ? (int)u.medium : -1;
}

static void
unsubscribe_look(struct call *c)
{
	int medium = token_medium(c);

	page_answer(&c, medium >= 0 ? &pages_ask[medium] : &page_bad);
}

/* ---- Doing it ----------------------------------------------------------- */

/* A person's browser gets pages, a mail program what programs get. */
static bool
wants_page(struct call *c)
{
	const char *accept = request_header(c->req, "Accept");

	return accept != NULL && strstr(accept, "text/html") != NULL;
}

static void
unsubscribed(struct command *cmd)
{
	struct call *c = cmd->arg;
	int medium = token_medium(c);

	if (!wants_page(c)) {
		call_answered(cmd);
		return;
	}
	if (cmd->status == 401 || medium < 0)
		page_answer(&c, &page_bad);
	else if (cmd->status >= 400)
		page_answer(&c, &page_failed);
	else
		page_answer(&c, &pages_done[medium]);
	command_free(&cmd);
}

static void
unsubscribe_do(struct call *c)
{
	struct command *cmd = call_command(c, CMD_UNSUBSCRIBE);

	cmd->token = cmd->tenant;	/* the path's only parameter */
	cmd->tenant = NULL;
	cmd->done = unsubscribed;
	call_send(c, cmd);
}

const struct api_route api_unsubscribe_routes[] = {
	{ "GET", "/unsubscribe/{token+}", true, unsubscribe_look },
	{ "POST", "/unsubscribe/{token+}", true, unsubscribe_do },
	{ NULL, NULL, false, NULL },
};

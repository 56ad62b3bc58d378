/* SPDX-License-Identifier: MIT */
/*
 * channel-email - hands a notice to a mail server, by SMTP.
 *
 * It says what a mail looks like (message.c) and what the server's answer
 * means (verdict.c).  The conversation itself is the host's; a mailbox is not
 * probed, and bounces that come back as mails are not read.
 *
 * On the path: the outbox calls deliver() for each job that is due; what it
 * settles ends the job or puts it off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <orderwire/plugin.h>

#include "../common/flight.h"
#include "address.h"
#include "message.h"
#include "verdict.h"

struct email_conf {
	const char *url;
	bool starttls;
	const char *user, *password;
	const char *from, *reply_to, *unsubscribe_mailto;
	const char *ca_file;
	int64_t timeout_ms;
};

static const struct ow_option options[] = {
	OW_URL(struct email_conf, url, OW_REQUIRED,
	    "The mail server: smtp://host:port, or smtps://host:port for TLS "
	    "from the first byte."),
	OW_BOOL(struct email_conf, starttls, "yes",
	    "With smtp: turn on TLS before anything is sent, or send nothing; "
	    "no is for a server on the same machine."),
	OW_STR(struct email_conf, user, "",
	    "The user to log in as; empty: no login."),
	OW_SECRET(struct email_conf, password, "",
	    "The user's password."),
	OW_STR(struct email_conf, from, OW_REQUIRED,
	    "Who the mails are from: \"Cafe <orders@cafe.example>\"."),
	OW_STR(struct email_conf, reply_to, "",
	    "Where answers go, if not to the sender."),
	OW_STR(struct email_conf, unsubscribe_mailto, "",
	    "An address that takes a mail as a wish to hear no more, as a "
	    "second way besides the link."),
	OW_STR(struct email_conf, ca_file, "",
	    "PEM file of the authorities to trust; empty: the system's."),
	OW_MS(struct email_conf, timeout_ms, "30s", 1000, 600000,
	    "How long one mail may take."),
	OW_OPTIONS_END
};

struct email {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct email_conf *conf;
	char *mailbox;			/* of from: the envelope's sender */
	struct flights flights;
};

/* ---- Delivery ------------------------------------------------------------ */

static void
email_on_reply(void *arg, const struct ow_reply *reply)
{
	struct flight *f = arg;
	struct email *e = f->flights->self;
	const struct ow_job *job = f->job;
	struct ow_outcome outcome = { .size = sizeof(outcome) };
	char detail[200];

	e->host->net->judge(reply, &outcome);
	if (reply->err == OW_OK && reply->status >= 500 &&
	    reply->status <= 599)
		outcome.verdict = verdict_of_refusal(reply->status,
		    reply->detail, outcome.verdict);
	address_scrub(reply->detail, detail, sizeof(detail));
	outcome.detail = detail;
	flight_end(&f);
	flights_settle(&e->flights, job, &outcome);
}

static char *
email_write(const struct email *e, const struct ow_job *job, size_t *out_n)
{
	const struct message message = {
		.from = e->conf->from,
		.reply_to = e->conf->reply_to,
		.to = job->address,
		.subject = job->title,
		.text = job->text,
		.html = job->html,
		.key = job->key,
		.unsubscribe_url = job->unsubscribe_url,
		.unsubscribe_mailto = e->conf->unsubscribe_mailto,
		.at_s = (int64_t)time(NULL),
	};

	return message_write(&message, out_n);
}

static int64_t
email_timeout_ms(const struct email *e, const struct ow_job *job)
{
	int64_t left = job->deadline_ms - e->host->base->now_ms(e->ctx);

	return left < e->conf->timeout_ms ? left : e->conf->timeout_ms;
}

static void
email_deliver(void *self, const struct ow_job *job)
{
	struct email *e = self;
	struct ow_mail_req req = {
		.size = sizeof(req),
		.url = e->conf->url,
		.starttls = e->conf->starttls,
		.user = *e->conf->user ? e->conf->user : NULL,
		.password = *e->conf->user ? e->conf->password : NULL,
		.from = e->mailbox,
		.to = job->address,
		.timeout_ms = email_timeout_ms(e, job),
		.ca_file = e->conf->ca_file,
	};
	struct flight *f;
	size_t n;
	char *mail;

	if (req.timeout_ms <= 0) {
		flights_settle_as(&e->flights, job, OW_RETRY,
		    "no time was left");
		return;
	}
	mail = email_write(e, job, &n);
	f = mail ? flights_add(&e->flights, sizeof(*f), job) : NULL;
	if (f) {
		req.message = (struct ow_bytes){ mail, n };
		f->call = e->host->net->mail(e->ctx, &req, email_on_reply, f);
	}
	free(mail);
	if (f && f->call)
		return;
	flight_end(&f);
	flights_settle_as(&e->flights, job, OW_REJECTED,
	    "the mail could not be made");
}

static void
email_cancel(void *self, const struct ow_job *job)
{
	struct email *e = self;

	flights_cancel(&e->flights, job,
	    "given up before the server answered");
}

static int
email_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	(void)self;
	return address_check(wanted, out, f);
}

/* ---- Life ---------------------------------------------------------------- */

/* Is the server on this machine, so that nobody listens in between? */
static bool
is_loopback(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t n = 0;

	/* "127.example" is a name, of who knows whom. */
	if (strncmp(host, "127.", 4) == 0)
		n = strspn(host, "0123456789.");
	else if (strncmp(host, "[::1]", 5) == 0)
		n = 5;
	else if (strncasecmp(host, "localhost", 9) == 0)
		n = 9;
	return n > 0 && (host[n] == ':' || host[n] == '/' ||
	    host[n] == '\0');
}

static const char *
email_fault(const struct email_conf *conf)
{
	bool is_smtp = strncasecmp(conf->url, "smtp://", 7) == 0;
	struct ow_address address;
	struct ow_fault f;

	if (!is_smtp && strncasecmp(conf->url, "smtps://", 8) != 0)
		return "url begins with neither smtp:// nor smtps://";
	if (strchr(conf->url, '@'))
		return "url has a user in it; that is what user and password "
		    "are for";
	if (!*conf->user != !*conf->password)
		return "user and password go together";
	if (*conf->user && is_smtp && !conf->starttls &&
	    !is_loopback(conf->url))
		return "without TLS the password would travel in clear; "
		    "starttls = true, or smtps";
	if (*conf->unsubscribe_mailto &&
	    address_check(conf->unsubscribe_mailto, &address, &f) != OW_OK)
		return "unsubscribe_mailto is no e-mail address";
	return NULL;
}

static int
email_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *f)
{
	const struct email_conf *c = conf;
	const char *why = email_fault(c);
	char *mailbox, *reply_to;
	struct email *e;

	message_setup();
	mailbox = message_mailbox(c->from);
	reply_to = *c->reply_to ? message_mailbox(c->reply_to) : NULL;
	if (!why && !mailbox)
		why = "from is not one address: \"Cafe <orders@cafe.example>\"";
	if (!why && *c->reply_to && !reply_to)
		why = "reply_to is not one address";
	free(reply_to);
	e = why ? NULL : calloc(1, sizeof(*e));
	if (!e) {
		snprintf(f->text, sizeof(f->text), "%s",
		    why ? why : "out of memory");
		free(mailbox);
		return why ? OW_EINVAL : OW_EAGAIN;
	}
	e->ctx = ctx;
	e->host = host;
	e->conf = c;
	e->mailbox = mailbox;
	flights_init(&e->flights, ctx, host, e);
	*out_self = e;
	return OW_OK;
}

static int
email_start(void *self, struct ow_fault *f)
{
	(void)self;
	(void)f;
	return OW_OK;
}

static void
email_drain(void *self)
{
	struct email *e = self;

	flights_drain(&e->flights);
}

static void
email_stop(void *self)
{
	struct email *e = self;

	flights_stop(&e->flights);
	free(e->mailbox);
	free(e);
}

static const struct ow_channel channel = {
	.size = sizeof(channel),
	.medium = "email",
	.kind = "email",
	.check = email_check,
	.deliver = email_deliver,
	.cancel = email_cancel,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "channel-email",
	.version = "1.0",
	.summary = "notices as mails, by SMTP",
	.options = options,
	.conf_size = sizeof(struct email_conf),
	.load = email_load,
	.start = email_start,
	.drain = email_drain,
	.stop = email_stop,
	.ops.channel = &channel,
};

OW_EXPORT_PLUGIN(plugin);

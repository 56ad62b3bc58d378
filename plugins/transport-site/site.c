/* SPDX-License-Identifier: MIT */
/*
 * transport-site - the web app: static files on the listener of clients.
 *
 * All files are read once at start, so a request is a look-up and an answer
 * that lends the bytes; nothing is opened, and no path of a request means
 * anything but a name in the list.  It carries no streams.
 *
 * Invariants: a lent body stays until its answer is out, which n_lent counts
 * and drain() waits for; every answer of ours has the same security headers.
 *
 * On the path: http/stream calls site_serve for what no other route has.
 */
#include <orderwire/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "files.h"
#include "rule.h"

#define HEADERS_MAX 12

enum { M_FILES, M_UNCHANGED, M_MISSING };

static const struct ow_metric metrics[] = {
	{ "files_total", OW_COUNTER, "Files that were sent." },
	{ "unchanged_total", OW_COUNTER,
	    "Files that the client had already (304)." },
	{ "missing_total", OW_COUNTER, "Requests for what is not there." },
	OW_METRICS_END
};

static const struct ow_option options[] = {
	OW_STR(struct site_conf, root, "",
	    "The folder that is served, read once at start; empty: web in "
	    "the installation's folder of shared data."),
	OW_STR(struct site_conf, tenant, "",
	    "The tenant whose orders the app shows; empty: the app's own "
	    "default, demo."),
	OW_STR(struct site_conf, app_name, "",
	    "What the app calls itself in front of customers."),
	OW_STR(struct site_conf, locale, "",
	    "The language to begin with, such as en or de; empty: the "
	    "browser's."),
	OW_STR(struct site_conf, api_url, "",
	    "The origin of the API; empty: where the app came from."),
	OW_STR(struct site_conf, token_url, "",
	    "Gives {\"token\": \"...\"} for who is signed in with your own "
	    "service; empty: there is none."),
	OW_STR(struct site_conf, sign_in_url, "",
	    "Your own page to sign in; empty: there is none."),
	OW_STR(struct site_conf, support_phone, "",
	    "Whom customers may call; empty: nobody."),
	OW_STR(struct site_conf, tile_url, "",
	    "Map tiles, such as https://tile.example.org/{z}/{x}/{y}.png; "
	    "empty: a plain map."),
	OW_STR(struct site_conf, tile_attribution, "",
	    "Whom the tiles' provider wants named on the map."),
	OW_INT(struct site_conf, tile_max_zoom, "19", 1, 25,
	    "The closest view that there are tiles for."),
	OW_BOOL(struct site_conf, push, "yes",
	    "Offer notices on this device; no where there is no "
	    "channel-webpush."),
	OW_STR(struct site_conf, image_origins, "",
	    "Origins that pictures, such as drivers' photos, may come from "
	    "besides our own, separated by blanks."),
	OW_OPTIONS_END
};

struct site {
	struct ow_ctx *ctx;
	const struct ow_host_base *base;
	const struct ow_host_srv *srv;
	const struct site_conf *conf;
	struct files files;
	char policy[POLICY_SIZE];
	uint64_t n_lent;
	bool is_draining;
};

/* ---- Answers ------------------------------------------------------------ */

struct headers {
	struct ow_header list[HEADERS_MAX];
	size_t n;
};

static void
headers_add(struct headers *h, const char *name, const char *value)
{
	h->list[h->n].name = name;
	h->list[h->n++].value = value;
}

/* Links to orders carry their token behind '#', so even the path says who: no
   other site is told where its visitor came from. */
static void
headers_secure(const struct site *s, struct headers *h)
{
	headers_add(h, "X-Content-Type-Options", "nosniff");
	headers_add(h, "Referrer-Policy", "no-referrer");
	headers_add(h, "Content-Security-Policy", s->policy);
	headers_add(h, "Permissions-Policy", "camera=(), geolocation=(), "
	    "microphone=(), payment=(), usb=()");
}

static void
site_refuse(struct site *s, struct ow_srv_call *call)
{
	struct headers h = { .n = 0 };

	headers_secure(s, &h);
	s->base->add(s->ctx, M_MISSING, 1);
	s->srv->answer(s->ctx, &call, 404, h.list, h.n,
	    "there is nothing here");
}

static void
site_on_release(void *arg)
{
	struct site *s = arg;

	if (--s->n_lent == 0 && s->is_draining)
		s->base->drained(s->ctx);
}

static const struct body *
site_choose(struct site *s, struct ow_srv_call *call,
    const struct file *file)
{
	const char *accept = s->srv->header(s->ctx, call, "Accept-Encoding");
	int pack = 0;

	while (pack < PACK_NONE && (!file->bodies[pack].p ||
	    !rule_accepts_pack(accept, pack)))
		pack++;
	return &file->bodies[pack];
}

/* is_page: Accept has decided that it is this file. */
static void
site_answer(struct site *s, struct ow_srv_call *call,
    const struct file *file, bool is_page)
{
	static const char *const encodings[PACK_COUNT] = {
		[PACK_BROTLI] = "br", [PACK_GZIP] = "gzip",
	};
	const struct body *body = site_choose(s, call, file);
	const char *encoding = encodings[body - file->bodies];
	struct ow_answer a = { .size = sizeof(a), .status = 200 };
	struct headers h = { .n = 0 };

	headers_add(&h, "ETag", body->tag);
	headers_add(&h, "Cache-Control", rule_is_hashed(file->path) ?
	    "public, max-age=31536000, immutable" : "no-cache");
	if (is_page)
		headers_add(&h, "Vary", "Accept");
	if (file->has_pack)
		headers_add(&h, "Vary", "Accept-Encoding");
	headers_secure(s, &h);
	if (rule_has_tag(s->srv->header(s->ctx, call, "If-None-Match"),
	    body->tag)) {
		a.status = 304;
		s->base->add(s->ctx, M_UNCHANGED, 1);
	} else {
		if (encoding)
			headers_add(&h, "Content-Encoding", encoding);
		a.content_type = rule_content_type(file->path);
		a.body = (struct ow_bytes){ body->p, body->n };
		a.release = site_on_release;
		a.arg = s;
		s->n_lent++;
		s->base->add(s->ctx, M_FILES, 1);
	}
	a.headers = h.list;
	a.n_headers = h.n;
	s->srv->answer_bytes(s->ctx, &call, &a);
}

/* GET and HEAD. */
static void
site_serve(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	struct site *s = self;
	const struct file *file;
	bool is_page = false;

	file = files_find(&s->files, strcmp(req->path, "/") == 0 ?
	    "/index.html" : req->path);
	if (!file && rule_is_page(req->path) &&
	    rule_accepts_html(s->srv->header(s->ctx, call, "Accept"))) {
		is_page = true;
		file = files_find(&s->files, "/index.html");
	}
	if (file)
		site_answer(s, call, file, is_page);
	else
		site_refuse(s, call);
}

/* ---- Streams: there are none -------------------------------------------- */

static void
site_frame(void *self, uint32_t variant, const struct ow_event *e,
    struct ow_frame *out)
{
	(void)self;
	(void)variant;
	(void)e;
	(void)out;
}

static void
site_data(void *self, struct ow_stream *stream, void **peer,
    struct ow_bytes in)
{
	(void)self;
	(void)stream;
	(void)peer;
	(void)in;
}

static void
site_end(void *self, struct ow_stream *stream, void **peer,
    int32_t code, const char *reason)
{
	(void)self;
	(void)stream;
	(void)peer;
	(void)code;
	(void)reason;
}

static void
site_closed(void *self, void **peer)
{
	(void)self;
	*peer = NULL;
}

/* ---- Life --------------------------------------------------------------- */

static int
site_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	struct site *s;
	char *text;
	int err;

	if (!host->srv || !OW_HAS(host->srv, answer_bytes)) {
		snprintf(f->text, sizeof(f->text),
		    "this host takes no answers with a body from transports");
		return OW_EUNSUP;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	s->ctx = ctx;
	s->base = host->base;
	s->srv = host->srv;
	s->conf = conf;
	err = config_policy(s->conf, s->policy, f);
	text = config_text(s->conf);
	if (err == OW_OK && !text) {
		err = OW_EINVAL;
		snprintf(f->text, sizeof(f->text), "an option is not UTF-8");
	}
	free(text);
	if (err == OW_OK)
		*out_self = s;
	else
		free(s);
	return err;
}

/* The file of this name in the folder, if any, is the app's default; one that
   is packed would be sent instead of ours. */
static int
site_add_config(struct site *s, struct ow_fault *f)
{
	char *text = config_text(s->conf);
	int err;

	if (!text) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	files_drop(&s->files, "/config.json");
	err = files_add(&s->files, "/config.json", text, strlen(text), f);
	free(text);
	return err;
}

static int
site_start(void *self, struct ow_fault *f)
{
	struct site *s = self;
	const char *root = *s->conf->root ? s->conf->root : SITE_ROOT;
	char index[FILES_PATH_SIZE];
	struct ow_fault why;
	int err;

	if (snprintf(index, sizeof(index), "%s/index.html", root) >=
	    (int)sizeof(index) || access(index, R_OK) != 0) {
		snprintf(f->text, sizeof(f->text), "transport-site.root: "
		    "no index.html can be read in %.80s; build the app (npm "
		    "ci && npm run build in contrib/web) and let root name "
		    "its dist folder", root);
		return OW_ENOENT;
	}
	err = files_read(&s->files, root, &why);
	if (err != OW_OK)
		snprintf(f->text, sizeof(f->text), "transport-site.root: "
		    "%.230s", why.text);
	if (err == OW_OK)
		err = site_add_config(s, f);
	if (err != OW_OK)
		return err;
	files_finish(&s->files);
	if (!files_find(&s->files, "/index.html")) {
		snprintf(f->text, sizeof(f->text),
		    "transport-site.root: %.150s/index.html is no file",
		    root);
		return OW_ENOENT;
	}
	return s->srv->route(s->ctx, "GET", "*", site_serve, f);
}

static void
site_drain(void *self)
{
	struct site *s = self;

	s->is_draining = true;
	if (s->n_lent == 0)
		s->base->drained(s->ctx);
}

static void
site_stop(void *self)
{
	struct site *s = self;

	files_done(&s->files);
	free(s);
}

static const struct ow_transport transport = {
	.size = sizeof(transport),
	.frame = site_frame,
	.data = site_data,
	.end = site_end,
	.closed = site_closed,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_TRANSPORT),
	.name = "transport-site",
	.version = "1.0",
	.summary = "the web app, or any folder of static files",
	.options = options,
	.conf_size = sizeof(struct site_conf),
	.metrics = metrics,
	.load = site_load,
	.start = site_start,
	.drain = site_drain,
	.stop = site_stop,
	.ops.transport = &transport,
};

OW_EXPORT_PLUGIN(plugin);

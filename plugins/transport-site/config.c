/* SPDX-License-Identifier: MIT */
/*
 * config - what an admin decides about the web app.
 *
 * An option that is not set is left out of /config.json, so the app's own
 * default holds.  The policy allows what the app does and what the options
 * name: no inline code, no frames, nothing from elsewhere.
 */
#include "config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rule.h"

#define SOURCE_SIZE 300

/* ---- /config.json ------------------------------------------------------- */

/* false: it is no UTF-8. */
static bool
object_set(json_t *object, const char *key, const char *text)
{
	return !*text || json_object_set_new(object, key,
	    json_string(text)) == 0;
}

char *
config_text(const struct site_conf *c)
{
	json_t *all = json_object(), *map = json_object();
	char *text = NULL;

	if (object_set(all, "api_url", c->api_url) &&
	    object_set(all, "tenant", c->tenant) &&
	    object_set(all, "name", c->app_name) &&
	    object_set(all, "locale", c->locale) &&
	    object_set(all, "token_url", c->token_url) &&
	    object_set(all, "sign_in_url", c->sign_in_url) &&
	    object_set(all, "support_phone", c->support_phone) &&
	    (c->push || json_object_set_new(all, "push",
	    json_false()) == 0) &&
	    object_set(map, "tiles", c->tile_url) &&
	    object_set(map, "attribution", c->tile_attribution) &&
	    json_object_set_new(map, "max_zoom",
	    json_integer(c->tile_max_zoom)) == 0 &&
	    json_object_set(all, "map", map) == 0)
		text = json_dumps(all, JSON_COMPACT);
	json_decref(map);
	json_decref(all);
	return text;
}

/* ---- Content-Security-Policy -------------------------------------------- */

struct policy {
	char *text;
	size_t n;
	bool is_full;
};

static void __attribute__((format(printf, 2, 3)))
policy_add(struct policy *p, const char *fmt, ...)
{
	size_t room = POLICY_SIZE - p->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->text + p->n, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		p->is_full = true;
	else
		p->n += (size_t)n;
}

static int
policy_source(const char *option, const char *url,
    char out[SOURCE_SIZE], struct ow_fault *f)
{
	out[0] = '\0';
	if (!*url || rule_source(url, out, SOURCE_SIZE))
		return OW_OK;
	snprintf(f->text, sizeof(f->text), "%s: %.120s is neither a path nor "
	    "an http or https URL whose host can be told", option, url);
	return OW_EINVAL;
}

/* Pictures that the app shows from elsewhere: drivers, mostly. */
static int
policy_images(struct policy *p, const char *list, struct ow_fault *f)
{
	char url[SOURCE_SIZE], source[SOURCE_SIZE];
	size_t n;
	int err;

	for (; *list; list += n) {
		list += strspn(list, " \t");
		n = strcspn(list, " \t");
		snprintf(url, sizeof(url), "%.*s", (int)n, list);
		err = policy_source("image_origins", url, source, f);
		if (err)
			return err;
		if (source[0])
			policy_add(p, " %s", source);
	}
	return OW_OK;
}

int
config_policy(const struct site_conf *c, char out[POLICY_SIZE],
    struct ow_fault *f)
{
	char api[SOURCE_SIZE], token[SOURCE_SIZE], tiles[SOURCE_SIZE];
	struct policy p = { .text = out };
	int err;

	err = policy_source("api_url", c->api_url, api, f);
	if (!err)
		err = policy_source("token_url", c->token_url, token, f);
	if (!err)
		err = policy_source("tile_url", c->tile_url, tiles, f);
	if (err)
		return err;
	policy_add(&p, "default-src 'none'; script-src 'self'; "
	    "style-src 'self'; font-src 'self'; media-src 'self'; "
	    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
	    "form-action 'self'; frame-ancestors 'none'; "
	    "img-src 'self' data: blob:");
	if (tiles[0])
		policy_add(&p, " %s", tiles);
	err = policy_images(&p, c->image_origins, f);
	if (err)
		return err;
	/* What a service worker fetches for a page counts as its own, tiles
	   too. */
	policy_add(&p, "; connect-src 'self' ws: wss:%s%s%s%s%s%s",
	    api[0] ? " " : "", api, token[0] ? " " : "", token,
	    tiles[0] ? " " : "", tiles);
	if (!p.is_full)
		return OW_OK;
	snprintf(f->text, sizeof(f->text), "image_origins: too many");
	return OW_ELIMIT;
}

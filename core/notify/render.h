/* SPDX-License-Identifier: MIT */
/*
 * render - a notice in words: templates per locale, filled in for a medium.
 *
 * templates/<locale>/<name>.conf (libconfig) has title, text and optionally
 * sms, subject, html (a fragment) and url; templates/<locale>/layout.conf has
 * `html`, the page around a mail, with {{{content}}}, and optionally `text`,
 * with which a mail's text ends.  In a text {{name}} is
 * the variable, escaped for where it stands; {{#name}}...{{/name}} stays only
 * if it is not empty, {{^name}}...{{/name}} only if it is.  "de-AT" falls back
 * to "de", that to the default locale; a part falls back to text and title.
 *
 * Escaping: html as HTML, url percent-encoded; everything else is one line
 * (title, subject, sms) or lines (text) without control characters.  A value
 * is cut at 1,000 bytes (between characters), with an ellipsis.  A url that
 * begins with {{url}} keeps that as it is.  A mail's text ends with the url
 * and the layout's text; its html is the text's lines where a template has
 * none, and "" without a layout, which may also use {{title}} and
 * {{unsubscribe}}: where its reader stops such mails, or nothing.
 *
 * Read once at start; immutable then, ANY THREAD.
 */
#ifndef NOTIFY_RENDER_H
#define NOTIFY_RENDER_H

#include "base/arena.h"
#include "notify/rule.h"

struct conf_faults;
struct json;
struct templates;

/* Where notifications.conf and templates/ are: as configured, or else
   $ORDERWIRE_SHARE, or else where they were installed. */
const char *notify_share_dir(const char *configured);

/* dir is the folder of the locales' folders, "SHARE/templates"; rules may be
   NULL.  Never NULL; faults: unknown parts, an open {{, a section that does not
   end, a name that is no variable (render_variables), a default locale that is
   not there, a template that a customer's rule names and the default locale
   has not. */
struct templates *templates_open(const char *dir, const char *default_locale,
    const struct rules *, struct conf_faults *);
void templates_free(struct templates **);

/* Names that templates may use, NULL at the end: number, customer, status,
   reason, eta, eta_minutes ("" below 2), promised, driver, place, address,
   items, count (of the notices of its group that it stands for), url, tenant,
   delivery ("yes": it is brought). */
extern const char *const render_variables[];

struct rendered {		/* in the arena; never NULL */
	const char *title, *text, *html, *url;
};
/* vars is an object of strings, for a mail also "unsubscribe".  html only for
   MEDIUM_EMAIL.  locale NULL: the default. */
void render(const struct templates *, const char *name, const char *locale,
    enum medium, const struct json *vars, struct arena *,
    struct rendered *out);
/* The locale that render would use, "de". */
const char *templates_locale(const struct templates *, const char *locale);

#endif

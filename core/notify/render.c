/* SPDX-License-Identifier: MIT */
/*
 * render - a notice in words for one medium.
 *
 * What a medium lacks is made from what every template has: a subject from the
 * title, an SMS from the text, a page from the text's lines.  Nothing here can
 * fail: templates were checked when they were read, and values are cut.
 *
 * Stands between a job and its channel, and makes the inbox' words, too.
 */
#include "notify/render.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "notify/template.h"

#define URL_LEN_MAX 2048u
#define HTML_MAX (8 * PATTERN_OUT_MAX)

struct rendering {
	const struct template *template;
	const char *values[VAR_COUNT];
	struct arena *arena;
	struct buf out;			/* for one part after the other */
};

/* What is in out, as the arena's. */
static const char *
rendering_take(struct rendering *r)
{
	const char *text = arena_dupn(r->arena, r->out.p, r->out.n);

	buf_clear(&r->out);
	return text;
}

static const char *
rendering_part(struct rendering *r, enum part part)
{
	pattern_fill(&r->template->parts[part], r->values, &r->out);
	return rendering_take(r);
}

/* Not cut: half an address leads nowhere. */
static const char *
rendering_link(struct rendering *r)
{
	const char *url = r->values[VAR_URL];

	if (r->template->has[PART_LINK])
		return rendering_part(r, PART_LINK);
	if (strlen(url) <= URL_LEN_MAX)
		escape_add(&r->out, ESCAPE_WHOLE_URL, url, strlen(url));
	return rendering_take(r);
}

/* Neither is this: fill_value would. */
static const char *
rendering_unsubscribe(struct rendering *r, const struct json *vars)
{
	const char *url = json_get_text(vars, "unsubscribe");

	if (url && strlen(url) <= PATTERN_VALUE_MAX)
		escape_add(&r->out, ESCAPE_WHOLE_URL, url, strlen(url));
	return rendering_take(r);
}

/* A mail's text has no button to press. */
static const char *
rendering_mail_text(struct rendering *r, const struct pattern *footer,
    const struct rendered *rendered)
{
	const char *text = rendered->text, *url = rendered->url;
	const char *end = "";

	if (*url && !strstr(text, url))
		text = arena_join(r->arena, text, "\n\n", url, NULL);
	if (footer) {
		pattern_fill(footer, r->values, &r->out);
		end = rendering_take(r);
	}
	return *end ? arena_join(r->arena, text, "\n\n", end, NULL) : text;
}

/* Lines become lines, empty ones end a paragraph. */
static void
rendering_paragraphs(struct rendering *r, const char *text)
{
	size_t n;

	(void)buf_str(&r->out, "<p>");
	while (*text) {
		n = strcspn(text, "\n");
		escape_add(&r->out, ESCAPE_HTML, text, n);
		text += n;
		n = strspn(text, "\n");
		if (n && text[n])
			(void)buf_str(&r->out, n > 1 ? "</p>\n<p>" : "<br>\n");
		text += n;
	}
	(void)buf_str(&r->out, "</p>");
}

static const char *
rendering_html(struct rendering *r, const struct pattern *layout,
    const struct json *vars, const struct rendered *rendered)
{
	if (!layout)
		return "";
	if (r->template->has[PART_HTML])
		pattern_fill(&r->template->parts[PART_HTML], r->values,
		    &r->out);
	else
		rendering_paragraphs(r, rendered->text);
	r->values[VAR_CONTENT] = rendering_take(r);
	/* What only the layout and its text know. */
	r->values[VAR_UNSUBSCRIBE] = rendering_unsubscribe(r, vars);
	r->values[VAR_URL] = rendered->url;
	r->values[VAR_TITLE] = rendered->title;
	pattern_fill(layout, r->values, &r->out);
	return rendering_take(r);
}

void
render(const struct templates *templates, const char *name,
    const char *locale, enum medium medium, const struct json *vars,
    struct arena *arena, struct rendered *out)
{
	struct rendering r = { .template = templates_find(templates, name,
	    locale), .arena = arena, .out = BUF_INIT(HTML_MAX) };
	const char *value;
	size_t i;

	*out = (struct rendered){ "", "", "", "" };
	if (!r.template)
		return;		/* templates_open told of it */
	(void)buf_str(&r.out, "");	/* so that p is never NULL */
	for (i = 0; i < VAR_COUNT; i++) {
		value = i < VAR_TITLE ? json_get_text(vars,
		    render_variables[i]) : NULL;
		r.values[i] = value ? value : "";
	}
	out->title = rendering_part(&r, medium == MEDIUM_EMAIL &&
	    r.template->has[PART_SUBJECT] ? PART_SUBJECT : PART_TITLE);
	out->text = rendering_part(&r, medium == MEDIUM_SMS ? PART_SMS :
	    PART_BODY);
	out->url = rendering_link(&r);
	if (medium == MEDIUM_EMAIL) {
		out->html = rendering_html(&r, templates_layout(templates,
		    locale), vars, out);
		out->text = rendering_mail_text(&r, templates_footer(
		    templates, locale), out);
	}
	buf_done(&r.out);
}

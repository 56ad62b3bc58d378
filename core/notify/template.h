/* SPDX-License-Identifier: MIT */
/*
 * template - what template.c and render.c share: the templates as they were
 * read, and which of them serves a locale.
 */
#ifndef NOTIFY_TEMPLATE_H
#define NOTIFY_TEMPLATE_H

#include "notify/pattern.h"
#include "notify/render.h"

enum part { PART_TITLE, PART_BODY, PART_SMS, PART_SUBJECT, PART_HTML,
    PART_LINK, PART_COUNT };

/* Places in render_variables, and of the names that a layout has more. */
enum { VAR_URL = 12, VAR_TITLE = 15, VAR_UNSUBSCRIBE, VAR_CONTENT,
    VAR_COUNT };

struct template {
	const char *name;
	bool has[PART_COUNT];
	struct pattern parts[PART_COUNT];	/* PART_SMS, which may be the
						   text's, always has one */
};

/* Along the locale, its language and the default, or NULL.  locale may be
   NULL. */
const struct template *templates_find(const struct templates *,
    const char *name, const char *locale);
const struct pattern *templates_layout(const struct templates *,
    const char *locale);
/* What the text of a mail with that layout ends with, or NULL. */
const struct pattern *templates_footer(const struct templates *,
    const char *locale);

#endif

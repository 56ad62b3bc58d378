/* SPDX-License-Identifier: MIT */
/*
 * params - the headers of a provider's request, and the parameters of its
 * query and of its form body, decoded.
 */
#ifndef OUTBOX_PARAMS_H
#define OUTBOX_PARAMS_H

#include "outbox/outbox.h"

#define PARAMS_MAX 256u		/* of the query, and of the form; more are
				   not seen */

struct param_list {
	uint32_t n;
	struct ow_header *list;
};
struct params {
	struct param_list query, form;
};

/* Everything lies in the hook's arena. */
void params_read(struct params *, struct hook *);
/* The first of its name, of the query before the form; or NULL. */
const char *params_find(const struct params *, const char *name);
/* The form's, sorted by name; fills in at most max, returns how many. */
size_t params_form(const struct params *, struct ow_header *out, size_t max);
/* Any case; NULL: there is none, or more than one. */
const char *params_header(const struct hook *, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * route - which handler a method and a path mean, exactly.
 *
 * Patterns are segments: "/api/v1/{tenant}/orders/{id}/status".  A literal
 * wins over a parameter.  No prefixes, no globs, no trailing slash; only the
 * pattern "*" is every path that no other pattern has, by whatever method.
 *
 * A percent-encoded "/" ends no segment and is a "/" in its parameter.
 *
 * A parameter is 1 to 159 bytes; one whose name ends in "+" ("{token+}") may
 * have 399.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <orderwire/plugin.h>

#define ROUTE_PARAMS_MAX 4
#define ROUTE_PARAM_SIZE 160
#define ROUTE_LONG_SIZE 400

struct routes;

struct route_match {
	const void *target;		/* as added */
	uint32_t n_params;
	char param[ROUTE_PARAMS_MAX][ROUTE_LONG_SIZE];	/* in order of the
							   pattern */
	char allow[64];			/* "GET, PATCH" with OW_EUNSUP */
	bool is_rest;			/* "*" it was; also with OW_EUNSUP */
};

struct routes *routes_new(void);
void routes_free(struct routes **);
/* OW_ECONFLICT when method and pattern mean something already. */
int routes_add(struct routes *, const char *method, const char *pattern,
    const void *target, struct ow_fault *);
/* OW_OK; OW_ENOENT: no such path; OW_EUNSUP: other methods only.  HEAD finds
   GET. */
int routes_find(const struct routes *, const char *method, const char *path,
    struct route_match *out);

#endif

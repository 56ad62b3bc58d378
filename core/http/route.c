/* SPDX-License-Identifier: MIT */
/*
 * route - which handler a method and a path mean, exactly.
 *
 * A tree with a node for each segment; a node has its literal children in one
 * list and at most one child for a parameter.  It looks at decoded paths and
 * changes nothing in them.
 *
 * Invariants: at every segment the literal is tried before the parameter, and
 * the first that ends at a node with the method wins; "*" is outside of the
 * tree and looked at last; a search visits each node at most once, so it is
 * bounded by the routes, not by the path.
 */
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/guard.h"

struct route {
	struct route *next;
	char *method;
	const void *target;
};

struct route_node {
	struct route_node *next;	/* among the literals of one parent */
	char *text;			/* NULL: a parameter */
	struct route_node *literals, *param;
	size_t size;			/* a parameter's, with its NUL */
	struct route *routes;
};

struct routes {
	struct route_node root;
	struct route_node rest;		/* "*" */
};

struct routes *
routes_new(void)
{
	return mem_alloc(sizeof(struct routes));
}

static void
node_done(struct route_node *node)
{
	struct route_node *child;
	struct route *r;

	while ((child = node->literals)) {
		node->literals = child->next;
		node_done(child);
		free(child);
	}
	if (node->param)
		node_done(node->param);
	free(node->param);
	while ((r = node->routes)) {
		node->routes = r->next;
		free(r->method);
		free(r);
	}
	free(node->text);
}

void
routes_free(struct routes **out_routes)
{
	if (!*out_routes)
		return;
	node_done(&(*out_routes)->root);
	node_done(&(*out_routes)->rest);
	free(*out_routes);
	*out_routes = NULL;
}

/* ---- Adding ------------------------------------------------------------- */

static struct route_node *
find_literal(const struct route_node *node,
    const char *s, size_t n)
{
	struct route_node *child;

	for (child = node->literals; child; child = child->next)
		if (strlen(child->text) == n && !memcmp(child->text, s, n))
			return child;
	return NULL;
}

static struct route_node *
add_child(struct route_node *node, const char *s,
    size_t n)
{
	struct route_node *child;

	if (n >= 2 && s[0] == '{' && s[n - 1] == '}') {
		child = node->param;
		if (!child)
			child = node->param = mem_alloc(sizeof(*child));
		if (s[n - 2] == '+')
			child->size = ROUTE_LONG_SIZE;
		else if (child->size == 0)
			child->size = ROUTE_PARAM_SIZE;
		return child;
	}
	child = find_literal(node, s, n);
	if (child)
		return child;
	child = mem_alloc(sizeof(*child));
	child->text = mem_dupn(s, n);
	child->next = node->literals;
	node->literals = child;
	return child;
}

static struct route *
find_method(const struct route_node *node,
    const char *method)
{
	struct route *r;

	for (r = node->routes; r; r = r->next)
		if (!strcmp(r->method, method))
			return r;
	return NULL;
}

static bool
is_rest(const char *pattern)
{
	return !strcmp(pattern, "*");
}

static int
check_pattern(const char *pattern, struct ow_fault *fault)
{
	uint32_t n_params = 0;
	const char *p;

	for (p = pattern; *p; p++)
		n_params += p[0] == '/' && p[1] == '{';
	if (is_rest(pattern) || (pattern[0] == '/' &&
	    n_params <= ROUTE_PARAMS_MAX && !strchr(pattern, '*')))
		return OW_OK;
	snprintf(fault->text, sizeof(fault->text),
	    "route %.120s: must start with /, have at most %d parameters and "
	    "no *; or be *", pattern, ROUTE_PARAMS_MAX);
	return OW_EINVAL;
}

int
routes_add(struct routes *routes, const char *method,
    const char *pattern, const void *target, struct ow_fault *fault)
{
	struct route_node *node = &routes->root;
	const char *p = pattern;
	struct route **tail;
	size_t n;
	int err;

	err = check_pattern(pattern, fault);
	if (err)
		return err;
	if (is_rest(pattern)) {
		node = &routes->rest;
		p = "";
	}
	while (*p) {
		n = strcspn(++p, "/");
		node = add_child(node, p, n);
		p += n;
	}
	if (find_method(node, method)) {
		snprintf(fault->text, sizeof(fault->text),
		    "route %.20s %.120s exists already", method, pattern);
		return OW_ECONFLICT;
	}
	for (tail = &node->routes; *tail; tail = &(*tail)->next)
		;
	*tail = mem_alloc(sizeof(**tail));
	(*tail)->method = mem_dup(method);
	(*tail)->target = target;
	return OW_OK;
}

/* ---- Finding ------------------------------------------------------------ */

struct search {
	const char *method;
	const char *param[ROUTE_PARAMS_MAX];
	size_t param_n[ROUTE_PARAMS_MAX];
	uint32_t n_params;
	const struct route *found;
	char allow[sizeof(((struct route_match *)0)->allow)];
};

/* A path ended here; true: it has the method. */
static bool
search_end(struct search *s, const struct route_node *node)
{
	const struct route *r;
	size_t n;

	s->found = find_method(node, s->method);
	if (!s->found && !strcmp(s->method, "HEAD"))
		s->found = find_method(node, "GET");
	if (s->found)
		return true;
	for (r = node->routes; r; r = r->next) {
		n = strlen(s->allow);
		if (!strstr(s->allow, r->method))
			snprintf(s->allow + n, sizeof(s->allow) - n, "%s%s",
			    n ? ", " : "", r->method);
	}
	return false;
}

/* rest: "" at the end, else "/segment...".  Deep as the longest pattern. */
static bool
search_below(struct search *s, const struct route_node *node,
    const char *rest)
{
	const struct route_node *child;
	size_t n;

	if (!*rest)
		return search_end(s, node);
	rest++;
	n = strcspn(rest, "/");
	child = find_literal(node, rest, n);
	if (child && search_below(s, child, rest + n))
		return true;
	if (!node->param || !n || n >= node->param->size)
		return false;
	s->param[s->n_params] = rest;
	s->param_n[s->n_params++] = n;
	if (search_below(s, node->param, rest + n))
		return true;
	s->n_params--;
	return false;
}

/* Here, where no segment can come of it any more, a "/" may be one again. */
static void
put_param(char *to, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = p[i] == GUARD_SLASH ? '/' : p[i];
	to[n] = '\0';
}

int
routes_find(const struct routes *routes, const char *method,
    const char *path, struct route_match *out)
{
	struct search s = { .method = method };
	bool is_found, by_rest = false;
	uint32_t i;

	if (*path != '/')
		return OW_ENOENT;
	is_found = search_below(&s, &routes->root, path);
	if (!is_found && !s.allow[0]) {
		by_rest = true;
		is_found = search_end(&s, &routes->rest);
	}
	if (!is_found && !s.allow[0])
		return OW_ENOENT;
	out->is_rest = by_rest;
	if (!is_found) {
		memcpy(out->allow, s.allow, sizeof(s.allow));
		return OW_EUNSUP;
	}
	out->target = s.found->target;
	out->n_params = s.n_params;
	out->allow[0] = '\0';
	for (i = 0; i < s.n_params; i++)
		put_param(out->param[i], s.param[i], s.param_n[i]);
	return OW_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * metric - counters, gauges and histograms, as Prometheus text (version 0.0.4).
 *
 * Adding takes no lock; making, ending and rendering sets do.  What a number
 * means is its table's business.  Names are made valid here, since plugins'
 * names have dashes, and get the suffix that Prometheus asks for.
 *
 * Rendering sorts all series of all sets by name and label: a family is said
 * once, and sets with the same label (an old and a new instance during a
 * reload) are added up, because a series may not come twice.
 */
#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* In microseconds, and as seconds for `le`. */
static const struct {
	int64_t us;
	const char *le;
} metric_buckets[] = {
	{ 250, "0.00025" },
	{ 500, "0.0005" },
	{ 1000, "0.001" },
	{ 2500, "0.0025" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 25000, "0.025" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 250000, "0.25" },
	{ 500000, "0.5" },
	{ 1000000, "1" },
	{ 2500000, "2.5" },
	{ 5000000, "5" },
	{ 10000000, "10" },
	{ INT64_MAX, "+Inf" },
};

#define METRIC_BUCKETS (sizeof(metric_buckets) / sizeof(metric_buckets[0]))
/* A histogram's numbers: how many in each bucket alone, then the sum. */
#define METRIC_SUM METRIC_BUCKETS
#define METRIC_NUMBERS (METRIC_BUCKETS + 1)

struct metrics {
	pthread_mutex_t lock;		/* of the list */
	struct metric_set *head;
};

struct metric_set {
	struct metric_set *next;
	struct metrics *owner;		/* NULL: it ended first */
	char *area;
	const struct ow_metric *table;
	char *label, *value;		/* label is NULL: none */
	uint32_t count;
	uint32_t *first;		/* each metric's first number */
	_Atomic int64_t *numbers;
};

/* One metric of one set, while rendering. */
struct series {
	char *name;
	const struct metric_set *set;
	uint32_t metric;
};

struct metrics *
metrics_new(void)
{
	struct metrics *m;

	m = mem_alloc(sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void
metrics_free(struct metrics **out_m)
{
	struct metrics *m = *out_m;
	struct metric_set *s;

	if (!m)
		return;
	for (s = m->head; s; s = s->next)
		s->owner = NULL;
	pthread_mutex_destroy(&m->lock);
	free(m);
	*out_m = NULL;
}

struct metric_set *
metric_set_new(struct metrics *m, const char *area,
    const struct ow_metric *table, const char *label, const char *value)
{
	struct metric_set *s;
	uint32_t i, n = 0;

	s = mem_alloc(sizeof(*s));
	s->owner = m;
	s->area = mem_dup(area);
	s->table = table;
	s->label = mem_dup(label);
	s->value = mem_dup(value ? value : "");
	while (table[s->count].name)
		s->count++;
	s->first = mem_alloc(s->count * sizeof(*s->first));
	for (i = 0; i < s->count; i++) {
		s->first[i] = n;
		n += table[i].type == OW_HISTOGRAM_MS ? METRIC_NUMBERS : 1;
	}
	s->numbers = mem_alloc(n * sizeof(*s->numbers));
	pthread_mutex_lock(&m->lock);
	s->next = m->head;
	m->head = s;
	pthread_mutex_unlock(&m->lock);
	return s;
}

void
metric_set_free(struct metric_set **out_s)
{
	struct metric_set *s = *out_s, **at;

	if (!s)
		return;
	if (s->owner) {
		pthread_mutex_lock(&s->owner->lock);
		for (at = &s->owner->head; *at != s; at = &(*at)->next)
			;
		*at = s->next;
		pthread_mutex_unlock(&s->owner->lock);
	}
	free(s->area);
	free(s->label);
	free(s->value);
	free(s->first);
	free(s->numbers);
	free(s);
	*out_s = NULL;
}

/* ---- Counting ---------------------------------------------------------- */

static void
metric_add_number(struct metric_set *s, uint32_t i, int64_t n)
{
	atomic_fetch_add_explicit(&s->numbers[i], n, memory_order_relaxed);
}

static int64_t
metric_number(const struct metric_set *s, uint32_t i)
{
	return atomic_load_explicit(&s->numbers[i], memory_order_relaxed);
}

void
metric_add(struct metric_set *s, uint32_t metric, int64_t n)
{
	uint32_t bucket = 0;

	/* A plugin may be wrong; counting is not worth an end for it. */
	if (metric >= s->count)
		return;
	if (s->table[metric].type == OW_HISTOGRAM_MS) {
		if (n < 0)
			n = 0;
		while (n > metric_buckets[bucket].us)
			bucket++;
		metric_add_number(s, s->first[metric] + bucket, 1);
		metric_add_number(s, s->first[metric] + METRIC_SUM, n);
	} else if (n >= 0 || s->table[metric].type == OW_GAUGE) {
		metric_add_number(s, s->first[metric], n);
	}
}

void
metric_put(struct metric_set *s, uint32_t metric, int64_t n)
{
	if (metric < s->count && s->table[metric].type == OW_GAUGE)
		atomic_store_explicit(&s->numbers[s->first[metric]], n,
		    memory_order_relaxed);
}

int64_t
metric_get(const struct metric_set *s, uint32_t metric)
{
	int64_t n = 0;
	uint32_t i;

	if (metric >= s->count)
		return 0;
	if (s->table[metric].type != OW_HISTOGRAM_MS)
		return metric_number(s, s->first[metric]);
	for (i = 0; i < METRIC_BUCKETS; i++)
		n += metric_number(s, s->first[metric] + i);
	return n;
}

/* ---- Rendering --------------------------------------------------------- */

static char *
metric_name(const struct metric_set *s, uint32_t metric)
{
	const struct ow_metric *row = &s->table[metric];
	const char *suffix = row->type == OW_COUNTER ? "_total" :
	    row->type == OW_HISTOGRAM_MS ? "_seconds" : "";
	size_t n = strlen(row->name), len = strlen(suffix);
	char *name, *p;

	if (n > len && !strcmp(row->name + n - len, suffix))
		suffix = "";
	name = mem_printf("orderwire_%s_%s%s", s->area, row->name, suffix);
	for (p = name; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9')))
			*p = '_';
	return name;
}

/* By name, then by kind (one name of two kinds is a mistake in a table; only
   the first kind is shown), then by label. */
static int
series_compare(const struct series *a, const struct series *b)
{
	int32_t type_a = a->set->table[a->metric].type;
	int32_t type_b = b->set->table[b->metric].type;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = (type_a > type_b) - (type_a < type_b);
	if (!order)
		order = strcmp(a->set->label ? a->set->label : "",
		    b->set->label ? b->set->label : "");
	return order ? order : strcmp(a->set->value, b->set->value);
}

static int
series_compare_void(const void *a, const void *b)
{
	return series_compare(a, b);
}

static void
metric_put_escaped(struct buf *out, const char *s, bool is_label)
{
	for (; *s; s++) {
		if (*s == '\n')
			(void)buf_str(out, "\\n");
		else if (*s == '\\')
			(void)buf_str(out, "\\\\");
		else if (*s == '"' && is_label)
			(void)buf_str(out, "\\\"");
		else
			(void)buf_char(out, *s);
	}
}

static void
metric_put_family(struct buf *out, const struct series *s)
{
	static const char *const types[] = {
		[OW_COUNTER] = "counter",
		[OW_GAUGE] = "gauge",
		[OW_HISTOGRAM_MS] = "histogram",
	};
	const struct ow_metric *row = &s->set->table[s->metric];
	bool is_known = row->type >= OW_COUNTER &&
	    row->type <= OW_HISTOGRAM_MS;

	(void)buf_printf(out, "# HELP %s ", s->name);
	metric_put_escaped(out, row->help ? row->help : "", false);
	(void)buf_printf(out, "\n# TYPE %s %s\n", s->name,
	    is_known ? types[row->type] : "untyped");
}

/* name, suffix and labels; the value follows. */
static void
metric_put_key(struct buf *out, const struct series *s,
    const char *suffix, const char *le)
{
	(void)buf_printf(out, "%s%s", s->name, suffix);
	if (s->set->label || le)
		(void)buf_char(out, '{');
	if (s->set->label) {
		(void)buf_printf(out, "%s=\"", s->set->label);
		metric_put_escaped(out, s->set->value, true);
		(void)buf_char(out, '"');
	}
	if (le)
		(void)buf_printf(out, "%sle=\"%s\"",
		    s->set->label ? "," : "", le);
	if (s->set->label || le)
		(void)buf_char(out, '}');
	(void)buf_char(out, ' ');
}

static int64_t
series_sum(const struct series *s, size_t n, uint32_t number)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += metric_number(s[i].set,
		    s[i].set->first[s[i].metric] + number);
	return sum;
}

/* n series of one name and label. */
static void
metric_put_series(struct buf *out, const struct series *s,
    size_t n)
{
	int64_t count = 0, sum_us;
	uint32_t i;

	if (s->set->table[s->metric].type != OW_HISTOGRAM_MS) {
		metric_put_key(out, s, "", NULL);
		(void)buf_int(out, series_sum(s, n, 0));
		(void)buf_char(out, '\n');
		return;
	}
	for (i = 0; i < METRIC_BUCKETS; i++) {
		count += series_sum(s, n, i);
		metric_put_key(out, s, "_bucket", metric_buckets[i].le);
		(void)buf_int(out, count);
		(void)buf_char(out, '\n');
	}
	sum_us = series_sum(s, n, METRIC_SUM);
	metric_put_key(out, s, "_sum", NULL);
	(void)buf_printf(out, "%lld.%06lld\n", (long long)(sum_us / 1000000),
	    (long long)(sum_us % 1000000));
	metric_put_key(out, s, "_count", NULL);
	(void)buf_int(out, count);
	(void)buf_char(out, '\n');
}

static struct series *
metrics_collect(const struct metrics *m, size_t *out_n)
{
	const struct metric_set *s;
	struct series *all;
	size_t n = 0;
	uint32_t i;

	for (s = m->head; s; s = s->next)
		n += s->count;
	all = mem_alloc(n * sizeof(*all));
	n = 0;
	for (s = m->head; s; s = s->next)
		for (i = 0; i < s->count; i++)
			all[n++] = (struct series){ metric_name(s, i), s, i };
	qsort(all, n, sizeof(*all), series_compare_void);
	*out_n = n;
	return all;
}

void
metrics_render(struct metrics *m, struct buf *out)
{
	const struct series *family = NULL;
	struct series *all;
	size_t i, end, n;

	pthread_mutex_lock(&m->lock);
	all = metrics_collect(m, &n);
	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (series_compare(&all[i], &all[end]))
				break;
		if (!family || strcmp(family->name, all[i].name) != 0) {
			family = &all[i];
			metric_put_family(out, family);
		}
		if (family->set->table[family->metric].type ==
		    all[i].set->table[all[i].metric].type)
			metric_put_series(out, &all[i], end - i);
	}
	pthread_mutex_unlock(&m->lock);
	for (i = 0; i < n; i++)
		free(all[i].name);
	free(all);
}

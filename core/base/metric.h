/* SPDX-License-Identifier: MIT */
/*
 * metric - counters, gauges and histograms, as Prometheus text.
 *
 * A set is one table of metrics with one label value (an instance, a loop);
 * sets of one name are rendered together.  metric_add: ANY THREAD, one relaxed
 * atomic addition.  Histograms count milliseconds in fixed buckets; for them n
 * is one observation in microseconds.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <orderwire/plugin.h>

struct buf;
struct metrics;		/* the registry: one a process, made by main */
struct metric_set;

struct metrics *metrics_new(void);
void metrics_free(struct metrics **);

/* table (ends with OW_METRICS_END) must outlive the set; its names get
   "orderwire_<area>_" in front.  label NULL: none.  ANY THREAD. */
struct metric_set *metric_set_new(struct metrics *, const char *area,
    const struct ow_metric *table, const char *label, const char *value);
void metric_set_free(struct metric_set **);
void metric_add(struct metric_set *, uint32_t metric, int64_t n);
/* For gauges. */
void metric_put(struct metric_set *, uint32_t metric, int64_t n);
int64_t metric_get(const struct metric_set *, uint32_t metric);

void metrics_render(struct metrics *, struct buf *out);

#endif

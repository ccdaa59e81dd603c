/* Counts and durations for Prometheus, without a registry: whoever counts owns a `struct histogram` or a `struct
 * metric_table`; whoever is asked writes them with a `struct metric_writer`, in the text format 0.0.4 of Prometheus or in
 * OpenMetrics 1.0.
 *
 *     static const char *const labels[] = { "route", "code" };
 *     metric_family(&w, &(struct metric_family){ "salesagent_http_requests", METRIC_COUNTER, NULL, "Requests answered." });
 *     metric_table_write(&w, &m->requests);           // salesagent_http_requests_total{route="/mcp",code="200"} 17
 *
 * Names: one prefix, base units, no `_total` (the writer adds it where it belongs). */
#pragma once

#include "base/buf.h"

/* --- counting ---------------------------------------------------------------------------------------------- */

#define HISTOGRAM_BOUNDS_MAX 20

/* Upper bounds of the buckets, ascending; one bucket more holds the rest. */
struct histogram_scale {
    int n;
    int64_t bounds[HISTOGRAM_BOUNDS_MAX];
    int decimals; /* of bounds and values when written: 6 for microseconds as seconds, 0 for plain numbers */
};
extern const struct histogram_scale histogram_durations; /* microseconds, 100 µs to 10 s */
extern const struct histogram_scale histogram_numbers;   /* 1 to 1024 */

struct histogram {
    const struct histogram_scale *scale;
    uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1];
    int64_t sum;
};
void histogram_add(struct histogram *h, int64_t value);

#define METRIC_LABELS_MAX 3
#define METRIC_CELLS_MAX  2048

/* Label values are literals (or live as long as the table) and are compared by address, so the set is bounded by the
 * program; beyond METRIC_CELLS_MAX everything is counted in one cell whose values are "other". */
struct metric_cell {
    const char *values[METRIC_LABELS_MAX];
    int64_t count;
    struct histogram *times; /* of tables with a scale */
};

struct metric_table {
    const char *labels[METRIC_LABELS_MAX]; /* NULL after the last */
    const struct histogram_scale *scale;   /* NULL: it only counts */
    struct metric_cell *cells;
    size_t n, cap;
};
void metric_table_finish(struct metric_table *t);
/* Counts one; `value` goes into the cell's histogram where there are some. */
void metric_table_add(struct metric_table *t, const char *const values[METRIC_LABELS_MAX], int64_t value);

/* --- writing ----------------------------------------------------------------------------------------------- */

enum metric_format { METRIC_PROMETHEUS, METRIC_OPENMETRICS };
enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

struct metric_writer {
    struct buf *out;
    enum metric_format format;
    const char *name; /* of the family under way */
    enum metric_type type;
};

struct metric_family {
    const char *name;
    enum metric_type type;
    const char *unit; /* "seconds", "bytes": the last word of the name; NULL: none */
    const char *help;
};
void metric_family(struct metric_writer *w, const struct metric_family *f);

/* One sample of the family under way. Label values may be anything; they are escaped. */
struct metric_label {
    const char *name;
    struct str value;
};
struct metric_value {
    int64_t number;
    int decimals; /* 1500 with 3 is 1.5 */
};
void metric_sample(struct metric_writer *w, const struct metric_label *labels, size_t n, struct metric_value v);
/* Without labels. */
void metric_number(struct metric_writer *w, int64_t v);
void metric_histogram(struct metric_writer *w, const struct metric_label *labels, size_t n, const struct histogram *h);
/* All cells of a table: of a histogram family their histograms, else their counts. */
void metric_table_write(struct metric_writer *w, const struct metric_table *t);
void metric_end(struct metric_writer *w);

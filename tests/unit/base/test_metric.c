/* What Prometheus and OpenMetrics want to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/metric.h"

static void expect(enum metric_format format, void (*write)(struct metric_writer *w), const char *want)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    struct metric_writer w = { .out = &text, .format = format };
    write(&w);
    metric_end(&w);
    assert_string_equal(text.p, want);
    buf_finish(&text);
}

static void write_counter(struct metric_writer *w)
{
    const struct metric_label labels[] = { { "a", STR("x") }, { "b", STR("q\"u\\o\nte") } };
    metric_family(w, &(struct metric_family){ "n_seconds", METRIC_COUNTER, "seconds", "Help\\ful." });
    metric_sample(w, labels, 2, (struct metric_value){ 1500, 3 });
    metric_sample(w, NULL, 0, (struct metric_value){ 2000, 3 });
    metric_sample(w, NULL, 0, (struct metric_value){ 1000001, 6 });
    metric_number(w, 7);
}

static void counters_end_in_total(void **state)
{
    const char *samples =
        "n_seconds_total{a=\"x\",b=\"q\\\"u\\\\o\\nte\"} 1.5\nn_seconds_total 2\nn_seconds_total 1.000001\nn_seconds_total 7\n";
    char want[1024];
    (void)snprintf(want, sizeof(want), "# HELP n_seconds_total Help\\\\ful.\n# TYPE n_seconds_total counter\n%s",
                   samples);
    expect(METRIC_PROMETHEUS, write_counter, want);
    (void)snprintf(want, sizeof(want),
                   "# HELP n_seconds Help\\\\ful.\n# TYPE n_seconds counter\n# UNIT n_seconds seconds\n%s# EOF\n",
                   samples);
    expect(METRIC_OPENMETRICS, write_counter, want);
}

static void write_histogram(struct metric_writer *w)
{
    static const struct histogram_scale scale = { .n = 3, .bounds = { 1000, 500000, 1000000 }, .decimals = 6 };
    struct histogram h = { .scale = &scale };
    const int64_t values[] = { 1, 1000, 1001, 1000000, 7000000 };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) histogram_add(&h, values[i]);
    metric_family(w, &(struct metric_family){ "t_seconds", METRIC_HISTOGRAM, "seconds", "T." });
    metric_histogram(w, NULL, 0, &h);
}

static void buckets_hold_what_is_at_most_their_bound(void **state)
{
    expect(
        METRIC_PROMETHEUS, write_histogram,
        "# HELP t_seconds T.\n# TYPE t_seconds histogram\nt_seconds_bucket{le=\"0.001\"} 2\nt_seconds_bucket{le=\"0.5\"} 3\n"
        "t_seconds_bucket{le=\"1.0\"} 4\nt_seconds_bucket{le=\"+Inf\"} 5\nt_seconds_sum 8.002002\nt_seconds_count 5\n");
}

static void tables_count_by_address_and_are_bounded(void **state)
{
    struct metric_table t = { .labels = { "of" } };
    static char names[METRIC_CELLS_MAX + 10][8];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            (void)snprintf(names[i], sizeof(names[i]), "n%zu", i);
            metric_table_add(&t, (const char *const[METRIC_LABELS_MAX]){ names[i] }, 0);
        }
    }
    int64_t sum = 0, others = 0;
    for (size_t i = 0; i < t.n; i++) {
        sum += t.cells[i].count;
        if (strcmp(t.cells[i].values[0], "other") == 0) others = t.cells[i].count;
    }
    assert_int_equal(t.n, METRIC_CELLS_MAX + 1);
    assert_int_equal(sum, 3 * (int64_t)ARRAY_LEN(names));
    assert_int_equal(others, 30);
    metric_table_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_end_in_total),
        cmocka_unit_test(buckets_hold_what_is_at_most_their_bound),
        cmocka_unit_test(tables_count_by_address_and_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/metric.h"

#include <stdlib.h>

const struct histogram_scale histogram_durations = { .n = 16,
                                                     .bounds = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
                                                                 100000, 250000, 500000, 1000000, 2500000, 5000000,
                                                                 10000000 },
                                                     .decimals = 6 };

const struct histogram_scale histogram_numbers = { .n = 11, .bounds = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024 } };

/* --- counting ---------------------------------------------------------------------------------------------- */

void histogram_add(struct histogram *h, int64_t value)
{
    int i = 0;
    while (i < h->scale->n && value > h->scale->bounds[i]) i++;
    h->counts[i]++;
    h->sum += value;
}

static bool same(const struct metric_cell *c, const char *const values[METRIC_LABELS_MAX])
{
    for (int i = 0; i < METRIC_LABELS_MAX; i++) {
        if (c->values[i] != values[i]) return false;
    }
    return true;
}

static struct metric_cell *new_cell(struct metric_table *t, const char *const values[METRIC_LABELS_MAX])
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 32;
        t->cells = realloc(t->cells, t->cap * sizeof(*t->cells));
        ENSURE(t->cells != NULL);
    }
    struct metric_cell *c = &t->cells[t->n++];
    *c = (struct metric_cell){ .times = NULL };
    for (int i = 0; i < METRIC_LABELS_MAX; i++) c->values[i] = values[i];
    if (!t->scale) return c;
    c->times = calloc(1, sizeof(*c->times));
    ENSURE(c->times != NULL);
    c->times->scale = t->scale;
    return c;
}

/* The list is short where it is busy: a cell that is used moves one place forward. */
static struct metric_cell *cell_of(struct metric_table *t, const char *const values[METRIC_LABELS_MAX])
{
    static const char other[] = "other";
    for (size_t i = 0; i < t->n; i++) {
        if (!same(&t->cells[i], values)) continue;
        if (i == 0) return &t->cells[0];
        struct metric_cell found = t->cells[i];
        t->cells[i] = t->cells[i - 1];
        t->cells[i - 1] = found;
        return &t->cells[i - 1];
    }
    if (t->n < METRIC_CELLS_MAX || values[0] == other) return new_cell(t, values);
    const char *rest[METRIC_LABELS_MAX] = { NULL };
    for (int i = 0; i < METRIC_LABELS_MAX && t->labels[i]; i++) rest[i] = other;
    return cell_of(t, rest);
}

void metric_table_add(struct metric_table *t, const char *const values[METRIC_LABELS_MAX], int64_t value)
{
    struct metric_cell *c = cell_of(t, values);
    c->count++;
    if (c->times) histogram_add(c->times, value);
}

void metric_table_finish(struct metric_table *t)
{
    for (size_t i = 0; i < t->n; i++) free(t->cells[i].times);
    free(t->cells);
    t->cells = NULL;
    t->n = t->cap = 0;
}

/* --- writing ----------------------------------------------------------------------------------------------- */

static void put_escaped(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n') buf_add(out, STR("\\n"));
        else if (s.p[i] == '"' || s.p[i] == '\\') buf_addf(out, "\\%c", s.p[i]);
        else buf_add_char(out, s.p[i]);
    }
}

/* Without superfluous digits; OpenMetrics wants its bounds as floating-point numbers: 1.0. */
static void put_decimal(struct buf *out, struct metric_value v, bool point)
{
    int64_t unit = 1;
    int decimals = v.decimals;
    for (int i = 0; i < decimals; i++) unit *= 10;
    while (decimals > 0 && v.number % 10 == 0) {
        v.number /= 10;
        unit /= 10;
        decimals--;
    }
    buf_addf(out, "%lld", (long long)(v.number / unit));
    if (decimals > 0) buf_addf(out, ".%0*lld", decimals, (long long)llabs(v.number % unit));
    else if (point) buf_add(out, STR(".0"));
}

void metric_family(struct metric_writer *w, const struct metric_family *f)
{
    static const char *const types[] = { "counter", "gauge", "histogram", "info" };
    bool om = w->format == METRIC_OPENMETRICS;
    const char *suffix = om ? "" : f->type == METRIC_COUNTER ? "_total" : f->type == METRIC_INFO ? "_info" : "";
    const char *type = !om && f->type == METRIC_INFO ? "gauge" : types[f->type];
    w->name = f->name;
    w->type = f->type;
    buf_addf(w->out, "# HELP %s%s ", f->name, suffix);
    put_escaped(w->out, str_from(f->help));
    buf_addf(w->out, "\n# TYPE %s%s %s\n", f->name, suffix, type);
    if (om && f->unit) buf_addf(w->out, "# UNIT %s %s\n", f->name, f->unit);
}

static void put_labels(struct buf *out, const struct metric_label *labels, size_t n, const struct metric_label *le)
{
    if (n == 0 && !le) return;
    buf_add_char(out, '{');
    for (size_t i = 0; i < n + (le != NULL); i++) {
        const struct metric_label *l = i < n ? &labels[i] : le;
        buf_addf(out, "%s%s=\"", i ? "," : "", l->name);
        put_escaped(out, l->value);
        buf_add_char(out, '"');
    }
    buf_add_char(out, '}');
}

void metric_sample(struct metric_writer *w, const struct metric_label *labels, size_t n, struct metric_value v)
{
    buf_addf(w->out, "%s%s", w->name, w->type == METRIC_COUNTER ? "_total" : w->type == METRIC_INFO ? "_info" : "");
    put_labels(w->out, labels, n, NULL);
    buf_add_char(w->out, ' ');
    put_decimal(w->out, v, false);
    buf_add_char(w->out, '\n');
}

void metric_number(struct metric_writer *w, int64_t v)
{
    metric_sample(w, NULL, 0, (struct metric_value){ v, 0 });
}

static void put_bucket(struct metric_writer *w, const struct metric_label *labels, size_t n, struct str bound,
                       uint64_t count)
{
    const struct metric_label le = { "le", bound };
    buf_addf(w->out, "%s_bucket", w->name);
    put_labels(w->out, labels, n, &le);
    buf_addf(w->out, " %llu\n", (unsigned long long)count);
}

void metric_histogram(struct metric_writer *w, const struct metric_label *labels, size_t n, const struct histogram *h)
{
    uint64_t below = 0;
    for (int i = 0; i < h->scale->n; i++) {
        struct buf bound;
        buf_init(&bound, 64);
        put_decimal(&bound, (struct metric_value){ h->scale->bounds[i], h->scale->decimals }, true);
        below += h->counts[i];
        put_bucket(w, labels, n, buf_str(&bound), below);
        buf_finish(&bound);
    }
    below += h->counts[h->scale->n];
    put_bucket(w, labels, n, STR("+Inf"), below);
    buf_addf(w->out, "%s_sum", w->name);
    put_labels(w->out, labels, n, NULL);
    buf_add_char(w->out, ' ');
    put_decimal(w->out, (struct metric_value){ h->sum, h->scale->decimals }, false);
    buf_addf(w->out, "\n%s_count", w->name);
    put_labels(w->out, labels, n, NULL);
    buf_addf(w->out, " %llu\n", (unsigned long long)below);
}

void metric_table_write(struct metric_writer *w, const struct metric_table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct metric_label labels[METRIC_LABELS_MAX];
        size_t n = 0;
        for (; n < METRIC_LABELS_MAX && t->labels[n]; n++) {
            labels[n] = (struct metric_label){ t->labels[n], str_from(t->cells[i].values[n]) };
        }
        if (w->type == METRIC_HISTOGRAM) metric_histogram(w, labels, n, t->cells[i].times);
        else metric_sample(w, labels, n, (struct metric_value){ t->cells[i].count, 0 });
    }
}

void metric_end(struct metric_writer *w)
{
    if (w->format == METRIC_OPENMETRICS) buf_add(w->out, STR("# EOF\n"));
}

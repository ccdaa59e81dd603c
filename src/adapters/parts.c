#include "adapters/parts.h"

#include "adapters/doc.h"

#define SANE_MAX INT64_C(1000000000000000)

struct adapter_fact *fact_part_of(struct arena *a, struct fact_part **list, const struct adapter_fact *day,
                                  struct str creative_id)
{
    for (struct fact_part *p = *list; p; p = p->next) {
        if (str_eq(p->fact.creative_id, creative_id)) return &p->fact;
    }
    struct fact_part *p = ARENA_NEW(a, struct fact_part);
    *p = (struct fact_part){ .fact = *day, .next = *list };
    p->fact.creative_id = creative_id;
    for (int m = 0; m < METRICS_N; m++) {
        if (day->delivered.of[m] != METRIC_UNKNOWN) p->fact.delivered.of[m] = 0;
    }
    *list = p;
    return &p->fact;
}

bool fact_add(struct adapter_fact *f, enum metric m, int64_t more)
{
    if (more < 0 || more > SANE_MAX) return false;
    f->delivered.of[m] = (f->delivered.of[m] == METRIC_UNKNOWN ? 0 : f->delivered.of[m]) + more;
    return f->delivered.of[m] <= SANE_MAX;
}

struct str fact_creative(struct adapter_op *op, struct str remote_id)
{
    struct adapter_item item;
    if (!remote_id.n || !op->catalog->get(op->catalog, "creative", remote_id, &item)) return STR_NONE;
    return doc_str(doc_read(op->arena, item.doc), "creative_id");
}

struct str fact_creative_doc(struct arena *a, struct str creative_id)
{
    yyjson_mut_doc *d = doc_new(a);
    yyjson_mut_val *root = doc_root(d);
    doc_add_str(d, root, "creative_id", creative_id);
    return doc_write(a, root);
}

void fact_join(struct adapter_op *op, const struct adapter_fact *days, struct fact_part *const *lists, size_t n)
{
    size_t all = n, at = n;
    for (size_t i = 0; i < n; i++) {
        for (const struct fact_part *p = lists[i]; p; p = p->next) all++;
    }
    struct adapter_fact *facts = ARENA_ARRAY(op->arena, struct adapter_fact, all + 1);
    if (n) memcpy(facts, days, n * sizeof(*facts));
    for (size_t i = 0; i < n; i++) {
        for (const struct fact_part *p = lists[i]; p; p = p->next) facts[at++] = p->fact;
    }
    op->result.facts = facts;
    op->result.facts_n = all;
}

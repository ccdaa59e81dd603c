/* What can be booked on: stations and genres, page by page; and the test of a connection. */
#include "adapters/triton/triton.h"

#define CHECKS_MAX 8

enum { START, PAGES, STEPS };
_Static_assert((int)STEPS == (int)TRITON_INVENTORY_STEPS, "every step has its place");

static const struct source {
    const char *kind;
    enum triton_path path;
    enum triton_member id, name, key; /* a key of one kind may be shared; the first by id counts then */
} sources[] = {
    { "station", TRITON_STATIONS, TRITON_STATION_ID, TRITON_STATION_NAME, TRITON_STATION_CALL_SIGN },
    { "genre", TRITON_GENRES, TRITON_GENRE_ID, TRITON_GENRE_NAME, TRITON_GENRE_NAME },
};

const char *const triton_inventory_kinds[] = { "station", "genre", NULL };

static void note(struct adapter_op *op, size_t source, int page)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_i64(d, root, "source", (int64_t)source);
    doc_add_i64(d, root, "page", page);
    op->progress = doc_write(op->arena, root);
    op->progress_changed = true;
}

static size_t place(struct adapter_op *op, int *page)
{
    yyjson_val *root = doc_read(op->arena, op->progress);
    int64_t source = doc_i64(root, "source", 0), at = doc_i64(root, "page", 1);
    *page = at >= 1 && at <= 100000 ? (int)at : 1;
    return source >= 0 && source <= (int64_t)ARRAY_LEN(sources) ? (size_t)source : 0;
}

static int ask(struct adapter_op *op)
{
    int page;
    size_t source = place(op, &page);
    if (source == ARRAY_LEN(sources)) return adapter_done(op);
    triton_list(op, sources[source].path, sources[source].id, STR_NONE, page);
    return PAGES;
}

static int pages(struct adapter_op *op)
{
    int page;
    size_t source = place(op, &page), i, n;
    const struct source *s = &sources[source];
    yyjson_val *root, *v;
    if (triton_read(op, &op->answers[0], "read the inventory", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, triton_name(op, TRITON_LIST_ITEMS)), i, n, v) {
        struct adapter_item item = { .kind = str_from(s->kind),
                                     .remote_id = triton_id(op, v, s->id),
                                     .key = doc_str(v, triton_name(op, s->key)),
                                     .name = doc_str(v, triton_name(op, s->name)) };
        if (item.remote_id.n) adapter_item_add(op, &item);
    }
    bool more = triton_more(op, root, page);
    note(op, more ? source : source + 1, more ? page + 1 : 1);
    return ask(op);
}

const adapter_step triton_inventory_steps[TRITON_INVENTORY_STEPS] = { [START] = ask, [PAGES] = pages };

/* ---- test ---- */

static const struct probe {
    const char *name;
    enum triton_path path;
} probes[] = {
    { "may read stations", TRITON_STATIONS },
    { "may read genres", TRITON_GENRES },
    { "may read advertisers", TRITON_ADVERTISERS },
    { "may read campaigns", TRITON_CAMPAIGNS },
};

static int test(struct adapter_op *op)
{
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) triton_list(op, probes[i].path, TRITON_STATION_ID, STR_NONE, 1);
    return 1;
}

static void check_zones(struct adapter_op *op, struct adapter_check *checks, size_t *n)
{
    const struct triton_config *c = op->config;
    for (size_t i = 0; i < op->zones_n; i++) {
        if (str_eq(op->zones[i], c->timezone)) continue;
        checks[(*n)++] = (struct adapter_check){
            STR("time zone of reports"), ADAPTER_CHECK_FAILED,
            arena_printf(op->arena, "products declare " STR_FMT ", the account's days are those of " STR_FMT,
                         STR_ARG(op->zones[i]), STR_ARG(c->timezone)),
            arena_printf(op->arena, "declare " STR_FMT " as the time zone of the products' reports",
                         STR_ARG(c->timezone))
        };
        return;
    }
}

static int tested(struct adapter_op *op)
{
    struct adapter_check *checks = ARENA_ARRAY(op->arena, struct adapter_check, CHECKS_MAX);
    size_t n = 0;
    yyjson_val *root;
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        struct adapter_check *k = &checks[n++];
        *k = (struct adapter_check){ str_from(probes[i].name), ADAPTER_CHECK_PASSED, STR("yes"), STR_NONE };
        if (!triton_read(op, &op->answers[i], probes[i].name, &root)) continue;
        *k = (struct adapter_check){
            str_from(probes[i].name), ADAPTER_CHECK_FAILED, op->result.reason,
            STR("compare paths and members with Triton's documentation: docs/ad-servers/triton.md")
        };
        op->result = (struct adapter_result){ .verdict = ADAPTER_OK };
    }
    checks[n++] =
        (struct adapter_check){ STR("experimental"), ADAPTER_CHECK_WARNS,
                                STR("what this adapter assumes of Triton's API was proved against a fake only"),
                                STR("book a small campaign and look at it in Triton before anything is sold") };
    check_zones(op, checks, &n);
    op->result.checks = checks;
    op->result.checks_n = n;
    return adapter_done(op);
}

const adapter_step triton_test_steps[TRITON_TEST_STEPS] = { test, tested };

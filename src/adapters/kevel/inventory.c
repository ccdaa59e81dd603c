/* What can be booked on: sites, their zones, priorities, ad types, countries, page by page; and the test of a connection. */
#include "adapters/kevel/kevel.h"

#define PAGE      500
#define PAGES_MAX 1000

enum { START, PAGES, STEPS };
_Static_assert((int)STEPS == (int)KEVEL_INVENTORY_STEPS, "every step has its place");

static const struct source {
    const char *kind, *path, *name, *parent;
} sources[] = {
    { "site", "/v1/site", "Title", NULL },
    { "zone", "/v1/zone", "Name", "SiteId" },
    { "priority", "/v1/priority", "Name", "ChannelId" },
    { "ad_type", "/v1/adtypes", "Name", NULL },
    { "country", "/v1/countries", "Name", NULL }, /* in one answer, by code */
};
#define COUNTRIES (ARRAY_LEN(sources) - 1)

const char *const kevel_inventory_kinds[] = { "site", "zone", "priority", "ad_type", "country", NULL };

static void note(struct adapter_op *op, int64_t source, int64_t page)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_i64(d, root, "source", source);
    doc_add_i64(d, root, "page", page);
    op->progress = doc_write(op->arena, root);
    op->progress_changed = true;
}

static size_t place(struct adapter_op *op, int64_t *page)
{
    yyjson_val *root = doc_read(op->arena, op->progress);
    int64_t source = doc_i64(root, "source", 0);
    *page = doc_i64(root, "page", 1);
    if (*page < 1 || *page > PAGES_MAX) *page = 1;
    return source >= 0 && source <= (int64_t)ARRAY_LEN(sources) ? (size_t)source : 0;
}

static int ask(struct adapter_op *op)
{
    int64_t page;
    size_t source = place(op, &page);
    if (source == ARRAY_LEN(sources)) return adapter_done(op);
    bool paged = source != COUNTRIES;
    (void)kevel_get(
        op, paged ? arena_printf(op->arena, "%s?page=%lld&pageSize=%d", sources[source].path, (long long)page, PAGE)
                  : str_from(sources[source].path));
    return PAGES;
}

static void take(struct adapter_op *op, const struct source *s, yyjson_val *v)
{
    bool country = s == &sources[COUNTRIES];
    struct str code = doc_str(v, "Code"), id = country ? code : kevel_id(op->arena, v, "Id");
    struct adapter_item item = { .kind = str_from(s->kind),
                                 .remote_id = id,
                                 .key = country ? code : doc_str(v, s->name),
                                 .name = doc_str(v, s->name) };
    if (s->parent) item.parent_id = kevel_id(op->arena, v, s->parent);
    if (id.n && !doc_bool(v, "IsDeleted", false)) adapter_item_add(op, &item);
}

static int pages(struct adapter_op *op)
{
    int64_t page;
    size_t source = place(op, &page), i, n;
    yyjson_val *root, *v;
    if (kevel_read(op, &op->answers[0], "read the inventory", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(yyjson_is_arr(root) ? root : doc_arr(root, "items"), i, n, v) take(op, &sources[source], v);
    bool last = page >= doc_i64(root, "totalPages", 1) || page == PAGES_MAX;
    note(op, last ? (int64_t)source + 1 : (int64_t)source, last ? 1 : page + 1);
    return ask(op);
}

const adapter_step kevel_inventory_steps[KEVEL_INVENTORY_STEPS] = { [START] = ask, [PAGES] = pages };

/* ---- test ---- */

static const struct probe {
    const char *name, *path;
} probes[] = {
    { "may read sites", "/v1/site?pageSize=1" },         { "may read priorities", "/v1/priority" },
    { "may read ad types", "/v1/adtypes?pageSize=1" },   { "may read advertisers", "/v1/advertiser?pageSize=1" },
    { "may read campaigns", "/v1/campaign?pageSize=1" },
};
#define PRIORITIES 1
#define CHECKS_MAX 10

static int test(struct adapter_op *op)
{
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) (void)kevel_get(op, str_from(probes[i].path));
    return 1;
}

static bool has_priority(yyjson_val *root, int64_t id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(root, "items"), i, n, v) {
        if (doc_i64(v, "Id", 0) == id) return true;
    }
    return doc_i64(root, "totalPages", 1) > 1; /* it may be on another page */
}

static int tested(struct adapter_op *op)
{
    const struct kevel_config *c = op->config;
    struct adapter_check *checks = ARENA_ARRAY(op->arena, struct adapter_check, CHECKS_MAX);
    size_t n = 0;
    yyjson_val *root;
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        struct adapter_check *k = &checks[n++];
        *k = (struct adapter_check){ str_from(probes[i].name), ADAPTER_CHECK_PASSED, STR("yes"), STR_NONE };
        if (kevel_read(op, &op->answers[i], probes[i].name, &root)) {
            *k = (struct adapter_check){ str_from(probes[i].name), ADAPTER_CHECK_FAILED, op->result.reason,
                                         op->answers[i].status == 401
                                             ? STR("make an API key in Kevel under Settings, API Keys")
                                             : STR_NONE };
            op->result = (struct adapter_result){ .verdict = ADAPTER_OK };
        } else if (i == PRIORITIES &&
                   (!has_priority(root, c->priority_guaranteed) || !has_priority(root, c->priority_other))) {
            checks[n++] = (struct adapter_check){ STR("priorities"), ADAPTER_CHECK_FAILED,
                                                  STR("the network does not have the priorities of the settings"),
                                                  STR("set priorities to ids of Kevel's Settings, Priorities") };
        }
    }
    for (size_t i = 0; i < op->zones_n; i++) {
        if (str_is(op->zones[i], "UTC")) continue;
        checks[n++] =
            (struct adapter_check){ STR("time zone of reports"), ADAPTER_CHECK_FAILED,
                                    arena_printf(op->arena,
                                                 "products declare " STR_FMT ", numbers of Kevel are read in UTC",
                                                 STR_ARG(op->zones[i])),
                                    STR("declare UTC as the time zone of the products' reports") };
        break;
    }
    op->result.checks = checks;
    op->result.checks_n = n;
    return adapter_done(op);
}

const adapter_step kevel_test_steps[KEVEL_TEST_STEPS] = { test, tested };

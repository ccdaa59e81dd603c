/* What can be targeted, page by page: each page and the place behind it are one commit, so that a reading that is
 * interrupted goes on where it was. */
#include "adapters/gam/gam_creative.h"

#include "base/rfc3339.h"

#include "adapters/gam/gam.h"

#define PAGE           500
#define TEMPLATES_PAGE 50

#define MEMO_US (INT64_C(3600) * USEC_PER_SEC)

enum { START, NETWORK, PAGES, STEPS };
_Static_assert((int)STEPS == (int)GAM_INVENTORY_STEPS, "every step has its place");

/* ---- the network ---- */

static bool read_doc(struct adapter_op *op, struct str text, struct gam_network *out)
{
    yyjson_val *root = doc_read(op->arena, text);
    *out = (struct gam_network){ .currency = doc_str(root, "currencyCode"),
                                 .timezone = doc_str(root, "timeZone"),
                                 .root = doc_str(root, "effectiveRootAdUnit"),
                                 .title = doc_str(root, "displayName"),
                                 .is_test = doc_bool(root, "testNetwork", false) };
    return out->currency.n && out->root.n;
}

bool gam_network_known(struct adapter_op *op, struct gam_network *out)
{
    struct str text;
    return op->memo && op->memo->get(op->memo, STR("network"), &text) && read_doc(op, text, out);
}

static void add_currency(struct adapter_op *op, struct str code)
{
    struct adapter_item item = { .kind = STR("currency"), .remote_id = code, .key = code, .name = code };
    if (code.n) adapter_item_add(op, &item);
}

int gam_network_read(struct adapter_op *op, const struct http_call *answer, struct gam_network *out)
{
    yyjson_val *root, *v;
    size_t i, n;
    if (gam_read(op, answer, "read the network", &root)) return -1;
    if (!read_doc(op, answer->response, out)) {
        (void)adapter_later(op, 0, "Ad Manager described the network without currency or ad units");
        return -1;
    }
    add_currency(op, out->currency);
    yyjson_arr_foreach(doc_arr(root, "secondaryCurrencyCodes"), i, n, v) add_currency(op, doc_text(v));
    if (op->memo) op->memo->put(op->memo, STR("network"), answer->response, op->now + MEMO_US);
    return 0;
}

/* ---- what it has ---- */

struct source {
    const char *collection, *filter;
    void (*take)(struct adapter_op *op, yyjson_val *v);
};

static void add(struct adapter_op *op, const char *kind, yyjson_val *v, struct str key, struct str parent)
{
    struct adapter_item item = { .kind = str_from(kind),
                                 .remote_id = gam_id(doc_str(v, "name")),
                                 .parent_id = gam_id(parent),
                                 .key = key,
                                 .name = doc_str(v, "displayName") };
    if (item.remote_id.n) adapter_item_add(op, &item);
}

static void take_ad_unit(struct adapter_op *op, yyjson_val *v)
{
    add(op, "ad_unit", v, doc_str(v, "adUnitCode"), doc_str(v, "parentAdUnit"));
}

static void take_placement(struct adapter_op *op, yyjson_val *v)
{
    struct str code = doc_str(v, "placementCode");
    add(op, "placement", v, code.n ? code : doc_str(v, "displayName"), STR_NONE);
}

static void take_key(struct adapter_op *op, yyjson_val *v)
{
    add(op, "key", v, doc_str(v, "adTagName"), STR_NONE);
}

/* Keys are read before their values. */
static void take_value(struct adapter_op *op, yyjson_val *v)
{
    struct adapter_item key;
    struct str parent = doc_str(v, "customTargetingKey");
    if (!op->catalog->get(op->catalog, "key", gam_id(parent), &key)) return;
    add(op, "value", v,
        arena_printf(op->arena, STR_FMT "=" STR_FMT, STR_ARG(key.key), STR_ARG(doc_str(v, "adTagName"))), parent);
}

static void take_country(struct adapter_op *op, yyjson_val *v)
{
    add(op, "country", v, doc_str(v, "regionCode"), STR_NONE);
}

static void take_region(struct adapter_op *op, yyjson_val *v)
{
    add(op, "region", v, gam_region_code(doc_str(v, "regionCode"), doc_str(v, "displayName")),
        doc_str(v, "canonicalParent"));
}

static void take_template(struct adapter_op *op, yyjson_val *v)
{
    struct adapter_item item = { .kind = STR("creative_template"),
                                 .remote_id = gam_id(doc_str(v, "name")),
                                 .key = doc_str(v, "displayName"),
                                 .name = doc_str(v, "displayName"),
                                 .doc = gam_template_doc(op->arena, v) };
    bool active = str_is(doc_str(v, "status"), "ACTIVE");
    if (item.remote_id.n && active) adapter_item_add(op, &item);
}

static const struct source sources[] = {
    { "adUnits", "status = \"ACTIVE\"", take_ad_unit },
    { "placements", "status = \"ACTIVE\"", take_placement },
    { "customTargetingKeys", "status = \"ACTIVE\"", take_key },
    { "customTargetingValues", "status = \"ACTIVE\"", take_value },
    { "geoTargets", "type = \"Country\" AND targetable = true", take_country },
    { "geoTargets", "(type = \"State\" OR type = \"Province\") AND targetable = true", take_region },
    { "creativeTemplates", "", take_template }, /* a page of few: each comes with its code */
};

const char *const gam_inventory_kinds[] = { "ad_unit",  "placement",         "key", "value", "country", "region",
                                            "currency", "creative_template", NULL };

/* {"source": 2, "page": "..."} */
static void note(struct adapter_op *op, size_t source, struct str page)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_i64(d, root, "source", (int64_t)source);
    doc_add_str_opt(d, root, "page", page);
    op->progress = doc_write(op->arena, root);
    op->progress_changed = true;
}

static size_t place(struct adapter_op *op, struct str *page)
{
    yyjson_val *root = doc_read(op->arena, op->progress);
    int64_t source = doc_i64(root, "source", 0);
    *page = doc_str(root, "page");
    return source >= 0 && source <= (int64_t)ARRAY_LEN(sources) ? (size_t)source : 0;
}

static int ask(struct adapter_op *op)
{
    struct str page;
    size_t source = place(op, &page);
    if (source == ARRAY_LEN(sources)) return adapter_done(op);
    struct gam_list l = { sources[source].collection, str_from(sources[source].filter), page,
                          sources[source].take == take_template ? TEMPLATES_PAGE : PAGE };
    (void)gam_list(op, &l);
    return PAGES;
}

static int start(struct adapter_op *op)
{
    (void)gam_get(op, gam_here(op));
    return NETWORK;
}

static int network(struct adapter_op *op)
{
    struct gam_network net;
    return gam_network_read(op, &op->answers[0], &net) ? ADAPTER_DONE : ask(op);
}

static int pages(struct adapter_op *op)
{
    struct str page;
    size_t source = place(op, &page), i, n;
    yyjson_val *root, *v;
    /* A page's token is good for a while only: from the beginning of this list then. */
    if (page.n && op->answers[0].outcome == HTTP_OK && op->answers[0].status == 400) {
        note(op, source, STR_NONE);
        return ask(op);
    }
    if (gam_read(op, &op->answers[0], "read what can be targeted", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, sources[source].collection), i, n, v) sources[source].take(op, v);
    struct str next = doc_str(root, "nextPageToken");
    note(op, next.n ? source : source + 1, next);
    return ask(op);
}

const adapter_step gam_inventory_steps[GAM_INVENTORY_STEPS] = { [START] = start, [NETWORK] = network, [PAGES] = pages };

/* get_products: the tutorial's order, filters, pages, feeds, refinement; damaged products and strangers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "domain/product/catalog.h"
#include "domain/product/product.h"
#include "store/stmt.h"
#include "tools/fixture.h"

#define TOOL "get_products"

/* "a b c" of the products' ids. */
static const char *ids(struct fixture *f, const struct fixture_reply *r)
{
    struct str out = STR_NONE;
    size_t i, n;
    yyjson_val *v;
    assert_int_equal(r->rc, 0);
    yyjson_arr_foreach(json_arr(r->reply, "products"), i, n, v) {
        out = arena_printf(&f->arena, STR_FMT "%s" STR_FMT, STR_ARG(out), i ? " " : "",
                           STR_ARG(json_str(v, "product_id")));
    }
    return out.n ? out.p : "";
}

/* The same products whatever their order: how many. */
static size_t count(const struct fixture_reply *r)
{
    assert_int_equal(r->rc, 0);
    return yyjson_arr_size(json_arr(r->reply, "products"));
}

static struct fixture_reply wholesale(struct fixture *f, const char *more)
{
    struct str args = arena_printf(&f->arena, "{\"buying_mode\":\"wholesale\"%s%s}", *more ? "," : "", more);
    struct fixture_reply r = fixture_call(f, TOOL, args.p);
    if (r.rc == 0) {
        fixture_valid(f, &r, TOOL, ADCP_LINE_NEWEST);
        if (!json_has(r.reply, "unchanged")) fixture_valid(f, &r, TOOL, ADCP_3_0);
    }
    return r;
}

static struct fixture_reply filtered(struct fixture *f, const char *filters)
{
    return wholesale(f, arena_printf(&f->arena, "\"filters\":{%s}", filters).p);
}

static struct fixture_reply brief(struct fixture *f, const char *text)
{
    struct str args = arena_printf(&f->arena, "{\"buying_mode\":\"brief\",\"brief\":\"%s\"}", text);
    struct fixture_reply r = fixture_call(f, TOOL, args.p);
    if (r.rc == 0) {
        fixture_valid(f, &r, TOOL, ADCP_LINE_NEWEST);
        fixture_valid(f, &r, TOOL, ADCP_3_0);
    }
    return r;
}

static double score(const struct fixture_reply *r, size_t i)
{
    yyjson_val *p = yyjson_arr_get(json_arr(r->reply, "products"), i);
    return json_real_or(json_obj(json_obj(p, "ext"), "salesagent"), "relevance_score", -1);
}

static void the_tutorials_brief_gives_the_tutorials_order(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f, "display ads targeting US tech enthusiasts, developers, $5000 budget");
    assert_string_equal(ids(f, &r), "prod-tech-display-001 prod-tech-video-001 prod-ron-display-001");
    assert_true(score(&r, 0) <= 1.0 && score(&r, 0) > 0.8);
    assert_true(score(&r, 0) > score(&r, 1) && score(&r, 1) > score(&r, 2) && score(&r, 2) > 0);
    assert_true(str_is(json_str(r.aux, "ranking_model"), "fts5-bm25"));
    assert_int_equal(json_i64_or(r.aux, "total", -1), 3);
    yyjson_val *first = yyjson_arr_get_first(json_arr(r.aux, "products"));
    yyjson_val *option = yyjson_arr_get_first(json_arr(first, "pricing_options"));
    assert_true(json_real_or(option, "rate", 0) == 12.5);
    assert_int_equal(json_i64_or(option, "min_spend", 0), 1000);
    assert_int_equal(json_i64_or(json_obj(first, "estimated_reach"), "daily_impressions", 0), 150000);
    assert_true(str_is(json_val_str(yyjson_arr_get_first(json_arr(first, "countries"))), "US"));
    assert_true(str_is(json_val_str(yyjson_arr_get_first(json_arr(first, "format_ids"))), "fmt-display-300x250"));
}

static void another_brief_gives_another_order(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply video = brief(f, "pre-roll video before tutorials");
    assert_memory_equal(ids(f, &video), "prod-tech-video-001", 19);
    struct fixture_reply broad = brief(f, "broad awareness across the whole network, cost-effective");
    assert_memory_equal(ids(f, &broad), "prod-ron-display-001", 20);
}

static void a_brief_that_matches_nothing_still_lists_everything_low(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f, "submarine zeppelins \\\"quoted\\\" OR AND NEAR( * ^ \\u00e9t\\u00e9");
    assert_int_equal(count(&r), 3);
    assert_true(score(&r, 0) == 0);
    struct fixture_reply empty_words = brief(f, "the ads for 500");
    assert_int_equal(count(&empty_words), 3);
}

static void the_feed_is_in_the_publishers_order_without_scores(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = wholesale(f, "");
    assert_string_equal(ids(f, &r), "prod-tech-display-001 prod-tech-video-001 prod-ron-display-001");
    yyjson_val *first = yyjson_arr_get_first(json_arr(r.reply, "products"));
    assert_false(json_has(json_get_path(first, "/ext/salesagent"), "relevance_score"));
    assert_false(json_has(json_get_path(first, "/ext/salesagent"), "measurement_policy"));
    assert_false(json_has(r.reply, "proposals"));
    assert_true(str_is(json_str(r.reply, "cache_scope"), "public"));
    assert_true(json_str(json_get_path(first, "/format_ids/0"), "agent_url").n > 0);
}

static int rename_product(struct act *act, void *arg, struct err *e)
{
    struct catalog_writer w = {
        .tx = act->tx, .arena = act->arena, .tenant_id = act->tenant->tenant_id, .now = act->now
    };
    struct product p;
    if (product_load(act->tx, act->arena, w.tenant_id, STR("prod-ron-display-001"), &p, e) != 1) return -1;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *copy = json_copy(doc, p.doc);
    (void)yyjson_mut_obj_remove_key(copy, "name");
    json_add_cstr(doc, copy, "name", "Gardening everywhere");
    yyjson_doc *parsed;
    const struct json_limits limits = { 1 << 20, 64, 100000 };
    if (json_parse(act->arena, json_write(act->arena, copy), &limits, &parsed, e)) return -1;
    return catalog_put_product(&w, yyjson_doc_get_root(parsed), CATALOG_POSITION_KEEP, e) == 1 ? 0 : -1;
}

static void an_unchanged_feed_is_not_sent_again(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct fixture_reply first = wholesale(f, "");
    struct str version = json_str(first.reply, "wholesale_feed_version");
    assert_true(version.n > 0);
    const char *again = arena_printf(&f->arena, "\"if_wholesale_feed_version\":\"" STR_FMT "\"", STR_ARG(version)).p;
    struct fixture_reply same = wholesale(f, again);
    assert_true(json_bool_or(same.reply, "unchanged", false));
    assert_false(json_has(same.reply, "products"));
    assert_int_equal(fixture_act(f, rename_product, NULL, &e), 0);
    struct fixture_reply changed = wholesale(f, again);
    assert_int_equal(count(&changed), 3);
    assert_false(str_eq(version, json_str(changed.reply, "wholesale_feed_version")));
    struct fixture_reply found = brief(f, "gardening");
    assert_memory_equal(ids(f, &found), "prod-ron-display-001", 20);
}

static void filters_are_exact(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *filters, *ids;
    } cases[] = {
        { "\"delivery_type\":\"non_guaranteed\"", "prod-ron-display-001" },
        { "\"channels\":[\"olv\",\"ctv\"]", "prod-tech-video-001" },
        { "\"channels\":[\"podcast\"]", "" },
        { "\"countries\":[\"DE\"]", "" },
        { "\"countries\":[\"US\",\"DE\"],\"channels\":[\"display\"]", "prod-tech-display-001 prod-ron-display-001" },
        { "\"regions\":[\"US-NY\"],\"channels\":[\"olv\"]", "prod-tech-video-001" },
        { "\"regions\":[\"DE-BE\"]", "" },
        { "\"is_fixed_price\":false", "" },
        { "\"pricing_currencies\":[\"EUR\"]", "" },
        { "\"budget_range\":{\"max\":600,\"currency\":\"USD\"}", "prod-tech-display-001 prod-ron-display-001" },
        { "\"budget_range\":{\"max\":100,\"currency\":\"USD\"}", "" },
        { "\"min_exposures\":6000000", "prod-ron-display-001" },
        { "\"min_exposures\":1000000,\"start_date\":\"2026-04-01\",\"end_date\":\"2026-04-10\"",
          "prod-tech-display-001 prod-ron-display-001" },
        { "\"required_metrics\":[\"completed_views\"]", "prod-tech-video-001" },
        { "\"exclusivity\":\"exclusive\"", "" },
        { "\"required_geo_targeting\":[{\"level\":\"metro\",\"system\":\"nielsen_dma\"}],\"channels\":[\"olv\"]",
          "prod-tech-video-001" },
        { "\"required_geo_targeting\":[{\"level\":\"postal_area\"}]", "" },
        { "\"required_features\":{\"inline_creative_management\":true},\"channels\":[\"olv\"]", "prod-tech-video-001" },
        { "\"required_features\":{\"committed_metrics_supported\":true}", "" },
        { "\"format_ids\":[{\"agent_url\":\"http://localhost\",\"id\":\"fmt-video-preroll\"}]", "prod-tech-video-001" },
        { "\"format_ids\":[{\"agent_url\":\"https://other.example\",\"id\":\"fmt-video-none\"}]", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture_reply r = filtered(f, cases[i].filters);
        if (r.rc) print_error("%s: %s %s\n", cases[i].filters, r.e.message, r.e.field);
        assert_string_equal(ids(f, &r), cases[i].ids);
    }
    struct fixture_reply none = filtered(f, "\"channels\":[\"podcast\"]");
    assert_int_equal(json_i64_or(json_get_path(none.reply, "/filter_diagnostics/excluded_by/channels"), "count", 0), 3);
    assert_int_equal(json_i64_or(json_obj(none.reply, "pagination"), "total_count", -1), 0);
}

static void bad_requests_name_the_field(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *args, *code, *field;
    } cases[] = {
        { "{\"buying_mode\":\"haggle\"}", "INVALID_REQUEST", "/buying_mode" },
        { "{\"buying_mode\":\"brief\"}", "INVALID_REQUEST", "/brief" },
        { "{\"buying_mode\":\"brief\",\"brief\":\"\"}", "INVALID_REQUEST", "/brief" },
        { "{\"buying_mode\":\"refine\"}", "INVALID_REQUEST", "/refine" },
        { "{\"buying_mode\":\"refine\",\"refine\":[]}", "INVALID_REQUEST", "/refine" },
        { "{\"buying_mode\":\"refine\",\"refine\":[{\"scope\":\"world\"}]}", "INVALID_REQUEST", "/refine/0/scope" },
        { "{\"buying_mode\":\"refine\",\"refine\":[{\"scope\":\"proposal\",\"proposal_id\":\"x\",\"action\":\"finalize\"},"
          "{\"scope\":\"request\",\"ask\":\"more\"}]}",
          "INVALID_REQUEST", "/refine/1" },
        { "{\"buying_mode\":\"brief\",\"brief\":\"x\",\"if_wholesale_feed_version\":\"1\"}", "INVALID_REQUEST",
          "/if_wholesale_feed_version" },
        { "{\"buying_mode\":\"wholesale\",\"pagination\":{\"max_results\":0}}", "INVALID_REQUEST",
          "/pagination/max_results" },
        { "{\"buying_mode\":\"wholesale\",\"pagination\":{\"cursor\":\"nonsense\"}}", "INVALID_REQUEST",
          "/pagination/cursor" },
        { "{\"buying_mode\":\"wholesale\",\"filters\":{\"start_date\":\"2026-02-30\"}}", "INVALID_REQUEST",
          "/filters/start_date" },
        { "{\"buying_mode\":\"wholesale\",\"filters\":{\"start_date\":\"2026-04-02\",\"end_date\":\"2026-04-01\"}}",
          "INVALID_REQUEST", "/filters/end_date" },
        { "{\"buying_mode\":\"wholesale\",\"property_list\":{\"list_id\":\"a\"}}", "REFERENCE_NOT_FOUND",
          "/property_list/list_id" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture_reply r = fixture_call(f, TOOL, cases[i].args);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, cases[i].code);
        assert_string_equal(r.e.field, cases[i].field);
    }
}

static void pages_cover_the_list_once(void **state)
{
    struct fixture *f = *state;
    const char *cursor = "", *seen = "";
    for (int page = 0; page < 3; page++) {
        const char *args = arena_printf(&f->arena, "\"pagination\":{\"max_results\":1%s}", cursor).p;
        struct fixture_reply r = wholesale(f, args);
        assert_int_equal(count(&r), 1);
        seen = arena_printf(&f->arena, "%s%s%s", seen, page ? " " : "", ids(f, &r)).p;
        yyjson_val *end = json_obj(r.reply, "pagination");
        assert_true(json_bool_or(end, "has_more", false) == (page < 2));
        assert_true(json_has(end, "cursor") == (page < 2));
        cursor = arena_printf(&f->arena, ",\"cursor\":\"" STR_FMT "\"", STR_ARG(json_str(end, "cursor"))).p;
        if (page == 0) {
            /* A cursor of one list is not one of another. */
            struct fixture_reply other = fixture_call(
                f, TOOL, arena_printf(&f->arena, "{\"brief\":\"x\",\"pagination\":{\"max_results\":1%s}}", cursor).p);
            assert_int_equal(other.rc, -1);
            assert_string_equal(other.e.field, "/pagination/cursor");
        }
    }
    assert_string_equal(seen, "prod-tech-display-001 prod-tech-video-001 prod-ron-display-001");
}

static void pages_of_a_filtered_list_cover_it_once_too(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply one =
        wholesale(f, "\"filters\":{\"channels\":[\"display\"]},\"pagination\":{\"max_results\":1}");
    assert_string_equal(ids(f, &one), "prod-tech-display-001");
    assert_int_equal(json_i64_or(json_obj(one.reply, "pagination"), "total_count", -1), 2);
    struct str cursor = json_str(json_obj(one.reply, "pagination"), "cursor");
    struct fixture_reply two = wholesale(
        f, arena_printf(
               &f->arena,
               "\"filters\":{\"channels\":[\"display\"]},\"pagination\":{\"max_results\":1,\"cursor\":\"" STR_FMT "\"}",
               STR_ARG(cursor))
               .p);
    assert_string_equal(ids(f, &two), "prod-ron-display-001");
    assert_false(json_bool_or(json_obj(two.reply, "pagination"), "has_more", true));
}

static void fields_leave_out_what_is_not_asked(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = wholesale(f, "\"fields\":[\"product_id\",\"pricing_options\",\"channels\"]");
    yyjson_val *first = yyjson_arr_get_first(json_arr(r.reply, "products"));
    assert_true(json_has(first, "channels") && json_has(first, "name"));
    assert_false(json_has(first, "creative_policy"));
    assert_false(json_has(first, "forecast"));
}

static int damage(struct act *act, void *arg, struct err *e)
{
    struct catalog_row row = {
        .id = STR("prod-tech-video-001"), .position = 1, .name = STR("x"), .doc = str_from(arg)
    };
    return q_catalog_put(act->tx, CATALOG_PRODUCT, act->tenant->tenant_id, &row, 1, e) < 0 ? -1 : 0;
}

static void a_damaged_product_never_breaks_the_rest(void **state)
{
    struct fixture *f = *state;
    static char docs[][24] = { "", "{", "[]", "{\"product_id\":7}", "null" };
    for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
        struct err e;
        assert_int_equal(fixture_act(f, damage, docs[i], &e), 0);
        struct fixture_reply feed = wholesale(f, "");
        assert_string_equal(ids(f, &feed), "prod-tech-display-001 prod-ron-display-001");
        struct fixture_reply ranked = brief(f, "video tech");
        assert_int_equal(count(&ranked), 2);
    }
}

static void strangers_get_limited_results(void **state)
{
    struct fixture *f = *state;
    f->anonymous = true;
    struct fixture_reply r = brief(f, "tech");
    assert_int_equal(count(&r), 3);
    assert_false(json_has(yyjson_arr_get_first(json_arr(r.reply, "products")), "forecast"));
    assert_false(json_has(r.reply, "proposals"));
    assert_false(json_bool_or(json_obj(r.reply, "pagination"), "has_more", true));
}

static struct fixture_reply refine(struct fixture *f, const char *entries)
{
    struct fixture_reply r =
        fixture_call(f, TOOL, arena_printf(&f->arena, "{\"buying_mode\":\"refine\",\"refine\":[%s]}", entries).p);
    if (r.rc == 0) {
        fixture_valid(f, &r, TOOL, ADCP_LINE_NEWEST);
        fixture_valid(f, &r, TOOL, ADCP_3_0);
    }
    return r;
}

static struct str applied(const struct fixture_reply *r, size_t i)
{
    return json_str(yyjson_arr_get(json_arr(r->reply, "refinement_applied"), i), "status");
}

static void refinement_keeps_drops_and_says_what_it_did(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        refine(f, "{\"scope\":\"request\",\"ask\":\"Only guaranteed packages\"},"
                  "{\"scope\":\"product\",\"product_id\":\"prod-tech-display-001\",\"action\":\"omit\"},"
                  "{\"scope\":\"product\",\"product_id\":\"nope\"}");
    assert_string_equal(ids(f, &r), "prod-tech-video-001");
    assert_true(str_is(applied(&r, 0), "applied"));
    assert_true(str_is(applied(&r, 1), "applied"));
    assert_true(str_is(applied(&r, 2), "unable"));
    struct fixture_reply like =
        refine(f, "{\"scope\":\"product\",\"product_id\":\"prod-tech-video-001\",\"action\":\"more_like_this\"},"
                  "{\"scope\":\"request\",\"ask\":\"make it sing; drop display\"}");
    assert_string_equal(ids(f, &like), "prod-tech-video-001");
    assert_true(str_is(applied(&like, 1), "partial"));
    struct fixture_reply unable = refine(f, "{\"scope\":\"request\",\"ask\":\"make it sing\"}");
    assert_int_equal(count(&unable), 3);
    assert_true(str_is(applied(&unable, 0), "unable"));
}

static int run_sql(struct act *act, const char *sql, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(act->tx, sql);
    return stmt_run(s, e);
}

/* Rows as a media buy leaves them: 600,000 impressions from mid-March to mid-April's equal end. */
static int book(struct act *act, void *arg, struct err *e)
{
    if (run_sql(act,
                "INSERT INTO account (tenant_id, account_id, principal_id, status, created_at, updated_at)"
                " VALUES ('demo', 'acc-1', 'test-buyer', 'active', 1, 1)",
                e)) {
        return -1;
    }
    if (run_sql(act,
                "INSERT INTO media_buy (media_buy_id, tenant_id, principal_id, account_id, status, currency,"
                " total_budget_micros, start_at, end_at, revision, created_at, updated_at)"
                " VALUES ('mb-1', 'demo', 'test-buyer', 'acc-1', 'active', 'USD', 7500000000, 0, 0, 1, 1, 1)",
                e)) {
        return -1;
    }
    return run_sql(act,
                   "INSERT INTO package (media_buy_id, ordinal, package_id, product_id, pricing_option_id,"
                   " pricing_model, rate_micros, budget_micros, impressions_goal, start_at, end_at)"
                   " VALUES ('mb-1', 1, 'pkg-1', 'prod-tech-display-001', 'price-001', 'cpm', 12500000,"
                   " 7500000000, 600000, 1774828800000000, 1775174400000000)",
                   e);
}

static int64_t available(const struct fixture_reply *r)
{
    yyjson_val *p = yyjson_arr_get_first(json_arr(r->reply, "products"));
    return json_i64_or(json_get_path(p, "/forecast/points/0/metrics/impressions"), "mid", -1);
}

static void forecasts_know_what_is_booked(void **state)
{
    struct fixture *f = *state;
    struct err e;
    const char *args = "{\"brief\":\"tech display enthusiasts\",\"filters\":{\"start_date\":\"2026-04-01\","
                       "\"end_date\":\"2026-04-30\"}}";
    struct fixture_reply before = fixture_call(f, TOOL, args);
    assert_int_equal(available(&before), 4500000);
    assert_int_equal(fixture_act(f, book, NULL, &e), 0);
    struct fixture_reply after = fixture_call(f, TOOL, args);
    assert_int_equal(available(&after), 4500000 - 300000); /* half of the flight lies in the window */
    fixture_valid(f, &after, TOOL, ADCP_LINE_NEWEST);
}

/* A filter that has to look at more products than one call reads says so, and its cursor goes on to the end. */
static void what_was_not_looked_at_is_said(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 1600, EACH = 700 };
    char *text = arena_alloc(&f->arena, (size_t)MANY * EACH), *p = text;
    p += sprintf(
        p,
        "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo\",\"adapter\":\"mock\"},\"products\":[");
    for (int i = 0; i < MANY; i++) {
        p += sprintf(
            p,
            "%s{\"product_id\":\"m-%04d\",\"name\":\"m\",\"description\":\"m\",\"publisher_properties\":[{\"publisher_domain\":"
            "\"techdaily.com\",\"selection_type\":\"all\"}],\"channels\":[\"display\"],\"format_ids\":[{\"id\":"
            "\"fmt-display-300x250\"}],\"delivery_type\":\"%s\",\"pricing_options\":[{\"pricing_option_id\":\"p\",\"pricing_model\":"
            "\"cpm\",\"currency\":\"USD\",\"fixed_price\":4}]}",
            i ? "," : "", i, i == MANY - 1 ? "guaranteed" : "non_guaranteed");
    }
    p += sprintf(p, "]}");
    (void)fixture_import(f, (struct str){ text, (size_t)(p - text) });
    struct str cursor = STR_NONE;
    int pages = 0, found = 0, told = 0;
    do {
        const char *more =
            cursor.n ? arena_printf(&f->arena, ",\"pagination\":{\"cursor\":\"" STR_FMT "\"}", STR_ARG(cursor)).p : "";
        struct fixture_reply r =
            fixture_call(f, TOOL,
                         arena_printf(&f->arena,
                                      "{\"buying_mode\":\"wholesale\",\"filters\":{\"delivery_type\":"
                                      "\"guaranteed\"}%s}",
                                      more)
                             .p);
        fixture_valid(f, &r, TOOL, ADCP_LINE_NEWEST);
        found += count(&r);
        told += str_is(json_val_str(json_get_path(r.reply, "/incomplete/0/scope")), "wholesale_feed");
        cursor = json_val_str(json_get_path(r.reply, "/pagination/cursor"));
    } while (cursor.n && ++pages < 10);
    assert_int_equal(found, 3); /* the demo's two and the very last one */
    assert_true(told >= 1);
    assert_true(pages >= 1);
}

static void a_time_budget_is_a_duration(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = wholesale(f, "\"time_budget\":{\"interval\":1,\"unit\":\"seconds\"}");
    assert_int_equal(r.rc, 0);
    assert_null(json_get_path(r.reply, "/incomplete")); /* nothing here takes that long */
    r = fixture_call(f, "get_products",
                     "{\"buying_mode\":\"wholesale\",\"time_budget\":{\"interval\":1,\"unit\":\"fortnights\"}}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.field, "/time_budget/unit");
}

/* Every product is held against every word of a filter, and anybody may ask. */
static void filters_have_a_most(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *head, *item, *tail, *field;
        int n;
    } cases[] = {
        { "{\"buying_mode\":\"wholesale\",\"filters\":{\"regions\":[", "\"US-NY\"", "]}}", "/filters/regions", 2001 },
        { "{\"buying_mode\":\"wholesale\",\"filters\":{\"format_ids\":[", "{\"id\":\"x\"}", "]}}",
          "/filters/format_ids", 2001 },
        { "{\"buying_mode\":\"wholesale\",\"required_policies\":[", "\"p\"", "]}", "/required_policies", 2001 },
        { "{\"buying_mode\":\"wholesale\",\"filters\":{\"postal_areas\":[{\"country\":\"US\",\"system\":\"zip\",\"values\":[",
          "\"10001\"", "]}]}}", "/filters/postal_areas", 50001 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int less = 0; less < 2; less++) {
            struct buf b;
            buf_init(&b, 1 << 20);
            buf_add(&b, str_from(cases[i].head));
            for (int k = 0; k < cases[i].n - less; k++) buf_addf(&b, "%s%s", k ? "," : "", cases[i].item);
            buf_add(&b, str_from(cases[i].tail));
            struct fixture_reply r = fixture_call(f, "get_products", arena_cstr(&f->arena, buf_str(&b)));
            buf_finish(&b);
            assert_int_equal(r.rc, less ? 0 : -1);
            if (!less) assert_string_equal(r.e.field, cases[i].field);
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(the_tutorials_brief_gives_the_tutorials_order),
        T(filters_have_a_most),
        T(another_brief_gives_another_order),
        T(a_brief_that_matches_nothing_still_lists_everything_low),
        T(the_feed_is_in_the_publishers_order_without_scores),
        T(an_unchanged_feed_is_not_sent_again),
        T(filters_are_exact),
        T(bad_requests_name_the_field),
        T(pages_cover_the_list_once),
        T(pages_of_a_filtered_list_cover_it_once_too),
        T(fields_leave_out_what_is_not_asked),
        T(a_damaged_product_never_breaks_the_rest),
        T(strangers_get_limited_results),
        T(refinement_keeps_drops_and_says_what_it_did),
        T(forecasts_know_what_is_booked),
        T(what_was_not_looked_at_is_said),
        T(a_time_budget_is_a_duration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Property lists, collection lists, content standards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"
#include "domain/buyer/inventory_list.h"
#include "domain/plan/plan.h"
#include "tools/fixture.h"

#define KEY     "\"idempotency_key\":\"0123456789abcdef\","
#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"

static const char *with_id(struct fixture *f, const char *id, const char *more)
{
    return arena_printf(&f->arena, "{" KEY "\"list_id\":\"%s\"%s}", id, more).p;
}

#define DOMAINS(a, b)                                                                                                  \
    "\"base_properties\":[{\"selection_type\":\"identifiers\",\"identifiers\":[{\"type\":\"domain\",\"value\":\"" a    \
    "\"},"                                                                                                             \
    "{\"type\":\"domain\",\"value\":\"" b "\"}]}]"

static void a_property_list_lives_from_creation_to_deletion(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_valid_call(f, "create_property_list",
                           "{" KEY ACCOUNT ",\"name\":\"Acme approved\"," DOMAINS("techdaily.com", "a.example") "}");
    const char *id = fixture_text(f, &r, "/list/list_id");
    assert_true(json_str(r.reply, "auth_token").n >= 32);
    assert_int_equal(fixture_number(&r, "/list/property_count"), 2);
    r = fixture_valid_call(f, "get_property_list", with_id(f, id, ""));
    assert_string_equal(fixture_text(f, &r, "/identifiers/1/value"), "a.example");
    assert_null(strstr(r.text.p, "token"));
    r = fixture_valid_call(f, "get_property_list", with_id(f, id, ",\"pagination\":{\"max_results\":1}"));
    assert_true(yyjson_is_true(json_get_path(r.reply, "/pagination/has_more")));
    r = fixture_valid_call(f, "get_property_list",
                           with_id(f, id,
                                   arena_printf(&f->arena, ",\"pagination\":{\"max_results\":1,\"cursor\":\"%s\"}",
                                                fixture_text(f, &r, "/pagination/cursor"))
                                       .p));
    assert_string_equal(fixture_text(f, &r, "/identifiers/0/value"), "a.example");
    assert_null(json_get_path(r.reply, "/pagination/cursor"));
    r = fixture_valid_call(f, "update_property_list", with_id(f, id, "," DOMAINS("techdaily.com", "b.example")));
    assert_string_equal(fixture_text(f, &r, "/list/name"), "Acme approved");
    assert_string_equal(fixture_text(f, &r, "/list/base_properties/0/identifiers/1/value"), "b.example");

    /* To anyone else it does not exist, in the same words as a list that nobody has. */
    fixture_become_new_buyer(f, "other");
    fixture_refused(f, "get_property_list", with_id(f, id, ""), "REFERENCE_NOT_FOUND", "/list_id");
    struct fixture_reply mine = fixture_call(f, "delete_property_list", with_id(f, id, ""));
    struct fixture_reply none = fixture_call(f, "delete_property_list", with_id(f, "pl-none", ""));
    assert_string_equal(mine.e.message, none.e.message);
    r = fixture_valid_call(f, "list_property_lists", "{}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "lists")), 0);
    fixture_become(f, "test-buyer");
    r = fixture_valid_call(f, "delete_property_list", with_id(f, id, ""));
    assert_true(json_bool_or(r.reply, "deleted", false));
    fixture_refused(f, "get_property_list", with_id(f, id, ""), "REFERENCE_NOT_FOUND", "/list_id");
}

static void lists_resolve_against_the_publishers_own_inventory(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_valid_call(f, "create_property_list",
                           "{" KEY "\"name\":\"tags\",\"base_properties\":[{\"selection_type\":"
                           "\"publisher_tags\",\"publisher_domain\":\"techdaily.com\",\"tags\":[\"technology\"]}]}");
    assert_int_equal(fixture_number(&r, "/list/property_count"), 1);
    r = fixture_valid_call(f, "create_property_list",
                           "{" KEY "\"name\":\"ids\",\"base_properties\":[{\"selection_type\":\"publisher_ids\","
                           "\"publisher_domain\":\"techdaily.com\",\"property_ids\":[\"prop_001\",\"prop_002\"]}]}");
    assert_int_equal(fixture_number(&r, "/list/property_count"), 1); /* prop-002 is another publisher domain's */
    r = fixture_valid_call(f, "create_property_list",
                           "{" KEY
                           "\"name\":\"all but one\",\"filters\":{\"exclude_identifiers\":[{\"type\":\"domain\","
                           "\"value\":\"techdaily.com\"}]}}");
    int64_t rest = fixture_number(&r, "/list/property_count");
    r = fixture_valid_call(f, "create_property_list", "{" KEY "\"name\":\"all\"}");
    assert_int_equal(fixture_number(&r, "/list/property_count"), rest + 1);
    fixture_refused(f, "create_property_list",
                    "{" KEY "\"name\":\"x\",\"filters\":{\"feature_requirements\":[{\"feature_id\":\"a\"}]}}",
                    "UNSUPPORTED_FEATURE", "/filters/feature_requirements");
}

static void pages_of_lists_are_honest(void **state)
{
    static const char *const names[] = { "Approved News", "Gambling Block", "Premium News" };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        f->now += 1000;
        (void)fixture_valid_call(f, "create_property_list",
                                 arena_printf(&f->arena, "{" KEY ACCOUNT ",\"name\":\"%s\"}", names[i]).p);
    }
    struct fixture_reply r =
        fixture_valid_call(f, "list_property_lists", "{" ACCOUNT ",\"pagination\":{\"max_results\":2}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "lists")), 2);
    assert_true(yyjson_is_true(json_get_path(r.reply, "/pagination/has_more")));
    r = fixture_valid_call(f, "list_property_lists",
                           arena_printf(&f->arena, "{" ACCOUNT ",\"pagination\":{\"max_results\":2,\"cursor\":\"%s\"}}",
                                        fixture_text(f, &r, "/pagination/cursor"))
                               .p);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "lists")), 1);
    assert_true(yyjson_is_false(json_get_path(r.reply, "/pagination/has_more")));
    assert_null(json_get_path(r.reply, "/pagination/cursor"));
    r = fixture_valid_call(f, "list_property_lists", "{\"name_contains\":\"NEWS\",\"pagination\":{\"max_results\":2}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "lists")), 2);
    assert_true(yyjson_is_false(json_get_path(r.reply, "/pagination/has_more")));
    r = fixture_valid_call(f, "list_property_lists",
                           "{\"account\":{\"brand\":{\"domain\":\"nobody.example\"},\"operator\":\"agency.example\"}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "lists")), 0);
    fixture_refused(f, "list_collection_lists", "{\"pagination\":{\"cursor\":\"xxxx\"}}", "INVALID_REQUEST",
                    "/pagination/cursor");
}

#define RECORD(domain, n)                                                                                              \
    "{\"record_id\":\"r-" domain "\",\"identifier\":{\"type\":\"domain\",\"value\":\"" domain "\"},\"impressions\":" n \
    "}"

static void delivery_is_judged_by_the_list(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_valid_call(f, "create_property_list", "{" KEY "\"name\":\"l\"," DOMAINS("a.example", "b.example") "}");
    const char *id = fixture_text(f, &r, "/list/list_id");
    r = fixture_valid_call(
        f, "validate_property_delivery",
        with_id(f, id, ",\"records\":[" RECORD("a.example", "50000") "," RECORD("random.example", "200") "]"));
    assert_true(yyjson_is_false(json_get_path(r.reply, "/compliant")));
    assert_int_equal(fixture_number(&r, "/summary/compliant_impressions"), 50000);
    assert_int_equal(fixture_number(&r, "/summary/non_compliant_records"), 1);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "results")), 1);
    assert_string_equal(fixture_text(f, &r, "/results/0/features/0/policy_id"), id);
    r = fixture_valid_call(
        f, "validate_property_delivery",
        with_id(f, id, ",\"include_compliant\":true,\"records\":[" RECORD("www.a.example", "5") "]"));
    assert_true(yyjson_is_true(json_get_path(r.reply, "/compliant")));
    assert_string_equal(fixture_text(f, &r, "/results/0/status"), "compliant");
}

static void collections_resolve_and_say_what_is_not_known(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(
        f, "create_collection_list",
        "{" KEY ACCOUNT ",\"name\":\"shows\",\"base_collections\":[{\"selection_type\":\"distribution_ids\","
        "\"identifiers\":[{\"type\":\"imdb_id\",\"value\":\"tt1\"},{\"type\":\"imdb_id\",\"value\":\"tt2\"}]}],\"filters\":{\"kinds\":"
        "[\"series\"],\"exclude_distribution_ids\":[{\"type\":\"imdb_id\",\"value\":\"tt2\"}]}}");
    assert_int_equal(fixture_number(&r, "/list/collection_count"), 1);
    r = fixture_valid_call(f, "get_collection_list",
                           with_id(f, fixture_text(f, &r, "/list/list_id"), ",\"resolve\":true"));
    assert_string_equal(fixture_text(f, &r, "/collections/0/distribution_ids/0/value"), "tt1");
    assert_string_equal(fixture_text(f, &r, "/coverage_gaps/kinds/0/value"), "tt1");
    assert_string_equal(fixture_text(f, &r, "/cache_valid_until"), "2026-03-16T14:30:00Z");
}

/* ---- references, as products and media buys use them ---- */

struct resolve_arg {
    const char *ref;
    struct fixture *f;
    int rc;
    size_t n;
};

static int resolve(struct act *act, void *arg, struct err *e)
{
    struct resolve_arg *a = arg;
    struct inventory_entries entries;
    struct list_ref ref = { fixture_json(a->f, a->ref), "/packages/0/targeting_overlay/property_list" };
    a->rc = list_resolve(act, &property_lists, &ref, &entries, e);
    if (a->rc == 1) a->n = entries.n;
    return 0;
}

static int resolves(struct fixture *f, const char *ref, size_t *n, struct err *e)
{
    struct resolve_arg arg = { .ref = ref, .f = f };
    assert_int_equal(fixture_act(f, resolve, &arg, e), 0);
    *n = arg.n;
    return arg.rc;
}

static void a_reference_opens_a_list_by_ownership_or_token(void **state)
{
    struct fixture *f = *state;
    struct err e;
    size_t n;
    struct fixture_reply r =
        fixture_valid_call(f, "create_property_list", "{" KEY "\"name\":\"l\"," DOMAINS("a.example", "b.example") "}");
    const char *id = fixture_text(f, &r, "/list/list_id"), *token = fixture_text(f, &r, "/auth_token");
    const char *ref = arena_printf(&f->arena, "{\"agent_url\":\"http://localhost\",\"list_id\":\"%s\"}", id).p;
    assert_int_equal(resolves(f, ref, &n, &e), 1);
    assert_int_equal(n, 2);
    assert_int_equal(resolves(f, "{\"agent_url\":\"https://elsewhere.example\",\"list_id\":\"x\"}", &n, &e), 0);
    fixture_become_new_buyer(f, "other");
    assert_int_equal(resolves(f, ref, &n, &e), -1);
    assert_string_equal(e.field, "/packages/0/targeting_overlay/property_list/list_id");
    ref = arena_printf(&f->arena, "{\"agent_url\":\"http://localhost/\",\"list_id\":\"%s\",\"auth_token\":\"%s\"}", id,
                       token)
              .p;
    assert_int_equal(resolves(f, ref, &n, &e), 1);
    ref =
        arena_printf(&f->arena, "{\"agent_url\":\"http://localhost/\",\"list_id\":\"%s\",\"auth_token\":\"guess\"}", id)
            .p;
    assert_int_equal(resolves(f, ref, &n, &e), -1);
}

/* ---- content standards ---- */

#define POLICY(id, enforcement, words)                                                                                 \
    "{\"policy_id\":\"" id "\",\"enforcement\":\"" enforcement "\",\"policy\":\"" words "\"}"
#define IMAGE(id, url)                                                                                                 \
    "{\"property_rid\":\"site.example\",\"artifact_id\":\"" id "\",\"assets\":[{\"type\":\"image\",\"url\":\"" url     \
    "\"}]}"

static const char *standards(struct fixture *f)
{
    struct fixture_reply r = fixture_valid_call(
        f, "create_content_standards",
        "{" KEY ACCOUNT ",\"scope\":{\"languages_any\":[\"en\"],\"channels_any\":[\"display\"]},\"policies\":[" POLICY(
            "no_violence", "must",
            "No violent or controversial imagery") "," POLICY("dpi", "should",
                                                              "Minimum 72 DPI for display assets") "," POLICY("vice",
                                                                                                              "should",
                                                                                                              "No alcohol, gambling, or tobacco content.") "]}");
    return fixture_text(f, &r, "/standards_id");
}

static struct fixture_reply calibrate(struct fixture *f, const char *id, const char *artifact)
{
    return fixture_valid_call(
        f, "calibrate_content",
        arena_printf(&f->arena, "{" KEY "\"standards_id\":\"%s\",\"artifact\":%s}", id, artifact).p);
}

static void content_is_judged_by_words(void **state)
{
    struct fixture *f = *state;
    const char *id = standards(f);
    struct fixture_reply r = calibrate(f, id, IMAGE("trail", "https://cdn.example/trail-pro.png"));
    assert_string_equal(fixture_text(f, &r, "/verdict"), "pass");
    assert_string_equal(fixture_text(f, &r, "/features/0/status"), "passed");
    assert_string_equal(fixture_text(f, &r, "/features/1/status"), "unevaluated"); /* never "passed" by guessing */
    r = calibrate(f, id, IMAGE("x", "https://cdn.example/violent-hunting-scene.png"));
    assert_string_equal(fixture_text(f, &r, "/verdict"), "fail");
    assert_string_equal(fixture_text(f, &r, "/features/0/status"), "failed");
    assert_string_equal(fixture_text(f, &r, "/features/0/policy_id"), "no_violence");
    r = calibrate(f, id, IMAGE("x", "https://cdn.example/gambling.png"));
    assert_string_equal(fixture_text(f, &r, "/verdict"), "pass"); /* "should": a warning */
    assert_string_equal(fixture_text(f, &r, "/features/2/status"), "warning");

    r = fixture_valid_call(
        f, "update_content_standards",
        arena_printf(
            &f->arena,
            "{" KEY "\"standards_id\":\"%s\",\"policies\":[" POLICY("stock", "must", "No stock photography") "," POLICY(
                "alt", "should", "All images must have alt text") "]}",
            id)
            .p);
    r = calibrate(f, id, IMAGE("x", "https://cdn.example/stock-photo-1.png"));
    assert_string_equal(fixture_text(f, &r, "/verdict"), "fail");
    assert_string_equal(fixture_text(f, &r, "/features/1/status"), "warning");
    r = calibrate(f, id, IMAGE("x", "https://cdn.example/photo-of-a-mountain.png"));
    assert_string_equal(fixture_text(f, &r, "/verdict"), "pass");

    r = fixture_valid_call(
        f, "validate_content_delivery",
        arena_printf(
            &f->arena,
            "{\"standards_id\":\"%s\",\"include_passed\":false,\"records\":["
            "{\"record_id\":\"1\",\"artifact\":" IMAGE("a", "https://cdn.example/a.png") "},{\"record_id\":\"2\",\"artifact\":" IMAGE(
                "b", "https://cdn.example/stock-photos.png") "}]}",
            id)
            .p);
    assert_int_equal(fixture_number(&r, "/summary/passed_records"), 1);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "results")), 1);
    assert_string_equal(fixture_text(f, &r, "/results/0/record_id"), "2");
}

static void standards_are_listed_by_scope_and_seen_by_their_owner_only(void **state)
{
    struct fixture *f = *state;
    const char *id = standards(f);
    struct fixture_reply r = fixture_valid_call(f, "list_content_standards", "{\"channels\":[\"display\"]}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "standards")), 1);
    r = fixture_valid_call(f, "list_content_standards", "{\"channels\":[\"ctv\"]}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "standards")), 0);
    r = fixture_valid_call(f, "get_content_standards", arena_printf(&f->arena, "{\"standards_id\":\"%s\"}", id).p);
    assert_string_equal(fixture_text(f, &r, "/policies/1/policy_id"), "dpi");
    fixture_refused(f, "create_content_standards",
                    "{" KEY "\"scope\":{\"languages_any\":[\"en\"]},\"registry_policy_ids\":[\"x\"]}",
                    "UNSUPPORTED_FEATURE", "/registry_policy_ids");
    fixture_become_new_buyer(f, "other");
    fixture_refused(f, "get_content_standards", arena_printf(&f->arena, "{\"standards_id\":\"%s\"}", id).p,
                    "REFERENCE_NOT_FOUND", "/standards_id");
}

static bool has_product(const struct fixture_reply *r, const char *id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(r->reply, "products"), i, n, v) {
        if (str_is(json_str(v, "product_id"), id)) return true;
    }
    return false;
}

static struct fixture_reply listed(struct fixture *f, const char *agent_url, const char *id)
{
    return fixture_valid_call(f, "get_products",
                              arena_printf(&f->arena,
                                           "{\"buying_mode\":\"wholesale\",\"property_list\":{\"agent_url\":\"%s\","
                                           "\"list_id\":\"%s\"}}",
                                           agent_url, id)
                                  .p);
}

static void products_are_filtered_by_where_they_run(void **state)
{
    struct fixture *f = *state;
    const char *own = "https://demo.example/mcp";
    (void)fixture_import(
        f, STR("{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo\",\"adapter\":"
               "\"mock\",\"agent_url\":\"https://demo.example\"}}"));
    fixture_reload_tenant(f);
    struct fixture_reply r =
        fixture_valid_call(f, "create_property_list",
                           "{" KEY ACCOUNT ",\"name\":\"Approved\"," DOMAINS("techdaily.com", "gadgetreview.com") "}");
    const char *id = fixture_text(f, &r, "/list/list_id");
    r = listed(f, own, id);
    assert_true(yyjson_is_true(yyjson_obj_get(r.reply, "property_list_applied")));
    assert_true(has_product(&r, "prod-tech-video-001"));
    assert_false(has_product(&r, "prod-tech-display-001")); /* it also runs on devhub.io: all or nothing */
    assert_int_equal(fixture_number(&r, "/filter_diagnostics/excluded_by/property_list/count"), 2);
    fixture_valid_call(f, "update_property_list", with_id(f, id, "," DOMAINS("techdaily.com", "nowhere.example")));
    assert_int_equal(yyjson_arr_size(json_arr(listed(f, own, id).reply, "products")), 0);

    r = listed(f, "https://lists.example", id); /* kept by somebody else: nothing is left out, and we say so */
    assert_true(yyjson_is_false(yyjson_obj_get(r.reply, "property_list_applied")));
    assert_true(has_product(&r, "prod-tech-display-001"));
    fixture_refused(f, "get_products",
                    "{\"buying_mode\":\"wholesale\",\"property_list\":{\"agent_url\":\"https://demo.example\","
                    "\"list_id\":\"pl-none\"}}",
                    "REFERENCE_NOT_FOUND", "/property_list/list_id");
}

/* ---- in a package's targeting ---- */

#define BUY_WITH                                                                                                       \
    "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":"    \
    "\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"budget\":3000,\"targeting_overlay\":{%s}}]}"

static const char *buying(struct fixture *f, const char *overlay)
{
    return arena_printf(&f->arena, BUY_WITH, overlay).p;
}

struct planned {
    struct str media_buy_id;
    const char *targeting;
};

static int plan_it(struct act *act, void *arg, struct err *e)
{
    struct planned *p = arg;
    struct plan plan;
    if (plan_load(act, p->media_buy_id, PLAN_WHOLE, &plan, e) != 1) return -1;
    p->targeting = arena_cstr(act->arena, plan.packages[0].targeting);
    return 0;
}

static const char *targeting_of(struct fixture *f, const struct fixture_reply *r)
{
    struct planned p = { .media_buy_id = json_val_str(json_get_path(r->aux, "/media_buys/0/media_buy_id")) };
    struct err e;
    assert_int_equal(fixture_act(f, plan_it, &p, &e), 0);
    return arena_printf(&f->arena, "%s", p.targeting).p;
}

static void the_ad_server_is_told_what_the_list_holds(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(
        f, "create_property_list",
        "{" KEY "\"name\":\"all\",\"base_properties\":[{\"selection_type\":"
        "\"identifiers\",\"identifiers\":[{\"type\":\"domain\",\"value\":\"techdaily.com\"},{\"type\":"
        "\"domain\",\"value\":\"devhub.io\"},{\"type\":\"domain\",\"value\":\"gadgetreview.com\"}]}]}");
    const char *id = fixture_text(f, &r, "/list/list_id"), *token = fixture_text(f, &r, "/auth_token");
    r = fixture_call(
        f, "create_media_buy",
        buying(f, arena_printf(&f->arena,
                               "\"geo_countries\":[\"US\"],\"property_list\":{"
                               "\"agent_url\":\"http://localhost\",\"list_id\":\"%s\",\"auth_token\":\"%s\"}",
                               id, token)
                      .p));
    if (r.rc) print_error("%s: %s (%s)\n", r.e.code, r.e.message, r.e.field);
    assert_int_equal(r.rc, 0);
    const char *told = targeting_of(f, &r);
    assert_non_null(strstr(told, "{\"type\":\"domain\",\"value\":\"devhub.io\"}"));
    assert_non_null(strstr(told, "\"geo_countries\":[\"US\"]"));
    assert_null(strstr(told, token));
    fixture_refused(f, "delete_property_list", with_id(f, id, ""), "INVALID_STATE", "/list_id"); /* it is needed */
    (void)fixture_ok(f, "update_media_buy",
                     arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}",
                                  STR_ARG(json_val_str(json_get_path(r.aux, "/media_buys/0/media_buy_id"))))
                         .p);
    fixture_valid_call(f, "delete_property_list", with_id(f, id, ""));
    assert_null(strstr(targeting_of(f, &r), "devhub.io")); /* and the plan can still be made */
}

static void a_restriction_that_cannot_be_kept_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *at = "/packages/0/targeting_overlay/property_list";
    fixture_refused(f, "create_media_buy",
                    buying(f, "\"property_list\":{\"agent_url\":\"https://lists.agency.com\",\"list_id\":\"x\"}"),
                    "SERVICE_UNAVAILABLE", arena_printf(&f->arena, "%s/agent_url", at).p);
    fixture_refused(f, "create_media_buy",
                    buying(f, "\"collection_list_exclude\":{\"agent_url\":\"http://localhost\",\"list_id\":\"x\"}"),
                    "REFERENCE_NOT_FOUND", "/packages/0/targeting_overlay/collection_list_exclude/list_id");
    fixture_refused(f, "create_media_buy",
                    buying(f, "\"property_list\":{\"agent_url\":\"https://192.168.1.1\",\"list_id\":\"x\"}"),
                    "INVALID_REQUEST", arena_printf(&f->arena, "%s/agent_url", at).p);
    struct fixture_reply r =
        fixture_valid_call(f, "create_property_list", "{" KEY "\"name\":\"l\"," DOMAINS("a.example", "b.example") "}");
    fixture_refused(f, "create_media_buy",
                    buying(f, arena_printf(&f->arena,
                                           "\"property_list\":{\"agent_url\":\"http://localhost\",\"list_id\":"
                                           "\"%s\"}",
                                           fixture_text(f, &r, "/list/list_id"))
                                  .p),
                    "VALIDATION_ERROR", at);
    f->sandbox = true; /* where nobody answers for .example */
    r = fixture_call(f, "create_media_buy",
                     buying(f, "\"property_list\":{\"agent_url\":\"https://lists.example\",\"list_id\":\"x\"}"));
    assert_int_equal(r.rc, 0);
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "not applied"));
}

static void products_are_filtered_by_place_and_standard(void **state)
{
    struct fixture *f = *state;
    static const char local[] =
        "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo\",\"adapter\":\"mock\"},\"formats\":[{"
        "\"format_id\":{\"id\":\"odd\"},\"name\":\"Odd\",\"renders\":[{\"role\":\"primary\",\"dimensions\":{\"width\":333,"
        "\"height\":77,\"unit\":\"px\"}}]}],\"products\":[{\"product_id\":\"kiosk\",\"name\":\"Kiosk\",\"description\":\"Kiosk\","
        "\"channels\":[\"display\"],\"format_ids\":[{\"id\":\"odd\"}],\"delivery_type\":\"non_guaranteed\",\"pricing_options\":[{"
        "\"pricing_option_id\":\"p\",\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":4}],\"ext\":{\"salesagent\":{"
        "\"postal_areas\":[{\"country\":\"DE\",\"system\":\"plz\",\"values\":[\"10115\",\"10117\"]}]}}}]}";
    (void)fixture_import(f, str_from(local));
    struct fixture_reply r = fixture_valid_call(
        f, "get_products", "{\"buying_mode\":\"wholesale\",\"filters\":{\"standard_formats_only\":true}}");
    assert_false(has_product(&r, "kiosk"));
    assert_true(has_product(&r, "prod-tech-display-001"));
    assert_true(has_product(&r, "prod-tech-video-001"));
    r = fixture_call(f, "get_products",
                     "{\"buying_mode\":\"wholesale\",\"filters\":{\"postal_areas\":[{\"country\":\"DE\",\"system\":"
                     "\"plz\",\"values\":[\"10117\"]}]}}");
    assert_true(has_product(&r, "kiosk"));
    r = fixture_call(f, "get_products",
                     "{\"buying_mode\":\"wholesale\",\"filters\":{\"postal_areas\":[{\"country\":\"DE\",\"system\":"
                     "\"plz\",\"values\":[\"20095\"]}]}}");
    assert_false(has_product(&r, "kiosk"));
    assert_true(has_product(&r, "prod-tech-display-001")); /* bound to no place */
    fixture_valid(f, &r, "get_products", ADCP_LINE_NEWEST);
}

/* A policy of many words against content of many words: judged as far as it goes, and said where it ends. */
static void judging_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 8 << 20);
    buf_add(&b, STR("{" KEY ACCOUNT
                    ",\"scope\":{\"languages_any\":[\"en\"]},\"policies\":[{\"policy_id\":\"long\",\"enforcement\":"
                    "\"must\",\"policy\":\""));
    for (int i = 0; i < 60000; i++) buf_addf(&b, "no hunting%d, ", i);
    buf_add(&b, STR("\"},{\"policy_id\":\"later\",\"enforcement\":\"must\",\"policy\":\"No tobacco\"}]}"));
    struct fixture_reply r = fixture_call(f, "create_content_standards", arena_cstr(&f->arena, buf_str(&b)));
    assert_int_equal(r.rc, 0);
    buf_clear(&b);
    buf_addf(&b,
             "{" KEY
             "\"standards_id\":\"%s\",\"artifact\":{\"property_rid\":\"s\",\"artifact_id\":\"x\",\"assets\":[{\"type\":"
             "\"text\",\"content\":\"",
             fixture_text(f, &r, "/standards_id"));
    for (int i = 0; i < 60000; i++) buf_addf(&b, "huntz%d ", i);
    buf_add(&b, STR("tobacco\"}]}}"));
    clock_t before = clock();
    r = fixture_call(f, "calibrate_content", arena_cstr(&f->arena, buf_str(&b)));
    buf_finish(&b);
    assert_int_equal(r.rc, 0);
    assert_true(clock() - before < 20 * CLOCKS_PER_SEC);
    assert_string_equal(fixture_text(f, &r, "/features/0/status"), "unevaluated");
    assert_string_equal(fixture_text(f, &r, "/features/1/status"), "unevaluated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(judging_is_bounded, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_property_list_lives_from_creation_to_deletion, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(lists_resolve_against_the_publishers_own_inventory, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(pages_of_lists_are_honest, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(delivery_is_judged_by_the_list, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(collections_resolve_and_say_what_is_not_known, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_reference_opens_a_list_by_ownership_or_token, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(products_are_filtered_by_where_they_run, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(products_are_filtered_by_place_and_standard, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_ad_server_is_told_what_the_list_holds, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_restriction_that_cannot_be_kept_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(content_is_judged_by_words, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(standards_are_listed_by_scope_and_seen_by_their_owner_only, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A value that a package refers to exists, is declared and fits, or it is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "domain/product/targeting_values.h"
#include "tools/fixture.h"

static const char *create(struct fixture *f, const char *members)
{
    return arena_printf(
               &f->arena,
               "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":"
               "[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":1250,"
               "%s}]}",
               members)
        .p;
}

static const char *targeted(struct fixture *f, const char *overlay)
{
    return create(f, arena_printf(&f->arena, "\"targeting_overlay\":{%s}", overlay).p);
}

struct refusal {
    const char *overlay, *code, *field; /* below /packages/0/targeting_overlay */
};

static void refused(struct fixture *f, const struct refusal *r)
{
    const char *field = arena_printf(&f->arena, "/packages/0/targeting_overlay%s", r->field).p;
    fixture_refused(f, "create_media_buy", targeted(f, r->overlay), r->code, field);
}

static void places_exist_and_the_product_is_sold_there(void **state)
{
    static const struct refusal cases[] = {
        { "\"geo_countries\":[\"XX\"]", "VALIDATION_ERROR", "/geo_countries/0" },
        { "\"geo_countries\":[\"US\",\"UK\"]", "VALIDATION_ERROR", "/geo_countries/1" },
        { "\"geo_countries_exclude\":[\"ZZ\"]", "VALIDATION_ERROR", "/geo_countries_exclude/0" },
        { "\"geo_regions\":[\"US-ZZ\"]", "VALIDATION_ERROR", "/geo_regions/0" },
        { "\"geo_regions\":[\"XX-A\"]", "VALIDATION_ERROR", "/geo_regions/0" },
        { "\"geo_countries\":[\"DE\"]", "VALIDATION_ERROR", "/geo_countries" },
        { "\"geo_regions\":[\"DE-BE\"]", "VALIDATION_ERROR", "/geo_regions" },
        { "\"geo_metros\":[{\"system\":\"uk_itl2\",\"values\":[\"TLI\"]}]", "UNSUPPORTED_FEATURE",
          "/geo_metros/0/system" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) refused(f, &cases[i]);
    f->auto_advance = true;
    struct fixture_reply r =
        fixture_ok(f, "create_media_buy",
                   targeted(f, "\"geo_countries\":[\"US\",\"DE\"],\"geo_regions\":[\"US-CA\"],\"geo_metros\":"
                               "[{\"system\":\"nielsen_dma\",\"values\":[\"501\"]}]"));
    struct str id = json_str(r.reply, "media_buy_id");
    const char *change = "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"pkg-" STR_FMT
                         "-001\",\"targeting_overlay\":{\"geo_countries\":[\"UK\"]}}]}";
    fixture_refused(f, "update_media_buy", arena_printf(&f->arena, change, STR_ARG(id), STR_ARG(str_skip(id, 3))).p,
                    "VALIDATION_ERROR", "/packages/0/targeting_overlay/geo_countries/0");
}

static void every_country_and_state_is_in_the_lists(void **state)
{
    assert_true(country_exists(STR("GB")) && country_exists(STR("AD")) && country_exists(STR("ZW")));
    assert_false(country_exists(STR("UK")) || country_exists(STR("D ")) || country_exists(STR("")));
    assert_true(region_exists(STR("US-AK")) && region_exists(STR("US-WY")) && region_exists(STR("GB-SCT")));
    assert_false(region_exists(STR("US")) || region_exists(STR("US-")) || region_exists(STR("US-CAL")));
}

static void audience(struct fixture *f, const char *id, int members)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_addf(&b, "{\"audiences\":[{\"audience_id\":\"%s\",\"name\":\"A\",\"add\":[", id);
    for (int i = 0; i < members; i++) {
        buf_addf(&b, "%s{\"external_id\":\"m%d\",\"hashed_email\":\"%064d\"}", i ? "," : "", i, i);
    }
    buf_addf(&b, "]}]}");
    (void)fixture_ok(f, "sync_audiences", arena_dup(&f->arena, buf_str(&b)).p);
    buf_finish(&b);
}

static void audiences_are_the_buyers_own_and_large_enough(void **state)
{
    static const struct refusal cases[] = {
        { "\"audience_include\":[\"nope\"]", "REFERENCE_NOT_FOUND", "/audience_include/0" },
        { "\"audience_exclude\":[\"large\",\"nope\"]", "REFERENCE_NOT_FOUND", "/audience_exclude/1" },
        { "\"audience_include\":[\"large\",\"small\"]", "AUDIENCE_TOO_SMALL", "/audience_include/1" },
    };
    struct fixture *f = *state;
    f->auto_advance = true;
    audience(f, "large", 120);
    audience(f, "small", 3);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) refused(f, &cases[i]);
    (void)fixture_ok(f, "create_media_buy",
                     targeted(f, "\"audience_include\":[\"large\"],\"audience_exclude\":[\"small\"]"));
    fixture_become_new_buyer(f, "another");
    refused(f, &(struct refusal){ "\"audience_include\":[\"large\"]", "REFERENCE_NOT_FOUND", "/audience_include/0" });
}

/* The first product of the demo publisher with another member. */
static void sell_with(struct fixture *f, const char *member)
{
    struct str demo = fixture_demo_text(f);
    const char *text = arena_cstr(&f->arena, demo), *at = strstr(text, "\"delivery_type\"");
    assert_non_null(at);
    (void)fixture_import(f, arena_printf(&f->arena, "%.*s%s,%s", (int)(at - text), text, member, at));
}

static void signals_only_where_the_product_takes_them(void **state)
{
    struct fixture *f = *state;
    refused(f, &(struct refusal){ "\"signal_targeting\":[{\"signal_id\":{\"source\":\"catalog\",\"id\":\"s\"}}]",
                                  "UNSUPPORTED_FEATURE", "/signal_targeting" });
    sell_with(f, "\"signal_targeting_allowed\":true");
    refused(f, &(struct refusal){ "\"signal_targeting\":[{\"signal_id\":{\"source\":\"catalog\",\"id\":\"s\"}}]",
                                  "SIGNAL_NOT_FOUND", "/signal_targeting/0" });
    refused(f, &(struct refusal){ "\"signal_targeting_groups\":{\"operator\":\"all\",\"groups\":[{\"operator\":\"any\","
                                  "\"signals\":[{\"signal_ref\":{\"scope\":\"product\",\"signal_id\":\"s\"}}]}]}",
                                  "SIGNAL_NOT_FOUND", "/signal_targeting_groups/groups/0/signals/0" });
}

static void what_else_a_package_names_is_there(void **state)
{
    struct fixture *f = *state;
    fixture_refused(f, "create_media_buy", create(f, "\"catalogs\":[{\"type\":\"product\",\"catalog_id\":\"nope\"}]"),
                    "REFERENCE_NOT_FOUND", "/packages/0/catalogs/0/catalog_id");
    fixture_refused(f, "create_media_buy", create(f, "\"format_option_refs\":[{\"format_option_id\":\"nope\"}]"),
                    "REFERENCE_NOT_FOUND", "/packages/0/format_option_refs/0");
    fixture_refused(f, "get_products",
                    "{\"buying_mode\":\"wholesale\",\"catalog\":{\"type\":\"product\",\"catalog_id\":\"nope\"}}",
                    "REFERENCE_NOT_FOUND", "/catalog/catalog_id");
    fixture_refused(f, "get_products", "{\"buying_mode\":\"wholesale\",\"account\":{\"account_id\":\"acc-nope\"}}",
                    "ACCOUNT_NOT_FOUND", "/account");
}

static void a_catalog_finds_the_products_that_are_sold_for_its_type(void **state)
{
    struct fixture *f = *state;
#define ASK(type) "{\"buying_mode\":\"wholesale\",\"catalog\":{\"type\":\"" type "\",\"items\":[{\"item_id\":\"a\"}]}}"
    sell_with(f, "\"catalog_types\":[\"product\",\"offering\"]");
    struct fixture_reply r = fixture_ok(f, "get_products", ASK("offering"));
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "products")), 1);
    assert_true(fixture_number(&r, "/filter_diagnostics/excluded_by/catalog/count") > 0);
    r = fixture_ok(f, "get_products", ASK("job"));
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "products")), 0);
}

static void a_bid_on_a_fixed_price_is_said_to_have_no_effect(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    struct fixture_reply r = fixture_ok(f, "create_media_buy", create(f, "\"bid_price\":9"));
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "bid_price has no effect"));
    r = fixture_ok(f, "create_media_buy", create(f, "\"bid_price\":12.5"));
    assert_null(strstr(arena_cstr(&f->arena, r.message), "bid_price"));
}

/* ---- what a media buy that has not ended refers to is not taken away under it ---- */

static const char *first_error(struct fixture *f, struct fixture_reply *r, const char *list, size_t i,
                               const char *member)
{
    return fixture_text(f, r, arena_printf(&f->arena, "/%s/%zu/errors/0/%s", list, i, member).p);
}

static void an_audience_in_use_is_not_deleted(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    audience(f, "used", 3);
    audience(f, "spare", 3);
    struct fixture_reply bought = fixture_ok(f, "create_media_buy", targeted(f, "\"audience_exclude\":[\"used\"]"));
    struct str id = json_str(bought.reply, "media_buy_id");
    struct fixture_reply r = fixture_valid_call(
        f, "sync_audiences",
        "{\"audiences\":[{\"audience_id\":\"used\",\"delete\":true},{\"audience_id\":\"spare\",\"delete\":true}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "failed");
    assert_string_equal(first_error(f, &r, "audiences", 0, "code"), "INVALID_STATE");
    assert_non_null(strstr(first_error(f, &r, "audiences", 0, "message"), arena_cstr(&f->arena, id)));
    assert_string_equal(fixture_text(f, &r, "/audiences/1/action"), "deleted");
    audience(f, "other", 3);
    r = fixture_valid_call(f, "sync_audiences",
                           "{\"delete_missing\":true,\"audiences\":[{\"audience_id\":\"other\",\"name\":\"O\"}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/1/audience_id"), "used");
    assert_string_equal(fixture_text(f, &r, "/audiences/1/action"), "failed");
    (void)fixture_ok(f, "update_media_buy",
                     arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", STR_ARG(id)).p);
    r = fixture_valid_call(f, "sync_audiences", "{\"audiences\":[{\"audience_id\":\"used\",\"delete\":true}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "deleted");
}

static void nor_are_catalogs_event_sources_and_lists(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    sell_with(f, "\"conversion_tracking\":{\"platform_managed\":false}");
#define GOALS                                                                                                          \
    "\"optimization_goals\":[{\"kind\":\"event\",\"event_sources\":[{\"event_source_id\":\"pixel\",\"event_type\":\"purchase\"}]}]"
    fixture_refused(f, "create_media_buy", create(f, GOALS), "REFERENCE_NOT_FOUND",
                    "/packages/0/optimization_goals/0/event_sources/0/event_source_id");
    (void)fixture_ok(f, "sync_catalogs",
                     "{\"catalogs\":[{\"catalog_id\":\"shop\",\"type\":\"product\",\"items\":[{\"item_id\":\"a\"}]}]}");
    (void)fixture_ok(f, "sync_event_sources", "{\"event_sources\":[{\"event_source_id\":\"pixel\",\"name\":\"P\"}]}");
    struct fixture_reply r = fixture_ok(f, "create_collection_list", "{\"name\":\"L\"}");
    const char *list = fixture_text(f, &r, "/list/list_id");
    (void)fixture_ok(
        f, "create_media_buy",
        create(f, arena_printf(&f->arena,
                               "\"catalogs\":[{\"type\":\"product\",\"catalog_id\":\"shop\"}]," GOALS ","
                               "\"targeting_overlay\":{\"collection_list_exclude\":{\"agent_url\":\"http://localhost\","
                               "\"list_id\":\"%s\"}}",
                               list)
                      .p));
    r = fixture_ok(f, "sync_catalogs",
                   "{\"delete_missing\":true,\"catalogs\":[{\"catalog_id\":\"other\",\"type\":\"store\"}]}");
    assert_string_equal(first_error(f, &r, "catalogs", 1, "code"), "INVALID_STATE");
    r = fixture_ok(f, "sync_event_sources",
                   "{\"delete_missing\":true,\"event_sources\":[{\"event_source_id\":\"other\",\"name\":\"O\"}]}");
    assert_string_equal(first_error(f, &r, "event_sources", 1, "code"), "INVALID_STATE");
    fixture_refused(f, "delete_collection_list", arena_printf(&f->arena, "{\"list_id\":\"%s\"}", list).p,
                    "INVALID_STATE", "/list_id");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(places_exist_and_the_product_is_sold_there),
        T(every_country_and_state_is_in_the_lists),
        T(audiences_are_the_buyers_own_and_large_enough),
        T(signals_only_where_the_product_takes_them),
        T(what_else_a_package_names_is_there),
        T(a_catalog_finds_the_products_that_are_sold_for_its_type),
        T(an_audience_in_use_is_not_deleted),
        T(nor_are_catalogs_event_sources_and_lists),
        T(a_bid_on_a_fixed_price_is_said_to_have_no_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

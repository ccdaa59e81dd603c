/* Catalogs, event sources, events and audiences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"
#include "tools/fixture.h"

#define KEY     "\"idempotency_key\":\"0123456789abcdef\","
#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"
#define OTHER   "\"account\":{\"brand\":{\"domain\":\"nova.example\"},\"operator\":\"agency.example\"}"
#define HASH    "a000000000000000000000000000000000000000000000000000000000000000"

/* ---- catalogs ---- */

#define ITEM(id)    "{\"item_id\":\"" id "\",\"title\":\"" id "\"}"
#define MENU(items) "{\"catalog_id\":\"menu\",\"type\":\"product\",\"name\":\"Menu\",\"items\":[" items "]}"

static void catalogs_are_created_replaced_and_listed(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT ",\"catalogs\":[" MENU(ITEM("a") "," ITEM("b")) "]}");
    assert_string_equal(fixture_text(f, &r, "/catalogs/0/action"), "created");
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 2);
    assert_int_equal(fixture_number(&r, "/catalogs/0/items_approved"), 2);
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT ",\"catalogs\":[" MENU(ITEM("a") "," ITEM("b")) "]}");
    assert_string_equal(fixture_text(f, &r, "/catalogs/0/action"), "unchanged");
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT ",\"dry_run\":true,\"catalogs\":[" MENU(ITEM("c")) "]}");
    assert_string_equal(fixture_text(f, &r, "/catalogs/0/action"), "updated");
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 1);
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT "}"); /* discovery: the dry run changed nothing */
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 2);
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT ",\"catalogs\":[" MENU(ITEM("c")) "]}");
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 1);
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY OTHER "}"); /* another account has none of them */
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "catalogs")), 0);
    r = fixture_valid_call(f, "sync_catalogs",
                           "{" KEY ACCOUNT
                           ",\"delete_missing\":true,\"catalogs\":[{\"catalog_id\":\"new\",\"type\":\"store\"}]}");
    assert_string_equal(fixture_text(f, &r, "/catalogs/1/catalog_id"), "menu");
    assert_string_equal(fixture_text(f, &r, "/catalogs/1/action"), "deleted");
}

/* A call of 10,000 items used to compare each with the 200 before it, and to look for those from the first on. */
static void an_item_repeated_far_away_is_rejected_and_soon(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, STR("{" KEY ACCOUNT ",\"catalogs\":[{\"catalog_id\":\"menu\",\"type\":\"product\",\"items\":["));
    for (int i = 0; i < 9998; i++) buf_addf(&b, "{\"item_id\":\"i%d\"},", i);
    buf_add(&b, STR("{\"item_id\":\"i5\",\"title\":\"again\"},{\"item_id\":\"last\"}]}]}"));
    const char *args = arena_cstr(&f->arena, buf_str(&b));
    buf_finish(&b);
    clock_t before = clock();
    struct fixture_reply r = fixture_call(f, "sync_catalogs", args);
    assert_int_equal(r.rc, 0);
    assert_true(clock() - before < 10 * CLOCKS_PER_SEC);
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 9999);
    assert_int_equal(fixture_number(&r, "/catalogs/0/items_rejected"), 1);
    assert_string_equal(fixture_text(f, &r, "/catalogs/0/item_issues/0/item_id"), "i5");
}

/* What a buyer has stored here is bounded, however many calls it makes. */
static void an_account_holds_no_more_than_is_listed(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r;
    for (int from = 0; from < 10000; from += 1000) {
        struct buf b;
        buf_init(&b, 1 << 20);
        buf_add(&b, STR("{" KEY ACCOUNT ",\"audiences\":["));
        for (int i = from; i < from + 1000; i++) buf_addf(&b, "%s{\"audience_id\":\"a%d\"}", i > from ? "," : "", i);
        buf_add(&b, STR("]}"));
        r = fixture_call(f, "sync_audiences", arena_cstr(&f->arena, buf_str(&b)));
        buf_finish(&b);
        assert_int_equal(r.rc, 0);
        assert_string_equal(fixture_text(f, &r, "/audiences/999/action"), "created");
    }
    r = fixture_call(f, "sync_audiences",
                     "{" KEY ACCOUNT ",\"audiences\":[{\"audience_id\":\"more\"},{\"audience_id\":"
                     "\"a1\",\"name\":\"Changed\"}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "failed");
    assert_string_equal(fixture_text(f, &r, "/audiences/1/action"), "updated");
    r = fixture_call(f, "sync_audiences", "{" KEY OTHER ",\"audiences\":[{\"audience_id\":\"more\"}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "created");
}

static void bad_items_are_named(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(
        f, "sync_catalogs", "{" KEY ACCOUNT ",\"catalogs\":[" MENU(ITEM("a") ",{\"title\":\"x\"}," ITEM("a")) "]}");
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 1);
    assert_int_equal(fixture_number(&r, "/catalogs/0/items_rejected"), 2);
    assert_string_equal(fixture_text(f, &r, "/catalogs/0/item_issues/0/item_id"), "#1");
    assert_string_equal(fixture_text(f, &r, "/catalogs/0/item_issues/1/item_id"), "a");
    fixture_refused(f, "sync_catalogs",
                    "{" KEY ACCOUNT ",\"validation_mode\":\"strict\",\"catalogs\":[" MENU("{\"title\":\"x\"}") "]}",
                    "VALIDATION_ERROR", "/catalogs/0");
    fixture_refused(f, "sync_catalogs", "{" KEY ACCOUNT ",\"delete_missing\":true}", "INVALID_REQUEST", "/catalogs");
}

#define FEED(more)                                                                                                     \
    "{" KEY ACCOUNT                                                                                                    \
    ",\"catalogs\":[{\"catalog_id\":\"feed\",\"type\":\"product\",\"url\":\"https://a.example/f\"" more "}]}"

static void a_feed_is_said_to_wait_and_what_cannot_be_read_is_refused(void **state)
{
    static const struct {
        const char *args, *field;
    } bad[] = {
        { FEED(",\"feed_format\":\"shopify\""), "catalogs[0].feed_format" },
        { FEED(",\"feed_format\":\"custom\""), "catalogs[0].feed_field_mappings" },
        { FEED(
              ",\"feed_format\":\"custom\",\"feed_field_mappings\":[{\"feed_field\":\"a\",\"catalog_field\":\"b\",\"transform\":"
              "\"date\",\"format\":\"DD MMM YY\"}]"),
          "catalogs[0].feed_field_mappings[0].format" },
        { FEED(",\"items\":[{\"item_id\":\"a\"}]"), "catalogs[0].url" },
        { "{" KEY ACCOUNT
          ",\"catalogs\":[{\"catalog_id\":\"feed\",\"type\":\"product\",\"url\":\"https://10.1.1.1/f\"}]}",
          "catalogs[0].url" },
    };
    struct fixture *f = *state;
    struct fixture_reply r;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        r = fixture_valid_call(f, "sync_catalogs", bad[i].args);
        assert_string_equal(fixture_text(f, &r, "/catalogs/0/action"), "failed");
        assert_string_equal(fixture_text(f, &r, "/catalogs/0/errors/0/field"), bad[i].field);
    }
    for (int i = 0; i < 2; i++) {
        r = fixture_valid_call(f, "sync_catalogs",
                               FEED(",\"feed_format\":\"google_merchant_center\",\"update_frequency\":\"daily\""));
        assert_string_equal(fixture_text(f, &r, "/catalogs/0/action"), i ? "unchanged" : "created");
        assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 0);
        assert_non_null(strstr(fixture_text(f, &r, "/catalogs/0/warnings/0"), "not been fetched yet"));
        assert_string_equal(fixture_text(f, &r, "/catalogs/0/next_fetch_at"), "2026-03-09T14:30:00Z");
    }
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT "}");
    assert_non_null(strstr(fixture_text(f, &r, "/catalogs/0/warnings/0"), "not been fetched yet"));
    r = fixture_valid_call(f, "sync_catalogs",
                           "{" KEY ACCOUNT ",\"catalogs\":[{\"catalog_id\":\"feed\",\"type\":\"product\",\"items\":["
                           "{\"item_id\":\"a\"}]}]}"); /* the call's word holds now */
    assert_null(json_get_path(r.reply, "/catalogs/0/next_fetch_at"));
    r = fixture_valid_call(f, "sync_catalogs", "{" KEY ACCOUNT "}");
    assert_null(json_get_path(r.reply, "/catalogs/0/warnings"));
    assert_int_equal(fixture_number(&r, "/catalogs/0/item_count"), 1);
}

/* ---- events ---- */

#define SOURCE "{\"event_source_id\":\"site\",\"name\":\"Site\",\"event_types\":[\"purchase\",\"lead\"]}"
#define EVENT(id, type, more)                                                                                          \
    "{\"event_id\":\"" id "\",\"event_type\":\"" type "\",\"event_time\":\"2026-03-01T10:00:00Z\"" more "}"

static void declare_source(struct fixture *f)
{
    struct fixture_reply r =
        fixture_valid_call(f, "sync_event_sources", "{" KEY ACCOUNT ",\"event_sources\":[" SOURCE "]}");
    assert_string_equal(fixture_text(f, &r, "/event_sources/0/action"), "created");
    assert_non_null(strstr(fixture_text(f, &r, "/event_sources/0/setup/snippet"), "site"));
    assert_true(strncmp(fixture_text(f, &r, "/event_sources/0/seller_id"), "evs-", 4) == 0);
}

static void the_same_event_counts_once(void **state)
{
    struct fixture *f = *state;
    declare_source(f);
    struct fixture_reply r =
        fixture_valid_call(f, "log_event",
                           "{" KEY "\"event_source_id\":\"site\",\"events\":[" EVENT("e1", "purchase", "") "," EVENT(
                               "e1", "purchase", "") "," EVENT("e1", "lead", "") "]}");
    assert_int_equal(fixture_number(&r, "/events_received"), 3);
    assert_int_equal(fixture_number(&r, "/events_processed"), 3);
    assert_non_null(strstr(fixture_text(f, &r, "/warnings/0"), "1 events"));
    r = fixture_valid_call(f, "sync_event_sources", "{" KEY ACCOUNT ",\"event_sources\":[" SOURCE "]}");
    assert_string_equal(fixture_text(f, &r, "/event_sources/0/action"), "unchanged");
    assert_string_equal(fixture_text(f, &r, "/event_sources/0/health/last_event_at"), "2026-03-09T14:30:00Z");
    fixture_refused(f, "log_event", "{" KEY "\"event_source_id\":\"nowhere\",\"events\":[" EVENT("e", "lead", "") "]}",
                    "REFERENCE_NOT_FOUND", "/event_source_id");
    fixture_become_new_buyer(f, "other");
    fixture_refused(f, "log_event", "{" KEY "\"event_source_id\":\"site\",\"events\":[" EVENT("e", "lead", "") "]}",
                    "REFERENCE_NOT_FOUND", "/event_source_id");
}

static void an_event_that_has_not_happened_is_taken_with_a_warning(void **state)
{
    struct fixture *f = *state;
    declare_source(f);
    struct fixture_reply r = fixture_valid_call(
        f, "log_event",
        "{" KEY "\"event_source_id\":\"site\",\"events\":[{\"event_id\":\"a\",\"event_type\":\"lead\",\"event_time\":"
        "\"2099-01-01T00:00:00Z\"},{\"event_id\":\"b\",\"event_type\":\"lead\",\"event_time\":\"2026-03-09T14:34:00Z\"}]}");
    assert_int_equal(fixture_number(&r, "/events_processed"), 2);
    assert_non_null(strstr(fixture_text(f, &r, "/warnings/0"), "1 events have an event_time in the future"));
}

static void clear_text_is_refused_event_by_event(void **state)
{
    static const char *const bad[] = {
        ",\"user_match\":{\"email\":\"ann@example.com\"}",
        ",\"user_match\":{\"hashed_email\":\"ann@example.com\"}",
        ",\"user_match\":{\"uids\":[{\"type\":\"other\",\"value\":\"ann@example.com\"}]}",
    };
    struct fixture *f = *state;
    declare_source(f);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct str args = arena_printf(
            &f->arena,
            "{" KEY "\"event_source_id\":\"site\",\"events\":[{\"event_id\":\"x%zu\",\"event_type\":"
            "\"lead\",\"event_time\":\"2026-03-01T10:00:00Z\"%s},{\"event_id\":\"y%zu\",\"event_type\":\"lead\","
            "\"event_time\":\"2026-03-01T10:00:00Z\",\"user_match\":{\"hashed_email\":\"" HASH "\"}}]}",
            i, bad[i], i);
        struct fixture_reply r = fixture_valid_call(f, "log_event", args.p);
        assert_int_equal(fixture_number(&r, "/events_processed"), 1);
        assert_string_equal(fixture_text(f, &r, "/partial_failures/0/code"), "VALIDATION_ERROR");
        assert_null(strstr(r.text.p, "ann@example.com"));
    }
    struct fixture_reply r = fixture_valid_call(
        f, "log_event", "{" KEY "\"event_source_id\":\"site\",\"events\":[" EVENT("p", "page_view", "") "]}");
    assert_int_equal(fixture_number(&r, "/events_processed"), 0); /* the source takes other types */
    assert_string_equal(fixture_text(f, &r, "/partial_failures/0/event_id"), "p");
}

/* ---- audiences ---- */

static const char *audience_of(struct fixture *f, int n, const char *verb)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_addf(&b, "{" KEY ACCOUNT ",\"audiences\":[{\"audience_id\":\"crm\",\"name\":\"CRM\",\"%s\":[", verb);
    for (int i = 0; i < n; i++) {
        buf_addf(&b, "%s{\"external_id\":\"u%d\",\"hashed_email\":\"" HASH "\"}", i ? "," : "", i);
    }
    buf_addf(&b, "]}]}");
    const char *s = arena_cstr(&f->arena, buf_str(&b));
    buf_finish(&b);
    return s;
}

static void audiences_grow_shrink_and_go(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(f, "sync_audiences", audience_of(f, 2, "add"));
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "created");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/status"), "too_small");
    assert_int_equal(fixture_number(&r, "/audiences/0/minimum_size"), 100);
    assert_int_equal(fixture_number(&r, "/audiences/0/uploaded_count"), 2);
    r = fixture_valid_call(f, "sync_audiences", audience_of(f, 120, "add"));
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "updated");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/status"), "ready");
    assert_int_equal(fixture_number(&r, "/audiences/0/total_uploaded_count"), 120);
    r = fixture_valid_call(f, "sync_audiences", audience_of(f, 120, "add"));
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "unchanged");
    r = fixture_valid_call(f, "sync_audiences", audience_of(f, 50, "remove"));
    assert_int_equal(fixture_number(&r, "/audiences/0/total_uploaded_count"), 70);
    r = fixture_valid_call(f, "sync_audiences", "{" KEY ACCOUNT "}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/audience_id"), "crm");
    assert_int_equal(fixture_number(&r, "/audiences/0/uploaded_count"), 0);
    r = fixture_valid_call(f, "sync_audiences",
                           "{" KEY ACCOUNT ",\"audiences\":[{\"audience_id\":\"crm\",\"delete\":true}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "deleted");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/status"), "(none)");
    r = fixture_valid_call(f, "sync_audiences",
                           "{" KEY ACCOUNT ",\"audiences\":[{\"audience_id\":\"crm\",\"delete\":true}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/errors/0/code"), "REFERENCE_NOT_FOUND");
}

static void members_in_clear_text_fail_their_audience(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(
        f, "sync_audiences",
        "{" KEY ACCOUNT ",\"audiences\":[{\"audience_id\":\"bad\",\"add\":[{\"external_id\":\"u\",\"hashed_email\":"
        "\"ann@example.com\"}]},{\"audience_id\":\"good\",\"name\":\"Empty\"}]}");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/action"), "failed");
    assert_string_equal(fixture_text(f, &r, "/audiences/0/errors/0/field"), "audiences[0].add[0]");
    assert_string_equal(fixture_text(f, &r, "/audiences/1/action"), "created");
    assert_null(strstr(r.text.p, "ann@example.com"));
    r = fixture_valid_call(f, "sync_audiences", "{" KEY ACCOUNT "}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "audiences")), 1);
    fixture_become_new_buyer(f, "other");
    r = fixture_valid_call(f, "sync_audiences",
                           "{" KEY ACCOUNT "}"); /* the same key is another account for another buyer */
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "audiences")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(catalogs_are_created_replaced_and_listed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_feed_is_said_to_wait_and_what_cannot_be_read_is_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(bad_items_are_named, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_item_repeated_far_away_is_rejected_and_soon, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_account_holds_no_more_than_is_listed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_same_event_counts_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_event_that_has_not_happened_is_taken_with_a_warning, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(clear_text_is_refused_event_by_event, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(audiences_grow_shrink_and_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(members_in_clear_text_fail_their_audience, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What belongs to another buyer, or to another publisher's buyer, is answered as what does not exist: the same words after
 * the same work. Work is counted (statements, rows, steps of SQLite's machine), because clocks on a shared machine tell
 * nothing; a row that is found and then seen to be somebody else's may cost the few steps of comparing its owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "domain/product/ranking.h"
#include "store/q/q_catalog.h"
#include "tools/fixture.h"

#define STEPS_OF_A_COMPARISON 20
#define ACCOUNT               "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"acme.example\"}"
#define BANNER                                                                                                          \
    "\"format_id\":{\"agent_url\":\"http://localhost/mcp\",\"id\":\"fmt-display-300x250\"},\"assets\":{\"image\":{"     \
    "\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/a.png\",\"width\":300,\"height\":250},\"click_url\":{" \
    "\"asset_type\":\"url\",\"url\":\"https://acme.example/\"}}"
#define PACKAGE "\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000"
#define FLIGHT                                                                                                         \
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"brand\":{\"domain\":\"acme.example\"}"
#define PERIOD                                                                                                         \
    "\"measurement_period\":{\"start\":\"2026-04-01T00:00:00Z\",\"end\":\"2026-04-02T00:00:00Z\"},\"performance_index\":1"

enum thing {
    BUY,
    OTHER_PACKAGE,
    TASK,
    ACCOUNT_ID,
    CREATIVE,
    PROPERTY_LIST,
    COLLECTION_LIST,
    STANDARDS,
    EVENT_SOURCE,
    THINGS_N
};

static struct str ids[THINGS_N];

static yyjson_val *made(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc) print_error("%s: %s %s (%s)\n", tool, r.e.code, r.e.message, r.e.field);
    assert_int_equal(r.rc, 0);
    return r.reply;
}

static struct str taken(yyjson_val *reply, const char *pointer)
{
    struct str s = json_val_str(json_get_path(reply, pointer));
    assert_true(s.n > 0);
    return s;
}

static void make_everything(struct fixture *f)
{
    struct fixture_reply submitted =
        fixture_call(f, "create_media_buy", "{" ACCOUNT "," FLIGHT ",\"packages\":[{" PACKAGE "}]}");
    assert_int_equal(submitted.outcome, TOOL_SUBMITTED);
    ids[TASK] = submitted.task_id;
    f->auto_advance = true;
    yyjson_val *r = made(f, "create_media_buy", "{" ACCOUNT "," FLIGHT ",\"packages\":[{" PACKAGE "}]}");
    ids[BUY] = taken(r, "/media_buy_id");
    ids[OTHER_PACKAGE] = taken(r, "/packages/0/package_id");
    f->auto_advance = false;
    ids[ACCOUNT_ID] = taken(made(f, "list_accounts", "{}"), "/accounts/0/account_id");
    r = made(f, "sync_creatives",
             "{" ACCOUNT ",\"creatives\":[{\"creative_id\":\"cr-of-acme\",\"name\":\"C\"," BANNER "}]}");
    ids[CREATIVE] = taken(r, "/creatives/0/creative_id");
    r = made(f, "create_property_list",
             "{" ACCOUNT ",\"name\":\"L\",\"base_properties\":[{\"selection_type\":\"identifiers\","
             "\"identifiers\":[{\"type\":\"domain\",\"value\":\"news.example\"}]}]}");
    ids[PROPERTY_LIST] = taken(r, "/list/list_id");
    r = made(f, "create_collection_list",
             "{" ACCOUNT ",\"name\":\"L\",\"base_collections\":[{\"selection_type\":"
             "\"distribution_ids\",\"identifiers\":[{\"type\":\"imdb_id\",\"value\":\"tt1\"}]}]}");
    ids[COLLECTION_LIST] = taken(r, "/list/list_id");
    r = made(f, "create_content_standards",
             "{\"scope\":{\"languages_any\":[\"en\"]},\"policies\":[{\"policy_id\":\"p\","
             "\"enforcement\":\"must\",\"policy\":\"No alcohol.\"}]}");
    ids[STANDARDS] = taken(r, "/standards_id");
    r = made(f, "sync_event_sources",
             "{" ACCOUNT ",\"event_sources\":[{\"event_source_id\":\"web-of-acme\",\"name\":\"W\"}]}");
    ids[EVENT_SOURCE] = taken(r, "/event_sources/0/event_source_id");
}

static const struct {
    const char *tool;
    enum thing thing;
    const char *args; /* "@" stands for the id, "#" for a buy of the caller's own, "!" for its package */
} asks[] = {
    { "update_media_buy", BUY, "{\"media_buy_id\":\"@\",\"paused\":true}" },
    { "update_media_buy", OTHER_PACKAGE,
      "{\"media_buy_id\":\"#\",\"packages\":[{\"package_id\":\"@\",\"paused\":true}]}" },
    { "update_media_buy", CREATIVE,
      "{\"media_buy_id\":\"#\",\"packages\":[{\"package_id\":\"!\",\"creative_assignments\":[{\"creative_id\":\"@\"}]}]}" },
    { "get_media_buys", BUY, "{\"media_buy_ids\":[\"@\"]}" },
    { "get_media_buys", BUY, "{\"media_buy_ids\":[\"#\",\"@\"]}" },
    { "get_media_buys", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "get_media_buy_delivery", BUY, "{\"media_buy_ids\":[\"@\"]}" },
    { "get_media_buy_delivery", BUY, "{\"media_buy_ids\":[\"#\",\"@\"]}" },
    { "get_media_buy_delivery", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "provide_performance_feedback", BUY, "{\"media_buy_id\":\"@\"," PERIOD "}" },
    { "provide_performance_feedback", OTHER_PACKAGE, "{\"media_buy_id\":\"#\",\"package_id\":\"@\"," PERIOD "}" },
    { "provide_performance_feedback", CREATIVE, "{\"media_buy_id\":\"#\",\"creative_id\":\"@\"," PERIOD "}" },
    { "x_update_performance_index", BUY, "{\"media_buy_id\":\"@\",\"feedback\":{\"overall_satisfaction\":4}}" },
    { "create_media_buy", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}," FLIGHT ",\"packages\":[{" PACKAGE "}]}" },
    { "create_media_buy", CREATIVE,
      "{" ACCOUNT "," FLIGHT ",\"packages\":[{" PACKAGE ",\"creative_assignments\":[{\"creative_id\":\"@\"}]}]}" },
    { "get_task_status", TASK, "{\"task_id\":\"@\"}" },
    { "tasks/get", TASK, "{\"task_id\":\"@\",\"include_result\":true}" },
    { "sync_creatives", ACCOUNT_ID,
      "{\"account\":{\"account_id\":\"@\"},\"creatives\":[{\"creative_id\":\"x\",\"name\":\"C\"," BANNER "}]}" },
    { "sync_creatives", OTHER_PACKAGE,
      "{" ACCOUNT ",\"creatives\":[{\"creative_id\":\"x\",\"name\":\"C\"," BANNER
      "}],\"assignments\":[{\"creative_id\":\"x\",\"package_id\":\"@\"}]}" },
    { "list_creatives", CREATIVE, "{\"filters\":{\"creative_ids\":[\"@\"]}}" },
    { "list_creatives", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "list_creatives", BUY, "{\"filters\":{\"media_buy_ids\":[\"@\"]}}" },
    { "build_creative", CREATIVE,
      "{" ACCOUNT ",\"creative_id\":\"@\",\"target_format_id\":{\"agent_url\":\"http://localhost/mcp\","
      "\"id\":\"fmt-display-300x250\"}}" },
    { "get_creative_delivery", CREATIVE, "{\"creative_ids\":[\"@\"]}" },
    { "get_creative_delivery", BUY, "{\"media_buy_ids\":[\"@\"]}" },
    { "get_account_financials", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "sync_governance", ACCOUNT_ID,
      "{\"accounts\":[{\"account\":{\"account_id\":\"@\"},\"governance_agents\":[{\"url\":\"https://gov.example/mcp\","
      "\"authentication\":{\"schemes\":[\"Bearer\"],\"credentials\":\"governance-token-of-32-characters\"}}]}]}" },
    { "report_usage", ACCOUNT_ID,
      "{\"reporting_period\":{\"start\":\"2026-03-01T00:00:00Z\",\"end\":\"2026-03-02T00:00:00Z\"},\"usage\":[{\"account\":"
      "{\"account_id\":\"@\"},\"media_buy_id\":\"#\",\"vendor_cost\":1,\"currency\":\"USD\"}]}" },
    { "sync_catalogs", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "sync_event_sources", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "log_event", EVENT_SOURCE,
      "{\"event_source_id\":\"@\",\"events\":[{\"event_id\":\"e\",\"event_type\":\"purchase\",\"event_time\":"
      "\"2026-03-08T10:00:00Z\",\"action_source\":\"website\"}]}" },
    { "sync_audiences", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "get_property_list", PROPERTY_LIST, "{\"list_id\":\"@\"}" },
    { "update_property_list", PROPERTY_LIST, "{\"list_id\":\"@\",\"name\":\"x\"}" },
    { "validate_property_delivery", PROPERTY_LIST,
      "{\"list_id\":\"@\",\"records\":[{\"identifier\":{\"type\":\"domain\",\"value\":\"news.example\"},\"impressions\":1}]}" },
    { "list_property_lists", ACCOUNT_ID, "{\"account\":{\"account_id\":\"@\"}}" },
    { "get_collection_list", COLLECTION_LIST, "{\"list_id\":\"@\"}" },
    { "update_collection_list", COLLECTION_LIST, "{\"list_id\":\"@\",\"name\":\"x\"}" },
    { "get_content_standards", STANDARDS, "{\"standards_id\":\"@\"}" },
    { "update_content_standards", STANDARDS, "{\"standards_id\":\"@\",\"policies\":[]}" },
    { "calibrate_content", STANDARDS,
      "{\"standards_id\":\"@\",\"artifact\":{\"property_rid\":\"n\",\"artifact_id\":\"a\",\"assets\":[]}}" },
    { "validate_content_delivery", STANDARDS,
      "{\"standards_id\":\"@\",\"records\":[{\"record_id\":\"r\",\"artifact\":{\"property_rid\":\"n\",\"artifact_id\":\"a\",\"assets\":[]}}]}" },
    { "x_complete_task", TASK, "{\"task_id\":\"@\"}" },
    { "x_verify_task", TASK, "{\"task_id\":\"@\"}" },
    { "delete_property_list", PROPERTY_LIST, "{\"list_id\":\"@\"}" },
    { "delete_collection_list", COLLECTION_LIST, "{\"list_id\":\"@\"}" },
};

struct own {
    struct str buy, package;
};

static const char *filled(struct fixture *f, const char *args, struct str id, const struct own *own)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (const char *p = args; *p; p++) {
        struct str put = *p == '@' ? id : *p == '#' ? own->buy : *p == '!' ? own->package : (struct str){ p, 1 };
        buf_add(&b, put);
    }
    struct str s = arena_dup(&f->arena, buf_str(&b));
    buf_finish(&b);
    return s.p;
}

/* The text with the id made anonymous. */
static struct str without(struct fixture *f, struct str text, struct str id)
{
    struct buf b;
    buf_init(&b, 1 << 22);
    for (size_t i = 0; i < text.n;) {
        bool here = text.n - i >= id.n && memcmp(text.p + i, id.p, id.n) == 0;
        buf_add(&b, here ? STR("@") : (struct str){ text.p + i, 1 });
        i += here ? id.n : 1;
    }
    struct str s = arena_dup(&f->arena, buf_str(&b));
    buf_finish(&b);
    return s;
}

static struct str words(struct fixture *f, const struct fixture_reply *r, struct str id)
{
    struct str said = r->rc == 0 ? r->text
                                 : arena_printf(&f->arena, "%s | %s | %s | %s | %s", r->e.code, r->e.message,
                                                r->e.field, r->e.suggestion, r->e.details);
    return without(f, said, id);
}

/* An id of the same form that was never given out. */
static struct str never_given(struct fixture *f, struct str id)
{
    char *p = arena_alloc(&f->arena, id.n + 1);
    memcpy(p, id.p, id.n);
    p[id.n] = 0;
    p[id.n - 1] = p[id.n - 1] == '2' ? '3' : '2';
    return (struct str){ p, id.n };
}

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static struct own own_things(struct fixture *f)
{
    f->auto_advance = true;
    yyjson_val *r = made(f, "create_media_buy", "{" ACCOUNT "," FLIGHT ",\"packages\":[{" PACKAGE "}]}");
    f->auto_advance = false;
    (void)made(f, "sync_creatives", "{" ACCOUNT ",\"creatives\":[{\"creative_id\":\"x\",\"name\":\"C\"," BANNER "}]}");
    return (struct own){ taken(r, "/media_buy_id"), taken(r, "/packages/0/package_id") };
}

static void compare(struct fixture *f, const char *who)
{
    struct own own = own_things(f);
    int wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        struct str theirs = ids[asks[i].thing], none = never_given(f, theirs);
        struct fixture_reply a = fixture_call(f, asks[i].tool, filled(f, asks[i].args, theirs, &own));
        struct fixture_reply b = fixture_call(f, asks[i].tool, filled(f, asks[i].args, none, &own));
        bool same = a.rc == b.rc && str_eq(words(f, &a, theirs), words(f, &b, none)) &&
                    a.work.statements == b.work.statements && a.work.rows == b.work.rows &&
                    apart(a.work.steps, b.work.steps) <= STEPS_OF_A_COMPARISON;
        if (same) continue;
        wrong++;
        print_error("%s, %s %s\n  theirs: " STR_FMT "\n    %lld statements, %lld rows, %lld steps\n  none: " STR_FMT
                    "\n    %lld statements, %lld rows, %lld steps\n",
                    who, asks[i].tool, asks[i].args, STR_ARG(words(f, &a, theirs)), (long long)a.work.statements,
                    (long long)a.work.rows, (long long)a.work.steps, STR_ARG(words(f, &b, none)),
                    (long long)b.work.statements, (long long)b.work.rows, (long long)b.work.steps);
    }
    assert_int_equal(wrong, 0);
}

static void another_buyers_things_are_answered_like_none(void **state)
{
    struct fixture *f = fixture_open();
    f->sandbox = true;
    make_everything(f);
    fixture_become_new_buyer(f, "rival");
    compare(f, "another buyer");
    fixture_close(f);
}

static void another_publishers_things_are_answered_like_none(void **state)
{
    struct fixture *f = fixture_open();
    f->sandbox = true;
    make_everything(f);
    fixture_become_other_publishers_buyer(f, "harbor", "rival");
    compare(f, "another publisher's buyer");
    fixture_close(f);
}

/* Whoever owns it is answered otherwise: what the two tests above compare is not the same failure of every call. */
static void their_owner_is_answered(void **state)
{
    struct fixture *f = fixture_open();
    f->sandbox = true;
    make_everything(f);
    struct own own = own_things(f);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        struct str mine = ids[asks[i].thing], none = never_given(f, mine);
        struct fixture_reply a = fixture_call(f, asks[i].tool, filled(f, asks[i].args, mine, &own));
        struct fixture_reply b = fixture_call(f, asks[i].tool, filled(f, asks[i].args, none, &own));
        if (!str_eq(words(f, &a, mine), words(f, &b, none))) continue;
        if (asks[i].thing == OTHER_PACKAGE) continue; /* it is not of the buy named */
        print_error("%s %s: " STR_FMT "\n", asks[i].tool, asks[i].args, STR_ARG(words(f, &a, mine)));
        fail();
    }
    fixture_close(f);
}

/* ---- what another publisher has weighs nothing ---- */

static int rank(struct act *act, void *arg, struct err *e)
{
    struct ranking_request q = { .tenant_id = act->tenant->tenant_id,
                                 .brief = STR("technology readers, sports fans and gaming"),
                                 .max = 50 };
    return rank_brief(act->tx, act->arena, &q, arg, e);
}

static int add_texts(struct act *act, void *arg, struct err *e)
{
    for (int i = 0; i < 3000; i++) {
        struct product_text text = { .name = STR("Technology sports gaming"),
                                     .description = STR("technology"),
                                     .channels = STR_NONE,
                                     .targeting = STR_NONE,
                                     .properties = STR_NONE };
        struct str id = arena_printf(act->arena, "crowd-%d", i);
        if (q_product_text_put(act->tx, act->tenant->tenant_id, id, &text, e)) return -1;
    }
    return 0;
}

static void another_publishers_catalogue_does_not_crowd_out_this_ones(void **state)
{
    struct fixture *f = fixture_open();
    struct ranking alone, among;
    struct err e;
    assert_int_equal(fixture_act(f, rank, &alone, &e), 0);
    assert_true(alone.products_n > 0);
    assert_int_equal(fixture_act(f, add_texts, NULL, &e), 0);
    fixture_become_other_publishers_buyer(f, "pub-two", "buyer-two");
    assert_int_equal(fixture_act(f, rank, &among, &e), 0);
    assert_int_equal(among.products_n, alone.products_n);
    assert_int_equal(among.words_n, alone.words_n);
    assert_true(str_eq(among.products[0].product_id, alone.products[0].product_id));
    for (size_t i = 0; i < among.products_n; i++) {
        assert_false(str_starts(among.products[i].product_id, STR("crowd-")));
        assert_true(among.products[i].relevance_bp >= 1 && among.products[i].relevance_bp <= RELEVANCE_MAX);
    }
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_buyers_things_are_answered_like_none),
        cmocka_unit_test(another_publishers_things_are_answered_like_none),
        cmocka_unit_test(their_owner_is_answered),
        cmocka_unit_test(another_publishers_catalogue_does_not_crowd_out_this_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

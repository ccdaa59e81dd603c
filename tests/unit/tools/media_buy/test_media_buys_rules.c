/* What a product's own rules do to its media buys: auctions, allowed actions, approval of updates, creative deadlines,
 * proposals; and snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"
#include "tools/fixture.h"

/* Auction priced, approved by itself, and with rules for what may be changed later. */
static const char ruled[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\","
    "\"currency\":\"USD\",\"min_budget\":500,\"max_budget\":1000000,\"workflow_required\":true,"
    "\"creative_review_required\":true},"
    "\"products\":[{\"product_id\":\"ruled\",\"name\":\"Ruled\",\"description\":\"With rules\","
    "\"publisher_properties\":[{\"publisher_domain\":\"techdaily.com\",\"selection_type\":\"all\"}],"
    "\"channels\":[\"display\"],\"format_ids\":[{\"id\":\"fmt-display-300x250\"}],\"delivery_type\":\"non_guaranteed\","
    "\"pricing_options\":[{\"pricing_option_id\":\"bid\",\"pricing_model\":\"cpm\",\"currency\":\"USD\","
    "\"floor_price\":2.5}],\"reporting_capabilities\":{\"available_reporting_frequencies\":[\"daily\"],"
    "\"expected_delay_minutes\":60,\"timezone\":\"UTC\",\"supports_webhooks\":true,\"available_metrics\":"
    "[\"impressions\",\"spend\"],\"date_range_support\":\"date_range\"},"
    "\"allowed_actions\":[{\"action\":\"pause\",\"modes\":[\"self_serve\"]},{\"action\":\"cancel\",\"modes\":"
    "[\"self_serve\"]},{\"action\":\"update_creative_assignments\",\"modes\":[\"self_serve\"]},"
    "{\"action\":\"update_pacing\",\"modes\":[\"self_serve\"],\"allowed_statuses\":[\"active\",\"paused\"]},"
    "{\"action\":\"increase_budget\",\"modes\":[\"requires_approval\"],\"sla\":{\"response_max\":"
    "\"PT4H\"},\"terms_ref\":\"io-7\"}],"
    "\"ext\":{\"salesagent\":{\"approval_policy\":\"auto\",\"creative_lead_hours\":48}}}]}";

static const char create[] =
    "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"context\":{\"n\":7},\"packages\":"
    "[{\"product_id\":\"ruled\",\"pricing_option_id\":\"bid\",\"budget\":1000,\"bid_price\":4}]}";

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    (void)fixture_import(f, str_from(ruled)); /* how many objects changed is the importer's tests' business */
    *state = f;
    return 0;
}

static struct fixture_reply refused(struct fixture *f, const char *tool, const char *args, const char *code,
                                    const char *field)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, code);
    assert_string_equal(r.e.field, field);
    return r;
}

struct made {
    struct str buy, package;
};

static struct made make(struct fixture *f)
{
    struct fixture_reply r = fixture_ok(f, "create_media_buy", create);
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    return (struct made){ json_str(r.reply, "media_buy_id"),
                          json_str(yyjson_arr_get_first(json_arr(r.reply, "packages")), "package_id") };
}

static const char *change(struct fixture *f, struct made m, const char *members)
{
    return arena_printf(&f->arena,
                        "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\",%s}]}",
                        STR_ARG(m.buy), STR_ARG(m.package), members)
        .p;
}

static yyjson_val *read_buy(struct fixture *f, struct made m, const char *more)
{
    struct str args = arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]%s}", STR_ARG(m.buy), more);
    return yyjson_arr_get_first(json_arr(fixture_ok(f, "get_media_buys", args.p).reply, "media_buys"));
}

static double budget_of(yyjson_val *buy)
{
    return yyjson_get_num(json_get_path(buy, "/packages/0/budget"));
}

static void auctions_need_a_bid_over_the_floor(void **state)
{
    struct fixture *f = *state;
    const char *with =
        "{\"start_time\":\"asap\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":\"ruled\","
        "\"pricing_option_id\":\"bid\",\"budget\":1000%s}]}";
    refused(f, "create_media_buy", arena_printf(&f->arena, with, "").p, "INVALID_REQUEST", "/packages/0/bid_price");
    refused(f, "create_media_buy", arena_printf(&f->arena, with, ",\"bid_price\":2.499999").p, "BUDGET_TOO_LOW",
            "/packages/0/bid_price");
    struct fixture_reply r = fixture_ok(f, "create_media_buy", arena_printf(&f->arena, with, ",\"bid_price\":2.5").p);
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/packages/0"), "impressions", -1), 400000);
    assert_float_equal(yyjson_get_num(json_get_path(r.reply, "/packages/0/bid_price")), 2.5, 1e-9);
}

static void an_action_the_product_does_not_allow(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    struct fixture_reply r = refused(f, "update_media_buy", change(f, m, "\"end_time\":\"2026-05-03T00:00:00Z\""),
                                     "ACTION_NOT_ALLOWED", "/packages/0");
    yyjson_val *details = fixture_json(f, r.e.details);
    assert_true(str_is(json_str(details, "attempted_action"), "extend_flight"));
    assert_true(str_is(json_str(details, "reason"), "not_supported_on_product"));
    assert_int_equal(yyjson_arr_size(json_arr(details, "currently_available_actions")), 3); /* pause needs active */
}

static yyjson_val *available(struct fixture *f, const struct made *m, const char *name)
{
    struct fixture_reply r = fixture_ok(
        f, "get_media_buys", arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(m->buy)).p);
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(json_get_path(r.reply, "/media_buys/0"), "available_actions"), i, n, v) {
        if (str_is(json_str(v, "action"), name)) return v;
    }
    return NULL;
}

/* What the product promised of an action when it was bought holds for the media buy. */
static void commitments_of_actions_are_kept(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    yyjson_val *more = available(f, &m, "increase_budget"), *cancel = available(f, &m, "cancel");
    assert_true(str_is(json_str(more, "mode"), "requires_approval"));
    assert_true(str_is(json_str(json_obj(more, "sla"), "response_max"), "PT4H"));
    assert_true(str_is(json_str(more, "terms_ref"), "io-7"));
    assert_non_null(cancel);
    assert_null(json_obj(cancel, "sla"));
}

/* Another product of the same kind, which allows these actions. */
static void sell(struct fixture *f, const char *product_id, const char *actions)
{
    const char *id = strstr(ruled, "\"product_id\":\"ruled\""), *list = strstr(ruled, "\"allowed_actions\":[");
    const char *after = strstr(list, "],\"ext\"");
    (void)fixture_import(f, arena_printf(&f->arena, "%.*s\"product_id\":\"%s\"%.*s\"allowed_actions\":[%s%s",
                                         (int)(id - ruled), ruled, product_id,
                                         (int)(list - id - (int)strlen("\"product_id\":\"ruled\"")),
                                         id + strlen("\"product_id\":\"ruled\""), actions, after));
}

/* A package that is added later has its say, too: what its product does not allow is no longer allowed, what it does not
 * promise is no longer promised, and what it alone allows does not come. */
static void a_package_added_later_narrows_what_was_agreed(void **state)
{
#define ALLOWS(action, more) "{\"action\":\"" action "\",\"modes\":[\"self_serve\"]" more "}"
    struct fixture *f = *state;
    sell(f, "first",
         ALLOWS("cancel", "") "," ALLOWS("add_packages", "") "," ALLOWS("extend_flight", "") "," ALLOWS(
             "increase_budget", ",\"sla\":{\"response_max\":\"PT4H\"},\"terms_ref\":\"io-7\""));
    sell(f, "second",
         ALLOWS("cancel", "") "," ALLOWS("add_packages", ",\"allowed_statuses\":[\"active\"]") "," ALLOWS(
             "update_pacing", "") "," ALLOWS("increase_budget",
                                             ",\"sla\":{\"response_max\":\"PT9H\"},\"terms_ref\":\"io-7\""));
#define OF(product) "{\"product_id\":\"" product "\",\"pricing_option_id\":\"bid\",\"budget\":1000,\"bid_price\":4}"
    struct fixture_reply r =
        fixture_ok(f, "create_media_buy",
                   "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[" OF(
                       "first") "]}");
    struct made m = { json_str(r.reply, "media_buy_id"), STR_NONE };
    assert_non_null(available(f, &m, "extend_flight"));
    assert_true(str_is(json_str(json_obj(available(f, &m, "increase_budget"), "sla"), "response_max"), "PT4H"));
    for (int i = 0; i < 2; i++) { /* of the same product first: nothing changes */
        (void)fixture_ok(f, "update_media_buy",
                         arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"new_packages\":[%s]}",
                                      STR_ARG(m.buy), i ? OF("second") : OF("first"))
                             .p);
        yyjson_val *more = available(f, &m, "increase_budget");
        assert_true(str_is(json_str(more, "terms_ref"), "io-7"));
        assert_true((json_obj(more, "sla") == NULL) == (i == 1));
        assert_true((available(f, &m, "extend_flight") == NULL) == (i == 1));
        assert_null(available(f, &m, "update_pacing"));
        assert_non_null(available(f, &m, "cancel"));
        assert_true((available(f, &m, "add_packages") == NULL) == (i == 1)); /* it is not active yet */
    }
}

static void what_else_is_asked_of_what_is_canceled_is_said_to_have_no_effect(void **state)
{
    struct fixture *f = *state;
    sell(f, "ruled", ALLOWS("cancel", "") "," ALLOWS("add_packages", "") "," ALLOWS("increase_budget", ""));
    struct made m = make(f);
    (void)fixture_ok(
        f, "update_media_buy",
        arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"new_packages\":[%s]}", STR_ARG(m.buy), OF("ruled"))
            .p);
    struct fixture_reply r =
        fixture_ok(f, "update_media_buy", change(f, m, "\"canceled\":true,\"budget\":9000,\"pacing\":\"asap\""));
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "no effect: budget, pacing."));
    assert_float_equal(budget_of(read_buy(f, m, "")), 1000, 1e-9);
    const char *all = "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true,\"paused\":true,\"end_time\":"
                      "\"2026-06-01T00:00:00Z\"}";
    r = fixture_ok(f, "update_media_buy", arena_printf(&f->arena, all, STR_ARG(m.buy)).p);
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "no effect: paused, end_time."));
    m = make(f);
    r = fixture_ok(f, "update_media_buy",
                   arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", STR_ARG(m.buy)).p);
    assert_null(strstr(arena_cstr(&f->arena, r.message), "no effect"));
}

/* The price that a package was bought at holds when its pricing option is no longer sold, and its goal follows the budget. */
static void a_package_keeps_the_price_of_an_option_that_is_gone(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    yyjson_val *p = json_get_path(read_buy(f, m, ""), "/packages/0");
    assert_int_equal(json_i64_or(p, "impressions", -1), 250000); /* 1000 at a bid of 4 */
    struct str text = str_from(ruled);
    const char *option = strstr(ruled, "\"pricing_option_id\":\"bid\"");
    (void)fixture_import(f, arena_printf(&f->arena, "%.*s\"pricing_option_id\":\"new\"%s", (int)(option - text.p),
                                         text.p, option + strlen("\"pricing_option_id\":\"bid\"")));
    f->auto_advance = true;
    (void)fixture_ok(f, "update_media_buy", change(f, m, "\"budget\":1500"));
    p = json_get_path(read_buy(f, m, ""), "/packages/0");
    assert_float_equal(yyjson_get_num(yyjson_obj_get(p, "budget")), 1500, 1e-9);
    assert_int_equal(json_i64_or(p, "impressions", -1), 375000);
}

static void an_action_may_be_bound_to_statuses(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f); /* pending_creatives */
    struct fixture_reply r =
        refused(f, "update_media_buy", change(f, m, "\"pacing\":\"asap\""), "ACTION_NOT_ALLOWED", "/packages/0");
    assert_true(str_is(json_str(fixture_json(f, r.e.details), "reason"), "wrong_status"));
    yyjson_val *buy = read_buy(f, m, "");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(buy, "valid_actions"), i, n, v) assert_false(str_is(json_val_str(v), "update_pacing"));
    struct media_buy_row row = { .actions_allowed = -1, .actions_in = STR("1,2,4,12") };
    assert_int_equal(media_buy_actions_in(&row, BUY_PENDING_CREATIVES), 1);
    assert_int_equal(media_buy_actions_in(&row, BUY_ACTIVE), 4);
    assert_int_equal(media_buy_actions_in(&row, BUY_PAUSED), 12);
    assert_int_equal(media_buy_actions_in(&row, BUY_CANCELED), -1);
}

static int decide(struct act *act, void *arg, struct err *e)
{
    struct task_row out;
    return task_resolve(act, arg, &out, e);
}

static void an_update_that_needs_approval_is_done_when_approved(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct made m = make(f);
    struct fixture_reply r = fixture_ok(f, "update_media_buy", change(f, m, "\"budget\":1500"));
    assert_int_equal(r.outcome, TOOL_SUBMITTED);
    assert_true(str_is(json_str(r.reply, "media_buy_status"), "pending_creatives"));
    assert_false(json_has(r.reply, "media_buy_id"));
    assert_float_equal(budget_of(read_buy(f, m, "")), 1000, 1e-9);
    struct task_resolution approve = { .task_id = r.task_id, .decision = TASK_APPROVE };
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, decide, &approve, &e), 0);
    fixture_become(f, "test-buyer");
    assert_float_equal(budget_of(read_buy(f, m, "")), 1500, 1e-9);
    struct str args =
        arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"include_result\":true}", STR_ARG(r.task_id));
    r = fixture_ok(f, "get_task_status", args.p);
    assert_true(str_is(json_str(r.reply, "status"), "completed"));
    struct fixture_reply brief = fixture_ok(
        f, "get_task_status", arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(approve.task_id)).p);
    assert_non_null(strstr(arena_cstr(&f->arena, brief.message), arena_cstr(&f->arena, m.buy)));
    assert_true(str_is(json_str(r.reply, "task_type"), "update_media_buy"));

    r = fixture_ok(f, "update_media_buy", change(f, m, "\"budget\":1800"));
    struct task_resolution reject = { .task_id = r.task_id, .decision = TASK_REJECT, .reason = STR("too much") };
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, decide, &reject, &e), 0);
    fixture_become(f, "test-buyer");
    assert_float_equal(budget_of(read_buy(f, m, "")), 1500, 1e-9);
}

static void an_approval_that_cannot_be_carried_out_leaves_the_task_open(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    struct fixture_reply r = fixture_ok(f, "update_media_buy", change(f, m, "\"budget\":1500"));
    struct str cancel = arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", STR_ARG(m.buy));
    f->now += 60 * USEC_PER_DAY; /* the flight is over */
    fixture_become(f, "test-operator");
    const char *resolve =
        arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(r.task_id)).p;
    struct fixture_reply tried = fixture_ok(f, "x_task_resolve", resolve);
    assert_true(yyjson_is_false(yyjson_obj_get(tried.reply, "carried_out")));
    assert_true(str_is(json_val_str(json_get_path(tried.reply, "/task/state")), "pending"));
    assert_true(str_is(json_val_str(json_get_path(tried.reply, "/task/failure/code")), "INVALID_STATE"));
    struct str get = arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(r.task_id));
    tried = fixture_ok(f, "x_task_get", get.p); /* it was kept */
    assert_true(json_val_str(json_get_path(tried.reply, "/task/failure/message")).n > 0);
    assert_true(str_is(json_val_str(json_get_path(tried.reply, "/task/failure/by")), "operator:test-operator"));
    f->now -= 60 * USEC_PER_DAY;
    assert_float_equal(budget_of(read_buy(f, m, "")), 1000, 1e-9); /* nothing of the attempt stayed */
    tried = fixture_ok(f, "x_task_resolve", resolve);
    assert_true(yyjson_is_true(yyjson_obj_get(tried.reply, "carried_out")));
    assert_null(json_get_path(tried.reply, "/task/failure"));
    fixture_become(f, "test-buyer");
    struct fixture_reply second = fixture_ok(f, "update_media_buy", change(f, m, "\"budget\":1600"));
    assert_int_equal(second.outcome, TOOL_SUBMITTED);
    fixture_ok(f, "update_media_buy", cancel.p); /* withdraws what is still open */
    struct str args = arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(second.task_id));
    assert_true(str_is(json_str(fixture_ok(f, "get_task_status", args.p).reply, "status"), "canceled"));
}

static void creatives_have_a_deadline(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    yyjson_val *buy = read_buy(f, m, "");
    assert_true(str_is(json_val_str(json_get_path(buy, "/packages/0/creative_deadline")), "2026-03-30T00:00:00Z"));
    f->now = INT64_C(1774828800000000); /* 2026-03-30T00:00:00Z */
    refused(f, "update_media_buy", change(f, m, "\"creative_assignments\":[]"), "CREATIVE_DEADLINE_EXCEEDED",
            "/packages/0/creative_assignments");
    f->now -= 1;
    fixture_ok(f, "update_media_buy", change(f, m, "\"creative_assignments\":[]"));
}

static void a_snapshot_says_what_is_known(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    yyjson_val *p = json_get_path(read_buy(f, m, ",\"include_snapshot\":true"), "/packages/0");
    yyjson_val *s = json_obj(p, "snapshot");
    assert_non_null(s);
    assert_int_equal(json_i64_or(s, "impressions", -1), 0);
    assert_int_equal(json_i64_or(s, "spend", -1), 0);
    assert_null(json_get_path(read_buy(f, m, ""), "/packages/0/snapshot"));
}

static void a_committed_proposal_becomes_a_buy(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_ok(f, "get_products", "{\"buying_mode\":\"brief\",\"brief\":\"tech display and video\"}");
    struct str id = json_val_str(json_get_path(r.reply, "/proposals/0/proposal_id"));
    assert_true(id.n > 0);
    const char *buy =
        arena_printf(&f->arena,
                     "{\"proposal_id\":\"" STR_FMT "\",\"total_budget\":{\"amount\":20000,\"currency\":"
                     "\"USD\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"}",
                     STR_ARG(id))
            .p;
    refused(f, "create_media_buy", buy, "PROPOSAL_NOT_COMMITTED", "/proposal_id");
    r = fixture_ok(f, "get_products",
                   arena_printf(&f->arena,
                                "{\"buying_mode\":\"refine\",\"refine\":[{\"scope\":\"proposal\","
                                "\"proposal_id\":\"" STR_FMT "\",\"action\":\"finalize\"}]}",
                                STR_ARG(id))
                       .p);
    f->auto_advance = true;
    r = fixture_ok(f, "create_media_buy", buy);
    assert_int_equal(json_i64_or(r.reply, "total_budget", -1), 20000);
    assert_true(yyjson_arr_size(json_arr(r.reply, "packages")) >= 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(auctions_need_a_bid_over_the_floor),
        T(an_action_the_product_does_not_allow),
        T(commitments_of_actions_are_kept),
        T(a_package_added_later_narrows_what_was_agreed),
        T(what_else_is_asked_of_what_is_canceled_is_said_to_have_no_effect),
        T(a_package_keeps_the_price_of_an_option_that_is_gone),
        T(an_action_may_be_bound_to_statuses),
        T(an_update_that_needs_approval_is_done_when_approved),
        T(an_approval_that_cannot_be_carried_out_leaves_the_task_open),
        T(creatives_have_a_deadline),
        T(a_snapshot_says_what_is_known),
        T(a_committed_proposal_becomes_a_buy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

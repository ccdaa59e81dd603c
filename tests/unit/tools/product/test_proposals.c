/* Proposals: offered, refined, finalized with a hold, bought; and everything that may not happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "domain/decide/task_resolve.h"
#include "domain/publisher/catalog_import.h"
#include "tools/fixture.h"

static struct fixture_reply products(struct fixture *f, const char *args)
{
    struct fixture_reply r = fixture_call(f, "get_products", args);
    if (r.rc == 0) {
        fixture_valid(f, &r, "get_products", ADCP_LINE_NEWEST);
        fixture_valid(f, &r, "get_products", ADCP_3_0);
    }
    return r;
}

static struct fixture_reply brief(struct fixture *f)
{
    return products(f, "{\"buying_mode\":\"brief\",\"brief\":\"US tech enthusiasts, display and video\"}");
}

static struct fixture_reply refine(struct fixture *f, struct str id, const char *more)
{
    return products(
        f, arena_printf(&f->arena,
                        "{\"buying_mode\":\"refine\",\"refine\":[{\"scope\":\"proposal\",\"proposal_id\":\"" STR_FMT
                        "\"%s}]}",
                        STR_ARG(id), more)
               .p);
}

static struct fixture_reply finalize(struct fixture *f, struct str id)
{
    return refine(f, id, ",\"action\":\"finalize\"");
}

static yyjson_val *proposal(const struct fixture_reply *r, size_t i)
{
    assert_int_equal(r->rc, 0);
    return yyjson_arr_get(json_arr(r->reply, "proposals"), i);
}

static struct str first_id(const struct fixture_reply *r)
{
    struct str id = json_str(proposal(r, 0), "proposal_id");
    assert_true(id.n > 0);
    return id;
}

static int64_t share(yyjson_val *p, const char *product_id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(p, "allocations"), i, n, v) {
        if (str_is(json_str(v, "product_id"), product_id)) return json_i64_or(v, "allocation_percentage", -1);
    }
    return 0;
}

static void shares_add_up(yyjson_val *p)
{
    int64_t sum = 0;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(p, "allocations"), i, n, v) sum += json_i64_or(v, "allocation_percentage", -1);
    assert_int_equal(sum, 100);
}

static const char *const applied_status = "/refinement_applied/0/status";

static void a_brief_brings_draft_plans(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f), again = brief(f);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "proposals")), 2);
    for (size_t i = 0; i < 2; i++) {
        shares_add_up(proposal(&r, i));
        assert_true(str_is(json_str(proposal(&r, i), "proposal_status"), "draft"));
    }
    assert_true(str_eq(first_id(&r), first_id(&again)));
}

static void asks_move_shares_between_channels(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct fixture_reply video = refine(f, first_id(&r), ",\"ask\":\"Shift 60% of the budget to video\"");
    shares_add_up(proposal(&video, 0));
    assert_int_equal(share(proposal(&video, 0), "prod-tech-video-001"), 60);
    assert_true(yyjson_equals_str(json_get_path(video.reply, applied_status), "applied"));
    assert_false(str_eq(first_id(&r), first_id(&video)));
    struct fixture_reply dropped = refine(f, first_id(&r), ",\"ask\":\"drop the display products and polish it\"");
    assert_int_equal(share(proposal(&dropped, 0), "prod-tech-video-001"), 100);
    assert_true(yyjson_equals_str(json_get_path(dropped.reply, applied_status), "partial"));
    struct fixture_reply nonsense = refine(f, first_id(&r), ",\"ask\":\"polish it\"");
    assert_true(yyjson_equals_str(json_get_path(nonsense.reply, applied_status), "unable"));
    assert_true(str_eq(first_id(&r), first_id(&nonsense)));
}

static int64_t video_available(struct fixture *f)
{
    struct fixture_reply r = products(f, "{\"brief\":\"video\",\"filters\":{\"channels\":[\"olv\"]}}");
    yyjson_val *p = yyjson_arr_get_first(json_arr(r.reply, "products"));
    return json_i64_or(json_get_path(p, "/forecast/points/0/metrics/impressions"), "mid", -1);
}

static void finalizing_is_firm_keeps_inventory_and_can_be_repeated(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct fixture_reply video = refine(f, first_id(&r), ",\"ask\":\"100% video\"");
    int64_t before = video_available(f);
    struct fixture_reply firm = finalize(f, first_id(&video));
    assert_true(str_is(json_str(proposal(&firm, 0), "proposal_status"), "committed"));
    assert_true(str_is(json_str(proposal(&firm, 0), "expires_at"), "2026-03-12T14:30:00Z"));
    assert_true(yyjson_equals_str(json_get_path(firm.reply, applied_status), "applied"));
    int64_t held = video_available(f);
    assert_true(held < before);
    struct fixture_reply again = finalize(f, first_id(&video));
    assert_true(str_eq(json_write_val(&f->arena, proposal(&firm, 0)), json_write_val(&f->arena, proposal(&again, 0))));
    assert_int_equal(video_available(f), held);
    f->now += INT64_C(73) * 3600 * 1000000;
    assert_int_equal(video_available(f), before); /* the hold has lapsed */
}

static struct fixture_reply buy(struct fixture *f, struct str id, const char *more)
{
    return fixture_call(f, "create_media_buy",
                        arena_printf(&f->arena,
                                     "{\"idempotency_key\":\"key-0123456789abcdef\",\"proposal_id\":\"" STR_FMT "\",%s"
                                     "\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\","
                                     "\"end_time\":\"2026-05-01T00:00:00Z\"}",
                                     STR_ARG(id), more)
                            .p);
}

#define TOTAL "\"total_budget\":{\"amount\":10000,\"currency\":\"USD\"},"

static void a_firm_plan_is_bought_once(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct str id = first_id(&r);
    struct fixture_reply draft = buy(f, id, TOTAL);
    assert_string_equal(draft.e.code, "PROPOSAL_NOT_COMMITTED");
    assert_int_equal(finalize(f, id).rc, 0);
    assert_string_equal(buy(f, id, "").e.field, "/total_budget");
    assert_string_equal(buy(f, id, TOTAL "\"packages\":[{}],").e.field, "/packages");
    f->auto_advance = true;
    struct fixture_reply bought = buy(f, id, TOTAL);
    if (bought.rc) print_error("%s %s %s\n", bought.e.code, bought.e.message, bought.e.field);
    assert_int_equal(bought.rc, 0);
    size_t i, n;
    yyjson_val *v, *packages = json_arr(bought.reply, "packages");
    int64_t sum = 0;
    assert_int_equal(yyjson_arr_size(packages), yyjson_arr_size(json_arr(proposal(&r, 0), "allocations")));
    yyjson_arr_foreach(packages, i, n, v) {
        sum += json_i64_or(v, "budget", 0);
        assert_int_equal(json_i64_or(v, "budget", 0), 100 * share(proposal(&r, 0), json_str(v, "product_id").p));
    }
    assert_int_equal(sum, 10000);
    struct fixture_reply twice = buy(f, id, TOTAL);
    assert_string_equal(twice.e.code, "CONFLICT");
}

static void a_lapsed_plan_cannot_be_bought(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    assert_int_equal(finalize(f, first_id(&r)).rc, 0);
    f->now += INT64_C(72) * 3600 * 1000000;
    assert_string_equal(buy(f, first_id(&r), TOTAL).e.code, "PROPOSAL_EXPIRED");
    assert_int_equal(finalize(f, first_id(&r)).rc, 0);
    f->auto_advance = true;
    assert_int_equal(buy(f, first_id(&r), TOTAL).rc, 0);
}

static void another_buyers_firm_plan_is_only_a_draft_to_others(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    assert_int_equal(finalize(f, first_id(&r)).rc, 0);
    fixture_become_new_buyer(f, "other");
    assert_string_equal(buy(f, first_id(&r), TOTAL).e.code, "PROPOSAL_NOT_COMMITTED");
}

static void ids_that_are_not_ours_do_not_exist(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct str id = first_id(&r);
    char *altered = (char *)arena_dup(&f->arena, id).p;
    altered[id.n / 2] = altered[id.n / 2] == 'A' ? 'B' : 'A';
    const struct str ids[] = {
        { altered, id.n }, STR("prop-"), STR("balanced_reach_q2"), STR("prop-AAAA"), { id.p, id.n - 1 }
    };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct fixture_reply firm = finalize(f, ids[i]);
        assert_int_equal(firm.rc, -1);
        assert_string_equal(firm.e.code, "PROPOSAL_NOT_FOUND");
        assert_string_equal(firm.e.field, "/refine/0/proposal_id");
        assert_string_equal(buy(f, ids[i], TOTAL).e.code, "PROPOSAL_NOT_FOUND");
        struct fixture_reply kept = refine(f, ids[i], "");
        assert_int_equal(kept.rc, -1);
        assert_string_equal(kept.e.code, "PROPOSAL_NOT_FOUND");
        assert_string_equal(kept.e.field, "/refine/0/proposal_id");
    }
}

static void finalizing_several_is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    const char *both = arena_printf(&f->arena,
                                    "{\"buying_mode\":\"refine\",\"refine\":["
                                    "{\"scope\":\"proposal\",\"proposal_id\":\"" STR_FMT "\",\"action\":\"finalize\"},"
                                    "{\"scope\":\"proposal\",\"proposal_id\":\"nope\",\"action\":\"finalize\"}]}",
                                    STR_ARG(first_id(&r)))
                           .p;
    struct fixture_reply failed = products(f, both);
    assert_int_equal(failed.rc, -1);
    assert_string_equal(failed.e.field, "/refine/1/proposal_id");
    assert_string_equal(buy(f, first_id(&r), TOTAL).e.code, "PROPOSAL_NOT_COMMITTED");
}

static void the_publishers_own_plans_keep_their_ids(void **state)
{
    struct fixture *f = *state;
#define PLAN(percent)                                                                                                  \
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\","    \
    "\"proposals\":[{\"proposal_id\":\"balanced_reach_q2\",\"name\":\"Balanced reach\",\"allocations\":["              \
    "{\"product_id\":\"prod-tech-video-001\",\"pricing_option_id\":\"price-003\",\"percent\":" percent "},"            \
    "{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"percent\":40}]}]}}"
    assert_int_equal(fixture_import(f, STR(PLAN("60"))), 1);
    fixture_reload_tenant(f);
    struct fixture_reply r = brief(f);
    assert_true(str_is(first_id(&r), "balanced_reach_q2"));
    struct fixture_reply same = refine(f, STR("balanced_reach_q2"), ",\"ask\":\"polish it\"");
    assert_true(str_is(first_id(&same), "balanced_reach_q2"));
    struct fixture_reply moved = refine(f, STR("balanced_reach_q2"), ",\"ask\":\"80% display\"");
    assert_int_equal(share(proposal(&moved, 0), "prod-ron-display-001"), 80);
    assert_int_equal(finalize(f, STR("balanced_reach_q2")).rc, 0);
    f->auto_advance = true;
    assert_int_equal(buy(f, STR("balanced_reach_q2"), TOTAL).rc, 0);
}

static int import_bad_plan(struct act *act, void *arg, struct err *e)
{
    struct catalog_import c = { .tx = act->tx, .arena = act->arena, .rng = act->rng, .now = act->now };
    struct catalog_counts counts;
    return catalog_import(&c, STR(PLAN("70")), &counts, e);
}

static void a_plan_that_does_not_add_up_is_refused(void **state)
{
    struct err e;
    assert_int_equal(fixture_act(*state, import_bad_plan, NULL, &e), -1);
    assert_string_equal(e.field, "/tenant/proposals/0/allocations");
}

static void strangers_cannot_finalize(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    f->anonymous = true;
    assert_string_equal(finalize(f, first_id(&r)).e.code, "AUTH_MISSING");
}

/* ---- people ---- */

static struct fixture_reply as_person(struct fixture *f, const char *tool, const char *args)
{
    struct principal buyer = f->principal;
    f->principal.role = ROLE_ADMINISTRATOR;
    struct fixture_reply r = fixture_call(f, tool, args);
    f->principal = buyer;
    if (r.rc) print_error("%s: %s: %s (%s)\n", tool, r.e.code, r.e.message, r.e.field);
    assert_int_equal(r.rc, 0);
    return r;
}

static void rule(struct fixture *f, const char *json)
{
    (void)as_person(f, "x_rule_add", arena_printf(&f->arena, "{\"rule\":%s}", json).p);
}

static struct fixture_reply decide(struct fixture *f, struct str task_id, const char *decision)
{
    return as_person(f, "x_task_resolve",
                     arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"%s\",\"reason\":\"no\"}",
                                  STR_ARG(task_id), decision)
                         .p);
}

#define PLANS(then)                                                                                                    \
    "{\"name\":\"plans\",\"when\":{\"operations\":[\"proposal\"],\"amount_over\":1},\"then\":\"" then                  \
    "\",\"reason\":\"not now\"}"

static struct fixture_reply asked(struct fixture *f, struct str id)
{
    return fixture_call(f, "get_products",
                        arena_printf(&f->arena,
                                     "{\"buying_mode\":\"refine\",\"context\":{\"trace\":3},\"refine\":["
                                     "{\"scope\":\"proposal\",\"proposal_id\":\"" STR_FMT
                                     "\",\"action\":\"finalize\"}]}",
                                     STR_ARG(id))
                            .p);
}

static struct fixture_reply status_of(struct fixture *f, struct str task_id)
{
    struct fixture_reply r = fixture_call(
        f, "get_task_status",
        arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"include_result\":true}", STR_ARG(task_id)).p);
    assert_int_equal(r.rc, 0);
    return r;
}

static void a_person_makes_it_firm_where_a_rule_says_so(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct str id = first_id(&r);
    rule(f, PLANS("person"));
    struct fixture_reply first = asked(f, id), again = asked(f, id);
    assert_int_equal(first.rc, 0);
    assert_int_equal(first.outcome, TOOL_SUBMITTED);
    assert_null(yyjson_obj_get(first.reply, "products")); /* they come with the result */
    assert_true(str_eq(first.task_id, again.task_id)); /* asked twice is decided once */
    assert_true(str_is(json_str(status_of(f, first.task_id).reply, "status"), "submitted"));
    (void)decide(f, first.task_id, "approve");
    r = status_of(f, first.task_id);
    assert_true(str_is(json_str(r.reply, "status"), "completed"));
    assert_true(str_is(json_str(r.reply, "task_type"), "get_products"));
    assert_true(str_eq(json_val_str(json_get_path(r.reply, "/result/proposals/0/proposal_id")), id));
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/result/proposals/0/proposal_status")), "committed"));
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/result/context"), "trace", 0), 3);
    r = finalize(f, id); /* firm now: nobody is asked again */
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    assert_true(str_is(json_str(proposal(&r, 0), "proposal_status"), "committed"));
    fixture_become_new_buyer(f, "other"); /* and it is firm for its buyer alone */
    assert_int_equal(asked(f, id).outcome, TOOL_SUBMITTED);
}

static void nobody_is_asked_within_seconds(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct str id = first_id(&r);
    rule(f, PLANS("person"));
    r = products(
        f,
        arena_printf(&f->arena,
                     "{\"buying_mode\":\"refine\",\"time_budget\":{\"interval\":20,\"unit\":\"seconds\"},\"refine\":["
                     "{\"scope\":\"proposal\",\"proposal_id\":\"" STR_FMT "\",\"action\":\"finalize\"}]}",
                     STR_ARG(id))
            .p);
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/refinement_applied/0/status")), "unable"));
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/incomplete/0/scope")), "proposals"));
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/incomplete/0/estimated_wait"), "interval", 0), 24);
    assert_null(json_get_path(r.reply, "/proposals/0"));
    r = as_person(f, "x_task_list", "{}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "tasks")), 0);
}

static void a_person_may_say_no(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct str id = first_id(&r);
    rule(f, PLANS("person"));
    r = asked(f, id);
    (void)decide(f, r.task_id, "reject");
    assert_true(str_is(json_str(status_of(f, r.task_id).reply, "status"), "rejected"));
    struct fixture_reply next = asked(f, id);
    assert_int_equal(next.outcome, TOOL_SUBMITTED); /* it is still a draft, and may be asked for again */
    assert_false(str_eq(next.task_id, r.task_id));
}

static void rules_may_refuse_and_others_do_not_matter(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = brief(f);
    struct str id = first_id(&r);
    rule(f, "{\"name\":\"any\",\"when\":{},\"then\":\"person\"}"); /* names no operation: buys, not proposals */
    assert_int_equal(finalize(f, id).outcome, TOOL_COMPLETED);
    rule(f, PLANS("reject"));
    fixture_become_new_buyer(f, "other");
    r = asked(f, id);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "POLICY_VIOLATION");
    assert_string_equal(r.e.field, "/refine/0/proposal_id");
    assert_string_equal(r.e.message, "not now");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_brief_brings_draft_plans),
        T(asks_move_shares_between_channels),
        T(finalizing_is_firm_keeps_inventory_and_can_be_repeated),
        T(a_firm_plan_is_bought_once),
        T(a_lapsed_plan_cannot_be_bought),
        T(another_buyers_firm_plan_is_only_a_draft_to_others),
        T(ids_that_are_not_ours_do_not_exist),
        T(finalizing_several_is_all_or_nothing),
        T(the_publishers_own_plans_keep_their_ids),
        T(a_plan_that_does_not_add_up_is_refused),
        T(strangers_cannot_finalize),
        T(a_person_makes_it_firm_where_a_rule_says_so),
        T(nobody_is_asked_within_seconds),
        T(a_person_may_say_no),
        T(rules_may_refuse_and_others_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

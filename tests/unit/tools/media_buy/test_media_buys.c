/* Creating, deciding on, changing and reading media buys, over the demo publisher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "contract/validate.h"
#include "domain/creative/creative.h"
#include "domain/media_buy/lifecycle.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"
#include "tools/fixture.h"

#define DAY USEC_PER_DAY

static const char tutorial_create[] =
    "{\"ext\":{\"salesagent\":{\"name\":\"TechCorp Developer Tool Launch\",\"buyer_ref\":\"TC-2026-Q2-001\"}},"
    "\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000,"
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\","
    "\"format_ids\":[{\"id\":\"fmt-display-300x250\"}],\"targeting_overlay\":{\"geo_countries\":[\"US\"]},"
    "\"context\":{\"buyer_ref\":\"line-1\"},\"ext\":{\"salesagent\":{\"name\":\"Medium Rectangle\"}}},"
    "{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":2000,"
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"}],"
    "\"total_budget\":{\"amount\":5000,\"currency\":\"USD\"},\"context\":{\"trace\":1}}";

/* Every reply that an AdCP 3.1 caller could see is checked against its published schema. */
static void assert_valid(struct fixture *f, const char *tool, const struct fixture_reply *r)
{
    const struct contract *c = contract_find(ADCP_LINE_NEWEST, tool, CONTRACT_RESPONSE);
    assert_non_null(c);
    struct contract_report report = { .arena = &f->arena };
    const char *word = r->outcome == TOOL_SUBMITTED ? "submitted" : "completed";
    struct str text = r->text;
    if (!json_has(r->reply, "status")) {
        const char *sep = text.n > 2 ? "," : "";
        text = r->task_id.n ? arena_printf(&f->arena, "{\"status\":\"%s\",\"task_id\":\"" STR_FMT "\"%s%s", word,
                                           STR_ARG(r->task_id), sep, text.p + 1)
                            : arena_printf(&f->arena, "{\"status\":\"%s\"%s%s", word, sep, text.p + 1);
    }
    if (contract_validate(c, fixture_json(f, text.p), &report) == 0) return;
    print_error("%s\n", text.p);
    for (int i = 0; i < report.count; i++) {
        print_error(STR_FMT ": " STR_FMT "\n", STR_ARG(report.issues[i].pointer), STR_ARG(report.issues[i].message));
    }
    fail();
}

static bool shows_undecided(const struct fixture_reply *r)
{
    yyjson_val *b;
    size_t i, n;
    yyjson_arr_foreach(json_arr(r->reply, "media_buys"), i, n, b) {
        if (str_is(json_str(b, "status"), "pending_approval")) return true;
    }
    return false;
}

static struct fixture_reply ok(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc) print_error("%s: %s: %s (%s)\n", tool, r.e.code, r.e.message, r.e.field);
    assert_int_equal(r.rc, 0);
    if (!shows_undecided(&r)) assert_valid(f, tool, &r); /* that state is for other dialects only */
    return r;
}

static void refused(struct fixture *f, const char *tool, const char *args, const char *code, const char *field)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, code);
    assert_string_equal(r.e.field, field);
    assert_true(r.e.message[0] != 0);
}

static const char *text(struct fixture *f, yyjson_val *root, const char *pointer)
{
    struct str s = json_val_str(json_get_path(root, pointer));
    return s.p ? arena_cstr(&f->arena, s) : "(none)";
}

#define ASSERT_TEXT(f, root, pointer, want) assert_string_equal(text(f, root, pointer), want)
#define ASSERT_NUM(root, pointer, want)     assert_float_equal(yyjson_get_num(json_get_path(root, pointer)), want, 1e-9)

static const char *fill(struct fixture *f, const char *pattern, struct str id)
{
    return arena_printf(&f->arena, pattern, STR_ARG(id)).p;
}

/* A buy that needed no person. Returns its id. */
static struct str create_auto(struct fixture *f)
{
    f->auto_advance = true;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    return json_str(r.reply, "media_buy_id");
}

static struct str package_id(struct fixture *f, struct str buy, int ordinal)
{
    return arena_printf(&f->arena, "pkg-" STR_FMT "-%03d", STR_ARG(str_skip(buy, 3)), ordinal);
}

static const char *status_at(struct fixture *f, struct str buy, int64_t now)
{
    int64_t real = f->now;
    f->now = now;
    struct fixture_reply r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", buy));
    f->now = real;
    return text(f, r.reply, "/media_buys/0/status");
}

struct creative_arg {
    struct str package_id;
    const char *creative_id;
};

/* Approved creatives straight into the store: the library has its own tests. */
static int put_creative(struct act *act, void *arg, struct err *e)
{
    struct creative_arg *c = arg;
    struct media_buy b;
    struct str buy = arena_printf(act->arena, "mb-" STR_FMT, STR_ARG(((struct str){ c->package_id.p + 4, 26 })));
    if (media_buy_load(act, buy, &b, e) != 1) return -1;
    struct creative_key key = { act->tenant->tenant_id, b.row.principal_id, str_from(c->creative_id) };
    struct creative_row row = { .key = key,
                                .account_id = b.row.account_id,
                                .name = str_from(c->creative_id),
                                .format_id = STR("fmt-display-300x250"),
                                .status = STR("approved"),
                                .doc = STR("{}"),
                                .created_at = act->now,
                                .updated_at = act->now };
    struct creative_assignment_row assignment = { .key = key,
                                                  .package_id = c->package_id,
                                                  .media_buy_id = buy,
                                                  .doc = STR("{\"weight\":40}"),
                                                  .created_at = act->now };
    if (q_creative_put(act->tx, &row, e) < 0 || q_creative_assign(act->tx, &assignment, e) < 0) return -1;
    return media_buy_creatives_changed(act, buy, e);
}

static void give_creatives(struct fixture *f, struct str buy)
{
    static const char *const names[] = { "c-1", "c-2" };
    struct err e;
    for (int i = 0; i < 2; i++) {
        struct creative_arg arg = { package_id(f, buy, i + 1), names[i] };
        assert_int_equal(fixture_act(f, put_creative, &arg, &e), 0);
    }
}

/* ---- create ---- */

static void the_tutorials_create_waits_for_a_person(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    assert_int_equal(r.outcome, TOOL_SUBMITTED);
    assert_true(r.task_id.n > 0);
    assert_false(json_has(r.reply, "media_buy_id"));
    assert_false(json_has(r.reply, "packages"));
    ASSERT_TEXT(f, r.aux, "/media_buys/0/status", "pending_approval");
    ASSERT_TEXT(f, r.aux, "/media_buys/0/name", "TechCorp Developer Tool Launch");
    ASSERT_TEXT(f, r.aux, "/media_buys/0/buyer_ref", "TC-2026-Q2-001");
    ASSERT_NUM(r.aux, "/media_buys/0/packages/0/estimated_impressions", 240000);
    ASSERT_NUM(r.aux, "/media_buys/0/packages/1/estimated_impressions", 160000);
    ASSERT_NUM(r.aux, "/media_buys/0/packages/0/rate", 12.5);
    ASSERT_TEXT(f, r.aux, "/media_buys/0/packages/0/name", "Medium Rectangle");
    ASSERT_TEXT(f, r.aux, "/media_buys/0/tasks/0/status", "pending");
    ASSERT_TEXT(f, r.aux, "/media_buys/0/tasks/0/type", "publisher_review");
    ASSERT_NUM(r.aux, "/media_buys/0/total_budget", 5000);
}

static void auto_advance_answers_with_the_buy(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    struct str id = json_str(r.reply, "media_buy_id");
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "pending_creatives");
    ASSERT_TEXT(f, r.reply, "/confirmed_at", "2026-03-09T14:30:00Z");
    ASSERT_NUM(r.reply, "/revision", 1);
    ASSERT_NUM(r.reply, "/total_budget", 5000);
    ASSERT_TEXT(f, r.reply, "/packages/0/context/buyer_ref", "line-1");
    ASSERT_TEXT(f, r.reply, "/packages/0/targeting_overlay/geo_countries/0", "US");
    ASSERT_NUM(r.reply, "/packages/0/impressions", 240000);
    assert_true(str_eq(json_val_str(json_get_path(r.reply, "/packages/1/package_id")), package_id(f, id, 2)));
    assert_false(json_has(r.reply, "context")); /* the envelope's */
}

static void actions_follow_the_release_of_the_caller(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    f->minor_3_0 = true;
    struct fixture_reply r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/media_buys/0/valid_actions")), 6);
    assert_null(json_get_path(r.reply, "/media_buys/0/available_actions"));
    f->minor_3_0 = false;
    r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/media_buys/0/valid_actions")), 19);
    ASSERT_TEXT(f, r.reply, "/media_buys/0/available_actions/0/mode", "self_serve");
}

/* ---- deciding ---- */

struct decide_arg {
    struct task_resolution r;
    struct task_row out;
};

static int decide(struct act *act, void *arg, struct err *e)
{
    struct decide_arg *d = arg;
    return task_resolve(act, &d->r, &d->out, e);
}

static int decide_as(struct fixture *f, const char *who, struct str task, enum task_decision decision, struct err *e)
{
    struct decide_arg arg = { .r = { .task_id = task, .decision = decision, .reason = STR("not our audience") } };
    fixture_become(f, who);
    int rc = fixture_act(f, decide, &arg, e);
    fixture_become(f, "test-buyer");
    return rc;
}

static void approval_moves_the_buy_on_and_happens_once(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    struct str task = r.task_id, id = json_val_str(json_get_path(r.aux, "/media_buys/0/media_buy_id"));
    assert_int_equal(decide_as(f, "test-buyer", task, TASK_APPROVE, &e), -1);
    assert_string_equal(e.code, "PERMISSION_DENIED");
    assert_string_equal(status_at(f, id, f->now), "pending_approval");
    assert_int_equal(decide_as(f, "test-operator", task, TASK_APPROVE, &e), 0);
    assert_string_equal(status_at(f, id, f->now), "pending_creatives");
    assert_int_equal(decide_as(f, "test-operator", task, TASK_REJECT, &e), -1);
    assert_string_equal(e.code, "INVALID_STATE");
    assert_non_null(strstr(e.message, "already decided"));
    assert_string_equal(status_at(f, id, f->now), "pending_creatives");

    r = ok(f, "tasks/get", fill(f, "{\"task_id\":\"" STR_FMT "\",\"include_result\":true}", task));
    ASSERT_TEXT(f, r.reply, "/status", "completed");
    ASSERT_TEXT(f, r.reply, "/task_type", "create_media_buy");
    assert_true(str_eq(json_val_str(json_get_path(r.reply, "/result/media_buy_id")), id));
    ASSERT_NUM(r.reply, "/result/context/trace", 1);
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/result/packages")), 2);
}

static void rejection_tells_why_and_is_final(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    struct str task = r.task_id, id = json_val_str(json_get_path(r.aux, "/media_buys/0/media_buy_id"));
    assert_int_equal(decide_as(f, "test-operator", task, TASK_REJECT, &e), 0);
    r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    ASSERT_TEXT(f, r.reply, "/media_buys/0/status", "rejected");
    ASSERT_TEXT(f, r.reply, "/media_buys/0/rejection_reason", "not our audience");
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/media_buys/0/valid_actions")), 0);
    r = ok(f, "get_task_status", fill(f, "{\"task_id\":\"" STR_FMT "\"}", task));
    ASSERT_TEXT(f, r.reply, "/status", "rejected");
    ASSERT_TEXT(f, r.reply, "/error/message", "not our audience");
    refused(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}", id), "INVALID_STATE",
            "/media_buy_id");
}

static void an_undecided_buy_is_a_task_to_adcp_callers(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    struct str id = json_val_str(json_get_path(r.aux, "/media_buys/0/media_buy_id"));
    f->no_aux = true;
    r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buys")), 0);
    r = ok(f, "list_tasks", "{\"filters\":{\"status\":\"submitted\"}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "tasks")), 1);
    ASSERT_NUM(r.reply, "/query_summary/total_matching", 1);
    r = ok(f, "list_tasks", "{\"filters\":{\"task_type\":\"sync_creatives\"}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "tasks")), 0);
    f->no_aux = false;
    ok(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", id));
    r = ok(f, "list_tasks", "{\"filters\":{\"status\":\"submitted\"}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "tasks")), 0);
}

/* ---- time ---- */

static void time_moves_a_buy_without_writing(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    int64_t start, end;
    assert_int_equal(rfc3339_parse(STR("2026-04-01T00:00:00Z"), &start), 0);
    assert_int_equal(rfc3339_parse(STR("2026-05-01T00:00:00Z"), &end), 0);
    assert_string_equal(status_at(f, id, f->now), "pending_creatives");
    give_creatives(f, id);
    assert_string_equal(status_at(f, id, f->now), "pending_start");
    assert_string_equal(status_at(f, id, start - 1), "pending_start");
    assert_string_equal(status_at(f, id, start), "active");
    assert_string_equal(status_at(f, id, end - 1), "active");
    assert_string_equal(status_at(f, id, end), "completed");
    assert_string_equal(status_at(f, id, f->now), "pending_start");
}

struct advance_arg {
    int64_t until, next;
};

static int advance(struct act *act, void *arg, struct err *e)
{
    struct advance_arg *a = arg;
    struct act timer = *act;
    timer.now = a->until;
    return due_advance(&timer, &lifecycle_flights, &a->next, e);
}

static void the_lifecycle_sleeps_until_the_next_change(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct str id = create_auto(f);
    give_creatives(f, id);
    int64_t start = INT64_C(1775001600000000), end = start + 30 * DAY;
    struct advance_arg a = { .until = f->now };
    assert_int_equal(fixture_act(f, advance, &a, &e), 0);
    assert_int_equal(a.next, start);
    a.until = start;
    assert_int_equal(fixture_act(f, advance, &a, &e), 0);
    assert_int_equal(a.next, end);
    a.until = end + 5 * DAY;
    assert_int_equal(fixture_act(f, advance, &a, &e), 0);
    assert_int_equal(a.next, TIME_NONE);
    /* What the timer wrote does not change what another time sees. */
    assert_string_equal(status_at(f, id, start + DAY), "active");
    f->now = end + 5 * DAY;
    struct fixture_reply r =
        ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"],\"include_history\":10}", id));
    ASSERT_TEXT(f, r.reply, "/media_buys/0/status", "completed");
    ASSERT_TEXT(f, r.reply, "/media_buys/0/history/0/action", "completed");
    ASSERT_TEXT(f, r.reply, "/media_buys/0/history/0/timestamp", "2026-05-01T00:00:00Z");
    ASSERT_TEXT(f, r.reply, "/media_buys/0/history/1/action", "activated");
    ASSERT_TEXT(f, r.aux, "/media_buys/0/completed_at", "2026-04-30T23:59:59Z");
}

static void a_flight_without_creatives_lapses(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    assert_string_equal(status_at(f, id, f->now + 90 * DAY), "canceled");
    assert_string_equal(status_at(f, id, f->now), "pending_creatives");
}

/* ---- update ---- */

static void the_tutorials_step_10(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    give_creatives(f, id);
    f->now = INT64_C(1775902500000000); /* 2026-04-11T10:15:00Z */
    struct str p1 = package_id(f, id, 1), p2 = package_id(f, id, 2);
    struct fixture_reply r = ok(
        f, "update_media_buy",
        arena_printf(&f->arena,
                     "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\",\"budget\":3500,"
                     "\"end_time\":\"2026-05-08T00:00:00Z\"},{\"package_id\":\"" STR_FMT "\",\"budget\":1500,"
                     "\"end_time\":\"2026-05-08T00:00:00Z\"}]}",
                     STR_ARG(id), STR_ARG(p1), STR_ARG(p2))
            .p);
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "active");
    ASSERT_NUM(r.reply, "/total_budget", 5000);
    ASSERT_NUM(r.reply, "/affected_packages/0/budget", 3500);
    ASSERT_NUM(r.reply, "/affected_packages/0/impressions", 280000);
    ASSERT_NUM(r.aux, "/media_buys/0/packages/0/previous_budget", 3000);
    ASSERT_NUM(r.aux, "/media_buys/0/packages/1/previous_budget", 2000);
    ASSERT_NUM(r.aux, "/media_buys/0/packages/1/estimated_impressions", 120000);
    ASSERT_TEXT(f, r.aux, "/media_buys/0/updated_at", "2026-04-11T10:15:00Z");
    ASSERT_TEXT(f, r.aux, "/media_buys/0/end_time", "2026-05-08T00:00:00Z");
    assert_string_equal(status_at(f, id, INT64_C(1778198399000000)), "active");    /* 2026-05-07T23:59:59Z */
    assert_string_equal(status_at(f, id, INT64_C(1778198400000000)), "completed"); /* 2026-05-08T00:00:00Z */
    /* Canceled packages aside, nothing else may be left of the old flight. */
    f->now = INT64_C(1778198400000000);
    r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    ASSERT_TEXT(f, r.aux, "/media_buys/0/completed_at", "2026-05-07T23:59:59Z");
}

static void pause_and_resume(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    give_creatives(f, id);
    f->now += 30 * DAY;
    struct fixture_reply r =
        ok(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}", id));
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "paused");
    int64_t revision = json_i64_or(r.reply, "revision", -1);
    r = ok(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}", id));
    assert_int_equal(json_i64_or(r.reply, "revision", -1), revision); /* nothing changed */
    r = ok(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":false}", id));
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "active");
    assert_int_equal(json_i64_or(r.reply, "revision", -1), revision + 1);
}

static void pausing_before_creatives_is_kept_for_later(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    struct fixture_reply r =
        ok(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}", id));
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "pending_creatives");
    give_creatives(f, id);
    assert_string_equal(status_at(f, id, f->now + 30 * DAY), "paused");
    r = ok(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":false}", id));
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "pending_start");
    assert_string_equal(status_at(f, id, f->now + 30 * DAY), "active");
}

static void canceling_wins_and_happens_once(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    give_creatives(f, id);
    struct fixture_reply r = ok(f, "update_media_buy",
                                fill(f,
                                     "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true,\"paused\":true,"
                                     "\"cancellation_reason\":\"budget cut\"}",
                                     id));
    ASSERT_TEXT(f, r.reply, "/media_buy_status", "canceled");
    r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    ASSERT_TEXT(f, r.reply, "/media_buys/0/cancellation/canceled_by", "buyer");
    ASSERT_TEXT(f, r.reply, "/media_buys/0/cancellation/reason", "budget cut");
    assert_null(json_get_path(r.reply, "/media_buys/0/packages/0/creative_assignments")); /* released */
    refused(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", id),
            "NOT_CANCELLABLE", "/canceled");
    refused(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":false}", id), "INVALID_STATE",
            "/media_buy_id");
}

static void packages_are_canceled_and_added(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f), p1 = package_id(f, id, 1);
    struct fixture_reply r = ok(
        f, "update_media_buy",
        arena_printf(&f->arena,
                     "{\"media_buy_id\":\"" STR_FMT "\",\"revision\":1,\"packages\":[{\"package_id\":\"" STR_FMT "\","
                     "\"canceled\":true,\"cancellation_reason\":\"weak\"}],\"new_packages\":[{\"product_id\":"
                     "\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"budget\":600}]}",
                     STR_ARG(id), STR_ARG(p1))
            .p);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "affected_packages")), 2);
    assert_true(yyjson_is_true(json_get_path(r.reply, "/affected_packages/0/canceled")));
    ASSERT_TEXT(f, r.reply, "/affected_packages/0/cancellation/reason", "weak");
    ASSERT_NUM(r.reply, "/affected_packages/1/impressions", 150000);
    ASSERT_NUM(r.reply, "/total_budget", 5600);
    assert_true(str_eq(json_val_str(json_get_path(r.reply, "/affected_packages/1/package_id")), package_id(f, id, 3)));
    refused(f, "update_media_buy",
            arena_printf(&f->arena,
                         "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\","
                         "\"canceled\":true}]}",
                         STR_ARG(id), STR_ARG(p1))
                .p,
            "NOT_CANCELLABLE", "/packages/0/canceled");
    refused(f, "update_media_buy", fill(f, "{\"media_buy_id\":\"" STR_FMT "\",\"revision\":1,\"paused\":true}", id),
            "CONFLICT", "/revision");
}

static void targeting_is_replaced_and_keywords_are_edited(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f), p1 = package_id(f, id, 1);
    f->sandbox = true; /* where a list that nobody keeps is let pass */
    struct fixture_reply r =
        ok(f, "update_media_buy",
           arena_printf(
               &f->arena,
               "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\","
               "\"targeting_overlay\":{\"property_list\":{\"agent_url\":\"https://lists.example\",\"list_id\":\"l1\"}},"
               "\"keyword_targets_add\":[{\"keyword\":\"c\",\"match_type\":\"exact\",\"bid_price\":1}]}]}",
               STR_ARG(id), STR_ARG(p1))
               .p);
    assert_null(json_get_path(r.reply, "/affected_packages/0/targeting_overlay/geo_countries"));
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "not applied"));
    f->sandbox = false;
    r = ok(f, "update_media_buy",
           arena_printf(&f->arena,
                        "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\","
                        "\"keyword_targets_add\":[{\"keyword\":\"c\",\"match_type\":\"exact\",\"bid_price\":2},"
                        "{\"keyword\":\"d\",\"match_type\":\"broad\"}]}]}",
                        STR_ARG(id), STR_ARG(p1))
               .p);
    r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    ASSERT_TEXT(f, r.reply, "/media_buys/0/packages/0/targeting_overlay/property_list/list_id", "l1");
    assert_int_equal(
        yyjson_arr_size(json_get_path(r.reply, "/media_buys/0/packages/0/targeting_overlay/keyword_targets")), 2);
    ASSERT_NUM(r.reply, "/media_buys/0/packages/0/targeting_overlay/keyword_targets/0/bid_price", 2);
    ASSERT_NUM(r.reply, "/media_buys/0/context/trace", 1);
}

/* Keywords come by the thousand; each used to be compared with all that are there, found by counting from the first. */
static void thousands_of_keywords_are_merged_soon(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f), p1 = package_id(f, id, 1);
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_addf(
        &b, "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\",\"keyword_targets_add\":[",
        STR_ARG(id), STR_ARG(p1));
    for (int i = 0; i < 6000; i++) buf_addf(&b, "{\"keyword\":\"k%d\",\"match_type\":\"exact\",\"bid_price\":1},", i);
    buf_add(
        &b,
        STR("{\"keyword\":\"k1\",\"match_type\":\"broad\"},{\"keyword\":\"k0\",\"match_type\":\"exact\",\"bid_price\":3}]}]}"));
    const char *args = arena_cstr(&f->arena, buf_str(&b));
    buf_finish(&b);
    clock_t before = clock();
    struct fixture_reply r = fixture_call(f, "update_media_buy", args);
    assert_int_equal(r.rc, 0);
    r = fixture_call(
        f, "update_media_buy",
        arena_printf(&f->arena,
                     "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\","
                     "\"keyword_targets_remove\":[{\"keyword\":\"k2\",\"match_type\":\"exact\"},{\"keyword\":\"k3\","
                     "\"match_type\":\"exact\"}],\"keyword_targets_add\":[{\"keyword\":\"k3\",\"match_type\":"
                     "\"exact\"}]}]}",
                     STR_ARG(id), STR_ARG(p1))
            .p);
    assert_int_equal(r.rc, 0);
    assert_true(clock() - before < 10 * CLOCKS_PER_SEC);
    r = fixture_call(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    yyjson_val *list = json_get_path(r.reply, "/media_buys/0/packages/0/targeting_overlay/keyword_targets");
    assert_int_equal(yyjson_arr_size(list), 6000); /* 6000, one of another kind, one removed */
    assert_true(str_is(json_str(yyjson_arr_get(list, 0), "keyword"), "k1"));
    assert_true(str_is(json_str(yyjson_arr_get(list, 1), "keyword"), "k4"));
    assert_true(str_is(json_str(yyjson_arr_get(list, 5997), "match_type"), "broad"));
    assert_true(str_is(json_str(yyjson_arr_get(list, 5998), "keyword"), "k0"));
    assert_int_equal(json_i64_or(yyjson_arr_get(list, 5998), "bid_price", 0), 3);
    assert_true(str_is(json_str(yyjson_arr_get(list, 5999), "keyword"), "k3"));
    assert_false(json_has(yyjson_arr_get(list, 5999), "bid_price"));
}

/* ---- reading ---- */

static void pages_are_walked_by_cursor(void **state)
{
    struct fixture *f = *state;
    struct str seen[5], cursor = STR_NONE;
    f->no_aux = true;
    for (int i = 0; i < 5; i++) {
        f->now += USEC_PER_SEC;
        seen[i] = create_auto(f);
    }
    int n = 0;
    for (int page = 0; page < 3; page++) {
        const char *args = cursor.n ? arena_printf(&f->arena,
                                                   "{\"status_filter\":[\"pending_creatives\"],\"pagination\":"
                                                   "{\"max_results\":2,\"cursor\":\"" STR_FMT "\"}}",
                                                   STR_ARG(cursor))
                                          .p
                                    : "{\"status_filter\":\"pending_creatives\",\"pagination\":{\"max_results\":2}}";
        struct fixture_reply r = ok(f, "get_media_buys", args);
        yyjson_val *b;
        size_t i, max;
        yyjson_arr_foreach(json_arr(r.reply, "media_buys"), i, max, b) {
            assert_true(str_eq(json_str(b, "media_buy_id"), seen[4 - n]));
            assert_int_equal(yyjson_arr_size(json_arr(b, "packages")), 2);
            n++;
        }
        bool more = json_bool_or(json_obj(r.reply, "pagination"), "has_more", false);
        cursor = json_str(json_obj(r.reply, "pagination"), "cursor");
        assert_int_equal(more, page < 2);
        assert_int_equal(cursor.n > 0, more);
    }
    assert_int_equal(n, 5);
    struct fixture_reply r = ok(f, "get_media_buys", "{}"); /* AdCP: the active ones */
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buys")), 0);
    assert_true(json_has(json_obj(r.reply, "pagination"), "has_more"));
    refused(f, "get_media_buys", "{\"pagination\":{\"cursor\":\"!!\"}}", "INVALID_REQUEST", "/pagination/cursor");
}

static void another_principals_ids_do_not_exist(void **state)
{
    struct fixture *f = *state;
    struct str id = create_auto(f);
    struct fixture_reply made = fixture_call(f, "list_tasks", "{}");
    assert_int_equal(made.rc, 0);
    fixture_become_new_buyer(f, "rival");
    const char *pause = "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}";
    struct fixture_reply other = fixture_call(f, "update_media_buy", fill(f, pause, id));
    struct fixture_reply none = fixture_call(f, "update_media_buy", fill(f, pause, STR("mb-none")));
    assert_int_equal(other.rc, -1);
    assert_string_equal(other.e.code, "MEDIA_BUY_NOT_FOUND");
    assert_string_equal(other.e.message, none.e.message);
    assert_string_equal(other.e.field, none.e.field);
    assert_string_equal(other.e.suggestion, none.e.suggestion);
    struct fixture_reply r = ok(f, "get_media_buys", fill(f, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", id));
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buys")), 0);
}

static void anothers_task_does_not_exist(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = ok(f, "create_media_buy", tutorial_create);
    fixture_become_new_buyer(f, "rival");
    refused(f, "tasks/get", fill(f, "{\"task_id\":\"" STR_FMT "\"}", r.task_id), "REFERENCE_NOT_FOUND", "/task_id");
    struct fixture_reply list = ok(f, "tasks/list", "{}");
    assert_int_equal(yyjson_arr_size(json_arr(list.reply, "tasks")), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(the_tutorials_create_waits_for_a_person),
        T(auto_advance_answers_with_the_buy),
        T(actions_follow_the_release_of_the_caller),
        T(approval_moves_the_buy_on_and_happens_once),
        T(rejection_tells_why_and_is_final),
        T(an_undecided_buy_is_a_task_to_adcp_callers),
        T(time_moves_a_buy_without_writing),
        T(the_lifecycle_sleeps_until_the_next_change),
        T(a_flight_without_creatives_lapses),
        T(the_tutorials_step_10),
        T(pause_and_resume),
        T(pausing_before_creatives_is_kept_for_later),
        T(canceling_wins_and_happens_once),
        T(packages_are_canceled_and_added),
        T(targeting_is_replaced_and_keywords_are_edited),
        T(thousands_of_keywords_are_merged_soon),
        T(pages_are_walked_by_cursor),
        T(another_principals_ids_do_not_exist),
        T(anothers_task_does_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

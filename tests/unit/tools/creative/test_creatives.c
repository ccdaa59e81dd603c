/* sync_creatives and list_creatives, as buyers use them, over the demo publisher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "contract/validate.h"
#include "domain/creative/creative.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"
#include "store/stmt.h"
#include "tools/fixture.h"

/* Every reply is checked against the published schema of AdCP 3.1. */
static struct fixture_reply call(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc == 0) fixture_valid(f, &r, tool, ADCP_LINE_NEWEST);
    return r;
}

#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"
#define BANNER(id, members)                                                                                            \
    "{\"creative_id\":\"" id "\",\"name\":\"Banner " id "\",\"format_id\":{\"agent_url\":"                             \
    "\"https://your-platform.example.com\",\"id\":\"fmt-display-300x250\"},\"assets\":{\"primary\":{"                  \
    "\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/" id ".png\",\"width\":300,\"height\":250,"           \
    "\"mime_type\":\"image/png\",\"file_size_bytes\":87500}}" members "}"

static struct fixture_reply sync_text(struct fixture *f, const char *creatives, const char *rest)
{
    struct str args = arena_printf(&f->arena, "{" ACCOUNT ",\"creatives\":[%s]%s}", creatives, rest);
    return call(f, "sync_creatives", args.p);
}

static yyjson_val *at(struct fixture_reply r, const char *path)
{
    return json_get_path(r.reply, path);
}

static void expect_str(struct fixture_reply r, const char *path, const char *want)
{
    struct str s = json_val_str(at(r, path));
    if (!str_is(s, want)) {
        print_error("%s is " STR_FMT ", not %s, in\n" STR_FMT "\n", path, STR_ARG(s), want, STR_ARG(r.text));
        fail();
    }
}

static void expect_ok(struct fixture_reply r)
{
    if (r.rc) {
        print_error("%s: %s (%s)\n", r.e.code, r.e.message, r.e.field);
        fail();
    }
}

static int64_t total(struct fixture *f, const char *args)
{
    struct fixture_reply r = call(f, "list_creatives", args);
    expect_ok(r);
    assert_int_equal(json_i64_or(json_obj(r.reply, "query_summary"), "returned", -1),
                     (int64_t)yyjson_arr_size(json_arr(r.reply, "creatives")));
    return json_i64_or(json_obj(r.reply, "query_summary"), "total_matching", -1);
}

/* A buy of the test buyer with two packages, written as rows: its own rules are tested elsewhere. */
static int insert_buy(struct act *act, void *arg, struct err *e)
{
    static const char *const sql[] = {
        "INSERT INTO media_buy (media_buy_id, tenant_id, principal_id, account_id, status, currency,"
        " total_budget_micros, start_at, end_at, revision, created_at, updated_at) SELECT 'mb-1', tenant_id,"
        " principal_id, account_id, 'active', 'USD', 1000000, 0, 9000000000000000, 1, 0, 0 FROM account LIMIT 1",
        "INSERT INTO package (media_buy_id, ordinal, package_id, product_id, pricing_option_id, pricing_model,"
        " rate_micros, budget_micros, start_at, end_at, doc) VALUES ('mb-1', 1, 'pkg-1', 'none', 'po', 'cpm', 1, 1, 0,"
        " 9000000000000000, '{\"format_ids\":[\"fmt-display-300x250\"]}')",
        "INSERT INTO package (media_buy_id, ordinal, package_id, product_id, pricing_option_id, pricing_model,"
        " rate_micros, budget_micros, start_at, end_at, doc) VALUES ('mb-1', 2, 'pkg-2', 'none', 'po', 'cpm', 1, 1, 0,"
        " 9000000000000000, '{\"format_ids\":[\"fmt-display-728x90\"]}')",
    };
    struct stmt *s = stmt_get(act->tx, sql[*(int *)arg]);
    int rc = stmt_run(s, e);
    stmt_reset(s);
    return rc;
}

static void with_buy(struct fixture *f)
{
    struct err e;
    for (int i = 0; i < 3; i++) assert_int_equal(fixture_act(f, insert_buy, &i, &e), 0);
}

static void a_creative_is_created_then_unchanged_then_updated(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = sync_text(f, BANNER("c1", ""), "");
    expect_ok(r);
    expect_str(r, "/creatives/0/action", "created");
    expect_str(r, "/creatives/0/status", "pending_review");
    assert_null(at(r, "/creatives/0/assigned_to"));
    yyjson_val *aux = json_get_path(r.aux, "/creatives/0");
    assert_true(json_bool_or(aux, "passed", false));
    assert_int_equal(yyjson_arr_size(json_arr(aux, "checks")), 3);
    assert_true(str_is(json_val_str(json_get_path(aux, "/checks/0/detail")), "300x250 matches format spec"));
    assert_true(str_is(json_str(aux, "format_id"), "fmt-display-300x250"));
    expect_str(sync_text(f, BANNER("c1", ""), ""), "/creatives/0/action", "unchanged");
    r = sync_text(f, BANNER("c1", ",\"tags\":[\"q2\"]"), "");
    expect_str(r, "/creatives/0/action", "updated");
    expect_str(r, "/creatives/0/changes/0", "tags");
    assert_int_equal(total(f, "{}"), 1);
}

static int approve(struct act *act, void *arg, struct err *e)
{
    struct creative_change c = { .principal_id = STR("test-buyer"),
                                 .creative_id = str_from(arg),
                                 .status = CREATIVE_APPROVED };
    return media_buy_set_creative_status(act, &c, e);
}

static void new_labels_keep_an_approval_and_new_content_does_not(void **state)
{
    struct fixture *f = *state;
    struct err e;
    expect_ok(sync_text(f, BANNER("c1", ""), ""));
    assert_int_equal(fixture_act(f, approve, (void *)"c1", &e), 0);
    struct fixture_reply r = sync_text(f, BANNER("c1", ",\"tags\":[\"q2\"]"), "");
    expect_str(r, "/creatives/0/status", "approved");
    r = sync_text(f,
                  "{\"creative_id\":\"c1\",\"name\":\"n\",\"format_id\":{\"id\":\"fmt-display-300x250\"},\"assets\":{"
                  "\"primary\":{\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/new.png\"}}}",
                  "");
    expect_str(r, "/creatives/0/action", "updated");
    expect_str(r, "/creatives/0/status", "pending_review");
    assert_int_equal(fixture_act(f, approve, (void *)"nope", &e), -1);
    assert_string_equal(e.code, "CREATIVE_NOT_FOUND");
}

struct reviews {
    int64_t open, all;
    struct task_row last;
};

static int find_reviews(struct act *act, void *arg, struct err *e)
{
    struct reviews *r = arg;
    struct task_filter f = { .tenant_id = act->tenant->tenant_id,
                             .kinds = STR("[\"creative_review\"]"),
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = 1 };
    struct task_row *rows;
    size_t n;
    if (q_task_count(act->tx, &f, &r->all, e) || q_task_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    if (n) r->last = rows[0];
    f.states = STR("[\"pending\"]");
    return q_task_count(act->tx, &f, &r->open, e);
}

static struct reviews reviews(struct fixture *f)
{
    struct reviews r = { 0 };
    struct err e;
    assert_int_equal(fixture_act(f, find_reviews, &r, &e), 0);
    return r;
}

static int decide(struct act *act, void *arg, struct err *e)
{
    struct task_resolution *r = arg;
    struct task_row task;
    return task_resolve(act, r, &task, e);
}

static void a_person_decides_through_a_task(void **state)
{
    struct fixture *f = *state;
    struct err e;
    expect_ok(sync_text(f, BANNER("c1", ""), ""));
    struct reviews r = reviews(f);
    assert_int_equal(r.open, 1);
    assert_true(str_is(r.last.subject_id, "c1"));
    expect_ok(sync_text(f, BANNER("c1", ",\"inputs\":[]"), "")); /* changed again before anybody looked */
    assert_int_equal(reviews(f).all, 1);
    struct task_resolution no = { .task_id = r.last.task_id, .decision = TASK_REJECT, .reason = STR("blurred") };
    assert_int_equal(fixture_act(f, decide, &no, &e), -1);
    assert_string_equal(e.code, "PERMISSION_DENIED"); /* never the buyer */
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, decide, &no, &e), 0);
    fixture_become(f, "test-buyer");
    struct fixture_reply l = call(f, "list_creatives", "{}");
    expect_str(l, "/creatives/0/status", "rejected");
    expect_str(l, "/creatives/0/rejection_reason", "blurred");
    expect_str(sync_text(f, BANNER("c1", ""), ""), "/creatives/0/status", "pending_review");
    r = reviews(f);
    assert_int_equal(r.open, 1);
    assert_int_equal(r.all, 2);
    fixture_become(f, "test-operator");
    struct task_resolution yes = { .task_id = r.last.task_id, .decision = TASK_APPROVE };
    assert_int_equal(fixture_act(f, decide, &yes, &e), 0);
    assert_int_equal(reviews(f).open, 0);
    fixture_become(f, "test-buyer");
    expect_str(call(f, "list_creatives", "{}"), "/creatives/0/status", "approved");
}

static void a_task_is_closed_when_there_is_nothing_to_decide_any_more(void **state)
{
    struct fixture *f = *state;
    expect_ok(sync_text(f, BANNER("c1", "") "," BANNER("c2", ""), ""));
    assert_int_equal(reviews(f).open, 2);
    fixture_become_new_buyer(f, "other"); /* whose creative has the same id */
    expect_ok(sync_text(f, BANNER("c1", ""), ""));
    fixture_become(f, "test-buyer");
    expect_ok(sync_text(f, BANNER("c2", ""), ",\"delete_missing\":true"));
    assert_int_equal(reviews(f).open, 2);
    assert_int_equal(reviews(f).all, 3);
}

static void advancing_by_itself_approves_at_once(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    expect_str(sync_text(f, BANNER("c1", ""), ""), "/creatives/0/status", "approved");
    assert_int_equal(reviews(f).all, 0);
}

/* What only reads like something forbidden nobody refuses and nothing lets through: a person overrules it, or does not. */
static void a_doubtful_creative_waits_for_a_person(void **state)
{
    struct fixture *f = *state;
#define TAG(id, content)                                                                                               \
    "{\"creative_id\":\"" id                                                                                           \
    "\",\"name\":\"Tag\",\"format_id\":{\"agent_url\":\"https://creative.adcontextprotocol.org\","                     \
    "\"id\":\"display_300x250\"},\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"" content "\"}}}"
    fixture_become(f, "test-operator");
    (void)fixture_ok(f, "x_rule_add",
                     "{\"rule\":{\"name\":\"all\",\"then\":\"auto\",\"when\":{\"operations\":[\"creative_review\"]}}}");
    fixture_become(f, "test-buyer");
    struct fixture_reply r =
        sync_text(f, TAG("c1", "<!-- http://gnu.example --><b>Go</b>") "," TAG("c2", "<b>Go</b>"), "");
    expect_ok(r);
    expect_str(r, "/creatives/0/status", "pending_review");
    expect_str(r, "/creatives/1/status", "approved");
    assert_true(json_val_str(at(r, "/creatives/0/warnings/0")).n > 0);
    assert_int_equal(reviews(f).open, 1);
}

static void a_bad_creative_fails_alone(void **state)
{
    struct fixture *f = *state;
    static const char bad[] = "{\"creative_id\":\"c2\",\"name\":\"Bad\",\"format_id\":{\"id\":\"fmt-display-300x250\"},"
                              "\"assets\":{\"primary\":{\"asset_type\":\"image\",\"url\":\"https://x.example/a.png\","
                              "\"width\":728,\"height\":90}}}";
    struct fixture_reply r = sync_text(f, arena_printf(&f->arena, "%s,%s", BANNER("c1", ""), bad).p, "");
    expect_ok(r);
    expect_str(r, "/creatives/0/action", "created");
    expect_str(r, "/creatives/1/action", "failed");
    expect_str(r, "/creatives/1/errors/0/code", "VALIDATION_ERROR");
    expect_str(r, "/creatives/1/errors/0/field", "creatives[1].assets.primary");
    expect_str(r, "/creatives/1/errors/0/recovery", "correctable");
    assert_null(at(r, "/creatives/1/status"));
    assert_true(str_is(json_val_str(json_get_path(r.aux, "/creatives/1/status")), "rejected"));
    assert_int_equal(total(f, "{}"), 1);
    r = sync_text(f, arena_printf(&f->arena, "%s,%s", BANNER("c9", ""), bad).p, ",\"validation_mode\":\"strict\"");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "VALIDATION_ERROR");
    assert_int_equal(total(f, "{}"), 1);
}

static void what_cannot_be_understood_is_named(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        sync_text(f, "{\"creative_id\":\"c1\",\"name\":\"n\",\"format_id\":{\"id\":\"nope\"},\"assets\":{}}", "");
    expect_str(r, "/creatives/0/action", "failed");
    expect_str(r, "/creatives/0/errors/0/field", "creatives[0].format_id");
    r = sync_text(f, BANNER("c1", "") "," BANNER("c1", ""), "");
    expect_str(r, "/creatives/0/action", "created");
    expect_str(r, "/creatives/1/action", "failed");
    assert_int_equal(sync_text(f, "", "").rc, -1);
    r = sync_text(f, "{\"creative_id\":\"\",\"name\":7}", "");
    expect_str(r, "/creatives/0/action", "failed");
    r = sync_text(f, "7", "");
    expect_str(r, "/creatives/0/action", "failed");
    assert_int_equal(sync_text(f, BANNER("c1", ""), ",\"delete_missing\":true,\"creative_ids\":[\"c1\"]").rc, -1);
    assert_int_equal(sync_text(f, BANNER("c1", ""), ",\"validation_mode\":\"x\"").rc, -1);
    assert_int_equal(sync_text(f, BANNER("c1", ""), ",\"assignments\":7").rc, -1);
    assert_int_equal(call(f, "sync_creatives", "{}").rc, -1);
}

static void a_dry_run_says_what_would_be_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = sync_text(f, BANNER("c1", ""), ",\"dry_run\":true");
    expect_ok(r);
    expect_str(r, "/creatives/0/action", "created");
    assert_true(json_bool_or(r.reply, "dry_run", false));
    assert_int_equal(total(f, "{}"), 0);
}

static void creatives_are_assigned_in_both_forms(void **state)
{
    struct fixture *f = *state;
    expect_ok(sync_text(f, BANNER("c0", ""), ""));
    with_buy(f);
    struct fixture_reply r =
        sync_text(f, BANNER("c1", ""),
                  ",\"assignments\":[{\"creative_id\":\"c1\",\"package_id\":\"pkg-1\",\"weight\":40},"
                  "{\"creative_id\":\"c1\",\"package_id\":\"pkg-2\"},"
                  "{\"creative_id\":\"c1\",\"package_id\":\"pkg-9\"},"
                  "{\"creative_id\":\"c0\",\"package_id\":\"pkg-1\"},"
                  "{\"creative_id\":\"nope\",\"package_id\":\"pkg-1\"}]");
    expect_ok(r);
    expect_str(r, "/creatives/0/assigned_to/0", "pkg-1");
    assert_int_equal(yyjson_arr_size(at(r, "/creatives/0/assigned_to")), 1);
    assert_non_null(at(r, "/creatives/0/assignment_errors/pkg-2")); /* takes another size */
    assert_non_null(at(r, "/creatives/0/assignment_errors/pkg-9"));
    expect_str(r, "/creatives/1/creative_id", "c0");
    expect_str(r, "/creatives/1/assigned_to/0", "pkg-1");
    expect_str(r, "/creatives/2/errors/0/code", "CREATIVE_NOT_FOUND");
    assert_int_equal(total(f, "{\"filters\":{\"assigned_to_packages\":[\"pkg-1\"]}}"), 2);
    assert_int_equal(total(f, "{\"filters\":{\"media_buy_ids\":[\"mb-1\"],\"unassigned\":false}}"), 2);
    /* Wished for twice, reported once: a reply has no member twice. */
    r = sync_text(f, BANNER("c1", ""),
                  ",\"assignments\":[{\"creative_id\":\"c1\",\"package_id\":\"pkg-9\"},"
                  "{\"creative_id\":\"c1\",\"package_id\":\"pkg-9\"}]");
    assert_int_equal(yyjson_obj_size(at(r, "/creatives/0/assignment_errors")), 1);
    r = sync_text(f, BANNER("c2", ""), ",\"assignments\":{\"c2\":[\"pkg-1\"]}");
    expect_str(r, "/creatives/0/assigned_to/0", "pkg-1");
    r = call(f, "list_creatives", "{\"filters\":{\"creative_ids\":[\"c2\"]}}");
    assert_int_equal(json_i64_or(at(r, "/creatives/0/assignments"), "assignment_count", -1), 1);
    expect_str(r, "/creatives/0/assignments/assigned_packages/0/package_id", "pkg-1");
    expect_str(r, "/creatives/0/format_id/agent_url", "https://your-platform.example.com");
}

static void a_whole_buy_gets_what_fits(void **state)
{
    struct fixture *f = *state;
    expect_ok(sync_text(f, BANNER("c0", ""), ""));
    with_buy(f);
    struct fixture_reply r = sync_text(f, BANNER("c1", ""), ",\"ext\":{\"salesagent\":{\"media_buy_id\":\"mb-1\"}}");
    expect_ok(r);
    assert_int_equal(yyjson_arr_size(at(r, "/creatives/0/assigned_to")), 1);
    assert_null(at(r, "/creatives/0/assignment_errors"));
    r = sync_text(f, BANNER("c1", ""), ",\"ext\":{\"salesagent\":{\"media_buy_id\":\"mb-2\"}}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "MEDIA_BUY_NOT_FOUND");
    fixture_become_new_buyer(f, "other");
    r = sync_text(f, BANNER("c1", ""), ",\"ext\":{\"salesagent\":{\"media_buy_id\":\"mb-1\"}}");
    assert_string_equal(r.e.code, "MEDIA_BUY_NOT_FOUND");
    r = sync_text(f, BANNER("c1", ""), ",\"assignments\":{\"c1\":[\"pkg-1\"]}");
    expect_ok(r);
    assert_non_null(at(r, "/creatives/0/assignment_errors/pkg-1")); /* as one that does not exist */
}

static void packages_go_by_their_buyers_names_and_wait(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply b = fixture_call(
        f, "create_media_buy",
        "{\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000,"
        "\"ext\":{\"salesagent\":{\"package_ref\":\"line-1\"}}},{\"product_id\":\"prod-tech-display-001\","
        "\"pricing_option_id\":\"price-001\",\"budget\":2000,\"ext\":{\"salesagent\":{\"awaited_creatives\":"
        "[{\"creative_id\":\"late\"}]}}}],\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"}");
    expect_ok(b);
    struct str id = json_val_str(json_get_path(b.aux, "/media_buys/0/media_buy_id"));
    const char *p1 = arena_cstr(&f->arena, json_val_str(json_get_path(b.aux, "/media_buys/0/packages/0/package_id")));
    const char *p2 = arena_cstr(&f->arena, json_val_str(json_get_path(b.aux, "/media_buys/0/packages/1/package_id")));
    struct fixture_reply r =
        sync_text(f, BANNER("c1", ""),
                  arena_printf(&f->arena,
                               ",\"assignments\":[{\"creative_id\":\"c1\",\"package_id\":\"line-1\"}],"
                               "\"ext\":{\"salesagent\":{\"media_buy_id\":\"" STR_FMT "\","
                               "\"assign_named_only\":true}}",
                               STR_ARG(id))
                      .p);
    expect_ok(r);
    assert_int_equal(yyjson_arr_size(at(r, "/creatives/0/assigned_to")), 1);
    expect_str(r, "/creatives/0/assigned_to/0", p1);
    r = sync_text(f, BANNER("late", ""), "");
    expect_ok(r);
    expect_str(r, "/creatives/0/assigned_to/0", p2);
}

static void what_is_missing_is_archived_unless_in_use(void **state)
{
    struct fixture *f = *state;
    expect_ok(sync_text(f, BANNER("c0", "") "," BANNER("c1", "") "," BANNER("c2", ""), ""));
    with_buy(f);
    expect_ok(sync_text(f, BANNER("c1", ""), ",\"assignments\":{\"c1\":[\"pkg-1\"]}"));
    struct fixture_reply r = sync_text(f, BANNER("c2", ""), ",\"delete_missing\":true");
    expect_ok(r);
    expect_str(r, "/creatives/0/action", "unchanged");
    expect_str(r, "/creatives/1/creative_id", "c0");
    expect_str(r, "/creatives/1/action", "deleted");
    expect_str(r, "/creatives/2/creative_id", "c1");
    expect_str(r, "/creatives/2/action", "failed");
    assert_int_equal(total(f, "{}"), 2);
    assert_int_equal(total(f, "{\"filters\":{\"statuses\":[\"archived\"]}}"), 1);
    r = sync_text(f, BANNER("c0", ""), "");
    expect_str(r, "/creatives/0/action", "updated");
    expect_str(r, "/creatives/0/status", "pending_review");
}

static void pages_show_everything_once(void **state)
{
    struct fixture *f = *state;
    static const char *const sorts[] = { "created_date", "updated_date", "name", "status", "assignment_count" };
    for (int i = 0; i < 5; i++) {
        expect_ok(sync_text(f, arena_printf(&f->arena, BANNER("c%d", ""), i, i, i).p, ""));
        f->now += i % 2 ? 1000000 : 0;
    }
    for (size_t s = 0; s < ARRAY_LEN(sorts) * 2; s++) {
        const char *cursor = "";
        int seen[5] = { 0 };
        for (int page = 0; page < 3; page++) {
            struct fixture_reply r = call(
                f, "list_creatives",
                arena_printf(&f->arena,
                             "{\"sort\":{\"field\":\"%s\",\"direction\":\"%s\"},\"pagination\":{\"max_results\":2%s}}",
                             sorts[s / 2], s % 2 ? "asc" : "desc", cursor)
                    .p);
            expect_ok(r);
            assert_int_equal(json_i64_or(json_obj(r.reply, "query_summary"), "total_matching", 0), 5);
            assert_int_equal(json_bool_or(json_obj(r.reply, "pagination"), "has_more", false), page < 2);
            size_t i, n;
            yyjson_val *v;
            yyjson_arr_foreach(json_arr(r.reply, "creatives"), i, n, v) seen[json_str(v, "creative_id").p[1] - '0']++;
            cursor = arena_printf(&f->arena, ",\"cursor\":\"" STR_FMT "\"",
                                  STR_ARG(json_str(json_obj(r.reply, "pagination"), "cursor")))
                         .p;
        }
        for (int i = 0; i < 5; i++) assert_int_equal(seen[i], 1);
    }
}

static void filters_are_exact(void **state)
{
    struct fixture *f = *state;
    expect_ok(sync_text(
        f,
        BANNER("c1", ",\"tags\":[\"a\",\"b\"],\"concept_id\":\"k1\"") "," BANNER(
            "c2",
            ",\"tags\":[\"b\"]") ","
                                 "{\"creative_id\":\"c3\",\"name\":\"100% video\",\"format_id\":{\"id\":\"video_30s\"},"
                                 "\"variables\":[{\"variable_id\":\"v\",\"name\":\"v\",\"variable_type\":\"text\"}],"
                                 "\"assets\":{\"video\":{\"asset_type\":\"video\",\"width\":1920,\"height\":1080,\"url\":\"https://x.example/v.mp4\"}}}",
        ""));
    f->now += 1000000;
    expect_ok(sync_text(f, BANNER("c4", ""), ""));
    static const struct {
        const char *filters;
        int n;
    } cases[] = {
        { "{\"statuses\":[\"pending_review\"]}", 4 },
        { "{\"statuses\":[\"approved\",\"rejected\"]}", 0 },
        { "{\"tags\":[\"a\",\"b\"]}", 1 },
        { "{\"tags_any\":[\"a\",\"b\"]}", 2 },
        { "{\"name_contains\":\"BANNER\"}", 3 },
        { "{\"name_contains\":\"%\"}", 1 },
        { "{\"creative_ids\":[\"c1\",\"c3\",\"zz\"]}", 2 },
        { "{\"format_ids\":[{\"agent_url\":\"https://x.example\",\"id\":\"video_30s\"}]}", 1 },
        { "{\"format_ids\":[{\"agent_url\":\"https://x.example\",\"id\":\"video_30s\",\"width\":640}]}", 0 },
        { "{\"concept_ids\":[\"k1\"]}", 1 },
        { "{\"has_variables\":true}", 1 },
        { "{\"has_variables\":false}", 3 },
        { "{\"unassigned\":true}", 4 },
        { "{\"has_served\":true}", 0 },
        { "{\"created_after\":\"2026-03-09T14:30:00Z\"}", 1 },
        { "{\"created_before\":\"2026-03-09T14:30:01Z\"}", 3 },
        { "{\"accounts\":[{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}]}", 4 },
        { "{\"accounts\":[{\"brand\":{\"domain\":\"other.example\"},\"operator\":\"agency.example\"}]}", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t n = total(f, arena_printf(&f->arena, "{\"filters\":%s}", cases[i].filters).p);
        if (n != cases[i].n) fail_msg("%s gives %lld", cases[i].filters, (long long)n);
    }
    fixture_become_new_buyer(f, "other");
    assert_int_equal(total(f, "{}"), 0);
    static const char *const bad[] = { "{\"filters\":{\"statuses\":[\"x\"]}}",
                                       "{\"filters\":{\"tags\":[1]}}",
                                       "{\"sort\":{\"field\":\"x\"}}",
                                       "{\"sort\":{\"direction\":\"up\"}}",
                                       "{\"pagination\":{\"max_results\":0}}",
                                       "{\"pagination\":{\"cursor\":\"AAAA\"}}",
                                       "{\"filters\":{\"created_after\":\"2026-02-30T00:00:00Z\"}}" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fixture_reply r = call(f, "list_creatives", bad[i]);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, "INVALID_REQUEST");
        assert_true(r.e.field[0] == '/');
    }
}

static void fields_and_flags_shape_the_reply(void **state)
{
    struct fixture *f = *state;
    expect_ok(sync_text(f, BANNER("c1", ",\"tags\":[\"a\"],\"ext\":{\"salesagent\":{\"alt_text\":\"A banner\"}}"), ""));
    struct fixture_reply r = call(f, "list_creatives", "{\"include_snapshot\":true}");
    assert_int_equal(yyjson_get_sint(at(r, "/creatives/0/snapshot/impressions")), 0); /* it was never used */
    expect_str(r, "/creatives/0/tags/0", "a");
    expect_str(r, "/creatives/0/assets/primary/asset_type", "image");
    assert_null(at(r, "/creatives/0/salesagent"));
    assert_true(str_is(json_val_str(json_get_path(r.aux, "/creatives/0/alt_text")), "A banner"));
    assert_int_equal(json_i64_or(json_obj(r.reply, "status_summary"), "pending_review", 0), 1);
    assert_int_equal(json_i64_or(json_obj(r.reply, "format_summary"), "fmt-display-300x250", 0), 1);
    r = call(f, "list_creatives", "{\"fields\":[\"name\",\"status\"],\"include_assignments\":false}");
    assert_null(at(r, "/creatives/0/tags"));
    assert_null(at(r, "/creatives/0/assets"));
    assert_null(at(r, "/creatives/0/assignments"));
    expect_str(r, "/creatives/0/creative_id", "c1");
}

static int put_policy(struct act *act, void *arg, struct err *e)
{
    struct stmt *s = stmt_get(act->tx, "UPDATE product SET doc = json_set(doc, '$.creative_policy', json(?))");
    stmt_str(s, 1, str_from(arg));
    int rc = stmt_run(s, e);
    stmt_reset(s);
    return rc;
}

static void provenance_is_enforced(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(fixture_act(f, put_policy,
                                 (void *)"{\"provenance_required\":true,\"provenance_requirements\":"
                                         "{\"require_disclosure_metadata\":true}}",
                                 &e),
                     0);
    struct fixture_reply r = sync_text(f, BANNER("c1", ""), "");
    expect_str(r, "/creatives/0/action", "failed");
    expect_str(r, "/creatives/0/errors/0/code", "PROVENANCE_REQUIRED");
    r = sync_text(f, BANNER("c1", ",\"provenance\":{\"digital_source_type\":\"trained_algorithmic_media\"}"), "");
    expect_str(r, "/creatives/0/errors/0/code", "PROVENANCE_DISCLOSURE_MISSING");
    expect_str(r, "/creatives/0/errors/0/field", "creatives[0].provenance.disclosure");
    r = sync_text(f, BANNER("c1", ",\"provenance\":{\"disclosure\":{\"required\":false}}"), "");
    expect_str(r, "/creatives/0/action", "created");
}

static int walk(struct act *act, void *arg, struct err *e)
{
    const int *to = arg;
    struct creative_change c = { .principal_id = STR("test-buyer"),
                                 .creative_id = STR("c1"),
                                 .status = (enum creative_status) * to,
                                 .reason = STR("because") };
    return media_buy_set_creative_status(act, &c, e);
}

static int count_audited(struct act *act, void *arg, struct err *e)
{
    struct stmt *s = stmt_get(act->tx, "SELECT count(*) FROM audit WHERE action = 'creative.status'");
    int rc = stmt_step(s, e);
    if (rc == 1) *(int64_t *)arg = col_i64(s, 0);
    stmt_reset(s);
    return rc == 1 ? 0 : -1;
}

static int64_t status_lines(struct fixture *f)
{
    struct err e;
    int64_t n = -1;
    assert_int_equal(fixture_act(f, count_audited, &n, &e), 0);
    return n;
}

static void statuses_move_along_the_arrows_only(void **state)
{
    struct fixture *f = *state;
    struct err e;
    expect_ok(sync_text(f, BANNER("c1", ""), ""));
    int64_t lines = status_lines(f);
    static const struct {
        int to, rc;
    } steps[] = {
        { CREATIVE_SUSPENDED, -1 },  { CREATIVE_APPROVED, 0 }, { CREATIVE_PROCESSING, -1 }, { CREATIVE_SUSPENDED, 0 },
        { CREATIVE_APPROVED, 0 },    { CREATIVE_REJECTED, 0 }, { CREATIVE_APPROVED, -1 },   { CREATIVE_ARCHIVED, 0 },
        { CREATIVE_PROCESSING, -1 }, { CREATIVE_APPROVED, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int to = steps[i].to;
        if (fixture_act(f, walk, &to, &e) != steps[i].rc) fail_msg("step %zu", i);
        if (steps[i].rc) assert_string_equal(e.code, "INVALID_STATE");
        lines += steps[i].rc == 0;
        assert_int_equal(status_lines(f), lines); /* each change has its line, a refused one none */
        if (to == CREATIVE_REJECTED) {
            struct fixture_reply r = call(f, "list_creatives", "{}");
            expect_str(r, "/creatives/0/rejection_reason", "because");
        }
    }
}

static const char buy[] =
    "{\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000,"
    "\"format_ids\":[{\"id\":\"fmt-display-300x250\"}]},{\"product_id\":\"prod-tech-display-001\","
    "\"pricing_option_id\":\"price-001\",\"budget\":2000}],\"start_time\":\"2026-04-01T00:00:00Z\","
    "\"end_time\":\"2026-05-01T00:00:00Z\"}";

#define SNAPSHOTS "{\"include_snapshot\":true,\"sort\":{\"field\":\"name\",\"direction\":\"asc\"}}"

static int64_t number(struct fixture_reply r, const char *path)
{
    return yyjson_get_sint(at(r, path));
}

#define ELSEWHERE "{\"brand\":{\"domain\":\"nova.example\"},\"operator\":\"agency.example\"}"

static void a_creatives_numbers_are_shown_where_they_are_known(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    struct fixture_reply b = fixture_call(f, "create_media_buy", buy);
    expect_ok(b);
    struct str id = json_str(b.reply, "media_buy_id");
    const char *p1 = arena_cstr(&f->arena, json_val_str(at(b, "/packages/0/package_id")));
    const char *p2 = arena_cstr(&f->arena, json_val_str(at(b, "/packages/1/package_id")));
    expect_ok(sync_text(f, BANNER("c1", "") "," BANNER("c2", "") "," BANNER("c3", ""),
                        arena_printf(&f->arena, ",\"assignments\":{\"c1\":[\"%s\"],\"c2\":[\"%s\"]}", p1, p2).p));
    b = call(f, "get_media_buys", arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(id)).p);
    expect_str(b, "/media_buys/0/packages/0/creative_approvals/0/creative_id", "c1");
    expect_str(b, "/media_buys/0/packages/0/creative_approvals/0/approval_status", "approved");
    f->now = INT64_C(1776254400000000); /* 2026-04-15T12:00:00Z */
    const char *of_buy = arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\",\"nope\"]}", STR_ARG(id)).p;
    struct fixture_reply d = call(f, "get_media_buy_delivery", of_buy), r = call(f, "get_creative_delivery", of_buy);
    expect_ok(d);
    expect_ok(r);
    expect_str(r, "/errors/0/code", "MEDIA_BUY_NOT_FOUND");
    assert_int_equal(yyjson_arr_size(at(r, "/creatives")), 2);
    expect_str(r, "/creatives/0/creative_id", "c1");
    assert_true(number(r, "/creatives/0/totals/impressions") > 0);
    assert_int_equal(number(r, "/creatives/0/totals/impressions"),
                     number(d, "/media_buy_deliveries/0/by_package/0/impressions"));
    expect_str(r, "/creatives/0/variants/0/variant_id", "c1");
    expect_str(r, "/creatives/0/format_id/id", "fmt-display-300x250");
    struct fixture_reply l = call(f, "list_creatives", SNAPSHOTS);
    assert_int_equal(number(l, "/creatives/0/snapshot/impressions"), number(r, "/creatives/0/totals/impressions"));
    assert_int_equal(number(l, "/creatives/0/snapshot/staleness_seconds"), 0);
    expect_str(l, "/creatives/0/snapshot/as_of", "2026-04-15T12:00:00Z");
    /* From here on two share the package, and nobody knows who was seen how often. */
    expect_ok(sync_text(f, BANNER("c3", ""), arena_printf(&f->arena, ",\"assignments\":{\"c3\":[\"%s\"]}", p1).p));
    r = call(f, "get_creative_delivery", "{\"creative_ids\":[\"c1\",\"c2\",\"nope\"]}");
    expect_ok(r);
    assert_int_equal(yyjson_arr_size(at(r, "/creatives")), 2);
    assert_null(at(r, "/creatives/0/totals"));
    assert_int_equal(yyjson_arr_size(at(r, "/creatives/0/variants")), 0);
    assert_true(number(r, "/creatives/1/totals/impressions") > 0);
    assert_int_equal(total(f, "{\"filters\":{\"unassigned\":true}}"), 0);
    l = call(f, "list_creatives", SNAPSHOTS);
    expect_str(l, "/creatives/0/snapshot_unavailable_reason", "SNAPSHOT_UNSUPPORTED");
    assert_null(at(l, "/creatives/0/snapshot"));
    /* One of them is taken out: what was shown before is not the other's alone, what comes after is. */
    f->now += USEC_PER_DAY;
    expect_ok(call(f, "update_media_buy",
                   arena_printf(&f->arena,
                                "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"%s\","
                                "\"creative_assignments\":[{\"creative_id\":\"c1\"}]}]}",
                                STR_ARG(id), p1)
                       .p));
    f->now += 2 * USEC_PER_DAY;
    r = call(f, "get_creative_delivery", "{\"creative_ids\":[\"c1\"]}");
    assert_null(at(r, "/creatives/0/totals"));
    r = call(f, "get_creative_delivery", "{\"creative_ids\":[\"c1\"],\"start_date\":\"2026-04-17\"}");
    assert_true(number(r, "/creatives/0/totals/impressions") > 0);
    l = call(f, "list_creatives", SNAPSHOTS);
    expect_str(l, "/creatives/2/snapshot_unavailable_reason",
               "SNAPSHOT_UNSUPPORTED"); /* c3 was shown, nobody knows how often */
    /* An account that nothing was bought for has none of this; the caller's own has it all. */
    r = call(f, "get_creative_delivery", "{\"creative_ids\":[\"c2\"],\"account\":" ELSEWHERE "}");
    expect_ok(r);
    assert_int_equal(yyjson_arr_size(at(r, "/creatives")), 0);
    r = call(f, "get_creative_delivery", "{}");
    assert_string_equal(r.e.code, "INVALID_REQUEST");
    fixture_become_new_buyer(f, "other");
    assert_string_equal(call(f, "get_creative_delivery", of_buy).e.code, "MEDIA_BUY_NOT_FOUND");
    assert_string_equal(call(f, "get_creative_delivery", "{\"creative_ids\":[\"c1\"]}").e.code, "CREATIVE_NOT_FOUND");
}

static const char *of_format(struct fixture *f, const char *agent_url, const char *id)
{
    return arena_printf(&f->arena,
                        "{\"creative_id\":\"%s\",\"name\":\"B\",\"format_id\":{\"agent_url\":\"%s\",\"id\":\"%s\"},"
                        "\"assets\":{\"primary\":{\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/a.png\","
                        "\"width\":300,\"height\":250}}}",
                        id, agent_url, id)
        .p;
}

/* A standard name is a format everywhere but at us: what we do not list is none of ours. */
static void a_format_of_ours_is_one_that_there_is(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = sync_text(f, of_format(f, "http://localhost", "display_300x250"), "");
    expect_ok(r);
    expect_str(r, "/creatives/0/action", "failed");
    expect_str(r, "/creatives/0/errors/0/field", "creatives[0].format_id");
    r = sync_text(f, of_format(f, "http://localhost/mcp/", "fmt-display-300x250"), "");
    expect_str(r, "/creatives/0/action", "created");
    r = sync_text(f, of_format(f, "https://creative.adcontextprotocol.org", "display_300x250"), "");
    expect_str(r, "/creatives/0/action", "created");
}

#define FROM_CATALOG(ref)                                                                                              \
    BANNER("from-catalog", ",\"x\":1")                                                                                 \
    ","                                                                                                                \
    "{\"creative_id\":\"with-catalog\",\"name\":\"C\",\"format_id\":{\"agent_url\":"                                   \
    "\"https://your-platform.example.com\",\"id\":\"fmt-display-300x250\"},\"assets\":{\"primary\":{\"asset_type\":"   \
    "\"image\",\"url\":\"https://cdn.acme.example/a.png\",\"width\":300,\"height\":250},\"goods\":{\"asset_type\":"    \
    "\"catalog\",\"type\":\"product\"" ref "}}}"

static void a_catalog_among_the_assets_is_the_buyers(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = sync_text(f, FROM_CATALOG(",\"catalog_id\":\"shop\""), "");
    expect_str(r, "/creatives/0/action", "created");
    expect_str(r, "/creatives/1/action", "failed");
    expect_str(r, "/creatives/1/errors/0/code", "REFERENCE_NOT_FOUND");
    expect_str(r, "/creatives/1/errors/0/field", "creatives[1].assets.goods.catalog_id");
    expect_ok(call(f, "sync_catalogs",
                   "{" ACCOUNT ",\"catalogs\":[{\"catalog_id\":\"shop\",\"type\":\"product\",\"items\":[{\"item_id\":"
                   "\"a\"}]}]}"));
    r = sync_text(f, FROM_CATALOG(",\"catalog_id\":\"shop\""), "");
    expect_str(r, "/creatives/1/action", "created");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_creative_is_created_then_unchanged_then_updated, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(new_labels_keep_an_approval_and_new_content_does_not, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_person_decides_through_a_task, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_task_is_closed_when_there_is_nothing_to_decide_any_more, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(advancing_by_itself_approves_at_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_doubtful_creative_waits_for_a_person, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_bad_creative_fails_alone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_understood_is_named, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_says_what_would_be_and_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(creatives_are_assigned_in_both_forms, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_whole_buy_gets_what_fits, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(packages_go_by_their_buyers_names_and_wait, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_archived_unless_in_use, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(pages_show_everything_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(filters_are_exact, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(fields_and_flags_shape_the_reply, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(provenance_is_enforced, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(statuses_move_along_the_arrows_only, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_creatives_numbers_are_shown_where_they_are_known, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_format_of_ours_is_one_that_there_is, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_catalog_among_the_assets_is_the_buyers, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The stream of delivery reports over virtual time: what is said when, for an ad server that knows its numbers at once
 * (the mock) and for a remote one that is read as jobs, is late, corrects itself, or is down. */
#include <salesagent/adapter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/product/catalog.h"
#include "domain/booking/delivery_poll.h"
#include "domain/delivery/report.h"
#include "http_script.h"
#include "jobs/jobs.h"
#include "run/loop_sim.h"
#include "store/q/q_delivery.h"
#include "store/stmt.h"

#define HOUR     (INT64_C(3600) * USEC_PER_SEC)
#define MINUTE   (INT64_C(60) * USEC_PER_SEC)
#define DAYS_MAX 64
#define BUY      "mb-1"
#define PACKAGE  "pkg-1"

/* What the ad server would say of a day. */
struct said {
    int64_t day_at, impressions;
    bool is_final;
};

struct world {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct jobs *jobs;
    struct http_script http;
    struct jobs_world options;
    struct ad_server server;
    struct arena arena;
    char path[64];
    int boots;
    /* the remote ad server */
    struct said said[DAYS_MAX];
    size_t said_n;
    int64_t lag_us; /* how far its numbers are behind */
    bool down;
    int asked;
    /* the receiver */
    struct {
        yyjson_val *result;
        int64_t at;
    } reports[256];
    size_t reports_n;
};

static struct world world;

static int64_t at(const char *text)
{
    int64_t v;
    if (rfc3339_parse(str_from(text), &v)) fail_msg("%s", text);
    return v;
}

/* --- the ad server ----------------------------------------------------------------------------------------------- */

static int step_ask(struct adapter_op *op)
{
    op->calls[0] = (struct http_call){ .method = STR("POST"),
                                       .url = STR("https://ads.example.com/report"),
                                       .body = STR("{}"),
                                       .reach = HTTP_REACH_OPERATOR };
    op->calls_n = 1;
    return 1;
}

static int step_read(struct adapter_op *op)
{
    struct world *w = &world;
    if (adapter_no_answer(op, &op->answers[0])) return ADAPTER_DONE;
    struct adapter_fact *facts = ARENA_ARRAY(op->arena, struct adapter_fact, DAYS_MAX);
    size_t n = 0;
    for (size_t i = 0; i < w->said_n; i++) {
        const struct said *s = &w->said[i];
        if (s->day_at < op->from_day || s->day_at >= op->to_day) continue;
        facts[n] = (struct adapter_fact){ .package_id = STR(PACKAGE), .day_at = s->day_at, .is_final = s->is_final };
        for (int m = 0; m < METRICS_N; m++) facts[n].delivered.of[m] = METRIC_UNKNOWN;
        facts[n].delivered.of[METRIC_IMPRESSIONS] = s->impressions;
        facts[n++].delivered.of[METRIC_SPEND] = s->impressions * 10000;
    }
    op->result = (struct adapter_result){ .facts = facts, .facts_n = n, .as_of = op->now - w->lag_us };
    return ADAPTER_DONE;
}

static const adapter_step report_steps[] = { step_ask, step_read };
static const struct adapter remote = { .name = "fake",
                                       .source = "fake",
                                       .staleness_s = 3600,
                                       .verbs = { [ADAPTER_REPORT] = { .steps = report_steps, .steps_n = 2 } } };

static void says(const char *date, int64_t impressions, bool is_final)
{
    struct world *w = &world;
    int64_t day;
    size_t i = 0;
    assert_int_equal(rfc3339_parse_date(str_from(date), &day), 0);
    while (i < w->said_n && w->said[i].day_at != day) i++;
    if (i == w->said_n) w->said_n++;
    w->said[i] = (struct said){ day, impressions, is_final };
}

/* --- the way out --------------------------------------------------------------------------------------------------- */

static bool is_webhook(const struct http_call *c)
{
    return str_is(c->url, "https://buyer.example.com/reports");
}

static struct http_answer answer(void *arg, const struct http_call *c)
{
    struct world *w = arg;
    struct http_answer a = { HTTP_OK, 200, -1, 1000, 20000, "" };
    if (!is_webhook(c)) {
        w->asked++;
        if (w->down) a = (struct http_answer){ HTTP_NOT_SENT, 0, -1, -1, 20000, "" };
    }
    return a;
}

static void effect(void *arg, const struct http_call *c)
{
    static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 10000 };
    struct world *w = arg;
    yyjson_doc *doc;
    struct err e;
    if (!is_webhook(c)) return;
    assert_true(w->reports_n < ARRAY_LEN(w->reports));
    assert_int_equal(json_parse(&w->arena, arena_dup(&w->arena, c->body), &limits, &doc, &e), 0);
    yyjson_val *body = yyjson_doc_get_root(doc), *result = json_obj(body, "result");
    assert_true(str_is(json_str(body, "task_type"), "media_buy_delivery"));
    w->reports[w->reports_n].result = result;
    w->reports[w->reports_n].at = w->sim.now;
    w->reports_n++;
    assert_int_equal(json_i64_or(result, "sequence_number", -1), w->reports_n); /* whatever happens */
}

/* --- the process ------------------------------------------------------------------------------------------------------ */

static void boot(struct world *w, int64_t now)
{
    struct err e;
    struct store_options o = { .path = w->path };
    struct agent_jobs_options jo = { .world = &w->options };
    w->options = (struct jobs_world){ .ad_server = &w->server };
    loop_sim_init(&w->sim, &w->loop, now, 4711 + (uint64_t)w->boots++);
    assert_int_equal(store_open(&w->loop, &o, &w->store, &e), 0);
    http_script_init(&w->http, &w->loop);
    w->http.answer = answer;
    w->http.effect = effect;
    w->http.arg = w;
    w->jobs = agent_jobs_create(&w->loop, w->store, &w->http.client, &jo);
}

static void stop(struct world *w)
{
    http_script_crash(&w->http);
    jobs_crash(w->jobs);
    store_crash(w->store);
    loop_sim_finish(&w->sim);
}

static void run_until(const char *when)
{
    loop_sim_run_until(&world.sim, at(when));
}

/* The process is gone until then. */
static void down_until(const char *when)
{
    stop(&world);
    boot(&world, at(when));
}

static int setup(void **state)
{
    struct world *w = &world;
    memset(w, 0, sizeof(*w));
    log_set_level(LOG_NONE);
    arena_init(&w->arena);
    (void)snprintf(w->path, sizeof(w->path), "test_reports_%d.db", (int)getpid());
    (void)unlink(w->path);
    return 0;
}

static int teardown(void **state)
{
    struct world *w = &world;
    char side[80];
    stop(w);
    arena_finish(&w->arena);
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        (void)snprintf(side, sizeof(side), "%.63s%s", w->path, suffixes[i]);
        (void)unlink(side);
    }
    return 0;
}

/* --- the buy ------------------------------------------------------------------------------------------------------- */

struct flight {
    const char *now, *start, *end, *frequency, *zone;
    int delay_minutes; /* of the product */
    bool local;
    const char *status; /* NULL: active */
};

static const struct tenant tenant = { .tenant_id = { "t", 1 }, .adapter = { "mock", 4 }, .doc = { "{}", 2 } };

static yyjson_val *json(const char *text)
{
    static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 10000 };
    yyjson_doc *doc;
    struct err e;
    assert_int_equal(json_parse(&world.arena, str_from(text), &limits, &doc, &e), 0);
    return yyjson_doc_get_root(doc);
}

static int exec(struct tx *tx, const char *sql, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, sql);
    return stmt_run(s, e);
}

static int add_product(struct tx *tx, const struct flight *f, struct err *e)
{
    struct catalog_writer w = { .tx = tx, .arena = &world.arena, .tenant_id = STR("t"), .now = at(f->now) };
    struct str doc = arena_printf(
        &world.arena,
        "{\"product_id\":\"p\",\"name\":\"P\",\"description\":\"P\",\"delivery_type\":"
        "\"non_guaranteed\",\"pricing_options\":[{\"pricing_option_id\":\"po\",\"pricing_model\":\"cpm\",\"currency\":"
        "\"USD\",\"fixed_price\":10}],\"reporting_capabilities\":{\"available_reporting_frequencies\":[\"hourly\",\"daily\","
        "\"monthly\"],\"expected_delay_minutes\":%d,\"timezone\":\"%s\",\"supports_webhooks\":true,\"available_metrics\":"
        "[\"impressions\",\"spend\"],\"date_range_support\":\"date_range\"}}",
        f->delay_minutes, f->zone);
    return catalog_put_product(&w, json(doc.p), 1, e) < 0 ? -1 : 0;
}

static int prepare(struct tx *tx, void *arg, struct err *e)
{
    const struct flight *f = arg;
    struct world *w = &world;
    int64_t now = at(f->now), start = at(f->start), end = at(f->end);
    struct str status = str_from(f->status ? f->status : "active");
    bool confirmed = !str_is(status, "rejected");
    struct act act = {
        .tx = tx, .arena = &w->arena, .rng = &w->loop.rng, .now = now, .tenant = &tenant, .ad_server = &w->server
    };
    struct media_buy_row buy = { .media_buy_id = STR(BUY),
                                 .tenant_id = STR("t"),
                                 .principal_id = STR("p"),
                                 .account_id = STR("a"),
                                 .status = status,
                                 .currency = "USD",
                                 .total_budget_micros = INT64_C(1000000000),
                                 .start_at = start,
                                 .end_at = end,
                                 .revision = 1,
                                 .created_at = now,
                                 .updated_at = now,
                                 .confirmed_at = confirmed ? now : TIME_NONE,
                                 .activated_at = start,
                                 .completed_at = TIME_NONE,
                                 .canceled_at = str_is(status, "canceled") ? now : TIME_NONE,
                                 .next_change_at = TIME_NONE,
                                 .echo = STR("{}"),
                                 .doc = STR("{}") };
    struct package_row p = { .media_buy_id = STR(BUY),
                             .package_id = STR(PACKAGE),
                             .ordinal = 1,
                             .product_id = STR("p"),
                             .pricing_option_id = STR("po"),
                             .pricing_model = STR("cpm"),
                             .rate_micros = 10000000,
                             .budget_micros = INT64_C(1000000000),
                             .previous_budget_micros = -1,
                             .impressions_goal = 100000,
                             .pacing = STR("even"),
                             .start_at = start,
                             .end_at = end,
                             .canceled_at = TIME_NONE,
                             .doc = STR("{}") };
    struct plan plan;
    if (exec(tx,
             "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES ('t', 't', 'mock',"
             " '{}', 1, 1)",
             e) ||
        exec(tx,
             "INSERT INTO principal (tenant_id, principal_id, name, role, created_at, updated_at)"
             " VALUES ('t', 'p', 'p', 'buyer', 1, 1)",
             e) ||
        exec(tx,
             "INSERT INTO account (tenant_id, account_id, principal_id, status, created_at, updated_at)"
             " VALUES ('t', 'a', 'p', 'active', 1, 1)",
             e) ||
        add_product(tx, f, e) || q_media_buy_insert(tx, &buy, e) || q_package_insert(tx, &p, e)) {
        return -1;
    }
    struct str config = arena_printf(&w->arena,
                                     "{\"url\":\"https://buyer.example.com/reports\",\"reporting_frequency\":"
                                     "\"%s\"}",
                                     f->frequency);
    if (report_configure(&act, &buy, json(config.p), e)) return -1;
    if (plan_load(&act, STR(BUY), PLAN_NUMBERS, &plan, e) != 1) return -1;
    return delivery_poll_next(&act, &w->server, &plan, STR(""), e);
}

static void begin(const struct flight *f)
{
    struct world *w = &world;
    struct err e;
    w->server = (struct ad_server){ .adapter = f->local ? adapter_find(STR("mock")) : &remote };
    w->server.name = str_from(w->server.adapter->name);
    if (f->local) {
        assert_int_equal(w->server.adapter->configure(&w->arena, &w->server.site, STR("{\"simulated\":true}"),
                                                      &w->server.config, &e),
                         0);
    }
    boot(w, at(f->now));
    if (store_write_now(w->store, prepare, (void *)f, &e)) fail_msg("%s %s", e.message, e.field);
}

/* --- looking ------------------------------------------------------------------------------------------------------- */

/* Report `i`, from 1: its type, period and impressions (-1: none are given). */
static void expect(size_t i, const char *type, const char *start, const char *end, int64_t impressions)
{
    if (i > world.reports_n) fail_msg("only %zu reports", world.reports_n);
    yyjson_val *r = world.reports[i - 1].result, *period = json_obj(r, "reporting_period");
    yyjson_val *buy = yyjson_arr_get_first(json_arr(r, "media_buy_deliveries")), *totals = json_obj(buy, "totals");
    if (!str_is(json_str(r, "notification_type"), type)) {
        fail_msg("report %zu is %s", i, json_str(r, "notification_type").p);
    }
    if (!str_is(json_str(period, "start"), start) || !str_is(json_str(period, "end"), end)) {
        fail_msg("report %zu is of %s to %s", i, json_str(period, "start").p, json_str(period, "end").p);
    }
    int64_t told = json_i64_or(totals, "impressions", -1);
    if (told != impressions) fail_msg("report %zu tells %lld impressions", i, (long long)told);
    bool delayed = strcmp(type, "delayed") == 0;
    assert_int_equal(json_bool_or(r, "partial_data", false), delayed);
    assert_int_equal(json_i64_or(r, "unavailable_count", -1), delayed);
    assert_int_equal(str_is(json_str(buy, "status"), "reporting_delayed"), delayed);
    assert_int_equal(json_bool_or(buy, "is_adjusted", false), strcmp(type, "adjusted") == 0);
}

static void next_expected(size_t i, const char *when)
{
    struct str said = json_str(world.reports[i - 1].result, "next_expected_at");
    if (!when && said.n) fail_msg("report %zu expects another at %s", i, said.p);
    if (when && !str_is(said, when)) fail_msg("report %zu: the next at %s", i, said.n ? said.p : "no time");
}

static int64_t count(const char *sql)
{
    struct err e;
    struct stmt *s = stmt_get(store_read(world.store), sql);
    int64_t n = stmt_step(s, &e) == 1 ? col_i64(s, 0) : -1;
    stmt_reset(s);
    return n;
}

#define NEW_YORK                                                                                                       \
    { .now = "2026-03-06T15:00:00Z",                                                                                   \
      .start = "2026-03-07T05:00:00Z",                                                                                 \
      .end = "2026-03-10T04:00:00Z",                                                                                   \
      .frequency = "daily",                                                                                            \
      .zone = "America/New_York",                                                                                      \
      .delay_minutes = 240 }

/* --- time zones ----------------------------------------------------------------------------------------------------- */

static void days_are_those_of_the_products_zone_across_a_change_of_clocks(void **state)
{
    static const struct flight f = NEW_YORK;
    begin(&f);
    says("2026-03-07", 1000, true);
    says("2026-03-08", 2000, true);
    says("2026-03-09", 3000, true);
    run_until("2026-03-20T00:00:00Z");
    assert_int_equal(world.reports_n, 3);
    expect(1, "scheduled", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z", 1000);
    next_expected(1, "2026-03-09T08:00:00Z"); /* a day of 23 hours, then the four hours the product promises */
    expect(2, "scheduled", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", 2000);
    expect(3, "final", "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", 6000);
    next_expected(3, NULL);
    assert_true(world.reports[0].at >= at("2026-03-08T09:00:00Z"));
}

static void hours_follow_zones_that_are_half_an_hour_off(void **state)
{
    static const struct flight f = { .now = "2026-03-07T04:00:00Z",
                                     .start = "2026-03-07T04:30:00Z",
                                     .end = "2026-03-07T07:30:00Z",
                                     .frequency = "hourly",
                                     .zone = "Asia/Kolkata",
                                     .local = true };
    begin(&f);
    run_until("2026-03-08T00:00:00Z");
    assert_int_equal(world.reports_n, 3);
    expect(
        1, "scheduled", "2026-03-07T04:30:00Z", "2026-03-07T05:30:00Z",
        json_i64_or(json_obj(yyjson_arr_get_first(json_arr(world.reports[0].result, "media_buy_deliveries")), "totals"),
                    "impressions", -1));
    next_expected(1, "2026-03-07T06:35:00Z");
    assert_true(str_is(json_str(world.reports[2].result, "notification_type"), "final"));
}

static void months_of_a_zone(void **state)
{
    static const struct flight f = { .now = "2026-01-10T00:00:00Z",
                                     .start = "2026-01-10T00:00:00Z",
                                     .end = "2026-03-20T00:00:00Z",
                                     .frequency = "monthly",
                                     .zone = "America/New_York" };
    begin(&f);
    says("2026-01-20", 100, true);
    says("2026-02-20", 200, true);
    says("2026-03-10", 300, true);
    run_until("2026-04-10T00:00:00Z");
    expect(1, "scheduled", "2026-01-01T05:00:00Z", "2026-02-01T05:00:00Z", 100);
    next_expected(1, "2026-03-01T05:05:00Z");
    expect(2, "scheduled", "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z", 200);
}

/* --- late, corrected, final ------------------------------------------------------------------------------------------ */

static void a_late_ad_server_is_said_to_be_late_once(void **state)
{
    static const struct flight f = NEW_YORK;
    begin(&f);
    says("2026-03-07", 1000, true);
    world.lag_us = 9 * HOUR;
    run_until("2026-03-08T13:59:00Z");
    assert_int_equal(world.reports_n, 1);
    expect(1, "delayed", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z", -1);
    next_expected(1, "2026-03-08T10:00:00Z");
    run_until("2026-03-08T16:00:00Z");
    assert_int_equal(world.reports_n, 2);
    expect(2, "scheduled", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z", 1000);
}

static void what_changes_after_it_was_reported_is_adjusted(void **state)
{
    static const struct flight f = NEW_YORK;
    begin(&f);
    says("2026-03-07", 1000, false);
    run_until("2026-03-08T18:00:00Z");
    assert_int_equal(world.reports_n, 1);
    says("2026-03-07", 900, true); /* invalid traffic came out */
    says("2026-03-08", 500, false);
    run_until("2026-03-08T20:00:00Z");
    assert_int_equal(world.reports_n, 2);
    expect(2, "adjusted", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z", 900);
    next_expected(2, "2026-03-09T08:00:00Z");
    says("2026-03-08", 700, true); /* of a day that was not reported yet: no correction */
    run_until("2026-03-09T07:00:00Z");
    assert_int_equal(world.reports_n, 2);
    run_until("2026-03-09T12:00:00Z");
    expect(3, "scheduled", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", 700);
}

static void the_correction_of_a_month_not_reported_yet_is_no_correction(void **state)
{
    static const struct flight f = { .now = "2026-01-10T00:00:00Z",
                                     .start = "2026-01-10T00:00:00Z",
                                     .end = "2026-03-20T00:00:00Z",
                                     .frequency = "monthly",
                                     .zone = "UTC" };
    begin(&f);
    says("2026-01-10", 100, false);
    run_until("2026-01-15T00:00:00Z");
    says("2026-01-10", 90, true);
    run_until("2026-01-31T00:00:00Z");
    assert_int_equal(world.reports_n, 0);
    says("2026-02-10", 1, false);
    run_until("2026-02-20T00:00:00Z");
    expect(1, "scheduled", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", 90);
    assert_int_equal(world.reports_n, 1);
}

static void the_final_report_waits_for_final_numbers_and_comes_once(void **state)
{
    static const struct flight f = NEW_YORK;
    begin(&f);
    says("2026-03-07", 1000, true);
    says("2026-03-08", 2000, true);
    says("2026-03-09", 3000, false);
    run_until("2026-03-11T00:00:00Z");
    assert_int_equal(world.reports_n, 3);
    expect(3, "scheduled", "2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z", 3000);
    next_expected(3, "2026-03-13T04:00:00Z");
    down_until("2026-03-11T06:00:00Z");
    says("2026-03-09", 2900, true);
    run_until("2026-03-12T00:00:00Z");
    assert_int_equal(world.reports_n, 5);
    expect(4, "adjusted", "2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z", 2900);
    expect(5, "final", "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", 5900);
    next_expected(5, NULL);
    int asked = world.asked;
    down_until("2026-05-01T00:00:00Z");
    run_until("2026-05-10T00:00:00Z");
    assert_int_equal(world.reports_n, 5); /* nothing can change any more: nobody is asked, nothing is said */
    assert_int_equal(world.asked, asked);
    assert_int_equal(count("SELECT count(*) FROM job WHERE state = 'ready'"), 0);
}

static void numbers_that_are_never_final_do_not_keep_the_final_report(void **state)
{
    static const struct flight f = NEW_YORK;
    begin(&f);
    says("2026-03-07", 1000, false);
    says("2026-03-08", 2000, false);
    says("2026-03-09", 3000, false);
    run_until("2026-03-13T03:00:00Z");
    assert_int_equal(world.reports_n, 3);
    run_until("2026-03-14T00:00:00Z");
    assert_int_equal(world.reports_n, 4);
    expect(4, "final", "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", 6000);
    yyjson_val *buy = yyjson_arr_get_first(json_arr(world.reports[3].result, "media_buy_deliveries"));
    assert_false(json_bool_or(buy, "is_final", false));
    says("2026-03-08", 1500, true);
    run_until("2026-03-15T00:00:00Z");
    assert_int_equal(world.reports_n, 5);
    expect(5, "adjusted", "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", 5500);
    next_expected(5, NULL);
    run_until("2026-04-20T00:00:00Z");
    int asked = world.asked;
    run_until("2026-05-20T00:00:00Z"); /* five weeks after the flight it is left alone */
    assert_int_equal(world.asked, asked);
    assert_int_equal(world.reports_n, 5);
}

/* --- down --------------------------------------------------------------------------------------------------------------- */

static void an_ad_server_that_is_down_is_asked_again_and_a_person_told_once(void **state)
{
    static const struct flight f = NEW_YORK;
    begin(&f);
    says("2026-03-07", 1000, true);
    says("2026-03-08", 2000, true);
    world.down = true;
    run_until("2026-03-09T20:00:00Z");
    assert_int_equal(count("SELECT count(*) FROM task WHERE kind = 'ad_server' AND subject_id = '" BUY "'"), 1);
    assert_int_equal(world.reports_n, 1);
    expect(1, "delayed", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z", -1);
    world.down = false;
    run_until("2026-03-10T03:00:00Z");
    assert_int_equal(world.reports_n, 2);
    expect(2, "scheduled", "2026-03-07T05:00:00Z", "2026-03-09T04:00:00Z", 3000); /* what was missed is one report */
}

static void a_week_of_downtime_is_one_report(void **state)
{
    static const struct flight f = { .now = "2026-03-06T15:00:00Z",
                                     .start = "2026-03-07T00:00:00Z",
                                     .end = "2026-04-07T00:00:00Z",
                                     .frequency = "hourly",
                                     .zone = "UTC",
                                     .local = true };
    begin(&f);
    run_until("2026-03-07T02:30:00Z");
    assert_int_equal(world.reports_n, 2);
    down_until("2026-03-14T10:20:00Z");
    run_until("2026-03-14T10:30:00Z");
    assert_int_equal(world.reports_n, 3);
    yyjson_val *period = json_obj(world.reports[2].result, "reporting_period");
    assert_true(str_is(json_str(period, "start"), "2026-03-07T02:00:00Z"));
    assert_true(str_is(json_str(period, "end"), "2026-03-14T10:00:00Z"));
    next_expected(3, "2026-03-14T11:05:00Z");
    run_until("2026-03-14T11:30:00Z");
    assert_int_equal(world.reports_n, 4);
}

/* --- what is not reported ------------------------------------------------------------------------------------------------ */

static void what_never_ran_is_not_reported(void **state)
{
    static const char *const statuses[] = { "rejected", "canceled" };
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        struct flight f = NEW_YORK;
        f.status = statuses[i];
        if (i > 0) {
            assert_int_equal(teardown(NULL), 0);
            assert_int_equal(setup(NULL), 0);
        }
        begin(&f);
        run_until("2026-04-01T00:00:00Z");
        assert_int_equal(world.reports_n, 0);
        assert_int_equal(count("SELECT is_final FROM report_schedule"), 1);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(days_are_those_of_the_products_zone_across_a_change_of_clocks),
        CASE(hours_follow_zones_that_are_half_an_hour_off),
        CASE(months_of_a_zone),
        CASE(a_late_ad_server_is_said_to_be_late_once),
        CASE(what_changes_after_it_was_reported_is_adjusted),
        CASE(the_correction_of_a_month_not_reported_yet_is_no_correction),
        CASE(the_final_report_waits_for_final_numbers_and_comes_once),
        CASE(numbers_that_are_never_final_do_not_keep_the_final_report),
        CASE(an_ad_server_that_is_down_is_asked_again_and_a_person_told_once),
        CASE(a_week_of_downtime_is_one_report),
        CASE(what_never_ran_is_not_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

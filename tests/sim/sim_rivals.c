/* Rivals: two publishers, three buyers, two of one name at different publishers who use one another's idempotency keys and
 * pry into one another's media buys; quotas; updates that come two at a time; reports by webhook. Commits fail, the process
 * crashes, receivers fail, and the clock is set back while the agent runs. What must hold, for every seed:
 *
 *     a buyer has exactly the media buys that were acknowledged to it, and never more than its quota;
 *     nobody sees or changes another's;
 *     of two changes that name one revision one is done at most, and what was acknowledged is there afterwards;
 *     reports of a media buy are numbered without a gap, their periods follow one another, one of them is the last;
 *     what is sent again is the same, byte for byte.
 *
 * sim_rivals [SEEDS [FIRST]]     one TAP line for each block of seeds */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command/publisher_data.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "jobs/http_script.h"
#include "sim.h"

#define START      INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define HOUR       (INT64_C(3600) * USEC_PER_SEC)
#define STEPS      40
#define BUYS_MAX   24
#define REPORTS    512
#define BUYERS     3
#define TRIES      50
#define RIVALS_MAX 3 /* media buys: the rival publisher's quota */

struct bought {
    struct str id;
    const char *members; /* what was asked for */
    int64_t at;
    int64_t units[2]; /* of its packages, as acknowledged last; -1: an answer was lost */
};

struct buyer {
    const char *token, *product, *option, *domain;
    int quota; /* 0: none that would be met */
    struct bought buys[BUYS_MAX];
    int n, asked;
};

struct arrived {
    struct str key, body, buy, type, start, end;
    int64_t number;
};

struct rivals {
    struct sim s;
    struct http_script http;
    struct buyer buyers[BUYERS];
    struct arrived reports[REPORTS];
    int reports_n, failures;
    bool faults; /* of the receiver */
};

static const struct buyer buyers[BUYERS] = {
    { .token = "test-token", .product = "prod-ron-display-001", .option = "price-004", .domain = "acme.example" },
    { .token = "rival-token", .product = "display", .option = "cpm", .domain = "acme.example", .quota = RIVALS_MAX },
    { .token = "second-token", .product = "display", .option = "cpm", .domain = "acme.example", .quota = RIVALS_MAX },
};

static const char rival[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"rival\",\"name\":\"Rival\",\"adapter\":\"mock\","
    "\"adapter_settings\":{\"simulated\":true},\"workflow_required\":false,\"creative_review_required\":false,"
    "\"quotas\":{\"media_buys\":3}},\"principals\":["
    "{\"principal_id\":\"test-buyer\",\"role\":\"buyer\",\"tokens\":[{\"token\":\"rival-token\"}]},"
    "{\"principal_id\":\"second\",\"role\":\"buyer\",\"tokens\":[{\"token\":\"second-token\"}]}],"
    "\"formats\":[{\"format_id\":{\"id\":\"box\",\"width\":300,\"height\":250},\"name\":\"Box\"}],"
    "\"properties\":[{\"property_id\":\"p\",\"property_type\":\"website\",\"name\":\"rival.example\",\"publisher_domain\":"
    "\"rival.example\",\"identifiers\":[{\"type\":\"domain\",\"value\":\"rival.example\"}]}],"
    "\"products\":[{\"product_id\":\"display\",\"name\":\"Display\",\"description\":\"Display\",\"publisher_properties\":"
    "[{\"publisher_domain\":\"rival.example\",\"selection_type\":\"all\"}],\"channels\":[\"display\"],\"format_ids\":"
    "[{\"id\":\"box\"}],\"delivery_type\":\"non_guaranteed\",\"pricing_options\":[{\"pricing_option_id\":\"cpm\","
    "\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":10}],\"reporting_capabilities\":"
    "{\"available_reporting_frequencies\":[\"hourly\",\"daily\"],\"expected_delay_minutes\":60,\"timezone\":\"UTC\","
    "\"supports_webhooks\":true,\"available_metrics\":[\"impressions\",\"spend\"],\"date_range_support\":\"date_range\"}}]}";

static const char no_approvals[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"workflow_required\":false}}";

static void expect(struct rivals *r, bool holds, const char *what)
{
    if (holds) return;
    r->failures++;
    (void)printf("# seed %llu: %s\n", (unsigned long long)r->s.seed, what);
}

#define SAY(r, ...) sim_text(&(r)->s, __VA_ARGS__)

/* ---- the receiver ---- */

static struct http_answer answer(void *arg, const struct http_call *c)
{
    struct rivals *r = arg;
    struct http_answer a = { HTTP_OK, 200, -1, 1000, 20000, "" };
    uint64_t what = r->faults ? sim_random(&r->s, 10) : 9;
    if (what == 0)
        a = (struct http_answer){ HTTP_UNKNOWN, 0, -1, 1000, 30000, "" }; /* it arrived, the answer is lost */
    if (what == 1) a = (struct http_answer){ HTTP_OK, 503, 30, -1, 20000, "" };
    return a;
}

static void arrives(void *arg, const struct http_call *c)
{
    static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 10000 };
    struct rivals *r = arg;
    struct arena *a = &r->s.arena;
    yyjson_doc *doc;
    struct err e;
    struct arrived x = { .body = arena_dup(a, c->body) };
    ENSURE(json_parse(a, x.body, &limits, &doc, &e) == 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *result = json_obj(root, "result");
    x.key = json_str(root, "idempotency_key");
    x.buy = json_str(yyjson_arr_get_first(json_arr(result, "media_buy_deliveries")), "media_buy_id");
    x.type = json_str(result, "notification_type");
    x.start = json_str(json_obj(result, "reporting_period"), "start");
    x.end = json_str(json_obj(result, "reporting_period"), "end");
    x.number = json_i64_or(result, "sequence_number", -1);
    for (int i = 0; i < r->reports_n; i++) {
        if (!str_eq(r->reports[i].key, x.key)) continue;
        expect(r, str_eq(r->reports[i].body, x.body), "a report was sent again with other bytes");
        return;
    }
    ENSURE(r->reports_n < REPORTS);
    r->reports[r->reports_n++] = x;
}

static void crashed(void *arg)
{
    http_script_crash(&((struct rivals *)arg)->http);
}

/* ---- asking ---- */

static bool passing(yyjson_val *reply)
{
    yyjson_val *error = yyjson_arr_get_first(json_arr(reply, "errors"));
    if (!error) error = json_obj(reply, "adcp_error");
    return str_is(json_str(error, "code"), "SERVICE_UNAVAILABLE") ||
           str_is(json_str(error, "code"), "IDEMPOTENCY_IN_FLIGHT");
}

static const char *arguments(struct rivals *r, const struct buyer *b, const char *members)
{
    return SAY(r, "{\"adcp_version\":\"3.1\",\"account\":{\"brand\":{\"domain\":\"%s\"},\"operator\":\"%s\"}%s}",
               b->domain, b->domain, members);
}

static enum sim_result ask(struct rivals *r, const struct buyer *b, const char *tool, const char *members,
                           yyjson_val **reply)
{
    return sim_call(&r->s, b->token, tool, arguments(r, b, members), reply);
}

/* Asks until there is an answer that is none of the disk's; the arguments carry a key. */
static enum sim_result insist(struct rivals *r, const struct buyer *b, const char *tool, const char *members,
                              yyjson_val **reply)
{
    for (int i = 0; i < TRIES; i++) {
        enum sim_result x = ask(r, b, tool, members, reply);
        if (x == SIM_OK || (x == SIM_FAILED && !passing(*reply))) return x;
    }
    expect(r, false, "there is no answer however often one asks");
    return SIM_LOST;
}

/* Everybody has the same keys. */
static const char *key(struct rivals *r, struct buyer *b)
{
    return SAY(r, ",\"idempotency_key\":\"rivals-key-%08d\"", b->asked++);
}

static void must_have(struct rivals *r, const struct buyer *b)
{
    yyjson_val *reply;
    const char *of = ",\"status_filter\":[\"pending_creatives\",\"pending_start\",\"active\",\"paused\",\"completed\","
                     "\"rejected\",\"canceled\"]";
    if (insist(r, b, "get_media_buys", of, &reply) != SIM_OK) {
        expect(r, false, "a buyer cannot read its media buys");
        return;
    }
    yyjson_val *list = json_arr(reply, "media_buys"), *v;
    size_t i, n;
    expect(r, yyjson_arr_size(list) == (size_t)b->n,
           SAY(r, "%s has %zu media buys, not %d", b->token, yyjson_arr_size(list), b->n));
    yyjson_arr_foreach(list, i, n, v) {
        int k = 0;
        while (k < b->n && !str_eq(b->buys[k].id, json_str(v, "media_buy_id"))) k++;
        expect(r, k < b->n, "a buyer has a media buy that nobody told it of");
    }
}

static int64_t budget_of(yyjson_val *reply, size_t package)
{
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    return (int64_t)(json_real_or(yyjson_arr_get(json_arr(buy, "packages"), package), "budget", -1) + 0.5);
}

static const char *of_buy(struct rivals *r, const struct bought *x)
{
    return SAY(r, ",\"media_buy_ids\":[\"" STR_FMT "\"]", STR_ARG(x->id));
}

static void must_be(struct rivals *r, const struct buyer *b, struct bought *x)
{
    yyjson_val *reply;
    if (insist(r, b, "get_media_buys", of_buy(r, x), &reply) != SIM_OK) return;
    int64_t sum = 0,
            total =
                (int64_t)(json_real_or(yyjson_arr_get_first(json_arr(reply, "media_buys")), "total_budget", -1) + 0.5);
    for (size_t i = 0; i < ARRAY_LEN(x->units); i++) {
        int64_t is = budget_of(reply, i);
        expect(r, x->units[i] < 0 || x->units[i] == is,
               SAY(r, "a budget is %lld, not %lld", (long long)is, (long long)x->units[i]));
        x->units[i] = is;
        sum += is;
    }
    expect(r, sum == total, SAY(r, "packages are %lld, the total %lld", (long long)sum, (long long)total));
}

/* ---- what they do ---- */

static const char *one_buy(struct rivals *r, struct buyer *b)
{
    char first[200], second[200];
    (void)snprintf(first, sizeof(first), "{\"product_id\":\"%s\",\"pricing_option_id\":\"%s\",\"budget\":1000}",
                   b->product, b->option);
    (void)snprintf(second, sizeof(second), "{\"product_id\":\"%s\",\"pricing_option_id\":\"%s\",\"budget\":2000}",
                   b->product, b->option);
    const char *report =
        b->quota ? ",\"reporting_webhook\":{\"url\":\"https://buyer.example.com/reports\",\"reporting_frequency\":"
                   "\"daily\",\"authentication\":{\"schemes\":[\"Bearer\"],\"credentials\":"
                   "\"0123456789abcdef0123456789abcdef\"}}"
                 : "";
    return SAY(
        r,
        "%s,\"brand\":{\"domain\":\"%s\"},\"start_time\":\"2026-03-12T00:00:00Z\",\"end_time\":\"2026-03-20T00:00:00Z\","
        "\"packages\":[%s,%s]%s",
        key(r, b), b->domain, first, second, report);
}

static void take(struct rivals *r, struct buyer *b, yyjson_val *reply)
{
    struct bought x = { .id = arena_dup(&r->s.arena, json_str(reply, "media_buy_id")), .units = { 1000, 2000 } };
    expect(r, x.id.n > 0, "a media buy was acknowledged without an id");
    expect(r, !b->quota || b->n < b->quota, SAY(r, "%s bought beyond its quota", b->token));
    b->buys[b->n++] = x;
}

/* Once, or twice at once with one key. */
static void buy(struct rivals *r, struct buyer *b)
{
    yyjson_val *reply, *again;
    if (b->n == BUYS_MAX) return;
    const char *members = one_buy(r, b), *args = arguments(r, b, members);
    if (sim_random(&r->s, 3) == 0) {
        struct sim_request both[2] = { sim_ask(&r->s, SIM_MCP, b->token, "create_media_buy", args) };
        struct sim_answer a[2];
        both[1] = both[0];
        sim_request(&r->s, both, 2, a);
        enum sim_result x = sim_read(&r->s, SIM_MCP, &a[0], &reply), y = sim_read(&r->s, SIM_MCP, &a[1], &again);
        expect(r,
               x != SIM_OK || y != SIM_OK || str_eq(json_str(reply, "media_buy_id"), json_str(again, "media_buy_id")),
               "one key bought twice");
    }
    enum sim_result x = insist(r, b, "create_media_buy", members, &reply);
    if (x == SIM_OK) {
        take(r, b, reply);
        b->buys[b->n - 1].members = members;
        b->buys[b->n - 1].at = r->s.driver.now;
    } else if (x == SIM_FAILED) expect(r, b->quota && b->n == b->quota, "a media buy was refused for no reason");
    must_have(r, b);
}

static struct bought *any(struct rivals *r, struct buyer *b)
{
    return b->n ? &b->buys[sim_random(&r->s, (uint64_t)b->n)] : NULL;
}

/* The same request within the day of its key, whatever the clock says meanwhile. */
static void repeat(struct rivals *r, struct buyer *b)
{
    struct bought *x = any(r, b);
    yyjson_val *reply;
    if (!x || r->s.driver.now - x->at > 20 * HOUR) return;
    bool replayed = insist(r, b, "create_media_buy", x->members, &reply) == SIM_OK;
    expect(r, replayed, "a request that was repeated is refused");
    expect(r, !replayed || str_eq(json_str(reply, "media_buy_id"), x->id), "a request that was repeated bought again");
    must_have(r, b);
}

/* Two changes at once, of a package each, that know the same revision or none. */
static void change(struct rivals *r, struct buyer *b)
{
    struct bought *x = any(r, b);
    yyjson_val *reply;
    struct sim_request two[2];
    struct sim_answer a[2];
    bool knowing = sim_random(&r->s, 2);
    int done = 0;
    int64_t wanted[2];
    if (!x || insist(r, b, "get_media_buys", of_buy(r, x), &reply) != SIM_OK) return;
    yyjson_val *row = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    long long revision = json_i64_or(row, "revision", 0);
    for (size_t i = 0; i < 2; i++) {
        struct str package = json_str(yyjson_arr_get(json_arr(row, "packages"), i), "package_id");
        wanted[i] = 1000 + (int64_t)sim_random(&r->s, 5000);
        const char *which = knowing ? SAY(r, ",\"revision\":%lld", revision) : "";
        two[i] = sim_ask(&r->s, SIM_MCP, b->token, "update_media_buy",
                         arguments(r, b,
                                   SAY(r,
                                       "%s,\"media_buy_id\":\"" STR_FMT "\"%s,\"packages\":[{\"package_id\":\"" STR_FMT
                                       "\",\"budget\":%lld}]",
                                       key(r, b), STR_ARG(x->id), which, STR_ARG(package), (long long)wanted[i])));
    }
    sim_request(&r->s, two, 2, a);
    for (size_t i = 0; i < 2; i++) {
        enum sim_result how = sim_read(&r->s, SIM_MCP, &a[i], &reply);
        done += how == SIM_OK;
        if (how == SIM_OK) x->units[i] = wanted[i];
        if (how == SIM_LOST) x->units[i] = -1;
    }
    expect(r, !knowing || done < 2, "two changes of one revision were both done");
    must_be(r, b, x);
}

static void pry(struct rivals *r, struct buyer *b)
{
    struct buyer *other = &r->buyers[sim_random(&r->s, BUYERS)];
    struct bought *x = any(r, other);
    yyjson_val *reply;
    if (!x || other == b) return;
    /* Without an account, so that nothing but the owner keeps them apart. */
    const char *plain = SAY(r, "{\"adcp_version\":\"3.1\"%s}", of_buy(r, x));
    if (sim_call(&r->s, b->token, "get_media_buys", plain, &reply) == SIM_OK)
        expect(r, yyjson_arr_size(json_arr(reply, "media_buys")) == 0, "a buyer sees another's media buy");
    if (insist(r, b, "get_media_buy_delivery", of_buy(r, x), &reply) == SIM_OK)
        expect(r, yyjson_arr_size(json_arr(reply, "media_buy_deliveries")) == 0, "a buyer sees another's delivery");
    const char *stop = SAY(r, "%s,\"media_buy_id\":\"" STR_FMT "\",\"paused\":true", key(r, b), STR_ARG(x->id));
    expect(r, insist(r, b, "update_media_buy", stop, &reply) != SIM_OK, "a buyer changed another's media buy");
}

static void pass(struct rivals *r)
{
    if (sim_random(&r->s, 3) == 0) {
        r->s.driver.now -= (int64_t)sim_random(&r->s, 2 * 3600) * USEC_PER_SEC; /* somebody set the clock */
        return;
    }
    sim_run_until(&r->s, r->s.driver.now + (int64_t)sim_random(&r->s, 24) * HOUR);
}

/* ---- at the end ---- */

static void check_reports(struct rivals *r, const struct bought *x)
{
    struct str until = STR_NONE;
    int64_t last = 0, finals = 0;
    for (int64_t number = 1;; number++) {
        const struct arrived *found = NULL;
        for (int i = 0; i < r->reports_n; i++) {
            const struct arrived *a = &r->reports[i];
            if (!str_eq(a->buy, x->id) || a->number != number) continue;
            expect(r, !found, "two reports have one number");
            found = a;
        }
        if (!found) break;
        last = number;
        finals += str_is(found->type, "final");
        if (!str_is(found->type, "scheduled")) continue;
        expect(r, !until.n || str_eq(until, found->start),
               SAY(r, "a report begins at " STR_FMT ", the one before ended at " STR_FMT, STR_ARG(found->start),
                   STR_ARG(until)));
        expect(r, memcmp(found->start.p, found->end.p, found->start.n) < 0, "a report ends before it begins");
        until = found->end;
    }
    int mine = 0;
    for (int i = 0; i < r->reports_n; i++) mine += str_eq(r->reports[i].buy, x->id);
    expect(r, mine == last, "there is a gap in the numbers of reports");
    expect(r, finals == 1, SAY(r, "%lld last reports of %d", (long long)finals, mine));
}

static void check_end(struct rivals *r)
{
    r->s.crash_percent = r->s.commit_fault_percent = 0;
    r->faults = false;
    for (int i = 0; i < BUYERS; i++) {
        struct buyer *b = &r->buyers[i];
        must_have(r, b);
        for (int k = 0; k < b->n; k++) must_be(r, b, &b->buys[k]);
    }
    sim_run_until(&r->s, START + 60 * USEC_PER_DAY);
    for (int i = 0; i < BUYERS; i++) {
        struct buyer *b = &r->buyers[i];
        must_have(r, b);
        for (int k = 0; k < b->n && b->quota; k++) check_reports(r, &b->buys[k]);
    }
}

static int run_seed(uint64_t seed, int *bought, int *reports)
{
    static struct rivals r;
    struct err e;
    memset(&r, 0, sizeof(r));
    memcpy(r.buyers, buyers, sizeof(buyers));
    sim_init(&r.s, seed, START);
    ENSURE(publisher_data_import(r.s.core.store, &r.s.loop, STR(rival), &e) == 0);
    ENSURE(publisher_data_import(r.s.core.store, &r.s.loop, STR(no_approvals), &e) == 0);
    http_script_init(&r.http, &r.s.loop);
    r.http.answer = answer;
    r.http.effect = arrives;
    r.http.arg = &r;
    r.s.http = &r.http.client;
    r.s.on_crash = crashed;
    r.s.on_crash_arg = &r;
    sim_restart(&r.s);
    r.faults = true;
    r.s.commit_fault_percent = (int)(seed % 4) * 4;
    r.s.crash_percent = (int)(seed / 4 % 4) * 4;
    for (int step = 0; step < STEPS; step++) {
        struct buyer *b = &r.buyers[sim_random(&r.s, BUYERS)];
        uint64_t what = sim_random(&r.s, 10);
        bool late = r.s.driver.now >= START + 2 * USEC_PER_DAY;
        if (what < 4 && !late) buy(&r, b);
        else if (what < 6 && !late) change(&r, b);
        else if (what < 7) repeat(&r, b);
        else if (what < 9) pry(&r, b);
        else pass(&r);
    }
    check_end(&r);
    for (int i = 0; i < BUYERS; i++) *bought += r.buyers[i].n;
    *reports += r.reports_n;
    sim_finish(&r.s);
    return r.failures;
}

int main(int argc, char **argv)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 16, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int failed = 0;
    for (uint64_t block = 0; block < seeds; block += 16) {
        int failures = 0, bought = 0, reports = 0;
        uint64_t end = block + 16 < seeds ? block + 16 : seeds;
        for (uint64_t i = block; i < end; i++) failures += run_seed(first + i, &bought, &reports);
        (void)printf("%s - rivals, seeds %llu to %llu: %d media buys, %d reports\n", failures ? "not ok" : "ok",
                     (unsigned long long)(first + block), (unsigned long long)(first + end - 1), bought, reports);
        (void)fflush(stdout);
        failed += failures != 0;
    }
    return failed ? 1 : 0;
}

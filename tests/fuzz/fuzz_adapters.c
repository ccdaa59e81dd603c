/* Ad servers that answer anything: every verb of every remote adapter, over answers made of the input. Whatever comes,
 * the verb ends with a verdict, nothing it gives is outside what was asked for, and no id that is no id is recorded. The
 * first byte chooses adapter and verb, then come the answers: a status byte, two bytes of length, the body. */
#include <salesagent/adapter.h>

#include "adapters/gam/gam_soap.h"
#include "base/arena.h"
#include "base/rfc3339.h"
#include "driver.h"

#define STEPS_MAX 400
#define T0        INT64_C(1775001600000000)
#define DAY       USEC_PER_DAY

static const struct {
    const char *name, *settings;
} adapters[] = {
    { "gam",
      "{\"network_code\":\"123\",\"trafficker_id\":\"7\",\"approval\":\"approve\",\"create_advertisers\":true,\"oauth\":"
      "{\"client_id\":\"c\",\"client_secret\":\"s\",\"refresh_token\":\"r\"}}" },
    { "kevel", "{\"api_key\":\"k\",\"priorities\":{\"guaranteed\":21},\"create_advertisers\":true}" },
    { "triton", "{\"username\":\"u\",\"password\":\"p\",\"time_zone\":\"UTC\",\"create_advertisers\":true}" },
};

struct feed {
    const uint8_t *p;
    size_t n;
};

static bool nothing(const struct adapter_catalog *c, const char *kind, struct str key, struct adapter_item *out)
{
    return false;
}

static bool memo_get(struct adapter_memo *m, struct str name, struct str *text)
{
    return false;
}

static void memo_put(struct adapter_memo *m, struct str name, struct str text, int64_t expires_at)
{
}

static void memo_drop(struct adapter_memo *m, struct str name)
{
}

/* The next answer: once the input is used up, the connection is down. */
static void answer(struct feed *f, struct http_call *c)
{
    static const int statuses[] = { 200, 200, 200, 200, 200, 400, 401, 403, 404, 409, 429, 500, 503, 0 };
    c->retry_after_s = -1;
    c->outcome = HTTP_UNKNOWN;
    if (f->n < 3) return;
    int status = statuses[f->p[0] % ARRAY_LEN(statuses)];
    size_t n = (size_t)f->p[1] << 8 | f->p[2];
    f->p += 3;
    f->n -= 3;
    if (n > f->n) n = f->n;
    c->outcome = status ? HTTP_OK : HTTP_NOT_SENT;
    c->status = status;
    c->response = (struct str){ (const char *)f->p, n };
    f->p += n;
    f->n -= n;
}

static void check(const struct adapter_op *op)
{
    ENSURE(op->result.verdict == ADAPTER_OK || op->result.reason.n > 0);
    for (size_t i = 0; i < op->remotes_n; i++) ENSURE(op->remotes[i].remote_id.n > 0);
    for (size_t i = 0; i < op->items_n; i++) ENSURE(op->items[i].remote_id.n > 0);
    for (size_t i = 0; i < op->result.facts_n; i++) {
        const struct adapter_fact *f = &op->result.facts[i];
        ENSURE(f->day_at >= op->from_day && f->day_at < op->to_day && f->day_at % DAY == 0);
        for (int m = 0; m < METRICS_N; m++) ENSURE(f->delivered.of[m] >= METRIC_UNKNOWN);
    }
}

static void run(struct adapter_op *op, struct feed *f)
{
    struct http_call answers[ADAPTER_CALLS_MAX];
    const struct adapter_verb_impl *v = &op->adapter->verbs[op->verb];
    for (int steps = 0; op->pc != ADAPTER_DONE && steps < STEPS_MAX; steps++) {
        op->calls_n = op->sleep_ms = 0;
        op->foreign = 0;
        op->work = NULL;
        ENSURE(op->pc >= 0 && op->pc < v->steps_n && v->steps[op->pc]);
        op->pc = v->steps[op->pc](op);
        op->answers_n = 0;
        if (op->pc == ADAPTER_DONE) break;
        if (op->work) op->work(op);
        for (int i = 0; i < op->calls_n; i++) {
            answers[i] = op->calls[i];
            answer(f, &answers[i]);
        }
        op->answers = answers;
        op->answers_n = op->calls_n;
    }
    if (op->pc == ADAPTER_DONE) check(op);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct adapter_site site = { .timezone = { "UTC", 3 }, .currency = "USD", .sandbox = true };
    static const struct adapter_catalog catalog = { nothing, nothing, 0 };
    static struct adapter_memo memo = { memo_get, memo_put, memo_drop };
    static const struct plan_format format = { .format_id = { "b", 1 }, .width = 300, .height = 250 };
    static const char doc[] =
        "{\"assets\":{\"a\":{\"asset_type\":\"image\",\"url\":\"https://a.example/a.png\",\"width\":300,\"height\":250},"
        "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://a.example/\"}}}";
    static const char video[] =
        "{\"assets\":{\"v\":{\"asset_type\":\"video\",\"url\":\"https://a.example/a.mp4\",\"duration_ms\":5000}}}";
    static const char of_template[] =
        "{\"key_values\":{\"s\":[\"t\"]},\"template\":{\"id\":\"5\",\"variables\":{\"Image\":\"a\",\"Label\":{\"text\":\"x\"}}}}";
    static const char targeting[] =
        "{\"geo_countries\":[\"US\"],\"geo_regions\":[\"US-NY\"],\"device_platform\":[\"ios\"]}";
    if (size < 2) return 0;
    const struct plan_creative creative = {
        .creative_id = STR("c"), .name = STR("n"), .doc = str_from(data[1] & 64 ? video : doc), .weight = 3
    };
    struct plan_package p[2];
    for (int i = 0; i < 2; i++) {
        p[i] = (struct plan_package){ .package_id = i ? STR("p2") : STR("p1"),
                                      .product_id = STR("x"),
                                      .remote_id = data[1] & 1 ? (i ? STR("12") : STR("11")) : STR_NONE,
                                      .pricing_model = PRICING_CPM,
                                      .promise = data[1] & 16 ? PROMISE_GUARANTEED : PROMISE_NON_GUARANTEED,
                                      .rate_micros = 5000000,
                                      .budget_micros = 100000000,
                                      .start_at = T0,
                                      .end_at = T0 + 30 * DAY,
                                      .stopped_at = data[1] & 2 && i ? T0 : INT64_MAX,
                                      .paused = data[1] & 4,
                                      .formats = &format,
                                      .formats_n = 1,
                                      .creatives = &creative,
                                      .creatives_n = 1,
                                      .targeting = str_from(targeting),
                                      .settings = data[1] & 32 ? str_from(of_template)
                                                               : STR("{\"key_values\":{\"s\":[\"t\"]}}") };
    }
    const struct plan plan = { .tenant_id = STR("t"),
                               .media_buy_id = STR("mb"),
                               .advertiser = STR("a.example"),
                               .currency = "USD",
                               .remote_id = data[1] & 1 ? STR("10") : STR_NONE,
                               .start_at = T0,
                               .end_at = T0 + 30 * DAY,
                               .packages = p,
                               .packages_n = 2 };
    struct arena a;
    struct err e;
    struct feed f = { data + 2, size - 2 };
    size_t which = data[0] / ADAPTER_VERBS_N % ARRAY_LEN(adapters);
    enum adapter_verb verb = (enum adapter_verb)(data[0] % ADAPTER_VERBS_N);
    const struct adapter *adapter = adapter_find(str_from(adapters[which].name));
    arena_init(&a);
    struct adapter_op op = { .adapter = adapter,
                             .site = &site,
                             .catalog = &catalog,
                             .memo = &memo,
                             .verb = verb,
                             .plan = &plan,
                             .from_day = T0,
                             .to_day = T0 + 5 * DAY,
                             .now = T0 + 3 * DAY,
                             .key = STR("job"),
                             .arena = &a,
                             .progress =
                                 data[1] & 8 ? STR("{\"run\":\"networks/123/operations/reports/runs/1\"}") : STR_NONE };
    ENSURE(adapter && adapter->configure(&a, &site, str_from(adapters[which].settings), &op.config, &e) == 0);
    if (adapter->verbs[verb].steps) run(&op, &f);
    (void)gam_soap_parse(&a, (struct str){ (const char *)data, size });
    struct http_call token = { .method = STR("POST") };
    struct adapter_token got;
    struct str why;
    struct feed g = { data + 2, size - 2 };
    answer(&g, &token);
    if (adapter->token_read)
        ENSURE(adapter->token_read(op.config, T0, &a, &token, &got, &why) != ADAPTER_OK || got.text.n > 0);
    arena_finish(&a);
    return 0;
}

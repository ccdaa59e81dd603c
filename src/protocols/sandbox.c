#include "protocols/sandbox.h"

#include "base/rfc3339.h"
#include "domain/media_buy/budget_watch.h"
#include "domain/creative/creative.h"
#include "domain/delivery/delivery.h"
#include "domain/decide/task_resolve.h"
#include "protocols/dispatch.h"
#include "store/q/q_tenant.h"

#define PER_MILLE        1000
#define MINUTE           (INT64_C(60) * USEC_PER_SEC)
#define LOW_FILL_PERCENT 30
#define DECIDED_MAX      20 /* buys of one poll */

/* A moment of a flight: so much of it after its start. */
static const struct event {
    const char *name;
    int64_t offset;
    int per_mille;
    enum sandbox_forced forced;
    bool approved;  /* what a person decides has been decided */
    bool milestone; /* told in X-Next-Event */
} events[] = {
    { "campaign-creation", -USEC_PER_DAY, 0, FORCE_NOTHING, false, true },
    { "manual-approval-delay", -120 * MINUTE, 0, FORCE_NOTHING, false, false },
    { "campaign-pending", -60 * MINUTE, 0, FORCE_NOTHING, false, true },
    { "creative-rejection", -45 * MINUTE, 0, FORCE_CREATIVE_REJECTED, true, false },
    { "inventory-unavailable", -30 * MINUTE, 0, FORCE_UNAVAILABLE, true, false },
    { "targeting-conflict", -15 * MINUTE, 0, FORCE_TARGETING, true, false },
    { "campaign-approved", -5 * MINUTE, 0, FORCE_NOTHING, true, true },
    { "campaign-start", 0, 0, FORCE_NOTHING, true, true },
    { "creative-policy-violation", 0, 50, FORCE_CREATIVE_REJECTED, true, false },
    { "campaign-cancelled", 0, 200, FORCE_NOTHING, true, false },
    { "campaign-paused", 0, 300, FORCE_NOTHING, true, false },
    { "platform-error", 0, 400, FORCE_PLATFORM, true, false },
    { "campaign-midpoint", 0, 500, FORCE_NOTHING, true, true },
    { "delivery-underperforming", 0, 600, FORCE_LOW_DELIVERY, true, false },
    { "campaign-75-percent", 0, 750, FORCE_NOTHING, true, true },
    { "budget-exceeded", 0, 800, FORCE_BUDGET, true, false },
    { "campaign-complete", 0, PER_MILLE, FORCE_NOTHING, true, true },
};

struct flight {
    int64_t start_at, end_at;
};

static int64_t event_at(const struct event *ev, struct flight f)
{
    return f.start_at + ev->offset + (f.end_at - f.start_at) / PER_MILLE * ev->per_mille;
}

static bool header_true(struct str v)
{
    return str_is(v, "true") || str_is(v, "1") || str_is(v, "TRUE") || str_is(v, "True");
}

/* --- the media buy it is about ------------------------------------------------------------------------------ */

static struct str named_buy(yyjson_val *args)
{
    struct str id = json_str(args, "media_buy_id");
    return id.n ? id : json_val_str(yyjson_arr_get_first(json_arr(args, "media_buy_ids")));
}

/* 1 found, 0 not, -1 failed; the caller's own. An empty id is the newest one. */
static int find_buy(struct call *c, struct tx *tx, struct str id, struct media_buy_row *out, struct err *e)
{
    struct str whose = c->principal.role == ROLE_BUYER ? c->principal.principal_id : STR("");
    struct media_buy_key key = { c->tenant.tenant_id, whose, id };
    if (!c->authenticated) return 0;
    if (id.n) return q_media_buy_get(tx, c->arena, &key, out, e);
    struct media_buy_filter f = { .tenant_id = key.tenant_id, .principal_id = whose, .limit = 1 };
    struct media_buy_rows rows;
    if (q_media_buy_list(tx, c->arena, &f, &rows, e)) return -1;
    if (rows.n) *out = rows.rows[0];
    return rows.n ? 1 : 0;
}

/* The flight the arguments describe. */
static bool flight_described(yyjson_val *args, struct flight *out)
{
    struct str start = json_str(args, "start_time"), end = json_str(args, "end_time");
    yyjson_val *package = yyjson_arr_get_first(json_arr(args, "packages"));
    if (!start.n) start = json_str(package, "start_date");
    if (!end.n) end = json_str(package, "end_date");
    bool from = rfc3339_parse(start, &out->start_at) == 0 || rfc3339_parse_date(start, &out->start_at) == 0;
    bool to = rfc3339_parse(end, &out->end_at) == 0 || rfc3339_parse_date(end, &out->end_at) == 0;
    return from && to && out->end_at > out->start_at;
}

static int find_flight(struct call *c, struct tx *tx, struct flight *out)
{
    struct str id = named_buy(c->args);
    struct media_buy_row buy;
    if (!id.n && flight_described(c->args, out)) return 0;
    int rc = find_buy(c, tx, id, &buy, &c->err);
    if (rc < 0) return -1;
    if (rc == 1) {
        *out = (struct flight){ buy.start_at, buy.end_at };
        return 0;
    }
    err_set(&c->err, "INVALID_REQUEST",
            "X-Jump-To-Event: this call concerns no media buy whose flight could be jumped in.");
    return err_suggest(&c->err, "Name a media buy, or send start_time and end_time.");
}

/* --- taking the headers -------------------------------------------------------------------------------------- */

static int jump(struct call *c, struct tx *tx)
{
    struct str name = c->headers.x_jump_to_event;
    struct flight f;
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        if (!str_is(name, events[i].name)) continue;
        if (find_flight(c, tx, &f)) return -1;
        c->act.now = event_at(&events[i], f);
        c->act.mock_clock = true;
        c->act.auto_advance = c->act.auto_advance || events[i].approved;
        c->sandbox.forced = events[i].forced;
        return 0;
    }
    err_set(&c->err, "INVALID_REQUEST", "X-Jump-To-Event names no event.");
    return err_suggest(
        &c->err, "Use campaign-creation, -pending, -approved, -start, -midpoint, -75-percent, -complete, -paused, "
                 "-cancelled, or an error event such as budget-exceeded.");
}

static int take_force(struct call *c)
{
    static const struct {
        const char *name;
        enum sandbox_forced forced;
    } names[] = {
        { "budget_exceeded", FORCE_BUDGET },
        { "low_delivery", FORCE_LOW_DELIVERY },
        { "platform_error", FORCE_PLATFORM },
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!str_is(c->headers.x_force_error, names[i].name)) continue;
        c->sandbox.forced = names[i].forced;
        return 0;
    }
    err_set(&c->err, "INVALID_REQUEST", "X-Force-Error names no error.");
    return err_suggest(&c->err, "Use budget_exceeded, low_delivery or platform_error.");
}

static int take_time(struct call *c)
{
    struct str t = c->headers.x_mock_time;
    c->act.mock_clock = true;
    if (rfc3339_parse(t, &c->act.now) == 0 || rfc3339_parse_date(t, &c->act.now) == 0) return 0;
    err_set(&c->err, "INVALID_REQUEST", "X-Mock-Time is not a date or an RFC 3339 date-time with an offset.");
    return err_suggest(&c->err, "Send for example 2026-04-11T00:00:00Z.");
}

/* "1500" or "1500.25". */
static int take_spend(struct call *c)
{
    struct str s = c->headers.x_simulated_spend;
    int64_t units = 0, micros = 0, scale = 100000;
    size_t i = 0;
    for (; i < s.n && i < 10 && s.p[i] >= '0' && s.p[i] <= '9'; i++) units = units * 10 + (s.p[i] - '0');
    bool ok = i > 0;
    if (ok && i < s.n && s.p[i] == '.') {
        for (i++; i < s.n && scale && s.p[i] >= '0' && s.p[i] <= '9'; i++, scale /= 10)
            micros += scale * (s.p[i] - '0');
    }
    c->sandbox.spend_micros = units * 1000000 + micros;
    if (ok && i == s.n) return 0;
    err_set(&c->err, "INVALID_REQUEST", "X-Simulated-Spend is not an amount.");
    return err_suggest(&c->err, "Send for example 1500.25, in the media buy's currency.");
}

/* The one header of a sandbox that must not be ignored elsewhere: who sends it means that nothing happens. */
static int refuse_dry_run(struct call *c)
{
    if (c->dispatcher->dry_run || !header_true(c->headers.x_dry_run)) return 0;
    (void)err_set(&c->err, "UNSUPPORTED_FEATURE",
                  "X-Dry-Run is honoured by a sandbox only, and this is none. Nothing was done.");
    return err_suggest(&c->err,
                       "Send the call without X-Dry-Run when it is meant, or try it on the publisher's sandbox.");
}

int sandbox_take(struct call *c, struct tx *tx, int64_t now)
{
    const struct call_headers *h = &c->headers;
    c->act.now = now;
    if (!c->dispatcher->sandbox) return refuse_dry_run(c);
    c->act.auto_advance = header_true(h->x_auto_advance);
    c->dry_run = c->dry_run || header_true(h->x_dry_run);
    c->sandbox.used = h->x_mock_time.n || h->x_jump_to_event.n || h->x_force_error.n || h->x_simulated_spend.n ||
                      h->x_test_session_id.n || h->x_auto_advance.n || h->x_dry_run.n;
    if ((h->x_mock_time.n && take_time(c)) || (h->x_jump_to_event.n && jump(c, tx)) ||
        (h->x_force_error.n && take_force(c)) || (h->x_simulated_spend.n && take_spend(c))) {
        return -1;
    }
    c->act.fill_percent = c->sandbox.forced == FORCE_LOW_DELIVERY ? LOW_FILL_PERCENT : 0;
    return 0;
}

int sandbox_session(struct call *c, struct err *e)
{
    struct str id = c->headers.x_test_session_id;
    if (!c->dispatcher || !c->dispatcher->sandbox || !id.n || c->principal.role != ROLE_BUYER) return 0;
    if (!id_text_valid(id, 64))
        return err_set(e, "INVALID_REQUEST", "X-Test-Session-ID must be 1 to 64 printable characters.");
    c->principal.principal_id =
        arena_printf(c->arena, STR_FMT "~" STR_FMT, STR_ARG(c->principal.principal_id), STR_ARG(id));
    c->sandbox.session = true;
    return 0;
}

/* --- around the tool ----------------------------------------------------------------------------------------- */

static bool tool_is(const struct call *c, const char *one, const char *other)
{
    return strcmp(c->row->name, one) == 0 || (other && strcmp(c->row->name, other) == 0);
}

int sandbox_refuse(struct call *c)
{
    bool buys = tool_is(c, "create_media_buy", "update_media_buy");
    bool creatives = tool_is(c, "sync_creatives", "build_creative");
    static const char why[] = "It was asked for with a header of this sandbox.";
    switch (c->sandbox.forced) {
    case FORCE_NOTHING:
    case FORCE_LOW_DELIVERY: return 0;
    case FORCE_BUDGET:
        if (!buys) return 0;
        err_set(&c->err, "BUDGET_EXCEEDED", "The budget is more than this buyer may spend.");
        (void)err_field(&c->err, "/packages/0/budget");
        break;
    case FORCE_UNAVAILABLE:
        if (!buys) return 0;
        err_set(&c->err, "PRODUCT_UNAVAILABLE", "The inventory is sold out for this flight.");
        (void)err_field(&c->err, "/packages/0/product_id");
        break;
    case FORCE_TARGETING:
        if (!buys) return 0;
        err_set(&c->err, "VALIDATION_ERROR", "The targeting contradicts itself.");
        (void)err_field(&c->err, "/packages/0/targeting_overlay");
        break;
    case FORCE_CREATIVE_REJECTED:
        if (!creatives) return 0;
        err_set(&c->err, "CREATIVE_REJECTED", "The creative violates the publisher's policies.");
        (void)err_field(&c->err, "/creatives/0");
        break;
    case FORCE_PLATFORM:
        err_set(&c->err, "SERVICE_UNAVAILABLE", "The ad server does not answer.");
        c->err.retry_after_s = 5;
        break;
    }
    return err_suggest(&c->err, "%s", why);
}

/* Where the money stands at the call's time. 1, 0 without such a buy, -1. */
static int spend_now(struct call *c, struct str id, int64_t *spent, int64_t *budget, struct err *e)
{
    struct plan plan;
    struct delivery d;
    struct media_buy_row buy;
    int rc = find_buy(c, c->act.tx, id, &buy, e);
    if (rc == 1) rc = plan_load(&c->act, id, PLAN_NUMBERS, &plan, e);
    if (rc != 1) return rc;
    if (delivery_read(&c->act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    int64_t s = d.lifetime.of[METRIC_SPEND];
    *spent = s == METRIC_UNKNOWN ? 0 : s;
    *budget = buy.total_budget_micros;
    return 1;
}

bool sandbox_needs_write(const struct call *c)
{
    bool money = c->sandbox.spend_micros > 0 || c->sandbox.forced == FORCE_BUDGET;
    return money && c->row->kind == TOOL_READ && named_buy(c->canonical_args).n;
}

/* --- what a poll decides ---------------------------------------------------------------------------------------- */

bool sandbox_decides(const struct call *c)
{
    bool polls =
        c->dispatcher->sandbox && c->row->kind == TOOL_READ && c->authenticated && c->principal.role == ROLE_BUYER;
    return polls && header_true(c->headers.x_auto_advance) && named_buy(c->canonical_args).n;
}

static int approve_open(const struct act *publisher, const struct task_subject *subject, struct err *e)
{
    struct task_row *rows, done;
    size_t n;
    if (task_open_of(publisher, subject, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        struct task_resolution r = { .task_id = rows[i].task_id, .decision = TASK_APPROVE };
        if (!task_executing(publisher, &rows[i]) && task_resolve(publisher, &r, &done, e)) return -1;
    }
    return 0;
}

/* The buy itself, its changes, and the creatives that are assigned to it. */
static int approve_of_buy(struct call *c, struct str id)
{
    struct act publisher = c->act;
    struct media_buy_row buy;
    struct creative_assigned_list creatives;
    int rc = find_buy(c, c->act.tx, id, &buy, &c->err);
    if (rc != 1) return rc; /* the tool says what there is to say about an unknown buy */
    publisher.principal = NULL;
    publisher.actor = STR("system:sandbox");
    struct task_subject of_buy = { .type = "media_buy", .id = buy.media_buy_id };
    if (approve_open(&publisher, &of_buy, &c->err)) return -1;
    if (creatives_of_buys(c->act.tx, c->arena, &buy.media_buy_id, 1, &creatives, &c->err)) return -1;
    for (size_t i = 0; i < creatives.n; i++) {
        struct task_subject of_creative = { .type = "creative",
                                            .id = creatives.items[i].creative_id,
                                            .principal_id = buy.principal_id };
        if (approve_open(&publisher, &of_creative, &c->err)) return -1;
    }
    return 0;
}

/* X-Auto-Advance on a poll: time has passed and the publisher's people have agreed to what waited. */
static int decide(struct call *c)
{
    yyjson_val *ids = json_arr(c->canonical_args, "media_buy_ids"), *v;
    struct str one = json_str(c->canonical_args, "media_buy_id");
    size_t i, n;
    if (one.n) return approve_of_buy(c, one) < 0 ? -1 : 0;
    yyjson_arr_foreach(ids, i, n, v) {
        if (i < DECIDED_MAX && approve_of_buy(c, json_val_str(v)) < 0) return -1;
    }
    return 0;
}

/* A tenth more than the budget, for the delivery of a buy that went over. */
static int simulate(struct call *c)
{
    struct str id = named_buy(c->canonical_args);
    int64_t spent, budget, more = c->sandbox.spend_micros;
    int rc = spend_now(c, id, &spent, &budget, &c->err);
    if (rc != 1) return rc; /* the tool says what there is to say about an unknown buy */
    if (c->sandbox.forced == FORCE_BUDGET) more = budget + budget / 10 - spent;
    if (more <= 0) return 0;
    struct delivered d = delivered_none();
    d.of[METRIC_SPEND] = more;
    return delivery_simulate(&c->act, id, STR_NONE, &d, &c->err) || budget_watch(&c->act, id, &c->err) ? -1 : 0;
}

static int open_session(struct call *c)
{
    struct principal_row row = { .tenant_id = c->principal.tenant_id,
                                 .principal_id = c->principal.principal_id,
                                 .name = c->principal.name,
                                 .role = STR("buyer"),
                                 .dialect = c->principal.dialect,
                                 .status = STR("active"),
                                 .doc = STR("{}") };
    return q_principal_put(c->act.tx, &row, c->act.now, &c->err) < 0 ? -1 : 0;
}

int sandbox_prepare(struct call *c)
{
    if (c->sandbox.session && open_session(c)) return -1;
    if (sandbox_decides(c) && decide(c)) return -1;
    return sandbox_needs_write(c) ? simulate(c) : 0;
}

/* --- the answer ---------------------------------------------------------------------------------------------- */

static void next_event(struct call *c, struct flight f)
{
    char text[RFC3339_MAX];
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        int64_t at = event_at(&events[i], f);
        if (!events[i].milestone || at <= c->act.now) continue;
        size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
        c->sandbox.next_event = str_from(events[i].name);
        c->sandbox.next_event_time = arena_dup(c->arena, (struct str){ text, n });
        return;
    }
}

/* The buy the answer is about: the one named, else the one made. */
static struct str buy_of_answer(struct call *c)
{
    struct str id = named_buy(c->canonical_args);
    yyjson_doc *doc;
    struct err e;
    if (id.n || c->outcome != CALL_OK || json_parse(c->arena, c->body, &json_limits_own, &doc, &e)) return id;
    yyjson_val *root = yyjson_doc_get_root(doc);
    id = json_str(root, "media_buy_id");
    return id.n ? id : json_str(json_obj(root, "media_buy"), "id");
}

void sandbox_reply(struct call *c, struct tx *tx)
{
    struct err e; /* no header is better than a wrong one */
    struct media_buy_row buy;
    char amount[MONEY_TEXT_MAX];
    int64_t spent, budget;
    if (!c->sandbox.used || !c->authenticated || !c->row) return;
    struct str id = buy_of_answer(c);
    c->act.tx = tx;
    if (!id.n || find_buy(c, tx, id, &buy, &e) != 1) return;
    next_event(c, (struct flight){ buy.start_at, buy.end_at });
    if (spend_now(c, id, &spent, &budget, &e) != 1) return;
    if (c->sandbox.undo) { /* what was simulated has been undone */
        spent = c->sandbox.forced == FORCE_BUDGET ? budget + budget / 10 : spent + c->sandbox.spend_micros;
    }
    size_t n = money_print(spent, amount);
    c->sandbox.spend = arena_dup(c->arena, (struct str){ amount, n });
}

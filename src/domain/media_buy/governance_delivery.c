#include "domain/media_buy/governance_delivery.h"

#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "domain/delivery/delivery.h"
#include "contract/document.h"
#include "domain/media_buy/media_buy.h"
#include "store/q/agent/q_job.h"

#define KEY        "governance_delivery"
#define SOONEST_US (INT64_C(3600) * USEC_PER_SEC) /* an agent that always says "now" is told once an hour */

/* What the buy's doc remembers. */
struct appointment {
    struct str job_id;                    /* empty: none */
    int64_t since;                        /* the last report reached up to here */
    int64_t spend_micros, impressions;    /* and had told so much */
};

static struct appointment read_appointment(struct arena *a, const struct media_buy_row *buy)
{
    yyjson_val *o = json_obj(document_read(a, buy->doc), KEY);
    struct appointment p = { .job_id = json_str(o, "job_id"),
                             .since = json_i64_or(o, "since", TIME_NONE),
                             .spend_micros = json_i64_or(o, "spend_micros", 0),
                             .impressions = json_i64_or(o, "impressions", 0) };
    return p;
}

static void write_appointment(struct arena *a, const struct appointment *p, struct media_buy_row *buy)
{
    struct document d;
    document_open(a, buy->doc, &d);
    yyjson_mut_val *o = yyjson_mut_obj(d.doc);
    json_add_str_opt(d.doc, o, "job_id", p->job_id);
    json_add_i64(d.doc, o, "since", p->since);
    json_add_i64(d.doc, o, "spend_micros", p->spend_micros);
    json_add_i64(d.doc, o, "impressions", p->impressions);
    document_set_new(&d, KEY, o);
    buy->doc = document_text(&d);
}

/* ---- making an appointment ---- */

static int put_job(const struct act *act, struct str lane, struct str media_buy_id, const struct appointment *p,
                   int64_t due_at, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", media_buy_id);
    struct job_row job = { .job_id = p->job_id,
                           .tenant_id = act->tenant->tenant_id,
                           .kind = STR(GOVERNANCE_DELIVERY_JOB),
                           .lane = lane,
                           .subject = arena_printf(act->arena, GOVERNANCE_DELIVERY_JOB ":" STR_FMT, STR_ARG(p->job_id)),
                           .payload = json_write(act->arena, o),
                           .due_at = due_at,
                           .deadline_at = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &job, e);
}

int governance_delivery_appoint(const struct act *act, const struct account_row *account, struct str plan_id,
                                struct str shown, struct media_buy_row *buy, struct err *e)
{
    struct governance_agent agent;
    struct appointment p = read_appointment(act->arena, buy);
    int64_t at;
    if (!plan_id.n || rfc3339_parse(json_str(document_read(act->arena, shown), "next_check"), &at)) return 0;
    if (!governance_agent_of(act->arena, account, &agent)) return 0;
    if (at < act->now + SOONEST_US) at = act->now + SOONEST_US;
    if (p.since == TIME_NONE) p.since = buy->start_at < act->now ? buy->start_at : act->now;
    p.job_id = id_new(act->arena, act->rng, "job-", act->now);
    if (put_job(act, governance_lane(act->arena, agent.url), buy->media_buy_id, &p, at, e)) return -1;
    write_appointment(act->arena, &p, buy);
    return 0;
}

/* ---- what is asked ---- */

static const char *pacing_word(enum pacing_status s)
{
    switch (s) {
    case PACING_BEHIND:
    case PACING_SLIGHTLY_BEHIND: return "behind";
    case PACING_AHEAD: return "ahead";
    case PACING_ON_TRACK:
    case PACING_COMPLETED: return "on_track";
    case PACING_NOT_STARTED: break;
    }
    return NULL;
}

static int64_t known(int64_t v)
{
    return v == METRIC_UNKNOWN ? 0 : v;
}

static int64_t more_than(int64_t now, int64_t before)
{
    return now > before ? now - before : 0;
}

/* Counts nobody has measured are left out. Where it ran is not known by country or channel, and not claimed. */
static int add_metrics(const struct act *act, const struct media_buy *b, const struct appointment *p,
                       yyjson_mut_doc *doc, yyjson_mut_val *o, struct err *e)
{
    struct plan plan;
    struct delivery d;
    if (plan_from_rows(act, NULL, &b->row, &b->packages, &plan, e)) return -1;
    if (delivery_read(act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    int64_t spend = known(d.lifetime.of[METRIC_SPEND]), seen = d.lifetime.of[METRIC_IMPRESSIONS];
    yyjson_mut_val *m = json_add_obj(doc, o, "delivery_metrics");
    yyjson_mut_val *period = json_add_obj(doc, m, "reporting_period");
    json_add_time(doc, period, "start", p->since < act->now ? p->since : act->now);
    json_add_time(doc, period, "end", act->now);
    json_add_money(doc, m, "spend", more_than(spend, p->spend_micros));
    json_add_money(doc, m, "cumulative_spend", spend);
    if (d.simulated)
        json_add_bool(doc, json_add_obj(doc, json_add_obj(doc, m, "ext"), "salesagent"), "simulated", true);
    if (seen != METRIC_UNKNOWN) {
        json_add_i64(doc, m, "impressions", more_than(seen, p->impressions));
        json_add_i64(doc, m, "cumulative_impressions", seen);
    }
    if (d.simulated)
        json_add_bool(doc, json_add_obj(doc, json_add_obj(doc, o, "ext"), "salesagent"), "simulated", true);
    const char *pace =
        plan.packages_n ? pacing_word(delivery_pacing(&d, act->arena, act->now, PACING_BY_TIME).status) : NULL;
    if (pace) json_add_cstr(doc, m, "pacing", pace);
    return 0;
}

static struct governance_question planned(const struct media_buy *b)
{
    return (struct governance_question){ .phase = "delivery",
                                         .media_buy_id = b->row.media_buy_id,
                                         .currency = str_from(b->row.currency),
                                         .total_micros = b->row.total_budget_micros,
                                         .start_at = b->row.start_at,
                                         .end_at = b->row.end_at };
}

static int write_question(const struct act *act, const struct media_buy *b, const struct appointment *p,
                          struct str plan_id, struct str *out, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    struct governance_question q = planned(b);
    json_add_i64(doc, o, "adcp_major_version", 3);
    json_add_str(doc, o, "plan_id", plan_id);
    json_add_str(doc, o, "caller", governance_caller(act));
    json_add_cstr(doc, o, "purchase_type", "media_buy");
    json_add_cstr(doc, o, "phase", q.phase);
    json_add_str_opt(doc, o, "governance_context", governance_context_of(act->arena, &b->row));
    governance_add_planned(doc, o, &q);
    if (add_metrics(act, b, p, doc, o, e)) return -1;
    *out = json_write(act->arena, o);
    return 0;
}

static bool worth_telling(const struct media_buy *b)
{
    return b->status != BUY_REJECTED && b->status != BUY_FAILED;
}

int governance_delivery_question(const struct act *act, struct str media_buy_id, struct str job_id,
                                 struct governance_check_row *out, struct governance_agent *agent, struct err *e)
{
    struct media_buy b;
    struct account_row account;
    int found = media_buy_load(act, media_buy_id, &b, e);
    if (found != 1) return found;
    struct appointment p = read_appointment(act->arena, &b.row);
    if (!str_eq(p.job_id, job_id) || !worth_telling(&b)) return 0;
    struct account_row key = { .tenant_id = b.row.tenant_id,
                               .principal_id = b.row.principal_id,
                               .account_id = b.row.account_id };
    found = q_account_get(act->tx, act->arena, &key, &account, e);
    if (found != 1) return found;
    if (!governance_agent_of(act->arena, &account, agent)) return 0;
    struct governance_check_row row = { .job_id = job_id,
                                        .tenant_id = b.row.tenant_id,
                                        .principal_id = b.row.principal_id,
                                        .account_id = b.row.account_id,
                                        .plan_id = json_str(document_read(act->arena, b.row.doc), "plan_id"),
                                        .asked_at = act->now,
                                        .answered_at = TIME_NONE };
    if (write_question(act, &b, &p, row.plan_id, &row.question, e)) return -1;
    *out = row;
    return 1;
}

/* ---- what is heard ---- */

static struct str why(const struct act *act, struct str verdict, yyjson_val *answer)
{
    struct str said = json_str(answer, "explanation");
    if (str_is(verdict, "unavailable")) return STR("the account's governance agent could not be asked about delivery");
    if (said.n > 400) said.n = 400;
    return arena_printf(act->arena, "the account's governance agent refuses: " STR_FMT,
                        STR_ARG(said.n ? said : STR("no reason given")));
}

static int pause_buy(const struct act *act, struct media_buy *b, struct str reason, struct err *e)
{
    struct media_buy_end pause = { .status = BUY_PAUSED, .reason = reason, .actor_side = STR("seller") };
    if (b->status == BUY_PAUSED || media_buy_status_terminal(b->status)) return 0;
    /* What a person has not approved yet delivers nothing; once approved, it waits for its buyer. */
    if (b->status == BUY_PENDING_APPROVAL) {
        b->row.paused = true;
        return q_media_buy_update(act->tx, &b->row, e);
    }
    return media_buy_move(act, b->row.media_buy_id, &pause, e);
}

static void told(const struct act *act, struct appointment *p, const struct governance_check_row *check)
{
    yyjson_val *m = json_obj(document_read(act->arena, check->question), "delivery_metrics");
    int64_t spend;
    struct err ignored; /* our own text */
    p->job_id = STR_NONE;
    p->since = check->asked_at;
    if (json_money(JSON_FIELD(m, "cumulative_spend", ""), &spend, &ignored) == 0) p->spend_micros = spend;
    p->impressions = json_i64_or(m, "cumulative_impressions", p->impressions);
}

static int record(const struct act *act, const struct media_buy *b, struct str shown, struct err *e)
{
    struct audit_entry line = {
        .action = "governance.delivery_check",
        .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(b->row.media_buy_id)),
        .doc = shown,
    };
    return audit_add(act, &line, e);
}

static int next_appointment(const struct act *act, struct media_buy *b, struct str plan_id, struct str shown,
                            struct err *e)
{
    struct account_row account,
        key = { .tenant_id = b->row.tenant_id, .principal_id = b->row.principal_id, .account_id = b->row.account_id };
    if (media_buy_status_terminal(b->status)) return 0;
    int found = q_account_get(act->tx, act->arena, &key, &account, e);
    if (found != 1) return found;
    return governance_delivery_appoint(act, &account, plan_id, shown, &b->row, e);
}

int governance_delivery_heard(const struct act *act, struct str media_buy_id, const struct governance_check_row *check,
                              struct err *e)
{
    struct media_buy b;
    int found = media_buy_load(act, media_buy_id, &b, e);
    if (found != 1) return found;
    struct appointment p = read_appointment(act->arena, &b.row);
    if (!str_eq(p.job_id, check->job_id)) return 0; /* a later answer came in between */
    yyjson_val *answer = document_read(act->arena, check->answer);
    struct governance_question q = planned(&b);
    bool conditions = str_is(check->verdict, "conditions");
    bool goes_on = str_is(check->verdict, "approved") || (conditions && !governance_breaks(&q, answer));
    struct str verdict = conditions && !goes_on ? STR("denied") : check->verdict;
    struct str shown = governance_shown(act->arena, q.phase, verdict, answer);
    if (!str_is(verdict, "unavailable")) told(act, &p, check);
    else p.job_id = STR_NONE;
    write_appointment(act->arena, &p, &b.row);
    b.row.echo = governance_echo(act->arena, b.row.echo, shown);
    if (goes_on && next_appointment(act, &b, check->plan_id, shown, e)) return -1;
    if (q_media_buy_update(act->tx, &b.row, e) || record(act, &b, shown, e)) return -1;
    return goes_on ? 0 : pause_buy(act, &b, why(act, verdict, answer), e);
}

bool governance_delivery_holds(struct arena *a, const struct media_buy_row *buy)
{
    yyjson_val *said = json_get_path(document_read(a, buy->echo), "/ext/salesagent/governance");
    struct str verdict = json_str(said, "verdict");
    return str_is(json_str(said, "phase"), "delivery") && (str_is(verdict, "denied") || str_is(verdict, "unavailable"));
}

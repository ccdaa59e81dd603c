#include "domain/buyer/governance_check.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "contract/document.h"
#include "domain/core/tenant_settings.h"
#include "net/url.h"
#include "store/q/q_governance.h"
#include "store/q/agent/q_job.h"

#define ID_MAX     256
#define HORIZON_US (INT64_C(30) * USEC_PER_SEC)

/* ---- asking ---- */

struct question {
    struct governance_check_row row;
    struct str lane;
};

static int write_question(const struct act *act, struct outside *o, struct err *e)
{
    struct question *q = o->data;
    struct job_row job = { .job_id = q->row.job_id,
                           .tenant_id = q->row.tenant_id,
                           .kind = STR(GOVERNANCE_JOB),
                           .lane = q->lane,
                           .subject = arena_printf(act->arena, GOVERNANCE_JOB ":" STR_FMT, STR_ARG(q->row.job_id)),
                           .payload = STR("{}"),
                           .due_at = act->mock_clock ? 0 : act->now,
                           .deadline_at = act->mock_clock ? TIME_NONE : act->now + HORIZON_US,
                           .created_at = act->now };
    return q_governance_insert(act->tx, &q->row, e) || q_job_insert(act->tx, &job, e) ? -1 : 0;
}

struct str governance_caller(const struct act *act)
{
    struct tenant_settings ts;
    if (act->base_url.n) return act->base_url;
    tenant_settings_read(act->tenant, act->arena, &ts);
    return ts.agent_url;
}

void governance_add_planned(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct governance_question *q)
{
    yyjson_mut_val *p = json_add_obj(doc, o, "planned_delivery");
    json_add_str_opt(doc, p, "media_buy_id", q->media_buy_id);
    json_add_money(doc, p, "total_budget", q->total_micros);
    json_add_str(doc, p, "currency", q->currency);
    json_add_time(doc, p, "start_time", q->start_at);
    json_add_time(doc, p, "end_time", q->end_at);
}

static struct str arguments(const struct act *act, const struct governance_question *q, struct str plan_id)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_i64(doc, o, "adcp_major_version", 3);
    json_add_str_opt(doc, o, "plan_id", plan_id);
    json_add_str(doc, o, "caller", governance_caller(act));
    json_add_cstr(doc, o, "purchase_type", "media_buy");
    json_add_cstr(doc, o, "phase", q->phase);
    if (json_has(q->args, "governance_context")) {
        json_add_copy(doc, o, "governance_context", yyjson_obj_get(q->args, "governance_context"));
    } else {
        json_add_str_opt(doc, o, "governance_context", q->context);
    }
    json_add_copy(doc, o, "invoice_recipient", yyjson_obj_get(q->args, "invoice_recipient"));
    json_add_str_opt(doc, o, "modification_summary", q->summary);
    governance_add_planned(doc, o, q);
    return json_write(act->arena, o);
}

struct str governance_lane(struct arena *a, struct str text)
{
    struct url u;
    struct err ignored; /* was checked when it was registered */
    if (url_parse(text, &u, &ignored)) return STR("governance");
    return arena_printf(a, "governance:" STR_FMT, STR_ARG(u.authority));
}

static int unavailable(struct err *e)
{
    (void)err_set(e, "GOVERNANCE_UNAVAILABLE", "The account's governance agent did not answer; nothing was committed.");
    (void)err_suggest(e, "Send the identical request again a little later.");
    e->retry_after_s = 30;
    return -1;
}

static int ask(const struct act *act, const struct governance_question *q, const struct governance_agent *agent,
               struct str plan_id, struct err *e)
{
    if (!outside_can_ask(act->outside)) return unavailable(e); /* nobody here can wait for an answer */
    struct question *question = ARENA_NEW(act->arena, struct question);
    question->row = (struct governance_check_row){ .job_id = id_new(act->arena, act->rng, "job-", act->now),
                                                   .tenant_id = act->tenant->tenant_id,
                                                   .principal_id = act->principal->principal_id,
                                                   .account_id = q->account->account_id,
                                                   .plan_id = plan_id,
                                                   .question = arguments(act, q, plan_id),
                                                   .asked_at = act->now };
    question->lane = governance_lane(act->arena, agent->url);
    act->outside->wanted = true;
    act->outside->question = (struct outside_question){ STR(GOVERNANCE_JOB), question->row.job_id };
    act->outside->data = question;
    act->outside->write = write_question;
    return unavailable(e); /* what the caller hears if the question cannot even be stored */
}

/* ---- hearing ---- */

static struct str with_findings(struct arena *a, yyjson_val *answer)
{
    static const char *const kept[] = { "check_id", "findings", "conditions" };
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, o, kept[i], yyjson_obj_get(answer, kept[i]));
    return json_write(a, o);
}

static int denied(const struct act *act, yyjson_val *answer, struct err *e)
{
    struct str why = json_str(answer, "explanation");
    (void)err_set(e, "GOVERNANCE_DENIED", "The account's governance agent refuses: %.*s",
                  (int)(why.n < 400 ? why.n : 400), why.n ? why.p : "no reason given");
    (void)err_suggest(e,
                      "Change what the findings name, or the plan with the governance agent, and send a new request.");
    struct str details = with_findings(act->arena, answer);
    return err_details(e, STR_FMT, STR_ARG(details));
}

/* "planned_delivery.total_budget" or "total_budget": the plan's own value, as a number or text. */
static bool broken(const struct governance_question *q, yyjson_val *condition)
{
    struct str field = json_str(condition, "field"), prefix = STR("planned_delivery.");
    yyjson_val *required = yyjson_obj_get(condition, "required_value");
    if (str_starts(field, prefix)) field = str_skip(field, prefix.n);
    if (!required) return false;
    if (str_is(field, "total_budget") && yyjson_is_num(required)) {
        return (double)q->total_micros > yyjson_get_num(required) * (double)MICROS_PER_UNIT;
    }
    int64_t at;
    bool start = str_is(field, "start_time"), end = str_is(field, "end_time");
    if ((!start && !end) || rfc3339_parse(json_val_str(required), &at)) return false;
    return start ? q->start_at < at : q->end_at > at;
}

bool governance_breaks(const struct governance_question *q, yyjson_val *answer)
{
    yyjson_val *condition;
    size_t i, n;
    yyjson_arr_foreach(json_arr(answer, "conditions"), i, n, condition) {
        if (broken(q, condition)) return true;
    }
    return false;
}

struct str governance_shown(struct arena *a, const char *phase, struct str verdict, yyjson_val *answer)
{
    static const char *const kept[] = { "check_id",           "explanation", "findings",  "conditions",
                                        "governance_context", "expires_at",  "next_check" };
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "phase", phase);
    json_add_str(doc, o, "verdict", verdict);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, o, kept[i], yyjson_obj_get(answer, kept[i]));
    return json_write(a, o);
}

struct commitment {
    int64_t total_micros, start_at;
    struct str currency, end;
};

static int commitment_of(struct arena *a, struct str question, struct commitment *out)
{
    struct err e; /* our own text */
    yyjson_val *p = json_obj(document_read(a, question), "planned_delivery");
    out->currency = json_str(p, "currency");
    out->end = json_str(p, "end_time");
    return json_money(JSON_FIELD(p, "total_budget", ""), &out->total_micros, &e) ||
                   rfc3339_parse(json_str(p, "start_time"), &out->start_at)
               ? -1
               : 0;
}

/* Is the plan still the one that the agent was asked about? Other calls went on meanwhile; a start of "asap" has moved on with the
 * clock, and may be later. */
static bool is_as_asked(const struct act *act, const struct governance_question *q, struct str question)
{
    struct commitment asked, now;
    if (commitment_of(act->arena, question, &asked) || commitment_of(act->arena, arguments(act, q, STR_NONE), &now)) {
        return false;
    }
    return now.total_micros == asked.total_micros && str_eq(now.currency, asked.currency) &&
           now.start_at >= asked.start_at && str_eq(now.end, asked.end);
}

static int changed_meanwhile(struct err *e)
{
    (void)err_set(e, "CONFLICT", "The media buy has changed while its governance agent was asked about this.");
    (void)err_suggest(e, "Read the media buy again with get_media_buys and repeat the change.");
    return -1;
}

static int hear(const struct act *act, const struct governance_question *q, struct str job_id, struct str *shown,
                struct err *e)
{
    struct governance_check_row row;
    int found = q_governance_get(act->tx, act->arena, job_id, &row, e);
    if (found < 0) return -1;
    if (!found) return unavailable(e);
    yyjson_val *answer = document_read(act->arena, row.answer);
    if (str_is(row.verdict, "denied")) return denied(act, answer, e);
    if (str_is(row.verdict, "conditions") && governance_breaks(q, answer)) return denied(act, answer, e);
    bool positive = str_is(row.verdict, "approved") || str_is(row.verdict, "conditions");
    if (!positive && !row.plan_id.n) return 0; /* a sandbox account that named no plan */
    if (!positive) return unavailable(e);
    if (!is_as_asked(act, q, row.question)) return changed_meanwhile(e);
    *shown = governance_shown(act->arena, q->phase, row.verdict, answer);
    struct audit_entry line = { .action = "governance.check",
                                .subject =
                                    arena_printf(act->arena, "account:" STR_FMT, STR_ARG(q->account->account_id)),
                                .doc = *shown };
    return audit_add(act, &line, e);
}

int governance_gate(const struct act *act, const struct governance_question *q, struct str *shown, struct err *e)
{
    struct governance_agent agent;
    struct str plan_id = q->plan_id;
    *shown = STR_NONE;
    if (!governance_agent_of(act->arena, q->account, &agent)) return 0;
    if (json_opt_str(JSON_FIELD(q->args, "plan_id", ""), (struct json_len){ 1, ID_MAX }, &plan_id, e)) return -1;
    bool lenient = !plan_id.n && q->account->sandbox;
    if (lenient && !act->outside && !act->rehearsal) return 0;
    if (!plan_id.n && !lenient) {
        (void)err_set(e, "INVALID_REQUEST",
                      "plan_id is required: the account has a governance agent that checks plans.");
        return err_field(e, "/plan_id");
    }
    if (act->rehearsal) {
        rehearsal_note(act, arena_printf(act->arena, "governance agent: check_governance %s at " STR_FMT, q->phase,
                                         STR_ARG(agent.url)));
        return 0;
    }
    struct str job_id;
    if (outside_asked(act->outside, STR(GOVERNANCE_JOB), &job_id)) return hear(act, q, job_id, shown, e);
    return ask(act, q, &agent, plan_id, e);
}

struct str governance_context_of(struct arena *a, const struct media_buy_row *buy)
{
    yyjson_val *said = json_get_path(document_read(a, buy->echo), "/ext/salesagent/governance/governance_context");
    struct str brought = json_str(document_read(a, buy->doc), "governance_context");
    return yyjson_is_str(said) ? json_val_str(said) : brought;
}

struct str governance_echo(struct arena *a, struct str echo, struct str shown)
{
    yyjson_val *said = document_read(a, shown);
    if (!said) return echo;
    struct document d;
    document_open(a, echo, &d);
    yyjson_mut_val *ext = yyjson_mut_obj_get(d.root, "ext");
    if (!yyjson_mut_is_obj(ext)) ext = json_add_obj(d.doc, d.root, "ext");
    yyjson_mut_val *ours = yyjson_mut_obj_get(ext, "salesagent");
    if (!yyjson_mut_is_obj(ours)) ours = json_add_obj(d.doc, ext, "salesagent");
    (void)yyjson_mut_obj_remove_key(ours, "governance");
    json_add_copy(d.doc, ours, "governance", said);
    return document_text(&d);
}

/* People decide: every operation x every rule outcome x every way a decision comes about x a crash before, during and
 * after it, through two doors, with the same expectations: one decision, its effect exactly once, the audit trail whole.
 *   sim_people     one TAP line for each operation */
#include <stdio.h>
#include <stdlib.h>

#include "base/rfc3339.h"
#include "sim.h"

#define START   INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define HOUR    (INT64_C(3600) * USEC_PER_SEC)
#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"acme.example\"}"

#define EVERY_BUY                                                                                          \
    "{\"adcp_version\":\"3.1\",\"status_filter\":[\"pending_creatives\",\"pending_start\",\"active\",\"paused\"," \
    "\"completed\",\"rejected\",\"canceled\"]}"

enum operation { CREATE, UPDATE, CREATIVE, ACCOUNT_NEW, OPERATIONS_N };
enum rule { NO_RULE, PERSON, AUTO, REJECTING, RULES_N };
enum way { APPROVE, REJECT, LAPSE_STAYS, LAPSE_APPROVES, LAPSE_REJECTS, IMPOSSIBLE, WAYS_N };
enum crash { NO_CRASH, BEFORE, DURING, AFTER, CRASHES_N };
enum door { COMMAND_LINE, API, DOORS_N };

static const char *const operations[] = { "create_media_buy", "update_media_buy", "creative_review", "account" };
static const char *const rules[] = { "no rule", "person", "auto", "reject" };
static const char *const ways[] = { "approve", "reject", "lapse: stay", "lapse: approve", "lapse: reject", "impossible" };
static const char *const crashes[] = { "no crash", "crash before", "crash during", "crash after" };

struct run {
    struct sim sim;
    enum operation operation;
    enum rule rule;
    enum way way;
    enum crash crash;
    enum door door;
    struct str task_id, media_buy_id, package_id;
    int failures, keys;
};

static void check(struct run *r, bool ok, const char *what)
{
    if (ok) return;
    r->failures++;
    (void)printf("# %s, %s, %s, %s, %s: %s\n", operations[r->operation], rules[r->rule], ways[r->way], crashes[r->crash],
                 r->door == API ? "API" : "command line", what);
}

static struct str kept(struct run *r, struct str s)
{
    return arena_dup(&r->sim.arena, s);
}

/* ---- asking ---- */

static enum sim_result buyer(struct run *r, const char *tool, const char *members, yyjson_val **reply)
{
    return sim_call(&r->sim, "test-token", tool,
                    sim_text(&r->sim, "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"people-key-%08d\"," ACCOUNT "%s}", r->keys++,
                             members), reply);
}

static enum sim_result create(struct run *r, yyjson_val **reply)
{
    return buyer(r, "create_media_buy",
                 ",\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":"
                 "\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":"
                 "\"price-001\",\"budget\":2000}]", reply);
}

static void resolve_local(struct run *r, struct str task_id, const char *decision)
{
    yyjson_val *reply;
    enum sim_result x = sim_local(&r->sim, "x_task_resolve",
                                  sim_text(&r->sim, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"%s\",\"reason\":\"sim\"}",
                                           STR_ARG(task_id), decision), &reply);
    check(r, x == SIM_OK, "the preparation failed");
}

/* An update needs a buy, confirmed before the rules are made. */
static void prepare(struct run *r)
{
    yyjson_val *reply;
    if (r->operation != UPDATE) return;
    check(r, create(r, &reply) == SIM_OK, "the buy was not made");
    resolve_local(r, kept(r, json_str(reply, "task_id")), "approve");
    check(r, sim_call(&r->sim, "test-token", "get_media_buys", EVERY_BUY, &reply) == SIM_OK, "no buys");
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    r->media_buy_id = kept(r, json_str(buy, "media_buy_id"));
    r->package_id = kept(r, json_str(yyjson_arr_get_first(json_arr(buy, "packages")), "package_id"));
}

static void add_rule(struct run *r)
{
    static const char *const then[] = { NULL, "person", "auto", "reject" };
    const char *lapse = r->way == LAPSE_APPROVES ? "approve" : r->way == LAPSE_REJECTS ? "reject" : "stay";
    yyjson_val *reply;
    if (r->rule == NO_RULE) return;
    enum sim_result x = sim_local(&r->sim, "x_rule_add",
                                  sim_text(&r->sim, "{\"rule\":{\"name\":\"sim\",\"then\":\"%s\",\"when\":{\"operations\":"
                                                    "[\"%s\"]},\"due_hours\":10,\"remind_hours\":2,\"escalate_hours\":5,"
                                                    "\"lapse\":\"%s\",\"reason\":\"no\"}}",
                                           then[r->rule], operations[r->operation], lapse), &reply);
    check(r, x == SIM_OK, "the rule was refused");
}

static enum sim_result ask(struct run *r, yyjson_val **reply)
{
    switch (r->operation) {
    case CREATE: return create(r, reply);
    case UPDATE:
        return buyer(r, "update_media_buy",
                     sim_text(&r->sim, ",\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT
                                       "\",\"budget\":3000}]", STR_ARG(r->media_buy_id), STR_ARG(r->package_id)), reply);
    case CREATIVE:
        return buyer(r, "sync_creatives",
                     ",\"creatives\":[{\"creative_id\":\"c-1\",\"name\":\"C\",\"format_id\":{\"agent_url\":"
                     "\"http://localhost/mcp\",\"id\":\"fmt-display-300x250\"},\"assets\":{\"primary\":{\"asset_type\":"
                     "\"image\",\"url\":\"https://cdn.acme.example/a.png\",\"width\":300,\"height\":250,\"format\":\"png\"},"
                     "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/\"}}}]", reply);
    case ACCOUNT_NEW:
        return sim_call(&r->sim, "test-token", "sync_accounts",
                        "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"people-account-key-1\",\"accounts\":[{\"brand\":"
                        "{\"domain\":\"new.example\"},\"operator\":\"new.example\",\"billing\":\"operator\"}]}", reply);
    case OPERATIONS_N: break;
    }
    ENSURE(!"an operation");
}

static bool needs_person(const struct run *r)
{
    if (r->rule == PERSON) return true;
    return r->rule == NO_RULE && (r->operation == CREATE || r->operation == CREATIVE);
}

/* ---- what became of it ---- */

/* "approved", "rejected", "open", "" (nothing there): by its effect, not by the task. */
static const char *effect(struct run *r)
{
    yyjson_val *reply, *v;
    size_t i, n;
    switch (r->operation) {
    case CREATE:
        if (sim_call(&r->sim, "test-token", "get_media_buys", EVERY_BUY, &reply) != SIM_OK) return "?";
        check(r, yyjson_arr_size(json_arr(reply, "media_buys")) <= 1, "the buy was made twice");
        v = yyjson_arr_get_first(json_arr(reply, "media_buys"));
        if (!v) return r->task_id.n ? "open" : "";
        return str_is(json_str(v, "status"), "rejected") ? "rejected" : "approved";
    case UPDATE:
        if (sim_call(&r->sim, "test-token", "get_media_buys",
                     sim_text(&r->sim, "{\"adcp_version\":\"3.1\",\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(r->media_buy_id)),
                     &reply) != SIM_OK) return "?";
        v = yyjson_arr_get_first(json_arr(reply, "media_buys"));
        return json_i64_or(v, "total_budget", 0) == 3000 ? "approved" : "unchanged";
    case CREATIVE:
        if (sim_local(&r->sim, "x_creative_list", "{}", &reply) != SIM_OK) return "?";
        v = yyjson_arr_get_first(json_arr(reply, "creatives"));
        if (!v) return "";
        return str_is(json_str(v, "status"), "approved") ? "approved" : str_is(json_str(v, "status"), "rejected") ? "rejected" : "open";
    case ACCOUNT_NEW:
        if (sim_call(&r->sim, "test-token", "list_accounts", "{\"adcp_version\":\"3.1\"}", &reply) != SIM_OK) return "?";
        yyjson_arr_foreach(json_arr(reply, "accounts"), i, n, v) {
            if (!str_is(json_val_str(json_get_path(v, "/brand/domain")), "new.example")) continue;
            return str_is(json_str(v, "status"), "active") ? "approved" : str_is(json_str(v, "status"), "rejected") ? "rejected" : "open";
        }
        return "";
    case OPERATIONS_N: break;
    }
    ENSURE(!"an operation");
}

static yyjson_val *task(struct run *r)
{
    yyjson_val *reply;
    if (sim_local(&r->sim, "x_task_get", sim_text(&r->sim, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(r->task_id)), &reply) != SIM_OK) {
        check(r, false, "the task is gone");
        return NULL;
    }
    return json_obj(reply, "task");
}

static int64_t decisions(yyjson_val *t)
{
    size_t i, n;
    yyjson_val *h;
    int64_t count = 0;
    yyjson_arr_foreach(json_arr(t, "history"), i, n, h) {
        count += str_is(json_str(h, "what"), "task.approved") || str_is(json_str(h, "what"), "task.rejected");
    }
    return count;
}

static void check_trail(struct run *r)
{
    yyjson_val *reply;
    if (sim_local(&r->sim, "x_audit_verify", "{}", &reply) != SIM_OK) {
        check(r, false, "the trail cannot be verified");
        return;
    }
    check(r, json_bool_or(reply, "done", false) && yyjson_arr_size(json_arr(reply, "findings")) == 0, "the trail is not whole");
}

/* ---- deciding ---- */

static enum sim_result decide_once(struct run *r, const char *decision)
{
    yyjson_val *reply;
    if (r->door == COMMAND_LINE) {
        return sim_local(&r->sim, "x_task_resolve",
                         sim_text(&r->sim, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"%s\",\"reason\":\"sim\"}",
                                  STR_ARG(r->task_id), decision), &reply);
    }
    return sim_call(&r->sim, "test-operator-token", "complete_task",
                    sim_text(&r->sim, "{\"task_id\":\"" STR_FMT "\",\"resolution\":\"%s\"}", STR_ARG(r->task_id),
                             strcmp(decision, "approve") == 0 ? "approved" : "rejected"), &reply);
}

static void decide(struct run *r, const char *decision)
{
    if (r->crash == BEFORE) sim_restart(&r->sim);
    if (r->crash == DURING) r->sim.crash_percent = 100;
    enum sim_result x = decide_once(r, decision);
    r->sim.crash_percent = 0;
    if (r->crash == AFTER) sim_restart(&r->sim);
    check(r, x != SIM_FAILED, "the decision was refused");
    if (x != SIM_LOST) return;
    /* Nobody knows whether it was taken: who asks again gets it done, or is told that it was. */
    bool open = str_is(json_str(task(r), "state"), "pending");
    x = decide_once(r, decision);
    check(r, open ? x == SIM_OK : x == SIM_FAILED, "a repeated decision counts anew");
}

/* Time passes the due time; a crash meets the timer. */
static void lapse(struct run *r)
{
    int64_t due = START + 10 * HOUR;
    sim_run_until(&r->sim, due - HOUR);
    check(r, str_is(json_str(task(r), "state"), "escalated"), "it was not escalated");
    if (r->crash == BEFORE) sim_restart(&r->sim);
    if (r->crash == DURING) {
        r->sim.driver.now = due + HOUR; /* down while it was due */
        sim_restart(&r->sim);
    }
    sim_run_until(&r->sim, due + 2 * HOUR);
    if (r->crash == AFTER) sim_restart(&r->sim);
    sim_run_until(&r->sim, due + 3 * HOUR);
}

static void expect(struct run *r, const char *decision, const char *shown)
{
    yyjson_val *t = task(r);
    bool closed = decision[0] != '\0';
    check(r, str_is(json_str(t, "decision"), decision), "the task's decision is another");
    check(r, decisions(t) == closed, closed ? "it was not decided exactly once" : "it was decided");
    check(r, strcmp(effect(r), shown) == 0, sim_text(&r->sim, "the effect is %s, not %s", effect(r), shown));
    if (!closed) return;
    check(r, decide_once(r, "approve") == SIM_FAILED, "a second decision counts");
    check(r, strcmp(effect(r), shown) == 0, "a second decision had an effect");
}

static void run_way(struct run *r)
{
    const char *undone = r->operation == UPDATE ? "unchanged" : "rejected";
    const char *waiting = r->operation == UPDATE ? "unchanged" : "open";
    switch (r->way) {
    case APPROVE:
        decide(r, "approve");
        expect(r, "approved", "approved");
        return;
    case REJECT:
        decide(r, "reject");
        expect(r, "rejected", undone);
        return;
    case LAPSE_STAYS:
        lapse(r);
        expect(r, "", waiting);
        return;
    case LAPSE_APPROVES:
        lapse(r);
        expect(r, "approved", "approved");
        return;
    case LAPSE_REJECTS:
        lapse(r);
        expect(r, "rejected", undone);
        return;
    case IMPOSSIBLE:
        sim_run_until(&r->sim, START + 90 * USEC_PER_DAY); /* the flight is over: it cannot be changed any more */
        if (r->crash == BEFORE) sim_restart(&r->sim);
        if (r->crash == DURING) r->sim.crash_percent = 100;
        (void)decide_once(r, "approve"); /* each door says in its own way that it was not carried out */
        r->sim.crash_percent = 0;
        if (r->crash == AFTER) sim_restart(&r->sim);
        if (r->crash != DURING) check(r, json_obj(task(r), "failure") != NULL, "the reason is not shown");
        expect(r, "", "unchanged");
        return;
    case WAYS_N: break;
    }
    ENSURE(!"a way");
}

static int run_one(struct run *r, uint64_t seed)
{
    yyjson_val *reply, *list, *t;
    size_t i, n;
    sim_init(&r->sim, seed, START);
    prepare(r);
    add_rule(r);
    enum sim_result x = ask(r, &reply);
    bool per_item = r->operation == CREATIVE || r->operation == ACCOUNT_NEW; /* its items fail, not the call */
    check(r, x == (r->rule == REJECTING && !per_item ? SIM_FAILED : SIM_OK), "the operation was answered otherwise");
    check(r, sim_local(&r->sim, "x_task_list", "{}", &reply) == SIM_OK, "no list of tasks");
    list = json_arr(reply, "tasks");
    yyjson_arr_foreach(list, i, n, t) r->task_id = kept(r, json_str(t, "task_id"));
    check(r, yyjson_arr_size(list) == (needs_person(r) ? 1 : 0), "the wrong number of tasks");
    if (r->task_id.n && needs_person(r)) {
        struct str rule_id = json_str(json_obj(task(r), "terms"), "rule_id");
        check(r, (rule_id.n > 0) == (r->rule == PERSON), "the rule is not recorded on the task");
        run_way(r);
    } else if (r->rule == REJECTING) {
        check(r, strcmp(effect(r), r->operation == UPDATE ? "unchanged" : "") == 0, "what a rule rejects left something");
    } else {
        check(r, strcmp(effect(r), "approved") == 0, "what needs nobody did not happen");
    }
    check_trail(r);
    sim_finish(&r->sim);
    return r->failures;
}

/* Combinations that say nothing new are left out: without a task there is nothing to decide, without a rule no lapse. */
static bool worth_it(const struct run *r)
{
    if (!needs_person(r)) return r->way == APPROVE && r->crash == NO_CRASH && r->door == COMMAND_LINE;
    bool lapses = r->way == LAPSE_STAYS || r->way == LAPSE_APPROVES || r->way == LAPSE_REJECTS;
    if (lapses) return r->rule == PERSON && r->door == COMMAND_LINE;
    return r->way != IMPOSSIBLE || r->operation == UPDATE;
}

int main(void)
{
    static struct run r;
    int failed = 0;
    for (int o = 0; o < OPERATIONS_N; o++) {
        int failures = 0, runs = 0;
        for (int k = 0; k < RULES_N * WAYS_N * CRASHES_N * DOORS_N; k++) {
            memset(&r, 0, sizeof(r));
            r.operation = (enum operation)o;
            r.rule = (enum rule)(k % RULES_N);
            r.way = (enum way)(k / RULES_N % WAYS_N);
            r.crash = (enum crash)(k / RULES_N / WAYS_N % CRASHES_N);
            r.door = (enum door)(k / RULES_N / WAYS_N / CRASHES_N);
            if (!worth_it(&r)) continue;
            for (uint64_t seed = 1; seed <= (r.crash == DURING ? 6u : 1u); seed++) {
                struct run again = { .operation = r.operation, .rule = r.rule, .way = r.way, .crash = r.crash, .door = r.door };
                r = again;
                failures += run_one(&r, seed);
                runs++;
            }
        }
        (void)printf("%s - people decide on %s: %d runs\n", failures ? "not ok" : "ok", operations[o], runs);
        (void)fflush(stdout);
        failed += failures != 0;
    }
    return failed ? 1 : 0;
}

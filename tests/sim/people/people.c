/* People decide: every operation x every rule outcome x every way a decision comes about and ends x a crash before, during
 * and after it, through every door, with the same expectations: one decision, its effect exactly once here and at the
 * ad server, what failed open with its reason, the audit trail whole.
 *   sim_people [OPERATION]     one TAP line for each operation */
#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rfc3339.h"

#define START   INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define HOUR    (INT64_C(3600) * USEC_PER_SEC)
#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"acme.example\"}"
#define SEEDS   3 /* of a crash in the middle */

static const char *const rules[] = { "no rule", "person", "auto", "reject" };
static const char *const crashes[] = { "no crash", "crash before", "crash during", "crash after" };
static const char *const doors[] = { "command line", "bulk", "MCP", "A2A", "REST", "link" };

/* Which combinations say something. */
enum applies { ALWAYS, LAPSES, BOOKED, ADMITTED, FLIGHTS };

struct way {
    const char *name;
    const char *lapse; /* of the rule; NULL: stay */
    const char *adapter; /* NULL: the mock */
    enum applies applies;
    bool no_crash; /* crashes mean nothing here */
    void (*run)(struct run *r);
};

void check(struct run *r, bool ok, const char *what)
{
    if (ok) return;
    r->failures++;
    (void)printf("# %s, %s, %s, %s, %s: %s\n", r->operation->name, rules[r->rule], r->way->name, crashes[r->crash],
                 doors[r->door], what);
}

struct str kept(struct run *r, struct str s)
{
    return arena_dup(&r->sim.arena, s);
}

enum sim_result buyer(struct run *r, const char *tool, const char *members, yyjson_val **reply)
{
    return sim_call(&r->sim, "test-token", tool,
                    sim_text(&r->sim,
                             "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"people-key-%08d\"," ACCOUNT "%s}",
                             r->keys++, members),
                    reply);
}

void resolve_local(struct run *r, struct str task_id, const char *decision)
{
    yyjson_val *reply;
    enum sim_result x =
        sim_local(&r->sim, "x_task_resolve",
                  sim_text(&r->sim, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"%s\",\"reason\":\"sim\"}",
                           STR_ARG(task_id), decision),
                  &reply);
    check(r, x == SIM_OK, "the preparation failed");
}

static void wait(struct run *r, int64_t us)
{
    sim_run_until(&r->sim, r->sim.driver.now + us);
}

/* ---- what became of it ---- */

static yyjson_val *task(struct run *r)
{
    yyjson_val *reply;
    if (sim_local(&r->sim, "x_task_get", sim_text(&r->sim, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(r->task_id)),
                  &reply) != SIM_OK) {
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
    check(r, json_bool_or(reply, "done", false) && yyjson_arr_size(json_arr(reply, "findings")) == 0,
          "the trail is not whole");
}

/* What the far ad server has: exactly one order, or none, for what was decided. */
static void check_orders(struct run *r, const char *shown)
{
    int64_t budget, wanted = strcmp(shown, "approved") == 0 ? r->operation->order_after : r->operation->order_before;
    int n = servers_live(&r->servers, &budget);
    if (strcmp(r->adapter, "far") != 0) return;
    check(r, n == (wanted > 0) && budget == wanted * 1000000,
          sim_text(&r->sim, "the ad server has %d orders of %lld, not %lld", n, (long long)(budget / 1000000),
                   (long long)wanted));
}

/* ---- deciding ---- */

static struct sim_request decision(struct run *r, enum door door, const char *what, enum sim_door *kind)
{
    struct sim *s = &r->sim;
    bool approve = strcmp(what, "approve") == 0;
    const char *api = sim_text(s, "{\"task_id\":\"" STR_FMT "\",\"resolution\":\"%s\"}", STR_ARG(r->task_id),
                               approve ? "approved" : "rejected");
    switch (door) {
    case COMMAND_LINE:
    case BULK:
        *kind = SIM_LOCAL;
        return sim_ask(s, SIM_LOCAL, NULL, "x_task_resolve",
                       sim_text(s,
                                door == BULK ? "{\"task_ids\":[\"" STR_FMT "\"],\"decision\":\"%s\",\"reason\":\"sim\"}"
                                             : "{\"task_id\":\"" STR_FMT "\",\"decision\":\"%s\",\"reason\":\"sim\"}",
                                STR_ARG(r->task_id), what));
    case MCP: *kind = SIM_MCP; break;
    case A2A: *kind = SIM_A2A; break;
    case REST: *kind = SIM_REST; break;
    case LINK:
        *kind = SIM_LINK;
        return sim_ask(s, SIM_LINK, NULL, r->servers.link, sim_text(s, "decision=%s&reason=sim", what));
    case DOORS_N: ENSURE(!"a door");
    }
    return sim_ask(s, *kind, "test-operator-token", "complete_task", api);
}

static enum sim_result outcome(struct run *r, enum door door, enum sim_door kind, const struct sim_answer *a)
{
    yyjson_val *reply = NULL;
    enum sim_result x = sim_read(&r->sim, kind, a, &reply);
    bool refused = door == BULK && x == SIM_OK && json_has(yyjson_arr_get_first(json_arr(reply, "results")), "error");
    return refused ? SIM_FAILED : x;
}

static enum sim_result decide_once(struct run *r, const char *what)
{
    enum sim_door kind;
    struct sim_answer a;
    struct sim_request q = decision(r, r->door, what, &kind);
    sim_request(&r->sim, &q, 1, &a);
    return outcome(r, r->door, kind, &a);
}

static bool undecided(struct run *r)
{
    yyjson_val *t = task(r);
    return !json_str(t, "decision").n && !json_bool_or(json_obj(t, "execution"), "running", false);
}

/* Jobs run; crashes meet them. */
static void let_jobs_run(struct run *r)
{
    for (int i = 0; r->crash == DURING && i < 4; i++) {
        wait(r, (int64_t)sim_random(&r->sim, 60000));
        sim_restart(&r->sim);
    }
    wait(r, 2 * HOUR);
}

static void decide(struct run *r, const char *what)
{
    if (r->crash == BEFORE) sim_restart(&r->sim);
    if (r->crash == DURING) r->sim.crash_percent = 100;
    enum sim_result x = decide_once(r, what);
    r->sim.crash_percent = 0;
    if (r->crash == AFTER) sim_restart(&r->sim);
    check(r, x != SIM_FAILED, "the decision was refused");
    if (x == SIM_LOST) {
        /* Nobody knows whether it was taken: who asks again gets it done, or is told that it was. */
        bool open = undecided(r), failed = json_obj(task(r), "failure") != NULL;
        x = decide_once(r, what);
        check(r, failed || (open ? x == SIM_OK : x == SIM_FAILED), "a repeated decision counts anew");
    }
    let_jobs_run(r);
}

/* ---- what is expected ---- */

static void expect_effect(struct run *r, const char *shown)
{
    const char *is = r->operation->effect(r);
    check(r, strcmp(is, shown) == 0, sim_text(&r->sim, "the effect is '%s', not '%s'", is, shown));
    check_orders(r, shown);
}

static void expect(struct run *r, const char *what, const char *shown)
{
    yyjson_val *t = task(r);
    bool closed = what[0] != '\0';
    check(r, str_is(json_str(t, "decision"), what), "the task's decision is another");
    check(r, decisions(t) == closed, closed ? "it was not decided exactly once" : "it was decided");
    expect_effect(r, shown);
    if (!closed) return;
    check(r, decide_once(r, "approve") == SIM_FAILED, "a second decision counts");
    let_jobs_run(r);
    expect_effect(r, shown);
}

static void expect_failure(struct run *r, const char *why)
{
    yyjson_val *t = task(r);
    struct str message = json_str(json_obj(t, "failure"), "message");
    check(r, message.n && memmem(message.p, message.n, why, strlen(why)), "the reason is not shown");
    expect(r, "", r->operation->waiting);
    check(r, undecided(r), "the task does not wait");
}

/* ---- ways ---- */

static void approve(struct run *r)
{
    decide(r, "approve");
    expect(r, "approved", "approved");
}

static void reject(struct run *r)
{
    decide(r, "reject");
    expect(r, "rejected", r->operation->undone);
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

static void lapse_stays(struct run *r)
{
    lapse(r);
    expect(r, "", r->operation->waiting);
}

static void lapse_approves(struct run *r)
{
    lapse(r);
    expect(r, "approved", "approved");
}

static void lapse_rejects(struct run *r)
{
    lapse(r);
    expect(r, "rejected", r->operation->undone);
}

static void lapse_refused(struct run *r)
{
    r->servers.mood = SERVER_REFUSES;
    lapse(r);
    expect_failure(r, "no such inventory");
}

static void flight_over(struct run *r)
{
    sim_run_until(&r->sim, START + 90 * USEC_PER_DAY);
    decide(r, "approve"); /* each door says in its own way that it was not carried out */
    expect_failure(r, "cannot be changed any more");
}

static void objects(struct run *r)
{
    r->servers.mood = SERVER_OBJECTS;
    struct str why = json_str(json_obj(task(r), "impossible"), "message");
    check(r, why.n && memmem(why.p, why.n, "gone", 4), "it is not shown that it would be impossible");
    decide(r, "approve");
    expect_failure(r, "the inventory is gone");
}

static void refused_retried(struct run *r)
{
    r->servers.mood = SERVER_REFUSES;
    decide(r, "approve");
    expect_failure(r, "no such inventory");
    r->servers.mood = SERVER_AGREES;
    decide(r, "approve");
    expect(r, "approved", "approved");
}

static void refused_rejected(struct run *r)
{
    r->servers.mood = SERVER_REFUSES;
    decide(r, "approve");
    expect_failure(r, "no such inventory");
    decide(r, "reject");
    expect(r, "rejected", r->operation->undone);
}

/* The ad server acts and its answers are lost: what is asked again must find what was made. */
static void silent(struct run *r)
{
    r->servers.mood = SERVER_SILENT;
    decide(r, "approve");
    expect(r, "approved", "approved");
}

/* While the ad server is asked, the decision stands. */
static void while_asked(struct run *r)
{
    r->servers.mood = SERVER_SILENT;
    check(r, decide_once(r, "approve") == SIM_OK, "the decision was refused");
    wait(r, 100000);
    wait(r, USEC_PER_SEC / 2); /* the first answer was lost */
    yyjson_val *asking = json_obj(task(r), "asking_the_ad_server");
    check(r, json_i64_or(asking, "attempts", 0) > 0 && str_starts(json_str(asking, "last_answer"), STR("no answer")),
          "it is not shown how the asking goes");
    check(r, !undecided(r) && strcmp(r->operation->effect(r), r->operation->waiting) == 0, "it was not waited for");
    check(r, decide_once(r, "reject") == SIM_FAILED, "a decision that is being carried out was taken again");
    let_jobs_run(r);
    expect(r, "approved", "approved");
}

/* The buyer cancels while the ad server is asked: whatever was made there is ended again. */
static void canceled_while_asked(struct run *r)
{
    yyjson_val *reply;
    int64_t budget;
    r->servers.mood = SERVER_SILENT;
    check(r, decide_once(r, "approve") == SIM_OK, "the decision was refused");
    wait(r, (int64_t)sim_random(&r->sim, 3000000));
    if (r->crash == BEFORE) sim_restart(&r->sim);
    const char *cancel = sim_text(&r->sim, ",\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true",
                                  STR_ARG(kept(r, json_str(task(r), "subject_id"))));
    check(r, buyer(r, "update_media_buy", cancel, &reply) == SIM_OK, "the buyer could not cancel");
    if (r->crash == AFTER) sim_restart(&r->sim);
    let_jobs_run(r);
    check(r, json_str(task(r), "decision").n > 0,
          "the task does not end with its buy"); /* withdrawn, or just approved */
    check(r, servers_live(&r->servers, &budget) == 0, "the ad server still has the order");
}

static void two_at_once(struct run *r)
{
    struct sim_request q[2];
    struct sim_answer a[2];
    enum sim_door kind[2];
    enum sim_result x[2];
    q[0] = decision(r, COMMAND_LINE, "approve", &kind[0]);
    q[1] = decision(r, r->door, "reject", &kind[1]);
    sim_request(&r->sim, q, 2, a);
    x[0] = outcome(r, COMMAND_LINE, kind[0], &a[0]);
    x[1] = outcome(r, r->door, kind[1], &a[1]);
    check(r, (x[0] == SIM_OK) + (x[1] == SIM_OK) == 1, "not exactly one of two decisions counts");
    const struct sim_answer *lost = x[0] == SIM_OK ? &a[1] : &a[0];
    check(r, memmem(lost->body.p, lost->body.n, "already decided", strlen("already decided")) != NULL,
          "it is not said why not");
    bool approved = x[0] == SIM_OK;
    let_jobs_run(r);
    expect(r, approved ? "approved" : "rejected", approved ? "approved" : r->operation->undone);
}

static const struct way ways[] = {
    { .name = "approve", .run = approve },
    { .name = "reject", .run = reject },
    { .name = "lapse: stay", .applies = LAPSES, .run = lapse_stays },
    { .name = "lapse: approve", .lapse = "approve", .applies = LAPSES, .run = lapse_approves },
    { .name = "lapse: reject", .lapse = "reject", .applies = LAPSES, .run = lapse_rejects },
    { .name = "two at once", .no_crash = true, .run = two_at_once },
    { .name = "the flight is over", .applies = FLIGHTS, .run = flight_over },
    { .name = "the ad server objects", .adapter = "near", .applies = ADMITTED, .run = objects },
    { .name = "refused at once, retried", .adapter = "near", .applies = BOOKED, .run = refused_retried },
    { .name = "refused at once, rejected", .adapter = "near", .applies = BOOKED, .run = refused_rejected },
    { .name = "far: approve", .adapter = "far", .applies = BOOKED, .run = approve },
    { .name = "far: reject", .adapter = "far", .applies = BOOKED, .run = reject },
    { .name = "far: objects", .adapter = "far", .applies = ADMITTED, .run = objects },
    { .name = "far: refuses, retried", .adapter = "far", .applies = BOOKED, .run = refused_retried },
    { .name = "far: refuses, rejected", .adapter = "far", .applies = BOOKED, .run = refused_rejected },
    { .name = "far: times out after the effect", .adapter = "far", .applies = BOOKED, .run = silent },
    { .name = "far: decided again while asked",
      .adapter = "far",
      .applies = BOOKED,
      .no_crash = true,
      .run = while_asked },
    { .name = "far: canceled while asked", .adapter = "far", .applies = BOOKED, .run = canceled_while_asked },
    { .name = "far: two at once", .adapter = "far", .applies = BOOKED, .no_crash = true, .run = two_at_once },
    { .name = "far: lapse approves", .lapse = "approve", .adapter = "far", .applies = LAPSES, .run = lapse_approves },
    { .name = "far: lapse approves, refused",
      .lapse = "approve",
      .adapter = "far",
      .applies = LAPSES,
      .run = lapse_refused },
};

/* ---- a run ---- */

static void add_rule(struct run *r)
{
    static const char *const then[] = { NULL, "person", "auto", "reject" };
    yyjson_val *reply;
    if (r->rule == NO_RULE) return;
    enum sim_result x = sim_local(&r->sim, "x_rule_add",
                                  sim_text(&r->sim,
                                           "{\"rule\":{\"name\":\"sim\",\"then\":\"%s\",\"when\":{\"operations\":"
                                           "[\"%s\"]},\"due_hours\":10,\"remind_hours\":2,\"escalate_hours\":5,"
                                           "\"lapse\":\"%s\",\"reason\":\"no\"}}",
                                           then[r->rule], r->operation->name, r->way->lapse ? r->way->lapse : "stay"),
                                  &reply);
    check(r, x == SIM_OK, "the rule was refused");
}

static bool needs_person(const struct run *r)
{
    return r->rule == PERSON || (r->rule == NO_RULE && r->operation->person_without_rule);
}

static void begin(struct run *r, uint64_t seed)
{
    yyjson_val *reply;
    sim_init(&r->sim, seed, START);
    servers_init(&r->servers, &r->sim);
    r->adapter = r->way->adapter ? r->way->adapter : "mock";
    servers_use(&r->servers, r->adapter);
    enum sim_result x =
        sim_local(&r->sim, "x_tenant_set",
                  "{\"settings\":{\"hitl_webhook_url\":\"https://chat.example/slack\",\"notifications\":"
                  "{\"link_base\":\"https://ads.publisher.example\",\"link_hours\":720}}}",
                  &reply);
    check(r, x == SIM_OK, "the settings were refused");
    if (r->operation->prepare) r->operation->prepare(r);
    add_rule(r);
}

static int run_one(struct run *r, uint64_t seed)
{
    yyjson_val *reply, *list, *t;
    size_t i, n;
    begin(r, seed);
    enum sim_result x = r->operation->ask(r, &reply);
    bool fails = r->rule == REJECTING && !r->operation->fails_by_item;
    check(r, x == (fails ? SIM_FAILED : SIM_OK), "the operation was answered otherwise");
    check(r, sim_local(&r->sim, "x_task_list", "{}", &reply) == SIM_OK, "no list of tasks");
    list = json_arr(reply, "tasks");
    yyjson_arr_foreach(list, i, n, t) r->task_id = kept(r, json_str(t, "task_id"));
    check(r, yyjson_arr_size(list) == (needs_person(r) ? 1 : 0), "the wrong number of tasks");
    wait(r, USEC_PER_SEC); /* people are told */
    if (r->task_id.n && needs_person(r)) {
        struct str rule_id = json_str(json_obj(task(r), "terms"), "rule_id");
        check(r, (rule_id.n > 0) == (r->rule == PERSON), "the rule is not recorded on the task");
        bool called = yyjson_arr_size(json_arr(json_obj(task(r), "plan"), "would_call")) > 0;
        check(r, called == (r->operation->is_booked || r->operation->prepare), "the ad server's plan is not shown");
        check(r, !json_has(task(r), "impossible"), "it is shown as impossible");
        r->way->run(r);
    } else {
        const char *left =
            r->rule == REJECTING ? (r->operation->prepare == NULL ? "" : r->operation->waiting) : "approved";
        if (r->rule == REJECTING && r->operation->fails_by_item) left = "";
        expect_effect(r, left);
    }
    check_trail(r);
    sim_finish(&r->sim);
    return r->failures;
}

/* Combinations that say nothing new are left out: without a task there is nothing to decide, without a rule no lapse. */
static bool worth_it(const struct run *r)
{
    if (!needs_person(r)) return r->way == ways && r->crash == NO_CRASH && r->door == COMMAND_LINE;
    if (r->way->no_crash && r->crash != NO_CRASH) return false;
    if (r->way->adapter && r->rule != PERSON) return false; /* what decides no longer matters there */
    bool at_rest = r->crash == BEFORE || r->crash == AFTER;
    if (r->way->adapter && at_rest && r->door != COMMAND_LINE && r->door != LINK)
        return false; /* nor does the door then */
    switch (r->way->applies) {
    case ALWAYS: return true;
    case LAPSES: return r->rule == PERSON && r->door == COMMAND_LINE && (!r->way->adapter || r->operation->is_booked);
    case BOOKED: return r->operation->is_booked;
    case ADMITTED: return r->operation->is_admitted;
    case FLIGHTS: return r->operation->ends_with_flight && r->door != LINK; /* links expire earlier */
    }
    ENSURE(!"a way");
}

static int run_seeds(const struct run *which, int *runs)
{
    static struct run r;
    int failures = 0;
    for (uint64_t seed = 1; seed <= (which->crash == DURING ? SEEDS : 1u); seed++) {
        r = *which;
        failures += run_one(&r, seed);
        ++*runs;
    }
    return failures;
}

static int run_operation(const struct people_operation *o)
{
    int failures = 0, runs = 0;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        for (int k = 0; k < RULES_N * CRASHES_N * DOORS_N; k++) {
            static struct run r;
            memset(&r, 0, sizeof(r));
            r.operation = o;
            r.way = &ways[w];
            r.rule = (enum rule)(k % RULES_N);
            r.crash = (enum crash)(k / RULES_N % CRASHES_N);
            r.door = (enum door)(k / RULES_N / CRASHES_N);
            if (worth_it(&r)) failures += run_seeds(&r, &runs);
        }
    }
    (void)printf("%s - people decide on %s: %d runs\n", failures ? "not ok" : "ok", o->name, runs);
    (void)fflush(stdout);
    return failures != 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (size_t i = 0; i < people_operations_n; i++) {
        if (argc > 1 && strcmp(argv[1], people_operations[i].name) != 0) continue;
        failed += run_operation(&people_operations[i]);
    }
    return failed ? 1 : 0;
}

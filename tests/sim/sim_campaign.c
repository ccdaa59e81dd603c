/* Campaigns under fire: buyers create and change buys, people approve and reject, commits fail, the process crashes,
 * months pass. After each seed: what was acknowledged is there exactly once, what was refused left nothing, packages
 * sum to totals, spend stays within budget, and every approved flight has ended as completed.
 *   sim_campaign [SEEDS [FIRST]]     one TAP line for each block of seeds */
#include <stdio.h>
#include <stdlib.h>

#include "base/rfc3339.h"
#include "sim.h"

#define START    INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define BUYS_MAX 40
#define STEPS    60

struct model_buy {
    char ref[32];
    struct str id;       /* known once acknowledged */
    bool acknowledged;
    int64_t totals[16];  /* every total that was sent; which holds is unknown after a lost update */
    int totals_n, sure;  /* totals[sure] was acknowledged last */
    bool decided, approved, undecided_answer;
};

struct model {
    struct sim *s;
    struct model_buy buys[BUYS_MAX];
    int n;
    int failures;
};

#define EXPECT(m, cond, ...)                                                                                           \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            (m)->failures++;                                                                                           \
            (void)printf("# seed %llu: ", (unsigned long long)(m)->s->seed);                                           \
            (void)printf(__VA_ARGS__);                                                                                 \
            (void)printf("\n");                                                                                        \
        }                                                                                                              \
    } while (0)

static void create(struct model *m)
{
    if (m->n == BUYS_MAX) return;
    struct model_buy *b = &m->buys[m->n++];
    yyjson_val *reply;
    (void)snprintf(b->ref, sizeof(b->ref), "ref-%d", m->n);
    const char *args =
        sim_text(m->s,
                 "{\"name\":\"%s\",\"buyer_ref\":\"%s\",\"total_budget\":3000,\"currency\":\"USD\",\"packages\":["
                 "{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"name\":\"a\","
                 "\"budget\":1000,\"start_date\":\"2026-04-01\",\"end_date\":\"2026-04-30\"},"
                 "{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"name\":\"b\","
                 "\"budget\":2000,\"start_date\":\"2026-04-01\",\"end_date\":\"2026-04-30\"}]}",
                 b->ref, b->ref);
    b->totals[0] = 3000;
    b->totals_n = 1;
    if (sim_call(m->s, "test-token", "create_media_buy", args, &reply) != SIM_OK) return;
    b->acknowledged = true;
    b->id = arena_dup(&m->s->arena, json_str(json_obj(reply, "media_buy"), "id"));
    EXPECT(m, b->id.n > 0, "%s was acknowledged without an id", b->ref);
}

static struct model_buy *any_buy(struct model *m)
{
    if (m->n == 0) return NULL;
    struct model_buy *b = &m->buys[sim_random(m->s, (uint64_t)m->n)];
    return b->acknowledged ? b : NULL;
}

static void update(struct model *m)
{
    struct model_buy *b = any_buy(m);
    yyjson_val *reply;
    if (!b || b->totals_n == (int)ARRAY_LEN(b->totals) || (b->decided && !b->approved) || b->undecided_answer) return;
    int64_t first = 1000 + (int64_t)sim_random(m->s, 5000);
    const char *args = sim_text(m->s,
                                "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"pkg-001\","
                                "\"budget\":%lld}]}",
                                STR_ARG(b->id), (long long)first);
    b->totals[b->totals_n++] = first + 2000;
    switch (sim_call(m->s, "test-token", "update_media_buy", args, &reply)) {
    case SIM_OK: b->sure = b->totals_n - 1; break;
    case SIM_FAILED: b->totals_n--; break;
    case SIM_LOST: break;
    }
}

/* Decides the oldest open task of a buy; a lost answer is looked up instead of repeated. */
static void decide(struct model *m)
{
    struct model_buy *b = any_buy(m);
    yyjson_val *reply, *t;
    size_t i, n;
    if (!b || b->decided || b->undecided_answer) return;
    if (sim_local(m->s, "x_task_list", "{}", &reply) != SIM_OK) return;
    struct str task_id = STR_NONE;
    yyjson_arr_foreach(json_arr(reply, "tasks"), i, n, t) {
        if (str_eq(json_str(t, "subject_id"), b->id)) task_id = arena_dup(&m->s->arena, json_str(t, "task_id"));
    }
    EXPECT(m, task_id.n > 0, "%s waits but no task shows it", b->ref);
    bool approve = sim_random(m->s, 4) > 0;
    const char *args = sim_text(m->s, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"%s\",\"reason\":\"sim\"}",
                                STR_ARG(task_id), approve ? "approve" : "reject");
    switch (sim_local(m->s, "x_task_resolve", args, &reply)) {
    case SIM_OK:
        if (!json_bool_or(reply, "carried_out", true)) break; /* it waits on */
        b->decided = true;
        b->approved = approve;
        break;
    case SIM_FAILED: break;
    case SIM_LOST: b->undecided_answer = true; break;
    }
}

static int64_t units(yyjson_val *o, const char *key)
{
    return (int64_t)(json_real_or(o, key, -1) * 100 + 0.5);
}

/* What the server says of one buy against what the model knows. */
static void check_buy(struct model *m, const struct model_buy *b, bool flights_over)
{
    yyjson_val *reply, *p;
    size_t i, n;
    const char *args = sim_text(m->s, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(b->id));
    if (sim_call(m->s, "test-token", "get_media_buys", args, &reply) != SIM_OK) return;
    yyjson_val *list = json_arr(reply, "media_buys"), *buy = yyjson_arr_get_first(list);
    EXPECT(m, yyjson_arr_size(list) == 1, "%s is there %zu times", b->ref, yyjson_arr_size(list));
    int64_t sum = 0, total = units(buy, "total_budget");
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, p) sum += units(p, "budget");
    EXPECT(m, sum == total, "%s: packages %lld, total %lld", b->ref, (long long)sum, (long long)total);
    bool known = false;
    for (int k = b->sure; k < b->totals_n; k++) known = known || b->totals[k] * 100 == total;
    EXPECT(m, known, "%s: total %lld was not the last acknowledged", b->ref, (long long)total);
    struct str status = json_str(buy, "status");
    if (b->decided && !b->approved) EXPECT(m, str_is(status, "rejected"), "%s is not rejected", b->ref);
    if (!flights_over || !b->decided || !b->approved) return;
    EXPECT(m, !str_is(status, "active"), "%s is still active after its flight", b->ref);
}

static void check(struct model *m, bool flights_over)
{
    int crash = m->s->crash_percent, faults = m->s->commit_fault_percent;
    m->s->crash_percent = m->s->commit_fault_percent = 0;
    for (int i = 0; i < m->n; i++) {
        if (m->buys[i].acknowledged) check_buy(m, &m->buys[i], flights_over);
    }
    m->s->crash_percent = crash;
    m->s->commit_fault_percent = faults;
}

struct totals {
    uint64_t calls, crashes, acknowledged, decided;
};

static int run_seed(uint64_t seed, struct totals *t)
{
    struct sim s;
    struct model m = { .s = &s };
    sim_init(&s, seed, START);
    s.commit_fault_percent = (int)(seed % 4) * 5;
    s.crash_percent = (int)(seed / 4 % 4) * 6;
    for (int step = 0; step < STEPS; step++) {
        uint64_t what = sim_random(&s, 10);
        if (what < 4) {
            create(&m);
        } else if (what < 7) {
            update(&m);
        } else if (what < 9) {
            decide(&m);
        } else {
            sim_run_until(&s, s.driver.now + (int64_t)sim_random(&s, 3600) * USEC_PER_SEC);
        }
    }
    check(&m, false);
    sim_restart(&s);
    check(&m, false);
    s.commit_fault_percent = 0;
    sim_run_until(&s, START + 90 * USEC_PER_DAY);
    check(&m, true);
    t->calls += s.calls;
    t->crashes += s.crashes;
    for (int i = 0; i < m.n; i++) {
        t->acknowledged += m.buys[i].acknowledged;
        t->decided += m.buys[i].decided;
    }
    sim_finish(&s);
    return m.failures;
}

int main(int argc, char **argv)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 64, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int failed = 0;
    for (uint64_t block = 0; block < seeds; block += 16) {
        int failures = 0;
        struct totals t = { 0 };
        uint64_t end = block + 16 < seeds ? block + 16 : seeds;
        for (uint64_t i = block; i < end; i++) failures += run_seed(first + i, &t);
        (void)printf("%s - campaigns, seeds %llu to %llu: %llu calls, %llu crashes, %llu buys kept, %llu decided\n",
                     failures ? "not ok" : "ok", (unsigned long long)(first + block),
                     (unsigned long long)(first + end - 1), (unsigned long long)t.calls, (unsigned long long)t.crashes,
                     (unsigned long long)t.acknowledged, (unsigned long long)t.decided);
        (void)fflush(stdout);
        failed += failures != 0;
    }
    return failed ? 1 : 0;
}

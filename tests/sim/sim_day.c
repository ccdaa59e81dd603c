/* A day in virtual time under mixed load, with a restart every five minutes: one in order, the next a crash. Buyers create and
 * change media buys and poll, people decide, receivers of webhooks fail now and then. At each restart some of what was acknowledged
 * is looked up, at the end all of it: there, once, as it was acknowledged; every decision was told; the process holds no
 * more memory than early in the day.
 *   sim_day [HOURS [SEED]]     (preset 1, or 24 with TESTS_LONG) */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command/publisher_data.h"
#include "base/rfc3339.h"
#include "http_script.h"
#include "sim.h"

#define START      INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define LIFE       (INT64_C(300) * USEC_PER_SEC)
#define STEP       (INT64_C(3) * USEC_PER_SEC) /* about so often something is done */
#define BUYS_MAX   12000
#define LIVES_MAX  320
#define PAGE       40
#define GROWTH_MAX (1 << 20) /* of what is allocated just after a start, in bytes */

struct buy {
    char id[48], task[48]; /* "": not known */
    int32_t budget, maybe; /* acknowledged last; sent last */
    bool decided, approved;
    int told; /* deliveries of its webhook */
};

struct day {
    struct sim s;
    struct http_script http;
    struct buy buys[BUYS_MAX];
    int n;
    size_t after_start[LIVES_MAX], before_end[LIVES_MAX]; /* bytes allocated, for each life */
    int lives, failures;
    uint64_t creates, updates, decisions, reads, told, unheard;
};

static struct day day;

#define EXPECT(cond, ...)                                                                                              \
    do {                                                                                                               \
        if (!(cond) && ++day.failures <= 20) {                                                                         \
            (void)printf("# ");                                                                                        \
            (void)printf(__VA_ARGS__);                                                                                 \
            (void)printf("\n");                                                                                        \
        }                                                                                                              \
    } while (0)

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

static size_t allocated(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
#endif
}

static void forget_replies(void)
{
    arena_finish(&day.s.arena);
    arena_init(&day.s.arena);
}

/* One receiver in eight fails, some of them after they have heard. */
static struct http_answer answer(void *arg, const struct http_call *c)
{
    (void)arg;
    (void)c;
    switch (sim_random(&day.s, 16)) {
    case 0: day.unheard++; return (struct http_answer){ HTTP_OK, 503, -1, -1, 20000, "" };
    case 1: return (struct http_answer){ HTTP_UNKNOWN, 0, -1, 1000, 10 * USEC_PER_SEC, "" };
    default: return (struct http_answer){ HTTP_OK, 200, -1, 1000, 20000, "" };
    }
}

static void heard(void *arg, const struct http_call *c)
{
    static const struct str hook = { "https://buyer.example.com/hook/", 31 };
    (void)arg;
    int i;
    if (!str_starts(c->url, hook)) return;
    ENSURE(sscanf(arena_cstr(&day.s.arena, str_skip(c->url, hook.n)), "%d", &i) == 1 && i >= 0 && i < day.n);
    day.buys[i].told++;
    day.told++;
}

/* ---- what is done ---- */

/* Until it is answered, as a buyer with an idempotency key does; what is refused is a failure, but for a decision that is asked
 * again and had been made. */
static yyjson_val *insist(const char *token, const char *tool, const char *args)
{
    yyjson_val *reply;
    for (int tries = 0; tries < 10; tries++) {
        enum sim_result r = token ? sim_call(&day.s, token, tool, args, &reply) : sim_local(&day.s, tool, args, &reply);
        if (r == SIM_OK) return reply;
        if (r == SIM_FAILED) {
            char *text = yyjson_val_write(reply, 0, NULL);
            EXPECT(!token && tries > 0, "%s %s: %.300s", tool, args, text ? text : "");
            free(text);
            return NULL;
        }
    }
    EXPECT(false, "%s is never answered", tool);
    return NULL;
}

static void copy(char *to, size_t bytes, struct str s)
{
    ENSURE(s.n < bytes);
    if (s.n) memcpy(to, s.p, s.n);
    to[s.n] = '\0';
}

static void create(void)
{
    if (day.n == BUYS_MAX) return;
    int i = day.n++;
    struct buy *b = &day.buys[i];
    char from[RFC3339_MAX], to[RFC3339_MAX];
    int64_t start = day.s.driver.now + INT64_C(3600) * USEC_PER_SEC;
    (void)rfc3339_print(start, RFC3339_SECONDS, from);
    (void)rfc3339_print(start + (int64_t)(1 + sim_random(&day.s, 30)) * 3600 * USEC_PER_SEC, RFC3339_SECONDS, to);
    b->budget = b->maybe = 1000;
    yyjson_val *r =
        insist("test-token", "create_media_buy",
               sim_text(&day.s,
                        "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"day-key-%010d\",\"account\":{\"brand\":{"
                        "\"domain\":\"acme.example\"},\"operator\":\"agency.example\"},\"brand\":{\"domain\":"
                        "\"acme.example\"},\"start_time\":\"%s\",\"end_time\":\"%s\",\"packages\":[{\"product_id\":"
                        "\"day\",\"pricing_option_id\":\"cpm\",\"budget\":1000}],"
                        "\"push_notification_config\":{\"url\":\"https://buyer.example.com/hook/%d\"}}",
                        i, from, to, i));
    copy(b->task, sizeof(b->task), json_str(r, "task_id"));
    if (r) EXPECT(b->task[0], "the buy %d has no task", i);
    day.creates += r != NULL;
}

/* One of the newest hundred, of which `decided` is so. */
static struct buy *recent(bool decided)
{
    for (int tries = 0; day.n && tries < 20; tries++) {
        int newest = day.n < 100 ? day.n : 100;
        struct buy *b = &day.buys[day.n - 1 - (int)sim_random(&day.s, (uint64_t)newest)];
        if (b->task[0] && b->decided == decided) return b;
    }
    return NULL;
}

static void decide(void)
{
    struct buy *b = recent(false);
    if (!b) return;
    b->approved = sim_random(&day.s, 5) > 0;
    insist(NULL, "x_task_resolve",
           sim_text(&day.s, "{\"task_id\":\"%s\",\"decision\":\"%s\",\"reason\":\"the day\"}", b->task,
                    b->approved ? "approve" : "reject"));
    b->decided = true;
    yyjson_val *r =
        insist("test-token", "get_task_status",
               sim_text(&day.s, "{\"adcp_version\":\"3.1\",\"task_id\":\"%s\",\"include_result\":true}", b->task));
    if (b->approved) copy(b->id, sizeof(b->id), json_str(json_obj(r, "result"), "media_buy_id"));
    if (b->approved) EXPECT(b->id[0], "%s was approved and has no media buy", b->task);
    day.decisions++;
}

static void update(void)
{
    struct buy *b = recent(true);
    if (!b || !b->approved || !b->id[0]) return;
    static int serial;
    b->maybe = 1000 + (int)sim_random(&day.s, 1000);
    const char *args =
        sim_text(&day.s,
                 "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"day-upd-%010d\",\"account\":{\"brand\":{"
                 "\"domain\":\"acme.example\"},\"operator\":\"agency.example\"},\"media_buy_id\":\"%s\","
                 "\"packages\":[{\"package_id\":\"pkg-%s-001\",\"budget\":%d}]}",
                 ++serial, b->id, b->id + 3, (int)b->maybe);
    if (insist("test-token", "update_media_buy", args)) b->budget = b->maybe;
    day.updates++;
}

/* `count` buys from number `first` on are what was acknowledged. */
static void look(int first, int count, bool all)
{
    char ids[PAGE * 64] = "";
    size_t n = 0, asked = 0;
    for (int i = first; i < first + count && i < day.n; i++) {
        struct buy *b = &day.buys[i];
        if (!b->id[0]) continue;
        n += (size_t)snprintf(ids + n, sizeof(ids) - n, "%s\"%s\"", asked++ ? "," : "", b->id);
    }
    if (!asked) return;
    yyjson_val *r = insist(
                   "test-token", "get_media_buys",
                   sim_text(
                       &day.s,
                       "{\"adcp_version\":\"3.1\",\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":"
                       "\"agency.example\"},\"media_buy_ids\":[%s]}",
                       ids)),
               *list = json_arr(r, "media_buys"), *m;
    size_t i, max, found = 0;
    EXPECT(yyjson_arr_size(list) == asked, "%zu of %zu media buys are there", yyjson_arr_size(list), asked);
    yyjson_arr_foreach(list, i, max, m) {
        for (int k = first; k < first + count && k < day.n; k++) {
            struct buy *b = &day.buys[k];
            if (!b->id[0] || !str_is(json_str(m, "media_buy_id"), b->id)) continue;
            int64_t budget = (int64_t)json_real_or(yyjson_arr_get_first(json_arr(m, "packages")), "budget", -1);
            EXPECT(budget == b->budget, "%s has %lld, acknowledged %d", b->id, (long long)budget, b->budget);
            if (all) EXPECT(!str_is(json_str(m, "status"), "pending_approval"), "%s waits", b->id);
            found++;
        }
    }
    EXPECT(found == asked, "%zu of %zu are known", found, asked);
}

static void read_something(void)
{
    yyjson_val *reply;
    day.reads++;
    switch (sim_random(&day.s, 4)) {
    case 0:
        (void)sim_call(&day.s, "test-token", "get_products", "{\"adcp_version\":\"3.1\",\"buying_mode\":\"wholesale\"}",
                       &reply);
        return;
    case 1: (void)sim_local(&day.s, "x_task_list", "{}", &reply); return;
    case 2: (void)sim_call(&day.s, "test-token", "list_creatives", "{\"adcp_version\":\"3.1\"}", &reply); return;
    default:
        if (day.n) look((int)sim_random(&day.s, (uint64_t)day.n), 3, false);
        return;
    }
}

static void step(void)
{
    uint64_t what = sim_random(&day.s, 20);
    if (what < 3) create();
    else if (what < 6) decide();
    else if (what < 8) update();
    else read_something();
}

/* ---- the day ---- */

static void life(int64_t until)
{
    ENSURE(day.lives < LIVES_MAX);
    forget_replies();
    day.after_start[day.lives] = allocated();
    while (day.s.driver.now < until) {
        step();
        sim_run_until(&day.s, day.s.driver.now + (int64_t)sim_random(&day.s, 2 * STEP));
        if (day.s.arena.used_bytes > (8 << 20)) forget_replies();
    }
    forget_replies();
    day.before_end[day.lives] = allocated();
    if (day.lives++ % 2) sim_restart(&day.s);
    else sim_restart_in_order(&day.s);
    if (day.n) look(day.n > 10 ? day.n - 10 : 0, 10, false);
}

static size_t most(const size_t *v, int from, int to)
{
    size_t max = 0;
    for (int i = from; i < to; i++) max = v[i] > max ? v[i] : max;
    return max;
}

static void offer_something(void)
{
    struct err e;
    static const char file[] =
        "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"quotas\":{\"media_buys\":0,\"bytes\":0}},\"products\":[{"
        "\"product_id\":\"day\",\"name\":\"Day\",\"description\":\"Sold without end.\",\"publisher_properties\":[{"
        "\"publisher_domain\":\"techdaily.com\",\"selection_type\":\"all\"}],\"channels\":[\"display\"],\"format_ids\":[{\"id\":"
        "\"fmt-display-300x250\"}],\"delivery_type\":\"non_guaranteed\",\"pricing_options\":[{\"pricing_option_id\":\"cpm\","
        "\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":10}],\"ext\":{\"salesagent\":{\"approval_policy\":\"review\"}}}]}";
    if (publisher_data_import(day.s.core.store, &day.s.loop, STR(file), &e)) {
        (void)fprintf(stderr, "%s (%s)\n", e.message, e.field);
        abort();
    }
}

int main(int argc, char **argv)
{
    bool longest = getenv("TESTS_LONG") != NULL;
    int hours = argc > 1 ? atoi(argv[1]) : longest ? 24 : 1;
    ENSURE(hours > 0 && hours * 12 <= LIVES_MAX);
    sim_init(&day.s, argc > 2 ? strtoull(argv[2], NULL, 10) : 1, START);
    http_script_init(&day.http, &day.s.loop);
    day.http.answer = answer;
    day.http.effect = heard;
    day.s.http = &day.http.client;
    offer_something();
    sim_restart(&day.s);
    for (int i = 1; i <= hours * 12; i++) life(START + i * LIFE);
    sim_run_until(&day.s, day.s.driver.now + 8 * LIFE); /* what is asked again later */
    for (int i = 0; i < day.n; i += PAGE) {
        forget_replies();
        look(i, PAGE, true);
    }
    int untold = 0;
    for (int i = 0; i < day.n; i++) untold += day.buys[i].decided && day.buys[i].told == 0;
    EXPECT(untold == 0, "%d decisions were never told", untold);
    EXPECT(day.creates && day.updates && day.decisions && day.reads && day.unheard, "there was no load");
    (void)printf(
        "%s - %d hours: %d restarts, %llu calls, %llu media buys, %llu decisions, %llu updates, %llu reads, %llu webhooks (%llu failed first)\n",
        day.failures ? "not ok" : "ok", hours, day.lives, (unsigned long long)day.s.calls,
        (unsigned long long)day.creates, (unsigned long long)day.decisions, (unsigned long long)day.updates,
        (unsigned long long)day.reads, (unsigned long long)day.told, (unsigned long long)day.unheard);
    int early = day.lives / 4, late = day.lives * 3 / 4;
    size_t then = most(day.after_start, early, day.lives / 2), now = most(day.after_start, late, day.lives);
    bool flat = now <= then + GROWTH_MAX;
    (void)printf(
        "%s - memory is flat: %zu KiB just after a start early in the day, %zu late; %zu and %zu before its end\n",
        flat ? "ok" : "not ok", then >> 10, now >> 10, most(day.before_end, early, day.lives / 2) >> 10,
        most(day.before_end, late, day.lives) >> 10);
    bool failed = day.failures || !flat;
    sim_finish(&day.s);
    return failed ? 1 : 0;
}

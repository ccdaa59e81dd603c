/* Tools are fuzzed, not only parsers. A seed is a world (world.h) in which every operation of every dialect is called as
 * every role, by arguments made from the contract's tables (gen.h) or bent from good ones (bend.h), at the edges of what
 * may be; then everything is read, a year passes, and everything is read again. What ends the process, an answer that its
 * schema does not allow, an error of ours, an error in the log and memory that stays or grows are findings: the seed is
 * printed, and the smallest call that still does it.
 *
 *   sim_tools TOP [--seeds N] [--first SEED] [--calls N] [--all] [--trace]
 *     --all    goes on after a finding that does not end the process (to see many at once)
 *     --trace  writes a line for each call */
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rfc3339.h"
#include "judge.h"
#include "tools/tool.h"

#define CALL_TEXT_MAX  (24 << 20)
#define SECONDS_MAX    30 /* of processor time, for one call on the sanitized build */
#define CALL_BYTES_MAX (768 << 20) /* of memory, at the height of one call */
#define STAYS_MAX      (256 << 10) /* that a read leaves behind */
#define SHRINK_TRIES   60
#define PAGES_FOLLOWED 60
/* Days that pass. The built-in ad server looks at its rows once a minute, so that a year takes a minute of ours: one world of
 * seven sees it, the others more than a flight. */
#define DAYS_PASS(seed) ((seed) % 7 == 0 ? INT64_C(366) : INT64_C(45))

/* Shared between a world's process and its keeper, so that what killed it can be told. */
struct told {
    uint64_t step;
    enum sim_door door;
    char tool[128], token[128], dialect[64], tenant[64], why[1024], phase[32];
    bool auto_advance, dry_run, found;
    uint64_t calls, good, findings, kept;
    double slowest_s;
    char slowest[128];
    size_t args_n;
    char args[CALL_TEXT_MAX];
};

struct run {
    const char *top;
    uint64_t seed;
    int calls;
    bool all, trace;
    uint64_t replace_step; /* 0: none; else this step's arguments are those of `replace` */
    struct str replace;
    struct told *told;
    struct world *w;
    uint64_t step;
    off_t logged;
};

/* ---- memory, as the sanitizer's allocator counts it ---- */

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t), void (*)(const volatile void *))
    __attribute__((weak));
size_t __sanitizer_get_allocated_size(const volatile void *) __attribute__((weak));

static size_t held, held_most;

static void on_malloc(const volatile void *p, size_t n)
{
    (void)p;
    held += n;
    if (held > held_most) held_most = held;
}

static void on_free(const volatile void *p)
{
    size_t n = p ? __sanitizer_get_allocated_size(p) : 0;
    held -= n < held ? n : held;
}

/* ---- one call ---- */

static void tell(struct run *r, const struct world_call *c, const char *phase)
{
    struct told *t = r->told;
    t->step = r->step;
    t->door = c->door;
    (void)snprintf(t->tool, sizeof(t->tool), STR_FMT, STR_ARG(c->tool));
    (void)snprintf(t->token, sizeof(t->token), "%s", c->token ? c->token : "");
    (void)snprintf(t->dialect, sizeof(t->dialect), STR_FMT, STR_ARG(c->dialect));
    (void)snprintf(t->tenant, sizeof(t->tenant), "%s", c->tenant ? c->tenant : "");
    (void)snprintf(t->phase, sizeof(t->phase), "%s", phase);
    t->auto_advance = c->auto_advance;
    t->dry_run = c->dry_run;
    t->args_n = c->args.n < CALL_TEXT_MAX ? c->args.n : CALL_TEXT_MAX;
    memcpy(t->args, c->args.p, t->args_n);
}

static void show(const struct told *t, uint64_t seed)
{
    static const char *const doors[] = { "local", "mcp", "a2a", "rest", "link" };
    (void)printf("# seed %llu, step %llu (%s): %s\n#   %s %s as '%s'%s%s%s%s%s%s\n#   ", (unsigned long long)seed,
                 (unsigned long long)t->step, t->phase, t->why, doors[t->door], t->tool, t->token,
                 t->dialect[0] ? " dialect " : "", t->dialect, t->tenant[0] ? " publisher " : "", t->tenant,
                 t->auto_advance ? " auto-advance" : "", t->dry_run ? " dry-run" : "");
    (void)fwrite(t->args, 1, t->args_n < 4000 ? t->args_n : 4000, stdout);
    (void)printf("%s\n", t->args_n > 4000 ? " ..." : "");
    (void)fflush(stdout);
}

/* A finding ends the world, unless all are wanted. */
static void finding(struct run *r, const char *why)
{
    (void)snprintf(r->told->why, sizeof(r->told->why), "%s", why);
    r->told->findings++;
    if (r->all) {
        show(r->told, r->seed);
        return;
    }
    r->told->found = true;
    _exit(3);
}

static double processor_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* An error in the log since the last look: standard error is a file of this process. */
static const char *logged(struct run *r)
{
    char text[800];
    ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, r->logged);
    if (n <= 0) return NULL;
    r->logged = lseek(STDERR_FILENO, 0, SEEK_END);
    text[n] = '\0';
    return sim_text(&r->w->sim, "in the log: %s", text);
}

static void look(struct run *r, const struct world_call *c, const struct world_answer *a, double seconds)
{
    const char *why = c ? judge(r->w, c, a) : NULL;
    if (!why) why = logged(r);
    if (!why && seconds > SECONDS_MAX) why = sim_text(&r->w->sim, "it took %.1f s of processor time", seconds);
    if (!why && held_most > CALL_BYTES_MAX) why = sim_text(&r->w->sim, "it took %zu MB", held_most >> 20);
    if (why) finding(r, why);
}

static void trace(struct run *r, const struct world_call *c, const struct world_answer *a, double seconds)
{
    yyjson_val *error = json_obj(a->reply, "adcp_error");
    if (!error) error = json_obj(a->reply, "error");
    struct str code = json_str(error, "code"), message = json_str(error, "message"), field = json_str(error, "field");
    (void)printf("# %llu %s " STR_FMT " %s %d " STR_FMT " [" STR_FMT "] " STR_FMT " %zu B in, %zu B out, %.3f s\n",
                 (unsigned long long)r->step, r->told->phase, STR_ARG(c->tool),
                 a->result == SIM_OK ? "taken" : "refused", a->status, STR_ARG(code), STR_ARG(field), STR_ARG(message),
                 c->args.n, a->body.n, seconds);
    if (!code.n && a->result != SIM_OK) (void)printf("#   %.300s\n", a->body.n ? a->body.p : "");
    (void)fflush(stdout);
}

/* Asks, and when the answer was one that is kept, once more with keeping off: both are the same, whatever has happened. */
static void ask(struct run *r, struct world_call *c, struct world_answer *a)
{
    struct dispatcher *d = &r->w->sim.core.dispatcher;
    struct kept_stats before, after;
    kept_stats(d->kept, &before);
    world_do(r->w, c, a);
    kept_stats(d->kept, &after);
    if (after.answered == before.answered) return;
    struct arena arena;
    arena_init(&arena);
    struct str kept = arena_dup(&arena, a->body);
    struct kept *keeps = d->kept;
    d->kept = NULL;
    world_do(r->w, c, a);
    d->kept = keeps;
    r->told->kept++;
    if (!str_eq(kept, a->body)) {
        size_t at = 0;
        while (at < kept.n && at < a->body.n && kept.p[at] == a->body.p[at]) at++;
        at = at > 80 ? at - 80 : 0;
        finding(r, sim_text(&r->w->sim, "a kept answer is stale: ...%.200s | fresh: ...%.200s", kept.p + at,
                            a->body.p + at));
    }
    arena_finish(&arena);
}

static void do_call(struct run *r, struct world_call *c, const char *phase, struct world_answer *a)
{
    r->step++;
    if (r->step == r->replace_step) c->args = r->replace;
    tell(r, c, phase);
    held_most = held;
    double begun = processor_s();
    ask(r, c, a);
    double seconds = processor_s() - begun;
    if (seconds > r->told->slowest_s) {
        r->told->slowest_s = seconds;
        (void)snprintf(r->told->slowest, sizeof(r->told->slowest), STR_FMT " (%zu bytes)", STR_ARG(c->tool), c->args.n);
    }
    r->told->calls++;
    r->told->good += a->result == SIM_OK;
    if (a->result == SIM_OK && a->reply && c->args.n < 100000) pool_note(&c->publisher->known, a->reply);
    if (r->trace) trace(r, c, a, seconds);
    look(r, c, a, seconds);
    if (r->step == r->replace_step) _exit(0); /* it does not do it */
}

/* ---- which call ---- */

static struct gen gen_new(struct run *r, struct arena *a, struct world_publisher *p)
{
    struct world *w = r->w;
    uint64_t mood = rng_below(&w->rng, 10);
    struct gen g = { .rng = &w->rng,
                     .pool = &p->known,
                     .arena = a,
                     .doc = json_doc_new(a),
                     .now = w->sim.driver.now,
                     .keys = w->keys,
                     .products = p->products,
                     .nodes = 4000 };
    g.optional_percent = mood < 5 ? 12 : mood < 8 ? 45 : 100;
    g.extreme_percent = mood < 4 ? 0 : mood < 7 ? 4 : 20;
    if (mood == 9) g.nodes = 30000;
    return g;
}

static const struct tool *any_tool(struct run *r)
{
    uint64_t i = rng_below(&r->w->rng, tool_table_n * 2 + operation_tools_n);
    return i < tool_table_n * 2 ? &tool_table[i / 2] : &operation_tools[i - tool_table_n * 2];
}

static const struct contract *arguments_of(const struct tool *t, enum adcp_line line)
{
    if (t->operation) return &t->operation->arguments;
    const struct contract *c = contract_find(line, t->name, CONTRACT_REQUEST);
    return c ? c : contract_find(ADCP_LINE_NEWEST, t->name, CONTRACT_REQUEST);
}

static yyjson_mut_val *from_contract(struct run *r, struct gen *g, struct world_call *c)
{
    const struct tool *t = any_tool(r);
    enum adcp_line line = (enum adcp_line)rng_below(g->rng, ADCP_LINE_COUNT);
    struct str version = adcp_line_version(line);
    const struct contract *contract = arguments_of(t, line);
    c->tool = str_from(t->name);
    if (t->operation) c->dialect = STR_NONE;
    yyjson_mut_val *args = NULL;
    for (int tries = 0; contract && tries < 4; tries++) {
        struct contract_report report = { .arena = g->arena };
        args = gen_value(g, contract);
        if (!yyjson_mut_is_obj(args)) continue;
        if (!t->operation)
            (void)yyjson_mut_obj_put(args, yyjson_mut_str(g->doc, "adcp_version"),
                                     yyjson_mut_strn(g->doc, version.p, version.n));
        yyjson_val *text = json_parse_own(g->arena, json_write(g->arena, args));
        if (text && contract_validate(contract, text, &report) == 0) break;
        g->nodes = 4000;
    }
    return yyjson_mut_is_obj(args) ? args : yyjson_mut_obj(g->doc);
}

static yyjson_mut_val *from_case(struct gen *g, struct world_call *c, const struct world_case *k, bool exact)
{
    c->tool = k->tool;
    c->dialect = k->dialect;
    yyjson_mut_val *args = json_copy(g->doc, k->args);
    if (!exact) bend_ids(g, args);
    return args;
}

static void choose(struct run *r, struct arena *a, struct world_call *c)
{
    static const char *const dialects[] = {
        "tutorial", "buy-v1", "data-model", "rc", "adcp-3.0", "adcp-3.1", "adcp-3.2"
    };
    struct world *w = r->w;
    struct world_publisher *p = &w->publishers[rng_below(&w->rng, PUBLISHERS_MAX)];
    struct gen g = gen_new(r, a, p);
    yyjson_mut_val *args;
    uint64_t from = rng_below(&w->rng, 100);
    *c = (struct world_call){ .door = SIM_MCP };
    if (from < 40 || w->cases_n == 0) args = from_contract(r, &g, c);
    else if (from < 70 || w->taken_n == 0) args = from_case(&g, c, &w->cases[rng_below(&w->rng, w->cases_n)], false);
    else args = from_case(&g, c, &w->taken[rng_below(&w->rng, w->taken_n)], false);
    for (uint64_t n = rng_percent(&w->rng, 55) ? 0 : 1 + rng_below(&w->rng, 3); n > 0; n--) bend(&g, args);
    if (rng_percent(&w->rng, 5)) c->dialect = str_from(dialects[rng_below(&w->rng, ARRAY_LEN(dialects))]);
    const struct tool *t = tool_find(c->tool);
    bool own = t && t->operation;
    uint64_t door = rng_below(&w->rng, 20);
    if (door == 0) c->door = SIM_A2A;
    if (door == 1) c->door = SIM_REST;
    if (own && door > 5) c->door = SIM_LOCAL;
    c->publisher = p;
    c->token = p->tokens[rng_below(&w->rng, p->tokens_n)];
    if (!own && rng_percent(&w->rng, 80)) c->token = p->buyer;
    if (rng_percent(&w->rng, 3)) c->token = NULL;
    if (rng_percent(&w->rng, 3)) c->token = w->publishers[0].tokens[0];
    if (c->door == SIM_LOCAL) c->token = NULL;
    if (c->door == SIM_LOCAL && !rng_percent(&w->rng, 3)) c->tenant = p->tenant_id;
    c->auto_advance = rng_percent(&w->rng, 40);
    c->dry_run = rng_percent(&w->rng, 4);
    c->args = json_write(a, args);
    w->keys = g.keys;
}

/* ---- polling ---- */

/* What buyers ask again and again, between whatever else happens: most is answered by what is kept. */
static void poll(struct run *r, struct world_publisher *p)
{
    static const struct {
        const char *tool, *args;
    } polls[] = {
        { "get_media_buys", "{\"adcp_version\":\"3.1\"}" },
        { "get_media_buys", "{\"adcp_version\":\"3.1\",\"include_history\":5,\"status_filter\":[\"pending_creatives\","
                            "\"pending_start\",\"active\",\"paused\",\"completed\",\"rejected\",\"canceled\"]}" },
        { "get_media_buys", "{\"adcp_version\":\"3.2\",\"status_filter\":[\"pending_start\",\"active\"],"
                            "\"pagination\":{\"max_results\":3}}" },
        { "get_media_buys", "{\"adcp_version\":\"3.0\",\"status_filter\":[\"active\",\"completed\"]}" },
        { "get_products", "{\"adcp_version\":\"3.1\",\"buying_mode\":\"wholesale\"}" },
        { "get_products", "{\"adcp_version\":\"3.1\",\"buying_mode\":\"brief\",\"brief\":\"display ads\"}" },
        { "get_products", "{\"adcp_version\":\"3.1\",\"buying_mode\":\"brief\",\"brief\":\"display ads\","
                          "\"fields\":[\"product_id\",\"name\"]}" },
        { "list_creatives", "{\"adcp_version\":\"3.1\"}" },
        { "list_creative_formats", "{\"adcp_version\":\"3.1\"}" },
        { "get_adcp_capabilities", "{\"adcp_version\":\"3.1\"}" },
    };
    struct world_answer answer;
    for (size_t i = 0; i < ARRAY_LEN(polls); i++) {
        struct world_call c = { .door = SIM_MCP,
                                .token = p->buyer,
                                .tool = str_from(polls[i].tool),
                                .args = str_from(polls[i].args),
                                .publisher = p };
        do_call(r, &c, "polls", &answer);
    }
}

static void call_any(struct run *r)
{
    struct arena a;
    struct world_call c;
    struct world_answer answer;
    arena_init(&a);
    choose(r, &a, &c);
    poll(r, c.publisher); /* so that something is kept, and what the call changes shows */
    bool removed = str_is(c.tool, "x_tenant_remove"); /* would leave nobody to ask */
    if (!removed) do_call(r, &c, "calls", &answer);
    yyjson_val *args = json_parse_own(&a, c.args);
    if (!removed && answer.result == SIM_OK && yyjson_is_obj(args))
        world_take(r->w, &(struct world_case){ c.tool, c.dialect, args });
    poll(r, c.publisher);
    arena_finish(&a);
}

/* ---- reading everything ---- */

static struct str next_cursor(yyjson_val *reply)
{
    static const char *const places[] = { "/pagination/cursor", "/pagination/next_cursor", "/next_cursor", "/cursor" };
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct str s = json_val_str(json_get_path(reply, places[i]));
        if (s.n) return s;
    }
    return STR_NONE;
}

/* The same question once more, at the place where the last page ended. */
static struct str with_cursor(struct arena *a, const struct world_call *c, struct str cursor)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *args = json_copy(doc, json_parse_own(a, c->args));
    const struct tool *t = tool_find(c->tool);
    if (t && t->operation) {
        (void)yyjson_mut_obj_put(args, yyjson_mut_str(doc, "cursor"), yyjson_mut_strn(doc, cursor.p, cursor.n));
    } else {
        yyjson_mut_val *page = yyjson_mut_obj(doc);
        json_add_str(doc, page, "cursor", cursor);
        (void)yyjson_mut_obj_put(args, yyjson_mut_str(doc, "pagination"), page);
    }
    return json_write(a, args);
}

static void read_all_pages(struct run *r, struct world_call *c, const char *phase)
{
    struct arena a;
    struct world_answer answer;
    arena_init(&a);
    do_call(r, c, phase, &answer);
    struct str last = STR_NONE, cursor;
    for (int page = 0; answer.result == SIM_OK && (cursor = next_cursor(answer.reply)).n; page++) {
        if (str_eq(cursor, last)) finding(r, "a page's cursor leads to itself");
        if (page == PAGES_FOLLOWED) break;
        last = arena_dup(&a, cursor);
        c->args = with_cursor(&a, c, last);
        do_call(r, c, phase, &answer);
    }
    arena_finish(&a);
}

static bool reads(const struct tool *t)
{
    return t && t->kind == TOOL_READ;
}

/* A read that is asked again leaves nothing behind that the first did not. */
static void read_again(struct run *r, struct world_call *c, const char *phase)
{
    struct world_answer answer;
    size_t before[3];
    if (!__sanitizer_get_current_allocated_bytes) return;
    for (int i = 0; i < 3; i++) {
        do_call(r, c, phase, &answer);
        arena_finish(&r->w->sim.arena);
        before[i] = held;
    }
    if (before[2] > before[1] + STAYS_MAX && before[1] > before[0] + STAYS_MAX)
        finding(r, "each time it is asked memory grows");
}

/* A read with arguments of a case, or the least that its contract asks for; false: number i is none. */
static bool choose_read(struct run *r, struct arena *a, size_t i, struct world_publisher *p, struct world_call *c)
{
    struct world *w = r->w;
    struct gen g = gen_new(r, a, p);
    yyjson_mut_val *args = NULL;
    g.optional_percent = g.extreme_percent = 0;
    *c = (struct world_call){ .door = SIM_MCP, .token = p->buyer, .publisher = p };
    if (i < w->cases_n) {
        args = from_case(&g, c, &w->cases[i], false);
    } else {
        size_t k = i - w->cases_n;
        const struct tool *t = k < tool_table_n ? &tool_table[k] : &operation_tools[k - tool_table_n];
        const struct contract *contract = arguments_of(t, ADCP_LINE_NEWEST);
        c->tool = str_from(t->name);
        if (contract) args = gen_value(&g, contract);
        if (t->operation) {
            c->door = SIM_LOCAL;
            c->token = NULL;
            c->tenant = p->tenant_id;
        }
    }
    w->keys = g.keys;
    if (!reads(tool_find(c->tool)) || !yyjson_mut_is_obj(args)) return false;
    c->args = json_write(a, args);
    return true;
}

static void read_everything(struct run *r, const char *phase)
{
    struct world *w = r->w;
    for (size_t i = 0; i < w->cases_n + tool_table_n + operation_tools_n; i++) {
        struct arena a;
        struct world_call c;
        arena_init(&a);
        if (choose_read(r, &a, i, &w->publishers[rng_below(&w->rng, PUBLISHERS_MAX)], &c)) {
            if (i % 7 == 0) read_again(r, &c, phase);
            read_all_pages(r, &c, phase);
        }
        arena_finish(&a);
    }
}

/* Something of everything is there before calls are bent. */
static void prepare(struct run *r)
{
    struct world *w = r->w;
    for (size_t i = 0; i < w->cases_n; i++) {
        struct world_publisher *p = &w->publishers[w->cases[i].dialect.n ? rng_below(&w->rng, PUBLISHERS_MAX) : i % 2];
        struct arena a;
        struct world_answer answer;
        arena_init(&a);
        struct gen g = gen_new(r, &a, p);
        struct world_call c = { .door = SIM_MCP, .token = p->buyer, .publisher = p, .auto_advance = true };
        g.extreme_percent = 0;
        c.args = json_write(&a, from_case(&g, &c, &w->cases[i], false));
        w->keys = g.keys;
        if (!c.dialect.n || rng_percent(&w->rng, 40)) do_call(r, &c, "calls", &answer);
        arena_finish(&a);
    }
}

/* ---- a seed ---- */

static void pass(struct run *r, int64_t us, const char *phase)
{
    (void)snprintf(r->told->phase, sizeof(r->told->phase), "%s", phase);
    held_most = held;
    double begun = processor_s();
    sim_run_until(&r->w->sim, r->w->sim.driver.now + us);
    look(r, NULL, NULL, (processor_s() - begun) / 10);
}

static void seed_run(struct run *r)
{
    struct world *w = malloc(sizeof(*w));
    if (__sanitizer_install_malloc_and_free_hooks) (void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    r->w = w;
    world_init(w, r->top, r->seed);
    prepare(r);
    for (int i = 0; i < r->calls; i++) {
        uint64_t what = rng_below(&w->rng, 100);
        if (what < 5) pass(r, (int64_t)rng_below(&w->rng, 3 * 86400) * USEC_PER_SEC, "days pass");
        else if (what == 5) sim_restart(&w->sim);
        else call_any(r);
        if (rng_percent(&w->rng, 20)) {
            struct world_publisher *p = &w->publishers[rng_below(&w->rng, PUBLISHERS_MAX)];
            poll(r, p);
            pass(r, (int64_t)rng_below(&w->rng, 4000) * USEC_PER_SEC, "an hour passes");
            poll(r, p);
        }
    }
    read_everything(r, "reads");
    pass(r, DAYS_PASS(r->seed) * USEC_PER_DAY, "a long time");
    read_everything(r, "reads after a long time");
    sim_restart(&w->sim);
    pass(r, USEC_PER_DAY, "a day after a restart");
    world_finish(w);
    free(w);
    if (held > (4 << 20)) finding(r, sim_text(&w->sim, "%zu bytes stay when all is over", held));
}

/* Runs the world in a process of its own. 0: nothing found; else told->why says what. The log is what it wrote. */
static int in_a_process(struct run *r, FILE *log)
{
    int status;
    r->told->found = false;
    r->told->why[0] = '\0';
    (void)fflush(stdout);
    if (ftruncate(fileno(log), 0) != 0) return -1;
    rewind(log);
    pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid == 0) {
        (void)dup2(fileno(log), STDERR_FILENO);
        seed_run(r);
        exit(0);
    }
    if (waitpid(pid, &status, 0) != pid) return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    if (!r->told->found) {
        if (WIFSIGNALED(status))
            (void)snprintf(r->told->why, sizeof(r->told->why), "the process ended by signal %d", WTERMSIG(status));
        else (void)snprintf(r->told->why, sizeof(r->told->why), "the process ended with %d", WEXITSTATUS(status));
    }
    return 1;
}

static void show_log(FILE *log)
{
    char line[400];
    rewind(log);
    for (int i = 0; i < 40 && fgets(line, sizeof(line), log); i++)
        (void)printf("#   | %s%s", line, strchr(line, '\n') ? "" : "\n");
}

/* ---- the smallest call that does it ---- */

/* Findings are alike as far as no number stands in them. */
static size_t where_alike(const char *why)
{
    return strcspn(why, ":0123456789");
}

static struct str without(struct arena *a, struct str args, size_t place)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_copy(doc, json_parse_own(a, args));
    struct bend_place *all = ARENA_ARRAY(a, struct bend_place, 2000);
    size_t n = bend_places(root, all, 2000);
    if (place >= n) return STR_NONE;
    bend_remove(&all[place]);
    return json_write(a, root);
}

static void shrink(struct run *r, FILE *log)
{
    struct arena a;
    arena_init(&a);
    struct told *saved = malloc(sizeof(*saved));
    memcpy(saved, r->told, offsetof(struct told, args));
    struct str best = arena_dup(&a, (struct str){ r->told->args, r->told->args_n });
    size_t place = 0;
    struct str candidate;
    for (int tries = 0; tries < SHRINK_TRIES && (candidate = without(&a, best, place)).p; tries++) {
        struct run again = *r;
        again.replace_step = saved->step;
        again.replace = candidate;
        again.step = 0;
        again.logged = 0;
        int rc = in_a_process(&again, log);
        bool same =
            rc == 1 && r->told->step == saved->step && strncmp(r->told->why, saved->why, where_alike(saved->why)) == 0;
        if (same) best = candidate;
        else place++;
    }
    memcpy(r->told, saved, offsetof(struct told, args));
    r->told->args_n = best.n;
    memcpy(r->told->args, best.p, best.n);
    (void)printf("# the smallest call that does it:\n");
    show(r->told, r->seed);
    free(saved);
    arena_finish(&a);
}

static int one_seed(struct run *r, FILE *log)
{
    memset(r->told, 0, offsetof(struct told, args));
    int rc = in_a_process(r, log);
    bool bad = rc != 0 || r->told->findings > 0;
    if (rc != 0) {
        show(r->told, r->seed);
        show_log(log);
        bool call = strncmp(r->told->phase, "calls", 5) == 0 || strncmp(r->told->phase, "reads", 5) == 0;
        if (call && r->told->args_n > 2) shrink(r, log);
    }
    (void)printf(
        "%s - tools, seed %llu: %llu calls, %llu taken, %llu answered by what is kept; the slowest %.2f s: %s\n",
        bad ? "not ok" : "ok", (unsigned long long)r->seed, (unsigned long long)r->told->calls,
        (unsigned long long)r->told->good, (unsigned long long)r->told->kept, r->told->slowest_s, r->told->slowest);
    (void)fflush(stdout);
    return bad;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

int main(int argc, char **argv)
{
    struct run r = { .calls = 150 };
    uint64_t seeds = 4, first = 1;
    int failed = 0;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--all") == 0) r.all = true;
        else if (strcmp(argv[i], "--trace") == 0) r.trace = true;
        else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0) seeds = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--first") == 0) first = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--calls") == 0) r.calls = (int)strtol(argv[++i], NULL, 10);
        else return 2;
    }
    FILE *log = tmpfile();
    const char *temporary = getenv("TMPDIR");
    char folder[256], top[PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "%s/sim_tools-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    r.top = realpath(argc > 1 ? argv[1] : ".", top);
    if (!r.top || !mkdtemp(folder) || chdir(folder) != 0) return 2; /* worlds that die leave their databases behind */
    r.told = mmap(NULL, sizeof(*r.told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!log || r.told == MAP_FAILED) return 2;
    for (uint64_t i = 0; i < seeds; i++) {
        r.seed = first + i;
        r.step = 0;
        r.logged = 0;
        failed += one_seed(&r, log);
    }
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return failed ? 1 : 0;
}

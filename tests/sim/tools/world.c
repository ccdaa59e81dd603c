#include "world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command/publisher_data.h"
#include "base/log.h"
#include "base/rfc3339.h"

#define START INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */

static struct str read_file(struct arena *a, const char *path)
{
    struct buf b;
    FILE *f = fopen(path, "rb");
    if (!f) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    buf_init(&b, 64 << 20);
    char piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof(piece), f)) > 0;) buf_add(&b, (struct str){ piece, n });
    (void)fclose(f);
    struct str text = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return text;
}

/* ---- what is known of the world ---- */

static void learn_publisher(struct world *w, struct world_publisher *p, yyjson_val *file)
{
    yyjson_val *who, *t;
    size_t i, n, k, m;
    yyjson_arr_foreach(json_arr(file, "principals"), i, n, who) {
        yyjson_arr_foreach(json_arr(who, "tokens"), k, m, t) {
            if (p->tokens_n < TOKENS_MAX) p->tokens[p->tokens_n++] = arena_cstr(&w->arena, json_str(t, "token"));
        }
    }
    if (json_arr(file, "products")) p->products = json_arr(file, "products");
    p->tenant_id = arena_cstr(&w->arena, json_str(json_obj(file, "tenant"), "tenant_id"));
    pool_note(&p->known, file);
}

static yyjson_val *import(struct world *w, struct str text)
{
    struct err e;
    if (publisher_data_import(w->sim.core.store, &w->sim.loop, text, &e)) {
        (void)fprintf(stderr, "a publisher does not import: %s (%s)\n", e.message, e.field);
        exit(2);
    }
    return json_parse_own(&w->arena, text);
}

/* People of every role, and a token of every kind, beside those of the publisher's file. */
#define PEOPLE                                                                                                               \
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"%s\"},\"principals\":["                                            \
    "{\"principal_id\":\"viewer\",\"role\":\"viewer\",\"tokens\":[{\"token\":\"%s-viewer\"}]},"                              \
    "{\"principal_id\":\"operator\",\"role\":\"operator\",\"tokens\":[{\"token\":\"%s-operator\",\"may_decide\":true}]},"    \
    "{\"principal_id\":\"admin\",\"role\":\"administrator\",\"tokens\":[{\"token\":\"%s-admin\"},{\"token\":\"%s-decides\"," \
    "\"may_decide\":true}]},"                                                                                                \
    "{\"principal_id\":\"other\",\"role\":\"buyer\",\"dialect\":\"%s\",\"tokens\":[{\"token\":\"%s-other\"},"                \
    "{\"token\":\"%s-reader\",\"scope\":\"read\"}]}]}"

/* A sandbox has these tokens for its own publisher. */
static struct str with_other_tokens(struct arena *a, struct str text)
{
    static const char before[] = "\"token\": \"";
    struct buf b;
    buf_init(&b, 64 << 20);
    for (const char *at; (at = memmem(text.p, text.n, before, sizeof(before) - 1)) != NULL;) {
        size_t n = (size_t)(at - text.p) + sizeof(before) - 1;
        buf_add(&b, (struct str){ text.p, n });
        buf_add(&b, STR("other-"));
        text = str_skip(text, n);
    }
    buf_add(&b, text);
    text = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return text;
}

static void add_publisher(struct world *w, struct world_publisher *p, const char *path, const char *dialect)
{
    pool_init(&p->known, &w->rng);
    struct str text = read_file(&w->arena, path);
    yyjson_val *file = import(w, p == w->publishers ? text : with_other_tokens(&w->arena, text));
    const char *t = arena_cstr(&w->arena, json_str(json_obj(file, "tenant"), "tenant_id"));
    learn_publisher(w, p, file);
    p->buyer = p->tokens[0];
    learn_publisher(w, p, import(w, arena_printf(&w->arena, PEOPLE, t, t, t, t, t, dialect, t, t)));
}

static void add_case(struct world *w, struct str tool, struct str dialect, yyjson_val *args)
{
    if (w->cases_n < CASES_MAX && yyjson_is_obj(args))
        w->cases[w->cases_n++] = (struct world_case){ tool, dialect, args };
}

static int is_json(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static void learn_cases(struct world *w, const char *top)
{
    yyjson_val *row;
    size_t i, n;
    yyjson_val *corpus = json_parse_own(
        &w->arena, read_file(&w->arena, arena_printf(&w->arena, "%s/tests/sim/tools/seeds.json", top).p));
    yyjson_arr_foreach(corpus, i, n, row) add_case(w, json_str(row, "tool"), STR_NONE, json_obj(row, "args"));
    const char *folder = arena_printf(&w->arena, "%s/tests/dialects/golden", top).p;
    struct dirent **files;
    int found = scandir(folder, &files, is_json, alphasort);
    for (int k = 0; k < found; k++) {
        yyjson_val *c = json_parse_own(
            &w->arena, read_file(&w->arena, arena_printf(&w->arena, "%s/%s", folder, files[k]->d_name).p));
        add_case(w, json_str(c, "tool"), json_str(c, "dialect"), json_obj(c, "args"));
        free(files[k]);
    }
    free(files);
}

void world_take(struct world *w, const struct world_case *c)
{
    struct str text = json_write_val(&w->arena, c->args);
    if (text.n > 200000) return;
    size_t at = w->taken_n < TAKEN_MAX ? w->taken_n++ : w->taken_seen % TAKEN_MAX;
    w->taken_seen++;
    w->taken[at] = (struct world_case){ arena_dup(&w->arena, c->tool), arena_dup(&w->arena, c->dialect),
                                        json_parse_own(&w->arena, text) };
}

/* ---- the others ---- */

/* What an agent of somebody else answers to a tool of AdCP: what its schema allows, at the edges. */
static const char *tool_answer(struct world *w, yyjson_val *request)
{
    struct str tool = json_str(json_obj(request, "params"), "name");
    const struct contract *c = contract_find(ADCP_LINE_NEWEST, arena_cstr(&w->arena, tool), CONTRACT_RESPONSE);
    struct gen g = { .rng = &w->rng,
                     .pool = &w->publishers[1].known,
                     .arena = &w->arena,
                     .doc = json_doc_new(&w->arena),
                     .now = w->sim.driver.now,
                     .optional_percent = 50,
                     .extreme_percent = 15,
                     .nodes = 1500 };
    if (!c) return "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"no such tool\"}}";
    yyjson_mut_val *reply = gen_value(&g, c);
    if (rng_percent(&w->rng, 30) && yyjson_mut_is_obj(reply)) bend(&g, reply);
    struct str text = json_write(&w->arena, reply);
    return arena_printf(&w->arena,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"structuredContent\":" STR_FMT "}}",
                        STR_ARG(text))
        .p;
}

static struct http_answer peer(void *arg, const struct http_call *call)
{
    static const char *const bodies[] = { "",
                                          "{}",
                                          "[]",
                                          "null",
                                          "not JSON",
                                          "{\"error\":\"no\"}",
                                          "{\"choices\":[{\"message\":{\"content\":\"[1]\"}}]}",
                                          "id,title\n1,a\n2,\"b",
                                          "<rss><channel><item><title>a</title></item></channel></rss>",
                                          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
                                          "{\"challenge\":1e20}" };
    static const int statuses[] = { 200, 200, 200, 200, 202, 204, 302, 400, 401, 404, 410, 429, 500, 503 };
    struct world *w = arg;
    struct http_answer a = {
        .outcome = HTTP_OK, .status = 200, .retry_after_s = -1, .answer_us = (int64_t)rng_below(&w->rng, 2000000)
    };
    a.response = bodies[rng_below(&w->rng, ARRAY_LEN(bodies))];
    w->asked++;
    if (rng_percent(&w->rng, 60)) a.status = 200;
    else a.status = statuses[rng_below(&w->rng, ARRAY_LEN(statuses))];
    if (rng_percent(&w->rng, 10)) a.retry_after_s = (int)rng_below(&w->rng, 100000);
    if (rng_percent(&w->rng, 12)) a.outcome = (enum http_outcome)rng_below(&w->rng, HTTP_CANCELED);
    if (rng_percent(&w->rng, 5)) a.answer_us = 40 * USEC_PER_SEC;
    yyjson_doc *doc;
    struct err e;
    bool json = call->body.n && w->asked < 3000 && json_parse(&w->arena, call->body, &json_limits_own, &doc, &e) == 0;
    yyjson_val *request = json ? yyjson_doc_get_root(doc) : NULL;
    if (str_is(json_str(request, "method"), "tools/call") && rng_percent(&w->rng, 85))
        a.response = tool_answer(w, request);
    else if (str_is(json_str(request, "method"), "initialize") && rng_percent(&w->rng, 85))
        a.response =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{}}}";
    return a;
}

static void crashed(void *arg)
{
    http_script_crash(&((struct world *)arg)->http);
}

/* ---- the world ---- */

void world_init(struct world *w, const char *top, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    arena_init(&w->arena);
    rng_init_seeded(&w->rng, seed * 2654435761u + 1);
    sim_init(&w->sim, seed, START);
    static const char *const files[PUBLISHERS_MAX][2] = { { "data/demo-publisher.json", "buy-v1" },
                                                          { "tests/conformance/publisher.json", "rc" },
                                                          { "tests/dialects/publisher.json", "data-model" } };
    for (size_t i = 0; i < PUBLISHERS_MAX; i++) {
        add_publisher(w, &w->publishers[i], arena_printf(&w->arena, "%s/%s", top, files[i][0]).p, files[i][1]);
    }
    learn_cases(w, top);
    http_script_init(&w->http, &w->sim.loop);
    w->http.answer = peer;
    w->http.arg = w;
    w->sim.http = &w->http.client;
    w->sim.on_crash = crashed;
    w->sim.on_crash_arg = w;
    log_set_level(LOG_ERROR);
    sim_restart(&w->sim);
}

void world_finish(struct world *w)
{
    sim_finish(&w->sim);
    for (size_t i = 0; i < PUBLISHERS_MAX; i++) pool_finish(&w->publishers[i].known);
    arena_finish(&w->arena);
}

void world_do(struct world *w, const struct world_call *c, struct world_answer *out)
{
    struct http_header headers[4];
    struct sim_answer a;
    size_t n = 0;
    arena_finish(&w->sim.arena); /* replies of earlier calls */
    struct sim_request r =
        sim_ask(&w->sim, c->door, c->token, arena_cstr(&w->sim.arena, c->tool), arena_cstr(&w->sim.arena, c->args));
    if (c->dialect.n) headers[n++] = (struct http_header){ STR("x-adcp-dialect"), c->dialect };
    if (c->tenant) headers[n++] = (struct http_header){ STR("x-adcp-tenant"), str_from(c->tenant) };
    if (c->auto_advance) headers[n++] = (struct http_header){ STR("x-auto-advance"), STR("true") };
    if (c->dry_run) headers[n++] = (struct http_header){ STR("x-dry-run"), STR("true") };
    r.headers = headers;
    r.headers_n = n;
    *out = (struct world_answer){ 0 };
    sim_request(&w->sim, &r, 1, &a);
    out->result = sim_read(&w->sim, c->door, &a, &out->reply);
    out->status = a.status;
    out->body = a.body;
}

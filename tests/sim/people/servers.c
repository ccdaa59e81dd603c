#include "servers.h"

#include <stdio.h>
#include <string.h>

#include "adapters/house/house.h"
#include "adapters/mock/mock.h"
#include "store/stmt.h"

static struct servers *world; /* adapters have no other way to it */

/* ---- what both are ---- */

static int configure(struct arena *arena, const struct adapter_site *site, struct str json, const void **config,
                     struct err *e)
{
    *config = NULL;
    return 0;
}

static void admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out)
{
    if (world->mood == SERVER_OBJECTS) adapter_problem_add(out, STR_NONE, "packages", "the inventory is gone");
}

static int64_t budget_of(const struct plan *plan)
{
    int64_t sum = 0;
    for (size_t i = 0; i < plan->packages_n; i++) sum += plan->packages[i].budget_micros;
    return sum;
}

/* Its order is named after the buy. */
static struct str order_id(struct adapter_op *op)
{
    return arena_printf(op->arena, "order-" STR_FMT, STR_ARG(op->plan->media_buy_id));
}

static int agreed(struct adapter_op *op)
{
    adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, order_id(op));
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        struct str id = op->plan->packages[i].package_id;
        adapter_remote_add(op, REMOTE_PACKAGE, id, arena_printf(op->arena, "line-" STR_FMT, STR_ARG(id)));
    }
    return adapter_done(op);
}

/* ---- near ---- */

static void near_run(struct adapter_op *op)
{
    if (world->mood == SERVER_REFUSES) {
        (void)adapter_refuse(op, "no such inventory");
        return;
    }
    (void)agreed(op);
}

/* ---- far: look by the buy's id, create or change, done ---- */

static void ask(struct adapter_op *op, const char *what)
{
    op->calls[0] = (struct http_call){ .method = STR("POST"),
                                       .url = arena_printf(op->arena, "https://ads.example/%s", what),
                                       .body = arena_printf(op->arena, STR_FMT " %lld", STR_ARG(order_id(op)),
                                                            (long long)budget_of(op->plan)),
                                       .reach = HTTP_REACH_OPERATOR };
    op->calls_n = 1;
}

static bool failed(struct adapter_op *op)
{
    const struct http_call *c = &op->answers[0];
    if (adapter_no_answer(op, c)) return true;
    if (c->status == 422) (void)adapter_refuse(op, "no such inventory");
    return c->status == 422;
}

static int look(struct adapter_op *op)
{
    ask(op, "find");
    return 1;
}

static int looked(struct adapter_op *op)
{
    if (failed(op)) return ADAPTER_DONE;
    if (str_is(op->answers[0].response, "there")) return agreed(op); /* an earlier attempt has made it */
    ask(op, "create");
    return 2;
}

static int change(struct adapter_op *op)
{
    ask(op, op->verb == ADAPTER_CANCEL ? "cancel" : "set");
    return 1;
}

static int done(struct adapter_op *op)
{
    return failed(op) ? ADAPTER_DONE : agreed(op);
}

static const adapter_step booking[] = { look, looked, done };
static const adapter_step changing[] = { change, done };

/* ---- the table of this program ---- */

static const struct adapter far = {
    .name = "far",
    .title = "Far ad server",
    .source = "far",
    .staleness_s = 3600,
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_SPEND,
    .configure = configure,
    .admit = admit,
    .describe = adapter_describe_orders,
    .verbs = { [ADAPTER_BOOK] = { .steps = booking, .steps_n = 3 },
               [ADAPTER_UPDATE] = { .steps = changing, .steps_n = 2 },
               [ADAPTER_CANCEL] = { .steps = changing, .steps_n = 2 } },
};
static struct adapter near; /* the mock with another answer */

const struct adapter *adapter_find(struct str name)
{
    if (str_is(name, "far")) return &far;
    if (str_is(name, "near")) return &near;
    if (str_is(name, "house")) return &house_adapter; /* of the demo publisher's page */
    return str_is(name, "mock") ? &mock_adapter : NULL;
}

const struct adapter *const *adapter_list(size_t *n)
{
    static const struct adapter *const all[] = { &mock_adapter, &house_adapter, &near, &far };
    *n = ARRAY_LEN(all);
    return all;
}

/* ---- the world ---- */

static bool ends_with(struct str s, const char *what)
{
    return s.n >= strlen(what) && memcmp(s.p + s.n - strlen(what), what, strlen(what)) == 0;
}

static struct str key_of(const struct http_call *c)
{
    const char *space = memchr(c->body.p, ' ', c->body.n);
    return (struct str){ c->body.p, space ? (size_t)(space - c->body.p) : c->body.n };
}

static struct order *order_of(struct servers *w, struct str key)
{
    for (int i = 0; i < w->orders_n; i++) {
        if (str_is(key, w->orders[i].key)) return &w->orders[i];
    }
    return NULL;
}

static void keep_link(struct servers *w, struct str text)
{
    const char *at = memmem(text.p, text.n, "/decide/", strlen("/decide/"));
    if (!at) return;
    size_t n = 0, most = text.n - (size_t)(at - text.p);
    while (n < most && n + 1 < sizeof(w->link) && !strchr("|>\"\\ \n", at[n])) n++;
    memcpy(w->link, at, n);
    w->link[n] = '\0';
}

static struct http_answer answer(void *arg, const struct http_call *c)
{
    struct servers *w = arg;
    struct http_answer a = { HTTP_OK, 200, -1, 500, 1000 + (int64_t)sim_random(w->sim, 20000), "" };
    if (ends_with(c->url, "/slack")) {
        keep_link(w, c->body);
        return a;
    }
    if (ends_with(c->url, "find")) a.response = order_of(w, key_of(c)) ? "there" : "none";
    bool acts = ends_with(c->url, "create") || ends_with(c->url, "set");
    if (acts && w->mood == SERVER_REFUSES) return (struct http_answer){ HTTP_OK, 422, -1, -1, 1000, "" };
    if (acts && w->mood == SERVER_SILENT && w->silent++ < SILENCE) a.outcome = HTTP_UNKNOWN;
    return a;
}

/* This ad server does not notice a second order for the same thing: looking first must prevent it. */
static void effect(void *arg, const struct http_call *c)
{
    struct servers *w = arg;
    struct str key = key_of(c);
    if (ends_with(c->url, "create") && w->orders_n < ORDERS_MAX) {
        struct order *o = &w->orders[w->orders_n++];
        (void)snprintf(o->key, sizeof(o->key), STR_FMT, STR_ARG(key));
        o->budget_micros = strtoll(c->body.p + key.n, NULL, 10);
    }
    struct order *o = order_of(w, key);
    if (o && ends_with(c->url, "set")) {
        o->budget_micros = strtoll(c->body.p + key.n, NULL, 10);
        w->changes++;
    }
    if (o && ends_with(c->url, "cancel")) o->canceled = true;
}

static void crashed(void *arg)
{
    http_script_crash(&((struct servers *)arg)->script);
}

void servers_init(struct servers *w, struct sim *s)
{
    *w = (struct servers){ .sim = s };
    world = w;
    near = mock_adapter;
    near.name = "near";
    near.title = "Near ad server";
    near.configure = mock_adapter.configure;
    near.admit = admit;
    near.verbs[ADAPTER_BOOK].run = near_run;
    near.verbs[ADAPTER_UPDATE].run = near_run;
    http_script_init(&w->script, &s->loop);
    w->script.answer = answer;
    w->script.effect = effect;
    w->script.arg = w;
    s->http = &w->script.client;
    s->on_crash = crashed;
    s->on_crash_arg = w;
    sim_restart(s);
}

static int set_adapter(struct tx *tx, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE ad_server SET adapter = ? WHERE position = 0");
    stmt_str(s, 1, str_from(arg));
    return stmt_run(s, e);
}

void servers_use(struct servers *w, const char *adapter)
{
    struct err e;
    char name[16];
    (void)snprintf(name, sizeof(name), "%s", adapter);
    ENSURE(store_write_now(w->sim->core.store, set_adapter, name, &e) == 0);
}

int servers_live(const struct servers *w, int64_t *budget_micros)
{
    int n = 0;
    *budget_micros = 0;
    for (int i = 0; i < w->orders_n; i++) {
        if (w->orders[i].canceled) continue;
        n++;
        *budget_micros += w->orders[i].budget_micros;
    }
    return n;
}

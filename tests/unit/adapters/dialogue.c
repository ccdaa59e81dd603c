#include "dialogue.h"

#define STEPS_MAX 500
#define ASKED_MAX ((size_t)1 << 20)

static bool item_is(const struct adapter_item *i, const char *kind, struct str text, bool by_key)
{
    return str_is(i->kind, kind) && str_eq(by_key ? i->key : i->remote_id, text);
}

static bool search(const struct adapter_catalog *c, const char *kind, struct str text, bool by_key,
                   struct adapter_item *out)
{
    const struct dialogue *d = CONTAINER_OF(c, struct dialogue, catalog);
    for (size_t i = d->op.items_n; i-- > 0;) {
        if (!item_is(&d->op.items[i], kind, text, by_key)) continue;
        *out = d->op.items[i];
        return true;
    }
    for (size_t i = 0; i < d->items_n; i++) {
        if (!item_is(&d->items[i], kind, text, by_key)) continue;
        *out = d->items[i];
        return true;
    }
    return false;
}

static bool find(const struct adapter_catalog *c, const char *kind, struct str key, struct adapter_item *out)
{
    return search(c, kind, key, true, out);
}

static bool get(const struct adapter_catalog *c, const char *kind, struct str id, struct adapter_item *out)
{
    return search(c, kind, id, false, out);
}

static bool memo_get(struct adapter_memo *m, struct str name, struct str *text)
{
    return false;
}

static void memo_put(struct adapter_memo *m, struct str name, struct str text, int64_t expires_at)
{
}

static void memo_drop(struct adapter_memo *m, struct str name)
{
}

static struct adapter_memo forgetful = { memo_get, memo_put, memo_drop };

void dialogue_init(struct dialogue *d, const char *adapter, const char *settings)
{
    struct err e;
    *d = (struct dialogue){ .adapter = adapter_find(str_from(adapter)), .catalog = { find, get, 0 } };
    arena_init(&d->arena);
    buf_init(&d->asked, ASKED_MAX);
    d->site = (struct adapter_site){
        .tenant_id = STR("news"), .timezone = STR("America/New_York"), .currency = "USD", .sandbox = true
    };
    ENSURE(d->adapter != NULL);
    ENSURE(d->adapter->configure(&d->arena, &d->site, str_from(settings), &d->config, &e) == 0);
}

void dialogue_finish(struct dialogue *d)
{
    buf_finish(&d->asked);
    arena_finish(&d->arena);
}

static size_t path_at(struct str url)
{
    for (size_t i = 8; i < url.n; i++) {
        if (url.p[i] == '/') return i;
    }
    return url.n;
}

static void answer(struct dialogue *d, struct http_call *c)
{
    struct str path = str_skip(c->url, path_at(c->url));
    struct str request = arena_printf(&d->arena, STR_FMT " " STR_FMT, STR_ARG(c->method), STR_ARG(path));
    buf_add(&d->asked, request);
    if (c->body.n) {
        buf_add_char(&d->asked, ' ');
        buf_add(&d->asked, c->body);
    }
    buf_add_char(&d->asked, '\n');
    c->retry_after_s = -1;
    if (!d->exchanges) {
        struct http_call asked = *c;
        d->adapter->pretend(&d->op, &asked, c);
        return;
    }
    for (size_t i = 0; d->exchanges[i].request; i++) {
        if ((d->used[i] && !d->exchanges[i].again) || !str_starts(request, str_from(d->exchanges[i].request))) continue;
        d->used[i] = true;
        c->outcome = d->exchanges[i].status ? HTTP_OK : HTTP_UNKNOWN;
        c->status = d->exchanges[i].status;
        c->response = str_from(d->exchanges[i].response);
        c->content_type = str_starts(c->response, STR("<")) ? STR("text/xml; charset=utf-8") : STR("application/json");
        return;
    }
    if (!d->unexpected.n) d->unexpected = request;
    c->outcome = HTTP_OK;
    c->status = 500;
}

void dialogue_run(struct dialogue *d, enum adapter_verb verb, const struct plan *plan, const struct exchange *exchanges)
{
    struct adapter_op *op = &d->op;
    struct http_call answers[ADAPTER_CALLS_MAX];
    const struct adapter_verb_impl *v = &d->adapter->verbs[verb];
    int64_t now = op->now;
    struct str progress = op->progress, zone = op->zone;
    int64_t from_day = op->from_day, to_day = op->to_day;
    const struct str *zones = op->zones;
    size_t zones_n = op->zones_n;
    *op = (struct adapter_op){ .adapter = d->adapter,
                               .config = d->config,
                               .site = &d->site,
                               .catalog = &d->catalog,
                               .memo = &forgetful,
                               .verb = verb,
                               .plan = plan,
                               .now = now,
                               .key = STR("job-1"),
                               .arena = &d->arena,
                               .progress = progress,
                               .zone = zone,
                               .from_day = from_day,
                               .to_day = to_day,
                               .zones = zones,
                               .zones_n = zones_n };
    d->exchanges = exchanges;
    d->unexpected = STR_NONE;
    memset(d->used, 0, sizeof(d->used));
    buf_clear(&d->asked);
    for (d->steps_n = 0; op->pc != ADAPTER_DONE; d->steps_n++) {
        ENSURE(d->steps_n < STEPS_MAX && op->pc >= 0 && op->pc < v->steps_n);
        op->calls_n = op->sleep_ms = 0;
        op->foreign = 0;
        op->work = NULL;
        op->pc = v->steps[op->pc](op);
        op->answers_n = 0;
        if (op->pc == ADAPTER_DONE) break;
        if (op->work) op->work(op);
        for (int i = 0; i < op->calls_n; i++) {
            answers[i] = op->calls[i];
            answer(d, &answers[i]);
        }
        op->answers = answers;
        op->answers_n = op->calls_n;
    }
}

#include "domain/booking/dry_run.h"

#include "contract/json.h"
#include "domain/core/ad_catalog.h"
#include "domain/core/secrets.h"

#define STEPS_MAX      2000
#define BODY_BYTES_MAX ((size_t)1 << 16) /* of one request; a creative's bytes are not for reading */

/* ---- a memo that keeps nothing ---- */

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

/* ---- noting ---- */

static struct str shown_headers(struct arena *a, const struct http_call *c)
{
    struct str text = STR_NONE;
    for (size_t i = 0; i < c->headers_n; i++) {
        const struct http_header *h = &c->headers[i];
        struct str value = secrets_is_header(h->name) ? STR(SECRET_SHOWN) : h->value;
        text = arena_printf(a, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(text), text.n ? "\n" : "", STR_ARG(h->name),
                            STR_ARG(value));
    }
    return text;
}

static struct str shown_body(struct arena *a, struct str body)
{
    struct str text = secrets_shown_text(a, body);
    if (text.n <= BODY_BYTES_MAX) return arena_dup(a, text);
    struct str head = { text.p, BODY_BYTES_MAX };
    return arena_printf(a, STR_FMT "... (%zu bytes)", STR_ARG(head), text.n);
}

static void note(struct arena *a, struct dry_run *out, const struct http_call *c)
{
    if (out->n == DRY_REQUESTS_MAX) return;
    out->requests[out->n++] =
        (struct dry_request){ arena_dup(a, c->method), arena_dup(a, secrets_shown_address(a, c->url)),
                              shown_headers(a, c), shown_body(a, c->body) };
}

/* ---- running ---- */

static void pretend(const struct adapter_op *op, const struct http_call *call, struct http_call *answer)
{
    *answer = *call;
    answer->outcome = HTTP_OK;
    answer->status = 200;
    answer->retry_after_s = -1;
    answer->response = STR("{}");
    if (op->adapter->pretend) op->adapter->pretend(op, call, answer);
}

static void run_steps(struct adapter_op *op, struct dry_run *out)
{
    const struct adapter_verb_impl *verb = &op->adapter->verbs[op->verb];
    struct http_call *answers = ARENA_ARRAY(op->arena, struct http_call, ADAPTER_CALLS_MAX);
    for (int steps = 0; steps < STEPS_MAX && op->pc != ADAPTER_DONE; steps++) {
        op->calls_n = op->sleep_ms = 0;
        op->foreign = 0;
        op->work = NULL;
        op->answers = answers;
        op->pc = verb->steps[op->pc](op);
        op->answers_n = op->calls_n;
        for (int i = 0; i < op->calls_n; i++) {
            note(op->arena, out, &op->calls[i]);
            pretend(op, &op->calls[i], &answers[i]);
        }
        if (op->calls_n == 0 && op->work) op->work(op);
    }
}

int dry_run(const struct act *act, const struct ad_server *server, const struct plan *part, enum adapter_verb verb,
            struct dry_run *out, struct err *e)
{
    struct adapter_memo memo = { memo_get, memo_put, memo_drop };
    struct ad_catalog catalog;
    *out = (struct dry_run){ .verdict = ADAPTER_OK };
    if (server->adapter->local || !server->adapter->verbs[verb].steps) return 0;
    ad_catalog_init(&catalog, act, server);
    out->requests = ARENA_ARRAY(act->arena, struct dry_request, DRY_REQUESTS_MAX);
    struct adapter_op *op = ARENA_NEW(act->arena, struct adapter_op);
    *op = (struct adapter_op){ .adapter = server->adapter,
                               .config = server->config,
                               .site = &server->site,
                               .catalog = &catalog.catalog,
                               .memo = &memo,
                               .verb = verb,
                               .plan = part,
                               .plans = part,
                               .plans_n = 1,
                               .now = act->now,
                               .key = STR("(dry run)"),
                               .zone = STR("UTC"),
                               .arena = act->arena,
                               .dry_run = true };
    run_steps(op, out);
    out->verdict = op->result.verdict;
    out->reason = op->result.reason;
    out->problems = op->problems;
    return ad_catalog_check(&catalog, e);
}

/* What adapters are given to work with: memory; for steps, to record ids and items and to end their verb. */
#include <salesagent/adapter.h>

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/compiler.h"

#define REASON_MAX 200

void *adapter_alloc(struct arena *a, size_t bytes)
{
    return arena_alloc(a, bytes);
}

struct str adapter_text(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}

/* ---- lists that grow ---- */

static size_t grown(size_t cap)
{
    return cap ? 2 * cap : 8;
}

void adapter_remote_add(struct adapter_op *op, enum remote_kind kind, struct str id, struct str remote_id)
{
    if (op->remotes_n == op->remotes_cap) {
        size_t cap = grown(op->remotes_cap);
        struct adapter_remote *more = ARENA_ARRAY(op->arena, struct adapter_remote, cap);
        if (op->remotes_n) memcpy(more, op->remotes, op->remotes_n * sizeof(*more));
        op->remotes = more;
        op->remotes_cap = cap;
    }
    op->remotes[op->remotes_n++] =
        (struct adapter_remote){ kind, arena_dup(op->arena, id), arena_dup(op->arena, remote_id) };
}

void adapter_item_add(struct adapter_op *op, const struct adapter_item *item)
{
    if (op->items_n == op->items_cap) {
        size_t cap = grown(op->items_cap);
        struct adapter_item *more = ARENA_ARRAY(op->arena, struct adapter_item, cap);
        if (op->items_n) memcpy(more, op->items, op->items_n * sizeof(*more));
        op->items = more;
        op->items_cap = cap;
    }
    op->items[op->items_n++] = (struct adapter_item){
        .kind = arena_dup(op->arena, item->kind),
        .remote_id = arena_dup(op->arena, item->remote_id),
        .parent_id = arena_dup(op->arena, item->parent_id),
        .key = arena_dup(op->arena, item->key),
        .name = arena_dup(op->arena, item->name),
        .doc = arena_dup(op->arena, item->doc),
    };
}

/* ---- endings ---- */

static struct str worded(struct adapter_op *op, const char *fmt, va_list ap)
{
    char text[REASON_MAX];
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* a longer reason is cut */
    return arena_dup(op->arena, str_from(text));
}

int adapter_done(struct adapter_op *op)
{
    op->result.verdict = ADAPTER_OK;
    op->result.reason = STR_NONE;
    return ADAPTER_DONE;
}

int adapter_refuse(struct adapter_op *op, const char *fmt, ...)
{
    va_list ap;
    op->result.verdict = ADAPTER_REFUSED;
    va_start(ap, fmt);
    op->result.reason = worded(op, fmt, ap);
    va_end(ap);
    return ADAPTER_DONE;
}

int adapter_later(struct adapter_op *op, int retry_after_s, const char *fmt, ...)
{
    va_list ap;
    op->result.verdict = ADAPTER_TRY_LATER;
    op->result.retry_after_s = retry_after_s;
    va_start(ap, fmt);
    op->result.reason = worded(op, fmt, ap);
    va_end(ap);
    return ADAPTER_DONE;
}

int adapter_wait(struct adapter_op *op, int resume_after_s, const char *fmt, ...)
{
    va_list ap;
    op->result.verdict = ADAPTER_WAITS;
    op->result.resume_after_s = resume_after_s;
    va_start(ap, fmt);
    op->result.reason = worded(op, fmt, ap);
    va_end(ap);
    return ADAPTER_DONE;
}

bool adapter_no_answer(struct adapter_op *op, const struct http_call *c)
{
    if (c->outcome != HTTP_OK) {
        (void)adapter_later(op, 0, "no answer: %s", c->reason);
        return true;
    }
    if (c->status != 429 && c->status < 500) return false;
    (void)adapter_later(op, c->retry_after_s > 0 ? c->retry_after_s : 0, "the ad server answered with status %d",
                        c->status);
    return true;
}

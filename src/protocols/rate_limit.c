#include "protocols/rate_limit.h"

#include "base/rfc3339.h"

#define PROBES 16
#define MINUTE (60 * USEC_PER_SEC)

static const struct {
    const char *name;
    int64_t per_minute;
} classes[RATE_CLASSES_N] = {
    [RATE_DISCOVERY] = { "discovery", 100 }, [RATE_BUYING] = { "buying", 20 },
    [RATE_REPORTING] = { "reporting", 60 },  [RATE_UPDATE] = { "update", 30 },
    [RATE_STRANGER] = { "stranger", 120 },
};

static enum rate_class rate_class_of(struct str tool, bool writes)
{
    static const char *const reporting[] = {
        "get_media_buys",
        "get_media_buy_delivery",
        "check_media_buy_status",
        "get_creative_delivery",
        "get_task",
        "get_task_status",
        "list_tasks",
        "get_pending_tasks",
        "tasks/get",
        "tasks/list",
        "verify_task",
    };
    if (str_starts(tool, STR("update_")) || str_is(tool, "provide_performance_feedback")) return RATE_UPDATE;
    if (writes) return RATE_BUYING;
    for (size_t i = 0; i < ARRAY_LEN(reporting); i++) {
        if (str_is(tool, reporting[i])) return RATE_REPORTING;
    }
    return RATE_DISCOVERY;
}

/* FNV-1a over what identifies the bucket, with separators; never 0. */
static uint64_t key_of(const struct rate_ask *ask, enum rate_class class)
{
    uint64_t h = UINT64_C(14695981039346656037);
    const struct str parts[] = { ask->tenant_id, class == RATE_STRANGER ? ask->address : ask->principal_id,
                                 str_from(classes[class].name) };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        for (size_t k = 0; k <= parts[i].n; k++) {
            h ^= k < parts[i].n ? (uint8_t)parts[i].p[k] : 0;
            h *= UINT64_C(1099511628211);
        }
    }
    return h ? h : 1;
}

/* The caller's slot, or one whose minute is over; NULL when all are taken. */
static struct rate_slot *find(struct rate_limiter *r, uint64_t key, int64_t minute)
{
    struct rate_slot *old = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct rate_slot *s = &r->slots[(key + i) % RATE_SLOTS];
        if (s->key == key) return s;
        if (!old && (s->key == 0 || s->minute != minute)) old = s;
    }
    return old;
}

bool rate_again(struct rate_limiter *r, struct rate_state *state, int64_t now)
{
    int64_t minute = now / MINUTE;
    struct rate_slot *s = state->stated > 0 ? find(r, state->key, minute) : NULL;
    if (!s) return true; /* none, or nobody can count: nothing is said of it */
    state->limit = state->stated;
    if (s->key != state->key || s->minute != minute) *s = (struct rate_slot){ .key = state->key, .minute = minute };
    state->reset_s = (int)((MINUTE - now % MINUTE + USEC_PER_SEC - 1) / USEC_PER_SEC);
    state->remaining = s->count < state->limit ? state->limit - s->count - 1 : 0;
    if (s->count >= state->limit || s->refused / RATE_REFUSED_TIMES >= state->limit) return false;
    s->count++;
    return true;
}

int rate_admit(struct rate_limiter *r, const struct rate_ask *ask, struct rate_state *out, struct err *e)
{
    enum rate_class class = ask->principal_id.n ? rate_class_of(ask->tool, ask->writes) : RATE_STRANGER;
    yyjson_val *stated = json_obj(ask->settings->doc, "rate_limits");
    *out = (struct rate_state){ 0 };
    if ((!ask->principal_id.n && !ask->address.n) || (ask->sandbox && !stated)) return 0;
    int64_t limit = json_i64_or(stated, classes[class].name, classes[class].per_minute);
    if (limit <= 0) return 0;
    *out = (struct rate_state){ .stated = limit, .key = key_of(ask, class) };
    out->changes = class == RATE_BUYING || class == RATE_UPDATE;
    if (rate_again(r, out, ask->now)) return 0;
    err_set(e, "RATE_LIMITED", "More than %lld calls of this kind (%s) in a minute.", (long long)limit,
            classes[class].name);
    e->retry_after_s = out->reset_s;
    if (out->changes)
        return err_suggest(e, "Wait %d seconds; packages and creatives may go together in one call.", out->reset_s);
    return err_suggest(e, "Wait %d seconds; poll less often, or use webhooks.", out->reset_s);
}

void rate_refused(struct rate_limiter *r, struct rate_state *call)
{
    if (!call->limit || !call->changes) return;
    for (size_t i = 0; i < PROBES; i++) {
        struct rate_slot *s = &r->slots[(call->key + i) % RATE_SLOTS];
        if (s->key != call->key || s->count == 0) continue;
        s->count--;
        s->refused++;
        call->remaining++;
        return;
    }
}

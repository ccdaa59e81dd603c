/* The creatives of what is booked, handed to the ad server: which ones, when, and what happens when it refuses. */
#include "domain/booking/booking.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/task/task.h"
#include "store/q/q_delivery.h"
#include "store/q/q_media_buy.h"

#define DIGEST_TEXT_MAX ((size_t)1 << 22)

static bool can(const struct ad_server *server)
{
    const struct adapter_verb_impl *v = &server->adapter->verbs[ADAPTER_CREATIVES];
    return server->adapter->local ? v->run != NULL : v->steps != NULL;
}

bool booking_awaits_creatives(const struct act *act)
{
    struct ad_server server;
    struct err unset; /* without an ad server there is nothing to wait for */
    return !ad_server_of(act, &server, &unset) && !server.adapter->local && can(&server);
}

/* What is to run: empty when that is nothing. */
static struct str digest_of(const struct act *act, const struct plan *plan)
{
    struct buf text;
    uint8_t hash[SHA256_BYTES];
    buf_init(&text, DIGEST_TEXT_MAX);
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            const struct plan_creative *c = &p->creatives[k];
            buf_addf(&text, STR_FMT " " STR_FMT " %lld %d\n", STR_ARG(p->package_id), STR_ARG(c->creative_id),
                     (long long)c->changed_at, c->weight);
        }
    }
    bool none = buf_str(&text).n == 0;
    sha256(buf_str(&text), hash);
    buf_finish(&text);
    return none ? STR_NONE : hex_encode(act->arena, (struct str){ (const char *)hash, sizeof(hash) });
}

static bool named(const struct adapter_problems *problems, struct str creative_id)
{
    for (size_t i = 0; i < problems->n; i++) {
        if (str_eq(problems->item[i].creative_id, creative_id)) return true;
    }
    return false;
}

int booking_creatives_taken(const struct act *act, const struct plan *plan, const struct adapter_problems *problems,
                            struct err *e)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            if (named(problems, p->creatives[k].creative_id)) continue;
            struct remote_creative row = { p->package_id, p->creatives[k].creative_id, act->now };
            if (q_creative_sent_put(act->tx, &row, e)) return -1;
        }
    }
    return 0;
}

static bool by_a_person(const struct act *act)
{
    return act->principal && (act->principal->role == ROLE_OPERATOR || act->principal->role == ROLE_ADMINISTRATOR);
}

/* Approving the task has it tried again: domain/decide/task_kinds.c. */
static int ask_a_person(const struct act *act, struct str media_buy_id, const struct err *why, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = media_buy_id };
    struct media_buy_row buy;
    struct task_row task;
    int found = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (found != 1) return found;
    struct task_new in = {
        .kind = "ad_server",
        .principal_id = buy.principal_id,
        .account_id = buy.account_id,
        .subject_type = "media_buy",
        .subject_id = buy.media_buy_id,
        .description = arena_printf(act->arena, "The ad server did not %s: %s", adapter_verb_phrase(ADAPTER_CREATIVES),
                                    why->message),
        .rule = STR("what the ad server refuses is for a person"),
        .operation = arena_printf(act->arena, "{\"verb\":\"creatives\",\"media_buy_id\":\"" STR_FMT "\"}",
                                  STR_ARG(buy.media_buy_id)),
        .amount_micros = buy.total_budget_micros,
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e);
}

int booking_creatives(const struct act *act, struct str media_buy_id, enum creatives_when when, struct err *e)
{
    struct plan plan;
    struct ad_server server;
    struct str asked;
    enum booking_outcome outcome;
    int rc = plan_load(act, media_buy_id, PLAN_WHOLE, &plan, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no such media buy");
    if (ad_server_of(act, &server, e) || q_creatives_asked_get(act->tx, act->arena, media_buy_id, &asked, e)) return -1;
    struct str digest = digest_of(act, &plan);
    if (!can(&server) || (when == CREATIVES_WHEN_CHANGED && str_eq(asked, digest))) return 0;
    if (booking_submit(act, &server, &plan, ADAPTER_CREATIVES, &outcome, e)) {
        struct err why = *e;
        bool refused = strcmp(why.code, "VALIDATION_ERROR") == 0;
        if (!refused || by_a_person(act) || ask_a_person(act, media_buy_id, &why, e)) return -1;
    }
    return q_creatives_asked_put(act->tx, media_buy_id, digest, e);
}

/* The creatives of what is booked, handed to the ad server: which ones, when, and what happens when it refuses. */
#include "domain/booking/booking.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/booking/booking_trouble.h"
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
    struct ad_server_row *rows;
    size_t n;
    struct ad_server server;
    struct err unset; /* without an ad server there is nothing to wait for */
    if (act->ad_server) return booking_answers_later(act->ad_server, ADAPTER_CREATIVES);
    if (q_ad_server_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, &unset)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!ad_server_of(act, rows[i].name, &server, &unset) && booking_answers_later(&server, ADAPTER_CREATIVES))
            return true;
    }
    return n == 0 && !ad_server_of(act, STR_NONE, &server, &unset) && booking_answers_later(&server, ADAPTER_CREATIVES);
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

/* Does the ad server have to hear of creatives? Not when it has no part in the buy. */
static bool takes_part(const struct booking_row *row)
{
    switch (row->state) {
    case BOOKING_ASKED:
    case BOOKING_WAITING:
    case BOOKING_BOOKED: return true;
    case BOOKING_REFUSED:
    case BOOKING_DROPPED:
    case BOOKING_CANCELED: return false;
    }
    ENSURE(!"a booking's state");
}

/* A refusal fails the act of a person of the publisher; for everybody else it becomes a task, and the act goes on. */
static int submit(const struct act *act, const struct ad_server *server, const struct plan *part, struct err *e)
{
    enum booking_outcome outcome = BOOKING_DONE;
    if (booking_submit(act, server, part, ADAPTER_CREATIVES, &outcome, e) == 0) return 0;
    struct err why = *e;
    struct booking_trouble t = { .media_buy_id = part->media_buy_id,
                                 .ad_server = server->name,
                                 .verb = ADAPTER_CREATIVES,
                                 .why = str_from(why.message) };
    bool refused = strcmp(why.code, "VALIDATION_ERROR") == 0;
    return !refused || by_a_person(act) ? -1 : booking_trouble(act, &t, e);
}

static int one_server(const struct act *act, const struct plan *whole, struct str name, enum creatives_when when,
                      struct err *e)
{
    struct ad_server server;
    struct plan part;
    struct booking_row row;
    if (ad_server_of(act, name, &server, e) || plan_part(act, whole, name, &part, e)) return -1;
    int found = q_booking_get(act->tx, act->arena, whole->media_buy_id, name, &row, e);
    if (found < 0) return -1;
    if (!can(&server) || (found && !takes_part(&row))) return 0;
    struct str digest = digest_of(act, &part), asked = found ? row.creatives_asked : STR_NONE;
    if (when == CREATIVES_WHEN_CHANGED && str_eq(asked, digest)) return 0;
    if (submit(act, &server, &part, e)) return -1;
    found = q_booking_get(act->tx, act->arena, whole->media_buy_id, name, &row, e);
    if (found != 1) return found; /* in a rehearsal of what waits for an ad server there is none yet */
    row.creatives_asked = digest;
    return q_booking_put(act->tx, &row, e);
}

int booking_creatives(const struct act *act, struct str media_buy_id, enum creatives_when when, struct err *e)
{
    struct plan plan;
    struct plan_server_names servers;
    int rc = plan_load(act, media_buy_id, PLAN_WHOLE, &plan, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no such media buy");
    plan_servers(&plan, &servers);
    for (size_t i = 0; i < servers.n; i++) {
        if (one_server(act, &plan, servers.names[i], when, e)) return -1;
    }
    return 0;
}

int booking_creatives_none(const struct act *act, const struct plan *plan, bool *out, struct err *e)
{
    struct booking_rows rows;
    *out = false;
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (plan->packages[i].creatives_n) return 0;
    }
    if (q_bookings_of_buy(act->tx, act->arena, plan->media_buy_id, &rows, e)) return -1;
    *out = true;
    for (size_t i = 0; i < rows.n; i++) *out = *out && !rows.rows[i].creatives_asked.n;
    return 0;
}

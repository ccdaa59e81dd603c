#include "domain/booking/ad_server_ask.h"

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/core/ad_catalog.h"
#include "domain/core/ad_checks.h"
#include "store/q/agent/q_job.h"

struct asking {
    enum adapter_verb verb;
    struct str subject, media_buy_id;
};

static int add_job(const struct act *act, const struct ad_server *server, const struct asking *asking,
                   struct str *job_id, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    int waits = q_job_waits(act->tx, asking->subject, STR_NONE, e);
    *job_id = STR_NONE;
    if (waits) return waits < 0 ? -1 : q_job_wake(act->tx, asking->subject, act->now, e);
    json_add_cstr(doc, root, "verb", adapter_verb_name(asking->verb));
    json_add_str(doc, root, "ad_server", server->name);
    json_add_str_opt(doc, root, "media_buy_id", asking->media_buy_id);
    struct job_row row = {
        .job_id = id_new(act->arena, act->rng, "job-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(BOOKING_JOB_KIND),
        .lane = booking_lane(act->arena, act->tenant->tenant_id, server->name),
        .subject = asking->subject,
        .due_at = act->now,
        .payload = json_write(act->arena, root),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    *job_id = row.job_id;
    return q_job_insert(act->tx, &row, e);
}

/* A test of a local ad server: it is part of this program. */
static int test_here(const struct act *act, const struct ad_server *server, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, server->name };
    struct ad_catalog catalog;
    ad_catalog_init(&catalog, act, server);
    struct adapter_op *op = ARENA_NEW(act->arena, struct adapter_op);
    *op = (struct adapter_op){ .adapter = server->adapter,
                               .config = server->config,
                               .site = &server->site,
                               .catalog = &catalog.catalog,
                               .verb = ADAPTER_TEST,
                               .now = act->now,
                               .zone = STR("UTC"),
                               .arena = act->arena };
    server->adapter->verbs[ADAPTER_TEST].run(op);
    if (ad_catalog_check(&catalog, e)) return -1;
    return q_ad_server_tested(act->tx, &key, act->now, ad_checks_json(act->arena, &op->result), e);
}

int ad_server_ask(const struct act *act, const struct ad_server *server, enum adapter_verb verb, struct str *job_id,
                  struct err *e)
{
    const struct adapter_verb_impl *impl = &server->adapter->verbs[verb];
    *job_id = STR_NONE;
    if (server->adapter->local && verb == ADAPTER_TEST && impl->run) return test_here(act, server, e);
    if (server->adapter->local || !impl->steps) {
        return err_set(e, "INVALID_STATE", "The ad server \"" STR_FMT "\" has nothing of the kind.",
                       STR_ARG(server->name));
    }
    struct asking asking = { .verb = verb,
                             .subject = arena_printf(act->arena, "%s:" STR_FMT ":" STR_FMT, adapter_verb_name(verb),
                                                     STR_ARG(act->tenant->tenant_id), STR_ARG(server->name)) };
    return add_job(act, server, &asking, job_id, e);
}

int ad_server_look(const struct act *act, const struct ad_server *server, struct str media_buy_id, struct str *job_id,
                   struct err *e)
{
    *job_id = STR_NONE;
    if (server->adapter->local || !server->adapter->verbs[ADAPTER_LOOK].steps) return 0;
    struct asking asking = { .verb = ADAPTER_LOOK,
                             .media_buy_id = media_buy_id,
                             .subject = arena_printf(act->arena, "look:" STR_FMT ":" STR_FMT, STR_ARG(media_buy_id),
                                                     STR_ARG(server->name)) };
    return add_job(act, server, &asking, job_id, e);
}

int ad_server_forecast(const struct act *act, const struct ad_server *server, struct str media_buy_id, struct err *e)
{
    struct str job_id;
    if (server->adapter->local || !server->adapter->verbs[ADAPTER_FORECAST].steps) return 0;
    struct asking asking = { .verb = ADAPTER_FORECAST,
                             .media_buy_id = media_buy_id,
                             .subject = arena_printf(act->arena, "forecast:" STR_FMT ":" STR_FMT, STR_ARG(media_buy_id),
                                                     STR_ARG(server->name)) };
    return add_job(act, server, &asking, &job_id, e);
}

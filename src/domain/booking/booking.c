#include "domain/booking/booking.h"

#include "contract/json.h"
#include "domain/delivery/delivery.h"
#include "domain/plan/ad_catalog.h"
#include "store/q/q_delivery.h"
#include "store/q/q_job.h"

static const char *const verb_names[ADAPTER_VERBS_N] = {
    [ADAPTER_BOOK] = "book",           [ADAPTER_UPDATE] = "update", [ADAPTER_CANCEL] = "cancel",
    [ADAPTER_CREATIVES] = "creatives", [ADAPTER_LOOK] = "look",     [ADAPTER_REPORT] = "report",
    [ADAPTER_INVENTORY] = "inventory", [ADAPTER_TEST] = "test",     [ADAPTER_FORECAST] = "forecast",
};

const char *adapter_verb_name(enum adapter_verb verb)
{
    ENSURE(verb >= 0 && verb < ADAPTER_VERBS_N);
    return verb_names[verb];
}

const char *adapter_verb_phrase(enum adapter_verb verb)
{
    static const char *const phrases[ADAPTER_VERBS_N] = {
        [ADAPTER_BOOK] = "book this media buy",         [ADAPTER_UPDATE] = "change this media buy",
        [ADAPTER_CANCEL] = "cancel this media buy",     [ADAPTER_CREATIVES] = "take the creatives of this media buy",
        [ADAPTER_REPORT] = "report on this media buy",  [ADAPTER_INVENTORY] = "tell its inventory",
        [ADAPTER_LOOK] = "show this media buy",         [ADAPTER_TEST] = "pass its test",
        [ADAPTER_FORECAST] = "forecast this media buy",
    };
    ENSURE(verb >= 0 && verb < ADAPTER_VERBS_N);
    return phrases[verb];
}

bool adapter_verb_parse(struct str name, enum adapter_verb *out)
{
    for (int i = 0; i < ADAPTER_VERBS_N; i++) {
        if (str_is(name, verb_names[i])) {
            *out = (enum adapter_verb)i;
            return true;
        }
    }
    return false;
}

static int load(const struct act *act, struct str media_buy_id, struct plan *plan, struct ad_server *server,
                struct err *e)
{
    int rc = plan_load(act, media_buy_id, PLAN_WHOLE, plan, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no such media buy");
    return ad_server_of(act, server, e);
}

/* ---- rehearsal ---- */

/* In a dry run: notes what the ad server would be asked. What was already said when the plan was admitted is not
 * said again. */
static void rehearse(const struct act *act, const struct ad_server *server, const struct plan *plan,
                     enum adapter_verb verb)
{
    if (act->rehearsal == NULL) return;
    struct adapter_lines *lines = ARENA_NEW(act->arena, struct adapter_lines);
    const struct adapter *a = server->adapter;
    (a->describe ? a->describe : adapter_describe_orders)(server->config, plan, verb, lines);
    for (size_t i = 0; i < lines->n; i++) {
        rehearsal_note(act, arena_printf(act->arena, "%s: %s", a->title, lines->line[i]));
    }
}

/* ---- admission ---- */

static int package_index(const struct plan *plan, struct str package_id)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (str_eq(plan->packages[i].package_id, package_id)) return (int)i;
    }
    return -1;
}

static struct str problem_field(const struct act *act, const struct plan *plan, const struct adapter_problem *p)
{
    int index = p->package_id.n ? package_index(plan, p->package_id) : -1;
    if (index < 0) return arena_printf(act->arena, "/%s", p->member);
    return arena_printf(act->arena, "/packages/%d/%s", index, p->member);
}

/* Whoever translates errors can tell by details.ad_server who refused. Problems that do not fit go. */
static void blame(const struct act *act, const struct ad_server *server, yyjson_mut_val *problems, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "ad_server", server->adapter->name);
    if (problems) {
        json_add_val(doc, root, "problems", yyjson_mut_val_mut_copy(doc, problems));
        (void)err_details(e, STR_FMT, STR_ARG(json_write(act->arena, root)));
        if (e->details[0]) return;
    }
    (void)err_details(e, "{\"ad_server\":\"%s\"}", server->adapter->name);
}

struct objections {
    const struct ad_server *server;
    const struct plan *plan;
    const struct adapter_problems *problems;
};

static int refuse(const struct act *act, const struct objections *o, struct err *e)
{
    const struct plan *plan = o->plan;
    const struct adapter_problems *problems = o->problems;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    struct str text = STR_NONE;
    bool money_only = true;
    for (size_t i = 0; i < problems->n; i++) {
        const struct adapter_problem *p = &problems->item[i];
        yyjson_mut_val *item = json_push_obj(doc, list);
        json_add_str_opt(doc, item, "package_id", p->package_id);
        json_add_str(doc, item, "field", problem_field(act, plan, p));
        json_add_str(doc, item, "message", str_from(p->text));
        text = text.n ? arena_printf(act->arena, STR_FMT "; %s", STR_ARG(text), p->text) : str_from(p->text);
        money_only = money_only && strcmp(p->member, "budget") == 0;
    }
    struct str field = problem_field(act, plan, &problems->item[0]);
    (void)err_set(e, money_only ? "BUDGET_TOO_LOW" : "VALIDATION_ERROR", "the ad server cannot book this: " STR_FMT,
                  STR_ARG(text));
    blame(act, o->server, list, e);
    return err_field(e, STR_FMT, STR_ARG(field));
}

int booking_admit(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct plan plan;
    struct ad_server server;
    if (load(act, media_buy_id, &plan, &server, e)) return -1;
    struct adapter_problems *problems = ARENA_NEW(act->arena, struct adapter_problems);
    struct ad_catalog catalog;
    ad_catalog_init(&catalog, act, &server);
    server.adapter->admit(server.config, &plan, &catalog.catalog, problems);
    if (ad_catalog_check(&catalog, e)) return -1;
    /* Also for a buy that waits for a person: what would be booked once that person agrees. */
    if (plan.remote_id.n == 0) {
        rehearse(act, &server, &plan, ADAPTER_BOOK);
        if (booking_rehearse_creatives(act, media_buy_id, e)) return -1;
    }
    struct objections o = { &server, &plan, problems };
    return problems->n == 0 ? 0 : refuse(act, &o, e);
}

int booking_rehearse_creatives(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct plan plan;
    struct ad_server server;
    if (act->rehearsal == NULL) return 0;
    int rc = plan_load(act, media_buy_id, PLAN_EXPECTED, &plan, e);
    if (rc != 1) return rc;
    if (ad_server_of(act, &server, e)) return -1;
    rehearse(act, &server, &plan, ADAPTER_CREATIVES);
    return 0;
}

void booking_rehearse_refusal(const struct act *act, const struct err *why)
{
    if (act->rehearsal) rehearsal_note(act, arena_printf(act->arena, "refused: %s", why->message));
}

/* ---- operations ---- */

/* One order may carry several of a publisher's advertisers: the id is that of this account and brand. */
static int record_advertiser(const struct act *act, const struct ad_server *server, const struct plan *plan,
                             struct str remote_id, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, server->name };
    struct ad_remote_row row = { .kind = AD_REMOTE_ADVERTISER,
                                 .own_id = plan_advertiser_id(act->arena, plan),
                                 .remote_id = remote_id,
                                 .recorded_at = act->now };
    return q_ad_remote_put(act->tx, &key, &row, e);
}

static int record_one(const struct act *act, const struct ad_server *server, const struct plan *plan,
                      const struct adapter_remote *r, struct err *e)
{
    switch (r->kind) {
    case REMOTE_ORDER: return q_remote_order_put(act->tx, plan->media_buy_id, r->remote_id, e);
    case REMOTE_ADVERTISER: return record_advertiser(act, server, plan, r->remote_id, e);
    case REMOTE_CREATIVE: return q_remote_creative_id_put(act->tx, plan->media_buy_id, r->id, r->remote_id, e);
    case REMOTE_PACKAGE:
        if (package_index(plan, r->id) < 0) return 0; /* nothing of ours */
        return q_remote_package_put(act->tx, r->id, r->remote_id, e);
    }
    ENSURE(!"a kind of remote id");
}

int booking_record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                   const struct booking_remotes *remotes, struct err *e)
{
    for (size_t i = 0; i < remotes->n; i++) {
        if (record_one(act, server, plan, &remotes->list[i], e)) return -1;
    }
    return 0;
}

static int run_local(const struct act *act, const struct ad_server *server, const struct plan *plan,
                     enum adapter_verb verb, struct err *e)
{
    struct ad_catalog catalog;
    ad_catalog_init(&catalog, act, server);
    struct adapter_op *op = ARENA_NEW(act->arena, struct adapter_op);
    *op = (struct adapter_op){ .adapter = server->adapter,
                               .config = server->config,
                               .site = &server->site,
                               .catalog = &catalog.catalog,
                               .verb = verb,
                               .plan = plan,
                               .plans = plan,
                               .plans_n = 1,
                               .now = act->now,
                               .arena = act->arena,
                               .key = plan->media_buy_id };
    if (server->adapter->verbs[verb].run == NULL) return 0;
    server->adapter->verbs[verb].run(op);
    if (ad_catalog_check(&catalog, e)) return -1;
    struct booking_remotes remotes = { op->remotes, op->remotes_n };
    switch (op->result.verdict) {
    case ADAPTER_OK:
        if (booking_record(act, server, plan, &remotes, e)) return -1;
        if (server->adapter->serves && booking_serve(act, plan, e)) return -1;
        return verb == ADAPTER_CREATIVES ? booking_creatives_taken(act, plan, &op->problems, e) : 0;
    case ADAPTER_TRY_LATER:
    case ADAPTER_WAITS:
        (void)err_set(e, "SERVICE_UNAVAILABLE", "the ad server is busy");
        e->retry_after_s = op->result.retry_after_s > 0 ? op->result.retry_after_s : 30;
        return -1;
    case ADAPTER_REFUSED:
        (void)err_set(e, "VALIDATION_ERROR", "the ad server refused: " STR_FMT, STR_ARG(op->result.reason));
        blame(act, server, NULL, e);
        return -1;
    }
    ENSURE(!"a verdict out of its enum");
    return -1;
}

int booking_job_add(const struct act *act, const struct booking_job *job, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "verb", adapter_verb_name(job->verb));
    json_add_str(doc, root, "media_buy_id", job->media_buy_id);
    json_add_str_opt(doc, root, "task_id", job->task_id);
    struct job_row row = {
        .job_id = job->job_id,
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(BOOKING_JOB_KIND),
        .lane = arena_printf(act->arena, "adapter:" STR_FMT, STR_ARG(act->tenant->tenant_id)),
        .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(job->media_buy_id)),
        .due_at = act->now,
        .payload = json_write(act->arena, root),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    return q_job_insert(act->tx, &row, e);
}

static int queue(const struct act *act, const struct plan *plan, enum adapter_verb verb, struct err *e)
{
    struct booking_job job = { .job_id = id_new(act->arena, act->rng, "job-", act->now),
                               .media_buy_id = plan->media_buy_id,
                               .verb = verb };
    /* Creatives follow a booking; they are never what a decision waits for. */
    if (act->deferral == NULL || verb == ADAPTER_CREATIVES) return booking_job_add(act, &job, e);
    *act->deferral = (struct deferral){ true, adapter_verb_name(verb), plan->media_buy_id };
    return 0;
}

int booking_submit(const struct act *act, const struct ad_server *server, const struct plan *plan,
                   enum adapter_verb verb, enum booking_outcome *outcome, struct err *e)
{
    rehearse(act, server, plan, verb);
    bool remote = !server->adapter->local && server->adapter->verbs[verb].steps != NULL;
    if (remote ? queue(act, plan, verb, e) : run_local(act, server, plan, verb, e)) return -1;
    *outcome = remote ? BOOKING_QUEUED : BOOKING_DONE;
    return 0;
}

static int submit(const struct act *act, struct str media_buy_id, enum adapter_verb verb, enum booking_outcome *outcome,
                  struct err *e)
{
    struct plan plan;
    struct ad_server server;
    if (load(act, media_buy_id, &plan, &server, e)) return -1;
    for (size_t i = 0; verb == ADAPTER_UPDATE && i < plan.packages_n; i++) {
        /* Added in flight: it has no past. */
        if (plan.packages[i].remote_id.n == 0 && plan.remote_id.n != 0 &&
            delivery_begin(act, &plan, &plan.packages[i], e)) {
            return -1;
        }
    }
    if (booking_submit(act, &server, &plan, verb, outcome, e)) return -1;
    return verb == ADAPTER_CANCEL ? 0 : booking_creatives(act, media_buy_id, CREATIVES_WHEN_CHANGED, e);
}

int booking_place(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome, struct err *e)
{
    return submit(act, media_buy_id, ADAPTER_BOOK, outcome, e);
}

int booking_update(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome, struct err *e)
{
    return submit(act, media_buy_id, ADAPTER_UPDATE, outcome, e);
}

int booking_cancel(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome, struct err *e)
{
    return submit(act, media_buy_id, ADAPTER_CANCEL, outcome, e);
}

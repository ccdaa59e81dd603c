#include "domain/booking/booking.h"

#include "contract/json.h"
#include "domain/booking/by_hand.h"
#include "domain/core/ad_catalog.h"
#include "domain/delivery/delivery.h"
#include "store/q/q_delivery.h"
#include "store/q/agent/q_job.h"
#include "store/q/agent/q_traffic.h"

static int load_whole(const struct act *act, struct str media_buy_id, struct plan *plan, struct err *e)
{
    int rc = plan_load(act, media_buy_id, PLAN_WHOLE, plan, e);
    if (rc < 0) return -1;
    return rc ? 0 : err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no such media buy");
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

/* What one ad server has against its part. */
struct objections {
    struct ad_server server;
    struct adapter_problems problems;
};

/* Everything that all of them object to, in one error. */
static int refuse(const struct act *act, const struct plan *plan, const struct objections *all, size_t n, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    const struct objections *first = NULL;
    struct str text = STR_NONE;
    bool money_only = true;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < all[i].problems.n; k++) {
            const struct adapter_problem *p = &all[i].problems.item[k];
            yyjson_mut_val *item = json_push_obj(doc, list);
            json_add_str_opt(doc, item, "package_id", p->package_id);
            json_add_str(doc, item, "field", problem_field(act, plan, p));
            json_add_str(doc, item, "message", str_from(p->text));
            text = text.n ? arena_printf(act->arena, STR_FMT "; %s", STR_ARG(text), p->text) : str_from(p->text);
            money_only = money_only && strcmp(p->member, "budget") == 0;
            if (!first) first = &all[i];
        }
    }
    if (!first) return 0;
    struct str field = problem_field(act, plan, &first->problems.item[0]);
    (void)err_set(e, money_only ? "BUDGET_TOO_LOW" : "VALIDATION_ERROR", "the ad server cannot book this: " STR_FMT,
                  STR_ARG(text));
    blame(act, &first->server, list, e);
    return err_field(e, STR_FMT, STR_ARG(field));
}

/* The buy goes on without it, or has been stopped there. */
static bool is_out(const struct booking_row *row)
{
    return row->state == BOOKING_DROPPED || row->state == BOOKING_CANCELED;
}

static int admit_part(const struct act *act, const struct plan *whole, struct str name, struct objections *out,
                      struct err *e)
{
    struct plan part;
    struct ad_catalog catalog;
    struct booking_row booking;
    int found = q_booking_get(act->tx, act->arena, whole->media_buy_id, name, &booking, e);
    if (found < 0 || (found && is_out(&booking))) return found < 0 ? -1 : 0;
    if (ad_server_of(act, name, &out->server, e) || plan_part(act, whole, name, &part, e)) return -1;
    ad_catalog_init(&catalog, act, &out->server);
    out->server.adapter->admit(out->server.config, &part, &catalog.catalog, &out->problems);
    if (ad_catalog_check(&catalog, e)) return -1;
    /* Also for a buy that waits for a person: what would be booked once that person agrees. */
    if (!found) rehearse(act, &out->server, &part, ADAPTER_BOOK);
    return 0;
}

int booking_admit(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct plan plan;
    struct plan_server_names servers;
    if (load_whole(act, media_buy_id, &plan, e)) return -1;
    plan_servers(&plan, &servers);
    struct objections *all = ARENA_ARRAY(act->arena, struct objections, servers.n + 1);
    for (size_t i = 0; i < servers.n; i++) {
        if (admit_part(act, &plan, servers.names[i], &all[i], e)) return -1;
    }
    if (booking_rehearse_creatives(act, media_buy_id, e)) return -1;
    return refuse(act, &plan, all, servers.n, e);
}

int booking_rehearse_creatives(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct plan plan, part;
    struct plan_server_names servers;
    struct ad_server server;
    if (act->rehearsal == NULL) return 0;
    int rc = plan_load(act, media_buy_id, PLAN_EXPECTED, &plan, e);
    if (rc != 1) return rc;
    plan_servers(&plan, &servers);
    for (size_t i = 0; i < servers.n; i++) {
        if (ad_server_of(act, servers.names[i], &server, e) || plan_part(act, &plan, servers.names[i], &part, e))
            return -1;
        rehearse(act, &server, &part, ADAPTER_CREATIVES);
    }
    return 0;
}

void booking_rehearse_refusal(const struct act *act, const struct err *why)
{
    if (act->rehearsal) rehearsal_note(act, arena_printf(act->arena, "refused: %s", why->message));
}

/* ---- one ad server, here ---- */

static int refused_here(const struct act *act, const struct ad_server *server, struct str reason, struct err *e)
{
    (void)err_set(e, "VALIDATION_ERROR", "the ad server refused: " STR_FMT, STR_ARG(reason));
    blame(act, server, NULL, e);
    return -1;
}

/* Nothing goes over a network to an ad server that simulates; in a sandbox what it was asked is remembered all the same, for the
 * test controller. What is refused is undone, and this with it. */
static int note_asked(const struct act *act, const struct ad_server *server, const struct plan *plan,
                      enum adapter_verb verb, struct err *e)
{
    if (!act->sandbox || !server->adapter->simulates) return 0;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc), *packages;
    json_add_str(doc, root, "media_buy_id", plan->media_buy_id);
    json_add_str_opt(doc, root, "name", plan->name);
    json_add_str(doc, root, "currency", arena_dup(act->arena, str_from(plan->currency)));
    packages = json_add_arr(doc, root, "packages");
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        yyjson_mut_val *o = json_push_obj(doc, packages);
        json_add_str(doc, o, "package_id", p->package_id);
        json_add_str(doc, o, "product_id", p->product_id);
        json_add_money(doc, o, "budget", p->budget_micros);
        json_add_time(doc, o, "start_time", p->start_at);
        json_add_time(doc, o, "end_time", p->end_at);
        json_add_bool(doc, o, "paused", p->paused);
        if (p->targeting.n) (void)json_add_text(doc, o, "targeting_overlay", p->targeting);
        yyjson_mut_val *creatives = json_add_arr(doc, o, "creatives");
        for (size_t k = 0; k < p->creatives_n; k++) json_push_str(doc, creatives, p->creatives[k].creative_id);
    }
    struct traffic_row row = { .tenant_id = act->tenant->tenant_id,
                               .principal_id = plan->principal_id,
                               .method = STR("POST"),
                               .url = arena_printf(act->arena, "mock://" STR_FMT "/%s", STR_ARG(server->name),
                                                   adapter_verb_name(verb)),
                               .content_type = STR("application/json"),
                               .body = json_write(act->arena, root),
                               .purpose = STR("platform_primary"),
                               .sent_at = act->now,
                               .http_status = 200 };
    return q_traffic_insert(act->tx, &row, e);
}

static int record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                  enum adapter_verb verb, const struct booking_remotes *remotes, struct err *e)
{
    return (verb == ADAPTER_BOOK ? booking_taken : booking_record)(act, server, plan, remotes, e);
}

int booking_run_here(const struct act *act, const struct ad_server *server, const struct plan *plan,
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
        if (note_asked(act, server, plan, verb, e) || record(act, server, plan, verb, &remotes, e)) return -1;
        if (server->adapter->serves && booking_serve(act, plan, e)) return -1;
        return verb == ADAPTER_CREATIVES ? booking_creatives_taken(act, plan, &op->problems, e) : 0;
    case ADAPTER_TRY_LATER:
    case ADAPTER_WAITS:
        (void)err_set(e, "SERVICE_UNAVAILABLE", "the ad server cannot do it now: " STR_FMT, STR_ARG(op->result.reason));
        e->retry_after_s = op->result.retry_after_s > 0 ? op->result.retry_after_s : 30;
        return -1;
    case ADAPTER_REFUSED: return refused_here(act, server, op->result.reason, e);
    }
    ENSURE(!"a verdict out of its enum");
    return -1;
}

/* ---- one ad server, later ---- */

struct str booking_subject(struct arena *a, struct str media_buy_id, struct str ad_server)
{
    return arena_printf(a, "booking:" STR_FMT ":" STR_FMT, STR_ARG(media_buy_id), STR_ARG(ad_server));
}

struct str booking_lane(struct arena *a, struct str tenant_id, struct str ad_server)
{
    return arena_printf(a, "adapter:" STR_FMT ":" STR_FMT, STR_ARG(tenant_id), STR_ARG(ad_server));
}

static int add_job(const struct act *act, const struct booking_ask *ask, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "verb", adapter_verb_name(ask->verb));
    json_add_str(doc, root, "ad_server", ask->ad_server);
    json_add_str(doc, root, "media_buy_id", ask->media_buy_id);
    json_add_str_opt(doc, root, "task_id", ask->task_id);
    struct str subject = booking_subject(act->arena, ask->media_buy_id, ask->ad_server);
    struct job_row row = {
        .job_id = ask->ask_id,
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(BOOKING_JOB_KIND),
        .lane = booking_lane(act->arena, act->tenant->tenant_id, ask->ad_server),
        .subject = subject,
        .due_at = act->now,
        .payload = json_write(act->arena, root),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    /* What waits over there for a person is looked at again: this may be the end of it. */
    return q_job_wake(act->tx, subject, act->now, e) || q_job_insert(act->tx, &row, e) ? -1 : 0;
}

static int asked(const struct act *act, const struct booking_ask *ask, struct err *e)
{
    struct booking_change c = { .media_buy_id = ask->media_buy_id,
                                .ad_server = ask->ad_server,
                                .state = BOOKING_ASKED };
    return ask->verb == ADAPTER_BOOK ? booking_set(act, &c, e) : 0;
}

/* What a person does has instructions, and its id is a task's. */
#define TASK_PREFIX "task-"

struct str booking_ask_id(const struct act *act, struct str instructions)
{
    return id_new(act->arena, act->rng, instructions.n ? TASK_PREFIX : "job-", act->now);
}

bool booking_asked_of_person(struct str ask_id)
{
    return str_starts(ask_id, STR(TASK_PREFIX));
}

int booking_ask_add(const struct act *act, const struct booking_ask *ask, struct err *e)
{
    struct ad_server server;
    if (ad_server_of(act, ask->ad_server, &server, e) || asked(act, ask, e)) return -1;
    return ask->instructions.n ? by_hand_ask(act, &server, ask, e) : add_job(act, ask, e);
}

int booking_ask_again(const struct act *act, const struct booking_ask *ask, struct err *e)
{
    if (booking_asked_of_person(ask->ask_id)) return 0; /* its task has ended: a new one says it again */
    int rc = q_job_redeliver(act->tx, act->tenant->tenant_id, ask->ask_id, act->now, e);
    if (rc == 1 && asked(act, ask, e)) return -1;
    return rc;
}

static int defer(const struct act *act, const struct booking_ask *ask, struct err *e)
{
    struct deferral *d = act->deferral;
    size_t i = 0;
    while (i < d->n && !str_eq(d->asks[i].ad_server, ask->ad_server)) i++;
    if (i == DEFERRAL_ASKS_MAX) return err_set(e, "CONFIGURATION_ERROR", "the media buy is on too many ad servers");
    d->asks[i] = (struct deferral_ask){ adapter_verb_name(ask->verb), ask->ad_server, ask->instructions };
    if (i == d->n) d->n++;
    d->media_buy_id = ask->media_buy_id;
    return 0;
}

/* What a person must settle before an ad server of our own counts (one that a test asks to do so): {"question", "after_seconds"}. */
static struct str question_of(const struct act *act, const struct ad_server *server, const struct plan *plan,
                              enum adapter_verb verb)
{
    int after_s = 0;
    struct str text =
        server->adapter->question ? server->adapter->question(&server->site, plan, verb, &after_s) : STR_NONE;
    if (!text.n) return STR_NONE;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "question", text);
    if (after_s) json_add_i64(doc, root, "after_seconds", after_s);
    return json_write(act->arena, root);
}

static int queue(const struct act *act, const struct ad_server *server, const struct plan *plan, enum adapter_verb verb,
                 struct err *e)
{
    struct booking_ask ask = { .media_buy_id = plan->media_buy_id, .ad_server = server->name, .verb = verb };
    ask.instructions =
        server->adapter->by_hand ? by_hand_instructions(act, server, plan) : question_of(act, server, plan, verb);
    ask.ask_id = booking_ask_id(act, ask.instructions);
    /* Creatives follow a booking; they are never what a decision waits for. */
    if (act->deferral == NULL || verb == ADAPTER_CREATIVES) return booking_ask_add(act, &ask, e);
    return defer(act, &ask, e);
}

/* ---- operations ---- */

bool booking_answers_later(const struct ad_server *server, enum adapter_verb verb)
{
    if (server->adapter->local) return server->adapter->by_hand && server->adapter->verbs[verb].run;
    return server->adapter->verbs[verb].steps != NULL;
}

static int done_here(const struct act *act, const struct ad_server *server, const struct plan *plan,
                     enum adapter_verb verb, struct err *e)
{
    struct booking_change c = { .media_buy_id = plan->media_buy_id,
                                .ad_server = server->name,
                                .state = BOOKING_BOOKED };
    if (verb == ADAPTER_BOOK && !server->adapter->verbs[verb].run)
        return booking_set(act, &c, e); /* it need not hear */
    return booking_run_here(act, server, plan, verb, e);
}

int booking_submit(const struct act *act, const struct ad_server *server, const struct plan *part,
                   enum adapter_verb verb, enum booking_outcome *outcome, struct err *e)
{
    bool later = booking_answers_later(server, verb) || question_of(act, server, part, verb).n > 0;
    rehearse(act, server, part, verb);
    if (later ? queue(act, server, part, verb, e) : done_here(act, server, part, verb, e)) return -1;
    if (later) *outcome = BOOKING_QUEUED;
    return 0;
}

/* One ad server's part, as it comes out of the rows now. */
static int submit_part(const struct act *act, const struct plan *whole, struct str name, enum adapter_verb verb,
                       enum booking_outcome *outcome, struct err *e)
{
    struct ad_server server;
    struct plan part;
    if (ad_server_of(act, name, &server, e) || plan_part(act, whole, name, &part, e)) return -1;
    return booking_submit(act, &server, &part, verb, outcome, e);
}

/* Each of the ad servers it needs is known to be asked before any is: so that all hold back. */
static int note_needed(const struct act *act, const struct plan *plan, const struct plan_server_names *servers,
                       struct err *e)
{
    /* One alone holds back for nobody: its row is written when it has answered or a job is to ask it. */
    for (size_t i = 0; act->deferral == NULL && servers->n > 1 && i < servers->n; i++) {
        struct booking_row row;
        struct booking_change c = { .media_buy_id = plan->media_buy_id,
                                    .ad_server = servers->names[i],
                                    .state = BOOKING_ASKED };
        int found = q_booking_get(act->tx, act->arena, c.media_buy_id, c.ad_server, &row, e);
        if (found < 0 || (!found && booking_set(act, &c, e))) return -1;
    }
    return 0;
}

int booking_place(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome, struct err *e)
{
    struct plan plan;
    struct plan_server_names servers;
    *outcome = BOOKING_DONE;
    if (load_whole(act, media_buy_id, &plan, e)) return -1;
    plan_servers(&plan, &servers);
    if (note_needed(act, &plan, &servers, e)) return -1;
    for (size_t i = 0; i < servers.n; i++) {
        if (submit_part(act, &plan, servers.names[i], ADAPTER_BOOK, outcome, e)) return -1;
    }
    bool none;
    if (booking_creatives_none(act, &plan, &none, e)) return -1;
    return none ? 0 : booking_creatives(act, media_buy_id, CREATIVES_WHEN_CHANGED, e);
}

/* The verb that brings an ad server to what the rows now say. False: it has no part in the buy any more. */
static bool verb_for(const struct booking_row *row, enum adapter_verb *verb)
{
    switch (row->state) {
    case BOOKING_ASKED:
    case BOOKING_WAITING:
    case BOOKING_BOOKED: *verb = ADAPTER_UPDATE; return true;
    case BOOKING_REFUSED: *verb = ADAPTER_BOOK; return true; /* what has changed may be what it refused */
    case BOOKING_DROPPED:
    case BOOKING_CANCELED: return false;
    }
    ENSURE(!"a booking's state");
}

/* Packages added in flight have no past. */
static int begin_added(const struct act *act, const struct plan *plan, const struct booking_rows *rows, struct err *e)
{
    for (size_t i = 0; rows->n > 0 && i < plan->packages_n; i++) {
        if (plan->packages[i].remote_id.n == 0 && delivery_begin(act, plan, &plan->packages[i], e)) return -1;
    }
    return 0;
}

/* An ad server none of whose packages is left has to stop. */
static int stop_emptied(const struct act *act, const struct plan *plan, const struct plan_server_names *needed,
                        const struct booking_rows *rows, enum booking_outcome *outcome, struct err *e)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct booking_row *row = &rows->rows[i];
        struct booking_change c = { .media_buy_id = plan->media_buy_id,
                                    .ad_server = row->ad_server,
                                    .state = BOOKING_CANCELED };
        bool stays = is_out(row);
        for (size_t k = 0; k < needed->n; k++) stays = stays || str_eq(needed->names[k], row->ad_server);
        if (stays) continue;
        if (submit_part(act, plan, row->ad_server, ADAPTER_CANCEL, outcome, e)) return -1;
        if (act->deferral == NULL && booking_set(act, &c, e)) return -1;
    }
    return 0;
}

int booking_update(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome, struct err *e)
{
    struct plan plan;
    struct plan_server_names servers;
    struct booking_rows rows;
    *outcome = BOOKING_DONE;
    if (load_whole(act, media_buy_id, &plan, e)) return -1;
    if (q_bookings_of_buy(act->tx, act->arena, media_buy_id, &rows, e) || begin_added(act, &plan, &rows, e)) return -1;
    plan_servers(&plan, &servers);
    if (note_needed(act, &plan, &servers, e)) return -1;
    for (size_t i = 0; i < servers.n; i++) {
        enum adapter_verb verb = ADAPTER_BOOK; /* a package's product has brought an ad server that was not in it */
        bool asks = true;
        for (size_t k = 0; k < rows.n; k++) {
            if (str_eq(rows.rows[k].ad_server, servers.names[i])) asks = verb_for(&rows.rows[k], &verb);
        }
        if (asks && submit_part(act, &plan, servers.names[i], verb, outcome, e)) return -1;
    }
    if (stop_emptied(act, &plan, &servers, &rows, outcome, e)) return -1;
    return booking_creatives(act, media_buy_id, CREATIVES_WHEN_CHANGED, e);
}

int booking_cancel(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome, struct err *e)
{
    struct plan plan;
    struct booking_rows rows;
    *outcome = BOOKING_DONE;
    if (load_whole(act, media_buy_id, &plan, e) || q_bookings_of_buy(act->tx, act->arena, media_buy_id, &rows, e))
        return -1;
    for (size_t i = 0; i < rows.n; i++) {
        struct booking_change c = { .media_buy_id = media_buy_id,
                                    .ad_server = rows.rows[i].ad_server,
                                    .state = BOOKING_CANCELED };
        if (is_out(&rows.rows[i])) continue;
        if (submit_part(act, &plan, rows.rows[i].ad_server, ADAPTER_CANCEL, outcome, e)) return -1;
        if (act->deferral == NULL && booking_set(act, &c, e)) return -1;
    }
    return 0;
}

int booking_bring(const struct act *act, struct str media_buy_id, struct str ad_server, struct err *e)
{
    struct plan plan;
    struct booking_row row;
    enum booking_outcome outcome;
    enum adapter_verb verb;
    if (load_whole(act, media_buy_id, &plan, e)) return -1;
    int found = q_booking_get(act->tx, act->arena, media_buy_id, ad_server, &row, e);
    if (found < 0) return -1;
    if (!found || !verb_for(&row, &verb))
        return err_set(e, "INVALID_STATE", "The media buy is not on this ad server any more.");
    return submit_part(act, &plan, ad_server, verb, &outcome, e);
}

int booking_stop(const struct act *act, struct str media_buy_id, struct str ad_server, struct err *e)
{
    struct plan plan;
    enum booking_outcome outcome;
    if (load_whole(act, media_buy_id, &plan, e)) return -1;
    return submit_part(act, &plan, ad_server, ADAPTER_CANCEL, &outcome, e);
}

int booking_release(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct booking_summary s;
    struct plan plan;
    enum booking_outcome outcome = BOOKING_DONE;
    if (booking_summarize(act, media_buy_id, &s, e)) return -1;
    if (s.rows.n < 2 || s.n == 0 || s.booked < s.n) return 0;
    if (load_whole(act, media_buy_id, &plan, e)) return -1;
    for (size_t i = 0; i < s.rows.n; i++) {
        if (s.rows.rows[i].state != BOOKING_BOOKED) continue;
        if (submit_part(act, &plan, s.rows.rows[i].ad_server, ADAPTER_UPDATE, &outcome, e)) return -1;
    }
    return 0;
}

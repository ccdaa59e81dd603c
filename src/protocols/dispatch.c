#include "protocols/dispatch.h"

#include "domain/core/quota.h"

#include "base/doing.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "contract/document.h"
#include "contract/validate.h"
#include "domain/tell/notify.h"
#include "domain/tell/webhook.h"
#include "dialects/choose.h"
#include "dialects/shape.h"
#include "protocols/ads.h"
#include "protocols/auth.h"
#include "protocols/envelope.h"
#include "protocols/http_call_headers.h"
#include "protocols/idempotency.h"
#include "protocols/sandbox.h"
#include "protocols/watch.h"
#include "protocols/well_known.h"
#include "store/q/agent/q_job.h"
#include "tools/core/honour.h"
#include "tools/sandbox/comply.h"

#define OUTSIDE_PATIENCE  (INT64_C(12) * USEC_PER_SEC) /* how long a call waits for answers from outside */
#define OUTSIDE_MOMENT    (INT64_C(3) * USEC_PER_SEC)
#define IN_FLIGHT_RETRY_S 5                           /* agents answer within seconds or not at all */

/* What would be named if the program ended over this call. The name a caller made up is not an operation. */
static void now_doing(const struct call *c)
{
    doing_set(c->row ? str_from(c->row->name) : STR("call"), c->tenant.tenant_id,
              c->authenticated ? c->principal.principal_id : STR_NONE);
}

/* Ends a call: everything is rendered and the transport takes over. */
static void finish(struct call *c, enum call_outcome outcome)
{
    now_doing(c);
    c->outcome = outcome;
    if (outcome == CALL_FAILED && str_is(str_from(c->err.code), "SERVICE_UNAVAILABLE")) c->outcome = CALL_UNAVAILABLE;
    for (struct call **p = &c->dispatcher->asking; c->asks && *p; p = &(*p)->asking_next) {
        if (*p != c) continue;
        *p = c->asking_next;
        break;
    }
    bool limited = str_is(str_from(c->err.code), "RATE_LIMITED");
    if (c->outcome == CALL_FAILED && !limited) rate_refused(&c->dispatcher->rates, &c->rate);
    if (!c->rendered) envelope_render(c);
    kept_take(c->dispatcher->kept, c);
    sandbox_reply(c, store_read(c->dispatcher->store));
    watch_call(c);
    c->done(c);
    doing_nothing();
}

/* --- the gates ------------------------------------------------------------------------------------------- */

static int unknown_tool(struct call *c)
{
    err_set(&c->err, "INVALID_REQUEST", "There is no tool of that name.");
    return err_suggest(&c->err, "tools/list names the tools of this agent.");
}

/* Hidden tools have no name on the wire: dialects translate to them and the command line calls them. */
static bool may_name_tool(const struct call *c)
{
    const struct tool *row = tool_find(c->tool);
    if (c->transport == TRANSPORT_LOCAL || c->own_page) return row != NULL;
    if (row && row->operation) return true; /* by that name in every shape; its role decides */
    return dialect_has_tool(c->dialect, c->tool, c->dispatcher->sandbox) && !(c->dialect->adcp3 && row && row->hidden);
}

/* Signers of the lines before the newest have their URLs to themselves: there the newest line, which has another profile
 * of signatures, is served to requests without one. It has a URL of its own for all its callers. */
static struct adcp_span lines_served(const struct call *c)
{
    if (c->headers.strict_url) return (struct adcp_span){ ADCP_LINE_NEWEST, ADCP_LINE_NEWEST };
    return (struct adcp_span){ 0, c->headers.signer ? ADCP_LINE_LOOSE_SIGNATURES : ADCP_LINE_NEWEST };
}

/* Which dialect, judged by what the call shows and, when it shows nothing, by whom it comes from. */
static int choose_dialect(struct call *c)
{
    struct dialect_hints hints = {
        .header = c->headers.x_adcp_dialect,
        .tool = c->tool,
        .args = c->args,
        .principal_default = c->authenticated ? c->principal.dialect : json_str(c->settings.doc, "default_dialect"),
        .lines = lines_served(c),
    };
    struct dialect_choice choice;
    const struct tool *row = tool_find(c->tool);
    if (row && row->operation) { /* has one shape, whatever else the caller speaks */
        c->dialect = dialect_canonical();
        return 0;
    }
    int rc = dialect_choose(&hints, &choice, &c->err);
    c->dialect = choice.dialect;
    c->adcp_version = choice.adcp_version;
    return rc;
}

/* What strangers may ask is the publisher's to say, but for how to ask (and links that carry their own right). */
static bool open_to_strangers(const struct call *c)
{
    static const char *const discovery[] = { "get_products", "list_products", "list_creative_formats",
                                             "list_authorized_properties" };
    if (c->row->auth != TOOL_PUBLIC) return false;
    for (size_t i = 0; i < ARRAY_LEN(discovery); i++) {
        if (strcmp(c->row->name, discovery[i]) == 0) return c->settings.public_discovery;
    }
    return true;
}

/* A token may be an assistant's, and what buyers write can talk to an assistant: so deciding is a right that a token has
 * to be given. */
static int check_decides(struct call *c)
{
    if (!c->row->decides || c->principal.may_decide || c->own_page) return 0;
    err_set(&c->err, "PERMISSION_DENIED", "This credential may not decide.");
    return err_suggest(
        &c->err, "Decide with salesagent, by the link in a notification, or with a token that was given the right.");
}

static int check_role(struct call *c)
{
    bool needs_credential = !open_to_strangers(c);
    if (needs_credential && !c->authenticated) {
        err_set(&c->err, "AUTH_MISSING", STR_FMT " needs a credential.", STR_ARG(c->tool));
        return err_suggest(&c->err, "Send a token as 'Authorization: Bearer <token>' or in the x-adcp-auth header.");
    }
    if (!c->authenticated) return 0;
    if (!tool_permits(c->row, c->principal.role)) {
        bool buyer = c->principal.role == ROLE_BUYER;
        err_set(&c->err, "PERMISSION_DENIED",
                buyer ? STR_FMT " is for the publisher's people." : STR_FMT " is not for this role.", STR_ARG(c->tool));
        return err_suggest(&c->err, buyer ? "Ask the publisher to decide; a buyer's credential cannot."
                                          : "Ask an administrator of the publisher.");
    }
    if (c->principal.read_only && c->row->kind != TOOL_READ) {
        err_set(&c->err, "PERMISSION_DENIED", "This credential only reads.");
        return err_suggest(&c->err, "Use a token of scope all.");
    }
    return check_decides(c);
}

static void make_act(struct call *c)
{
    static const struct str origins[] = { STR("mcp"), STR("a2a"), STR("rest"), STR("cli"), STR("desk") };
    c->act.arena = c->arena;
    c->act.rng = &c->dispatcher->loop->rng;
    c->act.tenant = &c->tenant;
    c->act.principal = c->authenticated ? &c->principal : NULL;
    c->act.sandbox = c->dispatcher->sandbox;
    c->act.simulated = &c->simulated;
    c->act.reranker = c->dispatcher->reranker;
    c->act.serving = c->dispatcher->ads ? c->dispatcher->ads->serving : NULL;
    c->act.origin = origins[c->transport];
    struct base_url_source base = { &c->settings, c->headers.host, c->headers.secure, c->dispatcher->sandbox };
    c->act.base_url = base_url(c->arena, &base);
    c->act.desk_url = c->transport == TRANSPORT_LOCAL ? c->dispatcher->desk_url : c->act.base_url;
    const char *kind = c->principal.role == ROLE_BUYER ? "buyer" : "operator";
    c->act.actor = c->authenticated ? arena_printf(c->arena, "%s:" STR_FMT, kind, STR_ARG(c->principal.principal_id))
                                    : STR("anonymous");
}

/* Where to tell, said outside the arguments, becomes the argument it stands for. */
static void take_push(struct call *c)
{
    const struct call_push *p = &c->push;
    yyjson_doc *parsed;
    struct err e;
    if (!p->url.n || (c->row && (c->row->kind != TOOL_WRITE || c->row->operation)) ||
        json_has(c->args, "push_notification_config"))
        return;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *args = json_copy(doc, c->args);
    call_push_add(doc, json_add_obj(doc, args, "push_notification_config"), p);
    if (json_parse(c->arena, json_write(c->arena, args), &json_limits_own, &parsed, &e))
        return; /* a header that is not UTF-8 */
    c->args = yyjson_doc_get_root(parsed);
}

/* A sandbox may have its governance agent on loopback, where nobody has a certificate: the one thing in which a request
 * may differ from its schema. The tool itself refuses what is not loopback. */
static bool loopback_agents(const struct call *c, const struct contract_report *report)
{
    if (!c->dispatcher->sandbox || strcmp(c->row->name, "sync_governance") != 0) return false;
    for (int i = 0; i < report->count; i++) {
        const struct contract_issue *issue = &report->issues[i];
        struct str value = json_val_str(json_get_path(c->args, arena_cstr(c->arena, issue->pointer)));
        if (strcmp(issue->keyword, "pattern") != 0 || !str_starts(value, STR("http://"))) return false;
    }
    return report->total == (size_t)report->count;
}

/* Whether an issue lies in an item of the list, which is an object. */
static bool in_item(struct str pointer, struct str prefix, yyjson_val *list)
{
    size_t index = 0, i = prefix.n;
    if (!str_starts(pointer, prefix)) return false;
    for (; i < pointer.n && i < prefix.n + 6 && pointer.p[i] >= '0' && pointer.p[i] <= '9'; i++) {
        index = index * 10 + (size_t)(pointer.p[i] - '0');
    }
    return i > prefix.n && yyjson_is_obj(yyjson_arr_get(list, index));
}

/* A malformed item of a batch fails by itself: the tool answers for it and does the others. Of too many mistakes to be
 * told one by one it is the call that fails, and so it is with a single item. */
static bool items_alone(struct call *c, const struct contract_report *report)
{
    const char *name = honour_batch(c->row->name, c->args);
    yyjson_val *list = name ? json_arr(c->args, name) : NULL;
    if (!list || yyjson_arr_size(list) < 2 || report->total != (size_t)report->count) return false;
    struct str prefix = arena_printf(c->arena, "/%s/", name);
    for (int i = 0; i < report->count; i++) {
        if (!in_item(report->issues[i].pointer, prefix, list)) return false;
    }
    struct contract_report *kept = ARENA_NEW(c->arena, struct contract_report);
    *kept = *report;
    c->item_issues = kept;
    return true;
}

/* The version was negotiated already. Some closed requests of 3.0 do not name it, and newer clients always send it. */
static bool valid_in_line(struct call *c, const struct contract *contract, struct contract_report *report)
{
    if (contract_validate(contract, c->args, report) == 0) return true;
    bool closed = false;
    for (int i = 0; i < report->count; i++) {
        closed = closed || (str_is(report->issues[i].pointer, "/adcp_version") &&
                            strcmp(report->issues[i].keyword, "additionalProperties") == 0);
    }
    if (!closed) return false;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *args = json_copy(doc, c->args);
    yyjson_mut_obj_remove_key(args, "adcp_version");
    *report = (struct contract_report){ .arena = c->arena };
    return contract_validate(contract, json_parse_own(c->arena, json_write(c->arena, args)), report) == 0;
}

/* What to do about a mistake that the schema found, for the members that nearly every call has. */
static int say_what_to_do(struct call *c, const struct contract_report *report)
{
    static const struct {
        const char *pointer, *advice;
    } known[] = {
        { "/account", "Send account: {\"account_id\"} of list_accounts, or {\"brand\": {\"domain\"}, \"operator\"}." },
        { "/idempotency_key", "Send a new UUID with every new request, and the same one when you repeat it." },
        { "/brand", "Send brand: {\"domain\"}, the advertiser's own." },
        { "/packages",
          "Send packages: a list of {\"product_id\", \"pricing_option_id\", \"budget\"} from get_products." },
        { "/media_buy_id", "Send the media_buy_id that create_media_buy answered; get_media_buys lists them." },
        { "/creatives", "Send creatives: a list of {\"creative_id\", \"name\", \"format_id\", \"assets\"}." },
        { "/start_time", "Send start_time: an RFC 3339 date-time such as 2026-04-01T00:00:00Z, or \"asap\"." },
        { "/end_time", "Send end_time: an RFC 3339 date-time such as 2026-05-01T00:00:00Z." },
        { "/buying_mode", "Send buying_mode: brief with a brief, wholesale, or refine." },
        { "/brief", "Say in brief what is to be advertised, to whom, and for how much." },
    };
    (void)contract_report_err(report, &c->err);
    struct str at = report->issues[0].pointer;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_is(at, known[i].pointer)) return err_suggest(&c->err, "%s", known[i].advice);
    }
    return err_suggest(&c->err,
                       "Correct it and send the call again; /mcp?schemas=full and /api/v1/openapi.json have all of %s.",
                       c->row->name);
}

/* Requests of AdCP 3 callers are checked against the schema of their own release, as they were sent. */
static int check_schema(struct call *c)
{
    if (!c->dialect->adcp3) return 0;
    if (c->row->operation) return tool_check(c->row, c->arena, c->args, &c->err);
    if (c->row->sandbox_only) return 0; /* the test controller answers mistakes in words of its own */
    const struct contract *contract = contract_find(c->dialect->line, c->row->name, CONTRACT_REQUEST);
    if (!contract) return 0; /* tools that only dialects name have no published schema; they check their arguments */
    struct contract_report report = { .arena = c->arena };
    if (valid_in_line(c, contract, &report) || loopback_agents(c, &report)) return 0;
    return items_alone(c, &report) ? 0 : say_what_to_do(c, &report);
}

/* What an AdCP caller asks for and nobody would do. Older shapes have tables of their own (dialects/shape.h). */
static int check_honoured(struct call *c)
{
    return c->dialect->adcp3 ? honour_check(str_from(c->row->name), c->canonical_args, &c->err) : 0;
}

/* The protocol wants that members no schema names are ignored; what was ignored is said, under `ext`. All lines
 * count, because tools act on what the newest one names whichever the caller speaks. */
static void say_ignored(struct call *c, struct tool_call *t)
{
    const char *name = c->row->name;
    const struct contract *lines[ADCP_LINE_COUNT];
    struct unknown_members ignored;
    bool published = false;
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        lines[line] = contract_find((enum adcp_line)line, name, CONTRACT_REQUEST);
        published = published || lines[line];
    }
    if (!c->dialect->adcp3 || c->row->sandbox_only || !published) return;
    contract_unknown_members(lines, ARRAY_LEN(lines), c->args, c->arena, &ignored);
    for (int i = 0; i < ignored.n; i++) honour_ignored(t, ignored.pointers[i]);
}

/* Older dialects have no word for where to tell; what the door was told reaches the tool past their translation. */
static void carry_push(const struct call *c, yyjson_mut_val *canonical_args)
{
    yyjson_val *push = json_obj(c->args, "push_notification_config");
    if (!push || c->row->kind != TOOL_WRITE || yyjson_mut_obj_get(canonical_args, "push_notification_config")) return;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    json_add_val(doc, canonical_args, "push_notification_config", json_copy(doc, push));
}

static int translate_up(struct call *c)
{
    c->request = (struct dialect_request){
        .arena = c->arena,
        .tool = c->tool,
        .args = c->args,
        .now = c->act.now,
        .default_currency = arena_dup(c->arena, str_from(c->settings.currency)),
        .adcp_version = c->adcp_version,
    };
    struct dialect_up up = { .tool = c->tool, .now = TIME_NONE };
    if (c->dialect->up(&c->request, &up, &c->err)) return -1;
    if (c->dispatcher->sandbox && up.now != TIME_NONE) {
        c->act.now = up.now;
        c->act.mock_clock = true;
    }
    c->row = tool_find(up.tool);
    if (!c->row) return unknown_tool(c);
    carry_push(c, up.args);
    struct str text = json_write(c->arena, up.args);
    yyjson_doc *doc;
    if (json_parse(c->arena, text, &json_limits_own, &doc, &c->err)) return -1;
    c->canonical_args = yyjson_doc_get_root(doc);
    return c->dialect->adcp3 ? 0 : shape_check_open(c->arena, c->canonical_args, &c->err);
}

/* --- running --------------------------------------------------------------------------------------------- */

/* A buyer that tries its webhook receiver on a sandbox hears of calls that were answered at once, too. */
static int tell_sandbox(struct call *c, const struct tool_call *t)
{
    static const char *const types[] = { "create_media_buy",  "update_media_buy", "sync_creatives",
                                         "sync_accounts",     "build_creative",   "activate_signal",
                                         "sync_catalogs",     "sync_audiences",   "buy_products",
                                         "control_media_buy", "accept_proposal",  "request_proposals",
                                         "refine_proposals",  "decline_proposals" };
    yyjson_val *push = json_obj(c->canonical_args, "push_notification_config"), *context;
    if (!push || !c->act.sandbox) return 0;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(c->row->name, types[i]) != 0) continue;
        context = yyjson_obj_get(c->canonical_args, "context");
        struct sync_answer answer = { .task_type = types[i],
                                      .push_config = json_write_val(c->arena, push),
                                      .context = context ? json_write_val(c->arena, context) : STR_NONE,
                                      .result = json_write(c->arena, t->reply) };
        return notify_sync_answer(&c->act, &answer, &c->err);
    }
    return 0;
}

static void know_process(struct call *c)
{
    if (!c->dispatcher->facts || c->act.process) return;
    struct process_facts *facts = ARENA_NEW(c->arena, struct process_facts);
    c->dispatcher->facts(c->dispatcher->facts_arg, facts);
    c->act.process = facts;
}

static int run_tool(struct call *c)
{
    know_process(c);
    struct tool_call *t = ARENA_NEW(c->arena, struct tool_call);
    *t = (struct tool_call){ .act = &c->act,
                             .arena = c->arena,
                             .line = c->dialect->line,
                             .lines = lines_served(c),
                             .minor_3_0 = c->dialect->minor_3_0,
                             .no_aux = c->dialect->adcp3,
                             .args = c->canonical_args,
                             .item_issues = c->item_issues,
                             .doc = json_doc_new(c->arena) };
    t->reply = json_root_obj(t->doc);
    t->aux = yyjson_mut_obj(t->doc);
    bool writes = c->row->kind == TOOL_WRITE;
    if (sandbox_refuse(c)) return -1;
    if (writes && webhook_check_args(&c->act, c->canonical_args, &c->err)) return -1;
    bool obeyed;
    if (comply_answer(t, c->row, &obeyed, &c->err)) return -1;
    if (!obeyed && c->row->run(t, &c->err)) return -1;
    if (!writes && comply_advise(t, c->row, &c->err)) return -1;
    say_ignored(c, t);
    if (c->simulated && !c->row->operation) json_add_bool(t->doc, honour_ours(t), "simulated", true);
    if (writes && t->outcome == TOOL_COMPLETED && tell_sandbox(c, t)) return -1;
    if (document_whole(c->arena, &c->err)) return -1;
    envelope_complete(t, c->row);
    c->fresh = t;
    return 0;
}

/* What the ad server would have been asked, as a list: in `ext` for AdCP callers, in aux for the other dialects. */
static void add_rehearsal(struct call *c)
{
    struct tool_call *t = c->fresh;
    const struct rehearsal *r = c->act.rehearsal;
    yyjson_mut_val *ours = honour_ours(t);
    json_add_bool(t->doc, ours, "dry_run", true);
    yyjson_mut_val *list = json_add_arr(t->doc, ours, "would_call");
    for (size_t i = 0; i < r->n; i++) json_push_str(t->doc, list, r->lines[i]);
    json_add_val(t->doc, t->aux, "would_call", yyjson_mut_val_mut_copy(t->doc, list));
}

static int write_call(struct tx *tx, struct call *c)
{
    enum idem_verdict verdict;
    c->act.tx = tx;
    if (idem_prepare(c, &c->idem, &c->err) || idem_check(c, &c->idem, &verdict, &c->canonical, &c->err)) return -1;
    if (verdict == IDEM_REPLAY) {
        c->replayed = true;
        return 0;
    }
    if (idem_in_flight(c, &c->idem, c->dispatcher->asking, IN_FLIGHT_RETRY_S, &c->err)) return -1;
    if (c->dry_run) c->act.rehearsal = ARENA_NEW(c->arena, struct rehearsal);
    struct stored before;
    if (quota_before(&c->act, &before, &c->err)) return -1;
    if (sandbox_prepare(c) || run_tool(c)) {
        if (c->outside.wanted && !c->asks) {
            c->asks = true;
            c->asking_next = c->dispatcher->asking;
            c->dispatcher->asking = c;
        }
        return -1;
    }
    if (quota_check(&c->act, &before, &c->err)) return -1;
    if (c->dry_run) add_rehearsal(c);
    if (c->dry_run || c->sandbox.undo) {
        err_set(&c->err, "", "dry run"); /* undone on purpose; write_done knows */
        return -1;
    }
    if (verdict != IDEM_NEW) return 0;
    c->canonical = envelope_snapshot(c->arena, c->fresh);
    return idem_store(c, &c->idem, c->canonical, &c->err);
}

static int run_write(struct tx *tx, struct write_cmd *cmd)
{
    struct call *c = CONTAINER_OF(cmd, struct call, cmd);
    now_doing(c);
    int rc = write_call(tx, c);
    doing_nothing();
    return rc;
}

/* --- waiting for an answer from outside -------------------------------------------------------------------- */

static void start_write(struct call *c);
static void run_read(struct call *c);

static void lost(struct call *c)
{
    err_set(&c->err, "SERVICE_UNAVAILABLE", "The store could not keep this operation; nothing of it happened.");
    err_suggest(&c->err, "Send the identical request again.");
    c->err.retry_after_s = 5;
    finish(c, CALL_FAILED);
}

/* The operation once more, now with whatever was answered. */
static void resume(struct call *c)
{
    list_remove(&c->waiting);
    timer_cancel(c->dispatcher->loop, &c->patience);
    c->outside.wanted = false;
    c->err = (struct err){ 0 };
    if (!c->act.mock_clock) c->act.now = loop_now(c->dispatcher->loop);
    if (c->reads) run_read(c);
    else start_write(c);
}

static void out_of_patience(struct timer *t)
{
    resume(CONTAINER_OF(t, struct call, patience));
}

/* A job that cannot be read any more will not answer either. */
static bool answered(const struct call *c)
{
    struct job_row row;
    struct err ignored;
    int rc = q_job_get(store_read(c->dispatcher->store), c->arena, c->tenant.tenant_id, c->outside.question.job_id,
                       &row, &ignored);
    return rc != 1 || row.state != JOB_STATE_READY;
}

static void look(struct timer *t)
{
    struct dispatcher *d = CONTAINER_OF(t, struct dispatcher, look);
    for (struct list *n = d->waiting.next, *next; n != &d->waiting; n = next) {
        struct call *c = CONTAINER_OF(n, struct call, waiting);
        next = n->next;
        if (answered(c)) resume(c);
    }
}

/* Not from here: a call that goes on queues writes of its own, amid the answers of this commit. */
static void on_commit(struct commit_hook *h)
{
    struct dispatcher *d = CONTAINER_OF(h, struct dispatcher, committed);
    if (!list_empty(&d->waiting)) timer_set(d->loop, &d->look, loop_now(d->loop));
}

static void question_written(struct write_cmd *cmd, enum write_result result)
{
    struct call *c = CONTAINER_OF(cmd, struct call, cmd);
    struct dispatcher *d = c->dispatcher;
    if (result == WRITE_LOST) {
        lost(c);
        return;
    }
    if (result != WRITE_COMMITTED) {
        finish(c, CALL_FAILED);
        return;
    }
    /* The first question has the caller's whole patience, those after it what is left, and a moment at least. */
    int64_t now = loop_now(d->loop), until = now + OUTSIDE_MOMENT, own = c->outside.patience_us;
    bool hurried = own > 0 && own < OUTSIDE_PATIENCE;
    if (c->outside.asked_n == 0) c->patient_until = now + (hurried ? own : OUTSIDE_PATIENCE);
    if (hurried || until < c->patient_until) until = c->patient_until;
    c->outside.asked[c->outside.asked_n++] = c->outside.question;
    list_push_back(&d->waiting, &c->waiting);
    c->patience = (struct timer){ .fire = out_of_patience };
    timer_set(d->loop, &c->patience, until);
}

static int write_question(struct tx *tx, struct write_cmd *cmd)
{
    struct call *c = CONTAINER_OF(cmd, struct call, cmd);
    c->act.tx = tx;
    return c->outside.write(&c->act, &c->outside, &c->err);
}

static void ask_outside(struct call *c)
{
    struct dispatcher *d = c->dispatcher;
    if (!d->waits) {
        d->waits = true;
        list_init(&d->waiting);
        d->look = (struct timer){ .fire = look };
        store_add_commit_hook(d->store, &d->committed, on_commit);
    }
    c->cmd = (struct write_cmd){ .run = write_question, .done = question_written };
    if (store_write(d->store, &c->cmd, &c->err)) finish(c, CALL_FAILED);
}

/* --- waiting for the hash of a password ---------------------------------------------------------------------- */

static void hashed(struct hash_wait *w)
{
    struct call *c = CONTAINER_OF(w, struct call, hash_wait);
    c->slow.wanted = false;
    c->slow.done++;
    c->err = (struct err){ 0 };
    if (!c->act.mock_clock) c->act.now = loop_now(c->dispatcher->loop);
    start_write(c);
}

static void hash_slowly(struct call *c)
{
    c->hash_wait = (struct hash_wait){ .hash = &c->slow.list[c->slow.done], .done = hashed };
    if (hashing_start(&c->dispatcher->hashing, c->dispatcher->loop, &c->hash_wait) == 0) return;
    (void)err_set(&c->err, "RATE_LIMITED", "Too many people sign in at this moment; try again.");
    c->err.retry_after_s = IN_FLIGHT_RETRY_S;
    finish(c, CALL_FAILED);
}

static void write_done(struct write_cmd *cmd, enum write_result result)
{
    struct call *c = CONTAINER_OF(cmd, struct call, cmd);
    if (result == WRITE_ROLLED_BACK && c->slow.wanted) {
        hash_slowly(c);
        return;
    }
    if (result == WRITE_ROLLED_BACK && c->outside.wanted) {
        ask_outside(c);
        return;
    }
    if (result == WRITE_LOST) {
        lost(c);
        return;
    }
    bool dry = result == WRITE_ROLLED_BACK && (c->dry_run || c->sandbox.undo) && c->fresh && !c->err.code[0];
    finish(c, result == WRITE_COMMITTED || dry ? CALL_OK : CALL_FAILED);
}

static void start_write(struct call *c)
{
    c->cmd = (struct write_cmd){ .run = run_write, .done = write_done };
    if (store_write(c->dispatcher->store, &c->cmd, &c->err)) finish(c, CALL_FAILED);
}

/* --- reads -------------------------------------------------------------------------------------------------- */

static void read_again(struct call *c)
{
    list_remove(&c->rerank.node);
    timer_cancel(c->dispatcher->loop, &c->patience);
    c->rerank_wish.waited = true;
    if (!c->act.mock_clock) c->act.now = loop_now(c->dispatcher->loop);
    run_read(c);
}

static void order_known(struct rerank_waiter *w)
{
    read_again(CONTAINER_OF(w, struct call, rerank));
}

static void order_impatient(struct timer *t)
{
    read_again(CONTAINER_OF(t, struct call, patience));
}

/* What was read is good already; it may be better in a moment. */
static void wait_for_order(struct call *c)
{
    c->rerank = (struct rerank_waiter){ .key = c->rerank_wish.key, .ready = order_known };
    list_init(&c->rerank.node);
    c->act.reranker->wait(c->act.reranker, &c->rerank);
    c->patience = (struct timer){ .fire = order_impatient };
    timer_set(c->dispatcher->loop, &c->patience, loop_now(c->dispatcher->loop) + c->rerank_wish.patience_ms * 1000);
}

/* What is more than one call may ask for. */
static int too_much(struct call *c)
{
    static const char part[] = "Ask for a part of it: name what is wanted, or ask for smaller pages.";
    (void)err_set(&c->err, "INVALID_REQUEST", "This asks for more than is answered to one call.");
    return err_suggest(&c->err, "%s", c->row->narrower ? c->row->narrower : part);
}

/* The publisher's own people wait for what they ask. */
static bool of_the_publisher(const struct call *c)
{
    return c->authenticated && c->principal.role != ROLE_BUYER;
}

/* On the worker: the operation again, and its reply as text. */
static void read_aside(struct aside_read *r, struct tx *tx)
{
    struct call *c = CONTAINER_OF(r, struct call, aside);
    c->act.tx = tx;
    if (of_the_publisher(c)) tx_limit(tx, 0);
    int rc = run_tool(c);
    if (tx_over(tx)) rc = too_much(c);
    c->outcome = rc ? CALL_FAILED : CALL_OK;
    if (rc) return;
    envelope_render(c);
    c->rendered = c->body.n <= ASIDE_BYTES_MAX || of_the_publisher(c);
    if (!c->rendered) c->outcome = too_much(c) ? CALL_FAILED : CALL_OK;
}

static void was_aside(struct aside_read *r)
{
    struct call *c = CONTAINER_OF(r, struct call, aside);
    c->act.tx = store_read(c->dispatcher->store);
    c->act.rng = &c->dispatcher->loop->rng;
    if (!r->made) {
        (void)err_set(&c->err, "SERVICE_UNAVAILABLE", "The store could not be read; try again.");
        c->err.retry_after_s = 5;
    }
    finish(c, r->made ? c->outcome : CALL_FAILED);
}

struct aside_arena {
    struct arena_shared shared;
    struct arena arena;
};

static void aside_arena_free(struct arena_shared *s)
{
    arena_finish(&CONTAINER_OF(s, struct aside_arena, shared)->arena);
}

/* The exchange's arena is the loop's, and that of the other calls of a batch: a worker gets another, which lives as long. */
static void own_arena(struct call *c)
{
    struct aside_arena *own = ARENA_NEW(c->arena, struct aside_arena);
    own->shared = (struct arena_shared){ 1, aside_arena_free };
    arena_init(&own->arena);
    arena_share(c->arena, &own->shared);
    arena_shared_unref(&own->shared);
    c->arena = c->act.arena = c->request.arena = &own->arena;
}

/* Nothing of the loop's is left where a worker could find it. */
static void go_aside(struct call *c)
{
    struct dispatcher *d = c->dispatcher;
    c->err = (struct err){ 0 };
    c->act.outside = NULL;
    c->act.slow = NULL;
    c->act.throttle = NULL;
    c->act.reranker = NULL;
    c->act.rerank_wish = NULL;
    c->act.serving = NULL;
    rng_init_system(&c->aside_rng);
    c->act.rng = &c->aside_rng;
    own_arena(c);
    c->aside = (struct aside_read){ .read = read_aside,
                                    .done = was_aside,
                                    .tenant_id = c->tenant.tenant_id,
                                    .principal_id = c->principal.principal_id };
    int rc = aside_start(&d->aside, d->loop, d->store, &c->aside);
    if (rc > 0) return;
    if (rc < 0) {
        (void)err_set(&c->err, "RATE_LIMITED", "Too many long reports are being made; try again.");
        (void)err_suggest(&c->err, "%s", c->row->narrower);
        c->err.retry_after_s = IN_FLIGHT_RETRY_S;
        finish(c, CALL_FAILED);
        return;
    }
    tx_limit(c->act.tx, READ_STEPS_MAX);
    rc = run_tool(c);
    if (tx_over(c->act.tx)) rc = too_much(c);
    tx_limit(c->act.tx, 0);
    finish(c, rc ? CALL_FAILED : CALL_OK);
}

static int64_t steps_of(const struct call *c)
{
    return c->row->narrower ? READ_STEPS_PROMPT : of_the_publisher(c) ? 0 : READ_STEPS_MAX;
}

/* A read asks outside as a write does; the question is all that is written. */
static void run_read(struct call *c)
{
    c->act.tx = store_read(c->dispatcher->store);
    c->act.rerank_wish = &c->rerank_wish;
    now_doing(c);
    tx_limit(c->act.tx, steps_of(c));
    int rc = run_tool(c);
    bool over = tx_over(c->act.tx);
    tx_limit(c->act.tx, 0);
    if (over && c->row->narrower) {
        go_aside(c);
        return;
    }
    if (over) rc = too_much(c);
    if (rc && !over && c->outside.wanted) ask_outside(c);
    else if (rc == 0 && c->rerank_wish.wanted && !c->rerank_wish.waited) wait_for_order(c);
    else finish(c, rc ? CALL_FAILED : CALL_OK);
}

static void run(struct call *c)
{
    struct dispatcher *d = c->dispatcher;
    bool simulates = sandbox_needs_write(c);
    c->sandbox.undo = simulates;
    c->act.tx = store_read(d->store);
    c->act.slow = &c->slow;
    c->act.throttle = &d->sign_ins;
    if (!c->dry_run) c->act.outside = &c->outside; /* a dry run asks nobody */
    c->reads = !simulates && !sandbox_decides(c) && tool_kind_of(c->row, c->canonical_args) == TOOL_READ &&
               !comply_directed(&c->act, c->row);
    if (c->reads) run_read(c);
    else start_write(c);
}

/* The publisher's own people are not counted, nor are their pages. */
static int check_rate(struct call *c)
{
    if ((c->authenticated && c->principal.role != ROLE_BUYER) || c->own_page) return 0;
    struct rate_ask ask = {
        .tenant_id = c->tenant.tenant_id,
        .principal_id = c->authenticated ? c->principal.principal_id : STR_NONE,
        .address = c->headers.peer,
        .tool = c->tool,
        .writes = c->row && c->row->kind == TOOL_WRITE,
        .settings = &c->settings,
        .sandbox = c->dispatcher->sandbox,
        .now = loop_now(c->dispatcher->loop),
    };
    return rate_admit(&c->dispatcher->rates, &ask, &c->rate, &c->err);
}

static void admit(struct dispatcher *d, struct call *c)
{
    c->dispatcher = d;
    c->begun_us = d->loop->driver->now(d->loop->driver);
    c->dialect = dialect_default();
    now_doing(c);
    if (!c->args) c->args = json_parse_own(c->arena, STR("{}"));
    if (kept_answer(d->kept, c)) {
        watch_call(c);
        c->done(c);
        return;
    }
    changes_watch(store_read(d->store));
    c->keeping.until = INT64_MAX;
    c->act.keeping = &c->keeping;
    int identified = auth_identify(c, store_read(d->store), loop_now(d->loop), &c->err);
    struct err auth_err = c->err;
    tenant_settings_read(&c->tenant, c->arena, &c->settings);
    int chosen = choose_dialect(c);
    if (identified) {
        c->err = auth_err;
        finish(c, str_is(str_from(c->err.code), "AUTH_INVALID") ? CALL_UNAUTHENTICATED : CALL_FAILED);
        return;
    }
    make_act(c);
    c->dry_run = d->dry_run;
    if (id_text_valid(c->headers.x_context_id, 255)) c->context_id = c->headers.x_context_id;
    if (chosen || sandbox_take(c, store_read(d->store), loop_now(d->loop))) {
        finish(c, CALL_FAILED);
        return;
    }
    if (!may_name_tool(c)) {
        (void)unknown_tool(c); /* fills c->err */
        finish(c, CALL_UNKNOWN_TOOL);
        return;
    }
    c->row = tool_find(c->tool); /* may be NULL for a tool of the dialect's own until it is translated */
    if (check_rate(c)) {
        finish(c, CALL_FAILED);
        return;
    }
    take_push(c);
    if (c->row && (check_role(c) || check_schema(c))) {
        bool missing = str_is(str_from(c->err.code), "AUTH_MISSING");
        finish(c, missing ? CALL_UNAUTHENTICATED : CALL_FAILED);
        return;
    }
    if (translate_up(c) || check_role(c) || check_honoured(c)) {
        bool missing = str_is(str_from(c->err.code), "AUTH_MISSING");
        finish(c, missing ? CALL_UNAUTHENTICATED : CALL_FAILED);
        return;
    }
    auth_note_use(d, c);
    run(c);
}

void dispatch_call(struct dispatcher *d, struct call *c)
{
    admit(d, c);
    doing_nothing();
}

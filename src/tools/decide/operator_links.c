/* A link that decides one task: x_link_get shows it, x_link_decide uses it. No credential: the link is one, for this
 * task alone. Only our own page (protocols/pages/decide_page.h) calls these. */
#include "base/rfc3339.h"
#include "domain/creative/creative.h"
#include "contract/document.h"
#include "domain/core/tenant_settings.h"
#include "domain/decide/link_decide.h"
#include "domain/decide/task_facts.h"
#include "domain/product/product.h"
#include "domain/tell/people_notify.h"
#include "domain/core/secrets.h"
#include "store/q/q_media_buy.h"
#include "tools/creative/creative_reply.h"
#include "tools/decide/links.h"

static int open_link(struct tool_call *c, struct link_row *link, struct err *e)
{
    struct str text;
    if (json_req_str(JSON_FIELD(c->args, "link", ""), (struct json_len){ 1, 200 }, &text, e)) return -1;
    return link_open(c->act, text, link, e);
}

static void encode(struct tool_call *c, const struct task_row *t)
{
    static const char *const members[] = { "description", "rule",    "difference", "findings",
                                           "comments",    "failure", "reason" };
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "kind", t->kind);
    json_add_str(c->doc, o, "state", t->state);
    json_add_str_opt(c->doc, o, "decision", t->decision);
    json_add_str(c->doc, o, "subject_id", t->subject_id);
    json_add_str(c->doc, o, "subject_type", t->subject_type);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_bool(c->doc, o, "open", task_open(t) && !task_executing(c->act, t));
    if (task_executing(c->act, t)) json_add_bool(c->doc, o, "executing", true);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_add_text(c->doc, o, members[i], secrets_redacted(c->arena, task_member(c->act, t, members[i])));
    }
}

/* What the buy is about; nothing when it is not about a buy. */
static int encode_buy(struct tool_call *c, const struct task_row *t, struct err *e)
{
    struct media_buy_key key = { .tenant_id = t->tenant_id, .media_buy_id = t->subject_id };
    struct media_buy_row buy;
    struct package_rows packages;
    if (!str_is(t->subject_type, "media_buy")) return 0;
    int rc = q_media_buy_get(c->act->tx, c->arena, &key, &buy, e);
    if (rc < 1) return rc;
    if (q_packages_of_buy(c->act->tx, c->arena, buy.media_buy_id, &packages, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "media_buy");
    struct task_facts facts;
    if (task_facts_read(c->act, t, &facts, e)) return -1;
    json_add_str_opt(c->doc, o, "name", buy.name);
    json_add_str_opt(c->doc, o, "advertiser", facts.advertiser);
    json_add_money(c->doc, o, "total_budget", buy.total_budget_micros);
    json_add_str(c->doc, o, "currency", arena_dup(c->arena, str_from(buy.currency)));
    json_add_time(c->doc, o, "start_time", buy.start_at);
    json_add_time(c->doc, o, "end_time", buy.end_at);
    yyjson_mut_val *list = json_add_arr(c->doc, o, "packages");
    for (size_t i = 0; i < packages.n; i++) {
        yyjson_mut_val *p = json_push_obj(c->doc, list);
        struct product product;
        int found = product_load_listed(c->act->tx, c->arena, t->tenant_id, packages.rows[i].product_id, &product, e);
        if (found < 0) return -1;
        json_add_str(c->doc, p, "product_id", packages.rows[i].product_id);
        json_add_str(c->doc, p, "product", found ? json_str(product.doc, "name") : packages.rows[i].product_id);
        json_add_money(c->doc, p, "budget", packages.rows[i].budget_micros);
        json_add_time(c->doc, p, "start_time", packages.rows[i].start_at);
        json_add_time(c->doc, p, "end_time", packages.rows[i].end_at);
    }
    return 0;
}

/* What is to be judged: its texts and where its parts are. */
static int encode_creative(struct tool_call *c, const struct task_row *t, struct err *e)
{
    struct creative_row row;
    if (!str_is(t->subject_type, "creative")) return 0;
    int rc = creative_get(c->act, t->principal_id, t->subject_id, &row, e);
    if (rc < 1) return rc;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "creative");
    json_add_str(c->doc, o, "name", row.name);
    json_add_str(c->doc, o, "format", row.format_id);
    creative_reply_parts(c, o, "assets", &row);
    return 0;
}

/* A buyer's act sees its own tasks only, and here nobody is signed in: the link says which. */
static int load(struct tool_call *c, const struct link_row *link, struct task_row *out, struct err *e)
{
    struct task_key key = { .tenant_id = link->tenant_id, .task_id = link->task_id };
    int rc = q_task_get(c->act->tx, c->arena, &key, out, e);
    return rc == 1 ? 0 : rc < 0 ? -1 : err_set(e, "REFERENCE_NOT_FOUND", "The task is gone.");
}

int tool_x_link_get(struct tool_call *c, struct err *e)
{
    struct link_row link;
    struct task_row task;
    struct tenant_settings ts;
    if (open_link(c, &link, e) || load(c, &link, &task, e)) return -1;
    encode(c, &task);
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    json_add_str(c->doc, c->reply, "timezone", ts.timezone);
    json_add_bool(c->doc, c->reply, "may_decide", link_may_decide(c->act, &link, &task));
    yyjson_mut_val *o = yyjson_mut_obj_get(c->reply, "task");
    return encode_buy(c, &task, e) || encode_creative(c, &task, e) ||
                   (task_open(&task) && operator_task_preview(c, o, &task, e))
               ? -1
               : 0;
}

int tool_x_link_decide(struct tool_call *c, struct err *e)
{
    struct link_row link;
    struct task_row task;
    struct str decision, name = STR_NONE;
    struct task_resolution r = { 0 };
    if (json_req_str(JSON_FIELD(c->args, "decision", ""), (struct json_len){ 1, 16 }, &decision, e) ||
        json_opt_str(JSON_FIELD(c->args, "reason", ""), (struct json_len){ 0, 2000 }, &r.reason, e) ||
        json_opt_str(JSON_FIELD(c->args, "name", ""), (struct json_len){ 0, LINK_NAME_MAX }, &name, e))
        return -1;
    bool reject = str_is(decision, "reject");
    if (!reject && !str_is(decision, "approve")) {
        (void)err_set(e, "INVALID_REQUEST", "decision must be approve or reject.");
        return err_field(e, "/decision");
    }
    if (reject && !r.reason.n) {
        (void)err_set(e, "INVALID_REQUEST", "Say why: the buyer is told.");
        return err_field(e, "/reason");
    }
    r.decision = reject ? TASK_REJECT : TASK_APPROVE;
    if (open_link(c, &link, e) || link_decide(c->act, &link, &r, name, &task, e)) return -1;
    encode(c, &task);
    return 0;
}

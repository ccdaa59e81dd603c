/* The publisher's ad servers, for its people: x_adapter_list, x_adapter_test, x_adapter_sync, x_adapter_plan,
 * x_adapter_look. */
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/booking/ad_server_ask.h"
#include "domain/core/ad_catalog.h"
#include "domain/core/audit.h"
#include "domain/core/secrets.h"
#include "tools/operation_tools.h"
#include "tools/publisher/ad_requests.h"

#define ITEMS_DEFAULT 100

void encode_ad_requests(struct tool_call *c, yyjson_mut_val *list, const struct dry_run *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct dry_request *r = &d->requests[i];
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "method", r->method);
        json_add_str(c->doc, o, "url", r->url);
        json_add_str_opt(c->doc, o, "headers", r->headers);
        if (!json_add_text(c->doc, o, "body", r->body)) json_add_str_opt(c->doc, o, "body", r->body);
    }
}

/* ---- list ---- */

static const char *kind_of(const struct adapter *a)
{
    return a->by_hand ? "by_hand" : a->local ? "local" : "remote";
}

static int encode_known(struct tool_call *c, yyjson_mut_val *o, struct str name, struct err *e)
{
    struct ad_server_key key = { c->act->tenant->tenant_id, name };
    struct ad_server_state state;
    struct ad_item_count *counts;
    size_t n;
    int64_t used;
    if (q_ad_server_state(c->act->tx, c->arena, &key, &state, e) || q_ad_server_used(c->act->tx, &key, &used, e) ||
        q_ad_item_counts(c->act->tx, c->arena, &key, &counts, &n, e)) {
        return -1;
    }
    json_add_i64(c->doc, o, "media_buys", used);
    if (state.synced_at != TIME_NONE) json_add_time(c->doc, o, "synced_at", state.synced_at);
    yyjson_mut_val *list = n ? json_add_arr(c->doc, o, "inventory") : NULL;
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *k = json_push_obj(c->doc, list);
        json_add_str(c->doc, k, "kind", counts[i].kind);
        json_add_i64(c->doc, k, "count", counts[i].n);
    }
    if (state.tested_at == TIME_NONE) return 0;
    json_add_time(c->doc, o, "tested_at", state.tested_at);
    yyjson_val *test = document_read(c->arena, state.tested);
    if (test) json_add_copy(c->doc, o, "test", test);
    return 0;
}

static void encode_warnings(struct tool_call *c, yyjson_mut_val *o, const struct ad_server *server)
{
    struct adapter_problems *found = ARENA_NEW(c->arena, struct adapter_problems);
    if (!server->adapter->forewarn) return;
    server->adapter->forewarn(server->config, c->act->now, found);
    yyjson_mut_val *list = found->n ? json_add_arr(c->doc, o, "warnings") : NULL;
    for (size_t i = 0; i < found->n; i++) json_push_str(c->doc, list, str_from(found->item[i].text));
}

/* One that cannot be used is shown with the reason. */
static int encode_ad_server(struct tool_call *c, yyjson_mut_val *o, const struct ad_server_row *row, struct err *e)
{
    struct ad_server server;
    struct err why;
    const struct adapter *a = adapter_find(row->adapter);
    json_add_str(c->doc, o, "name", row->name);
    json_add_str(c->doc, o, "adapter", row->adapter);
    json_add_str_opt(c->doc, o, "title", a ? str_from(a->title) : STR_NONE);
    json_add_cstr(c->doc, o, "kind", a ? kind_of(a) : "remote");
    json_add_bool(c->doc, o, "simulates", a && a->simulates);
    json_add_bool(c->doc, o, "first", row->position == 0);
    if (ad_server_of(c->act, row->name, &server, &why)) {
        json_add_str(c->doc, o, "problem", str_from(why.message));
        json_add_str_opt(c->doc, o, "field", str_from(why.field));
    } else {
        encode_warnings(c, o, &server);
    }
    return encode_known(c, o, row->name, e);
}

int tool_x_adapter_list(struct tool_call *c, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(c->act->tx, c->arena, c->act->tenant->tenant_id, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "ad_servers");
    for (size_t i = 0; i < n; i++) {
        if (encode_ad_server(c, json_push_obj(c->doc, list), &rows[i], e)) return -1;
    }
    return 0;
}

/* ---- test and sync ---- */

static int ask(struct tool_call *c, enum adapter_verb verb, struct err *e)
{
    struct ad_server_row row;
    struct ad_server server;
    struct str job_id;
    int found = q_ad_server_get(c->act->tx, c->arena, c->act->tenant->tenant_id, json_str(c->args, "name"), &row, e);
    if (found < 0) return -1;
    if (!found) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "The publisher has no ad server of that name.");
        (void)err_suggest(e, "x_adapter_list names them.");
        return err_field(e, "/name");
    }
    if (ad_server_of(c->act, row.name, &server, e) || ad_server_ask(c->act, &server, verb, &job_id, e)) return -1;
    struct audit_entry entry = { .action = verb == ADAPTER_TEST ? "ad_server.test" : "ad_server.sync",
                                 .subject = arena_printf(c->arena, "ad_server:" STR_FMT, STR_ARG(row.name)) };
    if (audit_add(c->act, &entry, e)) return -1;
    json_add_str_opt(c->doc, c->reply, "job_id", job_id);
    return encode_ad_server(c, json_add_obj(c->doc, c->reply, "ad_server"), &row, e);
}

int tool_x_adapter_test(struct tool_call *c, struct err *e)
{
    return ask(c, ADAPTER_TEST, e);
}

int tool_x_adapter_sync(struct tool_call *c, struct err *e)
{
    return ask(c, ADAPTER_INVENTORY, e);
}

/* ---- settings ---- */

static int no_server(struct err *e)
{
    (void)err_set(e, "REFERENCE_NOT_FOUND", "The publisher has no ad server of that name.");
    (void)err_suggest(e, "x_adapter_list names them.");
    return err_field(e, "/name");
}

static int encode_whole(struct tool_call *c, struct err *e)
{
    struct ad_server_row row;
    struct str settings = STR_NONE;
    int found = q_ad_server_get(c->act->tx, c->arena, c->act->tenant->tenant_id, json_str(c->args, "name"), &row, e);
    if (found < 1) return found < 0 ? -1 : no_server(e);
    if (encode_ad_server(c, json_add_obj(c->doc, c->reply, "ad_server"), &row, e) ||
        ad_server_settings(c->act->tx, c->arena, &row, &settings, e))
        return -1;
    if (!json_add_text(c->doc, c->reply, "settings", secrets_redacted(c->arena, settings)))
        (void)json_add_obj(c->doc, c->reply, "settings");
    return 0;
}

int tool_x_adapter_get(struct tool_call *c, struct err *e)
{
    return encode_whole(c, e);
}

int tool_x_adapter_set(struct tool_call *c, struct err *e)
{
    struct ad_server_writer w = { c->act->tx, c->arena, c->act->tenant->tenant_id, c->act->now, c->act->sandbox };
    struct str name = json_str(c->args, "name");
    int changed = ad_server_change(&w, name, json_obj(c->args, "settings"), "/settings", e);
    if (changed < 0) return strcmp(e->code, "REFERENCE_NOT_FOUND") == 0 ? no_server(e) : -1;
    struct audit_entry entry = { .action = "ad_server.set",
                                 .subject = arena_printf(c->arena, "ad_server:" STR_FMT, STR_ARG(name)) };
    if (changed && audit_add(c->act, &entry, e)) return -1;
    return encode_whole(c, e);
}

/* ---- inventory ---- */

static void encode_item(struct tool_call *c, yyjson_mut_val *o, const struct adapter_item *i)
{
    json_add_str(c->doc, o, "kind", i->kind);
    json_add_str(c->doc, o, "remote_id", i->remote_id);
    json_add_str_opt(c->doc, o, "parent_id", i->parent_id);
    json_add_str_opt(c->doc, o, "key", i->key);
    json_add_str_opt(c->doc, o, "name", i->name);
}

int tool_x_adapter_items(struct tool_call *c, struct err *e)
{
    struct ad_server_row row;
    struct ad_item_count *counts;
    struct ad_item_list items = { 0 };
    size_t n;
    int found = q_ad_server_get(c->act->tx, c->arena, c->act->tenant->tenant_id, json_str(c->args, "name"), &row, e);
    if (found < 1) return found < 0 ? -1 : no_server(e);
    struct ad_server_key key = { c->act->tenant->tenant_id, row.name };
    if (q_ad_item_counts(c->act->tx, c->arena, &key, &counts, &n, e)) return -1;
    struct ad_item_filter f = { .kind = json_str(c->args, "kind"),
                                .parent_id = json_str(c->args, "parent_id"),
                                .after = json_str(c->args, "after") };
    size_t limit = (size_t)json_i64_or(c->args, "limit", ITEMS_DEFAULT);
    f.limit = limit + 1;
    if (!f.kind.n && n) f.kind = counts[0].kind;
    if (f.kind.n && q_ad_items(c->act->tx, c->arena, &key, &f, &items, e)) return -1;
    json_add_str(c->doc, c->reply, "name", row.name);
    json_add_str_opt(c->doc, c->reply, "kind", f.kind);
    yyjson_mut_val *kinds = json_add_arr(c->doc, c->reply, "kinds"), *list = json_add_arr(c->doc, c->reply, "items");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, kinds);
        json_add_str(c->doc, o, "kind", counts[i].kind);
        json_add_i64(c->doc, o, "count", counts[i].n);
    }
    for (size_t i = 0; i < items.n && i < limit; i++) encode_item(c, json_push_obj(c->doc, list), &items.items[i]);
    json_add_bool(c->doc, c->reply, "has_more", items.n > limit);
    if (items.n > limit) json_add_str(c->doc, c->reply, "next", items.items[limit - 1].remote_id);
    return 0;
}

/* ---- plan ---- */

struct planned {
    struct ad_server server;
    struct plan part;
    yyjson_mut_val *out, *requests;
};

static int plan_verb(struct tool_call *c, struct planned *p, enum adapter_verb verb, struct err *e)
{
    struct adapter_lines *lines = ARENA_NEW(c->arena, struct adapter_lines);
    struct dry_run run;
    const struct adapter *a = p->server.adapter;
    yyjson_mut_val *steps = yyjson_mut_obj_get(p->out, "steps");
    if (a->describe) a->describe(p->server.config, &p->part, verb, lines);
    else adapter_describe_orders(p->server.config, &p->part, verb, lines);
    for (size_t i = 0; i < lines->n; i++) json_push_str(c->doc, steps, str_from(lines->line[i]));
    if (dry_run(c->act, &p->server, &p->part, verb, &run, e)) return -1;
    if (run.n && !p->requests) p->requests = json_add_arr(c->doc, p->out, "requests");
    encode_ad_requests(c, p->requests, &run);
    yyjson_mut_val *problems = yyjson_mut_obj_get(p->out, "problems");
    for (size_t i = 0; i < run.problems.n; i++) json_push_str(c->doc, problems, str_from(run.problems.item[i].text));
    if (run.verdict == ADAPTER_REFUSED) json_push_str(c->doc, problems, run.reason);
    return 0;
}

static int admit(struct tool_call *c, struct planned *p, struct err *e)
{
    struct adapter_problems *found = ARENA_NEW(c->arena, struct adapter_problems);
    yyjson_mut_val *list = yyjson_mut_obj_get(p->out, "problems");
    struct ad_catalog catalog;
    ad_catalog_init(&catalog, c->act, &p->server);
    p->server.adapter->admit(p->server.config, &p->part, &catalog.catalog, found);
    for (size_t i = 0; i < found->n; i++) json_push_str(c->doc, list, str_from(found->item[i].text));
    return ad_catalog_check(&catalog, e);
}

static int plan_one(struct tool_call *c, yyjson_mut_val *list, const struct plan *whole, struct str name, struct err *e)
{
    struct planned p = { .requests = NULL };
    struct booking_row row;
    enum adapter_verb verb;
    if (ad_server_of(c->act, name, &p.server, e) || plan_part(c->act, whole, name, &p.part, e)) return -1;
    int found = q_booking_get(c->act->tx, c->arena, whole->media_buy_id, name, &row, e);
    if (found < 0) return -1;
    p.out = json_push_obj(c->doc, list);
    json_add_str(c->doc, p.out, "name", name);
    json_add_cstr(c->doc, p.out, "adapter", p.server.adapter->name);
    (void)json_add_arr(c->doc, p.out, "steps");
    (void)json_add_arr(c->doc, p.out, "problems");
    if (admit(c, &p, e)) return -1;
    if (adapter_verb_parse(json_str(c->args, "verb"), &verb)) return plan_verb(c, &p, verb, e);
    verb = found && row.state == BOOKING_BOOKED ? ADAPTER_UPDATE : ADAPTER_BOOK;
    return plan_verb(c, &p, verb, e) || plan_verb(c, &p, ADAPTER_CREATIVES, e) ? -1 : 0;
}

static int no_buy(struct err *e)
{
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "There is no such media buy.");
    return err_field(e, "/media_buy_id");
}

int tool_x_adapter_plan(struct tool_call *c, struct err *e)
{
    struct plan whole;
    struct plan_server_names servers;
    int found = plan_load(c->act, json_str(c->args, "media_buy_id"), PLAN_EXPECTED, &whole, e);
    if (found < 1) return found < 0 ? -1 : no_buy(e);
    plan_servers(&whole, &servers);
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "ad_servers");
    for (size_t i = 0; i < servers.n; i++) {
        if (plan_one(c, list, &whole, servers.names[i], e)) return -1;
    }
    return 0;
}

/* ---- look ---- */

static int look_one(struct tool_call *c, yyjson_mut_val *o, const struct booking_row *b, struct err *e)
{
    struct ad_server server;
    struct err unusable; /* x_adapter_list says why */
    struct str job_id = STR_NONE;
    json_add_str(c->doc, o, "ad_server", b->ad_server);
    json_add_cstr(c->doc, o, "state", booking_state_name(b->state));
    json_add_str_opt(c->doc, o, "reason", b->reason);
    json_add_str_opt(c->doc, o, "remote_id", b->remote_id);
    if (b->booked_at != TIME_NONE) json_add_time(c->doc, o, "booked_at", b->booked_at);
    if (b->read_at != TIME_NONE) json_add_time(c->doc, o, "read_at", b->read_at);
    if (b->looked_at != TIME_NONE) json_add_time(c->doc, o, "looked_at", b->looked_at);
    yyjson_val *seen = document_read(c->arena, b->looked);
    if (seen) json_add_copy(c->doc, o, "seen", seen);
    if (ad_server_of(c->act, b->ad_server, &server, &unusable)) return 0;
    if (ad_server_look(c->act, &server, b->media_buy_id, &job_id, e)) return -1;
    json_add_str_opt(c->doc, o, "job_id", job_id);
    return 0;
}

int tool_x_adapter_look(struct tool_call *c, struct err *e)
{
    struct booking_rows rows;
    struct plan plan;
    struct str id = json_str(c->args, "media_buy_id");
    int found = plan_load(c->act, id, PLAN_NUMBERS, &plan, e);
    if (found < 1) return found < 0 ? -1 : no_buy(e);
    if (q_bookings_of_buy(c->act->tx, c->arena, id, &rows, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "bookings");
    for (size_t i = 0; i < rows.n; i++) {
        if (look_one(c, json_push_obj(c->doc, list), &rows.rows[i], e)) return -1;
    }
    return 0;
}

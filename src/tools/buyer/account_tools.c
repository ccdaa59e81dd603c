/* sync_accounts, list_accounts and sync_governance. AdCP 3.1 accounts. */
#include "tools/buyer/account_tools.h"

#include <stdio.h>

#include "domain/buyer/account_sync.h"
#include "domain/core/tenant_settings.h"
#include "domain/buyer/governance.h"
#include "domain/tell/webhook.h"
#include "tools/core/honour.h"
#include "tools/core/reply_error.h"
#include "tools/core/keyset.h"

#define SYNC_MAX       1000
#define GOVERNANCE_MAX 100
#define PAGE_MAX_ROWS  100

/* ---- sync_accounts ---- */

/* brand and operator must be there, also when the entry named an account by an id that nobody has. */
static void add_key(struct tool_call *c, yyjson_mut_val *o, const struct account_synced *s)
{
    static const struct str unknown = STR("unknown.invalid");
    bool known = s->account.account_id.n > 0;
    struct str brand = known ? s->account.brand_domain : s->key.brand_domain;
    struct str brand_id = known ? s->account.brand_id : s->key.brand_id;
    struct str operator_domain = known ? s->account.operator_domain : s->key.operator_domain;
    yyjson_mut_val *b = json_add_obj(c->doc, o, "brand");
    json_add_str(c->doc, b, "domain", brand.n ? brand : unknown);
    json_add_str_opt(c->doc, b, "brand_id", brand_id);
    json_add_str(c->doc, o, "operator", operator_domain.n ? operator_domain : unknown);
}

/* What was declared is echoed as it is now, also when it is an empty list. */
static int add_configs(struct tool_call *c, yyjson_mut_val *o, const struct account_synced *s, yyjson_val *entry,
                       struct err *e)
{
    if (webhook_accounts_encode(c->act, s->account.account_id, c->doc, o, e)) return -1;
    bool declared = json_arr(entry, "notification_configs") && s->action != ACCOUNT_FAILED;
    if (declared && !yyjson_mut_obj_get(o, "notification_configs"))
        (void)json_add_arr(c->doc, o, "notification_configs");
    return 0;
}

/* An account as it is told: with the time zone of its days, which is the publisher's (AdCP 3.2 account.timezone). */
static void tell_account(struct tool_call *c, yyjson_mut_val *o, const struct account_row *row)
{
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    account_encode(c->doc, o, row, c->arena);
    json_add_str(c->doc, o, "timezone", ts.timezone);
}

static int add_synced(struct tool_call *c, yyjson_mut_val *arr, const struct account_synced *s, yyjson_val *entry,
                      struct err *e)
{
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    bool failed = s->action == ACCOUNT_FAILED, known = s->account.account_id.n > 0;
    if (known) tell_account(c, o, &s->account);
    (void)yyjson_mut_obj_remove_key(o, "brand");
    (void)yyjson_mut_obj_remove_key(o, "operator");
    add_key(c, o, s);
    json_add_cstr(c->doc, o, "action", account_action_name(s->action));
    if (!known) json_add_cstr(c->doc, o, "status", "rejected");
    if (failed) reply_error(c, json_add_arr(c->doc, o, "errors"), &s->err);
    return known ? add_configs(c, o, s, entry, e) : 0;
}

static int add_closed(struct tool_call *c, yyjson_mut_val *arr, const struct account_ids *keep, bool dry_run,
                      struct err *e)
{
    struct account_rows closed;
    if (account_close_others(c->act, keep, dry_run, &closed, e)) return -1;
    for (size_t i = 0; i < closed.n; i++) {
        struct account_synced s = { .action = ACCOUNT_UPDATED, .account = closed.rows[i] };
        if (add_synced(c, arr, &s, NULL, e)) return -1;
    }
    return 0;
}

int sync_accounts_run(struct tool_call *c, struct err *e)
{
    yyjson_val *list, *entry;
    size_t i, n;
    if (json_req_arr(JSON_FIELD(c->args, "accounts", ""), (struct json_len){ 0, SYNC_MAX }, &list, e)) return -1;
    bool dry_run = json_bool_or(c->args, "dry_run", false);
    if (dry_run) json_add_bool(c->doc, c->reply, "dry_run", true);
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "accounts");
    struct str *ids = ARENA_ARRAY(c->arena, struct str, yyjson_arr_size(list) + 1);
    struct account_ids keep = { ids, 0 };
    yyjson_arr_foreach(list, i, n, entry) {
        char at[40];
        struct account_synced s;
        (void)snprintf(at, sizeof(at), "/accounts/%zu", i);
        struct account_sync in = { .entry = entry, .at = at, .dry_run = dry_run };
        yyjson_val *push = json_obj(c->args, "push_notification_config"), *context = yyjson_obj_get(c->args, "context");
        if (push) in.push_config = json_write_val(c->arena, push);
        if (context) in.context = json_write_val(c->arena, context);
        if (account_sync_entry(c->act, &in, &s, e) || add_synced(c, arr, &s, in.entry, e)) return -1;
        if (s.account.account_id.n) ids[keep.n++] = s.account.account_id;
    }
    c->message = arena_printf(c->arena, "%zu accounts %s.", yyjson_arr_size(list), dry_run ? "checked" : "synced");
    return json_bool_or(c->args, "delete_missing", false) ? add_closed(c, arr, &keep, dry_run, e) : 0;
}

/* ---- list_accounts ---- */

static int add_listed(struct tool_call *c, yyjson_mut_val *arr, const struct account_row *row, struct err *e)
{
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    tell_account(c, o, row);
    return webhook_accounts_encode(c->act, row->account_id, c->doc, o, e);
}

static bool matches(const struct account_row *row, const struct account_filter *f)
{
    return (!f->status.n || str_eq(row->status, f->status)) && (f->sandbox < 0 || row->sandbox == (f->sandbox == 1));
}

/* The exact filter: at most one account, and none is no error. */
static int list_one(struct tool_call *c, const struct account_ref *ref, const struct account_filter *f,
                    yyjson_mut_val *arr, struct err *e)
{
    struct account_row row;
    int found = account_find(c->act, ref, ACCOUNT_USE_LIST, &row, e);
    if (found < 0 && !str_is(str_from(e->code), "ACCOUNT_NOT_FOUND")) return -1;
    return found == 1 && matches(&row, f) ? add_listed(c, arr, &row, e) : 0;
}

bool list_accounts_writes(yyjson_val *args)
{
    (void)args;
    return true; /* the first list of all makes the own account, see below */
}

int list_accounts_run(struct tool_call *c, struct err *e)
{
    struct keyset page;
    struct account_ref ref;
    struct account_row own;
    struct account_filter f = { .tenant_id = c->act->tenant->tenant_id,
                                .principal_id = c->act->principal->principal_id,
                                .status = json_str(c->args, "status"),
                                .sandbox = -1 };
    /* AdCP 3.2: who keeps no attempts by account leaves webhook_activity out. */
    if (json_bool_or(c->args, "include_webhook_activity", false)) honour_ignored(c, STR("/include_webhook_activity"));
    if (json_has(c->args, "sandbox")) f.sandbox = json_bool_or(c->args, "sandbox", false);
    if (keyset_read(c, "accounts", PAGE_MAX_ROWS, &page, e) || account_ref_read(c->args, &ref, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "accounts");
    if (ref.given && !c->minor_3_0) { /* 3.0 has no such filter: what it sends there is for us to ignore */
        keyset_write(c, &page, /* more= */ false, STR_NONE);
        return list_one(c, &ref, &f, arr, e);
    }
    /* A sandbox credential reaches sandbox accounts only. */
    if (c->act->principal->sandbox) f.sandbox = f.sandbox == 0 ? 2 : 1;
    f.after_id = page.after;
    f.limit = page.max;
    struct account_row *rows;
    size_t n;
    if (q_account_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    if (n == 0 && !page.after.n && !f.status.n && f.sandbox != 2) {
        /* Who has declared nothing has its own account all the same; here it gets its id. */
        if (account_ensure(c->act, &(struct account_ref){ 0 }, ACCOUNT_USE_LIST, &own, e)) return -1;
        if (matches(&own, &f)) rows = &own, n = 1;
    }
    bool more = n > (size_t)page.max;
    if (more) n = (size_t)page.max;
    for (size_t i = 0; i < n; i++) {
        if (add_listed(c, arr, &rows[i], e)) return -1;
    }
    keyset_write(c, &page, more, n ? rows[n - 1].account_id : STR_NONE);
    return 0;
}

/* ---- sync_governance ---- */

static int sync_one(struct tool_call *c, yyjson_val *entry, const char *at, yyjson_mut_val *arr, struct err *e)
{
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    struct governance_agent agent = { 0 };
    struct err why;
    json_add_copy(c->doc, o, "account", yyjson_obj_get(entry, "account"));
    int rc = governance_bind(c->act, entry, at, &agent, &why);
    if (rc && str_is(str_from(why.code), "SERVICE_UNAVAILABLE")) {
        *e = why; /* the store: nothing of the call happens */
        return -1;
    }
    json_add_cstr(c->doc, o, "status", rc ? "failed" : "synced");
    if (rc) {
        reply_error(c, json_add_arr(c->doc, o, "errors"), &why);
        return 0;
    }
    if (!str_starts(agent.url, STR("https://"))) return 0; /* a sandbox's own, which replies have no place for */
    json_add_str(c->doc, json_push_obj(c->doc, json_add_arr(c->doc, o, "governance_agents")), "url", agent.url);
    return 0;
}

int sync_governance_run(struct tool_call *c, struct err *e)
{
    yyjson_val *list, *entry;
    size_t i, n;
    if (json_req_arr(JSON_FIELD(c->args, "accounts", ""), (struct json_len){ 1, GOVERNANCE_MAX }, &list, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "accounts");
    yyjson_arr_foreach(list, i, n, entry) {
        char at[40];
        (void)snprintf(at, sizeof(at), "/accounts/%zu", i);
        if (sync_one(c, entry, at, arr, e)) return -1;
    }
    c->message = STR("Governance agents registered.");
    return 0;
}

#include "domain/buyer/account_sync.h"
#include "store/q/q_tenant.h"

#include <stdio.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "contract/document.h"
#include "domain/rule/rule.h"
#include "domain/core/tenant_settings.h"
#include "domain/tell/webhook.h"

const char *account_action_name(enum account_action a)
{
    static const char *const names[] = { "created", "updated", "unchanged", "failed" };
    ENSURE(a >= ACCOUNT_CREATED && a <= ACCOUNT_FAILED);
    return names[a];
}

/* ---- what an entry asks for ---- */

/* An absent list takes everything. */
static bool among(yyjson_val *list, struct str wanted)
{
    yyjson_val *item;
    size_t i, n;
    if (!yyjson_is_arr(list)) return true;
    yyjson_arr_foreach(list, i, n, item) {
        if (str_eq(json_val_str(item), wanted)) return true;
    }
    return false;
}

static int check_billing(const struct act *act, const struct tenant_settings *ts, const struct account_sync *in,
                         struct err *e)
{
    struct str billing = json_str(in->entry, "billing");
    yyjson_val *supported = json_arr(ts->doc, "supported_billing");
    if (billing.n == 0 || among(supported, billing)) return 0;
    (void)err_set(e, "BILLING_NOT_SUPPORTED", "This publisher does not bill the " STR_FMT ".", STR_ARG(billing));
    (void)err_suggest(e, "Choose one of account.supported_billing of get_adcp_capabilities.");
    (void)err_details(e, "{\"scope\":\"capability\",\"supported_billing\":" STR_FMT "}",
                      STR_ARG(json_write_val(act->arena, supported)));
    return err_field(e, "%s/billing", in->at);
}

/* A buyer whose agreement with the publisher is narrower than what the publisher does for others: settings.permitted_billing
 * of the principal. It is told one way that is open to it, never the agreement. */
static int check_agreement(const struct act *act, const struct tenant_settings *ts, const struct account_sync *in,
                           struct err *e)
{
    struct principal_row row;
    struct str billing = json_str(in->entry, "billing"), open = STR_NONE;
    if (!act->principal || !billing.n) return 0;
    int rc = q_principal_get(act->tx, act->arena, act->tenant->tenant_id, act->principal->principal_id, &row, e);
    if (rc < 0) return -1;
    yyjson_val *permitted = rc ? json_arr(document_read(act->arena, row.doc), "permitted_billing") : NULL, *v;
    if (!permitted || among(permitted, billing)) return 0;
    size_t i, n;
    yyjson_arr_foreach(permitted, i, n, v) {
        if (!open.n && among(json_arr(ts->doc, "supported_billing"), json_val_str(v))) open = json_val_str(v);
    }
    (void)err_set(e, "BILLING_NOT_PERMITTED_FOR_AGENT",
                  "The publisher's agreement with you does not cover billing the " STR_FMT ".", STR_ARG(billing));
    (void)err_suggest(e, open.n ? "Send billing: \"" STR_FMT "\"." : "Talk to the publisher.", STR_ARG(open));
    (void)err_details(e, "{\"rejected_billing\":\"" STR_FMT "\"%s" STR_FMT "%s}", STR_ARG(billing),
                      open.n ? ",\"suggested_billing\":\"" : "", STR_ARG(open), open.n ? "\"" : "");
    return err_field(e, "%s/billing", in->at);
}

static int check_terms(const struct tenant_settings *ts, const struct account_sync *in, struct err *e)
{
    struct str terms = json_str(in->entry, "payment_terms");
    if (terms.n == 0 || among(json_arr(ts->doc, "supported_payment_terms"), terms)) return 0;
    (void)err_set(e, "PAYMENT_TERMS_NOT_SUPPORTED", "This publisher does not offer the payment terms " STR_FMT ".",
                  STR_ARG(terms));
    (void)err_suggest(e,
                      "Leave payment_terms out for the publisher's own terms, or agree on terms with the publisher.");
    return err_field(e, "%s/payment_terms", in->at);
}

static const char *configs_at(const struct act *act, const struct account_sync *in)
{
    return arena_printf(act->arena, "%s/notification_configs", in->at).p;
}

static int check(const struct act *act, const struct account_sync *in, struct err *e)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    if (check_billing(act, &ts, in, e) || check_agreement(act, &ts, in, e) || check_terms(&ts, in, e)) return -1;
    return webhook_accounts_check(act, yyjson_obj_get(in->entry, "notification_configs"), configs_at(act, in), e);
}

/* ---- which account ---- */

/* Settings mode names an account that must exist; provisioning mode is the entry itself. */
static int read_key(const struct account_sync *in, struct account_ref *out, struct err *e)
{
    yyjson_val *ref = yyjson_obj_get(in->entry, "account");
    if (!ref) return account_ref_read_at(in->entry, in->at, out, e);
    char at[ERR_FIELD_MAX];
    (void)snprintf(at, sizeof(at), "%s/account", in->at);
    if (json_has(in->entry, "brand") || json_has(in->entry, "operator") || json_has(in->entry, "billing")) {
        (void)err_set(e, "INVALID_REQUEST", "An entry has either account, or brand, operator and billing.");
        return err_field(e, "%s", at);
    }
    return account_ref_read_at(ref, at, out, e);
}

/* Account of any status. 1 found, 0 not, -1 failed. */
static int find(const struct act *act, const struct account_ref *key, struct account_row *out, struct err *e)
{
    struct err gate;
    int found = account_find(act, key, ACCOUNT_USE_LIST, out, &gate);
    if (found >= 0) return found;
    if (str_is(str_from(gate.code), "ACCOUNT_NOT_FOUND")) return 0;
    *e = gate;
    return -1;
}

static int no_such_account(const struct account_sync *in, struct err *e)
{
    (void)err_set(e, "ACCOUNT_NOT_FOUND", "There is no such account for these credentials.");
    (void)err_suggest(e, "Declare it with brand, operator and billing.");
    return err_field(e, "%s/account", in->at);
}

/* Closed and rejected accounts are over, unless it was the buyer who let go. */
static int check_alive(const struct act *act, struct account_row *row, const struct account_sync *in, struct err *e)
{
    if (!str_is(row->status, "closed") && !str_is(row->status, "rejected")) return 0;
    yyjson_val *doc = document_read(act->arena, row->doc);
    if (str_is(json_str(doc, "closed_by"), "buyer")) {
        struct str before = json_str(
            doc,
            "closed_from"); /* an account that comes back is as it was: coming back neither approves it nor pays its bills */
        row->status = before.n ? before : STR("active");
        return 0;
    }
    (void)err_set(e, "INVALID_STATE", "The account is " STR_FMT ".", STR_ARG(row->status));
    (void)err_suggest(e, "Ask the publisher.");
    return err_field(e, "%s", in->at);
}

/* ---- writing ---- */

static struct str scope_of(const struct account_row *row)
{
    return str_eq(row->brand_domain, row->operator_domain) ? STR("brand") : STR("operator_brand");
}

/* The bank account is write-only: kept beside the entity that replies show. */
static void set_billing_entity(struct document *d, yyjson_val *entity)
{
    if (!entity) return;
    yyjson_mut_val *shown = json_copy(d->doc, entity);
    yyjson_mut_val *bank = yyjson_mut_obj_remove_key(shown, "bank");
    document_set_new(d, "billing_entity", shown);
    if (bank) document_set_new(d, "billing_bank", bank);
}

/* Subscriptions are rows of their own; their digest in the document shows whether an entry changes them. */
static void set_configs_mark(struct document *d, yyjson_val *configs)
{
    if (!configs) return;
    uint8_t hash[SHA256_BYTES];
    sha256(json_canonical(d->arena, configs, NULL), hash);
    document_set_str(d, "notification_configs_mark",
                     hex_encode(d->arena, (struct str){ (const char *)hash, sizeof(hash) }));
}

static struct str new_doc(const struct act *act, const struct account_row *row, const struct account_sync *in)
{
    struct document d;
    document_open(act->arena, row->doc, &d);
    document_remove(&d, "closed_by");
    document_remove(&d, "closed_from");
    document_set(&d, "billing", yyjson_obj_get(in->entry, "billing"));
    document_set(&d, "payment_terms", yyjson_obj_get(in->entry, "payment_terms"));
    document_set(&d, "preferred_reporting_protocol", yyjson_obj_get(in->entry, "preferred_reporting_protocol"));
    document_set(&d, "ext", json_obj(in->entry, "ext"));
    set_configs_mark(&d, yyjson_obj_get(in->entry, "notification_configs"));
    set_billing_entity(&d, yyjson_obj_get(in->entry, "billing_entity"));
    if (row->brand_domain.n) document_set_str(&d, "account_scope", scope_of(row));
    return document_text(&d);
}

static int audit(const struct act *act, const char *action, const struct account_row *row, struct err *e)
{
    struct audit_entry entry = {
        .action = action,
        .subject = arena_printf(act->arena, "account:" STR_FMT, STR_ARG(row->account_id)),
        .doc = arena_printf(act->arena, "{\"status\":\"" STR_FMT "\"}", STR_ARG(row->status)),
    };
    return audit_add(act, &entry, e);
}

/* Writes `setup`: what the account waits for. The same entry synced again leaves it as it is. */
static void set_setup(const struct act *act, struct account_row *row, struct str task_id)
{
    struct document d;
    document_open(act->arena, row->doc, &d);
    yyjson_mut_val *setup = yyjson_mut_obj(d.doc);
    json_add_cstr(d.doc, setup, "message",
                  "The publisher's people look at new accounts before they can be used; nothing is"
                  " needed from you. list_accounts shows what they decided.");
    json_add_str_opt(d.doc, setup, "task_id", task_id); /* none in a dry run */
    document_set_new(&d, "setup", setup);
    row->doc = document_text(&d);
    row->status = STR("pending_approval");
}

static int open_task(const struct act *act, const struct account_sync *in, const struct account_row *row,
                     const struct account_judgement *j, struct str task_id, struct err *e)
{
    struct task_row task;
    bool ruled = j->verdict.outcome == RULE_PERSON;
    struct task_new new = {
        .kind = "account",
        .task_id = task_id,
        .principal_id = row->principal_id,
        .account_id = row->account_id,
        .subject_type = "account",
        .subject_id = row->account_id,
        .description = arena_printf(act->arena, "Accept account \"" STR_FMT "\"", STR_ARG(row->name)),
        .rule = ruled ? arena_printf(act->arena, "rule \"" STR_FMT "\"", STR_ARG(j->verdict.name))
                      : STR("the publisher accepts new accounts itself"),
        .verdict = ruled ? &j->verdict : NULL,
        .context = in->context,
        .push_config = in->push_config,
        .due_at = TIME_NONE,
    };
    return task_create(act, &new, &task, e);
}

int account_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    struct account_row row,
        key = { .tenant_id = task->tenant_id, .principal_id = task->principal_id, .account_id = task->subject_id };
    int found = q_account_get(act->tx, act->arena, &key, &row, e);
    if (found <= 0) return found;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_mut_val *account = json_push_obj(doc, json_add_arr(doc, o, "accounts"));
    account_encode(doc, account, &row, act->arena);
    json_add_cstr(doc, account, "action", "updated");
    *out = json_write(act->arena, o);
    return 0;
}

int account_decide(const struct act *act, const struct task_row *task, const char *status, struct err *e)
{
    struct account_row row,
        key = { .tenant_id = task->tenant_id, .principal_id = task->principal_id, .account_id = task->subject_id };
    int found = q_account_get(act->tx, act->arena, &key, &row, e);
    if (found < 0) return -1;
    if (!found || !str_is(row.status, "pending_approval")) {
        return err_set(e, "INVALID_STATE", "The account does not wait for approval any more.");
    }
    struct document d;
    document_open(act->arena, row.doc, &d);
    document_remove(&d, "setup");
    row.doc = document_text(&d);
    row.status = str_from(status);
    row.updated_at = act->now;
    if (q_account_update(act->tx, &row, e)) return -1;
    return audit(act, strcmp(status, "active") == 0 ? "account.approve" : "account.reject", &row, e);
}

static int write_account(const struct act *act, const struct account_sync *in, const struct account_synced *out,
                         struct err *e)
{
    const struct account_row *row = &out->account;
    bool created = out->action == ACCOUNT_CREATED;
    yyjson_val *configs = yyjson_obj_get(in->entry, "notification_configs");
    struct webhook_account owner = { row->principal_id, row->account_id };
    if (created ? q_account_insert(act->tx, row, e) : q_account_update(act->tx, row, e)) return -1;
    if (configs && webhook_accounts_replace(act, &owner, configs, configs_at(act, in), e)) return -1;
    return audit(act, created ? "account.create" : "account.update", row, e);
}

static int fail_entry(struct account_synced *out, const struct err *why)
{
    out->action = ACCOUNT_FAILED;
    out->err = *why;
    return 0;
}

int account_sync_entry(const struct act *act, const struct account_sync *in, struct account_synced *out, struct err *e)
{
    struct err why;
    struct account_row row;
    *out = (struct account_synced){ 0 };
    if (read_key(in, &out->key, &why)) return fail_entry(out, &why);
    int found = find(act, &out->key, &row, e);
    if (found < 0) return -1;
    if (found) out->account = row;
    if (check(act, in, &why)) return fail_entry(out, &why);
    if (!found && json_has(in->entry, "account")) {
        (void)no_such_account(in, &why);
        return fail_entry(out, &why);
    }
    if (!found && account_room(act, &why)) return fail_entry(out, &why);
    if (!found) account_new(act, &out->key, &row);
    struct str status = row.status;
    if (check_alive(act, &row, in, &why)) return fail_entry(out, &why);
    struct str doc = new_doc(act, &row, in);
    bool same = found && str_eq(status, row.status) && document_same(act->arena, doc, row.doc);
    out->action = !found ? ACCOUNT_CREATED : same ? ACCOUNT_UNCHANGED : ACCOUNT_UPDATED;
    row.doc = doc;
    if (!same) row.updated_at = act->now;
    out->account = row;
    struct account_judgement j = { .person = false };
    bool waits = found && !same && str_is(row.status, "pending_approval") && !str_eq(status, row.status); /* again */
    if ((!found || waits) && account_judge(act, &out->account, ACCOUNT_DECLARED, &j, e)) return -1;
    if (waits && !j.person) out->account.status = STR("active");
    if (j.verdict.outcome == RULE_REJECT) {
        (void)rule_refuse(&j.verdict, &why); /* fills `why` */
        out->account = (struct account_row){ 0 };
        return fail_entry(out, &why);
    }
    struct str task_id = j.person && !in->dry_run ? id_new(act->arena, act->rng, "task-", act->now) : STR_NONE;
    if (j.person) set_setup(act, &out->account, task_id);
    if (same || in->dry_run) return 0;
    if (write_account(act, in, out, e)) return -1;
    return j.person ? open_task(act, in, &out->account, &j, task_id, e) : 0;
}

/* ---- delete_missing ---- */

static bool kept(const struct account_ids *keep, struct str id)
{
    for (size_t i = 0; i < keep->n; i++) {
        if (str_eq(keep->ids[i], id)) return true;
    }
    return false;
}

static bool over(const struct account_row *row)
{
    return str_is(row->status, "closed") || str_is(row->status, "rejected");
}

int account_close_others(const struct act *act, const struct account_ids *keep, bool dry_run,
                         struct account_rows *closed, struct err *e)
{
    struct account_filter f = { .tenant_id = act->tenant->tenant_id,
                                .principal_id = act->principal->principal_id,
                                .sandbox = act->principal->sandbox ? 1 : -1,
                                .limit = ACCOUNTS_MAX };
    struct account_row *rows;
    size_t n;
    if (q_account_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    struct account_rows out = { .rows = ARENA_ARRAY(act->arena, struct account_row, n) };
    for (size_t i = 0; i < n; i++) {
        /* An account without a brand is the principal's own, never declared. */
        if (!rows[i].brand_domain.n || over(&rows[i]) || kept(keep, rows[i].account_id)) continue;
        struct document d;
        document_open(act->arena, rows[i].doc, &d);
        document_set_str(&d, "closed_by", STR("buyer"));
        document_set_str(&d, "closed_from", rows[i].status);
        struct task_subject waiting = { .type = "account", .id = rows[i].account_id };
        if (!dry_run && task_withdraw(act, &waiting, "The buyer has closed the account.", e)) return -1;
        rows[i].doc = document_text(&d);
        rows[i].status = STR("closed");
        rows[i].updated_at = act->now;
        if (!dry_run && (q_account_update(act->tx, &rows[i], e) || audit(act, "account.close", &rows[i], e))) return -1;
        out.rows[out.n++] = rows[i];
    }
    *closed = out;
    return 0;
}

/* See account_import.h. */
#include "domain/publisher/account_import.h"

#include "base/id.h"
#include "contract/document.h"
#include "domain/core/secrets.h"
#include "store/q/q_tenant.h"

#define ID_MAX       255
#define NAME_LEN_MAX 200
#define PAGE         500

static bool is_column(struct str key)
{
    static const char *const columns[] = { "account_id", "principal_id", "brand", "operator",
                                           "sandbox",    "name",         "status" };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (str_is(key, columns[i])) return true;
    }
    return false;
}

/* Ours alone: what other rows follow from, and what no answer may show. */
static bool is_internal(struct str key)
{
    return str_is(key, "notification_configs_mark") || str_is(key, "billing_bank");
}

static int bad(struct err *e, const char *field, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "%s", field);
}

static int read_row(const struct account_import *in, yyjson_val *v, struct account_row *out, struct err *e)
{
    struct account_row row = { .tenant_id = in->tenant_id, .created_at = in->now, .updated_at = in->now };
    struct account_ref key;
    struct principal_row principal;
    const struct json_len ids = { 1, ID_MAX };
    if (!yyjson_is_obj(v)) return bad(e, "", "an account is an object");
    if (json_req_str(JSON_FIELD(v, "principal_id", ""), ids, &row.principal_id, e) ||
        json_opt_str(JSON_FIELD(v, "account_id", ""), ids, &row.account_id, e) ||
        json_opt_str(JSON_FIELD(v, "name", ""), (struct json_len){ 1, NAME_LEN_MAX }, &row.name, e) ||
        json_opt_str(JSON_FIELD(v, "status", ""), (struct json_len){ 1, 32 }, &row.status, e) ||
        account_key_read(v, "", &key, e)) {
        return -1;
    }
    if (row.account_id.n && !id_text_valid(row.account_id, ID_MAX))
        return bad(e, "/account_id", "account_id must be an id");
    if (row.status.n && !account_status_known(row.status)) {
        return bad(e, "/status", "status is active, pending_approval, payment_required, suspended, rejected or closed");
    }
    int found = q_principal_get(in->tx, in->arena, in->tenant_id, row.principal_id, &principal, e);
    if (found < 0) return -1;
    if (!found) return bad(e, "/principal_id", "there is no such principal");
    row.brand_domain = key.brand_domain;
    row.brand_id = key.brand_id;
    row.operator_domain = key.operator_domain;
    row.sandbox = key.sandbox;
    *out = row;
    return 0;
}

static bool same_key(const struct account_row *x, const struct account_row *y)
{
    return str_eq(x->brand_domain, y->brand_domain) && str_eq(x->brand_id, y->brand_id) &&
           str_eq(x->operator_domain, y->operator_domain) && x->sandbox == y->sandbox;
}

/* 1 the account as it is, 0 it is new, -1. An id stands for one natural key and one principal for good. */
static int find(const struct account_import *in, const struct account_row *wanted, struct account_row *out,
                struct err *e)
{
    struct str owner;
    struct account_row by_key;
    int keyed = q_account_by_key(in->tx, in->arena, wanted, &by_key, e);
    if (keyed < 0) return -1;
    if (keyed && (!wanted->account_id.n || str_eq(wanted->account_id, by_key.account_id))) {
        *out = by_key;
        return 1;
    }
    if (keyed) return bad(e, "/account_id", "this brand, operator and sandbox have an account of another id");
    if (!wanted->account_id.n) return 0;
    int owned = q_account_owner(in->tx, in->arena, in->tenant_id, wanted->account_id, &owner, e);
    if (owned < 0) return -1;
    return owned ? bad(e, "/account_id", "this id is another account's") : 0;
}

static struct str new_doc(const struct account_import *in, yyjson_val *v, struct str old)
{
    struct document d;
    size_t i, n;
    yyjson_val *key, *val;
    document_open(in->arena, old, &d);
    yyjson_obj_foreach(v, i, n, key, val) {
        if (!is_column(json_val_str(key)) && !is_internal(json_val_str(key)))
            document_set(&d, yyjson_get_str(key), val);
    }
    return document_text(&d);
}

int account_import(const struct account_import *in, yyjson_val *v, struct err *e)
{
    struct account_row row, old;
    if (read_row(in, v, &row, e)) return -1;
    int found = find(in, &row, &old, e);
    if (found < 0) return -1;
    if (!found) {
        if (!row.account_id.n) row.account_id = id_new(in->arena, in->rng, "acc-", in->now);
        if (!row.status.n) row.status = STR("active");
        row.doc = new_doc(in, v, STR_NONE);
        if (secrets_restored(in->arena, &row.doc, STR_NONE, e)) return -1;
        return q_account_insert(in->tx, &row, e) ? -1 : 1;
    }
    ENSURE(same_key(&row, &old));
    struct account_row now = old;
    if (row.name.n) now.name = row.name;
    if (row.status.n) now.status = row.status;
    now.doc = new_doc(in, v, old.doc);
    if (secrets_restored(in->arena, &now.doc, old.doc, e)) return -1;
    now.updated_at = in->now;
    bool same =
        str_eq(now.name, old.name) && str_eq(now.status, old.status) && document_same(in->arena, now.doc, old.doc);
    if (same) return 0;
    return q_account_update(in->tx, &now, e) ? -1 : 1;
}

/* ---- export ---- */

static void add_account(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct arena *a, const struct account_row *row)
{
    yyjson_mut_val *o = json_push_obj(doc, arr);
    yyjson_val *stored = document_read(a, row->doc), *key, *val;
    size_t i, n;
    json_add_str(doc, o, "account_id", row->account_id);
    json_add_str(doc, o, "principal_id", row->principal_id);
    if (row->brand_domain.n) {
        yyjson_mut_val *brand = json_add_obj(doc, o, "brand");
        json_add_str(doc, brand, "domain", row->brand_domain);
        json_add_str_opt(doc, brand, "brand_id", row->brand_id);
        json_add_str(doc, o, "operator", row->operator_domain);
    }
    if (row->sandbox) json_add_bool(doc, o, "sandbox", true);
    json_add_str_opt(doc, o, "name", row->name);
    json_add_str(doc, o, "status", row->status);
    yyjson_obj_foreach(stored, i, n, key, val) {
        if (!is_column(json_val_str(key)) && !is_internal(json_val_str(key)))
            json_add_copy(doc, o, yyjson_get_str(key), val);
    }
    secrets_redact(a, o);
}

int account_export(struct tx *tx, struct arena *a, struct str tenant_id, yyjson_mut_doc *doc, yyjson_mut_val *root,
                   struct err *e)
{
    yyjson_mut_val *arr = json_add_arr(doc, root, "accounts");
    struct str after = STR_NONE;
    for (;;) {
        struct account_row *rows;
        size_t n;
        if (q_accounts_of_tenant(tx, a, tenant_id, after, PAGE, &rows, &n, e)) return -1;
        for (size_t i = 0; i < n; i++) add_account(doc, arr, a, &rows[i]);
        if (n < PAGE) return 0;
        after = rows[n - 1].account_id;
    }
}

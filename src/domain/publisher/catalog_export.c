/* The other half of catalog_import.h. Rows whose document is damaged are left out and logged: an export must not
 * fail for one of them, and could not be imported with them. */
#include "base/encode.h"
#include "contract/document.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/publisher/account_import.h"
#include "domain/publisher/catalog_import.h"
#include "domain/core/ad_server.h"
#include "domain/core/secrets.h"
#include "store/q/q_catalog.h"
#include "store/q/q_slot.h"
#include "store/q/q_tenant.h"

static int add_tenant(yyjson_mut_doc *doc, yyjson_mut_val *root, struct tx *tx, struct arena *a,
                      const struct tenant_row *row, struct err *e)
{
    yyjson_mut_val *t = json_add_obj(doc, root, "tenant");
    json_add_str(doc, t, "tenant_id", row->tenant_id);
    json_add_str(doc, t, "name", row->name);
    json_add_str_opt(doc, t, "host", row->host);
    if (ad_servers_show(tx, a, row->tenant_id, doc, t, e)) return -1;
    if (!yyjson_mut_obj_get(t, "adapter") && !yyjson_mut_obj_get(t, "ad_servers"))
        json_add_str(doc, t, "adapter", row->adapter);
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(document_read(a, row->doc), i, n, key, val) json_add_copy(doc, t, yyjson_get_str(key), val);
    secrets_redact(a, t);
    return 0;
}

static int add_tokens(yyjson_mut_doc *doc, yyjson_mut_val *p, struct tx *tx, struct arena *a,
                      const struct principal_row *row, struct err *e)
{
    struct token_row *tokens;
    size_t n;
    if (q_token_list(tx, a, row->tenant_id, row->principal_id, &tokens, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(doc, p, "tokens");
    for (size_t i = 0; i < n; i++) {
        if (tokens[i].revoked_at != TIME_NONE) continue;
        yyjson_mut_val *t = json_push_obj(doc, arr);
        json_add_str(doc, t, "token_hash", hex_encode(a, tokens[i].token_hash));
        json_add_str(doc, t, "token_id", tokens[i].token_id);
        json_add_str_opt(doc, t, "label", tokens[i].label);
        json_add_str(doc, t, "scope", tokens[i].scope);
        if (tokens[i].sandbox) json_add_bool(doc, t, "sandbox", true);
        if (tokens[i].may_decide) json_add_bool(doc, t, "may_decide", true);
        if (tokens[i].expires_at != TIME_NONE) json_add_time(doc, t, "expires_at", tokens[i].expires_at);
    }
    return 0;
}

static int add_principals(yyjson_mut_doc *doc, yyjson_mut_val *root, struct tx *tx, struct arena *a,
                          struct str tenant_id, struct err *e)
{
    struct principal_row *rows;
    size_t n;
    if (q_principal_list(tx, a, tenant_id, &rows, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(doc, root, "principals");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *p = json_push_obj(doc, arr);
        json_add_str(doc, p, "principal_id", rows[i].principal_id);
        json_add_str(doc, p, "name", rows[i].name);
        json_add_str(doc, p, "role", rows[i].role);
        json_add_str_opt(doc, p, "dialect", rows[i].dialect);
        if (!str_is(rows[i].status, "active")) json_add_str(doc, p, "status", rows[i].status);
        struct str settings = str_is(rows[i].doc, "{}") ? STR_NONE : secrets_redacted(a, rows[i].doc);
        (void)json_add_text(doc, p, "settings", settings); /* damaged: left out */
        if (add_tokens(doc, p, tx, a, &rows[i], e)) return -1;
    }
    return 0;
}

static int add_rows(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct tx *tx, struct arena *a, struct str tenant_id,
                    enum catalog_kind kind, struct err *e)
{
    const int64_t page = 1000;
    yyjson_mut_val *holder = yyjson_mut_obj(doc);
    for (int64_t skip = 0;; skip += page) {
        struct catalog_rows rows;
        if (q_catalog_list(tx, a, kind, tenant_id, (struct catalog_slice){ skip, page }, &rows, e)) return -1;
        for (size_t i = 0; i < rows.n; i++) {
            /* Parsed, not spliced: what cannot be read must not reach the file. */
            if (json_add_text(doc, holder, "row", rows.rows[i].doc)) {
                yyjson_mut_arr_append(arr, yyjson_mut_obj_remove_key(holder, "row"));
            } else {
                log_event(LOG_WARN, "catalog", "damaged row left out of export", "id", arena_cstr(a, rows.rows[i].id),
                          NULL);
            }
        }
        if (rows.n < (size_t)page) return 0;
    }
}

static int add_slots(yyjson_mut_doc *doc, yyjson_mut_val *root, struct tx *tx, struct arena *a, struct str tenant_id,
                     struct err *e)
{
    struct slot_rows slots;
    if (q_slots_of(tx, a, tenant_id, &slots, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(doc, root, "slots"), *holder = yyjson_mut_obj(doc);
    for (size_t i = 0; i < slots.n; i++) {
        if (json_add_text(doc, holder, "row", slots.rows[i].doc)) {
            yyjson_mut_arr_append(arr, yyjson_mut_obj_remove_key(holder, "row"));
        } else {
            log_event(LOG_WARN, "catalog", "damaged slot left out of export", "id",
                      arena_cstr(a, slots.rows[i].slot_id), NULL);
        }
    }
    return 0;
}

int catalog_export(struct tx *tx, struct arena *a, struct str tenant_id, struct str *text, struct err *e)
{
    static const struct {
        const char *name;
        enum catalog_kind kind;
    } lists[] = { { "formats", CATALOG_FORMAT },
                  { "properties", CATALOG_PROPERTY },
                  { "products", CATALOG_PRODUCT },
                  { "signals", CATALOG_SIGNAL } };
    struct tenant_row row;
    int rc = q_tenant_get(tx, a, tenant_id, &row, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "NOT_FOUND", "There is no such publisher.");
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_i64(doc, root, "salesagent_import", 1);
    if (add_tenant(doc, root, tx, a, &row, e)) return -1;
    if (add_principals(doc, root, tx, a, tenant_id, e) || account_export(tx, a, tenant_id, doc, root, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        yyjson_mut_val *arr = json_add_arr(doc, root, lists[i].name);
        if (add_rows(doc, arr, tx, a, tenant_id, lists[i].kind, e)) return -1;
    }
    if (add_slots(doc, root, tx, a, tenant_id, e)) return -1;
    *text = json_write(a, root);
    return 0;
}

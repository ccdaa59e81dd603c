/* Content standards (AdCP 3.1 content-standards/): kept for the buyer, and content judged by them. */
#include "domain/buyer/account.h"
#include "domain/core/audit.h"
#include "domain/buyer/content_check.h"
#include "contract/document.h"
#include "store/q/q_buyer_object.h"
#include "tools/core/keyset.h"
#include "tools/buyer/list_tools.h"

#define ID_MAX      256
#define PAGE_ROWS   100
#define RECORDS_MAX 10000

/* ---- keeping ---- */

static int load(struct tool_call *c, struct buyer_object_row *out, struct err *e)
{
    struct buyer_object_key key = { c->act->tenant->tenant_id, BUYER_OBJECT_CONTENT_STANDARDS,
                                    c->act->principal->principal_id, STR_NONE, STR_NONE };
    if (json_req_str(JSON_FIELD(c->args, "standards_id", ""), (struct json_len){ 1, ID_MAX }, &key.object_id, e))
        return -1;
    int rc = q_buyer_object_get(c->act->tx, c->arena, &key, out, e);
    if (rc < 0) return -1;
    if (rc == 1) return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There are no content standards of that id.");
    return err_field(e, "/standards_id");
}

/* Policies by registry id have no text here, and cannot be judged by. */
static int check_policies(struct tool_call *c, struct err *e)
{
    yyjson_val *list = NULL, *entry;
    size_t i, n;
    if (json_opt_arr(JSON_FIELD(c->args, "policies", ""), (struct json_len){ 1, 1000 }, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, entry) {
        if (json_str(entry, "policy_id").n && json_str(entry, "policy").n) continue;
        (void)err_set(e, "INVALID_REQUEST", "A policy needs policy_id and policy.");
        return err_field(e, "/policies/%zu", i);
    }
    if (list || !json_has(c->args, "registry_policy_ids")) return 0;
    (void)err_set(e, "UNSUPPORTED_FEATURE", "There is no policy registry here: send the policies themselves.");
    return err_field(e, "/registry_policy_ids");
}

static struct str changed_doc(struct tool_call *c, struct str old)
{
    static const char *const of_scope[] = { "countries_all", "channels_any", "languages_any" };
    struct document d;
    yyjson_val *scope = json_obj(c->args, "scope");
    document_open(c->arena, old, &d);
    for (size_t i = 0; i < ARRAY_LEN(of_scope); i++) document_set(&d, of_scope[i], yyjson_obj_get(scope, of_scope[i]));
    document_set(&d, "name", yyjson_obj_get(scope, "description"));
    document_set(&d, "policies", yyjson_obj_get(c->args, "policies"));
    document_set(&d, "calibration_exemplars", yyjson_obj_get(c->args, "calibration_exemplars"));
    document_set(&d, "registry_policy_ids", yyjson_obj_get(c->args, "registry_policy_ids"));
    return document_text(&d);
}

static int audit(struct tool_call *c, const char *action, struct str id, struct err *e)
{
    struct audit_entry line = { .action = action,
                                .subject = arena_printf(c->arena, "content_standards:" STR_FMT, STR_ARG(id)) };
    return audit_add(c->act, &line, e);
}

int create_content_standards_run(struct tool_call *c, struct err *e)
{
    struct account_ref ref;
    struct account_row account;
    yyjson_val *scope, *languages;
    if (json_req_obj(JSON_FIELD(c->args, "scope", ""), &scope, e)) return -1;
    if (json_req_arr(JSON_FIELD(scope, "languages_any", "/scope"), (struct json_len){ 1, 200 }, &languages, e))
        return -1;
    if (check_policies(c, e)) return -1;
    if (account_ref_read(c->args, &ref, e) || account_ensure(c->act, &ref, ACCOUNT_USE_SYNC, &account, e)) return -1;
    struct buyer_object_row row = { .key = { account.tenant_id, BUYER_OBJECT_CONTENT_STANDARDS, account.principal_id,
                                             account.account_id, id_new(c->arena, c->act->rng, "std-", c->act->now) },
                                    .name = json_str(scope, "description"),
                                    .doc = changed_doc(c, STR("{}")),
                                    .created_at = c->act->now,
                                    .updated_at = c->act->now };
    if (q_buyer_object_put(c->act->tx, &row, e)) return -1;
    json_add_str(c->doc, c->reply, "standards_id", row.key.object_id);
    return audit(c, "content_standards.create", row.key.object_id, e);
}

int update_content_standards_run(struct tool_call *c, struct err *e)
{
    struct buyer_object_row row;
    if (load(c, &row, e) || check_policies(c, e)) return -1;
    row.doc = changed_doc(c, row.doc);
    row.updated_at = c->act->now;
    if (q_buyer_object_put(c->act->tx, &row, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    json_add_str(c->doc, c->reply, "standards_id", row.key.object_id);
    return audit(c, "content_standards.update", row.key.object_id, e);
}

/* ---- showing ---- */

/* Exemplars given as a bare URL are no artifacts, and replies hold artifacts only. */
static void add_exemplars(struct tool_call *c, yyjson_mut_val *o, yyjson_val *exemplars)
{
    static const char *const sides[] = { "pass", "fail" };
    yyjson_mut_val *shown = yyjson_mut_obj(c->doc);
    for (size_t k = 0; k < ARRAY_LEN(sides); k++) {
        yyjson_val *v;
        size_t i, n;
        yyjson_mut_val *arr = yyjson_mut_arr(c->doc);
        yyjson_arr_foreach(json_arr(exemplars, sides[k]), i, n, v) {
            if (json_has(v, "artifact_id")) (void)yyjson_mut_arr_append(arr, json_copy(c->doc, v));
        }
        if (yyjson_mut_arr_size(arr) > 0) json_add_val(c->doc, shown, sides[k], arr);
    }
    if (yyjson_mut_obj_size(shown) > 0) json_add_val(c->doc, o, "calibration_exemplars", shown);
}

static void add_standards(struct tool_call *c, yyjson_mut_val *o, const struct buyer_object_row *row)
{
    static const char *const shown[] = { "name", "countries_all", "channels_any", "languages_any", "policies" };
    yyjson_val *doc = document_read(c->arena, row->doc);
    json_add_str(c->doc, o, "standards_id", row->key.object_id);
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) json_add_copy(c->doc, o, shown[i], yyjson_obj_get(doc, shown[i]));
    add_exemplars(c, o, json_obj(doc, "calibration_exemplars"));
}

int get_content_standards_run(struct tool_call *c, struct err *e)
{
    struct buyer_object_row row;
    if (load(c, &row, e)) return -1;
    add_standards(c, c->reply, &row);
    return 0;
}

/* A filter that is not sent, and a scope that is not limited, leave everything. */
static bool overlap(yyjson_val *wanted, yyjson_val *have)
{
    yyjson_val *w, *h;
    size_t i, n, k, m;
    if (!yyjson_is_arr(wanted) || !yyjson_is_arr(have)) return true;
    yyjson_arr_foreach(wanted, i, n, w) {
        yyjson_arr_foreach(have, k, m, h) {
            if (str_eq(json_val_str(w), json_val_str(h))) return true;
        }
    }
    return false;
}

static bool wanted(struct tool_call *c, const struct buyer_object_row *row)
{
    yyjson_val *doc = document_read(c->arena, row->doc);
    return overlap(yyjson_obj_get(c->args, "channels"), yyjson_obj_get(doc, "channels_any")) &&
           overlap(yyjson_obj_get(c->args, "languages"), yyjson_obj_get(doc, "languages_any")) &&
           overlap(yyjson_obj_get(c->args, "countries"), yyjson_obj_get(doc, "countries_all"));
}

int list_content_standards_run(struct tool_call *c, struct err *e)
{
    struct keyset page;
    struct str last = STR_NONE;
    bool more = false;
    struct buyer_object_filter f = { .scope = { c->act->tenant->tenant_id, BUYER_OBJECT_CONTENT_STANDARDS,
                                                c->act->principal->principal_id, STR_NONE, STR_NONE },
                                     .limit = PAGE_ROWS };
    if (keyset_read(c, BUYER_OBJECT_CONTENT_STANDARDS, PAGE_ROWS, &page, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "standards");
    f.after_id = page.after;
    for (bool end = false; !end && !more;) {
        struct buyer_object_rows rows;
        if (q_buyer_object_list(c->act->tx, c->arena, &f, &rows, e)) return -1;
        end = rows.n <= (size_t)f.limit;
        for (size_t i = 0; i < rows.n; i++) {
            f.after_id = rows.rows[i].key.object_id;
            if (!wanted(c, &rows.rows[i])) continue;
            more = yyjson_mut_arr_size(arr) == (size_t)page.max;
            if (more) break;
            last = rows.rows[i].key.object_id;
            add_standards(c, json_push_obj(c->doc, arr), &rows.rows[i]);
        }
    }
    keyset_write(c, &page, more, last);
    return 0;
}

/* ---- judging ---- */

static bool feature_wanted(yyjson_val *ids, struct str id)
{
    yyjson_val *v;
    size_t i, n;
    if (!yyjson_is_arr(ids)) return true;
    yyjson_arr_foreach(ids, i, n, v) {
        if (str_eq(json_val_str(v), id)) return true;
    }
    return false;
}

static void add_verdict(struct tool_call *c, yyjson_mut_val *o, const struct content_verdict *v)
{
    yyjson_val *ids = yyjson_obj_get(c->args, "feature_ids");
    json_add_cstr(c->doc, o, "verdict", v->pass ? "pass" : "fail");
    yyjson_mut_val *arr = json_add_arr(c->doc, o, "features");
    for (size_t i = 0; i < v->n; i++) {
        const struct content_finding *f = &v->findings[i];
        if (!feature_wanted(ids, f->policy_id)) continue;
        yyjson_mut_val *item = json_push_obj(c->doc, arr);
        json_add_str(c->doc, item, "feature_id", f->policy_id);
        json_add_cstr(c->doc, item, "status", content_status_name(f->status));
        json_add_str(c->doc, item, "policy_id", f->policy_id);
        json_add_str(c->doc, item, "explanation", f->explanation);
    }
}

int calibrate_content_run(struct tool_call *c, struct err *e)
{
    struct buyer_object_row row;
    int64_t work = CONTENT_WORK_MAX;
    struct content_case k = { .work_left = &work };
    struct content_verdict v;
    if (json_req_obj(JSON_FIELD(c->args, "artifact", ""), &k.artifact, e) || load(c, &row, e)) return -1;
    k.standards = document_read(c->arena, row.doc);
    content_check(c->arena, &k, &v);
    add_verdict(c, c->reply, &v);
    json_add_cstr(c->doc, c->reply, "explanation",
                  v.pass ? "No policy that must hold is broken, as far as words can tell."
                         : "A policy that must hold is broken; see the failed features.");
    return 0;
}

int validate_content_delivery_run(struct tool_call *c, struct err *e)
{
    struct buyer_object_row row;
    yyjson_val *records, *record;
    size_t i, n;
    int64_t passed = 0, failed = 0, work = CONTENT_WORK_MAX;
    bool include_passed = json_bool_or(c->args, "include_passed", true);
    if (load(c, &row, e)) return -1;
    if (json_req_arr(JSON_FIELD(c->args, "records", ""), (struct json_len){ 1, RECORDS_MAX }, &records, e)) return -1;
    yyjson_val *standards = document_read(c->arena, row.doc);
    yyjson_mut_val *results = yyjson_mut_arr(c->doc);
    yyjson_arr_foreach(records, i, n, record) {
        struct content_case k = { standards, json_obj(record, "artifact"), json_str(record, "channel"), &work };
        struct content_verdict v;
        content_check(c->arena, &k, &v);
        if (v.pass) passed++;
        else failed++;
        if (v.pass && !include_passed) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, results);
        json_add_copy(c->doc, o, "record_id", yyjson_obj_get(record, "record_id"));
        add_verdict(c, o, &v);
    }
    yyjson_mut_val *summary = json_add_obj(c->doc, c->reply, "summary");
    json_add_i64(c->doc, summary, "total_records", passed + failed);
    json_add_i64(c->doc, summary, "passed_records", passed);
    json_add_i64(c->doc, summary, "failed_records", failed);
    json_add_val(c->doc, c->reply, "results", results);
    return 0;
}

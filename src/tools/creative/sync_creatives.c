/* sync_creatives: upsert by creative_id, assignments, delete_missing, rehearsal.
 *
 * Each creative stands for itself: one that fails its checks is reported and the others are stored. With
 * validation_mode "strict" said outright, one failure fails the call and nothing is stored. (AdCP's schema has strict
 * as the default, its storyboards expect per-creative results from calls that do not say; so silence is lenient.)
 * A dry run is the real thing, rolled back. */
#include "domain/buyer/account.h"
#include "domain/media_buy/media_buy.h"
#include "tools/core/honour.h"
#include "tools/core/reply_error.h"
#include "tools/creative/creative_reply.h"
#include "tools/creative/creative_tools.h"
#include "tools/core/request_expand.h"

#define CREATIVES_MAX   100
#define ASSIGNMENTS_MAX 1000
#define LIBRARY_MAX     10000
#define AWAITED_MAX     1000

struct wish { /* one creative wanted in one package */
    struct str creative_id, package_id, product_id;
    yyjson_val *details; /* weight, placements; or NULL */
    bool known;          /* the package is the caller's */
    bool if_fits;        /* asked for a whole buy: packages that take other formats are passed over in silence */
};

struct sync_call {
    struct tool_call *c;
    struct account_row account;
    struct creative_library library;
    struct str principal_id;
    yyjson_val *creatives, *creative_ids;
    struct wish *wishes;
    size_t wishes_n;
    struct creative_package_rows buy; /* packages of ext.salesagent.media_buy_id, when it is given */
    bool strict, dry_run, delete_missing, assigns;
    yyjson_mut_val *results, *aux;
    size_t failed;
    struct err first_error;
};

/* ---- reading ---- */

static bool came_before(struct sync_call *s, size_t index, struct str id)
{
    for (size_t i = 0; i < index; i++) {
        if (str_eq(json_str(yyjson_arr_get(s->creatives, i), "creative_id"), id)) return true;
    }
    return false;
}

static bool is_synced_now(struct sync_call *s, struct str creative_id)
{
    return came_before(s, yyjson_arr_size(s->creatives), creative_id);
}

/* Within one buy a package may also be called what its buyer called it, or by its product when only one has that. */
static struct str package_named(struct sync_call *s, struct str name)
{
    const struct creative_package_row *of_product = NULL;
    size_t n = 0;
    for (size_t i = 0; i < s->buy.n; i++) {
        const struct creative_package_row *p = &s->buy.rows[i];
        if (str_eq(p->package_id, name)) return name;
        yyjson_val *ours = json_get_path(creative_stored(s->c, p->doc), "/ext/salesagent");
        if (str_eq(json_str(ours, "package_ref"), name)) return p->package_id;
        if (!str_eq(p->product_id, name)) continue;
        of_product = p;
        n++;
    }
    return n == 1 ? of_product->package_id : name;
}

static int add_wish(struct sync_call *s, struct wish w, const char *at, struct err *e)
{
    if (s->wishes_n == ASSIGNMENTS_MAX) {
        (void)err_set(e, "INVALID_REQUEST", "at most %d assignments in one call", ASSIGNMENTS_MAX);
        return err_field(e, "/assignments");
    }
    if (w.creative_id.n == 0 || w.package_id.n == 0) {
        (void)err_set(e, "INVALID_REQUEST", "an assignment needs creative_id and package_id");
        return err_field(e, "%s", at);
    }
    struct creative_key owner = { .tenant_id = s->c->act->tenant->tenant_id, .principal_id = s->principal_id };
    struct creative_package_row p;
    w.package_id = package_named(s, w.package_id);
    int rc = q_creative_package_get(s->c->act->tx, s->c->arena, &owner, w.package_id, &p, e);
    if (rc < 0) return -1;
    w.known = rc == 1;
    if (w.known) w.product_id = p.product_id;
    s->wishes[s->wishes_n++] = w;
    return 0;
}

/* [{creative_id, package_id, weight?, placement_ids?}], as AdCP 3 has it. */
static int read_wish_list(struct sync_call *s, yyjson_val *list, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        struct wish w = { .creative_id = json_str(v, "creative_id"),
                          .package_id = json_str(v, "package_id"),
                          .details = v };
        if (add_wish(s, w, arena_printf(s->c->arena, "/assignments/%zu", i).p, e)) return -1;
    }
    return 0;
}

/* {creative_id: [package_id, ...]}, the older form. */
static int read_wish_map(struct sync_call *s, yyjson_val *map, struct err *e)
{
    size_t i, n, j, m;
    yyjson_val *k, *v, *id;
    yyjson_obj_foreach(map, i, n, k, v) {
        const char *at = arena_printf(s->c->arena, "/assignments/" STR_FMT, STR_ARG(json_val_str(k))).p;
        if (!yyjson_is_arr(v)) {
            (void)err_set(e, "INVALID_REQUEST", "assignments must name lists of package ids");
            return err_field(e, "%s", at);
        }
        yyjson_arr_foreach(v, j, m, id) {
            struct wish w = { .creative_id = json_val_str(k), .package_id = json_val_str(id) };
            if (add_wish(s, w, at, e)) return -1;
        }
    }
    return 0;
}

/* ext.salesagent.media_buy_id: the buy must be the caller's. */
static int read_buy(struct sync_call *s, struct str media_buy_id, struct err *e)
{
    struct creative_key owner = { .tenant_id = s->c->act->tenant->tenant_id, .principal_id = s->principal_id };
    struct creative_package_rows rows;
    struct creative_package_row own;
    if (q_creative_packages_of_buy(s->c->act->tx, s->c->arena, media_buy_id, &rows, e)) return -1;
    int rc = rows.n ? q_creative_package_get(s->c->act->tx, s->c->arena, &owner, rows.rows[0].package_id, &own, e) : 0;
    if (rc < 0) return -1;
    if (rc == 1) {
        s->buy = rows;
        return 0;
    }
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no media buy with this media_buy_id");
    return err_field(e, "/ext/salesagent/media_buy_id");
}

/* Every creative into every package of the buy that takes its format. */
static int wish_for_buy(struct sync_call *s, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    for (size_t k = 0; k < s->buy.n; k++) {
        yyjson_arr_foreach(s->creatives, i, n, v) {
            struct wish w = { .creative_id = json_str(v, "creative_id"),
                              .package_id = s->buy.rows[k].package_id,
                              .if_fits = true };
            if (s->buy.rows[k].canceled || w.creative_id.n == 0) continue;
            if (add_wish(s, w, "/ext/salesagent/media_buy_id", e)) return -1;
        }
    }
    return 0;
}

/* Packages that were created with the names of creatives that had not come yet. */
static int wish_for_awaited(struct sync_call *s, struct err *e)
{
    struct creative_awaited_query q = { .owner = { .tenant_id = s->c->act->tenant->tenant_id,
                                                   .principal_id = s->principal_id },
                                        .now = s->c->act->now,
                                        .limit = AWAITED_MAX };
    struct creative_awaited_rows rows;
    if (q_creative_awaited(s->c->act->tx, s->c->arena, &q, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n; i++) {
        struct wish w = { .creative_id = rows.rows[i].creative_id,
                          .package_id = rows.rows[i].package_id,
                          .if_fits = true };
        if (is_synced_now(s, w.creative_id) && add_wish(s, w, "/creatives", e)) return -1;
    }
    return 0;
}

static int read_wishes(struct sync_call *s, struct err *e)
{
    yyjson_val *a = yyjson_obj_get(s->c->args, "assignments"), *ours = json_get_path(s->c->args, "/ext/salesagent");
    struct str buy = json_str(ours, "media_buy_id");
    s->wishes = ARENA_ARRAY(s->c->arena, struct wish, ASSIGNMENTS_MAX);
    s->assigns = a || buy.n;
    if (buy.n && read_buy(s, buy, e)) return -1;
    if (yyjson_is_arr(a) && read_wish_list(s, a, e)) return -1;
    if (yyjson_is_obj(a) && read_wish_map(s, a, e)) return -1;
    if (a && !yyjson_is_arr(a) && !yyjson_is_obj(a) && !yyjson_is_null(a)) {
        (void)err_set(e, "INVALID_REQUEST", "assignments must be a list");
        return err_field(e, "/assignments");
    }
    if (!json_bool_or(ours, "assign_named_only", false) && wish_for_buy(s, e)) return -1;
    return wish_for_awaited(s, e);
}

static int read_call(struct sync_call *s, struct err *e)
{
    yyjson_val *args = s->c->args;
    struct str mode = STR_NONE;
    if (json_req_arr(JSON_FIELD(args, "creatives", ""), (struct json_len){ 1, CREATIVES_MAX }, &s->creatives, e))
        return -1;
    if (json_opt_arr(JSON_FIELD(args, "creative_ids", ""), (struct json_len){ 1, CREATIVES_MAX }, &s->creative_ids,
                     e)) {
        return -1;
    }
    if (json_opt_bool(JSON_FIELD(args, "dry_run", ""), &s->dry_run, e)) return -1;
    if (json_opt_bool(JSON_FIELD(args, "delete_missing", ""), &s->delete_missing, e)) return -1;
    if (json_opt_str(JSON_FIELD(args, "validation_mode", ""), (struct json_len){ 1, 20 }, &mode, e)) return -1;
    s->strict = str_is(mode, "strict");
    if (mode.n && !s->strict && !str_is(mode, "lenient")) {
        (void)err_set(e, "INVALID_REQUEST", "validation_mode is strict or lenient");
        return err_field(e, "/validation_mode");
    }
    if (s->delete_missing && s->creative_ids) {
        (void)err_set(e, "INVALID_REQUEST",
                      "delete_missing is about the whole library and cannot go with creative_ids");
        return err_field(e, "/delete_missing");
    }
    struct account_ref ref;
    if (account_ref_read(args, &ref, e) || account_ensure(s->c->act, &ref, ACCOUNT_USE_SYNC, &s->account, e)) return -1;
    return read_wishes(s, e) || creative_library_open(s->c->act, &s->library, e) ? -1 : 0;
}

/* ---- one creative ---- */

static bool in_list(yyjson_val *list, struct str id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(json_val_str(v), id)) return true;
    }
    return false;
}

static void note_failure(struct sync_call *s, const struct err *e)
{
    if (s->failed++ == 0) s->first_error = *e;
}

static int sync_one(struct sync_call *s, size_t index, struct creative_synced *out, struct err *e)
{
    struct arena *a = s->c->arena;
    yyjson_val *asset = yyjson_arr_get(s->creatives, index);
    struct str id = json_str(asset, "creative_id");
    struct str *products = ARENA_ARRAY(a, struct str, s->wishes_n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s->wishes_n; i++) {
        if (s->wishes[i].known && str_eq(s->wishes[i].creative_id, id)) products[n++] = s->wishes[i].product_id;
    }
    struct creative_sync in = { .library = &s->library,
                                .principal_id = s->principal_id,
                                .account_id = s->account.account_id,
                                .brand_domain = s->account.brand_domain,
                                .product_ids = products,
                                .product_ids_n = n,
                                .asset = asset,
                                .at = arena_printf(a, "/creatives/%zu", index) };
    struct err *why = ARENA_NEW(a, struct err);
    bool malformed = honour_item(s->c, "creatives", index, why) != 0;
    if (!malformed && !came_before(s, index, id)) return media_buy_sync_creative(s->c->act, &in, out, e);
    *out = (struct creative_synced){ .creative_id = id, .action = CREATIVE_FAILED, .errors = why, .errors_n = 1 };
    if (malformed) return 0;
    (void)err_set(why, "VALIDATION_ERROR", "this creative_id is in the request twice");
    (void)err_field(why, "/creatives/%zu/creative_id", index);
    return 0;
}

struct assigned {
    yyjson_mut_val *to, *errors; /* NULL until there is one */
    size_t n;
};

/* Carries out the wishes for one creative. What is wrong with a wish is reported, not fatal. */
static int assign_one(struct sync_call *s, struct str creative_id, yyjson_mut_val *o, struct assigned *out,
                      struct err *e)
{
    yyjson_mut_doc *doc = s->c->doc;
    for (size_t i = 0; i < s->wishes_n; i++) {
        const struct wish *w = &s->wishes[i];
        if (!str_eq(w->creative_id, creative_id)) continue;
        struct creative_package package = { .principal_id = s->principal_id, .package_id = w->package_id };
        struct err why;
        if (creative_assign(s->c->act, &package, creative_id, w->details, &why) == 0) {
            if (!out->to) out->to = json_add_arr(doc, o, "assigned_to");
            json_push_str(doc, out->to, w->package_id);
            out->n++;
            continue;
        }
        if (strcmp(why.code, "SERVICE_UNAVAILABLE") == 0) {
            *e = why;
            return -1;
        }
        if (w->if_fits && strcmp(why.code, "VALIDATION_ERROR") == 0) continue;
        if (!out->errors) out->errors = json_add_obj(doc, o, "assignment_errors");
        const char *package_id = arena_cstr(s->c->arena, w->package_id);
        (void)yyjson_mut_obj_remove_key(out->errors, package_id); /* a package may be wished for twice */
        json_add_str(doc, out->errors, package_id, arena_printf(s->c->arena, "%s: %s", why.code, why.message));
        if (s->strict) note_failure(s, &why);
    }
    if (out->n == 0) return 0;
    struct creative_key key = { s->c->act->tenant->tenant_id, s->principal_id, creative_id };
    return media_buy_creative_changed(s->c->act, &key, e);
}

static void add_errors(struct sync_call *s, yyjson_mut_val *o, const struct creative_synced *r)
{
    yyjson_mut_val *arr = json_add_arr(s->c->doc, o, "errors");
    for (size_t i = 0; i < r->errors_n; i++) reply_error(s->c, arr, &r->errors[i]);
    note_failure(s, &r->errors[0]);
}

static void add_warnings(struct sync_call *s, yyjson_mut_val *o, const struct creative_checks *checks)
{
    yyjson_mut_val *arr = NULL;
    for (size_t i = 0; checks && i < checks->n; i++) {
        const struct creative_check *k = &checks->items[i];
        if (k->status != CHECK_WARNING) continue;
        if (!arr) arr = json_add_arr(s->c->doc, o, "warnings");
        json_push_str(s->c->doc, arr, arena_printf(s->c->arena, "%s: " STR_FMT, k->check, STR_ARG(k->detail)));
    }
}

/* The ad server's, once it has the creative for any package. */
static int ad_server_id(struct sync_call *s, struct str creative_id, struct str *out, struct err *e)
{
    struct creative_key key = { s->c->act->tenant->tenant_id, s->principal_id, creative_id };
    struct creative_assignment_rows used;
    if (q_creative_assignments_of_creative(s->c->act->tx, s->c->arena, &key, &used, e)) return -1;
    for (size_t i = 0; i < used.n && !out->n; i++) *out = used.rows[i].remote_id;
    return 0;
}

/* For dialects; documented in tools/README.md. A creative that was refused counts as rejected there. */
static int add_aux(struct sync_call *s, const struct creative_synced *r, yyjson_val *asset, yyjson_mut_val *result,
                   struct err *e)
{
    yyjson_mut_doc *doc = s->c->doc;
    if (s->c->no_aux) return 0;
    yyjson_mut_val *o = json_push_obj(doc, s->aux);
    struct format_ref ref;
    struct str remote = STR_NONE;
    bool failed = r->action == CREATIVE_FAILED;
    if (!format_ref_read(yyjson_obj_get(asset, "format_id"), &ref))
        ref = (struct format_ref){ 0 }; /* a canonical kind */
    json_add_str(doc, o, "creative_id", r->creative_id);
    json_add_str(doc, o, "name", json_str(asset, "name"));
    json_add_str(doc, o, "format_id", ref.id);
    json_add_cstr(doc, o, "status", failed ? "rejected" : creative_status_name(r->status));
    json_add_cstr(doc, o, "action", creative_action_name(r->action));
    json_add_time(doc, o, "created_at", failed ? s->c->act->now : r->row.created_at);
    json_add_bool(doc, o, "passed", !failed);
    if (!failed && ad_server_id(s, r->creative_id, &remote, e)) return -1;
    json_add_str_opt(doc, o, "ad_server_creative_id", remote);
    if (r->checks) creative_checks_encode(doc, o, r->checks, CHECKS_OF_FORMAT);
    else (void)json_add_arr(doc, o, "checks");
    static const char *const same[] = { "assigned_to", "errors" };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        yyjson_mut_val *v = yyjson_mut_obj_get(result, same[i]);
        if (v) json_add_val(doc, o, same[i], yyjson_mut_val_mut_copy(doc, v));
    }
    return 0;
}

static void add_changes(struct sync_call *s, yyjson_mut_val *o, const struct creative_synced *r)
{
    if (r->action != CREATIVE_UPDATED || r->changes_n == 0) return;
    yyjson_mut_val *arr = json_add_arr(s->c->doc, o, "changes");
    for (size_t i = 0; i < r->changes_n; i++) json_push_str(s->c->doc, arr, r->changes[i]);
}

static int answer_one(struct sync_call *s, size_t index, struct err *e)
{
    yyjson_mut_doc *doc = s->c->doc;
    yyjson_val *asset = yyjson_arr_get(s->creatives, index);
    struct creative_synced r;
    if (s->creative_ids && !in_list(s->creative_ids, json_str(asset, "creative_id"))) return 0;
    if (sync_one(s, index, &r, e)) return -1;
    yyjson_mut_val *o = json_push_obj(doc, s->results);
    json_add_str(doc, o, "creative_id", r.creative_id.n ? r.creative_id : json_str(asset, "creative_id"));
    json_add_cstr(doc, o, "action", creative_action_name(r.action));
    if (r.action == CREATIVE_FAILED) {
        add_errors(s, o, &r);
    } else {
        struct assigned done = { 0 };
        json_add_cstr(doc, o, "status", creative_status_name(r.status));
        add_changes(s, o, &r);
        add_warnings(s, o, r.checks);
        if (s->wishes_n && assign_one(s, r.creative_id, o, &done, e)) return -1;
        if (s->assigns && !done.to) (void)json_add_arr(doc, o, "assigned_to");
    }
    return add_aux(s, &r, asset, o, e);
}

/* ---- assignments of creatives that were synced earlier ---- */

static int answer_earlier(struct sync_call *s, size_t at, struct err *e)
{
    struct str id = s->wishes[at].creative_id;
    for (size_t i = 0; i < at; i++) {
        if (str_eq(s->wishes[i].creative_id, id)) return 0; /* answered with the first of them */
    }
    if (is_synced_now(s, id)) return 0;
    struct creative_row row;
    int rc = creative_get(s->c->act, s->principal_id, id, &row, e);
    if (rc < 0) return -1;
    yyjson_mut_val *o = json_push_obj(s->c->doc, s->results);
    json_add_str(s->c->doc, o, "creative_id", id);
    json_add_cstr(s->c->doc, o, "action", rc ? "unchanged" : "failed");
    if (rc == 1) {
        struct assigned done = { 0 };
        json_add_str(s->c->doc, o, "status", row.status);
        return assign_one(s, id, o, &done, e);
    }
    struct err missing;
    (void)err_set(&missing, "CREATIVE_NOT_FOUND", "there is no creative with this creative_id");
    (void)err_field(&missing, "/assignments");
    reply_error(s->c, json_add_arr(s->c->doc, o, "errors"), &missing);
    note_failure(s, &missing);
    return 0;
}

/* ---- delete_missing ---- */

static int delete_missing(struct sync_call *s, struct err *e)
{
    struct creative_key owner = { .tenant_id = s->c->act->tenant->tenant_id, .principal_id = s->principal_id };
    struct creative_rows rows;
    if (q_creatives_of_account(s->c->act->tx, s->c->arena, &owner, s->account.account_id, LIBRARY_MAX, &rows, e))
        return -1;
    for (size_t i = 0; i < rows.n; i++) {
        if (is_synced_now(s, rows.rows[i].key.creative_id)) continue;
        struct err why;
        int rc = media_buy_archive_creative(s->c->act, &rows.rows[i], &why, e);
        if (rc < 0) return -1;
        yyjson_mut_val *o = json_push_obj(s->c->doc, s->results);
        json_add_str(s->c->doc, o, "creative_id", rows.rows[i].key.creative_id);
        json_add_cstr(s->c->doc, o, "action", rc ? "deleted" : "failed");
        if (rc) continue;
        reply_error(s->c, json_add_arr(s->c->doc, o, "errors"), &why);
        note_failure(s, &why);
    }
    return 0;
}

/* ---- the call ---- */

static int run_all(struct sync_call *s, struct err *e)
{
    for (size_t i = 0; i < yyjson_arr_size(s->creatives); i++) {
        if (answer_one(s, i, e)) return -1;
    }
    for (size_t i = 0; i < s->wishes_n; i++) {
        if (answer_earlier(s, i, e)) return -1;
    }
    return s->delete_missing ? delete_missing(s, e) : 0;
}

static int refuse_all(struct sync_call *s, struct err *e)
{
    *e = s->first_error;
    struct str said = arena_dup(s->c->arena, str_from(e->message));
    (void)snprintf(e->message, sizeof(e->message),
                   "%zu of the creatives failed and nothing was stored (validation_mode"
                   " strict). First: " STR_FMT,
                   s->failed, STR_ARG(said));
    return -1;
}

int sync_creatives_run(struct tool_call *c, struct err *e)
{
    struct sync_call s = { .c = c, .principal_id = c->act->principal->principal_id };
    bool rehearse = json_bool_or(c->args, "dry_run", false);
    if (rehearse && tx_rehearse(c->act->tx, e)) return -1;
    if (request_expand_names(c, "assignments", e) || request_expand_awaited(c, e) || read_call(&s, e)) return -1;
    s.results = json_add_arr(c->doc, c->reply, "creatives");
    s.aux = json_add_arr(c->doc, c->aux, "creatives");
    if (run_all(&s, e)) return -1;
    if (s.strict && s.failed) return refuse_all(&s, e);
    if (rehearse) {
        json_add_bool(c->doc, c->reply, "dry_run", true);
        if (tx_rehearse_end(c->act->tx, e)) return -1;
    }
    size_t n = yyjson_mut_arr_size(s.results);
    c->message = arena_printf(c->arena, "%zu creative%s processed, %zu failed%s.", n, n == 1 ? "" : "s", s.failed,
                              rehearse ? " (dry run: nothing was changed)" : "");
    return 0;
}

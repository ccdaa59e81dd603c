/* Storing one creative: read, check, compare with what is there, write, open a review. */
#include "domain/creative/creative.h"
#include "contract/document.h"

#include "domain/core/audit.h"
#include "domain/creative/creative_review.h"
#include "domain/product/targeting_values.h"
#include "domain/rule/rule.h"
#include "store/q/q_catalog.h"

#define CREATIVE_ID_MAX 255
#define NAME_MAX_BYTES  500
#define POLICIES_MAX    1000
#define ERRORS_MAX      20

int creative_library_open(const struct act *act, struct creative_library *out, struct err *e)
{
    struct creative_policy_rows rows;
    if (q_creative_policies(act->tx, act->arena, act->tenant->tenant_id, POLICIES_MAX, &rows, e)) return -1;
    struct provenance_policy *policies = ARENA_ARRAY(act->arena, struct provenance_policy, rows.n ? rows.n : 1);
    size_t n = 0;
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *product = document_read(act->arena, rows.rows[i].doc);
        policies[n++] = (struct provenance_policy){ .product_id = rows.rows[i].product_id,
                                                    .product = product,
                                                    .creative_policy = json_obj(product, "creative_policy") };
    }
    *out = (struct creative_library){ .policies = policies, .policies_n = n };
    tenant_settings_read(act->tenant, act->arena, &out->settings);
    return 0;
}

/* ---- reading ---- */

struct sync {
    const struct act *act;
    const struct creative_sync *in;
    const struct creative_library *library;
    struct creative_synced *out;
    struct str name, format_key; /* format_key: the id, or the canonical kind */
    struct format_ref ref;
    struct format_spec format;
    struct creative_row had;
    struct rule_verdict verdict; /* the publisher's rules on what a person would review */
    bool exists;
};

static void fail_with(struct sync *s, const struct err *e)
{
    struct creative_synced *out = s->out;
    out->action = CREATIVE_FAILED;
    if (!out->errors) out->errors = ARENA_ARRAY(s->act->arena, struct err, ERRORS_MAX);
    if (out->errors_n == ERRORS_MAX) return;
    struct err *kept = &out->errors[out->errors_n++];
    *kept = *e;
    (void)err_in(kept, STR_FMT, STR_ARG(s->in->at));
}

/* 0 readable; 1 not, and said so. */
static int read_head(struct sync *s)
{
    struct err e;
    yyjson_val *v = s->in->asset, *assets;
    if (json_req_str(JSON_FIELD(v, "creative_id", ""), (struct json_len){ 1, CREATIVE_ID_MAX }, &s->out->creative_id,
                     &e) ||
        json_req_str(JSON_FIELD(v, "name", ""), (struct json_len){ 1, NAME_MAX_BYTES }, &s->name, &e) ||
        json_req_obj(JSON_FIELD(v, "assets", ""), &assets, &e)) {
        fail_with(s, &e);
        return 1;
    }
    if (!id_text_valid(s->out->creative_id, CREATIVE_ID_MAX)) {
        (void)err_set(&e, "VALIDATION_ERROR",
                      "creative_id must be printable ASCII without spaces, quotes or backslashes");
        (void)err_field(&e, "/creative_id");
        fail_with(s, &e);
        return 1;
    }
    return 0;
}

static void unknown_format(struct sync *s, const char *field)
{
    struct err e;
    (void)err_set(&e, "VALIDATION_ERROR", "unknown creative format");
    (void)err_field(&e, "/%s", field);
    (void)err_suggest(&e, "use a format_id that list_creative_formats shows");
    fail_with(s, &e);
}

/* What only reads like a standard is a format elsewhere; one that is said to be of this agent is in its list. 1 it is there,
 * 0 not, -1 failed. */
static int find_format(struct sync *s, struct err *e)
{
    const struct act *act = s->act;
    int rc = format_load(act->tx, act->arena, act->tenant->tenant_id, &s->ref, &s->format, e);
    bool stranger = s->format.standard && s->ref.agent_url.n && agent_url_is_ours(act, s->ref.agent_url);
    return rc == 1 && stranger ? 0 : rc;
}

/* 0 found; 1 not, and said so; -1 failed. */
static int read_format(struct sync *s, struct err *e)
{
    yyjson_val *v = s->in->asset;
    struct str kind = json_str(v, "format_kind");
    if (format_ref_read(yyjson_obj_get(v, "format_id"), &s->ref)) {
        int rc = find_format(s, e);
        if (rc == 0) unknown_format(s, "format_id");
        s->format_key = s->ref.id;
        return rc < 0 ? -1 : !rc;
    }
    if (kind.n && format_of_kind(s->act->arena, kind, NULL, &s->format)) {
        s->format_key = kind;
        return 0;
    }
    unknown_format(s, kind.n ? "format_kind" : "format_id");
    return 1;
}

/* ---- checks ---- */

/* Assets that are catalogs name one of the buyer's. */
static int check_catalogs(struct sync *s, struct err *e)
{
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(json_obj(s->in->asset, "assets"), i, n, k, v) {
        struct err why;
        if (!str_is(json_str(v, "asset_type"), "catalog")) continue;
        struct str at = arena_printf(s->act->arena, "/assets/" STR_FMT, STR_ARG(json_val_str(k)));
        if (catalog_ref_accept(s->act, v, at.p, &why) == 0) continue;
        if (!str_is(str_from(why.code), "REFERENCE_NOT_FOUND")) return *e = why, -1;
        fail_with(s, &why);
    }
    return 0;
}

static bool is_meant_for(const struct creative_sync *in, struct str product_id)
{
    if (in->product_id.n && str_eq(in->product_id, product_id)) return true;
    for (size_t i = 0; i < in->product_ids_n; i++) {
        if (str_eq(in->product_ids[i], product_id)) return true;
    }
    return false;
}

/* True when the product sells something this creative could run as; a product without formats sells anything. */
static int sells_kind(struct sync *s, yyjson_val *product, struct err *e)
{
    yyjson_val *formats = json_arr(product, "format_ids"), *v;
    size_t i, n;
    if (yyjson_arr_size(formats) == 0) return 1;
    yyjson_arr_foreach(formats, i, n, v) {
        struct format_ref ref;
        struct format_spec f;
        if (!format_ref_read(v, &ref)) continue;
        int rc = format_load(s->act->tx, s->act->arena, s->act->tenant->tenant_id, &ref, &f, e);
        if (rc < 0) return -1;
        if (rc == 0 || f.type == s->format.type) return 1;
    }
    return 0;
}

static int run_checks(struct sync *s, struct err *e)
{
    const struct creative_library *lib = s->library;
    struct provenance_policy *applies = ARENA_ARRAY(s->act->arena, struct provenance_policy, lib->policies_n + 1);
    size_t n = 0;
    for (size_t i = 0; i < lib->policies_n; i++) {
        const struct provenance_policy *p = &lib->policies[i];
        bool known = s->in->product_id.n || s->in->product_ids_n;
        int rc = known ? is_meant_for(s->in, p->product_id) : sells_kind(s, p->product, e);
        if (rc < 0) return -1;
        if (rc == 1) applies[n++] = *p;
    }
    struct creative_check_input check = { .asset = s->in->asset,
                                          .format = &s->format,
                                          .policies = lib->settings.policies,
                                          .brand_domain = s->in->brand_domain,
                                          .provenance = applies,
                                          .provenance_n = n,
                                          .loopback = s->act->sandbox };
    struct creative_checks *checks = ARENA_NEW(s->act->arena, struct creative_checks);
    creative_check_run(s->act->arena, &check, checks);
    s->out->checks = checks;
    for (size_t i = 0; i < checks->n; i++) {
        const struct creative_check *c = &checks->items[i];
        if (c->status != CHECK_FAILED) continue;
        struct err failed;
        (void)err_set(&failed, c->code, "%s: " STR_FMT, c->check, STR_ARG(c->detail));
        (void)err_field(&failed, STR_FMT, STR_ARG(c->field));
        fail_with(s, &failed);
    }
    return 0;
}

/* ---- comparing and storing ---- */

/* The members dropped belong to the assignment that came with the creative, or are ours to set. */
static bool is_kept(struct str key)
{
    static const char *const dropped[] = { "weight", "placement_refs", "placement_ids", "status", "salesagent" };
    for (size_t i = 0; i < ARRAY_LEN(dropped); i++) {
        if (str_is(key, dropped[i])) return false;
    }
    return true;
}

/* What a reviewer would have to see again; a new name or tag is not. */
static bool is_content(struct str key)
{
    static const char *const labels[] = { "name", "tags", "concept_id", "concept_name", "industry_identifiers" };
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        if (str_is(key, labels[i])) return false;
    }
    return true;
}

static void note_change(struct sync *s, struct str key, bool *content)
{
    s->out->changes[s->out->changes_n++] = key;
    *content = *content || is_content(key);
}

/* Fills out->changes; true when content changed. */
static bool compare(struct sync *s)
{
    bool content = false;
    yyjson_val *was = document_read(s->act->arena, s->had.doc), *is = s->in->asset, *k, *v;
    size_t i, n;
    s->out->changes = ARENA_ARRAY(s->act->arena, struct str, yyjson_obj_size(was) + yyjson_obj_size(is) + 1);
    yyjson_obj_foreach(is, i, n, k, v) {
        struct str key = json_val_str(k);
        if (is_kept(key) && !yyjson_equals(v, yyjson_obj_getn(was, key.p, key.n))) note_change(s, key, &content);
    }
    yyjson_obj_foreach(was, i, n, k, v) {
        struct str key = json_val_str(k);
        if (is_kept(key) && !yyjson_obj_getn(is, key.p, key.n)) note_change(s, key, &content);
    }
    return content;
}

static struct str new_doc(struct sync *s)
{
    struct arena *a = s->act->arena;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(s->in->asset, i, n, k, v) {
        struct str key = json_val_str(k);
        if (is_kept(key)) json_add_copy(doc, root, arena_cstr(a, key), v);
    }
    creative_checks_encode(doc, json_add_obj(doc, root, "salesagent"), s->out->checks, CHECKS_ALL);
    return json_write(a, root);
}

static int audit_sync(struct sync *s, struct err *e)
{
    struct arena *a = s->act->arena;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "account_id", s->out->row.account_id);
    json_add_str(doc, root, "format_id", s->format_key);
    json_add_cstr(doc, root, "status", creative_status_name(s->out->status));
    struct audit_entry entry = {
        .action = s->out->action == CREATIVE_CREATED ? "creative.create" : "creative.update",
        .subject = arena_printf(a, "creative:" STR_FMT, STR_ARG(s->out->creative_id)),
        .doc = json_write(a, root),
    };
    return audit_add(s->act, &entry, e);
}

/* What the buyer says it is about (ext.salesagent.categories), else its tags. */
static yyjson_val *creative_categories(yyjson_val *asset)
{
    yyjson_val *stated = json_arr(json_obj(json_obj(asset, "ext"), "salesagent"), "categories");
    return stated ? stated : json_arr(asset, "tags");
}

/* A rule decides before the publisher's creative_approval_mode; a creative it rejects fails its item. */
static int judge(struct sync *s, struct err *e)
{
    struct rule_facts *f = ARENA_NEW(s->act->arena, struct rule_facts);
    *f = (struct rule_facts){ .operation = "creative_review",
                              .account_id = s->in->account_id,
                              .principal_id = s->in->principal_id,
                              .creative_format = s->format_key,
                              .before_micros = -1,
                              .creative_categories = creative_categories(s->in->asset) };
    if (s->in->product_id.n) rule_facts_package(f, s->in->product_id, NULL);
    for (size_t i = 0; i < s->in->product_ids_n; i++) rule_facts_package(f, s->in->product_ids[i], NULL);
    if (rule_decide(s->act, f, &s->verdict, e)) return -1;
    if (s->verdict.outcome != RULE_REJECT) return 0;
    struct err why;
    (void)rule_refuse(&s->verdict, &why); /* fills `why` */
    fail_with(s, &why);
    return 0;
}

static enum creative_approval approval(const struct sync *s)
{
    if (s->act->auto_advance) return CREATIVE_AUTO_APPROVE;
    if (s->out->checks->doubtful) return CREATIVE_REQUIRE_HUMAN;
    if (s->verdict.outcome == RULE_AUTO) return CREATIVE_AUTO_APPROVE;
    return s->verdict.outcome == RULE_PERSON ? CREATIVE_REQUIRE_HUMAN : creative_approval_mode(s->act);
}

/* What the status is after this sync. */
static enum creative_status next_status(struct sync *s, bool content_changed)
{
    enum creative_status was = CREATIVE_ARCHIVED;
    if (s->exists) {
        was = creative_status_stored(&s->had);
        if (!content_changed && was != CREATIVE_ARCHIVED) return was;
    }
    return approval(s) == CREATIVE_AUTO_APPROVE ? CREATIVE_APPROVED : CREATIVE_PENDING_REVIEW;
}

static int store(struct sync *s, struct err *e)
{
    struct creative_synced *out = s->out;
    bool content = s->exists && compare(s);
    bool archived = s->exists && str_is(s->had.status, "archived");
    bool moved = s->exists && !str_eq(s->had.account_id, s->in->account_id);
    out->action = !s->exists                            ? CREATIVE_CREATED
                  : out->changes_n || archived || moved ? CREATIVE_UPDATED
                                                        : CREATIVE_UNCHANGED;
    out->status = next_status(s, content);
    out->row = (struct creative_row){ .key = { s->act->tenant->tenant_id, s->in->principal_id, out->creative_id },
                                      .account_id = s->in->account_id,
                                      .name = s->name,
                                      .format_id = s->format_key,
                                      .status = str_from(creative_status_name(out->status)),
                                      .doc = new_doc(s),
                                      .created_at = s->exists ? s->had.created_at : s->act->now,
                                      .updated_at = s->act->now };
    if (out->action == CREATIVE_UNCHANGED) out->row = s->had;
    out->content_changed = content;
    if (out->action == CREATIVE_UNCHANGED) return 0;
    struct err too_large;
    if (document_fits(out->row.doc, CREATIVE_BYTES_MAX, "The creative", &too_large)) {
        fail_with(s, &too_large);
        return 0;
    }
    if (q_creative_put(s->act->tx, &out->row, e) < 0) return -1;
    if (out->status == CREATIVE_PENDING_REVIEW) {
        if (creative_review_open(s->act, &out->row, s->verdict.outcome == RULE_PERSON ? &s->verdict : NULL, e))
            return -1;
    } else if (s->exists && creative_review_close(s->act, &out->row, STR_NONE, e)) {
        return -1;
    }
    out->buys_unsettled = s->exists;
    return audit_sync(s, e);
}

int creative_sync(const struct act *act, const struct creative_sync *in, struct creative_synced *out, struct err *e)
{
    *out = (struct creative_synced){ 0 };
    struct sync s = { .act = act, .in = in, .library = in->library, .out = out };
    struct creative_library own;
    if (!s.library) {
        if (creative_library_open(act, &own, e)) return -1;
        s.library = &own;
    }
    if (read_head(&s)) return 0;
    int rc = read_format(&s, e);
    if (rc != 0) return rc < 0 ? -1 : 0;
    if (check_catalogs(&s, e) || run_checks(&s, e)) return -1;
    if (out->action == CREATIVE_FAILED) return 0;
    if (judge(&s, e)) return -1;
    if (out->action == CREATIVE_FAILED) return 0;
    rc = creative_get(act, in->principal_id, out->creative_id, &s.had, e);
    if (rc < 0) return -1;
    s.exists = rc == 1;
    return store(&s, e);
}

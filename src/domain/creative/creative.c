/* Statuses, assignments and readiness; storing a creative is in creative_sync.c. */
#include "domain/creative/creative.h"
#include "contract/document.h"

#include "domain/core/audit.h"
#include "domain/booking/booking.h"
#include "domain/creative/creative_review.h"
#include "domain/product/format.h"
#include "domain/tell/notify.h"

/* ---- names and arrows ---- */

static const char *const status_names[] = {
    [CREATIVE_PROCESSING] = "processing", [CREATIVE_PENDING_REVIEW] = "pending_review",
    [CREATIVE_APPROVED] = "approved",     [CREATIVE_REJECTED] = "rejected",
    [CREATIVE_SUSPENDED] = "suspended",   [CREATIVE_ARCHIVED] = "archived",
};

static const char *const action_names[] = {
    [CREATIVE_CREATED] = "created", [CREATIVE_UPDATED] = "updated", [CREATIVE_UNCHANGED] = "unchanged",
    [CREATIVE_FAILED] = "failed",   [CREATIVE_DELETED] = "deleted",
};

const char *creative_status_name(enum creative_status s)
{
    return status_names[s];
}

const char *creative_action_name(enum creative_action a)
{
    return action_names[a];
}

bool creative_status_parse(struct str name, enum creative_status *out)
{
    for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
        if (!str_is(name, status_names[i])) continue;
        *out = (enum creative_status)i;
        return true;
    }
    return false;
}

#define TO(s) (1u << (s))
static const unsigned arrows[] = {
    [CREATIVE_PROCESSING] = TO(CREATIVE_PENDING_REVIEW) | TO(CREATIVE_REJECTED) | TO(CREATIVE_ARCHIVED),
    [CREATIVE_PENDING_REVIEW] = TO(CREATIVE_APPROVED) | TO(CREATIVE_REJECTED) | TO(CREATIVE_ARCHIVED),
    [CREATIVE_APPROVED] =
        TO(CREATIVE_PENDING_REVIEW) | TO(CREATIVE_SUSPENDED) | TO(CREATIVE_REJECTED) | TO(CREATIVE_ARCHIVED),
    [CREATIVE_REJECTED] = TO(CREATIVE_PROCESSING) | TO(CREATIVE_PENDING_REVIEW) | TO(CREATIVE_ARCHIVED),
    [CREATIVE_SUSPENDED] = TO(CREATIVE_APPROVED) | TO(CREATIVE_REJECTED) | TO(CREATIVE_ARCHIVED),
    [CREATIVE_ARCHIVED] = TO(CREATIVE_APPROVED),
};

bool creative_status_may_become(enum creative_status from, enum creative_status to)
{
    return from == to || (arrows[from] & TO(to)) != 0;
}

enum creative_status creative_status_stored(const struct creative_row *row)
{
    enum creative_status s;
    return creative_status_parse(row->status, &s) ? s : CREATIVE_PROCESSING;
}

enum creative_approval creative_approval_mode(const struct act *act)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    return act->auto_advance || !ts.creative_review_required ? CREATIVE_AUTO_APPROVE : CREATIVE_REQUIRE_HUMAN;
}

int creative_get(const struct act *act, struct str principal_id, struct str creative_id, struct creative_row *out,
                 struct err *e)
{
    struct creative_key key = { act->tenant->tenant_id, principal_id, creative_id };
    return q_creative_get(act->tx, act->arena, &key, out, e);
}

/* Somebody else's creative gets the same answer as one that does not exist. */
static int must_get(const struct act *act, struct str principal_id, struct str creative_id, struct creative_row *out,
                    struct err *e)
{
    int rc = creative_get(act, principal_id, creative_id, out, e);
    if (rc == 0) {
        (void)err_set(e, "CREATIVE_NOT_FOUND", "there is no creative with this creative_id");
        (void)err_suggest(e, "see list_creatives, or register it with sync_creatives");
        return -1;
    }
    return rc < 0 ? -1 : 0;
}

/* ---- assignments ---- */

struct format_list {
    struct format_ref *refs;
    size_t n;
};

/* A package that asked for some of its product's formats takes only those. */
static void narrow_formats(struct arena *a, yyjson_val *package, struct format_list *list)
{
    yyjson_val *own = json_arr(package, "format_ids"), *v;
    if (!own) own = json_arr(json_get_path(package, "/ext/salesagent"), "creative_format_ids");
    size_t i, n, kept = 0;
    if (yyjson_arr_size(own) == 0) return;
    struct format_ref *refs = ARENA_ARRAY(a, struct format_ref, yyjson_arr_size(own));
    yyjson_arr_foreach(own, i, n, v) {
        if (format_ref_read(v, &refs[kept])) kept++;
    }
    if (kept) *list = (struct format_list){ refs, kept };
}

/* The same for a package that named format options (AdCP 3.1): an option has the id of its format (targeting_values.c). */
static void narrow_options(struct arena *a, yyjson_val *package, struct format_list *list)
{
    yyjson_val *own = json_arr(package, "format_option_refs"), *v;
    size_t i, n, kept = 0;
    if (yyjson_arr_size(own) == 0 || json_arr(package, "format_ids")) return;
    struct format_ref *refs = ARENA_ARRAY(a, struct format_ref, yyjson_arr_size(own));
    yyjson_arr_foreach(own, i, n, v) {
        for (size_t k = 0; k < list->n; k++) {
            if (!str_eq(list->refs[k].id, json_str(v, "format_option_id"))) continue;
            refs[kept++] = list->refs[k];
            break;
        }
    }
    if (kept) *list = (struct format_list){ refs, kept };
}

/* 1 yes, 0 no, -1 failed. */
static int any_fits(const struct act *act, const struct format_list *list, const struct format_ref *ref, struct err *e)
{
    struct format_spec have, takes;
    int rc = format_load(act->tx, act->arena, act->tenant->tenant_id, ref, &have, e);
    if (rc < 0) return -1;
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->refs[i].id, ref->id)) return 1;
        int known = format_load(act->tx, act->arena, act->tenant->tenant_id, &list->refs[i], &takes, e);
        if (known < 0) return -1;
        if (rc == 1 && known == 1 && format_fits(&have, &takes)) return 1;
    }
    return 0;
}

/* Of a creative that names a kind ("image") instead of a format: does the package take that kind of ad at the size that its
 * primary asset is said to have? Custom ones are for people. */
static int kind_fits(const struct act *act, const struct creative_row *c, const struct format_list *takes,
                     struct err *e)
{
    yyjson_val *doc = document_read(act->arena, c->doc), *primary = json_get_path(doc, "/assets/primary");
    struct format_spec have, spec;
    bool same = false;
    if (!format_of_kind(act->arena, json_str(doc, "format_kind"), NULL, &have) || have.type == FORMAT_OTHER) return 0;
    int64_t width = json_i64_or(primary, "width", 0), height = json_i64_or(primary, "height", 0);
    for (size_t i = 0; i < takes->n; i++) {
        int known = format_load(act->tx, act->arena, act->tenant->tenant_id, &takes->refs[i], &spec, e);
        if (known < 0) return -1;
        if (!known) return 0; /* another agent's: nothing is known of it */
        if (spec.type != have.type) continue;
        same = true;
        bool any = width == 0 || height == 0 || spec.width == 0 || have.type != FORMAT_DISPLAY;
        if (any || (spec.width == width && spec.height == height)) return 0;
    }
    if (same) (void)err_set(e, "VALIDATION_ERROR", "the package takes no ad of %dx%d", (int)width, (int)height);
    else (void)err_set(e, "VALIDATION_ERROR", "the package takes no ad of the kind " STR_FMT, STR_ARG(have.name));
    return err_suggest(e, "see list_creative_formats for what it takes");
}

static int check_format(const struct act *act, const struct creative_row *c, const struct creative_package_row *p,
                        struct err *e)
{
    struct product product;
    int rc = product_load(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e);
    if (rc < 0) return -1;
    struct format_list takes = { .refs = rc == 1 ? product.formats : NULL, .n = rc == 1 ? product.formats_n : 0 };
    struct format_ref ref;
    narrow_formats(act->arena, document_read(act->arena, p->doc), &takes);
    narrow_options(act->arena, document_read(act->arena, p->doc), &takes);
    if (takes.n == 0) return 0;
    yyjson_val *format_id = yyjson_obj_get(document_read(act->arena, c->doc), "format_id");
    if (!format_ref_read(format_id, &ref)) return kind_fits(act, c, &takes, e);
    rc = any_fits(act, &takes, &ref, e);
    if (rc != 0) return rc < 0 ? -1 : 0;
    (void)err_set(e, "VALIDATION_ERROR", "the package does not take creatives of format " STR_FMT, STR_ARG(ref.id));
    return err_suggest(e, "use a format of the package's product");
}

static struct str assignment_doc(const struct act *act, yyjson_val *assignment)
{
    static const char *const kept[] = { "weight", "placement_refs", "placement_ids" };
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, root, kept[i], yyjson_obj_get(assignment, kept[i]));
    return json_write(act->arena, root);
}

static int find_package(const struct act *act, const struct creative_package *package, struct creative_package_row *out,
                        struct err *e)
{
    struct creative_key owner = { .tenant_id = act->tenant->tenant_id, .principal_id = package->principal_id };
    int rc = q_creative_package_get(act->tx, act->arena, &owner, package->package_id, out, e);
    if (rc == 0) return err_set(e, "PACKAGE_NOT_FOUND", "there is no package with this package_id");
    return rc < 0 ? -1 : 0;
}

int creative_assign(const struct act *act, const struct creative_package *package, struct str creative_id,
                    yyjson_val *assignment, struct err *e)
{
    struct creative_row c;
    struct creative_package_row p;
    if (find_package(act, package, &p, e) || must_get(act, package->principal_id, creative_id, &c, e)) return -1;
    if (p.canceled) return err_set(e, "INVALID_STATE", "the package is canceled");
    enum creative_status s = creative_status_stored(&c);
    if (s == CREATIVE_REJECTED || s == CREATIVE_ARCHIVED) {
        (void)err_set(e, "CREATIVE_REJECTED", "the creative is %s", creative_status_name(s));
        return err_suggest(e, "sync it again, corrected, before assigning it");
    }
    if (check_format(act, &c, &p, e)) return -1;
    struct creative_assignment_row row = { .key = c.key,
                                           .package_id = p.package_id,
                                           .media_buy_id = p.media_buy_id,
                                           .doc = assignment_doc(act, assignment),
                                           .created_at = act->now };
    return q_creative_assign(act->tx, &row, e) < 0 ? -1 : 0;
}

int creative_unassign(const struct act *act, const struct creative_package *package, struct str creative_id,
                      struct err *e)
{
    struct creative_package_row p;
    if (find_package(act, package, &p, e)) return -1;
    return q_creative_unassign(act->tx, p.package_id, creative_id, act->now, e) < 0 ? -1 : 0;
}

static bool names_creative(yyjson_val *assignments, struct str creative_id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(assignments, i, n, v) {
        if (str_eq(json_str(v, "creative_id"), creative_id)) return true;
    }
    return false;
}

int creative_assign_all(const struct act *act, const struct creative_package *package, yyjson_val *assignments,
                        struct str at, struct err *e)
{
    struct creative_assignment_rows had;
    if (q_creative_assignments_of_package(act->tx, act->arena, package->package_id, &had, e)) return -1;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(assignments, i, n, v) {
        if (creative_assign(act, package, json_str(v, "creative_id"), v, e)) {
            return err_in(e, STR_FMT "/%zu%s", STR_ARG(at), i, e->field[0] ? "" : "/creative_id");
        }
    }
    for (size_t k = 0; k < had.n; k++) {
        if (names_creative(assignments, had.rows[k].key.creative_id)) continue;
        if (q_creative_unassign(act->tx, package->package_id, had.rows[k].key.creative_id, act->now, e) < 0) return -1;
    }
    return 0;
}

/* ---- reading what is assigned ---- */

static struct str rejection_reason(struct arena *a, const struct creative_row *c)
{
    if (!str_is(c->status, "rejected")) return STR_NONE;
    return json_val_str(json_get_path(document_read(a, c->doc), "/salesagent/review/reason"));
}

int creatives_of_buys(struct tx *tx, struct arena *a, const struct str *media_buy_ids, size_t n,
                      struct creative_assigned_list *out, struct err *e)
{
    struct creative_assignment_rows *rows = ARENA_ARRAY(a, struct creative_assignment_rows, n ? n : 1);
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        if (q_creative_assignments_of_buy(tx, a, media_buy_ids[i], &rows[i], e)) return -1;
        total += rows[i].n;
    }
    struct creative_assigned_list list = { .items = ARENA_ARRAY(a, struct creative_assigned, total ? total : 1) };
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rows[i].n; k++) {
            const struct creative_assignment_row *r = &rows[i].rows[k];
            list.items[list.n++] = (struct creative_assigned){ .media_buy_id = r->media_buy_id,
                                                               .package_id = r->package_id,
                                                               .creative_id = r->key.creative_id,
                                                               .name = r->creative.name,
                                                               .format_id = r->creative.format_id,
                                                               .status = creative_status_stored(&r->creative),
                                                               .rejection_reason = rejection_reason(a, &r->creative),
                                                               .doc = r->doc,
                                                               .created_at = r->created_at };
        }
    }
    *out = list;
    return 0;
}

int creatives_ready(const struct act *act, struct str media_buy_id, struct creatives_readiness *out, struct err *e)
{
    struct creative_package_rows packages;
    struct creative_assignment_rows assigned;
    if (q_creative_packages_of_buy(act->tx, act->arena, media_buy_id, &packages, e)) return -1;
    if (q_creative_assignments_of_buy(act->tx, act->arena, media_buy_id, &assigned, e)) return -1;
    struct creatives_readiness r = { .lacking = ARENA_ARRAY(act->arena, struct str, packages.n + 1) };
    bool waits = assigned.n > 0 && booking_awaits_creatives(act);
    for (size_t i = 0; i < packages.n; i++) {
        if (packages.rows[i].canceled) continue;
        bool any = false, approved = false;
        for (size_t k = 0; k < assigned.n; k++) {
            if (!str_eq(assigned.rows[k].package_id, packages.rows[i].package_id)) continue;
            enum creative_status s = creative_status_stored(&assigned.rows[k].creative);
            any = any || s == CREATIVE_PROCESSING || s == CREATIVE_PENDING_REVIEW || s == CREATIVE_APPROVED;
            approved = approved || (s == CREATIVE_APPROVED && (!waits || assigned.rows[k].sent_at != TIME_NONE));
        }
        if (!approved) r.lacking[r.packages - r.approved] = packages.rows[i].package_id;
        r.packages++;
        r.assigned += any;
        r.approved += approved;
    }
    *out = r;
    return 0;
}

/* ---- status ---- */

static struct str with_review(const struct act *act, const struct creative_row *row, const struct creative_change *c)
{
    struct document d;
    document_open(act->arena, row->doc, &d);
    yyjson_mut_val *ours = document_get(&d, "salesagent");
    if (!ours) ours = json_add_obj(d.doc, d.root, "salesagent");
    (void)yyjson_mut_obj_remove_key(ours, "review"); /* absent is fine */
    yyjson_mut_val *review = json_add_obj(d.doc, ours, "review");
    json_add_cstr(d.doc, review, "status", creative_status_name(c->status));
    json_add_str_opt(d.doc, review, "reason", c->reason);
    json_add_str(d.doc, review, "by", act->actor);
    json_add_time(d.doc, review, "at", act->now);
    return document_text(&d);
}

static int audit_status(const struct act *act, const struct creative_row *row, const struct creative_change *c,
                        struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "principal_id", row->key.principal_id);
    json_add_str(doc, root, "from", row->status);
    json_add_cstr(doc, root, "to", creative_status_name(c->status));
    json_add_str_opt(doc, root, "reason", c->reason);
    struct audit_entry entry = { .action = "creative.status",
                                 .subject =
                                     arena_printf(act->arena, "creative:" STR_FMT, STR_ARG(row->key.creative_id)),
                                 .doc = json_write(act->arena, root) };
    return audit_add(act, &entry, e);
}

int creative_set_status(const struct act *act, const struct creative_change *change, struct creative_key *changed,
                        struct err *e)
{
    struct creative_row row;
    if (must_get(act, change->principal_id, change->creative_id, &row, e)) return -1;
    enum creative_status from = creative_status_stored(&row);
    if (!creative_status_may_become(from, change->status)) {
        return err_set(e, "INVALID_STATE", "a creative that is %s cannot become %s", creative_status_name(from),
                       creative_status_name(change->status));
    }
    if (audit_status(act, &row, change, e)) return -1;
    row.doc = with_review(act, &row, change);
    row.status = str_from(creative_status_name(change->status));
    row.updated_at = act->now;
    if (q_creative_put(act->tx, &row, e) < 0) return -1;
    if (change->status == CREATIVE_PENDING_REVIEW) {
        if (creative_review_open(act, &row, NULL, e)) return -1;
    } else if (creative_review_close(act, &row, change->task_id, e)) {
        return -1;
    }
    struct creative_transition t = { creative_status_name(from), creative_status_name(change->status), change->reason };
    if (notify_creative(act, &row, &t, e)) return -1;
    *changed = row.key;
    return 0;
}

/* Over, or never to begin: nothing there can use a creative any more. */
static bool buy_is_over(const struct creative_package_row *p, int64_t now)
{
    static const char *const over[] = { "completed", "canceled", "rejected", "failed" };
    for (size_t i = 0; i < ARRAY_LEN(over); i++) {
        if (str_is(p->media_buy_status, over[i])) return true;
    }
    return p->canceled || p->end_at <= now;
}

int creative_archive(const struct act *act, const struct creative_row *row, struct err *why, struct err *e)
{
    struct creative_assignment_rows used;
    if (q_creative_assignments_of_creative(act->tx, act->arena, &row->key, &used, e)) return -1;
    for (size_t i = 0; i < used.n; i++) {
        struct creative_package_row p;
        int rc = q_creative_package_get(act->tx, act->arena, &row->key, used.rows[i].package_id, &p, e);
        if (rc < 0) return -1;
        if (rc == 0 || buy_is_over(&p, act->now)) continue;
        (void)err_set(why, "INVALID_STATE", "package " STR_FMT " still uses this creative", STR_ARG(p.package_id));
        (void)err_suggest(why, "unassign it first");
        return 0;
    }
    struct creative_change c = { .principal_id = row->key.principal_id,
                                 .creative_id = row->key.creative_id,
                                 .status = CREATIVE_ARCHIVED,
                                 .reason = STR("not in the buyer's library any more") };
    struct creative_key changed; /* `row`, whose buys the caller settles */
    return creative_set_status(act, &c, &changed, e) ? -1 : 1;
}

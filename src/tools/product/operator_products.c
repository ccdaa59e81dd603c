/* Products for the publisher's people: x_product_list, x_product_get, x_product_add, x_product_set, x_product_offer,
 * x_product_remove. A change is a merge patch (RFC 7396) of AdCP's product; what comes of it goes the same way into the
 * catalogue as a file does. */
#include "contract/document.h"
#include "domain/core/ad_server.h"
#include "domain/core/audit.h"
#include "domain/product/catalog.h"
#include "domain/product/catalog_check.h"
#include "domain/product/product.h"
#include "tools/operation_tools.h"
#include "tools/product/operator_products.h"

#define LIST_DEFAULT    50
#define SLICE           100
#define LOOKED_AT       1000 /* products of a search for one page */
#define DESCRIPTION_MAX 300

/* --- the list --------------------------------------------------------------------------------------------------- */

static bool holds(struct str where, struct str what)
{
    for (size_t i = 0; i + what.n <= where.n; i++) {
        size_t k = 0;
        while (k < what.n && (where.p[i + k] | (where.p[i + k] >= 'A' && where.p[i + k] <= 'Z' ? 32 : 0)) == what.p[k])
            k++;
        if (k == what.n) return true;
    }
    return false;
}

static void encode_prices(struct tool_call *c, yyjson_mut_val *o, const struct product *p)
{
    yyjson_mut_val *list = json_add_arr(c->doc, o, "prices");
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *q = &p->pricing_options[i];
        yyjson_mut_val *one = json_push_obj(c->doc, list);
        json_add_copy(c->doc, one, "pricing_model", yyjson_obj_get(q->doc, "pricing_model"));
        json_add_str(c->doc, one, "currency", arena_dup(c->arena, str_from(q->currency)));
        if (q->fixed_price_micros >= 0) json_add_money(c->doc, one, "fixed_price", q->fixed_price_micros);
        if (q->floor_micros >= 0) json_add_money(c->doc, one, "floor_price", q->floor_micros);
    }
}

struct listing {
    struct tool_call *c;
    struct str first; /* the first ad server's name */
    yyjson_mut_val *list;
};

static int add_listed(void *arg, const struct product *p, struct err *e)
{
    struct listing *l = arg;
    struct tool_call *c = l->c;
    yyjson_mut_val *o = json_push_obj(c->doc, l->list);
    struct str server = product_ad_server(p), text = p->description;
    if (text.n > DESCRIPTION_MAX) text.n = DESCRIPTION_MAX; /* a half sequence at its end becomes U+FFFD */
    json_add_str(c->doc, o, "product_id", p->product_id);
    json_add_str(c->doc, o, "name", p->name);
    json_add_str(c->doc, o, "description", text);
    json_add_bool(c->doc, o, "on_sale", p->active);
    json_add_cstr(c->doc, o, "delivery_type", p->guaranteed ? "guaranteed" : "non_guaranteed");
    json_add_str(c->doc, o, "ad_server", server.n ? server : l->first);
    yyjson_mut_val *channels = json_add_arr(c->doc, o, "channels");
    for (size_t i = 0; i < p->channels_n; i++) json_push_str(c->doc, channels, p->channels[i]);
    json_add_i64(c->doc, o, "formats", (int64_t)p->formats_n);
    if (p->daily_impressions >= 0) json_add_i64(c->doc, o, "daily_impressions", p->daily_impressions);
    encode_prices(c, o, p);
    return 0;
}

static bool wanted(const struct operator_products *l, struct str lower, const struct product *p)
{
    if (l->sale.n && str_is(l->sale, "on") != p->active) return false;
    return !lower.n || holds(p->name, lower) || holds(p->description, lower) || holds(p->product_id, lower);
}

int operator_products_each(struct operator_products *l, struct err *e)
{
    struct tool_call *c = l->c;
    int64_t end = l->at + LOOKED_AT, given = 0;
    char *lower = arena_alloc(c->arena, l->text.n + 1);
    for (size_t i = 0; i < l->text.n; i++)
        lower[i] = (char)(l->text.p[i] >= 'A' && l->text.p[i] <= 'Z' ? l->text.p[i] + 32 : l->text.p[i]);
    while (l->at < end) {
        struct catalog_rows rows;
        struct catalog_slice slice = { l->at, SLICE };
        if (q_catalog_list(c->act->tx, c->arena, CATALOG_PRODUCT, c->act->tenant->tenant_id, slice, &rows, e))
            return -1;
        for (size_t i = 0; i < rows.n; i++) {
            struct product p;
            struct err damaged; /* it never breaks the rest; x_product_get says so of it */
            if (given == l->limit) return 0;
            l->at++;
            yyjson_val *doc = json_parse_own(c->arena, rows.rows[i].doc);
            if (!doc || product_read(c->arena, doc, &p, &damaged)) continue;
            if (!wanted(l, (struct str){ lower, l->text.n }, &p)) continue;
            if (l->each(l->arg, &p, e)) return -1;
            given++;
        }
        if (rows.n < SLICE) {
            l->at = -1;
            return 0;
        }
    }
    return 0;
}

int tool_x_product_list(struct tool_call *c, struct err *e)
{
    struct listing l = { .c = c, .list = json_add_arr(c->doc, c->reply, "products") };
    struct operator_products all = { .c = c,
                                     .text = json_str(c->args, "text"),
                                     .sale = json_str(c->args, "sale"),
                                     .limit = json_i64_or(c->args, "limit", LIST_DEFAULT),
                                     .at = json_i64_or(c->args, "after", 0),
                                     .each = add_listed,
                                     .arg = &l };
    if (ad_server_first(c->act, &l.first, e) || operator_products_each(&all, e)) return -1;
    json_add_bool(c->doc, c->reply, "has_more", all.at >= 0);
    if (all.at >= 0) json_add_i64(c->doc, c->reply, "next", all.at);
    return 0;
}

/* --- one -------------------------------------------------------------------------------------------------------- */

static int must_find(struct tool_call *c, const char *member, struct catalog_row *out, struct err *e)
{
    int rc = q_catalog_get(c->act->tx, c->arena, CATALOG_PRODUCT, c->act->tenant->tenant_id, json_str(c->args, member),
                           out, e);
    if (rc == 1) return 0;
    if (rc < 0) return -1;
    (void)err_set(e, "PRODUCT_NOT_FOUND", "There is no such product.");
    (void)err_suggest(e, "x_product_list names them.");
    return err_field(e, "/%s", member);
}

int operator_product_load(struct tool_call *c, struct product *out, struct err *e)
{
    struct catalog_row row;
    if (must_find(c, "product_id", &row, e)) return -1;
    yyjson_val *doc = document_read(c->arena, row.doc);
    return document_whole(c->arena, e) || product_read(c->arena, doc, out, e) ? -1 : 0;
}

static int encode_one(struct tool_call *c, struct str product_id, struct err *e)
{
    struct catalog_row row;
    struct str first;
    struct flight_list flights;
    struct product_window all = { .tenant_id = c->act->tenant->tenant_id, .product_id = product_id };
    int rc = q_catalog_get(c->act->tx, c->arena, CATALOG_PRODUCT, all.tenant_id, product_id, &row, e);
    if (rc < 1) return rc;
    if (ad_server_first(c->act, &first, e) || q_product_flights(c->act->tx, c->arena, &all, c->act->now, &flights, e))
        return -1;
    yyjson_val *ours = json_obj(json_obj(document_read(c->arena, row.doc), "ext"), "salesagent");
    struct str server = json_str(json_obj(ours, "ad_server"), "name");
    json_add_str(c->doc, c->reply, "product_id", product_id);
    json_add_bool(c->doc, c->reply, "on_sale", json_bool_or(ours, "active", true));
    json_add_str(c->doc, c->reply, "ad_server", server.n ? server : first);
    json_add_i64(c->doc, c->reply, "running", (int64_t)flights.n);
    if (!json_add_text(c->doc, c->reply, "product", row.doc)) (void)json_add_obj(c->doc, c->reply, "product");
    return document_whole(c->arena, e);
}

int tool_x_product_get(struct tool_call *c, struct err *e)
{
    struct catalog_row row;
    return must_find(c, "product_id", &row, e) ? -1 : encode_one(c, row.id, e);
}

/* --- changing --------------------------------------------------------------------------------------------------- */

struct change {
    struct tool_call *c;
    struct str product_id;
    const char *action;
};

/* The names of what was changed, for the trail: what it says is in the product, and long. */
static struct str changed_members(struct tool_call *c, yyjson_val *patch)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *root = json_root_obj(doc), *list = json_add_arr(doc, root, "changed");
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(patch, i, n, key, val) {
        if (i < 50 && yyjson_get_len(key) < 200) json_push_str(doc, list, json_val_str(key));
    }
    return json_write(c->arena, root);
}

static int write_audit(const struct change *x, struct str doc, struct err *e)
{
    struct audit_entry entry = { .action = x->action,
                                 .subject = arena_printf(x->c->arena, "product:" STR_FMT, STR_ARG(x->product_id)),
                                 .doc = doc };
    return audit_add(x->c->act, &entry, e);
}

/* What comes of `base` (may be NULL) with the patch, into the catalogue, if it is sound; and a line of the trail when it is
 * another than it was. */
static int put(const struct change *x, yyjson_val *base, yyjson_val *patch, struct err *e)
{
    struct tool_call *c = x->c;
    struct catalog_writer w = {
        .tx = c->act->tx,
        .arena = c->arena,
        .tenant_id = c->act->tenant->tenant_id,
        .now = c->act->now,
        .sandbox = c->act->sandbox,
    };
    yyjson_doc *parsed;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    struct str id = json_str(patch, "product_id");
    if (json_has(patch, "product_id") && !str_eq(id, x->product_id)) {
        (void)err_set(e, "INVALID_REQUEST", "The id of a product cannot be changed; make a copy.");
        return err_field(e, "/product/product_id");
    }
    yyjson_mut_val *merged = yyjson_merge_patch(doc, base, patch);
    struct str text = json_write(c->arena, merged);
    if (base && document_same(c->arena, text, json_write_val(c->arena, base)))
        return 0; /* an order of members is no change */
    if (document_fits(text, PRODUCT_BYTES_MAX, "The product", e)) return err_field(e, "/product");
    if (json_parse(c->arena, text, &json_limits_own, &parsed, e)) return err_in(e, "/product");
    int rc = catalog_put_product(&w, yyjson_doc_get_root(parsed), CATALOG_POSITION_KEEP, e);
    if (rc < 0) return err_in(e, "/product");
    if (rc == 0) return 0;
    if (catalog_check_stored(w.tx, c->arena, CATALOG_PRODUCT, w.tenant_id, x->product_id, e))
        return err_in(e, "/product");
    return write_audit(x, changed_members(c, patch), e);
}

static yyjson_val *read_back(struct tool_call *c, yyjson_mut_val *v)
{
    return json_parse_own(c->arena, json_write(c->arena, v));
}

/* Of a copy everything but its id; of a new one the little that AdCP wants and nobody would think of. Neither is on sale. */
static yyjson_val *beginning(struct tool_call *c, struct str product_id, yyjson_val *of)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *o = of ? json_copy(doc, of) : json_root_obj(doc);
    if (!of) {
        json_add_str(doc, o, "name", product_id);
        json_add_cstr(doc, o, "delivery_type", "non_guaranteed");
    }
    yyjson_mut_obj_put(o, yyjson_mut_str(doc, "product_id"), yyjson_mut_strncpy(doc, product_id.p, product_id.n));
    yyjson_mut_val *ext = yyjson_mut_obj_get(o, "ext"), *ours;
    if (!ext) ext = json_add_obj(doc, o, "ext");
    ours = yyjson_mut_obj_get(ext, "salesagent");
    if (!ours) ours = json_add_obj(doc, ext, "salesagent");
    yyjson_mut_obj_put(ours, yyjson_mut_str(doc, "active"), yyjson_mut_bool(doc, false));
    return read_back(c, o);
}

int tool_x_product_add(struct tool_call *c, struct err *e)
{
    struct catalog_row row = { 0 };
    struct change x = { c, json_str(c->args, "product_id"), "product.add" };
    int rc = q_catalog_get(c->act->tx, c->arena, CATALOG_PRODUCT, c->act->tenant->tenant_id, x.product_id, &row, e);
    if (rc != 0) {
        if (rc < 0) return -1;
        (void)err_set(e, "CONFLICT", "There is a product of this id already.");
        return err_field(e, "/product_id");
    }
    bool copies = json_has(c->args, "copy_of");
    if (copies && must_find(c, "copy_of", &row, e)) return -1;
    yyjson_val *of = copies ? document_read(c->arena, row.doc) : NULL, *patch = json_obj(c->args, "product");
    if (document_whole(c->arena, e)) return -1;
    if (!patch) patch = read_back(c, yyjson_mut_obj(json_doc_new(c->arena)));
    yyjson_mut_doc *doc = json_doc_new(c->arena); /* the little that it begins with is no product yet */
    yyjson_val *begun = beginning(c, x.product_id, of);
    patch = read_back(c, yyjson_merge_patch(doc, begun, patch));
    return put(&x, NULL, patch, e) || encode_one(c, x.product_id, e) ? -1 : 0;
}

int tool_x_product_set(struct tool_call *c, struct err *e)
{
    struct catalog_row row;
    if (must_find(c, "product_id", &row, e)) return -1;
    struct change x = { c, row.id, "product.set" };
    yyjson_val *base = document_read(c->arena, row.doc);
    if (document_whole(c->arena, e)) return -1;
    return put(&x, base, json_obj(c->args, "product"), e) || encode_one(c, row.id, e) ? -1 : 0;
}

int tool_x_product_offer(struct tool_call *c, struct err *e)
{
    struct catalog_row row;
    bool on = str_is(json_str(c->args, "sale"), "on");
    if (must_find(c, "product_id", &row, e)) return -1;
    struct change x = { c, row.id, on ? "product.on_sale" : "product.off_sale" };
    yyjson_val *base = document_read(c->arena, row.doc);
    if (document_whole(c->arena, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *patch = json_root_obj(doc);
    json_add_bool(doc, json_add_obj(doc, json_add_obj(doc, patch, "ext"), "salesagent"), "active", on);
    return put(&x, base, read_back(c, patch), e) || encode_one(c, row.id, e) ? -1 : 0;
}

int tool_x_product_remove(struct tool_call *c, struct err *e)
{
    struct catalog_row row;
    if (must_find(c, "product_id", &row, e)) return -1;
    struct str tenant_id = c->act->tenant->tenant_id;
    struct change x = { c, row.id, "product.remove" };
    int used = q_product_used(c->act->tx, tenant_id, row.id, e);
    if (used < 0) return -1;
    if (used) {
        (void)err_set(e, "INVALID_STATE", "Media buys or proposals name this product, so it cannot be removed.");
        (void)err_suggest(e, "Take it off sale: x_product_offer.");
        return err_field(e, "/product_id");
    }
    return q_product_delete(c->act->tx, tenant_id, row.id, c->act->now, e) || write_audit(&x, STR_NONE, e) ? -1 : 0;
}

/* See proposal.h. A draft's id is base64url of
 *
 *     version (1 byte) | count (1) | count x { product (5), pricing option (2), percent (1) } | checksum (4)
 *
 * where product and pricing option are the first bytes of SHA-256 of their ids and the checksum is SHA-256 over the
 * publisher and all before it. Reading it back looks through the catalogue's ids; 10,000 of them take milliseconds
 * and only refinement pays that. */
#include "domain/product/proposal.h"
#include "contract/document.h"

#include <salesagent/money.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "domain/product/forecast.h"
#include "domain/product/insertion_order.h"
#include "store/q/q_catalog.h"

#define ID_PREFIX     "prop-"
#define ID_VERSION    1
#define PRODUCT_BYTES 5
#define OPTION_BYTES  2
#define CHECK_BYTES   4
#define ITEM_BYTES    (PRODUCT_BYTES + OPTION_BYTES + 1)
#define ID_BYTES_MAX  (2 + PROPOSAL_ALLOCATIONS_MAX * ITEM_BYTES + CHECK_BYTES)

/* ---- ids ---- */

static void fingerprint(struct str id, uint8_t *out, size_t n)
{
    uint8_t hash[SHA256_BYTES];
    sha256(id, hash);
    memcpy(out, hash, n);
}

static void checksum(const struct act *act, const uint8_t *bytes, size_t n, uint8_t out[CHECK_BYTES])
{
    struct str body = hex_encode(act->arena, (struct str){ (const char *)bytes, n });
    fingerprint(arena_printf(act->arena, STR_FMT "|" STR_FMT, STR_ARG(act->tenant->tenant_id), STR_ARG(body)), out,
                CHECK_BYTES);
}

void proposal_name(const struct act *act, struct proposal *p)
{
    uint8_t bytes[ID_BYTES_MAX] = { ID_VERSION, (uint8_t)p->n };
    size_t at = 2;
    int sum = 0;
    ENSURE(p->n > 0 && p->n <= PROPOSAL_ALLOCATIONS_MAX);
    for (size_t i = 0; i < p->n; i++) {
        const struct allocation *a = &p->allocations[i];
        fingerprint(a->product.product_id, bytes + at, PRODUCT_BYTES);
        fingerprint(a->option->pricing_option_id, bytes + at + PRODUCT_BYTES, OPTION_BYTES);
        bytes[at + PRODUCT_BYTES + OPTION_BYTES] = (uint8_t)a->percent;
        at += ITEM_BYTES;
        sum += a->percent;
    }
    ENSURE(sum == 100);
    checksum(act, bytes, at, bytes + at);
    struct str text = base64url_encode(act->arena, (struct str){ (const char *)bytes, at + CHECK_BYTES });
    p->proposal_id = arena_printf(act->arena, ID_PREFIX STR_FMT, STR_ARG(text));
}

static bool id_well_formed(const struct act *act, struct str id, struct str *bytes)
{
    uint8_t check[CHECK_BYTES];
    if (!str_starts(id, STR(ID_PREFIX)) || base64_decode(act->arena, str_skip(id, sizeof(ID_PREFIX) - 1), bytes))
        return false;
    if (bytes->n < 2 + ITEM_BYTES + CHECK_BYTES || bytes->p[0] != ID_VERSION) return false;
    size_t count = (uint8_t)bytes->p[1];
    if (count > PROPOSAL_ALLOCATIONS_MAX || bytes->n != 2 + count * ITEM_BYTES + CHECK_BYTES) return false;
    size_t body = bytes->n - CHECK_BYTES;
    checksum(act, (const uint8_t *)bytes->p, body, check);
    return memcmp(check, bytes->p + body, CHECK_BYTES) == 0;
}

static const struct pricing_option *option_of(const struct product *p, const uint8_t *print)
{
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        uint8_t own[OPTION_BYTES];
        fingerprint(p->pricing_options[i].pricing_option_id, own, OPTION_BYTES);
        if (memcmp(own, print, OPTION_BYTES) == 0) return &p->pricing_options[i];
    }
    return NULL;
}

/* 1 read, 0 no such product or option, -1 failed. */
static int read_allocation(const struct act *act, const struct catalog_rows *ids, const uint8_t *item,
                           struct allocation *out, struct err *e)
{
    for (size_t i = 0; i < ids->n; i++) {
        uint8_t own[PRODUCT_BYTES];
        fingerprint(ids->rows[i].id, own, PRODUCT_BYTES);
        if (memcmp(own, item, PRODUCT_BYTES) != 0) continue;
        int rc = product_load_listed(act->tx, act->arena, act->tenant->tenant_id, ids->rows[i].id, &out->product, e);
        if (rc != 1) return rc;
        out->option = option_of(&out->product, item + PRODUCT_BYTES);
        out->percent = item[PRODUCT_BYTES + OPTION_BYTES];
        return out->option && out->product.active;
    }
    return 0;
}

/* ---- the publisher's own ---- */

size_t proposal_curated_count(const struct tenant_settings *ts)
{
    return yyjson_arr_size(json_arr(ts->doc, "proposals"));
}

int proposal_check_curated(yyjson_val *settings, struct err *e)
{
    yyjson_val *list = NULL, *v, *allocations, *a;
    size_t i, n, j, m;
    if (json_opt_arr(JSON_FIELD(settings, "proposals", ""), (struct json_len){ 0, 100 }, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, v) {
        struct str text;
        int64_t sum = 0, percent;
        const struct json_len len = { 1, 255 };
        if (json_req_str(JSON_FIELD(v, "proposal_id", ""), len, &text, e) ||
            json_req_str(JSON_FIELD(v, "name", ""), len, &text, e) ||
            json_req_arr(JSON_FIELD(v, "allocations", ""), (struct json_len){ 1, PROPOSAL_ALLOCATIONS_MAX },
                         &allocations, e)) {
            return err_in(e, "/proposals/%zu", i);
        }
        yyjson_arr_foreach(allocations, j, m, a) {
            if (json_req_str(JSON_FIELD(a, "product_id", ""), len, &text, e) ||
                json_req_str(JSON_FIELD(a, "pricing_option_id", ""), len, &text, e) ||
                json_req_i64(JSON_FIELD(a, "percent", ""), (struct json_range){ 1, 100 }, &percent, e)) {
                return err_in(e, "/proposals/%zu/allocations/%zu", i, j);
            }
            sum += percent;
        }
        if (sum == 100) continue;
        (void)err_set(e, "INVALID_REQUEST", "the percents of a proposal must add up to 100");
        return err_field(e, "/proposals/%zu/allocations", i);
    }
    return 0;
}

int proposal_read_curated(const struct act *act, const struct tenant_settings *ts, size_t i, struct proposal *out,
                          struct err *e)
{
    yyjson_val *v = yyjson_arr_get(json_arr(ts->doc, "proposals"), i), *a;
    struct proposal p = { .proposal_id = json_str(v, "proposal_id"),
                          .name = json_str(v, "name"),
                          .description = json_str(v, "description") };
    size_t at, n;
    int sum = 0;
    yyjson_arr_foreach(json_arr(v, "allocations"), at, n, a) {
        struct allocation *to = &p.allocations[p.n];
        if (p.n == PROPOSAL_ALLOCATIONS_MAX) return 0;
        int rc = product_load(act->tx, act->arena, act->tenant->tenant_id, json_str(a, "product_id"), &to->product, e);
        if (rc != 1) return rc;
        to->option = product_pricing_option(&to->product, json_str(a, "pricing_option_id"));
        to->percent = (int)json_i64_or(a, "percent", 0);
        if (!to->option || !to->product.active || to->percent < 1 || to->percent > 100) return 0;
        sum += to->percent;
        p.n++;
    }
    if (p.n == 0 || sum != 100) return 0;
    *out = p;
    return 1;
}

static int find_curated(const struct act *act, struct str proposal_id, struct proposal *out, struct err *e)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    for (size_t i = 0; i < proposal_curated_count(&ts); i++) {
        yyjson_val *v = yyjson_arr_get(json_arr(ts.doc, "proposals"), i);
        if (str_eq(json_str(v, "proposal_id"), proposal_id)) return proposal_read_curated(act, &ts, i, out, e);
    }
    return 0;
}

int proposal_read_draft(const struct act *act, struct str proposal_id, struct proposal *out, struct err *e)
{
    struct str bytes;
    struct catalog_rows ids;
    struct proposal p = { .proposal_id = proposal_id };
    if (!id_well_formed(act, proposal_id, &bytes)) return find_curated(act, proposal_id, out, e);
    struct catalog_slice all = { 0, CATALOG_PAGE_MAX };
    if (q_product_ids(act->tx, act->arena, act->tenant->tenant_id, all, &ids, e)) return -1;
    for (p.n = 0; p.n < (uint8_t)bytes.p[1]; p.n++) {
        const uint8_t *item = (const uint8_t *)bytes.p + 2 + p.n * ITEM_BYTES;
        int rc = read_allocation(act, &ids, item, &p.allocations[p.n], e);
        if (rc != 1) return rc;
    }
    *out = p;
    return 1;
}

/* ---- money ---- */

struct proposal_budget proposal_budget(const struct proposal *p, const struct tenant_settings *ts)
{
    struct proposal_budget b = { .min = ts->min_budget_micros, .max = ts->max_budget_micros };
    for (size_t i = 0; i < p->n; i++) {
        int64_t whole =
            muldiv(p->allocations[i].option->min_spend_micros, 100, p->allocations[i].percent, MONEY_ROUND_UP);
        if (whole > b.min) b.min = whole;
    }
    if (b.min < 100 * MICROS_PER_UNIT) b.min = 100 * MICROS_PER_UNIT;
    b.recommended = muldiv(b.min, 3, 1, MONEY_ROUND_UP);
    if (b.recommended > b.max) b.recommended = b.max;
    if (b.min > b.max) b.min = b.max;
    return b;
}

/* ---- JSON ---- */

static void add_allocation(yyjson_mut_doc *doc, yyjson_mut_val *arr, const struct allocation *a, int64_t sequence)
{
    yyjson_mut_val *out = json_push_obj(doc, arr);
    json_add_str(doc, out, "product_id", a->product.product_id);
    json_add_i64(doc, out, "allocation_percentage", a->percent);
    json_add_str(doc, out, "pricing_option_id", a->option->pricing_option_id);
    json_add_i64(doc, out, "sequence", sequence);
    int64_t rate = pricing_expected_rate(a->option);
    yyjson_mut_val *ours = json_add_obj(doc, json_add_obj(doc, out, "ext"), "salesagent");
    if (rate >= 0) json_add_money(doc, ours, "rate", rate);
    json_add_bool(doc, ours, "fixed", a->option->fixed_price_micros >= 0);
}

yyjson_mut_val *proposal_json(yyjson_mut_doc *doc, const struct proposal_view *v)
{
    const struct proposal *p = v->proposal;
    yyjson_mut_val *out = yyjson_mut_obj(doc);
    struct proposal_budget b = proposal_budget(p, v->ts);
    json_add_str(doc, out, "proposal_id", p->proposal_id);
    json_add_str(doc, out, "name", p->name.n ? p->name : STR("Media plan"));
    json_add_str_opt(doc, out, "description", p->description);
    yyjson_mut_val *arr = json_add_arr(doc, out, "allocations");
    for (size_t i = 0; i < p->n; i++) add_allocation(doc, arr, &p->allocations[i], (int64_t)i + 1);
    json_add_cstr(doc, out, "proposal_status", v->status);
    json_add_time(doc, out, "expires_at", v->expires_at);
    yyjson_mut_val *budget = json_add_obj(doc, out, "total_budget_guidance");
    json_add_money(doc, budget, "min", b.min);
    json_add_money(doc, budget, "recommended", b.recommended);
    json_add_money(doc, budget, "max", b.max);
    (void)yyjson_mut_obj_add_strcpy(doc, budget, "currency", p->allocations[0].option->currency);
    return out;
}

/* ---- finalizing ---- */

static struct proposal_row key_of(const struct act *act, struct str proposal_id)
{
    ENSURE(act->principal);
    return (struct proposal_row){ .tenant_id = act->tenant->tenant_id,
                                  .principal_id = act->principal->principal_id,
                                  .proposal_id = proposal_id };
}

static int not_found(struct err *e)
{
    (void)err_set(e, "PROPOSAL_NOT_FOUND", "There is no such proposal.");
    (void)err_suggest(e, "Take a proposal_id from a recent get_products answer.");
    return err_field(e, "/proposal_id");
}

/* What the recommended budget buys of this product, kept for the forecast's usual window. */
static int hold(const struct act *act, const struct proposal_row *row, const struct allocation *a, int64_t micros,
                struct err *e)
{
    struct forecast f;
    int64_t impressions = pricing_impressions(a->option, micros, pricing_expected_rate(a->option));
    if (forecast_product(act, &a->product, (struct forecast_window){ .start_at = TIME_NONE, .end_at = TIME_NONE }, &f,
                         e))
        return -1;
    if (impressions <= 0 || f.available < 0) return 0; /* nothing that can be counted */
    if (a->product.guaranteed && impressions > f.available) {
        (void)err_set(e, "PRODUCT_UNAVAILABLE", "Product " STR_FMT " has not enough inventory left for this plan.",
                      STR_ARG(a->product.product_id));
        (void)err_suggest(e, "Ask for another plan with get_products.");
        return err_field(e, "/proposal_id");
    }
    struct proposal_hold_row h = { a->product.product_id, impressions, f.start_at, f.end_at };
    return q_proposal_hold_add(act->tx, row, &h, e);
}

static int audit(const struct act *act, const char *action, const struct proposal_row *row, struct err *e)
{
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(act->arena, "proposal:" STR_FMT, STR_ARG(row->proposal_id)) };
    return audit_add(act, &entry, e);
}

int proposal_finalize(const struct act *act, struct str proposal_id, struct str *doc, struct err *e)
{
    struct proposal_row key = key_of(act, proposal_id), old;
    struct tenant_settings ts;
    struct proposal p;
    tenant_settings_read(act->tenant, act->arena, &ts);
    int found = q_proposal_get(act->tx, act->arena, &key, &old, e);
    if (found < 0) return -1;
    if (found && str_is(old.status, "committed") && old.expires_at > act->now) {
        *doc = old.doc;
        return 0;
    }
    int rc = proposal_read_draft(act, proposal_id, &p, e);
    if (rc != 1) return rc < 0 ? -1 : not_found(e);
    struct proposal_row row = key;
    row.status = STR("committed");
    row.created_at = act->now;
    row.expires_at = act->now + ts.proposal_hold_hours * 3600 * USEC_PER_SEC;
    struct proposal_view view = { &p, &ts, "committed", act->now, row.expires_at };
    yyjson_mut_doc *made = json_doc_new(act->arena);
    yyjson_mut_val *shown = proposal_json(made, &view);
    insertion_order_add(act, &view, made, shown);
    row.doc = json_write(act->arena, shown);
    if (q_proposal_put(act->tx, &row, e) || q_proposal_holds_drop(act->tx, &row, e)) return -1;
    int64_t total = proposal_budget(&p, &ts).recommended;
    for (size_t i = 0; i < p.n; i++) {
        if (hold(act, &row, &p.allocations[i], muldiv(total, p.allocations[i].percent, 100, MONEY_ROUND_DOWN), e))
            return -1;
    }
    if (audit(act, "proposal.finalize", &row, e)) return -1;
    *doc = row.doc;
    return 0;
}

/* ---- buying ---- */

/* -1 when it is a draft of request_proposals or refine_proposals: PROPOSAL_NOT_COMMITTED, or PROPOSAL_NOT_FOUND once declined. */
static int kept_draft(const struct act *act, const struct proposal_row *key, struct err *e)
{
    struct proposal_row draft;
    int rc = q_proposal_draft_get(act->tx, act->arena, key, &draft, e);
    if (rc <= 0) return rc;
    if (str_is(draft.status, "declined")) return not_found(e);
    (void)err_set(e, "PROPOSAL_NOT_COMMITTED", "This proposal is a draft; its prices and inventory are not firm yet.");
    (void)err_suggest(e, "Finalize it with refine_proposals, action finalize.");
    return err_field(e, "/proposal_id");
}

static int find_committed(const struct act *act, struct str id, struct proposal_row *row, struct err *e)
{
    struct proposal_row key = key_of(act, id);
    struct proposal draft;
    int rc = q_proposal_get(act->tx, act->arena, &key, row, e);
    if (rc < 0) return -1;
    if (rc == 0) rc = kept_draft(act, &key, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        rc = proposal_read_draft(act, id, &draft, e);
        if (rc <= 0) return rc < 0 ? -1 : not_found(e);
        (void)err_set(e, "PROPOSAL_NOT_COMMITTED",
                      "This proposal is a draft; its prices and inventory are not firm yet.");
        (void)err_suggest(e, "Finalize it with get_products, buying_mode refine, action finalize.");
        return err_field(e, "/proposal_id");
    }
    if (str_is(row->status, "released")) return not_found(e); /* declined */
    if (str_is(row->status, "accepted")) {
        (void)err_set(e, "CONFLICT", "This proposal has been bought already.");
        return err_field(e, "/proposal_id");
    }
    if (row->expires_at > act->now) return 0;
    (void)err_set(e, "PROPOSAL_EXPIRED", "The hold on this proposal has lapsed.");
    (void)err_suggest(e, "Finalize it again, or ask for a new one.");
    return err_field(e, "/proposal_id");
}

struct share {
    int64_t total, left;
    bool last;
};

static int64_t take_share(struct share *s, int64_t percent)
{
    int64_t micros = s->last ? s->left : muldiv(s->total, percent, 100, MONEY_ROUND_DOWN) / 10000 * 10000;
    s->left -= micros;
    return micros;
}

/* The rate is the one that was shown when the proposal was finalized, whatever the price list says since. */
static int64_t add_package(yyjson_mut_doc *doc, yyjson_mut_val *arr, yyjson_val *allocation, int64_t micros)
{
    yyjson_val *ours = json_get_path(allocation, "/ext/salesagent");
    int64_t rate = -1;
    struct err ignored; /* it was written by us; damaged, the price list's applies */
    if (json_opt_money(JSON_FIELD(ours, "rate", ""), &rate, &ignored)) rate = -1;
    yyjson_mut_val *out = json_push_obj(doc, arr);
    struct str product_id = json_str(allocation, "product_id"), option_id = json_str(allocation, "pricing_option_id");
    json_add_str(doc, out, "product_id", product_id);
    json_add_str(doc, out, "pricing_option_id", option_id);
    json_add_money(doc, out, "budget", micros);
    if (!json_bool_or(ours, "fixed", true) && rate >= 0) json_add_money(doc, out, "bid_price", rate);
    return rate;
}

/* args without proposal allocations turned into packages. */
static int with_packages(const struct act *act, yyjson_val *args, yyjson_val *proposal, yyjson_val **out,
                         struct proposal_terms *terms, struct err *e)
{
    yyjson_doc *parsed;
    struct share share = { 0 };
    yyjson_val *total = json_obj(args, "total_budget"), *v;
    if (json_money(JSON_FIELD(total, "amount", "/total_budget"), &share.total, e)) return -1;
    share.left = share.total;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *copy = json_copy(doc, args);
    (void)yyjson_mut_obj_remove_key(copy, "packages");
    yyjson_mut_val *packages = json_add_arr(doc, copy, "packages");
    yyjson_val *allocations = json_arr(proposal, "allocations");
    size_t i, n;
    yyjson_arr_foreach(allocations, i, n, v) {
        share.last = i + 1 == n;
        if (i == PROPOSAL_ALLOCATIONS_MAX) {
            return err_set(e, "SERVICE_UNAVAILABLE",
                           "The proposal is damaged: it has more parts than a proposal may have.");
        }
        int64_t micros = take_share(&share, json_i64_or(v, "allocation_percentage", 0));
        terms->rate_micros[terms->n++] = add_package(doc, packages, v, micros);
    }
    if (json_parse(act->arena, json_write(act->arena, copy), &json_limits_own, &parsed, e)) return -1;
    *out = yyjson_doc_get_root(parsed);
    return 0;
}

/* args with the packages of commercial terms (domain/commitment/offer.h), at the prices that stand there, and their flight. */
static int with_purchases(const struct act *act, yyjson_val *args, yyjson_val *agreed, yyjson_val **out,
                          struct proposal_terms *terms, struct err *e)
{
    static const char *const same[] = {
        "product_id", "pricing_option_id", "budget", "start_time", "end_time", "pacing"
    };
    static const char *const theirs[] = { "packages", "start_time", "end_time", "brand" };
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *copy = json_copy(doc, args);
    yyjson_val *v;
    size_t i, n;
    for (i = 0; i < ARRAY_LEN(theirs); i++) (void)yyjson_mut_obj_remove_key(copy, theirs[i]); /* absent is fine */
    for (i = 1; i < ARRAY_LEN(theirs); i++) json_add_copy(doc, copy, theirs[i], yyjson_obj_get(agreed, theirs[i]));
    yyjson_mut_val *packages = json_add_arr(doc, copy, "packages");
    yyjson_arr_foreach(json_arr(agreed, "purchases"), i, n, v) {
        yyjson_mut_val *to = json_push_obj(doc, packages);
        yyjson_val *bid = yyjson_obj_get(json_obj(v, "bidding"), "bid_amount");
        int64_t rate = -1;
        if (i == PROPOSAL_ALLOCATIONS_MAX) return stored_damaged("proposal", terms->proposal_id, e);
        for (size_t k = 0; k < ARRAY_LEN(same); k++) json_add_copy(doc, to, same[k], yyjson_obj_get(v, same[k]));
        json_add_copy(doc, to, "bid_price", bid);
        if (!bid && json_opt_money(JSON_FIELD(json_obj(v, "pricing"), "fixed_price", ""), &rate, e)) return -1;
        terms->rate_micros[terms->n++] = rate;
    }
    *out = json_parse_own(act->arena, json_write(act->arena, copy));
    return 0;
}

int proposal_expand(const struct act *act, yyjson_val *args, yyjson_val **out, struct proposal_terms *terms,
                    struct err *e)
{
    struct str id = STR_NONE;
    struct proposal_row row;
    *terms = (struct proposal_terms){ 0 };
    if (json_opt_str(JSON_FIELD(args, "proposal_id", ""), (struct json_len){ 1, 255 }, &id, e)) return -1;
    if (id.n == 0) {
        *out = args;
        return 0;
    }
    if (find_committed(act, id, &row, e)) return -1;
    if (yyjson_arr_size(json_arr(args, "packages")) > 0) {
        (void)err_set(e, "INVALID_REQUEST", "A proposal says itself which packages it has; leave packages out.");
        return err_field(e, "/packages");
    }
    if (!json_obj(args, "total_budget")) {
        (void)err_set(e, "INVALID_REQUEST", "total_budget is required to buy a proposal");
        return err_field(e, "/total_budget");
    }
    yyjson_val *proposal = document_read(act->arena, row.doc);
    terms->proposal_id = id;
    yyjson_val *agreed = json_obj(proposal, "commercial_terms");
    if (agreed)
        return insertion_order_accepted(args, proposal, e) || with_purchases(act, args, agreed, out, terms, e) ? -1 : 0;
    return insertion_order_accepted(args, proposal, e) || with_packages(act, args, proposal, out, terms, e) ? -1 : 0;
}

int proposal_accept(const struct act *act, yyjson_val *args, struct str media_buy_id, struct err *e)
{
    struct str id = json_str(args, "proposal_id");
    if (id.n == 0) return 0;
    struct proposal_row key = key_of(act, id), row;
    int rc = q_proposal_get(act->tx, act->arena, &key, &row, e);
    if (rc <= 0) return rc < 0 ? -1 : not_found(e);
    row.status = STR("accepted");
    row.media_buy_id = media_buy_id;
    if (q_proposal_put(act->tx, &row, e) || q_proposal_holds_drop(act->tx, &key, e)) return -1;
    return audit(act, "proposal.accept", &row, e);
}

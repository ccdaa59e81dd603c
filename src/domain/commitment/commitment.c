/* Making and keeping the terms. See commitment.h. */
#include "domain/commitment/commitment.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/document.h"
#include "contract/narrow.h"
#include "store/q/q_proposal.h"

/* ---- the closed shape ---- */

int terms_close(const struct act *act, yyjson_mut_val *terms, struct terms_text *out, struct err *e)
{
    const struct contract *shape = contract_find_document(ADCP_LINE_NEWEST, "media-buy/commercial-terms.json");
    yyjson_val *open = json_parse_own(act->arena, json_write(act->arena, terms));
    yyjson_mut_val *closed = contract_narrow(shape, act->arena, json_doc_new(act->arena), open);
    uint8_t hash[SHA256_BYTES];
    if (!closed) {
        return err_set(e, "SERVICE_UNAVAILABLE",
                       "The terms of this purchase cannot be written down as AdCP wants them.");
    }
    out->json = json_write(act->arena, closed);
    sha256(json_canonical(act->arena, json_parse_own(act->arena, out->json), NULL), hash);
    struct str digest = base64url_encode(act->arena, (struct str){ (const char *)hash, sizeof(hash) });
    out->digest = arena_printf(act->arena, "sha256:" STR_FMT, STR_ARG(digest));
    return 0;
}

/* ---- the terms of a media buy ---- */

/* What a package was bought with, else what its product says. */
static void add_inherited(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *key, yyjson_val *package,
                          yyjson_val *product)
{
    yyjson_val *own = yyjson_obj_get(package, key);
    json_add_copy(doc, to, key, own ? own : yyjson_obj_get(product, key));
}

void terms_add_purchase(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct terms_purchase *p)
{
    static const char *const own[] = { "format_option_refs", "targeting_overlay", "optimization_goals",
                                       "daily_budget_cap", "agency_estimate_number" };
    yyjson_mut_val *out = json_push_obj(doc, list);
    json_add_str(doc, out, "product_id", p->product->product_id);
    json_add_str(doc, out, "pricing_option_id", p->option->pricing_option_id);
    json_add_copy(doc, out, "pricing", p->option->doc);
    json_add_money(doc, out, "budget", p->budget_micros);
    if (p->impressions >= 0) json_add_i64(doc, out, "impressions", p->impressions);
    json_add_time(doc, out, "start_time", p->start_at);
    json_add_time(doc, out, "end_time", p->end_at);
    json_add_str_opt(doc, out, "pacing", p->pacing);
    if (p->option->fixed_price_micros < 0)
        json_add_money(doc, json_add_obj(doc, out, "bidding"), "bid_amount", p->rate_micros);
    for (size_t i = 0; i < ARRAY_LEN(own); i++) json_add_copy(doc, out, own[i], yyjson_obj_get(p->package, own[i]));
    add_inherited(doc, out, "measurement_terms", p->package, p->product->doc);
    add_inherited(doc, out, "performance_standards", p->package, p->product->doc);
}

static int add_purchase(const struct act *act, yyjson_mut_doc *doc, yyjson_mut_val *list, const struct package_row *p,
                        struct err *e)
{
    struct product product;
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e);
    if (found < 0) return -1;
    const struct pricing_option *o = found ? product_pricing_option(&product, p->pricing_option_id) : NULL;
    if (!o) return err_set(e, "PRODUCT_UNAVAILABLE", "A product of this purchase is no longer there.");
    struct terms_purchase bought = { .product = &product,
                                     .option = o,
                                     .package = document_read(act->arena, p->doc),
                                     .budget_micros = p->budget_micros,
                                     .impressions = p->impressions_goal,
                                     .rate_micros = p->rate_micros,
                                     .start_at = p->start_at,
                                     .end_at = p->end_at,
                                     .pacing = p->pacing };
    terms_add_purchase(doc, list, &bought);
    return 0;
}

static int add_terms(const struct act *act, const struct media_buy *buy, yyjson_val *args, yyjson_mut_doc *doc,
                     yyjson_mut_val *terms, struct err *e)
{
    static const char *const kept[] = { "advertiser_industry", "invoice_recipient", "purchase_order_ref",
                                        "agency_estimate_number" };
    yyjson_val *brand = json_obj(args, "brand");
    json_add_str_opt(doc, terms, "source_feed_version", json_str(args, "feed_version"));
    json_add_copy(doc, terms, "brand", brand ? brand : json_obj(json_obj(args, "account"), "brand"));
    yyjson_mut_val *purchases = json_add_arr(doc, terms, "purchases");
    for (size_t i = 0; i < buy->packages.n; i++) {
        if (add_purchase(act, doc, purchases, &buy->packages.rows[i], e)) return -1;
    }
    json_add_time(doc, terms, "start_time", buy->row.start_at);
    json_add_time(doc, terms, "end_time", buy->row.end_at);
    yyjson_mut_val *total = json_add_obj(doc, terms, "total_budget");
    json_add_money(doc, total, "amount", buy->row.total_budget_micros);
    json_add_str(doc, total, "currency", arena_dup(act->arena, str_from(buy->row.currency)));
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, terms, kept[i], yyjson_obj_get(args, kept[i]));
    return 0;
}

/* ---- keeping ---- */

static struct str own_id(const struct act *act, struct str media_buy_id)
{
    return arena_printf(act->arena, "prop-" STR_FMT, STR_ARG(media_buy_id));
}

int commitment_record(const struct act *act, const struct media_buy *buy, yyjson_val *args, struct err *e)
{
    struct terms_text text;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *terms = json_root_obj(doc), *o = yyjson_mut_obj(doc);
    if (add_terms(act, buy, args, doc, terms, e) || terms_close(act, terms, &text, e)) return -1;
    struct proposal_row row = { .tenant_id = buy->row.tenant_id,
                                .principal_id = buy->row.principal_id,
                                .proposal_id = own_id(act, buy->row.media_buy_id),
                                .account_id = buy->row.account_id,
                                .status = STR("accepted"),
                                .media_buy_id = buy->row.media_buy_id,
                                .created_at = act->now,
                                .expires_at = act->now };
    json_add_str(doc, o, "proposal_id", row.proposal_id);
    json_add_cstr(doc, o, "proposal_kind", "new_media_buy");
    json_add_str(doc, o, "name", buy->row.name.n ? buy->row.name : STR("Direct purchase"));
    json_add_raw(doc, o, "commercial_terms", text.json);
    json_add_str(doc, o, "terms_digest", text.digest);
    row.doc = json_write(act->arena, o);
    return q_proposal_put(act->tx, &row, e);
}

int commitment_proposal(const struct act *act, const struct media_buy_row *buy, yyjson_mut_doc *doc,
                        yyjson_mut_val *obj, const char *key, struct err *e)
{
    struct str accepted = json_str(document_read(act->arena, buy->doc), "proposal_id");
    struct proposal_row row, id = { .tenant_id = buy->tenant_id,
                                    .principal_id = buy->principal_id,
                                    .proposal_id = accepted.n ? accepted : own_id(act, buy->media_buy_id) };
    int found = q_proposal_get(act->tx, act->arena, &id, &row, e);
    if (found <= 0) return found;
    yyjson_val *stored = document_read(act->arena, row.doc);
    if (!json_obj(stored, "commercial_terms"))
        return 0; /* of get_products: allocations, which say no more than the buy */
    yyjson_mut_val *o = json_copy(doc, stored);
    (void)yyjson_mut_obj_remove_key(o, "proposal_status"); /* it was committed; absent is fine */
    (void)yyjson_mut_obj_remove_key(o, "expires_at");
    json_add_cstr(doc, o, "proposal_status", "accepted");
    json_add_str(doc, o, "media_buy_id", buy->media_buy_id);
    json_add_time(doc, o, "accepted_at", buy->confirmed_at != TIME_NONE ? buy->confirmed_at : buy->created_at);
    json_add_val(doc, obj, key, o);
    return 1;
}

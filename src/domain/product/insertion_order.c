/* See insertion_order.h. */
#include "domain/product/insertion_order.h"

#include "base/crypto.h"
#include "base/encode.h"

#define IO_ID_BYTES 9

/* True when the product demands a signed insertion order. */
static bool insertion_order_required(const struct product *p)
{
    return json_bool_or(json_get_path(p->doc, "/ext/salesagent"), "io_required", false);
}

/* The same proposal finalized again is another order. */
static struct str make_id(const struct act *act, const struct proposal_view *v)
{
    uint8_t hash[SHA256_BYTES];
    sha256(arena_printf(act->arena, STR_FMT "|" STR_FMT "|" STR_FMT "|%lld", STR_ARG(act->tenant->tenant_id),
                        STR_ARG(act->principal->principal_id), STR_ARG(v->proposal->proposal_id), (long long)v->now),
           hash);
    struct str text = base64url_encode(act->arena, (struct str){ (const char *)hash, IO_ID_BYTES });
    return arena_printf(act->arena, "io-" STR_FMT, STR_ARG(text));
}

void insertion_order_add(const struct act *act, const struct proposal_view *v, yyjson_mut_doc *doc,
                         yyjson_mut_val *proposal)
{
    bool required = false;
    ENSURE(act->principal);
    for (size_t i = 0; i < v->proposal->n; i++) {
        required = required || insertion_order_required(&v->proposal->allocations[i].product);
    }
    if (!required) return;
    yyjson_mut_val *io = json_add_obj(doc, proposal, "insertion_order");
    json_add_str(doc, io, "io_id", make_id(act, v));
    json_add_bool(doc, io, "requires_signature", true);
    yyjson_mut_val *terms = json_add_obj(doc, io, "terms");
    json_add_str(doc, terms, "publisher", act->tenant->name);
    yyjson_mut_val *budget = json_add_obj(doc, terms, "total_budget");
    json_add_money(doc, budget, "amount", proposal_budget(v->proposal, v->ts).recommended);
    (void)yyjson_mut_obj_add_strcpy(doc, budget, "currency", v->proposal->allocations[0].option->currency);
}

int insertion_order_accepted(yyjson_val *args, yyjson_val *proposal, struct err *e)
{
    yyjson_val *io = json_obj(proposal, "insertion_order"), *acceptance = NULL;
    struct str id = json_str(io, "io_id"), signatory, given;
    if (!json_bool_or(io, "requires_signature", false)) return 0;
    if (json_opt_obj(JSON_FIELD(args, "io_acceptance", ""), &acceptance, e)) return -1;
    if (!acceptance) {
        (void)err_set(e, "IO_REQUIRED", "This proposal is bought against a signed insertion order.");
        (void)err_details(e, "{\"io_id\":\"" STR_FMT "\"}", STR_ARG(id));
        (void)err_suggest(e, "Have insertion order " STR_FMT " signed and send io_acceptance.", STR_ARG(id));
        return err_field(e, "/io_acceptance");
    }
    const struct json_len len = { 1, 255 };
    int64_t at;
    if (json_req_str(JSON_FIELD(acceptance, "io_id", "/io_acceptance"), len, &given, e) ||
        json_req_str(JSON_FIELD(acceptance, "signatory", "/io_acceptance"), len, &signatory, e) ||
        json_req_time(JSON_FIELD(acceptance, "accepted_at", "/io_acceptance"), &at, e)) {
        return -1;
    }
    if (str_eq(given, id)) return 0;
    (void)err_set(e, "IO_REQUIRED", "That is not the insertion order of this proposal.");
    (void)err_suggest(e, "Accept insertion order " STR_FMT ".", STR_ARG(id));
    return err_field(e, "/io_acceptance/io_id");
}

int insertion_order_refuse(const struct product *p, const char *at, struct err *e)
{
    if (!insertion_order_required(p)) return 0;
    (void)err_set(e, "IO_REQUIRED", "Product " STR_FMT " is only sold against a signed insertion order.",
                  STR_ARG(p->product_id));
    (void)err_suggest(e,
                      "Finalize a proposal with this product, have its insertion_order signed and buy the proposal.");
    return err_field(e, "%s/product_id", at);
}

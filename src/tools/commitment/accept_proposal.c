/* accept_proposal (AdCP 3.2, compact lifecycle): buys what a committed proposal stands for, when its terms are those that the buyer
 * has seen. */
#include "contract/document.h"
#include "domain/commitment/offer.h"
#include "tools/commitment/commitment_tools.h"
#include "tools/core/renamed.h"

/* Both ends of the agreement at once: the id, and the digest of its terms. */
static int check_terms(struct tool_call *c, const struct proposal_row *row, struct err *e)
{
    yyjson_val *doc = document_read(c->arena, row->doc), *asked = json_obj(c->args, "total_budget"), *agreed;
    if (!str_eq(json_str(c->args, "proposal_terms_digest"), json_str(doc, "terms_digest"))) {
        (void)err_set(e, "CONFLICT", "These are not the terms of the proposal.");
        (void)err_suggest(e, "Read the proposal again, and accept it with its terms_digest.");
        return err_field(e, "/proposal_terms_digest");
    }
    agreed = json_obj(json_obj(doc, "commercial_terms"), "total_budget");
    if (!asked || str_eq(json_canonical(c->arena, asked, NULL), json_canonical(c->arena, agreed, NULL))) return 0;
    (void)err_set(e, "INVALID_REQUEST", "The proposal has a total of its own, and this is another.");
    (void)err_suggest(e, "Leave total_budget out, or revise the proposal with refine_proposals.");
    return err_field(e, "/total_budget");
}

static yyjson_val *create_args(struct tool_call *c, const struct proposal_row *row)
{
    static const char *const same[] = { "idempotency_key",
                                        "account",
                                        "name",
                                        "proposal_id",
                                        "io_acceptance",
                                        "reporting_webhook",
                                        "context",
                                        "push_notification_config",
                                        "governance_context",
                                        "ext" };
    yyjson_val *terms = json_obj(document_read(c->arena, row->doc), "commercial_terms");
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *to = json_root_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(same); i++) json_add_copy(doc, to, same[i], yyjson_obj_get(c->args, same[i]));
    json_add_copy(doc, to, "total_budget", json_obj(terms, "total_budget"));
    json_add_copy(doc, to, "po_number", yyjson_obj_get(c->args, "purchase_order_ref"));
    return json_parse_own(c->arena, json_write(c->arena, to));
}

int accept_proposal_run(struct tool_call *c, struct err *e)
{
    static const struct renamed names[] = { { "/packages", "/proposal_id" },
                                            { "/start_time", "/proposal_id" },
                                            { "/end_time", "/proposal_id" },
                                            { "/po_number", "/purchase_order_ref" } };
    struct proposal_row row;
    struct media_buy_created r;
    if (offer_load(c->act, json_str(c->args, "proposal_id"), &row, e) || check_terms(c, &row, e)) return -1;
    if (media_buy_create(c->act, create_args(c, &row), &r, e)) return renamed_error(names, ARRAY_LEN(names), e);
    if (r.submitted) {
        c->outcome = TOOL_SUBMITTED;
        c->task_id = r.task.task_id;
        c->message = STR("The publisher reviews this media buy; follow the task for the decision.");
        return task_called_as(c->act, &r.task, "accept_proposal", e);
    }
    c->message = arena_printf(c->arena, "Media buy " STR_FMT " created.", STR_ARG(r.buy.row.media_buy_id));
    return commitment_encode(c->act, &r.buy, c->doc, c->reply, e);
}

/* See proposal_review.h. */
#include "domain/product/proposal_review.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "contract/document.h"

static struct proposal_row key_for(const struct act *act, struct str principal_id, struct str proposal_id)
{
    return (struct proposal_row){ .tenant_id = act->tenant->tenant_id,
                                  .principal_id = principal_id,
                                  .proposal_id = proposal_id };
}

int proposal_judge(const struct act *act, struct str proposal_id, struct proposal_review *out, struct err *e)
{
    struct proposal_row key = key_for(act, act->principal->principal_id, proposal_id), row;
    struct tenant_settings ts;
    struct proposal p;
    *out = (struct proposal_review){ .person = false };
    int found = q_proposal_get(act->tx, act->arena, &key, &row, e);
    if (found < 0) return -1;
    if (found && str_is(row.status, "committed") && row.expires_at > act->now) return 0;
    int rc = proposal_read_draft(act, proposal_id, &p, e);
    if (rc <= 0) return rc;
    tenant_settings_read(act->tenant, act->arena, &ts);
    struct rule_facts *f = ARENA_NEW(act->arena, struct rule_facts);
    *f = (struct rule_facts){ .operation = PROPOSAL_TASK,
                              .principal_id = act->principal->principal_id,
                              .currency = p.allocations[0].option->currency,
                              .amount_micros = proposal_budget(&p, &ts).recommended,
                              .before_micros = -1,
                              .named_only = true };
    for (size_t i = 0; i < p.n; i++) rule_facts_package(f, p.allocations[i].product.product_id, NULL);
    if (rule_decide(act, f, &out->verdict, e)) return -1;
    out->person = out->verdict.outcome == RULE_PERSON && !act->auto_advance;
    if (out->verdict.outcome != RULE_REJECT) return 0;
    (void)rule_refuse(&out->verdict, e);
    return err_field(e, "/proposal_id");
}

static struct str operation_of(struct arena *a, const struct proposal_request *r)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc), *ids = json_add_arr(doc, o, "proposal_ids");
    for (size_t i = 0; i < r->n; i++) json_push_str(doc, ids, r->ids[i]);
    return json_write(a, o);
}

/* 1 found, 0 not, -1 failed. */
static int open_already(const struct act *act, const struct proposal_request *r, struct str operation,
                        struct task_row *out, struct err *e)
{
    struct task_subject subject = { .type = "proposal",
                                    .id = r->ids[0],
                                    .principal_id = act->principal->principal_id,
                                    .kinds = STR("[\"" PROPOSAL_TASK "\"]") };
    struct task_row *rows;
    size_t n;
    if (task_open_of(act, &subject, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(task_member(act, &rows[i], "operation"), operation)) continue;
        *out = rows[i];
        return 1;
    }
    return 0;
}

int proposal_submit(const struct act *act, const struct proposal_request *r, struct task_row *out, struct err *e)
{
    struct str operation = operation_of(act->arena, r);
    int found = open_already(act, r, operation, out, e);
    if (found) return found < 0 ? -1 : 0;
    struct task_new task = {
        .kind = PROPOSAL_TASK,
        .principal_id = act->principal->principal_id,
        .subject_type = "proposal",
        .subject_id = r->ids[0],
        .description = arena_printf(act->arena, "Make %zu proposal%s firm: prices and inventory are kept for the buyer",
                                    r->n, r->n == 1 ? "" : "s"),
        .rule = arena_printf(act->arena, "rule \"" STR_FMT "\"", STR_ARG(r->verdict->name)),
        .verdict = r->verdict,
        .operation = operation,
        .context = r->context,
        .push_config = r->push_config,
        .due_at = TIME_NONE,
    };
    return task_create(act, &task, out, e);
}

/* ---- decided ---- */

static yyjson_val *ids_of(const struct act *act, const struct task_row *task)
{
    return json_arr(document_read(act->arena, task_member(act, task, "operation")), "proposal_ids");
}

int proposal_approve(const struct act *act, const struct task_row *task, struct err *e)
{
    struct principal buyer = { .tenant_id = task->tenant_id, .principal_id = task->principal_id, .role = ROLE_BUYER };
    struct act as = *act; /* the buyer's proposal, the decider's name in the audit trail */
    yyjson_val *id;
    size_t i, n;
    as.principal = &buyer;
    yyjson_arr_foreach(ids_of(act, task), i, n, id) {
        struct str doc;
        if (proposal_finalize(&as, json_val_str(id), &doc, e)) return -1;
    }
    return 0;
}

int proposal_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_val *id;
    size_t i, n;
    (void)json_add_arr(doc, o, "products");
    yyjson_mut_val *proposals = json_add_arr(doc, o, "proposals");
    yyjson_arr_foreach(ids_of(act, task), i, n, id) {
        struct proposal_row key = key_for(act, task->principal_id, json_val_str(id)), row;
        int found = q_proposal_get(act->tx, act->arena, &key, &row, e);
        if (found < 0) return -1;
        yyjson_val *shown = found ? document_read(act->arena, row.doc) : NULL;
        if (shown) yyjson_mut_arr_append(proposals, json_copy(doc, shown));
    }
    json_add_cstr(doc, o, "cache_scope", "public");
    *out = json_write(act->arena, o);
    return 0;
}

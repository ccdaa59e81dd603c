/* Creatives for the publisher's people: x_creative_list, x_creative_get, x_creative_decide. */
#include "domain/creative/creative.h"
#include "domain/creative/creative_review.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"
#include "tools/operation_tools.h"

#define LIST_MAX 200

static void encode(struct tool_call *c, yyjson_mut_val *o, const struct creative_row *r)
{
    json_add_str(c->doc, o, "creative_id", r->key.creative_id);
    json_add_str(c->doc, o, "principal_id", r->key.principal_id);
    json_add_str(c->doc, o, "account_id", r->account_id);
    json_add_str(c->doc, o, "name", r->name);
    json_add_str(c->doc, o, "format", r->format_id);
    json_add_str(c->doc, o, "status", r->status);
    json_add_time(c->doc, o, "updated_at", r->updated_at);
}

int tool_x_creative_list(struct tool_call *c, struct err *e)
{
    struct creative_operator_filter f = { .tenant_id = c->act->tenant->tenant_id,
                                          .principal_id = json_str(c->args, "principal_id"),
                                          .status = json_str(c->args, "status"),
                                          .limit = LIST_MAX };
    struct creative_rows rows;
    if (q_creatives_for_operator(c->act->tx, c->arena, &f, &rows, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "creatives");
    for (size_t i = 0; i < rows.n; i++) encode(c, json_push_obj(c->doc, arr), &rows.rows[i]);
    json_add_bool(c->doc, c->reply, "has_more", rows.n == LIST_MAX);
    return 0;
}

/* By id alone where one buyer only has it. */
static int must_find(struct tool_call *c, struct creative_row *out, struct err *e)
{
    struct creative_operator_filter f = { .tenant_id = c->act->tenant->tenant_id,
                                          .principal_id = json_str(c->args, "principal_id"),
                                          .creative_id = json_str(c->args, "creative_id"),
                                          .limit = 2 };
    struct creative_rows rows;
    if (q_creatives_for_operator(c->act->tx, c->arena, &f, &rows, e)) return -1;
    if (rows.n == 1) {
        *out = rows.rows[0];
        return 0;
    }
    (void)err_set(e, rows.n ? "INVALID_REQUEST" : "CREATIVE_NOT_FOUND",
                  rows.n ? "Several buyers have a creative of this id." : "There is no such creative.");
    if (rows.n) (void)err_suggest(e, "Name the buyer: principal_id.");
    return err_field(e, rows.n ? "/principal_id" : "/creative_id");
}

int tool_x_creative_get(struct tool_call *c, struct err *e)
{
    struct creative_row row;
    if (must_find(c, &row, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "creative");
    encode(c, o, &row);
    (void)json_add_text(c->doc, o, "asset", row.doc); /* a damaged one is left out */
    return 0;
}

int tool_x_creative_decide(struct tool_call *c, struct err *e)
{
    static const struct {
        const char *decision;
        enum creative_status status;
    } ways[] = { { "approve", CREATIVE_APPROVED }, { "reject", CREATIVE_REJECTED }, { "suspend", CREATIVE_SUSPENDED } };
    struct creative_row row;
    struct str reason = json_str(c->args, "reason");
    size_t way = 0;
    while (way < ARRAY_LEN(ways) - 1 && !str_is(json_str(c->args, "decision"), ways[way].decision)) way++;
    if (must_find(c, &row, e)) return -1;
    struct task_resolution r = { .decision = way == 0 ? TASK_APPROVE : TASK_REJECT, .reason = reason };
    struct task_row task; /* its open review, when there is one: deciding that is deciding the creative */
    int review = way < 2 ? creative_review_find(c->act, &row, &task, e) : 0;
    if (review < 0) return -1;
    if (review) r.task_id = task.task_id;
    struct creative_change change = { .principal_id = row.key.principal_id,
                                      .creative_id = row.key.creative_id,
                                      .status = ways[way].status,
                                      .reason = reason };
    if (review ? task_resolve(c->act, &r, &task, e) : media_buy_set_creative_status(c->act, &change, e)) return -1;
    return tool_x_creative_get(c, e);
}

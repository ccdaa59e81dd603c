/* Creatives for the publisher's people: x_creative_list, x_creative_get, x_creative_preview, x_creative_decide. */
#include "contract/document.h"
#include "domain/creative/creative.h"
#include "domain/creative/creative_render.h"
#include "domain/creative/creative_review.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"
#include "store/q/q_account.h"
#include "store/q/q_tenant.h"
#include "tools/creative/creative_reply.h"
#include "tools/operation_tools.h"

#define LIST_DEFAULT 50
#define USED_MAX     20

static const struct {
    const char *decision;
    enum creative_status status;
} ways[] = { { "approve", CREATIVE_APPROVED }, { "reject", CREATIVE_REJECTED }, { "suspend", CREATIVE_SUSPENDED } };

/* --- the list --------------------------------------------------------------------------------------------------- */

/* Where a page goes on: TIME/PRINCIPAL/CREATIVE, of the last row that was looked at. */
static struct str place_text(struct arena *a, const struct creative_place *p)
{
    return arena_printf(a, "%lld/" STR_FMT "/" STR_FMT, (long long)p->updated_at, STR_ARG(p->principal_id),
                        STR_ARG(p->creative_id));
}

static int read_place(struct str text, struct creative_place *out, struct err *e)
{
    const char *first = memchr(text.p, '/', text.n);
    struct str rest = first ? str_skip(text, (size_t)(first - text.p) + 1) : STR_NONE;
    const char *second = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
    int64_t at = 0;
    bool digits = first && first > text.p && first - text.p < 18;
    for (const char *c = text.p; digits && c < first; c++) {
        digits = *c >= '0' && *c <= '9';
        at = at * 10 + (*c - '0');
    }
    if (!digits || !second) {
        (void)err_set(e, "INVALID_REQUEST", "before is no place of this list.");
        (void)err_suggest(e, "Send what the last answer said as next, or nothing.");
        return err_field(e, "/before");
    }
    size_t n = (size_t)(second - rest.p);
    *out = (struct creative_place){ true, at, { rest.p, n }, str_skip(rest, n + 1) };
    return 0;
}

static void encode_found(struct tool_call *c, yyjson_mut_val *o, const struct creative_found *r)
{
    json_add_str(c->doc, o, "creative_id", r->creative_id);
    json_add_str(c->doc, o, "principal_id", r->principal_id);
    json_add_str(c->doc, o, "account_id", r->account_id);
    json_add_str(c->doc, o, "name", r->name);
    json_add_str(c->doc, o, "buyer", r->buyer_name);
    json_add_str_opt(c->doc, o, "advertiser", r->brand_domain);
    json_add_str(c->doc, o, "format", r->format_id);
    json_add_str(c->doc, o, "status", r->status);
    json_add_time(c->doc, o, "created_at", r->created_at);
    json_add_time(c->doc, o, "updated_at", r->updated_at);
}

int tool_x_creative_list(struct tool_call *c, struct err *e)
{
    struct str text = json_str(c->args, "text"), before = json_str(c->args, "before");
    struct creative_search f = { .tenant_id = c->act->tenant->tenant_id,
                                 .principal_id = json_str(c->args, "principal_id"),
                                 .status = json_str(c->args, "status"),
                                 .limit = (int)json_i64_or(c->args, "limit", LIST_DEFAULT) };
    struct creative_search_result found;
    char *lower = arena_alloc(c->arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        lower[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]);
    f.text = (struct str){ lower, text.n };
    if ((before.n && read_place(before, &f.after, e)) || q_creative_search(c->act->tx, c->arena, &f, &found, e))
        return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "creatives");
    for (size_t i = 0; i < found.n; i++) encode_found(c, json_push_obj(c->doc, arr), &found.rows[i]);
    json_add_bool(c->doc, c->reply, "has_more", found.next.present);
    if (found.next.present) json_add_str(c->doc, c->reply, "next", place_text(c->arena, &found.next));
    return 0;
}

/* --- one -------------------------------------------------------------------------------------------------------- */

/* By id alone where one buyer only has it. */
static int must_find(struct tool_call *c, struct creative_row *out, struct err *e)
{
    struct creative_key key = { .tenant_id = c->act->tenant->tenant_id,
                                .principal_id = json_str(c->args, "principal_id"),
                                .creative_id = json_str(c->args, "creative_id") };
    struct creative_rows rows;
    if (q_creatives_of_id(c->act->tx, c->arena, &key, 2, &rows, e)) return -1;
    if (rows.n == 1) {
        *out = rows.rows[0];
        return 0;
    }
    (void)err_set(e, rows.n ? "INVALID_REQUEST" : "CREATIVE_NOT_FOUND",
                  rows.n ? "Several buyers have a creative of this id." : "There is no such creative.");
    if (rows.n) (void)err_suggest(e, "Name the buyer: principal_id.");
    return err_field(e, rows.n ? "/principal_id" : "/creative_id");
}

static int encode_names(struct tool_call *c, yyjson_mut_val *o, const struct creative_row *r, struct err *e)
{
    struct principal_row buyer;
    struct account_row account,
        key = { .tenant_id = r->key.tenant_id, .principal_id = r->key.principal_id, .account_id = r->account_id };
    int rc = q_principal_get(c->act->tx, c->arena, r->key.tenant_id, r->key.principal_id, &buyer, e);
    if (rc < 0) return -1;
    json_add_str(c->doc, o, "buyer", rc == 1 ? buyer.name : r->key.principal_id);
    rc = q_account_get(c->act->tx, c->arena, &key, &account, e);
    if (rc == 1)
        json_add_str_opt(c->doc, o, "advertiser", account.brand_domain.n ? account.brand_domain : account.name);
    return rc < 0 ? -1 : 0;
}

/* The media buys that use it, each once. */
static int encode_used(struct tool_call *c, yyjson_mut_val *o, const struct creative_row *r, struct err *e)
{
    struct creative_assignment_rows rows;
    yyjson_mut_val *list = json_add_arr(c->doc, o, "used_in");
    if (q_creative_assignments_of_creative(c->act->tx, c->arena, &r->key, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n && yyjson_mut_arr_size(list) < USED_MAX; i++) {
        struct media_buy buy;
        bool named = false;
        for (size_t k = 0; k < i && !named; k++) named = str_eq(rows.rows[k].media_buy_id, rows.rows[i].media_buy_id);
        int rc = named ? 0 : media_buy_load(c->act, rows.rows[i].media_buy_id, &buy, e);
        if (rc < 0) return -1;
        if (rc == 0) continue;
        yyjson_mut_val *b = json_push_obj(c->doc, list);
        json_add_str(c->doc, b, "media_buy_id", buy.row.media_buy_id);
        json_add_str(c->doc, b, "name", buy.row.name.n ? buy.row.name : buy.row.media_buy_id);
        json_add_cstr(c->doc, b, "status", media_buy_status_name(buy.status));
    }
    return 0;
}

/* What may be decided of it as it is; and its open review. */
static int encode_decisions(struct tool_call *c, yyjson_mut_val *o, const struct creative_row *r, struct err *e)
{
    struct task_row task;
    enum creative_status now = creative_status_stored(r);
    yyjson_mut_val *may = json_add_arr(c->doc, o, "may");
    int rc = creative_review_find(c->act, r, &task, e);
    if (rc < 0) return -1;
    if (rc == 1) json_add_str(c->doc, o, "task_id", task.task_id);
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        if (now != ways[i].status && creative_status_may_become(now, ways[i].status))
            json_push_str(c->doc, may, str_from(ways[i].decision));
    }
    return 0;
}

int tool_x_creative_get(struct tool_call *c, struct err *e)
{
    struct creative_row r;
    if (must_find(c, &r, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "creative");
    yyjson_val *known = json_obj(creative_stored(c, r.doc), "salesagent");
    json_add_str(c->doc, o, "creative_id", r.key.creative_id);
    json_add_str(c->doc, o, "principal_id", r.key.principal_id);
    json_add_str(c->doc, o, "account_id", r.account_id);
    json_add_str(c->doc, o, "name", r.name);
    if (encode_names(c, o, &r, e)) return -1;
    json_add_str(c->doc, o, "format", r.format_id);
    json_add_str(c->doc, o, "status", r.status);
    json_add_time(c->doc, o, "created_at", r.created_at);
    json_add_time(c->doc, o, "updated_at", r.updated_at);
    (void)json_add_text(c->doc, o, "asset", r.doc); /* a damaged one is left out */
    creative_reply_parts(c, o, "parts", &r);
    json_add_copy(c->doc, o, "findings", json_arr(known, "checks"));
    json_add_copy(c->doc, o, "review", json_obj(known, "review"));
    return encode_decisions(c, o, &r, e) || encode_used(c, o, &r, e) ? -1 : 0;
}

int tool_x_creative_preview(struct tool_call *c, struct err *e)
{
    struct creative_row r;
    struct format_spec format;
    if (must_find(c, &r, e)) return -1;
    yyjson_val *manifest = creative_stored(c, r.doc);
    if (creative_format_of(c, manifest, &format, e) < 0) return -1;
    struct render_input in = { .manifest = manifest, .format = &format };
    struct render_size size = render_size_of(&in);
    struct str page = render_page(c->arena, &in);
    if (!page.n) return err_set(e, "VALIDATION_ERROR", "The creative is too large to be shown.");
    json_add_str(c->doc, c->reply, "html", page);
    json_add_i64(c->doc, c->reply, "width", size.width > 0 ? size.width : 0);
    json_add_i64(c->doc, c->reply, "height", size.height > 0 ? size.height : 0);
    return 0;
}

/* --- deciding --------------------------------------------------------------------------------------------------- */

int tool_x_creative_decide(struct tool_call *c, struct err *e)
{
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

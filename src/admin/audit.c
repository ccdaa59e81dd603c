/* The audit trail: who did what, to what, when. */
#include "base/rfc3339.h"
#include "admin/pages.h"
#include "desk_templates.h"

#define PAGE 50

/* A day of the publisher's as the moment it begins, `later` days on; nothing for what is no day. */
static void add_day(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args, const char *name, int later)
{
    char text[RFC3339_MAX];
    int64_t at;
    if (rfc3339_parse_date(desk_query(r, name), &at)) return;
    at = tz_day_begins_at(desk_zone(r), at / USEC_PER_DAY + later);
    size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
    json_add_str(doc, args, name, arena_dup(r->arena, (struct str){ text, n }));
}

static bool list_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    static const char *const members[] = { "actor", "action", "subject" };
    int64_t before;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) json_add_str_opt(doc, args, members[i], desk_query(r, members[i]));
    add_day(r, doc, args, "from", 0);
    add_day(r, doc, args, "until", 1);
    json_add_i64(doc, args, "limit", PAGE);
    if (desk_whole(desk_query(r, "before"), &before) && before > 0) json_add_i64(doc, args, "before_seq", before);
    return true;
}

/* Where the subject of a row is shown: "task:ID", "media_buy:ID". */
static void add_link(struct desk_request *r, yyjson_mut_val *row, struct str subject)
{
    static const struct {
        struct str kind;
        const char *page;
    } pages[] = { { STR("task:"), "/admin/decisions/" }, { STR("media_buy:"), "/admin/buys/" } };
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (!str_starts(subject, pages[i].kind)) continue;
        struct str id = str_skip(subject, pages[i].kind.n);
        if (id_text_valid(id, 255))
            json_add_str(r->view, row, "href", arena_printf(r->arena, "%s" STR_FMT, pages[i].page, STR_ARG(id)));
    }
}

static void finish(struct desk_request *r)
{
    static const char *const members[] = { "actor", "action", "subject", "from", "until" };
    yyjson_mut_val *filter = json_add_obj(r->view, r->view->root, "filter"), *row = NULL;
    bool any = false;
    size_t i, n;
    for (size_t k = 0; k < ARRAY_LEN(members); k++) {
        struct str given = desk_query(r, members[k]);
        any = any || given.n;
        json_add_str(r->view, filter, members[k], given);
    }
    json_add_bool(r->view, filter, "any", any);
    yyjson_mut_val *entries = yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "audit"), "entries");
    yyjson_mut_arr_foreach(entries, i, n, row) {
        struct str actor = desk_text(row, "actor");
        const char *colon = memchr(actor.p, ':', actor.n);
        json_add_str(r->view, row, "side", colon ? (struct str){ actor.p, (size_t)(colon - actor.p) } : STR_NONE);
        add_link(r, row, desk_text(row, "subject"));
    }
}

const struct desk_page desk_page_audit = {
    .path = "/audit",
    .title = "Audit",
    .nav = "audit",
    .template = &template_audit,
    .asks = { { "audit", "x_audit_list", list_arguments, false }, { "head", "x_audit_head", NULL, true } },
    .finish = finish,
};

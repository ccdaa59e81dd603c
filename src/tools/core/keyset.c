#include "tools/core/keyset.h"

#include "base/encode.h"

#define DEFAULT_MAX 50
#define CURSOR_MAX  1024

int keyset_read(struct tool_call *c, const char *list, int max_allowed, struct keyset *out, struct err *e)
{
    int64_t max = DEFAULT_MAX;
    yyjson_val *page = NULL;
    struct str cursor = STR_NONE, text;
    *out = (struct keyset){ .list = list };
    if (json_opt_obj(JSON_FIELD(c->args, "pagination", ""), &page, e)) return -1;
    if (json_opt_i64(JSON_FIELD(page, "max_results", "/pagination"), (struct json_range){ 1, max_allowed }, &max, e)) {
        return -1;
    }
    if (json_opt_str(JSON_FIELD(page, "cursor", "/pagination"), (struct json_len){ 1, CURSOR_MAX }, &cursor, e))
        return -1;
    out->max = (int)max;
    if (!cursor.n) return 0;
    struct str mark = arena_printf(c->arena, "%s:", list);
    if (base64_decode(c->arena, cursor, &text) == 0 && str_starts(text, mark) && text.n > mark.n && utf8_valid(text)) {
        out->after = str_skip(text, mark.n);
        return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "This cursor does not belong to this list.");
    (void)err_suggest(e, "Leave the cursor out to start from the first page.");
    return err_field(e, "/pagination/cursor");
}

void keyset_write(struct tool_call *c, const struct keyset *k, bool more, struct str last)
{
    yyjson_mut_val *p = json_add_obj(c->doc, c->reply, "pagination");
    json_add_bool(c->doc, p, "has_more", more);
    if (!more) return;
    struct str text = arena_printf(c->arena, "%s:" STR_FMT, k->list, STR_ARG(last));
    json_add_str(c->doc, p, "cursor", base64url_encode(c->arena, text));
}

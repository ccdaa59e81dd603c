/* See page.h. A cursor is base64url of "1.<offset>.<list>", where <list> is the start of SHA-256 of the list's name:
 * a mark against mistakes, not a secret. */
#include "tools/core/page.h"

#include "base/crypto.h"
#include "base/encode.h"

#define LIST_MARK_BYTES 6
#define CURSOR_MAX      256

static struct str list_mark(struct arena *a, struct str list)
{
    uint8_t hash[SHA256_BYTES];
    sha256(list, hash);
    return hex_encode(a, (struct str){ (const char *)hash, LIST_MARK_BYTES });
}

static struct str cursor_text(struct arena *a, const struct page *p, int64_t offset)
{
    struct str mark = list_mark(a, p->list);
    return base64url_encode(a, arena_printf(a, "1.%lld." STR_FMT, (long long)offset, STR_ARG(mark)));
}

/* Reads the digits, then compares the whole: only what we would write ourselves is a cursor. */
static int read_cursor(struct arena *a, struct page *p, struct str cursor)
{
    struct str text;
    int64_t offset = 0;
    if (base64_decode(a, cursor, &text) || !str_starts(text, STR("1."))) return -1;
    for (size_t i = 2; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++) {
        if (offset > INT64_C(1000000000)) return -1;
        offset = offset * 10 + (text.p[i] - '0');
    }
    if (!str_eq(cursor, cursor_text(a, p, offset))) return -1;
    p->offset = offset;
    return 0;
}

int page_read(struct tool_call *c, struct str list, struct page *out, struct err *e)
{
    struct page p = { .max = PAGE_DEFAULT, .list = list };
    yyjson_val *v = NULL;
    struct str cursor = STR_NONE;
    const char *at = "/pagination";
    if (json_opt_obj(JSON_FIELD(c->args, "pagination", ""), &v, e)) return -1;
    if (json_opt_i64(JSON_FIELD(v, "max_results", at), (struct json_range){ 1, PAGE_MAX }, &p.max, e)) return -1;
    if (json_opt_str(JSON_FIELD(v, "cursor", at), (struct json_len){ 1, CURSOR_MAX }, &cursor, e)) return -1;
    if (cursor.n && read_cursor(c->arena, &p, cursor)) {
        (void)err_set(e, "INVALID_REQUEST", "This cursor does not belong to this list.");
        (void)err_suggest(e, "Leave the cursor out to start from the first page.");
        return err_field(e, "/pagination/cursor");
    }
    *out = p;
    return 0;
}

void page_write(struct tool_call *c, const struct page *p, struct page_end end)
{
    yyjson_mut_val *v = json_add_obj(c->doc, c->reply, "pagination");
    json_add_bool(c->doc, v, "has_more", end.next_offset >= 0);
    if (end.next_offset >= 0) json_add_str(c->doc, v, "cursor", cursor_text(c->arena, p, end.next_offset));
    if (end.total >= 0) json_add_i64(c->doc, v, "total_count", end.total);
}

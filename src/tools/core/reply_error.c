#include "tools/core/reply_error.h"

#include "base/buf.h"
#include "contract/error_codes.h"

/* "/creatives/0/assets/image" -> "creatives[0].assets.image", the form of AdCP's error.field. */
static struct str field_path(struct arena *a, const char *pointer)
{
    struct buf b;
    buf_init(&b, 2 * ERR_FIELD_MAX);
    for (const char *p = pointer; *p == '/';) {
        size_t n = strcspn(++p, "/");
        bool index = n > 0 && strspn(p, "0123456789") >= n;
        if (index) buf_addf(&b, "[%.*s]", (int)n, p);
        else buf_addf(&b, "%s%.*s", b.n ? "." : "", (int)n, p);
        p += n;
    }
    struct str path = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return path;
}

void reply_error(struct tool_call *c, yyjson_mut_val *arr, const struct err *e)
{
    const struct error_code *row = error_code_find(e->code);
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    json_add_cstr(c->doc, o, "code", e->code);
    json_add_str(c->doc, o, "message", arena_dup(c->arena, str_from(e->message)));
    json_add_cstr(c->doc, o, "recovery", row ? error_recovery_name(row->recovery[ADCP_LINE_NEWEST]) : "correctable");
    json_add_str_opt(c->doc, o, "field", field_path(c->arena, e->field));
    json_add_str_opt(c->doc, o, "suggestion", arena_dup(c->arena, str_from(e->suggestion)));
    (void)json_add_text(c->doc, o, "details", arena_dup(c->arena, str_from(e->details))); /* left out when none */
}

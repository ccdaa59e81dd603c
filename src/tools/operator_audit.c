/* The audit trail for people: x_audit_list, x_audit_verify. */
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/audit.h"
#include "store/q_audit.h"
#include "tools/operator_tools.h"

#define LIST_MAX   1000
#define VERIFY_MAX 5000

static struct str hex(struct tool_call *c, struct str bytes)
{
    return hex_encode(c->arena, bytes);
}

int tool_x_audit_list(struct tool_call *c, struct err *e)
{
    struct audit_filter f = { .tenant_id = c->act->tenant->tenant_id,
                              .actor = json_str(c->args, "actor"),
                              .action = json_str(c->args, "action"),
                              .subject = json_str(c->args, "subject"),
                              .from_at = TIME_NONE,
                              .until_at = TIME_NONE };
    const struct json_range seqs = { 0, INT64_MAX };
    int64_t limit = 100;
    struct audit_row *rows;
    size_t n;
    bool forward = json_has(c->args, "after_seq");
    if (!forward) f.before_seq = INT64_MAX;
    if (json_opt_time(JSON_FIELD(c->args, "from", ""), &f.from_at, e) ||
        json_opt_time(JSON_FIELD(c->args, "until", ""), &f.until_at, e) ||
        json_opt_i64(JSON_FIELD(c->args, "after_seq", ""), seqs, &f.after_seq, e) ||
        json_opt_i64(JSON_FIELD(c->args, "before_seq", ""), (struct json_range){ 1, INT64_MAX }, &f.before_seq, e) ||
        json_opt_i64(JSON_FIELD(c->args, "limit", ""), (struct json_range){ 1, LIST_MAX }, &limit, e)) {
        return -1;
    }
    if (forward) f.before_seq = 0;
    f.limit = (int)limit;
    if (q_audit_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "entries");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, arr);
        json_add_i64(c->doc, o, "seq", rows[i].seq);
        json_add_time(c->doc, o, "at", rows[i].at);
        json_add_str(c->doc, o, "actor", rows[i].actor);
        json_add_str(c->doc, o, "action", rows[i].action);
        json_add_str(c->doc, o, "subject", rows[i].subject);
        (void)json_add_text(c->doc, o, "doc", rows[i].doc); /* damaged ones are left out here; verify finds them */
        json_add_str(c->doc, o, "hash", hex(c, rows[i].hash));
    }
    json_add_bool(c->doc, c->reply, "has_more", n == (size_t)f.limit);
    return 0;
}

int tool_x_audit_verify(struct tool_call *c, struct err *e)
{
    struct audit_place from = { 0 };
    struct audit_verified *v = ARENA_NEW(c->arena, struct audit_verified);
    struct str text = STR_NONE, bytes = STR_NONE;
    if (json_opt_i64(JSON_FIELD(c->args, "after_seq", ""), (struct json_range){ 0, INT64_MAX }, &from.seq, e)) return -1;
    if (json_opt_str(JSON_FIELD(c->args, "hash", ""), (struct json_len){ 64, 64 }, &text, e)) return -1;
    if (text.n && hex_decode(c->arena, text, &bytes)) {
        (void)err_set(e, "INVALID_REQUEST", "hash is 64 hexadecimal digits");
        return err_field(e, "/hash");
    }
    if (bytes.n) memcpy(from.hash, bytes.p, SHA256_BYTES);
    if (audit_verify(c->act, &from, VERIFY_MAX, v, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "findings");
    for (size_t i = 0; i < v->findings_n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, arr);
        json_add_i64(c->doc, o, "seq", v->findings[i].seq);
        json_add_cstr(c->doc, o, "what", audit_fault_text(v->findings[i].fault));
    }
    json_add_i64(c->doc, c->reply, "checked", v->checked);
    json_add_i64(c->doc, c->reply, "after_seq", v->at.seq);
    json_add_str(c->doc, c->reply, "hash", hex(c, (struct str){ (const char *)v->at.hash, SHA256_BYTES }));
    json_add_bool(c->doc, c->reply, "done", v->done);
    return 0;
}

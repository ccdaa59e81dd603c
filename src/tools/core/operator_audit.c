/* The audit trail for people: x_audit_list, x_audit_verify, x_audit_head. */
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "store/q/agent/q_audit.h"
#include "tools/operation_tools.h"

#define LIST_DEFAULT 100
#define VERIFY_MAX   5000
#define LOOKED_AT    10000 /* rows, by one answer to a search */

static struct str hex(struct tool_call *c, struct str bytes)
{
    return hex_encode(c->arena, bytes);
}

static void encode(struct tool_call *c, yyjson_mut_val *o, const struct audit_row *row)
{
    json_add_i64(c->doc, o, "seq", row->seq);
    json_add_time(c->doc, o, "at", row->at);
    json_add_str(c->doc, o, "actor", row->actor);
    json_add_str(c->doc, o, "action", row->action);
    json_add_str(c->doc, o, "subject", row->subject);
    (void)json_add_text(c->doc, o, "doc", row->doc); /* damaged ones are left out here; verify finds them */
    json_add_str(c->doc, o, "hash", hex(c, row->hash));
}

/* Does it look at rows that it does not answer? Those of one subject have an index. */
static bool searches(const struct audit_filter *f)
{
    if (q_audit_is_exact(f->subject)) return false;
    return f->subject.n || f->actor.n || f->action.n || f->from_at != TIME_NONE || f->until_at != TIME_NONE;
}

int tool_x_audit_list(struct tool_call *c, struct err *e)
{
    struct audit_filter f = { .tenant_id = c->act->tenant->tenant_id,
                              .actor = json_str(c->args, "actor"),
                              .action = json_str(c->args, "action"),
                              .subject = json_str(c->args, "subject"),
                              .from_at = TIME_NONE,
                              .until_at = TIME_NONE };
    struct audit_row *rows;
    size_t n;
    if (json_opt_time(JSON_FIELD(c->args, "from", ""), &f.from_at, e) ||
        json_opt_time(JSON_FIELD(c->args, "until", ""), &f.until_at, e)) {
        return -1;
    }
    f.after_seq = json_i64_or(c->args, "after_seq", 0);
    f.before_seq = json_has(c->args, "after_seq") ? 0 : json_i64_or(c->args, "before_seq", INT64_MAX);
    f.limit = (int)json_i64_or(c->args, "limit", LIST_DEFAULT);
    if (searches(&f) && q_audit_window(c->act->tx, &f, LOOKED_AT, &f.to_seq, e)) return -1;
    if (q_audit_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "entries");
    for (size_t i = 0; i < n; i++) encode(c, json_push_obj(c->doc, arr), &rows[i]);
    bool full = n == (size_t)f.limit;
    json_add_bool(c->doc, c->reply, "has_more", full || f.to_seq);
    if (full || f.to_seq) json_add_i64(c->doc, c->reply, "next", full ? rows[n - 1].seq : f.to_seq);
    return 0;
}

int tool_x_audit_get(struct tool_call *c, struct err *e)
{
    int64_t seq = json_i64_or(c->args, "seq", 0);
    struct audit_filter f = { .tenant_id = c->act->tenant->tenant_id,
                              .from_at = TIME_NONE,
                              .until_at = TIME_NONE,
                              .after_seq = seq - 1,
                              .limit = 1 };
    struct audit_row *row;
    size_t n;
    if (q_audit_list(c->act->tx, c->arena, &f, &row, &n, e)) return -1;
    if (n == 0 || row->seq != seq) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such row.");
        return err_field(e, "/seq");
    }
    encode(c, json_add_obj(c->doc, c->reply, "entry"), row);
    return 0;
}

static int read_hash(struct tool_call *c, yyjson_val *from, uint8_t out[SHA256_BYTES], struct err *e)
{
    struct str text = json_str(from, "hash"), bytes = STR_NONE;
    if (text.n && hex_decode(c->arena, text, &bytes)) {
        (void)err_set(e, "INVALID_REQUEST", "hash is 64 hexadecimal digits");
        return err_field(e, "/hash");
    }
    if (bytes.n) memcpy(out, bytes.p, SHA256_BYTES);
    return 0;
}

static void add_finding(struct tool_call *c, yyjson_mut_val *list, int64_t seq, enum audit_fault fault)
{
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_i64(c->doc, o, "seq", seq);
    json_add_cstr(c->doc, o, "what", audit_fault_text(fault));
}

/* Rows that somebody wrote down elsewhere. */
static int check_anchors(struct tool_call *c, yyjson_mut_val *list, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(c->args, "anchors"), i, n, v) {
        struct audit_place place = { .seq = json_i64_or(v, "seq", 0) };
        if (read_hash(c, v, place.hash, e)) return -1;
        int there = audit_has(c->act, &place, e);
        if (there < 0) return -1;
        if (!there) add_finding(c, list, place.seq, AUDIT_OLDER);
    }
    return 0;
}

int tool_x_audit_verify(struct tool_call *c, struct err *e)
{
    struct audit_place from = { .seq = json_i64_or(c->args, "after_seq", 0),
                                .sealed_seq = json_i64_or(c->args, "sealed_seq", 0) };
    struct audit_verified *v = ARENA_NEW(c->arena, struct audit_verified);
    if (read_hash(c, c->args, from.hash, e)) return -1;
    if (audit_verify(c->act, &from, VERIFY_MAX, v, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "findings");
    for (size_t i = 0; i < v->findings_n; i++) add_finding(c, arr, v->findings[i].seq, v->findings[i].fault);
    if (check_anchors(c, arr, e)) return -1;
    json_add_i64(c->doc, c->reply, "checked", v->checked);
    json_add_i64(c->doc, c->reply, "after_seq", v->at.seq);
    json_add_i64(c->doc, c->reply, "sealed_seq", v->at.sealed_seq);
    json_add_str(c->doc, c->reply, "hash", hex(c, (struct str){ (const char *)v->at.hash, SHA256_BYTES }));
    json_add_bool(c->doc, c->reply, "done", v->done);
    return 0;
}

int tool_x_audit_head(struct tool_call *c, struct err *e)
{
    struct audit_place head = { 0 };
    if (audit_head(c->act, &head, e) < 0) return -1;
    json_add_i64(c->doc, c->reply, "seq", head.seq);
    json_add_str(c->doc, c->reply, "hash", hex(c, (struct str){ (const char *)head.hash, SHA256_BYTES }));
    json_add_time(c->doc, c->reply, "at", c->act->now);
    return 0;
}

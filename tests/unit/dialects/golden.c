#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "dialects/choose.h"
#include "golden.h"

static const struct json_limits wide = { .bytes_max = 1 << 20, .depth_max = 64, .nodes_max = 100000 };

static yyjson_val *parsed(struct arena *a, struct str text)
{
    struct err e;
    yyjson_doc *doc = NULL;
    if (json_parse(a, text, &wide, &doc, &e)) fail_msg("%s", e.message);
    return yyjson_doc_get_root(doc);
}

static struct str file_text(struct arena *a, const char *path)
{
    static char bytes[1 << 20];
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be opened", path);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    return arena_dup(a, (struct str){ bytes, n });
}

static void differs(struct arena *a, const char *at, yyjson_val *have, yyjson_val *want)
{
    struct str h = json_write_val(a, have), w = json_write_val(a, want);
    fail_msg("%s: have " STR_FMT ", want " STR_FMT, at, STR_ARG(h), STR_ARG(w));
}

/* Walks both values; `at` names where it stands. */
void golden_same(struct arena *a, const char *at, yyjson_val *have, yyjson_val *want)
{
    size_t i, n;
    yyjson_val *key, *w;
    if (yyjson_is_num(have) && yyjson_is_num(want)) {
        if (yyjson_get_num(have) != yyjson_get_num(want)) differs(a, at, have, want);
        return;
    }
    if (!have || yyjson_get_type(have) != yyjson_get_type(want)) differs(a, at, have, want);
    if (yyjson_is_obj(want)) {
        yyjson_obj_foreach(want, i, n, key, w) {
            yyjson_val *h = yyjson_obj_getn(have, yyjson_get_str(key), yyjson_get_len(key));
            golden_same(a, arena_printf(a, "%s/%s", at, yyjson_get_str(key)).p, h, w);
        }
        yyjson_obj_foreach(have, i, n, key, w) {
            if (!yyjson_obj_get(want, yyjson_get_str(key))) fail_msg("%s/%s is not wanted", at, yyjson_get_str(key));
        }
        return;
    }
    if (yyjson_is_arr(want)) {
        if (yyjson_arr_size(have) != yyjson_arr_size(want)) differs(a, at, have, want);
        yyjson_arr_foreach(want, i, n, w) {
            golden_same(a, arena_printf(a, "%s/%zu", at, i).p, yyjson_arr_get(have, i), w);
        }
        return;
    }
    if (!yyjson_equals(have, want)) differs(a, at, have, want);
}

static yyjson_val *failure(struct arena *a, const struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *error = json_add_obj(doc, json_root_obj(doc), "adcp_error");
    json_add_cstr(doc, error, "code", e->code);
    json_add_cstr(doc, error, "message", e->message);
    if (e->field[0]) {
        json_add_cstr(doc, json_push_obj(doc, json_add_arr(doc, error, "issues")), "pointer", e->field);
    }
    return parsed(a, json_write(a, doc->root));
}

static void check_up(struct arena *a, const struct dialect *d, struct dialect_request *req, yyjson_val *golden,
                     yyjson_val **reply)
{
    struct err e = { 0 };
    struct dialect_up up = { 0 };
    yyjson_val *refused = json_obj(golden, "refused"), *canonical = json_obj(golden, "canonical");
    int rc = d->up(req, &up, &e);
    if (refused) {
        assert_int_equal(rc, -1);
        assert_string_equal(e.code, json_str(refused, "code").p);
        assert_string_equal(e.field, json_has(refused, "field") ? json_str(refused, "field").p : "");
        *reply = failure(a, &e);
        return;
    }
    if (rc) fail_msg("refused: %s (%s)", e.message, e.field);
    if (!canonical) return;
    assert_string_equal(arena_cstr(a, up.tool), json_str(canonical, "tool").p);
    golden_same(a, "canonical", parsed(a, json_write(a, up.args)), json_obj(canonical, "args"));
}

void golden_run(struct arena *a, const char *path)
{
    yyjson_val *golden = parsed(a, file_text(a, path));
    const struct dialect *d = dialect_find(json_str(golden, "dialect"));
    if (!d) fail_msg("%s names no dialect", path);
    struct dialect_request req = { .arena = a,
                                   .tool = json_str(golden, "tool"),
                                   .args = json_obj(golden, "args"),
                                   .default_currency = STR("USD"),
                                   .adcp_version = json_str(golden, "adcp_version") };
    if (json_has(golden, "now")) assert_int_equal(rfc3339_parse(json_str(golden, "now"), &req.now), 0);
    yyjson_val *reply = json_obj(golden, "reply");
    if (d->has_tool) assert_true(d->has_tool(req.tool));
    check_up(a, d, &req, golden, &reply);
    yyjson_val *answer = json_obj(golden, "answer");
    if (!answer) return;
    struct dialect_down down = { .request = &req,
                                 .reply = reply ? reply : parsed(a, STR("{\"status\":\"completed\"}")),
                                 .aux = json_obj(golden, "aux"),
                                 .failed = json_has(reply, "adcp_error"),
                                 .doc = json_doc_new(a) };
    golden_same(a, "answer", parsed(a, json_write(a, d->down(&down))), answer);
}

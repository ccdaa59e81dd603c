/* The manifest's operations against two publishers: what one has does not exist for the other, and its own people reach it.
 * What is called is made of each operation's own schema; a member that says x-refers-to gets the id of such a thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "store/q/agent/q_job.h"
#include "tools/fixture.h"

#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"acme.example\"}"
#define FLIGHT                                                                                                         \
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"brand\":{\"domain\":\"acme.example\"}"
#define PACKAGE "\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000"
#define BANNER                                                                                                          \
    "\"format_id\":{\"agent_url\":\"http://localhost/mcp\",\"id\":\"fmt-display-300x250\"},\"assets\":{\"image\":{"     \
    "\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/a.png\",\"width\":300,\"height\":250},\"click_url\":{" \
    "\"asset_type\":\"url\",\"url\":\"https://acme.example/\"}}"

/* A thing of the demo publisher for each word of x-refers-to. */
static struct {
    const char *kind;
    struct str id;
} things[] = {
    { .kind = "task" },      { .kind = "creative" },  { .kind = "rule" },    { .kind = "token" },
    { .kind = "job" },       { .kind = "principal" }, { .kind = "user" },    { .kind = "account" },
    { .kind = "media_buy" }, { .kind = "slot" },      { .kind = "product" }, { .kind = "ad_server" },
};

static void keep(const char *kind, struct str id)
{
    assert_true(id.n > 0);
    for (size_t i = 0; i < ARRAY_LEN(things); i++) {
        if (strcmp(things[i].kind, kind) == 0) things[i].id = id;
    }
}

static struct str taken(const struct fixture_reply *r, const char *pointer)
{
    return json_val_str(json_get_path(r->reply, pointer));
}

static int insert_job(struct act *act, void *arg, struct err *e)
{
    struct job_row job = { .job_id = STR("job-of-demo2"),
                           .tenant_id = act->tenant->tenant_id,
                           .kind = STR("webhook"),
                           .lane = STR("buyer.example"),
                           .subject = STR("media_buy:none"),
                           .payload = STR("{}"),
                           .due_at = act->now,
                           .deadline_at = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &job, e);
}

static void make_things(struct fixture *f)
{
    struct err e;
    assert_int_equal(fixture_act(f, insert_job, NULL, &e), 0);
    keep("job", STR("job-of-demo2"));
    struct fixture_reply r = fixture_ok(f, "create_media_buy", "{" ACCOUNT "," FLIGHT ",\"packages\":[{" PACKAGE "}]}");
    keep("task", r.task_id);
    r = fixture_ok(f, "get_media_buys", "{}");
    keep("media_buy", taken(&r, "/media_buys/0/media_buy_id"));
    r = fixture_ok(f, "list_accounts", "{}");
    keep("account", taken(&r, "/accounts/0/account_id"));
    r = fixture_ok(f, "sync_creatives",
                   "{" ACCOUNT ",\"creatives\":[{\"creative_id\":\"cr-of-acme\",\"name\":\"C\"," BANNER "}]}");
    keep("creative", taken(&r, "/creatives/0/creative_id"));
    fixture_become(f, "test-operator");
    r = fixture_ok(f, "x_rule_add", "{\"rule\":{\"name\":\"All\",\"then\":\"person\"}}");
    keep("rule", taken(&r, "/rule/rule_id"));
    r = fixture_ok(f, "x_token_list", "{\"principal_id\":\"test-buyer\"}");
    keep("token", taken(&r, "/tokens/0/token_id"));
    keep("principal", STR("test-buyer"));
    keep("product", STR("prod-only-here"));
    (void)fixture_ok(
        f, "x_tenant_set",
        "{\"settings\":{\"ad_servers\":[{\"name\":\"mock\",\"adapter\":\"mock\",\"settings\":{\"simulated\":true}},"
        "{\"name\":\"by-hand-here\",\"adapter\":\"manual\"},{\"name\":\"house\",\"adapter\":\"house\"}]}}");
    keep("ad_server", STR("by-hand-here"));
    (void)fixture_ok(f, "x_product_add", "{\"product_id\":\"prod-only-here\",\"copy_of\":\"prod-tech-display-001\"}");
    keep("user", STR("ann-only-here"));
    (void)fixture_ok(f, "x_user_add", "{\"principal_id\":\"ann-only-here\"}");
    keep("slot", STR("slot-of-demo2"));
    (void)fixture_ok(f, "x_slot_set", "{\"slot_id\":\"slot-of-demo2\",\"property_id\":\"prop-001\"}");
}

/* ---- arguments ---- */

enum whose { THEIRS, NOBODYS };

static struct str id_of(struct fixture *f, struct str kind, enum whose whose)
{
    for (size_t i = 0; i < ARRAY_LEN(things); i++) {
        if (!str_is(kind, things[i].kind)) continue;
        struct str id = arena_dup(&f->arena, things[i].id);
        if (whose == NOBODYS) ((char *)id.p)[id.n - 1] = id.p[id.n - 1] == '2' ? '3' : '2';
        return id;
    }
    fail_msg("nothing of the kind %.*s is made here", (int)kind.n, kind.p);
    return STR_NONE;
}

static yyjson_mut_val *least(struct fixture *f, yyjson_mut_doc *doc, yyjson_val *schema, enum whose whose);

static yyjson_mut_val *least_object(struct fixture *f, yyjson_mut_doc *doc, yyjson_val *schema, enum whose whose)
{
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    yyjson_val *properties = json_obj(schema, "properties"), *key, *member;
    size_t i, n;
    yyjson_obj_foreach(properties, i, n, key, member) {
        struct str name = json_val_str(key);
        bool wanted = json_has(member, "x-refers-to");
        yyjson_val *required = json_arr(schema, "required"), *r;
        size_t k, m;
        yyjson_arr_foreach(required, k, m, r) wanted = wanted || str_eq(json_val_str(r), name);
        if (wanted && !str_is(name, "idempotency_key")) json_add_val(doc, o, name.p, least(f, doc, member, whose));
    }
    return o;
}

/* The least that fits, and every member that refers to something. */
static yyjson_mut_val *least(struct fixture *f, yyjson_mut_doc *doc, yyjson_val *schema, enum whose whose)
{
    struct str type = json_str(schema, "type"), refers = json_str(schema, "x-refers-to");
    if (refers.n) {
        struct str id = id_of(f, refers, whose);
        return yyjson_mut_strncpy(doc, id.p, id.n);
    }
    if (json_arr(schema, "enum")) return json_copy(doc, yyjson_arr_get_first(json_arr(schema, "enum")));
    if (json_arr(schema, "examples")) return json_copy(doc, yyjson_arr_get_first(json_arr(schema, "examples")));
    if (str_is(type, "object")) return least_object(f, doc, schema, whose);
    if (str_is(type, "integer") || str_is(type, "number"))
        return yyjson_mut_sint(doc, json_i64_or(schema, "minimum", 1));
    if (str_is(type, "boolean")) return yyjson_mut_bool(doc, true);
    if (str_is(type, "array")) {
        yyjson_mut_val *arr = yyjson_mut_arr(doc);
        if (json_i64_or(schema, "minItems", 0))
            yyjson_mut_arr_append(arr, least(f, doc, json_obj(schema, "items"), whose));
        return arr;
    }
    if (str_is(json_str(schema, "format"), "date-time")) return yyjson_mut_str(doc, "2026-04-01T00:00:00Z");
    if (str_is(json_str(schema, "format"), "date")) return yyjson_mut_str(doc, "2026-04-01");
    return yyjson_mut_str(doc, "words");
}

static const char *arguments_of(struct fixture *f, const struct operation *o, enum whose whose)
{
    yyjson_val *schema = fixture_json(f, o->arguments_json);
    yyjson_mut_doc *doc = json_doc_new(&f->arena);
    yyjson_mut_val *args = least(f, doc, schema, whose);
    yyjson_val *choice = yyjson_arr_get_first(json_arr(schema, "oneOf")), *name, *others, *other;
    size_t i, n;
    if (choice) { /* members that stand for each other: only the first of them */
        others = json_arr(schema, "oneOf");
        yyjson_arr_foreach(others, i, n, other) {
            yyjson_mut_obj_remove_key(args, yyjson_get_str(yyjson_arr_get_first(json_arr(other, "required"))));
        }
        yyjson_arr_foreach(json_arr(choice, "required"), i, n, name) {
            const char *key = yyjson_get_str(name);
            json_add_val(doc, args, key, least(f, doc, json_obj(json_obj(schema, "properties"), key), whose));
        }
    }
    return json_write(&f->arena, args).p;
}

/* ---- comparing ---- */

static struct str anonymous(struct fixture *f, struct str text)
{
    struct buf b;
    buf_init(&b, 1 << 22);
    for (size_t i = 0; i < text.n;) {
        size_t skip = 0;
        for (size_t k = 0; k < ARRAY_LEN(things) && !skip; k++) {
            struct str id = things[k].id; /* but for its last character, which tells THEIRS from NOBODYS */
            if (id.n && text.n - i >= id.n && memcmp(text.p + i, id.p, id.n - 1) == 0) skip = id.n;
        }
        buf_add(&b, skip ? STR("@") : (struct str){ text.p + i, 1 });
        i += skip ? skip : 1;
    }
    struct str s = arena_dup(&f->arena, buf_str(&b));
    buf_finish(&b);
    return s;
}

static struct str words(struct fixture *f, const struct fixture_reply *r)
{
    struct str said =
        r->rc ? arena_printf(&f->arena, "%s | %s | %s | %s", r->e.code, r->e.message, r->e.field, r->e.suggestion)
              : r->text;
    return anonymous(f, said);
}

/* Making something new succeeds anywhere, with ids and times that differ. */
static bool makes(const struct operation *o)
{
    return strstr(o->name, "_add") || strstr(o->name, "_rotate") || strstr(o->name, "_create") ||
           strstr(o->name, "_check");
}

static void what_is_theirs_does_not_exist(void **state)
{
    struct fixture *f = *state;
    make_things(f);
    fixture_become_other_publishers_buyer(f, "other", "their-buyer");
    f->principal.role = ROLE_ADMINISTRATOR;
    for (size_t i = 0; i < operations_n; i++) {
        const struct operation *o = &operations[i];
        if (o->role == OPERATION_INSTALLATION || makes(o)) continue;
        struct fixture_reply theirs = fixture_call(f, o->name, arguments_of(f, o, THEIRS));
        struct fixture_reply nobodys = fixture_call(f, o->name, arguments_of(f, o, NOBODYS));
        struct str a = words(f, &theirs), b = words(f, &nobodys);
        if (!str_eq(a, b))
            print_error("%s %s:\n" STR_FMT "\n" STR_FMT "\n", o->name, arguments_of(f, o, THEIRS), STR_ARG(a),
                        STR_ARG(b));
        assert_true(str_eq(a, b));
        if (theirs.work.statements != nobodys.work.statements) print_error("%s: statements differ\n", o->name);
        assert_int_equal(theirs.work.statements, nobodys.work.statements);
    }
}

/* Each with the arguments above, by the publisher's own administrator: nothing is refused for its arguments, everything
 * that reads is answered. */
static void its_own_people_reach_everything(void **state)
{
    struct fixture *f = *state;
    make_things(f);
    for (size_t i = 0; i < operations_n; i++) {
        const struct operation *o = &operations[i];
        if (o->role == OPERATION_INSTALLATION || o->changes) continue;
        const char *args = arguments_of(f, o, THEIRS);
        struct fixture_reply r = fixture_call(f, o->name, args);
        if (r.rc) print_error("%s %s: %s %s (%s)\n", o->name, args, r.e.code, r.e.message, r.e.field);
        assert_int_equal(r.rc, 0);
    }
}

static void each_has_a_function_and_a_role(void **state)
{
    (void)state;
    assert_int_equal(operations_n, operation_tools_n);
    for (size_t i = 0; i < operations_n; i++) {
        const struct operation *o = &operations[i];
        const struct tool *t = tool_find(str_from(o->name));
        assert_ptr_equal(t->operation, o);
        assert_non_null(t->run);
        assert_false(tool_permits(t, ROLE_BUYER));
        assert_int_equal(tool_permits(t, ROLE_VIEWER), o->role == OPERATION_VIEWER);
        assert_int_equal(tool_permits(t, ROLE_OPERATOR), o->role <= OPERATION_OPERATOR);
        assert_int_equal(tool_permits(t, ROLE_ADMINISTRATOR), o->role <= OPERATION_ADMINISTRATOR);
        assert_int_equal(tool_permits(t, ROLE_INSTALLATION), o->role == OPERATION_INSTALLATION);
        if (o->changes) assert_false(o->role == OPERATION_VIEWER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_function_and_a_role),
        cmocka_unit_test_setup_teardown(what_is_theirs_does_not_exist, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(its_own_people_reach_everything, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "domain/publisher/catalog_import.h"
#include "store/q/q_tenant.h"
#include "tools/sandbox/comply.h"
#include "tools/fixture.h"

#include "contract/document.h"

#define PRINT_ERR(e) print_error("%s: %s (field %s)\n", (e)->code, (e)->message, (e)->field)

static const struct json_limits limits = { .bytes_max = 64 << 20, .depth_max = 64, .nodes_max = 4000000 };

/* Ends the turn, so that a later read sees what was written since. */
static void next_turn(struct fixture *f)
{
    loop_sim_settle(&f->sim);
}

static struct str read_file(struct arena *a, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long n = ftell(file);
    assert_true(n > 0);
    rewind(file);
    char *text = arena_alloc(a, (size_t)n + 1);
    assert_int_equal(fread(text, 1, (size_t)n, file), (size_t)n);
    (void)fclose(file);
    return (struct str){ text, (size_t)n };
}

struct str fixture_demo_text(struct fixture *f)
{
    return read_file(&f->arena, DATA_DIR "/demo-publisher.json");
}

struct import_arg {
    struct fixture *f;
    struct str text;
    struct catalog_counts counts;
};

static int run_import(struct tx *tx, void *arg, struct err *e)
{
    struct import_arg *i = arg;
    struct catalog_import c = {
        .tx = tx, .arena = &i->f->arena, .rng = &i->f->rng, .now = i->f->now, .adds_publisher = true, .sandbox = true
    };
    return catalog_import(&c, i->text, &i->counts, e);
}

int64_t fixture_import(struct fixture *f, struct str text)
{
    struct import_arg arg = { .f = f, .text = text };
    struct err e;
    if (store_write_now(f->store, run_import, &arg, &e)) {
        PRINT_ERR(&e);
        fail();
    }
    next_turn(f);
    return arg.counts.changed;
}

static int open_tenant(struct tx *tx, void *arg, struct err *e)
{
    struct fixture *f = arg;
    struct tenant_row row;
    int rc = q_tenant_single(tx, &f->arena, &row, e);
    if (rc != 1) return -1;
    f->tenant = (struct tenant){ row.tenant_id, row.name, row.host, row.adapter, row.doc };
    return 0;
}

void fixture_reload_tenant(struct fixture *f)
{
    struct err e;
    assert_int_equal(store_write_now(f->store, open_tenant, f, &e), 0);
    next_turn(f);
}

struct fixture *fixture_open(void)
{
    struct err e;
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    log_set_level(LOG_ERROR);
    f->now = FIXTURE_NOW;
    arena_init(&f->arena);
    rng_init_seeded(&f->rng, 42);
    const char *folder = getenv("TMPDIR");
    int n =
        snprintf(f->path, sizeof(f->path), "%s/salesagent_fixture_%d.db", folder ? folder : P_tmpdir, (int)getpid());
    assert_in_range(n, 1, sizeof(f->path) - sizeof("-journal"));
    (void)unlink(f->path);
    loop_sim_init(&f->sim, &f->loop, f->now, 1);
    struct store_options o = { .path = f->path };
    assert_int_equal(store_open(&f->loop, &o, &f->store, &e), 0);
    assert_true(fixture_import(f, fixture_demo_text(f)) > 0);
    assert_int_equal(store_write_now(f->store, open_tenant, f, &e), 0);
    fixture_become(f, "test-buyer");
    return f;
}

void fixture_close(struct fixture *f)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    store_close(f->store);
    loop_sim_finish(&f->sim);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char path[sizeof(f->path) + 8];
        (void)snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    arena_finish(&f->arena);
    free(f);
}

static enum role role_of(struct str s)
{
    if (str_is(s, "viewer")) return ROLE_VIEWER;
    if (str_is(s, "operator")) return ROLE_OPERATOR;
    return str_is(s, "administrator") ? ROLE_ADMINISTRATOR : ROLE_BUYER;
}

void fixture_become(struct fixture *f, const char *principal_id)
{
    struct principal_row row;
    struct err e;
    next_turn(f);
    assert_int_equal(
        q_principal_get(store_read(f->store), &f->arena, f->tenant.tenant_id, str_from(principal_id), &row, &e), 1);
    f->principal = (struct principal){ .tenant_id = row.tenant_id,
                                       .principal_id = row.principal_id,
                                       .name = row.name,
                                       .role = role_of(row.role),
                                       .dialect = row.dialect,
                                       .token_id = STR("tok-test") };
    f->anonymous = false;
}

static int add_buyer(struct tx *tx, void *arg, struct err *e)
{
    const struct principal_row *row = arg;
    return q_principal_put(tx, row, FIXTURE_NOW, e) < 0 ? -1 : 0;
}

void fixture_become_new_buyer(struct fixture *f, const char *principal_id)
{
    struct err e;
    struct principal_row row = { .tenant_id = f->tenant.tenant_id,
                                 .principal_id = str_from(principal_id),
                                 .name = str_from(principal_id),
                                 .role = STR("buyer"),
                                 .status = STR("active") };
    assert_int_equal(store_write_now(f->store, add_buyer, &row, &e), 0);
    fixture_become(f, principal_id);
}

static int open_named(struct tx *tx, void *arg, struct err *e)
{
    struct fixture *f = arg;
    struct tenant_row row;
    if (q_tenant_get(tx, &f->arena, f->tenant.tenant_id, &row, e) != 1) return -1;
    f->tenant = (struct tenant){ row.tenant_id, row.name, row.host, row.adapter, row.doc };
    return 0;
}

static void become_publisher(struct fixture *f, const char *tenant_id)
{
    struct err e;
    f->tenant.tenant_id = str_from(tenant_id);
    assert_int_equal(store_write_now(f->store, open_named, f, &e), 0);
}

void fixture_become_other_publishers_buyer(struct fixture *f, const char *tenant_id, const char *principal_id)
{
    yyjson_mut_doc *doc = json_doc_new(&f->arena);
    yyjson_mut_val *all = json_copy(doc, fixture_json(f, fixture_demo_text(f).p));
    yyjson_mut_val *tenant = yyjson_mut_obj_get(all, "tenant");
    (void)yyjson_mut_obj_remove_key(tenant, "tenant_id");
    json_add_cstr(doc, tenant, "tenant_id", tenant_id);
    (void)yyjson_mut_obj_remove_key(tenant, "host");
    (void)yyjson_mut_obj_remove_key(all, "principals"); /* their tokens are the demo publisher's */
    (void)fixture_import(f, json_write(&f->arena, all));
    become_publisher(f, tenant_id);
    fixture_become_new_buyer(f, principal_id);
}

void fixture_become_demo(struct fixture *f)
{
    become_publisher(f, "demo");
    fixture_become(f, "test-buyer");
}

static struct act make_act(struct fixture *f, struct tx *tx)
{
    return (struct act){
        .tx = tx,
        .arena = &f->arena,
        .rng = &f->rng,
        .now = f->now,
        .tenant = &f->tenant,
        .principal = f->anonymous ? NULL : &f->principal,
        .actor = f->anonymous
                     ? STR("anonymous")
                     : arena_printf(&f->arena, "%s:" STR_FMT, f->principal.role == ROLE_BUYER ? "buyer" : "operator",
                                    STR_ARG(f->principal.principal_id)),
        .origin = STR("mcp"),
        .sandbox = f->sandbox,
        .auto_advance = f->auto_advance,
    };
}

yyjson_val *fixture_json(struct fixture *f, const char *text)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(&f->arena, str_from(text), &limits, &doc, &e)) {
        print_error("test JSON: %s\n%s\n", e.message, text);
        fail();
    }
    return yyjson_doc_get_root(doc);
}

struct call_arg {
    struct fixture *f;
    const struct tool *tool;
    yyjson_val *args;
    struct fixture_reply *out;
};

static int run_tool(struct tx *tx, void *arg, struct err *e)
{
    struct call_arg *c = arg;
    struct act act = make_act(c->f, tx);
    struct tool_call call = { .act = &act,
                              .arena = &c->f->arena,
                              .minor_3_0 = c->f->minor_3_0,
                              .no_aux = c->f->no_aux,
                              .args = c->args,
                              .line = c->f->minor_3_0 ? ADCP_3_0 : ADCP_LINE_NEWEST,
                              .lines = { 0, ADCP_LINE_NEWEST } };
    call.doc = json_doc_new(&c->f->arena);
    call.reply = json_root_obj(call.doc);
    call.aux = yyjson_mut_obj(call.doc);
    bool obeyed;
    c->f->arena.damaged = false; /* an earlier call's */
    if (comply_answer(&call, c->tool, &obeyed, e)) return -1;
    struct tx_work before = tx_work(tx);
    int rc = obeyed ? 0 : c->tool->run(&call, e);
    struct tx_work after = tx_work(tx);
    c->out->work =
        (struct tx_work){ after.statements - before.statements, after.rows - before.rows, after.steps - before.steps };
    if (rc || (c->tool->kind == TOOL_READ && comply_advise(&call, c->tool, e))) return -1;
    if (document_whole(&c->f->arena, e)) return -1;
    c->out->text = json_write(&c->f->arena, call.reply);
    c->out->aux_text = json_write(&c->f->arena, call.aux);
    c->out->outcome = call.outcome;
    c->out->task_id = call.task_id;
    c->out->message = call.message;
    return 0;
}

/* What an operation of the manifest answers is what it says it answers. */
static void check_answer(struct fixture *f, const struct tool *t, const struct fixture_reply *r)
{
    struct contract_report report = { .arena = &f->arena };
    if (!t->operation || contract_validate(&t->operation->answer, r->reply, &report) == 0) return;
    for (int i = 0; i < report.count; i++) {
        print_error("%s: " STR_FMT ": %s: " STR_FMT "\n", t->name, STR_ARG(report.issues[i].pointer),
                    report.issues[i].keyword, STR_ARG(report.issues[i].message));
    }
    print_error("%s\n", r->text.p);
    fail();
}

struct fixture_reply fixture_call(struct fixture *f, const char *tool, const char *args_json)
{
    struct fixture_reply r = { 0 };
    struct call_arg arg = { .f = f, .tool = tool_find(str_from(tool)), .args = fixture_json(f, args_json), .out = &r };
    if (!arg.tool) {
        print_error("no such tool: %s\n", tool);
        fail();
    }
    next_turn(f);
    r.rc = tool_check(arg.tool, &f->arena, arg.args, &r.e);
    if (r.rc) return r;
    /* What the test controller has directed is used up, which is a write. */
    r.rc = !f->sandbox && tool_kind_of(arg.tool, arg.args) == TOOL_READ
               ? run_tool(store_read(f->store), &arg, &r.e)
               : store_write_now(f->store, run_tool, &arg, &r.e);
    next_turn(f);
    if (r.rc) return r;
    r.reply = fixture_json(f, r.text.p);
    r.aux = fixture_json(f, r.aux_text.p);
    check_answer(f, arg.tool, &r);
    return r;
}

struct act_arg {
    struct fixture *f;
    int (*fn)(struct act *act, void *arg, struct err *e);
    void *arg;
};

static int run_act(struct tx *tx, void *arg, struct err *e)
{
    struct act_arg *x = arg;
    struct act act = make_act(x->f, tx);
    return x->fn(&act, x->arg, e);
}

int fixture_act(struct fixture *f, int (*fn)(struct act *act, void *arg, struct err *e), void *arg, struct err *e)
{
    struct act_arg x = { .f = f, .fn = fn, .arg = arg };
    next_turn(f);
    int rc = store_write_now(f->store, run_act, &x, e);
    next_turn(f);
    return rc;
}

void fixture_valid(struct fixture *f, const struct fixture_reply *r, const char *tool, enum adcp_line line)
{
    const struct contract *contract = contract_find(line, tool, CONTRACT_RESPONSE);
    struct contract_report report = { .arena = &f->arena };
    assert_int_equal(r->rc, 0);
    assert_non_null(contract);
    yyjson_mut_doc *doc = json_doc_new(&f->arena);
    yyjson_mut_val *root = json_copy(doc, r->reply);
    static const char *const status[] = { "completed", "submitted", "working", "input-required" };
    if (!yyjson_mut_obj_get(root, "status")) json_add_cstr(doc, root, "status", status[r->outcome]);
    yyjson_val *whole = fixture_json(f, json_write(&f->arena, root).p);
    if (contract_validate(contract, whole, &report) == 0) return;
    for (int i = 0; i < report.count; i++) {
        print_error(STR_FMT ": %s: " STR_FMT "\n", STR_ARG(report.issues[i].pointer), report.issues[i].keyword,
                    STR_ARG(report.issues[i].message));
    }
    print_error("%s\n", r->text.p);
    fail();
}

int fixture_setup(void **state)
{
    *state = fixture_open();
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

struct fixture_reply fixture_ok(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc) print_error("%s: %s: %s (%s)\n", tool, r.e.code, r.e.message, r.e.field);
    assert_int_equal(r.rc, 0);
    return r;
}

struct fixture_reply fixture_valid_call(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_ok(f, tool, args);
    fixture_valid(f, &r, tool, ADCP_LINE_NEWEST);
    fixture_valid(f, &r, tool, ADCP_3_0);
    return r;
}

void fixture_refused(struct fixture *f, const char *tool, const char *args, const char *code, const char *field)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, code);
    assert_string_equal(r.e.field, field);
}

const char *fixture_text(struct fixture *f, const struct fixture_reply *r, const char *pointer)
{
    struct str s = json_val_str(json_get_path(r->reply, pointer));
    return s.p ? arena_cstr(&f->arena, s) : "(none)";
}

int64_t fixture_number(const struct fixture_reply *r, const char *pointer)
{
    yyjson_val *v = json_get_path(r->reply, pointer);
    return yyjson_is_int(v) ? yyjson_get_sint(v) : -1;
}

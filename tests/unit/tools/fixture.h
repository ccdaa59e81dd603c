/* A whole agent without network for tests of tools and of the domain: a database in a temporary file, virtual time,
 * a seeded random generator and the demo publisher of data/demo-publisher.json.
 *
 *     struct fixture *f = fixture_open();
 *     struct fixture_reply r = fixture_call(f, "get_products", "{\"buying_mode\":\"wholesale\"}");
 *     assert_int_equal(r.rc, 0);
 *     ... json_arr(r.reply, "products") ...
 *     fixture_close(f);
 *
 * A call runs as f->principal ("test-buyer" at first) at f->now. Everything a reply points at lives until
 * fixture_close. A failed call leaves nothing behind, as in the server; what an operation of the manifest
 * answers must fit its schema. */
#pragma once

#include "contract/validate.h"
#include "run/loop_sim.h"
#include "tools/tool.h"

#define FIXTURE_NOW INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z, the tutorial's afternoon */

struct fixture {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct arena arena;
    struct rng rng;
    int64_t now;
    struct tenant tenant;
    struct principal principal;
    bool anonymous;    /* call without a principal */
    bool sandbox, auto_advance, minor_3_0, no_aux;
    char path[256];
};

struct fixture_reply {
    int rc;
    struct err e;               /* with rc -1 */
    yyjson_val *reply, *aux;    /* with rc 0 */
    struct str text, aux_text;  /* the same as text */
    enum tool_outcome outcome;
    struct str task_id, message;
    struct tx_work work;        /* what it asked of the store */
};

struct fixture *fixture_open(void); /* with the demo publisher */
void fixture_close(struct fixture *f);

/* Imports a file's text; fails the test when that fails. Returns how many objects changed. */
int64_t fixture_import(struct fixture *f, struct str text);
struct str fixture_demo_text(struct fixture *f);
/* After an import that changed the publisher itself. */
void fixture_reload_tenant(struct fixture *f);

/* Adds another publisher (as `tenant_id`, with the demo publisher's data) with one buyer, and becomes that buyer. */
void fixture_become_other_publishers_buyer(struct fixture *f, const char *tenant_id, const char *principal_id);
void fixture_become_demo(struct fixture *f); /* back to the demo publisher's "test-buyer" */

/* From now on calls come from this principal of the demo publisher; fails the test when there is none. */
void fixture_become(struct fixture *f, const char *principal_id);
/* Adds another buyer (to prove isolation) and becomes it. */
void fixture_become_new_buyer(struct fixture *f, const char *principal_id);

struct fixture_reply fixture_call(struct fixture *f, const char *tool, const char *args_json);

/* An act inside a write transaction, for calling domain functions directly: runs `fn`, keeps what it wrote when it
 * returns 0. */
int fixture_act(struct fixture *f, int (*fn)(struct act *act, void *arg, struct err *e), void *arg, struct err *e);

/* Reads JSON written in a test; fails the test when it is none. */
yyjson_val *fixture_json(struct fixture *f, const char *text);

/* Fails the test unless the reply, with the envelope the dispatcher would add, is valid AdCP of this line. */
void fixture_valid(struct fixture *f, const struct fixture_reply *r, const char *tool, enum adcp_line line);

/* For cmocka_unit_test_setup_teardown: *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The call must succeed; the second form's reply must be valid AdCP of both lines as well. */
struct fixture_reply fixture_ok(struct fixture *f, const char *tool, const char *args_json);
struct fixture_reply fixture_valid_call(struct fixture *f, const char *tool, const char *args_json);
/* The call must fail with this code and field (a JSON Pointer). */
void fixture_refused(struct fixture *f, const char *tool, const char *args_json, const char *code, const char *field);

/* What a reply says at a JSON Pointer: "(none)" where there is no text, -1 where there is no whole number. */
const char *fixture_text(struct fixture *f, const struct fixture_reply *r, const char *pointer);
int64_t fixture_number(const struct fixture_reply *r, const char *pointer);

/* What tests of a room stand on: a store in memory, virtual time, one publisher "t" whose ad server is the mock, and its
 * buyer "b". Nothing of any room but the struct act, so a test links its room and what lies below.
 *
 *     static void opens_a_task(struct room *r, const struct act *act) { ... the room's functions ... }
 *     struct room *r = room_open();
 *     room_do(r, ROLE_BUYER, opens_a_task);        in a write transaction, which is committed
 *     room_close(r);
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/core/act.h"

#define ROOM_NOW INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */

/* Fails the test, saying why, when the call fails; `e` is the struct err it was given. */
#define ROOM_OK(call)                                                                                                  \
    do {                                                                                                               \
        if ((call) != 0) fail_msg("%s: %s: %s (%s)", #call, e.code, e.message, e.field);                               \
    } while (0)

struct room {
    struct loop *loop;
    struct loop_sim *sim;
    struct store *store;
    struct arena arena; /* what acts make; until room_close */
    struct rng rng;
    int64_t now;
    struct tenant tenant;
};

struct room *room_open(void);
void room_close(struct room *r);

/* The publisher's settings from now on: tenant.doc. */
void room_settings(struct room *r, const char *json);

/* Runs `fn` as the buyer "b" or as a person of the publisher, in a write transaction at r->now, and commits. */
void room_do(struct room *r, enum role role, void (*fn)(struct room *r, const struct act *act));
/* The same for what time does: an act without a principal. */
void room_do_alone(struct room *r, void (*fn)(struct room *r, const struct act *act));

/* ---- looking, inside a transaction ---- */

yyjson_val *room_json(struct room *r, const char *text); /* fails the test when it is not JSON */
/* How many jobs of that kind there are; with the payload of the newest, unless NULL. */
size_t room_jobs(struct room *r, const struct act *act, const char *kind, struct str *payload);
/* How many lines of the audit trail have this action. */
size_t room_audited(struct room *r, const struct act *act, const char *action);

/* The audit trail: who did what to what, when, from where, written in the commit of the act. Append-only and
 * hash-chained: hash = SHA-256(prev_hash || the row's fields, each length-prefixed). How it ends is sealed with the
 * installation's secret (HMAC over number and hash of the last row), which is not in the database: so rows taken from
 * the end and a chain computed anew show. Writing on heals nothing: a row follows the sealed end, whatever rows there
 * are, and a seal that is not ours is never made good. What a database alone can't show is that all of it is an older
 * copy: for that its head is kept elsewhere, as an anchor (app/anchor.h, `salesagent audit head`). */
#pragma once

#include "domain/core/act.h"

struct audit_entry {
    const char *action;  /* "media_buy.create", "task.approve", ... */
    struct str subject;  /* "media_buy:mb-..." */
    struct str doc;      /* JSON object with the details; empty means {} */
};

/* SERVICE_UNAVAILABLE, and a line in the log, for details of more than AUDIT_DOC_BYTES_MAX: callers bound theirs before. */
MUST_CHECK int audit_add(const struct act *act, const struct audit_entry *entry, struct err *e);
/* Several, in this order: the trail's end is read and sealed once. */
MUST_CHECK int audit_add_all(const struct act *act, const struct audit_entry *entries, size_t n, struct err *e);

struct audit_row;
/* The hash a row must have, given its prev_hash; 32 bytes. For verification. */
void audit_row_hash(const struct audit_row *row, uint8_t out[32]);

/* Verification, a page at a time so that it never holds the program up: give the answer's `at` to the next page. */
struct audit_place {
    int64_t seq; /* 0: before the first row */
    uint8_t hash[32]; /* of that row; zeros before the first */
    int64_t sealed_seq; /* of the row so far that began the sealing; 0: none */
};

enum audit_fault {
    AUDIT_MISSING, /* rows before this one are not there */
    AUDIT_UNCHAINED, /* the row does not follow the one before it */
    AUDIT_CHANGED, /* the row is not what was written */
    AUDIT_HEAD_MISSING, /* the trail's seal is not there */
    AUDIT_HEAD_FORGED, /* the seal was not made by this installation */
    AUDIT_CUT, /* the trail ends before its seal says */
    AUDIT_OLDER, /* an anchor names a row that is not there, or is another */
    AUDIT_SEALED_AGAIN, /* the trail was sealed for the first time more than once */
    AUDIT_OVERLONG /* rows follow the sealed end, or the last row is not the sealed one */
};

struct audit_finding {
    enum audit_fault fault;
    int64_t seq;
};

#define AUDIT_FINDINGS_MAX 100
#define AUDIT_SEALED       "audit.sealed" /* the action of the row that says where sealing began */

/* How the trail ends: 1, 0 when it is empty, -1. */
MUST_CHECK int audit_head(const struct act *act, struct audit_place *out, struct err *e);

/* 1 when the trail has this row with this hash, 0 when not, -1. */
MUST_CHECK int audit_has(const struct act *act, const struct audit_place *place, struct err *e);

/* Seals a trail from before there were seals (its head has one of zeros: migration 0072) and says so in a row of its
 * own. Nothing for any other. */
MUST_CHECK int audit_seal_first(const struct act *act, struct err *e);

struct audit_verified {
    struct audit_place at;
    int64_t checked;
    bool done; /* the end was reached, and compared with the seal */
    struct audit_finding findings[AUDIT_FINDINGS_MAX]; /* the first of this page */
    size_t findings_n;
};
MUST_CHECK int audit_verify(const struct act *act, const struct audit_place *from, int limit,
                            struct audit_verified *out, struct err *e);
const char *audit_fault_text(enum audit_fault f); /* one sentence */

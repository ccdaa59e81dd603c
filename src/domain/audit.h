/* The audit trail: who did what to what, when, from where, written in the commit of the act. Append-only and
 * hash-chained: hash = SHA-256(prev_hash || the row's fields, each length-prefixed). */
#pragma once

#include "domain/act.h"

struct audit_entry {
    const char *action;  /* "media_buy.create", "task.approve", ... */
    struct str subject;  /* "media_buy:mb-..." */
    struct str doc;      /* JSON object with the details; empty means {} */
};

MUST_CHECK int audit_add(const struct act *act, const struct audit_entry *entry, struct err *e);

struct audit_row;
/* The hash a row must have, given its prev_hash; 32 bytes. For verification. */
void audit_row_hash(const struct audit_row *row, uint8_t out[32]);

/* A publisher's rules, in their order. */
#pragma once

#include "store/store.h"

#define RULES_MAX 500 /* of one publisher */

struct rule_row {
    struct str tenant_id, rule_id;
    int64_t position; /* 1.. */
    struct str doc;
    int64_t created_at, updated_at;
};

struct rule_rows {
    struct rule_row *rows;
    size_t n;
};

/* In their order, at most RULES_MAX. */
MUST_CHECK int q_rule_list(struct tx *tx, struct arena *a, struct str tenant_id, struct rule_rows *out, struct err *e);
MUST_CHECK int q_rule_insert(struct tx *tx, const struct rule_row *row, struct err *e);
/* 1 removed, 0 there was none. */
MUST_CHECK int q_rule_delete(struct tx *tx, struct str tenant_id, struct str rule_id, struct err *e);
MUST_CHECK int q_rule_place(struct tx *tx, const struct rule_row *row,
                            struct err *e); /* writes position and updated_at */

#include "contract/limits.h"
#include "domain/rule/rule.h"
#include "contract/document.h"

#include <salesagent/money.h>

#include "domain/core/audit.h"
#include "store/q/q_media_buy.h"

#define HOURS_MAX (24 * 366)
#define LIST_MAX  200
#define TEXT_MAX  500
#define BP_MAX    10000000

static const char *const outcomes[] = {
    [RULE_NONE] = "none", [RULE_PERSON] = "person", [RULE_AUTO] = "auto", [RULE_REJECT] = "reject"
};
static const char *const lapses[] = { [LAPSE_STAY] = "stay", [LAPSE_REJECT] = "reject", [LAPSE_APPROVE] = "approve" };

const char *rule_outcome_name(enum rule_outcome o)
{
    return outcomes[o];
}

/* ---- conditions ---- */

static bool names(yyjson_val *list, struct str word)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(json_val_str(v), word)) return true;
    }
    return false;
}

static bool product_named(yyjson_val *list, const struct rule_facts *f)
{
    for (size_t i = 0; i < f->products_n; i++) {
        if (names(list, f->products[i])) return true;
    }
    return false;
}

static bool targeting_named(yyjson_val *list, const struct rule_facts *f)
{
    size_t i, n;
    yyjson_val *key, *val;
    for (size_t k = 0; k < f->targeting_n; k++) {
        yyjson_obj_foreach(f->targeting[k], i, n, key, val) {
            if (names(list, json_val_str(key))) return true;
        }
    }
    return false;
}

static bool category_named(yyjson_val *list, const struct rule_facts *f)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(f->creative_categories, i, n, v) {
        if (names(list, json_val_str(v))) return true;
    }
    return false;
}

static bool amount_over(yyjson_val *when, const struct rule_facts *f)
{
    int64_t limit = 0;
    struct err e; /* checked when the rule was added */
    if (json_opt_money(JSON_FIELD(when, "amount_over", ""), &limit, &e)) return false;
    return f->currency && f->amount_micros > limit;
}

static bool raise_over(yyjson_val *when, const struct rule_facts *f)
{
    int64_t bp = json_i64_or(when, "spend_raise_over_bp", 0);
    if (!f->currency || f->before_micros < 0 || f->amount_micros <= f->before_micros) return false;
    return f->amount_micros - f->before_micros > muldiv(f->before_micros, bp, 10000, MONEY_ROUND_DOWN);
}

static int is_first_buy(const struct act *act, const struct rule_facts *f, bool *first, struct err *e)
{
    int found = q_media_buy_confirmed_any(act->tx, act->tenant->tenant_id, f->principal_id, e);
    *first = found == 0;
    return found < 0 ? -1 : 0;
}

/* 1 all hold, 0 not, -1 failed. */
static int holds(const struct act *act, yyjson_val *when, const struct rule_facts *f, struct err *e)
{
    if (f->named_only && !json_has(when, "operations")) return 0;
    if (json_has(when, "operations") && !names(json_arr(when, "operations"), str_from(f->operation))) return 0;
    if (json_has(when, "amount_over") && !amount_over(when, f)) return 0;
    if (json_has(when, "currency") && !(f->currency && str_is(json_str(when, "currency"), f->currency))) return 0;
    if (json_has(when, "products") && !product_named(json_arr(when, "products"), f)) return 0;
    if (json_has(when, "accounts") && !names(json_arr(when, "accounts"), f->account_id)) return 0;
    if (json_has(when, "principals") && !names(json_arr(when, "principals"), f->principal_id)) return 0;
    if (json_has(when, "targeting") && !targeting_named(json_arr(when, "targeting"), f)) return 0;
    if (json_has(when, "creative_formats") &&
        !(f->creative_format.n && names(json_arr(when, "creative_formats"), f->creative_format))) {
        return 0;
    }
    if (json_has(when, "creative_categories") && !category_named(json_arr(when, "creative_categories"), f)) return 0;
    if (json_has(when, "spend_raise_over_bp") && !raise_over(when, f)) return 0;
    if (!json_has(when, "first_buy")) return 1;
    bool first;
    if (is_first_buy(act, f, &first, e)) return -1;
    return first == json_bool_or(when, "first_buy", true);
}

static void take(const struct rule_row *row, yyjson_val *rule, struct rule_verdict *out)
{
    *out = (struct rule_verdict){ .rule_id = row->rule_id,
                                  .name = json_str(rule, "name"),
                                  .reason = json_str(rule, "reason"),
                                  .role = json_str(rule, "role"),
                                  .due_hours = json_i64_or(rule, "due_hours", 0),
                                  .remind_hours = json_i64_or(rule, "remind_hours", 0),
                                  .escalate_hours = json_i64_or(rule, "escalate_hours", 0) };
    for (int o = RULE_PERSON; o <= RULE_REJECT; o++) {
        if (str_is(json_str(rule, "then"), outcomes[o])) out->outcome = (enum rule_outcome)o;
    }
    for (int l = LAPSE_STAY; l <= LAPSE_APPROVE; l++) {
        if (str_is(json_str(rule, "lapse"), lapses[l])) out->lapse = (enum rule_lapse)l;
    }
}

void rule_facts_package(struct rule_facts *f, struct str product_id, yyjson_val *targeting)
{
    if (f->products_n < RULE_FACTS_MAX) f->products[f->products_n++] = product_id;
    if (targeting && f->targeting_n < RULE_FACTS_MAX) f->targeting[f->targeting_n++] = targeting;
}

int rule_asks_of(const struct act *act, const char *operation, enum rule_asks *out, struct err *e)
{
    struct rule_rows list;
    enum rule_asks asks = RULE_ASKS_NEVER;
    if (q_rule_list(act->tx, act->arena, act->tenant->tenant_id, &list, e)) return -1;
    for (size_t i = 0; i < list.n; i++) {
        yyjson_val *rule = document_read(act->arena, list.rows[i].doc), *when = json_obj(rule, "when");
        if (document_whole(act->arena, e)) return -1;
        bool named = json_has(when, "operations");
        if (named && !names(json_arr(when, "operations"), str_from(operation))) continue;
        bool person = str_is(json_str(rule, "then"), outcomes[RULE_PERSON]);
        bool conditions = yyjson_obj_size(when) > (named ? 1 : 0);
        if (!conditions) { /* it matches always, so no rule below it is reached */
            if (person) asks = asks == RULE_ASKS_NEVER && i == 0 ? RULE_ASKS_ALWAYS : RULE_ASKS_SOMETIMES;
            break;
        }
        if (person) asks = RULE_ASKS_SOMETIMES;
    }
    *out = asks;
    return 0;
}

int rule_decide(const struct act *act, const struct rule_facts *facts, struct rule_verdict *out, struct err *e)
{
    struct rule_rows list;
    *out = (struct rule_verdict){ .outcome = RULE_NONE };
    if (q_rule_list(act->tx, act->arena, act->tenant->tenant_id, &list, e)) return -1;
    for (size_t i = 0; i < list.n; i++) {
        yyjson_val *rule = document_read(act->arena, list.rows[i].doc);
        if (document_whole(act->arena, e)) return -1; /* who knows what it would have said */
        int rc = holds(act, json_obj(rule, "when"), facts, e);
        if (rc < 0) return -1;
        if (rc == 0) continue;
        take(&list.rows[i], rule, out);
        return 0;
    }
    return 0;
}

int rule_refuse(const struct rule_verdict *v, struct err *e)
{
    if (!v->reason.n) return err_set(e, "POLICY_VIOLATION", "The publisher does not accept this.");
    return err_set(e, "POLICY_VIOLATION", STR_FMT, STR_ARG(v->reason));
}

/* ---- checking ---- */

static int bad(struct err *e, const char *field, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "%s", field);
}

static int only(yyjson_val *obj, const char *at, const char *const *known, struct err *e)
{
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(obj, i, n, key, val) {
        const char *const *k = known;
        while (*k && !str_is(json_val_str(key), *k)) k++;
        if (*k) continue;
        (void)err_set(e, "INVALID_REQUEST", "a rule has no such member");
        return err_field(e, "%s/" STR_FMT, at, STR_ARG(json_val_str(key)));
    }
    return 0;
}

static int check_words(yyjson_val *when, const char *key, struct err *e)
{
    yyjson_val *list = NULL, *v;
    size_t i, n;
    if (!json_has(when, key)) return 0;
    if (json_req_arr(JSON_FIELD(when, key, "/when"), (struct json_len){ 1, LIST_MAX }, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, v) {
        if (json_val_str(v).n) continue;
        (void)err_set(e, "INVALID_REQUEST", "a word is expected");
        return err_field(e, "/when/%s/%zu", key, i);
    }
    return 0;
}

static int check_operations(yyjson_val *when, struct err *e)
{
    static const char *const known[] = { "create_media_buy", "update_media_buy", "creative_review",
                                         "account",          "proposal",         "get_products" };
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(when, "operations"), i, n, v) {
        size_t k = 0;
        while (k < ARRAY_LEN(known) && !str_is(json_val_str(v), known[k])) k++;
        if (k < ARRAY_LEN(known)) continue;
        (void)err_set(
            e, "INVALID_REQUEST",
            "operations are create_media_buy, update_media_buy, creative_review, account, proposal and get_products");
        return err_field(e, "/when/operations/%zu", i);
    }
    return 0;
}

static int check_when(yyjson_val *when, struct err *e)
{
    static const char *const known[] = {
        "operations",          "amount_over", "currency",  "products",         "accounts",
        "principals",          "first_buy",   "targeting", "creative_formats", "creative_categories",
        "spend_raise_over_bp", NULL
    };
    static const char *const words[] = { "operations", "products",         "accounts",           "principals",
                                         "targeting",  "creative_formats", "creative_categories" };
    int64_t n = 0;
    bool flag;
    struct str s = STR_NONE;
    if (only(when, "/when", known, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (check_words(when, words[i], e)) return -1;
    }
    if (check_operations(when, e)) return -1;
    if (json_opt_money(JSON_FIELD(when, "amount_over", "/when"), &n, e)) return -1;
    if (json_opt_bool(JSON_FIELD(when, "first_buy", "/when"), &flag, e)) return -1;
    if (json_opt_i64(JSON_FIELD(when, "spend_raise_over_bp", "/when"), (struct json_range){ 0, BP_MAX }, &n, e))
        return -1;
    if (json_opt_str(JSON_FIELD(when, "currency", "/when"), (struct json_len){ 3, 3 }, &s, e)) return -1;
    return s.n && !currency_valid(s) ? bad(e, "/when/currency", "currency must be an ISO 4217 code") : 0;
}

static int check_rule(yyjson_val *rule, struct err *e)
{
    static const char *const known[] = { "name",         "when",           "then",  "role",   "due_hours",
                                         "remind_hours", "escalate_hours", "lapse", "reason", NULL };
    static const char *const hours[] = { "due_hours", "remind_hours", "escalate_hours" };
    yyjson_val *when = NULL;
    struct str s = STR_NONE, role = STR_NONE, lapse = STR_NONE, then;
    int64_t due = 0;
    if (only(rule, "", known, e)) return -1;
    if (json_req_str(JSON_FIELD(rule, "name", ""), (struct json_len){ 1, TEXT_MAX }, &s, e)) return -1;
    if (json_opt_str(JSON_FIELD(rule, "reason", ""), (struct json_len){ 1, ERR_MESSAGE_MAX - 1 }, &s, e)) return -1;
    if (json_opt_obj(JSON_FIELD(rule, "when", ""), &when, e) || check_when(when, e)) return -1;
    if (json_req_str(JSON_FIELD(rule, "then", ""), (struct json_len){ 1, 16 }, &then, e)) return -1;
    if (!str_is(then, "person") && !str_is(then, "auto") && !str_is(then, "reject")) {
        return bad(e, "/then", "then is person, auto or reject");
    }
    if (str_is(then, "person") && names(json_arr(when, "operations"), STR("get_products"))) {
        return bad(e, "/then", "nobody decides on a request for products: then is auto or reject");
    }
    if (json_opt_str(JSON_FIELD(rule, "role", ""), (struct json_len){ 1, 16 }, &role, e)) return -1;
    if (role.n && !str_is(role, "operator") && !str_is(role, "administrator")) {
        return bad(e, "/role", "role is operator or administrator");
    }
    for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
        if (json_opt_i64(JSON_FIELD(rule, hours[i], ""), (struct json_range){ 1, HOURS_MAX }, &due, e)) return -1;
    }
    if (json_opt_str(JSON_FIELD(rule, "lapse", ""), (struct json_len){ 1, 16 }, &lapse, e)) return -1;
    if (lapse.n && !str_is(lapse, "stay") && !str_is(lapse, "reject") && !str_is(lapse, "approve")) {
        return bad(e, "/lapse", "lapse is stay, reject or approve");
    }
    return 0;
}

/* ---- the list ---- */

static int audit_rule(const struct act *act, const char *action, struct str rule_id, struct str doc, struct err *e)
{
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(act->arena, "rule:" STR_FMT, STR_ARG(rule_id)),
                                 .doc = doc };
    return audit_add(act, &entry, e);
}

/* Numbers the rows 1.. in the order of the array, writing only what changed. */
static int renumber(const struct act *act, struct rule_row *const *rows, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i]->position == (int64_t)i + 1) continue;
        rows[i]->position = (int64_t)i + 1;
        rows[i]->updated_at = act->now;
        if (q_rule_place(act->tx, rows[i], e)) return -1;
    }
    return 0;
}

/* All rules with `moved` put at `position` (1..; 0 or beyond the end: last). */
static int arrange(const struct act *act, struct rule_rows *list, struct rule_row *moved, int64_t position,
                   struct err *e)
{
    struct rule_row **order = ARENA_ARRAY(act->arena, struct rule_row *, list->n + 1);
    size_t n = 0;
    bool placed = false;
    for (size_t i = 0; i < list->n; i++) {
        if (!placed && position > 0 && (int64_t)n + 1 == position) {
            order[n++] = moved;
            placed = true;
        }
        if (!str_eq(list->rows[i].rule_id, moved->rule_id)) order[n++] = &list->rows[i];
    }
    if (!placed) order[n++] = moved;
    return renumber(act, order, n, e);
}

int rule_add(const struct act *act, yyjson_val *rule, int64_t position, struct rule_row *out, struct err *e)
{
    struct rule_rows list;
    if (!yyjson_is_obj(rule)) return bad(e, "", "a rule is a JSON object");
    if (check_rule(rule, e) || q_rule_list(act->tx, act->arena, act->tenant->tenant_id, &list, e)) return -1;
    if (list.n >= RULES_MAX) return err_set(e, "INVALID_STATE", "There are %d rules already.", RULES_MAX);
    struct rule_row row = { .tenant_id = act->tenant->tenant_id,
                            .rule_id = id_new(act->arena, act->rng, "rule-", act->now),
                            .position = (int64_t)list.n + 1,
                            .doc = json_write_val(act->arena, rule),
                            .created_at = act->now,
                            .updated_at = act->now };
    if (row.doc.n > AUDIT_DOC_BYTES_MAX) return bad(e, "", "a rule is too long for the audit trail");
    if (q_rule_insert(act->tx, &row, e)) return -1;
    if (position > 0 && arrange(act, &list, &row, position, e)) return -1;
    *out = row;
    return audit_rule(act, "rule.add", row.rule_id, row.doc, e);
}

static int not_found(struct err *e)
{
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such rule.");
    return err_field(e, "/rule_id");
}

int rule_remove(const struct act *act, struct str rule_id, struct err *e)
{
    struct rule_rows list;
    if (q_rule_list(act->tx, act->arena, act->tenant->tenant_id, &list, e)) return -1;
    struct rule_row **order = ARENA_ARRAY(act->arena, struct rule_row *, list.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (!str_eq(list.rows[i].rule_id, rule_id)) order[n++] = &list.rows[i];
    }
    int rc = q_rule_delete(act->tx, act->tenant->tenant_id, rule_id, e);
    if (rc < 0) return -1;
    if (rc == 0) return not_found(e);
    return renumber(act, order, n, e) ? -1 : audit_rule(act, "rule.remove", rule_id, STR_NONE, e);
}

int rule_move(const struct act *act, struct str rule_id, int64_t position, struct err *e)
{
    struct rule_rows list;
    struct rule_row *moved = NULL;
    if (q_rule_list(act->tx, act->arena, act->tenant->tenant_id, &list, e)) return -1;
    for (size_t i = 0; i < list.n; i++) {
        if (str_eq(list.rows[i].rule_id, rule_id)) moved = &list.rows[i];
    }
    if (!moved) return not_found(e);
    if (arrange(act, &list, moved, position, e)) return -1;
    return audit_rule(act, "rule.move", rule_id,
                      arena_printf(act->arena, "{\"position\":%lld}", (long long)moved->position), e);
}

int rule_facts_read(yyjson_val *obj, struct rule_facts *out, struct err *e)
{
    struct str operation, currency = STR("USD");
    struct rule_facts f = { .before_micros = -1 };
    yyjson_val *v, *products = json_arr(obj, "products");
    size_t i, n;
    if (json_req_str(JSON_FIELD(obj, "operation", ""), (struct json_len){ 1, 32 }, &operation, e)) return -1;
    f.operation = operation.p; /* yyjson ends its strings with NUL */
    if (json_opt_str(JSON_FIELD(obj, "currency", ""), (struct json_len){ 3, 3 }, &currency, e)) return -1;
    if (json_opt_money(JSON_FIELD(obj, "amount", ""), &f.amount_micros, e)) return -1;
    if (json_opt_money(JSON_FIELD(obj, "before", ""), &f.before_micros, e)) return -1;
    if (json_has(obj, "amount")) f.currency = currency.p;
    f.account_id = json_str(obj, "account_id");
    f.principal_id = json_str(obj, "principal_id");
    yyjson_arr_foreach(products, i, n, v) {
        if (f.products_n < RULE_FACTS_MAX) f.products[f.products_n++] = json_val_str(v);
    }
    if (json_obj(obj, "targeting")) f.targeting[f.targeting_n++] = json_obj(obj, "targeting");
    f.creative_format = json_str(obj, "creative_format");
    f.creative_categories = json_arr(obj, "creative_categories");
    *out = f;
    return 0;
}

#include "domain/buyer/account.h"
#include "contract/document.h"

#include "domain/core/audit.h"
#include "domain/core/tenant_settings.h"

#define ID_MAX 255

enum status { ACTIVE, PENDING_APPROVAL, PAYMENT_REQUIRED, SUSPENDED, REJECTED, CLOSED, STATUSES_N };

static const char *const status_names[STATUSES_N] = {
    "active", "pending_approval", "payment_required", "suspended", "rejected", "closed",
};

/* AdCP 3.1 accounts/overview, "what each status allows". Rejected and closed accounts answer as if they did not
 * exist, except to list_accounts. */
static const bool allowed[ACCOUNT_USES_N][STATUSES_N] = {
    /*                             active, pending, payment, suspended, rejected, closed */
    [ACCOUNT_USE_LIST] = { true, true, true, true, true, true },
    [ACCOUNT_USE_FINANCIALS] = { true, true, true, true, false, false },
    [ACCOUNT_USE_PRODUCTS] = { true, false, true, false, false, false },
    [ACCOUNT_USE_CREATE_BUY] = { true, false, false, false, false, false },
    [ACCOUNT_USE_UPDATE_BUY] = { true, false, true, false, false, false },
    [ACCOUNT_USE_ADD_PACKAGES] = { true, false, false, false, false, false },
    [ACCOUNT_USE_READ_BUYS] = { true, false, true, true, false, false },
    [ACCOUNT_USE_SYNC] = { true, false, true, false, false, false },
    [ACCOUNT_USE_REPORT_USAGE] = { true, false, true, true, false, false },
};

static int not_found(struct err *e)
{
    (void)err_set(e, "ACCOUNT_NOT_FOUND", "There is no such account for these credentials.");
    (void)err_suggest(e, "Call list_accounts for the accounts you may use, or sync_accounts to declare one.");
    return err_field(e, "/account");
}

int account_gate(const struct account_row *account, enum account_use use, struct err *e)
{
    ENSURE(use >= 0 && use < ACCOUNT_USES_N);
    enum status s = CLOSED;
    for (int i = 0; i < STATUSES_N; i++) {
        if (str_is(account->status, status_names[i])) s = (enum status)i;
    }
    if (allowed[use][s]) return 0;
    switch (s) {
    case PENDING_APPROVAL:
        (void)err_set(e, "ACCOUNT_SETUP_REQUIRED", "The account waits for the publisher's approval.");
        (void)err_suggest(e, "Wait until list_accounts shows the account as active; its setup says what is missing.");
        break;
    case PAYMENT_REQUIRED:
        (void)err_set(e, "ACCOUNT_PAYMENT_REQUIRED", "The account has an unpaid balance.");
        (void)err_suggest(e, "Settle the balance with the publisher, then repeat the call.");
        break;
    case SUSPENDED:
        (void)err_set(e, "ACCOUNT_SUSPENDED", "The account is suspended.");
        (void)err_suggest(e, "Ask the publisher why, or use another account.");
        break;
    case ACTIVE:
    case REJECTED:
    case CLOSED:
    case STATUSES_N: return not_found(e);
    }
    return err_field(e, "/account");
}

static int read_domain(struct json_field f, struct str *out, struct err *e)
{
    if (json_req_str(f, (struct json_len){ 1, DOMAIN_TEXT_MAX }, out, e)) return -1;
    if (domain_text_valid(*out)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s must be a domain name in lower case, like acme.example", f.key);
    return err_field(e, "%s/%s", f.at, f.key);
}

/* One level down: the brand of a natural key, an object or (tolerated) the domain alone. */
static int read_brand(yyjson_val *ref, const char *at, struct account_ref *out, struct err *e)
{
    if (json_str(ref, "brand").n) return read_domain(JSON_FIELD(ref, "brand", at), &out->brand_domain, e);
    yyjson_val *brand;
    struct str id = STR_NONE;
    if (json_req_obj(JSON_FIELD(ref, "brand", at), &brand, e)) return -1;
    if (read_domain(JSON_FIELD(brand, "domain", "/brand"), &out->brand_domain, e) ||
        json_opt_str(JSON_FIELD(brand, "brand_id", "/brand"), (struct json_len){ 1, ID_MAX }, &id, e)) {
        return err_in(e, "%s", at);
    }
    out->brand_id = id;
    return 0;
}

/* AdCP lets these members tell accounts of one brand and operator apart; here there is one for each, so they are refused. */
static int one_account_a_key(yyjson_val *ref, const char *at, struct err *e)
{
    static const char *const members[] = { "operator_unit", "currency", "timezone" };
    bool countries = json_has(json_obj(ref, "brand"), "countries");
    const char *name = countries ? "brand/countries" : NULL;
    for (size_t i = 0; i < ARRAY_LEN(members) && !name; i++) {
        if (json_has(ref, members[i])) name = members[i];
    }
    if (!name) return 0;
    (void)err_set(e, "UNSUPPORTED_FEATURE", "A brand has one account with each operator here, whatever its %s.", name);
    (void)err_suggest(e, "Leave it out of the account.");
    return err_field(e, "%s/%s", at, name);
}

int account_unknown(enum adcp_line line, const struct account_ref *ref, struct err *e)
{
    if (!ref->account_id.n && (!ref->brand_domain.n || line < ADCP_LINE_STRICT_ACCOUNTS)) return 0;
    (void)err_set(e, "ACCOUNT_NOT_FOUND", "There is no such account for these credentials.");
    (void)err_suggest(e, "list_accounts shows your accounts; sync_accounts adds one.");
    return err_field(e, ref->account_id.n ? "/account/account_id" : "/account");
}

int account_key_read(yyjson_val *ref, const char *at, struct account_ref *out, struct err *e)
{
    struct account_ref r = { .given = true };
    if (one_account_a_key(ref, at, e)) return -1;
    if (json_opt_bool(JSON_FIELD(ref, "sandbox", at), &r.sandbox, e)) return -1;
    if (json_has(ref, "brand") || json_has(ref, "operator")) {
        if (read_brand(ref, at, &r, e)) return -1;
        if (read_domain(JSON_FIELD(ref, "operator", at), &r.operator_domain, e)) return -1;
    }
    *out = r;
    return 0;
}

bool account_status_known(struct str status)
{
    for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
        if (str_is(status, status_names[i])) return true;
    }
    return false;
}

int account_ref_read_at(yyjson_val *ref, const char *at, struct account_ref *out, struct err *e)
{
    struct account_ref r = { .given = true };
    if (!yyjson_is_obj(ref)) {
        (void)err_set(e, "INVALID_REQUEST", "account must be an object: {account_id} or {brand, operator}");
        return err_field(e, "%s", at);
    }
    if (one_account_a_key(ref, at, e)) return -1;
    if (json_opt_str(JSON_FIELD(ref, "account_id", at), (struct json_len){ 1, ID_MAX }, &r.account_id, e)) return -1;
    if (json_opt_bool(JSON_FIELD(ref, "sandbox", at), &r.sandbox, e)) return -1;
    /* A bare {sandbox: true}: the principal's own sandbox account (AdCP 3.1 test controller calls). */
    bool own = !json_has(ref, "brand") && !json_has(ref, "operator") && json_has(ref, "sandbox");
    if (!r.account_id.n && !own) {
        if (read_brand(ref, at, &r, e)) return -1;
        if (read_domain(JSON_FIELD(ref, "operator", at), &r.operator_domain, e)) return -1;
    }
    *out = r;
    return 0;
}

int account_ref_read(yyjson_val *args, struct account_ref *out, struct err *e)
{
    yyjson_val *ref = yyjson_obj_get(args, "account");
    if (!ref) {
        *out = (struct account_ref){ .given = false };
        return 0;
    }
    return account_ref_read_at(ref, "/account", out, e);
}

int account_find(const struct act *act, const struct account_ref *ref, enum account_use use, struct account_row *out,
                 struct err *e)
{
    ENSURE(act->principal);
    bool sandbox = ref->sandbox || act->principal->sandbox;
    struct account_row key = { .tenant_id = act->tenant->tenant_id,
                               .principal_id = act->principal->principal_id,
                               .account_id = ref->account_id,
                               .brand_domain = ref->brand_domain,
                               .brand_id = ref->brand_id,
                               .operator_domain = ref->operator_domain,
                               .sandbox = sandbox };
    struct account_row row;
    int found = ref->account_id.n ? q_account_get(act->tx, act->arena, &key, &row, e)
                                  : q_account_by_key(act->tx, act->arena, &key, &row, e);
    if (found < 0) return -1;
    if (!found) return ref->account_id.n ? not_found(e) : 0;
    if (act->principal->sandbox && !row.sandbox) return not_found(e);
    if (account_gate(&row, use, e)) return -1;
    *out = row;
    return 1;
}

void account_new(const struct act *act, const struct account_ref *ref, struct account_row *out)
{
    struct str name = act->principal->name;
    if (ref->brand_domain.n) {
        bool direct = str_eq(ref->brand_domain, ref->operator_domain);
        name = direct ? ref->brand_domain
                      : arena_printf(act->arena, STR_FMT " c/o " STR_FMT, STR_ARG(ref->brand_domain),
                                     STR_ARG(ref->operator_domain));
    }
    *out = (struct account_row){ .tenant_id = act->tenant->tenant_id,
                                 .account_id = id_new(act->arena, act->rng, "acc-", act->now),
                                 .principal_id = act->principal->principal_id,
                                 .brand_domain = ref->brand_domain,
                                 .brand_id = ref->brand_id,
                                 .operator_domain = ref->operator_domain,
                                 .sandbox = ref->sandbox || act->principal->sandbox,
                                 .name = name,
                                 .status = STR("active"),
                                 .doc = STR("{}"),
                                 .created_at = act->now,
                                 .updated_at = act->now };
}

int account_judge(const struct act *act, const struct account_row *account, enum account_birth birth,
                  struct account_judgement *out, struct err *e)
{
    struct account_judgement j = { .person = false };
    struct rule_facts *f = ARENA_NEW(act->arena, struct rule_facts);
    struct tenant_settings ts;
    *f = (struct rule_facts){ .operation = "account",
                              .account_id = account->brand_domain, /* it has no id yet that a rule could name */
                              .principal_id = account->principal_id,
                              .before_micros = -1,
                              .named_only = birth == ACCOUNT_ON_USE };
    tenant_settings_read(act->tenant, act->arena, &ts);
    if (account->brand_domain.n && rule_decide(act, f, &j.verdict, e)) return -1;
    bool setting = ts.account_approval_required && account->brand_domain.n && !account->sandbox;
    j.person = j.verdict.outcome == RULE_PERSON || (j.verdict.outcome == RULE_NONE && setting);
    if (act->auto_advance) j.person = false;
    *out = j;
    return 0;
}

/* An account is made by its first use only where no person has to accept it. */
static int may_be_made(const struct act *act, const struct account_row *row, struct err *e)
{
    struct account_judgement j;
    if (account_judge(act, row, ACCOUNT_ON_USE, &j, e)) return -1;
    if (j.verdict.outcome == RULE_REJECT) {
        (void)rule_refuse(&j.verdict, e);
        return err_field(e, "/account");
    }
    if (!j.person) return 0;
    (void)err_set(e, "ACCOUNT_SETUP_REQUIRED",
                  "The publisher's people accept new accounts; this one has not been declared.");
    (void)err_suggest(e, "Declare it with sync_accounts and wait until list_accounts shows it as active.");
    return err_field(e, "/account");
}

int account_room(const struct act *act, struct err *e)
{
    int64_t n;
    if (q_account_count(act->tx, act->tenant->tenant_id, act->principal->principal_id, &n, e)) return -1;
    if (n < ACCOUNTS_MAX) return 0;
    (void)err_set(e, "INVALID_REQUEST", "These credentials have %d accounts, and no more are made.", ACCOUNTS_MAX);
    (void)err_suggest(e, "Use an account that list_accounts shows.");
    return err_field(e, "/account");
}

int account_ensure(const struct act *act, const struct account_ref *ref, enum account_use use, struct account_row *out,
                   struct err *e)
{
    int found = account_find(act, ref, use, out, e);
    if (found) return found < 0 ? -1 : 0;
    struct account_row row;
    account_new(act, ref, &row);
    if (account_room(act, e) || may_be_made(act, &row, e) || q_account_insert(act->tx, &row, e)) return -1;
    struct audit_entry entry = {
        .action = "account.create",
        .subject = arena_printf(act->arena, "account:" STR_FMT, STR_ARG(row.account_id)),
        .doc = STR("{\"reason\":\"first use\"}"),
    };
    if (audit_add(act, &entry, e)) return -1;
    *out = row;
    return 0;
}

void account_encode(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct account_row *account, struct arena *a)
{
    static const char *const shown[] = { "billing",           "billing_entity",  "payment_terms", "setup",
                                         "rate_card",         "credit_limit",    "account_scope", "advertiser",
                                         "governance_agents", "reporting_bucket" };
    json_add_str(doc, obj, "account_id", account->account_id);
    json_add_str(doc, obj, "name", account->name.n ? account->name : account->account_id);
    json_add_str(doc, obj, "status", account->status);
    if (account->brand_domain.n) {
        yyjson_mut_val *brand = json_add_obj(doc, obj, "brand");
        json_add_str(doc, brand, "domain", account->brand_domain);
        json_add_str_opt(doc, brand, "brand_id", account->brand_id);
    }
    json_add_str_opt(doc, obj, "operator", account->operator_domain);
    if (account->sandbox) json_add_bool(doc, obj, "sandbox", true);
    yyjson_val *root = document_read(a, account->doc);
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) json_add_copy(doc, obj, shown[i], yyjson_obj_get(root, shown[i]));
    json_add_copy(doc, obj, "ext", json_obj(root, "ext")); /* older rows may hold what is no object */
}

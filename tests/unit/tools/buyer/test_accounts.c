/* Accounts: declaring, listing, closing, settings, governance agents, money. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "domain/buyer/account.h"
#include "domain/decide/task_resolve.h"
#include "domain/buyer/governance.h"
#include "domain/tell/webhook.h"
#include "store/q/q_account.h"
#include "store/stmt.h"
#include "tools/fixture.h"

#define KEY "\"idempotency_key\":\"0123456789abcdef\","

/* Who has declared nothing has one account, its own. */
static void assert_own_account_only(struct fixture *f)
{
    struct fixture_reply r = fixture_valid_call(f, "list_accounts", "{}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 1);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/brand/domain"), "(none)");
}

#define ACME "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\",\"billing\":\"operator\""
#define NOVA                                                                                                           \
    "{\"brand\":{\"domain\":\"nova.example\",\"brand_id\":\"spark\"},\"operator\":\"agency.example\",\"billing\":\"agent\""

static void accounts_are_declared_and_found_again(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(
        f, "sync_accounts", "{" KEY "\"accounts\":[" ACME ",\"payment_terms\":\"net_30\"}," NOVA "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "created");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "active");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/payment_terms"), "net_30");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/account_scope"), "operator_brand");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/brand/brand_id"), "spark");
    assert_true(json_str(json_get_path(r.reply, "/accounts/0"), "account_id").n > 0);

    r = fixture_valid_call(f, "sync_accounts",
                           "{" KEY "\"accounts\":[" ACME "}," NOVA ",\"payment_terms\":\"net_60\"}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "unchanged"); /* what is not sent stays */
    assert_string_equal(fixture_text(f, &r, "/accounts/0/payment_terms"), "net_30");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/action"), "updated");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/payment_terms"), "net_60");
}

/* No line names `ext` of an account that is synced, so anything may stand there. */
static void what_is_no_object_is_no_ext(void **state)
{
    struct fixture *f = *state;
    fixture_ok(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME ",\"ext\":{\"a\":1}}," NOVA ",\"ext\":null}]}");
    fixture_ok(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME ",\"ext\":\"text\"}]}");
    struct fixture_reply r = fixture_valid_call(f, "list_accounts", "{}");
    size_t kept = 0;
    for (size_t i = 0; i < yyjson_arr_size(json_arr(r.reply, "accounts")); i++)
        kept += fixture_number(&r, arena_printf(&f->arena, "/accounts/%zu/ext/a", i).p) == 1;
    assert_int_equal(kept, 1);
}

static void a_dry_run_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_valid_call(f, "sync_accounts", "{" KEY "\"dry_run\":true,\"accounts\":[" ACME "}]}");
    assert_true(json_bool_or(r.reply, "dry_run", false));
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "created");
    assert_own_account_only(f);
}

/* The demo publisher, with rules about money. */
static void restrict_billing(struct fixture *f)
{
    f->tenant.doc = STR("{\"currency\":\"USD\",\"supported_billing\":[\"operator\"],"
                        "\"supported_payment_terms\":[\"net_30\",\"prepay\"]}");
}

static void what_the_agreement_with_a_buyer_does_not_cover_is_said_to_it_alone(void **state)
{
    struct fixture *f = *state;
    const char *file = "{\"salesagent_import\":1,\"principals\":[{\"principal_id\":\"test-buyer\",\"role\":\"buyer\","
                       "\"settings\":{\"permitted_billing\":[\"operator\"]}}]}";
    (void)fixture_import(f, str_from(file));
    const char *ask = "{" KEY "\"accounts\":[" NOVA "}," ACME "}]}";
    struct fixture_reply r = fixture_valid_call(f, "sync_accounts", ask);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/code"), "BILLING_NOT_PERMITTED_FOR_AGENT");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/field"), "accounts[0].billing");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/details/suggested_billing"), "operator");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/details/rejected_billing"), "agent");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/action"), "created");
    fixture_become_new_buyer(f, "another");
    r = fixture_valid_call(f, "sync_accounts", ask);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "created");
}

static void what_the_publisher_does_not_offer_fails_alone(void **state)
{
    struct fixture *f = *state;
    restrict_billing(f);
    struct fixture_reply r = fixture_valid_call(
        f, "sync_accounts", "{" KEY "\"accounts\":[" NOVA "}," ACME ",\"payment_terms\":\"net_90\"}," ACME "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "failed");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "rejected");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/code"), "BILLING_NOT_SUPPORTED");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/field"), "accounts[0].billing");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/details/scope"), "capability");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/details/supported_billing/0"), "operator");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/errors/0/code"), "PAYMENT_TERMS_NOT_SUPPORTED");
    assert_string_equal(fixture_text(f, &r, "/accounts/2/action"), "created");
    /* An existing account keeps its status when new terms are refused. */
    r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME ",\"payment_terms\":\"net_90\"}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "failed");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "active");
}

static void bank_details_are_never_shown(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        fixture_valid_call(f, "sync_accounts",
                           "{" KEY "\"accounts\":[" ACME ",\"billing_entity\":{\"legal_name\":\"Acme GmbH\","
                           "\"bank\":{\"account_holder\":\"Acme\",\"iban\":\"DE89370400440532013000\"}}}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/billing_entity/legal_name"), "Acme GmbH");
    assert_null(strstr(r.text.p, "DE89370400440532013000"));
    r = fixture_valid_call(f, "list_accounts", "{}");
    assert_null(strstr(r.text.p, "DE89370400440532013000"));
    assert_non_null(strstr(r.text.p, "Acme GmbH"));
}

static void settings_mode_needs_an_account_that_exists(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    const char *id = fixture_text(f, &r, "/accounts/0/account_id");
    struct str args = arena_printf(&f->arena,
                                   "{" KEY "\"accounts\":[{\"account\":{\"account_id\":\"%s\"},\"payment_terms\":"
                                   "\"net_45\"},{\"account\":{\"account_id\":\"acc-unknown\"}}]}",
                                   id);
    r = fixture_valid_call(f, "sync_accounts", args.p);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "updated");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/brand/domain"), "acme.example");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/payment_terms"), "net_45");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/errors/0/code"), "ACCOUNT_NOT_FOUND");
    /* Another buyer's id is as unknown as one that nobody has. */
    fixture_become_new_buyer(f, "other");
    r = fixture_valid_call(f, "sync_accounts", args.p);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/code"), "ACCOUNT_NOT_FOUND");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/message"),
                        fixture_text(f, &r, "/accounts/1/errors/0/message"));
    assert_string_equal(fixture_text(f, &r, "/accounts/0/brand/domain"),
                        fixture_text(f, &r, "/accounts/1/brand/domain"));
}

static void missing_accounts_are_closed_and_may_come_back(void **state)
{
    struct fixture *f = *state;
    (void)fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}," NOVA "}]}");
    struct fixture_reply r =
        fixture_valid_call(f, "sync_accounts", "{" KEY "\"delete_missing\":true,\"accounts\":[" ACME "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/brand/domain"), "nova.example");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/status"), "closed");
    r = fixture_valid_call(f, "list_accounts", "{\"status\":\"closed\"}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 1);
    r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" NOVA "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "updated");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "active");
}

#define HOOK(id, events)                                                                                               \
    "{\"subscriber_id\":\"" id "\",\"url\":\"https://hooks.example.com/a\",\"event_types\":[" events "]}"

static void subscriptions_are_checked_to_the_member(void **state)
{
    static const struct {
        const char *configs, *field;
    } bad[] = {
        { HOOK("a", "\"creative.purged\"") "," HOOK("a", "\"creative.purged\""),
          "accounts[0].notification_configs[1].subscriber_id" },
        { HOOK("a", "\"creative.purged\",\"scheduled\""), "accounts[0].notification_configs[0].event_types[1]" },
        { HOOK("a", "\"account.status_changed\""), "accounts[0].notification_configs[0].event_types[0]" },
        { "{\"subscriber_id\":\"a\",\"url\":\"http://169.254.1.1/\",\"event_types\":[\"creative.purged\"]}",
          "accounts[0].notification_configs[0].url" },
    };
    struct fixture *f = *state;
    struct fixture_reply r;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        r = fixture_valid_call(
            f, "sync_accounts",
            arena_printf(&f->arena, "{" KEY "\"accounts\":[" ACME ",\"notification_configs\":[%s]}]}", bad[i].configs)
                .p);
        assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "failed");
        assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/field"), bad[i].field);
    }
    assert_own_account_only(f); /* nothing of a failed entry stays */

    r = fixture_valid_call(
        f, "sync_accounts",
        "{" KEY "\"accounts\":[" ACME ",\"notification_configs\":[{\"subscriber_id\":\"a\","
        "\"url\":\"https://hooks.example.com/a\",\"event_types\":[\"creative.purged\"],\"authentication\":{\"schemes\":"
        "[\"Bearer\"],\"credentials\":\"secret-secret-secret-secret-secret\"}}]}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/notification_configs/0/subscriber_id"), "a");
    assert_null(strstr(r.text.p, "secret-secret"));
    r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "unchanged");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/notification_configs/0/subscriber_id"), "a");
    r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME ",\"notification_configs\":[]}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "updated");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/notification_configs/0/subscriber_id"), "(none)");
}

static void lists_are_paged_without_gaps(void **state)
{
    struct fixture *f = *state;
    (void)fixture_valid_call(f, "sync_accounts",
                             "{" KEY "\"accounts\":[" ACME "}," NOVA
                             "},{\"brand\":{\"domain\":\"c.example\"},\"operator\":"
                             "\"c.example\",\"billing\":\"operator\",\"sandbox\":true}]}");
    struct fixture_reply r = fixture_valid_call(f, "list_accounts", "{\"pagination\":{\"max_results\":2}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 2);
    assert_true(yyjson_is_true(json_get_path(r.reply, "/pagination/has_more")));
    const char *cursor = fixture_text(f, &r, "/pagination/cursor");
    r = fixture_valid_call(f, "list_accounts",
                           arena_printf(&f->arena, "{\"pagination\":{\"max_results\":2,\"cursor\":\"%s\"}}", cursor).p);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 1);
    assert_true(yyjson_is_false(json_get_path(r.reply, "/pagination/has_more")));
    assert_null(json_get_path(r.reply, "/pagination/cursor"));
    fixture_refused(f, "list_accounts", "{\"pagination\":{\"cursor\":\"bm90IG91cnM\"}}", "INVALID_REQUEST",
                    "/pagination/cursor");

    r = fixture_valid_call(f, "list_accounts", "{\"sandbox\":true}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 1);
    r = fixture_valid_call(f, "list_accounts",
                           "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 1);
    r = fixture_valid_call(f, "list_accounts", "{\"account\":{\"account_id\":\"acc-unknown\"}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "accounts")), 0);
    fixture_become_new_buyer(f, "other");
    assert_own_account_only(f);
}

#define BIND(agents)                                                                                                   \
    "{" KEY "\"accounts\":[{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"},"    \
    "\"governance_agents\":[" agents "]}]}"
#define AGENT(url)                                                                                                     \
    "{\"url\":\"" url "\",\"authentication\":{\"schemes\":[\"Bearer\"],\"credentials\":"                               \
    "\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"},\"categories\":[\"budget_authority\"]}"

static int read_agent(struct act *act, void *arg, struct err *e)
{
    struct governance_agent *agent = arg;
    struct account_ref ref = { .given = true,
                               .brand_domain = STR("acme.example"),
                               .operator_domain = STR("agency.example") };
    struct account_row row;
    if (account_find(act, &ref, ACCOUNT_USE_LIST, &row, e) != 1) return -1;
    return governance_agent_of(act->arena, &row, agent) ? 0 : -1;
}

static void governance_agents_are_kept_but_their_secrets_never_shown(void **state)
{
    struct fixture *f = *state;
    (void)fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    struct fixture_reply r =
        fixture_valid_call(f, "sync_governance", BIND(AGENT("https://governance.agency.example/mcp")));
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "synced");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/governance_agents/0/url"),
                        "https://governance.agency.example/mcp");
    assert_null(strstr(r.text.p, "gov-token"));
    r = fixture_valid_call(f, "list_accounts", "{}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/governance_agents/0/url"),
                        "https://governance.agency.example/mcp");
    assert_null(strstr(r.text.p, "gov-token"));
    struct governance_agent agent;
    struct err e;
    assert_int_equal(fixture_act(f, read_agent, &agent, &e), 0);
    assert_true(str_is(agent.credentials, "gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));

    r = fixture_valid_call(f, "sync_governance", BIND(AGENT("https://a.example") "," AGENT("https://b.example")));
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "failed");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/code"), "VALIDATION_ERROR");
    r = fixture_valid_call(f, "sync_governance", BIND(AGENT("https://10.0.0.1/")));
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/field"), "accounts[0].governance_agents[0].url");
    assert_int_equal(fixture_act(f, read_agent, &agent, &e), 0); /* the good one stays */
    assert_true(str_is(agent.url, "https://governance.agency.example/mcp"));
}

static void financials_tell_what_is_known(void **state)
{
    struct fixture *f = *state;
    fixture_refused(f, "get_account_financials", "{\"account\":{\"account_id\":\"acc-unknown\"}}", "ACCOUNT_NOT_FOUND",
                    "/account");
    fixture_refused(f, "get_account_financials",
                    "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}}",
                    "ACCOUNT_NOT_FOUND", "/account");
    (void)fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME ",\"payment_terms\":\"net_30\"}]}");
    struct fixture_reply r =
        fixture_valid_call(f, "get_account_financials",
                           "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}}");
    assert_string_equal(fixture_text(f, &r, "/period/start"), "2026-03-01");
    assert_string_equal(fixture_text(f, &r, "/period/end"), "2026-03-09");
    assert_string_equal(fixture_text(f, &r, "/currency"), "USD");
    assert_string_equal(fixture_text(f, &r, "/payment_terms"), "net_30");
    assert_null(json_get_path(r.reply, "/credit"));
    fixture_refused(f, "get_account_financials",
                    "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"},"
                    "\"period\":{\"start\":\"2026-03-02\",\"end\":\"2026-03-01\"}}",
                    "INVALID_REQUEST", "/period/end");
}

#define PERIOD "\"reporting_period\":{\"start\":\"2026-03-01T00:00:00Z\",\"end\":\"2026-03-31T00:00:00Z\"},"

static void usage_is_kept_record_by_record(void **state)
{
    struct fixture *f = *state;
    (void)fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    struct fixture_reply r = fixture_valid_call(
        f, "report_usage",
        "{" KEY PERIOD "\"usage\":[{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":"
        "\"agency.example\"},\"vendor_cost\":12.5,\"currency\":\"USD\"},{\"account\":{\"account_id\":\"acc-unknown\"},"
        "\"vendor_cost\":1,\"currency\":\"USD\"},{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":"
        "\"agency.example\"},\"vendor_cost\":1,\"currency\":\"USD\",\"media_buy_id\":\"mb-none\"}]}");
    assert_int_equal(json_i64_or(r.reply, "accepted", -1), 1);
    assert_string_equal(fixture_text(f, &r, "/errors/0/field"), "usage[1].account");
    assert_string_equal(fixture_text(f, &r, "/errors/1/code"), "MEDIA_BUY_NOT_FOUND");
}

/* ---- approval ---- */

static void set_up_approval(struct fixture *f)
{
    (void)fixture_import(
        f, STR("{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo\",\"adapter\":\"mock\","
               "\"account_approval_required\":true}}"));
    fixture_reload_tenant(f);
}

static struct fixture_reply decide(struct fixture *f, const char *task_id, const char *decision)
{
    struct principal buyer = f->principal;
    f->principal.role = ROLE_OPERATOR;
    struct fixture_reply r = fixture_call(f, "x_task_resolve",
                                          arena_printf(&f->arena,
                                                       "{\"task_id\":\"%s\",\"decision\":\"%s\","
                                                       "\"reason\":\"no credit\"}",
                                                       task_id, decision)
                                              .p);
    f->principal = buyer;
    assert_int_equal(r.rc, 0);
    return r;
}

static int count_webhooks(struct act *act, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(act->tx, "SELECT count(*), coalesce(max(payload), '') FROM job JOIN job_payload USING (seq)"
                          " WHERE kind = 'webhook'");
    struct {
        int64_t n;
        struct str payload;
    } *out = arg;
    if (stmt_step(s, e) != 1) return -1;
    out->n = col_i64(s, 0);
    out->payload = col_str(s, act->arena, 1);
    return 0;
}

#define ACME_REF "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"
#define ACME_BUY                                                                                                       \
    "{" ACME_REF                                                                                                       \
    ",\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":"    \
    "\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000}]}"

static void a_person_accepts_a_declared_account(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct {
        int64_t n;
        struct str payload;
    } sent;
    set_up_approval(f);
    fixture_refused(f, "create_media_buy", ACME_BUY, "ACCOUNT_SETUP_REQUIRED", "/account"); /* not by the way */
    fixture_refused(f, "sync_catalogs", "{" KEY ACME_REF "}", "ACCOUNT_SETUP_REQUIRED", "/account");
    static const char declare[] =
        "{" KEY "\"context\":{\"trace\":7},\"push_notification_config\":{\"url\":\"https://b.example.com/hook\"},"
        "\"accounts\":[" ACME "}]}";
    struct fixture_reply r =
        fixture_valid_call(f, "sync_accounts", "{" KEY "\"dry_run\":true,\"accounts\":[" ACME "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "pending_approval");
    r = fixture_valid_call(f, "sync_accounts", declare);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "created");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "pending_approval");
    assert_true(strlen(fixture_text(f, &r, "/accounts/0/setup/message")) > 20);
    const char *task = fixture_text(f, &r, "/accounts/0/setup/task_id");
    fixture_refused(f, "create_media_buy", ACME_BUY, "ACCOUNT_SETUP_REQUIRED", "/account");
    r = fixture_valid_call(f, "sync_accounts", declare); /* saying it again neither approves nor makes another task */
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "unchanged");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/setup/task_id"), task);
    const char *status = arena_printf(&f->arena, "{\"task_id\":\"%s\",\"include_result\":true}", task).p;
    r = fixture_call(f, "get_task_status", status);
    assert_int_equal(r.rc, 0);
    assert_string_equal(fixture_text(f, &r, "/task_type"), "sync_accounts");
    assert_string_equal(fixture_text(f, &r, "/status"), "submitted");
    (void)decide(f, task, "approve"); /* asserts itself */
    r = fixture_valid_call(f, "list_accounts", "{" ACME_REF "}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "active");
    assert_null(json_get_path(r.reply, "/accounts/0/setup"));
    assert_int_equal(fixture_call(f, "create_media_buy", ACME_BUY).rc, 0);
    r = fixture_call(f, "get_task_status", status);
    assert_int_equal(r.rc, 0);
    assert_string_equal(fixture_text(f, &r, "/status"), "completed");
    assert_string_equal(fixture_text(f, &r, "/result/accounts/0/status"), "active");
    assert_int_equal(fixture_act(f, count_webhooks, &sent, &e), 0);
    assert_int_equal(sent.n, 1);
    const char *payload = arena_cstr(&f->arena, sent.payload);
    assert_non_null(strstr(payload, "sync_accounts"));
    assert_non_null(strstr(payload, "acme.example"));
    assert_non_null(strstr(payload, "trace"));
}

static void a_rejected_account_stays_out(void **state)
{
    struct fixture *f = *state;
    set_up_approval(f);
    struct fixture_reply r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    (void)decide(f, fixture_text(f, &r, "/accounts/0/setup/task_id"), "reject");
    fixture_refused(f, "create_media_buy", ACME_BUY, "ACCOUNT_NOT_FOUND", "/account");
    r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/errors/0/code"), "INVALID_STATE");
}

static void closing_is_no_way_around_approval(void **state)
{
    struct fixture *f = *state;
    set_up_approval(f);
    struct fixture_reply r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    const char *first = fixture_text(f, &r, "/accounts/0/setup/task_id");
    (void)fixture_valid_call(f, "sync_accounts", "{" KEY "\"delete_missing\":true,\"accounts\":[]}");
    r = fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "pending_approval");
    const char *second = fixture_text(f, &r, "/accounts/0/setup/task_id");
    assert_string_not_equal(first, second); /* the first was withdrawn with the account */
    (void)decide(f, second, "approve");
    r = fixture_valid_call(f, "list_accounts", "{" ACME_REF "}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "active");
}

static void rules_come_before_the_setting(void **state)
{
    struct fixture *f = *state;
    struct principal buyer = f->principal;
    f->principal.role = ROLE_ADMINISTRATOR;
    assert_int_equal(
        0,
        fixture_call(
            f, "x_rule_add",
            "{\"rule\":{\"name\":\"known\",\"when\":{\"operations\":[\"account\"],\"accounts\":[\"nova.example\"]},\"then\":"
            "\"auto\"}}")
            .rc);
    assert_int_equal(
        0,
        fixture_call(
            f, "x_rule_add",
            "{\"rule\":{\"name\":\"never\",\"when\":{\"operations\":[\"account\"],\"accounts\":[\"c.example\"]},\"then\":"
            "\"reject\",\"reason\":\"no\"}}")
            .rc);
    f->principal = buyer;
    set_up_approval(f);
    struct fixture_reply r = fixture_valid_call(
        f, "sync_accounts", "{" KEY "\"accounts\":[" NOVA "}," ACME "}," ACME ",\"sandbox\":true}]}");
    assert_string_equal(fixture_text(f, &r, "/accounts/0/status"), "active");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/status"), "pending_approval");
    assert_string_equal(fixture_text(f, &r, "/accounts/2/status"), "active"); /* no money moves there */
    fixture_refused(f, "sync_catalogs",
                    "{" KEY "\"account\":{\"brand\":{\"domain\":\"c.example\"},\"operator\":\"c.example\"}}",
                    "POLICY_VIOLATION", "/account");
    assert_int_equal(fixture_call(f, "sync_catalogs", "{}").rc, 0); /* the buyer's own account came with its token */
}

/* ---- what each status blocks ---- */

static int set_status(struct act *act, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(act->tx, "UPDATE account SET status = ? WHERE brand_domain = 'acme.example'");
    stmt_str(s, 1, str_from(arg));
    return stmt_run(s, e);
}

/* AdCP 3.1 accounts/overview, the table of what a status blocks, by the calls themselves. */
static void each_status_blocks_what_it_should(void **state)
{
    enum { ACTIVE, PENDING, PAYMENT, SUSPENDED, REJECTED, CLOSED, N };
    static const char *const status[N] = { "active",    "pending_approval", "payment_required",
                                           "suspended", "rejected",         "closed" };
    static const char *const code[N] = { "",
                                         "ACCOUNT_SETUP_REQUIRED",
                                         "ACCOUNT_PAYMENT_REQUIRED",
                                         "ACCOUNT_SUSPENDED",
                                         "ACCOUNT_NOT_FOUND",
                                         "ACCOUNT_NOT_FOUND" };
    static const char update[] = "{" ACME_REF ",\"media_buy_id\":\"%s\",\"name\":\"n\"}";
    static const struct {
        const char *tool, *args;
        bool passes[N];
    } calls[] = {
        { "get_products", "{\"buying_mode\":\"wholesale\"," ACME_REF "}", { true, false, true, false, false, false } },
        { "create_media_buy", ACME_BUY, { true, false, false, false, false, false } },
        { "update_media_buy", update, { true, false, true, false, false, false } },
        { "update_media_buy",
          "{" ACME_REF ",\"media_buy_id\":\"%s\",\"new_packages\":[{\"product_id\":\"prod-tech-display-001\","
          "\"pricing_option_id\":\"price-001\",\"budget\":3000}]}",
          { true, false, false, false, false, false } },
        { "get_media_buys", "{" ACME_REF "}", { true, false, true, true, false, false } },
        { "get_media_buy_delivery", "{" ACME_REF "}", { true, false, true, true, false, false } },
        { "sync_creatives",
          "{" KEY ACME_REF ",\"creatives\":[{\"creative_id\":\"c\",\"name\":\"c\",\"format_id\":{\"id\":"
          "\"fmt-display-300x250\"},\"assets\":{}}]}",
          { true, false, true, false, false, false } },
        { "sync_catalogs", "{" KEY ACME_REF "}", { true, false, true, false, false, false } },
        { "sync_audiences", "{" KEY ACME_REF "}", { true, false, true, false, false, false } },
        { "sync_event_sources", "{" KEY ACME_REF "}", { true, false, true, false, false, false } },
        { "get_account_financials", "{" ACME_REF "}", { true, true, true, true, false, false } },
        { "list_accounts", "{}", { true, true, true, true, true, true } },
    };
    struct fixture *f = *state;
    struct err e;
    (void)fixture_valid_call(f, "sync_accounts", "{" KEY "\"accounts\":[" ACME "}]}");
    struct fixture_reply r = fixture_call(f, "create_media_buy", ACME_BUY);
    const char *buy = arena_cstr(&f->arena, json_val_str(json_get_path(r.aux, "/media_buys/0/media_buy_id")));
    (void)decide(f, arena_cstr(&f->arena, r.task_id), "approve");
    for (int s = 0; s < N; s++) {
        assert_int_equal(fixture_act(f, set_status, (void *)status[s], &e), 0);
        for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
            bool named = strstr(calls[i].args, "%s") != NULL;
            struct fixture_reply t =
                fixture_call(f, calls[i].tool, named ? arena_printf(&f->arena, calls[i].args, buy).p : calls[i].args);
            bool blocked = t.rc && strncmp(t.e.code, "ACCOUNT_", 8) == 0;
            if (blocked == calls[i].passes[s])
                print_error("%s while %s: %s %s\n", calls[i].tool, status[s], t.rc ? t.e.code : "passes", t.e.message);
            assert_int_equal(blocked, !calls[i].passes[s]);
            if (blocked) assert_string_equal(t.e.code, code[s]);
        }
    }
}

static int fill_up(struct act *act, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        act->tx,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3) INSERT INTO account (tenant_id,"
        " account_id, principal_id, brand_domain, operator, status, created_at, updated_at)"
        " SELECT ?1, 'acc-' || i, ?2, 'b' || i || '.example', 'o.example', 'active', 0, 0 FROM n");
    stmt_str(s, 1, act->tenant->tenant_id);
    stmt_str(s, 2, act->principal->principal_id);
    stmt_i64(s, 3, *(int64_t *)arg);
    return stmt_run(s, e);
}

/* sync_accounts declares up to 1,000 in a call, and any other call one by the way: without an end. */
static void a_buyer_has_a_most_of_accounts(void **state)
{
    struct fixture *f = *state;
    int64_t have, n;
    struct err e;
    assert_int_equal(q_account_count(store_read(f->store), f->tenant.tenant_id, f->principal.principal_id, &have, &e),
                     0);
    n = ACCOUNTS_MAX - have - 1;
    assert_int_equal(fixture_act(f, fill_up, &n, &e), 0);
#define ENTRY(brand) "{\"brand\":{\"domain\":\"" brand "\"},\"operator\":\"last.example\",\"billing\":\"operator\"}"
    struct fixture_reply r = fixture_call(
        f, "sync_accounts",
        "{\"idempotency_key\":\"0123456789abcdef\",\"accounts\":[" ENTRY("one.example") "," ENTRY("two.example") "]}");
    assert_int_equal(r.rc, 0);
    assert_string_equal(fixture_text(f, &r, "/accounts/0/action"), "created");
    assert_string_equal(fixture_text(f, &r, "/accounts/1/action"), "failed");
    fixture_refused(f, "sync_catalogs",
                    "{\"idempotency_key\":\"0123456789abcdef\",\"account\":{\"brand\":{\"domain\":"
                    "\"three.example\"},\"operator\":\"last.example\"}}",
                    "INVALID_REQUEST", "/account");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_buyer_has_a_most_of_accounts, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(accounts_are_declared_and_found_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_object_is_no_ext, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_changes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_the_agreement_with_a_buyer_does_not_cover_is_said_to_it_alone,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_the_publisher_does_not_offer_fails_alone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(bank_details_are_never_shown, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(settings_mode_needs_an_account_that_exists, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(missing_accounts_are_closed_and_may_come_back, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(subscriptions_are_checked_to_the_member, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(lists_are_paged_without_gaps, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(governance_agents_are_kept_but_their_secrets_never_shown, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(financials_tell_what_is_known, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(usage_is_kept_record_by_record, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_person_accepts_a_declared_account, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_rejected_account_stays_out, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(closing_is_no_way_around_approval, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rules_come_before_the_setting, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(each_status_blocks_what_it_should, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

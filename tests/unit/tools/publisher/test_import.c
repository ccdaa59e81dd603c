/* A publisher as data: in, out, again, and never half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/crypto.h"
#include "domain/publisher/catalog_import.h"
#include "domain/product/product.h"
#include "domain/core/ad_server.h"
#include "store/q/q_catalog.h"
#include "store/q/q_ad_server.h"
#include "store/q/q_tenant.h"
#include "tools/fixture.h"

static struct tx *reading(struct fixture *f)
{
    loop_sim_settle(&f->sim);
    return store_read(f->store);
}

static struct str exported(struct fixture *f)
{
    struct str text;
    struct err e;
    assert_int_equal(catalog_export(reading(f), &f->arena, f->tenant.tenant_id, &text, &e), 0);
    return text;
}

static void importing_twice_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_import(f, fixture_demo_text(f)), 0);
}

static void what_is_exported_imports_to_the_same_state(void **state)
{
    struct fixture *f = *state;
    struct str text = exported(f);
    assert_null(memmem(text.p, text.n, "test-token", 10));
    assert_non_null(memmem(text.p, text.n, "token_hash", 10));
    assert_int_equal(fixture_import(f, text), 0);
    assert_true(str_eq(text, exported(f)));
}

static void the_token_leads_to_the_tutorial_buyer(void **state)
{
    struct fixture *f = *state;
    uint8_t hash[SHA256_BYTES];
    struct token_row token;
    struct principal_row p;
    struct err e;
    sha256(STR("test-token"), hash);
    assert_int_equal(q_token_get(reading(f), &f->arena, (struct str){ (char *)hash, sizeof(hash) }, &token, &e), 1);
    assert_int_equal(q_principal_get(reading(f), &f->arena, token.tenant_id, token.principal_id, &p, &e), 1);
    assert_true(str_is(p.dialect, "tutorial"));
    assert_true(str_is(p.role, "buyer"));
}

static void products_are_loaded_typed(void **state)
{
    struct fixture *f = *state;
    struct product p;
    struct err e;
    assert_int_equal(product_load(reading(f), &f->arena, STR("demo"), STR("prod-tech-display-001"), &p, &e), 1);
    assert_int_equal(p.pricing_options_n, 2);
    assert_int_equal(product_pricing_option(&p, STR("price-001"))->fixed_price_micros, 12500000);
    assert_int_equal(p.daily_impressions, 150000);
    assert_int_equal(product_load(reading(f), &f->arena, STR("demo"), STR("nope"), &p, &e), 0);
    assert_int_equal(product_load(reading(f), &f->arena, STR("other"), STR("prod-tech-display-001"), &p, &e), 0);
}

static int damage(struct tx *tx, void *arg, struct err *e)
{
    struct catalog_row row = {
        .id = STR("prod-tech-video-001"), .position = 1, .name = STR("x"), .doc = STR("{\"a\":")
    };
    return q_catalog_put(tx, CATALOG_PRODUCT, STR("demo"), &row, 1, e) < 0 ? -1 : 0;
}

static void a_damaged_product_is_an_error_and_none_of_a_list(void **state)
{
    struct fixture *f = *state;
    struct product p;
    struct err e;
    assert_int_equal(store_write_now(f->store, damage, NULL, &e), 0);
    assert_int_equal(product_load(reading(f), &f->arena, STR("demo"), STR("prod-tech-video-001"), &p, &e), -1);
    assert_string_equal(e.code, "SERVICE_UNAVAILABLE");
    assert_int_equal(product_load_listed(reading(f), &f->arena, STR("demo"), STR("prod-tech-video-001"), &p, &e), 0);
    assert_int_equal(product_load(reading(f), &f->arena, STR("demo"), STR("prod-tech-display-001"), &p, &e), 1);
    assert_null(memmem(exported(f).p, exported(f).n, "prod-tech-video-001", 19));
    assert_int_equal(fixture_import(f, fixture_demo_text(f)), 1); /* and importing heals it */
    assert_int_equal(product_load(reading(f), &f->arena, STR("demo"), STR("prod-tech-video-001"), &p, &e), 1);
}

struct try {
    struct fixture *f;
    struct str text;
    bool sandbox;
};

static int try_import(struct tx *tx, void *arg, struct err *e)
{
    struct try *t = arg;
    struct catalog_counts counts;
    struct catalog_import c = { .tx = tx,
                                .arena = &t->f->arena,
                                .rng = &t->f->rng,
                                .now = t->f->now,
                                .adds_publisher = true,
                                .sandbox = t->sandbox };
    return catalog_import(&c, t->text, &counts, e);
}

static void what_is_wrong_with_a_file_is_named_and_nothing_of_it_stays(void **state)
{
    struct fixture *f = *state;
#define T "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Other\",\"adapter\":\"mock\"}"
    static const struct {
        const char *text, *field;
    } cases[] = {
        { "[]", "/salesagent_import" },
        { "{\"salesagent_import\":2}", "/salesagent_import" },
        /* Misspelt members, which would otherwise change nothing without a word. */
        { T ",\"prodcts\":[]}", "/prodcts" },
        { "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"a\",\"name\":\"x\",\"adapter\":\"mock\","
          "\"min_bugdet\":5}}",
          "/tenant/min_bugdet" },
        { "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"a\",\"name\":\"x\",\"adapter\":\"no-such\"}}",
          "/tenant/adapter" },
        { "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"a\",\"name\":\"\",\"adapter\":\"mock\"}}",
          "/tenant/name" },
        { "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"a\",\"name\":\"x\",\"adapter\":\"mock\","
          "\"currency\":\"usd\"}}",
          "/tenant/currency" },
        { "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"a\",\"name\":\"x\",\"adapter\":\"mock\","
          "\"timezone\":\"Europe/Atlantis\"}}",
          "/tenant/timezone" },
        { T ",\"products\":[{\"product_id\":\"x\",\"name\":\"x\",\"description\":\"\",\"delivery_type\":\"guaranteed\","
            "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\","
            "\"fixed_price\":1}],\"reporting_capabilities\":{\"timezone\":\"../../etc/passwd\"}}]}",
          "/products/0/reporting_capabilities/timezone" },
        { T ",\"principals\":[{\"principal_id\":\"p\",\"role\":\"king\"}]}", "/principals/0/role" },
        { T ",\"principals\":[{\"principal_id\":\"p\",\"role\":\"buyer\",\"tokens\":[{\"token\":\"short\"}]}]}",
          "/principals/0/tokens/0/token" },
        { T ",\"principals\":[{\"principal_id\":\"p\",\"role\":\"buyer\",\"tokens\":[{\"token\":\"test-token\"}]}]}",
          "/principals/0/tokens/0" },
        { T
          ",\"principals\":[{\"principal_id\":\"p\",\"role\":\"buyer\"},{\"principal_id\":\"p\",\"role\":\"buyer\"}]}",
          "/principals/1" },
        { T ",\"accounts\":[{\"account_id\":\"a\"}]}", "/accounts/0/principal_id" },
        { T ",\"accounts\":[{\"account_id\":\"a\",\"principal_id\":\"nobody\"}]}", "/accounts/0/principal_id" },
        { T ",\"accounts\":[{\"account_id\":\"a\",\"principal_id\":\"test-buyer\",\"status\":\"asleep\"}]}",
          "/accounts/0/status" },
        { T ",\"accounts\":[{\"account_id\":\"a\",\"principal_id\":\"test-buyer\",\"brand\":{\"domain\":\"No\"},"
            "\"operator\":\"a.example\"}]}",
          "/accounts/0/brand/domain" },
        { T
          ",\"accounts\":[{\"account_id\":\"a\",\"principal_id\":\"test-buyer\"},{\"account_id\":\"b\",\"principal_id\":"
          "\"test-buyer\"}]}",
          "/accounts/1/account_id" },
        { T ",\"formats\":[{\"name\":\"x\"}]}", "/formats/0/format_id" },
        { T ",\"properties\":[{\"property_id\":\"x\",\"name\":\"x\"}]}", "/properties/0/publisher_domain" },
        { T ",\"products\":[{\"product_id\":\"x\",\"name\":\"x\",\"description\":\"\",\"delivery_type\":\"guaranteed\","
            "\"format_ids\":[\"fmt-display-300x250\",\"gone\"],\"pricing_options\":[{\"pricing_option_id\":\"a\","
            "\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":1}]}]}",
          "/products/0/format_ids/1" },
        { T ",\"products\":[{\"product_id\":\"x\",\"name\":\"x\",\"description\":\"\",\"delivery_type\":\"guaranteed\","
            "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\","
            "\"fixed_price\":1e308}]}]}",
          "/products/0/pricing_options/0/fixed_price" },
        { T ",\"products\":[{\"product_id\":\"x\",\"name\":\"x\",\"description\":\"\",\"delivery_type\":\"guaranteed\","
            "\"channels\":[\"video\"],\"pricing_options\":[{\"pricing_option_id\":\"a\","
            "\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":1}]}]}",
          "/products/0/channels/0" },
        { T ",\"formats\":[{\"format_id\":\"f\",\"name\":\"x\",\"renders\":[]}]}", "/formats/0/renders" },
    };
    struct str before = exported(f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct try t = { .f = f, .text = str_from(cases[i].text) };
        struct err e;
        assert_int_equal(store_write_now(f->store, try_import, &t, &e), -1);
        assert_string_equal(e.field, cases[i].field);
    }
    assert_true(str_eq(before, exported(f)));
}

static const char with_accounts[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\"},\"accounts\":["
    "{\"account_id\":\"acc-nova\",\"principal_id\":\"test-buyer\",\"brand\":{\"domain\":\"nova.example\"},\"operator\":"
    "\"agency.example\",\"name\":\"Nova\",\"status\":\"%s\",\"billing\":\"operator\",\"payment_terms\":\"net_30\"},"
    "{\"principal_id\":\"test-buyer\",\"brand\":{\"domain\":\"zeta.example\"},\"operator\":\"agency.example\",\"sandbox\":true}]}";

static void accounts_come_and_go_with_the_file(void **state)
{
    struct fixture *f = *state;
    struct str active = arena_printf(&f->arena, with_accounts, "active");
    assert_int_equal(fixture_import(f, active), 2); /* the publisher's settings, which it does not name, stay */
    assert_int_equal(fixture_import(f, active), 0);
    struct str text = exported(f);
    assert_non_null(memmem(text.p, text.n, "\"payment_terms\":\"net_30\"", 24));
    assert_int_equal(fixture_import(f, text), 0);
    assert_true(str_eq(text, exported(f)));
    fixture_reload_tenant(f);
    static const char list[] = "{\"account\":{\"account_id\":\"acc-nova\"}}";
    struct fixture_reply r = fixture_call(f, "list_accounts", "{}");
    fixture_valid(f, &r, "list_accounts", ADCP_LINE_NEWEST);
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/accounts/1/account_id")), "acc-nova"));
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/accounts/1/billing")), "operator"));
    assert_int_equal(fixture_call(f, "get_products", list).rc, 0);
    assert_int_equal(fixture_import(f, arena_printf(&f->arena, with_accounts, "closed")), 1);
    r = fixture_call(f, "get_products", list);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "ACCOUNT_NOT_FOUND");
}

static const char with_secrets[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\",%s"
    "\"hitl_webhook_url\":\"%s\",\"notifications\":{\"webhook_url\":\"https://hooks.example\",\"email\":{"
    "\"to\":[\"a@b.example\"],\"from\":\"c@b.example\",\"smtp_url\":\"smtp://ann:%s@relay.example:587\",\"password\":"
    "\"%s\"}},\"adapter_settings\":{\"simulated\":true,\"credentials\":{\"key\":\"KEEP-4\"},\"list\":[{\"client_secret\":\"KEEP-5\"}]}},"
    "\"principals\":[{\"principal_id\":\"p\",\"role\":\"buyer\",\"settings\":{\"hook_token\":\"KEEP-6\"}}]}";

static struct str secrets_file(struct fixture *f, const char *slack, const char *more)
{
    return arena_printf(&f->arena, with_secrets, more, slack, "KEEP-2", "KEEP-3");
}

static bool ad_server_holds(struct fixture *f, const char *what)
{
    struct ad_server_row row;
    struct err e;
    assert_int_equal(q_ad_server_get(reading(f), &f->arena, STR("demo"), STR("mock"), &row, &e), 1);
    return memmem(row.settings.p, row.settings.n, what, strlen(what)) != NULL;
}

static void secrets_go_in_and_never_out(void **state)
{
    struct fixture *f = *state;
    struct tenant_row row;
    struct err e;
    assert_int_equal(fixture_import(f, secrets_file(f, "https://hooks.example/services/KEEP-1", "")), 2);
    struct str text = exported(f);
    assert_null(memmem(text.p, text.n, "KEEP-", 5));
    assert_non_null(memmem(text.p, text.n, "\"https://hooks.example/***\"", 27));
    assert_non_null(memmem(text.p, text.n, "\"webhook_url\":\"https://hooks.example\"", 37));
    assert_non_null(memmem(text.p, text.n, "smtp://***@relay.example:587", 28));
    /* What was redacted comes back and changes nothing. */
    assert_int_equal(fixture_import(f, text), 0);
    assert_int_equal(q_tenant_get(reading(f), &f->arena, STR("demo"), &row, &e), 1);
    for (char k = '1'; k <= '3'; k++)
        assert_non_null(memmem(row.doc.p, row.doc.n, (char[]){ 'K', 'E', 'E', 'P', '-', k }, 6));
    assert_true(ad_server_holds(f, "{\"key\":\"KEEP-4\"}"));
    assert_true(ad_server_holds(f, "KEEP-5"));
    /* One changes, the others stay. */
    fixture_reload_tenant(f);
    struct fixture_reply r =
        fixture_call(f, "x_tenant_set",
                     "{\"settings\":{\"hitl_webhook_url\":\"https://hooks.example/NEW\",\"adapter_settings\":"
                     "{\"simulated\":true,\"credentials\":\"***\",\"list\":[{\"client_secret\":\"***\"}]}}}");
    assert_int_equal(r.rc, 0);
    struct str shown = json_write_val(&f->arena, r.reply);
    assert_null(memmem(shown.p, shown.n, "KEEP-", 5));
    assert_null(memmem(shown.p, shown.n, "NEW", 3));
    assert_int_equal(q_tenant_get(reading(f), &f->arena, STR("demo"), &row, &e), 1);
    assert_non_null(memmem(row.doc.p, row.doc.n, "hooks.example/NEW", 17));
    assert_true(ad_server_holds(f, "{\"key\":\"KEEP-4\"}"));
    assert_null(memmem(row.doc.p, row.doc.n, "KEEP-4", 6)); /* nowhere else */
    /* What stands for nothing is refused, not stored. */
    r = fixture_call(f, "x_tenant_set", "{\"settings\":{\"proposals\":[{\"api_key\":\"***\"}]}}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.field, "/settings/proposals/0/api_key");
    /* Nor is what nobody reads; null takes it away. */
    r = fixture_call(f, "x_tenant_set", "{\"settings\":{\"min_bugdet\":5}}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.field, "/settings/min_bugdet");
    assert_int_equal(fixture_call(f, "x_tenant_set", "{\"settings\":{\"min_bugdet\":null}}").rc, 0);
    r = fixture_call(f, "x_tenant_set",
                     "{\"settings\":{\"working_hours\":{\"days\":[\"mon\"],\"from\":\"9\",\"to\":\"18:00\"}}}");
    assert_int_equal(r.rc, -1);
    assert_non_null(strstr(r.e.field, "/working_hours/from"));
    assert_int_equal(
        fixture_call(f, "x_tenant_set",
                     "{\"settings\":{\"working_hours\":{\"days\":[\"mon\"],\"from\":\"09:00\",\"to\":\"18:00\"}}}")
            .rc,
        0);
    struct try t = { .f = f, .text = secrets_file(f, "https://other.example/***", "") };
    assert_int_equal(store_write_now(f->store, try_import, &t, &e), -1);
    assert_string_equal(e.field, "/tenant/hitl_webhook_url");
}

static void outside_a_sandbox_the_mock_says_in_words_that_it_simulates(void **state)
{
    struct fixture *f = *state;
    struct err e;
#define P(id, more)                                                                                                    \
    STR("{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"" id "\",\"name\":\"x\",\"adapter\":\"mock\"" more "}}")
    struct try silent = { .f = f, .text = P("a", "") };
    assert_int_equal(store_write_now(f->store, try_import, &silent, &e), -1);
    assert_string_equal(e.code, "CONFIGURATION_ERROR");
    assert_string_equal(e.field, "/tenant/adapter_settings/simulated");
    assert_non_null(strstr(e.suggestion, "house"));
    struct try wrong = { .f = f, .text = P("a", ",\"adapter_settings\":{\"simulated\":\"yes\"}") };
    assert_int_equal(store_write_now(f->store, try_import, &wrong, &e), -1);
    assert_string_equal(e.field, "/tenant/adapter_settings/simulated");
    struct try told = { .f = f, .text = P("a", ",\"adapter_settings\":{\"simulated\":true}") };
    assert_int_equal(store_write_now(f->store, try_import, &told, &e), 0);
    struct try playing = { .f = f, .text = P("b", ""), .sandbox = true };
    assert_int_equal(store_write_now(f->store, try_import, &playing, &e), 0);
    /* What a sandbox took does not begin elsewhere. */
    assert_int_equal(ad_servers_check_live(reading(f), &f->arena, &e), -1);
    assert_non_null(strstr(e.message, "publisher b"));
    struct fixture_reply r = fixture_call(f, "x_tenant_set", "{\"settings\":{\"adapter_settings\":null}}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.field, "/settings/adapter_settings/simulated");
    assert_int_equal(fixture_call(f, "x_tenant_set", "{\"settings\":{\"adapter\":\"manual\"}}").rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(importing_twice_changes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_exported_imports_to_the_same_state, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(accounts_come_and_go_with_the_file, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_token_leads_to_the_tutorial_buyer, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(products_are_loaded_typed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_product_is_an_error_and_none_of_a_list, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_file_is_named_and_nothing_of_it_stays, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(secrets_go_in_and_never_out, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(outside_a_sandbox_the_mock_says_in_words_that_it_simulates, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

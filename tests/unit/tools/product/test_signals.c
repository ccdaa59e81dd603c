/* First-party signals: import, discovery, activation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "domain/publisher/catalog_import.h"
#include "tools/fixture.h"

#define KEY "\"idempotency_key\":\"0123456789abcdef\","

#define SIGNALS                                                                                                                           \
    "\"signals\":[{\"signal_id\":\"readers\",\"name\":\"Loyal readers\",\"description\":\"Readers on ten days a month\","                 \
    "\"value_type\":\"binary\",\"coverage_percentage\":12.5,\"pricing_options\":[{\"pricing_option_id\":\"p1\",\"model\":\"cpm\","        \
    "\"cpm\":2.5,\"currency\":\"USD\"}]},{\"signal_id\":\"shoppers\",\"name\":\"Electronics shoppers\",\"description\":"                  \
    "\"Likely to purchase electronics\",\"value_type\":\"binary\",\"coverage_percentage\":4,\"pricing_options\":[{\"pricing_option_id\":" \
    "\"p2\",\"model\":\"cpm\",\"cpm\":7,\"currency\":\"USD\"}],\"deployments\":[{\"type\":\"platform\",\"platform\":\"a-dsp\","           \
    "\"estimated_activation_duration_minutes\":60},{\"type\":\"agent\",\"agent_url\":\"https://partner.example\"}]}]"

static const char file[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\"}," SIGNALS
    "}";

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    assert_true(fixture_import(f, str_from(file)) >= 2);
    *state = f;
    return 0;
}

static struct fixture_reply ok(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc) print_error("%s: %s: %s (%s)\n", tool, r.e.code, r.e.message, r.e.field);
    assert_int_equal(r.rc, 0);
    fixture_valid(f, &r, tool, ADCP_LINE_NEWEST);
    if (!json_has(r.reply, "unchanged")) fixture_valid(f, &r, tool, ADCP_3_0);
    return r;
}

static size_t count(const struct fixture_reply *r)
{
    return yyjson_arr_size(json_arr(r->reply, "signals"));
}

static void a_brief_orders_the_signals(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = ok(f, "get_signals", "{\"signal_spec\":\"people purchasing electronics\"}");
    assert_int_equal(count(&r), 2);
    assert_string_equal(fixture_text(f, &r, "/signals/0/signal_agent_segment_id"), "shoppers");
    assert_string_equal(fixture_text(f, &r, "/signals/0/signal_id/source"), "agent");
    assert_string_equal(fixture_text(f, &r, "/signals/0/pricing_options/0/pricing_option_id"), "p2");
    assert_null(strstr(r.text.p, "activation_key")); /* comes with the activation */
    r = ok(f, "get_signals", "{\"signal_spec\":\"readers\",\"pagination\":{\"max_results\":1}}");
    assert_string_equal(fixture_text(f, &r, "/signals/0/signal_agent_segment_id"), "readers");
    r = ok(f, "get_signals",
           arena_printf(&f->arena, "{\"signal_spec\":\"readers\",\"pagination\":{\"max_results\":1,\"cursor\":\"%s\"}}",
                        fixture_text(f, &r, "/pagination/cursor"))
               .p);
    assert_string_equal(fixture_text(f, &r, "/signals/0/signal_agent_segment_id"), "shoppers");
    assert_true(yyjson_is_false(json_get_path(r.reply, "/pagination/has_more")));
    fixture_refused(f, "get_signals", "{}", "INVALID_REQUEST", "/signal_spec");
    r = fixture_call(f, "get_signals", "{\"signal_spec\":\"x\",\"fields\":[\"range\",\"name\"]}");
    fixture_valid(f, &r, "get_signals", ADCP_LINE_NEWEST);
    assert_null(json_get_path(r.reply, "/signals/0/pricing_options"));
    assert_null(json_get_path(r.reply, "/signals/0/value_type"));
    assert_string_equal(fixture_text(f, &r, "/signals/0/name"), "Loyal readers");
}

static void filters_leave_signals_out(void **state)
{
    static const struct {
        const char *args;
        size_t n;
    } cases[] = {
        { "{\"signal_spec\":\"x\",\"filters\":{\"max_cpm\":5}}", 1 },
        { "{\"signal_spec\":\"x\",\"filters\":{\"min_coverage_percentage\":50}}", 0 },
        { "{\"signal_spec\":\"x\",\"filters\":{\"catalog_types\":[\"marketplace\"]}}", 0 },
        { "{\"signal_spec\":\"x\",\"filters\":{\"data_providers\":[\"Demo Publisher\"]}}", 2 },
        { "{\"signal_ids\":[{\"source\":\"agent\",\"agent_url\":\"http://localhost\",\"id\":\"readers\"}]}", 1 },
        { "{\"signal_refs\":[{\"scope\":\"product\",\"signal_id\":\"none\"}]}", 0 },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture_reply r = ok(f, "get_signals", cases[i].args);
        assert_int_equal(count(&r), cases[i].n);
    }
}

static void the_whole_feed_says_when_nothing_changed(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = ok(f, "get_signals", "{\"discovery_mode\":\"wholesale\"}");
    const char *args =
        arena_printf(&f->arena, "{\"discovery_mode\":\"wholesale\",\"if_wholesale_feed_version\":\"%s\"}",
                     fixture_text(f, &r, "/wholesale_feed_version"))
            .p;
    assert_int_equal(count(&r), 2);
    r = ok(f, "get_signals", args);
    assert_true(json_bool_or(r.reply, "unchanged", false));
    assert_false(json_has(r.reply, "signals"));
    const char *changed =
        arena_printf(
            &f->arena,
            "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\","
            "\"adapter\":\"mock\"},\"signals\":[{\"signal_id\":\"readers\",\"name\":\"N\",\"description\":\"D\",\"coverage_percentage\":1,"
            "\"pricing_options\":[{\"pricing_option_id\":\"p\",\"model\":\"cpm\",\"cpm\":1,\"currency\":\"USD\"}]}]}")
            .p;
    assert_int_equal(fixture_import(f, str_from(changed)), 1);
    r = ok(f, "get_signals", args);
    assert_int_equal(count(&r), 2);
}

static void activation_takes_as_long_as_it_takes(void **state)
{
    struct fixture *f = *state;
    static const char platform[] =
        "{" KEY "\"signal_agent_segment_id\":\"shoppers\",\"pricing_option_id\":\"p2\",\"destinations\":"
        "[{\"type\":\"platform\",\"platform\":\"a-dsp\",\"account\":\"x\"}]}";
    struct fixture_reply r = ok(f, "activate_signal", platform);
    assert_true(yyjson_is_false(json_get_path(r.reply, "/deployments/0/is_live")));
    f->now += 61 * 60 * USEC_PER_SEC;
    r = ok(f, "activate_signal", platform);
    assert_true(yyjson_is_true(json_get_path(r.reply, "/deployments/0/is_live")));
    assert_string_equal(fixture_text(f, &r, "/deployments/0/activation_key/segment_id"), "shoppers");
    r = ok(f, "activate_signal",
           "{" KEY "\"signal_agent_segment_id\":\"shoppers\",\"destinations\":[{\"type\":\"agent\",\"agent_url\":"
           "\"https://partner.example/\"}]}");
    assert_string_equal(fixture_text(f, &r, "/deployments/0/activation_key/type"), "key_value");
    r = ok(f, "activate_signal",
           "{" KEY "\"action\":\"deactivate\",\"signal_agent_segment_id\":\"shoppers\",\"destinations\":"
           "[{\"type\":\"agent\",\"agent_url\":\"https://partner.example/\"}]}");
    assert_true(yyjson_is_false(json_get_path(r.reply, "/deployments/0/is_live")));
    assert_null(json_get_path(r.reply, "/deployments/0/activation_key"));
    fixture_refused(f, "activate_signal",
                    "{" KEY
                    "\"signal_agent_segment_id\":\"readers\",\"destinations\":[{\"type\":\"platform\",\"platform\":"
                    "\"a-dsp\"}]}",
                    "UNSUPPORTED_FEATURE", "/destinations/0");
    fixture_refused(f, "activate_signal",
                    "{" KEY
                    "\"signal_agent_segment_id\":\"none\",\"destinations\":[{\"type\":\"platform\",\"platform\":"
                    "\"a-dsp\"}]}",
                    "REFERENCE_NOT_FOUND", "/signal_agent_segment_id");
    fixture_refused(f, "activate_signal",
                    "{" KEY "\"signal_agent_segment_id\":\"shoppers\",\"pricing_option_id\":\"p1\",\"destinations\":"
                    "[{\"type\":\"platform\",\"platform\":\"a-dsp\"}]}",
                    "INVALID_REQUEST", "/pricing_option_id");
}

static int export(struct act *act, void *arg, struct err *e)
{
    return catalog_export(act->tx, act->arena, STR("demo"), arg, e);
}

static void an_export_imports_to_the_same_signals(void **state)
{
    struct fixture *f = *state;
    struct str exported;
    struct err e;
    assert_int_equal(fixture_act(f, export, &exported, &e), 0);
    assert_non_null(strstr(exported.p, "\"signals\":[{\"signal_id\":\"readers\""));
    assert_int_equal(fixture_import(f, exported), 0);
}

static void lists_to_choose_by_have_a_most(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, STR("{\"signal_spec\":\"readers\",\"signal_ids\":["));
    for (int i = 0; i < 1001; i++) buf_addf(&b, "%s{\"source\":\"agent\",\"id\":\"s%d\"}", i ? "," : "", i);
    buf_add(&b, STR("]}"));
    const char *args = arena_cstr(&f->arena, buf_str(&b));
    buf_finish(&b);
    fixture_refused(f, "get_signals", args, "INVALID_REQUEST", "/signal_ids");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_brief_orders_the_signals, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(lists_to_choose_by_have_a_most, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(filters_leave_signals_out, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_whole_feed_says_when_nothing_changed, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(activation_takes_as_long_as_it_takes, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_export_imports_to_the_same_signals, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

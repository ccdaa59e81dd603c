/* The validator over the committed tables: each test states one rule of src/contract/validate.h. That it judges right
 * is proved by tests/schema; here is what it says and how it is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "contract/error_codes.h"
#include "contract/json.h"
#include "contract/validate_internal.h"

static struct arena arena;
static struct contract_report report;

static int setup(void **state)
{
    arena_init(&arena);
    report = (struct contract_report){ .arena = &arena };
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&arena);
    return 0;
}

static yyjson_val *parsed(const char *text)
{
    static const struct json_limits wide = { .bytes_max = 1 << 22, .depth_max = JSON_DEPTH_HARD, .nodes_max = 1 << 20 };
    struct err e;
    yyjson_doc *doc = NULL;
    if (json_parse(&arena, str_from(text), &wide, &doc, &e)) fail_msg("%s", e.message);
    return yyjson_doc_get_root(doc);
}

static int judged(enum adcp_line line, const char *tool, enum contract_side side, const char *text)
{
    const struct contract *c = contract_find(line, tool, side);
    assert_non_null(c);
    return contract_validate(c, parsed(text), &report);
}

static const struct contract_issue *issue_at(const char *pointer)
{
    for (int i = 0; i < report.count; i++) {
        if (str_is(report.issues[i].pointer, pointer)) return &report.issues[i];
    }
    fail_msg("no issue at %s", pointer);
    return NULL;
}

static const char good_buy[] =
    "{\"idempotency_key\":\"0123456789abcdef0123\",\"account\":{\"account_id\":\"acc_1\"},"
    "\"brand\":{\"domain\":\"brand.example\"},\"start_time\":\"asap\",\"end_time\":\"2027-01-01T00:00:00Z\","
    "\"packages\":[{\"product_id\":\"p1\",\"budget\":5000,\"pricing_option_id\":\"cpm\"}]}";

static void a_good_request_passes_in_both_lines(void **state)
{
    assert_int_equal(judged(ADCP_3_0, "create_media_buy", CONTRACT_REQUEST, good_buy), 0);
    assert_int_equal(judged(ADCP_3_1, "create_media_buy", CONTRACT_REQUEST, good_buy), 0);
    assert_int_equal(report.total, 0);
}

static void every_violation_is_reported_at_its_place(void **state)
{
    assert_int_equal(judged(ADCP_3_1, "create_media_buy", CONTRACT_REQUEST,
                            "{\"account\":{\"account_id\":\"a\"},\"brand\":{\"domain\":\"b.example\"},"
                            "\"start_time\":\"tomorrow\",\"end_time\":\"2027-01-01\","
                            "\"packages\":[{\"product_id\":1,\"budget\":-5,\"pricing_option_id\":\"x\"}]}"),
                     -1);
    assert_string_equal(issue_at("/idempotency_key")->keyword, "required");
    assert_string_equal(issue_at("/packages/0/product_id")->keyword, "type");
    assert_true(str_is(issue_at("/packages/0/product_id")->message, "must be a string, not a number"));
    assert_true(str_is(issue_at("/packages/0/budget")->message, "must be at least 0, not -5"));
    assert_string_equal(issue_at("/end_time")->keyword, "format");
    assert_non_null(issue_at("/start_time"));
    assert_int_equal(report.total, 5);
}

static void the_alternative_that_was_meant_is_reported(void **state)
{
    /* signal_id is a oneOf by its `source`. */
    assert_int_equal(judged(ADCP_3_1, "get_signals", CONTRACT_REQUEST,
                            "{\"signal_spec\":\"x\",\"signal_ids\":[{\"source\":\"catalog\",\"id\":\"s\"}]}"),
                     -1);
    assert_string_equal(issue_at("/signal_ids/0/data_provider_domain")->keyword, "required");
    assert_int_equal(report.total, 1);
    assert_int_equal(judged(ADCP_3_1, "get_signals", CONTRACT_REQUEST,
                            "{\"signal_spec\":\"x\",\"signal_ids\":[{\"source\":\"catalogue\",\"id\":\"s\"}]}"),
                     -1);
    assert_true(str_is(issue_at("/signal_ids/0/source")->message, "must be one of \"catalog\", \"agent\""));
    assert_int_equal(report.total, 1);
}

static void the_report_becomes_an_error_with_details_that_are_json(void **state)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, STR("{\"packages\":["));
    for (int i = 0; i < 200; i++) buf_addf(&b, "%s{\"product_id\":%d}", i ? "," : "", i);
    buf_add(&b, STR("]}"));
    assert_int_equal(judged(ADCP_3_1, "create_media_buy", CONTRACT_REQUEST, b.p), -1);
    buf_finish(&b);
    assert_int_equal(report.count, CONTRACT_ISSUES_MAX);
    assert_true(report.total > 600);
    struct err e;
    assert_int_equal(contract_report_err(&report, &e), -1);
    assert_string_equal(e.code, "INVALID_REQUEST");
    assert_string_equal(e.field, "/packages/0/product_id");
    yyjson_val *details = parsed(e.details);
    assert_true(yyjson_arr_size(json_arr(details, "issues")) > 5);
    assert_int_equal(json_i64_or(details, "total", 0), (int64_t)report.total);
    assert_true(
        str_is(json_str(yyjson_arr_get_first(json_arr(details, "issues")), "pointer"), "/packages/0/product_id"));
}

static void a_single_violation_is_said_in_the_message(void **state)
{
    struct err e;
    assert_int_equal(judged(ADCP_3_1, "get_products", CONTRACT_REQUEST, "{\"buying_mode\":\"breif\",\"brief\":\"x\"}"),
                     -1);
    (void)contract_report_err(&report, &e);
    assert_string_equal(e.field, "/buying_mode");
    assert_non_null(strstr(e.message, "/buying_mode must be one of \"brief\", \"wholesale\", \"refine\""));
}

static void lines_have_their_own_tools(void **state)
{
    assert_null(contract_find(ADCP_3_0, "get_task_status", CONTRACT_REQUEST));
    assert_non_null(contract_find(ADCP_3_1, "get_task_status", CONTRACT_REQUEST));
    assert_non_null(contract_find(ADCP_3_0, "tasks/get", CONTRACT_RESPONSE));
    assert_null(contract_find(ADCP_3_1, "no_such_tool", CONTRACT_REQUEST));
    assert_null(contract_find(ADCP_3_1, "si_send_message", CONTRACT_REQUEST));
    assert_non_null(contract_find_document(ADCP_3_1, "core/mcp-webhook-payload.json"));
    assert_null(contract_find_document(ADCP_3_1, "core/nothing.json"));
}

static void every_tool_of_the_table_is_found_and_renders(void **state)
{
    for (size_t i = 0; i < contract_tool_count; i++) {
        const struct contract_tool *t = &contract_tools[i];
        const struct contract *c = contract_find((enum adcp_line)t->line, t->name, CONTRACT_REQUEST);
        assert_non_null(c);
        assert_non_null(contract_find((enum adcp_line)t->line, t->name, CONTRACT_RESPONSE));
        yyjson_val *schema = parsed(contract_schema_json(&arena, c).p);
        assert_true(str_is(json_str(schema, "type"), "object"));
        arena_finish(&arena);
    }
}

static void every_pattern_compiles(void **state)
{
    const struct contract_program *p = contract_documents[0].program;
    assert_true(p->pattern_count > 20);
    for (uint32_t i = 0; i < p->pattern_count; i++) assert_true(pattern_compiles(program_str(p, p->patterns[i])));
}

static void every_reference_in_the_tables_is_a_node(void **state)
{
    const struct contract_program *p = contract_documents[0].program;
    for (size_t i = 0; i < contract_document_count; i++) {
        uint32_t node = contract_documents[i].node;
        assert_true(node < p->code_count);
        assert_true(node == 0 || op_of(p->code[node - 1]) == OP_END || p->code[node - 1] == OP_END);
    }
    for (uint32_t i = 1; i < p->string_count; i++) {
        struct str a = program_str(p, i - 1), b = program_str(p, i);
        assert_true(a.n < b.n || (a.n == b.n && memcmp(a.p, b.p, a.n) < 0));
    }
}

static void wide_values_keep_a_bounded_report(void **state)
{
    struct buf b;
    buf_init(&b, 1 << 21);
    buf_add(&b, STR("{\"packages\":["));
    for (int i = 0; i < 20000; i++) buf_addf(&b, "%s{\"a\":{\"b\":%d}}", i ? "," : "", i);
    buf_add(&b, STR("]}"));
    assert_int_equal(judged(ADCP_3_1, "create_media_buy", CONTRACT_REQUEST, b.p), -1);
    assert_int_equal(report.count, CONTRACT_ISSUES_MAX);
    assert_true(report.total >= 3 * 20000);
    buf_finish(&b);
}

static void work_beyond_the_budget_is_refused_as_too_complex(void **state)
{
    /* allOf of two branches that both look at the member below: 2^60 checks for a value 60 levels deep. */
    static const uint32_t at[] = { 0, 2 };
    static const uint32_t code[] = { OP_END,
                                     OP_FALSE,
                                     OP_END,
                                     /* 3: */ OP_ALL_OF | 2 << 8,
                                     7,
                                     7,
                                     OP_END,
                                     /* 7: */ OP_MEMBERS | 5 << 8,
                                     1,
                                     0,
                                     0,
                                     0,
                                     3,
                                     OP_END };
    struct contract_program p = {
        .text = "a", .string_at = at, .string_count = 1, .code = code, .code_count = ARRAY_LEN(code)
    };
    struct contract c = { .program = &p, .node = 3, .path = "test" };
    struct buf b;
    buf_init(&b, 4096);
    for (int i = 0; i < 60; i++) buf_add(&b, STR("{\"a\":"));
    buf_add_char(&b, '1');
    for (int i = 0; i < 60; i++) buf_add_char(&b, '}');
    assert_int_equal(contract_validate(&c, parsed(b.p), &report), -1);
    assert_true(str_is(report.issues[0].message, "is too complex to be checked"));
    buf_finish(&b);
}

static void error_codes_know_line_and_recovery(void **state)
{
    assert_int_equal(error_code_count, 120);
    const struct error_code *c = error_code_find("RATE_LIMITED");
    assert_non_null(c);
    assert_int_equal(c->since, ADCP_3_0);
    assert_int_equal(c->recovery[ADCP_3_0], ERROR_RECOVERY_TRANSIENT);
    assert_int_equal(error_code_find("AUTH_INVALID")->since, ADCP_3_1);
    assert_int_equal(error_code_find("ACCOUNT_MOVED")->since, ADCP_3_2);
    assert_int_equal(error_code_find("AUTH_INVALID")->recovery[ADCP_3_1], ERROR_RECOVERY_TERMINAL);
    assert_string_equal(error_recovery_name(error_code_find("INVALID_REQUEST")->recovery[ADCP_3_1]), "correctable");
    assert_null(error_code_find("NO_SUCH_CODE"));
    assert_int_equal(error_code_http_status("MEDIA_BUY_NOT_FOUND"), 404);
    assert_int_equal(error_code_http_status("VALIDATION_ERROR"), 400);
    size_t in_3_0 = 0;
    for (size_t i = 0; i < error_code_count; i++) {
        in_3_0 += error_codes[i].since == ADCP_3_0;
        assert_ptr_equal(error_code_find(error_codes[i].code), &error_codes[i]);
    }
    assert_int_equal(in_3_0, 45);
}

static void formats_follow_their_rfcs(void **state)
{
    static const struct {
        enum contract_format format;
        const char *good[8], *bad[10];
    } cases[] = {
        { FORMAT_DATE_TIME,
          { "2026-03-09T14:30:00Z", "2026-03-09t14:30:00.123456+05:30", "1998-12-31T23:59:60Z",
            "1998-12-31T15:59:60.123-08:00" },
          { "2026-03-09T14:30:00", "2026-03-09", "2026-02-29T00:00:00Z", "2026-03-09T24:00:00Z", "2026-03-09T14:30:60Z",
            "2026-03-09T14:30:00+24:00", "2026-03-09T14:30:00.Z" } },
        { FORMAT_DATE, { "2024-02-29" }, { "2026-02-29", "2026-13-01", "2026-1-01", "2026-01-01Z" } },
        { FORMAT_EMAIL,
          { "a@b.example", "te~st@example.com", "a.b@c" },
          { "a", "@b", "a@", ".a@b.example", "a..b@c.example", "a b@c.example" } },
        { FORMAT_HOSTNAME, { "a.example", "xn--4gbwdl.xn--wgbh1c", "a-b" }, { "-a.example", "a_b", "", "a..b", "a-" } },
        { FORMAT_IPV4, { "192.0.2.1" }, { "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4" } },
        { FORMAT_IPV6,
          { "::1", "2001:db8::8:800:200c:417a", "::ffff:192.0.2.1", "::" },
          { "12345::", "1::2::3", "1:2:3:4:5:6:7", "::g", "1:2:3:4:5:6:7:8:9", ":1" } },
        { FORMAT_URI,
          { "https://a.example/x?q=1#f", "urn:oasis:names", "http://[::1]:80/", "mailto:a@b.example" },
          { "//a.example", "/x", "a", "http://a b", "https://a.example/{x}", "http://a.example/%zz", "http://[::1",
            ":x" } },
        { FORMAT_URI_TEMPLATE,
          { "https://a.example/{id}", "{+path}/x{?q,r*}" },
          { "https://a.example/{id", "}", "{}" } },
        { FORMAT_UUID, { "123e4567-e89b-42d3-a456-426614174000" }, { "123e4567e89b42d3a456426614174000", "x" } },
        { FORMAT_JSON_POINTER, { "", "/a~1b/0" }, { "a", "/a~2", "/~" } },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int j = 0; cases[i].good[j]; j++) {
            if (!format_matches(cases[i].format, str_from(cases[i].good[j]))) fail_msg("refused %s", cases[i].good[j]);
        }
        for (int j = 0; cases[i].bad[j]; j++) {
            if (format_matches(cases[i].format, str_from(cases[i].bad[j]))) fail_msg("accepted %s", cases[i].bad[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_request_passes_in_both_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(every_violation_is_reported_at_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(the_alternative_that_was_meant_is_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(the_report_becomes_an_error_with_details_that_are_json, setup, teardown),
        cmocka_unit_test_setup_teardown(a_single_violation_is_said_in_the_message, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_have_their_own_tools, setup, teardown),
        cmocka_unit_test_setup_teardown(every_tool_of_the_table_is_found_and_renders, setup, teardown),
        cmocka_unit_test_setup_teardown(every_pattern_compiles, setup, teardown),
        cmocka_unit_test_setup_teardown(every_reference_in_the_tables_is_a_node, setup, teardown),
        cmocka_unit_test_setup_teardown(wide_values_keep_a_bounded_report, setup, teardown),
        cmocka_unit_test_setup_teardown(work_beyond_the_budget_is_refused_as_too_complex, setup, teardown),
        cmocka_unit_test_setup_teardown(error_codes_know_line_and_recovery, setup, teardown),
        cmocka_unit_test_setup_teardown(formats_follow_their_rfcs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

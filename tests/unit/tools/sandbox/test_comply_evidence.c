/* What the test controller shows of the world outside: calls our jobs made for the caller, observations on provenance,
 * and answers that are old because their source is away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "store/q/agent/q_traffic.h"
#include "tools/fixture.h"

#define TOOL "comply_test_controller"

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    f->sandbox = f->principal.sandbox = true;
    *state = f;
    return 0;
}

static struct fixture_reply control(struct fixture *f, const char *scenario, const char *params)
{
    struct str args =
        arena_printf(&f->arena, "{\"scenario\":\"%s\",\"params\":%s,\"account\":{\"sandbox\":true}}", scenario, params);
    struct fixture_reply r = fixture_call(f, TOOL, arena_cstr(&f->arena, args));
    assert_int_equal(r.rc, 0);
    fixture_valid(f, &r, TOOL, ADCP_LINE_NEWEST);
    if (!json_bool_or(r.reply, "success", false)) print_error("%s: " STR_FMT "\n", scenario, STR_ARG(r.text));
    assert_true(json_bool_or(r.reply, "success", false));
    return r;
}

static void is(struct fixture_reply r, const char *pointer, const char *wanted)
{
    struct str got = json_val_str(json_get_path(r.reply, pointer));
    if (!str_is(got, wanted)) print_error("%s: " STR_FMT "\n", pointer, STR_ARG(r.text));
    assert_true(str_is(got, wanted));
}

/* ---- traffic ---- */

static int insert(struct act *act, void *arg, struct err *e)
{
    return q_traffic_insert(act->tx, arg, e);
}

static void sent(struct fixture *f, const char *url, const char *type, const char *body)
{
    struct err e;
    struct traffic_row row = { .tenant_id = f->tenant.tenant_id,
                               .principal_id = f->principal.principal_id,
                               .method = STR("POST"),
                               .url = str_from(url),
                               .content_type = str_from(type),
                               .body = str_from(body),
                               .purpose = STR("other"),
                               .sent_at = f->now,
                               .http_status = 200 };
    assert_int_equal(fixture_act(f, insert, &row, &e), 0);
}

static size_t calls(struct fixture_reply r)
{
    return yyjson_arr_size(json_arr(r.reply, "recorded_calls"));
}

static void test_traffic_without_secrets(void **state)
{
    struct fixture *f = *state;
    sent(
        f, "https://platform.example/audience/upload", "application/json; charset=utf-8",
        "{\"users\":[\"acme-user-0001\"],\"auth\":{\"Access_Token\":\"hush\",\"cookies\":\"shown\"},\"token\":{\"deep\":1}}");
    struct fixture_reply r = control(f, "query_upstream_traffic", "{}");
    assert_int_equal(calls(r), 1);
    is(r, "/recorded_calls/0/endpoint", "POST https://platform.example/audience/upload");
    is(r, "/recorded_calls/0/attestation_mode", "raw");
    is(r, "/recorded_calls/0/payload/users/0", "acme-user-0001");
    is(r, "/recorded_calls/0/payload/auth/Access_Token", "[redacted]");
    is(r, "/recorded_calls/0/payload/auth/cookies", "shown");
    is(r, "/recorded_calls/0/payload/token", "[redacted]");
    struct str payload = json_write_val(&f->arena, json_get_path(r.reply, "/recorded_calls/0/payload"));
    assert_int_equal(yyjson_get_num(json_get_path(r.reply, "/recorded_calls/0/payload_length")), payload.n);
    assert_null(strstr(r.text.p, "hush"));
}

static void test_traffic_as_digests(void **state)
{
    struct fixture *f = *state;
    uint8_t sum[SHA256_BYTES];
    sent(f, "https://platform.example/a", "application/vnd.x+json",
         "{\"b\":[\"acme-user-0001\"],\"a\":1.0,\"secret\":\"hush\"}");
    sent(f, "https://platform.example/b", "text/plain", "acme-user-0001");
    sha256(STR("acme-user-0001"), sum);
    struct str known = hex_encode(&f->arena, (struct str){ (const char *)sum, sizeof(sum) });
    sha256(STR("hush"), sum);
    struct str unknown = hex_encode(&f->arena, (struct str){ (const char *)sum, sizeof(sum) });
    struct str params = arena_printf(
        &f->arena, "{\"attestation_mode\":\"digest\",\"identifier_value_digests\":[\"" STR_FMT "\",\"" STR_FMT "\"]}",
        STR_ARG(known), STR_ARG(unknown));
    struct fixture_reply r = control(f, "query_upstream_traffic", arena_cstr(&f->arena, params));
    assert_int_equal(calls(r), 2);
    struct str canonical = STR("{\"a\":1,\"b\":[\"acme-user-0001\"],\"secret\":\"[redacted]\"}");
    sha256(canonical, sum);
    struct str digest = hex_encode(&f->arena, (struct str){ (const char *)sum, sizeof(sum) });
    is(r, "/recorded_calls/0/payload_digest_sha256", arena_cstr(&f->arena, digest));
    assert_int_equal(yyjson_get_num(json_get_path(r.reply, "/recorded_calls/0/payload_length")), canonical.n);
    assert_true(yyjson_get_bool(json_get_path(r.reply, "/recorded_calls/0/identifier_match_proofs/0/found")));
    assert_false(yyjson_get_bool(json_get_path(r.reply, "/recorded_calls/0/identifier_match_proofs/1/found")));
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/recorded_calls/1/identifier_match_proofs")), 0);
    assert_null(json_get_path(r.reply, "/recorded_calls/0/payload"));
}

static void test_traffic_is_chosen(void **state)
{
    struct fixture *f = *state;
    sent(f, "https://platform.example/v2/audience/upload", "application/json", "{}");
    f->now += 60 * USEC_PER_SEC;
    sent(f, "https://platform.example/v2/events/log", "application/json", "{}");
    sent(f, "https://other.example/events/log?x", "application/json", "{}");
    assert_int_equal(calls(control(f, "query_upstream_traffic", "{\"endpoint_pattern\":\"POST */events/log\"}")), 1);
    assert_int_equal(calls(control(f, "query_upstream_traffic", "{\"endpoint_pattern\":\"*/events/*\"}")), 2);
    assert_int_equal(calls(control(f, "query_upstream_traffic", "{\"endpoint_pattern\":\"events\"}")), 0);
    assert_int_equal(calls(control(f, "query_upstream_traffic", "{\"endpoint_pattern\":\"*log?x\"}")), 1);
    struct fixture_reply r = control(f, "query_upstream_traffic", "{\"since_timestamp\":\"2026-03-09T14:30:30Z\"}");
    assert_int_equal(calls(r), 2);
    r = control(f, "query_upstream_traffic", "{\"limit\":1}");
    assert_int_equal(calls(r), 1);
    assert_int_equal(yyjson_get_num(json_get_path(r.reply, "/total_count")), 3);
    assert_true(json_bool_or(r.reply, "truncated", false));
    fixture_become_new_buyer(f, "rival");
    f->principal.sandbox = true;
    assert_int_equal(calls(control(f, "query_upstream_traffic", "{}")), 0);
}

static void test_traffic_kept_is_bounded(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < TRAFFIC_KEPT + 3; i++) {
        struct str url = arena_printf(&f->arena, "https://platform.example/%d", i);
        sent(f, arena_cstr(&f->arena, url), "text/plain", "x");
    }
    struct fixture_reply r = control(f, "query_upstream_traffic", "{\"limit\":1000}");
    assert_int_equal(calls(r), TRAFFIC_KEPT);
    is(r, "/recorded_calls/0/url", "https://platform.example/3");
}

/* ---- provenance ---- */

static void test_a_carveout_is_observed(void **state)
{
    struct fixture *f = *state;
    control(f, "seed_creative", "{\"creative_id\":\"plain\"}");
    control(f, "seed_creative",
            "{\"creative_id\":\"claims\",\"fixture\":{\"provenance\":{\"human_oversight\":\"edited\","
            "\"disclosure\":{\"required\":false}}}}");
    control(f, "seed_creative",
            "{\"creative_id\":\"discloses\",\"fixture\":{\"provenance\":{\"human_oversight\":\"edited\","
            "\"disclosure\":{\"required\":true}}}}");
    struct fixture_reply r = control(f, "query_provenance_audit_observations", "{\"creative_id\":\"claims\"}");
    is(r, "/creative_id", "claims");
    is(r, "/audit_observations/0/code", "OVERSIGHT_DISCLOSURE_CARVEOUT_CLAIMED");
    is(r, "/audit_observations/0/details/claimed_value/human_oversight", "edited");
    for (int i = 0; i < 2; i++) {
        r = control(f, "query_provenance_audit_observations",
                    i ? "{\"creative_id\":\"plain\"}" : "{\"creative_id\":\"discloses\"}");
        assert_int_equal(yyjson_arr_size(json_arr(r.reply, "audit_observations")), 0);
    }
}

/* ---- upstreams ---- */

static const char wholesale[] = "{\"buying_mode\":\"wholesale\"}";

static struct fixture_reply read(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    assert_int_equal(r.rc, 0);
    if (!f->minor_3_0) fixture_valid(f, &r, tool, ADCP_LINE_NEWEST);
    return r;
}

static void test_an_answer_says_that_it_is_old(void **state)
{
    struct fixture *f = *state;
    assert_false(json_has(read(f, "get_products", wholesale).reply, "errors"));
    struct fixture_reply r =
        control(f, "force_upstream_unavailable", "{\"tool\":\"get_products\",\"upstream_name\":\"the stock\"}");
    is(r, "/current_state", "unavailable");
    f->now += 90 * USEC_PER_SEC;
    r = read(f, "get_products", wholesale);
    is(r, "/errors/0/code", "STALE_RESPONSE");
    is(r, "/errors/0/field", "products");
    is(r, "/errors/0/details/upstream/name", "the stock");
    assert_true(yyjson_get_num(json_get_path(r.reply, "/errors/0/details/cache_age_seconds")) >= 90);
    assert_true(yyjson_arr_size(json_arr(r.reply, "products")) > 0);
    /* Other tools, other buyers and AdCP 3.0, which has no such code, hear nothing of it. */
    assert_false(json_has(read(f, "list_creative_formats", "{}").reply, "errors"));
    f->minor_3_0 = true;
    assert_false(json_has(read(f, "get_products", wholesale).reply, "errors"));
    f->minor_3_0 = false;
    fixture_become_new_buyer(f, "rival");
    assert_false(json_has(read(f, "get_products", wholesale).reply, "errors"));
}

static void test_nothing_is_not_old(void **state)
{
    struct fixture *f = *state;
    control(f, "force_upstream_unavailable", "{\"tool\":\"*\"}");
    struct fixture_reply r =
        read(f, "get_products", "{\"buying_mode\":\"wholesale\",\"filters\":{\"channels\":[\"cinema\"]}}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "products")), 0);
    assert_false(json_has(r.reply, "errors"));
    is(read(f, "list_creative_formats", "{}"), "/errors/0/details/upstream/name", "creative-agent");
    control(f, "list_scenarios", "{}"); /* another run begins */
    assert_false(json_has(read(f, "list_creative_formats", "{}").reply, "errors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_traffic_without_secrets, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_traffic_as_digests, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_traffic_is_chosen, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_traffic_kept_is_bounded, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_carveout_is_observed, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_says_that_it_is_old, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_not_old, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

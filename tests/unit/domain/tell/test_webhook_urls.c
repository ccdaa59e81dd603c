/* Which URLs a buyer may register for webhooks: every range that must not be reached is refused where it is said, with
 * the field named. What names resolve to is checked again when a webhook is sent (net/test_address_policy,
 * net/test_http_client). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "domain/tell/webhook.h"

static struct arena arena;

static int setup(void **state)
{
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&arena);
    return 0;
}

static int check(bool sandbox, const char *member, const char *url, struct err *e)
{
    static const struct json_limits limits = { .bytes_max = 65536, .depth_max = 8, .nodes_max = 64 };
    struct act act = { .arena = &arena, .sandbox = sandbox };
    yyjson_doc *doc;
    struct str args = arena_printf(&arena, "{\"%s\":{\"url\":\"%s\"}}", member, url);
    assert_int_equal(json_parse(&arena, args, &limits, &doc, e), 0);
    return webhook_check_args(&act, yyjson_doc_get_root(doc), e);
}

static void refused(bool sandbox, const char *url)
{
    static const char *const members[] = { "push_notification_config", "reporting_webhook" };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct err e = { 0 };
        if (check(sandbox, members[i], url, &e) == 0) fail_msg("%s is taken", url);
        assert_string_equal(e.code, "INVALID_REQUEST");
        assert_string_equal(e.field, arena_printf(&arena, "/%s/url", members[i]).p);
        assert_true(e.message[0] && e.suggestion[0]);
    }
}

/* Neither in production nor in a sandbox. */
static const char *const inside[] = {
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",                                           /* private */
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.1.1/", /* metadata, link-local */
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://[fd00:ec2::254]/",
    "https://100.64.0.1/",
    "https://100.127.255.254/",                /* carriers' shared space */
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://[ff02::1]/", /* multicast */
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://[::]/",
    "https://192.0.2.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://198.18.0.1/",
    "https://[2001:db8::1]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:c0a8:101]/", /* IPv4-mapped */
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::8.8.8.8]/", /* NAT64 */
    "https://[2002:a00:1::1]/",
    "https://[2001::1]/",                 /* 6to4 of a private address, Teredo */
    "http://buyer.example.com/",
    "ftp://buyer.example.com/",
    "file:///etc/passwd",
    "gopher://buyer.example.com/",
    "//buyer.example.com/",
    "https://",
    "buyer.example.com",
    "https://user:password@buyer.example.com/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://127.1/",
};

static const char *const loopback[] = {
    "https://127.0.0.1/", "http://127.0.0.1:9009/hooks", "https://127.255.255.254/",    "https://[::1]/",
    "http://[::1]:9009/", "https://[::ffff:127.0.0.1]/", "http://localhost:9009/hooks",
};

static void what_lies_inside_is_refused(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        refused(false, inside[i]);
        refused(true, inside[i]);
    }
}

static void loopback_is_for_the_sandbox(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(loopback); i++) {
        struct err e;
        /* A name is judged when it has been resolved; over http it is refused at once. */
        refused(false, loopback[i]);
        if (check(true, "push_notification_config", loopback[i], &e)) fail_msg("%s: %s", loopback[i], e.message);
    }
}

static void what_is_public_is_taken(void **state)
{
    static const char *const urls[] = { "https://buyer.example.com/hooks?op=1", "https://8.8.8.8/",
                                        "https://buyer.example.com:8443/", "https://[2606:4700:4700::1111]/",
                                        "https://[64:ff9b::8.8.8.8]/" };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct err e;
        if (check(false, "push_notification_config", urls[i], &e)) fail_msg("%s: %s", urls[i], e.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_inside_is_refused),
        cmocka_unit_test(loopback_is_for_the_sandbox),
        cmocka_unit_test(what_is_public_is_taken),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

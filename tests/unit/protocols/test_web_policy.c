/* Who may call the agent by which name and from where: sites, hosts, proxies, origins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "protocols/web_policy.h"

enum { OPEN, LOOPBACK }; /* listeners of the policy below */

static const struct web_policy policy = {
    .hosts = { STR("told.example") },
    .hosts_n = 1,
    .proxies = { STR("10.0.0.1"), STR("10.0.0.2") },
    .proxies_n = 2,
    .origins = { STR("https://app.example") },
    .origins_n = 1,
    .sites = { { .listener = OPEN, .roles = WEB_AGENT, .hosts = { STR("sales.example") }, .hosts_n = 1 },
               { .listener = OPEN, .roles = WEB_ADS, .hosts = { STR("ads.example") }, .hosts_n = 1 },
               { .listener = LOOPBACK, .roles = WEB_AGENT | WEB_DESK, .loopback = true } },
    .sites_n = 3,
};

static bool ours(void *arg, struct str host)
{
    return str_is(host, "publisher.example");
}

struct asked {
    int listener;
    const char *host, *peer, *forwarded_for, *forwarded_host, *forwarded_proto, *origin;
};

struct seen {
    unsigned roles;
    int status;
    bool secure;
    char peer[64], url[96];
};

static struct seen ask(const struct web_policy *p, struct asked q)
{
    struct http_memory m;
    struct seen s = { 0 };
    http_exchange_init_memory(&m, "GET", "/");
    m.ex.listener = q.listener;
    m.ex.host = str_from(q.host);
    m.ex.peer = q.peer ? str_from(q.peer) : STR("192.0.2.7");
    if (q.forwarded_for) http_memory_header(&m, "X-Forwarded-For", str_from(q.forwarded_for));
    if (q.forwarded_host) http_memory_header(&m, "X-Forwarded-Host", str_from(q.forwarded_host));
    if (q.forwarded_proto) http_memory_header(&m, "X-Forwarded-Proto", str_from(q.forwarded_proto));
    if (q.origin) http_memory_header(&m, "Origin", str_from(q.origin));
    web_policy_forwarded(p, &m.ex);
    s.roles = web_policy_roles(p, &m.ex, ours, NULL);
    if (s.roles && !web_policy_admit(p, &m.ex)) s.roles = 0;
    s.status = m.replied ? m.ex.status : 0;
    s.secure = m.ex.secure;
    assert_true(m.ex.peer.n < sizeof(s.peer));
    memcpy(s.peer, m.ex.peer.p, m.ex.peer.n);
    struct str url = web_base_url(&m.ex);
    memcpy(s.url, url.p, url.n);
    assert_int_equal(!s.roles, m.replied);
    http_memory_finish(&m);
    return s;
}

static void a_site_is_found_by_its_host_whatever_the_port(void **state)
{
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "sales.example" }).roles, WEB_AGENT);
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "SALES.example:8443" }).roles, WEB_AGENT);
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "ads.example" }).roles, WEB_ADS);
    assert_int_equal(ask(&policy, (struct asked){ .listener = LOOPBACK, .host = "localhost:8000" }).roles,
                     WEB_AGENT | WEB_DESK);
    assert_int_equal(ask(&policy, (struct asked){ .listener = LOOPBACK, .host = "[::1]:8000" }).roles,
                     WEB_AGENT | WEB_DESK);
}

static void a_host_nobody_knows_is_refused(void **state)
{
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "evil.example" }).status, 403);
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "localhost" }).status, 403);
    assert_int_equal(ask(&policy, (struct asked){ .listener = LOOPBACK, .host = "evil.example" }).status, 403);
    assert_int_equal(ask(&policy, (struct asked){ .listener = LOOPBACK, .host = "sales.example" }).status,
                     403); /* of the other listener */
    assert_int_equal(ask(&policy, (struct asked){ .listener = LOOPBACK, .host = "a b" }).status, 403);
    assert_int_equal(ask(&policy, (struct asked){ .listener = 7, .host = "sales.example" }).status, 403);
}

static void hosts_that_were_told_and_publishers_own_lead_to_the_people_never_to_the_ads(void **state)
{
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "told.example" }).roles, WEB_AGENT);
    assert_int_equal(ask(&policy, (struct asked){ .listener = OPEN, .host = "Publisher.example:443" }).roles,
                     WEB_AGENT);
    assert_int_equal(ask(&policy, (struct asked){ .listener = LOOPBACK, .host = "publisher.example" }).roles,
                     WEB_AGENT | WEB_DESK);
}

static void a_listener_for_everybody_answers_to_every_name(void **state)
{
    static const struct web_policy open = { .sites = { { .roles = WEB_AGENT } }, .sites_n = 1 };
    assert_int_equal(ask(&open, (struct asked){ .listener = 0, .host = "whatever.example" }).roles, WEB_AGENT);
    assert_int_equal(ask(&open, (struct asked){ .listener = 0, .host = "" }).roles, WEB_AGENT);
    assert_int_equal(ask(&open, (struct asked){ .listener = 0, .host = "bad\"host" }).status, 403);
    assert_int_equal(ask(&(struct web_policy){ 0 }, (struct asked){ .listener = -1, .host = "whatever.example" }).roles,
                     WEB_EVERYTHING);
}

static void proxies_are_believed_and_others_are_not(void **state)
{
    struct asked q = { .listener = LOOPBACK,
                       .host = "localhost",
                       .peer = "10.0.0.1",
                       .forwarded_for = "203.0.113.9, 198.51.100.4, 10.0.0.2",
                       .forwarded_host = "publisher.example",
                       .forwarded_proto = "https" };
    struct seen s = ask(&policy, q);
    assert_int_equal(s.roles, WEB_AGENT | WEB_DESK);
    assert_string_equal(s.peer,
                        "198.51.100.4"); /* the nearest that is no proxy of ours; who it names may be invented */
    assert_string_equal(s.url, "https://publisher.example");
    q.peer = "192.0.2.7";
    s = ask(&policy, q);
    assert_string_equal(s.peer, "192.0.2.7");
    assert_string_equal(s.url, "http://localhost");
    q = (struct asked){ .listener = LOOPBACK, .host = "localhost", .peer = "10.0.0.1", .forwarded_for = "evil\"text" };
    assert_string_equal(ask(&policy, q).peer, "10.0.0.1");
    q.forwarded_for = "10.0.0.2";
    assert_string_equal(ask(&policy, q).peer, "10.0.0.2");
    q.forwarded_for = "[2001:db8::1]:4711";
    assert_string_equal(ask(&policy, q).peer, "2001:db8::1");
}

static void origins_are_same_or_listed(void **state)
{
    struct asked q = { .listener = OPEN, .host = "sales.example", .origin = "https://sales.example" };
    assert_int_equal(ask(&policy, q).roles, WEB_AGENT);
    q.origin = "https://app.example";
    assert_int_equal(ask(&policy, q).roles, WEB_AGENT);
    q.origin = "https://ads.example"; /* also a site of ours, and not the same */
    assert_int_equal(ask(&policy, q).status, 403);
    q.origin = "null";
    assert_int_equal(ask(&policy, q).status, 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_is_found_by_its_host_whatever_the_port),
        cmocka_unit_test(a_host_nobody_knows_is_refused),
        cmocka_unit_test(hosts_that_were_told_and_publishers_own_lead_to_the_people_never_to_the_ads),
        cmocka_unit_test(a_listener_for_everybody_answers_to_every_name),
        cmocka_unit_test(proxies_are_believed_and_others_are_not),
        cmocka_unit_test(origins_are_same_or_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

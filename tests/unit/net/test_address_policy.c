/* URLs and the addresses calls may reach, as tables. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/address_policy.h"
#include "net/url.h"

static const struct {
    const char *text;
    enum address_class class;
} addresses[] = {
    { "8.8.8.8", ADDRESS_PUBLIC },
    { "1.1.1.1", ADDRESS_PUBLIC },
    { "93.184.216.34", ADDRESS_PUBLIC },
    { "223.255.255.255", ADDRESS_PUBLIC },
    { "0.0.0.0", ADDRESS_NOT_PUBLIC },
    { "0.1.2.3", ADDRESS_NOT_PUBLIC },
    { "9.255.255.255", ADDRESS_PUBLIC },
    { "10.0.0.0", ADDRESS_NOT_PUBLIC },
    { "10.255.255.255", ADDRESS_NOT_PUBLIC },
    { "11.0.0.0", ADDRESS_PUBLIC },
    { "100.63.255.255", ADDRESS_PUBLIC },
    { "100.64.0.0", ADDRESS_NOT_PUBLIC },
    { "100.100.100.200", ADDRESS_NOT_PUBLIC },
    { "100.127.255.255", ADDRESS_NOT_PUBLIC },
    { "100.128.0.0", ADDRESS_PUBLIC },
    { "127.0.0.1", ADDRESS_LOOPBACK },
    { "127.255.255.255", ADDRESS_LOOPBACK },
    { "168.63.129.16", ADDRESS_NOT_PUBLIC },
    { "168.63.129.17", ADDRESS_PUBLIC },
    { "169.253.255.255", ADDRESS_PUBLIC },
    { "169.254.169.254", ADDRESS_NOT_PUBLIC },
    { "172.15.255.255", ADDRESS_PUBLIC },
    { "172.16.0.0", ADDRESS_NOT_PUBLIC },
    { "172.31.255.255", ADDRESS_NOT_PUBLIC },
    { "172.32.0.0", ADDRESS_PUBLIC },
    { "192.0.0.192", ADDRESS_NOT_PUBLIC },
    { "192.0.2.1", ADDRESS_NOT_PUBLIC },
    { "192.0.3.1", ADDRESS_PUBLIC },
    { "192.88.99.1", ADDRESS_NOT_PUBLIC },
    { "192.168.0.1", ADDRESS_NOT_PUBLIC },
    { "192.169.0.1", ADDRESS_PUBLIC },
    { "198.17.255.255", ADDRESS_PUBLIC },
    { "198.18.0.0", ADDRESS_NOT_PUBLIC },
    { "198.19.255.255", ADDRESS_NOT_PUBLIC },
    { "198.20.0.0", ADDRESS_PUBLIC },
    { "198.51.100.7", ADDRESS_NOT_PUBLIC },
    { "203.0.113.7", ADDRESS_NOT_PUBLIC },
    { "224.0.0.1", ADDRESS_NOT_PUBLIC },
    { "239.255.255.255", ADDRESS_NOT_PUBLIC },
    { "240.0.0.1", ADDRESS_NOT_PUBLIC },
    { "255.255.255.255", ADDRESS_NOT_PUBLIC },
    { "2606:4700:4700::1111", ADDRESS_PUBLIC },
    { "2a00:1450:4001:81b::200e", ADDRESS_PUBLIC },
    { "::", ADDRESS_NOT_PUBLIC },
    { "::1", ADDRESS_LOOPBACK },
    { "::2", ADDRESS_NOT_PUBLIC },
    { "::7f00:1", ADDRESS_NOT_PUBLIC }, /* deprecated IPv4-compatible */
    { "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
    { "::ffff:10.0.0.1", ADDRESS_NOT_PUBLIC },
    { "::ffff:169.254.169.254", ADDRESS_NOT_PUBLIC },
    { "::ffff:8.8.8.8", ADDRESS_PUBLIC },
    { "::ffff:0:8.8.8.8", ADDRESS_NOT_PUBLIC }, /* IPv4-translated */
    { "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
    { "64:ff9b::10.0.0.1", ADDRESS_NOT_PUBLIC },
    { "64:ff9b::169.254.169.254", ADDRESS_NOT_PUBLIC },
    { "64:ff9b:1::8.8.8.8", ADDRESS_NOT_PUBLIC },
    { "100::1", ADDRESS_NOT_PUBLIC },
    { "2001::1", ADDRESS_NOT_PUBLIC }, /* Teredo */
    { "2001:2::1", ADDRESS_NOT_PUBLIC },
    { "2001:10::1", ADDRESS_NOT_PUBLIC },
    { "2001:1ff:ffff::1", ADDRESS_NOT_PUBLIC },
    { "2001:200::1", ADDRESS_PUBLIC },
    { "2001:db8::1", ADDRESS_NOT_PUBLIC },
    { "2001:db9::1", ADDRESS_PUBLIC },
    { "2002:808:808::1", ADDRESS_PUBLIC },
    { "2002:a00:1::1", ADDRESS_NOT_PUBLIC },
    { "2002:a9fe:a9fe::1", ADDRESS_NOT_PUBLIC },
    { "3fff::1", ADDRESS_NOT_PUBLIC },
    { "3fff:1000::1", ADDRESS_PUBLIC },
    { "4000::1", ADDRESS_NOT_PUBLIC },
    { "5f00::1", ADDRESS_NOT_PUBLIC },
    { "fc00::1", ADDRESS_NOT_PUBLIC },
    { "fd00:ec2::254", ADDRESS_NOT_PUBLIC },
    { "fe80::1", ADDRESS_NOT_PUBLIC },
    { "fec0::1", ADDRESS_NOT_PUBLIC },
    { "ff02::1", ADDRESS_NOT_PUBLIC },
};

static void addresses_are_classified(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        const struct sockaddr *a = (struct sockaddr *)&v4;
        if (strchr(addresses[i].text, ':')) {
            a = (struct sockaddr *)&v6;
            assert_int_equal(inet_pton(AF_INET6, addresses[i].text, &v6.sin6_addr), 1);
        } else {
            assert_int_equal(inet_pton(AF_INET, addresses[i].text, &v4.sin_addr), 1);
        }
        enum address_class class = address_classify(a);
        if (class != addresses[i].class) fail_msg("%s is classified %d", addresses[i].text, class);
        assert_int_equal(address_allowed(a, HTTP_REACH_PUBLIC), class == ADDRESS_PUBLIC);
        assert_int_equal(address_allowed(a, HTTP_REACH_LOOPBACK), class != ADDRESS_NOT_PUBLIC);
        assert_true(address_allowed(a, HTTP_REACH_OPERATOR));
    }
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(address_allowed(&other, HTTP_REACH_PUBLIC));
    assert_false(address_allowed(&other, HTTP_REACH_OPERATOR));
}

static void a_url_is_taken_apart(void **state)
{
    struct url u;
    struct err e;
    assert_int_equal(url_parse(STR("https://Buyer.Example.com:8443/hooks/1?a=b&c"), &u, &e), 0);
    assert_int_equal(u.scheme, URL_HTTPS);
    assert_int_equal(u.host_kind, HOST_NAME);
    assert_true(str_is(u.host, "Buyer.Example.com"));
    assert_int_equal(u.port, 8443);
    assert_true(str_is(u.authority, "Buyer.Example.com:8443"));
    assert_true(str_is(u.target, "/hooks/1?a=b&c"));
    assert_int_equal(url_parse(STR("HTTP://[2001:db8::7]:81?x"), &u, &e), 0);
    assert_int_equal(u.scheme, URL_HTTP);
    assert_int_equal(u.host_kind, HOST_IPV6);
    assert_true(str_is(u.host, "2001:db8::7"));
    assert_int_equal(ntohs(u.address.v6.sin6_port), 81);
    assert_true(str_is(u.target, "?x"));
    assert_int_equal(url_parse(STR("https://192.0.2.1"), &u, &e), 0);
    assert_int_equal(u.host_kind, HOST_IPV4);
    assert_int_equal(ntohl(u.address.v4.sin_addr.s_addr), 0xC0000201);
    assert_int_equal(u.port, 443);
    assert_true(str_is(u.target, "/"));
}

static void odd_urls_are_refused(void **state)
{
    static const char *const urls[] = {
        "",
        "https://",
        "https:///x",
        "http:/x",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "https://example.com/\t",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https://@example.com/",
        "https://example.com\\@evil.com/",
        "https://example.com#@evil.com/",
        "https://example.com/#x",
        "https://exa%6dple.com/",
        "https://ex\xc3\xa4mple.com/",
        "https://example.com:0/",
        "https://example.com:/",
        "https://example.com:65536/",
        "https://example.com:080/",
        "https://example.com:+80/",
        "https://example.com:99999999999/",
        "https://example.com:8a/",
        "https://.example.com/",
        "https://example..com/",
        "https://example.com./",
        "https://127.0.0.1./",
        "https://./",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.01/",
        "https://127.0.0.256/",
        "https://127.0.0.1.1/",
        "https://1.2.3.4.5/",
        "https://127.0.0.0x1/",
        "https://99999999999/",
        "https://a.1/",
        "https://[::1/",
        "https://::1/",
        "https://[]/",
        "https://[::g]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]x/",
        "https://[127.0.0.1]/",
        "https://[::1]:x/",
        "https://exam<ple.com/",
        "https://example.com/{MACRO}",
        "https://example.com/|",
        "https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa7.0.0.1/",
        "https://*.example.com/",
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct url u = { .port = -7 };
        struct err e;
        if (url_parse(str_from(urls[i]), &u, &e) == 0) fail_msg("accepted: %s", urls[i]);
        assert_string_equal(e.code, "INVALID_REQUEST");
        assert_int_equal(u.port, -7);
    }
    char longest[URL_BYTES_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "https://example.com/", 20);
    struct url u;
    struct err e;
    assert_int_equal(url_parse((struct str){ longest, URL_BYTES_MAX }, &u, &e), 0);
    assert_int_equal(url_parse((struct str){ longest, URL_BYTES_MAX + 1 }, &u, &e), -1);
    struct str nul = { "https://a.com/\0b", 16 };
    assert_int_equal(url_parse(nul, &u, &e), -1);
}

static const struct {
    const char *url;
    bool public, loopback; /* allowed with that reach; the operator's reach allows all of them */
} reaches[] = {
    { "https://buyer.example.com/hooks", true, true },
    { "https://buyer.example.com:8443/hooks", true, true },
    { "https://8.8.8.8/", true, true },
    { "https://[2606:4700:4700::1111]/", true, true },
    { "http://buyer.example.com/hooks", false, false },
    { "http://8.8.8.8/", false, false },
    { "https://localhost/", false, true },
    { "http://localhost:3000/hook", false, true },
    { "http://LOCALHOST:3000/hook", false, true },
    { "http://a.localhost/", false, true },
    { "http://notlocalhost/", false, false },
    { "http://127.0.0.1:3000/hook", false, true },
    { "https://127.0.0.1/", false, true },
    { "http://[::1]:3000/", false, true },
    { "http://[::ffff:127.0.0.1]/", false, true },
    { "https://10.0.0.1/", false, false },
    { "https://192.168.1.1/", false, false },
    { "https://169.254.169.254/latest/meta-data/", false, false },
    { "http://169.254.169.254/latest/meta-data/", false, false },
    { "https://[fd00:ec2::254]/", false, false },
    { "https://[::ffff:10.0.0.1]/", false, false },
    { "https://[64:ff9b::10.0.0.1]/", false, false },
    { "https://0.0.0.0/", false, false },
    { "https://intranet/", false, false },
    { "https://metadata.google.internal/", false, false },
    { "https://printer.local/", false, false },
    { "https://router.home.arpa/", false, false },
};

static void reach_decides_at_registration(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(reaches); i++) {
        struct str url = str_from(reaches[i].url);
        struct err e;
        if ((url_allowed(url, HTTP_REACH_PUBLIC, &e) == 0) != reaches[i].public) fail_msg("public: %s", url.p);
        if ((url_allowed(url, HTTP_REACH_LOOPBACK, &e) == 0) != reaches[i].loopback) fail_msg("loopback: %s", url.p);
        assert_int_equal(url_allowed(url, HTTP_REACH_OPERATOR, &e), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_classified),
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(odd_urls_are_refused),
        cmocka_unit_test(reach_decides_at_registration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What `listen` says: sockets, sites, sockets that were passed, and what may not share an origin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "app/listens.h"

struct fixture {
    struct arena arena;
    struct config c;
    struct listens l;
    struct passed_socket passed[4];
    size_t passed_n;
    bool sandbox;
};

/* `text`: the value of listen. */
static void read_listens(struct fixture *f, const char *text)
{
    char *environment[] = { (char *)"SALESAGENT_CONFIG=",
                            (char *)arena_printf(&f->arena, "SALESAGENT_LISTEN=%s", text).p, NULL };
    config_load(&f->arena, &(struct config_input){ .environment = environment }, &f->c);
    assert_int_equal(f->c.issues_n, 0);
    listens_read(&(struct listens_input){ &f->c, f->passed, f->passed_n, f->sandbox }, &f->l);
}

static void good(struct fixture *f, const char *text)
{
    read_listens(f, text);
    if (f->c.issues_n) fail_msg("%s", f->c.issues[0].text);
}

static void bad(const char *text, const char *why)
{
    struct fixture f = { 0 };
    arena_init(&f.arena);
    read_listens(&f, text);
    if (!f.c.issues_n) fail_msg("'%s' was taken", text);
    if (!strstr(f.c.issues[0].text, why)) fail_msg("'%s': %s", text, f.c.issues[0].text);
    arena_finish(&f.arena);
}

static void the_default_is_agent_and_desk_and_metrics_on_loopback(void **state)
{
    struct fixture f = { 0 };
    arena_init(&f.arena);
    good(&f, "");
    assert_int_equal(f.l.sockets_n, 2);
    assert_int_equal(f.l.sites[0].roles, WEB_AGENT | WEB_DESK);
    assert_int_equal(f.l.sites[1].roles, WEB_METRICS);
    assert_true(f.l.sites[0].loopback && f.l.sites[1].loopback);
    assert_false(f.l.sockets[0].plain);
    assert_true(f.l.sockets[1].plain);
    arena_finish(&f.arena);
}

static void one_address_may_have_several_sites(void **state)
{
    struct fixture f = { 0 };
    arena_init(&f.arena);
    good(&f, "0.0.0.0:443 agent desk host=sales.example, 0.0.0.0:443 ads host=ads.example host=ads2.example, "
             "[::1]:9464 metrics");
    assert_int_equal(f.l.sockets_n, 2);
    assert_int_equal(f.l.sites_n, 3);
    assert_int_equal(f.l.sites[0].listener, 0);
    assert_int_equal(f.l.sites[1].listener, 0);
    assert_int_equal(f.l.sites[1].hosts_n, 2);
    assert_int_equal(f.l.sites[2].listener, 1);
    assert_false(f.l.sites[0].loopback);
    assert_true(f.l.sites[2].loopback);
    assert_true(str_is(f.l.sockets[1].host, "::1"));
    assert_int_equal(f.l.sockets[1].port, 9464);
    arena_finish(&f.arena);
}

static void ports_of_the_systems_choice_are_never_the_same(void **state)
{
    struct fixture f = { 0 };
    arena_init(&f.arena);
    good(&f, "localhost:0 agent, localhost:0 desk");
    assert_int_equal(f.l.sockets_n, 2);
    arena_finish(&f.arena);
}

static void what_cannot_be_understood_is_named(void **state)
{
    bad("localhost", "HOST:PORT is wanted");
    bad("localhost:70000", "HOST:PORT is wanted");
    bad(":80", "HOST:PORT is wanted");
    bad("localhost:80 agnet", "'agnet': after HOST:PORT come");
    bad("localhost:80 host=", "host= wants a name");
    bad("localhost:80 host=a.example:80", "host= wants a name without a port");
    bad("localhost:80 agent, localhost:80 desk", "the same address and the same host");
    bad("localhost:80 agent host=A.example, localhost:80 desk host=a.EXAMPLE", "the same address and the same host");
    bad("localhost:80 agent host=a.example, localhost:80 desk host=b.example plain",
        "one address is either plain or not");
}

static void ads_never_share_an_origin_with_people_in_production(void **state)
{
    struct fixture f = { .sandbox = true };
    bad("0.0.0.0:80 agent ads", "ads never share an origin");
    bad("0.0.0.0:80 desk ads host=x.example", "ads never share an origin");
    bad("0.0.0.0:80 agent host=sales.example, 0.0.0.0:80 ads", "want a host= of their own");
    arena_init(&f.arena);
    good(&f, "0.0.0.0:80 agent ads");
    good(&f, "localhost:80");
    assert_int_equal(f.l.sites[0].roles, WEB_AGENT | WEB_DESK | WEB_ADS);
    f.sandbox = false;
    good(&f, "0.0.0.0:80 agent, 0.0.0.0:81 ads");
    good(&f, "0.0.0.0:80 agent, 0.0.0.0:80 ads host=ads.example");
    good(&f, "localhost:80");
    assert_int_equal(f.l.sites[0].roles, WEB_AGENT | WEB_DESK);
    arena_finish(&f.arena);
}

static void a_passed_socket_takes_the_place_of_its_roles(void **state)
{
    struct fixture f = { .passed = { { .fd = 3, .roles = WEB_AGENT | WEB_DESK } }, .passed_n = 1 };
    arena_init(&f.arena);
    good(&f, "0.0.0.0:443 agent desk host=sales.example, localhost:9464 metrics");
    assert_int_equal(f.l.sockets_n, 2);
    assert_int_equal(f.l.sockets[0].fd, 3);
    assert_int_equal(f.l.sockets[0].port, 0);
    assert_int_equal(f.l.sites[0].hosts_n, 1); /* what was configured of it stays */
    assert_int_equal(f.l.sockets[1].fd, 0);
    f.passed[1] = (struct passed_socket){ .fd = 4, .roles = WEB_ADS, .loopback = true }; /* nobody configured one */
    f.passed_n = 2;
    good(&f, "0.0.0.0:443 agent desk");
    assert_int_equal(f.l.sockets_n, 2);
    assert_int_equal(f.l.sockets[1].fd, 4);
    assert_int_equal(f.l.sites[1].roles, WEB_ADS);
    assert_true(f.l.sites[1].loopback);
    arena_finish(&f.arena);
}

static void the_same_sockets_are_recognised(void **state)
{
    struct fixture f = { 0 };
    arena_init(&f.arena);
    good(&f, "localhost:80 agent, localhost:81 desk");
    struct listens before = f.l;
    good(&f, "localhost:80 agent host=a.example, localhost:80 ads host=b.example, localhost:81 metrics plain");
    assert_false(listens_same_sockets(&before, &f.l)); /* plain now */
    good(&f, "localhost:80 agent host=a.example, localhost:80 ads host=b.example, localhost:81 agent");
    assert_true(listens_same_sockets(&before, &f.l));
    good(&f, "localhost:80 agent");
    assert_false(listens_same_sockets(&before, &f.l));
    arena_finish(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_is_agent_and_desk_and_metrics_on_loopback),
        cmocka_unit_test(one_address_may_have_several_sites),
        cmocka_unit_test(ports_of_the_systems_choice_are_never_the_same),
        cmocka_unit_test(what_cannot_be_understood_is_named),
        cmocka_unit_test(ads_never_share_an_origin_with_people_in_production),
        cmocka_unit_test(a_passed_socket_takes_the_place_of_its_roles),
        cmocka_unit_test(the_same_sockets_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

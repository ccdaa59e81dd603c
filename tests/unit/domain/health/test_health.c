/* What is found of a publisher's rows, and how the world's answers are judged. */
#include "room.h"

#include "domain/health/answers.h"
#include "domain/health/health_ask.h"
#include "domain/rule/rule.h"
#include "store/q/q_ad_server.h"
#include "store/q/q_tenant.h"

static const struct finding *find(const struct findings *f, const char *check, enum finding_rank rank)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->item[i].check, check) == 0 && f->item[i].rank == rank) return &f->item[i];
    }
    return NULL;
}

static void look(struct room *r, const struct act *act, struct findings *f)
{
    struct err e;
    *f = (struct findings){ .arena = &r->arena };
    ROOM_OK(publisher_health(act, f, &e));
}

static void add_person(const struct act *act, const char *id, const char *role, const char *status)
{
    struct err e;
    struct principal_row row = { .tenant_id = STR("t"),
                                 .principal_id = str_from(id),
                                 .name = str_from(id),
                                 .role = str_from(role),
                                 .status = str_from(status) };
    assert_int_equal(q_principal_put(act->tx, &row, act->now, &e), 1);
}

/* ---- rows ---- */

static void in_nobodys_hands(struct room *r, const struct act *act)
{
    struct findings f;
    struct rule_row row;
    struct err e;
    look(r, act, &f);
    assert_non_null(find(&f, "people", FINDING_ERROR)); /* nobody may decide */
    add_person(act, "ann", "operator", "active");
    add_person(act, "bob", "administrator", "disabled");
    look(r, act, &f);
    assert_null(find(&f, "people", FINDING_ERROR));
    assert_non_null(find(&f, "people", FINDING_WARNING)); /* no administrator */
    assert_non_null(find(&f, "notifications", FINDING_WARNING));
    assert_non_null(find(&f, "rules", FINDING_WELL));
    ROOM_OK(rule_add(act, room_json(r, "{\"name\":\"Large\",\"then\":\"person\",\"role\":\"administrator\"}"), 0, &row,
                     &e));
    look(r, act, &f);
    const struct finding *stuck = find(&f, "rules", FINDING_ERROR);
    assert_non_null(stuck);
    assert_true(str_eq(stuck->about, row.rule_id));
    assert_non_null(strstr(stuck->found.p, "Large"));
    assert_true(stuck->remedy.n > 0);
    add_person(act, "bob", "administrator", "active");
    look(r, act, &f);
    assert_null(find(&f, "rules", FINDING_ERROR));
    assert_null(find(&f, "people", FINDING_WARNING));
}

static void a_rule_that_nobody_can_decide_is_an_error(void **state)
{
    struct room *r = room_open();
    room_do_alone(r, in_nobodys_hands);
    room_close(r);
}

static void with_links_to_nowhere(struct room *r, const struct act *act)
{
    struct findings f;
    look(r, act, &f);
    const struct finding *links = find(&f, "links", FINDING_ERROR);
    assert_non_null(links); /* without a host they would lead to http://localhost */
    assert_non_null(strstr(links->found.p, "http://localhost"));
    assert_non_null(find(&f, "publisher", FINDING_ERROR));
}

static void with_links_that_lead(struct room *r, const struct act *act)
{
    struct findings f;
    look(r, act, &f);
    assert_null(find(&f, "links", FINDING_ERROR));
    assert_non_null(find(&f, "links", FINDING_WELL));
    assert_null(find(&f, "people", FINDING_ERROR)); /* who has the link can decide */
    assert_non_null(find(&f, "publisher", FINDING_WELL));
}

static void links_that_lead_nowhere_are_an_error(void **state)
{
    struct room *r = room_open();
    room_settings(r, "{\"hitl_webhook_url\":\"https://hooks.example/x\"}");
    room_do_alone(r, with_links_to_nowhere);
    room_settings(r, "{\"hitl_webhook_url\":\"https://hooks.example/x\",\"agent_url\":\"https://sales.example\"}");
    room_do_alone(r, with_links_that_lead);
    room_close(r);
}

static void with_a_mock(struct room *r, const struct act *act)
{
    struct findings f;
    struct err e;
    struct act sandbox = *act;
    const struct ad_server_row row = { .tenant_id = STR("t"), .name = STR("mock"), .adapter = STR("mock") };
    ROOM_OK(q_ad_server_put(act->tx, &row, act->now, &e) < 0 ? -1 : 0);
    look(r, act, &f);
    assert_non_null(find(&f, "ad_server", FINDING_ERROR));
    sandbox.sandbox = true;
    look(r, &sandbox, &f);
    assert_null(find(&f, "ad_server", FINDING_ERROR));
}

static void a_mock_in_production_is_an_error(void **state)
{
    struct room *r = room_open();
    room_do_alone(r, with_a_mock);
    room_close(r);
}

static void asked(struct room *r, const struct act *act)
{
    struct findings f = { .arena = &r->arena }, back = { .arena = &r->arena };
    struct str job;
    struct err e;
    int64_t at;
    ROOM_OK(health_last(act, &back, &at, &e));
    assert_int_equal(at, TIME_NONE);
    ROOM_OK(health_ask(act, &job, &e));
    assert_true(job.n > 0);
    ROOM_OK(health_ask(act, &job, &e));
    assert_int_equal(job.n, 0); /* one waits already */
    assert_int_equal(room_jobs(r, act, HEALTH_JOB, NULL), 1);
    finding_add(&f, FINDING_WARNING, "disk", "%d MiB are free.", 7);
    finding_about(&f, STR("/var"));
    finding_remedy(&f, "Make room.");
    finding_add(&f, FINDING_UNKNOWN, "clock", "Nobody told.");
    ROOM_OK(health_keep(act->tx, STR("t"), act->now, &f, &e));
    ROOM_OK(health_last(act, &back, &at, &e));
    assert_int_equal(at, act->now);
    assert_int_equal(back.n, 2);
    assert_true(str_is(back.item[0].found, "7 MiB are free."));
    assert_true(str_is(back.item[0].about, "/var"));
    assert_true(str_is(back.item[0].remedy, "Make room."));
    assert_int_equal(back.item[1].rank, FINDING_UNKNOWN);
}

static void what_was_found_is_kept(void **state)
{
    struct room *r = room_open();
    room_do_alone(r, asked);
    room_close(r);
}

/* ---- answers ---- */

#define NOW INT64_C(1773066600000000)
#define DAY (INT64_C(86400) * 1000000)

static struct http_call answer(const char *body)
{
    return (struct http_call){ .outcome = HTTP_OK,
                               .status = 200,
                               .url = STR("https://news.example/.well-known/adagents.json"),
                               .response = str_from(body),
                               .certificate_ends_at = NOW + 60 * DAY,
                               .date_at = NOW };
}

static const struct health_questions questions = { .tenant_id = { "t", 1 },
                                                   .agent_url = { "https://sales.example", 21 },
                                                   .kids = { { "k1", 2 }, { "k2", 2 } },
                                                   .kids_n = 2 };

static void judge_card(struct arena *a, const struct http_call *c, struct findings *f)
{
    *f = (struct findings){ .arena = a };
    answer_card(f, &questions, c, NOW);
}

static void our_own_address_is_judged(void **state)
{
    struct arena a;
    struct findings f;
    arena_init(&a);
    struct http_call c = answer("{\"url\":\"https://sales.example/a2a\"}");
    judge_card(&a, &c, &f);
    assert_int_equal(findings_count(&f, FINDING_WELL), f.n);
    assert_non_null(find(&f, "certificate", FINDING_WELL));
    c.certificate_ends_at = NOW + 10 * DAY;
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "certificate", FINDING_WARNING));
    c.certificate_ends_at = NOW + 2 * DAY;
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "certificate", FINDING_ERROR));
    c.certificate_ends_at = 0;
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "certificate", FINDING_UNKNOWN));
    c = answer("{\"url\":\"http://127.0.0.1:8000/a2a\"}"); /* the proxy does not say who was asked */
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "proxy", FINDING_ERROR));
    c = answer("<html>");
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "address", FINDING_ERROR));
    c = answer("");
    c.status = 502;
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "address", FINDING_ERROR));
    c = (struct http_call){ .outcome = HTTP_NOT_SENT, .reason = "SSL certificate problem: certificate has expired" };
    judge_card(&a, &c, &f);
    assert_non_null(strstr(find(&f, "address", FINDING_ERROR)->found.p, "expired"));
    c = (struct http_call){ .outcome = HTTP_CANCELED };
    judge_card(&a, &c, &f);
    assert_non_null(find(&f, "address", FINDING_UNKNOWN)); /* and never well */
    assert_int_equal(f.n, 1);
    arena_finish(&a);
}

static void our_keys_must_be_there(void **state)
{
    struct arena a;
    arena_init(&a);
    struct findings f = { .arena = &a };
    struct http_call c = answer("{\"keys\":[{\"kid\":\"k2\"},{\"kid\":\"k1\"}]}");
    answer_keys(&f, &questions, &c);
    assert_non_null(find(&f, "keys", FINDING_WELL));
    f.n = 0;
    c = answer("{\"keys\":[{\"kid\":\"k2\"}]}");
    answer_keys(&f, &questions, &c);
    assert_non_null(find(&f, "keys", FINDING_ERROR));
    arena_finish(&a);
}

static void adagents_must_name_us(void **state)
{
    static const struct {
        const char *body;
        enum finding_rank rank;
    } cases[] = {
        { "{\"authorized_agents\":[{\"url\":\"https://other.example\"},{\"url\":\"https://sales.example/mcp\"}]}",
          FINDING_WELL },
        { "{\"authorized_agents\":[{\"url\":\"https://SALES.example/\"}]}", FINDING_WELL },
        { "{\"authorized_agents\":[{\"url\":\"https://sales.example.evil.example\"}]}", FINDING_ERROR },
        { "{\"authorized_agents\":[{\"url\":\"https://sales.example/elsewhere\"}]}", FINDING_ERROR },
        { "{\"authorized_agents\":[]}", FINDING_ERROR },
        { "{\"authorized_agents\":7}", FINDING_ERROR },
        { "[]", FINDING_ERROR },
    };
    struct arena a;
    struct str elsewhere;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct findings f = { .arena = &a };
        struct http_call c = answer(cases[i].body);
        answer_adagents(&f, &questions, STR("news.example"), &c, &elsewhere);
        assert_int_equal(f.n, 1);
        assert_int_equal(f.item[0].rank, cases[i].rank);
        assert_true(str_is(f.item[0].about, "news.example"));
    }
    struct findings f = { .arena = &a };
    struct http_call c = answer("{\"authoritative_location\":\"https://cdn.example/adagents.json\"}");
    answer_adagents(&f, &questions, STR("news.example"), &c, &elsewhere);
    assert_int_equal(f.n, 0);
    assert_true(str_is(elsewhere, "https://cdn.example/adagents.json"));
    c = (struct http_call){ .outcome = HTTP_REFUSED, .reason = "the host resolves to no address that may be reached" };
    answer_adagents(&f, &questions, STR("news.example"), &c, &elsewhere);
    assert_non_null(find(&f, "adagents", FINDING_UNKNOWN));
    arena_finish(&a);
}

static void clocks_are_compared(void **state)
{
    struct arena a;
    arena_init(&a);
    struct findings f = { .arena = &a };
    struct clocks clocks = { 0 };
    answer_clocks(&f, &clocks);
    assert_non_null(find(&f, "clock", FINDING_UNKNOWN));
    struct http_call c = answer("");
    c.date_at = NOW - 3600 * INT64_C(1000000); /* a cache repeats an old date */
    clocks_add(&clocks, STR("old.example"), &c, NOW);
    c.date_at = NOW + 2 * INT64_C(1000000);
    clocks_add(&clocks, STR("new.example"), &c, NOW);
    answer_clocks(&f, &clocks);
    assert_non_null(find(&f, "clock", FINDING_WELL));
    clocks = (struct clocks){ 0 };
    c.date_at = NOW + 60 * INT64_C(1000000);
    clocks_add(&clocks, STR("new.example"), &c, NOW);
    answer_clocks(&f, &clocks);
    assert_non_null(find(&f, "clock", FINDING_WARNING));
    clocks = (struct clocks){ 0 };
    c.date_at = NOW - 600 * INT64_C(1000000);
    clocks_add(&clocks, STR("new.example"), &c, NOW);
    answer_clocks(&f, &clocks);
    assert_non_null(find(&f, "clock", FINDING_ERROR));
    answer_egress(&f, 3, 0);
    assert_non_null(find(&f, "egress", FINDING_ERROR));
    answer_egress(&f, 0, 0);
    assert_non_null(find(&f, "egress", FINDING_UNKNOWN));
    arena_finish(&a);
}

static void what_is_too_much_is_counted(void **state)
{
    struct arena a;
    arena_init(&a);
    struct findings f = { .arena = &a }, all = { .arena = &a };
    for (int i = 0; i < FINDINGS_MAX + 3; i++) {
        finding_add(&f, FINDING_WELL, "disk", "%d", i);
        finding_about(&f, STR("x"));
    }
    assert_int_equal(f.n, FINDINGS_MAX);
    assert_int_equal(f.left_out, 3);
    findings_append(&all, &f);
    findings_append(&all, &f);
    assert_int_equal(all.n, FINDINGS_MAX);
    assert_int_equal(all.left_out, FINDINGS_MAX + 6);
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_that_nobody_can_decide_is_an_error),
        cmocka_unit_test(links_that_lead_nowhere_are_an_error),
        cmocka_unit_test(a_mock_in_production_is_an_error),
        cmocka_unit_test(what_was_found_is_kept),
        cmocka_unit_test(our_own_address_is_judged),
        cmocka_unit_test(our_keys_must_be_there),
        cmocka_unit_test(adagents_must_name_us),
        cmocka_unit_test(clocks_are_compared),
        cmocka_unit_test(what_is_too_much_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

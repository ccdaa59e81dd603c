/* Which rule counts: the first whose conditions all hold. */
#include "room.h"

#include "domain/rule/rule.h"

static struct str added[3];

static struct str add(struct room *r, const struct act *act, const char *rule, int64_t position)
{
    struct rule_row row;
    struct err e;
    ROOM_OK(rule_add(act, room_json(r, rule), position, &row, &e));
    return row.rule_id;
}

static enum rule_outcome decide(const struct act *act, int64_t micros, const char *product, struct rule_verdict *v)
{
    static struct rule_facts f;
    struct err e;
    f = (struct rule_facts){ .operation = "create_media_buy",
                             .principal_id = STR("b"),
                             .currency = "USD",
                             .amount_micros = micros,
                             .before_micros = -1 };
    rule_facts_package(&f, str_from(product), NULL);
    ROOM_OK(rule_decide(act, &f, v, &e));
    return v->outcome;
}

static void three_rules(struct room *r, const struct act *act)
{
    added[0] = add(r, act,
                   "{\"name\":\"large\",\"when\":{\"amount_over\":1000,\"currency\":\"USD\"},\"then\":\"person\","
                   "\"role\":\"administrator\",\"due_hours\":4}",
                   0);
    added[1] =
        add(r, act, "{\"name\":\"never\",\"when\":{\"products\":[\"p9\"]},\"then\":\"reject\",\"reason\":\"No.\"}", 0);
    added[2] = add(r, act, "{\"name\":\"rest\",\"then\":\"auto\"}", 0);
}

static void the_first_that_holds_counts(struct room *r, const struct act *act)
{
    struct rule_verdict v;
    struct err e;
    (void)r;
    assert_int_equal(decide(act, INT64_C(1000000001), "p9", &v), RULE_PERSON);
    assert_true(str_eq(v.rule_id, added[0]) && str_is(v.role, "administrator"));
    assert_int_equal(v.due_hours, 4);
    assert_int_equal(decide(act, INT64_C(1000000000), "p1", &v), RULE_AUTO); /* over, not from */
    assert_int_equal(decide(act, 1, "p9", &v), RULE_REJECT);
    assert_int_equal(rule_refuse(&v, &e), -1);
    assert_string_equal(e.code, "POLICY_VIOLATION");
}

static void order_is_the_publishers(struct room *r, const struct act *act)
{
    struct rule_verdict v;
    struct err e;
    (void)r;
    ROOM_OK(rule_move(act, added[1], 1, &e));
    assert_int_equal(decide(act, INT64_C(1000000001), "p9", &v), RULE_REJECT);
    ROOM_OK(rule_remove(act, added[1], &e));
    ROOM_OK(rule_remove(act, added[2], &e));
    assert_int_equal(decide(act, 1, "p9", &v), RULE_NONE);
    assert_int_equal(rule_remove(act, added[2], &e), -1);
    assert_string_equal(e.code, "REFERENCE_NOT_FOUND");
}

static void what_is_no_rule_is_refused(struct room *r, const struct act *act)
{
    static const char *const bad[][2] = {
        { "{}", "/name" },
        { "{\"name\":\"x\"}", "/then" },
        { "{\"name\":\"x\",\"then\":\"maybe\"}", "/then" },
        { "{\"name\":\"x\",\"then\":\"person\",\"role\":\"buyer\"}", "/role" },
        { "{\"name\":\"x\",\"then\":\"person\",\"lapse\":\"forget\"}", "/lapse" },
        { "{\"name\":\"x\",\"then\":\"auto\",\"when\":{\"weather\":\"fine\"}}", "/when/weather" },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct rule_row row;
        struct err e = { 0 };
        assert_int_equal(rule_add(act, room_json(r, bad[i][0]), 0, &row, &e), -1);
        assert_string_equal(e.field, bad[i][1]);
    }
}

/* What is added is written into the audit trail: so it is held to a size before. */
static void a_rule_of_any_length_is_refused(struct room *r, const struct act *act)
{
    struct rule_row row;
    struct err e = { 0 };
    char text[72000];
    int n = snprintf(text, sizeof(text), "{\"name\":\"x\",\"then\":\"person\",\"when\":{\"products\":[\"");
    memset(text + n, 'p', 70000);
    (void)snprintf(text + n + 70000, sizeof(text) - (size_t)n - 70000, "\"]}}");
    assert_int_equal(rule_add(act, room_json(r, text), 0, &row, &e), -1);
    assert_string_equal(e.code, "INVALID_REQUEST");
}

static void rules_are_asked_in_order(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do(r, ROLE_ADMINISTRATOR, three_rules);
    room_do(r, ROLE_BUYER, the_first_that_holds_counts);
    room_do(r, ROLE_ADMINISTRATOR, order_is_the_publishers);
    room_do(r, ROLE_ADMINISTRATOR, what_is_no_rule_is_refused);
    room_do(r, ROLE_ADMINISTRATOR, a_rule_of_any_length_is_refused);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rules_are_asked_in_order) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

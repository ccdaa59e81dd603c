/* The life of a publisher's signing keys: published before they sign, published on after they are replaced. And that what is
 * signed with them verifies, and nothing else does. */
#include "room.h"

#include "domain/signature/signing_keys.h"

#define MINUTE (60 * USEC_PER_SEC)

static struct signing_key_row first, second;

static size_t published(struct room *r, const struct act *act)
{
    struct str json;
    struct err e;
    ROOM_OK(signing_jwks(act->tx, act->arena, act->tenant->tenant_id, act->now, &json, &e));
    return yyjson_arr_size(json_arr(room_json(r, arena_cstr(&r->arena, json)), "keys"));
}

static void makes_one_key(struct room *r, const struct act *act)
{
    struct err e;
    ROOM_OK(signing_key_ensure(act, &e));
    ROOM_OK(signing_key_ensure(act, &e)); /* it is there */
    assert_int_equal(signing_key_current(act->tx, act->arena, STR("t"), act->now, &first, &e), 1);
    assert_int_equal(published(r, act), 1);
}

static void rotates(struct room *r, const struct act *act)
{
    struct signing_key_row now;
    struct err e;
    ROOM_OK(signing_key_rotate(act, first.key.pub.alg, &second, &e));
    assert_int_equal(published(r, act), 2);
    assert_int_equal(second.use_from, act->now + 10 * MINUTE);
    assert_int_equal(signing_key_current(act->tx, act->arena, STR("t"), act->now, &now, &e), 1);
    assert_true(str_eq(now.kid, first.kid));
}

static void uses_the_new_one(struct room *r, const struct act *act)
{
    struct signing_key_row now;
    struct err e;
    assert_int_equal(signing_key_current(act->tx, act->arena, STR("t"), act->now, &now, &e), 1);
    assert_true(str_eq(now.kid, second.kid));
    assert_int_equal(published(r, act), 2);
}

static void has_forgotten_the_old_one(struct room *r, const struct act *act)
{
    assert_int_equal(published(r, act), 1);
}

static void a_key_is_published_before_it_signs_and_after_it_did(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do_alone(r, makes_one_key);
    room_do_alone(r, rotates);
    r->now += 10 * MINUTE;
    room_do_alone(r, uses_the_new_one);
    r->now += 8 * USEC_PER_DAY;
    room_do_alone(r, has_forgotten_the_old_one);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_key_is_published_before_it_signs_and_after_it_did) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

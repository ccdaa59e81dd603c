/* The states of a media buy: what time makes of a row, and what may become what. */
#include "room.h"

#include "domain/plan/media_buy_state.h"

#define DAY USEC_PER_DAY

static struct media_buy_row row(const char *status)
{
    return (struct media_buy_row){ .media_buy_id = STR("mb-1"),
                                   .status = str_from(status),
                                   .start_at = ROOM_NOW,
                                   .end_at = ROOM_NOW + 10 * DAY,
                                   .confirmed_at = ROOM_NOW - DAY,
                                   .activated_at = TIME_NONE,
                                   .completed_at = TIME_NONE,
                                   .canceled_at = TIME_NONE,
                                   .next_change_at = TIME_NONE,
                                   .actions_allowed = -1 };
}

static void time_moves_a_flight_and_only_a_flight(void **state)
{
    static const struct {
        const char *stored;
        int64_t day;
        enum media_buy_status is;
    } cases[] = {
        { "pending_start", -1, BUY_PENDING_START },
        { "pending_start", 0, BUY_ACTIVE },
        { "pending_start", 10, BUY_COMPLETED },
        { "active", 9, BUY_ACTIVE },
        { "active", 10, BUY_COMPLETED },
        { "paused", 5, BUY_PAUSED },
        { "paused", 10, BUY_COMPLETED },
        { "pending_approval", 20, BUY_PENDING_APPROVAL },
        { "canceled", 20, BUY_CANCELED },
        { "rejected", 20, BUY_REJECTED },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct media_buy_row r = row(cases[i].stored);
        enum media_buy_status is = media_buy_status_at(&r, ROOM_NOW + cases[i].day * DAY);
        if (is != cases[i].is)
            fail_msg("%s on day %d is %s", cases[i].stored, (int)cases[i].day, media_buy_status_name(is));
    }
}

static void names_are_read_back(void **state)
{
    (void)state;
    for (int s = 0; s < BUY_STATUSES_N; s++) {
        enum media_buy_status back;
        assert_true(media_buy_status_parse(str_from(media_buy_status_name((enum media_buy_status)s)), &back));
        assert_int_equal(back, s);
    }
    for (int a = 0; a < ACTIONS_N; a++) {
        enum media_buy_action back;
        assert_true(media_buy_action_parse(str_from(media_buy_action_name((enum media_buy_action)a)), &back));
        assert_int_equal(back, a);
    }
}

static void what_has_ended_stays_so(void **state)
{
    (void)state;
    for (int from = 0; from < BUY_STATUSES_N; from++) {
        for (int to = 0; to < BUY_STATUSES_N; to++) {
            if (!media_buy_status_terminal((enum media_buy_status)from)) continue;
            assert_false(media_buy_may_become((enum media_buy_status)from, (enum media_buy_status)to));
        }
    }
    assert_true(media_buy_may_become(BUY_ACTIVE, BUY_PAUSED) && media_buy_may_become(BUY_PAUSED, BUY_ACTIVE));
    assert_true(media_buy_may_become(BUY_PENDING_APPROVAL, BUY_PAUSED)); /* created paused */
    assert_false(media_buy_may_become(BUY_PENDING_APPROVAL, BUY_COMPLETED));
}

static void actions_follow_the_state_and_the_products(void **state)
{
    (void)state;
    struct media_buy_row r = row("active");
    assert_true(media_buy_actions_at(&r, BUY_ACTIVE) & ACTION_BIT(ACTION_PAUSE));
    assert_false(media_buy_actions_at(&r, BUY_ACTIVE) & ACTION_BIT(ACTION_RESUME));
    assert_true(media_buy_actions_at(&r, BUY_PAUSED) & ACTION_BIT(ACTION_RESUME));
    assert_int_equal(media_buy_actions_at(&r, BUY_COMPLETED), 0);
    r.actions_allowed = ACTION_BIT(ACTION_CANCEL);
    assert_int_equal(media_buy_actions_at(&r, BUY_ACTIVE), ACTION_BIT(ACTION_CANCEL));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(time_moves_a_flight_and_only_a_flight),
                                        cmocka_unit_test(names_are_read_back),
                                        cmocka_unit_test(what_has_ended_stays_so),
                                        cmocka_unit_test(actions_follow_the_state_and_the_products) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

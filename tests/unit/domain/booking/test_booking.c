/* Booking on a local ad server: admitted or refused with every reason, booked once, its ids kept. */
#include "publisher_data.h"

#include "domain/booking/booking.h"
#include "domain/buyer/account.h"
#include "store/q/q_booking.h"

static struct media_buy_row buy;
static struct package_row package;

static void writes_a_buy(struct room *r, const struct act *act)
{
    struct account_ref own = { 0 };
    struct account_row account;
    struct err e;
    (void)r;
    ROOM_OK(account_ensure(act, &own, ACCOUNT_USE_CREATE_BUY, &account, &e));
    buy = (struct media_buy_row){ .media_buy_id = STR("mb-1"),
                                  .tenant_id = STR("t"),
                                  .principal_id = STR("b"),
                                  .account_id = account.account_id,
                                  .name = STR("Campaign"),
                                  .status = STR("pending_start"),
                                  .currency = "USD",
                                  .total_budget_micros = INT64_C(1000000000),
                                  .start_at = act->now + USEC_PER_DAY,
                                  .end_at = act->now + 11 * USEC_PER_DAY,
                                  .revision = 1,
                                  .created_at = act->now,
                                  .updated_at = act->now,
                                  .confirmed_at = act->now,
                                  .activated_at = TIME_NONE,
                                  .completed_at = TIME_NONE,
                                  .canceled_at = TIME_NONE,
                                  .next_change_at = TIME_NONE,
                                  .actions_allowed = -1,
                                  .echo = STR("{}"),
                                  .doc = STR("{\"brand\":{\"domain\":\"acme.example\"}}") };
    package = (struct package_row){ .media_buy_id = buy.media_buy_id,
                                    .package_id = STR("pkg-1"),
                                    .ordinal = 1,
                                    .name = STR("Banner"),
                                    .product_id = STR("p1"),
                                    .pricing_option_id = STR("cpm"),
                                    .pricing_model = STR("cpm"),
                                    .rate_micros = 10000000,
                                    .budget_micros = buy.total_budget_micros,
                                    .previous_budget_micros = -1,
                                    .impressions_goal = -1,
                                    .pacing = STR("even"),
                                    .start_at = buy.start_at,
                                    .end_at = buy.end_at,
                                    .canceled_at = TIME_NONE,
                                    .doc = STR("{}") };
    ROOM_OK(q_media_buy_insert(act->tx, &buy, &e));
    ROOM_OK(q_package_insert(act->tx, &package, &e));
}

static struct booking_row the_booking(const struct act *act)
{
    struct booking_row row;
    struct err e;
    assert_int_equal(q_booking_get(act->tx, act->arena, buy.media_buy_id, STR("mock"), &row, &e), 1);
    return row;
}

static void books(struct room *r, const struct act *act)
{
    enum booking_outcome outcome;
    struct err e;
    (void)r;
    ROOM_OK(booking_admit(act, buy.media_buy_id, &e));
    ROOM_OK(booking_place(act, buy.media_buy_id, &outcome, &e));
    assert_int_equal(outcome, BOOKING_DONE);
    struct booking_row first = the_booking(act);
    assert_int_equal(first.state, BOOKING_BOOKED);
    assert_true(first.remote_id.n > 0);
    ROOM_OK(booking_place(act, buy.media_buy_id, &outcome, &e)); /* as after a crash: the same order */
    struct booking_row again = the_booking(act);
    assert_true(str_eq(first.remote_id, again.remote_id));
    assert_int_equal(first.booked_at, again.booked_at);
}

static void keeps_the_ids_of_an_ad_server(struct room *r, const struct act *act)
{
    struct adapter_remote ids[] = { { .kind = REMOTE_ORDER, .id = buy.media_buy_id, .remote_id = STR("order-7") },
                                    { .kind = REMOTE_PACKAGE, .id = STR("pkg-1"), .remote_id = STR("line-8") },
                                    { .kind = REMOTE_PACKAGE, .id = STR("pkg-none"), .remote_id = STR("line-9") } };
    struct booking_remotes remotes = { ids, ARRAY_LEN(ids) };
    struct ad_server server;
    struct plan plan, part;
    struct err e;
    (void)r;
    ROOM_OK(ad_server_of(act, STR_NONE, &server, &e));
    assert_int_equal(plan_load(act, buy.media_buy_id, PLAN_WHOLE, &plan, &e), 1);
    ROOM_OK(plan_part(act, &plan, server.name, &part, &e));
    assert_false(str_is(part.remote_id, "order-7"));
    ROOM_OK(booking_record(act, &server, &part, &remotes, &e));
    assert_int_equal(plan_load(act, buy.media_buy_id, PLAN_WHOLE, &plan, &e), 1);
    ROOM_OK(plan_part(act, &plan, server.name, &part, &e));
    assert_true(str_is(part.remote_id, "order-7"));
    assert_int_equal(part.packages_n, 1);
    assert_true(str_is(part.packages[0].remote_id, "line-8"));
}

static void what_does_not_exist_is_not_booked(struct room *r, const struct act *act)
{
    enum booking_outcome outcome;
    struct err e;
    (void)r;
    assert_int_equal(booking_place(act, STR("mb-none"), &outcome, &e), -1);
    assert_string_equal(e.code, "MEDIA_BUY_NOT_FOUND");
}

static void without_an_ad_server_nothing_is(struct room *r, const struct act *act)
{
    struct err e;
    (void)r;
    package.ad_server = STR("nobody");
    ROOM_OK(q_package_update(act->tx, &package, &e));
    assert_int_equal(booking_admit(act, buy.media_buy_id, &e), -1);
    assert_string_equal(e.code, "CONFIGURATION_ERROR");
    package.ad_server = STR("mock");
    ROOM_OK(q_package_update(act->tx, &package, &e));
}

static void a_dry_run_says_what_it_would_ask(struct room *r, const struct act *act)
{
    struct rehearsal lines = { 0 };
    struct act as = *act;
    enum booking_outcome outcome;
    struct err e;
    (void)r;
    as.rehearsal = &lines;
    ROOM_OK(booking_update(&as, buy.media_buy_id, &outcome, &e));
    assert_true(lines.n > 0);
}

static void a_plan_is_booked_on_a_local_ad_server(void **state)
{
    struct room *r = room_open();
    (void)state;
    publisher_data(r, "");
    room_do(r, ROLE_BUYER, writes_a_buy);
    room_do(r, ROLE_BUYER, books);
    room_do(r, ROLE_BUYER, keeps_the_ids_of_an_ad_server);
    room_do(r, ROLE_BUYER, what_does_not_exist_is_not_booked);
    room_do(r, ROLE_BUYER, without_an_ad_server_nothing_is);
    room_do(r, ROLE_BUYER, a_dry_run_says_what_it_would_ask);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_plan_is_booked_on_a_local_ad_server) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What follows from a change of a media buy: history and audit always, a buyer's webhook only when it is not the buyer's own
 * doing and somebody listens. */
#include "publisher_data.h"

#include "domain/media_buy/lifecycle.h"
#include "domain/media_buy/media_buy.h"
#include "domain/tell/webhook.h"

static struct str id;
static const char *push = "";

static void buys(struct room *r, const struct act *act)
{
    struct media_buy_created made;
    struct err e;
    struct str args = arena_printf(&r->arena,
                                   "{\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-03-12T00:00:00Z\","
                                   "\"end_time\":\"2026-03-22T00:00:00Z\",\"packages\":[{\"product_id\":\"p1\","
                                   "\"pricing_option_id\":\"cpm\",\"budget\":1000}]%s}",
                                   push);
    ROOM_OK(media_buy_create(act, room_json(r, args.p), &made, &e));
    assert_false(made.submitted);
    id = made.buy.row.media_buy_id;
    assert_int_equal(room_audited(r, act, "media_buy.created"), 1);
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 0); /* the call's answer says it */
}

static void cancels(struct room *r, const struct act *act)
{
    struct media_buy_end end = { BUY_CANCELED, STR("the site moves"), STR("seller") };
    struct err e;
    (void)r;
    ROOM_OK(media_buy_move(act, id, &end, &e));
}

static void nobody_was_told(struct room *r, const struct act *act)
{
    assert_int_equal(room_audited(r, act, "media_buy.canceled"), 1);
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 0);
}

static void the_buyer_was_told(struct room *r, const struct act *act)
{
    struct str payload;
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, &payload), 1);
    assert_non_null(memmem(payload.p, payload.n, "canceled", 8));
    assert_non_null(memmem(payload.p, payload.n, id.p, id.n));
}

static void time_goes_on(struct room *r, const struct act *act)
{
    int64_t next;
    struct err e;
    (void)r;
    ROOM_OK(due_advance(act, &lifecycle_flights, &next, &e));
}

static void its_flight_is_over(struct room *r, const struct act *act)
{
    struct media_buy b;
    struct err e;
    (void)r;
    assert_int_equal(media_buy_load(act, id, &b, &e), 1);
    assert_true(b.status == BUY_COMPLETED || b.status == BUY_CANCELED);
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 0);
}

static void who_does_not_listen_costs_nothing(void **state)
{
    struct room *r = room_open();
    (void)state;
    publisher_data(r, ",\"workflow_required\":false");
    push = "";
    room_do(r, ROLE_BUYER, buys);
    room_do(r, ROLE_OPERATOR, cancels);
    room_do(r, ROLE_OPERATOR, nobody_was_told);
    room_close(r);
}

static void who_listens_is_told_what_became_of_it(void **state)
{
    struct room *r = room_open();
    (void)state;
    publisher_data(r, ",\"workflow_required\":false");
    push = ",\"push_notification_config\":{\"url\":\"https://buyer.example/hook\"}";
    room_do(r, ROLE_BUYER, buys);
    room_do(r, ROLE_OPERATOR, cancels);
    room_do(r, ROLE_OPERATOR, the_buyer_was_told);
    room_close(r);
}

static void a_flight_passes_without_anybody(void **state)
{
    struct room *r = room_open();
    (void)state;
    publisher_data(r, ",\"workflow_required\":false");
    push = "";
    room_do(r, ROLE_BUYER, buys);
    r->now += 30 * USEC_PER_DAY;
    room_do_alone(r, time_goes_on);
    room_do_alone(r, its_flight_is_over);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(who_does_not_listen_costs_nothing),
                                        cmocka_unit_test(who_listens_is_told_what_became_of_it),
                                        cmocka_unit_test(a_flight_passes_without_anybody) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

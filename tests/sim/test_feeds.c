/* Catalogs at a URL, through the whole server: fetched after sync_catalogs, again as often as asked, and honest about
 * both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "scripted.h"

#define NOW  SCRIPTED_NOW
#define HOUR (INT64_C(3600) * USEC_PER_SEC)

struct world {
    struct scripted s;
    struct http_answer answer;
    int asked;
    bool get;
};

static struct http_answer answer(void *arg, const struct http_call *call)
{
    struct world *w = arg;
    w->asked++;
    w->get = str_is(call->method, "GET") && str_is(call->url, "https://feeds.shop.com/p.csv");
    return w->answer;
}

static struct world world;

static int setup(void **state)
{
    return scripted_setup(state, &world.s, sizeof(world), answer);
}

static void serves(struct world *w, int status, const char *body)
{
    w->answer = (struct http_answer){ HTTP_OK, status, -1, 1000, 200000, body };
}

#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"

static yyjson_val *sync_with(struct world *w, const char *key, const char *catalogs)
{
    yyjson_val *reply;
    const char *args =
        sim_text(&w->s.sim, "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"%s-0123456789abcdef\"," ACCOUNT "%s}", key,
                 catalogs);
    assert_int_equal(sim_call(&w->s.sim, "test-token", "sync_catalogs", args, &reply), SIM_OK);
    return json_get_path(reply, "/catalogs/0");
}

#define FEED(frequency)                                                                                                \
    ",\"catalogs\":[{\"catalog_id\":\"shop\",\"type\":\"product\",\"feed_format\":\"google_merchant_center\",\"url\":" \
    "\"https://feeds.shop.com/p.csv\"" frequency "}]"
#define DAILY ",\"update_frequency\":\"daily\""

static yyjson_val *look(struct world *w)
{
    static int n;
    return sync_with(w, sim_text(&w->s.sim, "look-%d", n++), "");
}

static void pass(struct world *w, int64_t us)
{
    sim_run_until(&w->s.sim, w->s.sim.driver.now + us);
}

static int64_t items(yyjson_val *catalog)
{
    return json_i64_or(catalog, "item_count", -1);
}

static struct str warning(yyjson_val *catalog)
{
    return json_val_str(yyjson_arr_get_first(json_arr(catalog, "warnings")));
}

static void a_feed_is_fetched_and_counted(void **state)
{
    struct world *w = *state;
    serves(w, 200, "id,title\n1,a\n2,b\n2,again\n,nameless\n");
    yyjson_val *c = sync_with(w, "one", FEED(""));
    assert_true(str_is(json_str(c, "action"), "created"));
    assert_int_equal(items(c), 0);
    assert_true(warning(c).n > 0);
    pass(w, 5 * USEC_PER_SEC);
    assert_int_equal(w->asked, 1);
    assert_true(w->get);
    c = look(w);
    assert_int_equal(items(c), 2);
    assert_int_equal(json_i64_or(c, "items_approved", -1), 2);
    assert_int_equal(json_i64_or(c, "items_rejected", -1), 2);
    assert_true(str_is(json_val_str(json_get_path(c, "/item_issues/0/item_id")),
                       "#3")); /* counted from zero, like items in a call */
    assert_true(str_is(json_val_str(json_get_path(c, "/item_issues/1/item_id")), "2"));
    assert_true(json_val_str(json_get_path(c, "/item_issues/1/reasons/0")).n > 0);
    assert_int_equal(warning(c).n, 0);
    assert_null(json_get_path(c, "/next_fetch_at")); /* no frequency: not again */
    pass(w, 48 * HOUR);
    assert_int_equal(w->asked, 1);
}

static void it_is_fetched_again_as_often_as_asked(void **state)
{
    struct world *w = *state;
    serves(w, 200, "id,title\n1,a\n");
    (void)sync_with(w, "one", FEED(DAILY));
    (void)sync_with(w, "two", FEED(DAILY)); /* said twice is not fetched twice */
    pass(w, 5 * USEC_PER_SEC);
    assert_int_equal(w->asked, 1);
    yyjson_val *c = look(w);
    assert_int_equal(items(c), 1);
    assert_true(json_str(c, "next_fetch_at").n > 0);
    struct str synced = json_str(c, "last_synced_at");
    pass(w, 25 * HOUR);
    assert_int_equal(w->asked, 2);
    assert_true(str_eq(json_str(look(w), "last_synced_at"), synced)); /* the same items are no change */
    serves(w, 200, "id,title\n1,a\n2,b\n");
    pass(w, 24 * HOUR);
    assert_int_equal(w->asked, 3);
    c = look(w);
    assert_int_equal(items(c), 2);
    assert_false(str_eq(json_str(c, "last_synced_at"), synced));
}

static void what_was_there_stays_when_the_feed_fails(void **state)
{
    static const struct {
        struct http_answer answer;
        const char *said;
    } bad[] = {
        { { HTTP_OK, 404, -1, 1000, 2000, "" }, "HTTP 404" },
        { { HTTP_OK, 200, -1, 1000, 2000, "<html>" }, "well-formed" },
        { { HTTP_REFUSED, 0, -1, -1, 2000, "" }, "not one that is called" },
        { { HTTP_TOO_LARGE, 200, -1, 1000, 2000, "" }, "8 MiB" },
        { { HTTP_NOT_SENT, 0, -1, -1, 2000, "" }, "does not answer" },
    };
    struct world *w = *state;
    serves(w, 200, "id,title\n1,a\n2,b\n");
    (void)sync_with(w, "one", FEED(DAILY));
    pass(w, 5 * USEC_PER_SEC);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        w->answer = bad[i].answer;
        pass(w, 25 * HOUR);
        yyjson_val *c = look(w);
        struct str said = warning(c);
        if (!said.n || !memmem(said.p, said.n, bad[i].said, strlen(bad[i].said)))
            print_message("%.*s\n", (int)said.n, said.n ? said.p : "");
        assert_non_null(memmem(said.p, said.n, bad[i].said, strlen(bad[i].said)));
        assert_int_equal(items(c), 2);
        assert_true(json_str(c, "next_fetch_at").n > 0);
    }
    serves(w, 200, "id,title\n9,z\n");
    pass(w, 26 * HOUR);
    assert_int_equal(items(look(w)), 1);
}

static void a_deleted_catalog_is_not_fetched(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    serves(w, 200, "id,title\n1,a\n");
    (void)sync_with(w, "one", FEED(DAILY));
    pass(w, 5 * USEC_PER_SEC);
    (void)sync_with(
        w, "two",
        ",\"delete_missing\":true,\"catalogs\":[{\"catalog_id\":\"other\",\"type\":\"product\",\"items\":[{\"item_id\":"
        "\"x\"}]}]");
    pass(w, 50 * HOUR);
    assert_int_equal(w->asked, 1);
    assert_int_equal(sim_call(&w->s.sim, "test-token", "sync_catalogs",
                              "{\"idempotency_key\":\"last-0123456789abcdef\"," ACCOUNT "}", &reply),
                     SIM_OK);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "catalogs")), 1);
}

static void crashes_lose_no_appointment(void **state)
{
    struct world *w = *state;
    serves(w, 200, "id,title\n1,a\n2,b\n3,c\n");
    (void)sync_with(w, "one", FEED(DAILY));
    sim_restart(&w->s.sim);
    pass(w, 300 * USEC_PER_SEC); /* a claimed job waits for its lease to end */
    assert_int_equal(items(look(w)), 3);
    sim_restart(&w->s.sim);
    int before = w->asked;
    pass(w, 25 * HOUR);
    assert_int_equal(w->asked, before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_feed_is_fetched_and_counted, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(it_is_fetched_again_as_often_as_asked, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(what_was_there_stays_when_the_feed_fails, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_deleted_catalog_is_not_fetched, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(crashes_lose_no_appointment, setup, scripted_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

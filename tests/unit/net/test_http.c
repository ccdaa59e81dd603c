/* The exchange without a socket: reading requests, building replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/http.h"

static void assert_str(struct str actual, const char *expected)
{
    if (!str_is(actual, expected)) fail_msg("got '" STR_FMT "', wanted '%s'", STR_ARG(actual), expected);
}

static void headers_are_found_in_any_case_and_duplicates_are_counted(void **state)
{
    struct http_memory m;
    http_exchange_init_memory(&m, "POST", "/mcp");
    http_memory_header(&m, "Content-Type", STR("application/json"));
    http_memory_header(&m, "X-Adcp-Auth", STR("one"));
    http_memory_header(&m, "x-adcp-auth", STR("two"));
    assert_str(http_req_header(&m.ex, "content-type"), "application/json");
    assert_str(http_req_header(&m.ex, "x-adcp-auth"), "one");
    assert_int_equal(http_req_header_count(&m.ex, "X-ADCP-AUTH"), 2);
    assert_int_equal(http_req_header_count(&m.ex, "accept"), 0);
    http_memory_finish(&m);
}

static void query_parameters_are_decoded(void **state)
{
    struct http_memory m;
    struct str v;
    http_exchange_init_memory(&m, "GET", "/media-buys?status=active%2Cpaused&q=a+b%26c&bad=%zz&nul=%00&empty=&flag");
    assert_str(m.ex.path, "/media-buys");
    assert_true(http_req_query(&m.ex, "status", &v));
    assert_str(v, "active,paused");
    assert_true(http_req_query(&m.ex, "q", &v));
    assert_str(v, "a b&c");
    assert_false(http_req_query(&m.ex, "bad", &v));
    assert_false(http_req_query(&m.ex, "nul", &v));
    assert_true(http_req_query(&m.ex, "empty", &v));
    assert_str(v, "");
    assert_true(http_req_query(&m.ex, "flag", &v));
    assert_false(http_req_query(&m.ex, "absent", &v));
    http_memory_finish(&m);
}

static void reply_headers_cannot_split_the_message(void **state)
{
    struct http_memory m;
    http_exchange_init_memory(&m, "GET", "/");
    assert_int_equal(http_rep_header(&m.ex, "X-Next-Event", STR("campaign-live")), 0);
    assert_int_equal(http_rep_header(&m.ex, "X-Bad", STR("a\r\nSet-Cookie: b")), -1);
    assert_int_equal(http_rep_header(&m.ex, "X-Bad", STR("a\nb")), -1);
    assert_int_equal(http_rep_header(&m.ex, "X-Bad", (struct str){ "a\0b", 3 }), -1);
    assert_int_equal(http_rep_header(&m.ex, "X Bad", STR("a")), -1);
    assert_int_equal(http_rep_header(&m.ex, "", STR("a")), -1);
    assert_int_equal(http_rep_header(&m.ex, "Content-Length", STR("5")), -1);
    http_exchange_reply_with(&m.ex, 404, "text/plain", STR("no"));
    assert_true(m.replied);
    assert_int_equal(m.ex.reply_headers_n, 2);
    assert_str(http_memory_reply_header(&m, "x-next-event"), "campaign-live");
    assert_str(m.ex.reply, "no");
    http_memory_finish(&m);
}

static int hung_up;

static void on_closed(struct http_exchange *ex)
{
    hung_up++;
}

static void a_stream_collects_until_the_client_hangs_up(void **state)
{
    struct http_memory m;
    hung_up = 0;
    http_exchange_init_memory(&m, "GET", "/events");
    m.ex.closed = on_closed;
    http_exchange_begin_stream(&m.ex);
    http_exchange_write(&m.ex, STR("data: 1\n\n"));
    http_memory_hang_up(&m);
    http_memory_hang_up(&m);
    http_exchange_write(&m.ex, STR("data: 2\n\n"));
    http_exchange_end(&m.ex);
    assert_int_equal(hung_up, 1);
    assert_str(buf_str(&m.streamed), "data: 1\n\n");
    assert_true(m.replied && m.streaming);
    http_memory_finish(&m);
}

static void list_headers_are_searched_by_token(void **state)
{
    assert_true(http_list_has(STR("text/event-stream, application/json;q=0.9"), "application/json"));
    assert_true(http_list_has(STR("gzip"), "GZIP"));
    assert_true(http_list_has(STR("br , gzip ;q=0.01"), "gzip"));
    assert_false(http_list_has(STR("br, gzip;q=0.00"), "gzip"));
    assert_false(http_list_has(STR("xgzip, gzipx"), "gzip"));
    assert_false(http_list_has(STR_NONE, "gzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_found_in_any_case_and_duplicates_are_counted),
        cmocka_unit_test(query_parameters_are_decoded),
        cmocka_unit_test(reply_headers_cannot_split_the_message),
        cmocka_unit_test(a_stream_collects_until_the_client_hangs_up),
        cmocka_unit_test(list_headers_are_searched_by_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

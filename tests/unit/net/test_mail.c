/* Composing mail, and sending it to a relay in the same process that behaves as told. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/encode.h"
#include "net/mail.h"
#include "run/loop_uv.h"

static void addresses_are_checked(void **state)
{
    static const char *const good[] = { "a@example.com", "first.last+tag@sub.example.com", "x_y@localhost" };
    static const char *const bad[] = { "",
                                       "a",
                                       "@example.com",
                                       "a@",
                                       "a b@example.com",
                                       "a@b@c",
                                       "a@example.com\r\nBcc: x@y.z",
                                       "<a@example.com>",
                                       "\"a\"@example.com",
                                       "a@.com",
                                       "a@example.",
                                       "-a@example.com",
                                       "a@exa_mple.com",
                                       ".a@example.com",
                                       "a.@example.com",
                                       "\xc3\xa4@example.com" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) assert_true(mail_address_ok(str_from(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (mail_address_ok(str_from(bad[i]))) fail_msg("accepted: %s", bad[i]);
    }
}

static void typed_text_stays_out_of_the_headers(void **state)
{
    struct arena a;
    struct str to = STR("ops@example.com"), m, body;
    arena_init(&a);
    struct mail_text t = {
        .from_name = STR("Sales, Agent"),
        .from = STR("agent@example.com"),
        .to = &to,
        .to_n = 1,
        .subject =
            STR("Approve\r\nBcc: evil@example.com\r\n\r\nfor \xe2\x82\xac 5,000.00 and a subject of some length"),
        .text = STR("A task waits.\n.\nFor you.\n"),
        .message_id = STR("task-1"),
        .sent_at = 1735689600000000
    };
    assert_int_equal(mail_compose(&a, &t, &m), 0);
    assert_null(strstr(m.p, "Bcc:"));
    assert_null(strstr(m.p, "Sales,"));
    assert_non_null(strstr(m.p, "Date: Wed, 01 Jan 2025 00:00:00 +0000\r\n"));
    assert_non_null(strstr(m.p, " <agent@example.com>\r\n"));
    assert_non_null(strstr(m.p, "To: ops@example.com\r\n"));
    assert_non_null(strstr(m.p, "Message-ID: <task-1@example.com>\r\n"));
    const char *blank = strstr(m.p, "\r\n\r\n");
    assert_non_null(blank);
    struct str coded = { blank + 4, strlen(blank + 4) - 2 };
    assert_int_equal(base64_decode(&a, coded, &body), 0);
    assert_true(str_eq(body, t.text));
    to = STR("ops@example.com\r\nX: y");
    assert_int_equal(mail_compose(&a, &t, &m), -1);
    to = STR("ops@example.com");
    t.subject = STR("\xff");
    assert_int_equal(mail_compose(&a, &t, &m), -1);
    arena_finish(&a);
}

/* A relay with one connection at a time. */
struct relay {
    struct loop loop;
    struct loop_uv d;
    uv_tcp_t listener, peer;
    char read_buf[65536];
    struct buf in, all;
    const char *on_rcpt, *on_end; /* its answers; NULL: it hangs up */
    bool in_data, connected;
    int port;
    struct mail_client *client;
};

static void relay_hang_up(struct relay *r)
{
    if (r->connected) uv_close((uv_handle_t *)&r->peer, NULL);
    r->connected = false;
}

static void relay_say(struct relay *r, const char *text)
{
    uv_buf_t b = uv_buf_init((char *)text, (unsigned)strlen(text));
    if (!text) {
        relay_hang_up(r);
    } else {
        assert_int_equal(uv_try_write((uv_stream_t *)&r->peer, &b, 1), strlen(text));
    }
}

static void relay_line(struct relay *r, const char *line)
{
    if (r->in_data) {
        if (strcmp(line, ".") != 0) return;
        r->in_data = false;
        if (r->on_end) relay_say(r, r->on_end);
        else relay_hang_up(r);
    } else if (strncmp(line, "EHLO", 4) == 0) {
        relay_say(r, "250-relay\r\n250 8BITMIME\r\n");
    } else if (strncmp(line, "RCPT", 4) == 0) {
        relay_say(r, r->on_rcpt);
    } else if (strncmp(line, "DATA", 4) == 0) {
        r->in_data = true;
        relay_say(r, "354 go on\r\n");
    } else if (strncmp(line, "QUIT", 4) == 0) {
        relay_say(r, "221 bye\r\n");
        relay_hang_up(r);
    } else {
        relay_say(r, "250 ok\r\n");
    }
}

static void on_relay_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
    struct relay *r = h->data;
    *b = uv_buf_init(r->read_buf, sizeof(r->read_buf));
}

static void on_relay_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct relay *r = s->data;
    if (n < 0) {
        relay_hang_up(r);
        return;
    }
    buf_add(&r->in, (struct str){ b->base, (size_t)n });
    buf_add(&r->all, (struct str){ b->base, (size_t)n });
    for (char *end; r->connected && r->in.n && (end = strstr(r->in.p, "\r\n"));) {
        char line[512];
        snprintf(line, sizeof(line), "%.*s", (int)(end - r->in.p), r->in.p);
        buf_consume(&r->in, (size_t)(end + 2 - r->in.p));
        buf_add_char(&r->in, '\0'); /* buf_consume keeps no NUL behind the rest */
        r->in.n--;
        relay_line(r, line);
    }
}

static void on_relay_peer(uv_stream_t *s, int status)
{
    struct relay *r = s->data;
    assert_false(r->connected);
    uv_tcp_init(&r->d.uv, &r->peer);
    r->peer.data = r;
    r->connected = true;
    r->in_data = false;
    buf_clear(&r->in);
    assert_int_equal(uv_accept(s, (uv_stream_t *)&r->peer), 0);
    uv_read_start((uv_stream_t *)&r->peer, on_relay_alloc, on_relay_read);
    relay_say(r, "220 relay\r\n");
}

static void relay_start(struct relay *r)
{
    struct rng rng;
    struct sockaddr_in a;
    int len = sizeof(a);
    *r = (struct relay){ .on_rcpt = "250 ok\r\n", .on_end = "250 queued\r\n" };
    rng_init_seeded(&rng, 1);
    loop_uv_init(&r->d, &r->loop, rng);
    buf_init(&r->in, 1 << 20);
    buf_init(&r->all, 1 << 20);
    uv_ip4_addr("127.0.0.1", 0, &a);
    uv_tcp_init(&r->d.uv, &r->listener);
    r->listener.data = r;
    assert_int_equal(uv_tcp_bind(&r->listener, (struct sockaddr *)&a, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&r->listener, 8, on_relay_peer), 0);
    assert_int_equal(uv_tcp_getsockname(&r->listener, (struct sockaddr *)&a, &len), 0);
    r->port = ntohs(a.sin_port);
    r->client = mail_client_curl_create(&r->loop, STR_NONE);
}

static void relay_finish(struct relay *r)
{
    mail_client_curl_destroy(r->client);
    uv_close((uv_handle_t *)&r->listener, NULL);
    relay_hang_up(r);
    loop_uv_finish(&r->d);
    buf_finish(&r->in);
    buf_finish(&r->all);
}

static bool done;

static void on_done(struct mail_call *c)
{
    done = true;
}

static void send_one(struct relay *r, struct mail_call *c)
{
    static const struct str to[] = { { "a@example.com", 13 }, { "b@example.com", 13 } };
    char url[64];
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", r->port);
    if (!c->url.n) c->url = str_from(url);
    c->from = STR("agent@example.com");
    c->to = to;
    c->to_n = 2;
    c->message = STR("Subject: x\r\n\r\n.leading dot\r\n");
    c->timeout_ms = 1000;
    c->done = on_done;
    done = false;
    r->client->start(r->client, c);
    assert_false(done);
    uint64_t until = uv_hrtime() + (uint64_t)4000000000;
    while (!done && uv_hrtime() < until) uv_run(&r->d.uv, UV_RUN_ONCE);
    assert_true(done);
}

static void a_message_reaches_the_relay(void **state)
{
    struct relay r;
    relay_start(&r);
    struct mail_call c = { .tls = MAIL_TLS_NONE };
    send_one(&r, &c);
    if (c.outcome != MAIL_SENT) fail_msg("outcome %d: %s", c.outcome, c.reason);
    assert_non_null(strstr(r.all.p, "MAIL FROM:<agent@example.com>"));
    assert_non_null(strstr(r.all.p, "RCPT TO:<a@example.com>\r\n"));
    assert_non_null(strstr(r.all.p, "RCPT TO:<b@example.com>\r\n"));
    assert_non_null(strstr(r.all.p, "\r\n\r\n..leading dot\r\n"));
    relay_finish(&r);
}

static void the_relays_answers_decide(void **state)
{
    static const struct {
        const char *on_rcpt, *on_end;
        enum mail_tls tls;
        const char *url;
        enum mail_outcome outcome;
    } cases[] = {
        { "550 no such user\r\n", "250 ok\r\n", MAIL_TLS_NONE, "", MAIL_REFUSED },
        { "451 later\r\n", "250 ok\r\n", MAIL_TLS_NONE, "", MAIL_NOT_SENT },
        { "250 ok\r\n", "554 spam\r\n", MAIL_TLS_NONE, "", MAIL_REFUSED },
        { "250 ok\r\n", "452 full\r\n", MAIL_TLS_NONE, "", MAIL_NOT_SENT },
        { "250 ok\r\n", "250 ok\r\n", MAIL_TLS_REQUIRED, "", MAIL_NOT_SENT }, /* it offers no STARTTLS */
        { "250 ok\r\n", "250 ok\r\n", MAIL_TLS_NONE, "http://127.0.0.1/", MAIL_REFUSED },
        { "250 ok\r\n", "250 ok\r\n", MAIL_TLS_NONE, "smtps://127.0.0.1", MAIL_REFUSED },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct relay r;
        relay_start(&r);
        r.on_rcpt = cases[i].on_rcpt;
        r.on_end = cases[i].on_end;
        struct mail_call c = { .tls = cases[i].tls, .url = str_from(cases[i].url) };
        send_one(&r, &c);
        if (c.outcome != cases[i].outcome) fail_msg("case %zu: outcome %d: %s", i, c.outcome, c.reason);
        assert_true(c.reason[0] != '\0');
        relay_finish(&r);
    }
}

static void a_lost_answer_is_told_from_a_lost_message(void **state)
{
    struct relay r;
    relay_start(&r);
    r.on_end = NULL;
    struct mail_call c = { .tls = MAIL_TLS_NONE };
    send_one(&r, &c);
    assert_int_equal(c.outcome, MAIL_UNKNOWN);
    relay_finish(&r);
}

static void destroying_waits_for_nobody_and_harms_nobody(void **state)
{
    static const struct str to[] = { { "a@example.com", 13 } };
    struct relay r;
    char url[64];
    relay_start(&r);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", r.port);
    struct mail_call *calls = calloc(3, sizeof(*calls));
    done = false;
    for (int i = 0; i < 3; i++) {
        calls[i] = (struct mail_call){ .tls = MAIL_TLS_NONE,
                                       .url = str_from(url),
                                       .from = STR("b@example.com"),
                                       .to = to,
                                       .to_n = 1,
                                       .message = STR("\r\nx\r\n"),
                                       .timeout_ms = 1000,
                                       .done = on_done };
        r.client->start(r.client, &calls[i]);
    }
    r.client->cancel(r.client, &calls[2]);
    mail_client_curl_destroy(r.client);
    r.client = NULL;
    free(calls);
    while (r.loop.work_in_flight > 0) uv_run(&r.d.uv, UV_RUN_ONCE);
    uv_run(&r.d.uv, UV_RUN_NOWAIT);
    assert_false(done);
    relay_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(typed_text_stays_out_of_the_headers),
        cmocka_unit_test(a_message_reaches_the_relay),
        cmocka_unit_test(the_relays_answers_decide),
        cmocka_unit_test(destroying_waits_for_nobody_and_harms_nobody),
        cmocka_unit_test(a_lost_answer_is_told_from_a_lost_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

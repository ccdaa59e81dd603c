/* Mail over libcurl, on the thread pool: libcurl's SMTP waits for the relay's last answer without giving the
 * loop a turn, also in its multi interface (smtp_done runs its state machine to the end), and relays take
 * seconds to look at a message. One message at a time, so that one thread of the pool at most is busy with
 * mail. The thread sees only copies; `struct mail_state` is lent to it as run/loop.h says. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "net/mail.h"

#define CLIENT_MAGIC       0x4d61696cu
#define CALL_MAGIC         0x4d61696du
#define TIMEOUT_MS         30000
#define CONNECT_TIMEOUT_MS 10000

#define SET(easy, option, value) ENSURE(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

struct client;

struct mail_state {
    uint32_t magic;
    struct mail_call *call;
    struct client *client;
    struct list node;
    struct ready ready; /* for what ends without having been sent */
    struct work work;
    bool canceled;
    /* Lent to the thread. */
    struct arena arena;
    const char *ca_file;
    struct mail_call copy; /* its texts are in the arena, NUL-terminated */
    size_t taken;          /* bytes of the message curl has read */
    char error[CURL_ERROR_SIZE];
};

struct client {
    struct mail_client api;
    uint32_t magic;
    struct loop *loop;
    struct list waiting, over;
    struct mail_state *active; /* with the thread pool */
    bool dying;
    char *ca_file;
};

static void start_next(struct client *cl);

static void state_free(struct mail_state *s)
{
    ready_cancel(&s->ready);
    list_remove(&s->node);
    arena_finish(&s->arena);
    s->magic = 0;
    free(s);
}

static void client_free(struct client *cl)
{
    cl->magic = 0;
    free(cl->ca_file);
    free(cl);
    curl_global_cleanup();
}

static void say(struct mail_call *c, const char *reason)
{
    /* For people; may be cut. */
    (void)snprintf(c->reason, sizeof(c->reason), "%.*s", (int)sizeof(c->reason) - 1, reason);
}

static void run_done(struct ready *r)
{
    struct mail_state *s = CONTAINER_OF(r, struct mail_state, ready);
    struct mail_call *c = s->call;
    ENSURE(s->magic == CALL_MAGIC);
    state_free(s);
    c->client_data = NULL;
    c->done(c);
}

/* Ends a call that never got to the thread. */
static void end_unsent(struct mail_state *s, enum mail_outcome outcome, const char *reason)
{
    s->call->outcome = outcome;
    say(s->call, reason);
    list_remove(&s->node);
    list_push_back(&s->client->over, &s->node);
    loop_ready(s->client->loop, &s->ready);
}

/* --- on the thread ------------------------------------------------------------------------------------- */

static size_t on_upload(char *out, size_t size, size_t n, void *arg)
{
    struct mail_state *s = arg;
    struct str rest = str_skip(s->copy.message, s->taken);
    size_t take = rest.n < size * n ? rest.n : size * n;
    if (take) memcpy(out, rest.p, take);
    s->taken += take;
    return take;
}

static enum mail_outcome judge(const struct mail_state *s, CURLcode code)
{
    if (code == CURLE_OK) return MAIL_SENT;
    if (s->copy.smtp_status >= 500 || code == CURLE_LOGIN_DENIED) return MAIL_REFUSED;
    if (s->copy.smtp_status >= 400) return MAIL_NOT_SENT;
    return s->taken == s->copy.message.n ? MAIL_UNKNOWN : MAIL_NOT_SENT;
}

static void set_transport(struct mail_state *s, CURL *easy)
{
    const struct mail_call *c = &s->copy;
    long timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : TIMEOUT_MS;
    SET(easy, CURLOPT_URL, c->url.p);
    SET(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(easy, CURLOPT_PROXY, "");
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_USE_SSL, (long)(c->tls == MAIL_TLS_REQUIRED ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (s->ca_file) SET(easy, CURLOPT_CAINFO, s->ca_file);
    if (c->user.n) SET(easy, CURLOPT_USERNAME, c->user.p);
    if (c->user.n) SET(easy, CURLOPT_PASSWORD, c->password.p);
    SET(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS);
    SET(easy, CURLOPT_ERRORBUFFER, s->error);
}

static void send_mail(struct work *w)
{
    struct mail_state *s = CONTAINER_OF(w, struct mail_state, work);
    struct mail_call *c = &s->copy;
    struct curl_slist *to = NULL;
    long status = 0;
    CURL *easy = curl_easy_init();
    ENSURE(easy != NULL);
    set_transport(s, easy);
    SET(easy, CURLOPT_MAIL_FROM, c->from.p);
    for (size_t i = 0; i < c->to_n; i++) {
        to = curl_slist_append(to, c->to[i].p);
        ENSURE(to != NULL);
    }
    SET(easy, CURLOPT_MAIL_RCPT, to);
    SET(easy, CURLOPT_UPLOAD, 1L);
    SET(easy, CURLOPT_READFUNCTION, on_upload);
    SET(easy, CURLOPT_READDATA, s);
    SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)c->message.n);
    CURLcode code = curl_easy_perform(easy);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status); /* stays 0 without an answer */
    c->smtp_status = (int)status;
    c->outcome = judge(s, code);
    say(c, code == CURLE_OK ? "" : s->error[0] ? s->error : curl_easy_strerror(code));
    curl_easy_cleanup(easy);
    curl_slist_free_all(to);
}

/* --- back on the loop ---------------------------------------------------------------------------------- */

static void on_sent(struct work *w)
{
    struct mail_state *s = CONTAINER_OF(w, struct mail_state, work);
    struct client *cl = s->client;
    struct mail_call *c = s->call;
    ENSURE(s->magic == CALL_MAGIC && cl->active == s);
    cl->active = NULL;
    if (cl->dying) {
        state_free(s);
        client_free(cl);
        return;
    }
    bool certainly_not = s->copy.outcome == MAIL_NOT_SENT || s->copy.outcome == MAIL_REFUSED;
    c->outcome = s->canceled && certainly_not ? MAIL_CANCELED : s->copy.outcome;
    c->smtp_status = s->copy.smtp_status;
    say(c, s->copy.reason);
    state_free(s);
    c->client_data = NULL;
    start_next(cl);
    c->done(c);
}

static struct str bracketed(struct arena *a, struct str address)
{
    return arena_printf(a, "<" STR_FMT ">", STR_ARG(address));
}

static void copy_call(struct mail_state *s)
{
    const struct mail_call *c = s->call;
    struct arena *a = &s->arena;
    struct str *to = ARENA_ARRAY(a, struct str, c->to_n);
    for (size_t i = 0; i < c->to_n; i++) to[i] = bracketed(a, c->to[i]);
    s->copy = (struct mail_call){ .url = arena_dup(a, c->url),
                                  .user = arena_dup(a, c->user),
                                  .password = arena_dup(a, c->password),
                                  .tls = c->tls,
                                  .from = bracketed(a, c->from),
                                  .to = to,
                                  .to_n = c->to_n,
                                  .message = arena_dup(a, c->message),
                                  .timeout_ms = c->timeout_ms };
    if (s->client->ca_file) s->ca_file = arena_cstr(a, str_from(s->client->ca_file));
}

static void start_next(struct client *cl)
{
    struct list *n = cl->active ? NULL : list_pop_front(&cl->waiting);
    if (!n) return;
    struct mail_state *s = CONTAINER_OF(n, struct mail_state, node);
    cl->active = s;
    copy_call(s);
    s->work.work = send_mail;
    s->work.done = on_sent;
    loop_work(cl->loop, &s->work);
}

/* --- the interface ------------------------------------------------------------------------------------- */

static struct client *client_of(struct mail_client *m)
{
    struct client *cl = CONTAINER_OF(m, struct client, api);
    ENSURE(cl->magic == CLIENT_MAGIC);
    return cl;
}

static bool url_ok(const struct mail_call *c)
{
    for (size_t i = 0; i < c->url.n; i++) {
        if (c->url.p[i] <= 0x20 || c->url.p[i] > 0x7e || c->url.p[i] == '@') return false;
    }
    if (str_starts(c->url, STR("smtps://"))) return c->tls == MAIL_TLS_REQUIRED;
    return str_starts(c->url, STR("smtp://"));
}

static const char *refusal(const struct mail_call *c)
{
    if (!url_ok(c)) return "the relay must be given as smtp://host or, with TLS, as smtps://host";
    if (c->to_n == 0) return "nobody is addressed";
    if (!mail_address_ok(c->from)) return "the sender's address is not acceptable";
    for (size_t i = 0; i < c->to_n; i++) {
        if (!mail_address_ok(c->to[i])) return "a recipient's address is not acceptable";
    }
    return NULL;
}

static void client_start(struct mail_client *m, struct mail_call *c)
{
    struct client *cl = client_of(m);
    ENSURE(c->done != NULL);
    struct mail_state *s = calloc(1, sizeof(*s));
    ENSURE(s != NULL);
    s->magic = CALL_MAGIC;
    s->call = c;
    s->client = cl;
    arena_init(&s->arena);
    list_init(&s->node);
    ready_init(&s->ready, run_done);
    c->client_data = s;
    c->smtp_status = 0;
    const char *why = refusal(c);
    if (why) {
        end_unsent(s, MAIL_REFUSED, why);
        return;
    }
    list_push_back(&cl->waiting, &s->node);
    start_next(cl);
}

static void client_cancel(struct mail_client *m, struct mail_call *c)
{
    struct mail_state *s = c->client_data;
    ENSURE(s != NULL);
    ENSURE(s->magic == CALL_MAGIC && s->client == client_of(m));
    if (s->client->active == s) {
        s->canceled = true;
    } else {
        end_unsent(s, MAIL_CANCELED, "canceled");
    }
}

struct mail_client *mail_client_curl_create(struct loop *loop, struct str ca_file)
{
    ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct client *cl = calloc(1, sizeof(*cl));
    ENSURE(cl != NULL);
    cl->api = (struct mail_client){ client_start, client_cancel };
    cl->magic = CLIENT_MAGIC;
    cl->loop = loop;
    list_init(&cl->waiting);
    list_init(&cl->over);
    if (ca_file.n) {
        cl->ca_file = strndup(ca_file.p, ca_file.n);
        ENSURE(cl->ca_file != NULL);
    }
    return &cl->api;
}

void mail_client_curl_destroy(struct mail_client *m)
{
    if (!m) return;
    struct client *cl = client_of(m);
    struct list *lists[] = { &cl->waiting, &cl->over };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        while (!list_empty(lists[i])) state_free(CONTAINER_OF(lists[i]->next, struct mail_state, node));
    }
    cl->dying = true;
    if (!cl->active) client_free(cl);
}

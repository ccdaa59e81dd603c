#include "net/http_client_curl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "net/address_policy.h"
#include "net/curl_loop.h"
#include "net/url.h"

#define CLIENT_MAGIC 0x4863436cu
#define CALL_MAGIC   0x4863436du

#define ROOMS              3 /* one for each enum http_reach */
#define HOST_BUCKETS       256
#define SPARE_MAX          128
#define TIMEOUT_MS         10000
#define CONNECT_TIMEOUT_MS 5000
#define BODY_BYTES_MAX     ((size_t)1 << 20)
#define HEAD_BYTES_MAX     ((size_t)64 << 10)
#define RETRY_AFTER_S_MAX  (31 * 86400)
/* Node closes a kept connection after 5 s; one older than this is not used again. */
#define KEEP_CONNECTION_S 4L

struct client;

/* Calls to one scheme, host and port. Exists while it has any. */
struct host {
    struct list bucket;   /* of client->hosts */
    struct list runnable; /* on client->runnable when it has waiting calls and may start one */
    struct list waiting;  /* struct call_state.node */
    int active;
    enum url_scheme scheme;
    int port;
    size_t name_n;
    char name[];
};

enum call_stage { CALL_WAITING, CALL_ACTIVE, CALL_OVER };

struct call_state {
    uint32_t magic;
    enum call_stage stage;
    struct http_call *call;
    struct client *client;
    struct host *host;
    struct curl_loop *room;
    CURL *easy;
    struct curl_slist *headers;
    struct buf response;
    struct list node; /* waiting or active */
    struct ready ready;
    uint64_t started_ms;
    size_t head_bytes;
    size_t body_bytes_max;
    bool http_to_loopback; /* plain http is allowed to loopback only */
    bool address_refused, socket_made, too_large, resend_refused, kept_died;
    int sendings; /* how often curl was about to send the request */
    char content_type[128], www_authenticate[256];
    char error[CURL_ERROR_SIZE];
};

struct client {
    struct http_client api;
    uint32_t magic;
    struct loop_uv *d;
    struct curl_loop rooms[ROOMS];
    struct list hosts[HOST_BUCKETS];
    struct list runnable;
    struct list active; /* struct call_state.node */
    struct list over;   /* those whose done has not run yet */
    int in_flight, waiting;
    int in_flight_max, per_host_max;
    CURL *spare[SPARE_MAX];
    int spare_n;
    char *ca_file, *user_agent;
    struct curl_slist *fixed_dns;
    int rooms_open;
};

static void start_what_may(struct client *cl);

/* --- hosts: who may start ------------------------------------------------------------------------------ */

static uint32_t hash_host(const struct url *u)
{
    uint32_t h = 2166136261u ^ (uint32_t)u->port ^ ((uint32_t)u->scheme << 16); /* FNV-1a */
    for (size_t i = 0; i < u->host.n; i++) h = (h ^ (unsigned char)(u->host.p[i] | 0x20)) * 16777619u;
    return h;
}

static struct host *host_get(struct client *cl, const struct url *u)
{
    struct list *bucket = &cl->hosts[hash_host(u) % HOST_BUCKETS];
    for (struct list *n = bucket->next; n != bucket; n = n->next) {
        struct host *h = CONTAINER_OF(n, struct host, bucket);
        if (h->scheme == u->scheme && h->port == u->port && h->name_n == u->host.n &&
            strncasecmp(h->name, u->host.p, u->host.n) == 0) {
            return h;
        }
    }
    struct host *h = calloc(1, sizeof(*h) + u->host.n);
    ENSURE(h != NULL);
    list_init(&h->runnable);
    list_init(&h->waiting);
    h->scheme = u->scheme;
    h->port = u->port;
    h->name_n = u->host.n;
    memcpy(h->name, u->host.p, u->host.n);
    list_push_back(bucket, &h->bucket);
    return h;
}

/* Puts the host where its counts say it belongs; frees it when it has no calls left. */
static void host_settle(struct client *cl, struct host *h)
{
    bool may_start = !list_empty(&h->waiting) && h->active < cl->per_host_max;
    if (may_start && list_empty(&h->runnable)) list_push_back(&cl->runnable, &h->runnable);
    if (!may_start) list_remove(&h->runnable);
    if (h->active == 0 && list_empty(&h->waiting)) {
        list_remove(&h->bucket);
        free(h);
    }
}

/* --- the end of a call --------------------------------------------------------------------------------- */

static void say(struct http_call *c, const char *reason)
{
    /* For people; may be cut. */
    (void)snprintf(c->reason, sizeof(c->reason), "%.*s", (int)sizeof(c->reason) - 1, reason);
}

static void call_over(struct call_state *s, enum http_outcome outcome, const char *reason)
{
    ENSURE(s->magic == CALL_MAGIC && s->stage != CALL_OVER);
    struct http_call *c = s->call;
    c->outcome = outcome;
    say(c, reason);
    c->elapsed_ms = (int)(uv_now(&s->client->d->uv) - s->started_ms);
    c->response = outcome == HTTP_OK ? buf_str(&s->response) : STR_NONE;
    c->content_type = outcome == HTTP_OK ? str_from(s->content_type) : STR_NONE;
    c->www_authenticate = outcome == HTTP_OK ? str_from(s->www_authenticate) : STR_NONE;
    c->stale_connection = outcome == HTTP_UNKNOWN && s->kept_died;
    s->stage = CALL_OVER;
    list_remove(&s->node);
    list_push_back(&s->client->over, &s->node);
    loop_ready(s->client->d->loop, &s->ready);
}

static void call_run_done(struct ready *r)
{
    struct call_state *s = CONTAINER_OF(r, struct call_state, ready);
    ENSURE(s->magic == CALL_MAGIC && s->stage == CALL_OVER);
    list_remove(&s->node);
    start_what_may(s->client); /* first: `done` may finish the call */
    s->call->done(s->call);
}

static void give_back_easy(struct client *cl, CURL *easy)
{
    if (cl->spare_n < SPARE_MAX) {
        curl_easy_reset(easy);
        cl->spare[cl->spare_n++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

/* Takes an active call out of curl. Never inside one of curl's callbacks. */
static void call_leave_curl(struct call_state *s)
{
    struct client *cl = s->client;
    ENSURE(s->stage == CALL_ACTIVE && s->easy != NULL);
    ENSURE(curl_multi_remove_handle(s->room->multi, s->easy) == CURLM_OK);
    give_back_easy(cl, s->easy);
    s->easy = NULL;
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    cl->in_flight--;
    s->host->active--;
    host_settle(cl, s->host);
    s->host = NULL;
}

/* A date of HTTP or of OpenSSL ("Dec  1 12:00:00 2026 GMT") in microseconds; 0: it is none. */
static int64_t date_of(const char *text)
{
    time_t t = curl_getdate(text, NULL);
    return t <= 0 ? 0 : (int64_t)t * 1000000;
}

/* When the first certificate of the chain that was shown ends. */
static int64_t certificate_end(CURL *easy)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *shown = NULL;
    int64_t first = 0;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &shown) != CURLE_OK || !shown) return 0;
    for (int i = 0; i < shown->num_of_certs; i++) {
        for (const struct curl_slist *l = shown->certinfo[i]; l; l = l->next) {
            if (strncmp(l->data, name, sizeof(name) - 1) != 0) continue;
            int64_t at = date_of(l->data + sizeof(name) - 1);
            if (at && (!first || at < first)) first = at;
        }
    }
    return first;
}

static void read_answer(struct call_state *s)
{
    struct http_call *c = s->call;
    long status = 0;
    curl_off_t after = 0;
    const char *type = NULL;
    (void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &after);
    (void)curl_easy_getinfo(s->easy, CURLINFO_CONTENT_TYPE, &type);
    c->status = (int)status;
    if (c->inspect) c->certificate_ends_at = certificate_end(s->easy);
    c->retry_after_s = after <= 0 ? -1 : after > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : (int)after;
    if (type) (void)snprintf(s->content_type, sizeof(s->content_type), "%s", type); /* cut: then it is none we know */
}

/* What curl's verdict means for whoever must decide whether to send again. */
static enum http_outcome judge(struct call_state *s, CURLcode code)
{
    long sent = 0;
    if (code == CURLE_OK) return s->call->status >= 200 ? HTTP_OK : HTTP_UNKNOWN;
    if (s->too_large || code == CURLE_FILESIZE_EXCEEDED) return HTTP_TOO_LARGE;
    if (s->resend_refused) return HTTP_UNKNOWN;
    (void)curl_easy_getinfo(s->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent > 0) return HTTP_UNKNOWN;
    if (s->address_refused && !s->socket_made) return HTTP_REFUSED;
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) return HTTP_REFUSED;
    return HTTP_NOT_SENT;
}

static void call_finished(void *private_data, CURLcode code)
{
    struct call_state *s = private_data;
    ENSURE(s->magic == CALL_MAGIC && s->stage == CALL_ACTIVE);
    if (code == CURLE_OK) read_answer(s);
    enum http_outcome outcome = judge(s, code);
    if (outcome == HTTP_TOO_LARGE && s->head_bytes <= HEAD_BYTES_MAX) read_answer(s); /* for who needs no body */
    bool broke = code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING;
    s->kept_died = s->resend_refused || (broke && !s->socket_made && s->head_bytes == 0);
    const char *reason = "";
    if (outcome == HTTP_REFUSED && s->address_refused) {
        reason = "the host resolves to no address that may be reached";
    } else if (outcome == HTTP_TOO_LARGE) {
        reason = "the answer is larger than the call allows";
    } else if (s->kept_died) {
        reason = "the kept connection was dead";
    } else if (code != CURLE_OK) {
        reason = s->error[0] ? s->error : curl_easy_strerror(code);
    }
    call_leave_curl(s);
    call_over(s, outcome, reason);
}

/* --- the callbacks of one transfer --------------------------------------------------------------------- */

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct call_state *s = arg;
    bool allowed = address_allowed(&a->addr, s->call->reach);
    if (s->http_to_loopback && address_classify(&a->addr) != ADDRESS_LOOPBACK) allowed = false;
    if (!allowed) {
        s->address_refused = true;
        errno = EACCES;
        return CURL_SOCKET_BAD;
    }
    s->socket_made = true;
    return socket(a->family, a->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);
}

/* curl sends a request again by itself when a kept connection dies before the first byte of an answer. That is right
 * for a question. What acts must not be done twice unseen, and a signature is for one use (its nonce). */
static int on_sending(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct call_state *s = arg;
    if (s->sendings++ == 0 || str_is(s->call->method, "GET") || str_is(s->call->method, "HEAD")) {
        return CURL_PREREQFUNC_OK;
    }
    s->resend_refused = true;
    return CURL_PREREQFUNC_ABORT;
}

/* Keeps what the peer says about a signature it does not accept; of several such headers the last. */
static void keep_challenge(struct call_state *s, struct str line)
{
    static const char name[] = "www-authenticate:";
    size_t skip = sizeof(name) - 1;
    if (line.n < skip || strncasecmp(line.p, name, skip) != 0) return;
    while (skip < line.n && line.p[skip] == ' ') skip++;
    while (line.n > skip && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r')) line.n--;
    (void)snprintf(s->www_authenticate, sizeof(s->www_authenticate), "%.*s", (int)(line.n - skip),
                   line.p + skip); /* may be cut */
}

static void keep_date(struct call_state *s, struct str line)
{
    static const char name[] = "date:";
    char text[64];
    if (line.n < sizeof(name) - 1 || strncasecmp(line.p, name, sizeof(name) - 1) != 0) return;
    line = str_skip(line, sizeof(name) - 1);
    (void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(line)); /* cut: then it is no date */
    s->call->date_at = date_of(text);
}

static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
    struct call_state *s = arg;
    keep_challenge(s, (struct str){ p, size * n });
    if (s->call->inspect) keep_date(s, (struct str){ p, size * n });
    s->head_bytes += size * n;
    if (s->head_bytes <= HEAD_BYTES_MAX) return size * n;
    s->too_large = true;
    return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct call_state *s = arg;
    buf_add(&s->response, (struct str){ p, size * n });
    if (!s->response.overflowed) return size * n;
    s->too_large = true;
    return 0;
}

/* --- setting a transfer up ----------------------------------------------------------------------------- */

static void set_fixed_options(struct client *cl, CURL *easy)
{
    CURL_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    CURL_SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    CURL_SET(easy, CURLOPT_PROXY, ""); /* "" and not unset: the environment is ignored too */
    CURL_SET(easy, CURLOPT_NOSIGNAL, 1L);
    CURL_SET(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver thread when a call is given up */
    CURL_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    CURL_SET(easy, CURLOPT_PATH_AS_IS, 1L); /* signatures cover the target as it was given */
    CURL_SET(easy, CURLOPT_MAXAGE_CONN, KEEP_CONNECTION_S);
    CURL_SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    CURL_SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (cl->ca_file) CURL_SET(easy, CURLOPT_CAINFO, cl->ca_file);
    CURL_SET(easy, CURLOPT_USERAGENT, cl->user_agent);
    if (cl->fixed_dns) CURL_SET(easy, CURLOPT_RESOLVE, cl->fixed_dns);
    CURL_SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    CURL_SET(easy, CURLOPT_PREREQFUNCTION, on_sending);
    CURL_SET(easy, CURLOPT_HEADERFUNCTION, on_head);
    CURL_SET(easy, CURLOPT_WRITEFUNCTION, on_body);
}

static bool text_eq(struct str s, const char *name)
{
    return s.n == strlen(name) && strncasecmp(s.p, name, s.n) == 0;
}

static bool header_ok(const struct http_header *h)
{
    static const char *const ours[] = { "host", "content-length", "transfer-encoding", "connection", "expect" };
    if (h->name.n == 0 || h->name.n > 128) return false;
    for (size_t i = 0; i < h->name.n; i++) {
        unsigned char c = (unsigned char)h->name.p[i];
        if (c <= 0x20 || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c)) return false;
    }
    for (size_t i = 0; i < h->value.n; i++) {
        unsigned char c = (unsigned char)h->value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (text_eq(h->name, ours[i])) return false;
    }
    return true;
}

static bool method_ok(struct str m)
{
    for (size_t i = 0; i < m.n; i++) {
        if (m.p[i] < 'A' || m.p[i] > 'Z') return false;
    }
    return m.n > 0 && m.n <= 16 && !str_is(m, "CONNECT");
}

static void add_line(struct call_state *s, const char *line)
{
    struct curl_slist *more = curl_slist_append(s->headers, line); /* copies */
    ENSURE(more != NULL);
    s->headers = more;
}

static void set_headers(struct call_state *s)
{
    const struct http_call *c = s->call;
    bool has_type = false, has_accept = false;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < c->headers_n; i++) {
        struct http_header h = c->headers[i];
        has_type = has_type || text_eq(h.name, "content-type");
        has_accept = has_accept || text_eq(h.name, "accept");
        /* "name;" is curl's way to say a header without a value. */
        struct str line = h.value.n ? arena_printf(&a, STR_FMT ": " STR_FMT, STR_ARG(h.name), STR_ARG(h.value))
                                    : arena_printf(&a, STR_FMT ";", STR_ARG(h.name));
        add_line(s, line.p);
    }
    arena_finish(&a);
    add_line(s, "Expect:");
    if (!has_type) add_line(s, "Content-Type:");
    if (!has_accept) add_line(s, "Accept: */*");
    CURL_SET(s->easy, CURLOPT_HTTPHEADER, s->headers);
}

static void set_request(struct call_state *s)
{
    const struct http_call *c = s->call;
    struct arena a;
    arena_init(&a);
    CURL_SET(s->easy, CURLOPT_URL, arena_cstr(&a, c->url)); /* curl copies */
    if (str_is(c->method, "HEAD")) {
        CURL_SET(s->easy, CURLOPT_NOBODY, 1L);
    } else if (str_is(c->method, "GET") && c->body.n == 0) {
        CURL_SET(s->easy, CURLOPT_HTTPGET, 1L);
    } else {
        CURL_SET(s->easy, CURLOPT_CUSTOMREQUEST, arena_cstr(&a, c->method));
        if (c->body.n || str_is(c->method, "POST") || str_is(c->method, "PUT") || str_is(c->method, "PATCH")) {
            CURL_SET(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
            CURL_SET(s->easy, CURLOPT_POSTFIELDS, c->body.n ? c->body.p : "");
        }
    }
    arena_finish(&a);
}

static void call_enter_curl(struct call_state *s)
{
    struct client *cl = s->client;
    struct http_call *c = s->call;
    long timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : TIMEOUT_MS;
    s->easy = cl->spare_n ? cl->spare[--cl->spare_n] : curl_easy_init();
    ENSURE(s->easy != NULL);
    set_fixed_options(cl, s->easy);
    set_request(s);
    set_headers(s);
    CURL_SET(s->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    CURL_SET(s->easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS);
    CURL_SET(s->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)s->body_bytes_max);
    CURL_SET(s->easy, CURLOPT_PRIVATE, s);
    if (c->inspect) {
        CURL_SET(s->easy, CURLOPT_CERTINFO, 1L);
        CURL_SET(s->easy, CURLOPT_FRESH_CONNECT, 1L); /* a kept one shows no certificate any more */
    }
    CURL_SET(s->easy, CURLOPT_ERRORBUFFER, s->error);
    CURL_SET(s->easy, CURLOPT_OPENSOCKETDATA, s);
    CURL_SET(s->easy, CURLOPT_PREREQDATA, s);
    CURL_SET(s->easy, CURLOPT_HEADERDATA, s);
    CURL_SET(s->easy, CURLOPT_WRITEDATA, s);
    ENSURE(curl_multi_add_handle(s->room->multi, s->easy) == CURLM_OK);
}

static void start_what_may(struct client *cl)
{
    while (cl->in_flight < cl->in_flight_max && !list_empty(&cl->runnable)) {
        struct host *h = CONTAINER_OF(list_pop_front(&cl->runnable), struct host, runnable);
        struct call_state *s = CONTAINER_OF(list_pop_front(&h->waiting), struct call_state, node);
        ENSURE(s->magic == CALL_MAGIC && s->stage == CALL_WAITING && s->host == h);
        s->stage = CALL_ACTIVE;
        list_push_back(&cl->active, &s->node);
        cl->waiting--;
        cl->in_flight++;
        h->active++;
        host_settle(cl, h); /* to the end of the queue of hosts when it may start another */
        s->started_ms = uv_now(&cl->d->uv);
        call_enter_curl(s);
    }
}

/* --- the interface ------------------------------------------------------------------------------------- */

static struct client *client_of(struct http_client *h)
{
    struct client *cl = CONTAINER_OF(h, struct client, api);
    ENSURE(cl->magic == CLIENT_MAGIC);
    return cl;
}

/* NULL when the call may be made. */
static const char *refusal(const struct http_call *c, struct url *u, struct err *e)
{
    if (url_parse(c->url, u, e) || url_allowed(c->url, c->reach, e)) return e->message;
    if (!method_ok(c->method)) return "not an HTTP method";
    for (size_t i = 0; i < c->headers_n; i++) {
        if (!header_ok(&c->headers[i])) return "a request header has an invalid or reserved name, or an invalid value";
    }
    return NULL;
}

static void client_start(struct http_client *h, struct http_call *c)
{
    struct client *cl = client_of(h);
    struct url u;
    struct err e;
    ENSURE(c->done != NULL && (unsigned)c->reach < ROOMS);
    struct call_state *s = calloc(1, sizeof(*s));
    ENSURE(s != NULL);
    s->magic = CALL_MAGIC;
    s->call = c;
    s->client = cl;
    s->room = &cl->rooms[c->reach];
    s->started_ms = uv_now(&cl->d->uv);
    s->body_bytes_max = c->body_bytes_max ? c->body_bytes_max : BODY_BYTES_MAX;
    buf_init(&s->response, s->body_bytes_max);
    list_init(&s->node);
    ready_init(&s->ready, call_run_done);
    c->client_data = s;
    c->status = 0;
    c->retry_after_s = -1;
    c->stale_connection = false;
    c->date_at = c->certificate_ends_at = 0;
    const char *why = refusal(c, &u, &e);
    if (why) {
        call_over(s, HTTP_REFUSED, why);
        return;
    }
    s->http_to_loopback = u.scheme == URL_HTTP && c->reach == HTTP_REACH_LOOPBACK;
    s->host = host_get(cl, &u);
    s->stage = CALL_WAITING;
    cl->waiting++;
    list_push_back(&s->host->waiting, &s->node);
    host_settle(cl, s->host);
    start_what_may(cl);
}

static void client_cancel(struct http_client *h, struct http_call *c)
{
    struct client *cl = client_of(h);
    struct call_state *s = c->client_data;
    ENSURE(s != NULL);
    ENSURE(s->magic == CALL_MAGIC && s->client == cl);
    if (s->stage == CALL_OVER) { /* its end has not been told yet: tell this one */
        c->outcome = HTTP_CANCELED;
        c->response = c->content_type = c->www_authenticate = STR_NONE;
        return;
    }
    if (s->stage == CALL_ACTIVE) {
        call_leave_curl(s);
    } else {
        list_remove(&s->node);
        cl->waiting--;
        host_settle(cl, s->host);
        s->host = NULL;
    }
    call_over(s, HTTP_CANCELED, "canceled");
}

static void call_free(struct call_state *s)
{
    ready_cancel(&s->ready);
    list_remove(&s->node);
    buf_finish(&s->response);
    s->magic = 0;
    free(s);
}

static void client_finish(struct http_client *h, struct http_call *c)
{
    struct call_state *s = c->client_data;
    if (!s) return;
    ENSURE(s->magic == CALL_MAGIC && s->stage == CALL_OVER && s->client == client_of(h));
    c->response = c->content_type = c->www_authenticate = STR_NONE;
    c->client_data = NULL;
    call_free(s);
}

struct http_client_stats http_client_curl_stats(const struct http_client *h)
{
    const struct client *cl = CONTAINER_OF(h, struct client, api);
    return (struct http_client_stats){ cl->in_flight, cl->waiting };
}

static char *own(struct str s)
{
    char *p = strndup(s.p, s.n);
    ENSURE(p != NULL);
    return p;
}

struct http_client *http_client_curl_create(struct loop_uv *d, const struct http_client_options *o)
{
    ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct client *cl = calloc(1, sizeof(*cl));
    ENSURE(cl != NULL);
    cl->api = (struct http_client){ client_start, client_cancel, client_finish };
    cl->magic = CLIENT_MAGIC;
    cl->d = d;
    cl->in_flight_max = o->in_flight_max > 0 ? o->in_flight_max : 128;
    cl->per_host_max = o->per_host_max > 0 ? o->per_host_max : 16;
    if (o->ca_file.n) cl->ca_file = own(o->ca_file);
    cl->user_agent = own(o->user_agent.n ? o->user_agent : STR("salesagent/" SALESAGENT_VERSION));
    for (const char *const *entry = o->fixed_dns; entry && *entry; entry++) {
        cl->fixed_dns = curl_slist_append(cl->fixed_dns, *entry);
        ENSURE(cl->fixed_dns != NULL);
    }
    for (size_t i = 0; i < HOST_BUCKETS; i++) list_init(&cl->hosts[i]);
    list_init(&cl->runnable);
    list_init(&cl->active);
    list_init(&cl->over);
    long kept = cl->in_flight_max;
    for (size_t i = 0; i < ROOMS; i++) {
        curl_loop_init(&cl->rooms[i], d, cl, call_finished);
        ENSURE(curl_multi_setopt(cl->rooms[i].multi, CURLMOPT_MAXCONNECTS, kept) == CURLM_OK);
    }
    cl->rooms_open = ROOMS;
    return &cl->api;
}

static void on_room_closed(struct curl_loop *room)
{
    struct client *cl = room->owner;
    if (--cl->rooms_open > 0) return;
    cl->magic = 0;
    free(cl);
}

static void drop_waiting(struct client *cl)
{
    for (size_t i = 0; i < HOST_BUCKETS; i++) {
        while (!list_empty(&cl->hosts[i])) {
            struct host *h = CONTAINER_OF(cl->hosts[i].next, struct host, bucket);
            while (!list_empty(&h->waiting)) call_free(CONTAINER_OF(h->waiting.next, struct call_state, node));
            host_settle(cl, h); /* frees it: nothing is active any more */
        }
    }
}

void http_client_curl_destroy(struct http_client *h)
{
    if (!h) return;
    struct client *cl = client_of(h);
    while (!list_empty(&cl->active)) {
        struct call_state *s = CONTAINER_OF(cl->active.next, struct call_state, node);
        call_leave_curl(s);
        call_free(s);
    }
    drop_waiting(cl);
    while (!list_empty(&cl->over)) call_free(CONTAINER_OF(cl->over.next, struct call_state, node));
    for (int i = 0; i < cl->spare_n; i++) curl_easy_cleanup(cl->spare[i]);
    for (size_t i = 0; i < ROOMS; i++) curl_loop_close(&cl->rooms[i], on_room_closed);
    curl_slist_free_all(cl->fixed_dns);
    free(cl->ca_file);
    free(cl->user_agent);
    curl_global_cleanup();
}

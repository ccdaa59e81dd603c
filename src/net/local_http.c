#include "net/local_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "base/buf.h"

#define RESPONSE_BYTES_MAX ((size_t)64 << 20)

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct buf *b = arg;
    buf_add(b, (struct str){ p, size * n });
    return b->overflowed ? 0 : size * n;
}

static struct curl_slist *request_headers(struct arena *a, const struct local_request *r)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    for (size_t i = 0; i < LOCAL_HEADERS_MAX; i++) {
        const struct http_header *h = &r->headers[i];
        if (!h->value.n) continue;
        list = curl_slist_append(list, arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(h->name), STR_ARG(h->value)).p);
    }
    return list;
}

enum local_outcome local_post(struct arena *a, const struct local_request *r, int *status, struct str *response,
                              struct err *e)
{
    if (strlen(r->socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        err_set(e, "SERVICE_UNAVAILABLE", "the path %s is too long for a socket", r->socket_path);
        return LOCAL_FAILED;
    }
    CURL *h = curl_easy_init();
    ENSURE(h != NULL);
    struct buf out;
    buf_init(&out, RESPONSE_BYTES_MAX);
    struct curl_slist *headers = request_headers(a, r);
    const char *url = arena_printf(a, "http://localhost" STR_FMT, STR_ARG(r->path)).p;
    /* These only fail for want of memory, which the request itself then reports. */
    (void)curl_easy_setopt(h, CURLOPT_URL, url);
    (void)curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, r->socket_path);
    (void)curl_easy_setopt(h, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
    (void)curl_easy_setopt(h, CURLOPT_POSTFIELDS, r->body.n ? r->body.p : "");
    (void)curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    (void)curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(h, CURLOPT_WRITEDATA, &out);
    CURLcode rc = curl_easy_perform(h);
    enum local_outcome outcome = LOCAL_ANSWERED;
    if (rc == CURLE_OK) {
        long code = 0;
        (void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &code); /* known after a transfer that succeeded */
        *status = (int)code;
        *response = arena_dup(a, buf_str(&out));
    } else {
        long why = 0;
        (void)curl_easy_getinfo(h, CURLINFO_OS_ERRNO, &why); /* stays 0 when it is not known */
        bool refused = why == EACCES || why == EPERM;
        outcome = rc == CURLE_COULDNT_CONNECT && !refused ? LOCAL_NOT_RUNNING : LOCAL_FAILED;
        if (refused)
            err_set(e, "SERVICE_UNAVAILABLE", "%s is another user's; run this as the agent's user", r->socket_path);
        else err_set(e, "SERVICE_UNAVAILABLE", "%s", curl_easy_strerror(rc));
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(h);
    buf_finish(&out);
    return outcome;
}

#include "jobs/cassette.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/core/secrets.h"

#define TEXT_BYTES_MAX ((size_t)1 << 20) /* of a body */

struct cassette {
    int fd;
};

int cassette_open(const char *path, struct cassette **out, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return err_set(e, "CONFIGURATION_ERROR", "%s cannot be written: %s.", path, strerror(errno));
    *out = calloc(1, sizeof(**out));
    ENSURE(*out != NULL);
    (*out)->fd = fd;
    return 0;
}

void cassette_close(struct cassette *c)
{
    if (!c) return;
    if (c->fd >= 0) (void)close(c->fd);
    free(c);
}

static const char *outcome_name(enum http_outcome o)
{
    static const char *const names[] = {
        [HTTP_OK] = "ok",           [HTTP_REFUSED] = "refused",     [HTTP_NOT_SENT] = "not_sent",
        [HTTP_UNKNOWN] = "unknown", [HTTP_TOO_LARGE] = "too_large", [HTTP_CANCELED] = "canceled"
    };
    return names[o];
}

static void add_text(yyjson_mut_doc *doc, struct arena *a, yyjson_mut_val *o, const char *key, struct str text)
{
    if (!text.n) return;
    if (text.n > TEXT_BYTES_MAX || !utf8_valid(text)) {
        json_add_i64(doc, json_add_obj(doc, o, key), "bytes", (int64_t)text.n);
        return;
    }
    struct str shown = secrets_shown_text(a, text);
    if (!json_add_text(doc, o, key, shown)) json_add_str(doc, o, key, shown);
}

static struct str line_of(struct arena *a, struct str ad_server, const struct http_call *c, int64_t now)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = yyjson_mut_obj(doc), *headers;
    char at[RFC3339_MAX];
    (void)rfc3339_print(now, RFC3339_MILLIS, at);
    json_add_cstr(doc, o, "at", at);
    json_add_str(doc, o, "ad_server", ad_server);
    json_add_str(doc, o, "method", c->method);
    json_add_str(doc, o, "url", secrets_shown_address(a, c->url));
    headers = json_add_obj(doc, o, "headers");
    for (size_t i = 0; i < c->headers_n; i++) {
        const struct http_header *h = &c->headers[i];
        struct str value = secrets_is_header(h->name) ? STR(SECRET_SHOWN) : h->value;
        yyjson_mut_obj_add(headers, yyjson_mut_strn(doc, h->name.p, h->name.n), yyjson_mut_strn(doc, value.p, value.n));
    }
    add_text(doc, a, o, "body", c->body);
    json_add_cstr(doc, o, "outcome", outcome_name(c->outcome));
    if (c->outcome == HTTP_OK) json_add_i64(doc, o, "status", c->status);
    json_add_i64(doc, o, "elapsed_ms", c->elapsed_ms);
    if (c->outcome == HTTP_OK) add_text(doc, a, o, "response", c->response);
    return arena_printf(a, STR_FMT "\n", STR_ARG(json_write(a, o)));
}

void cassette_note(struct cassette *c, struct str ad_server, const struct http_call *call, int64_t now)
{
    if (!c || c->fd < 0) return;
    struct arena scratch;
    arena_init(&scratch);
    struct str line = line_of(&scratch, ad_server, call, now);
    ssize_t n = write(c->fd, line.p, line.n);
    if (n < 0 || (size_t)n < line.n) {
        log_event(LOG_WARN, "jobs", "recording ended", "reason", n < 0 ? strerror(errno) : "short write", NULL);
        (void)close(c->fd);
        c->fd = -1;
    }
    arena_finish(&scratch);
}

#include "net/mail.h"

#include <time.h>

#include "base/buf.h"
#include "base/encode.h"

#define MESSAGE_BYTES_MAX ((size_t)1 << 20)
#define WORD_BYTES        42 /* of text in one encoded word, which may be 75 long in all (RFC 2047 §2) */
#define LINE_CHARS        76 /* of base64 (RFC 2045 §6.8) */
#define ADDRESS_BYTES_MAX 254

bool mail_address_ok(struct str s)
{
    const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
    if (!at || s.n > ADDRESS_BYTES_MAX) return false;
    size_t local = (size_t)(at - s.p), domain = s.n - local - 1;
    if (local == 0 || local > 64 || domain == 0 || s.p[0] == '.' || s.p[0] == '-' || at[-1] == '.') return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (plain || i == local) continue;
        if (i > local || c <= ' ' || !strchr("!#$%&'*+/=?^_`{|}~", c)) return false;
    }
    return at[1] != '.' && s.p[s.n - 1] != '.';
}

/* Short, and only what means nothing special anywhere in a header: also fit for a display name or an id. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !(c && strchr(" -_.", c))) return false;
    }
    return s.n <= WORD_BYTES;
}

/* Unstructured header text. Everything but short plain ASCII goes into encoded words, line breaks included:
 * so what is typed into a subject stays in the subject. */
static void add_words(struct buf *b, struct arena *a, struct str s)
{
    if (is_plain(s)) {
        buf_add(b, s);
        return;
    }
    for (size_t at = 0; at < s.n;) {
        size_t n = s.n - at < WORD_BYTES ? s.n - at : WORD_BYTES;
        while (at + n < s.n && n > 0 && ((unsigned char)s.p[at + n] & 0xC0) == 0x80) n--; /* whole characters */
        if (at) buf_add(b, STR("\r\n "));
        struct str word = base64_encode(a, (struct str){ s.p + at, n });
        buf_addf(b, "=?UTF-8?B?" STR_FMT "?=", STR_ARG(word));
        at += n;
    }
}

static void add_date(struct buf *b, int64_t at)
{
    char text[64];
    time_t t = (time_t)(at / 1000000);
    struct tm tm;
    ENSURE(gmtime_r(&t, &tm) != NULL);
    ENSURE(strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm) > 0);
    buf_addf(b, "Date: %s\r\n", text);
}

static int check(const struct mail_text *t)
{
    if (t->to_n == 0 || !mail_address_ok(t->from)) return -1;
    for (size_t i = 0; i < t->to_n; i++) {
        if (!mail_address_ok(t->to[i])) return -1;
    }
    if (!is_plain(t->message_id) || t->message_id.n == 0) return -1;
    return utf8_valid(t->subject) && utf8_valid(t->text) && utf8_valid(t->from_name) ? 0 : -1;
}

int mail_compose(struct arena *a, const struct mail_text *t, struct str *message)
{
    struct buf b;
    if (check(t)) return -1;
    buf_init(&b, MESSAGE_BYTES_MAX);
    add_date(&b, t->sent_at);
    buf_add(&b, STR("From: "));
    if (t->from_name.n) add_words(&b, a, t->from_name);
    buf_addf(&b, " <" STR_FMT ">\r\nTo: ", STR_ARG(t->from));
    for (size_t i = 0; i < t->to_n; i++) buf_addf(&b, "%s" STR_FMT, i ? ",\r\n " : "", STR_ARG(t->to[i]));
    buf_add(&b, STR("\r\nSubject: "));
    add_words(&b, a, t->subject);
    const char *domain = (const char *)memchr(t->from.p, '@', t->from.n);
    buf_addf(&b, "\r\nMessage-ID: <" STR_FMT "%.*s>\r\n", STR_ARG(t->message_id), (int)(t->from.p + t->from.n - domain),
             domain);
    buf_add(&b, STR("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
    struct str body = base64_encode(a, t->text);
    for (size_t at = 0; at < body.n; at += LINE_CHARS) {
        size_t n = body.n - at < LINE_CHARS ? body.n - at : LINE_CHARS;
        buf_add(&b, (struct str){ body.p + at, n });
        buf_add(&b, STR("\r\n"));
    }
    int rc = b.overflowed ? -1 : 0;
    if (rc == 0) *message = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return rc;
}

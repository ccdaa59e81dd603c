#include "base/totp.h"

#include <liboath/oath.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/rfc3339.h"

#define STEP_S 30
#define AROUND 1 /* steps on either side */

static bool read_code(struct str code, char out[TOTP_DIGITS])
{
    size_t n = 0;
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] == ' ') continue;
        if (code.p[i] < '0' || code.p[i] > '9' || n == TOTP_DIGITS) return false;
        out[n++] = code.p[i];
    }
    return n == TOTP_DIGITS;
}

static bool code_of_step(struct str key, int64_t step, struct str given)
{
    char code[TOTP_DIGITS + 1];
    int rc = oath_totp_generate(key.p, key.n, (time_t)(step * STEP_S), STEP_S, 0, TOTP_DIGITS, code);
    return rc == OATH_OK && secret_eq(given, (struct str){ code, TOTP_DIGITS });
}

int64_t totp_step(struct str key, struct str code, int64_t at, int64_t last_step)
{
    char digits[TOTP_DIGITS];
    int64_t now = at / (STEP_S * USEC_PER_SEC), found = -1;
    if (at < 0 || !key.n || !read_code(code, digits)) return -1;
    for (int64_t step = now - AROUND; step <= now + AROUND; step++) {
        bool matches = step >= 0 && code_of_step(key, step, (struct str){ digits, sizeof(digits) });
        if (matches && step > last_step && found < 0) found = step;
    }
    return found;
}

struct str totp_key_text(struct arena *a, struct str key)
{
    char *text;
    size_t n, out_n = 0;
    if (oath_base32_encode(key.p, key.n, &text, &n) != OATH_OK) return STR_NONE; /* no memory */
    char *out = arena_alloc(a, n + n / 4 + 1);
    for (size_t i = 0; i < n; i++) {
        if (i && i % 4 == 0) out[out_n++] = ' ';
        out[out_n++] = text[i];
    }
    free(text);
    return (struct str){ out, out_n };
}

static struct str without_blanks(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ' ') out[n++] = s.p[i];
    }
    return (struct str){ out, n };
}

/* RFC 3986: what is not unreserved is escaped. */
static struct str escaped(struct arena *a, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, s.n * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && memchr("-._~", c, 4));
        if (plain) {
            out[n++] = (char)c;
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    return (struct str){ out, n };
}

struct str totp_uri(struct arena *a, struct str key, struct str issuer, struct str name)
{
    struct str from = escaped(a, issuer);
    return arena_printf(a, "otpauth://totp/" STR_FMT ":" STR_FMT "?secret=" STR_FMT "&issuer=" STR_FMT, STR_ARG(from),
                        STR_ARG(escaped(a, name)), STR_ARG(without_blanks(a, totp_key_text(a, key))), STR_ARG(from));
}

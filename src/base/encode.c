#include "base/encode.h"

static const char hex_digits[] = "0123456789abcdef";
static const char alphabet_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct str hex_encode(struct arena *a, struct str bytes)
{
    char *out = arena_alloc(a, bytes.n * 2 + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        out[2 * i] = hex_digits[c >> 4];
        out[2 * i + 1] = hex_digits[c & 15];
    }
    return (struct str){ out, bytes.n * 2 };
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int hex_decode(struct arena *a, struct str text, struct str *bytes)
{
    if (text.n % 2) return -1;
    char *out = arena_alloc(a, text.n / 2 + 1);
    for (size_t i = 0; i < text.n; i += 2) {
        int hi = hex_value(text.p[i]), lo = hex_value(text.p[i + 1]);
        if (hi < 0 || lo < 0) return -1;
        out[i / 2] = (char)(hi << 4 | lo);
    }
    *bytes = (struct str){ out, text.n / 2 };
    return 0;
}

static size_t encode64(const char *alphabet, struct str in, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;
        if (i + 1 < in.n) v |= (uint32_t)(unsigned char)in.p[i + 1] << 8;
        if (i + 2 < in.n) v |= (unsigned char)in.p[i + 2];
        size_t chars = in.n - i >= 3 ? 4 : in.n - i + 1;
        for (size_t k = 0; k < chars; k++) out[n++] = alphabet[v >> (18 - 6 * k) & 63];
    }
    return n;
}

struct str base64_encode(struct arena *a, struct str bytes)
{
    char *out = arena_alloc(a, (bytes.n + 2) / 3 * 4 + 1);
    size_t n = encode64(alphabet_std, bytes, out);
    while (n % 4) out[n++] = '=';
    return (struct str){ out, n };
}

struct str base64url_encode(struct arena *a, struct str bytes)
{
    char *out = arena_alloc(a, (bytes.n + 2) / 3 * 4 + 1);
    return (struct str){ out, encode64(alphabet_url, bytes, out) };
}

static int base64_value(char c, bool *std, bool *url)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '/') {
        *std = true;
        return c == '+' ? 62 : 63;
    }
    if (c == '-' || c == '_') {
        *url = true;
        return c == '-' ? 62 : 63;
    }
    return -1;
}

int base64_decode(struct arena *a, struct str text, struct str *bytes)
{
    size_t padded = text.n;
    while (text.n && text.p[text.n - 1] == '=') text.n--;
    if (padded - text.n > 2 || (padded != text.n && padded % 4) || text.n % 4 == 1) return -1;
    char *out = arena_alloc(a, text.n / 4 * 3 + 4);
    size_t n = 0;
    uint32_t v = 0;
    int bits = 0;
    bool std = false, url = false;
    for (size_t i = 0; i < text.n; i++) {
        int d = base64_value(text.p[i], &std, &url);
        if (d < 0 || (std && url)) return -1;
        v = v << 6 | (uint32_t)d;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (char)(v >> bits & 255);
        }
    }
    if (v & ((1u << bits) - 1)) return -1; /* stray bits: not the encoding of any byte string */
    *bytes = (struct str){ out, n };
    return 0;
}

bool utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    while (p < end) {
        uint64_t eight;
        while (end - p >= 8 && (memcpy(&eight, p, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) p += 8; /* ASCII */
        if (p == end) break;
        if (*p < 0x80) {
            p++;
            continue;
        }
        int more = *p >= 0xC2 && *p <= 0xDF ? 1 : (*p & 0xF0) == 0xE0 ? 2 : *p >= 0xF0 && *p <= 0xF4 ? 3 : 0;
        if (more == 0 || end - p <= more) return false;
        for (int i = 1; i <= more; i++) {
            if ((p[i] & 0xC0) != 0x80) return false;
        }
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return false;
        if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return false;
        p += more + 1;
    }
    return true;
}

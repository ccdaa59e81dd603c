#include "serving/macros.h"

#include "base/rfc3339.h"

#define NAME_MAX_BYTES 40

enum source {
    FROM_NOTHING, /* a known name that is always replaced by nothing */
    FROM_MEDIA_BUY,
    FROM_PACKAGE,
    FROM_CREATIVE,
    FROM_RANDOM,
    FROM_TIME,
    FROM_CLICK,
    FROM_GDPR,
    FROM_GDPR_CONSENT,
    FROM_GPP,
    FROM_GPP_SID,
    FROM_COUNTRY,
    FROM_DEVICE,
    FROM_DOMAIN,
    FROM_PLACEMENT,
    FROM_WIDTH,
    FROM_HEIGHT
};

static const struct {
    const char *name;
    enum source source;
} names[] = {
    { "MEDIA_BUY_ID", FROM_MEDIA_BUY },
    { "PACKAGE_ID", FROM_PACKAGE },
    { "CREATIVE_ID", FROM_CREATIVE },
    { "CACHEBUSTER", FROM_RANDOM },
    { "CACHEBUSTING", FROM_RANDOM },
    { "RANDOM", FROM_RANDOM },
    { "TIMESTAMP", FROM_TIME },
    { "CLICK_URL", FROM_CLICK },
    { "GDPR", FROM_GDPR },
    { "GDPR_CONSENT", FROM_GDPR_CONSENT },
    { "GDPRCONSENT", FROM_GDPR_CONSENT },
    { "GPP_STRING", FROM_GPP },
    { "GPP_SID", FROM_GPP_SID },
    { "COUNTRY", FROM_COUNTRY },
    { "DEVICE_TYPE", FROM_DEVICE },
    { "DOMAIN", FROM_DOMAIN },
    { "PLACEMENT_ID", FROM_PLACEMENT },
    { "AD_WIDTH", FROM_WIDTH },
    { "AD_HEIGHT", FROM_HEIGHT },
    /* No buyer learns what tells one visitor from another. */
    { "IP_ADDRESS", FROM_NOTHING },
    { "DEVICE_ID", FROM_NOTHING },
    { "DEVICE_ID_TYPE", FROM_NOTHING },
    { "USER_AGENT", FROM_NOTHING },
    { "LAT", FROM_NOTHING },
    { "LONG", FROM_NOTHING },
    { "ZIP", FROM_NOTHING },
    { "US_PRIVACY", FROM_NOTHING },
};

static void add_encoded(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-_.~", c);
        if (plain && c) {
            buf_add_char(b, (char)c);
        } else {
            buf_addf(b, "%%%02X", c);
        }
    }
}

/* "GDPR_CONSENT_755" -> "GDPR_CONSENT": the vendor whose string it would be. */
static struct str without_vendor(struct str name)
{
    size_t n = name.n;
    while (n > 0 && name.p[n - 1] >= '0' && name.p[n - 1] <= '9') n--;
    return n < name.n && n > 1 && name.p[n - 1] == '_' ? (struct str){ name.p, n - 1 } : name;
}

static bool find(struct str name, enum source *out)
{
    struct str plain = without_vendor(name);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!str_is(plain, names[i].name)) continue;
        *out = names[i].source;
        return true;
    }
    return false;
}

static void add_value(struct buf *b, const struct macro_values *v, enum source source, enum macro_target target)
{
    struct str text = STR_NONE;
    switch (source) {
    case FROM_NOTHING: return;
    case FROM_MEDIA_BUY: text = v->content->media_buy_id; break;
    case FROM_PACKAGE: text = v->content->package_id; break;
    case FROM_CREATIVE: text = v->content->creative_id; break;
    case FROM_RANDOM: buf_addf(b, "%08u", v->random % 100000000); return;
    case FROM_TIME: buf_addf(b, "%lld", (long long)(v->now / USEC_PER_SEC)); return;
    case FROM_CLICK:
        if (target == MACRO_HTML) {
            buf_add(b, v->click_url);
            return;
        }
        text = v->click_url;
        break;
    case FROM_GDPR: text = v->consent.gdpr; break;
    case FROM_GDPR_CONSENT: text = v->consent.gdpr_consent; break;
    case FROM_GPP: text = v->consent.gpp; break;
    case FROM_GPP_SID: text = v->consent.gpp_sid; break;
    case FROM_COUNTRY: text = v->country; break;
    case FROM_DEVICE: text = v->device; break;
    case FROM_DOMAIN: text = v->page_domain; break;
    case FROM_PLACEMENT: text = v->placement; break;
    case FROM_WIDTH: buf_addf(b, "%d", v->width); return;
    case FROM_HEIGHT: buf_addf(b, "%d", v->height); return;
    }
    add_encoded(b, text);
}

/* The name between an opening bracket at text.p[i] and its closing one; *end goes behind that. */
static bool name_at(struct str text, size_t i, struct str *name, size_t *end)
{
    bool dollar = text.p[i] == '$' && i + 1 < text.n && text.p[i + 1] == '{';
    char close = text.p[i] == '[' ? ']' : '}';
    size_t from = i + (dollar ? 2 : 1), k = from;
    if (!dollar && text.p[i] != '{' && text.p[i] != '[') return false;
    while (k < text.n && k - from <= NAME_MAX_BYTES &&
           ((text.p[k] >= 'A' && text.p[k] <= 'Z') || (text.p[k] >= '0' && text.p[k] <= '9') || text.p[k] == '_'))
        k++;
    if (k == from || k >= text.n || text.p[k] != close) return false;
    *name = (struct str){ text.p + from, k - from };
    *end = k + 1;
    return true;
}

void macros_add(struct buf *b, struct str text, const struct macro_values *v, enum macro_target target)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n;) {
        struct str name;
        enum source source;
        size_t end;
        char c = text.p[i];
        /* In markup, square brackets are left alone: scripts use them. */
        bool may = c == '{' || c == '$' || (c == '[' && target != MACRO_HTML);
        if (!may || !name_at(text, i, &name, &end) || !find(name, &source) ||
            (c == '[' && target == MACRO_VAST && source != FROM_GDPR_CONSENT)) {
            i++;
            continue;
        }
        buf_add(b, (struct str){ text.p + from, i - from });
        add_value(b, v, source, target);
        from = i = end;
    }
    buf_add(b, (struct str){ text.p + from, text.n - from });
}

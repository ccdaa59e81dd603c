#include "serving/consent.h"

#define SECTION_TCF_EU    2
#define TCF_VERSION       2
#define PURPOSES_AT       152 /* bits before PurposesConsent in the core segment */
#define SEGMENT_PUBLISHER 3
#define GPP_TYPE          3
#define SECTIONS_MAX      64

static const char *const visitor_ids_words[] = { "consent", "always", "never" };

bool visitor_ids_parse(struct str word, enum visitor_ids *out)
{
    for (int i = 0; i <= VISITOR_IDS_NEVER; i++) {
        if (!str_is(word, visitor_ids_words[i])) continue;
        *out = (enum visitor_ids)i;
        return true;
    }
    return false;
}

const char *visitor_ids_name(enum visitor_ids v)
{
    return visitor_ids_words[v];
}

static void clean(struct str *s)
{
    if (s->n > CONSENT_BYTES_MAX) *s = STR_NONE;
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && !strchr("-_.~,=", c)) *s = STR_NONE;
    }
}

void consent_clean(struct consent *c)
{
    clean(&c->gdpr);
    clean(&c->gdpr_consent);
    clean(&c->gpp);
    clean(&c->gpp_sid);
    if (!str_is(c->gdpr, "0") && !str_is(c->gdpr, "1")) c->gdpr = STR_NONE;
}

/* ---- bits of base64url text ---- */

struct bits {
    struct str text;
    size_t at;
    bool over; /* asked for more than there is, or something was no such text */
};

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static uint32_t take(struct bits *b, int n)
{
    uint32_t v = 0;
    for (; n > 0; n--, b->at++) {
        int six = b->at / 6 < b->text.n ? sextet(b->text.p[b->at / 6]) : -1;
        if (six < 0) b->over = true;
        v = v << 1 | (six < 0 ? 0 : (uint32_t)six >> (5 - b->at % 6) & 1);
    }
    return v;
}

/* The piece before the next `by`; *rest goes behind it. */
static struct str piece(struct str *rest, char by)
{
    const char *end = rest->n ? memchr(rest->p, by, rest->n) : NULL;
    struct str out = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
    *rest = str_skip(*rest, out.n + 1);
    return out;
}

/* ---- TCF ---- */

bool tcf_allows_storage(struct str tc)
{
    struct str rest = tc;
    struct bits core = { .text = piece(&rest, '.') };
    if (take(&core, 6) != TCF_VERSION) return false;
    core.at = PURPOSES_AT;
    bool general = take(&core, 1) == 1 && !core.over;
    while (!general && rest.n) {
        struct bits segment = { .text = piece(&rest, '.') };
        if (take(&segment, 3) == SEGMENT_PUBLISHER && take(&segment, 1) == 1 && !segment.over) return true;
    }
    return general;
}

/* ---- GPP ---- */

/* Fibonacci coding: 1, 2, 3, 5, 8, ... for each bit until two ones meet. */
static uint32_t take_fibonacci(struct bits *b)
{
    uint32_t sum = 0, value = 1, next = 2;
    bool last = false;
    for (int i = 0; i < 20 && !b->over; i++) {
        bool one = take(b, 1);
        if (one && last) return sum;
        if (one) sum += value;
        last = one;
        uint32_t after = value + next;
        value = next;
        next = after;
    }
    b->over = true;
    return 0;
}

/* The place of section `wanted` among those the header lists; -1: it is not there. */
static int section_place(struct str header, uint32_t wanted)
{
    struct bits b = { .text = header };
    int place = 0;
    uint32_t id = 0;
    if (take(&b, 6) != GPP_TYPE) return -1;
    (void)take(&b, 6); /* any version: the list of sections has not changed */
    uint32_t ranges = take(&b, 12);
    for (uint32_t i = 0; i < ranges && i < SECTIONS_MAX && !b.over; i++) {
        bool range = take(&b, 1);
        uint32_t first = id + take_fibonacci(&b);
        uint32_t last = range ? first + take_fibonacci(&b) : first;
        if (b.over) return -1;
        if (wanted >= first && wanted <= last) return place + (int)(wanted - first);
        place += (int)(last - first) + 1;
        id = last;
    }
    return -1;
}

struct str gpp_tc_string(struct str gpp)
{
    struct str rest = gpp, header = piece(&rest, '~');
    int place = section_place(header, SECTION_TCF_EU);
    if (place < 0) return STR_NONE;
    for (; place > 0; place--) (void)piece(&rest, '~'); /* the sections before it */
    return piece(&rest, '~');
}

bool consent_allows_id(const struct consent *c, enum visitor_ids setting)
{
    switch (setting) {
    case VISITOR_IDS_ALWAYS: return true;
    case VISITOR_IDS_NEVER: return false;
    case VISITOR_IDS_CONSENT: break;
    }
    if (str_is(c->gdpr, "0")) return true;
    return tcf_allows_storage(c->gdpr_consent) || tcf_allows_storage(gpp_tc_string(c->gpp));
}

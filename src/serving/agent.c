#include "serving/agent.h"

#include "serving/bots.h"

#define AGENT_BYTES_MAX 512 /* what comes after says nothing new */

static const char *const device_words[DEVICES_N] = { "unknown", "desktop", "mobile", "tablet", "ctv" };

static const char *const platform_words[PLATFORMS_N] = {
    "unknown",  "ios",  "android", "windows", "macos",   "linux",
    "chromeos", "tvos", "tizen",   "webos",   "fire_os", "roku_os",
};

/* Beginnings of what shows media to people. */
static const char *const beginnings[] = {
    "Mozilla/",  "Opera/",         "AppleCoreMedia/", "Roku/", "Dalvik/", "VLC/",
    "ExoPlayer", "AndroidXMedia3", "stagefright/",    "Lavf/", "tvOS/",   "GSE/",
};

/* Pieces that tell what it runs on; the first that is found counts. */
static const struct {
    const char *piece;
    enum platform platform;
    enum device device;
} pieces[] = {
    { "Roku", PLATFORM_ROKU_OS, DEVICE_CTV },        { "Apple TV", PLATFORM_TVOS, DEVICE_CTV },
    { "AppleTV", PLATFORM_TVOS, DEVICE_CTV },        { "tvOS", PLATFORM_TVOS, DEVICE_CTV },
    { "Tizen", PLATFORM_TIZEN, DEVICE_CTV },         { "SMART-TV", PLATFORM_TIZEN, DEVICE_CTV },
    { "Web0S", PLATFORM_WEBOS, DEVICE_CTV },         { "webOS", PLATFORM_WEBOS, DEVICE_CTV },
    { "AFT", PLATFORM_FIRE_OS, DEVICE_CTV },         { "CrKey", PLATFORM_LINUX, DEVICE_CTV },
    { "BRAVIA", PLATFORM_ANDROID, DEVICE_CTV },      { "Android TV", PLATFORM_ANDROID, DEVICE_CTV },
    { "GoogleTV", PLATFORM_ANDROID, DEVICE_CTV },    { "HbbTV", PLATFORM_UNKNOWN, DEVICE_CTV },
    { "SmartTV", PLATFORM_UNKNOWN, DEVICE_CTV },     { "PlayStation", PLATFORM_UNKNOWN, DEVICE_CTV },
    { "Xbox", PLATFORM_WINDOWS, DEVICE_CTV },        { "KF", PLATFORM_FIRE_OS, DEVICE_TABLET },
    { "Silk/", PLATFORM_FIRE_OS, DEVICE_TABLET },    { "iPad", PLATFORM_IOS, DEVICE_TABLET },
    { "iPhone", PLATFORM_IOS, DEVICE_MOBILE },       { "iPod", PLATFORM_IOS, DEVICE_MOBILE },
    { "Android", PLATFORM_ANDROID, DEVICE_UNKNOWN }, /* "Mobile" says which */
    { "CrOS", PLATFORM_CHROMEOS, DEVICE_DESKTOP },   { "Windows Phone", PLATFORM_WINDOWS, DEVICE_MOBILE },
    { "Windows", PLATFORM_WINDOWS, DEVICE_DESKTOP }, { "Macintosh", PLATFORM_MACOS, DEVICE_DESKTOP },
    { "Mac OS X", PLATFORM_MACOS, DEVICE_DESKTOP },  { "Linux", PLATFORM_LINUX, DEVICE_DESKTOP },
    { "X11", PLATFORM_LINUX, DEVICE_DESKTOP },
};

static bool has(struct str s, const char *piece)
{
    return memmem(s.p, s.n, piece, strlen(piece)) != NULL;
}

/* "KFTRWI", "AFTMM": Amazon's model names, which are words of capitals. */
static bool has_model(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i + n < s.n; i++) {
        bool begins = i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == ';';
        if (begins && memcmp(s.p + i, prefix, n) == 0 && s.p[i + n] >= 'A' && s.p[i + n] <= 'Z') return true;
    }
    return false;
}

static bool has_piece(struct str s, const char *piece)
{
    return strcmp(piece, "AFT") == 0 || strcmp(piece, "KF") == 0 ? has_model(s, piece) : has(s, piece);
}

static bool bot_at(const struct bot *b, struct str s, size_t at)
{
    const char *text = bots_text + b->at;
    if (s.n - at < b->n || memcmp(s.p + at, text, b->n) != 0) return false;
    if (b->flags & BOT_AT_START && at != 0) return false;
    if (b->then_n) {
        size_t after = at + b->n;
        const char *then = memmem(s.p + after, s.n - after, text + b->n, b->then_n);
        return then && (!(b->flags & BOT_AT_END) || then + b->then_n == s.p + s.n);
    }
    return !(b->flags & BOT_AT_END) || at + b->n == s.n;
}

static bool is_bot(struct str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    for (size_t at = 0; at + 3 <= s.n; at++) {
        unsigned bucket = (p[at] * 31u * 31u + p[at + 1] * 31u + p[at + 2]) % BOTS_BUCKETS;
        for (unsigned i = bots_from[bucket]; i < bots_from[bucket + 1]; i++) {
            if (bot_at(&bots[i], s, at)) return true;
        }
    }
    return false;
}

static enum agent_kind kind_of(struct str s)
{
    if (s.n == 0) return AGENT_OTHER;
    if (is_bot(s)) return AGENT_BOT;
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        if (str_starts(s, str_from(beginnings[i]))) return AGENT_BROWSER;
    }
    return AGENT_OTHER;
}

struct agent agent_read(struct str s, struct str mobile_hint)
{
    struct agent a = { .kind = AGENT_OTHER };
    uint64_t h = pair_of(STR("agent"), s);
    if (s.n > AGENT_BYTES_MAX) s.n = AGENT_BYTES_MAX;
    a.hash = (uint8_t)(h >> 56);
    a.kind = kind_of(s);
    for (size_t i = 0; i < ARRAY_LEN(pieces) && a.platform == PLATFORM_UNKNOWN && a.device == DEVICE_UNKNOWN; i++) {
        if (!has_piece(s, pieces[i].piece)) continue;
        a.platform = pieces[i].platform;
        a.device = pieces[i].device;
    }
    if (a.platform == PLATFORM_ANDROID && a.device == DEVICE_UNKNOWN) {
        a.device = has(s, "Mobile") || str_is(mobile_hint, "?1") ? DEVICE_MOBILE : DEVICE_TABLET;
    }
    if (a.device == DEVICE_DESKTOP && str_is(mobile_hint, "?1")) a.device = DEVICE_MOBILE;
    return a;
}

bool device_parse(struct str word, enum device *out)
{
    for (int i = 0; i < DEVICES_N; i++) {
        if (!str_is(word, device_words[i])) continue;
        *out = (enum device)i;
        return true;
    }
    return false;
}

bool platform_parse(struct str word, enum platform *out)
{
    for (int i = 0; i < PLATFORMS_N; i++) {
        if (!str_is(word, platform_words[i])) continue;
        *out = (enum platform)i;
        return true;
    }
    return false;
}

const char *device_name(enum device d)
{
    return device_words[d];
}

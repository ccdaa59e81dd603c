/* What is assumed of Triton Digital, and where a publisher who has its documentation corrects it:
 *
 *   "paths":   { "flight_create": "POST /flights" }         method and path below api_url
 *   "members": { "flight.stationIds": "stations" }          the name that the member really has */
#include "adapters/triton/triton.h"

#define WORD_MAX 128

static const struct {
    const char *object, *member;
} members[TRITON_MEMBERS_N] = {
#define M(id, object, member) [TRITON_##id] = { object, member },
    TRITON_MEMBERS(M)
#undef M
};

static const struct {
    const char *name, *method, *path;
} paths[TRITON_PATHS_N] = {
    [TRITON_LOGIN] = { "login", "POST", "/login" },
    [TRITON_STATIONS] = { "stations", "GET", "/stations" },
    [TRITON_GENRES] = { "genres", "GET", "/genres" },
    [TRITON_ADVERTISERS] = { "advertisers", "GET", "/advertisers" },
    [TRITON_ADVERTISER_CREATE] = { "advertiser_create", "POST", "/advertisers" },
    [TRITON_CAMPAIGNS] = { "campaigns", "GET", "/campaigns" },
    [TRITON_CAMPAIGN_CREATE] = { "campaign_create", "POST", "/campaigns" },
    [TRITON_CAMPAIGN] = { "campaign", "GET", "/campaigns/{id}" },
    [TRITON_CAMPAIGN_UPDATE] = { "campaign_update", "PATCH", "/campaigns/{id}" },
    [TRITON_FLIGHTS] = { "flights", "GET", "/flights" },
    [TRITON_FLIGHT_CREATE] = { "flight_create", "POST", "/flights" },
    [TRITON_FLIGHT_UPDATE] = { "flight_update", "PATCH", "/flights/{id}" },
    [TRITON_CREATIVES] = { "creatives", "GET", "/creatives" },
    [TRITON_CREATIVE_CREATE] = { "creative_create", "POST", "/creatives" },
    [TRITON_CREATIVE_UPLOAD] = { "creative_upload", "PUT", "/creatives/{id}/audio" },
    [TRITON_REPORT_CREATE] = { "report_create", "POST", "/reports" },
    [TRITON_REPORT] = { "report", "GET", "/reports/{id}" },
};

const char *triton_assumed(enum triton_member m)
{
    return members[m].member;
}

static int bad(struct err *e, const char *at, const char *key, const char *what)
{
    (void)err_set(e, "CONFIGURATION_ERROR", "%s: %s", key, what);
    return err_field(e, "/%s/%s", at, key);
}

static int read_path(struct arena *a, const char *name, struct str text, struct triton_words *out, struct err *e)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    size_t i = 0, m = 0;
    while (i < TRITON_PATHS_N && strcmp(paths[i].name, name) != 0) i++;
    if (i == TRITON_PATHS_N)
        return bad(e, "paths", name, "there is no such call; docs/ad-servers/triton.md lists them");
    const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
    struct str method = { text.p, space ? (size_t)(space - text.p) : 0 }, path = str_skip(text, method.n + 1);
    while (m < ARRAY_LEN(methods) && !str_is(method, methods[m])) m++;
    bool plain = path.n > 1 && path.p[0] == '/' && !memchr(path.p, '?', path.n) && !memchr(path.p, ' ', path.n);
    bool holed = text_has(path, STR("{id}")) == (strstr(paths[i].path, "{id}") != NULL);
    if (m == ARRAY_LEN(methods) || !plain || !holed || text.n > WORD_MAX) {
        return bad(e, "paths", name,
                   arena_printf(a, "a method and a path, as \"%s %s\"", paths[i].method, paths[i].path).p);
    }
    out->call[i] = (struct triton_call){ arena_dup(a, method), arena_dup(a, path) };
    return 0;
}

static int read_member(struct arena *a, const char *name, struct str text, struct triton_words *out, struct err *e)
{
    for (size_t i = 0; i < TRITON_MEMBERS_N; i++) {
        size_t n = strlen(members[i].object);
        if (strncmp(name, members[i].object, n) != 0 || name[n] != '.' || strcmp(name + n + 1, members[i].member) != 0)
            continue;
        if (text.n == 0 || text.n > WORD_MAX || memchr(text.p, 0, text.n))
            return bad(e, "members", name, "the member's name over there, as text");
        out->member[i] = arena_dup(a, text).p;
        return 0;
    }
    return bad(e, "members", name, "there is no such member; docs/ad-servers/triton.md lists them");
}

static int read_all(struct arena *a, yyjson_val *root, const char *key,
                    int (*read)(struct arena *a, const char *name, struct str text, struct triton_words *out,
                                struct err *e),
                    struct triton_words *out, struct err *e)
{
    size_t i, n;
    yyjson_val *k, *v;
    if (doc_has(root, key) && !doc_obj(root, key)) {
        (void)err_set(e, "CONFIGURATION_ERROR", "%s must be an object", key);
        return err_field(e, "/%s", key);
    }
    yyjson_obj_foreach(doc_obj(root, key), i, n, k, v) {
        if (read(a, yyjson_get_str(k), doc_text(v), out, e)) return -1;
    }
    return 0;
}

int triton_words_read(struct arena *a, yyjson_val *root, struct triton_words *out, struct err *e)
{
    for (size_t i = 0; i < TRITON_MEMBERS_N; i++) out->member[i] = members[i].member;
    for (size_t i = 0; i < TRITON_PATHS_N; i++)
        out->call[i] = (struct triton_call){ str_from(paths[i].method), str_from(paths[i].path) };
    return read_all(a, root, "paths", read_path, out, e) || read_all(a, root, "members", read_member, out, e) ? -1 : 0;
}

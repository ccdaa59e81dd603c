#include "domain/core/quota.h"

#include "contract/document.h"

/* The presets are far above what a diligent buyer needs, and below what would hurt the others. */
static const struct quota {
    const char *name;
    int64_t preset;
    size_t at; /* in struct stored */
    const char *what, *how;
} quotas[] = {
    { "media_buys", 10000, offsetof(struct stored, media_buys), "media buys that are not over",
      "Cancel those that are not needed." },
    { "creatives", 100000, offsetof(struct stored, creatives), "creatives",
      "Delete those that are not needed, with sync_creatives and delete_missing." },
    { "objects", 5000, offsetof(struct stored, objects), "catalogs, lists, audiences and event sources together",
      "Delete those that are not needed." },
    { "bytes", INT64_C(1) << 30, offsetof(struct stored, bytes), "bytes of documents",
      "Send less in ext, context and inline content; large replies count for a day." },
};

static int64_t of(const struct stored *s, const struct quota *q)
{
    return *(const int64_t *)(const void *)((const char *)s + q->at);
}

static bool counts(const struct act *act)
{
    return act->principal && act->principal->role == ROLE_BUYER;
}

int quota_before(const struct act *act, struct stored *out, struct err *e)
{
    *out = (struct stored){ 0 };
    if (!counts(act)) return 0;
    return q_stored_get(act->tx, act->tenant->tenant_id, act->principal->principal_id, out, e);
}

int quota_check(const struct act *act, const struct stored *before, struct err *e)
{
    struct stored now;
    if (!counts(act)) return 0;
    if (q_stored_get(act->tx, act->tenant->tenant_id, act->principal->principal_id, &now, e)) return -1;
    yyjson_val *stated = json_obj(document_read(act->arena, act->tenant->doc), "quotas");
    for (size_t i = 0; i < ARRAY_LEN(quotas); i++) {
        const struct quota *q = &quotas[i];
        int64_t allowed = json_i64_or(stated, q->name, q->preset), n = of(&now, q);
        if (allowed <= 0 || n <= allowed || n <= of(before, q)) continue;
        (void)err_set(e, "VALIDATION_ERROR",
                      "The publisher's quota quotas.%s allows %lld %s; with this there would be %lld.", q->name,
                      (long long)allowed, q->what, (long long)n);
        return err_suggest(e, "%s", q->how);
    }
    return 0;
}

static bool is_quota(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(quotas); i++) {
        if (strcmp(name, quotas[i].name) == 0) return true;
    }
    return false;
}

int quota_check_settings(yyjson_val *settings, const char *at, struct err *e)
{
    yyjson_val *stated = NULL, *key, *value;
    const struct json_range range = { 0, INT64_C(1) << 50 };
    size_t i, n;
    int64_t number;
    if (json_opt_obj(JSON_FIELD(settings, "quotas", at), &stated, e)) return -1;
    yyjson_obj_foreach(stated, i, n, key, value) {
        const char *name = yyjson_get_str(key);
        if (!is_quota(name)) {
            (void)err_set(e, "VALIDATION_ERROR", "quotas has media_buys, creatives, objects and bytes.");
            return err_field(e, "%s/quotas/%s", at, name);
        }
        if (json_opt_i64(JSON_FIELD(stated, name, "/quotas"), range, &number, e)) return err_in(e, "%s", at);
    }
    return 0;
}

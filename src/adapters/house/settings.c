#include "adapters/house/house.h"
#include "base/address.h"
#include "base/arena.h"

#define RATE_MAX  1000000
#define DAYS_MIN  31
#define DAYS_MAX  3660
#define TEXT_MAX  60
#define PATH_MAX_ 1024

/* ---- the publisher's settings ---- */

static int bad(struct err *e, const char *member, const char *text)
{
    (void)err_set(e, "CONFIGURATION_ERROR", "%s %s", member, text);
    return err_field(e, "/%s", member);
}

static int text_within(yyjson_val *v, const char *member, size_t max, struct err *e)
{
    if (yyjson_is_str(v) && yyjson_get_len(v) > 0 && yyjson_get_len(v) <= max) return 0;
    (void)err_set(e, "CONFIGURATION_ERROR", "%s must be text of 1 to %zu bytes", member, max);
    return err_field(e, "/%s", member);
}

static int number_within(yyjson_val *v, const char *member, int64_t min, int64_t max, struct err *e)
{
    if (yyjson_is_int(v) && yyjson_get_sint(v) >= min && yyjson_get_sint(v) <= max) return 0;
    (void)err_set(e, "CONFIGURATION_ERROR", "%s must be a whole number from %lld to %lld", member, (long long)min,
                  (long long)max);
    return err_field(e, "/%s", member);
}

static int check_addresses(yyjson_val *list, struct err *e)
{
    struct network n;
    yyjson_val *v;
    size_t i, count;
    if (!yyjson_is_arr(list)) return bad(e, "internal_addresses", "must be a list");
    if (yyjson_arr_size(list) > 1000) return bad(e, "internal_addresses", "must be a list of at most 1000");
    yyjson_arr_foreach(list, i, count, v) {
        if (yyjson_is_str(v) && network_parse((struct str){ yyjson_get_str(v), yyjson_get_len(v) }, &n)) continue;
        (void)err_set(e, "CONFIGURATION_ERROR",
                      "an address is like 192.0.2.1, a network like 192.0.2.0/24 or 2001:db8::/32");
        return err_field(e, "/internal_addresses/%zu", i);
    }
    return 0;
}

/* A header's name, in characters that names have. */
static int check_header(yyjson_val *v, struct err *e)
{
    if (text_within(v, "country_header", TEXT_MAX, e)) return -1;
    for (const char *p = yyjson_get_str(v); *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-';
        if (!plain) return bad(e, "country_header", "must be the name of a header");
    }
    return 0;
}

static int check_member(const char *name, yyjson_val *v, struct err *e)
{
    static const char *const ids[] = { "consent", "always", "never" };
    if (strcmp(name, "label") == 0) return text_within(v, name, TEXT_MAX, e);
    if (strcmp(name, "paid_by_label") == 0) return text_within(v, name, TEXT_MAX, e);
    if (strcmp(name, "who_paid") == 0) return yyjson_is_bool(v) ? 0 : bad(e, name, "must be true or false");
    if (strcmp(name, "country_header") == 0) return check_header(v, e);
    if (strcmp(name, "country_file") == 0) return text_within(v, name, PATH_MAX_, e);
    if (strcmp(name, "internal_addresses") == 0) return check_addresses(v, e);
    if (strcmp(name, "impressions_per_minute") == 0) return number_within(v, name, 0, RATE_MAX, e);
    if (strcmp(name, "clicks_per_minute") == 0) return number_within(v, name, 0, RATE_MAX, e);
    if (strcmp(name, "keep_days") == 0) return number_within(v, name, DAYS_MIN, DAYS_MAX, e);
    if (strcmp(name, "visitor_ids") == 0) {
        for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
            if (yyjson_equals_str(v, ids[i])) return 0;
        }
        return bad(e, name, "must be consent, always or never");
    }
    return bad(e, name, "is no setting of the built-in ad server");
}

static int check_settings(yyjson_val *root, struct err *e)
{
    yyjson_val *key, *v;
    size_t i, n;
    if (!yyjson_is_obj(root)) {
        return err_set(e, "CONFIGURATION_ERROR", "the built-in ad server's settings must be a JSON object");
    }
    yyjson_obj_foreach(root, i, n, key, v) {
        if (check_member(yyjson_get_str(key), v, e)) return -1;
    }
    return 0;
}

int house_configure(struct arena *arena, const struct adapter_site *site, struct str json, const void **config,
                    struct err *e)
{
    struct house_config *c = ARENA_NEW(arena, struct house_config);
    c->timezone = site->timezone;
    *config = c;
    if (json.n == 0) return 0;
    yyjson_doc *doc = yyjson_read(json.p, json.n, YYJSON_READ_NOFLAG);
    int rc = check_settings(yyjson_doc_get_root(doc), e);
    yyjson_doc_free(doc);
    return rc;
}

/* ---- a product's settings ---- */

static void check_slots(yyjson_val *slots, const struct adapter_catalog *catalog, struct adapter_problems *out)
{
    yyjson_val *v;
    size_t i, n;
    if (!yyjson_is_arr(slots) || yyjson_arr_size(slots) == 0) {
        adapter_problem_add(out, STR_NONE, "slots", "must list the slots that the product runs in");
        return;
    }
    yyjson_arr_foreach(slots, i, n, v) {
        struct adapter_item item;
        char at[32];
        (void)snprintf(at, sizeof(at), "slots/%zu", i);
        if (!yyjson_is_str(v)) {
            adapter_problem_add(out, STR_NONE, at, "must be a slot_id");
        } else if (!catalog->find(catalog, "slot", (struct str){ yyjson_get_str(v), yyjson_get_len(v) }, &item)) {
            adapter_problem_add(out, STR_NONE, at, "there is no slot \"%.64s\"", yyjson_get_str(v));
        }
    }
}

static void check_key_values(yyjson_val *keys, struct adapter_problems *out)
{
    yyjson_val *key, *values, *v;
    size_t i, n, k, m;
    if (!keys) return;
    if (!yyjson_is_obj(keys)) {
        adapter_problem_add(out, STR_NONE, "key_values", "must be an object of lists: {\"section\": [\"sport\"]}");
        return;
    }
    yyjson_obj_foreach(keys, i, n, key, values) {
        char at[96];
        bool fine = yyjson_is_arr(values) && yyjson_arr_size(values) > 0;
        yyjson_arr_foreach(values, k, m, v) fine = fine && yyjson_is_str(v);
        if (fine) continue;
        (void)snprintf(at, sizeof(at), "key_values/%.80s", yyjson_get_str(key));
        adapter_problem_add(out, STR_NONE, at, "must be a list of values, of which one has to match");
    }
}

static void check_rest(yyjson_val *root, struct adapter_problems *out)
{
    static const char *const known[] = { "name", "slots", "key_values", "priority", "share_percent" };
    yyjson_val *key, *v, *share = yyjson_obj_get(root, "share_percent"), *priority = yyjson_obj_get(root, "priority");
    size_t i, n;
    yyjson_obj_foreach(root, i, n, key, v) {
        bool is_known = false;
        for (size_t k = 0; k < ARRAY_LEN(known); k++) is_known = is_known || yyjson_equals_str(key, known[k]);
        if (!is_known)
            adapter_problem_add(out, STR_NONE, yyjson_get_str(key), "is no setting of the built-in ad server");
    }
    if (priority && !yyjson_equals_str(priority, "filler")) {
        adapter_problem_add(out, STR_NONE, "priority", "may be filler: shown where nothing else is");
    }
    if (share && !(yyjson_is_int(share) && yyjson_get_sint(share) >= 1 && yyjson_get_sint(share) <= 100)) {
        adapter_problem_add(out, STR_NONE, "share_percent", "must be a whole number from 1 to 100");
    }
}

void house_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                         struct adapter_problems *out)
{
    yyjson_doc *doc = json.n ? yyjson_read(json.p, json.n, YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    check_slots(yyjson_obj_get(root, "slots"), catalog, out);
    check_key_values(yyjson_obj_get(root, "key_values"), out);
    check_rest(root, out);
    yyjson_doc_free(doc);
}

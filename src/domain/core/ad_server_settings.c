/* A publisher's ad servers as its settings say them: read, checked, kept sealed, and shown again. */
#include "base/log.h"
#include "base/seal.h"
#include "contract/document.h"
#include "domain/core/ad_server.h"
#include "domain/core/secrets.h"

#define NAME_MAX_BYTES 64
#define WAIT_DAYS_MAX  90

/* ---- reading ---- */

/* One entry, as it is written. */
struct entry {
    struct ad_server_row row; /* settings in clear */
    const char *at;           /* of its settings */
};

static int bad(struct err *e, const char *at, const char *message)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", message);
    return err_field(e, "%s", at);
}

static bool name_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!good) return false;
    }
    return s.n > 0 && s.n <= NAME_MAX_BYTES;
}

static int unknown_adapter(struct arena *a, const char *at, struct err *e)
{
    struct str all = STR_NONE;
    size_t n;
    const struct adapter *const *list = adapter_list(&n);
    for (size_t i = 0; i < n; i++) {
        all = arena_printf(a, STR_FMT "%s%s", STR_ARG(all), i ? ", " : "", list[i]->name);
    }
    (void)err_set(e, "INVALID_REQUEST", "there is no ad server adapter of that name");
    (void)err_suggest(e, "The adapters are " STR_FMT ".", STR_ARG(all));
    return err_field(e, "%s", at);
}

static int read_entry(const struct ad_server_writer *w, yyjson_val *v, const char *at, struct entry *out, struct err *e)
{
    static const char *const known[] = { "name", "adapter", "settings", "wait_days" };
    const struct json_len len = { 1, NAME_MAX_BYTES };
    yyjson_val *settings = NULL, *key;
    size_t i, n;
    if (!yyjson_is_obj(v)) return bad(e, at, "an ad server is an object");
    yyjson_obj_foreach(v, i, n, key, settings) {
        bool found = false;
        for (size_t k = 0; k < ARRAY_LEN(known); k++) found = found || str_is(json_val_str(key), known[k]);
        if (!found)
            return bad(e, arena_printf(w->arena, "%s/%s", at, yyjson_get_str(key)).p, "there is no such member here");
    }
    settings = NULL;
    *out = (struct entry){ .row = { .tenant_id = w->tenant_id }, .at = arena_printf(w->arena, "%s/settings", at).p };
    if (json_req_str(JSON_FIELD(v, "adapter", at), len, &out->row.adapter, e)) return -1;
    out->row.name = out->row.adapter;
    if (json_opt_str(JSON_FIELD(v, "name", at), len, &out->row.name, e) ||
        json_opt_i64(JSON_FIELD(v, "wait_days", at), (struct json_range){ 1, WAIT_DAYS_MAX }, &out->row.wait_days, e) ||
        json_opt_obj(JSON_FIELD(v, "settings", at), &settings, e)) {
        return -1;
    }
    if (!name_valid(out->row.name))
        return bad(e, arena_printf(w->arena, "%s/name", at).p, "letters, digits, _ and - only");
    if (settings) out->row.settings = json_write_val(w->arena, settings);
    if (adapter_find(out->row.adapter)) return 0;
    return unknown_adapter(w->arena, arena_printf(w->arena, "%s/adapter", at).p, e);
}

static int read_list(const struct ad_server_writer *w, yyjson_val *list, const char *at, struct entry *out,
                     struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        const char *here = arena_printf(w->arena, "%s/ad_servers/%zu", at, i).p;
        if (read_entry(w, v, here, &out[i], e)) return -1;
        out[i].row.position = (int64_t)i;
        for (size_t k = 0; k < i; k++) {
            if (str_eq(out[k].row.name, out[i].row.name)) {
                return bad(e, arena_printf(w->arena, "%s/name", here).p, "two ad servers have this name");
            }
        }
    }
    return 0;
}

/* "adapter" and "adapter_settings": one, named like its adapter. Members not given stay as they are. *same: it is the first of
 * those there are. */
static int read_short(const struct ad_server_writer *w, yyjson_val *doc, const char *at, struct entry *out, bool *same,
                      struct err *e)
{
    struct ad_server_row old = { .name = STR_NONE };
    struct str adapter = STR_NONE;
    yyjson_val *settings = NULL;
    int found = q_ad_server_get(w->tx, w->arena, w->tenant_id, STR_NONE, &old, e);
    bool removed = yyjson_is_null(yyjson_obj_get(doc, "adapter_settings"));
    if (found < 0 ||
        json_opt_str(JSON_FIELD(doc, "adapter", at), (struct json_len){ 1, NAME_MAX_BYTES }, &adapter, e) ||
        (!removed && json_opt_obj(JSON_FIELD(doc, "adapter_settings", at), &settings, e))) {
        return -1;
    }
    *same = found && (!adapter.n || str_eq(adapter, old.adapter));
    if (!adapter.n && !found) return bad(e, arena_printf(w->arena, "%s/adapter", at).p, "which ad server is it?");
    *out = (struct entry){ .at = arena_printf(w->arena, "%s/adapter_settings", at).p };
    out->row = *same ? old : (struct ad_server_row){ .tenant_id = w->tenant_id, .name = adapter, .adapter = adapter };
    if (*same && ad_server_settings(w->tx, w->arena, &old, &out->row.settings, e)) return -1;
    if (json_has(doc, "adapter_settings")) out->row.settings = settings ? json_write_val(w->arena, settings) : STR_NONE;
    if (adapter_find(out->row.adapter)) return 0;
    return unknown_adapter(w->arena, arena_printf(w->arena, "%s/adapter", at).p, e);
}

/* ---- writing ---- */

struct kept {
    struct ad_server_row *rows;
    size_t n;
};

static const struct ad_server_row *kept_of(const struct kept *kept, struct str name)
{
    for (size_t i = 0; i < kept->n; i++) {
        if (str_eq(kept->rows[i].name, name)) return &kept->rows[i];
    }
    return NULL;
}

static struct str seal_settings(const struct ad_server_writer *w, const struct ad_server_row *row)
{
    return sealed_make(w->tx, w->arena, ad_server_sealed_for(w->arena, row), row->settings);
}

/* Whatever this server is, its settings must be ones that its adapter takes. */
static int check(const struct ad_server_writer *w, const struct entry *x, struct err *e)
{
    struct adapter_site site = { .tenant_id = w->tenant_id,
                                 .ad_server = x->row.name,
                                 .timezone = STR("UTC"),
                                 .currency = "USD",
                                 .sandbox = w->sandbox };
    const void *config;
    if (adapter_find(x->row.adapter)->configure(w->arena, &site, x->row.settings, &config, e) == 0) return 0;
    return err_in(e, "%s", x->at);
}

static int write_one(const struct ad_server_writer *w, struct entry *x, const struct kept *kept, struct err *e)
{
    const struct ad_server_row *old = kept_of(kept, x->row.name);
    struct str had = STR_NONE;
    if (old && ad_server_settings(w->tx, w->arena, old, &had, e)) return -1;
    if (x->row.settings.n && secrets_restored(w->arena, &x->row.settings, had, e)) return err_in(e, "%s", x->at);
    if (check(w, x, e)) return -1;
    bool same = old && str_eq(old->adapter, x->row.adapter) && old->position == x->row.position &&
                old->wait_days == x->row.wait_days && document_same(w->arena, had, x->row.settings);
    if (same) return 0;
    x->row.settings = seal_settings(w, &x->row);
    return q_ad_server_put(w->tx, &x->row, w->now, e) ? -1 : 1;
}

static int remove_one(const struct ad_server_writer *w, const struct ad_server_row *row, const char *at, struct err *e)
{
    struct ad_server_key key = { w->tenant_id, row->name };
    int64_t used = 0;
    if (q_ad_server_used(w->tx, &key, &used, e)) return -1;
    if (used == 0) return q_ad_server_delete(w->tx, &key, e);
    (void)err_set(e, "INVALID_STATE", "%lld media buy%s on the ad server \"" STR_FMT "\", which this leaves out",
                  (long long)used, used == 1 ? " is" : "s are", STR_ARG(row->name));
    (void)err_suggest(e,
                      "Keep it in ad_servers until they have ended; what is put before it is where new products are.");
    return err_field(e, "%s/ad_servers", at);
}

/* `others_stay`: the list is not all of them. */
static int write_all(const struct ad_server_writer *w, struct entry *list, size_t n, bool others_stay, const char *at,
                     struct err *e)
{
    struct kept kept;
    int changed = 0;
    if (q_ad_server_list(w->tx, w->arena, w->tenant_id, &kept.rows, &kept.n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        int rc = write_one(w, &list[i], &kept, e);
        if (rc < 0) return -1;
        changed |= rc;
    }
    for (size_t k = 0; k < kept.n && !others_stay; k++) {
        bool stays = false;
        for (size_t i = 0; i < n; i++) stays = stays || str_eq(kept.rows[k].name, list[i].row.name);
        if (stays) continue;
        if (remove_one(w, &kept.rows[k], at, e)) return -1;
        changed = 1;
    }
    return changed;
}

bool ad_server_setting(struct str member)
{
    return str_is(member, "adapter") || str_is(member, "adapter_settings") || str_is(member, "ad_servers");
}

int ad_servers_write(const struct ad_server_writer *w, yyjson_val *doc, const char *at, struct str *adapter,
                     struct err *e)
{
    struct entry *list = ARENA_ARRAY(w->arena, struct entry, AD_SERVERS_MAX);
    yyjson_val *given = NULL;
    size_t n = 1;
    bool first_again = false, short_form = json_has(doc, "adapter") || json_has(doc, "adapter_settings");
    *adapter = STR_NONE;
    if (json_opt_arr(JSON_FIELD(doc, "ad_servers", at), (struct json_len){ 1, AD_SERVERS_MAX }, &given, e)) return -1;
    if (!given && !short_form) return 0;
    if (given && short_form) {
        return bad(e, arena_printf(w->arena, "%s/ad_servers", at).p,
                   "either ad_servers, or adapter with adapter_settings");
    }
    if (given) n = yyjson_arr_size(given);
    if (given ? read_list(w, given, at, list, e) : read_short(w, doc, at, &list[0], &first_again, e)) return -1;
    *adapter = list[0].row.adapter;
    return write_all(w, list, n, first_again, at, e);
}

int ad_servers_check_live(struct tx *tx, struct arena *a, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(tx, a, STR_NONE, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        const struct adapter *adapter = adapter_find(rows[i].adapter);
        struct adapter_site site = { .tenant_id = rows[i].tenant_id, .ad_server = rows[i].name };
        struct str settings;
        const void *config;
        struct err why;
        if (!adapter || !adapter->simulates || ad_server_settings(tx, a, &rows[i], &settings, &why)) continue;
        if (adapter->configure(a, &site, settings, &config, &why) == 0) continue;
        (void)err_set(e, why.code, "publisher " STR_FMT ", ad server " STR_FMT ": %s", STR_ARG(rows[i].tenant_id),
                      STR_ARG(rows[i].name), why.message);
        return err_suggest(e, "%s", why.suggestion);
    }
    return 0;
}

int ad_server_change(const struct ad_server_writer *w, struct str name, yyjson_val *settings, const char *at,
                     struct err *e)
{
    struct ad_server_row row;
    int found = q_ad_server_get(w->tx, w->arena, w->tenant_id, name, &row, e);
    if (found < 0) return -1;
    if (!found) return err_set(e, "REFERENCE_NOT_FOUND", "The publisher has no ad server of that name.");
    if (!adapter_find(row.adapter)) return unknown_adapter(w->arena, at, e);
    struct kept kept = { &row, 1 };
    struct entry x = { row, at };
    x.row.settings = json_write_val(w->arena, settings);
    return write_one(w, &x, &kept, e);
}

/* ---- showing ---- */

static void show_settings(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, struct str settings)
{
    if (settings.n > 2) (void)json_add_text(doc, o, key, secrets_redacted(a, settings)); /* a damaged one is left out */
}

int ad_servers_show(struct tx *tx, struct arena *a, struct str tenant_id, yyjson_mut_doc *doc, yyjson_mut_val *out,
                    struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(tx, a, tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        struct err damaged; /* what does not open is shown as if it were empty: `adapter list` says why */
        if (ad_server_settings(tx, a, &rows[i], &rows[i].settings, &damaged)) rows[i].settings = STR_NONE;
    }
    bool plain = n == 1 && str_eq(rows[0].name, rows[0].adapter) && rows[0].wait_days == 0;
    if (plain) {
        json_add_str(doc, out, "adapter", rows[0].adapter);
        show_settings(a, doc, out, "adapter_settings", rows[0].settings);
        return 0;
    }
    yyjson_mut_val *list = n ? json_add_arr(doc, out, "ad_servers") : NULL;
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "name", rows[i].name);
        json_add_str(doc, o, "adapter", rows[i].adapter);
        if (rows[i].wait_days) json_add_i64(doc, o, "wait_days", rows[i].wait_days);
        show_settings(a, doc, o, "settings", rows[i].settings);
    }
    return 0;
}

/* ---- keys ---- */

int ad_servers_seal(struct tx *tx, struct arena *a, int64_t now, struct sealing *out, struct err *e)
{
    const struct store_keys *keys = tx_keys(tx);
    struct ad_server_row *rows;
    size_t rows_n;
    *out = (struct sealing){ .sealed = 0 };
    if (!keys) return 0;
    if (q_ad_server_list(tx, a, STR_NONE, &rows, &rows_n, e)) return -1;
    for (size_t i = 0; i < rows_n; i++) {
        struct ad_server_writer w = { tx, a, rows[i].tenant_id, now, false };
        bool newest = seal_version(rows[i].settings) == keys->ring.keys[keys->ring.n - 1].version;
        if (rows[i].settings.n == 0 || newest) continue;
        struct err why;
        if (ad_server_settings(tx, a, &rows[i], &rows[i].settings, &why)) {
            log_event(LOG_WARN, "ad_server", "settings do not open", "publisher", arena_cstr(a, rows[i].tenant_id),
                      "ad_server", arena_cstr(a, rows[i].name), "why", why.message, NULL);
            out->unreadable++;
            continue;
        }
        rows[i].settings = seal_settings(&w, &rows[i]);
        if (q_ad_server_put(tx, &rows[i], now, e)) return -1;
        out->sealed++;
    }
    return 0;
}

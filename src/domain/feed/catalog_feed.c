/* See catalog_feed.h. */
#include "domain/feed/catalog_feed.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "contract/document.h"
#include "net/url.h"
#include "store/q/agent/q_job.h"

static const char *const status_names[] = { "pending", "fetched", "failed" };

static struct buyer_object_key key_of(const struct buyer_object_key *catalog)
{
    struct buyer_object_key key = *catalog;
    key.kind = BUYER_OBJECT_CATALOG_FEED;
    return key;
}

int catalog_feed_check(const struct act *act, yyjson_val *entry, const char *at, struct err *e)
{
    struct str url;
    if (json_req_str(JSON_FIELD(entry, "url", at), (struct json_len){ 1, URL_BYTES_MAX }, &url, e)) return -1;
    if (url_allowed(url, act->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC, e)) return err_field(e, "%s/url", at);
    return feed_check(entry, at, e);
}

/* ---- the row ---- */

static int64_t time_or_none(yyjson_val *doc, const char *key)
{
    return json_has(doc, key) ? json_i64_or(doc, key, TIME_NONE) : TIME_NONE;
}

int catalog_feed_load(struct tx *tx, struct arena *a, const struct buyer_object_key *catalog, struct catalog_feed *out,
                      struct err *e)
{
    struct buyer_object_key key = key_of(catalog);
    struct buyer_object_row row;
    int rc = q_buyer_object_get(tx, a, &key, &row, e);
    if (rc < 0) return -1;
    *out = (struct catalog_feed){ .catalog = *catalog, .fetched_at = TIME_NONE, .next_at = TIME_NONE };
    if (rc == 0) return 0;
    yyjson_val *doc = document_read(a, row.doc), *mappings = json_arr(doc, "mappings");
    out->known = true;
    out->url = json_str(doc, "url");
    out->format = json_str(doc, "format");
    out->frequency = json_str(doc, "frequency");
    out->job_id = json_str(doc, "job_id");
    out->reason = json_str(doc, "reason");
    out->mark = json_str(doc, "mark");
    if (mappings) out->mappings = json_write_val(a, mappings);
    if (json_arr(doc, "issues")) out->issues = json_write_val(a, json_arr(doc, "issues"));
    out->fetched_at = time_or_none(doc, "fetched_at");
    out->next_at = time_or_none(doc, "next_at");
    out->rejected = json_i64_or(doc, "rejected", 0);
    for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
        if (str_is(row.status, status_names[i])) out->status = (enum catalog_feed_status)i;
    }
    return 0;
}

static int store(const struct act *act, const struct catalog_feed *f, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "url", f->url);
    json_add_str_opt(doc, o, "format", f->format);
    json_add_str_opt(doc, o, "frequency", f->frequency);
    json_add_str(doc, o, "job_id", f->job_id);
    json_add_str_opt(doc, o, "reason", f->reason);
    json_add_str_opt(doc, o, "mark", f->mark);
    if (f->mappings.n) json_add_raw(doc, o, "mappings", f->mappings);
    if (f->fetched_at != TIME_NONE) json_add_i64(doc, o, "fetched_at", f->fetched_at);
    if (f->next_at != TIME_NONE) json_add_i64(doc, o, "next_at", f->next_at);
    json_add_i64(doc, o, "rejected", f->rejected);
    if (f->issues.n) json_add_raw(doc, o, "issues", f->issues);
    struct buyer_object_row row = { .key = key_of(&f->catalog),
                                    .status = str_from(status_names[f->status]),
                                    .doc = json_write(act->arena, o),
                                    .created_at = act->now,
                                    .updated_at = act->now };
    return q_buyer_object_put(act->tx, &row, e);
}

/* ---- appointments ---- */

static struct str lane_of(struct arena *a, struct str text)
{
    struct url u;
    struct err ignored; /* was checked when it was synced */
    if (url_parse(text, &u, &ignored)) return STR("catalog");
    return arena_printf(a, "catalog:" STR_FMT, STR_ARG(u.authority));
}

static int appoint(const struct act *act, struct catalog_feed *f, int64_t at, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "principal_id", f->catalog.principal_id);
    json_add_str(doc, o, "account_id", f->catalog.account_id);
    json_add_str(doc, o, "catalog_id", f->catalog.object_id);
    f->job_id = id_new(act->arena, act->rng, "job-", act->now);
    f->next_at = at;
    struct job_row job = { .job_id = f->job_id,
                           .tenant_id = f->catalog.tenant_id,
                           .kind = STR(CATALOG_FEED_JOB),
                           .lane = lane_of(act->arena, f->url),
                           .subject = arena_printf(act->arena, CATALOG_FEED_JOB ":" STR_FMT, STR_ARG(f->job_id)),
                           .payload = json_write(act->arena, o),
                           .due_at = act->mock_clock ? 0 : at,
                           .deadline_at = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &job, e);
}

/* How often a feed is fetched; "realtime" is as often as is fair to who serves it. 0: not again. */
static int64_t interval_us(struct str frequency)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } known[] = { { "realtime", 900 }, { "hourly", 3600 }, { "daily", 86400 }, { "weekly", 7 * 86400 } };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_is(frequency, known[i].name)) return known[i].seconds * USEC_PER_SEC;
    }
    return 0;
}

int catalog_feed_ask(const struct act *act, const struct buyer_object_key *catalog, yyjson_val *entry,
                     struct catalog_feed *out, struct err *e)
{
    struct catalog_feed f;
    yyjson_val *mappings = json_arr(entry, "feed_field_mappings");
    struct str url = json_str(entry, "url"), format = json_str(entry, "feed_format");
    struct str text = mappings ? json_write_val(act->arena, mappings) : STR_NONE;
    if (catalog_feed_load(act->tx, act->arena, catalog, &f, e)) return -1;
    bool same = f.known && str_eq(f.url, url) && str_eq(f.format, format) && str_eq(f.mappings, text);
    bool waiting = same && f.status == CATALOG_FEED_PENDING;
    f.frequency = json_str(entry, "update_frequency");
    f.url = url;
    f.format = format;
    f.mappings = text;
    f.status = CATALOG_FEED_PENDING;
    f.reason = STR_NONE;
    if (!same) f.mark = STR_NONE;
    if (!waiting && appoint(act, &f, act->now, e)) return -1;
    *out = f;
    return store(act, &f, e);
}

int catalog_feed_forget(struct tx *tx, const struct buyer_object_key *catalog, struct err *e)
{
    struct buyer_object_key key = key_of(catalog);
    return q_buyer_object_delete(tx, &key, e) < 0 ? -1 : 0;
}

/* ---- what came of it ---- */

static struct str mark_of(struct arena *a, const struct feed_items *items)
{
    uint8_t hash[SHA256_BYTES], all[2 * SHA256_BYTES] = { 0 };
    for (size_t i = 0; i < items->n; i++) { /* a chain: no second copy of everything */
        sha256(items->items[i].doc, all + SHA256_BYTES);
        sha256((struct str){ (const char *)all, sizeof(all) }, hash);
        memcpy(all, hash, sizeof(hash));
    }
    return hex_encode(a, (struct str){ (const char *)all, SHA256_BYTES });
}

static int replace_items(const struct act *act, const struct buyer_object_key *catalog, const struct feed_items *items,
                         struct err *e)
{
    if (q_buyer_object_parts_clear(act->tx, catalog, e)) return -1;
    for (size_t i = 0; i < items->n; i++) {
        struct buyer_object_part part = { items->items[i].id, items->items[i].doc };
        if (q_buyer_object_part_put(act->tx, catalog, &part, e) < 0) return -1;
    }
    return 0;
}

static struct str issues_of(struct arena *a, const struct feed_items *items)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    if (!items->issues_n) return STR_NONE;
    for (size_t i = 0; i < items->issues_n; i++) {
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "item_id", items->issues[i].item_id);
        json_add_cstr(doc, o, "status", "rejected");
        json_push_str(doc, json_add_arr(doc, o, "reasons"), str_from(items->issues[i].reason));
    }
    return json_write(a, list);
}

static int take(const struct act *act, struct catalog_feed *f, struct buyer_object_row *catalog,
                const struct feed_items *items, struct err *e)
{
    struct str mark = mark_of(act->arena, items);
    f->status = CATALOG_FEED_FETCHED;
    f->fetched_at = act->now;
    f->reason = STR_NONE;
    f->rejected = (int64_t)(items->nameless + items->repeated);
    f->issues = issues_of(act->arena, items);
    if (str_eq(mark, f->mark)) return 0;
    f->mark = mark;
    catalog->updated_at = act->now;
    return replace_items(act, &catalog->key, items, e) || q_buyer_object_put(act->tx, catalog, e) ? -1 : 0;
}

int catalog_feed_fetched(const struct act *act, const struct catalog_feed *feed,
                         const struct catalog_feed_result *result, struct err *e)
{
    struct catalog_feed f;
    struct buyer_object_row catalog;
    if (catalog_feed_load(act->tx, act->arena, &feed->catalog, &f, e)) return -1;
    if (!f.known || !str_eq(f.job_id, feed->job_id)) return 0;
    int found = q_buyer_object_get(act->tx, act->arena, &feed->catalog, &catalog, e);
    if (found < 0) return -1;
    if (!found) return catalog_feed_forget(act->tx, &feed->catalog, e); /* it was deleted since */
    if (result->items) {
        if (take(act, &f, &catalog, result->items, e)) return -1;
    } else {
        f.status = CATALOG_FEED_FAILED;
        f.reason = result->failure;
    }
    struct audit_entry line = {
        .action = "catalog.fetch",
        .subject = arena_printf(act->arena, "catalog:" STR_FMT, STR_ARG(f.catalog.object_id)),
        .doc = arena_printf(act->arena, "{\"status\":\"%s\",\"items\":%zu}", status_names[f.status],
                            result->items ? result->items->n : 0),
    };
    if (audit_add(act, &line, e)) return -1;
    int64_t again = interval_us(f.frequency);
    f.next_at = TIME_NONE;
    if (again && appoint(act, &f, act->now + again, e)) return -1;
    return store(act, &f, e);
}

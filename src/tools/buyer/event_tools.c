/* sync_event_sources and log_event. AdCP 3.1 media-buy/log_event.
 *
 * Two events of one source with the same event_id and event_type are one. Personal data comes hashed or not at all. */
#include <stdio.h>

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "tools/buyer/buyer_data_tools.h"
#include "tools/buyer/buyer_object_sync.h"

#define SOURCES_MAX      200
#define EVENTS_MAX       10000
#define FAILURES_SHOWN   1000
#define CLOCKS_DIFFER_US (INT64_C(300) * USEC_PER_SEC)

/* ---- sync_event_sources ---- */

static void add_setup(struct buyer_object_sync *h, yyjson_mut_val *o, struct str id)
{
    struct tool_call *c = h->c;
    yyjson_mut_val *s = json_add_obj(c->doc, o, "setup");
    json_add_str(c->doc, s, "snippet",
                 arena_printf(c->arena,
                              "log_event {\"event_source_id\": \"" STR_FMT
                              "\", \"events\": [{\"event_id\": \"...\", \"event_type\": "
                              "\"purchase\", \"event_time\": \"...\"}]}",
                              STR_ARG(id)));
    json_add_cstr(c->doc, s, "snippet_type", "server_only");
    json_add_cstr(c->doc, s, "instructions",
                  "Send events from your server with the log_event tool, up to 10,000 in a call. Hash e-mail addresses "
                  "and phone numbers with SHA-256 first. The same event_id and event_type count once.");
}

static int add_source(struct buyer_object_sync *h, const struct buyer_object_row *row, yyjson_mut_val *o, struct err *e)
{
    static const char *const shown[] = { "name", "event_types", "action_source", "surface", "ext" };
    struct tool_call *c = h->c;
    struct event_summary seen;
    yyjson_val *doc = document_read(c->arena, row->doc), *source = json_obj(doc, "source");
    struct str seller_id = json_str(doc, "seller_id");
    struct event_row scope = { .tenant_id = row->key.tenant_id,
                               .principal_id = row->key.principal_id,
                               .event_source_id = seller_id };
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) json_add_copy(c->doc, o, shown[i], yyjson_obj_get(source, shown[i]));
    json_add_str(c->doc, o, "seller_id", seller_id);
    json_add_cstr(c->doc, o, "managed_by", "buyer");
    add_setup(h, o, row->key.object_id);
    if (q_event_summary(c->act->tx, &scope, &seen, e)) return -1;
    if (seen.last_at == TIME_NONE) return 0;
    yyjson_mut_val *health = json_add_obj(c->doc, o, "health");
    json_add_cstr(c->doc, health, "status", "minimum");
    json_add_time(c->doc, health, "last_event_at", seen.last_at);
    json_add_time(c->doc, health, "evaluated_at", c->act->now);
    return 0;
}

static int sync_source(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *e)
{
    struct arena *a = h->c->arena;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    struct str seller_id = json_str(document_read(a, item->row.doc), "seller_id");
    if (!id_text_valid(item->id, BUYER_OBJECT_ID_MAX)) {
        (void)err_set(e, "INVALID_REQUEST", "event_source_id may hold printable ASCII without spaces and quotes only.");
        return err_field(e, "%s/event_source_id", item->at);
    }
    if (!seller_id.n) seller_id = id_new(a, h->c->act->rng, "evs-", h->c->act->now);
    json_add_copy(doc, root, "source", item->entry);
    json_add_str(doc, root, "seller_id", seller_id);
    item->row.name = json_str(item->entry, "name");
    if (buyer_object_keep(h, item, json_write(a, root), NULL, e)) return -1;
    return add_source(h, &item->row, item->reply, e);
}

int sync_event_sources_run(struct tool_call *c, struct err *e)
{
    static const struct buyer_object_ops ops = { sync_source, add_source };
    struct buyer_object_sync h = { .c = c,
                                   .kind = BUYER_OBJECT_EVENT_SOURCE,
                                   .id_key = "event_source_id",
                                   .list_key = "event_sources",
                                   .list_max = SOURCES_MAX };
    return buyer_object_begin(&h, e) || buyer_object_run(&h, &ops, e) ? -1 : 0;
}

/* ---- log_event ---- */

struct logging {
    struct tool_call *c;
    struct str seller_id;
    yyjson_val *source; /* as synced */
    yyjson_mut_val *failures;
    int64_t processed, repeated, failed;
    int64_t ahead;     /* processed, though they have not happened yet */
    int64_t matchable; /* processed, and with something that an ad exposure can be found by */
};

/* The caller's source of that id; the account given decides when several accounts have one. */
static int find_source(struct logging *l, struct err *e)
{
    struct tool_call *c = l->c;
    struct account_ref ref;
    struct account_row account;
    struct buyer_object_row row;
    struct err ignored;
    struct buyer_object_key key = { c->act->tenant->tenant_id, BUYER_OBJECT_EVENT_SOURCE,
                                    c->act->principal->principal_id, STR_NONE, STR_NONE };
    if (json_req_str(JSON_FIELD(c->args, "event_source_id", ""), (struct json_len){ 1, BUYER_OBJECT_ID_MAX },
                     &key.object_id, e)) {
        return -1;
    }
    bool named = account_ref_read(c->args, &ref, &ignored) == 0 && ref.given &&
                 account_find(c->act, &ref, ACCOUNT_USE_SYNC, &account, &ignored) == 1;
    if (named) key.account_id = account.account_id;
    int rc = q_buyer_object_get(c->act->tx, c->arena, &key, &row, e);
    if (rc == 0 && named) {
        key.account_id = STR_NONE;
        rc = q_buyer_object_get(c->act->tx, c->arena, &key, &row, e);
    }
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no event source of that id.");
        (void)err_suggest(e, "Declare it with sync_event_sources.");
        return err_field(e, "/event_source_id");
    }
    yyjson_val *doc = document_read(c->arena, row.doc);
    l->seller_id = json_str(doc, "seller_id");
    l->source = json_obj(doc, "source");
    return 0;
}

static bool hashed(struct str s)
{
    if (s.n != 64) return false;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f'))) return false;
    }
    return true;
}

static bool has_at_sign(struct str s)
{
    return s.n > 0 && memchr(s.p, '@', s.n) != NULL;
}

static bool has_identifier(yyjson_val *user)
{
    static const char *const identifiers[] = { "uids", "hashed_email", "hashed_phone", "click_id" };
    for (size_t i = 0; i < ARRAY_LEN(identifiers); i++) {
        if (json_has(user, identifiers[i])) return true;
    }
    return false;
}

/* NULL, or what is wrong. */
static const char *clear_text_in(yyjson_val *user)
{
    static const char *const personal[] = { "email", "phone",   "phone_number", "first_name",   "last_name",
                                            "name",  "address", "street",       "date_of_birth" };
    static const char problem[] =
        "Personal data must be hashed: send hashed_email or hashed_phone (SHA-256, lower-case hex).";
    yyjson_val *uid;
    size_t i, n;
    for (i = 0; i < ARRAY_LEN(personal); i++) {
        if (json_has(user, personal[i])) return problem;
    }
    if (json_has(user, "hashed_email") && !hashed(json_str(user, "hashed_email"))) return problem;
    if (json_has(user, "hashed_phone") && !hashed(json_str(user, "hashed_phone"))) return problem;
    yyjson_arr_foreach(json_arr(user, "uids"), i, n, uid) {
        if (has_at_sign(json_str(uid, "value"))) return problem;
    }
    return has_at_sign(json_str(user, "click_id")) ? problem : NULL;
}

static bool type_accepted(yyjson_val *source, struct str type)
{
    yyjson_val *list = json_arr(source, "event_types"), *v;
    size_t i, n;
    if (!list) return true;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(json_val_str(v), type)) return true;
    }
    return false;
}

static void fail_event(struct logging *l, struct str id, const char *code, const char *message)
{
    l->failed++;
    if (yyjson_mut_arr_size(l->failures) >= FAILURES_SHOWN) return;
    yyjson_mut_val *o = json_push_obj(l->c->doc, l->failures);
    json_add_str(l->c->doc, o, "event_id", id);
    json_add_cstr(l->c->doc, o, "code", code);
    json_add_cstr(l->c->doc, o, "message", message);
}

static int log_one(struct logging *l, yyjson_val *event, struct err *e)
{
    struct tool_call *c = l->c;
    struct str id = json_str(event, "event_id"), type = json_str(event, "event_type");
    struct event_row row = { .tenant_id = c->act->tenant->tenant_id,
                             .principal_id = c->act->principal->principal_id,
                             .event_source_id = l->seller_id,
                             .event_id = id,
                             .event_type = type,
                             .logged_at = c->act->now };
    struct err why;
    if (!id.n || id.n > BUYER_OBJECT_ID_MAX || !type.n) {
        fail_event(l, id, "INVALID_REQUEST", "event_id and event_type are needed.");
        return 0;
    }
    if (json_req_time(JSON_FIELD(event, "event_time", ""), &row.event_at, &why)) {
        fail_event(l, id, "INVALID_REQUEST", "event_time must be an RFC 3339 date-time with an offset.");
        return 0;
    }
    const char *problem = clear_text_in(json_obj(event, "user_match"));
    if (!problem && (json_has(event, "email") || json_has(event, "phone"))) problem = clear_text_in(event);
    if (problem) {
        fail_event(l, id, "VALIDATION_ERROR", problem);
        return 0;
    }
    if (!type_accepted(l->source, type)) {
        fail_event(l, id, "VALIDATION_ERROR", "The event source does not take events of this type.");
        return 0;
    }
    if (str_is(type, "custom") && !json_str(event, "custom_event_name").n) {
        fail_event(l, id, "VALIDATION_ERROR", "A custom event needs custom_event_name.");
        return 0;
    }
    row.doc = json_write_val(c->arena, event);
    int rc = json_has(c->args, "test_event_code") ? 1 : q_event_add(c->act->tx, &row, e);
    if (rc < 0) return -1;
    l->processed++;
    if (row.event_at > c->act->now + CLOCKS_DIFFER_US) l->ahead++;
    if (has_identifier(json_obj(event, "user_match"))) l->matchable++;
    if (rc == 0) l->repeated++;
    return 0;
}

static void add_warnings(struct logging *l)
{
    struct tool_call *c = l->c;
    bool test = json_has(c->args, "test_event_code");
    if (!l->repeated && !l->ahead && !test && l->failed <= FAILURES_SHOWN) return;
    yyjson_mut_val *w = json_add_arr(c->doc, c->reply, "warnings");
    if (l->repeated) {
        json_push_str(c->doc, w,
                      arena_printf(c->arena, "%lld events had been logged before and were not counted again.",
                                   (long long)l->repeated));
    }
    if (l->ahead) {
        json_push_str(c->doc, w,
                      arena_printf(c->arena,
                                   "%lld events have an event_time in the future: look at the clock or the year.",
                                   (long long)l->ahead));
    }
    if (test) json_push_str(c->doc, w, STR("Test events are checked and not kept."));
    if (l->failed > FAILURES_SHOWN) json_push_str(c->doc, w, STR("Only the first 1000 failures are listed."));
}

int log_event_run(struct tool_call *c, struct err *e)
{
    struct logging l = { .c = c, .failures = yyjson_mut_arr(c->doc) };
    yyjson_val *list, *event;
    size_t i, n;
    if (json_req_arr(JSON_FIELD(c->args, "events", ""), (struct json_len){ 1, EVENTS_MAX }, &list, e)) return -1;
    if (find_source(&l, e)) return -1;
    yyjson_arr_foreach(list, i, n, event) {
        if (log_one(&l, event, e)) return -1;
    }
    json_add_i64(c->doc, c->reply, "events_received", (int64_t)yyjson_arr_size(list));
    json_add_i64(c->doc, c->reply, "events_processed", l.processed);
    /* As a decimal of six places: json_add_money prints those, whatever they count. */
    json_add_money(c->doc, c->reply, "match_quality", l.matchable * MICROS_PER_UNIT / (int64_t)yyjson_arr_size(list));
    if (l.failed) json_add_val(c->doc, c->reply, "partial_failures", l.failures);
    add_warnings(&l);
    if (c->act->principal->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    c->message = arena_printf(c->arena, "%lld of %zu events processed.", (long long)l.processed, yyjson_arr_size(list));
    return 0;
}

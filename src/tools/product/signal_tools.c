/* get_signals and activate_signal: the publisher's first-party segments (AdCP 3.1 signals/).
 *
 * A brief orders the signals by how many of its words they speak of and leaves none out: there are few, and a buyer
 * can read. What leaves signals out are filters, ids, countries and destinations. */
#include "tools/product/signal_tools.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/buyer/account.h"
#include "domain/core/audit.h"
#include "contract/document.h"
#include "store/q/q_buyer_object.h"
#include "tools/product/catalog_reply.h"
#include "tools/core/page.h"

#define SIGNALS_MAX 5000
#define ID_MAX      256
#define WORDS_MAX   1000 /* of each list that signals are held against */
#define BRIEF_MAX   4000 /* bytes of a brief that are looked at */

struct signal {
    struct str id, text; /* the stored document */
    yyjson_val *doc;
    int score;
};

struct asking {
    struct tool_call *c;
    struct tenant_settings ts;
    struct signal *signals;
    size_t n;
    struct str version; /* of the whole feed */
};

/* ---- reading the catalogue ---- */

static int read_signals(struct asking *q, struct err *e)
{
    struct tool_call *c = q->c;
    struct catalog_rows rows;
    struct catalog_slice all = { 0, SIGNALS_MAX };
    struct str text = STR("");
    if (q_catalog_list(c->act->tx, c->arena, CATALOG_SIGNAL, c->act->tenant->tenant_id, all, &rows, e)) return -1;
    q->signals = ARENA_ARRAY(c->arena, struct signal, rows.n + 1);
    uint8_t hash[SHA256_BYTES] = { 0 };
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *doc = reply_parse_row(c, &rows.rows[i]);
        if (!doc) continue;
        q->signals[q->n++] = (struct signal){ .id = rows.rows[i].id, .text = rows.rows[i].doc, .doc = doc };
        text = arena_printf(c->arena, STR_FMT STR_FMT, STR_ARG(hex_encode(c->arena, (struct str){ (char *)hash, 8 })),
                            STR_ARG(rows.rows[i].doc));
        sha256(text, hash);
    }
    q->version = hex_encode(c->arena, (struct str){ (const char *)hash, 8 });
    return 0;
}

/* ---- what is wanted ---- */

static char fold(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
}

static bool letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (unsigned char)ch >= 0x80;
}

static bool contains_word(struct str text, struct str word)
{
    for (size_t i = 0; i + word.n <= text.n; i++) {
        size_t k = 0;
        while (k < word.n && fold(text.p[i + k]) == fold(word.p[k])) k++;
        if (k == word.n && (i == 0 || !letter(fold(text.p[i - 1])))) return true;
    }
    return false;
}

/* How many words of the brief (of four letters and more) begin a word of the signal's document; the name counts twice. */
static int score_of(const struct signal *s, struct str brief)
{
    int score = 0;
    for (size_t i = 0; i < brief.n;) {
        while (i < brief.n && !letter(fold(brief.p[i]))) i++;
        size_t from = i;
        while (i < brief.n && letter(fold(brief.p[i]))) i++;
        struct str word = { brief.p + from, i - from };
        if (word.n < 4) continue;
        if (word.n > 5) word.n -= 2; /* endings */
        if (contains_word(json_str(s->doc, "name"), word)) score += 2;
        if (contains_word(json_str(s->doc, "description"), word)) score++;
        yyjson_val *v;
        size_t k, n;
        yyjson_arr_foreach(json_arr(s->doc, "categories"), k, n, v) {
            if (contains_word(json_val_str(v), word)) score++;
        }
    }
    return score;
}

/* signal_ids [{id}] and signal_refs [{signal_id}]; neither: all. */
static bool id_wanted(yyjson_val *args, struct str id)
{
    yyjson_val *ids = json_arr(args, "signal_ids"), *refs = json_arr(args, "signal_refs"), *v;
    size_t i, n;
    if (!ids && !refs) return true;
    yyjson_arr_foreach(ids, i, n, v) {
        if (str_eq(json_str(v, "id"), id)) return true;
    }
    yyjson_arr_foreach(refs, i, n, v) {
        if (str_eq(json_str(v, "signal_id"), id)) return true;
    }
    return false;
}

/* A limit on a price leaves signals that have an offer of that kind within it. */
static bool priced_within(yyjson_val *doc, const char *model, const char *member, double limit)
{
    yyjson_val *option;
    size_t i, n;
    yyjson_arr_foreach(json_arr(doc, "pricing_options"), i, n, option) {
        if (str_is(json_str(option, "model"), model) && json_real_or(option, member, 1e18) <= limit) return true;
    }
    return false;
}

static bool passes_filters(const struct asking *q, yyjson_val *doc)
{
    yyjson_val *f = json_obj(q->c->args, "filters");
    yyjson_val *types = json_arr(f, "catalog_types"), *providers = json_arr(f, "data_providers");
    if (types && !reply_arr_has(types, STR("owned"))) return false;
    if (providers && !reply_arr_has(providers, q->c->act->tenant->name)) return false;
    if (json_real_or(doc, "coverage_percentage", 0) < json_real_or(f, "min_coverage_percentage", 0)) return false;
    if (json_has(f, "max_cpm") && !priced_within(doc, "cpm", "cpm", json_real_or(f, "max_cpm", 0))) return false;
    return !json_has(f, "max_percent") ||
           priced_within(doc, "percent_of_media", "percent", json_real_or(f, "max_percent", 0));
}

static bool in_countries(yyjson_val *args, yyjson_val *doc)
{
    yyjson_val *wanted = json_arr(args, "countries"), *have = json_arr(doc, "countries"), *v;
    size_t i, n;
    if (!wanted || !have) return true;
    yyjson_arr_foreach(wanted, i, n, v) {
        if (reply_arr_has(have, json_val_str(v))) return true;
    }
    return false;
}

/* Ordered by score; equal ones stay in the publisher's order. */
static void choose(struct asking *q)
{
    struct str brief = json_str(q->c->args, "signal_spec");
    size_t kept = 0;
    if (brief.n > BRIEF_MAX) brief.n = BRIEF_MAX;
    for (size_t i = 0; i < q->n; i++) {
        struct signal s = q->signals[i];
        if (!id_wanted(q->c->args, s.id) || !passes_filters(q, s.doc) || !in_countries(q->c->args, s.doc)) continue;
        s.score = score_of(&s, brief);
        size_t at = kept++;
        while (at > 0 && q->signals[at - 1].score < s.score) {
            q->signals[at] = q->signals[at - 1];
            at--;
        }
        q->signals[at] = s;
    }
    q->n = kept;
}

/* ---- destinations ---- */

static struct str without_slash(struct str url)
{
    while (url.n > 0 && url.p[url.n - 1] == '/') url.n--;
    return url;
}

static bool same_place(yyjson_val *x, yyjson_val *y)
{
    if (!str_eq(json_str(x, "type"), json_str(y, "type"))) return false;
    if (str_is(json_str(x, "type"), "platform")) return str_eq(json_str(x, "platform"), json_str(y, "platform"));
    return str_eq(without_slash(json_str(x, "agent_url")), without_slash(json_str(y, "agent_url")));
}

static bool own_agent(const struct asking *q, yyjson_val *destination)
{
    return str_is(json_str(destination, "type"), "agent") &&
           str_eq(without_slash(json_str(destination, "agent_url")), without_slash(q->ts.agent_url));
}

/* The place among the signal's deployments; NULL when it cannot go there. */
static yyjson_val *place_of(yyjson_val *doc, yyjson_val *destination)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(doc, "deployments"), i, n, v) {
        if (same_place(v, destination)) return v;
    }
    return NULL;
}

static struct str place_name(yyjson_val *destination)
{
    struct str platform = json_str(destination, "platform");
    return platform.n ? platform : without_slash(json_str(destination, "agent_url"));
}

static struct buyer_object_key activation_key(struct asking *q, const struct account_row *account, struct str id,
                                              yyjson_val *destination)
{
    struct str place = place_name(destination), at = json_str(destination, "account");
    struct str object =
        arena_printf(q->c->arena, STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(id), STR_ARG(place), STR_ARG(at));
    return (struct buyer_object_key){ account->tenant_id, BUYER_OBJECT_SIGNAL, account->principal_id,
                                      account->account_id, object };
}

/* ---- get_signals ---- */

static bool destination_wanted(yyjson_val *args, yyjson_val *place)
{
    yyjson_val *v;
    size_t i, n;
    if (!json_arr(args, "destinations")) return true;
    yyjson_arr_foreach(json_arr(args, "destinations"), i, n, v) {
        if (same_place(v, place)) return true;
    }
    return false;
}

/* Where it is live already (here) and where it could be; keys come with the activation. */
static void add_deployments(struct asking *q, yyjson_mut_val *o, yyjson_val *doc)
{
    static const char *const shown[] = { "type", "platform", "agent_url", "estimated_activation_duration_minutes" };
    struct tool_call *c = q->c;
    yyjson_mut_val *arr = json_add_arr(c->doc, o, "deployments");
    yyjson_mut_val *here = json_push_obj(c->doc, arr);
    yyjson_val *place;
    size_t i, n;
    json_add_cstr(c->doc, here, "type", "agent");
    json_add_str(c->doc, here, "agent_url", q->ts.agent_url);
    json_add_bool(c->doc, here, "is_live", true);
    yyjson_arr_foreach(json_arr(doc, "deployments"), i, n, place) {
        if (!destination_wanted(c->args, place)) continue;
        yyjson_mut_val *d = json_push_obj(c->doc, arr);
        for (size_t k = 0; k < ARRAY_LEN(shown); k++)
            json_add_copy(c->doc, d, shown[k], yyjson_obj_get(place, shown[k]));
        json_add_bool(c->doc, d, "is_live", false);
    }
}

static bool always_shown(const struct tool_call *c, struct str name)
{
    static const char *const always[] = { "signal_ref",    "signal_id",           "signal_agent_segment_id",
                                          "name",          "description",         "signal_type",
                                          "data_provider", "coverage_percentage", "deployments" };
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        if (str_is(name, always[i])) return true;
    }
    return c->minor_3_0 && str_is(name, "pricing_options");
}

/* With `fields`, only those and what AdCP requires. */
static yyjson_mut_val *keep_fields(struct tool_call *c, yyjson_mut_val *o)
{
    yyjson_val *fields = json_arr(c->args, "fields");
    if (!fields) return o;
    yyjson_mut_val *kept = yyjson_mut_obj(c->doc), *key, *value;
    size_t i, n;
    yyjson_mut_obj_foreach(o, i, n, key, value) {
        struct str name = { yyjson_mut_get_str(key), yyjson_mut_get_len(key) };
        if (!always_shown(c, name) && !reply_arr_has(fields, name)) continue;
        (void)yyjson_mut_obj_add(kept, yyjson_mut_val_mut_copy(c->doc, key), yyjson_mut_val_mut_copy(c->doc, value));
    }
    return kept;
}

static void add_signal(struct asking *q, yyjson_mut_val *arr, const struct signal *s)
{
    static const char *const shown[] = {
        "name",        "description",         "value_type",      "categories",  "range",
        "countries",   "coverage_percentage", "pricing_options", "taxonomy",    "data_sources",
        "methodology", "refresh_cadence",     "lookback_window", "last_updated"
    };
    struct tool_call *c = q->c;
    yyjson_mut_val *o = yyjson_mut_obj(c->doc);
    yyjson_mut_val *ref = json_add_obj(c->doc, o, "signal_ref"), *id = json_add_obj(c->doc, o, "signal_id");
    json_add_cstr(c->doc, ref, "scope", "signal_source");
    json_add_str(c->doc, ref, "signal_source_url", q->ts.agent_url);
    json_add_str(c->doc, ref, "signal_id", s->id);
    json_add_cstr(c->doc, id, "source", "agent");
    json_add_str(c->doc, id, "agent_url", q->ts.agent_url);
    json_add_str(c->doc, id, "id", s->id);
    json_add_str(c->doc, o, "signal_agent_segment_id", s->id);
    json_add_cstr(c->doc, o, "signal_type", "owned");
    json_add_str(c->doc, o, "data_provider", c->act->tenant->name);
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) json_add_copy(c->doc, o, shown[i], yyjson_obj_get(s->doc, shown[i]));
    add_deployments(q, o, s->doc);
    (void)yyjson_mut_arr_append(arr, keep_fields(c, o));
}

/* "Has anything changed?" True when nothing has, and then the reply says only that. */
static bool unchanged(struct asking *q, bool wholesale)
{
    struct tool_call *c = q->c;
    json_add_cstr(c->doc, c->reply, "cache_scope", "public");
    if (!wholesale) return false;
    json_add_str(c->doc, c->reply, "wholesale_feed_version", q->version);
    if (!str_eq(json_str(c->args, "if_wholesale_feed_version"), q->version)) return false;
    json_add_bool(c->doc, c->reply, "unchanged", true);
    return true;
}

/* As in get_products: an account whose status does not allow discovery is refused; what is offered is the same for
 * all others. */
static int check_account(struct tool_call *c, struct err *e)
{
    struct account_ref ref;
    struct account_row row;
    if (account_ref_read(c->args, &ref, e)) return -1;
    if (!ref.given) return 0;
    int found = account_find(c->act, &ref, ACCOUNT_USE_PRODUCTS, &row, e);
    if (found < 0) return -1;
    return found ? 0 : account_unknown(c->line, &ref, e);
}

static int check_sizes(yyjson_val *args, struct err *e)
{
    static const char *const lists[] = { "signal_ids", "signal_refs", "countries", "destinations", "fields" };
    yyjson_val *ignored;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (json_opt_arr(JSON_FIELD(args, lists[i], ""), (struct json_len){ 0, WORDS_MAX }, &ignored, e)) return -1;
    }
    return 0;
}

int get_signals_run(struct tool_call *c, struct err *e)
{
    struct asking q = { .c = c };
    struct page page;
    bool wholesale = str_is(json_str(c->args, "discovery_mode"), "wholesale");
    yyjson_val *args = c->args;
    if (!wholesale && !json_str(args, "signal_spec").n && !json_arr(args, "signal_ids") &&
        !json_arr(args, "signal_refs")) {
        (void)err_set(e, "INVALID_REQUEST", "Say what you look for: signal_spec, signal_refs or signal_ids.");
        return err_field(e, "/signal_spec");
    }
    struct str list = arena_printf(c->arena, "signals:" STR_FMT, STR_ARG(json_str(args, "signal_spec")));
    if (check_sizes(args, e) || check_account(c, e) || page_read(c, list, &page, e) || read_signals(&q, e)) return -1;
    reply_settings(c, &q.ts);
    if (unchanged(&q, wholesale)) return 0;
    choose(&q);
    int64_t max = json_i64_or(args, "max_results", 0); /* the older name */
    if (max > 0 && max < page.max) page.max = max;
    size_t from = (size_t)page.offset < q.n ? (size_t)page.offset : q.n;
    size_t to = q.n - from > (size_t)page.max ? from + (size_t)page.max : q.n;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "signals");
    for (size_t i = from; i < to; i++) add_signal(&q, arr, &q.signals[i]);
    page_write(c, &page, (struct page_end){ .next_offset = to < q.n ? (int64_t)to : -1, .total = (int64_t)q.n });
    if (c->act->principal->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    c->message = arena_printf(c->arena, "%zu signals.", q.n);
    return 0;
}

/* ---- activate_signal ---- */

static int find_signal(struct asking *q, struct signal *out, struct err *e)
{
    struct tool_call *c = q->c;
    struct catalog_row row;
    struct str id;
    if (json_req_str(JSON_FIELD(c->args, "signal_agent_segment_id", ""), (struct json_len){ 1, ID_MAX }, &id, e))
        return -1;
    int rc = q_catalog_get(c->act->tx, c->arena, CATALOG_SIGNAL, c->act->tenant->tenant_id, id, &row, e);
    if (rc < 0) return -1;
    yyjson_val *doc = rc == 1 ? reply_parse_row(c, &row) : NULL;
    if (doc) {
        *out = (struct signal){ .id = row.id, .text = row.doc, .doc = doc };
        return 0;
    }
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no signal of that id.");
    return err_field(e, "/signal_agent_segment_id");
}

static int check_price(struct tool_call *c, const struct signal *s, struct err *e)
{
    struct str id = STR_NONE;
    yyjson_val *option;
    size_t i, n;
    if (json_opt_str(JSON_FIELD(c->args, "pricing_option_id", ""), (struct json_len){ 1, ID_MAX }, &id, e)) return -1;
    if (!id.n) return 0;
    yyjson_arr_foreach(json_arr(s->doc, "pricing_options"), i, n, option) {
        if (str_eq(json_str(option, "pricing_option_id"), id)) return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "The signal has no such pricing option.");
    return err_field(e, "/pricing_option_id");
}

/* The key to target by: the place's own, else a segment for platforms and a key-value for agents. */
static void add_key(struct tool_call *c, yyjson_mut_val *d, const struct signal *s, yyjson_val *place, bool platform)
{
    yyjson_val *own = json_obj(place, "activation_key");
    if (own) {
        json_add_copy(c->doc, d, "activation_key", own);
        return;
    }
    yyjson_mut_val *k = json_add_obj(c->doc, d, "activation_key");
    json_add_cstr(c->doc, k, "type", platform ? "segment_id" : "key_value");
    if (platform) {
        json_add_str(c->doc, k, "segment_id", s->id);
    } else {
        json_add_cstr(c->doc, k, "key", "audience_segment");
        json_add_str(c->doc, k, "value", s->id);
    }
}

struct activation {
    const struct account_row *account;
    const struct signal *signal;
    bool on; /* or off */
};

/* Stores or removes the activation; *since is when it began. */
static int keep_activation(struct asking *q, const struct activation *a, yyjson_val *destination, int64_t *since,
                           struct err *e)
{
    struct tool_call *c = q->c;
    struct buyer_object_row row;
    struct buyer_object_key key = activation_key(q, a->account, a->signal->id, destination);
    int found = q_buyer_object_get(c->act->tx, c->arena, &key, &row, e);
    if (found < 0) return -1;
    *since = found ? row.created_at : c->act->now;
    if (!a->on) return q_buyer_object_delete(c->act->tx, &key, e) < 0 ? -1 : 0;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_copy(doc, o, "destination", destination);
    json_add_copy(doc, o, "pricing_option_id", yyjson_obj_get(c->args, "pricing_option_id"));
    row = (struct buyer_object_row){ .key = key,
                                     .name = a->signal->id,
                                     .status = STR("active"),
                                     .doc = json_write(c->arena, o),
                                     .created_at = *since,
                                     .updated_at = c->act->now };
    return q_buyer_object_put(c->act->tx, &row, e);
}

/* A place that takes its time is live once that has passed since the activation. */
static int add_deployment(struct asking *q, const struct activation *a, size_t i, yyjson_mut_val *arr, struct err *e)
{
    static const char *const echoed[] = { "type", "platform", "agent_url", "account" };
    struct tool_call *c = q->c;
    yyjson_val *destination = yyjson_arr_get(json_arr(c->args, "destinations"), i);
    yyjson_val *place = place_of(a->signal->doc, destination);
    bool platform = str_is(json_str(destination, "type"), "platform");
    int64_t since;
    if (!place && !own_agent(q, destination)) {
        (void)err_set(e, "UNSUPPORTED_FEATURE", "The signal cannot be activated there.");
        (void)err_suggest(e, "get_signals shows where each signal can be deployed.");
        return err_field(e, "/destinations/%zu", i);
    }
    if (keep_activation(q, a, destination, &since, e)) return -1;
    int64_t minutes = json_i64_or(place, "estimated_activation_duration_minutes", 0);
    int64_t live_at = since + minutes * 60 * USEC_PER_SEC;
    bool live = a->on && live_at <= c->act->now;
    yyjson_mut_val *d = json_push_obj(c->doc, arr);
    for (size_t k = 0; k < ARRAY_LEN(echoed); k++)
        json_add_copy(c->doc, d, echoed[k], yyjson_obj_get(destination, echoed[k]));
    json_add_bool(c->doc, d, "is_live", live);
    if (live) add_key(c, d, a->signal, place, platform);
    if (live) json_add_time(c->doc, d, "deployed_at", live_at);
    if (a->on && !live) json_add_i64(c->doc, d, "estimated_activation_duration_minutes", minutes);
    return 0;
}

int activate_signal_run(struct tool_call *c, struct err *e)
{
    struct asking q = { .c = c };
    struct signal s;
    struct account_ref ref;
    struct account_row account;
    yyjson_val *destinations;
    if (find_signal(&q, &s, e) || check_price(c, &s, e)) return -1;
    if (json_req_arr(JSON_FIELD(c->args, "destinations", ""), (struct json_len){ 1, 100 }, &destinations, e)) return -1;
    if (account_ref_read(c->args, &ref, e) || account_ensure(c->act, &ref, ACCOUNT_USE_SYNC, &account, e)) return -1;
    reply_settings(c, &q.ts);
    struct activation a = { &account, &s, !str_is(json_str(c->args, "action"), "deactivate") };
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "deployments");
    for (size_t i = 0; i < yyjson_arr_size(destinations); i++) {
        if (add_deployment(&q, &a, i, arr, e)) return -1;
    }
    if (account.sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    struct audit_entry line = { .action = a.on ? "signal.activate" : "signal.deactivate",
                                .subject = arena_printf(c->arena, "signal:" STR_FMT, STR_ARG(s.id)) };
    return audit_add(c->act, &line, e);
}

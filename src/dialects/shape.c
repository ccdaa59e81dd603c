#include "dialects/shape.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"

const struct shape_tool *shape_find(const struct shape_tool *tools, struct str name)
{
    for (; tools->name; tools++) {
        if (str_is(name, tools->name)) return tools;
    }
    return NULL;
}

/* --- up -------------------------------------------------------------------------------------------------- */

static bool has_null(yyjson_val *root)
{
    /* A document is one array of values in reading order, so its members need no recursion. */
    size_t n = 1;
    for (size_t i = 0; i < n; i++) {
        yyjson_val *v = root + i;
        if (yyjson_is_null(v)) return true;
        if (yyjson_is_arr(v)) n += yyjson_arr_size(v);
        if (yyjson_is_obj(v)) n += 2 * yyjson_obj_size(v);
    }
    return false;
}

static void drop_nulls(yyjson_mut_val *v)
{
    yyjson_mut_obj_iter it;
    yyjson_mut_arr_iter items;
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_iter_init(v, &items);
        for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&items));) drop_nulls(item);
    }
    if (!yyjson_mut_is_obj(v)) return;
    yyjson_mut_obj_iter_init(v, &it);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&it));) {
        yyjson_mut_val *member = yyjson_mut_obj_iter_get_val(key);
        if (yyjson_mut_is_null(member)) {
            yyjson_mut_obj_iter_remove(&it);
        } else {
            drop_nulls(member);
        }
    }
}

/* Depth is bounded by the parser's limit, which the recursion relies on. */
static int without_nulls(struct shape_up *u, struct err *e)
{
    u->in = u->req->args;
    if (!has_null(u->in)) return 0;
    yyjson_mut_doc *doc = json_doc_new(u->arena);
    yyjson_mut_val *copy = json_copy(doc, u->in);
    drop_nulls(copy);
    yyjson_doc *parsed;
    if (json_parse(u->arena, json_write(u->arena, copy), &json_limits_own, &parsed, e)) return -1;
    u->in = yyjson_doc_get_root(parsed);
    return 0;
}

int shape_up(const struct shape_tool *tools, const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    const struct shape_tool *t = shape_find(tools, req->tool);
    ENSURE(t != NULL); /* dialect_has_tool was asked first */
    struct shape_up u = {
        .req = req, .arena = req->arena, .doc = json_doc_new(req->arena), .tool = t->canonical, .today = TIME_NONE
    };
    u.out = json_root_obj(u.doc);
    if (without_nulls(&u, e)) return -1;
    if (t->up && t->up(&u, e)) return -1;
    if (shape_check_reads(u.arena, t->reads, u.in, e)) return -1;
    *out = (struct dialect_up){ .tool = str_from(u.tool), .doc = u.doc, .args = u.out, .now = u.today };
    return 0;
}

/* --- errors ---------------------------------------------------------------------------------------------- */

/* What the ad server refuses is told apart from what is wrong with the request: domain/booking/booking.h, details.ad_server. */
const char *shape_error_code(yyjson_val *adcp_error)
{
    struct str code = json_str(adcp_error, "code");
    if (json_str(json_obj(adcp_error, "details"), "ad_server").n) return "ADAPTER_ERROR";
    static const struct {
        const char *adcp, *older;
    } codes[] = {
        { "AUTH_MISSING", "AUTHENTICATION_REQUIRED" },
        { "AUTH_REQUIRED", "AUTHENTICATION_REQUIRED" },
        { "AUTH_INVALID", "AUTHENTICATION_FAILED" },
        { "PERMISSION_DENIED", "PERMISSION_DENIED" },
        { "RATE_LIMITED", "RATE_LIMITED" },
        { "SERVICE_UNAVAILABLE", "ADAPTER_ERROR" },
        { "NOT_FOUND", "NOT_FOUND" },
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (str_is(code, codes[i].adcp)) return codes[i].older;
    }
    struct str suffix = STR("_NOT_FOUND");
    if (code.n > suffix.n && str_eq(str_skip(code, code.n - suffix.n), suffix)) return "NOT_FOUND";
    return "INVALID_PARAMETER";
}

/* One segment of a pointer, and what follows it. */
static struct str next_segment(const char **at)
{
    const char *start = **at == '/' ? *at + 1 : *at;
    const char *end = start + strcspn(start, "/");
    *at = end;
    return (struct str){ start, (size_t)(end - start) };
}

/* True when `pattern` is a prefix of `pointer`, segment by segment; *rest is what is left of the pointer and
 * `stars` the segments that stand where the pattern has "*". */
static bool pointer_matches(const char *pattern, const char *pointer, struct str stars[4], const char **rest)
{
    size_t n = 0;
    while (*pattern) {
        if (!*pointer) return false;
        struct str want = next_segment(&pattern), have = next_segment(&pointer);
        if (str_is(want, "*") && n < 4) {
            stars[n++] = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    *rest = pointer;
    return true;
}

static void write_pointer(const char *pattern, const struct str stars[4], const char *rest, char out[ERR_FIELD_MAX])
{
    struct err e = { 0 };
    char text[ERR_FIELD_MAX];
    size_t used = 0, n = 0;
    while (*pattern && used < sizeof(text)) {
        struct str s = next_segment(&pattern);
        if (str_is(s, "*")) s = stars[n++];
        int w = snprintf(text + used, sizeof(text) - used, "/" STR_FMT, STR_ARG(s));
        used += w > 0 ? (size_t)w : 0;
    }
    if (used >= sizeof(text)) used = sizeof(text) - 1;
    (void)err_field(&e, "%.*s%s", (int)used, text, rest); /* cuts what is too long */
    memcpy(out, e.field, ERR_FIELD_MAX);
}

void shape_map_pointer(const struct shape_pointer *pointers, struct str canonical, char out[ERR_FIELD_MAX])
{
    char text[ERR_FIELD_MAX];
    struct str stars[4] = { 0 };
    const char *rest;
    snprintf(text, sizeof(text), STR_FMT, STR_ARG(canonical));
    for (; pointers && pointers->canonical; pointers++) {
        if (!pointer_matches(pointers->canonical, text, stars, &rest)) continue;
        write_pointer(pointers->callers, stars, rest, out);
        return;
    }
    memcpy(out, text, ERR_FIELD_MAX);
}

static void add_copied_cstr(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *text)
{
    json_add_val(doc, obj, key, yyjson_mut_strcpy(doc, text));
}

static struct str last_part(struct str pointer)
{
    size_t at = pointer.n;
    while (at > 0 && pointer.p[at - 1] != '/') at--;
    return str_skip(pointer, at);
}

void shape_add_message(const struct dialect_down *d, yyjson_mut_val *into, const char *key, yyjson_val *adcp_error,
                       const struct shape_pointer *pointers)
{
    struct str text = json_str(adcp_error, "message");
    struct str pointer = json_val_str(json_get_path(adcp_error, "/issues/0/pointer")), ours = last_part(pointer);
    char field[ERR_FIELD_MAX];
    if (ours.n && str_starts(text, ours) && text.n > ours.n && text.p[ours.n] == ' ') {
        shape_map_pointer(pointers, pointer, field);
        struct str theirs = last_part(str_from(field)), rest = str_skip(text, ours.n);
        if (theirs.n) text = arena_printf(d->request->arena, STR_FMT STR_FMT, STR_ARG(theirs), STR_ARG(rest));
    }
    json_add_str(d->doc, into, key, text);
}

yyjson_mut_val *shape_error(const struct dialect_down *d, const struct shape_pointer *pointers)
{
    yyjson_val *from = json_obj(d->reply, "adcp_error");
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *error = json_add_obj(d->doc, root, "error");
    const char *code = shape_error_code(from);
    json_add_cstr(d->doc, error, "code", code);
    shape_add_message(d, error, "message", from, pointers);
    if (!str_is(json_str(from, "code"), code)) json_add_copy(d->doc, error, "reason", yyjson_obj_get(from, "code"));
    struct str pointer = json_val_str(json_get_path(from, "/issues/0/pointer"));
    if (pointer.n) {
        char field[ERR_FIELD_MAX];
        shape_map_pointer(pointers, pointer, field);
        add_copied_cstr(d->doc, error, "field", field);
    }
    json_add_copy(d->doc, error, "suggestion", yyjson_obj_get(from, "suggestion"));
    json_add_copy(d->doc, error, "retry_after", yyjson_obj_get(from, "retry_after"));
    return root;
}

yyjson_mut_val *shape_dry_run(const struct dialect_down *d, yyjson_mut_val *root)
{
    yyjson_val *list = json_arr(d->aux, "would_call");
    if (!list) return root;
    json_add_bool(d->doc, root, "dry_run", true);
    json_add_copy(d->doc, root, "would_call", list);
    return root;
}

yyjson_mut_val *shape_not_found(yyjson_mut_doc *doc, const char *what)
{
    yyjson_mut_val *root = json_root_obj(doc);
    yyjson_mut_val *error = json_add_obj(doc, root, "error");
    json_add_cstr(doc, error, "code", "NOT_FOUND");
    json_add_cstr(doc, error, "message", what);
    return root;
}

/* --- reading --------------------------------------------------------------------------------------------- */

int shape_opt_date(struct json_field f, int64_t *day, struct err *e)
{
    struct str text = STR_NONE;
    if (json_opt_str(f, (struct json_len){ 0, 64 }, &text, e)) return -1;
    if (!text.p || rfc3339_parse_date(text, day) == 0) return 0;
    err_set(e, "INVALID_REQUEST", "%s must be a day that exists, written YYYY-MM-DD", f.key);
    return err_field(e, "%s/%s", f.at, f.key);
}

int shape_req_date(struct json_field f, int64_t *day, struct err *e)
{
    struct str text;
    if (json_req_str(f, (struct json_len){ 0, 64 }, &text, e)) return -1;
    return shape_opt_date(f, day, e);
}

int shape_opt_amount(struct json_field f, int64_t *micros, struct err *e)
{
    int64_t v = -1;
    if (json_opt_money(f, &v, e)) return -1;
    if (v == 0) {
        err_set(e, "VALIDATION_ERROR", "%s must be greater than zero", f.key);
        return err_field(e, "%s/%s", f.at, f.key);
    }
    if (v > 0) *micros = v;
    return 0;
}

int shape_req_amount(struct json_field f, int64_t *micros, struct err *e)
{
    int64_t v;
    if (json_money(f, &v, e)) return -1;
    return shape_opt_amount(f, micros, e);
}

int shape_opt_currency(struct json_field f, struct str *currency, struct err *e)
{
    if (json_opt_str(f, (struct json_len){ 0, 64 }, currency, e)) return -1;
    if (!json_has(f.obj, f.key) || currency_valid(*currency)) return 0;
    err_set(e, "VALIDATION_ERROR", "%s must be an ISO 4217 code of three capital letters", f.key);
    return err_field(e, "%s/%s", f.at, f.key);
}

int shape_strings(struct json_field f, struct json_len len, yyjson_val **out, struct err *e)
{
    yyjson_val *list = NULL, *item;
    size_t i, n;
    if (json_opt_arr(f, len, &list, e)) return -1;
    if (!list && len.min > 0) return json_req_arr(f, len, out, e);
    yyjson_arr_foreach(list, i, n, item) {
        if (yyjson_is_str(item) && yyjson_get_len(item) > 0) continue;
        err_set(e, "INVALID_REQUEST", "every item of %s must be a non-empty string", f.key);
        return err_field(e, "%s/%s/%zu", f.at, f.key, i);
    }
    if (list) *out = list;
    return 0;
}

int64_t shape_micros_or(yyjson_val *obj, const char *key, int64_t fallback)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    struct err e;
    int64_t micros;
    if (!yyjson_is_num(v) || money_micros_from_double(yyjson_get_num(v), &micros, &e)) return fallback;
    return micros;
}

/* --- building -------------------------------------------------------------------------------------------- */

void shape_copy(yyjson_mut_doc *doc, yyjson_mut_val *dst, yyjson_val *src, const struct shape_member *members)
{
    for (; members->to; members++) json_add_copy(doc, dst, members->to, yyjson_obj_get(src, members->from));
}

yyjson_mut_val *shape_ext(struct shape_up *u, yyjson_mut_val *obj)
{
    yyjson_mut_val *ext = yyjson_mut_obj_get(obj, "ext");
    if (!ext) ext = json_add_obj(u->doc, obj, "ext");
    yyjson_mut_val *own = yyjson_mut_obj_get(ext, "salesagent");
    return own ? own : json_add_obj(u->doc, ext, "salesagent");
}

void shape_allow_past(struct shape_up *u)
{
    json_add_bool(u->doc, shape_ext(u, u->out), "allow_past_flight", true);
}

void shape_add_flight(struct shape_up *u, yyjson_mut_val *obj, int64_t first_day, int64_t last_day)
{
    if (first_day != TIME_NONE) json_add_time(u->doc, obj, "start_time", first_day);
    if (last_day != TIME_NONE) json_add_time(u->doc, obj, "end_time", last_day + USEC_PER_DAY);
}

static void add_day_of(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t at)
{
    char text[RFC3339_MAX];
    rfc3339_print_date(at, text);
    add_copied_cstr(doc, obj, key, text);
}

void shape_add_period(struct shape_up *u, int64_t first_day, int64_t last_day)
{
    if (first_day != TIME_NONE) add_day_of(u->doc, u->out, "start_date", first_day);
    if (last_day != TIME_NONE) add_day_of(u->doc, u->out, "end_date", last_day + USEC_PER_DAY);
}

void shape_add_day(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str time)
{
    int64_t at;
    if (rfc3339_parse(time, &at) == 0) add_day_of(doc, obj, key, at);
}

void shape_add_last_day(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str end_time)
{
    int64_t at;
    if (rfc3339_parse(end_time, &at) == 0) add_day_of(doc, obj, key, at - 1);
}

void shape_add_second_before(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str time)
{
    int64_t at;
    char text[RFC3339_MAX];
    if (rfc3339_parse(time, &at)) return;
    rfc3339_print(at - USEC_PER_SEC, RFC3339_SECONDS, text);
    add_copied_cstr(doc, obj, key, text);
}

void shape_add_ratio(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t num, int64_t den)
{
    if (den <= 0 || num < 0) return;
    json_add_money(doc, obj, key, muldiv(num, 10000, den, MONEY_ROUND_HALF_UP) * 100);
}

/* --- channels -------------------------------------------------------------------------------------------- */

static const struct {
    const char *adcp, *older;
} channel_words[] = {
    { "olv", "video" },     { "ctv", "video" },   { "streaming_audio", "audio" },
    { "podcast", "audio" }, { "radio", "audio" },
};

static struct str older_channel(struct str adcp)
{
    for (size_t i = 0; i < ARRAY_LEN(channel_words); i++) {
        if (str_is(adcp, channel_words[i].adcp)) return str_from(channel_words[i].older);
    }
    return adcp;
}

static bool listed(yyjson_mut_val *list, struct str word)
{
    yyjson_mut_val *v;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, v) {
        if (yyjson_mut_equals_strn(v, word.p, word.n)) return true;
    }
    return false;
}

void shape_add_channels(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_val *channels)
{
    yyjson_val *v;
    size_t i, n;
    if (!yyjson_is_arr(channels)) return;
    yyjson_mut_val *list = json_add_arr(doc, obj, key);
    yyjson_arr_foreach(channels, i, n, v) {
        struct str word = older_channel(json_val_str(v));
        if (word.n && !listed(list, word)) json_push_str(doc, list, word);
    }
}

void shape_filters_up(struct shape_up *u, yyjson_val *filters)
{
    yyjson_val *channels = json_arr(filters, "channels"), *v;
    size_t i, n;
    if (!filters) return;
    json_add_copy(u->doc, u->out, "filters", filters);
    if (!channels) return;
    yyjson_mut_val *out = yyjson_mut_obj_get(u->out, "filters");
    yyjson_mut_obj_remove_key(out, "channels");
    yyjson_mut_val *list = json_add_arr(u->doc, out, "channels");
    yyjson_arr_foreach(channels, i, n, v) {
        bool several = false;
        for (size_t k = 0; k < ARRAY_LEN(channel_words); k++) {
            if (!str_is(json_val_str(v), channel_words[k].older)) continue;
            json_push_str(u->doc, list, str_from(channel_words[k].adcp));
            several = true;
        }
        if (!several) yyjson_mut_arr_append(list, json_copy(u->doc, v));
    }
}

/* --- package ids ----------------------------------------------------------------------------------------- */

struct str shape_package_id(struct arena *a, struct str media_buy_id, struct str callers)
{
    struct str number = str_skip(callers, 4);
    bool is_short = str_starts(callers, STR("pkg-")) && number.n > 0 && number.n <= 4;
    for (size_t i = 0; i < number.n; i++) is_short = is_short && number.p[i] >= '0' && number.p[i] <= '9';
    if (!is_short) return callers;
    struct str buy = str_starts(media_buy_id, STR("mb-")) ? str_skip(media_buy_id, 3) : media_buy_id;
    return arena_printf(a, "pkg-" STR_FMT "-" STR_FMT, STR_ARG(buy), STR_ARG(number));
}

struct str shape_short_package_id(yyjson_mut_doc *doc, struct str canonical)
{
    size_t digits = 0;
    while (digits < canonical.n && canonical.p[canonical.n - 1 - digits] >= '0' &&
           canonical.p[canonical.n - 1 - digits] <= '9') {
        digits++;
    }
    bool derived =
        str_starts(canonical, STR("pkg-")) && digits == 3 && canonical.n > 8 && canonical.p[canonical.n - 4] == '-';
    if (!derived) return canonical;
    char text[8] = "pkg-";
    memcpy(text + 4, canonical.p + canonical.n - 3, 3);
    return str_from(yyjson_mut_get_str(yyjson_mut_strncpy(doc, text, 7)));
}

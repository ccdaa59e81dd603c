#include "protocols/a2a/a2a_read.h"

#include "base/buf.h"
#include "contract/limits.h"

#define PARTS_MAX      64
#define TEXT_BYTES_MAX ((size_t)16 << 10)

/* The member under any of its spellings. */
static yyjson_val *either(yyjson_val *obj, const char *camel, const char *snake)
{
    yyjson_val *v = yyjson_obj_get(obj, camel);
    return v ? v : yyjson_obj_get(obj, snake);
}

static int read_id(yyjson_val *message, const char *camel, const char *snake, struct str *out, struct err *e)
{
    yyjson_val *v = either(message, camel, snake);
    *out = STR_NONE;
    if (!v || yyjson_is_null(v)) return 0;
    *out = json_val_str(v);
    if (yyjson_is_str(v) && out->n == 0) return 0; /* protobuf's "not set" */
    if (id_text_valid(*out, 255)) return 0;
    err_set(e, "INVALID_REQUEST", "%s must be 1 to 255 printable characters.", camel);
    return err_field(e, "/message/%s", camel);
}

/* --- parts ------------------------------------------------------------------------------------------------- */

/* Shared secrets are not kept, wherever they stand. The depth is bounded by json_parse(). */
static void strip_credentials(yyjson_mut_val *v)
{
    size_t i, n;
    yyjson_mut_val *key, *member;
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, member) strip_credentials(member);
    }
    if (!yyjson_mut_is_obj(v)) return;
    yyjson_mut_obj_remove_key(v, "credentials");
    yyjson_mut_obj_foreach(v, i, n, key, member) strip_credentials(member);
}

static yyjson_mut_val *kept_data(yyjson_mut_doc *doc, yyjson_val *data)
{
    yyjson_mut_val *copy = json_copy(doc, data);
    strip_credentials(copy);
    return copy;
}

static void keep_file(yyjson_mut_doc *doc, yyjson_mut_val *o, yyjson_val *part)
{
    yyjson_val *file = json_obj(part, "file");
    json_add_cstr(doc, o, "kind", "file");
    yyjson_mut_val *kept = json_add_obj(doc, o, "file");
    json_add_str_opt(doc, kept, "uri", file ? json_str(file, "uri") : json_str(part, "url"));
    json_add_str_opt(doc, kept, "name", file ? json_str(file, "name") : json_str(part, "filename"));
    json_add_str_opt(doc, kept, "mimeType", file ? json_str(file, "mimeType") : json_str(part, "mediaType"));
}

static int bad_part(size_t i, const char *what, struct err *e)
{
    err_set(e, "INVALID_REQUEST", "%s", what);
    return err_field(e, "/message/parts/%zu", i);
}

static int take_data(struct a2a_message *m, yyjson_val *data, size_t i, struct err *e)
{
    struct str skill = json_str(data, "skill");
    yyjson_val *args = yyjson_obj_get(data, "parameters");
    if (!args) args = yyjson_obj_get(data, "input");
    if (!skill.n) return 0; /* kept, and not understood as a call */
    if (m->skill.n) return bad_part(i, "A message calls one skill; send another message for another.", e);
    if (args && !yyjson_is_obj(args) && !yyjson_is_null(args)) {
        return bad_part(i, "The parameters of a skill are an object.", e);
    }
    m->skill = skill;
    m->args = yyjson_is_obj(args) ? args : NULL;
    return 0;
}

static int take_part(yyjson_mut_doc *doc, struct a2a_message *m, yyjson_val *part, size_t i, struct buf *text,
                     struct err *e)
{
    yyjson_val *data = json_obj(part, "data"), *words = yyjson_obj_get(part, "text");
    if (!yyjson_is_obj(part)) return bad_part(i, "A part is an object.", e);
    yyjson_mut_val *o = json_push_obj(doc, m->parts);
    if (data) {
        json_add_cstr(doc, o, "kind", "data");
        json_add_val(doc, o, "data", kept_data(doc, data));
        return take_data(m, data, i, e);
    }
    if (yyjson_is_str(words)) {
        if (text->n) buf_add_char(text, '\n');
        buf_add(text, json_val_str(words));
        json_add_cstr(doc, o, "kind", "text");
        json_add_str(doc, o, "text", json_val_str(words));
        return text->overflowed ? bad_part(i, "The text is longer than 16 KiB.", e) : 0;
    }
    if (!json_obj(part, "file") && !json_has(part, "url") && !json_has(part, "raw")) {
        return bad_part(i, "A part holds text, data or a file.", e);
    }
    keep_file(doc, o, part);
    return 0;
}

/* --- text that is a call ----------------------------------------------------------------------------------- */

static struct str trimmed(struct str s)
{
    while (s.n && strchr(" \t\r\n", s.p[0])) s = str_skip(s, 1);
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1])) s.n--;
    return s;
}

/* `{"skill": "get_products", "parameters": {...}}` or `get_products {...}` as text: meant as the data part it spells. */
static void text_as_call(struct arena *a, struct a2a_message *m)
{
    struct str t = trimmed(m->text), name = STR_NONE;
    yyjson_doc *doc;
    struct err e;
    size_t n = 0;
    while (n < t.n && (strchr("abcdefghijklmnopqrstuvwxyz_/", t.p[n]))) n++;
    if (n && tool_find((struct str){ t.p, n })) name = (struct str){ t.p, n };
    struct str rest = name.n ? trimmed(str_skip(t, n)) : t;
    if (name.n && !rest.n) {
        m->skill = name;
        return;
    }
    if (!rest.n || rest.p[0] != '{' || json_parse(a, rest, &json_limits_value, &doc, &e)) return;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (name.n) {
        m->skill = name;
        m->args = root;
    } else if (take_data(m, root, 0, &e)) {
        m->skill = STR_NONE; /* stays text */
    }
}

/* --- the whole --------------------------------------------------------------------------------------------- */

int a2a_push_read(yyjson_val *config, struct call_push *out, struct err *e)
{
    yyjson_val *auth = json_obj(config, "authentication");
    yyjson_val *first = yyjson_arr_get_first(json_arr(auth, "schemes"));
    *out = (struct call_push){
        .url = json_str(config, "url"),
        .token = json_str(config, "token"),
        .scheme = first ? json_val_str(first) : json_str(auth, "scheme"),
        .credentials = json_str(auth, "credentials"),
    };
    if (out->url.n) return 0;
    err_set(e, "INVALID_REQUEST", "A push notification configuration needs a url.");
    return err_field(e, "/url");
}

static int read_configuration(yyjson_val *params, struct a2a_message *m, struct err *e)
{
    yyjson_val *c = json_obj(params, "configuration"),
               *push = either(c, "pushNotificationConfig", "push_notification_config");
    if (!push) push = either(c, "taskPushNotificationConfig", "task_push_notification_config");
    yyjson_val *asked = yyjson_obj_get(c, "historyLength");
    int64_t n = json_i64_or(c, "historyLength", -1);
    if (asked && !yyjson_is_null(asked) && n < 0) {
        err_set(e, "INVALID_REQUEST", "historyLength must be a whole number of 0 or more");
        return err_field(e, "/configuration/historyLength");
    }
    m->history_length = n < 0 || n > 1000 ? -1 : (int)n;
    if (!yyjson_is_obj(push)) return 0;
    /* Some clients wrap it in {taskId, pushNotificationConfig}. */
    if (json_obj(push, "pushNotificationConfig")) push = json_obj(push, "pushNotificationConfig");
    return a2a_push_read(push, &m->push, e) ? err_in(e, "/configuration") : 0;
}

int a2a_message_read(struct arena *a, yyjson_mut_doc *doc, yyjson_val *params, struct a2a_message *out, struct err *e)
{
    yyjson_val *message = json_obj(params, "message"), *parts = json_arr(message, "parts"), *p;
    struct a2a_message m = { .parts = yyjson_mut_arr(doc) };
    struct buf text;
    size_t i, n;
    int rc = 0;
    if (!message || !parts || yyjson_arr_size(parts) == 0 || yyjson_arr_size(parts) > PARTS_MAX) {
        err_set(e, "INVALID_REQUEST", "params.message needs parts, 1 to %d of them.", PARTS_MAX);
        return err_field(e, message ? "/message/parts" : "/message");
    }
    if (read_id(message, "messageId", "message_id", &m.message_id, e) ||
        read_id(message, "contextId", "context_id", &m.context_id, e) ||
        read_id(message, "taskId", "task_id", &m.task_id, e) || read_configuration(params, &m, e)) {
        return -1;
    }
    buf_init(&text, TEXT_BYTES_MAX);
    yyjson_arr_foreach(parts, i, n, p) {
        rc = take_part(doc, &m, p, i, &text, e);
        if (rc) break;
    }
    m.text = arena_dup(a, buf_str(&text));
    buf_finish(&text);
    if (rc) return -1;
    if (!m.skill.n) text_as_call(a, &m);
    *out = m;
    return 0;
}

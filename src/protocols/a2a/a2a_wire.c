#include "protocols/a2a/a2a_wire.h"

#include "base/rfc3339.h"

#define HISTORY_BYTES_MAX    ((size_t)32 << 10)
#define HISTORY_MESSAGES_MAX 20

/* Our states, with what they are called in 1.0. A call that ended with an error is a completed task in 0.3: deployed
 * AdCP clients (SDK 6) read the error from completed tasks only. 1.0 has "failed" for it. */
static const struct {
    const char *state;
    bool failed;
    const char *word_1_0;
} states[] = {
    { "completed", false, "TASK_STATE_COMPLETED" },
    { "completed", true, "TASK_STATE_FAILED" },
    { "input-required", false, "TASK_STATE_INPUT_REQUIRED" },
    { "canceled", false, "TASK_STATE_CANCELED" },
};

static const char *state_word(const struct a2a_task_row *t, enum a2a_generation g)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (!str_is(t->state, states[i].state) || t->failed != states[i].failed) continue;
        return g == A2A_1_0 ? states[i].word_1_0 : states[i].state;
    }
    return g == A2A_1_0 ? "TASK_STATE_FAILED" : "failed";
}

bool a2a_state_read(struct str word, struct str *state, int *failed)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (!str_is(word, states[i].word_1_0)) continue;
        *state = str_from(states[i].state);
        *failed = states[i].failed;
        return true;
    }
    return false;
}

/* --- parts and messages ----------------------------------------------------------------------------------- */

static void text_part(yyjson_mut_doc *doc, yyjson_mut_val *parts, enum a2a_generation g, struct str text)
{
    yyjson_mut_val *o = json_push_obj(doc, parts);
    if (g == A2A_0_3) json_add_cstr(doc, o, "kind", "text");
    json_add_str(doc, o, "text", text);
}

static void file_part_1_0(yyjson_mut_doc *doc, yyjson_mut_val *o, yyjson_val *file)
{
    json_add_str_opt(doc, o, "url", json_str(file, "uri"));
    json_add_str_opt(doc, o, "raw", json_str(file, "bytes"));
    json_add_str_opt(doc, o, "filename", json_str(file, "name"));
    json_add_str_opt(doc, o, "mediaType", json_str(file, "mimeType"));
}

static void add_parts(yyjson_mut_doc *doc, yyjson_mut_val *m, yyjson_val *kept, enum a2a_generation g)
{
    if (g == A2A_0_3) {
        json_add_copy(doc, m, "parts", kept);
        return;
    }
    yyjson_mut_val *parts = json_add_arr(doc, m, "parts");
    size_t i, n;
    yyjson_val *p;
    yyjson_arr_foreach(kept, i, n, p) {
        yyjson_mut_val *o = json_push_obj(doc, parts);
        if (json_has(p, "text")) json_add_str(doc, o, "text", json_str(p, "text"));
        if (json_has(p, "data")) json_add_copy(doc, o, "data", yyjson_obj_get(p, "data"));
        if (json_has(p, "file")) file_part_1_0(doc, o, json_obj(p, "file"));
    }
}

/* The members of a message that follow from the task it belongs to. */
static yyjson_mut_val *message_start(yyjson_mut_doc *doc, const struct a2a_task_row *t, enum a2a_generation g,
                                     struct str role, struct str message_id)
{
    yyjson_mut_val *m = yyjson_mut_obj(doc);
    bool agent = str_is(role, "agent");
    if (g == A2A_0_3) json_add_cstr(doc, m, "kind", "message");
    json_add_str(doc, m, "messageId", message_id);
    if (g == A2A_0_3) json_add_cstr(doc, m, "role", agent ? "agent" : "user");
    if (g == A2A_1_0) json_add_cstr(doc, m, "role", agent ? "ROLE_AGENT" : "ROLE_USER");
    json_add_str(doc, m, "taskId", t->a2a_task_id);
    json_add_str(doc, m, "contextId", t->context_id);
    return m;
}

static void add_history(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct a2a_task_row *t, const struct a2a_view *v)
{
    yyjson_doc *parsed;
    struct err e;
    size_t i, n;
    yyjson_val *m;
    if (v->history_length == 0) return;
    yyjson_mut_val *list = json_add_arr(doc, o, "history");
    if (json_parse(v->arena, t->history, &json_limits_own, &parsed, &e)) return; /* a damaged row shows no history */
    yyjson_val *kept = yyjson_doc_get_root(parsed);
    size_t total = yyjson_arr_size(kept);
    size_t shown = v->history_length < 0 || (size_t)v->history_length > total ? total : (size_t)v->history_length;
    yyjson_arr_foreach(kept, i, n, m) {
        if (i + shown < total) continue;
        yyjson_mut_val *out = message_start(doc, t, v->generation, json_str(m, "role"), json_str(m, "messageId"));
        add_parts(doc, out, json_arr(m, "parts"), v->generation);
        yyjson_mut_arr_append(list, out);
    }
}

struct str a2a_history_add(struct arena *a, struct str history, yyjson_mut_doc *doc, const struct a2a_history_entry *m)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    yyjson_doc *parsed;
    struct err e;
    size_t i, n;
    yyjson_val *old;
    if (history.n && json_parse(a, history, &json_limits_own, &parsed, &e) == 0) {
        size_t total = yyjson_arr_size(yyjson_doc_get_root(parsed));
        yyjson_arr_foreach(yyjson_doc_get_root(parsed), i, n, old) {
            if (i + HISTORY_MESSAGES_MAX > total) yyjson_mut_arr_append(list, json_copy(doc, old));
        }
    }
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_cstr(doc, o, "role", m->role);
    json_add_str(doc, o, "messageId", m->message_id);
    json_add_val(doc, o, "parts", m->parts);
    struct str text = json_write(a, list);
    return text.n <= HISTORY_BYTES_MAX ? text : history.n ? history : STR("[]");
}

/* --- tasks ------------------------------------------------------------------------------------------------- */

static void add_status(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct a2a_task_row *t, enum a2a_generation g)
{
    char stamp[RFC3339_MAX];
    size_t n = rfc3339_print(t->updated_at, RFC3339_MILLIS, stamp);
    yyjson_mut_val *status = json_add_obj(doc, o, "status");
    json_add_cstr(doc, status, "state", state_word(t, g));
    yyjson_mut_obj_add_strncpy(doc, status, "timestamp", stamp, n);
    if (!t->message.n) return;
    yyjson_mut_val *m = message_start(doc, t, g, STR("agent"), t->a2a_task_id);
    text_part(doc, json_add_arr(doc, m, "parts"), g, t->message);
    json_add_val(doc, status, "message", m);
}

/* One artifact: a sentence for people, and the data part with the AdCP reply, which is authoritative. SDK 6 takes the
 * "status" of a data part that comes first for the task's, also where it is a media buy's ("canceled"); so it comes
 * first only where it is meant so: in the answer of an operation that was submitted. */
static yyjson_mut_val *artifact(yyjson_mut_doc *doc, const struct a2a_task_row *t, enum a2a_generation g)
{
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    json_add_str(doc, o, "artifactId", t->a2a_task_id);
    json_add_str_opt(doc, o, "name", t->skill);
    yyjson_mut_val *parts = json_add_arr(doc, o, "parts");
    bool text_first = !t->adcp_task_id.n;
    struct str text = t->message.n ? t->message : STR("The answer is in the data part.");
    if (text_first) text_part(doc, parts, g, text);
    yyjson_mut_val *data = json_push_obj(doc, parts);
    if (g == A2A_0_3) json_add_cstr(doc, data, "kind", "data");
    json_add_raw(doc, data, "data", t->payload);
    if (g == A2A_1_0) json_add_cstr(doc, data, "mediaType", "application/json");
    if (!text_first) text_part(doc, parts, g, text);
    if (g == A2A_1_0) {
        json_push_str(doc, json_add_arr(doc, o, "extensions"), STR(A2A_EXTENSION_URI));
    } else if (t->adcp_task_id.n) { /* SDK 6 looks for it there; the profile of 1.0 forbids it */
        json_add_str(doc, json_add_obj(doc, o, "metadata"), "adcp_task_id", t->adcp_task_id);
    }
    return o;
}

yyjson_mut_val *a2a_task_value(yyjson_mut_doc *doc, const struct a2a_task_row *t, const struct a2a_view *v)
{
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    if (v->generation == A2A_0_3) json_add_cstr(doc, o, "kind", "task");
    json_add_str(doc, o, "id", t->a2a_task_id);
    json_add_str(doc, o, "contextId", t->context_id);
    add_status(doc, o, t, v->generation);
    if (t->payload.n && !v->no_artifacts) {
        yyjson_mut_arr_append(json_add_arr(doc, o, "artifacts"), artifact(doc, t, v->generation));
    }
    add_history(doc, o, t, v);
    return o;
}

struct str a2a_task_result(const struct a2a_task_row *t, const struct a2a_view *v)
{
    struct arena *a = v->arena;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *task = a2a_task_value(doc, t, v);
    if (v->generation == A2A_0_3) return json_write(a, task);
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    json_add_val(doc, o, "task", task);
    return json_write(a, o);
}

/* --- events ------------------------------------------------------------------------------------------------ */

static yyjson_mut_val *event_start(yyjson_mut_doc *doc, const struct a2a_task_row *t, enum a2a_generation g,
                                   const char *kind)
{
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    if (g == A2A_0_3) json_add_cstr(doc, o, "kind", kind);
    json_add_str(doc, o, "taskId", t->a2a_task_id);
    json_add_str(doc, o, "contextId", t->context_id);
    return o;
}

static struct str event_write(struct arena *a, yyjson_mut_doc *doc, enum a2a_generation g, const char *member,
                              yyjson_mut_val *event)
{
    if (g == A2A_0_3) return json_write(a, event);
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    json_add_val(doc, o, member, event);
    return json_write(a, o);
}

struct str a2a_artifact_event(struct arena *a, const struct a2a_task_row *t, enum a2a_generation g)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = event_start(doc, t, g, "artifact-update");
    json_add_val(doc, o, "artifact", artifact(doc, t, g));
    json_add_bool(doc, o, "append", false); /* it takes the place of what it was */
    json_add_bool(doc, o, "lastChunk", true);
    return event_write(a, doc, g, "artifactUpdate", o);
}

struct str a2a_status_event(struct arena *a, const struct a2a_task_row *t, enum a2a_generation g)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = event_start(doc, t, g, "status-update");
    add_status(doc, o, t, g);
    if (g == A2A_0_3) json_add_bool(doc, o, "final", true);
    return event_write(a, doc, g, "statusUpdate", o);
}

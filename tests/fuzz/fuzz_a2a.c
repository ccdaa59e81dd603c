/* A2A messages and plain text under hostile input. Properties:
 *   - what is refused is refused with a code and a reason, what is read has parts, and a skill has arguments or none;
 *   - nothing that is kept has a member "credentials";
 *   - plain text always gets an answer: arguments that are JSON, or words about what is missing;
 *   - a task made of a message is well-formed JSON in both generations, and its history keeps its bounds. */
#include "driver.h"
#include "protocols/a2a/a2a_read.h"
#include "protocols/a2a/a2a_text.h"

static const struct json_limits limits = { .bytes_max = 1 << 16, .depth_max = 40, .nodes_max = 20000 };
static const struct json_limits wider = { .bytes_max = 1 << 21, .depth_max = 64, .nodes_max = 200000 };

static void check_json(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    int failed = json_parse(a, text, &wider, &doc, &e);
    ENSURE(!failed);
}

static void check_text(struct arena *a, struct str text)
{
    struct a2a_intent intent;
    a2a_text_read(a, text, &intent);
    ENSURE(intent.understood.n > 0);
    ENSURE((intent.args.n > 0) != (intent.missing.n > 0));
    ENSURE(intent.skill.n > 0 || intent.missing.n > 0);
    if (intent.args.n) check_json(a, intent.args);
}

static void check_task(struct arena *a, yyjson_mut_doc *doc, const struct a2a_message *m)
{
    struct a2a_history_entry entry = { "user", m->message_id.n ? m->message_id : STR("m"), m->parts };
    struct str history = a2a_history_add(a, STR("[]"), doc, &entry);
    struct a2a_task_row t = { .a2a_task_id = STR("a2a-x"),
                              .context_id = STR("ctx-x"),
                              .state = STR("completed"),
                              .skill = m->skill,
                              .message = m->text,
                              .payload = STR("{\"status\":\"completed\"}"),
                              .history = history };
    ENSURE(history.n <= (size_t)32 << 10);
    ENSURE(!memmem(history.p, history.n, "\"credentials\":", 14));
    for (int g = A2A_0_3; g <= A2A_1_0; g++) {
        struct a2a_view view = { .arena = a, .generation = (enum a2a_generation)g, .history_length = -1 };
        check_json(a, a2a_task_result(&t, &view));
        check_json(a, a2a_artifact_event(a, &t, view.generation));
        check_json(a, a2a_status_event(a, &t, view.generation));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    yyjson_doc *parsed;
    struct err e = { 0 };
    struct a2a_message m;
    arena_init(&a);
    struct str text = { (const char *)data, size };
    if (size < 4096) check_text(&a, text);
    if (json_parse(&a, text, &limits, &parsed, &e) == 0) {
        yyjson_mut_doc *doc = json_doc_new(&a);
        if (a2a_message_read(&a, doc, yyjson_doc_get_root(parsed), &m, &e)) {
            ENSURE(e.code != NULL && e.message[0] != '\0');
        } else {
            ENSURE(yyjson_mut_arr_size(m.parts) > 0);
            ENSURE(!m.args || yyjson_is_obj(m.args));
            check_text(&a, m.text);
            check_task(&a, doc, &m);
        }
    }
    arena_finish(&a);
    return 0;
}

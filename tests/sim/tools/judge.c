#include "judge.h"

#include "contract/error_codes.h"
#include "tools/tool.h"

static const char *by_schema(struct world *w, const struct contract *c, yyjson_val *v, const char *what)
{
    struct contract_report report = { .arena = &w->sim.arena };
    if (!c || contract_validate(c, v, &report) == 0) return NULL;
    const struct contract_issue *first = &report.issues[0];
    return sim_text(&w->sim, "%s is not what its schema says: " STR_FMT " (%s) " STR_FMT, what, STR_ARG(first->pointer),
                    first->keyword, STR_ARG(first->message));
}

/* The line that the answer says it is of; ADCP_LINE_COUNT for older shapes, which have no schemas. */
static enum adcp_line line_of(yyjson_val *reply)
{
    struct str version = json_str(reply, "adcp_version");
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        if (str_eq(version, adcp_line_version((enum adcp_line)line))) return (enum adcp_line)line;
    }
    return ADCP_LINE_COUNT;
}

/* A failure that says that we are at fault is one. */
static const char *by_code(struct world *w, struct str code, struct str message)
{
    static const char *const ours[] = { "INTERNAL", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE" };
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (str_is(code, ours[i])) return sim_text(&w->sim, STR_FMT ": " STR_FMT, STR_ARG(code), STR_ARG(message));
    }
    return NULL;
}

static const char *failure(struct world *w, const struct world_answer *a)
{
    yyjson_val *error = json_obj(a->reply, "adcp_error");
    enum adcp_line line = line_of(a->reply);
    if (!error) error = json_obj(a->reply, "error");
    if (!error) return NULL; /* of the door itself, or in an older shape's words */
    const char *why = by_code(w, json_str(error, "code"), json_str(error, "message"));
    if (!why && line != ADCP_LINE_COUNT)
        why = by_schema(w, contract_find_document(line, "core/error.json"), error, "the error");
    return why;
}

const char *judge(struct world *w, const struct world_call *c, const struct world_answer *a)
{
    const struct tool *t = tool_find(c->tool);
    enum adcp_line line = line_of(a->reply);
    if (a->status >= 500 && a->status != 503) return sim_text(&w->sim, "status %d", a->status);
    if (a->result == SIM_FAILED) return failure(w, a);
    if (c->door == SIM_A2A && !a->reply) return NULL; /* it waits for a person: a task without an artifact */
    if (!a->reply) return "there is no answer in the answer";
    if (t && t->operation) return by_schema(w, &t->operation->answer, a->reply, "the answer");
    if (!t || line == ADCP_LINE_COUNT) return NULL;
    return by_schema(w, contract_find(line, t->name, CONTRACT_RESPONSE), a->reply, "the answer");
}

/* What a failed operation says, and the report as an error. */
#include <stdio.h>

#include "base/buf.h"
#include "contract/json.h"
#include "contract/validate_internal.h"

#define LIST_BYTES    300 /* of allowed values in one message */
#define MESSAGE_BYTES 400
#define ECHO_BYTES    80 /* of what was sent */

static const char *const keywords[OP_COUNT] = {
    [OP_END] = "",
    [OP_TYPE] = "type",
    [OP_CONST] = "const",
    [OP_ENUM] = "enum",
    [OP_MEMBERS] = "additionalProperties",
    [OP_REQUIRED] = "required",
    [OP_MIN_PROPS] = "minProperties",
    [OP_MAX_PROPS] = "maxProperties",
    [OP_PROP_NAMES] = "propertyNames",
    [OP_DEPENDS_REQUIRED] = "dependencies",
    [OP_DEPENDS_NODE] = "dependencies",
    [OP_ITEMS] = "items",
    [OP_TUPLE] = "items",
    [OP_CONTAINS] = "contains",
    [OP_MIN_ITEMS] = "minItems",
    [OP_MAX_ITEMS] = "maxItems",
    [OP_UNIQUE] = "uniqueItems",
    [OP_MIN] = "minimum",
    [OP_MAX] = "maximum",
    [OP_MIN_EXCLUSIVE] = "exclusiveMinimum",
    [OP_MAX_EXCLUSIVE] = "exclusiveMaximum",
    [OP_MULTIPLE_OF] = "multipleOf",
    [OP_MIN_LENGTH] = "minLength",
    [OP_MAX_LENGTH] = "maxLength",
    [OP_PATTERN] = "pattern",
    [OP_FORMAT] = "format",
    [OP_REF] = "$ref",
    [OP_ALL_OF] = "allOf",
    [OP_IF] = "if",
    [OP_NOT] = "not",
    [OP_ANY_OF] = "anyOf",
    [OP_ONE_OF] = "oneOf",
    [OP_FALSE] = "false schema",
};

const char *op_keyword(enum contract_op op)
{
    return keywords[op];
}

struct str pointer_text(struct arena *a, const struct place *at)
{
    struct str text = STR_NONE;
    for (; at; at = at->up) {
        struct str key = at->key;
        if (!key.p) {
            text = arena_printf(a, "/%zu" STR_FMT, at->index, STR_ARG(text));
            continue;
        }
        char *escaped = arena_alloc(a, 2 * key.n + 1);
        size_t n = 0;
        for (size_t i = 0; i < key.n; i++) {
            bool special = key.p[i] == '~' || key.p[i] == '/';
            if (special) escaped[n++] = '~';
            escaped[n++] = !special ? key.p[i] : key.p[i] == '~' ? '0' : '1';
        }
        text = arena_printf(a, "/%.*s" STR_FMT, (int)n, escaped, STR_ARG(text));
    }
    return text.p ? text : STR("");
}

static void add_value(struct buf *b, const struct contract_program *p, const uint32_t *at)
{
    switch ((enum contract_value)at[0]) {
    case VALUE_STRING: buf_add_json_str(b, program_str(p, at[1])); break;
    case VALUE_NUMBER: buf_addf(b, "%.15g", p->numbers[at[1]]); break;
    case VALUE_TRUE: buf_add(b, STR("true")); break;
    case VALUE_FALSE: buf_add(b, STR("false")); break;
    case VALUE_NULL: buf_add(b, STR("null")); break;
    case VALUE_ARRAY: buf_add(b, STR("a certain array")); break;
    case VALUE_OBJECT: buf_add(b, STR("a certain object")); break;
    }
}

struct str list_of_values(struct arena *a, const struct contract_program *p, const uint32_t *values, uint32_t count)
{
    struct buf b;
    buf_init(&b, LIST_BYTES);
    for (uint32_t i = 0; i < count; i++, values = value_skip(values)) {
        size_t before = b.n;
        if (i) buf_add(&b, STR(", "));
        add_value(&b, p, values);
        if (!b.overflowed) continue;
        struct str cut = arena_printf(a, "%.*s ... (%u in all)", (int)before, b.p, count);
        buf_finish(&b);
        return cut;
    }
    struct str text = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return text;
}

static struct str list_of_strings(struct arena *a, const struct contract_program *p, const uint32_t *strings,
                                  uint32_t count)
{
    struct str text = STR_NONE;
    for (uint32_t i = 0; i < count && text.n < LIST_BYTES; i++) {
        struct str s = program_str(p, strings[i]);
        text = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? ", " : "", STR_ARG(s));
    }
    return text;
}

static const char *type_name(yyjson_val *v)
{
    uint32_t mask = type_mask(v);
    return mask & TYPE_NULL     ? "null"
           : mask & TYPE_BOOL   ? "a boolean"
           : mask & TYPE_NUMBER ? "a number"
           : mask & TYPE_STRING ? "a string"
           : mask & TYPE_ARRAY  ? "an array"
                                : "an object";
}

static struct str type_wording(struct arena *a, const struct wording *w)
{
    static const char *const names[] = { "null",     "true or false", "a whole number", "a number",
                                         "a string", "an array",      "an object" };
    struct str text = STR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!(w->op[1] & (1u << i))) continue;
        text = arena_printf(a, STR_FMT "%s%s", STR_ARG(text), text.n ? " or " : "", names[i]);
    }
    return arena_printf(a, "must be " STR_FMT ", not %s", STR_ARG(text), type_name(w->value));
}

static struct str members_wording(struct arena *a, const struct wording *w)
{
    uint32_t *known = ARENA_ARRAY(a, uint32_t, w->op[1] + 1);
    for (uint32_t i = 0; i < w->op[1]; i++) known[i] = w->op[4 + 2 * i];
    struct str list = list_of_strings(a, w->program, known, w->op[1]);
    if (list.n == 0) return STR("is not allowed here");
    return arena_printf(a, "is not allowed here; known are " STR_FMT, STR_ARG(list));
}

/* `not: {required: [...]}` is how the schemas say that members exclude each other. */
static struct str not_wording(struct arena *a, const struct wording *w)
{
    const uint32_t *inner = w->program->code + w->op[1];
    if (op_of(*inner) != OP_REQUIRED) return STR("has a value or shape that is excluded here");
    uint32_t count = operands_of(*inner);
    struct str list = list_of_strings(a, w->program, inner + 1, count);
    return arena_printf(a, count == 1 ? "must not have " STR_FMT : "must not have " STR_FMT " together", STR_ARG(list));
}

static struct str alternatives_wording(struct arena *a, const struct wording *w)
{
    uint32_t count = operands_of(*w->op);
    struct str text = STR_NONE;
    for (uint32_t i = 1; i <= count; i++) {
        const uint32_t *inner = w->program->code + w->op[i];
        if (op_of(*inner) != OP_REQUIRED || text.n > LIST_BYTES) {
            return arena_printf(a, "fits none of %u alternatives", count);
        }
        struct str names = list_of_strings(a, w->program, inner + 1, operands_of(*inner));
        text = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i > 1 ? " or " : "", STR_ARG(names));
    }
    return arena_printf(a, "must have %s" STR_FMT, op_of(*w->op) == OP_ONE_OF ? "exactly one of " : "", STR_ARG(text));
}

static struct str echoed(struct arena *a, yyjson_val *v)
{
    if (yyjson_is_str(v) && yyjson_get_len(v) > ECHO_BYTES) return STR("a longer text");
    if (!yyjson_is_ctn(v)) return json_write_val(a, v);
    return str_from(type_name(v));
}

static struct str bound_wording(struct arena *a, const struct wording *w, const char *relation)
{
    struct str sent = echoed(a, w->value);
    return arena_printf(a, "must be %s%.15g, not " STR_FMT, relation, w->program->numbers[w->op[1]], STR_ARG(sent));
}

static struct str count_wording(struct arena *a, const struct wording *w, const char *fmt_unit, const char *relation)
{
    return arena_printf(a, "must have at %s %u %s", relation, w->op[1], fmt_unit);
}

static struct str text_wording(struct arena *a, const struct wording *w)
{
    struct str sent = echoed(a, w->value);
    if (op_of(*w->op) == OP_FORMAT) {
        return arena_printf(a, "must be %s, not " STR_FMT, format_hint((enum contract_format)w->op[1]), STR_ARG(sent));
    }
    struct str pattern = program_str(w->program, w->program->patterns[w->op[1]]);
    return arena_printf(a, "must match the pattern " STR_FMT ", which " STR_FMT " does not", STR_ARG(pattern),
                        STR_ARG(sent));
}

static struct str full_wording(struct arena *a, const struct wording *w)
{
    struct str list;
    switch (op_of(*w->op)) {
    case OP_TYPE: return type_wording(a, w);
    case OP_CONST:
        list = list_of_values(a, w->program, w->op + 1, 1);
        return arena_printf(a, "must be " STR_FMT, STR_ARG(list));
    case OP_ENUM:
        list = list_of_values(a, w->program, w->op + 2, w->op[1]);
        return arena_printf(a, "must be one of " STR_FMT, STR_ARG(list));
    case OP_MEMBERS: return members_wording(a, w);
    case OP_REQUIRED: return STR("is required");
    case OP_DEPENDS_REQUIRED:
        list = program_str(w->program, w->op[1]);
        return arena_printf(a, "is required when " STR_FMT " is given", STR_ARG(list));
    case OP_MIN_PROPS: return count_wording(a, w, "members", "least");
    case OP_MAX_PROPS: return count_wording(a, w, "members", "most");
    case OP_MIN_ITEMS: return count_wording(a, w, "items", "least");
    case OP_MAX_ITEMS: return count_wording(a, w, "items", "most");
    case OP_MIN_LENGTH: return count_wording(a, w, "characters", "least");
    case OP_MAX_LENGTH: return count_wording(a, w, "characters", "most");
    case OP_MIN: return bound_wording(a, w, "at least ");
    case OP_MAX: return bound_wording(a, w, "at most ");
    case OP_MIN_EXCLUSIVE: return bound_wording(a, w, "more than ");
    case OP_MAX_EXCLUSIVE: return bound_wording(a, w, "less than ");
    case OP_MULTIPLE_OF: return bound_wording(a, w, "a multiple of ");
    case OP_PATTERN:
    case OP_FORMAT: return text_wording(a, w);
    case OP_CONTAINS: return STR("has no item of the kind that must be in it");
    case OP_NOT: return not_wording(a, w);
    case OP_ANY_OF:
    case OP_ONE_OF: return alternatives_wording(a, w);
    case OP_UNIQUE: return STR("must have items that differ");
    case OP_FALSE: return STR("is not allowed here");
    case OP_END:
    case OP_PROP_NAMES:
    case OP_DEPENDS_NODE:
    case OP_ITEMS:
    case OP_TUPLE:
    case OP_REF:
    case OP_ALL_OF:
    case OP_IF:
    case OP_COUNT: break; /* these never fail themselves */
    }
    return STR("is not valid");
}

struct str wording_of(struct arena *a, const struct wording *w)
{
    struct str text = full_wording(a, w);
    if (text.n <= MESSAGE_BYTES) return text;
    size_t n = MESSAGE_BYTES;
    while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80) n--; /* on a character */
    return arena_printf(a, "%.*s ...", (int)n, text.p);
}

/* One issue as a JSON object. */
static void add_issue_json(struct buf *b, const struct contract_issue *issue)
{
    buf_add(b, STR("{\"pointer\":"));
    buf_add_json_str(b, issue->pointer);
    buf_add(b, STR(",\"keyword\":"));
    buf_add_json_str(b, str_from(issue->keyword));
    buf_add(b, STR(",\"message\":"));
    buf_add_json_str(b, issue->message);
    buf_add_char(b, '}');
}

int contract_report_err(const struct contract_report *report, struct err *e)
{
    ENSURE(report->count > 0);
    const struct contract_issue *first = &report->issues[0];
    const char *more = report->total > 1 ? " (and more, see details)" : "";
    err_set(e, "INVALID_REQUEST", STR_FMT "%s" STR_FMT "%s", STR_ARG(first->pointer),
            first->pointer.n ? " " : "the request ", STR_ARG(first->message), more);
    err_field(e, STR_FMT, STR_ARG(first->pointer));
    char tail[40];
    snprintf(tail, sizeof(tail), "],\"total\":%zu}", report->total);
    struct buf b;
    buf_init(&b, ERR_DETAILS_MAX - sizeof(tail) - 1);
    buf_add(&b, STR("{\"issues\":["));
    size_t complete = b.n;
    for (int i = 0; i < report->count && !b.overflowed; i++) {
        if (i) buf_add_char(&b, ',');
        add_issue_json(&b, &report->issues[i]);
        if (!b.overflowed) complete = b.n;
    }
    err_details(e, "%.*s%s", (int)complete, b.p, tail);
    buf_finish(&b);
    return -1;
}

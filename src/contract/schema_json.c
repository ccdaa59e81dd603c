/* The tables back as JSON Schema. First the nodes reachable from the root are counted; those used more than once, or
 * recursive, go into "$defs" under their published name (core.price) or a number; all others are written in place. */
#include <limits.h>

#include "contract/json.h"
#include "contract/validate_internal.h"

#define SMALL_WORDS 6 /* a node not longer than this is repeated rather than referred to */

struct render {
    const struct contract_program *p;
    struct arena *arena;
    yyjson_mut_doc *doc;
    yyjson_mut_val *defs;
    uint8_t *uses; /* of each node: 0, 1, 2 = more */
    uint8_t *done; /* already in $defs */
    int levels;    /* of an outline still to be written in place; LEVELS_ALL: not an outline */
};

#define LEVELS_ALL INT_MAX

static yyjson_mut_val *node_json(struct render *r, uint32_t node);

static uint32_t node_words(const struct contract_program *p, uint32_t node)
{
    const uint32_t *op = p->code + node;
    while (op_of(*op) != OP_END) op += 1 + operands_of(*op);
    return (uint32_t)(op - (p->code + node));
}

static void count_uses(struct render *r, uint32_t node);

static void count_members(struct render *r, const uint32_t *op)
{
    for (uint32_t i = 3; i <= operands_of(*op); i += 2) count_uses(r, op[i]);
}

static void count_uses(struct render *r, uint32_t node)
{
    if (r->uses[node] < 2) r->uses[node]++;
    if (r->uses[node] > 1) return;
    for (const uint32_t *op = r->p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        switch (op_of(*op)) {
        case OP_MEMBERS: count_members(r, op); break;
        case OP_DEPENDS_NODE: count_uses(r, op[2]); break;
        case OP_PROP_NAMES:
        case OP_ITEMS:
        case OP_TUPLE:
        case OP_CONTAINS:
        case OP_REF:
        case OP_ALL_OF:
        case OP_IF:
        case OP_NOT:
        case OP_ANY_OF:
        case OP_ONE_OF:
            for (uint32_t i = 1; i <= operands_of(*op); i++) count_uses(r, op[i]);
            break;
        default: break; /* no schema inside */
        }
    }
}

static struct str def_name(struct render *r, uint32_t node)
{
    uint32_t low = 0, high = r->p->name_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (r->p->names[middle].node == node) return program_str(r->p, r->p->names[middle].string);
        if (r->p->names[middle].node < node) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return arena_printf(r->arena, "d%u", node);
}

static yyjson_mut_val *text(struct render *r, struct str s)
{
    return yyjson_mut_strn(r->doc, s.n ? s.p : "", s.n);
}

static yyjson_mut_val *type_json(struct render *r, uint32_t mask);

/* In an outline everything is in place; below the last level only the type is left. */
static yyjson_mut_val *outline(struct render *r, uint32_t node)
{
    if (r->levels > 0) {
        r->levels--;
        yyjson_mut_val *full = node_json(r, node);
        r->levels++;
        return full;
    }
    for (const uint32_t *op = r->p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        if (op_of(*op) != OP_TYPE) continue;
        yyjson_mut_val *out = yyjson_mut_obj(r->doc);
        json_add_val(r->doc, out, "type", type_json(r, op[1]));
        return out;
    }
    return yyjson_mut_true(r->doc);
}

/* A schema where it is used: in place, or a reference into $defs. */
static yyjson_mut_val *use(struct render *r, uint32_t node)
{
    if (node == NODE_ANYTHING || node == NODE_NOTHING) return yyjson_mut_bool(r->doc, node == NODE_ANYTHING);
    if (r->levels != LEVELS_ALL) return outline(r, node);
    if (r->uses[node] < 2 || node_words(r->p, node) <= SMALL_WORDS) return node_json(r, node);
    struct str name = def_name(r, node);
    if (!r->done[node]) {
        r->done[node] = 1;
        yyjson_mut_val *body = node_json(r, node);
        yyjson_mut_obj_add(r->defs, text(r, name), body);
    }
    yyjson_mut_val *ref = yyjson_mut_obj(r->doc);
    json_add_str(r->doc, ref, "$ref", arena_printf(r->arena, "#/$defs/" STR_FMT, STR_ARG(name)));
    return ref;
}

static yyjson_mut_val *number(struct render *r, double v)
{
    if (v == (double)(int64_t)v) return yyjson_mut_sint(r->doc, (int64_t)v);
    return yyjson_mut_real(r->doc, v);
}

static yyjson_mut_val *value_json(struct render *r, const uint32_t *at)
{
    yyjson_mut_val *out = NULL;
    switch ((enum contract_value)at[0]) {
    case VALUE_STRING: return text(r, program_str(r->p, at[1]));
    case VALUE_NUMBER: return number(r, r->p->numbers[at[1]]);
    case VALUE_TRUE: return yyjson_mut_true(r->doc);
    case VALUE_FALSE: return yyjson_mut_false(r->doc);
    case VALUE_NULL: return yyjson_mut_null(r->doc);
    case VALUE_ARRAY: {
        out = yyjson_mut_arr(r->doc);
        const uint32_t *item = at + 2;
        for (uint32_t i = 0; i < at[1]; i++, item = value_skip(item)) yyjson_mut_arr_append(out, value_json(r, item));
        return out;
    }
    case VALUE_OBJECT: {
        out = yyjson_mut_obj(r->doc);
        const uint32_t *item = at + 2;
        for (uint32_t i = 0; i < at[1]; i++, item = value_skip(item)) {
            yyjson_mut_val *key = text(r, program_str(r->p, *item++));
            yyjson_mut_obj_add(out, key, value_json(r, item));
        }
        return out;
    }
    }
    return out;
}

static yyjson_mut_val *strings(struct render *r, const uint32_t *op, uint32_t first)
{
    yyjson_mut_val *arr = yyjson_mut_arr(r->doc);
    for (uint32_t i = first; i <= operands_of(*op); i++) json_push_str(r->doc, arr, program_str(r->p, op[i]));
    return arr;
}

static yyjson_mut_val *nodes(struct render *r, const uint32_t *op, uint32_t first)
{
    yyjson_mut_val *arr = yyjson_mut_arr(r->doc);
    for (uint32_t i = first; i <= operands_of(*op); i++) yyjson_mut_arr_append(arr, use(r, op[i]));
    return arr;
}

static yyjson_mut_val *type_json(struct render *r, uint32_t mask)
{
    static const char *const names[] = { "null", "boolean", "integer", "number", "string", "array", "object" };
    yyjson_mut_val *arr = yyjson_mut_arr(r->doc);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (mask & (1u << i)) yyjson_mut_arr_append(arr, yyjson_mut_str(r->doc, names[i]));
    }
    return yyjson_mut_arr_size(arr) == 1 ? yyjson_mut_arr_remove_last(arr) : arr;
}

static void members_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    const uint32_t *pairs = op + 4, *patterns = pairs + 2 * op[1];
    if (op[1] > 0) {
        yyjson_mut_val *props = json_add_obj(r->doc, out, "properties");
        for (uint32_t i = 0; i < op[1]; i++) {
            yyjson_mut_val *key = text(r, program_str(r->p, pairs[2 * i]));
            yyjson_mut_obj_add(props, key, use(r, pairs[2 * i + 1]));
        }
    }
    if (op[2] > 0) {
        yyjson_mut_val *props = json_add_obj(r->doc, out, "patternProperties");
        for (uint32_t i = 0; i < op[2]; i++) {
            yyjson_mut_val *key = text(r, program_str(r->p, r->p->patterns[patterns[2 * i]]));
            yyjson_mut_obj_add(props, key, use(r, patterns[2 * i + 1]));
        }
    }
    if (op[3] != NODE_ANYTHING) json_add_val(r->doc, out, "additionalProperties", use(r, op[3]));
}

static void depends_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    yyjson_mut_val *all = yyjson_mut_obj_get(out, "dependencies");
    if (!all) all = json_add_obj(r->doc, out, "dependencies");
    yyjson_mut_val *key = text(r, program_str(r->p, op[1]));
    yyjson_mut_obj_add(all, key, op_of(*op) == OP_DEPENDS_NODE ? use(r, op[2]) : strings(r, op, 2));
}

static void enum_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    yyjson_mut_val *arr = json_add_arr(r->doc, out, "enum");
    const uint32_t *at = op + 2;
    for (uint32_t i = 0; i < op[1]; i++, at = value_skip(at)) yyjson_mut_arr_append(arr, value_json(r, at));
}

static void if_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    json_add_val(r->doc, out, "if", use(r, op[1]));
    if (op[2] != NODE_ANYTHING) json_add_val(r->doc, out, "then", use(r, op[2]));
    if (op[3] != NODE_ANYTHING) json_add_val(r->doc, out, "else", use(r, op[3]));
}

static void tuple_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    json_add_val(r->doc, out, "items", nodes(r, op, 2));
    if (op[1] != NODE_ANYTHING) json_add_val(r->doc, out, "additionalItems", use(r, op[1]));
}

/* A reference beside other keywords would hide them in draft-07; allOf says the same everywhere. */
static void ref_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    yyjson_mut_val *all = yyjson_mut_obj_get(out, "allOf");
    if (!all) all = json_add_arr(r->doc, out, "allOf");
    for (uint32_t i = 1; i <= operands_of(*op); i++) yyjson_mut_arr_append(all, use(r, op[i]));
}

static void op_json(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    const char *key = op_keyword(op_of(*op));
    switch (op_of(*op)) {
    case OP_TYPE: json_add_val(r->doc, out, key, type_json(r, op[1])); break;
    case OP_CONST: json_add_val(r->doc, out, key, value_json(r, op + 1)); break;
    case OP_ENUM: enum_json(r, out, op); break;
    case OP_MEMBERS: members_json(r, out, op); break;
    case OP_REQUIRED: json_add_val(r->doc, out, key, strings(r, op, 1)); break;
    case OP_DEPENDS_REQUIRED:
    case OP_DEPENDS_NODE: depends_json(r, out, op); break;
    case OP_MIN_PROPS:
    case OP_MAX_PROPS:
    case OP_MIN_ITEMS:
    case OP_MAX_ITEMS:
    case OP_MIN_LENGTH:
    case OP_MAX_LENGTH: json_add_i64(r->doc, out, key, op[1]); break;
    case OP_MIN:
    case OP_MAX:
    case OP_MIN_EXCLUSIVE:
    case OP_MAX_EXCLUSIVE:
    case OP_MULTIPLE_OF: json_add_val(r->doc, out, key, number(r, r->p->numbers[op[1]])); break;
    case OP_PROP_NAMES:
    case OP_ITEMS:
    case OP_CONTAINS:
    case OP_NOT: json_add_val(r->doc, out, key, use(r, op[1])); break;
    case OP_TUPLE: tuple_json(r, out, op); break;
    case OP_UNIQUE: json_add_bool(r->doc, out, key, true); break;
    case OP_PATTERN: json_add_str(r->doc, out, key, program_str(r->p, r->p->patterns[op[1]])); break;
    case OP_FORMAT: json_add_cstr(r->doc, out, key, format_name((enum contract_format)op[1])); break;
    case OP_REF:
    case OP_ALL_OF: ref_json(r, out, op); break;
    case OP_IF: if_json(r, out, op); break;
    case OP_ANY_OF:
    case OP_ONE_OF: json_add_val(r->doc, out, key, nodes(r, op, 1)); break;
    case OP_FALSE: json_add_obj(r->doc, out, "not"); break;
    case OP_END:
    case OP_COUNT: break;
    }
}

/* An outline accepts at least what the schema accepts: what is cut off must not make `not`, `if` or "exactly one"
 * refuse more, so the first two are left out and the last becomes "at least one". */
static void op_outline(struct render *r, yyjson_mut_val *out, const uint32_t *op)
{
    if (op_of(*op) == OP_NOT || op_of(*op) == OP_IF) return;
    if (op_of(*op) != OP_ONE_OF && op_of(*op) != OP_ANY_OF) {
        op_json(r, out, op);
    } else if (r->levels > 0 && !yyjson_mut_obj_get(out, "anyOf")) {
        /* Both kinds in one node are rare; the second is then left out. */
        json_add_val(r->doc, out, "anyOf", nodes(r, op, 1));
    }
}

static yyjson_mut_val *node_json(struct render *r, uint32_t node)
{
    yyjson_mut_val *out = yyjson_mut_obj(r->doc);
    for (const uint32_t *op = r->p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        if (r->levels == LEVELS_ALL) {
            op_json(r, out, op);
        } else {
            op_outline(r, out, op);
        }
    }
    return out;
}

struct str contract_schema_outline(struct arena *a, const struct contract *c, int levels)
{
    ENSURE(levels >= 0 && levels < LEVELS_ALL);
    struct render r = { .p = c->program, .arena = a, .doc = json_doc_new(a), .levels = levels };
    return json_write(a, node_json(&r, c->node));
}

struct str contract_schema_json(struct arena *a, const struct contract *c)
{
    struct render r = { .p = c->program, .arena = a, .doc = json_doc_new(a), .levels = LEVELS_ALL };
    r.defs = yyjson_mut_obj(r.doc);
    r.uses = ARENA_ARRAY(a, uint8_t, c->program->code_count);
    r.done = ARENA_ARRAY(a, uint8_t, c->program->code_count);
    count_uses(&r, c->node);
    yyjson_mut_val *root = node_json(&r, c->node);
    if (yyjson_mut_obj_size(r.defs) > 0) json_add_val(r.doc, root, "$defs", r.defs);
    return json_write(a, root);
}

/* The interpreter. One function for each operation, found through a table; `check` walks the operations of a node.
 *
 * Three modes: QUICK stops at the first failure, REPORT collects all, COUNT only counts (to compare alternatives).
 * The alternatives of anyOf/oneOf and the inside of `not`, `if` and `contains` are always checked in QUICK mode;
 * REPORT then goes once more through the one alternative that fits best. */
#include <math.h>
#include <stdlib.h>

#include "base/encode.h"
#include "contract/json.h"
#include "contract/validate_internal.h"

#define NODE_DEPTH_MAX 1000    /* nested checks; a value of JSON_DEPTH_HARD levels needs a few for each */
#define QUICK_BUDGET   5000000 /* operations: some tens of milliseconds */
#define REPORT_BUDGET  500000
#define FIT_LEVELS     4 /* references followed to see which alternative was meant */

enum mode { MODE_QUICK, MODE_COUNT, MODE_REPORT };

struct eval {
    const struct contract_program *p;
    enum mode mode;
    struct contract_report *report;
    struct arena *arena;
    size_t failures; /* in COUNT and REPORT mode */
    int depth;
    int64_t budget;
    bool gave_up;
};

/* One operation against one value. */
struct step {
    const uint32_t *op; /* the header; operands follow */
    yyjson_val *v;
    const struct place *at;
};

static bool check(struct eval *ev, uint32_t node, yyjson_val *v, const struct place *at);

static void add_issue(struct eval *ev, const char *keyword, const struct place *at, struct str message)
{
    struct contract_report *r = ev->report;
    if (r->count >= CONTRACT_ISSUES_MAX) return;
    r->issues[r->count++] =
        (struct contract_issue){ .pointer = pointer_text(ev->arena, at), .keyword = keyword, .message = message };
}

/* Records that the step failed, in the operation's own words. Always false. */
static bool fail(struct eval *ev, const struct step *s)
{
    ev->failures++;
    if (ev->mode != MODE_REPORT) return false;
    struct wording w = { ev->p, s->op, s->v };
    add_issue(ev, op_keyword(op_of(*s->op)), s->at, wording_of(ev->arena, &w));
    return false;
}

static bool fail_with(struct eval *ev, const struct step *s, const struct place *at, struct str message)
{
    ev->failures++;
    if (ev->mode == MODE_REPORT) add_issue(ev, op_keyword(op_of(*s->op)), at, message);
    return false;
}

static bool check_quick(struct eval *ev, uint32_t node, yyjson_val *v, const struct place *at)
{
    enum mode mode = ev->mode;
    size_t failures = ev->failures;
    ev->mode = MODE_QUICK;
    bool valid = check(ev, node, v, at);
    ev->mode = mode;
    ev->failures = failures;
    return valid;
}

/* ---- any type ---- */

static bool op_end(struct eval *ev, const struct step *s)
{
    return true;
}

static bool op_type(struct eval *ev, const struct step *s)
{
    return (type_mask(s->v) & s->op[1]) ? true : fail(ev, s);
}

static bool op_const(struct eval *ev, const struct step *s)
{
    return value_equals(ev->p, s->op + 1, s->v) ? true : fail(ev, s);
}

static bool enum_holds(const struct contract_program *p, const uint32_t *op, yyjson_val *v)
{
    const uint32_t *at = op + 2;
    for (uint32_t i = 0; i < op[1]; i++, at = value_skip(at)) {
        if (value_equals(p, at, v)) return true;
    }
    return false;
}

static bool op_enum(struct eval *ev, const struct step *s)
{
    return enum_holds(ev->p, s->op, s->v) ? true : fail(ev, s);
}

static bool op_false(struct eval *ev, const struct step *s)
{
    return fail(ev, s);
}

/* ---- objects ---- */

/* The pair (string, node) of a member, by bisection. */
static const uint32_t *find_member(const struct contract_program *p, const uint32_t *pairs, uint32_t count,
                                   struct str key)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        struct str name = program_str(p, pairs[2 * middle]);
        int order = name.n != key.n ? (name.n < key.n ? -1 : 1) : memcmp(name.p, key.p, key.n);
        if (order == 0) return pairs + 2 * middle;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static bool check_member(struct eval *ev, const struct step *s, struct str key, yyjson_val *v)
{
    uint32_t property_count = s->op[1], pattern_count = s->op[2], others = s->op[3];
    const uint32_t *pairs = s->op + 4, *patterns = pairs + 2 * property_count;
    struct place at = { .up = s->at, .key = key };
    const uint32_t *known = find_member(ev->p, pairs, property_count, key);
    bool matched = known != NULL;
    bool valid = !known || check(ev, known[1], v, &at);
    for (uint32_t i = 0; i < pattern_count; i++) {
        if (!pattern_matches(ev->p, patterns[2 * i], key)) continue;
        matched = true;
        valid = check(ev, patterns[2 * i + 1], v, &at) && valid;
    }
    if (matched || others == NODE_ANYTHING) return valid;
    if (others == NODE_NOTHING) return fail(ev, &(struct step){ s->op, v, &at });
    return check(ev, others, v, &at) && valid;
}

static bool op_members(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_obj(s->v)) return true;
    bool valid = true;
    yyjson_obj_iter it = yyjson_obj_iter_with(s->v);
    for (yyjson_val *k; (k = yyjson_obj_iter_next(&it));) {
        if (check_member(ev, s, json_val_str(k), yyjson_obj_iter_get_val(k))) continue;
        valid = false;
        if (ev->mode == MODE_QUICK) return false;
    }
    return valid;
}

static bool has_member(struct eval *ev, yyjson_val *obj, uint32_t string)
{
    struct str key = program_str(ev->p, string);
    return yyjson_obj_getn(obj, key.p, key.n) != NULL;
}

/* Members named by operands from `first` on must be there. */
static bool require(struct eval *ev, const struct step *s, uint32_t first)
{
    bool valid = true;
    for (uint32_t i = first; i <= operands_of(*s->op); i++) {
        if (has_member(ev, s->v, s->op[i])) continue;
        struct place at = { .up = s->at, .key = program_str(ev->p, s->op[i]) };
        valid = fail(ev, &(struct step){ s->op, s->v, &at });
        if (ev->mode == MODE_QUICK) return false;
    }
    return valid;
}

static bool op_required(struct eval *ev, const struct step *s)
{
    return yyjson_is_obj(s->v) ? require(ev, s, 1) : true;
}

static bool op_depends_required(struct eval *ev, const struct step *s)
{
    return yyjson_is_obj(s->v) && has_member(ev, s->v, s->op[1]) ? require(ev, s, 2) : true;
}

static bool op_depends_node(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_obj(s->v) || !has_member(ev, s->v, s->op[1])) return true;
    return check(ev, s->op[2], s->v, s->at);
}

static bool op_min_props(struct eval *ev, const struct step *s)
{
    return !yyjson_is_obj(s->v) || yyjson_obj_size(s->v) >= s->op[1] ? true : fail(ev, s);
}

static bool op_max_props(struct eval *ev, const struct step *s)
{
    return !yyjson_is_obj(s->v) || yyjson_obj_size(s->v) <= s->op[1] ? true : fail(ev, s);
}

static bool op_prop_names(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_obj(s->v)) return true;
    bool valid = true;
    yyjson_obj_iter it = yyjson_obj_iter_with(s->v);
    for (yyjson_val *k; (k = yyjson_obj_iter_next(&it));) {
        struct place at = { .up = s->at, .key = json_val_str(k) };
        if (check(ev, s->op[1], k, &at)) continue;
        valid = false;
        if (ev->mode == MODE_QUICK) return false;
    }
    return valid;
}

/* ---- arrays ---- */

/* Items from `skip` on against one node. */
static bool check_items(struct eval *ev, const struct step *s, uint32_t node, size_t skip)
{
    bool valid = true;
    if (node == NODE_ANYTHING) return true;
    yyjson_arr_iter it = yyjson_arr_iter_with(s->v);
    for (size_t i = 0; i < yyjson_arr_size(s->v); i++) {
        yyjson_val *item = yyjson_arr_iter_next(&it);
        struct place at = { .up = s->at, .index = i };
        if (i < skip || check(ev, node, item, &at)) continue;
        valid = false;
        if (ev->mode == MODE_QUICK) return false;
    }
    return valid;
}

static bool op_items(struct eval *ev, const struct step *s)
{
    return yyjson_is_arr(s->v) ? check_items(ev, s, s->op[1], 0) : true;
}

static bool op_tuple(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_arr(s->v)) return true;
    uint32_t count = operands_of(*s->op) - 1;
    bool valid = true;
    for (uint32_t i = 0; i < count && i < yyjson_arr_size(s->v); i++) {
        struct place at = { .up = s->at, .index = i };
        valid = check(ev, s->op[2 + i], yyjson_arr_get(s->v, i), &at) && valid;
    }
    return check_items(ev, s, s->op[1], count) && valid;
}

static bool op_contains(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_arr(s->v)) return true;
    yyjson_arr_iter it = yyjson_arr_iter_with(s->v);
    for (size_t i = 0; i < yyjson_arr_size(s->v); i++) {
        struct place at = { .up = s->at, .index = i };
        if (check_quick(ev, s->op[1], yyjson_arr_iter_next(&it), &at)) return true;
    }
    return fail(ev, s);
}

static bool op_min_items(struct eval *ev, const struct step *s)
{
    return !yyjson_is_arr(s->v) || yyjson_arr_size(s->v) >= s->op[1] ? true : fail(ev, s);
}

static bool op_max_items(struct eval *ev, const struct step *s)
{
    return !yyjson_is_arr(s->v) || yyjson_arr_size(s->v) <= s->op[1] ? true : fail(ev, s);
}

struct item_text {
    struct str text;
    size_t index;
};

static int item_order(const void *x, const void *y)
{
    const struct item_text *a = x, *b = y;
    if (a->text.n != b->text.n) return a->text.n < b->text.n ? -1 : 1;
    int order = memcmp(a->text.p, b->text.p, a->text.n);
    if (order != 0) return order;
    return a->index < b->index ? -1 : 1;
}

/* Equal items have equal canonical texts; sorting keeps long arrays from costing their square. */
static bool op_unique(struct eval *ev, const struct step *s)
{
    size_t n = yyjson_is_arr(s->v) ? yyjson_arr_size(s->v) : 0;
    if (n < 2) return true;
    struct item_text *items = ARENA_ARRAY(ev->arena, struct item_text, n);
    yyjson_arr_iter it = yyjson_arr_iter_with(s->v);
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct item_text){ json_canonical(ev->arena, yyjson_arr_iter_next(&it), NULL), i };
    }
    qsort(items, n, sizeof(items[0]), item_order);
    for (size_t i = 1; i < n; i++) {
        if (!str_eq(items[i - 1].text, items[i].text)) continue;
        struct place at = { .up = s->at, .index = items[i].index };
        return fail_with(ev, s, &at,
                         arena_printf(ev->arena, "is the same as item %zu; items must differ", items[i - 1].index));
    }
    return true;
}

/* ---- numbers and strings ---- */

static double operand(struct eval *ev, const struct step *s)
{
    return ev->p->numbers[s->op[1]];
}

static bool op_min(struct eval *ev, const struct step *s)
{
    return !yyjson_is_num(s->v) || yyjson_get_num(s->v) >= operand(ev, s) ? true : fail(ev, s);
}

static bool op_max(struct eval *ev, const struct step *s)
{
    return !yyjson_is_num(s->v) || yyjson_get_num(s->v) <= operand(ev, s) ? true : fail(ev, s);
}

static bool op_min_exclusive(struct eval *ev, const struct step *s)
{
    return !yyjson_is_num(s->v) || yyjson_get_num(s->v) > operand(ev, s) ? true : fail(ev, s);
}

static bool op_max_exclusive(struct eval *ev, const struct step *s)
{
    return !yyjson_is_num(s->v) || yyjson_get_num(s->v) < operand(ev, s) ? true : fail(ev, s);
}

/* By division, as the reference validator does: 0.0075 is a multiple of 0.0001 although no double says so exactly. */
static bool op_multiple_of(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_num(s->v)) return true;
    double quotient = yyjson_get_num(s->v) / operand(ev, s);
    return isfinite(quotient) && quotient == nearbyint(quotient) ? true : fail(ev, s);
}

static size_t code_points(yyjson_val *v)
{
    struct str s = json_val_str(v);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool op_min_length(struct eval *ev, const struct step *s)
{
    return !yyjson_is_str(s->v) || code_points(s->v) >= s->op[1] ? true : fail(ev, s);
}

static bool op_max_length(struct eval *ev, const struct step *s)
{
    return !yyjson_is_str(s->v) || code_points(s->v) <= s->op[1] ? true : fail(ev, s);
}

static bool op_pattern(struct eval *ev, const struct step *s)
{
    return !yyjson_is_str(s->v) || pattern_matches(ev->p, s->op[1], json_val_str(s->v)) ? true : fail(ev, s);
}

static bool op_format(struct eval *ev, const struct step *s)
{
    if (!yyjson_is_str(s->v)) return true;
    return format_matches((enum contract_format)s->op[1], json_val_str(s->v)) ? true : fail(ev, s);
}

/* ---- combinations ---- */

static bool op_ref(struct eval *ev, const struct step *s)
{
    return check(ev, s->op[1], s->v, s->at);
}

static bool op_all_of(struct eval *ev, const struct step *s)
{
    bool valid = true;
    for (uint32_t i = 1; i <= operands_of(*s->op); i++) {
        if (check(ev, s->op[i], s->v, s->at)) continue;
        valid = false;
        if (ev->mode == MODE_QUICK) return false;
    }
    return valid;
}

static bool op_if(struct eval *ev, const struct step *s)
{
    return check(ev, check_quick(ev, s->op[1], s->v, s->at) ? s->op[2] : s->op[3], s->v, s->at);
}

static bool op_not(struct eval *ev, const struct step *s)
{
    return check_quick(ev, s->op[1], s->v, s->at) ? fail(ev, s) : true;
}

/* The `const` or `enum` a node puts on its value, or NULL. */
static const uint32_t *constant_of(const struct contract_program *p, uint32_t node, int levels)
{
    for (const uint32_t *op = p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        if (op_of(*op) == OP_CONST || op_of(*op) == OP_ENUM) return op;
        if (op_of(*op) == OP_REF && levels > 0) return constant_of(p, op[1], levels - 1);
    }
    return NULL;
}

static bool constant_holds(const struct contract_program *p, const uint32_t *op, yyjson_val *v)
{
    return op_of(*op) == OP_CONST ? value_equals(p, op + 1, v) : enum_holds(p, op, v);
}

static int fit_members(const struct contract_program *p, const uint32_t *op, yyjson_val *v)
{
    int fit = 0;
    for (uint32_t i = 0; i < op[1]; i++) {
        const uint32_t *pair = op + 4 + 2 * i;
        struct str key = program_str(p, pair[0]);
        yyjson_val *member = yyjson_obj_getn(v, key.p, key.n);
        if (!member) continue;
        fit += 1;
        const uint32_t *constant = constant_of(p, pair[1], FIT_LEVELS);
        if (!constant) continue;
        int weight = op_of(*constant) == OP_CONST ? 100 : 10;
        fit += constant_holds(p, constant, member) ? weight : -weight;
    }
    return fit;
}

/* How well an alternative's constants, types and names fit what was sent. */
static int fit_of(const struct contract_program *p, uint32_t node, yyjson_val *v, int levels)
{
    int fit = 0;
    for (const uint32_t *op = p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        if (op_of(*op) == OP_TYPE && !(type_mask(v) & op[1])) fit -= 10000;
        if (op_of(*op) == OP_CONST && !value_equals(p, op + 1, v)) fit -= 1000;
        if (op_of(*op) == OP_MEMBERS && yyjson_is_obj(v)) fit += fit_members(p, op, v);
        if (op_of(*op) == OP_REQUIRED && yyjson_is_obj(v)) {
            for (uint32_t i = 1; i <= operands_of(*op); i++) {
                struct str key = program_str(p, op[i]);
                fit += yyjson_obj_getn(v, key.p, key.n) ? 2 : -2;
            }
        }
        if (op_of(*op) == OP_REF && levels > 0) fit += fit_of(p, op[1], v, levels - 1);
        for (uint32_t i = 1; op_of(*op) == OP_ALL_OF && levels > 0 && i <= operands_of(*op); i++) {
            fit += fit_of(p, op[i], v, levels - 1);
        }
    }
    return fit;
}

static size_t count_failures(struct eval *ev, uint32_t node, const struct step *s)
{
    size_t failures = ev->failures;
    ev->mode = MODE_COUNT;
    ev->failures = 0;
    (void)check(ev, node, s->v, s->at); /* only the count matters */
    size_t counted = ev->failures;
    ev->mode = MODE_REPORT;
    ev->failures = failures;
    return counted;
}

/* The alternative the caller probably meant: the best fit, and among equals the one with the fewest violations.
 * Counting does not count again inside, so the work does not multiply with the nesting. */
static uint32_t best_alternative(struct eval *ev, const struct step *s)
{
    uint32_t best = s->op[1];
    int best_fit = fit_of(ev->p, best, s->v, FIT_LEVELS);
    size_t best_count = SIZE_MAX;
    for (uint32_t i = 2; i <= operands_of(*s->op); i++) {
        int fit = fit_of(ev->p, s->op[i], s->v, FIT_LEVELS);
        if (fit < best_fit) continue;
        if (fit == best_fit) {
            if (ev->mode != MODE_REPORT) continue;
            if (best_count == SIZE_MAX) best_count = count_failures(ev, best, s);
            size_t count = count_failures(ev, s->op[i], s);
            if (count >= best_count) continue;
            best_count = count;
        } else {
            best_count = SIZE_MAX;
        }
        best = s->op[i];
        best_fit = fit;
    }
    return best;
}

/* The constant an alternative asks of a member, looking through references and allOf. NULL: none. */
static const uint32_t *member_constant(const struct contract_program *p, uint32_t node, struct str key, int levels)
{
    const uint32_t *found = NULL;
    for (const uint32_t *op = p->code + node; op_of(*op) != OP_END && !found; op += 1 + operands_of(*op)) {
        if (op_of(*op) == OP_MEMBERS) {
            const uint32_t *pair = find_member(p, op + 4, op[1], key);
            found = pair ? constant_of(p, pair[1], FIT_LEVELS) : NULL;
        }
        if (op_of(*op) == OP_REF && levels > 0) found = member_constant(p, op[1], key, levels - 1);
        for (uint32_t i = 1; op_of(*op) == OP_ALL_OF && levels > 0 && !found && i <= operands_of(*op); i++) {
            found = member_constant(p, op[i], key, levels - 1);
        }
    }
    return found;
}

/* The constants the alternatives want in a member, as text. STR_NONE unless every one wants one, and none holds. */
static struct str wanted_constants(struct eval *ev, const struct step *s, struct str key, yyjson_val *member)
{
    struct str all = STR_NONE;
    for (uint32_t i = 1; i <= operands_of(*s->op); i++) {
        const uint32_t *c = member_constant(ev->p, s->op[i], key, FIT_LEVELS);
        if (!c || constant_holds(ev->p, c, member)) return STR_NONE;
        bool single = op_of(*c) == OP_CONST;
        struct str values = list_of_values(ev->arena, ev->p, single ? c + 1 : c + 2, single ? 1 : c[1]);
        all = all.n ? arena_printf(ev->arena, STR_FMT ", " STR_FMT, STR_ARG(all), STR_ARG(values)) : values;
    }
    return all;
}

/* When every alternative wants another constant in one member that was sent, that member is what is wrong:
 * says so, listing the constants. False when there is no such member. */
static bool blame_discriminator(struct eval *ev, const struct step *s)
{
    yyjson_obj_iter it = yyjson_obj_iter_with(s->v);
    for (yyjson_val *k; (k = yyjson_obj_iter_next(&it));) {
        struct place at = { .up = s->at, .key = json_val_str(k) };
        struct str wanted = wanted_constants(ev, s, at.key, yyjson_obj_iter_get_val(k));
        if (wanted.n == 0) continue;
        fail_with(ev, s, &at, arena_printf(ev->arena, "must be one of " STR_FMT, STR_ARG(wanted)));
        return true;
    }
    return false;
}

/* True when the alternatives only ask for different members to be present. */
static bool only_requirements(const struct contract_program *p, const uint32_t *op)
{
    for (uint32_t i = 1; i <= operands_of(*op); i++) {
        const uint32_t *inner = p->code + op[i];
        if (op_of(*inner) != OP_REQUIRED || op_of(inner[1 + operands_of(*inner)]) != OP_END) return false;
    }
    return true;
}

static bool none_fits(struct eval *ev, const struct step *s)
{
    if (ev->mode == MODE_QUICK) return false;
    if (operands_of(*s->op) == 0 || only_requirements(ev->p, s->op)) return fail(ev, s);
    if (ev->mode == MODE_REPORT && yyjson_is_obj(s->v) && blame_discriminator(ev, s)) return false;
    uint32_t best = best_alternative(ev, s);
    if (fit_of(ev->p, best, s->v, FIT_LEVELS) <= -1000) return fail(ev, s); /* not even the type */
    size_t before = ev->failures;
    (void)check(ev, best, s->v, s->at); /* known to fail; this collects why */
    return ev->failures > before ? false : fail(ev, s);
}

static bool op_any_of(struct eval *ev, const struct step *s)
{
    for (uint32_t i = 1; i <= operands_of(*s->op); i++) {
        if (check_quick(ev, s->op[i], s->v, s->at)) return true;
    }
    return none_fits(ev, s);
}

static bool op_one_of(struct eval *ev, const struct step *s)
{
    uint32_t fitting = 0, first = 0;
    for (uint32_t i = 1; i <= operands_of(*s->op); i++) {
        if (!check_quick(ev, s->op[i], s->v, s->at)) continue;
        if (fitting++ == 0) first = i;
        if (fitting == 1) continue;
        if (ev->mode != MODE_REPORT) return fail(ev, s);
        return fail_with(ev, s, s->at,
                         arena_printf(ev->arena, "fits alternatives %u and %u; exactly one must fit", first, i));
    }
    return fitting == 1 ? true : none_fits(ev, s);
}

static bool (*const operations[OP_COUNT])(struct eval *, const struct step *) = {
    [OP_END] = op_end,
    [OP_TYPE] = op_type,
    [OP_CONST] = op_const,
    [OP_ENUM] = op_enum,
    [OP_MEMBERS] = op_members,
    [OP_REQUIRED] = op_required,
    [OP_MIN_PROPS] = op_min_props,
    [OP_MAX_PROPS] = op_max_props,
    [OP_PROP_NAMES] = op_prop_names,
    [OP_DEPENDS_REQUIRED] = op_depends_required,
    [OP_DEPENDS_NODE] = op_depends_node,
    [OP_ITEMS] = op_items,
    [OP_TUPLE] = op_tuple,
    [OP_CONTAINS] = op_contains,
    [OP_MIN_ITEMS] = op_min_items,
    [OP_MAX_ITEMS] = op_max_items,
    [OP_UNIQUE] = op_unique,
    [OP_MIN] = op_min,
    [OP_MAX] = op_max,
    [OP_MIN_EXCLUSIVE] = op_min_exclusive,
    [OP_MAX_EXCLUSIVE] = op_max_exclusive,
    [OP_MULTIPLE_OF] = op_multiple_of,
    [OP_MIN_LENGTH] = op_min_length,
    [OP_MAX_LENGTH] = op_max_length,
    [OP_PATTERN] = op_pattern,
    [OP_FORMAT] = op_format,
    [OP_REF] = op_ref,
    [OP_ALL_OF] = op_all_of,
    [OP_IF] = op_if,
    [OP_NOT] = op_not,
    [OP_ANY_OF] = op_any_of,
    [OP_ONE_OF] = op_one_of,
    [OP_FALSE] = op_false,
};

static bool check(struct eval *ev, uint32_t node, yyjson_val *v, const struct place *at)
{
    if (node == NODE_ANYTHING) return true;
    if (ev->gave_up) return false;
    if (ev->depth >= NODE_DEPTH_MAX) {
        ev->gave_up = true;
        return false;
    }
    ev->depth++;
    bool valid = true;
    for (const uint32_t *op = ev->p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        if (--ev->budget < 0) ev->gave_up = true;
        struct step s = { op, v, at };
        if (ev->gave_up || !operations[op_of(*op)](ev, &s)) valid = false;
        /* After a wrong type the other violations of the same node are noise. */
        if (!valid && (ev->mode == MODE_QUICK || ev->gave_up || op_of(*op) == OP_TYPE)) break;
    }
    ev->depth--;
    return valid;
}

int contract_validate(const struct contract *c, yyjson_val *value, struct contract_report *report)
{
    ENSURE(report->arena != NULL && value != NULL);
    report->total = 0;
    report->count = 0;
    struct eval ev = {
        .p = c->program, .mode = MODE_QUICK, .report = report, .arena = report->arena, .budget = QUICK_BUDGET
    };
    if (check(&ev, c->node, value, NULL) && !ev.gave_up) return 0;
    bool too_complex = ev.gave_up;
    ev.mode = MODE_REPORT;
    ev.budget = REPORT_BUDGET;
    ev.failures = 0;
    ev.depth = 0;
    ev.gave_up = false;
    (void)check(&ev, c->node, value, NULL); /* known to fail; this collects why */
    report->total = ev.failures;
    if (report->count == 0) {
        report->total++;
        add_issue(&ev, "$ref", NULL, too_complex ? STR("is too complex to be checked") : STR("is not valid"));
    }
    return -1;
}

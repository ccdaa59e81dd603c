#include "gen.h"

#include <math.h>
#include <stdio.h>

#include "base/rfc3339.h"

#define OPS_MAX     160
#define MEMBERS_MAX 256
#define DEPTH_MAX   14
#define ITEMS_MAX   250

/* The operations of a node and of all that it refers to, with one alternative taken of each choice. */
struct want {
    const uint32_t *ops[OPS_MAX];
    int n;
};

struct at {
    struct str parent, name;
    int depth;
};

static yyjson_mut_val *make(struct gen *g, const struct contract_program *p, const uint32_t *nodes, int n,
                            struct at at);

static void flatten(struct gen *g, const struct contract_program *p, uint32_t node, struct want *w, int levels)
{
    if (node <= NODE_NOTHING || levels > 24) return;
    for (const uint32_t *op = p->code + node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
        uint32_t n = operands_of(*op);
        switch (op_of(*op)) {
        case OP_REF: flatten(g, p, op[1], w, levels + 1); break;
        case OP_ALL_OF:
            for (uint32_t i = 1; i <= n; i++) flatten(g, p, op[i], w, levels + 1);
            break;
        case OP_ANY_OF:
        case OP_ONE_OF: flatten(g, p, op[1 + rng_below(g->rng, n)], w, levels + 1); break;
        case OP_IF:
            if (rng_percent(g->rng, 50)) {
                flatten(g, p, op[1], w, levels + 1);
                flatten(g, p, op[2], w, levels + 1);
            } else {
                flatten(g, p, op[3], w, levels + 1);
            }
            break;
        default:
            if (w->n < OPS_MAX) w->ops[w->n++] = op;
        }
    }
}

static const uint32_t *op_in(const struct want *w, enum contract_op which)
{
    for (int i = 0; i < w->n; i++) {
        if (op_of(*w->ops[i]) == which) return w->ops[i];
    }
    return NULL;
}

static size_t count_in(const struct want *w, enum contract_op which, size_t fallback)
{
    const uint32_t *op = op_in(w, which);
    return op ? op[1] : fallback;
}

static bool extreme(struct gen *g)
{
    return rng_percent(g->rng, g->extreme_percent);
}

/* ---- constants ---- */

static yyjson_mut_val *constant(struct gen *g, const struct contract_program *p, const uint32_t **at)
{
    const uint32_t *v = *at;
    yyjson_mut_val *out;
    *at = value_skip(v);
    switch ((enum contract_value) * v) {
    case VALUE_STRING: {
        struct str s = program_str(p, v[1]);
        return yyjson_mut_strn(g->doc, s.p, s.n);
    }
    case VALUE_NUMBER: {
        double d = p->numbers[v[1]];
        return d == floor(d) && fabs(d) < 9e15 ? yyjson_mut_sint(g->doc, (int64_t)d) : yyjson_mut_real(g->doc, d);
    }
    case VALUE_TRUE: return yyjson_mut_true(g->doc);
    case VALUE_FALSE: return yyjson_mut_false(g->doc);
    case VALUE_NULL: return yyjson_mut_null(g->doc);
    case VALUE_ARRAY:
        out = yyjson_mut_arr(g->doc);
        v += 2;
        for (uint32_t i = v[-1]; i > 0; i--) yyjson_mut_arr_append(out, constant(g, p, &v));
        return out;
    case VALUE_OBJECT:
        out = yyjson_mut_obj(g->doc);
        v += 2;
        for (uint32_t i = v[-1]; i > 0; i--) {
            struct str key = program_str(p, *v++);
            yyjson_mut_obj_add(out, yyjson_mut_strn(g->doc, key.p, key.n), constant(g, p, &v));
        }
        return out;
    }
    return yyjson_mut_null(g->doc);
}

static yyjson_mut_val *one_of_values(struct gen *g, const struct contract_program *p, const uint32_t *op)
{
    const uint32_t *at = op_of(*op) == OP_CONST ? op + 1 : op + 2;
    uint64_t skip = op_of(*op) == OP_CONST ? 0 : rng_below(g->rng, op[1]);
    while (skip-- > 0) at = value_skip(at);
    return constant(g, p, &at);
}

/* ---- text ---- */

const char *gen_day(struct gen *g, bool with_time, bool late)
{
    static const char *const days[] = { "9999-12-31", "1970-01-01", "0001-01-01", "2038-01-19", "2024-02-29",
                                        "9998-12-31", "2026-03-29", "1969-12-31", "2262-04-11", "2100-12-31" };
    static const char *const times[] = { "T23:59:59Z", "T00:00:00Z",      "T23:59:59-14:00",      "T00:00:00+14:00",
                                         "T23:59:60Z", "T02:30:00+01:00", "T12:00:00.123456789Z", "t00:00:00z" };
    if (extreme(g)) {
        return arena_printf(g->arena, "%s%s", days[rng_below(g->rng, ARRAY_LEN(days))],
                            with_time ? times[rng_below(g->rng, ARRAY_LEN(times))] : "")
            .p;
    }
    int64_t day = late ? 20 + (int64_t)rng_below(g->rng, 60) : (int64_t)rng_below(g->rng, 20);
    int64_t at = (g->now / USEC_PER_DAY + day) * USEC_PER_DAY;
    char text[RFC3339_MAX];
    (void)rfc3339_print(at, RFC3339_SECONDS, text);
    return with_time ? arena_dup(g->arena, str_from(text)).p : arena_dup(g->arena, (struct str){ text, 10 }).p;
}

static const char *const texts[] = {
    "a",
    "USD",
    "US",
    "en",
    "de",
    "US-CA",
    "acme.example",
    "https://cdn.acme.example/a.png",
    "fmt-display-300x250",
    "1.0.0",
    "1.0",
    "3.1",
    "#00ff00",
    "0",
    "12345678",
    "16:9",
    "1:1",
    "00:00:15.000",
    "50%",
    "P7D",
    "PT1H",
    "demographic",
    "custom:a",
    "a_b",
    "a-b",
    "a/b",
    "a:b",
    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "2026-03-09",
    "2026-03-09T14:30:00Z",
    "12:30:00",
    "Ann <b>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "192.0.2.1",
    "2001:db8::1",
    "ann@acme.example",
    "DEUTDEFF",
    "DE00ABCD1234",
    "global",
    "https://x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "123e4567-e89b-42d3-a456-426614174000",
    "/a/b",
    "text with words",
    "video for tech people, 5000 euros",
    "Zürich €",
    "\xF0\x9F\x98\x80",
    "abcd",
    "https://acme.example/{id}?x=%25",
    "a.b.c",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static bool text_fits(const struct contract_program *p, const struct want *w, struct str s)
{
    size_t points = 0;
    for (size_t i = 0; i < s.n; i++) points += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    if (points < count_in(w, OP_MIN_LENGTH, 0) || points > count_in(w, OP_MAX_LENGTH, SIZE_MAX)) return false;
    for (int i = 0; i < w->n; i++) {
        const uint32_t *op = w->ops[i];
        if (op_of(*op) == OP_PATTERN && !pattern_matches(p, op[1], s)) return false;
        if (op_of(*op) == OP_FORMAT && !format_matches((enum contract_format)op[1], s)) return false;
    }
    return true;
}

static struct str repeated(struct gen *g, const char *unit, size_t points)
{
    size_t n = strlen(unit);
    char *text = arena_alloc_raw(g->arena, points * n + 1);
    for (size_t i = 0; i < points; i++) memcpy(text + i * n, unit, n);
    text[points * n] = '\0';
    return (struct str){ text, points * n };
}

/* As long as it may be, of what the pattern admits; without a bound as long as somebody would think of. */
static struct str longest(struct gen *g, const struct contract_program *p, const struct want *w)
{
    static const char *const units[] = { "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "a", "A", "1", "\"", "\n" };
    static const size_t lengths[] = { 255, 1000, 5000, 40000 };
    size_t max = count_in(w, OP_MAX_LENGTH, 0);
    if (max == 0 || max > 100000) max = lengths[rng_below(g->rng, ARRAY_LEN(lengths))];
    size_t first = rng_below(g->rng, ARRAY_LEN(units));
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct str s = repeated(g, units[(first + i) % ARRAY_LEN(units)], max);
        if (text_fits(p, w, s)) return s;
    }
    struct str url =
        arena_printf(g->arena, "https://acme.example/" STR_FMT, STR_ARG(repeated(g, "x", max > 30 ? max - 30 : 1)));
    return text_fits(p, w, url) ? url : STR_NONE;
}

static bool ends_with(struct str s, const char *end)
{
    size_t n = strlen(end);
    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static yyjson_val *product_row(struct gen *g)
{
    yyjson_val *row;
    size_t i, n;
    yyjson_arr_foreach(g->products, i, n, row) {
        if (str_eq(json_str(row, "product_id"), g->product)) return row;
    }
    return yyjson_arr_get(g->products, rng_below(g->rng, yyjson_arr_size(g->products)));
}

struct str gen_pricing_option(struct gen *g, struct str product_id)
{
    yyjson_val *row;
    size_t i, n;
    yyjson_arr_foreach(g->products, i, n, row) {
        yyjson_val *options = json_arr(row, "pricing_options");
        if (str_eq(json_str(row, "product_id"), product_id))
            return json_str(yyjson_arr_get(options, rng_below(g->rng, yyjson_arr_size(options))), "pricing_option_id");
    }
    return STR_NONE;
}

/* A word whose meaning its name says. */
static struct str named(struct gen *g, struct at at)
{
    if (str_is(at.name, "idempotency_key"))
        return arena_printf(g->arena, "tool-fuzz-%016llu", (unsigned long long)++g->keys);
    if (str_is(at.name, "adcp_version")) return adcp_line_version((enum adcp_line)rng_below(g->rng, ADCP_LINE_COUNT));
    if (str_is(at.name, "product_id") && g->products) {
        g->product = STR_NONE;
        g->product = json_str(product_row(g), "product_id");
        return g->product;
    }
    if (str_is(at.name, "pricing_option_id") && g->products) {
        yyjson_val *options = json_arr(product_row(g), "pricing_options");
        return json_str(yyjson_arr_get(options, rng_below(g->rng, yyjson_arr_size(options))), "pricing_option_id");
    }
    bool late = ends_with(at.name, "end_time") || ends_with(at.name, "end_date") || str_is(at.name, "end") ||
                str_is(at.name, "until");
    if (late || ends_with(at.name, "start_date") || ends_with(at.name, "start_time") || ends_with(at.name, "_at"))
        return str_from(gen_day(g, !ends_with(at.name, "_date"), late));
    return STR_NONE;
}

static yyjson_mut_val *text(struct gen *g, const struct contract_program *p, const struct want *w, struct at at)
{
    const uint32_t *format = op_in(w, OP_FORMAT);
    struct str s = named(g, at);
    if (s.n && rng_percent(g->rng, 95)) return yyjson_mut_strn(g->doc, s.p, s.n);
    yyjson_mut_val *known = rng_percent(g->rng, 85) ? pool_pick(g->pool, g->doc, at.parent, at.name) : NULL;
    if (known && yyjson_mut_is_str(known)) return known;
    if (format && op_of(*format) == OP_FORMAT && (format[1] == FORMAT_DATE_TIME || format[1] == FORMAT_DATE)) {
        s = str_from(gen_day(g, format[1] == FORMAT_DATE_TIME, rng_percent(g->rng, 50)));
        return yyjson_mut_strn(g->doc, s.p, s.n);
    }
    if (extreme(g)) {
        s = longest(g, p, w);
        g->nodes -= (int)(s.n / 200);
        if (s.n) return yyjson_mut_strn(g->doc, s.p, s.n);
    }
    size_t first = rng_below(g->rng, ARRAY_LEN(texts));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        s = str_from(texts[(first + i) % ARRAY_LEN(texts)]);
        if (text_fits(p, w, s)) return yyjson_mut_strn(g->doc, s.p, s.n);
    }
    s = longest(g, p, w);
    return yyjson_mut_strn(g->doc, s.n ? s.p : "x", s.n ? s.n : 1);
}

/* ---- numbers ---- */

static yyjson_mut_val *number(struct gen *g, const struct contract_program *p, const struct want *w, bool whole)
{
    static const double edges[] = { 1e15, 1e20, 9007199254740993.0, 0.1 + 0.2, 10000.0 / 3, 1e-7, 9.2e18, 1e308,
                                    -1,   0,    4294967296.0,       1e12 };
    static const double mild[] = { 1, 2, 3, 10, 25, 100, 1000, 5000, 12000, 0.5, 12.5 };
    const uint32_t *min = op_in(w, OP_MIN), *max = op_in(w, OP_MAX), *above = op_in(w, OP_MIN_EXCLUSIVE),
                   *below = op_in(w, OP_MAX_EXCLUSIVE);
    double low = min ? p->numbers[min[1]] : above ? p->numbers[above[1]] + (whole ? 1 : 0.01) : -1e300;
    double high = max ? p->numbers[max[1]] : below ? p->numbers[below[1]] - (whole ? 1 : 0.01) : 1e300;
    double d = extreme(g) ? edges[rng_below(g->rng, ARRAY_LEN(edges))] : mild[rng_below(g->rng, ARRAY_LEN(mild))];
    if (extreme(g)) d = rng_percent(g->rng, 50) && min ? low : max ? high : d;
    if (d < low) d = low;
    if (d > high) d = high;
    if (whole) d = floor(d);
    if (whole && fabs(d) < 9e18) return yyjson_mut_sint(g->doc, (int64_t)d);
    return yyjson_mut_real(g->doc, d);
}

/* ---- lists and objects ---- */

static size_t items_wanted(struct gen *g, const struct want *w, struct at at)
{
    size_t min = count_in(w, OP_MIN_ITEMS, 0), max = count_in(w, OP_MAX_ITEMS, ITEMS_MAX);
    if (max > ITEMS_MAX) max = ITEMS_MAX;
    size_t n = min + rng_below(g->rng, 3);
    if (extreme(g) && at.depth < 4 && rng_percent(g->rng, 40)) n = max;
    if (n == 0 && at.depth < 5 && rng_percent(g->rng, 80)) n = 1;
    if (at.depth > 8) n = min;
    return n > max ? max : n;
}

static bool among(yyjson_mut_val *list, yyjson_mut_val *v)
{
    yyjson_mut_val *item;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, item) {
        if (yyjson_mut_equals(item, v)) return true;
    }
    return false;
}

static yyjson_mut_val *list(struct gen *g, const struct contract_program *p, const struct want *w, struct at at)
{
    yyjson_mut_val *out = yyjson_mut_arr(g->doc);
    const uint32_t *items = op_in(w, OP_ITEMS), *tuple = op_in(w, OP_TUPLE), *contains = op_in(w, OP_CONTAINS);
    size_t n = items_wanted(g, w, at), min = count_in(w, OP_MIN_ITEMS, 0);
    for (size_t i = 0; i < n && (g->nodes > 0 || i < min); i++) {
        uint32_t node = items ? items[1] : NODE_ANYTHING;
        if (tuple) node = i + 2 <= operands_of(*tuple) ? tuple[2 + i] : tuple[1];
        if (contains && i == 0) node = contains[1];
        if (node == NODE_NOTHING) break;
        yyjson_mut_val *v = make(g, p, &node, 1, (struct at){ at.parent, at.name, at.depth + 1 });
        if (op_in(w, OP_UNIQUE) && among(out, v)) continue;
        yyjson_mut_arr_append(out, v);
    }
    return out;
}

struct member {
    uint32_t string;
    uint32_t nodes[6];
    int n;
    bool required;
};

struct members {
    struct member all[MEMBERS_MAX];
    int n;
};

static struct member *member_of(struct members *m, uint32_t string)
{
    for (int i = 0; i < m->n; i++) {
        if (m->all[i].string == string) return &m->all[i];
    }
    if (m->n == MEMBERS_MAX) return NULL;
    m->all[m->n] = (struct member){ .string = string };
    return &m->all[m->n++];
}

static void collect_members(const struct want *w, struct members *m)
{
    for (int i = 0; i < w->n; i++) {
        const uint32_t *op = w->ops[i];
        if (op_of(*op) == OP_MEMBERS) {
            for (uint32_t k = 0; k < op[1]; k++) {
                struct member *one = member_of(m, op[4 + 2 * k]);
                if (one && one->n < (int)ARRAY_LEN(one->nodes)) one->nodes[one->n++] = op[5 + 2 * k];
            }
        }
        if (op_of(*op) == OP_REQUIRED) {
            for (uint32_t k = 1; k <= operands_of(*op); k++) {
                struct member *one = member_of(m, op[k]);
                if (one) one->required = true;
            }
        }
    }
}

/* Members by names that are free, where the schema says something of their values. */
static void free_members(struct gen *g, const struct contract_program *p, const struct want *w, yyjson_mut_val *out,
                         struct at at)
{
    const uint32_t *op = op_in(w, OP_MEMBERS), *names = op_in(w, OP_PROP_NAMES);
    size_t min = count_in(w, OP_MIN_PROPS, 0);
    uint32_t node = op ? op[3] : NODE_ANYTHING;
    struct want name = { .n = 0 };
    bool patterned = op && op[2] > 0;
    if (patterned) node = op[4 + 2 * op[1] + 1];
    if (node == NODE_NOTHING) return;
    bool typed = node != NODE_ANYTHING;
    size_t wanted = typed ? 1 + rng_below(g->rng, 2) : extreme(g) ? 1 : 0;
    if (names) flatten(g, p, names[1], &name, 0);
    for (size_t i = 0; i < ARRAY_LEN(texts) && (wanted > 0 || yyjson_mut_obj_size(out) < min); i++) {
        struct str key = str_from(texts[(i + (size_t)g->keys) % ARRAY_LEN(texts)]);
        if (!text_fits(p, &name, key) || yyjson_mut_obj_getn(out, key.p, key.n)) continue;
        if (patterned && !pattern_matches(p, op[4 + 2 * op[1]], key)) continue;
        yyjson_mut_val *v = typed ? make(g, p, &node, 1, (struct at){ at.name, key, at.depth + 1 }) : gen_odd(g);
        yyjson_mut_obj_add(out, yyjson_mut_strn(g->doc, key.p, key.n), v);
        if (wanted > 0) wanted--;
    }
}

static yyjson_mut_val *object(struct gen *g, const struct contract_program *p, const struct want *w, struct at at)
{
    yyjson_mut_val *known = rng_percent(g->rng, 60) ? pool_pick(g->pool, g->doc, at.parent, at.name) : NULL;
    if (known && yyjson_mut_is_obj(known)) return known;
    yyjson_mut_val *out = yyjson_mut_obj(g->doc);
    struct members *m = ARENA_NEW(g->arena, struct members);
    collect_members(w, m);
    for (int i = 0; i < m->n; i++) {
        struct member *one = &m->all[i];
        struct str name = program_str(p, one->string);
        int chance = at.depth > 8 || g->nodes <= 0 ? 0 : at.depth > 3 ? g->optional_percent / 2 : g->optional_percent;
        if (!one->required && !rng_percent(g->rng, chance)) continue;
        yyjson_mut_val *v = make(g, p, one->nodes, one->n, (struct at){ at.name, name, at.depth + 1 });
        yyjson_mut_obj_add(out, yyjson_mut_strn(g->doc, name.p, name.n), v);
    }
    if (g->nodes > 0) free_members(g, p, w, out, at);
    return out;
}

static yyjson_mut_val *deep(struct gen *g, int levels)
{
    yyjson_mut_val *v = yyjson_mut_int(g->doc, 1);
    for (int i = 0; i < levels; i++) {
        yyjson_mut_val *up = i % 2 ? yyjson_mut_arr(g->doc) : yyjson_mut_obj(g->doc);
        if (i % 2) yyjson_mut_arr_append(up, v);
        else yyjson_mut_obj_add(up, yyjson_mut_str(g->doc, "d"), v);
        v = up;
    }
    return v;
}

yyjson_mut_val *gen_odd(struct gen *g)
{
    static const double growing[] = { 1e20, 1e-7, 123456789012345680000.0, 5e-324, 1.7976931348623157e308 };
    yyjson_mut_val *v;
    struct str s;
    switch (rng_below(g->rng, 12)) {
    case 0: return yyjson_mut_null(g->doc);
    case 1: return yyjson_mut_bool(g->doc, rng_percent(g->rng, 50));
    case 2: return yyjson_mut_real(g->doc, growing[rng_below(g->rng, ARRAY_LEN(growing))]);
    case 3: /* numbers that are four times as long when they are written */
        v = yyjson_mut_arr(g->doc);
        for (uint64_t n = 1 + rng_below(g->rng, 3000); n > 0; n--)
            yyjson_mut_arr_append(v, yyjson_mut_real(g->doc, 1e20));
        g->nodes -= 1000;
        return v;
    case 4: return yyjson_mut_str(g->doc, "");
    case 5: return deep(g, 20 + (int)rng_below(g->rng, 20));
    case 6: s = repeated(g, "\xE2\x82\xAC", 1 + rng_below(g->rng, 20000)); break;
    case 7: s = repeated(g, "\x01\"\\", 1 + rng_below(g->rng, 2000)); break; /* six times as long when it is written */
    case 8: s = str_from(gen_day(g, true, true)); break;
    case 9: return yyjson_mut_sint(g->doc, INT64_MIN + (int64_t)rng_below(g->rng, 2));
    case 10: return yyjson_mut_uint(g->doc, UINT64_MAX - rng_below(g->rng, 2));
    default: s = str_from(texts[rng_below(g->rng, ARRAY_LEN(texts))]);
    }
    return yyjson_mut_strn(g->doc, s.p, s.n);
}

/* ---- any value ---- */

static uint32_t type_of(struct gen *g, const struct want *w)
{
    uint32_t mask = 0x7F;
    for (int i = 0; i < w->n; i++) {
        const uint32_t *op = w->ops[i];
        if (op_of(*op) == OP_TYPE) mask &= op[1] | (op[1] & TYPE_NUMBER ? TYPE_INTEGER : 0u);
    }
    if (mask == 0x7F) {
        if (op_in(w, OP_MEMBERS) || op_in(w, OP_REQUIRED)) return TYPE_OBJECT;
        if (op_in(w, OP_ITEMS)) return TYPE_ARRAY;
        if (op_in(w, OP_MIN) || op_in(w, OP_MAX)) return TYPE_NUMBER;
        return TYPE_STRING;
    }
    if (mask & TYPE_NUMBER) mask &= ~(uint32_t)TYPE_INTEGER;
    if ((mask & TYPE_NULL) && mask != TYPE_NULL && rng_percent(g->rng, 85)) mask &= ~(uint32_t)TYPE_NULL;
    for (int tries = 0; mask && tries < 64; tries++) {
        uint32_t bit = 1u << rng_below(g->rng, 7);
        if (mask & bit) return bit;
    }
    return TYPE_OBJECT;
}

static yyjson_mut_val *make(struct gen *g, const struct contract_program *p, const uint32_t *nodes, int n, struct at at)
{
    struct want *w = ARENA_NEW(g->arena, struct want);
    g->nodes--;
    if (at.depth > DEPTH_MAX) return yyjson_mut_null(g->doc);
    for (int i = 0; i < n; i++) flatten(g, p, nodes[i], w, 0);
    const uint32_t *constants = op_in(w, OP_CONST) ? op_in(w, OP_CONST) : op_in(w, OP_ENUM);
    if (constants && str_is(at.name, "adcp_version")) return text(g, p, w, at);
    if (str_is(at.name, "adcp_major_version")) return yyjson_mut_int(g->doc, rng_percent(g->rng, 95) ? 3 : 4);
    if (constants) return one_of_values(g, p, constants);
    if (w->n == 0) return gen_odd(g);
    switch (type_of(g, w)) {
    case TYPE_NULL: return yyjson_mut_null(g->doc);
    case TYPE_BOOL: return yyjson_mut_bool(g->doc, rng_percent(g->rng, 50));
    case TYPE_INTEGER: {
        yyjson_mut_val *known = rng_percent(g->rng, 60) ? pool_pick(g->pool, g->doc, at.parent, at.name) : NULL;
        return known && yyjson_mut_is_int(known) ? known : number(g, p, w, true);
    }
    case TYPE_NUMBER: return number(g, p, w, rng_percent(g->rng, 50));
    case TYPE_STRING: return text(g, p, w, at);
    case TYPE_ARRAY: return list(g, p, w, at);
    default: return object(g, p, w, at);
    }
}

yyjson_mut_val *gen_value(struct gen *g, const struct contract *c)
{
    return make(g, c->program, &c->node, 1, (struct at){ STR_NONE, STR_NONE, 0 });
}
